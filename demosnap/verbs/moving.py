"""The verbs that move: rows into the database and out of it, and stamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TextIO

from sqlalchemy import Connection

from demosnap.errors import UsageError
from demosnap.options import MoveOptions
from demosnap.results import MovePlan
from demosnap.revisions import goals, running
from demosnap.revisions.environment import Request
from demosnap.verbs.access import Access


def move(
    access: Access, wanted: goals.Goals, options: MoveOptions, connection: Connection | None
) -> MovePlan:
    """Bring scenarios to their goals, once it is confirmed.

    Raises:
        RefusedError: a guard refused; nothing was changed.
    """
    shown = options.dry_run or connection is not None
    if shown or access.allow_remote or access.target().local:
        return access.run(wanted, options, connection, access.confirm)
    # Nobody is asked while a lock is held: plan, ask, and plan again.
    plan = access.run(wanted, replace(options, dry_run=True), confirm=access.confirm)
    if access.confirm is not None and not plan.refusals:
        access.confirm(plan)
    return access.run(wanted, options)


def reset(scenario: str | None, access: Access) -> goals.Goals:
    """Return the goal of a reset; `scenario` None is the only one."""
    return goals.reset(access.graph().only() if scenario is None else scenario)


def upgrade_sql(access: Access, targets: Sequence[str], stream: TextIO) -> None:
    """Write the SQL script of an upgrade; each target may be a range `A:B`.

    Raises:
        UsageError: no target is given, or one is a step from where the database is.
    """
    _write(access, targets, stream, upward=True)


def downgrade_sql(access: Access, scenario: str, step: str | None, stream: TextIO) -> None:
    """Write the SQL script of a downgrade; the step is a range `A:B`.

    Raises:
        UsageError: it is no range.
    """
    name = goals.joined(scenario, step)
    if ":" not in name:
        raise UsageError(
            "without a database a downgrade needs to know where it starts",
            f"Write a range: demosnap downgrade {scenario} v2:v1 --sql",
        )
    _write(access, [name], stream, upward=False)


def _write(access: Access, names: Sequence[str], stream: TextIO, *, upward: bool) -> None:
    wanted = goals.between(names, up=upward)
    running.as_sql(Request(access.settings, MoveOptions(), wanted), stream)
