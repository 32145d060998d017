"""The plan of a run: the moves of its scenarios, the reasons against it, and Alembic's steps."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from demosnap import git
from demosnap.database import joined_keys, namespaces, own_tables, search_indexes, views
from demosnap.database.live import Database
from demosnap.errors import DemosnapError, RefusedError, UsageError
from demosnap.model import Version
from demosnap.moves import execute, hooks
from demosnap.moves import plan as planning
from demosnap.moves.goal import Goal
from demosnap.moves.planned import PlannedMove
from demosnap.moves.rehearsal import Rehearsal
from demosnap.reasons import of_versions
from demosnap.refusal import Refusal
from demosnap.results import Move, MovePlan
from demosnap.revisions import needed_scenarios, sealed, steps, stock
from demosnap.revisions.graph import Graph
from demosnap.revisions.request import Request, RunContext
from demosnap.revisions.script import scenario_of
from demosnap.visible import one_line


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The plan of a run.

    `shown` is the part that users see. `steps` are Alembic's. `refreshed` are the views to
    refresh, and `unknown_stamps` the stamps without a script, which are deleted.
    """

    database: Database
    moves: Sequence[PlannedMove]
    rehearsal: Rehearsal
    shown: MovePlan
    steps: list[Any]
    refreshed: Sequence[str]
    unknown_stamps: Sequence[str]

    @property
    def scenarios(self) -> Collection[str]:
        """The scenarios in the plan."""
        return {move.scenario for move in self.shown.moves}

    @property
    def rests(self) -> bool:
        """Whether the plan changes nothing."""
        return all(move.action == "none" for move in self.shown.moves)

    def check(self) -> None:
        """Check that there is no reason against the plan.

        Raises:
            RefusedError: there is; the error has all reasons.
        """
        refusals = list(self.shown.refusals)
        if self.rehearsal.always and self.shown.way_back and not self.rehearsal.needed:
            refusals.append(of_versions.untried(self.shown.way_back))
        if refusals:
            raise RefusedError(title(self.shown.moves), refusals)


def make(context: RunContext, heads: Sequence[str], found: Sequence[Any]) -> RunPlan:
    """Plan a run from the database's stamps `heads`; `found` are the steps that Alembic made.

    Raises:
        RefusedError: the plan differs from the expected one.
        UsageError: the target is not valid.
    """
    request, graph = context.request, context.graph
    current = _current(graph, heads)
    asked = request.goals(graph, current) if request.goals is not None else None
    goals = list(asked) if asked is not None else steps.goals_of(found, graph, current)
    unknown = [one for one in own_tables.stamps(context.connection) if one not in graph.versions]
    loaded: dict[str, Version | None] = {
        scenario: None for one in unknown if (scenario := scenario_of(one)) is not None
    }
    loaded |= current
    extra = needed_scenarios.loaded_first(goals, request.settings, graph, loaded)
    if _is_alone(request):
        staying = needed_scenarios.of(goals, request.settings)
        extra = [*_others_out(goals, current, graph, staying), *extra]
    everyone = [*extra, *goals]
    request.settings = namespaces.local(context.connection, request.settings)
    database = joined_keys.database(
        context.connection, request.settings, graph.versions.values(), moving=True
    )
    made_from = sealed.files_and_stamps(context.place, request.settings, graph, current, everyone)
    if request.expected is not None:
        sealed.check_before(request.expected, made_from, database, title(request.expected.moves))
    versions = {scenario: graph.of(scenario) for scenario in graph.scenarios}
    branches = _on_other_branches(database, request, graph, everyone)
    moves = planning.prepare(
        database, request.settings, versions, everyone, request.options, branches
    )
    rehearsal = Rehearsal(
        database, request.settings, versions, moves, request.options, always=request.rehearsal
    )
    unknown_stamps = [
        one for one in unknown if scenario_of(one) in {goal.scenario for goal in goals}
    ]
    touched = {name for one in moves for name in execute.touched(one)}
    refreshed, stale = views.concerned(database, request.settings, touched)
    refusals = [
        *needed_scenarios.refusals([one.move for one in moves], request.settings, loaded),
        *(refusal for one in moves for refusal in one.refusals),
        *_refuse_unknown_stamps(
            [one for one in unknown_stamps if one not in {move.elsewhere for move in moves}],
            goals,
            request,
        ),
        *search_indexes.refusals(
            database, touched, triggers_off=request.settings.triggers.disabled
        ),
    ]
    notes = [
        *(note for one in moves for note in one.notes),
        *(
            f"{one.goal.scenario}: the demo rows are those of {one.elsewhere}, of another git"
            " branch, unchanged since; the way back to them is not tried"
            for one in moves
            if one.elsewhere
        ),
        *stale,
        *hooks.notes(
            database.dialect,
            request.settings,
            hooks.due(request.settings, [one.move for one in moves]),
            owned=context.owned,
        ),
        *(_left_alone(stamp) for stamp in unknown if stamp not in unknown_stamps),
    ]
    shown = MovePlan(
        context.place,
        tuple(one.move for one in moves),
        tuple(refusals),
        tuple(notes),
        rehearsal.text(),
    )
    if request.sealing or request.expected is not None:
        made_from = {**made_from, **sealed.rows_and_tables(database, moves)}
    if request.expected is not None:
        sealed.check(request.expected, made_from, shown, title(request.expected.moves))
    if request.sealing:
        shown = sealed.seal(shown, request.options, everyone, made_from)
    # The version of a rehearsal may have no script yet that Alembic could step to.
    stepping = [] if asked is None or request.rehearsal else goals
    own_steps = [step for goal in (*stepping, *extra) for step in _steps(context, goal)]
    return RunPlan(
        database,
        moves,
        rehearsal,
        shown,
        own_steps if asked is not None else [*found, *own_steps],
        refreshed,
        unknown_stamps,
    )


def _on_other_branches(
    database: Database, request: Request, graph: Graph, goals: Sequence[Goal]
) -> frozenset[str]:
    """Return the revisions without a script here that the log names last and git has."""
    found = set()
    for goal in goals:
        if goal.current is not None or goal.stamp_only or request.options.discard:
            continue
        entry = own_tables.last(database.connection, goal.scenario)
        revision = entry.revision if entry else None
        if revision is None or revision in graph.versions:
            continue
        # Without git, there is no branch.
        with contextlib.suppress(DemosnapError):
            if git.has(request.settings.revisions, revision):
                found.add(revision)
    return frozenset(found)


def _is_alone(request: Request) -> bool:
    return request.options.only or request.settings.exclusive


def _refuse_unknown_stamps(
    unknown_stamps: Sequence[str], goals: Sequence[Goal], request: Request
) -> list[Refusal]:
    """Return the refusals for stamps without a script, of the scenarios that move."""
    # A stamp says what is there, whatever was said of it before.
    if request.options.discard or all(goal.stamp_only for goal in goals):
        return []
    return [of_versions.unknown_stamp(stamp) for stamp in unknown_stamps]


def _left_alone(stamp: str) -> str:
    return f"the database is also stamped {one_line(stamp)}, which has no script here; left alone"


def _steps(context: RunContext, goal: Goal) -> Sequence[Any]:
    make_steps = steps.stamps_to if goal.stamp_only else steps.steps_to
    return make_steps(context.environment.script, context.graph, goal)


def _current(graph: Graph, heads: Sequence[str]) -> dict[str, Version]:
    current: dict[str, Version] = {}
    for head in heads:
        version = graph.versions[head]
        if version.scenario in current:
            other = current[version.scenario].revision
            raise UsageError(
                f"the database is stamped with two versions of {version.scenario}:"
                f" {other} and {head}",
                f"Delete one of them from the table {own_tables.VERSION_TABLE}.",
            )
        current[version.scenario] = version
    return current


def _others_out(
    goals: Sequence[Goal], current: Mapping[str, Version], graph: Graph, staying: Collection[str]
) -> list[Goal]:
    if all(goal.target is None or goal.stamp_only or goal.by_difference for goal in goals):
        return []
    named = {goal.scenario for goal in goals}
    return [
        # Even without a stamp, since rows may have been seeded, or loaded by hand.
        Goal(scenario, current.get(scenario), None, again=True)
        for scenario in graph.scenarios
        if scenario not in named and scenario not in staying
    ]


def title(found: Sequence[Move]) -> str:
    """Render the moves of a run for the first line of a refusal."""
    return "; ".join(
        f"{move.scenario}: {stock.name(move.current)} → {stock.name(move.target)}" for move in found
    )
