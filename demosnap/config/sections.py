"""The sections of demosnap.yaml with several keys, each declared once.

The reader of the file, its JSON Schema and the table of settings in docs/configuration.md use the
types, defaults and descriptions in here.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field, to_builtins

from demosnap.config.kinds import (
    JsonKey,
    Misfit,
    Name,
    PredicateName,
    Remark,
    ScenarioName,
    Sql,
    TableName,
)
from demosnap.errors import did_you_mean
from demosnap.model import Marker, Rule

_MARKERS = (
    "Write {column, key, scenario_key} for a JSON key, {column, scenario_column} for a boolean "
    "column, {where, tables} for a predicate, or none."
)
_RULES = (
    'Write {via: fragment_id}, {where: "store_id = 1"}, {needed_by: [orders]}, or any: [...] with '
    "several of these."
)


def _some(hint: str) -> Meta:
    return Meta(min_length=1, extra_json_schema={"uniqueItems": True}, extra={"hint": hint})


_COLUMNS = ("column", "key", "scenario_key", "scenario_column")
# The checks of the marker's `__post_init__` in JSON Schema; non-mapping forms pass.
MARKER_FORMS: dict[str, Any] = {
    "allOf": [{"anyOf": [{"required": [name]} for name in ("column", "where", "in")]}],
    "dependencies": {
        **{
            name: {"properties": dict.fromkeys((*_COLUMNS, other), False)}
            for name, other in (("where", "in"), ("in", "where"))
        },
        "scenario_key": ["key"],
        "scenario_column": {"properties": {"key": False}},
    },
}


class MarkerKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The marker in demosnap.yaml."""

    column: Annotated[
        Name | UnsetType,
        Meta(description="The column that marks demo rows: boolean, or JSON if there is a `key`."),
    ] = UNSET
    key: Annotated[
        JsonKey | UnsetType,
        Meta(description='The key in the JSON that is `true` or `"true"` in a demo row.'),
    ] = UNSET
    scenario_key: Annotated[
        JsonKey | UnsetType,
        Meta(description="The key in the JSON that holds the name of the row's scenario."),
    ] = UNSET
    scenario_column: Annotated[
        Name | UnsetType,
        Meta(description="For a boolean column: the column with the name of the row's scenario."),
    ] = UNSET
    where: Annotated[
        Sql | UnsetType,
        Meta(
            description="A predicate, instead of a column; `:scenario` in it stands for the "
            "scenario's name."
        ),
    ] = UNSET
    in_: Annotated[
        PredicateName | UnsetType,
        Meta(description="The name of a predicate under `predicates`, used as `where`."),
    ] = field(default=UNSET, name="in")
    tables: Annotated[
        Annotated[tuple[TableName, ...], _some(_MARKERS)] | UnsetType,
        Meta(description="The only tables that the marker applies to."),
    ] = UNSET

    def __post_init__(self) -> None:
        """Check combinations of keys."""
        given = self._given()
        for one, others, why in (
            *(
                (
                    where,
                    _COLUMNS,
                    "a predicate stands alone; use :scenario in it for the scenario's name",
                )
                for where in ("where", "in")
            ),
            ("where", ("in",), "it is one predicate"),
            (
                "key",
                ("scenario_column",),
                "with a JSON key, use a scenario_key for the scenario's name",
            ),
        ):
            for other in others:
                if one in given and other in given:
                    raise Misfit(
                        f" has both {one} and {other}: {why}", other, about=(), hint=_MARKERS
                    )
        if not {"where", "in", "column"} & given.keys():
            raise Misfit(" needs a column or a where", about=(), hint=_MARKERS)
        if "scenario_key" in given and "key" not in given:
            raise Misfit(" has a scenario_key and no key", "scenario_key", about=(), hint=_MARKERS)
        for one, other in (("key", "scenario_key"), ("column", "scenario_column")):
            if one in given and given[one] == given.get(other):
                raise Misfit(f" is the same as marker.{one}", other, about=(other,))
        for name in self.listed or ():
            if self.listed is not None and self.listed.count(name) > 1:
                raise Misfit(f" names {name} twice", "tables", name, about=("tables",))

    def _given(self) -> dict[str, str]:
        names = zip(self.__struct_encode_fields__, self.__struct_fields__, strict=True)
        values = {name: getattr(self, field) for name, field in names if name != "tables"}
        return {name: value for name, value in values.items() if value is not UNSET}

    def marker(self, predicates: Mapping[str, str]) -> Marker:
        """Return the marker of demo rows.

        Raises:
            Misfit: the named predicate does not exist.
        """
        given = self._given()
        if "in" in given:
            return Marker(where=named(given["in"], predicates, "in"))
        return Marker(**given)

    @property
    def listed(self) -> tuple[str, ...] | None:
        """The tables in which it counts; None if it does not list them."""
        return None if self.tables is UNSET else self.tables


class RuleKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule in demosnap.yaml that picks demo rows of a table: those for which all keys hold."""

    via: Annotated[
        Name | Annotated[tuple[Name, ...], _some(_RULES)] | UnsetType,
        Meta(
            description="The column of a foreign key, or a list of its columns: picks the rows "
            "that reference a picked row by it.",
            examples=["fragment_id"],
        ),
    ] = UNSET
    where: Annotated[
        Sql | UnsetType,
        Meta(
            description="A predicate: picks the rows for which it holds; `:scenario` in it stands "
            "for the scenario's name.",
            examples=["store_id = 1"],
        ),
    ] = UNSET
    in_: Annotated[
        PredicateName | UnsetType,
        Meta(
            description="The name of a predicate under `predicates`, used as `where`.",
            examples=["demo_pages"],
        ),
    ] = field(default=UNSET, name="in")
    needed_by: Annotated[
        Annotated[tuple[TableName, ...], _some(_RULES)]
        | Annotated[
            dict[TableName, Name | Annotated[tuple[Name, ...], _some(_RULES)]], Meta(min_length=1)
        ]
        | UnsetType,
        Meta(
            description="Tables: picks the rows that picked rows of these tables reference; or a "
            "mapping with the column, or columns, of one foreign key of each.",
            examples=[["customers", "orders"], {"customers": "billing_id"}],
            extra={"hint": _RULES},
        ),
    ] = UNSET

    def __post_init__(self) -> None:
        """Check that the keys make a rule."""
        if all(getattr(self, name) is UNSET for name in self.__struct_fields__):
            raise Misfit(" has no rule", about=(), hint=_RULES)
        if isinstance(self.via, tuple) and len(set(self.via)) < len(self.via):
            raise Misfit(" names a column twice", "via", about=("via",))
        at = ("needed_by",)
        if self.needed_by == {}:
            raise Misfit(" is empty", *at, about=at, hint=_RULES)
        if isinstance(self.needed_by, tuple) and len(set(self.needed_by)) < len(self.needed_by):
            raise Misfit(" names a table twice", *at, about=at)
        if isinstance(self.needed_by, dict):
            for table, columns in self.needed_by.items():
                if isinstance(columns, tuple) and len(set(columns)) < len(columns):
                    raise Misfit(" names a column twice", *at, table, about=(*at, table))

    def rule(self, predicates: Mapping[str, str], *at: str) -> Rule:
        """Return the rule as a value; `at` is its path for messages.

        Raises:
            Misfit: the named predicate does not exist.
        """
        return _joined("all", [*self._parts(predicates, *at)])

    def _parts(self, predicates: Mapping[str, str], *at: str) -> Iterator[Rule]:
        if not isinstance(self.via, UnsetType):
            yield Rule("via", columns=(self.via,) if isinstance(self.via, str) else self.via)
        if isinstance(self.where, str):
            yield Rule("where", where=self.where)
        if isinstance(self.in_, str):
            yield Rule("where", where=named(self.in_, predicates, *at, "in"))
        if not isinstance(self.needed_by, UnsetType):
            tables: Mapping[str, str | tuple[str, ...]] = (
                self.needed_by
                if isinstance(self.needed_by, dict)
                else dict.fromkeys(self.needed_by, ())
            )
            yield _joined(
                "any",
                [
                    Rule("needed by", (one,) if isinstance(one, str) else one, table=table)
                    for table, one in tables.items()
                ],
            )


def named(name: str, predicates: Mapping[str, str], *at: str) -> str:
    """Return the predicate of a name; `at` is the path of the setting that uses it.

    Raises:
        Misfit: it does not exist.
    """
    if name not in predicates:
        raise Misfit(
            f": there is no predicate {name!r} under predicates{did_you_mean(name, predicates)}",
            *at,
            about=at,
        )
    return predicates[name]


def _joined(kind: Literal["any", "all"], rules: Sequence[Rule]) -> Rule:
    return rules[0] if len(rules) == 1 else Rule(kind, rules=tuple(rules))


class TableKeys(RuleKeys, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rule in demosnap.yaml that picks the demo rows of a table."""

    any: Annotated[
        Annotated[
            tuple[
                Annotated[
                    RuleKeys | Literal["marker"],
                    Meta(
                        title="rule",
                        extra_json_schema={"minProperties": 1},
                        extra={"wanted": "must be a rule, or marker", "hint": _RULES},
                    ),
                ],
                ...,
            ],
            Meta(min_length=1, extra={"hint": _RULES}),
        ]
        | UnsetType,
        Meta(
            description="Several rules, or `marker`: picks the rows that one of them picks.",
            examples=[[{"via": "order_id"}, {"via": "invoice_id"}, "marker"]],
        ),
    ] = UNSET

    def _parts(self, predicates: Mapping[str, str], *at: str) -> Iterator[Rule]:
        yield from RuleKeys._parts(self, predicates, *at)
        if not isinstance(self.any, UnsetType):
            rules = [
                one.rule(predicates, *at, "any") if isinstance(one, RuleKeys) else Rule("marker")
                for one in self.any
            ]
            yield _joined("any", rules)

    def wider(self, *others: Mapping[str, object]) -> dict[str, object] | None:
        """Return keys that pick what these or `others` pick; None: `any` cannot hold these."""
        keys: dict[str, object] = to_builtins(self)
        several = keys.pop("any", None)
        if several and keys:
            return None
        rules = several if isinstance(several, (list, tuple)) else (keys,)
        return {"any": [*rules, *others]}


TableRule = Annotated[
    TableKeys,
    Meta(
        title="rule",
        description="A rule: `via`, `where`, `in`, `needed_by`, or `any` with several; all of its "
        "keys hold.",
        extra_json_schema={"minProperties": 1},
        extra={"wanted": "must have a rule that picks rows", "hint": _RULES},
    ),
]
"""The rule of a table."""


IgnoredRows = Annotated[
    RuleKeys | Sql, Meta(extra_json_schema={"minProperties": 1}, extra={"hint": _RULES})
]
"""Rows that come and go beside the demo: a predicate, or the rule of a table."""


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """A scenario in demosnap.yaml.

    `default`: marked rows without a scenario belong to it. `needs` are the scenarios that are
    loaded before it.
    """

    description: Annotated[Remark, Meta(description="A text for readers.")] = ""
    default: Annotated[
        bool,
        Meta(
            description="`true` for one scenario: marked rows without a scenario's name belong to "
            "it. A single scenario is the default by itself."
        ),
    ] = False
    needs: Annotated[
        tuple[ScenarioName, ...],
        Meta(
            description="The scenarios whose rows it builds on: they are loaded before it, and "
            "stay while it is loaded.",
            examples=[["catalog"]],
        ),
    ] = ()


Action = Annotated[
    Literal["check", "disable"],
    Meta(
        description="`check`: triggers act, and a change of non-demo rows by them is refused. "
        "`disable`: triggers are off, if the database can do that."
    ),
]
"""The treatment of triggers while demo rows are moved."""


class Triggers(Struct, frozen=True, forbid_unknown_fields=True):
    """The permissions of triggers while demo rows are moved.

    `action` is "check" (they run, and their changes are found) or "disable" (they are off).
    `may_change` are the tables that they may change freely: names, or fnmatch patterns, as in
    demosnap.yaml.
    """

    action: Action = "check"
    may_change: Annotated[
        tuple[TableName, ...],
        Meta(
            description="The tables in which triggers may change any row, by name or by a shell "
            "pattern: a journal, a search index, a counter.",
            examples=[["audit_log", "search_*"]],
        ),
    ] = ()

    @property
    def disabled(self) -> bool:
        """Whether triggers are off."""
        return self.action == "disable"

    def allowed(self, tables: Iterable[str]) -> frozenset[str]:
        """Return the tables, among those given, that triggers may change."""
        known = list(tables)
        return frozenset(one for name in self.may_change for one in fitting(name, known))


def fitting(pattern: str, names: Sequence[str]) -> list[str]:
    """Return the name that equals the pattern, or else the names that match it."""
    return [pattern] if pattern in names else fnmatch.filter(names, pattern)
