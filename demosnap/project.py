"""One method for each verb: returns frozen results, prints nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from sqlalchemy import Connection

from demosnap import config, connect, interrupts
from demosnap.capturing import Capturing
from demosnap.comparing import Comparing
from demosnap.config import passwords
from demosnap.dialects.base import LOCK_WAIT
from demosnap.errors import UsageError
from demosnap.looking import Looking
from demosnap.options import MoveChanges, MoveOptions, check_lock_timeout, of_call
from demosnap.results import CapturePlan, MovePlan, RevisionResult, Target
from demosnap.revisions import goals, running
from demosnap.revisions.environment import Request
from demosnap.revisions.graph import Graph

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Project(Capturing, Looking, Comparing):
    """A project that keeps demo data: its settings, its revisions and its database.

    `config_file` is the path of alembic.ini (None: ALEMBIC_CONFIG, else `alembic.ini`),
    `section` the section of it, `url` the database instead of the one that is configured.
    `confirm` is called with the plan before a database is changed, and stops the change by
    raising; `allow_remote`: it only shows, it does not ask, so one look at the database is enough.
    `allow_targets` are patterns of `host/database` beside those of `allow:`.
    `lock_timeout` is how long somebody else's lock is waited for, in seconds.

    Every method takes its database from the settings; those with `connection` work inside the
    caller's transaction instead and commit nothing.
    """

    def __init__(
        self,
        config_file: str | os.PathLike[str] | None = None,
        *,
        section: str | None = None,
        url: str | None = None,
        allow_remote: bool = False,
        allow_targets: Sequence[str] = (),
        confirm: Callable[[MovePlan | CapturePlan], None] | None = None,
        lock_timeout: float = LOCK_WAIT,
    ) -> None:
        check_lock_timeout(lock_timeout)
        self._config_file = config_file
        self._section = section
        self._url = url
        self._allow_remote = allow_remote
        self._allow_targets = tuple(allow_targets)
        self._confirm = confirm
        self._lock_timeout = lock_timeout

    @cached_property
    def settings(self) -> config.Settings:
        """The settings, read at first use.

        Raises:
            ConfigError: a settings file is missing or cannot be used.
        """
        found = config.load(self._config_file, section=self._section, url=self._url)
        return found.allowing(self._allow_targets)

    def target(self) -> Target:
        """Return the database that would be worked on.

        Raises:
            ConfigError: none is named.
        """
        return connect.describe(connect.url_of(self.settings), self.settings)

    def graph(self) -> Graph:
        """Return the versions of all scenarios.

        Raises:
            ScriptError: a revision script cannot be used.
        """
        return Graph.from_config(self.settings.alembic_config())

    # ------------------------------------------------------------------ moves

    def upgrade(
        self,
        *targets: str,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> MovePlan:
        """Bring scenarios up to a version: `general@head`, `general@+1`, an id, `heads`.

        From one version to another only the rows that differ are touched, unless most do.
        `changes` are single options (`discard=True`), beside `options` or in their place.

        Raises:
            RefusedError: a guard refused; nothing was changed.
            UsageError: a target is below the current version, or no target is given.
        """
        asked = of_call("upgrade", options, changes)
        return self._move(goals.upward(targets), asked, connection)

    def downgrade(
        self,
        scenario: str,
        step: str | None = None,
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> MovePlan:
        """Bring a scenario down: `-1`, `v1` or `base`, or all in one as `general@-1`.

        As `upgrade` does it.

        Raises:
            RefusedError: a guard refused; nothing was changed.
            UsageError: the target is above the current version, or no step is given.
        """
        asked = of_call("downgrade", options, changes)
        return self._move(goals.downward(goals.joined(scenario, step)), asked, connection)

    def load(
        self,
        name: str,
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> MovePlan:
        """Bring a scenario to a version (`general`: its head) from wherever the database is.

        Raises:
            RefusedError: a guard refused; nothing was changed.
            UnknownNameError: there is no such version.
        """
        return self._move(goals.load(name), of_call("load", options, changes), connection)

    def stamp(
        self,
        name: str,
        *,
        verify: bool = True,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
    ) -> MovePlan:
        """Record that the database holds a version, after comparing its rows.

        Raises:
            RefusedError: it holds something else.
            UnknownNameError: there is no such version.
        """
        asked = of_call("stamp", options, {} if verify else {"verify_stamp": False})
        return self._move(goals.stamp(name), asked, connection)

    def upgrade_sql(self, targets: Sequence[str], stream: TextIO) -> None:
        """Write the SQL script of an upgrade; each target may be a range `A:B`.

        Raises:
            UsageError: no target is given, or one is a step from where the database is.
        """
        self._as_sql(targets, stream, upward=True)

    def downgrade_sql(self, scenario: str, step: str | None, stream: TextIO) -> None:
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
        self._as_sql([name], stream, upward=False)

    def _as_sql(self, names: Sequence[str], stream: TextIO, *, upward: bool) -> None:
        wanted = goals.between(names, up=upward)
        running.as_sql(Request(self.settings, MoveOptions(), wanted), stream)

    def _move(
        self, wanted: goals.Goals, options: MoveOptions, connection: Connection | None
    ) -> MovePlan:
        if options.dry_run or connection is not None or self._allow_remote or self.target().local:
            return self._online(wanted, options, connection, self._confirm)
        # Nobody is asked while a lock is held: plan, ask, and plan again.
        plan = self._online(wanted, replace(options, dry_run=True), confirm=self._confirm)
        if self._confirm is not None and not plan.refusals:
            self._confirm(plan)
        return self._online(wanted, options)

    def _online(
        self,
        wanted: goals.Goals,
        options: MoveOptions,
        connection: Connection | None = None,
        confirm: Callable[[MovePlan], None] | None = None,
        before_commit: Callable[[], None] | None = None,
        *,
        rehearsal: bool = False,
    ) -> MovePlan:
        if options.lock_timeout is None:
            options = replace(options, lock_timeout=self._lock_timeout)
        with interrupts.held(interrupts.DONE) as hold:
            hold = before_commit or hold
            request = Request(self.settings, options, wanted, confirm, hold, rehearsal)
            return running.online(request, connection)

    @contextlib.contextmanager
    def _reading(
        self, connection: Connection | None, *, changes: bool
    ) -> Iterator[tuple[Connection, Target]]:
        if connection is not None:
            given = passwords.rendered(connection.engine.url)
            with connect.database_errors(connection):
                yield connection, Target(given, "the caller's connection", True)
            return
        url = connect.url_of(self.settings)
        if changes:
            connect.check_allowed(url, self.settings)
        with connect.connected(url, self._lock_timeout) as own:
            if changes:
                connect.check_not_denied(own, self.settings)
            yield own, connect.describe(url, self.settings)


def after_seed(
    scenario: str,
    config_file: str | os.PathLike[str] | None = None,
    *,
    connection: Connection | None = None,
) -> RevisionResult:
    """Capture a scenario at the end of a seeder, if `auto_export` is on.

    Raises:
        DemosnapError: it is on, and the capture failed or was refused.
    """
    return Project(config_file).revision(scenario, auto=True, connection=connection)
