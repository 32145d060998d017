"""Keep rows aside: few in memory, many in a temporary file."""

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
"""The maximum number of keys in a predicate."""

_IN_MEMORY = 8 << 20
_BATCH = 1000
_RUN = 100_000


class Spool(Generic[_T]):
    """An append-only list of rows, or pairs of rows, that can be iterated repeatedly."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._turn = threading.Lock()
        self._places: list[int] = []
        self._last: list[_T] = []

    def append(self, item: _T) -> None:
        """Append an item."""
        self._last.append(item)
        if len(self._last) == _BATCH:
            self._places.append(self._file.seek(0, 2))
            pickle.dump(self._last, self._file, pickle.HIGHEST_PROTOCOL)
            self._last = []

    def __len__(self) -> int:
        return len(self._places) * _BATCH + len(self._last)

    def __iter__(self) -> Iterator[_T]:
        for place in self._places:
            # Several threads may read at the same time.
            with self._turn:
                self._file.seek(place)
                batch: list[_T] = pickle.load(self._file)
            yield from batch
        yield from self._last


def in_batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Yield items in lists of at most `size`."""
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def sorted_rows(rows: Iterable[bytes], key: Callable[[bytes], Any]) -> Iterator[bytes]:
    """Yield rows sorted by a key; many rows are sorted in temporary files."""
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
