"""demosnap.yaml, as typed values."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import yaml

from demosnap.config import nodes
from demosnap.config.names import scenario_name_problem, shown
from demosnap.config.nodes import Entry, Reader
from demosnap.errors import ConfigError, UsageError, did_you_mean
from demosnap.model import Marker, Rule, names_scenario, split_name

FILE_NAME = "demosnap.yaml"
DEFAULT_MARKER = Marker(column="metadata", key="demo_seed", scenario_key="scenario")

_KEYS = (
    "marker",
    "tables",
    "exclude",
    "scenarios",
    "exclusive",
    "auto_export",
    "allow",
    "deny",
    "deny_if",
    "triggers",
    "sequences",
    "refresh",
)
_MARKER_EXAMPLE = "marker: {column: metadata, key: demo_seed, scenario_key: scenario}"
_TRIGGERS_EXAMPLE = "triggers: {action: check, may_change: [audit_log]}"
_RULE_EXAMPLE = '{via: fragment_id} or {where: "store_id = 1"}'


@dataclass(frozen=True)
class Scenario:
    """What demosnap.yaml says of a scenario; `default`: rows that name none belong to it."""

    description: str = ""
    default: bool = False


@dataclass(frozen=True)
class Triggers:
    """What triggers may do while demo rows are moved.

    `action` is "check" (they act, and what they change is found) or "disable" (they are off).
    `may_change` are the tables in which they may do what they like: names, or patterns for
    fnmatch, as demosnap.yaml has them.
    """

    action: Literal["check", "disable"] = "check"
    may_change: tuple[str, ...] = ()

    @property
    def disabled(self) -> bool:
        """Whether they are off."""
        return self.action == "disable"

    def allowed(self, tables: Iterable[str]) -> frozenset[str]:
        """Return those of the tables that they may change."""
        known = list(tables)
        return frozenset(one for name in self.may_change for one in fitting(name, known))


def fitting(pattern: str, names: Sequence[str]) -> list[str]:
    """Return the name that is the pattern, or else those that it fits."""
    return [pattern] if pattern in names else fnmatch.filter(names, pattern)


@dataclass(frozen=True)
class Choices:
    """What demosnap.yaml says.

    `marker_tables` are the tables in which the marker counts (None: the file does not say it).
    `tables` are the rules that it gives, by display names as they are written. `allow` and
    `deny` are patterns of `host/database`, for fnmatch; `deny_if` is a query, and a database for
    which it gives a true value is denied. `triggers` says what user triggers may do while rows are
    moved. `sequences` are advanced to where they stood at the capture (None: the file does not
    speak of them); `refresh` are the materialized views that are read anew after a move. `lines`
    is for `Settings.line_of`.
    """

    marker: Marker = DEFAULT_MARKER
    marker_tables: tuple[str, ...] | None = None
    tables: Mapping[str, Rule] = field(default_factory=lambda: MappingProxyType({}))
    exclude: tuple[str, ...] = ()
    scenarios: Mapping[str, Scenario] = field(default_factory=lambda: MappingProxyType({}))
    exclusive: bool = False
    auto_export_in_file: bool = False
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    deny_if: str | None = None
    triggers: Triggers = field(default_factory=Triggers)
    sequences: tuple[str, ...] | None = None
    refresh: tuple[str, ...] = ()
    lines: Mapping[tuple[str, ...], int] = field(
        default_factory=lambda: MappingProxyType({}), repr=False, compare=False
    )

    @property
    def tells_scenarios_apart(self) -> bool:
        """Whether the marker, or where there is none a rule, picks by the scenario's name."""
        return _tell_apart(self.marker, self.tables)


def read(path: Path) -> Choices:
    """Read demosnap.yaml.

    Raises:
        ConfigError: it is missing or unreadable, or something in it cannot be meant.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"no {path.name} in {path.parent}",
            hint="Run `demosnap init`; it adds what is missing and changes nothing else.",
        ) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", shown(path)) from error
    return parse(data, shown(path))


def parse(data: bytes, file: str) -> Choices:
    """Parse the bytes of demosnap.yaml; `file` is its name for messages.

    Raises:
        ConfigError: something in it cannot be meant.
    """
    root = nodes.compose(data, file)
    if root is None:
        return Choices()
    reader = Reader(file)
    found = {
        name: entry
        for name, entry in reader.mapping(root, "", _KEYS, _MARKER_EXAMPLE).items()
        if not nodes.is_null(entry.value)
    }

    def flag(name: str) -> bool:
        return name in found and reader.flag(found[name].value, name)

    def patterns(name: str) -> tuple[str, ...]:
        return _patterns(reader, found[name].value, name) if name in found else ()

    def names(name: str) -> tuple[str, ...]:
        return _names(reader, found[name].value, name) if name in found else ()

    marker, listed = DEFAULT_MARKER, None
    if "marker" in found:
        marker, listed = _marker(reader, found["marker"].value)
    tables = _tables(reader, found["tables"].value) if "tables" in found else {}
    exclude = _exclude(reader, found["exclude"].value, tables) if "exclude" in found else ()
    if listed:
        _check_listed(reader, found["marker"].value, listed, {"tables": tables, "exclude": exclude})
    told_apart = _tell_apart(marker, tables)
    scenarios: dict[str, Scenario] = {}
    if "scenarios" in found:
        scenarios = _scenarios(reader, found["scenarios"].value, told_apart)
    return Choices(
        marker=marker,
        marker_tables=listed,
        tables=MappingProxyType(tables),
        exclude=exclude,
        scenarios=MappingProxyType(scenarios),
        exclusive=flag("exclusive"),
        auto_export_in_file=flag("auto_export"),
        allow=patterns("allow"),
        deny=patterns("deny"),
        deny_if=reader.text(found["deny_if"].value, "deny_if") if "deny_if" in found else None,
        triggers=_triggers(reader, found["triggers"].value) if "triggers" in found else Triggers(),
        sequences=names("sequences") if "sequences" in found else None,
        refresh=names("refresh"),
        lines=MappingProxyType(nodes.lines(root)),
    )


def _tell_apart(marker: Marker, tables: Mapping[str, Rule]) -> bool:
    if not marker.none:
        return marker.names_scenario
    return any(names_scenario(rule.where) for rule in tables.values())


def _marker(reader: Reader, node: yaml.Node) -> tuple[Marker, tuple[str, ...] | None]:
    """Read the marker, and the tables in which it counts if it names them."""
    if isinstance(node, yaml.ScalarNode) and node.value.strip().lower() == "none":
        return Marker(), None
    known = ("column", "key", "scenario_key", "scenario_column", "where")
    found = reader.mapping(node, "marker", (*known, "tables"), _MARKER_EXAMPLE)
    listed = None
    if "tables" in found:
        entry = found.pop("tables")
        listed = _names(reader, entry.value, "marker.tables")
        if not listed:
            raise reader.error(entry.key, "marker.tables is empty", _WAYS)
    values = {name: reader.text(entry.value, f"marker.{name}") for name, entry in found.items()}

    def refuse_beside(name: str, others: tuple[str, ...], why: str) -> None:
        for other in others:
            if name in found and other in found:
                raise reader.error(
                    found[other].key, f"marker has both {name} and {other}: {why}", _WAYS
                )

    refuse_beside("where", known[:-1], "a predicate stands alone; :scenario in it names a scenario")
    refuse_beside("key", ("scenario_column",), "beside a JSON key, a scenario_key names a scenario")
    if "where" not in found and "column" not in found:
        raise reader.error(node, "marker needs a column or a where", _WAYS)
    if "scenario_key" in found and "key" not in found:
        raise reader.error(found["scenario_key"].key, "marker has a scenario_key and no key", _WAYS)
    for name in ("key", "scenario_key"):
        # It becomes part of a JSON path, which databases do not escape in one way.
        if any(c in '"\\\n\t' for c in values.get(name, "")):
            raise reader.error(
                found[name].value,
                f"marker.{name} holds a double quote, a backslash or a control character",
            )
    for one, other in (("key", "scenario_key"), ("column", "scenario_column")):
        if one in values and values[one] == values.get(other):
            raise reader.error(found[other].value, f"marker.{other} is marker.{one} itself")
    return Marker(**values), listed


_WAYS = (
    "Write {column, key, scenario_key} for a JSON key, {column, scenario_column} for a boolean "
    "column, {where, tables} for a predicate, or none."
)


def _check_listed(
    reader: Reader, marker: yaml.Node, listed: Sequence[str], others: Mapping[str, Iterable[str]]
) -> None:
    for key, value in marker.value:
        for item in value.value if key.value == "tables" else ():
            for section, names in others.items():
                if item.value in names:
                    raise reader.error(
                        item, f"{item.value} stands under marker.tables and under {section}"
                    )
    for name in listed:
        if listed.count(name) > 1:
            raise reader.error(marker, f"marker.tables names {name} twice")


def _tables(reader: Reader, node: yaml.Node) -> dict[str, Rule]:
    rules = {}
    for name, entry in reader.mapping(node, "tables", example="tables: {todos: …}").items():
        _check_table_name(reader, entry.key, name)
        rules[name] = _rule(reader, entry, f"tables.{name}")
    return rules


def _rule(reader: Reader, entry: Entry, key: str) -> Rule:
    if not isinstance(entry.value, yaml.MappingNode):
        raise reader.error(entry.key, f"{key} must say how rows are picked", _rule_hint())
    found = reader.mapping(entry.value, key, ("via", "where"))
    if len(found) != 1:
        problem = "both via and where" if found else "neither via nor where"
        raise reader.error(entry.key, f"{key} has {problem}", _rule_hint())
    if "where" in found:
        return Rule("where", where=reader.text(found["where"].value, f"{key}.where"))
    via = found["via"].value
    if isinstance(via, yaml.SequenceNode):
        columns = reader.texts(via, f"{key}.via")
        if not columns:
            raise reader.error(via, f"{key}.via is empty", _rule_hint())
        if len(set(columns)) < len(columns):
            raise reader.error(via, f"{key}.via names a column twice")
    else:
        columns = (reader.text(via, f"{key}.via"),)
    return Rule("via", columns=columns)


def _rule_hint() -> str:
    return f"Write {_RULE_EXAMPLE}."


def _exclude(reader: Reader, node: yaml.Node, tables: Mapping[str, Rule]) -> tuple[str, ...]:
    excluded = reader.texts(node, "exclude")
    for name, item in zip(excluded, node.value, strict=True):
        _check_table_name(reader, item, name)
        if name in tables:
            raise reader.error(item, f"{name} stands under tables and under exclude")
    return excluded


def _scenarios(reader: Reader, node: yaml.Node, told_apart: bool) -> dict[str, Scenario]:
    scenarios: dict[str, Scenario] = {}
    default = None
    example = "scenarios: {general: {default: true}}"
    for name, entry in reader.mapping(node, "scenarios", example=example).items():
        if problem := scenario_name_problem(name):
            raise reader.error(entry.key, f"scenario {name!r}: {problem}")
        if scenarios and not told_apart:
            raise reader.error(
                entry.key,
                f"scenario {name!r} is one too many: the marker cannot tell "
                f"its rows from those of {next(iter(scenarios))!r}",
                "Give the marker a scenario_key, a scenario_column or :scenario in its where.",
            )
        scenarios[name] = scenario = _scenario(reader, entry, f"scenarios.{name}")
        if scenario.default and default is not None:
            raise reader.error(
                entry.key, f"two default scenarios, {default} and {name}", "Only one can be."
            )
        default = name if scenario.default else default
    return scenarios


def _scenario(reader: Reader, entry: Entry, key: str) -> Scenario:
    if nodes.is_null(entry.value):
        return Scenario()
    found = reader.mapping(
        entry.value, key, ("description", "default"), f'{key.split(".")[1]}: {{description: "…"}}'
    )
    description = ""
    if "description" in found:
        value = found["description"].value
        # An empty description is a place to fill in.
        if not isinstance(value, yaml.ScalarNode) or value.value.strip():
            description = reader.text(value, f"{key}.description").strip()
    default = "default" in found and reader.flag(found["default"].value, f"{key}.default")
    return Scenario(description, default)


def _triggers(reader: Reader, node: yaml.Node) -> Triggers:
    if isinstance(node, yaml.ScalarNode):
        return Triggers(_action(reader, node, "triggers"))
    found = reader.mapping(node, "triggers", ("action", "may_change"), _TRIGGERS_EXAMPLE)
    names: tuple[str, ...] = ()
    if "may_change" in found:
        names = reader.texts(found["may_change"].value, "triggers.may_change")
        for name, item in zip(names, found["may_change"].value.value, strict=True):
            _check_table_name(reader, item, name)
    if "action" not in found:
        return Triggers(may_change=names)
    return Triggers(_action(reader, found["action"].value, "triggers.action"), names)


def _action(reader: Reader, node: yaml.Node, key: str) -> Literal["check", "disable"]:
    word = reader.text(node, key)
    if word == "check":
        return "check"
    if word == "disable":
        return "disable"
    nearest = did_you_mean(word, ("check", "disable"))
    raise reader.error(node, f"{key}: {word!r} is neither check nor disable{nearest}")


def _names(reader: Reader, node: yaml.Node, key: str) -> tuple[str, ...]:
    names = reader.texts(node, key)
    for name, item in zip(names, node.value, strict=True):
        _check_table_name(reader, item, name)
    return names


def _patterns(reader: Reader, node: yaml.Node, key: str) -> tuple[str, ...]:
    patterns = reader.texts(node, key)
    for pattern, item in zip(patterns, node.value, strict=True):
        host, _, database = pattern.partition("/")
        if not host or not database:
            raise reader.error(
                item,
                f"{key}: {pattern!r} is no host/database",
                f'For example: {key}: ["db.internal/demo_*"]',
            )
    return patterns


def _check_table_name(reader: Reader, node: yaml.Node, name: str) -> None:
    try:
        split_name(name)
    except UsageError as error:
        nearest = did_you_mean(name, [f'"{name}"']) if " " in name else ""
        raise reader.error(node, f"{error.message}{nearest}", error.hint) from None
