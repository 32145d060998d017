"""The commands that look, check or set up: they change no demo row."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from demosnap.cli import completion, screen
from demosnap.cli.session import Session
from demosnap.cli.shared_options import Command, as_json, lock_timeout, pass_session
from demosnap.errors import UsageError
from demosnap.visible import paragraph

if TYPE_CHECKING:
    from demosnap.project import Project
    from demosnap.results import Finding, HistoryEntry

FINDINGS = 3
"""Exit code of a check that found something."""


@click.command("init", cls=Command)
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(file_okay=False))
@click.option(
    "--git",
    is_flag=True,
    help="Also configure git to show rows and cells, and to merge the metadata.",
)
@pass_session
def init(session: Session, directory: str, git: bool) -> None:
    """Set up a project in DIR.

    Writes alembic.ini, env.py and demo_revisions/ into DIR, by default the current folder. Finds
    the tables with the marker if --url or a setting names a database. Existing files are never
    overwritten, and passwords are never written to a file. To an existing alembic.ini of your own,
    init adds a [demosnap] section after asking.

    \b
    demosnap init
    demosnap init --url postgresql://app@localhost/app
    demosnap init --git
    """
    _reject("init writes alembic.ini in DIR", config=session.config, name=session.name)
    from demosnap import scaffold

    def confirm(question: str, text: str) -> bool:
        if session.yes:
            session.note(text)
            return True
        screen.echo(text, err=True)
        try:
            session.ask(
                question,
                UsageError(
                    "alembic.ini exists and is not demosnap's, and there is no terminal to ask on",
                    "Add --yes to add the section above to it.",
                ),
            )
        except click.Abort:
            return False
        return True

    result = scaffold.init(Path(directory), url=session.url, confirm=confirm, git=git)
    if not session.quiet:
        for name in result.written:
            verb = "added to" if name in result.added else "wrote"
            screen.echo(f"{verb} {Path(directory, name)}")
        for name in result.configured:
            screen.echo(f"set {name} in git's configuration of this repository")
    for name in result.kept:
        session.note(f"kept {Path(directory, name)}")
    for note in result.notes:
        session.note("note: " + paragraph(note, "  "))
    if result.declined:
        click.get_current_context().exit(1)
    if result.new and result.following:
        session.note(f"Next: {result.following}")


@click.command("history", cls=Command)
@click.argument("scenario", required=False, shell_complete=completion.scenario)
@click.option(
    "-r", "--rev-range", metavar="A:B", help="List only the versions of a range, as in Alembic."
)
@click.option(
    "-i", "--indicate-current", is_flag=True, help="Mark the version in the database (always on)."
)
@as_json
@pass_session
def history(
    session: Session,
    scenario: str | None,
    rev_range: str | None,
    indicate_current: bool,
    as_json: bool,
) -> None:
    """List the versions, the newest first.

    Marks the loaded version if the database can be reached. With -v, shows all fields.

    \b
    demosnap history
    demosnap history general -v
    demosnap history -r general@v1:general@head --json
    """
    project = session.project()
    entries = project.history(scenario, rev_range=rev_range)
    _show_versions(session, entries, as_json)
    _note_heads(session, project, entries)


@click.command("heads", cls=Command)
@as_json
@pass_session
def heads(session: Session, as_json: bool) -> None:
    """List the latest version of each scenario.

    \b
    demosnap heads
    demosnap heads --json
    """
    project = session.project()
    entries = project.heads()
    _show_versions(session, entries, as_json)
    _note_heads(session, project, entries)


@click.command("current", cls=Command)
@as_json
@pass_session
def current(session: Session, as_json: bool) -> None:
    """Show which versions the database holds.

    \b
    demosnap current
    demosnap current --url sqlite:///other.db
    """
    from demosnap.cli import json_shapes, render

    entries = session.project().current()
    if as_json:
        screen.echo_json(json_shapes.dump([json_shapes.current(entry) for entry in entries]))
    elif entries:
        screen.echo(render.current(entries, sys.stdout))
    else:
        session.note("nothing is loaded")


@click.command("show", cls=Command)
@click.argument("version", required=False, shell_complete=completion.load_name)
@as_json
@pass_session
def show(session: Session, version: str | None, as_json: bool) -> None:
    """Show all details of one VERSION.

    VERSION is scenario@v1, a scenario alone for its latest, or a revision id or its beginning. The
    scenario can be left out if there is only one.

    \b
    demosnap show
    demosnap show v1
    demosnap show general@v1
    demosnap show general@head --json
    """
    from demosnap.cli import json_shapes, versions

    entry = session.project().show(version)
    if as_json:
        screen.echo_json(json_shapes.dump(json_shapes.details(entry)))
    else:
        screen.echo(versions.details(entry))


@click.command("check", cls=Command)
@click.argument("scenario", required=False, shell_complete=completion.scenario)
@click.option(
    "--database", is_flag=True, help="Also compare the database with the loaded versions."
)
@click.option(
    "--rehearse",
    is_flag=True,
    help="With --database: try whether the loaded rows can be taken out and put back, then undo "
    "that.",
)
@as_json
@pass_session
def check(
    session: Session, scenario: str | None, database: bool, rehearse: bool, as_json: bool
) -> None:
    """Check scripts, snapshots and metadata.

    Reads only files, unless --database is given. The exit code is 3 if there is a problem.

    \b
    demosnap check
    demosnap check general --database
    """
    from demosnap.cli import json_shapes, render

    project = session.project()
    findings = project.check(scenario, database=database, rehearse=rehearse)
    if as_json:
        screen.echo_json(json_shapes.dump([json_shapes.finding(finding) for finding in findings]))
    elif findings:
        _show_findings(findings)
    elif not session.quiet:
        count = len(project.history(scenario, indicate_current=False))
        what = "1 revision" if count == 1 else f"{render.number(count)} revisions"
        screen.echo(f"{what}, no problems")
    if findings:
        session.note("1 problem" if len(findings) == 1 else f"{len(findings)} problems")
        click.get_current_context().exit(FINDINGS)


@click.command("manifest", cls=Command)
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Only check; exit with code 3 if the metadata is stale.",
)
@click.option(
    "--stdout",
    "to_stdout",
    is_flag=True,
    help="Print export_manifest.json instead of writing files.",
)
@lock_timeout
@pass_session
def manifest(session: Session, only_check: bool, to_stdout: bool) -> None:
    """Rebuild the metadata files from the revisions.

    The metadata files are export_manifest.json, schema_versions.json and the latest links.

    \b
    demosnap manifest
    demosnap manifest --check
    demosnap manifest --stdout | jq .scenarios
    """
    if only_check and to_stdout:
        raise UsageError("--check does not go with --stdout", "Give one of them.")
    project = session.project()
    if to_stdout:
        screen.echo_json(project.manifest_text(), end="")
        return
    findings = project.manifest(check=only_check)
    if only_check and findings:
        _show_findings(findings)
        click.get_current_context().exit(FINDINGS)
    if not session.quiet:
        screen.echo("the manifest is up to date")


@click.command("schema", cls=Command)
@click.option("--write", is_flag=True, help="Write the schema beside demosnap.yaml, as init does.")
@pass_session
def schema(session: Session, write: bool) -> None:
    """Print the JSON Schema of demosnap.yaml.

    Editors use the schema to complete demosnap.yaml and to mark errors in it. init writes it beside
    demosnap.yaml; run --write after an update of demosnap to renew it.

    \b
    demosnap schema --write
    demosnap schema > demosnap.schema.json
    """
    if write:
        from demosnap.scaffold import schema_file

        file, is_new = schema_file.renew(session.config, session.name)
        if not session.quiet:
            screen.echo(f"wrote {file}" if is_new else f"{file} is up to date")
        return
    from demosnap.config import schema as declared

    screen.echo_json(declared.text(), end="")


@click.command("quickstart", cls=Command)
@click.argument(
    "directory", metavar="[DIR]", default="demosnap-quickstart", type=click.Path(file_okay=False)
)
@pass_session
def quickstart(session: Session, directory: str) -> None:
    """See demosnap work on an SQLite database in a new folder.

    Shows the whole life of a demo data set in DIR, by default demosnap-quickstart. Every command is
    printed before it runs, so that you can repeat it by hand. Run again, it starts over, but only
    in a folder that it made itself.

    \b
    demosnap quickstart
    demosnap quickstart /tmp/try-it
    """
    _reject(
        "quickstart works in its own folder and on its own database",
        config=session.config,
        name=session.name,
        url=session.url,
    )
    from demosnap.cli import quickstart as tour

    tour.run(Path(directory), session)


def _reject(because: str, **options: str | None) -> None:
    for name, value in options.items():
        if value is not None:
            raise UsageError(f"{because}: it takes no --{name}")


def _show_versions(session: Session, entries: list[HistoryEntry], as_json: bool) -> None:
    from demosnap.cli import json_shapes, versions

    if as_json:
        screen.echo_json(json_shapes.dump([json_shapes.version(entry) for entry in entries]))
    elif not entries:
        session.note('no versions yet: `demosnap revision general -m "v1"` captures the first')
    elif session.verbose:
        screen.echo("\n\n".join(versions.details(entry) for entry in entries))
    else:
        screen.echo(versions.history(entries, sys.stdout))


def _note_heads(session: Session, project: Project, entries: list[HistoryEntry]) -> None:
    from demosnap.cli import render

    heads = [entry.version.scenario for entry in entries if entry.head]
    for scenario in sorted({name for name in heads if heads.count(name) > 1}):
        for finding in project.several_heads(scenario):
            session.note(render.finding(finding))


def _show_findings(findings: list[Finding]) -> None:
    from demosnap.cli import render

    for finding in findings:
        screen.echo(render.finding(finding))


COMMANDS = (init, history, heads, current, show, check, manifest, schema, quickstart)
