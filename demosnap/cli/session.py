"""One call of the command line: its global options, notes and questions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from demosnap import interrupts
from demosnap.cli import screen
from demosnap.errors import UsageError

if TYPE_CHECKING:
    from demosnap.project import Project
    from demosnap.results import CapturePlan, MovePlan


class Session:
    """The global options, in one object wherever they stand on the command line.

    `announced`: the plan was shown before it was applied. `interrupted`: the message after an
    interrupt; empty for the message that says whether anything was changed.
    """

    def __init__(self, *, debug: bool = False) -> None:
        self.config: str | None = None
        self.name: str | None = None
        self.url: str | None = None
        self.namespace: str | None = None
        self.verbose = 0
        self.quiet = False
        self.debug = debug
        self.yes = False
        self.allow_target: str | None = None
        self.lock_timeout: float | None = None
        self.announced = False
        self.interrupted = ""

    def project(self) -> Project:
        """Return the project that the options name."""
        from demosnap.dialects.base import LOCK_WAIT
        from demosnap.project import Project

        return Project(
            self.config,
            section=self.name,
            url=self.url,
            namespace=self.namespace,
            allow_remote=self.yes,
            allow_targets=[self.allow_target] if self.allow_target else [],
            confirm=self.confirm,
            lock_timeout=LOCK_WAIT if self.lock_timeout is None else self.lock_timeout,
        )

    def done(self, *, dry_run: bool) -> None:
        """Note that the work is done and only its result is to be printed; not by a dry run."""
        if not dry_run:
            self.interrupted = interrupts.DONE

    @property
    def is_done(self) -> bool:
        """Whether the work is done, printed or not."""
        return self.interrupted == interrupts.DONE or bool(interrupts.message())

    def note(self, text: str) -> None:
        """Print a note on standard error, unless -q is given."""
        if text and not self.quiet:
            screen.echo(text, err=True)

    def confirm(self, plan: MovePlan | CapturePlan) -> None:
        """Show the database and the plan, and ask if the database is remote.

        Raises:
            UsageError: there is no terminal to ask on.
            click.Abort: the answer is no.
        """
        from demosnap.cli import render

        self.announced = True
        ask = render.acts(plan) and not plan.target.local and not self.yes
        if ask or not self.quiet:
            screen.echo(render.plan(plan, sys.stderr), err=True)
        if not ask:
            return
        self.ask(
            "Change this database?",
            UsageError(
                f"{plan.target.url} is not a local database, and there is no terminal to ask on",
                "Add --yes if it is the one you mean.",
            ),
        )

    def ask(self, question: str, otherwise: UsageError) -> None:
        """Ask a yes-or-no question; `otherwise` is raised where there is no terminal.

        Raises:
            click.Abort: the answer is no.
        """
        if not is_terminal():
            raise otherwise
        if not click.confirm(question, err=True):
            raise click.Abort()


def is_terminal() -> bool:
    """Whether there is a terminal to ask a question on."""
    return sys.stdin.isatty() and sys.stderr.isatty()
