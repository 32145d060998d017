"""Verbs that move: load and remove rows, and set stamps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TextIO

from sqlalchemy import Connection

from demosnap.errors import RefusedError, UsageError
from demosnap.model import Version
from demosnap.moves.goal import Goal
from demosnap.options import MoveOptions
from demosnap.results import MovePlan
from demosnap.revisions import goals, run_plan, running
from demosnap.revisions.graph import Graph
from demosnap.revisions.request import Request
from demosnap.revisions.sealed import SealedPlan
from demosnap.verbs.access import Access


def move(
    access: Access, wanted: goals.Goals, options: MoveOptions, connection: Connection | None
) -> MovePlan:
    """Move scenarios to their goals, after confirmation.

    Raises:
        RefusedError: a guard refused; nothing was changed.
    """
    shown = options.dry_run or connection is not None
    if shown or access.allow_remote or access.target().local:
        return access.run(wanted, options, connection, access.confirm)
    # The question must not hold a lock: plan, ask, and plan again under the lock.
    plan = access.run(wanted, replace(options, dry_run=True), confirm=access.confirm)
    if access.confirm is not None and not plan.refusals:
        access.confirm(plan)
    return access.run(wanted, options)


def plan(
    access: Access, wanted: goals.Goals, options: MoveOptions, connection: Connection | None
) -> SealedPlan:
    """Plan a move for `apply`, without changing anything.

    Raises:
        UsageError: the target is not valid.
    """
    options = replace(options, dry_run=True)
    found = access.run(wanted, options, connection, sealing=True)
    assert isinstance(found, SealedPlan)
    return found


def apply(access: Access, plan: SealedPlan, connection: Connection | None) -> MovePlan:
    """Act on a plan exactly as it is; see `Project.apply`."""
    if not isinstance(plan, SealedPlan):
        raise UsageError(
            "a dry run cannot be applied: it does not record the rows that it was made from",
            'Make the plan with plan_load, plan_upgrade, … of project.scenario("general").',
        )
    if plan.refusals:
        raise RefusedError(run_plan.title(plan.moves), plan.refusals)

    def wanted(graph: Graph, current: Mapping[str, Version]) -> Sequence[Goal]:
        return plan.goals

    confirm = access.confirm
    remote = connection is None and not access.allow_remote and not access.target().local
    if remote and confirm is not None:
        # No question is asked while a lock is held.
        confirm(plan)
        confirm = None
    return access.run(wanted, plan.options, connection, confirm, expected=plan)


def reset(scenario: str | None, access: Access) -> goals.Goals:
    """Return the goal of a reset; `scenario` None is the only scenario."""
    return goals.reset(access.graph().only() if scenario is None else scenario)


def upgrade_sql(access: Access, targets: Sequence[str], stream: TextIO) -> None:
    """Write the SQL script of an upgrade; see `Project.upgrade_sql`."""
    _write(access, targets, stream, upward=True)


def downgrade_sql(access: Access, scenario: str, step: str | None, stream: TextIO) -> None:
    """Write the SQL script of a downgrade; see `Project.downgrade_sql`."""
    name = goals.joined(scenario, step)
    if ":" not in name:
        raise UsageError(
            "without a database, a downgrade needs its start",
            f"Write a range: demosnap downgrade {scenario} v2:v1 --sql",
        )
    _write(access, [name], stream, upward=False)


def _write(access: Access, names: Sequence[str], stream: TextIO, *, upward: bool) -> None:
    wanted = goals.between(names, up=upward)
    running.as_sql(Request(access.settings, MoveOptions(), wanted), stream)
