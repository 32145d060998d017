"""Turn changes into steps, in an order that foreign keys and unique keys allow.

Rows that no row references any more are deleted first, which frees their unique values. Then
values that another row needs are set aside; rows are inserted, parents first; rows are updated;
and finally rows are deleted that others referenced until their update.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from demosnap.dialects.base import Dialect
from demosnap.model import Key, RowUpdate, Table
from demosnap.rows.canonical import key_of, split
from demosnap.snapshot import alike, table_order, unique_swaps
from demosnap.snapshot.changes import Changes, TableChanges
from demosnap.snapshot.logical_keys import declared


@dataclass(frozen=True)
class Delete:
    """Delete rows of tables that may reference each other, in one step.

    Each table comes with the keys of the rows, or with None for all rows of the old side.
    """

    tables: Sequence[tuple[Table, Iterable[Key] | None]]


@dataclass(frozen=True)
class Update:
    """Update columns of rows of a table."""

    table: Table
    rows: Iterable[RowUpdate]


@dataclass(frozen=True)
class Insert:
    """Insert canonical rows, in the order of the tables."""

    tables: Sequence[tuple[Table, Iterable[bytes]]]


Step = Delete | Update | Insert

_Wanted = dict[tuple[str, tuple[str, ...]], set[alike.Folded | None]]
"""The referenced values of rows, by table and columns."""


def steps(changes: Changes, dialect: Dialect, *, defaults: bool = False) -> Iterator[Step]:
    """Yield the steps from the old side to the new one; execute each before fetching the next.

    `defaults`: columns that only the old side has still exist, and get their defaults.

    Raises:
        DatabaseError: rows swap unique values, and no temporary value is possible.
    """
    by_name = {one.name: one for one in changes if len(one)}
    tables = {name: one.pair.table for name, one in by_name.items()}
    groups = [[by_name[name] for name in g] for g in table_order.components(tables, tables)]
    in_order = [one for group in groups for one in group]
    delete_last = _delete_last(by_name, dialect)
    held = _held(by_name, delete_last, dialect)
    for group in reversed(groups):
        deletions = [(one, _early(one, delete_last.get(one.name, ()))) for one in group]
        if parts := [(_old(one), keys) for one, keys in deletions if _goes(one, delete_last)]:
            yield Delete(parts)
    for one in in_order:
        if held[one.name]:
            yield Update(one.pair.table, held[one.name])
    # Ordered by tables with new rows alone: a cycle of all tables may need only existing rows.
    fresh = {name: tables[name] for name, one in by_name.items() if _comes(one)}
    if coming := [by_name[name] for name in table_order.load_order(fresh, fresh)]:
        yield Insert([(_new(one), _coming(one)) for one in coming])
    for one in in_order:
        if one.pair.keyed and one.counts.get("modified"):
            yield Update(_old(one) if defaults else _new(one), _updates(one, dialect, defaults))
    for group in reversed(groups):
        if last := [
            (_old(one), sorted(delete_last[one.name])) for one in group if one.name in delete_last
        ]:
            yield Delete(last)


def check(changes: Changes, dialect: Dialect) -> None:
    """Check that an order of steps exists.

    Raises:
        DatabaseError: rows swap unique values, and no temporary value is possible.
    """
    by_name = {one.name: one for one in changes if len(one)}
    _held(by_name, _delete_last(by_name, dialect), dialect)


def _held(
    by_name: Mapping[str, TableChanges],
    delete_last: Mapping[str, Collection[Key]],
    dialect: Dialect,
) -> dict[str, list[RowUpdate]]:
    referred: dict[str, set[str]] = {}
    for one in by_name.values():
        for key in declared(one.pair.old).foreign_keys if one.pair.old else ():
            referred.setdefault(key.table, set()).update(key.referred_columns)
    return {
        name: unique_swaps.updates(one, delete_last.get(name, ()), dialect, referred.get(name, ()))
        for name, one in by_name.items()
    }


def _old(one: TableChanges) -> Table:
    assert one.pair.old is not None
    return one.pair.old


def _new(one: TableChanges) -> Table:
    assert one.pair.new is not None
    return one.pair.new


def _goes(one: TableChanges, delete_last: Mapping[str, Collection[Key]]) -> bool:
    if not one.pair.keyed:
        return one.pair.old is not None
    return one.counts.get("removed", 0) > len(delete_last.get(one.name, ()))


def _early(one: TableChanges, delete_last: Collection[Key]) -> Iterable[Key] | None:
    if not one.pair.keyed:
        return None
    keys = (key_of(_old(one), row) for row in one.removed())
    return (key for key in keys if key not in delete_last) if delete_last else keys


def _comes(one: TableChanges) -> bool:
    return bool(one.replacement) if not one.pair.keyed else bool(one.counts.get("added"))


def _coming(one: TableChanges) -> Iterable[bytes]:
    return one.added() if one.replacement is None else one.replacement


def _updates(one: TableChanges, dialect: Dialect, defaults: bool) -> Iterator[RowUpdate]:
    for old, new in one.modified():
        values: dict[str, bytes] = {}
        for cell in one.pair.changed(old, new):
            if cell.new is not None:
                values[cell.column] = cell.new
            elif defaults:
                column = _old(one).column(cell.column)
                values[cell.column] = dialect.default_literal(column) or b"NULL"
        if values:
            yield key_of(_new(one), new), values


def _delete_last(by_name: Mapping[str, TableChanges], dialect: Dialect) -> dict[str, set[Key]]:
    """Return the keys of removed rows that a row references until its update, by table.

    They include removed rows that such a removed row references. Without foreign-key checks, the
    result is empty.
    """
    wanted: _Wanted = {}
    losing = {name for name, one in by_name.items() if one.counts.get("removed")}
    if dialect.enforces_foreign_keys and losing:
        for one in by_name.values():
            if one.counts.get("modified") and one.pair.old is not None:
                _want_references(one, losing, wanted, _rows_changed(one))
    delete_last: dict[str, set[Key]] = {}
    grows = bool(wanted)
    while grows:
        grows = False
        for one in by_name.values():
            if not one.pair.keyed or not one.counts.get("removed"):
                continue
            targets = [
                (columns, keys) for (table, columns), keys in wanted.items() if table == one.name
            ]
            found = [row for row in one.removed() if _is_referenced(one, row, targets)]
            fresh = [
                row for row in found if key_of(_old(one), row) not in delete_last.get(one.name, ())
            ]
            if fresh:
                grows = True
                delete_last.setdefault(one.name, set()).update(
                    key_of(_old(one), row) for row in fresh
                )
                _want_references(one, losing, wanted, fresh)
    return delete_last


def _rows_changed(one: TableChanges) -> Iterator[bytes]:
    return (old for old, _ in one.modified())


def _want_references(
    one: TableChanges, losing: Collection[str], wanted: _Wanted, rows: Iterable[bytes]
) -> None:
    places = [
        (wanted.setdefault((key.table, key.referred_columns), set()), key.columns)
        for key in declared(_old(one)).foreign_keys
        if key.table in losing
    ]
    if not places:
        return
    for row in rows:
        for keys, columns in places:
            value = _compared(one, row, columns)
            if value != ():
                keys.add(value)


def _is_referenced(
    one: TableChanges,
    row: bytes,
    targets: Sequence[tuple[tuple[str, ...], set[alike.Folded | None]]],
) -> bool:
    for columns, keys in targets:
        value = _compared(one, row, columns)
        if value != () and (value in keys or None in keys or (value is None and keys)):
            return True
    return False


def _compared(one: TableChanges, row: bytes, columns: Sequence[str]) -> alike.Folded | None:
    """Return the comparison value of some columns of a row; () if one of them is NULL.

    None: it is unknown, for example since the database computes a column.
    """
    values = dict(zip((column.name for column in one.pair.old_columns), split(row), strict=True))
    if not values.keys() >= {*columns}:
        return None
    literals = tuple(values[name] for name in columns)
    if b"NULL" in literals:
        return ()
    return alike.folded(one.pair.old_dialect, [_old(one).column(c) for c in columns], literals)
