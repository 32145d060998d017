"""Produce items in a thread while others are consumed, for work outside of the interpreter lock."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Generator, Iterable
from queue import Empty, SimpleQueue
from typing import TypeVar

_Item = TypeVar("_Item")

_WAITING = 2
"""The number of items to produce ahead of the consumer."""


def ahead(items: Iterable[_Item]) -> Generator[_Item, None, None]:
    """Yield items that a thread takes from an iterable, if there are more than a few.

    The items are yielded in the caller's thread; producing them must not depend on it. An error is
    raised in place of the item that it prevented. Closing this generator stops the production.
    """
    iterator = iter(items)
    used = 0
    for item in itertools.islice(iterator, _WAITING):
        used += 1
        yield item
    if used < _WAITING:
        return
    # SimpleQueue is written in C, so Ctrl-C cannot interrupt a call and leave it locked.
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

    # A daemon thread does not keep the process alive after a second Ctrl-C.
    thread = threading.Thread(target=make, name="demosnap-ahead", daemon=True)
    for _ in range(_WAITING):
        asked.put(True)
    try:
        thread.start()
        # With a condition, Ctrl-C at its end would skip the `finally` in Python 3.12 and 3.13.
        while True:
            found = made.get()
            if found is None:
                break
            if isinstance(found, BaseException):
                raise found
            asked.put(True)
            yield found[0]
    finally:
        try:
            _forget(asked)
        finally:
            # Ctrl-C may arrive right here.
            asked.put(False)
        if thread.is_alive():
            thread.join()


def _forget(asked: SimpleQueue[bool]) -> None:
    try:
        while True:
            asked.get_nowait()
    except Empty:
        pass
