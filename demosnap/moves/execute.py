"""Apply a plan: purge, load, verify and log, in the caller's transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence

from demosnap.compare import released
from demosnap.config import Settings
from demosnap.database import (
    bulk,
    by_key,
    dangling_references,
    own_tables,
    picking,
    retained,
    search_indexes,
    sequences,
    verify,
)
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.errors import DatabaseError, VerificationError
from demosnap.model import Trigger
from demosnap.moves import (
    concurrency,
    difference,
    final_references,
    full_load,
    hooks,
    miscounted,
    omitted_values,
    refused,
)
from demosnap.moves import triggers as triggering
from demosnap.moves.planned import PlannedMove
from demosnap.moves.trigger_rows import TriggerRows
from demosnap.moves.trigger_values import put_back
from demosnap.moves.triggers import ActiveTriggers, Seal
from demosnap.options import Verify
from demosnap.visible import as_many
from demosnap.visible import rows as rows_of


def act(
    database: Database,
    prepared: Sequence[PlannedMove],
    *,
    settings: Settings,
    level: Verify = "full",
    discard: bool = False,
    own_triggers: tuple[Trigger, ...] = (),
) -> Seal | None:
    """Apply a plan, in the caller's transaction: all purges, then all loads and stamps.

    `discard`: demo rows may have changed since the plan was made. With `own_triggers`, the result
    is the state of the tables before demosnap's own tables are written, to be checked at the end.

    Raises:
        VerificationError: the database then differs from the snapshot, or a trigger changed
            non-demo rows.
        DatabaseError: the database refused, or its changes differ from the plan.
        SnapshotError: the snapshot is malformed.
    """
    connection, dialect = database.connection, database.dialect
    triggers = settings.triggers
    for one in prepared:
        one.to_delete.changed()
    reached = [part for one in prepared for part in one.cascaded.touched(database) if part]
    staying = [one.to_delete - one.kept.rows(database) for one in prepared]
    to_delete = by_key.merged([*staying, *reached])
    concurrency.check(database, to_delete, discard=discard)
    names = {name for one in prepared for name in touched(one)}
    names.update(name for part in reached for name in part)
    database, found = triggering.find(database, triggers, names)
    targets = [one.move.target for one in prepared]
    foreign = any(target is not None and target.dialect != dialect.name for target in targets)
    made = TriggerRows(database, found, foreign)
    # Switching triggers off changes definitions, for which event triggers may exist.
    beyond = any(one.cascaded.beyond for one in prepared)
    watch = bool(found.triggers or beyond or (found.off and own_triggers))
    free = found.may_change if found.triggers else frozenset()
    before = verify.staying(database, to_delete, free) if watch else {}
    counted = dialect.affected_rows(connection)
    # If all demo rows are deleted, the plan has verified that no row references them.
    in_part = reached or any(one.planned is not None and one.move.changes for one in prepared)
    pins = final_references.pins(database, to_delete) if in_part else []
    with contextlib.ExitStack() as stack:
        stack.enter_context(
            search_indexes.kept_right(database, names, triggers_off=triggers.disabled)
        )
        if found.off:
            stack.enter_context(dialect.without_triggers(connection, found.off))
        made.watch(
            to_delete, [change for one in prepared if one.planned for change in one.planned.changes]
        )
        aside = omitted_values.aside(database, prepared)
        _purge(database, prepared, found)
        made.clear()
        snapshots = _rows(database, settings, prepared, made)
        omitted_values.put_back(database, aside, made)
        if found.triggers:
            dialect.settle(connection)
        made.clear()
        anew = picking.again(connection)
        digests = _verify(database, prepared, snapshots, level, found)
        if anew:
            # Users' predicates may pick different rows after the changes.
            now = [one.picked_now(database) - one.kept.rows(database) for one in prepared]
            to_delete = by_key.merged([to_delete, *now])
        final_references.check(database, pins)
    if watch:
        after = verify.staying(database, to_delete, free)
        triggering.untouched(found, before, after)
    _unseen(database, counted)
    if hooked := hooks.run_sql(database, settings, [one.move for one in prepared]):
        dialect.settle(connection)
        _verify_again(database, prepared, snapshots, hooked)
        final_references.check(database, pins)
    sealed = triggering.seal(database, own_triggers, triggers, names)
    with triggering.blamed_own(connection, dialect, lambda: sealed):
        for one in prepared:
            _log(database, one, digests.get(one.move.scenario))
            if one.move.action != "none":
                retained.record(database, one.move.scenario, one.kept)
                released.record(database, one.move.scenario, one.rows.left, one.rows.released)
    return sealed


def touched(one: PlannedMove) -> Iterable[str]:
    """Return the tables whose rows a move changes."""
    if one.planned is not None:
        return [change.name for change in one.move.changes]
    return one.to_delete


def _purge(database: Database, prepared: Sequence[PlannedMove], found: ActiveTriggers) -> None:
    """Delete the rows of all moves at once, since they may reference each other.

    If no trigger acts, only the plan may delete or change rows; then the database's own count of
    changes is compared with it.
    """
    acting = [
        one for one in prepared if one.move.action in ("purge", "load") and one.planned is None
    ]
    cascaded = [one.cascaded for one in prepared]
    to_delete = by_key.merged(
        [one.to_delete - one.kept.rows(database) for one in acting]
        + [one.to_delete(database) for one in cascaded]
    )
    tally = difference.Tally()
    for one in acting:
        tally.deleted.update(one.purge)
    for reached in cascaded:
        tally.deleted.update(reached.counts())
        tally.changed.update(reached.nulled_counts())
    if not to_delete and not tally.changed:
        return
    before = database.dialect.affected_rows(database.connection) if not found.triggers else None
    with triggering.blamed(database, found, "update", tally.changed):
        for reached in cascaded:
            reached.empty(database)
    free = found.may_change if found.triggers else ()
    with triggering.blamed(database, found, "delete", to_delete):
        bulk.purge(database, to_delete, tally.deleted, free)
    _hold(database, before, tally)


def _hold(
    database: Database, before: Mapping[str, tuple[int, int]] | None, tally: difference.Tally
) -> None:
    """Compare the database's own count of changes with the changes that were made."""
    after = database.dialect.affected_rows(database.connection) if before is not None else None
    if before is None or after is None:
        return
    for name in sorted({*before, *after} - own_tables.OWN_TABLES):
        was, now = before.get(name, (0, 0)), after.get(name, (0, 0))
        # A row that moves to another partition counts as deleted.
        found, wanted = sum(now) - sum(was), tally.deleted[name] + tally.changed[name]
        if found != wanted:
            raise DatabaseError(
                f"{name}: {rows_of(found, 'was', 'were')} deleted or changed where"
                f" {as_many(wanted, 'planned')}",
                "A constraint or the database itself also changes these rows.",
                changed=False,
            )


def _unseen(database: Database, before: Mapping[str, tuple[int, int]] | None) -> None:
    """Check that no row was deleted or changed in tables without a digest."""
    after = database.dialect.affected_rows(database.connection)
    known = {*database.tables, *own_tables.OWN_TABLES}
    wrong = sorted(
        name
        for name, counts in (after or {}).items()
        if before is not None and name not in known and counts != before.get(name, (0, 0))
    )
    if wrong:
        raise VerificationError(
            f"rows of {', '.join(wrong)}, which this role may not read, would be deleted or changed"
            " by a foreign key or a trigger",
            "Use a role that may read them, or move these rows out of the way first.",
        )


def _rows(
    database: Database, settings: Settings, prepared: Sequence[PlannedMove], made: TriggerRows
) -> dict[str, OpenSnapshot]:
    """Load after the purge; return the snapshot of each scenario that was loaded."""
    snapshots: dict[str, OpenSnapshot] = {}
    for one in prepared:
        if one.planned is not None and one.move.action not in ("none", "purge"):
            _change(database, one, made)
            snapshots[one.move.scenario] = one.planned.snapshot
        elif one.move.action == "load" and one.move.target is not None:
            snapshots[one.move.scenario] = full_load.load(
                database, one.move.target, made, one.rows.skipped
            )
    for snapshot in snapshots.values():
        # Sequence positions are comparable only within a dialect.
        if snapshot.version.dialect == database.dialect.name:
            database.restore_positions(snapshot.version.sequences)
        sequences.advance(database, settings, snapshot.tables)
    return snapshots


def _verify(
    database: Database,
    prepared: Sequence[PlannedMove],
    snapshots: Mapping[str, OpenSnapshot],
    level: Verify,
    found: ActiveTriggers,
) -> dict[str, str | None]:
    """Verify the rows; return the digest of each loaded scenario."""
    digests: dict[str, str | None] = {}
    for one in prepared:
        snapshot = snapshots.get(one.move.scenario)
        try:
            digest = _verified(database, one, snapshot, level, found)
        except verify.MiscountedError as error:
            explained = miscounted.explained(database, error, snapshot, one.kept.keys)
            raise _blaming(explained, found, one, error.too_many) from error
        except VerificationError as error:
            raise _blaming(error, found, one) from error
        if snapshot is not None:
            digests[one.move.scenario] = digest
    return digests


def _verify_again(
    database: Database,
    prepared: Sequence[PlannedMove],
    snapshots: Mapping[str, OpenSnapshot],
    hooked: Sequence[hooks.Due],
) -> None:
    """Verify that hooks left the demo rows as they were."""
    picking.again(database.connection)
    for one in prepared:
        try:
            _checked(database, one, snapshots.get(one.move.scenario), "full")
        except VerificationError as error:
            ran = ", ".join(dict.fromkeys(each.name for each in hooked))
            raise VerificationError(
                f"{error.message}\nbefore the SQL of hooks all was right: {ran}",
                "Let its statements leave the demo rows out. Values of demo rows that depend on"
                " other rows are not for a snapshot.",
            ) from error


def _verified(
    database: Database,
    one: PlannedMove,
    snapshot: OpenSnapshot | None,
    level: Verify,
    found: ActiveTriggers,
) -> str | None:
    """Verify the rows, after restoring values that triggers changed during a load."""
    try:
        return _checked(database, one, snapshot, level)
    except VerificationError as error:
        if snapshot is None or not found.triggers:
            raise
        retained_rows = one.kept if one.planned is not None else retained.NOTHING
        everything = full_load.predicates(database, snapshot.version)
        picked = everything - retained_rows.rows(database)
        try:
            if not put_back(database, found, snapshot.version, picked):
                raise
        except DatabaseError as again:
            message = f"{error.message}\nand the value cannot be put back: {again.message}"
            raise VerificationError(message, again.hint) from again
    picking.again(database.connection)
    return _checked(database, one, snapshot, level)


def _blaming(
    error: VerificationError, found: ActiveTriggers, one: PlannedMove, filled: Iterable[str] = ()
) -> VerificationError:
    """Return an error with the triggers that may have caused it, and the ways on.

    `filled` are the tables in which they may have inserted rows.
    """
    if not found.triggers:
        return error
    by = triggering.listed(found.triggers)
    message = error.message if by in error.message else f"{error.message} ({by})"
    ways = found.ways(found.triggers, filled)
    if one.move.action == "reset" and found.on("update", touched(one)):
        # A full load inserts all rows, so triggers on updates do not act.
        ways = f"Purge and load instead: {_load(one)}\n{ways}"
    return VerificationError(message, ways)


def _checked(
    database: Database, one: PlannedMove, snapshot: OpenSnapshot | None, level: Verify
) -> str | None:
    # References of remaining rows that dangled before may still dangle.
    known = dangling_references.known(database, (one.move.current, one.held, one.move.target))
    if one.move.action == "purge":
        now = one.picked_now(database)
        verify.row_counts(database, now, one.kept.counts())
        if one.kept:
            verify.foreign_keys(database, now, known)
    elif snapshot is not None:
        if one.planned is not None:
            kept, rows = one.kept.counts(), snapshot.rows
            expected = {n: rows.get(n, 0) + kept.get(n, 0) for n in (*rows, *kept)}
            verify.row_counts(database, one.picked_now(database), expected)
        kept_rows = one.kept if one.planned is not None else retained.NOTHING
        return full_load.verified(database, snapshot, level, kept_rows, known)
    return None


def _change(database: Database, one: PlannedMove, made: TriggerRows) -> None:
    """Change the rows that differ."""
    assert one.planned is not None
    hold = not made.acting.triggers
    before = database.dialect.affected_rows(database.connection) if hold else None
    try:
        tally = difference.act(database, one.planned.changes, one.to_delete, made)
    except Exception as error:
        if not refused.by_rows(database, error):
            raise
        reason = refused.reason(database, error)
        way = _load(one) if one.move.action == "reset" else "upgrade or downgrade with --full"
        raise DatabaseError(
            f"{one.move.scenario}: the rows that differ could not be changed one by one ({reason})",
            f"Purge and load instead: {way}",
            changed=False,
        ) from error
    _hold(database, before, tally)


def _load(one: PlannedMove) -> str:
    """Return the command that purges and loads the target of a move."""
    assert one.move.target is not None
    return f"demosnap load {one.move.scenario}@{one.move.target.short} --discard"


def _log(database: Database, one: PlannedMove, digest: str | None) -> None:
    move, target = one.move, one.move.target
    if move.action == "none":
        return
    operation: str = move.action
    if move.action == "stamp":
        operation = one.goal.operation
        # After an undo, the rows stay and differ from the target.
        if target is not None and target.dialect == database.dialect.name and operation != "undo":
            digest = target.digest
    rows = one.rows.expected(target) if target else {}
    revision = target.revision if target else None
    own_tables.write(
        database.connection, own_tables.new_entry(operation, move.scenario, revision, rows, digest)
    )
