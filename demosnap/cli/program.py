"""The `demosnap` command, and those of its commands that work on a database."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from demosnap.cli import comparing, completion, files, git, revisions, screen
from demosnap.cli.options import (
    DOCS,
    Group,
    StepCommand,
    lock_timeout,
    no_options_with_sql,
    pass_session,
    rehearse,
    rehearse_capture,
    strip_step,
)
from demosnap.cli.session import Session
from demosnap.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from demosnap.plan import CapturePlan, MovePlan

_discard = click.option(
    "--discard", is_flag=True, help="Demo rows that are in no revision may be thrown away."
)
_cascade = click.option(
    "--cascade",
    multiple=True,
    metavar="TABLE",
    help="Rows of TABLE that are no demo data and reference demo rows may go with them, or be set "
    "NULL where the constraint says so; can be repeated.",
)
_full = click.option(
    "--full", is_flag=True, help="Purge and load, also where only some of the rows differ."
)
_rebuild_indexes = click.option(
    "--rebuild-indexes",
    is_flag=True,
    help="Drop the indexes that keep nothing unique before a load, and make them again after it: "
    "quicker for many rows, and until the end nobody else can use the tables.",
)
_keep_referenced = click.option(
    "--keep-referenced",
    is_flag=True,
    help="Demo rows that would go stay where other rows reference them, and what they need "
    "themselves stays too.",
)
_release = click.option(
    "--release",
    multiple=True,
    metavar="TABLE/KEY",
    help="This row, which the selection no longer picks, is a real row from now on: loads leave it "
    "alone; can be repeated.",
)
_verify = click.option(
    "--verify",
    type=click.Choice(["full", "sample", "counts"]),
    default="full",
    help="What is compared after the load, beside counts and foreign keys: every row, about 1,000 "
    "rows a table, or none.  [default: full]",
)
_only = click.option(
    "--only", is_flag=True, help="Take every other loaded scenario out, in the same transaction."
)
_dry_run = click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
_non_transactional = click.option(
    "--non-transactional",
    is_flag=True,
    help="Change also tables whose storage engine cannot roll back (MyISAM).",
)
_sql = click.option(
    "--sql", is_flag=True, help="Write the SQL script to standard output; needs no database."
)


@click.group(
    cls=Group,
    invoke_without_command=True,
    epilog=f"{DOCS}; try it: demosnap quickstart",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Keep demo data: capture an application's demo rows as a version, put exactly those rows
    back, take exactly those rows out.

    \b
    demosnap revision general -m "v2"   capture the demo rows as the next version
    demosnap upgrade general@head       load the latest version
    demosnap downgrade general -1       go back to the version before
    demosnap history                    list what there is
    """
    if context.invoked_subcommand is None:
        screen.echo(context.get_help())


@cli.command("revision")
@click.argument("scenario", required=False, shell_complete=completion.scenario)
@click.option(
    "-m", "--message", metavar="TEXT", help='What is new; "v2" or "v2: …" names the version too.'
)
@click.option("--no-stamp", is_flag=True, help="Only read the database: do not stamp it.")
@click.option("--allow-empty", is_flag=True, help="Write a version even if nothing has changed.")
@click.option(
    "--head",
    metavar="VERSION",
    shell_complete=completion.version,
    help="Version that the new one follows, if it is not the one in the database.",
)
@click.option("--splice", is_flag=True, help="Allow a second head, beside the one there is.")
@click.option(
    "--renumber",
    metavar="VERSION",
    shell_complete=completion.version,
    help="Capture nothing: make VERSION, one of two heads, the next version after the other.",
)
@click.option(
    "--undo",
    is_flag=True,
    help="Capture nothing: take the last capture back, files and stamp; the rows stay.",
)
@_dry_run
@rehearse_capture
@click.option(
    "--auto",
    is_flag=True,
    help="Do nothing unless `auto_export: true` or DEMOSNAP_AUTO_EXPORT=1: for the end of a "
    "seeder.",
)
@click.option(
    "-j",
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 32),
    help="Read N tables at once where connections can see one moment.  [default: 1]",
)
@click.option(
    "--date",
    metavar="WHEN",
    help="Day or time of the version, instead of now.  [default: $SOURCE_DATE_EPOCH]",
)
@lock_timeout
@pass_session
def revision(session: Session, scenario: str | None, **options: Any) -> None:
    """Capture the demo rows of SCENARIO as its next version.

    Writes the snapshot, its revision script and the metadata, and stamps the database. If the
    rows equal the newest version, nothing is written. With -q the snapshot's path is all that is
    printed.

    \b
    demosnap revision general -m "more todos"
    demosnap revision general -m "v2: more todos"
    demosnap revision general --dry-run
    demosnap revision --renumber general@v2_2025-01-21
    demosnap revision --undo general
    """
    from demosnap.cli import render

    dry_run = options["dry_run"]
    renumber = options.pop("renumber")
    if renumber is not None:
        revisions.renumber(session, renumber, dry_run, {"SCENARIO": scenario, **options})
        return
    if options.pop("undo"):
        revisions.undo(session, scenario, dry_run, options)
        return
    if scenario is None:
        raise UsageError(
            "revision needs a scenario", '`demosnap revision general -m "what is new"`'
        )
    jobs, stamp = options.pop("jobs") or 1, not options.pop("no_stamp")
    result = session.project().revision(scenario, stamp=stamp, jobs=jobs, **options)
    session.done(dry_run=dry_run)
    if result.plan is not None:
        if dry_run:
            _show_plan(session, result.plan)
        else:
            if not session.announced:
                session.note(render.target(result.plan.target))
            # What would be left out is found by the capture itself.
            session.note("\n".join(render.remarks(result.plan, result.notes)))
    if session.quiet and not dry_run:
        if result.version is not None:
            screen.echo(render.snapshot_path(result.version, result.files))
    else:
        for line in render.revision(result):
            screen.echo(line)
    if result.plan is None and session.verbose:
        session.note("note: auto_export is off, nothing was done")
    if dry_run and result.plan is not None and result.plan.refusals:
        raise RefusedError("revision", result.plan.refusals)


@cli.command("upgrade", cls=StepCommand)
@click.argument(
    "targets",
    metavar="TARGET...",
    nargs=-1,
    shell_complete=completion.target,
    callback=strip_step,
)
@_discard
@_only
@_full
@_rebuild_indexes
@_non_transactional
@rehearse
@_cascade
@_keep_referenced
@_release
@_verify
@_dry_run
@_sql
@lock_timeout
@pass_session
def upgrade(session: Session, targets: tuple[str, ...], **options: Any) -> None:
    """Load a newer version of one or more scenarios.

    Where an older version is loaded, only the rows that differ are removed, added or modified,
    unless most of them do.

    TARGET is scenario@head, scenario@v2, scenario@v2_2025-01-20, scenario@+1, a revision id or
    the unique beginning of one, or heads. With --sql it can be a range A:B.

    \b
    demosnap upgrade general@head
    demosnap upgrade general@v2 writer@head
    demosnap upgrade general@head --sql | sqlite3 demo.db
    """
    if not targets:
        raise UsageError(
            "upgrade needs a target",
            "`demosnap upgrade general@head` loads the latest version of general, "
            "`demosnap heads` lists what there is.",
        )
    if options.pop("sql"):
        no_options_with_sql(options)
        session.project().upgrade_sql(targets, screen.data())
        return
    _run(session, "upgrade", options, session.project().upgrade, *targets)


@cli.command("downgrade", cls=StepCommand)
@click.argument("scenario", shell_complete=completion.version, callback=strip_step)
@click.argument("step", required=False, shell_complete=completion.step, callback=strip_step)
@_discard
@_full
@_rebuild_indexes
@_non_transactional
@rehearse
@_cascade
@_keep_referenced
@_release
@_verify
@_dry_run
@_sql
@lock_timeout
@pass_session
def downgrade(session: Session, scenario: str, step: str | None, **options: Any) -> None:
    """Go back to an older version of SCENARIO, or take it out.

    STEP is -1, v1, v1_2025-01-15 or base. At base no demo row of the scenario is left. To an
    older version only the rows that differ are touched, unless most of them do.

    \b
    demosnap downgrade general -1
    demosnap downgrade general v1
    demosnap downgrade general base
    """
    if scenario.startswith("-"):
        raise UsageError(
            "downgrade needs a scenario before the step",
            f"`demosnap downgrade general {scenario}`",
        )
    if options.pop("sql"):
        no_options_with_sql(options)
        session.project().downgrade_sql(scenario, step, screen.data())
        return
    _run(session, "downgrade", options, session.project().downgrade, scenario, step)


@cli.command("load")
@click.argument("name", metavar="SCENARIO[@VERSION]", shell_complete=completion.load_name)
@_only
@_discard
@_rebuild_indexes
@_non_transactional
@rehearse
@_cascade
@_keep_referenced
@_release
@_verify
@_dry_run
@lock_timeout
@pass_session
def load(session: Session, name: str, **options: Any) -> None:
    """Load any version of a scenario: up, down, or once more.

    Goes to it from wherever the database is, by purge and load. The default version is the
    latest.

    \b
    demosnap load general
    demosnap load general@v1
    demosnap load writer --only
    """
    _run(session, "load", options, session.project().load, name)


@cli.command("stamp")
@click.argument("name", metavar="SCENARIO@VERSION", shell_complete=completion.version)
@click.option("--no-verify", is_flag=True, help="Do not compare the rows first.")
@lock_timeout
@pass_session
def stamp(session: Session, name: str, no_verify: bool) -> None:
    """Say that the database holds a version, without loading it.

    For rows that were loaded by hand; they are compared with the snapshot first.

    \b
    sqlite3 demo.db < demo_revisions/general/latest.sql
    demosnap stamp general@head
    """
    _run(session, "stamp", {"verify": not no_verify}, session.project().stamp, name)


@cli.command("reset")
@click.argument("scenario", required=False, shell_complete=completion.scenario)
@click.option(
    "--discard",
    is_flag=True,
    help="Also throw away demo rows of tables that the loaded version does not have, and what "
    "changed in rows that are no longer picked.",
)
@_non_transactional
@_cascade
@_keep_referenced
@_release
@_dry_run
@lock_timeout
@pass_session
def reset(session: Session, scenario: str | None, **options: Any) -> None:
    """Undo what a demo has changed since the load.

    The demo rows of SCENARIO are again what the loaded version has: rows that were changed, added
    or deleted since are put back, and rows that nobody touched are left alone. What goes is shown
    first; --dry-run shows every row. SCENARIO can be left out where there is only one.

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

    plan = method(*names, **options)
    session.done(dry_run=bool(options.get("dry_run")))
    if options.get("dry_run"):
        _show_plan(session, plan)
        if plan.refusals:
            raise RefusedError(verb, plan.refusals)
        return
    if not session.announced:
        session.note("\n".join([render.target(plan.target), *render.remarks(plan)]))
    if not session.quiet:
        for line in render.done(plan):
            screen.echo(line)


def _show_plan(session: Session, plan: MovePlan | CapturePlan) -> None:
    from demosnap.cli import render

    session.note(render.target(plan.target))
    screen.echo(render.plan_body(plan, sys.stdout))
    comparing.show_changes(session, plan)


for _command in (*files.COMMANDS, *comparing.COMMANDS, *git.COMMANDS):
    cli.add_command(_command)
# In the order in which a project meets them.
_ORDER = """init revision upgrade downgrade load reset stamp status diff log history heads current
show check manifest quickstart git-textconv git-merge"""
cli.commands = {name: cli.commands[name] for name in _ORDER.split()}
