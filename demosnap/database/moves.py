"""From what the database holds to what it shall hold: plan, and refuse."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from demosnap.config import Settings
from demosnap.database import (
    captured,
    difference,
    kept,
    known_rows,
    loaded,
    meanwhile,
    reach,
    released,
    remarks,
    selection,
    transfer,
)
from demosnap.database.kept import NOTHING, Kept
from demosnap.database.known_rows import KnownRows
from demosnap.dialects.base import Dialect
from demosnap.errors import ConfigError, ScriptError
from demosnap.model import Selection, Table, Version
from demosnap.plan import Move, Options


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
    rehearsing: bool = False
    """Whether all that is done is undone: then nothing may be done that a rollback leaves."""

    def advance_sequences(self, tables: Sequence[Table]) -> None:
        """Advance the sequences of loaded tables past the loaded values; never lower one."""
        if not self.rehearsing:
            self.dialect.advance_sequences(self.connection, tables)

    def restore_positions(self, positions: Mapping[str, int]) -> None:
        """Advance sequences to where they stood; never lower one."""
        if not self.rehearsing:
            self.dialect.restore_positions(self.connection, positions)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A move with what acting on it needs.

    `going` are the predicates of all rows of the scenario, by table, which go but for those that
    are `kept`; of a move by difference only those that are `planned` to go. `rows` are those that
    are no longer picked, and what is remembered of them. `along` are rows of
    the run that are no demo data and go all the same; one of its moves has them. `operation` is
    what the log calls a stamp. `held` is the version whose rows the demo rows are, None where they
    are of none, or where nobody has looked.
    `covered` are the selections that pick the rows.
    """

    move: Move
    going: Mapping[str, str] = field(default_factory=dict)
    operation: str = "stamp"
    planned: difference.Planned | None = None
    rebuild_indexes: bool = False
    kept: Kept = NOTHING
    held: Version | None = None
    rows: KnownRows = known_rows.NONE
    along: reach.Along = field(default_factory=reach.Along)
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    covered: tuple[Selection, ...] = ()

    def picked_now(self, database: Database) -> dict[str, str]:
        """Return the predicates of all rows of the scenario as they are after a change."""
        return union(database, self.covered)


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
    # Here, since it plans single moves by what this module says of them.
    from demosnap.database import ways

    selection.may_change(settings, database.tables)
    covered = {goal.scenario: _covered(database, settings, goal) for goal in goals}
    if not options.dry_run:
        meanwhile.hold(database, [one for found in covered.values() for one in found])
    goings = {name: _union(database, name, found) for name, found in covered.items()}
    known = {name: kept.unchanged(database, name, going) for name, going in goings.items()}
    rows = {goal.scenario: _remembered(database, goal, goings[goal.scenario]) for goal in goals}
    resting = {
        goal.scenario: found
        for goal in goals
        if (found := _resting(database, versions, goal, goings, known, rows, options)) is not None
    }
    acting: dict[str, Mapping[str, str]] = {
        name: going for name, going in goings.items() if name not in resting
    }

    def owners() -> dict[str, Mapping[str, str]]:
        names = dict.fromkeys((*versions, *settings.scenario_names))
        newest = {n: [None, *versions.get(n, ())][-1] for n in names if n not in acting}
        return {
            name: goings.get(name) or picked(database, settings, name, (version,))
            for name, version in newest.items()
        }

    run = ways.Run(database, settings, versions, acting, known, rows, options, owners)
    planned = iter(run.planned([goal for goal in goals if goal.scenario in acting]))
    prepared = [resting.get(goal.scenario) or next(planned) for goal in goals]
    return [replace(one, covered=tuple(covered[one.move.scenario])) for one in prepared]


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
    database: Database,
    settings: Settings,
    scenario: str,
    others: Iterable[Version | None],
    also: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the predicates of a scenario's rows: what versions pick, and what is picked today.

    `also` are predicates of rows that are known to be the scenario's, whatever they hold now.

    Raises:
        ConfigError: demosnap.yaml does not fit the database.
        ScriptError: the database lacks what a version's selection needs.
    """
    return _union(database, scenario, selections(database, settings, scenario, others), also)


def _union(
    database: Database,
    scenario: str,
    covered: Sequence[Selection],
    also: Mapping[str, str] | None = None,
) -> dict[str, str]:
    try:
        return union(database, covered, also)
    except ScriptError as error:
        raise ScriptError(
            f"the demo rows of {scenario} cannot be told: {error.message}",
            "The database's tables have changed since the revision was captured.",
        ) from error


def union(
    database: Database, covered: Sequence[Selection], also: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the predicates of what any of some selections picks now.

    `also` are predicates of rows that count as picked.

    Raises:
        ScriptError: the database lacks what a selection goes over.
    """
    return captured.union(database.connection, database.dialect, covered, database.tables, also)


def others(database: Database, settings: Settings, scenario: str) -> dict[str, dict[str, str]]:
    """Return the predicates of what is picked today of the other scenarios, by scenario."""
    found = {}
    for other in settings.scenario_names:
        # What cannot be picked is nobody's.
        with contextlib.suppress(ConfigError, ScriptError):
            if other != scenario:
                found[other] = picked(database, settings, other, ())
    return found


def _covered(database: Database, settings: Settings, goal: Goal) -> list[Selection]:
    if goal.stamp_only:
        return []
    return selections(database, settings, goal.scenario, (goal.current, goal.target))


def _remembered(database: Database, goal: Goal, going: Mapping[str, str]) -> KnownRows:
    """Return what is remembered of rows that are no longer picked."""
    name = goal.scenario
    if goal.stamp_only and goal.operation == "capture":
        # What a capture did not pick is real from then on.
        return known_rows.NONE
    rows = KnownRows(
        left=released.left(database, name), released=released.released(database, name, going)
    )
    if not rows.released:
        return rows
    return replace(rows, skipped=released.skipped(database, goal.target, rows.released))


def _resting(
    database: Database,
    versions: Mapping[str, Sequence[Version]],
    goal: Goal,
    goings: Mapping[str, Mapping[str, str]],
    known: Mapping[str, Kept],
    rows: Mapping[str, KnownRows],
    options: Options,
) -> Prepared | None:
    """Return the plan of a move that moves no rows; None: it may move some."""
    target, name = goal.target, goal.scenario
    if goal.stamp_only:
        remembered = rows[name]
        reasons = []
        if target and options.verify_stamp:
            reasons = loaded.differences(database, target, skipping=remembered.skipped)
        if reasons and target:
            reasons.append(
                f"--no-verify (with alembic: -x demosnap.verify=0) stamps {target.version} all the"
                " same"
            )
        move = Move(name, goal.current, target, "stamp")
        return Prepared(move, operation=goal.operation, refusals=tuple(reasons), rows=remembered)
    if goal.by_difference or goal.current != target:
        return None
    present = rows_beside(database, goings[name], known[name])
    there = sum(present.values())
    if goal.again and (target is not None or there or known[name]):
        return None
    move = Move(name, goal.current, target, "none")
    notes = notes_of(database, versions.get(name, ()), goal, present, known[name], options)
    refusals = remarks.nothing_to_release(goal.scenario, target, options.release)
    expected = rows[name].expected(target) if target else {}
    if target is None or remarks.same_counts(present, expected):
        return Prepared(move, notes=notes, refusals=refusals)
    if not there:
        return None
    notes = notes or (remarks.drift_note(target, present, expected),)
    return Prepared(move, notes=notes, refusals=refusals)


def rows_beside(database: Database, going: Mapping[str, str], known: Kept) -> dict[str, int]:
    """Count the rows of a scenario beside those that are known to be kept, by table."""
    dialect = database.dialect
    picked = known.without(dialect, database.tables, going)
    return transfer.counts(database.connection, dialect, picked)


def notes_of(
    database: Database,
    versions: Sequence[Version],
    goal: Goal,
    present: Mapping[str, int],
    known: Kept,
    options: Options,
    digests: captured.Digests | None = None,
) -> tuple[str, ...]:
    """Return what is worth knowing of what the database holds."""
    # To know the rows of a version they have to be read, all of them.
    if options.discard:
        return ()
    return tuple(remarks.unstamped(database, versions, goal.current, present, known, digests))


def unstamped(
    database: Database, settings: Settings, versions: Sequence[Version], current: Version | None
) -> list[str]:
    """Return, as a note, that the rows are those of the newest version and the stamp is not.

    So it is after a capture whose stamp failed. `versions` are all of the scenario.
    """
    if not versions or versions[-1] == current:
        return []
    name = versions[-1].scenario
    going = picked(database, settings, name, (current, versions[-1]))
    known = kept.unchanged(database, name, going)
    present = rows_beside(database, going, known)
    return list(remarks.unstamped(database, versions, current, present, known))
