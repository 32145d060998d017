"""The values that the rooms of demosnap exchange: frozen, and without behaviour.

A table is known everywhere by its display name: `table` in the database's default namespace,
`namespace.table` elsewhere, each part in double quotes if it contains a dot, a space or a quote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from demosnap.errors import UsageError
from demosnap.visible import know_names

_NAME_PART = re.compile(r'"((?:[^"]|"")*)"|([^."\s]+)')


def display_name(namespace: str | None, name: str) -> str:
    """Render a table's display name; `namespace` None is the default one."""
    return ".".join(_display_part(part) for part in (namespace, name) if part is not None)


def _display_part(part: str) -> str:
    if re.fullmatch(r'[^."\s]+', part):
        return part
    return '"' + part.replace('"', '""') + '"'


def split_name(display: str) -> tuple[str | None, str]:
    """Parse a display name into its namespace (None: the default one) and its table name.

    Raises:
        UsageError: the text is not a display name.
    """
    parts: list[str] = []
    position = 0
    while match := _NAME_PART.match(display, position):
        quoted, plain = match.groups()
        parts.append(plain if quoted is None else quoted.replace('""', '"'))
        position = match.end()
        if position == len(display) or display[position] != ".":
            break
        position += 1
    if position != len(display) or display.endswith(".") or not 1 <= len(parts) <= 2:
        raise UsageError(
            f"{display!r} is not a table name",
            "Write table or namespace.table; double quotes around a part with a dot or a space.",
        )
    return (parts[0], parts[1]) if len(parts) == 2 else (None, parts[0])


Key = tuple[bytes, ...]
"""The literals of a row's key, in the order of `Table.key`."""

RowUpdate = tuple[Key, Mapping[str, bytes]]
"""The key of a row, and the new literals of its columns by name."""

Value = object
"""A decoded value: None, bool, int, float, decimal.Decimal, str or bytes.

Dates, times, uuids and JSON are str, in ISO 8601 and the type's canonical text.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the database declares it.

    `type` is the declared type in the dialect's own words; `default` is the server default's SQL,
    None without a default; `generated` columns are computed by the database and never captured;
    `identity` is "always" or "by default" for a column that numbers itself.
    """

    name: str
    type: str
    nullable: bool = True
    default: str | None = None
    generated: bool = False
    identity: Literal["always", "by default"] | None = None

    def __post_init__(self) -> None:
        """Make its name known to messages."""
        know_names(self.name)


Treatment = Literal["omit", "ignore"]
"""How a column is treated: "omit", in no snapshot; "ignore", captured and not compared."""

Treatments = Mapping[str, Mapping[str, Treatment]]
"""The columns that are treated in a way of their own, by table and name."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a row: `column` has one of `values`, texts as in demosnap.yaml.

    With `table`, it has the value of `key` in the row of that table in which `names` have `values`.
    """

    column: str
    values: tuple[str, ...]
    table: str | None = None
    key: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference from `columns` to `referred_columns` of `table` (a display name).

    `enforced`: the rows for which the database enforces it, by equality: "all"; "some", those of
    some partitions; or "none", if it is declared NOT ENFORCED or compares periods. Even then the
    key determines the order of tables.

    `logical`: demosnap.yaml declares it, and the database does not. Only rows with all conditions
    of `when` reference anything. With `path`, the column holds JSON, and each value at this path
    is a reference. `referred`: the referenced columns of a logical key in the database, if known.
    """

    columns: tuple[str, ...]
    table: str
    referred_columns: tuple[str, ...]
    name: str | None = None
    on_delete: str = "NO ACTION"
    deferrable: bool = False
    enforced: Literal["all", "some", "none"] = "all"
    logical: bool = False
    when: tuple[Condition, ...] = ()
    path: str | None = None
    referred: tuple[Column, ...] = ()

    def __post_init__(self) -> None:
        """Make its names known to messages."""
        know_names(self.name, self.table, *self.columns, *self.referred_columns)


Event = Literal["insert", "update", "delete"]
"""The kind of change to rows."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Code of the application that the database runs on changes: a trigger or a rule.

    `table` is a display name, None for a trigger on changes of definitions. `events` are the
    events that it acts on.
    """

    name: str
    table: str | None
    events: frozenset[Event] = frozenset()
    kind: Literal["trigger", "rule", "event trigger"] = "trigger"

    def __post_init__(self) -> None:
        """Make its names known to messages."""
        know_names(self.name, self.table)

    def __str__(self) -> str:
        """Render it for a message: `trigger t on table x`."""
        place = f" on table {self.table}" if self.table is not None else ""
        return f"{self.kind} {self.name}{place}"


@dataclass(frozen=True, slots=True)
class SpecialKey:
    """A uniqueness constraint beyond a unique key of columns.

    Two rows that `where` picks conflict if the operator of each of `terms`, SQL expressions, is
    true of their values.
    """

    name: str
    terms: tuple[tuple[str, str], ...]
    where: str | None = None

    def __post_init__(self) -> None:
        """Make its name known to messages."""
        know_names(self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """The definition of a table.

    `key` identifies a row: the primary key, else a unique key without NULLs; empty: the whole row.
    `unique` are all other unique keys. `triggers` are its user triggers that are on. `inherited`:
    other tables inherit from it, and their rows are left out (PostgreSQL). `uncompared` are the
    names of columns that a comparison leaves out; the table may lack them.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    inherited: bool = False
    uncompared: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Make its name known to messages."""
        know_names(self.name)

    def column(self, name: str) -> Column:
        """Return the column with this name.

        Raises:
            KeyError: the table lacks it.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def captured(self) -> tuple[Column, ...]:
        """The columns in a snapshot: the key's first, then the others as declared."""
        rest = (c for c in self.columns if not c.generated and c.name not in self.key)
        return (*(self.column(name) for name in self.key), *rest)

    @property
    def identified(self) -> bool:
        """Whether the key is unique in every row.

        In SQLite, a primary key may be NULL in several rows.
        """
        return bool(self.key) and not any(self.column(name).nullable for name in self.key)

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """The columns of the key."""
        return tuple(self.column(name) for name in self.key)

    @property
    def ordering(self) -> tuple[Column, ...]:
        """The columns that order the rows: the key's, or all if rows may share a key."""
        return self.captured[: len(self.key)] if self.identified else self.captured


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker of demo rows, by demosnap.yaml.

    It has exactly one of: `column` with `key` (a JSON key), `column` alone (a boolean column), or
    `where` (a predicate). `scenario_key`, `scenario_column` or `:scenario` in `where` name the
    row's scenario; without them only one scenario is possible. An empty marker means that tables
    have individual rules.
    """

    column: str | None = None
    key: str | None = None
    scenario_key: str | None = None
    scenario_column: str | None = None
    where: str | None = None

    @property
    def none(self) -> bool:
        """Whether there is no marker."""
        return self.column is None and self.where is None

    @property
    def names_scenario(self) -> bool:
        """Whether the marker distinguishes scenarios."""
        named = self.scenario_key or self.scenario_column
        return bool(named or (self.where and names_scenario(self.where)))


def names_scenario(where: str) -> bool:
    """Return whether `:scenario` stands in a predicate."""
    return re.search(r"(?<![:\w]):scenario\b", where) is not None


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule that picks the demo rows of a table.

    "marker": the marker itself. "via": the foreign key over `columns` references a selected row.
    "where": the predicate `where`, SQL in which `:scenario` stands for the scenario's name.
    "needed by": a selected row of `table` references it by the foreign key over `columns`, or by
    any. "any", "all": any, or all, of `rules` pick the row.
    """

    kind: Literal["marker", "via", "where", "needed by", "any", "all"]
    columns: tuple[str, ...] = ()
    where: str = ""
    rules: tuple[Rule, ...] = ()
    table: str = ""

    @property
    def leaves(self) -> tuple[Rule, ...]:
        """The rules that it consists of, in order: itself, unless it is "any" or "all"."""
        return tuple(leaf for rule in self.rules for leaf in rule.leaves) or (self,)


@dataclass(frozen=True, slots=True)
class Selection:
    """The tables of a scenario in load order, each with its rule.

    `default`: marked rows without a scenario belong to this one. `foreign_keys` are the logical
    keys of these tables, by table. `columns` are columns of these tables that are not captured, or
    not compared. `ignored` are predicates of rows that no snapshot has and a purge takes along.
    """

    scenario: str
    marker: Marker
    rules: Mapping[str, Rule]
    default: bool = True
    foreign_keys: Mapping[str, tuple[ForeignKey, ...]] = field(default_factory=dict)
    columns: Treatments = field(default_factory=dict)
    ignored: Mapping[str, str] = field(default_factory=dict)

    @property
    def format(self) -> int:
        """The lowest format number of files and scripts that can record this selection."""
        composed = any(rule.rules or rule.table for rule in self.rules.values())
        return 2 if self.foreign_keys or self.columns or self.ignored or composed else 1


@dataclass(frozen=True, slots=True)
class ExternalReference:
    """Selected rows whose foreign key references rows outside of the selection.

    `rows` is the number of such rows. `dangling` are the values, as literals, that matched no row
    at the capture; they are loaded unchanged. `path` is that of a logical key into JSON.
    """

    table: str
    columns: tuple[str, ...]
    references: str
    referred_columns: tuple[str, ...]
    rows: int
    dangling: tuple[tuple[str, ...], ...] = ()
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a snapshot file.

    `created_at` is UTC, `YYYY-MM-DDTHH:MM:SSZ`. `tables` are the definitions in load order and
    `rows` the number of rows of each. `sequences` are positions that no row implies, by display
    name; the file has them only as statements, the script as values.
    """

    scenario: str
    version: str
    created_at: str
    dialect: str
    tables: tuple[Table, ...]
    rows: Mapping[str, int]
    format: int = 1
    sequences: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """A revision of a scenario: the script and the snapshot that it loads.

    `version` is the readable name (`v2_2025-01-20`), `number` its number (2); `message` the text
    after the name in the script's docstring, or empty. `folder` is the folder of script and
    snapshot, `file` the snapshot's name in it. `size` is in bytes, `rows` is the number of rows
    per table in load order, `digest` the hex SHA-256 of the canonical rows. `sequences` are
    positions that no row implies, by display name. `told` is what its capture mentioned.
    """

    revision: str
    down_revision: str | None
    scenario: str
    version: str
    message: str
    created_at: str
    folder: str
    file: str
    format: int
    dialect: str
    digest: str
    size: int
    rows: Mapping[str, int]
    selection: Selection
    external_references: tuple[ExternalReference, ...] = ()
    application_revision: Mapping[str, str] = field(default_factory=dict)
    sequences: Mapping[str, int] = field(default_factory=dict)
    told: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The number in the version's name."""
        return int(self.version[1:].partition("_")[0])

    @property
    def short(self) -> str:
        """The version's short name, `v2`."""
        return f"v{self.number}"

    @property
    def total(self) -> int:
        """The number of rows in all tables."""
        return sum(self.rows.values())
