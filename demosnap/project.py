"""The API: a method for each verb, which returns frozen results and prints nothing."""

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

    `config_file` is the path of alembic.ini (None: ALEMBIC_CONFIG, else `alembic.ini`), `section`
    its section, `url` a database in place of the configured one, `namespace` the database schema of
    the tables (None: the connection's). `confirm` gets the plan before a database is changed, and
    stops the change by raising. `allow_remote`: `confirm` only displays the plan, so planning once
    is enough. `allow_targets` are patterns of `host/database` in addition to `allow:`.
    `lock_timeout` is the time to wait for another session's lock, in seconds. Methods with
    `connection` work inside the caller's transaction and do not commit. Threads may share it.
    """

    def __init__(
        self,
        config_file: str | os.PathLike[str] | None = None,
        *,
        section: str | None = None,
        url: str | None = None,
        namespace: str | None = None,
        allow_remote: bool = False,
        allow_targets: Sequence[str] = (),
        confirm: Confirm | None = None,
        lock_timeout: float = LOCK_WAIT,
    ) -> None:
        self._access = Access(
            config_file, section, url, allow_remote, allow_targets, confirm, lock_timeout, namespace
        )

    @property
    def settings(self) -> config.Settings:
        """The settings, read on first use.

        Raises:
            ConfigError: a settings file is missing or invalid.
        """
        return self._access.settings

    def target(self) -> Target:
        """Return the database that the settings name.

        Raises:
            ConfigError: the settings name no database.
        """
        return self._access.target()

    def graph(self) -> Graph:
        """Return the versions of all scenarios.

        Raises:
            ScriptError: a revision script is invalid.
        """
        return self._access.graph()

    def scenario(self, name: str) -> Scenario:
        """Return a scenario: its versions, its state in the database, and its verbs.

        Raises:
            UnknownNameError: scenarios exist, but none of this name.
        """
        looking.check_scenario(self._access, name)
        return Scenario(self._access, name)

    def apply(self, plan: SealedPlan, *, connection: Connection | None = None) -> MovePlan:
        """Apply exactly the given plan of `Scenario.plan_load` and the like, or refuse.

        Raises:
            RefusedError: the plan has refusals; or its rows, their tables, the stamps or the files
                have changed since it was made. Nothing was changed.
        """
        return moving.apply(self._access, plan, connection)

    def upgrade(
        self,
        *targets: str,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> MovePlan:
        """Move scenarios up to a version: `general@head`, `general@+1`, an id, `heads`.

        Between versions only the rows that differ are touched, unless most rows differ. `changes`
        are single options (`discard=True`), which override `options`.

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
        """Move a scenario down: `-1`, `v1` or `base`, or in a single argument `general@-1`.

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
        """Move a scenario (None: the only one) from any version to a version (default: its head).

        Raises:
            UsageError: no scenario is named, and there are several.
            RefusedError: a guard refused; nothing was changed.
            UnknownNameError: the version does not exist.
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
            RefusedError: the database holds other rows.
            UnknownNameError: the version does not exist.
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
        """Restore the demo rows of a scenario (None: the only one) to the loaded version.

        Raises:
            RefusedError: a guard refused; nothing was changed.
            UsageError: no version of the scenario is loaded.
            UnknownNameError: the scenario does not exist.
        """
        asked = of_call("reset", options, changes)
        return moving.move(self._access, moving.reset(scenario, self._access), asked, connection)

    def upgrade_sql(self, targets: Sequence[str], stream: TextIO) -> None:
        """Write the SQL script of an upgrade; each target may be a range `A:B`.

        Raises:
            UsageError: no target is given, or a target is a step relative to the database.
        """
        moving.upgrade_sql(self._access, targets, stream)

    def downgrade_sql(self, scenario: str, step: str | None, stream: TextIO) -> None:
        """Write the SQL script of a downgrade; the step is a range `A:B`.

        Raises:
            UsageError: the step is not a range.
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
        allow_shrink: bool = False,
    ) -> RevisionResult:
        """Capture the demo rows as the next revision of a scenario; None: of the only one.

        `rehearse`: before the files are put in place, the rows are purged and loaded from them,
        and this is rolled back.

        Raises:
            RefusedError: a guard refused, or the rehearsal failed.
            UnknownNameError: demosnap.yaml lists scenarios without this one.
            UsageError: message, head or date is invalid.
            DemosnapError: the revision was written, but the database could not be stamped with it.
        """
        name = capturing.only_scenario(self._access) if scenario is None else scenario
        return capturing.revision(
            self._access,
            succession.Wanted(name, message, allow_empty, head, splice, date, allow_shrink),
            stamp=stamp,
            dry_run=dry_run,
            auto=auto,
            connection=connection,
            rehearse=rehearse,
        )

    def undo(
        self, scenario: str | None = None, *, dry_run: bool = False, committed: bool = False
    ) -> Undoing:
        """Undo the last capture of a scenario: its files, and the stamp of the database.

        The rows stay, as changes since the version before. `scenario` None is the only scenario.
        `committed`: also undo a version that git has, unless it was pushed.

        Raises:
            RefusedError: it was not captured from this database, or other clones may have it.
            UnknownNameError: the scenario does not exist.
            DemosnapError: the stamp is taken back, but the files could not be removed.
        """
        return capturing.undo(self._access, scenario, dry_run=dry_run, committed=committed)

    def renumber(self, name: str, *, dry_run: bool = False) -> Renumbering:
        """Make one of a scenario's two heads the next version after the other.

        `name` is its readable name or its id. If a merge left two versions of the same name in
        conflict, only the id works. The database is neither read nor changed.

        Raises:
            UsageError: the version is not a head, or is the only head.
            ScriptError: a script is invalid, or a file is in the way.
            SnapshotError: a snapshot differs from its script's record.
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

        `current` of an entry is None if the database cannot be read.

        Raises:
            UnknownNameError: the scenario or version does not exist.
            DatabaseError: `rev_range` names `current`, and the database cannot be reached.
        """
        return looking.history(
            self._access, scenario, rev_range=rev_range, indicate_current=indicate_current
        )

    def several_heads(self, scenario: str | None = None) -> list[Finding]:
        """Return a finding for each scenario with several heads, with what to do about it."""
        return looking.several_heads(self._access, scenario)

    def heads(self) -> list[HistoryEntry]:
        """Return the newest version of each branch, by scenario."""
        return looking.heads(self._access)

    def show(self, name: str | None = None) -> HistoryEntry:
        """Return a version; `general` is the head of this scenario, None that of the only one.

        Raises:
            UsageError: no scenario is named, and there are several.
            UnknownNameError: the version does not exist.
        """
        return looking.show(self._access, name)

    def current(self) -> list[CurrentEntry]:
        """Return the stamps of the database by scenario, with the numbers of demo rows.

        Raises:
            DatabaseError: the database cannot be reached.
        """
        return looking.current(self._access)

    def check(
        self, scenario: str | None = None, *, database: bool = False, rehearse: bool = False
    ) -> list[Finding]:
        """Return the problems of the files, and with `database` those of the database.

        `rehearse`: also try to remove the loaded rows and put them back, and roll back.

        Raises:
            UnknownNameError: the scenario does not exist.
            UsageError: `rehearse` without `database`.
        """
        return looking.check(self._access, scenario, database=database, rehearse=rehearse)

    def manifest(self, *, check: bool = False) -> list[Finding]:
        """Rebuild the metadata files and latest links; with `check`, only return the stale ones."""
        return looking.manifest(self._access, check=check)

    def manifest_text(self) -> str:
        """Return the text of export_manifest.json for the current graph."""
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

        `old` None is the loaded version, `new` None the database; both accept `v2`, `head`, `-1`,
        a revision id, `base` or `database`. The comparison reads rows as long as the context is
        open. `checked`: check every row of a snapshot against the grammar, as is needed before
        writing it.

        Raises:
            UnknownNameError: the scenario or version does not exist.
            UsageError: no version is loaded, or both sides are the database.
            SnapshotError: a snapshot is missing or malformed.
        """
        return comparing.diff(
            self._access, scenario, old, new, checked=checked, connection=connection
        )

    def sides(self, words: Sequence[str]) -> tuple[str, str | None, str | None]:
        """Return the scenario and the two sides that the arguments of a diff name.

        The scenario may be omitted if only one exists, or if a version names it.

        Raises:
            UsageError: no scenario is named, and there are several.
        """
        return comparing.sides(self._access, words)

    def status(self, scenario: str | None = None) -> list[StatusEntry]:
        """Return the loaded version of each scenario, and the database's differences from it.

        Raises:
            UnknownNameError: the scenario does not exist.
            DatabaseError: the database cannot be reached.
        """
        return comparing.status(self._access, scenario)

    def log(self, scenario: str | None = None) -> list[LogEntry]:
        """Return the log of demosnap's changes of the database, newest first.

        Raises:
            UnknownNameError: the scenario does not exist.
            DatabaseError: the database cannot be reached.
        """
        return comparing.log(self._access, scenario)
