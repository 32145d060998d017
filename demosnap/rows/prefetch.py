"""Make the next items in a thread while one is used: for work that Python itself does not do."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Generator, Iterable
from queue import Empty, SimpleQueue
from typing import TypeVar

_Item = TypeVar("_Item")

_WAITING = 2
"""How many items are asked for before they are needed."""


def ahead(items: Iterable[_Item]) -> Generator[_Item, None, None]:
    """Yield items that a thread takes from an iterable, if there are more than a few.

    Their reader stays in its own thread; making them must need nothing of that thread. An error
    of making one comes in its place. When this generator is closed, no more are made.
    """
    iterator = iter(items)
    used = 0
    for item in itertools.islice(iterator, _WAITING):
        used += 1
        yield item
    if used < _WAITING:
        return
    # Queues of C: Ctrl-C comes between two of their calls, and never leaves one locked.
    made: SimpleQueue[tuple[_Item] | BaseException | None] = SimpleQueue()
    asked: SimpleQueue[bool] = SimpleQueue()

    def make() -> None:
        try:
            for item in iterator:
                made.put((item,))
                if not asked.get():
                    return
            made.put(None)
        except BaseException as error:  # noqa: BLE001 it is raised where the item is missed
            made.put(error)

    # A daemon: after a second Ctrl-C its rest does not keep the process alive.
    thread = threading.Thread(target=make, name="demosnap-ahead", daemon=True)
    for _ in range(_WAITING):
        asked.put(True)
    try:
        thread.start()
        while (found := made.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            asked.put(True)
            yield found[0]
    finally:
        try:
            _forget(asked)
        finally:
            # Ctrl-C may come just then.
            asked.put(False)
        if thread.is_alive():
            thread.join()


def _forget(asked: SimpleQueue[bool]) -> None:
    try:
        while True:
            asked.get_nowait()
    except Empty:
        pass
