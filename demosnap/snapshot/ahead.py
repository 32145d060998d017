"""Make the next items in a thread while one is used: for work that Python itself does not do."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

_Item = TypeVar("_Item")

_WAITING = 2
"""How many items wait at most."""

_PATIENCE = 0.1


def ahead(items: Iterable[_Item]) -> Generator[_Item, None, None]:
    """Yield items that a thread takes from an iterable, if there are more than a few.

    Whoever uses them does so in its own thread; making them must need nothing of that. An error
    of making one comes in its place. When this generator is closed, no more are made.
    """
    iterator = iter(items)
    first = list(itertools.islice(iterator, _WAITING))
    yield from first
    if len(first) < _WAITING:
        return
    made: queue.Queue[tuple[_Item] | BaseException | None] = queue.Queue(_WAITING)
    stopped = threading.Event()

    def put(what: tuple[_Item] | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                made.put(what, timeout=_PATIENCE)
                return
            except queue.Full:
                pass

    def make() -> None:
        try:
            for item in iterator:
                put((item,))
                if stopped.is_set():
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001 it is raised where the item is missed
            put(error)

    thread = threading.Thread(target=make, name="demosnap-ahead")
    thread.start()
    try:
        while (found := made.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found[0]
    finally:
        stopped.set()
        thread.join()
