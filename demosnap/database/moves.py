"""From what the database holds to what it shall hold: plan, refuse, act, verify."""

from __future__ import annotations

import collections
import contextlib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from demosnap.config import Settings
from demosnap.database import captured, difference, fit, guard, log, selection, transfer, verify
from demosnap.database.snapshots import OpenSnapshot, hashing
from demosnap.dialects.base import Dialect
from demosnap.errors import ConfigError, ScriptError, VerificationError
from demosnap.model import Selection, Table, Version
from demosnap.plan import Move, Options
from demosnap.snapshot.diff import Kind
from demosnap.snapshot.predicates import predicates


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a scenario shall go.

    `current` is what the database is stamped with, `target` None is base. `again`: load also
    where the stamp says that the target is there already. `stamp_only`: move no rows.
    `by_difference`: move the rows that differ, and leave all others alone.
    """

    scenario: str
    current: Version | None
    target: Version | None
    again: bool = False
    stamp_only: bool = False
    operation: str = "stamp"
    by_difference: bool = False


@dataclass(frozen=True, slots=True)
class Database:
    """What planning and acting need to know of the database: one connection, read once."""

    connection: Connection
    dialect: Dialect
    tables: Mapping[str, Table]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A move with what acting on it needs.

    `going` are the predicates of all rows that go, by table; of a move by difference, of all
    that may be `planned` to go. `operation` is what the log calls a stamp.
    """

    move: Move
    going: Mapping[str, str] = field(default_factory=dict)
    operation: str = "stamp"
    planned: difference.Planned | None = None
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def prepare(
    database: Database,
    settings: Settings,
    versions: Mapping[str, Sequence[Version]],
    goals: Sequence[Goal],
    options: Options,
) -> list[Prepared]:
    """Plan the moves of one run, each with its reasons to be refused.

    `versions` are all versions by scenario. Nothing is changed.

    Raises:
        ConfigError: demosnap.yaml does not fit the database.
        SnapshotError: a snapshot that is needed is missing or not what demosnap wrote.
    """
    goings = {goal.scenario: _going(database, settings, goal) for goal in goals}

    def owners() -> dict[str, Mapping[str, str]]:
        known = dict.fromkeys((*versions, *settings.scenario_names))
        newest = {name: [None, *versions.get(name, ())][-1] for name in known if name not in goings}
        return {
            name: _going(database, settings, Goal(name, version, None))
            for name, version in newest.items()
        }

    return [
        _prepare(database, versions.get(goal.scenario, ()), goal, goings, options, owners)
        for goal in goals
    ]


def selections(
    database: Database, settings: Settings, scenario: str, others: Iterable[Version | None]
) -> list[Selection]:
    """Return the selections that a purge of a scenario covers: recorded ones and today's."""
    found = [version.selection for version in others if version is not None]
    if not settings.scenario_names or scenario in settings.scenario_names:
        try:
            found.append(
                selection.resolve(database.connection, settings, database.tables, scenario)
            )
        except ConfigError:
            # Rows can be taken out by the revisions alone, whatever the configuration says now.
            if not found:
                raise
    return found


def picked(
    database: Database, settings: Settings, scenario: str, others: Iterable[Version | None]
) -> dict[str, str]:
    """Return the predicates of a scenario's rows: what versions pick, and what is picked today.

    Raises:
        ConfigError: demosnap.yaml does not fit the database.
        ScriptError: the database lacks what a version's selection needs.
    """
    covered = selections(database, settings, scenario, others)
    try:
        return captured.union(covered, database.tables, database.dialect)
    except ScriptError as error:
        raise ScriptError(
            f"the demo rows of {scenario} cannot be told: {error.message}",
            "The database's tables have changed since the revision was captured.",
        ) from error


def _going(database: Database, settings: Settings, goal: Goal) -> dict[str, str]:
    if goal.stamp_only:
        return {}
    return picked(database, settings, goal.scenario, (goal.current, goal.target))


def _prepare(
    database: Database,
    versions: Sequence[Version],
    goal: Goal,
    goings: Mapping[str, Mapping[str, str]],
    options: Options,
    owners: fit.Owners,
) -> Prepared:
    connection, dialect = database.connection, database.dialect
    target = goal.target
    if goal.stamp_only:
        reasons = differences(database, target) if target and options.verify else []
        move = Move(goal.scenario, goal.current, target, "stamp")
        return Prepared(move, operation=goal.operation, refusals=tuple(reasons))
    going = goings[goal.scenario]
    if goal.by_difference:
        return _by_difference(database, goal, going, options, owners)
    present = transfer.counts(connection, dialect, going)
    there = sum(present.values())
    if goal.current == target and (not goal.again or (target is None and not there)):
        if target is None or _same_counts(present, target):
            return Prepared(Move(goal.scenario, goal.current, target, "none"))
        if there:
            move = Move(goal.scenario, goal.current, target, "none")
            return Prepared(move, notes=(_drift_note(target, present),))
    refusals: list[str] = []
    if not options.discard:
        likely = [v for v in (goal.current, target) if v is not None]
        others = [v for v in reversed(versions) if v not in likely]
        if not captured.is_captured(
            connection, dialect, database.tables, goal.scenario, [*likely, *others], present
        ):
            refusals.append(_uncaptured(goal.scenario, present))
    all_going = _merged(goings.values())
    refusals += guard.referenced(connection, dialect, database.tables, all_going)
    if target is not None:
        refusals += fit.refusals(connection, dialect, database.tables, target, all_going, owners)
    order = reversed(list(present))
    move = Move(
        goal.scenario,
        goal.current,
        target,
        "purge" if target is None else "load",
        purge={name: present[name] for name in order if present[name]},
        load=dict(target.rows) if target is not None else {},
    )
    return Prepared(move, going, refusals=tuple(refusals))


def _by_difference(
    database: Database,
    goal: Goal,
    going: Mapping[str, str],
    options: Options,
    owners: fit.Owners,
) -> Prepared:
    """Plan the changes that bring a scenario to its target; what it does not cover is refused."""
    planned = difference.plan(database, goal.target, going, owners)
    refusals = list(planned.refusals)
    if goal.target is not None and not options.discard:
        refusals += [
            f"{one.name}: there are {len(one)} demo rows, and {goal.target.version} does not have"
            f" the table\n`demosnap revision {goal.scenario}` saves them; --discard lets them go"
            for one in planned.changes
            if one.pair.new is None and len(one)
        ]
    found = [one for one in planned.changes if len(one)]

    def counts(kind: Kind) -> dict[str, int]:
        return {one.name: one.counts[kind] for one in found if kind in one.counts}

    move = Move(
        goal.scenario,
        goal.current,
        goal.target,
        "reset" if found or refusals else "none",
        purge=counts("removed"),
        load=counts("added"),
        change=counts("modified"),
        changes=tuple(found),
    )
    return Prepared(move, going, planned=planned, refusals=tuple(refusals))


def _merged(goings: Iterable[Mapping[str, str]]) -> dict[str, str]:
    merged: dict[str, list[str]] = {}
    for going in goings:
        for name, predicate in going.items():
            merged.setdefault(name, []).append(predicate)
    return {
        name: " OR ".join(f"({predicate})" for predicate in found) for name, found in merged.items()
    }


def _same_counts(present: Mapping[str, int], target: Version) -> bool:
    names = {*present, *target.rows}
    return all(present.get(name, 0) == target.rows.get(name, 0) for name in names)


def _drift_note(target: Version, present: Mapping[str, int]) -> str:
    names = list(dict.fromkeys((*target.rows, *present)))
    other = ", ".join(
        f"{name} {present.get(name, 0)} instead of {target.rows.get(name, 0)}"
        for name in names
        if present.get(name, 0) != target.rows.get(name, 0)
    )
    return (
        f"{target.scenario} is stamped {target.version}, but the database holds other demo rows:"
        f" {other}\n`demosnap revision {target.scenario}` captures them;"
        f" `demosnap load {target.scenario}@{target.short} --discard` puts {target.short} back"
    )


def _uncaptured(scenario: str, present: Mapping[str, int]) -> str:
    rows = ", ".join(f"{name} {count}" for name, count in present.items() if count)
    return (
        f"the demo rows of {scenario} are in no revision and would be lost ({rows})\n"
        f"`demosnap revision {scenario}` saves them; --discard (with alembic:"
        " -x demosnap.discard=1) lets them go"
    )


def differences(database: Database, target: Version) -> list[str]:
    """Return why the database does not hold a version; empty: it does."""
    connection, dialect = database.connection, database.dialect
    snapshot = OpenSnapshot(target, dialect, database.tables)
    reasons = fit.unfit(database.tables, snapshot.header.tables)
    if reasons:
        return reasons
    picked = predicates(target.selection, database.tables, dialect)
    for table, rows in zip(snapshot.tables, snapshot.blocks(), strict=True):
        difference = verify.first_difference(
            table,
            rows,
            dialect.read_rows(connection, table, picked[table.name]),
            decoded_by=dialect if snapshot.foreign else None,
        )
        if difference:
            reasons.append(difference)
    if reasons:
        reasons.append(
            f"--no-verify (with alembic: -x demosnap.verify=0) stamps {target.version} all the same"
        )
    return reasons


def act(database: Database, prepared: Sequence[Prepared], *, disable_triggers: bool) -> None:
    """Do what was planned, in the caller's transaction: every purge, then every load and stamp.

    Raises:
        VerificationError: the database then holds something else than the snapshot, or a trigger
            changed rows that are not demo data.
        DatabaseError: the database refused, or did something else than was planned.
        SnapshotError: the snapshot is not what demosnap wrote.
    """
    connection, dialect = database.connection, database.dialect
    going = _merged(one.going for one in prepared)
    touched = [database.tables[name] for name in going if database.tables[name].triggers]
    triggers = [f"{trigger} on {table.name}" for table in touched for trigger in table.triggers]
    watch = bool(touched) and not disable_triggers
    before = verify.staying(connection, dialect, database.tables, going) if watch else {}
    with contextlib.ExitStack() as stack:
        if touched and disable_triggers:
            stack.enter_context(dialect.without_triggers(connection, touched))
        digests = _rows(database, prepared)
    if watch:
        after = verify.staying(connection, dialect, database.tables, going)
        verify.untouched(before, after, triggers)
    for one in prepared:
        _log(connection, dialect, one, digests.get(one.move.scenario))


def _rows(database: Database, prepared: Sequence[Prepared]) -> dict[str, str]:
    """Purge and load; return the digest of what each loaded scenario then holds."""
    connection, dialect = database.connection, database.dialect
    for one in prepared:
        if one.move.action in ("purge", "load"):
            expected = {name: one.move.purge.get(name, 0) for name in one.going}
            transfer.purge(connection, dialect, database.tables, one.going, expected)
    digests = {}
    for one in prepared:
        if one.move.action == "purge":
            verify.row_counts(connection, dialect, one.going, {})
        elif one.move.action == "load" and one.move.target is not None:
            digests[one.move.scenario] = _load(database, one.move.target)
        elif one.move.action == "reset" and one.planned and one.planned.snapshot:
            difference.act(database, one.planned.changes, one.going)
            snapshot = one.planned.snapshot
            verify.row_counts(connection, dialect, one.going, snapshot.version.rows)
            digests[one.move.scenario] = _verify(database, snapshot)
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


def _load(database: Database, target: Version) -> str:
    """Load and verify a version; return the digest of what the database then holds."""
    snapshot = OpenSnapshot(target, database.dialect, database.tables)
    blocks = snapshot.blocks()
    transfer.load(database.connection, database.dialect, snapshot.tables, blocks)
    # Past the last block stands the comparison of the digest.
    collections.deque(blocks, maxlen=0)
    return _verify(database, snapshot)


def _verify(database: Database, snapshot: OpenSnapshot) -> str:
    """Check counts, foreign keys and content of what was loaded; return its digest."""
    connection, dialect = database.connection, database.dialect
    picked = predicates(snapshot.version.selection, database.tables, dialect)
    verify.row_counts(connection, dialect, picked, snapshot.version.rows)
    verify.foreign_keys(connection, dialect, database.tables, picked)
    loaded = dict(snapshot.digests)
    total = transfer.Digest(dialect)
    for table in snapshot.tables:
        sha = hashlib.sha256()
        rows = dialect.read_rows(connection, table, picked[table.name])
        total.table(table, hashing(rows, sha))
        if sha.hexdigest() != loaded[table.name]:
            difference = _difference(database, snapshot, table, picked[table.name])
            if difference is not None:
                raise VerificationError(
                    f"after the load {difference}",
                    "A trigger, a default or the column's type changed what was inserted;"
                    " it was rolled back.",
                )
    return total.hexdigest()


def _difference(
    database: Database, snapshot: OpenSnapshot, wanted: Table, predicate: str
) -> str | None:
    for table, rows in zip(snapshot.tables, snapshot.blocks(), strict=True):
        if table.name == wanted.name:
            return verify.first_difference(
                table,
                rows,
                database.dialect.read_rows(database.connection, table, predicate),
                database.tables[table.name].triggers,
                database.dialect if snapshot.foreign else None,
            )
    raise AssertionError(f"{wanted.name} is not in the snapshot")
