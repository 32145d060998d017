"""Move to a version by changing only the rows that differ."""

from __future__ import annotations

import collections
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from demosnap.database import bulk, by_key, compatibility, outside_references, references, retained
from demosnap.database.digest import Digest
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot, arranged, path_of
from demosnap.database.retained import Retained
from demosnap.database.row_set import RowSet
from demosnap.dialects.base import Dialect
from demosnap.errors import CountError, DatabaseError, SnapshotError
from demosnap.model import ForeignKey, Key, Table, Version
from demosnap.moves.trigger_rows import TriggerRows
from demosnap.reasons import of_tables
from demosnap.refusal import Refusal
from demosnap.rows.canonical import Rows, key_of, show_key, split
from demosnap.rows.spool import in_batches
from demosnap.snapshot.change_order import Delete, Insert, Step, Update, check, steps
from demosnap.snapshot.changes import Changes, TableChanges, collect
from demosnap.snapshot.checked_rows import wrong_rows
from demosnap.snapshot.diff import RowDifference, TablePair
from demosnap.snapshot.logical_keys import declared
from demosnap.visible import as_many
from demosnap.visible import rows as rows_of

_UPDATES = 10_000


@dataclass(frozen=True)
class PlannedChanges:
    """The changes from the database to a version.

    `changes` has the tables in load order. `snapshot` is the version's, completely read. `unfit`
    are the reasons why the version does not fit the database at all.
    """

    changes: Changes
    snapshot: OpenSnapshot
    unfit: tuple[Refusal, ...] = ()

    @property
    def rows(self) -> int:
        """The number of rows that differ; all rows of a table whose rows have no key."""
        return sum(
            len(one) if one.replacement is None else max(len(one), len(one.replacement))
            for one in self.changes
        )


def compare(
    database: Database,
    target: Version,
    to_delete: RowSet,
    skipping: Mapping[str, Collection[Key]] | None = None,
) -> PlannedChanges:
    """Compare the demo rows of the database with a version.

    `to_delete` are all demo rows, including tables that the version lacks; their digest is cached
    in it. `skipping` are the keys of rows that are left out, by table.

    Raises:
        SnapshotError: the snapshot is missing or malformed.
        DatabaseError: this database cannot represent a value of the snapshot.
    """
    dialect, tables = database.dialect, database.tables
    found: list[TableChanges] = []
    snapshot = OpenSnapshot(target, database, skipping or {})
    unfit = compatibility.unfit(tables, snapshot.header.tables)
    if unfit := [*unfit, *compatibility.unusable(database, target.rows)]:
        return PlannedChanges((), snapshot, tuple(unfit))
    held = Digest(dialect)
    # Unchecked rows either equal a row of the database, or are checked below.
    for table, rows in zip(snapshot.tables, snapshot.blocks(checked=False), strict=True):
        live = arranged(tables[table.name], table)
        there = to_delete.rows(live)
        new = replace(table, unique=live.unique)
        pair = TablePair(live, new, dialect, dialect, snapshot.foreign)
        try:
            found.append(collect(pair, Rows(held.passing(live, there)), rows))
        except SnapshotError:
            # A connection that is still receiving rows cannot roll back.
            collections.deque(there, maxlen=0)
            raise
    to_delete.know_digest([t for one in found if (t := one.pair.old)], held.hexdigest())
    for one in found:
        _check(one, dialect, snapshot)
    for name in to_delete:
        if name not in target.rows:
            pair = TablePair(tables[name], None, dialect, dialect)
            found.append(collect(pair, to_delete.rows(tables[name]), ()))
    return PlannedChanges(tuple(found), snapshot)


def keep(
    database: Database,
    planned: PlannedChanges,
    to_delete: Mapping[str, str],
    but: Collection[str],
    beside: Mapping[str, str] | None = None,
) -> tuple[PlannedChanges, Retained]:
    """Return the changes without removals of rows that others reference, and these rows.

    References from the tables in `but`, and from the rows `beside`, do not count.
    """
    losing = {one.name: one for one in planned.changes if one.counts.get("removed")}
    tables = {n: one.pair.old for n, one in losing.items() if one.pair.keyed and one.pair.old}

    def goes(name: str, keys: Collection[Key]) -> set[Key]:
        removed = (key_of(tables[name], row) for row in losing[name].removed())
        return {key for key in removed if key in keys}

    needed = outside_references.parents(planned.snapshot, tables)
    found = retained.find(database, tables, to_delete, goes, but, beside, needed)
    changes = tuple(
        one.keeping(found.keys[one.name]) if one.name in found.keys else one
        for one in planned.changes
    )
    return replace(planned, changes=changes), found


def refusals(
    database: Database,
    planned: PlannedChanges,
    to_delete: Mapping[str, str],
    owners: compatibility.Owners,
    staying: outside_references.Staying | None,
) -> list[Refusal]:
    """Return the refusals of the changes.

    `to_delete` are the predicates of the rows that the move may delete. `staying` returns the
    predicate of other rows that remain.
    """
    by_name = {one.name: one for one in planned.changes}
    return [
        *_collisions(database, planned.changes, to_delete, owners),
        *outside_references.unreferenced(database, planned.snapshot, by_name, staying),
    ]


def obstacle(
    database: Database, planned: PlannedChanges, to_delete: Mapping[str, str]
) -> Refusal | None:
    """Return why the changes cannot be made one after the other; None if they can.

    `to_delete` are the predicates of the demo rows.
    """
    target = planned.snapshot.version
    try:
        check(planned.changes, database.dialect)
    except DatabaseError as error:
        return of_tables.not_row_by_row("", error.message, target)
    if not database.dialect.enforces_foreign_keys:
        return None
    database = _as_declared(database)
    for one in planned.changes:
        table = one.pair.old
        columns = _referred(one, database.tables)
        losing = {key_of(one.pair.table, d.old) for d in one if d.old and _loses(one, d, columns)}
        if not losing or table is None or one.name not in to_delete:
            continue
        if losing & references.pinned(database, table, to_delete[one.name], {}, by=columns) or any(
            _wants(other, key, one)
            for other in planned.changes
            if other.pair.new is not None
            for key in database.tables[other.name].foreign_keys
            if key.table == one.name and set(key.referred_columns) & columns
        ):
            why = (
                f"{one.name}: values of {', '.join(sorted(columns))} change, which other rows "
                f"reference, and this database checks references after each statement"
            )
            return of_tables.not_row_by_row(one.name, why, target)
    return None


def _as_declared(database: Database) -> Database:
    """Return the database without logical keys, which it does not check."""
    return replace(database, tables={name: declared(t) for name, t in database.tables.items()})


def _wants(one: TableChanges, key: ForeignKey, parent: TableChanges) -> bool:
    """Return whether new or changed rows reference values that rows of `parent` only get now."""
    old = [column.name for column in parent.pair.old_columns]
    new = [column.name for column in parent.pair.new_columns]
    mine = [column.name for column in one.pair.new_columns]
    if not set(key.columns) <= {*mine} or not set(key.referred_columns) <= {*old} & {*new}:
        return False

    def values(row: bytes, names: Sequence[str], columns: Sequence[str]) -> Key:
        literals = split(row)
        return tuple(literals[names.index(column)] for column in columns)

    fresh = {
        now
        for before, after in parent.modified()
        if (now := values(after, new, key.referred_columns))
        != values(before, old, key.referred_columns)
    }
    return any(values(row, mine, key.columns) in fresh for row in one.written())


def tangled(database: Database, planned: PlannedChanges) -> str | None:
    """Return a table with a row that changes a value which other rows reference; None without one.

    A database that checks each statement separately may refuse such a change.
    """
    if database.dialect.enforces_foreign_keys:
        database = _as_declared(database)
        for one in planned.changes:
            referred = _referred(one, database.tables)
            if any(_loses(one, row, referred) for row in one):
                return one.name
    return None


def leaving(
    database: Database,
    planned: PlannedChanges,
    to_delete: Mapping[str, str],
    own: Mapping[str, str],
) -> dict[str, str]:
    """Return the predicates of rows that are deleted, or lose a value, and are referenced.

    Only references from rows outside of `own` count.
    """
    found: dict[str, str] = {}
    for one in planned.changes:
        table = one.pair.old
        if table is None or not len(one):
            continue
        if not one.pair.keyed:
            found[one.name] = to_delete[one.name]
            continue
        keys: set[Key] = set()
        if one.counts.get("removed"):
            pins = references.pinned(database, table, to_delete[one.name], own)
            keys.update(key for row in one.removed() if (key := key_of(table, row)) in pins)
        referred = _referred(one, database.tables)
        if referred and one.counts.get("modified"):
            pins = references.pinned(database, table, to_delete[one.name], own, by=referred)
            keys.update(
                key
                for row in one
                if _loses(one, row, referred) and (key := key_of(table, row.old or b"")) in pins
            )
        if keys:
            found[one.name] = by_key.named(database.dialect, table.key_columns, keys)
    return found


def _check(one: TableChanges, dialect: Dialect, snapshot: OpenSnapshot) -> None:
    """Check the rows to write against the grammar of their columns."""
    if snapshot.foreign or not len(one) or one.pair.new is None:
        return
    for row in wrong_rows(one.pair.new, dialect, one.written()):
        raise SnapshotError(
            f"{one.name}: the row {show_key(one.pair.new, row)} is not what demosnap writes",
            str(path_of(snapshot.version)),
            hint="Restore the file from version control.",
        )


def _referred(one: TableChanges, tables: Mapping[str, Table]) -> set[str]:
    """Return the columns outside of the key that foreign keys reference.

    If the database computes a referenced column, all columns count.
    """
    referred = {
        column
        for _, key in references.references_to(tables, [one.name])
        for column in key.referred_columns
    }
    captured = {column.name for column in one.pair.table.captured}
    if not referred <= captured:
        referred |= captured
    return referred.difference(one.pair.table.key)


def _loses(one: TableChanges, difference: RowDifference, referred: Collection[str]) -> bool:
    if not referred or difference.old is None or difference.new is None:
        return False
    return any(cell.column in referred for cell in one.pair.changed(difference.old, difference.new))


def _collisions(
    database: Database, changes: Changes, to_delete: Mapping[str, str], owners: compatibility.Owners
) -> list[Refusal]:
    """Return the reasons for new key values that a non-demo row already has."""
    found: list[Refusal] = []
    for one in changes:
        new = one.pair.new
        if new is not None and len(one):
            live = database.tables[one.name]
            special = database.dialect.special_keys(database.connection, live)
            found += compatibility.collisions(
                database,
                live,
                new,
                one.written() if special else _claiming(one),
                to_delete.get(one.name),
                owners,
            )
    return found


def _claiming(one: TableChanges) -> Iterator[bytes]:
    """Yield the rows to write that have new values of a unique key."""
    if one.replacement is not None:
        yield from one.replacement
        return
    yield from one.added()
    unique = {column for key in one.pair.table.unique for column in key}
    if unique:
        for old, new in one.modified():
            if any(cell.column in unique for cell in one.pair.changed(old, new)):
                yield new


@dataclass(frozen=True)
class Tally:
    """The number of rows deleted and changed, by table; a row may be changed twice."""

    deleted: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)


def act(
    database: Database, changes: Changes, to_delete: Mapping[str, str], made: TriggerRows
) -> Tally:
    """Apply the changes, in the caller's transaction.

    `to_delete` are the predicates of all rows that may exist; `made` tracks rows that triggers
    make.

    Raises:
        DatabaseError: the database refused, or changed a different number of rows than planned.
    """
    tally = Tally()
    for step in steps(changes, database.dialect, defaults=True):
        _do(database, step, to_delete, tally, made)
    return tally


def _do(
    database: Database, step: Step, to_delete: Mapping[str, str], tally: Tally, made: TriggerRows
) -> None:
    if isinstance(step, Insert):
        tables = [table for table, _ in step.tables]
        blocks = made.passing(tables, iter([rows for _, rows in step.tables]))
        bulk.load(database, tables, blocks, made.inserting)
        database.advance_sequences(tables)
    elif isinstance(step, Update):
        for batch in in_batches(step.rows, _UPDATES):
            with made.doing("update", [step.table]):
                changed = database.dialect.update_rows(database.connection, step.table, batch)
                _counted(step.table, "changed", changed, len(batch))
            tally.changed[step.table.name] += changed
    else:
        with made.doing("delete", [table for table, _ in step.tables]):
            _delete(database, step, to_delete, tally, made)


def _delete(
    database: Database, step: Delete, to_delete: Mapping[str, str], tally: Tally, made: TriggerRows
) -> None:
    connection, dialect = database.connection, database.dialect
    wanted: Counter[str] = Counter()

    def counted(table: Table, keys: Iterable[Key]) -> Iterator[Key]:
        for key in made.leaving(table, keys):
            wanted[table.name] += 1
            yield key

    whole = [(table, to_delete[table.name]) for table, keys in step.tables if keys is None]
    gone = dialect.delete_rows(connection, whole) if whole else []
    for (table, _), count in zip(whole, gone, strict=True):
        tally.deleted[table.name] += count
    named = [(table, counted(table, keys)) for table, keys in step.tables if keys is not None]
    gone = dialect.delete_keys(connection, named) if named else []
    for (table, _), count in zip(named, gone, strict=True):
        _counted(table, "deleted", count, wanted[table.name])
        tally.deleted[table.name] += count
    made.left([table for table, _ in whole])


def _counted(table: Table, what: str, count: int, wanted: int) -> None:
    if count != wanted:
        said = f"{table.name}: {rows_of(count, 'was', 'were')} {what} where"
        said += f" {as_many(wanted, 'planned')}"
        hint = "Another session writes to the demo rows. Try again."
        raise CountError(table.name, said, hint)
