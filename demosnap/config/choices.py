"""The keys of demosnap.yaml, declared once, and the reader that follows this declaration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from demosnap import columns
from demosnap.config import ini, needs, nodes
from demosnap.config.foreign_keys import LogicalKeyEntry
from demosnap.config.hook_settings import Hooks
from demosnap.config.kinds import (
    Collations,
    Misfit,
    PredicateName,
    ScenarioName,
    Sql,
    TableColumn,
    TableName,
    Target,
)
from demosnap.config.names import shown
from demosnap.config.reach import Namespaces, Roots
from demosnap.config.reading import Reader
from demosnap.config.sections import (
    MARKER_FORMS,
    Action,
    IgnoredRows,
    MarkerKeys,
    Scenario,
    TableRule,
    Triggers,
)
from demosnap.model import Marker, Rule, Treatment, Treatments, names_scenario

FILE_NAME = "demosnap.yaml"
_MARKER_KEYS = MarkerKeys(column="metadata", key="demo_seed", scenario_key="scenario")
DEFAULT_MARKER = _MARKER_KEYS.marker({})


class Choices(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    # For cached properties.
    dict=True,
    rename=lambda name: name.removesuffix("_in_file"),
):
    """The settings in demosnap.yaml.

    The fields are its keys, except for the suffix `_in_file`, with their types, defaults and
    descriptions. A value with several forms in the file has a field `…_in_file` and a property
    that returns it in a single form.
    """

    marker_in_file: Annotated[
        MarkerKeys | Annotated[Literal["none"], Meta(extra={"any_case": True})],
        Meta(
            description="Tells demo rows from real rows: a key in a JSON column, a boolean column, "
            "or a predicate. `none`: there is no marker, and each table has a rule "
            "under `tables`.",
            examples=[
                {"column": "metadata", "key": "demo_seed", "scenario_key": "scenario"},
                {"column": "is_demo", "scenario_column": "scenario"},
                {"where": "tenant_id = 7", "tables": ["shops", "goods"]},
                "none",
            ],
            extra_json_schema=MARKER_FORMS,
        ),
    ] = _MARKER_KEYS
    tables_in_file: Annotated[
        dict[TableName, TableRule],
        Meta(
            description="The tables whose demo rows the marker alone does not find, or finds "
            "wrongly, each with its rule.",
            examples=[{"todos": {"via": "fragment_id"}}],
        ),
    ] = {}
    root_in_file: Roots = {}
    predicates: Annotated[
        dict[PredicateName, Sql],
        Meta(
            description="Predicates that several rules use, by names of your own: `{in: NAME}`.",
            examples=[{"demo_pages": "path LIKE '0001%'"}],
        ),
    ] = {}
    columns_in_file: Annotated[
        dict[TableColumn, Treatment],
        Meta(
            description="Columns of demo tables, each as `table.column`. `omit`: the column is in "
            "no snapshot, and moves leave it alone. `ignore`: it is captured and loaded, and "
            "comparisons leave it out.",
            examples=[{"pages.numchild": "omit", "users.last_login_on": "ignore"}],
        ),
    ] = {}
    foreign_keys: Annotated[
        tuple[LogicalKeyEntry, ...],
        Meta(
            description="References that the database does not declare. They count like declared "
            "ones.",
            examples=[[{"table": "cards", "columns": "note_id", "references": "notes.id"}]],
        ),
    ] = ()
    namespaces: Namespaces = "current"
    ignore_in_file: Annotated[
        dict[TableName, IgnoredRows],
        Meta(
            description="Rows that come and go beside the demo: they are in no snapshot, not "
            "compared, and purged with the demo. A predicate for a table with demo rows, or the "
            "rule of a table without others.",
            examples=[{"usermeta": "meta_key = 'session_tokens'", "sessions": {"via": "user_id"}}],
        ),
    ] = {}
    collations: Collations = {}
    exclude: Annotated[
        tuple[TableName, ...],
        Meta(
            description="Tables with the marker that must not be captured.",
            examples=[["audit_log"]],
        ),
    ] = ()
    scenarios_in_file: Annotated[
        dict[
            ScenarioName,
            Annotated[
                Scenario | None,
                Meta(title="scenario", examples=[{"description": "…"}, {"default": True}]),
            ],
        ],
        Meta(
            description="The demo data sets. Without this key, any name can be captured.",
            examples=[{"general": {"default": True}}],
        ),
    ] = {}
    exclusive: Annotated[
        bool,
        Meta(
            description="`true`: `upgrade` and `load` take all other loaded scenarios out in the "
            "same transaction, like `--only`."
        ),
    ] = False
    auto_export_in_file: Annotated[
        bool,
        Meta(
            description="`true`: `demosnap revision SCENARIO --auto` and `demosnap.after_seed` "
            "capture; otherwise they do nothing. The environment variable "
            "`DEMOSNAP_AUTO_EXPORT=1` also turns it on."
        ),
    ] = False
    allow: Annotated[
        tuple[Target, ...],
        Meta(
            description="The remote databases that may be changed, as `host/database` with the "
            "wildcards `*`, `?` and `[…]`.",
            examples=[["db.internal/demo_*"]],
        ),
    ] = ()
    deny: Annotated[
        tuple[Target, ...],
        Meta(
            description="The databases that are never changed, local ones included, as "
            "`host/database`. `localhost/…` covers all names of this machine: files, sockets and "
            "loopback addresses. `deny` wins over `allow`.",
            examples=[["*/production"]],
        ),
    ] = ()
    deny_if: Annotated[
        Sql | None,
        Meta(
            description="A query. If its first value is true, the database is never changed, "
            "whatever its name is.",
            examples=["SELECT count(*) > 0 FROM customers WHERE is_real"],
        ),
    ] = None
    triggers_in_file: Annotated[
        Triggers | Action,
        Meta(
            description="How triggers, and rules of PostgreSQL, are treated while demo rows are "
            "moved: an action, or a mapping.",
            examples=["check", {"action": "check", "may_change": ["audit_log"]}],
        ),
    ] = "check"
    sequences_in_file: Annotated[
        tuple[TableName | dict[TableName, TableName], ...] | dict[TableName, TableName] | None,
        Meta(
            description="Sequences that only the application uses. A mapping names the table, or "
            "`table.column`, that each numbers: a load advances the sequence past the keys. In a "
            "list, of names or of such mappings, a name is advanced to its position at the "
            "capture. Without this key, a capture proposes some; `[]` ends that.",
            examples=[{"person": "person_seq"}, ["hibernate_sequence"]],
        ),
    ] = None
    hooks_in_file: Annotated[
        Hooks | None,
        Meta(
            description="What is done for counters, nested sets, caches and search indexes that "
            "are not of the demo but depend on its rows.",
            examples=[{"after_load": {"command": "python manage.py fixtree"}}],
        ),
    ] = None
    refresh: Annotated[
        tuple[TableName, ...],
        Meta(
            description="Materialized views to refresh after each move that changes a table which "
            "they read.",
            examples=[["sales_per_month"]],
        ),
    ] = ()

    def __post_init__(self) -> None:
        """Check combinations of settings, beyond a single section."""
        self._check_predicates()
        for name in self.exclude:
            if name in self.tables:
                raise Misfit(f"{name} is listed under both tables and exclude", "exclude", name)
        for name in self.root_in_file:
            for section in ("tables", "exclude", "ignore"):
                if name in getattr(self, section):
                    raise Misfit(f"{name} is listed under both root and {section}", "root", name)
        for name, keys in self.ignore_in_file.items():
            if name in self.exclude:
                raise Misfit(f"{name} is listed under both ignore and exclude", "ignore", name)
            if name in self.tables and not isinstance(keys, str):
                raise Misfit(
                    f"{name} is listed under both tables and ignore",
                    *("ignore", name),
                    hint="Write the predicate of the rows to ignore, as a text.",
                )
        for name in self.marker_tables or ():
            for section, names in (("tables", self.tables), ("exclude", self.exclude)):
                if name in names and not (section == "tables" and self._marks(name)):
                    raise Misfit(
                        f"{name} is listed under both marker.tables and {section}",
                        *("marker", "tables", name),
                    )
        self._check_scenarios()

    def _marks(self, table: str) -> bool:
        return any(leaf.kind == "marker" for leaf in self.tables[table].leaves)

    def _check_predicates(self) -> None:
        try:
            place: tuple[str, ...] = ("marker",)
            if isinstance(self.marker_in_file, MarkerKeys):
                self.marker_in_file.marker(self.predicates)
            for name, keys in self.tables_in_file.items():
                place = ("tables", name)
                keys.rule(self.predicates)
        except Misfit as misfit:
            about = (*place, *(misfit.about or ()))
            raise Misfit(misfit.message, *place, *misfit.at, about=about) from None

    def _check_scenarios(self) -> None:
        first, *others = self.scenarios or ("",)
        if others and not self.tells_scenarios_apart:
            raise Misfit(
                f"scenario {others[0]!r} is one too many: the marker cannot tell its rows from "
                f"those of {first!r}",
                *("scenarios", others[0]),
                hint="Give the marker a scenario_key, a scenario_column or :scenario in its where.",
            )
        default = [name for name, scenario in self.scenarios.items() if scenario.default]
        if len(default) > 1:
            raise Misfit(
                f"two default scenarios, {default[0]} and {default[1]}",
                *("scenarios", default[1]),
                hint="Flag only one scenario as default.",
            )
        needs.check(self.scenarios)

    @cached_property
    def marker(self) -> Marker:
        """The marker of demo rows."""
        keys = self.marker_in_file
        return keys.marker(self.predicates) if isinstance(keys, MarkerKeys) else Marker()

    @property
    def marker_tables(self) -> tuple[str, ...] | None:
        """The tables in which the marker counts; None if the file does not list them."""
        keys = self.marker_in_file
        return keys.listed if isinstance(keys, MarkerKeys) else None

    @cached_property
    def tables(self) -> Mapping[str, Rule]:
        """The rules in the file, by display names as written there."""
        return MappingProxyType(
            {name: keys.rule(self.predicates) for name, keys in self.tables_in_file.items()}
        )

    @cached_property
    def ignore(self) -> Mapping[str, str | Rule]:
        """The ignored rows, by table: a predicate within its demo rows, or the rule of a table."""
        return {
            name: one if isinstance(one, str) else one.rule(self.predicates)
            for name, one in self.ignore_in_file.items()
        }

    @cached_property
    def columns(self) -> Treatments:
        """The columns that are not captured, or not compared, by table and name."""
        found: dict[str, dict[str, Treatment]] = {}
        for text, treatment in self.columns_in_file.items():
            table, column = columns.parse(text)
            found.setdefault(table, {})[column] = treatment
        return found

    @cached_property
    def scenarios(self) -> Mapping[str, Scenario]:
        """The scenarios, in the order of the file."""
        return MappingProxyType(
            {name: scenario or Scenario() for name, scenario in self.scenarios_in_file.items()}
        )

    @cached_property
    def triggers(self) -> Triggers:
        """The permissions of triggers while rows are moved."""
        given = self.triggers_in_file
        return given if isinstance(given, Triggers) else Triggers(given)

    @cached_property
    def sequences(self) -> tuple[str, ...] | None:
        """The sequences that are advanced to their positions; None if the file has no such key."""
        given = self.sequences_in_file
        return (
            None
            if given is None
            else tuple(one for one in given if isinstance(given, tuple) and isinstance(one, str))
        )

    @cached_property
    def numbered(self) -> Mapping[str, str]:
        """The sequence that numbers each table, or `table.column`, as written in the file."""
        given = self.sequences_in_file or ()
        pairs = (
            [given] if isinstance(given, dict) else [one for one in given if isinstance(one, dict)]
        )
        return MappingProxyType({name: one[name] for one in pairs for name in one})

    @property
    def hooks(self) -> Hooks:
        """The hooks by their moments."""
        return self.hooks_in_file or Hooks()

    @property
    def tells_scenarios_apart(self) -> bool:
        """Whether the marker, or a rule if there is no marker, uses the scenario's name."""
        if not self.marker.none:
            return self.marker.names_scenario
        leaves = (leaf.where for rule in self.tables.values() for leaf in rule.leaves)
        return any(names_scenario(where) for where in (*leaves, *self.root_in_file.values()))


class Found(NamedTuple):
    """The settings in a file.

    `lines` has the line of each key and list entry, by its path. `qualified`: a table's name has a
    namespace. `data` are the bytes of the file.
    """

    choices: Choices
    lines: Mapping[tuple[str, ...], int]
    qualified: bool
    data: bytes


def read(path: Path) -> Found:
    """Read demosnap.yaml.

    Raises:
        ConfigError: the file is missing, unreadable or invalid.
    """
    return parse(ini.read_file(path, ini.INIT_HINT), shown(path))


@lru_cache(maxsize=16)
def parse(data: bytes, file: str, namespace: str | None = None) -> Found:
    """Parse the bytes of demosnap.yaml; `file` is its name for messages.

    `namespace` is left out of the names of tables.

    Raises:
        ConfigError: a key or value is invalid.
    """
    root = nodes.compose(data, file)
    if root is None:
        return Found(Choices(), {}, False, data)
    reader = Reader(file, namespace)
    choices = reader.struct(root, Choices, skip_empty=True)
    return Found(choices, MappingProxyType(reader.lines), reader.qualified, data)
