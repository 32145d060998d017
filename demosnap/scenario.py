"""A scenario of a project: its versions, its state in the database, and its verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from demosnap.compare.row_changes import RowChanges
from demosnap.errors import UsageError
from demosnap.model import Version
from demosnap.options import MoveChanges, MoveOptions, of_call
from demosnap.results import (
    CurrentEntry,
    HistoryEntry,
    MovePlan,
    RevisionResult,
    StatusEntry,
    Undoing,
)
from demosnap.revisions import goals, succession
from demosnap.revisions.sealed import SealedPlan
from demosnap.verbs import capturing, comparing, looking, moving
from demosnap.verbs.access import Access

if TYPE_CHECKING:
    from typing_extensions import Unpack

_One = TypeVar("_One", CurrentEntry, StatusEntry)


class Scenario:
    """A scenario of a project, returned by `Project.scenario`.

    Versions are named without the scenario: `v1`, `v1_2025-01-15`, `head`, `+1`, `-1`, `base`, or
    a revision id. `options`, and single options as keywords, are those of `MoveOptions`;
    `connection` is as in `Project`, whose methods document the errors of each verb.
    """

    def __init__(self, access: Access, name: str) -> None:
        self._access = access
        self.name = name

    def __repr__(self) -> str:
        return f"<Scenario {self.name}>"

    # ------------------------------------------------------------------ looks

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions, each after its parent; read from the files each time.

        Raises:
            ScriptError: a revision script is invalid.
        """
        return tuple(self._access.graph().of(self.name))

    def history(self) -> list[HistoryEntry]:
        """Return the versions as history entries, newest first; see `Project.history`."""
        return looking.history(self._access, self.name)

    def current(self) -> CurrentEntry | None:
        """Return the version that the database is stamped with; None: no version is loaded.

        Raises:
            DatabaseError: the database cannot be reached.
            UsageError: it is stamped with several versions.
        """
        found = [one for one in looking.current(self._access) if one.scenario == self.name]
        return self._only(found) if found else None

    def status(self) -> StatusEntry:
        """Return the loaded version, and the database's differences from it.

        Raises:
            DatabaseError: the database cannot be reached.
            UsageError: it is stamped with several versions.
        """
        return self._only(comparing.status(self._access, self.name))

    def _only(self, found: Sequence[_One]) -> _One:
        if len(found) > 1:
            stamps = ", ".join(str(one.revision) for one in found)
            raise UsageError(
                f"the database is stamped with several versions of {self.name}: {stamps}",
                "project.current() and project.status() return all of them.",
            )
        return found[0]

    def diff(
        self,
        old: str | None = None,
        new: str | None = None,
        *,
        table: str | None = None,
        connection: Connection | None = None,
    ) -> RowChanges:
        """Return the rows that differ between two versions, or between a version and the database.

        `old` None is the loaded version, `new` None the database, also named `database`. `table`:
        only the rows of this table.

        Raises:
            UnknownNameError: the version or table does not exist.
            UsageError: no version is loaded, or both sides are the database.
            SnapshotError: a snapshot is missing or malformed.
        """
        return comparing.row_changes(self._access, self.name, old, new, table, connection)

    # ------------------------------------------------------------------ captures

    def capture(
        self,
        message: str | None = None,
        *,
        stamp: bool = True,
        allow_empty: bool = False,
        head: str | None = None,
        splice: bool = False,
        dry_run: bool = False,
        date: str | None = None,
        connection: Connection | None = None,
        rehearse: bool = False,
        allow_shrink: bool = False,
    ) -> RevisionResult:
        """Capture the demo rows as the next version; see `Project.revision`.

        `message` is "v2", "v2: …" or a description of the changes.
        """
        return capturing.revision(
            self._access,
            succession.Wanted(self.name, message, allow_empty, head, splice, date, allow_shrink),
            stamp=stamp,
            dry_run=dry_run,
            auto=False,
            connection=connection,
            rehearse=rehearse,
        )

    def undo(self, *, dry_run: bool = False, committed: bool = False) -> Undoing:
        """Undo the last capture; see `Project.undo`."""
        return capturing.undo(self._access, self.name, dry_run=dry_run, committed=committed)

    # ------------------------------------------------------------------ moves

    def load(
        self,
        version: str = "head",
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> MovePlan:
        """Move the database from any version to this one; see `Project.load`."""
        asked = of_call("load", options, changes)
        return moving.move(self._access, goals.load(self._at(version)), asked, connection)

    def upgrade(
        self,
        version: str = "head",
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> MovePlan:
        """Move the database up to a version; see `Project.upgrade`."""
        asked = of_call("upgrade", options, changes)
        return moving.move(self._access, goals.upward([self._at(version)]), asked, connection)

    def downgrade(
        self,
        version: str,
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> MovePlan:
        """Move the database down: `-1`, `v1`, or `base`; see `Project.downgrade`."""
        asked = of_call("downgrade", options, changes)
        return moving.move(self._access, goals.downward(self._at(version)), asked, connection)

    def reset(
        self,
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> MovePlan:
        """Restore the demo rows to the loaded version; see `Project.reset`."""
        asked = of_call("reset", options, changes)
        return moving.move(self._access, goals.reset(self.name), asked, connection)

    def stamp(
        self, version: str, *, verify: bool = True, connection: Connection | None = None
    ) -> MovePlan:
        """Record that the database holds a version; see `Project.stamp`."""
        asked = MoveOptions(verify_stamp=verify)
        return moving.move(self._access, goals.stamp(self._at(version)), asked, connection)

    # ------------------------------------------------------------------ plans

    def plan_load(
        self,
        version: str = "head",
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> SealedPlan:
        """Plan a load for `Project.apply`, without changing anything."""
        asked = of_call("load", options, changes)
        return moving.plan(self._access, goals.load(self._at(version)), asked, connection)

    def plan_upgrade(
        self,
        version: str = "head",
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> SealedPlan:
        """Plan an upgrade for `Project.apply`, without changing anything."""
        asked = of_call("upgrade", options, changes)
        return moving.plan(self._access, goals.upward([self._at(version)]), asked, connection)

    def plan_downgrade(
        self,
        version: str,
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> SealedPlan:
        """Plan a downgrade for `Project.apply`, without changing anything."""
        asked = of_call("downgrade", options, changes)
        return moving.plan(self._access, goals.downward(self._at(version)), asked, connection)

    def plan_reset(
        self,
        *,
        options: MoveOptions | None = None,
        connection: Connection | None = None,
        **changes: Unpack[MoveChanges],
    ) -> SealedPlan:
        """Plan a reset for `Project.apply`, without changing anything."""
        asked = of_call("reset", options, changes)
        return moving.plan(self._access, goals.reset(self.name), asked, connection)

    def _at(self, version: str) -> str:
        name, at, _ = version.partition("@")
        if at and name != self.name:
            raise UsageError(
                f"{version} is not a version of {self.name}", "Name it alone: v1, head."
            )
        return version if at else f"{self.name}@{version}"
