"""Compare two streams of a table's rows, each in canonical order.

Rows with equal bytes are never parsed and not kept in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from demosnap.dialects.base import Dialect
from demosnap.model import Column, Table, Value
from demosnap.rows.canonical import literal_key, row_key, split
from demosnap.rows.spool import sorted_rows
from demosnap.snapshot import json_diff
from demosnap.snapshot.json_diff import PathChange

Kind = Literal["added", "removed", "modified", "unpicked"]
"""The kinds of difference; `unpicked`: the row exists, but is no longer picked."""

KINDS: tuple[Kind, ...] = ("added", "removed", "modified", "unpicked")


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row that differs between the sides, old and new.

    Both are canonical rows with the columns of `TablePair.old_columns` and `new_columns`; None on
    a side without the row. `unpicked`: the database has the row, but no predicate picks it any
    more.
    """

    old: bytes | None
    new: bytes | None
    unpicked: bool = False

    @property
    def kind(self) -> Kind:
        """The kind of difference: added, removed, modified or unpicked."""
        if self.unpicked:
            return "unpicked"
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "modified"


@dataclass(frozen=True, slots=True)
class Cell:
    """A changed value of a modified row, as literals.

    A literal is None if that side lacks the column. `paths` are the changes inside of a JSON
    document.
    """

    column: str
    old: bytes | None
    new: bytes | None
    paths: tuple[PathChange, ...] = ()


@dataclass(frozen=True)
class TablePair:
    """A table on both sides; None on a side that lacks it, but not on both.

    The literals of each side are in its dialect; the old ones are converted to the new dialect to
    be compared. `by_value`: literals are equal if they decode to equal values, and rows may be in
    any order; it is always so if the dialects differ.
    """

    old: Table | None
    new: Table | None
    old_dialect: Dialect
    new_dialect: Dialect
    by_value: bool = False

    @property
    def table(self) -> Table:
        """The table of the new side, or of the old side if the new one lacks it."""
        table = self.new or self.old
        assert table is not None
        return table

    @property
    def name(self) -> str:
        """The table's display name."""
        return self.table.name

    @cached_property
    def keyed(self) -> bool:
        """Whether rows are matched by key, and not by their whole content."""
        sides = [side for side in (self.old, self.new) if side is not None]
        return all(side.identified and side.key == sides[0].key for side in sides)

    @cached_property
    def uncompared(self) -> frozenset[str]:
        """The columns whose values count on neither side."""
        if self.old is None or self.new is None:
            return frozenset()
        return self.old.uncompared | self.new.uncompared

    @cached_property
    def columns_added(self) -> tuple[str, ...]:
        """The columns that only the new side has."""
        return _missing(self.new, self.old, self.uncompared)

    @cached_property
    def columns_removed(self) -> tuple[str, ...]:
        """The columns that only the old side has."""
        return _missing(self.old, self.new, self.uncompared)

    @cached_property
    def old_columns(self) -> tuple[Column, ...]:
        """The columns of a difference's old row."""
        return self._columns(self.old, self.new)

    @cached_property
    def new_columns(self) -> tuple[Column, ...]:
        """The columns of a difference's new row."""
        return self._columns(self.new, self.old)

    def _columns(self, side: Table | None, other: Table | None) -> tuple[Column, ...]:
        if side is None:
            return ()
        names = [column.name for column in side.captured]
        same = other is not None and names == [column.name for column in other.captured]
        if self.keyed or other is None or (same and self.uncompared.isdisjoint(names)):
            return side.captured
        # Rows without a key are matched by the columns of both sides.
        common = {column.name for column in other.captured} - self.uncompared
        return tuple(sorted((c for c in side.captured if c.name in common), key=lambda c: c.name))

    @property
    def foreign(self) -> bool:
        """Whether the two sides have different dialects."""
        return self.old_dialect is not self.new_dialect

    @cached_property
    def _alike(self) -> bool:
        """Whether two rows are equal if their bytes are."""
        names = [column.name for column in self.old_columns]
        return names == [column.name for column in self.new_columns] and not self.foreign

    @cached_property
    def _exact(self) -> bool:
        """Whether two values are equal exactly if their bytes are."""
        return self._alike and not self.by_value

    @cached_property
    def _plain(self) -> bool:
        """Whether two rows are equal exactly if their bytes are."""
        return self._exact and self.uncompared.isdisjoint(c.name for c in self.old_columns)

    def differences(self, old: Iterable[bytes], new: Iterable[bytes]) -> Iterator[RowDifference]:
        """Yield the differences, in order of the key; both streams are consumed."""
        if self.old is None or self.new is None:
            yield from (RowDifference(row, None) for row in old)
            yield from (RowDifference(None, row) for row in new)
            return
        key = row_key(self.new) if self.keyed else _whole_row
        old, new = self._arranged(old, self.old), self._arranged(new, self.new)
        if self.foreign:
            old = map(self.adapted, old)
        if self.foreign or self.by_value:
            old, new = sorted_rows(old, key), sorted_rows(new, key)
        before, after = iter(old), iter(new)
        left, right = next(before, None), next(after, None)
        while left is not None and right is not None:
            if left == right and self._alike:
                left, right = next(before, None), next(after, None)
                continue
            mine, other = key(left), key(right)
            if mine < other:
                yield RowDifference(left, None)
                left = next(before, None)
            elif other < mine:
                yield RowDifference(None, right)
                right = next(after, None)
            else:
                if self._plain or next(self.changed(left, right), None) is not None:
                    yield RowDifference(left, right)
                left, right = next(before, None), next(after, None)
        while left is not None:
            yield RowDifference(left, None)
            left = next(before, None)
        while right is not None:
            yield RowDifference(None, right)
            right = next(after, None)

    def _arranged(self, rows: Iterable[bytes], side: Table) -> Iterable[bytes]:
        """Return rows narrowed to the compared columns."""
        columns = self.old_columns if side is self.old else self.new_columns
        if columns == side.captured:
            return rows
        names = [column.name for column in side.captured]
        places = [names.index(column.name) for column in columns]

        def arranged() -> Iterator[bytes]:
            for row in rows:
                literals = split(row)
                yield b",".join(literals[i] for i in places)

        return sorted_rows(arranged(), _whole_row)

    def adapted(self, row: bytes) -> bytes:
        """Return an old row in the new dialect; a literal that it cannot represent is kept."""
        there = {column.name: column for column in self.new_columns}
        literals = split(row)
        for i, column in enumerate(self.old_columns):
            if column.name in there:
                value = self.old_dialect.decode(literals[i], column)
                try:
                    literals[i] = self.new_dialect.encode(value, there[column.name])
                except ValueError:
                    continue
        return b",".join(literals)

    def cells(self, difference: RowDifference) -> tuple[Cell, ...]:
        """Return the changed cells of a modified row; empty for other kinds."""
        if difference.old is None or difference.new is None:
            return ()
        return self.cells_of(difference.old, difference.new)

    def cells_of(self, old: bytes, new: bytes) -> tuple[Cell, ...]:
        """Return the changed cells between an old and a new row of the same key."""
        return tuple(
            replace(cell, paths=json_diff.changes(*self.values_of(cell)))
            for cell in self.changed(old, new)
        )

    def values_of(self, cell: Cell) -> tuple[Value, Value]:
        """Return the values of a cell; None on a side without it."""
        old = None if cell.old is None else self.decode_old(cell.column, cell.old)
        return old, None if cell.new is None else self.decode_new(cell.column, cell.new)

    def decode_old(self, column: str, literal: bytes) -> Value:
        """Decode a literal of a difference's old row."""
        for known in self.new_columns:
            if known.name == column:
                return _decoded(self.new_dialect, known, literal)
        return _decoded(self.old_dialect, _named(self.old_columns, column), literal)

    def decode_new(self, column: str, literal: bytes) -> Value:
        """Decode a literal of a difference's new row."""
        return _decoded(self.new_dialect, _named(self.new_columns, column), literal)

    def changed(self, old: bytes, new: bytes) -> Iterator[Cell]:
        """Yield the changed cells between an old and a new row of the same key, without `paths`."""
        before = dict(zip((c.name for c in self.old_columns), split(old), strict=True))
        after = split(new)
        for column, literal in zip(self.new_columns, after, strict=True):
            was = before.pop(column.name, None)
            if column.name in self.uncompared:
                continue
            if was is None:
                if not _as_without(self.new_dialect, column, literal):
                    yield Cell(column.name, None, literal)
            elif was != literal and (
                self._exact or not _equal(self.new_dialect, column, was, literal)
            ):
                yield Cell(column.name, was, literal)
        for name, was in before.items():
            if name not in self.uncompared and not _as_without(
                self.old_dialect, _named(self.old_columns, name), was
            ):
                yield Cell(name, was, None)


def _missing(side: Table | None, other: Table | None, but: Collection[str]) -> tuple[str, ...]:
    if side is None or other is None:
        return ()
    there = {column.name for column in other.captured}.union(but)
    return tuple(column.name for column in side.captured if column.name not in there)


def _named(columns: Iterable[Column], name: str) -> Column:
    return next(column for column in columns if column.name == name)


def _whole_row(row: bytes) -> tuple[tuple[int, int | bytes], ...]:
    return tuple(map(literal_key, split(row)))


def _as_without(dialect: Dialect, column: Column, literal: bytes) -> bool:
    """Return whether a column has the value that an INSERT without the column would give it."""
    if literal == b"NULL":
        return True
    if column.default is None and column.identity is None:
        return False
    default = dialect.default_literal(column)
    # A computed default differs from row to row.
    return default is None or _equal(dialect, column, default, literal)


def _equal(dialect: Dialect, column: Column, one: bytes, other: bytes) -> bool:
    return one == other or _decoded(dialect, column, one) == _decoded(dialect, column, other)


def _decoded(dialect: Dialect, column: Column, literal: bytes) -> Value:
    try:
        return dialect.decode(literal, column)
    except (ValueError, ArithmeticError, LookupError):
        # A literal of another dialect that this column cannot represent.
        return literal.decode("utf-8", "replace")
