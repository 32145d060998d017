"""Rows that differ between two sides, as Python values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from demosnap.compare.sources import Comparison
from demosnap.model import Column
from demosnap.rows.canonical import split
from demosnap.rows.spool import Spool
from demosnap.snapshot.diff import Kind, RowDifference, TablePair
from demosnap.snapshot.python_values import PythonValue, python_value

Values = Mapping[str, PythonValue | None]
"""The values of a row, by column."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that differs between the two sides.

    `kind` is "added", "removed", "modified", or "unpicked": it exists, but is no longer picked.
    `key` has the values of the key by column, None if rows have no key. `old` and `new` are the
    row on each side, None on a side that lacks it; if both have it, without the columns that are
    not compared.
    """

    table: str
    kind: Kind
    key: Values | None
    old: Values | None
    new: Values | None

    @property
    def changed(self) -> tuple[str, ...]:
        """The columns whose values differ; all columns if a side lacks the row."""
        old, new = self.old or {}, self.new or {}
        names = dict.fromkeys((*new, *old))
        return tuple(n for n in names if n not in old or n not in new or old[n] != new[n])


class RowChanges:
    """All rows that differ, completely read and checked; can be iterated repeatedly.

    `old` and `new` name the sides: a version, `base` or `the database`. `remarks` are notes on the
    rows.
    """

    def __init__(self, comparison: Comparison, only: str | None = None) -> None:
        self.old = comparison.old.name
        self.new = comparison.new.name
        self._tables: list[tuple[TablePair, Spool[tuple[bytes | None, bytes | None, bool]]]] = []
        self._counts: dict[str, Counter[Kind]] = {}
        for pair, rows in comparison.tables():
            if only in (None, pair.name):
                self._keep(pair, rows)
        self.remarks = comparison.remarks

    def _keep(self, pair: TablePair, rows: Iterable[RowDifference]) -> None:
        kept: Spool[tuple[bytes | None, bytes | None, bool]] = Spool()
        counts: Counter[Kind] = Counter()
        for row in rows:
            kept.append((row.old, row.new, row.unpicked))
            counts[row.kind] += 1
        if counts:
            self._tables.append((pair, kept))
            self._counts[pair.name] = counts

    @property
    def counts(self) -> Mapping[str, Mapping[Kind, int]]:
        """The number of rows by table and kind; only tables that differ."""
        return self._counts

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self._tables)

    def __iter__(self) -> Iterator[RowChange]:
        for pair, rows in self._tables:
            for old, new, unpicked in rows:
                yield _change(pair, RowDifference(old, new, unpicked))


def _change(pair: TablePair, row: RowDifference) -> RowChange:
    # Values of columns on both sides are compared in the new side's type.
    types = {column.name: column for column in (*pair.old_columns, *pair.new_columns)}

    # Of a row on both sides, only the columns that count.
    uncounted = pair.uncompared if row.old is not None and row.new is not None else ()

    def values(literals: bytes | None, columns: Sequence[Column], *, old: bool) -> Values | None:
        if literals is None:
            return None
        decode = pair.decode_old if old else pair.decode_new
        return {
            column.name: python_value(decode(column.name, literal), types[column.name])
            for column, literal in zip(columns, split(literals), strict=True)
            if column.name not in uncounted
        }

    old = values(row.old, pair.old_columns, old=True)
    new = values(row.new, pair.new_columns, old=False)
    there = new or old
    assert there is not None
    key = {name: there[name] for name in pair.table.key} if pair.keyed else None
    return RowChange(pair.name, row.kind, key, old, new)
