"""The actions of `revision` on existing revisions: renumber and undo."""

from __future__ import annotations

from collections.abc import Mapping

from demosnap.cli import screen
from demosnap.cli.session import Session
from demosnap.errors import UsageError
from demosnap.visible import paragraph


def renumber(session: Session, name: str, dry_run: bool, others: dict[str, object]) -> None:
    """Make a version the next one after the other head, and print the changes.

    `others` are the other arguments of the call, which only a capture takes.

    Raises:
        UsageError: one of them was given.
    """
    from demosnap.cli import render

    _alone("--renumber", others, "It does not capture, and VERSION names the scenario.")
    result = session.project().renumber(name, dry_run=dry_run)
    session.done(dry_run=dry_run)
    if session.quiet and not dry_run:
        screen.echo(render.snapshot_path(result.versions[-1][1]))
        return
    for line in render.renumbering(result):
        screen.echo(line)
    for note in result.notes:
        session.note("note: " + paragraph(note, "  "))


def undo(
    session: Session, scenario: str | None, dry_run: bool, others: Mapping[str, object]
) -> None:
    """Take the last capture back, and print the changes.

    `others` are the other arguments of the call, which only a capture takes.

    Raises:
        UsageError: one of them was given, or the version is in git and there is no terminal.
    """
    from demosnap.cli import render

    _alone("--undo", others, "It does not capture.")
    project = session.project()
    found = project.undo(scenario, dry_run=True)
    name = f"{found.version.scenario} {found.version.version}"
    if found.committed and not session.yes and not dry_run:
        session.ask(
            f"{name} is committed in git. Undo it all the same?",
            UsageError(
                f"{name} is committed in git, and there is no terminal to ask on",
                "Add --yes to undo it all the same; its files stay in git's history.",
            ),
        )
    if not dry_run:
        found = project.undo(scenario, committed=found.committed)
        if not session.announced:
            session.note(render.target(project.target()))
    session.done(dry_run=dry_run)
    if not session.quiet or dry_run:
        for line in render.undoing(found, dry_run=dry_run):
            screen.echo(line)


def _alone(option: str, others: Mapping[str, object], because: str) -> None:
    for name, value in others.items():
        if value and name != "dry_run":
            word = name if name.isupper() else f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} does not go with {word}", because)
