"""Access to a project: its settings, its scripts and its database."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import Connection

from demosnap import config, connect, dialects, interrupts
from demosnap.config import passwords
from demosnap.database import joined_keys, namespaces, picking
from demosnap.database.live import Database
from demosnap.options import MoveOptions, check_lock_timeout
from demosnap.results import CapturePlan, MovePlan, Target
from demosnap.revisions import goals, hook_commands, running
from demosnap.revisions.graph import Graph
from demosnap.revisions.request import Request
from demosnap.revisions.sealed import SealedPlan

Confirm = Callable[[MovePlan | CapturePlan], None]
"""A function that gets the plan before a database is changed; it raises to stop the change."""


# No repr: the URL may hold a password.
@dataclass(eq=False, repr=False)
class Access:
    """Access to a project, shared by all verbs; the fields are the arguments of `Project`.

    It keeps no state of a verb.
    """

    config_file: str | os.PathLike[str] | None
    section: str | None
    url: str | None
    allow_remote: bool
    allow_targets: Sequence[str]
    confirm: Confirm | None
    lock_timeout: float
    namespace: str | None = None

    def __post_init__(self) -> None:
        check_lock_timeout(self.lock_timeout)

    @cached_property
    def settings(self) -> config.Settings:
        """The settings, read on first use; see `Project.settings`."""
        found = config.load(self.config_file, section=self.section, url=self.url)
        return found.allowing(self.allow_targets).within(self.namespace)

    def target(self) -> Target:
        """Return the database that the settings name; see `Project.target`."""
        return connect.describe(connect.url_of(self.settings), self.settings)

    def graph(self) -> Graph:
        """Return the versions of all scenarios; see `Project.graph`."""
        return Graph.from_config(self.settings.alembic_config())

    def connected(self) -> contextlib.AbstractContextManager[Connection]:
        """Open a separate connection."""
        settings = self.settings
        url = connect.url_of(settings)
        return connect.connected(
            url, self.lock_timeout, settings.url_source, settings.namespace, settings
        )

    @contextlib.contextmanager
    def reading(
        self, connection: Connection | None, *, changes: bool
    ) -> Iterator[tuple[Connection, Target]]:
        """Yield the caller's connection, or a new one if it is None, with its target.

        `changes`: the database has to be an allowed target.

        Raises:
            TargetError: the database is not an allowed target.
            DatabaseError: the database cannot be reached.
        """
        if connection is not None:
            given = passwords.rendered(connection.engine.url)
            with connect.database_errors(connection):
                connect.check_namespace(connection, self.settings)
                yield connection, Target(given, "the caller's connection", True)
            return
        url = connect.url_of(self.settings)
        if changes:
            connect.check_allowed(url, self.settings)
        with self.connected() as own:
            if changes:
                connect.check_not_denied(own, self.settings)
            yield own, connect.describe(url, self.settings)

    @contextlib.contextmanager
    def looking(
        self, graph: Graph, connection: Connection | None = None
    ) -> Iterator[tuple[Database, config.Settings]]:
        """Read the database at one moment, or as the caller's transaction sees it.

        Yields the settings with the names that tables have there.
        """
        with self.reading(connection, changes=False) as (reading, _):
            dialect = dialects.of(reading)
            with contextlib.ExitStack() as stack:
                stack.enter_context(dialect.session(reading, write=False))
                picking.again(reading)
                if connection is None:
                    stack.enter_context(dialect.consistent_read(reading))
                settings = namespaces.local(reading, self.settings)
                yield joined_keys.database(reading, settings, graph.versions.values()), settings

    def run(
        self,
        wanted: goals.Goals,
        options: MoveOptions,
        connection: Connection | None = None,
        confirm: Confirm | None = None,
        before_commit: Callable[[], None] | None = None,
        *,
        rehearsal: bool = False,
        sealing: bool = False,
        expected: SealedPlan | None = None,
    ) -> MovePlan:
        """Run the Alembic environment for some goals; return the plan that was acted on.

        `rehearsal`, `sealing` and `expected` are as in `Request`.

        Raises:
            DemosnapError: the run was refused or failed.
        """
        if options.lock_timeout is None:
            options = replace(options, lock_timeout=self.lock_timeout)
        with interrupts.held(interrupts.DONE) as hold:
            hold = before_commit or hold
            request = Request(
                self.settings, options, wanted, confirm, hold, rehearsal, sealing, expected
            )
            done = running.online(request, connection)
        # Not while Ctrl-C is held back: a command can take its time.
        hook_commands.run(self.settings, request.commands)
        return done
