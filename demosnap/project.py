"""One method for each verb, which returns frozen results and prints nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from sqlalchemy import Connection

from demosnap import config
from demosnap.compare.sources import Comparison
from demosnap.database.own_tables import LogEntry
from demosnap.dialects.base import LOCK_WAIT
from demosnap.options import MoveChanges, MoveOptions, of_call
from demosnap.results import (
    CurrentEntry,
    Finding,
    HistoryEntry,
    MovePlan,
    Renumbering,
    RevisionResult,
    StatusEntry,
    Target,
    Undoing,
)
from demosnap.revisions import goals, succession
from demosnap.revisions.graph import Graph
from demosnap.revisions.sealed import SealedPlan
from demosnap.scenario import Scenario
from demosnap.verbs import capturing, comparing, looking, moving
from demosnap.verbs.access import Access, Confirm

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Project:
    """A project that keeps demo data: its settings, its revisions and its database.

    `config_file` is the path of alembic.ini (None: ALEMBIC_CONFIG, else `alembic.ini`),
    `section` the section of it, `url` the database instead of the one that is configured.
    `confirm` is called with the plan before a database is changed, and stops the change by
    raising; `allow_remote`: it only shows, it does not ask, so one look at the database is enough.
    `allow_targets` are patterns of `host/database` beside those of `allow:`.
    `lock_timeout` is how long to wait for another session's lock, in seconds.

    Every method takes its database from the settings; those with `connection` work inside the
    caller's transaction instead and commit nothing. Several threads may use one project.
    """

    def __init__(
        self,
        config_file: str | os.PathLike[str] | None = None,
        *,
        section: str | None = None,
        url: str | None = None,
        allow_remote: bool = False,
        allow_targets: Sequence[str] = (),
        confirm: Confirm | None = None,
        lock_timeout: float = LOCK_WAIT,
    ) -> None:
        self._access = Access(
            config_file, section, url, allow_remote, tuple(allow_targets), confirm, lock_timeout
        )

    @property
    def settings(self) -> config.Settings:
        """The settings, read at first use.

        Raises:
            ConfigError: a settings file is missing or cannot be used.
        """
        return self._access.settings

    def target(self) -> Target:
        """Return the database that would be worked on.

        Raises:
            ConfigError: none is named.
        """
        return self._access.target()

    def graph(self) -> Graph:
        """Return the versions of all scenarios.

        Raises:
            ScriptError: a revision script cannot be used.
        """
        return self._access.graph()

    def scenario(self, name: str) -> Scenario:
        """Return a scenario: its versions, its state in the database, and its verbs.

        Raises:
            UnknownNameError: there are scenarios, but none with this name.
        """
        looking.check_scenario(self._access, name)
        return Scenario(self._access, name)

    def apply(self, plan: SealedPlan, *, connection: Connection | None = None) -> MovePlan:
        """Apply a plan of `Scenario.plan_load` and the like: exactly that plan, or refuse.

        Raises:
            RefusedError: the plan has refusals; or its rows, their tables, the stamps or the files
                are no longer what it was made from. Nothing was changed.
        """
        return moving.apply(self._access, plan, connection)

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
        return moving.move(self._access, goals.upward(targets), asked, connection)

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

        Raises:
            RefusedError: a guard refused; nothing was changed.
            UsageError: the target is above the current version, or no step is given.
        """
        asked = of_call("downgrade", options, changes)
        goal = goals.downward(goals.joined(scenario, step))
        return moving.move(self._access, goal, asked, connection)

    def load(
        self,
        name: str | None = None,
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> MovePlan:
        """Bring a scenario, or the only one, to a version (its head) from wherever it is.

        Raises:
            UsageError: no scenario is named, and there are several.
            RefusedError: a guard refused; nothing was changed.
            UnknownNameError: there is no such version.
        """
        asked = of_call("load", options, changes)
        return moving.move(self._access, goals.load(name), asked, connection)

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
        return moving.move(self._access, goals.stamp(name), asked, connection)

    def reset(
        self,
        scenario: str | None = None,
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> MovePlan:
        """Bring the demo rows of a scenario (None: the only one) back to the loaded version.

        Raises:
            RefusedError: a guard refused; nothing was changed.
            UsageError: nothing of the scenario is loaded.
            UnknownNameError: there is no such scenario.
        """
        asked = of_call("reset", options, changes)
        return moving.move(self._access, moving.reset(scenario, self._access), asked, connection)

    def upgrade_sql(self, targets: Sequence[str], stream: TextIO) -> None:
        """Write the SQL script of an upgrade; each target may be a range `A:B`.

        Raises:
            UsageError: no target is given, or one is a step from where the database is.
        """
        moving.upgrade_sql(self._access, targets, stream)

    def downgrade_sql(self, scenario: str, step: str | None, stream: TextIO) -> None:
        """Write the SQL script of a downgrade; the step is a range `A:B`.

        Raises:
            UsageError: it is no range.
        """
        moving.downgrade_sql(self._access, scenario, step, stream)

    def revision(
        self,
        scenario: str | None = None,
        *,
        message: str | None = None,
        stamp: bool = True,
        allow_empty: bool = False,
        head: str | None = None,
        splice: bool = False,
        dry_run: bool = False,
        auto: bool = False,
        date: str | None = None,
        connection: Connection | None = None,
        rehearse: bool = False,
    ) -> RevisionResult:
        """Capture the demo rows as the next revision of a scenario; None: of the only one.

        `rehearse`: before the files are put in place, the rows are taken out and loaded from
        them, and all of that is undone.

        Raises:
            RefusedError: there are no demo rows, or capturing them would undo a version, or they
                do not come back.
            UnknownNameError: demosnap.yaml lists scenarios, and this is not one of them.
            UsageError: message, head or date is not what it must be.
            DemosnapError: the revision is there, and the database could not be stamped with it.
        """
        name = capturing.only_scenario(self._access) if scenario is None else scenario
        return capturing.revision(
            self._access,
            succession.Wanted(name, message, allow_empty, head, splice, date),
            stamp=stamp,
            dry_run=dry_run,
            auto=auto,
            connection=connection,
            rehearse=rehearse,
        )

    def undo(
        self, scenario: str | None = None, *, dry_run: bool = False, committed: bool = False
    ) -> Undoing:
        """Take the last capture of a scenario back: its files, and the stamp of the database.

        The rows stay as they are, as changes since the version before. `scenario` None is the
        only one; `committed`: also a version that git has, as long as it is not pushed.

        Raises:
            RefusedError: it was not captured from this database, or others may know it.
            UnknownNameError: there is no such scenario.
            DemosnapError: the stamp is taken back, and the files could not be.
        """
        return capturing.undo(self._access, scenario, dry_run=dry_run, committed=committed)

    def renumber(self, name: str, *, dry_run: bool = False) -> Renumbering:
        """Make one of a scenario's two heads the next version after the other.

        `name` is its readable name or its id; of two versions of one name that a merge of git's
        has left in conflict, its id. No database is asked or changed.

        Raises:
            UsageError: it is no head, or the only one.
            ScriptError: a script cannot be used, or a file is in the way.
            SnapshotError: a snapshot is not what its script says.
        """
        return capturing.renumber(self._access, name, dry_run=dry_run)

    def history(
        self,
        scenario: str | None = None,
        *,
        rev_range: str | None = None,
        indicate_current: bool = True,
    ) -> list[HistoryEntry]:
        """Return the versions, newest first; `rev_range` is `A:B`, `A:` or `:B`.

        The database's place is None where it cannot be asked.

        Raises:
            UnknownNameError: there is no such scenario or version.
            DatabaseError: `rev_range` names `current`, and the database cannot be reached.
        """
        return looking.history(
            self._access, scenario, rev_range=rev_range, indicate_current=indicate_current
        )

    def several_heads(self, scenario: str | None = None) -> list[Finding]:
        """Return the scenarios that have several heads, and what to do about it."""
        return looking.several_heads(self._access, scenario)

    def heads(self) -> list[HistoryEntry]:
        """Return the newest version of each branch, by scenario."""
        return looking.heads(self._access)

    def show(self, name: str | None = None) -> HistoryEntry:
        """Return one version (`general`, or None where it is the only scenario: its head).

        Raises:
            UsageError: no scenario is named, and there are several.
            UnknownNameError: there is no such version.
        """
        return looking.show(self._access, name)

    def current(self) -> list[CurrentEntry]:
        """Return the stamps of the database by scenario, and the numbers of demo rows.

        Raises:
            DatabaseError: the database cannot be reached.
        """
        return looking.current(self._access)

    def check(
        self, scenario: str | None = None, *, database: bool = False, rehearse: bool = False
    ) -> list[Finding]:
        """Return the problems of the files, and with `database` those of the database.

        `rehearse`: also whether what is loaded comes back when it goes; that is tried and undone.

        Raises:
            UnknownNameError: there is no such scenario.
            UsageError: `rehearse` without `database`.
        """
        return looking.check(self._access, scenario, database=database, rehearse=rehearse)

    def manifest(self, *, check: bool = False) -> list[Finding]:
        """Rebuild the metadata files and latest links; with `check`, only say which are stale."""
        return looking.manifest(self._access, check=check)

    def manifest_text(self) -> str:
        """Return the text of export_manifest.json as the graph has it now."""
        return looking.manifest_text(self._access)

    def diff(
        self,
        scenario: str | None = None,
        old: str | None = None,
        new: str | None = None,
        *,
        checked: bool = False,
        connection: Connection | None = None,
    ) -> contextlib.AbstractContextManager[Comparison]:
        """Compare two versions of a scenario (None: the only one), or a version with the database.

        `old` None is the version that is loaded, `new` None the database; either can be `v2`,
        `head`, `-1`, a revision id, `base`, or `database`. What is yielded streams for as long as
        the context lasts. `checked`: every row of a snapshot is held against the grammar, for
        those who write it somewhere.

        Raises:
            UnknownNameError: there is no such scenario or version.
            UsageError: nothing is loaded, or both sides are the database.
            SnapshotError: a snapshot is missing, or not what demosnap wrote.
        """
        return comparing.diff(
            self._access, scenario, old, new, checked=checked, connection=connection
        )

    def sides(self, words: Sequence[str]) -> tuple[str, str | None, str | None]:
        """Return the scenario and both sides that the words of a diff mean.

        The scenario may be left out where there is one, and where a version names it.

        Raises:
            UsageError: no scenario is named, and there are several.
        """
        return comparing.sides(self._access, words)

    def status(self, scenario: str | None = None) -> list[StatusEntry]:
        """Return the loaded version of each scenario, and the differences of the database from it.

        Raises:
            UnknownNameError: there is no such scenario.
            DatabaseError: the database cannot be reached.
        """
        return comparing.status(self._access, scenario)

    def log(self, scenario: str | None = None) -> list[LogEntry]:
        """Return the log of demosnap's changes of the database, newest first.

        Raises:
            UnknownNameError: there is no such scenario.
            DatabaseError: the database cannot be reached.
        """
        return comparing.log(self._access, scenario)
