"""The differences of a scenario's tables, stored to count, show and apply them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from demosnap.model import Key
from demosnap.rows.canonical import key_of
from demosnap.rows.spool import Spool
from demosnap.snapshot.diff import Kind, RowDifference, TablePair


@dataclass(frozen=True)
class TableChanges:
    """The differences of a table, in order of the key; can be iterated repeatedly.

    `counts` has the kinds that occur. `replacement` has all rows of the new side if rows differ
    and have no key, so that they cannot be changed one by one; otherwise it is None.
    """

    pair: TablePair
    counts: Mapping[Kind, int]
    replacement: Spool[bytes] | None
    _rows: Spool[tuple[bytes | None, bytes | None]]

    @property
    def name(self) -> str:
        """The table's display name."""
        return self.pair.name

    def __iter__(self) -> Iterator[RowDifference]:
        return (RowDifference(old, new) for old, new in self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def removed(self) -> Iterator[bytes]:
        """Yield the rows that only the old side has."""
        return (old for old, new in self._rows if old is not None and new is None)

    def added(self) -> Iterator[bytes]:
        """Yield the rows that only the new side has."""
        return (new for old, new in self._rows if new is not None and old is None)

    def modified(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield pairs of the old and the new row of each key whose rows differ."""
        return ((old, new) for old, new in self._rows if old is not None and new is not None)

    def written(self, columns: Collection[str] = ()) -> Iterator[bytes]:
        """Yield the rows of the new side to write.

        With `columns`, yield only rows whose values of these columns are new.
        """
        if self.replacement is not None:
            yield from self.replacement
            return
        for one in self:
            if one.new is not None and (
                not columns
                or one.old is None
                or any(cell.column in columns for cell in self.pair.changed(one.old, one.new))
            ):
                yield one.new

    def keeping(self, keys: Collection[Key]) -> TableChanges:
        """Return the same changes without the removal of the rows with these keys."""
        rows: Spool[tuple[bytes | None, bytes | None]] = Spool()
        counts: Counter[Kind] = Counter()
        table = self.pair.table
        for one in self:
            if one.old is None or one.new is not None or key_of(table, one.old) not in keys:
                rows.append((one.old, one.new))
                counts[one.kind] += 1
        return TableChanges(self.pair, dict(counts), self.replacement, rows)


Changes = tuple[TableChanges, ...]
"""The changes of several tables, in load order."""


def collect(pair: TablePair, old: Iterable[bytes], new: Iterable[bytes]) -> TableChanges:
    """Compare the two sides of a table, and store the differences; both streams are consumed."""
    replacement: Spool[bytes] | None = None
    if not pair.keyed and pair.new is not None:
        replacement = Spool()
        new = _kept(new, replacement)
    rows: Spool[tuple[bytes | None, bytes | None]] = Spool()
    counts: Counter[Kind] = Counter()
    for difference in pair.differences(old, new):
        rows.append((difference.old, difference.new))
        counts[difference.kind] += 1
    return TableChanges(pair, dict(counts), replacement if counts else None, rows)


def _kept(rows: Iterable[bytes], spool: Spool[bytes]) -> Iterator[bytes]:
    for row in rows:
        spool.append(row)
        yield row
