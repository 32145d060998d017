"""Do what was planned: purge, load, verify and log, in the caller's transaction."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from demosnap.database import difference, loaded, log, reach, transfer, verify
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
    going = reach.merged([*(one.going for one in prepared), *reached])
    touched = [database.tables[name] for name in going if database.tables[name].triggers]
    triggers = [f"{trigger} on {table.name}" for table in touched for trigger in table.triggers]
    acted_on = bool(touched) and not disable_triggers
    watch = acted_on or bool(reached)
    before = verify.staying(connection, dialect, database.tables, going) if watch else {}
    with contextlib.ExitStack() as stack:
        if touched and disable_triggers:
            stack.enter_context(dialect.without_triggers(connection, touched))
        _purge(database, prepared, hold=not acted_on)
        digests = _rows(database, prepared, level)
    if watch:
        after = verify.staying(connection, dialect, database.tables, going)
        verify.untouched(before, after, triggers)
    for one in prepared:
        _log(connection, dialect, one, digests.get(one.move.scenario))


def _purge(database: Database, prepared: Sequence[Prepared], *, hold: bool) -> None:
    """Delete what goes, of all moves at once: their rows may reference each other.

    `hold`: nothing but the plan may delete or change rows, so hold what the database counted
    against it.
    """
    acting = [one for one in prepared if one.move.action in ("purge", "load")]
    if not acting:
        return
    connection, dialect = database.connection, database.dialect
    along = [one.along for one in acting]
    going = reach.merged([one.going for one in acting] + [one.going(database) for one in along])
    deleted: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    for one in acting:
        deleted.update(one.move.purge)
        deleted.update(one.along.counts())
        changed.update(one.along.emptied_counts())
    before = dialect.affected_rows(connection) if hold else None
    for reached in along:
        reached.empty(database)
    transfer.purge(connection, dialect, database.tables, going, deleted)
    after = dialect.affected_rows(connection) if before is not None else None
    if before is None or after is None:
        return
    for name in sorted({*before, *after} - log.OWN_TABLES):
        was, now = before.get(name, (0, 0)), after.get(name, (0, 0))
        found = (now[0] - was[0], now[1] - was[1])
        if found != (deleted[name], changed[name]):
            raise DatabaseError(
                f"{name}: the purge deleted {found[0]} rows and changed {found[1]} where"
                f" {deleted[name]} and {changed[name]} were planned; nothing was changed",
                "Somebody else writes to these rows, or a rule does. Try again.",
            )


def _rows(database: Database, prepared: Sequence[Prepared], level: Verify) -> dict[str, str | None]:
    """Load after the purge; return the digest of what each loaded scenario then holds."""
    connection, dialect = database.connection, database.dialect
    digests: dict[str, str | None] = {}
    for one in prepared:
        if one.move.action == "purge":
            verify.row_counts(connection, dialect, one.going, {})
        elif one.move.action == "load" and one.move.target is not None:
            digests[one.move.scenario] = loaded.load(database, one.move.target, level)
        elif one.move.action == "reset" and one.planned and one.planned.snapshot:
            difference.act(database, one.planned.changes, one.going)
            snapshot = one.planned.snapshot
            verify.row_counts(connection, dialect, one.going, snapshot.version.rows)
            digests[one.move.scenario] = loaded.verified(database, snapshot, level)
    return digests


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
