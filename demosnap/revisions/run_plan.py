"""The plan of one run: where its scenarios go, what speaks against it, and Alembic's steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import Connection

from demosnap.database import own_tables, reflect, search_indexes, views
from demosnap.errors import RefusedError, UsageError
from demosnap.model import Version
from demosnap.moves import execute
from demosnap.moves import plan as planning
from demosnap.moves.goal import Goal
from demosnap.moves.rehearsal import Rehearsal
from demosnap.results import Move, MovePlan, Target
from demosnap.revisions import sealed, steps, stock
from demosnap.revisions.graph import Graph
from demosnap.revisions.request import Request
from demosnap.revisions.run import Run
from demosnap.revisions.script import scenario_of
from demosnap.visible import one_line


def planned(
    environment: EnvironmentContext,
    request: Request,
    graph: Graph,
    connection: Connection,
    place: Target,
    heads: tuple[str, ...],
    found: list[Any],
) -> tuple[Run, list[Any]]:
    """Plan the whole run, refuse or confirm it, and return it with its steps."""
    current = _current(graph, heads)
    settings, options = request.settings, request.options
    if request.goals is not None:
        goals = list(request.goals(graph, current))
    else:
        goals = steps.goals_of(found, graph, current)
    extra = _others_out(goals, current, graph) if options.only or settings.exclusive else []
    database = reflect.database(connection)
    everyone = [*extra, *goals]
    made_from = sealed.files_and_stamps(place, settings, graph, current, everyone)
    if request.expected is not None:
        sealed.check_before(request.expected, made_from, database, title(request.expected.moves))
    if request.goals is not None:
        moving = [] if request.rehearsal else goals
        found = [step for goal in moving for step in _steps(environment, graph, goal)]
    found += [step for goal in extra for step in _steps(environment, graph, goal)]
    unknown = [stamp for stamp in own_tables.stamps(connection) if stamp not in graph.versions]
    versions = {scenario: graph.of(scenario) for scenario in graph.scenarios}
    prepared = planning.prepare(database, settings, versions, everyone, options)
    rehearsal = Rehearsal(database, settings, versions, prepared, options, always=request.rehearsal)
    refusals = [reason for one in prepared for reason in one.refusals]
    strangers = [stamp for stamp in unknown if scenario_of(stamp) in {g.scenario for g in goals}]
    # A stamp says what is there, whatever was said of it before.
    if strangers and not (options.discard or all(goal.stamp_only for goal in goals)):
        refusals += [stock.unknown_stamp(stamp) for stamp in strangers]
    touched = {name for one in prepared for name in execute.touched(one)}
    off = settings.triggers.disabled
    refusals += search_indexes.refusals(database, touched, triggers_off=off)
    refreshed, stale = views.concerned(database, settings, touched)
    plan = MovePlan(
        place,
        tuple(one.move for one in prepared),
        tuple(refusals),
        tuple(
            [note for one in prepared for note in one.notes]
            + stale
            + [
                f"the database is also stamped {one_line(stamp)}, which has no script here;"
                " left alone"
                for stamp in unknown
                if stamp not in strangers
            ]
        ),
        rehearsal.told(),
    )
    if request.sealing or request.expected is not None:
        made_from = {**made_from, **sealed.rows_and_tables(database, prepared)}
    if request.expected is not None:
        sealed.check(request.expected, made_from, plan, title(request.expected.moves))
    if request.sealing:
        plan = sealed.seal(plan, options, everyone, made_from)
    request.plan = plan
    run = Run(
        database,
        prepared,
        rehearsal,
        triggers=settings.triggers,
        options=options,
        refreshed=refreshed,
        strangers=strangers,
    )
    if options.dry_run:
        run.acted = True
        return run, []
    if request.rehearsal and plan.way_back and not rehearsal.needed:
        refusals.append(plan.way_back)
    if refusals:
        raise RefusedError(title(plan.moves), refusals)
    if all(move.action == "none" for move in plan.moves):
        run.acted = True
        return run, []
    if request.confirm is not None:
        request.confirm(plan)
    if request.rehearsal:
        return run, []
    return run, found


def _steps(environment: EnvironmentContext, graph: Graph, goal: Goal) -> list[Any]:
    if goal.stamp_only:
        return steps.stamps_to(environment.script, graph, goal)
    return steps.steps_to(environment.script, graph, goal)


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


def _others_out(goals: Sequence[Goal], current: Mapping[str, Version], graph: Graph) -> list[Goal]:
    if all(goal.target is None or goal.stamp_only or goal.by_difference for goal in goals):
        return []
    named = {goal.scenario for goal in goals}
    return [
        # Also where nothing is stamped: rows may have been seeded, or loaded by hand.
        Goal(scenario, current.get(scenario), None, again=True)
        for scenario in graph.scenarios
        if scenario not in named
    ]


def title(found: Sequence[Move]) -> str:
    """Return what a run does, as a refusal names it."""
    return "; ".join(
        f"{move.scenario}: {stock.name(move.current)} → {stock.name(move.target)}" for move in found
    )
