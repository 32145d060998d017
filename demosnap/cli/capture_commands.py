"""The command that captures."""

from __future__ import annotations

from typing import Any

import click

from demosnap.cli import completion, revisions, screen
from demosnap.cli.move_commands import show_plan
from demosnap.cli.session import Session
from demosnap.cli.shared_options import (
    Command,
    dry_run,
    lock_timeout,
    pass_session,
    rehearse_capture,
)
from demosnap.errors import RefusedError


@click.command("revision", cls=Command)
@click.argument("scenario", required=False, shell_complete=completion.scenario)
@click.option(
    "-m", "--message", metavar="TEXT", help='What is new; "v2" or "v2: …" also names the version.'
)
@click.option("--no-stamp", is_flag=True, help="Only read the database: do not stamp it.")
@click.option("--allow-empty", is_flag=True, help="Write a version even if no row has changed.")
@click.option(
    "--allow-shrink",
    is_flag=True,
    help="Write a version even if it has less than half of the rows of the one that it follows.",
)
@click.option(
    "--head",
    metavar="VERSION",
    shell_complete=completion.version,
    help="Version that the new one follows, if it is not the loaded one.",
)
@click.option("--splice", is_flag=True, help="Allow a second head beside the existing one.")
@click.option(
    "--renumber",
    metavar="VERSION",
    shell_complete=completion.version,
    help="Do not capture: make VERSION, one of two heads, the next version after the other head.",
)
@click.option(
    "--undo",
    is_flag=True,
    help="Do not capture: take back the files and the stamp of the last capture; the rows stay.",
)
@dry_run
@rehearse_capture
@click.option(
    "--auto",
    is_flag=True,
    help="Capture only if `auto_export: true` or DEMOSNAP_AUTO_EXPORT=1 is set: for the end of a "
    "seeder.",
)
@click.option(
    "--date",
    metavar="WHEN",
    help="Date or time of the version, instead of now.  [default: $SOURCE_DATE_EPOCH]",
)
@lock_timeout
@pass_session
def revision(session: Session, scenario: str | None, **options: Any) -> None:
    """Capture the demo rows of SCENARIO, or of the only one, as its next version.

    Writes the snapshot, its revision script and the metadata, and stamps the database. If the rows
    equal the newest version, no file is written. With -q only the snapshot's path is printed.

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
    stamp = not options.pop("no_stamp")
    options["allow_shrink"] |= session.yes
    result = session.project().revision(scenario, stamp=stamp, **options)
    session.done(dry_run=dry_run)
    if result.plan is not None:
        if dry_run:
            show_plan(session, result.plan)
        else:
            if not session.announced:
                session.note(render.target(result.plan.target))
            # The capture itself finds what would be left out.
            session.note("\n".join(render.remarks(result.plan, result.notes)))
    if session.quiet and not dry_run:
        if result.version is not None:
            screen.echo(render.snapshot_path(result.version, result.files))
    else:
        for line in render.revision(result):
            screen.echo(line)
    if result.plan is None and session.verbose:
        session.note("note: auto_export is off, no version was captured")
    if dry_run and result.plan is not None and result.plan.refusals:
        raise RefusedError("revision", result.plan.refusals)


COMMANDS = (revision,)
