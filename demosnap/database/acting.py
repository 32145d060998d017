"""Do what was planned: purge, load, verify and log, in the caller's transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from demosnap.database import difference, kept, loaded, log, reach, transfer, verify
from demosnap.dialects.base import Dialect
from demosnap.errors import DatabaseError
from demosnap.plan import Verify

if TYPE_CHECKING:
    from demosnap.database.moves import Database, Prepared


def act(
    database: Database,
    prepared: Sequence[Prepared],
    *,
    disable_triggers: bool,
    level: Verify = "full",
) -> None:
    """Do what was planned, in the caller's transaction: every purge, then every load and stamp.

    Raises:
        VerificationError: the database then holds something else than the snapshot, or a trigger
            changed rows that are not demo data.
        DatabaseError: the database refused, or did something else than was planned.
        SnapshotError: the snapshot is not what demosnap wrote.
    """
    connection, dialect = database.connection, database.dialect
    reached = [part for one in prepared for part in one.along.touched(database) if part]
    staying = [one.kept.without(dialect, one.going) for one in prepared]
    going = reach.merged([*staying, *reached])
    names = {name for one in prepared for name in _touched(one)}
    names.update(name for part in reached for name in part)
    touched = [database.tables[name] for name in sorted(names) if database.tables[name].triggers]
    triggers = [f"{trigger} on {table.name}" for table in touched for trigger in table.triggers]
    acted_on = bool(touched) and not disable_triggers
    watch = acted_on or bool(reached)
    before = verify.staying(connection, dialect, database.tables, going) if watch else {}
    with contextlib.ExitStack() as stack:
        if touched and disable_triggers:
            stack.enter_context(dialect.without_triggers(connection, touched))
        _purge(database, prepared, hold=not acted_on)
        digests = _rows(database, prepared, level, hold=not acted_on)
    if watch:
        after = verify.staying(connection, dialect, database.tables, going)
        verify.untouched(before, after, triggers)
    for one in prepared:
        _log(connection, dialect, one, digests.get(one.move.scenario))
        if one.move.action != "none":
            kept.record(database, one.move.scenario, one.kept)


def _touched(one: Prepared) -> Iterable[str]:
    """Return the tables of which a move touches rows."""
    if one.planned is not None:
        return [change.name for change in one.move.changes]
    return one.going


def _purge(database: Database, prepared: Sequence[Prepared], *, hold: bool) -> None:
    """Delete what goes, of all moves at once: their rows may reference each other.

    `hold`: nothing but the plan may delete or change rows, so hold what the database counted
    against it.
    """
    connection, dialect = database.connection, database.dialect
    acting = [
        one for one in prepared if one.move.action in ("purge", "load") and one.planned is None
    ]
    along = [one.along for one in prepared]
    going = reach.merged(
        [one.kept.without(dialect, one.going) for one in acting]
        + [one.going(database) for one in along]
    )
    tally = difference.Tally()
    for one in acting:
        tally.deleted.update(one.move.purge)
    for reached in along:
        tally.deleted.update(reached.counts())
        tally.changed.update(reached.emptied_counts())
    if not going and not tally.changed:
        return
    before = dialect.affected_rows(connection) if hold else None
    for reached in along:
        reached.empty(database)
    transfer.purge(connection, dialect, database.tables, going, tally.deleted)
    _hold(database, before, tally)


def _hold(
    database: Database, before: Mapping[str, tuple[int, int]] | None, tally: difference.Tally
) -> None:
    """Hold what the database itself has counted since then against what was done."""
    after = database.dialect.affected_rows(database.connection) if before is not None else None
    if before is None or after is None:
        return
    for name in sorted({*before, *after} - log.OWN_TABLES):
        was, now = before.get(name, (0, 0)), after.get(name, (0, 0))
        # A row that changes to another partition counts as deleted.
        found, wanted = sum(now) - sum(was), tally.deleted[name] + tally.changed[name]
        if found != wanted:
            raise DatabaseError(
                f"{name}: {found} rows were deleted or changed where {wanted} were planned;"
                " nothing was changed",
                "Somebody else writes to these rows, or a rule does. Try again.",
            )


def _rows(
    database: Database, prepared: Sequence[Prepared], level: Verify, *, hold: bool
) -> dict[str, str | None]:
    """Load after the purge; return the digest of what each loaded scenario then holds."""
    connection, dialect = database.connection, database.dialect
    digests: dict[str, str | None] = {}
    for one in prepared:
        if one.move.action == "purge":
            verify.row_counts(connection, dialect, one.going, one.kept.counts())
            if one.kept:
                verify.foreign_keys(connection, dialect, database.tables, one.going)
        elif one.planned is not None and one.move.action != "none":
            digests[one.move.scenario] = _changed(database, one, level, hold=hold)
        elif one.move.action == "load" and one.move.target is not None:
            digests[one.move.scenario] = loaded.load(database, one.move.target, level)
    return digests


def _changed(database: Database, one: Prepared, level: Verify, *, hold: bool) -> str | None:
    """Change the rows that differ; return the digest of what the scenario then holds."""
    assert one.planned is not None
    connection, dialect = database.connection, database.dialect
    snapshot = one.planned.snapshot
    before = dialect.affected_rows(connection) if hold else None
    try:
        tally = difference.act(database, one.planned.changes, one.going)
    except IntegrityError as error:
        way = "load" if one.move.action == "reset" else "upgrade or downgrade with --full"
        raise DatabaseError(
            f"{one.move.scenario}: the rows that differ could not be changed one by one"
            f" ({error.orig}); nothing was changed",
            f"Purge and load instead: {way}.",
        ) from error
    _hold(database, before, tally)
    beside = one.kept.counts()
    rows = snapshot.version.rows
    expected = {name: rows.get(name, 0) + beside.get(name, 0) for name in (*rows, *beside)}
    verify.row_counts(connection, dialect, one.going, expected)
    return loaded.verified(database, snapshot, level, one.kept)


def _log(connection: Connection, dialect: Dialect, one: Prepared, digest: str | None) -> None:
    move, target = one.move, one.move.target
    if move.action == "none":
        return
    operation: str = move.action
    if move.action == "stamp":
        operation = one.operation
        if target is not None and target.dialect == dialect.name:
            digest = target.digest
    rows = target.rows if target else {}
    revision = target.revision if target else None
    log.write(connection, log.new_entry(operation, move.scenario, revision, rows, digest))
