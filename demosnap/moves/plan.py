"""Plan the moves of a run, with the reasons against them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from demosnap.compare import captured, known_rows, scenario_rows
from demosnap.compare.known_rows import KnownRows
from demosnap.config import Settings
from demosnap.database import retained, row_set, selection
from demosnap.database.live import Database
from demosnap.database.retained import Retained
from demosnap.database.row_set import RowSet
from demosnap.model import Selection, Version
from demosnap.moves import concurrency, full_load, notes, order, planner
from demosnap.moves.goal import Goal
from demosnap.moves.planned import PlannedMove
from demosnap.options import MoveOptions
from demosnap.reasons import of_unpicked, of_versions
from demosnap.refusal import Refusal


def prepare(
    database: Database,
    settings: Settings,
    versions: Mapping[str, Sequence[Version]],
    goals: Sequence[Goal],
    options: MoveOptions,
    elsewhere: Collection[str] = (),
) -> list[PlannedMove]:
    """Plan the moves of a run, each with its reasons to be refused, without changing anything.

    `versions` are all versions by scenario. `elsewhere` are revisions without a script here that
    other git branches have. The moves are in the order in which they are made.

    Raises:
        ConfigError: demosnap.yaml does not fit the database.
        SnapshotError: a required snapshot is missing or malformed.
    """
    selection.may_change(settings, database.tables)
    goals = order.ordered(goals, settings, order.by_rows(database))
    covered = {goal.scenario: _covered(database, settings, goal) for goal in goals}
    if not options.dry_run:
        concurrency.hold(database, [one for found in covered.values() for one in found])
    # All row sets of the plan share a cache, since they are of the same moment.
    none = RowSet(database, {})
    demo_rows = {
        name: none.another(row_set.picked_by(database, name, found))
        for name, found in covered.items()
    }
    known = {
        name: retained.unchanged(database, name, to_delete) for name, to_delete in demo_rows.items()
    }
    rows = {goal.scenario: _remembered(database, goal, demo_rows[goal.scenario]) for goal in goals}
    resting = {
        goal.scenario: found
        for goal in goals
        if (found := _resting(database, versions, goal, demo_rows, known, rows, options))
        is not None
    }
    acting: dict[str, RowSet] = {
        name: to_delete for name, to_delete in demo_rows.items() if name not in resting
    }

    def owners() -> dict[str, RowSet]:
        names = dict.fromkeys((*versions, *settings.scenario_names))
        newest = {n: [None, *versions.get(n, ())][-1] for n in names if n not in acting}
        return {
            name: demo_rows.get(name) or row_set.picked(database, settings, name, (version,))
            for name, version in newest.items()
        }

    ignored = {name: dict(row_set.ignored(database, covered[name])) for name in acting}
    run = planner.Planner(
        *(database, settings, versions, acting, known, rows, options, owners, elsewhere),
        ignored=ignored,
    )
    planned = iter(run.planned([goal for goal in goals if goal.scenario in acting]))
    prepared = [resting.get(goal.scenario) or next(planned) for goal in goals]
    return [replace(one, covered=tuple(covered[one.goal.scenario])) for one in prepared]


def _covered(database: Database, settings: Settings, goal: Goal) -> list[Selection]:
    if goal.stamp_only:
        return []
    return row_set.selections(database, settings, goal.scenario, (goal.current, goal.target))


def _remembered(database: Database, goal: Goal, to_delete: Mapping[str, str]) -> KnownRows:
    """Return the recorded rows that are no longer picked."""
    if goal.stamp_only and goal.operation == "capture":
        # Rows that the capture did not pick are real from then on.
        return known_rows.NONE
    return scenario_rows.recorded(database, goal.scenario, to_delete, goal.target)


def _resting(
    database: Database,
    versions: Mapping[str, Sequence[Version]],
    goal: Goal,
    demo_rows: Mapping[str, RowSet],
    known: Mapping[str, Retained],
    rows: Mapping[str, KnownRows],
    options: MoveOptions,
) -> PlannedMove | None:
    """Return the plan of a move that moves no rows; None: it may move some."""
    target, name = goal.target, goal.scenario
    if goal.stamp_only:
        remembered = rows[name]
        found: list[Refusal] = []
        if target and options.verify_stamp:
            found = full_load.differences(database, target, skipping=remembered.skipped)
        if found and target:
            found.append(of_versions.stamped_anyway(target))
        return PlannedMove(
            goal, "stamp", RowSet(database, {}), refusals=tuple(found), rows=remembered
        )
    if goal.by_difference or goal.current != target:
        return None
    unretained = demo_rows[name] - known[name].rows(database)
    present = unretained.counts()
    count = sum(present.values())
    if goal.again and (target is not None or count or known[name]):
        return None
    stamp_notes = captured.notes_of(
        unretained, versions.get(name, ()), goal.current, known[name], options
    )
    refusals: tuple[Refusal, ...] = ()
    if options.release and target is not None:
        refusals = (of_unpicked.nothing_to_release(target, options.release),)
    expected = rows[name].expected(target) if target else {}
    if target is None or captured.same_counts(present, expected):
        return PlannedMove(goal, "none", RowSet(database, {}), notes=stamp_notes, refusals=refusals)
    if not count:
        return None
    stamp_notes = stamp_notes or (notes.drift_note(target, present, expected),)
    return PlannedMove(goal, "none", RowSet(database, {}), notes=stamp_notes, refusals=refusals)
