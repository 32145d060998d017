"""Rows kept aside: in memory while they are few, in a temporary file when they are many."""

from __future__ import annotations

import heapq
import itertools
import pickle
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")

KEYS = 500
"""The most keys in one predicate."""

_IN_MEMORY = 8 << 20
_BATCH = 1000
_RUN = 100_000


class Spool(Generic[_T]):
    """A list of rows, or of pairs of rows, that is appended to and read as often as one likes."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._turn = threading.Lock()
        self._places: list[int] = []
        self._last: list[_T] = []

    def append(self, item: _T) -> None:
        """Add one at the end."""
        self._last.append(item)
        if len(self._last) == _BATCH:
            self._places.append(self._file.seek(0, 2))
            pickle.dump(self._last, self._file, pickle.HIGHEST_PROTOCOL)
            self._last = []

    def __len__(self) -> int:
        return len(self._places) * _BATCH + len(self._last)

    def __iter__(self) -> Iterator[_T]:
        for place in self._places:
            # Two threads may read at once.
            with self._turn:
                self._file.seek(place)
                batch: list[_T] = pickle.load(self._file)
            yield from batch
        yield from self._last


def in_batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Yield items in lists of at most a size."""
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def sorted_rows(rows: Iterable[bytes], key: Callable[[bytes], Any]) -> Iterator[bytes]:
    """Yield rows in the order of a key, whatever their number."""
    rows = iter(rows)
    runs: list[Iterable[bytes]] = []
    while run := list(itertools.islice(rows, _RUN)):
        run.sort(key=key)
        if len(run) < _RUN:
            runs.append(run)
            continue
        spool: Spool[bytes] = Spool()
        for row in run:
            spool.append(row)
        runs.append(spool)
    return heapq.merge(*runs, key=key)
