"""What a verb is going to do, and what it found or did: frozen, so that the plan that is shown,
confirmed and refused is the plan that is acted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from demosnap.model import ExternalReference, Version
from demosnap.snapshot.changes import Changes
from demosnap.visible import rows as rows_of


@dataclass(frozen=True, slots=True)
class Target:
    """The database that a verb works on.

    `url` is without its password; `source` says where it came from (`--url`,
    `DEMOSNAP_DATABASE_URL`, `alembic.ini [alembic]`, …). `local`: a file, a loopback address or
    a socket.
    """

    url: str
    source: str
    local: bool


Action = Literal["load", "purge", "stamp", "reset", "none"]
"""What a move does with rows; see `Move`."""


@dataclass(frozen=True, slots=True)
class Move:
    """The move of one scenario from the loaded version to its target.

    `current` and `target` are None for base. `action` is "load" (purge, then load the target),
    "purge" (nothing is left), "stamp" (only the stamp is set), "reset" (rows that differ from the
    target are removed, restored or added) or "none" (already there). `purge` and `load` count
    rows per table, purge in the order of deletion, load in the order of loading.

    `by_difference`: a load, or a reset, of only the rows that differ: then `change` counts the
    rows that are changed in place, and `changes` are all rows. `reason` says why a move from one
    version to another purges and loads instead, or why it does not.
    `also` counts non-demo rows that go with the rows of this run, `nulled` those that
    lose their reference, `kept` demo rows that would go and stay, since others reference them,
    by table. `unpicked` counts the rows that the selection no longer picks (brought back by a load
    or a reset, left by a purge), `released` those of them that are real rows from now on.
    """

    scenario: str
    current: Version | None
    target: Version | None
    action: Action
    purge: Mapping[str, int] = field(default_factory=dict)
    load: Mapping[str, int] = field(default_factory=dict)
    change: Mapping[str, int] = field(default_factory=dict)
    also: Mapping[str, int] = field(default_factory=dict)
    nulled: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)
    unpicked: Mapping[str, int] = field(default_factory=dict)
    released: Mapping[str, int] = field(default_factory=dict)
    by_difference: bool = False
    reason: str = ""
    changes: Changes = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class MovePlan:
    """The plan of an upgrade, downgrade, load or stamp.

    `refusals` are reasons not to act (empty: it may); `notes` are worth saying and stop nothing.
    `way_back` says whether the way back is tried first, where it was never tried; empty: it was, or
    no row goes.
    """

    target: Target
    moves: tuple[Move, ...]
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    way_back: str = ""


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """The plan of a capture.

    `rows` counts per table in load order. `parent` is the version that the new one follows.
    """

    target: Target
    scenario: str
    version: str
    parent: Version | None
    rows: Mapping[str, int]
    external_references: tuple[ExternalReference, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionResult:
    """The result of a capture.

    `version` is the new version, or, when `created` is False, the one that the demo rows equal
    already (None: a dry run, or `auto` with nothing to do). `files` are the paths written, the
    script's and the snapshot's first, relative to the current folder where they are below it.
    `stamped`: the database was stamped now. `ignored` are those of `files` that git ignores, and
    `notes` say of them what to do.
    """

    plan: CapturePlan | None
    version: Version | None
    created: bool
    stamped: bool
    files: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A version and its place: `head`: the newest of its branch; `current`: the database is at
    it; None: the database could not be asked or was not."""

    version: Version
    head: bool
    current: bool | None


@dataclass(frozen=True, slots=True)
class CurrentEntry:
    """What one stamp of the database says.

    `version` is None for a stamp that no script knows; `rows` counts the scenario's rows in the
    database per table, None where they cannot be counted. `left_out` counts the rows of the
    version that were released here, or hang on what was.
    """

    scenario: str
    revision: str
    version: Version | None
    head: bool
    rows: Mapping[str, int] | None
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableDrift:
    """The numbers of demo rows of one table that differ from the loaded version.

    `unpicked` are there, and the selection no longer picks them.
    """

    table: str
    added: int
    removed: int
    modified: int
    unpicked: int = 0

    @property
    def told(self) -> str:
        """The counts above zero, as one line of text."""
        kinds = (
            ("added", self.added),
            ("removed", self.removed),
            ("modified", self.modified),
            ("no longer picked", self.unpicked),
        )
        return f"{self.table}: {', '.join(f'{count:,} {kind}' for kind, count in kinds if count)}"


@dataclass(frozen=True, slots=True)
class Unpicked:
    """Rows of one table that a version has, that are there, and that are no longer picked.

    `count` of them by what they hold themselves; `rows` says of the first of these the key and
    what changed. `following` are no longer picked since the rows are not that they hang on,
    which `since` names.
    """

    table: str
    count: int
    rows: tuple[str, ...] = ()
    following: int = 0
    since: str = ""

    @property
    def told(self) -> str:
        """The changes as the text of a note."""
        said = []
        if self.count:
            first = "; ".join(self.rows) + ("; …" if self.count > len(self.rows) else "")
            said.append(f"{rows_of(self.count, 'is', 'are')} no longer picked ({first})")
        if self.following:
            said.append(
                f"{rows_of(self.following, 'is', 'are')} no longer picked, since {self.since}"
            )
        return f"{self.table}: {', '.join(said)}"


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """The state of one scenario in the database, and its differences from the loaded version.

    `revision` is the stamp, None where nothing is loaded; `version` is None, too, for a stamp that
    no script knows. `newer` are the versions that follow it. `drift` has the tables that differ
    from the version (from none, where nothing is loaded); None: it cannot be told. `problems` say
    why, or what else is wrong. `kept` counts the rows beside it that an earlier move left, since
    non-demo rows reference them. `unpicked` says of the rows that are no longer
    picked what changed, `released` counts those that were let go. `left` counts those of `unpicked`
    that another version has, and this one has not.
    """

    scenario: str
    revision: str | None
    version: Version | None
    newer: tuple[Version, ...]
    drift: tuple[TableDrift, ...] | None
    problems: tuple[str, ...] = ()
    kept: Mapping[str, int] = field(default_factory=dict)
    unpicked: tuple[Unpicked, ...] = ()
    released: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether the demo rows equal the loaded version."""
        return self.drift == () and not self.problems


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that `check` found; `file` is relative to the project, `line` counts from 1."""

    message: str
    file: str | None = None
    line: int | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Undoing:
    """A capture that is taken back, or was.

    The database is stamped with `parent` then, None for base, and no row is touched. `committed`:
    git has the version, and no branch of another repository that is known here has it. `removed`
    and `written` are paths, relative to the current folder where they are below it; `written` is
    empty for a dry run.
    """

    version: Version
    parent: Version | None
    committed: bool
    removed: tuple[str, ...]
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Renumbering:
    """What a renumbering does, or did.

    `versions` are pairs of a version and what becomes of it, oldest first; the first one then
    follows `after`. `written` and `removed` are paths, relative to the current folder where they
    are below it; empty for a dry run. `ignored` are those of `written` that git ignores. `notes`
    are worth knowing.
    """

    scenario: str
    after: Version
    versions: tuple[tuple[Version, Version], ...]
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
