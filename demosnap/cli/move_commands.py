"""The commands that move rows into the database or out of it, and the command that stamps it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from demosnap.cli import compare_commands, completion, screen
from demosnap.cli.session import Session
from demosnap.cli.shared_options import (
    Command,
    StepCommand,
    move_options,
    no_options_with_sql,
    pass_session,
    strip_step,
)
from demosnap.errors import RefusedError, UsageError
from demosnap.options import MoveOptions

if TYPE_CHECKING:
    from demosnap.results import CapturePlan, MovePlan

_sql = click.option(
    "--sql", is_flag=True, help="Print the SQL script instead of running it; needs no database."
)


@click.command("upgrade", cls=StepCommand)
@click.argument(
    "targets", metavar="TARGET...", nargs=-1, shell_complete=completion.target, callback=strip_step
)
@move_options("upgrade", dry_run=_sql)
@pass_session
def upgrade(session: Session, targets: tuple[str, ...], **options: Any) -> None:
    """Load a newer version of one or more scenarios.

    If an older version is loaded, only the rows that differ are removed, added or modified, unless
    most rows differ.

    TARGET is scenario@head, scenario@v2, scenario@v2_2025-01-20, scenario@+1, a revision id or its
    unique beginning, or heads. With --sql it can be a range A:B.

    \b
    demosnap upgrade general@head
    demosnap upgrade general@v2 writer@head
    demosnap upgrade general@head --sql | sqlite3 demo.db
    """
    if not targets:
        raise UsageError(
            "upgrade needs a target",
            "`demosnap upgrade general@head` loads the latest version of general; "
            "`demosnap heads` lists the scenarios.",
        )
    if options.pop("sql"):
        no_options_with_sql(options)
        session.project().upgrade_sql(targets, screen.data())
        return
    _run(session, "upgrade", options, session.project().upgrade, *targets)


@click.command("downgrade", cls=StepCommand)
@click.argument("scenario", shell_complete=completion.version, callback=strip_step)
@click.argument("step", required=False, shell_complete=completion.step, callback=strip_step)
@move_options("downgrade", dry_run=_sql)
@pass_session
def downgrade(session: Session, scenario: str, step: str | None, **options: Any) -> None:
    """Go back to an older version of SCENARIO, or take all its rows out.

    STEP is -1, v1, v1_2025-01-15 or base; base takes all demo rows of the scenario out. To an older
    version, only the rows that differ are changed, unless most rows differ.

    \b
    demosnap downgrade general -1
    demosnap downgrade general v1
    demosnap downgrade general base
    """
    if scenario.startswith("-"):
        raise UsageError(
            "downgrade needs a scenario before the step", f"`demosnap downgrade general {scenario}`"
        )
    if options.pop("sql"):
        no_options_with_sql(options)
        session.project().downgrade_sql(scenario, step, screen.data())
        return
    _run(session, "downgrade", options, session.project().downgrade, scenario, step)


@click.command("load", cls=Command)
@click.argument(
    "name", metavar="[SCENARIO[@VERSION]]", required=False, shell_complete=completion.load_name
)
@move_options("load")
@pass_session
def load(session: Session, name: str | None, **options: Any) -> None:
    """Load any version of a scenario: up, down, or once more.

    Purges the loaded version, whichever it is, and loads the given one. The default version is the
    latest. The scenario can be left out if there is only one.

    \b
    demosnap load
    demosnap load general
    demosnap load general@v1
    demosnap load writer --only
    """
    _run(session, "load", options, session.project().load, name)


@click.command("stamp", cls=Command)
@click.argument("name", metavar="SCENARIO@VERSION", shell_complete=completion.version)
@move_options("stamp")
@pass_session
def stamp(session: Session, name: str, **options: Any) -> None:
    """Record that the database holds a version, without loading it.

    For rows that were loaded by hand. The rows are compared with the snapshot first.

    \b
    sqlite3 demo.db < demo_revisions/general/latest.sql
    demosnap stamp general@head
    """
    _run(session, "stamp", options, session.project().stamp, name)


@click.command("reset", cls=Command)
@click.argument("scenario", required=False, shell_complete=completion.scenario)
@move_options("reset")
@pass_session
def reset(session: Session, scenario: str | None, **options: Any) -> None:
    """Undo what a demo has changed since the load.

    Makes the demo rows of SCENARIO equal to the loaded version again: changed rows are changed
    back, added rows removed, deleted rows restored, and unchanged rows left alone. Shows the
    numbers of rows first; --dry-run shows every row. SCENARIO can be left out if there is only one.

    \b
    demosnap reset --dry-run
    demosnap reset general
    """
    _run(session, "reset", options, session.project().reset, scenario)


def _run(
    session: Session,
    verb: str,
    options: dict[str, Any],
    method: Callable[..., MovePlan],
    *names: str | None,
) -> None:
    from demosnap.cli import render

    plan = method(*names, options=MoveOptions(**options))
    session.done(dry_run=bool(options.get("dry_run")))
    if options.get("dry_run"):
        show_plan(session, plan)
        if plan.refusals:
            raise RefusedError(verb, plan.refusals)
        return
    if not session.announced:
        session.note("\n".join([render.target(plan.target), *render.remarks(plan)]))
    if not session.quiet:
        for line in render.done(plan):
            screen.echo(line)


def show_plan(session: Session, plan: MovePlan | CapturePlan) -> None:
    """Print the database, the plan and the rows that it changes."""
    from demosnap.cli import render

    session.note(render.target(plan.target))
    screen.echo(render.plan_body(plan, sys.stdout))
    compare_commands.show_changes(session, plan)


COMMANDS = (upgrade, downgrade, load, stamp, reset)
