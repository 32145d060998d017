"""Plans and results of verbs.

They are frozen: the plan that is shown, confirmed and refused is the plan that is acted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from demosnap.model import ExternalReference, Version
from demosnap.refusal import Refusal
from demosnap.snapshot.changes import Changes
from demosnap.visible import rows as rows_of


@dataclass(frozen=True, slots=True)
class Target:
    """The database that a verb works on.

    `url` has no password; `source` says where it comes from (`--url`, `DEMOSNAP_DATABASE_URL`,
    `alembic.ini [alembic]`, …). `local`: it is a file, a loopback address or a socket.
    """

    url: str
    source: str
    local: bool


Action = Literal["load", "purge", "stamp", "reset", "none"]
"""The effect of a move on rows; see `Move`."""


@dataclass(frozen=True, slots=True)
class Move:
    """The move of a scenario from the loaded version to its target.

    `current` and `target` are None for base. `action` is "load" (purge, then load the target),
    "purge" (remove all demo rows), "stamp" (only set the stamp), "reset" (remove, restore or add
    the rows that differ from the target) or "none" (already there). `purge` and `load` count rows
    per table, in the order of deletion and of loading.

    `by_difference`: a load or reset that touches only the rows that differ; then `change` counts
    the rows that are modified in place, and `changes` has all of them. `reason` says why a move
    between versions purges and loads instead, or why not.

    The other counts are per table. `also`: non-demo rows that are deleted with the rows of this
    run. `nulled`: non-demo rows that lose their reference. `kept`: demo rows that stay since other
    rows reference them. `unpicked`: rows that the selection no longer picks (brought back by a
    load or reset, left by a purge). `released`: those of them that are real rows from now on.
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

    `refusals` are the reasons not to act; with none, the plan may be acted on. `notes` stop
    nothing. `way_back` says that the way back is tried first, or why not; it is empty if the way
    back was tried before or no row is deleted.
    """

    target: Target
    moves: tuple[Move, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    way_back: str = ""


@dataclass(frozen=True, slots=True)
class TableDrift:
    """The numbers of demo rows of a table that differ from the loaded version.

    `unpicked` rows exist, but the selection no longer picks them. `first` names the first rows of a
    kind by their keys.
    """

    table: str
    added: int
    removed: int
    modified: int
    unpicked: int = 0
    first: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def text(self) -> str:
        """The counts above zero, as a line of text."""
        return self._line({})

    @property
    def named(self) -> str:
        """The counts above zero with the first rows' keys, as a line of text."""
        return self._line(self.first)

    def _line(self, first: Mapping[str, str]) -> str:
        kinds = (
            ("added", self.added),
            ("removed", self.removed),
            ("modified", self.modified),
            ("no longer picked", self.unpicked),
        )
        counts = (
            f"{count:,} {kind}" + (f" ({first[kind]})" if kind in first else "")
            for kind, count in kinds
            if count
        )
        return f"{self.table}: {', '.join(counts)}"


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """The plan of a capture.

    `rows` counts rows per table, in load order. `parent` is the version that the new version
    follows. Only a dry run has the last two: `of` counts all rows of these tables, and `drift` has
    the tables whose rows differ from `parent` (None: no parent, or its snapshot cannot be read).
    """

    target: Target
    scenario: str
    version: str
    parent: Version | None
    rows: Mapping[str, int]
    external_references: tuple[ExternalReference, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    of: Mapping[str, int] = field(default_factory=dict)
    drift: tuple[TableDrift, ...] | None = None

    @property
    def new_references(self) -> tuple[ExternalReference, ...]:
        """The external references to mention: those `parent` lacks, or all in a dry run."""
        if self.parent is None or self.of:
            return self.external_references
        known = {(e.table, e.columns, e.references) for e in self.parent.external_references}
        return tuple(
            e for e in self.external_references if (e.table, e.columns, e.references) not in known
        )


@dataclass(frozen=True, slots=True)
class RevisionResult:
    """The result of a capture.

    `version` is the new version, or, if `created` is False, the version that equals the demo rows
    (None: a dry run, or `auto` without a change). `files` are the written paths, script and
    snapshot first, relative to the current folder if they are below it. `stamped`: the database
    was stamped now. `ignored` are those of `files` that git ignores, and `notes` say what to do
    about them.
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
    """A version in the history.

    `head`: it is the newest of its branch. `current`: the database is at it; None: the database
    was not asked or could not be.
    """

    version: Version
    head: bool
    current: bool | None


@dataclass(frozen=True, slots=True)
class CurrentEntry:
    """A stamp of the database.

    `version` is None for a stamp without a script. `rows` counts the scenario's rows in the
    database per table, None if they cannot be counted. `left_out` counts the rows of the version
    that were released here, or that depend on released rows.
    """

    scenario: str
    revision: str
    version: Version | None
    head: bool
    rows: Mapping[str, int] | None
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unpicked:
    """Rows of a table that a version has and the database has, but that are no longer picked.

    `count` is the number of rows unpicked for their own values; `rows` describes the first of them
    by key and changes. `following` counts rows unpicked since a row they depend on is, which
    `since` names.
    """

    table: str
    count: int
    rows: tuple[str, ...] = ()
    following: int = 0
    since: str = ""

    @property
    def text(self) -> str:
        """The changes as the text of a note."""
        parts = []
        if self.count:
            first = "; ".join(self.rows) + ("; …" if self.count > len(self.rows) else "")
            parts.append(f"{rows_of(self.count, 'is', 'are')} no longer picked ({first})")
        if self.following:
            parts.append(
                f"{rows_of(self.following, 'is', 'are')} no longer picked, since {self.since}"
            )
        return f"{self.table}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Attached:
    """Rows that reference demo rows by one foreign key, and that no scenario picks.

    `columns` of `table` are the foreign key's, `references` is the table of the demo rows and
    `rows` the number of rows. `rule` is the line under `tables:` in demosnap.yaml that would pick
    them, too; None if there is none, or the table is `excluded` in demosnap.yaml. `captured`: the
    table has a rule already.
    """

    table: str
    columns: tuple[str, ...]
    references: str
    rows: int
    rule: str | None = None
    excluded: bool = False
    captured: bool = False

    @property
    def text(self) -> str:
        """The rows and the demo rows that they reference, as a line of text."""
        reference = "references" if self.rows == 1 else "reference"
        return (
            f"{rows_of(self.rows)} of {self.table} {reference} demo rows of {self.references} by"
            f" {', '.join(self.columns)}, and no rule picks {'it' if self.rows == 1 else 'them'}"
        )

    @property
    def remedy(self) -> str:
        """What to do if the rows are demo data, as a line of text."""
        if self.captured:
            rule = f" to `{self.rule}`" if self.rule else ""
            return (
                f"{self.table} is captured, but not these rows; mark them, or change its rule{rule}"
            )
        if self.rule:
            return f"`{self.rule}` under `tables:` in demosnap.yaml would pick such rows"
        return f"{self.table} is under `exclude:` in demosnap.yaml"


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """The state of a scenario in the database, and its differences from the loaded version.

    `revision` is the stamp, None if no version is loaded; `version` is also None for a stamp
    without a script. `newer` are the versions that follow it. `drift` has the tables that differ
    from the version (from base, if no version is loaded); None: the comparison failed. `problems`
    are the reasons for that, and other problems. `kept` counts the rows that an earlier move
    retained, since non-demo rows reference them. `unpicked` describes the rows that are no longer
    picked, `released` counts the released ones, and `left` those of `unpicked` that this version
    lacks; counts are per table. `attached` are rows beside the demo rows that reference them.
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
    attached: tuple[Attached, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether the demo rows equal the loaded version."""
        return self.drift == () and not self.problems

    @property
    def undecided(self) -> bool:
        """Whether rows reference the demo rows from a table without a rule.

        A rule under `tables:` or a line under `exclude:` in demosnap.yaml decides.
        """
        return any(one.rule and not one.captured for one in self.attached)


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that `check` found; `file` is relative to the project, `line` starts at 1."""

    message: str
    file: str | None = None
    line: int | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Undoing:
    """A capture to be undone, or undone.

    The database is then stamped with `parent`, None for base; its rows stay. `committed`: git has
    the version, and no remote branch known here does. `removed` and `written` are paths, relative
    to the current folder if they are below it; `written` is empty for a dry run.
    """

    version: Version
    parent: Version | None
    committed: bool
    removed: tuple[str, ...]
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Renumbering:
    """A renumbering, planned or done.

    `versions` are pairs of a version and its replacement, oldest first; the first replacement
    follows `after`. `written` and `removed` are paths, relative to the current folder if they are
    below it, and empty for a dry run. `ignored` are those of `written` that git ignores.
    """

    scenario: str
    after: Version
    versions: tuple[tuple[Version, Version], ...]
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
