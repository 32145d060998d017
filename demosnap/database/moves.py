"""From what the database holds to what it shall hold: plan, and refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from demosnap.config import Settings
from demosnap.database import (
    captured,
    difference,
    fit,
    loaded,
    reach,
    selection,
    transfer,
)
from demosnap.dialects.base import Dialect
from demosnap.errors import ConfigError, ScriptError
from demosnap.model import Selection, Table, Version
from demosnap.plan import Move, Options
from demosnap.snapshot.diff import Kind


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
    that may be `planned` to go. `along` are rows of the run that are no demo data and go all the
    same, kept with one of its moves. `operation` is what the log calls a stamp.
    """

    move: Move
    going: Mapping[str, str] = field(default_factory=dict)
    operation: str = "stamp"
    planned: difference.Planned | None = None
    along: reach.Along = field(default_factory=reach.Along)
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
    resting = {
        goal.scenario: found
        for goal in goals
        if (found := _resting(database, versions, goal, goings, options)) is not None
    }
    acting = {name: going for name, going in goings.items() if name not in resting}

    def owners() -> dict[str, Mapping[str, str]]:
        known = dict.fromkeys((*versions, *settings.scenario_names))
        newest = {name: [None, *versions.get(name, ())][-1] for name in known if name not in acting}
        return {
            name: goings.get(name) or _going(database, settings, Goal(name, version, None))
            for name, version in newest.items()
        }

    all_going = reach.merged(list(acting.values()))
    others = owners() if options.cascade and acting else {}
    along = reach.along(database, options.cascade, all_going, others) if others or acting else None
    prepared = []
    for goal in goals:
        one = resting.get(goal.scenario)
        if one is None:
            one = _prepare(database, settings, versions, goal, acting, options, owners)
            if along is not None and not goal.by_difference:
                # All at once: what one move reaches may be another one's.
                reasons = reach.refusals(database, all_going, along)
                move = replace(one.move, also=along.counts(), emptied=along.emptied_counts())
                one = replace(one, move=move, along=along, refusals=(*one.refusals, *reasons))
                along = None
        prepared.append(one)
    return prepared


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


def _resting(
    database: Database,
    versions: Mapping[str, Sequence[Version]],
    goal: Goal,
    goings: Mapping[str, Mapping[str, str]],
    options: Options,
) -> Prepared | None:
    """Return the plan of a move that moves no rows; None: it may move some."""
    target, known = goal.target, versions.get(goal.scenario, ())
    if goal.stamp_only:
        reasons = loaded.differences(database, target) if target and options.verify_stamp else []
        if reasons and target:
            reasons.append(
                f"--no-verify (with alembic: -x demosnap.verify=0) stamps {target.version} all the"
                " same"
            )
        move = Move(goal.scenario, goal.current, target, "stamp")
        return Prepared(move, operation=goal.operation, refusals=tuple(reasons))
    if goal.by_difference or goal.current != target:
        return None
    present = transfer.counts(database.connection, database.dialect, goings[goal.scenario])
    there = sum(present.values())
    if goal.again and (target is not None or there):
        return None
    move = Move(goal.scenario, goal.current, target, "none")
    notes = _notes(database, known, goal, present, options)
    if target is None or _same_counts(present, target):
        return Prepared(move, notes=notes)
    return Prepared(move, notes=notes or (_drift_note(target, present),)) if there else None


def _notes(
    database: Database,
    versions: Sequence[Version],
    goal: Goal,
    present: Mapping[str, int],
    options: Options,
) -> tuple[str, ...]:
    # To know the rows of a version they have to be read, all of them.
    if options.discard:
        return ()
    return tuple(_unstamped(database, versions, goal.current, present))


def _prepare(
    database: Database,
    settings: Settings,
    all_versions: Mapping[str, Sequence[Version]],
    goal: Goal,
    goings: Mapping[str, Mapping[str, str]],
    options: Options,
    owners: fit.Owners,
) -> Prepared:
    connection, dialect = database.connection, database.dialect
    target, versions = goal.target, all_versions.get(goal.scenario, ())
    going = goings[goal.scenario]
    if goal.by_difference:
        return _by_difference(database, goal, going, options, owners)
    present = transfer.counts(connection, dialect, going)
    notes = _notes(database, versions, goal, present, options)
    refusals: list[str] = []
    if not options.discard:
        likely = [v for v in (goal.current, target) if v is not None]
        others = [v for v in reversed(versions) if v not in likely]
        if not captured.is_captured(
            connection, dialect, database.tables, goal.scenario, [*likely, *others], present
        ):
            refusals.append(_uncaptured(database, settings, goal, present))
    if target is not None:
        all_going = reach.merged(list(goings.values()))
        refusals += fit.refusals(
            connection,
            dialect,
            database.tables,
            target,
            all_going,
            owners,
            # A load that cannot be rolled back must not be the first to read the snapshot.
            whole=options.dry_run or options.non_transactional,
        )
    loading = target.rows if target is not None else {}
    unsafe = _unsafe(database, {n for rows in (present, loading) for n in rows if rows[n]})
    if options.non_transactional:
        notes += tuple(unsafe)
    else:
        refusals += _not_asked_for(unsafe)
    order = reversed(list(present))
    move = Move(
        goal.scenario,
        goal.current,
        target,
        "purge" if target is None else "load",
        purge={name: present[name] for name in order if present[name]},
        load=dict(loading),
    )
    return Prepared(move, going, refusals=tuple(refusals), notes=notes)


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
    unsafe = _unsafe(database, {one.name for one in found})
    if not options.non_transactional:
        refusals += _not_asked_for(unsafe)
        unsafe = []

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
    return Prepared(move, going, planned=planned, refusals=tuple(refusals), notes=tuple(unsafe))


def _unsafe(database: Database, names: Iterable[str]) -> list[str]:
    """Return which of the tables cannot be rolled back, each with what that means."""
    found = database.dialect.non_transactional(database.connection, sorted(names))
    return [
        f"{name}: {reason}: after a failure it stays half changed" for name, reason in found.items()
    ]


def _not_asked_for(unsafe: Iterable[str]) -> list[str]:
    return [
        f"{reason}\n--non-transactional (with alembic: -x demosnap.non_transactional=1) changes it"
        " all the same"
        for reason in unsafe
    ]


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


def _unstamped(
    database: Database,
    versions: Sequence[Version],
    current: Version | None,
    present: Mapping[str, int],
) -> Iterator[str]:
    """Yield that the rows are those of the newest version, if the stamp is another."""
    newest = versions[-1] if versions else None
    if newest is None or newest == current or not _same_counts(present, newest):
        return
    if not newest.total or not captured.is_captured(
        database.connection, database.dialect, database.tables, newest.scenario, [newest], present
    ):
        return
    stamp = f"is stamped {current.version}" if current else "is not stamped with it"
    yield (
        f"the database holds the rows of {newest.scenario} {newest.version}, but {stamp}\n"
        f"`demosnap stamp {newest.scenario}@{newest.short}` stamps it"
    )


def unstamped(
    database: Database, settings: Settings, versions: Sequence[Version], current: Version | None
) -> list[str]:
    """Return, as a note, that the rows are those of the newest version and the stamp is not.

    So it is after a capture whose stamp failed. `versions` are all of the scenario.
    """
    if not versions or versions[-1] == current:
        return []
    going = picked(database, settings, versions[-1].scenario, (current, versions[-1]))
    present = transfer.counts(database.connection, database.dialect, going)
    return list(_unstamped(database, versions, current, present))


def _uncaptured(
    database: Database, settings: Settings, goal: Goal, present: Mapping[str, int]
) -> str:
    # Here, since drift itself looks at moves.
    from demosnap.database import drift

    rows = ", ".join(f"{name} {count}" for name, count in present.items() if count)
    lines = [f"the demo rows of {goal.scenario} are in no revision and would be lost ({rows})"]
    if goal.current is not None:
        entry = drift.status(database, settings, goal.scenario, goal.current, ())
        lines += [
            f"{one.table}: {one.added} added, {one.removed} removed, {one.modified} modified since"
            f" {goal.current.version}"
            for one in entry.drift or ()
        ]
    return "\n".join(
        [
            *lines,
            f"`demosnap revision {goal.scenario}` saves them; --discard (with alembic:"
            " -x demosnap.discard=1) lets them go",
        ]
    )
