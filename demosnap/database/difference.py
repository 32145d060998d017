"""From what the database holds to a version by the rows that differ, and by no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from demosnap.database import fit, guard, transfer
from demosnap.database.snapshots import OpenSnapshot, path_of
from demosnap.dialects.base import Dialect, Key
from demosnap.errors import DatabaseError, SnapshotError
from demosnap.model import Table, Version
from demosnap.snapshot.changes import Changes, TableChanges, collect
from demosnap.snapshot.diff import TablePair
from demosnap.snapshot.rows import show_key
from demosnap.snapshot.spool import in_batches
from demosnap.snapshot.steps import Delete, Insert, Step, Update, key_of, steps
from demosnap.snapshot.strict import wrong_rows

if TYPE_CHECKING:
    from demosnap.database.moves import Database

_KEYS = 500
_UPDATES = 10_000


@dataclass(frozen=True)
class Planned:
    """What has to be changed, and why it may not be.

    `changes` lead from the database to the version, tables in load order. `snapshot` is the
    version's, read to its end; None for base.
    """

    changes: Changes
    snapshot: OpenSnapshot | None
    refusals: tuple[str, ...] = ()


def arranged(live: Table, recorded: Table | None) -> Table:
    """Return a live table with the key and the order of columns that a snapshot has of it.

    Columns that only the database has come last; a key that the database cannot have is its own.
    """
    if recorded is None:
        return live
    there = {column.name: column for column in live.columns}
    first = [there[c.name] for c in recorded.captured if c.name in there]
    names = {column.name for column in first}
    rest = [column for column in live.columns if column.name not in names]
    key = recorded.key if set(recorded.key) <= names else live.key
    unique = live.unique if key == live.key else (live.key, *live.unique)
    return replace(live, columns=(*first, *rest), key=key, unique=tuple(u for u in unique if u))


def plan(
    database: Database,
    target: Version | None,
    going: Mapping[str, str],
    owners: fit.Owners,
) -> Planned:
    """Compare what the database holds with a version (None: nothing at all).

    `going` are the predicates of all demo rows, those of tables that the version does not have
    among them.

    Raises:
        SnapshotError: the snapshot is missing or not what demosnap wrote.
        DatabaseError: a value of it cannot be represented in this database.
    """
    connection, dialect, tables = database.connection, database.dialect, database.tables
    found: list[TableChanges] = []
    snapshot = None
    if target is not None:
        snapshot = OpenSnapshot(target, dialect, tables)
        reasons = fit.unfit(tables, snapshot.header.tables)
        refused = dialect.refuse_tables(connection, list(target.rows))
        reasons += [f"{name}: {reason}" for name, reason in refused.items()]
        if reasons:
            return Planned((), snapshot, tuple(reasons))
        # What is not checked here is equal to a row of the database, or checked below.
        for table, rows in zip(snapshot.tables, snapshot.blocks(checked=False), strict=True):
            live = arranged(tables[table.name], table)
            there = dialect.read_rows(connection, live, going[table.name])
            new = replace(table, unique=live.unique)
            pair = TablePair(live, new, dialect, dialect, by_value=snapshot.foreign)
            found.append(collect(pair, there, rows))
        for one in found:
            _check(one, dialect, snapshot)
    for name in going:
        if target is None or name not in target.rows:
            pair = TablePair(tables[name], None, dialect, dialect)
            found.append(
                collect(pair, dialect.read_rows(connection, tables[name], going[name]), ())
            )
    changes = tuple(found)
    refusals = [
        *_referenced(database, changes, going),
        *_collisions(database, changes, going, owners),
    ]
    return Planned(changes, snapshot, tuple(refusals))


def _check(one: TableChanges, dialect: Dialect, snapshot: OpenSnapshot) -> None:
    """Hold the rows that would be written against the grammar of their columns."""
    if snapshot.foreign or not len(one) or one.pair.new is None:
        return
    for row in wrong_rows(one.pair.new, dialect, _written(one)):
        raise SnapshotError(
            f"{one.name}: the row {show_key(one.pair.new, row)} is not what demosnap writes",
            str(path_of(snapshot.version)),
            hint="Restore the file from version control.",
        )


def _written(one: TableChanges) -> Iterator[bytes]:
    if one.replacement is not None:
        yield from one.replacement
        return
    for difference in one:
        if difference.new is not None:
            yield difference.new


def _referenced(database: Database, changes: Changes, going: Mapping[str, str]) -> list[str]:
    """Return the rows that are no demo data and reference rows that go, or values that change."""
    connection, dialect, tables = database.connection, database.dialect, database.tables
    if not guard.referenced(connection, dialect, tables, going):
        return []
    reasons: list[str] = []
    for one in changes:
        if not one.pair.keyed:
            if len(one):
                only = {one.name: going[one.name]}
                reasons += guard.referenced(connection, dialect, tables, only, own=going)
            continue
        for keys in in_batches(_losing(one, tables), _KEYS):
            only = {one.name: dialect.key_predicate(one.pair.table.key, keys)}
            found = guard.referenced(connection, dialect, tables, only, own=going)
            if found:
                reasons += found
                break
    return reasons


def _losing(one: TableChanges, tables: Mapping[str, Table]) -> Iterator[Key]:
    """Yield the keys of rows that go, and of those that lose a value that can be referenced."""
    table = one.pair.table
    referred = {
        column
        for other in tables.values()
        for key in other.foreign_keys
        if key.table == one.name
        for column in key.referred_columns
    }.difference(table.key)
    for difference in one:
        if difference.old is None:
            continue
        if difference.new is None or (
            referred
            and any(c.column in referred for c in one.pair.changed(difference.old, difference.new))
        ):
            yield key_of(table, difference.old)


def _collisions(
    database: Database, changes: Changes, going: Mapping[str, str], owners: fit.Owners
) -> list[str]:
    """Return the rows that would be written with a key that is taken by no demo data."""
    reasons: list[str] = []
    for one in changes:
        new = one.pair.new
        if new is not None and len(one):
            live = database.tables[one.name]
            reasons += fit.collisions(
                database.connection,
                database.dialect,
                live,
                new,
                _claiming(one),
                going.get(one.name),
                owners,
            )
    return reasons


def _claiming(one: TableChanges) -> Iterator[bytes]:
    """Yield the rows that would be written with values of a unique key that they do not have."""
    if one.replacement is not None:
        yield from one.replacement
        return
    yield from one.added()
    unique = {column for key in one.pair.table.unique for column in key}
    if unique:
        for old, new in one.modified():
            if any(cell.column in unique for cell in one.pair.changed(old, new)):
                yield new


def act(database: Database, changes: Changes, going: Mapping[str, str]) -> None:
    """Make the changes, in the caller's transaction.

    Raises:
        DatabaseError: the database refused, or changed another number of rows than it was asked.
    """
    for step in steps(changes, database.dialect, defaults=True):
        _do(database, step, going)


def _do(database: Database, step: Step, going: Mapping[str, str]) -> None:
    connection, dialect = database.connection, database.dialect
    if isinstance(step, Insert):
        tables = [table for table, _ in step.tables]
        transfer.load(connection, dialect, tables, iter([rows for _, rows in step.tables]))
    elif isinstance(step, Update):
        for batch in in_batches(step.rows, _UPDATES):
            changed = dialect.update_rows(connection, step.table, batch)
            _counted(step.table, "changed", changed, len(batch))
    else:
        _delete(database, step, going)


def _delete(database: Database, step: Delete, going: Mapping[str, str]) -> None:
    """Delete batch by batch, or at once where rows that go may reference each other."""
    dialect = database.dialect
    names = {table.name for table, _ in step.tables}
    circular = any(key.table in names for table, _ in step.tables for key in table.foreign_keys)
    at_once = circular and dialect.enforces_foreign_keys
    deletes: list[tuple[Table, str]] = []
    expected: list[int | None] = []
    for table, keys in step.tables:
        if keys is None:
            deletes.append((table, going[table.name]))
            expected.append(None)
            continue
        for batch in [list(keys)] if at_once else in_batches(keys, _KEYS):
            deletes.append((table, dialect.key_predicate(table.key, batch)))
            expected.append(len(batch))
            if not at_once:
                _run_deletes(database, deletes, expected)
                deletes, expected = [], []
    _run_deletes(database, deletes, expected)


def _run_deletes(
    database: Database, deletes: Sequence[tuple[Table, str]], expected: Sequence[int | None]
) -> None:
    gone = database.dialect.delete_rows(database.connection, deletes) if deletes else []
    for (table, _), count, wanted in zip(deletes, gone, expected, strict=True):
        if wanted is not None:
            _counted(table, "deleted", count, wanted)


def _counted(table: Table, what: str, count: int, wanted: int) -> None:
    if count != wanted:
        raise DatabaseError(
            f"{table.name}: {count} rows were {what} where {wanted} were planned; nothing was"
            " changed",
            "Somebody else writes to the demo rows, or a trigger does. Try again.",
        )
