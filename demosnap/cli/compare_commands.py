"""The commands that compare: `diff`, `status` and `log`."""

from __future__ import annotations

import itertools
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from demosnap.cli import completion, screen
from demosnap.cli.session import Session
from demosnap.cli.shared_options import Command, StepCommand, as_json, pass_session, strip_step
from demosnap.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from demosnap.compare.sources import Comparison
    from demosnap.results import CapturePlan, MovePlan

DIFFERENCES = 3
"""Exit code of --exit-code where there are differences."""

_exit_code = click.option(
    "--exit-code", is_flag=True, help="Exit with code 3 if there are differences."
)


@click.command("diff", cls=StepCommand)
@click.argument(
    "scenario", required=False, shell_complete=completion.side_or_scenario, callback=strip_step
)
@click.argument(
    "old", metavar="[FROM]", required=False, shell_complete=completion.side, callback=strip_step
)
@click.argument(
    "new", metavar="[TO]", required=False, shell_complete=completion.side, callback=strip_step
)
@click.option("--stat", is_flag=True, help="Only count the rows of each table.")
@click.option("--table", metavar="TABLE", help="Compare only this table.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sql"]),
    default="text",
    show_default=True,
    help="sql prints a script that changes FROM into TO.",
)
@_exit_code
@pass_session
def diff(
    session: Session,
    scenario: str | None,
    old: str | None,
    new: str | None,
    stat: bool,
    table: str | None,
    form: str,
    exit_code: bool,
) -> None:
    """Show what differs between two versions.

    FROM and TO are v1, v1_2025-01-15, head, -1, a revision id, base or database. The default of TO
    is the database, the default of FROM is the loaded version. Long values are shortened around the
    change; -v shows them whole. SCENARIO can be left out if there is only one.

    \b
    demosnap diff
    demosnap diff general v1 v2
    demosnap diff general v1 v2 --stat
    demosnap diff general
    demosnap diff general database v1 --format sql | sqlite3 demo.db
    """
    from demosnap.cli import differences

    if form == "sql" and stat:
        raise UsageError("--stat does not go with --format sql", "Give one of them.")
    totals = differences.Totals()
    project = session.project()
    words = [word for word in (scenario, old, new) if word is not None]
    scenario, old, new = project.sides(words)
    with project.diff(scenario, old, new, checked=form == "sql") as found:
        known = [pair.name for pair in found.pairs()]
        if table is not None and table not in known:
            raise UnknownNameError("table", table, known)
        tables = ((p, rows) for p, rows in found.tables() if table in (None, p.name))
        heading = f"{scenario}: {found.old.name} → {found.new.name}"
        if form == "sql":
            changes = found.changes(table)
            for one in changes:
                totals.tables[one.name] = Counter(one.counts)
            if changes:
                _write(f"{line}\n" for line in found.script(changes, [heading]))
        elif form == "json":
            head = {"scenario": scenario, "from": found.old.name, "to": found.new.name}
            pieces = differences.as_json(head, tables, totals, rows_too=not stat)
            _write(map(screen.json_text, pieces))
        elif stat:
            for pair, rows in tables:
                for _ in totals.counting(pair.name, rows):
                    pass
            _page(differences.stat(totals))
        else:
            lines = differences.text(tables, totals, whole=bool(session.verbose))
            lines = itertools.chain(lines, _remarks(found))
            first = next(lines, None)
            if first is not None:
                bold = screen.style(heading, bold=True)
                _page(itertools.chain([bold, first], lines))
    if not totals:
        session.note("no differences")
    if exit_code and totals:
        click.get_current_context().exit(DIFFERENCES)


@click.command("status", cls=Command)
@click.argument("scenario", required=False, shell_complete=completion.scenario)
@_exit_code
@as_json
@pass_session
def status(session: Session, scenario: str | None, exit_code: bool, as_json: bool) -> None:
    """Show what is loaded, and what has changed since.

    Compares the rows with the snapshot. Values that a trigger is known to alter during a load do
    not count as changed. Rows that reference demo rows, and that no rule picks, are counted; for
    --exit-code, those of a table that demosnap.yaml does not mention are a difference.

    \b
    demosnap status
    demosnap status general --exit-code
    """
    from demosnap.cli import json_shapes, statuses

    entries = session.project().status(scenario)
    if as_json:
        screen.echo_json(json_shapes.dump([json_shapes.status(entry) for entry in entries]))
    elif entries:
        for line in statuses.status(entries):
            screen.echo(line)
    else:
        session.note("there are no scenarios yet")
    if exit_code and any(entry.undecided or not entry.clean for entry in entries):
        click.get_current_context().exit(DIFFERENCES)


@click.command("log", cls=Command)
@click.argument("scenario", required=False, shell_complete=completion.scenario)
@as_json
@pass_session
def log(session: Session, scenario: str | None, as_json: bool) -> None:
    """Show what demosnap did to the database.

    Lists the newest entry first.

    \b
    demosnap log
    demosnap log general --json
    """
    from demosnap.cli import json_shapes, render

    entries = session.project().log(scenario)
    if as_json:
        screen.echo_json(json_shapes.dump([json_shapes.log_entry(entry) for entry in entries]))
    elif entries:
        _page(iter(render.log(entries, sys.stdout).split("\n")))
    else:
        session.note("demosnap has not changed this database yet")


def show_changes(session: Session, plan: MovePlan | CapturePlan) -> None:
    """Show the rows that a reset changes, and with -v the rows of any move by difference."""
    from demosnap.cli import differences

    for move in getattr(plan, "moves", ()):
        if move.action != "reset" and not session.verbose:
            continue
        tables = ((one.pair, one) for one in move.changes)
        _page(differences.text(tables, differences.Totals(), whole=bool(session.verbose)))


def _remarks(found: Comparison) -> Iterator[str]:
    # Complete only after the last row was read.
    yield from found.remarks


def _write(pieces: Iterator[str]) -> None:
    output = screen.data()
    for piece in pieces:
        output.write(piece)
    output.flush()


def _page(lines: Iterator[str]) -> None:
    """Print lines, through the pager if they are more than the terminal shows."""
    if not sys.stdout.isatty():
        for line in lines:
            screen.echo(line)
        return
    height = shutil.get_terminal_size((80, 24)).lines
    first = list(itertools.islice(lines, height))
    if len(first) < height:
        for line in first:
            screen.echo(line)
        return
    screen.page(itertools.chain(first, lines))


COMMANDS = (diff, status, log)
