"""Revision scripts: render a version as a script, and parse a loaded script."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

from alembic.script import Script

from demosnap import columns, json_path
from demosnap.errors import ScriptError, UsageError
from demosnap.model import (
    Condition,
    ExternalReference,
    ForeignKey,
    Marker,
    Rule,
    Selection,
    Treatment,
    Version,
    display_name,
    split_name,
)

_VERSION_NAME = re.compile(r"v([1-9][0-9]*)_([0-9]{4}-[0-9]{2}-[0-9]{2})\Z")
_REVISION_ID = re.compile(r"([a-z][a-z0-9_]*)_v[1-9][0-9]*_[0-9a-f]{8}\Z")
_FILE_NAME = re.compile(r"[a-z][a-z0-9_]*_v[1-9][0-9]*_[0-9-]{10}\.sql\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_CREATED_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")

_NEEDED_BY = re.compile(r'needed by ((?:"(?:[^"]|"")*"|[^"\s])+) via (.+)', re.DOTALL)

SCENARIO = re.compile(r"[a-z][a-z0-9_]*\Z")
"""The form of a scenario's name; Alembic cannot address labels with hyphens."""


def revision_id(
    scenario: str, number: int, parent: str | None, digest: str, created_at: str
) -> str:
    """Make a revision's id: scenario, version, and eight hex digits to make it unique."""
    text = "\0".join((scenario, parent or "", digest, created_at))
    return f"{scenario}_v{number}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def scenario_of(revision: str) -> str | None:
    """Return the scenario that a revision id names, None if it is not an id of demosnap."""
    match = _REVISION_ID.match(revision)
    return match[1] if match else None


def render(version: Version) -> str:
    """Render the script of a version."""
    title = f"{version.short}: {version.message}" if version.message else version.short
    text: str = _template().render_unicode(
        docstring=title.replace("\\", "\\\\").replace('"', '\\"'),
        revision=version.revision,
        down_revision=version.down_revision,
        branch_labels=None if version.down_revision else (version.scenario,),
        create_date=version.created_at.replace("T", " ").replace("Z", "+00:00"),
        snapshot=_to_dict(version),
        literal=_literal,
    )
    return text.rstrip("\n") + "\n"


@cache
def _template() -> Any:
    from mako.template import Template  # type: ignore[import-untyped]

    source = importlib.resources.files("demosnap.templates").joinpath("script.py.mako")
    return Template(source.read_text(encoding="utf-8"), strict_undefined=True)


def parse(script: Script) -> Version:
    """Return the version that a loaded revision script describes.

    Raises:
        ScriptError: demosnap did not write the script, or a value in it is invalid.
    """
    module = script.module
    path = Path(script.path)
    snapshot = getattr(module, "snapshot", None)
    if not isinstance(snapshot, dict):
        raise ScriptError(
            "this revision has no `snapshot`, so it is not demosnap's",
            "Keep the application's own migrations in a separate environment.",
            str(path),
        )
    down = script.down_revision
    if down is not None and not isinstance(down, str):
        raise ScriptError("a merge of revisions is not a version of a scenario", file=str(path))
    try:
        return _from_dict(snapshot, script.revision, down, _message(script), path.parent)
    except (KeyError, TypeError, ValueError, UsageError) as error:
        what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise ScriptError(
            f"`snapshot` is not what demosnap writes: {what}",
            "Restore the file from version control.",
            str(path),
        ) from error


def _message(script: Script) -> str:
    title = (script.module.__doc__ or "").strip().splitlines()
    return re.sub(r"^v[0-9]+(?:: )?", "", title[0]) if title else ""


def _to_dict(version: Version) -> dict[str, Any]:
    marker = version.selection.marker
    fields = ("column", "key", "scenario_key", "scenario_column", "where")
    plain = "scenario version created_at file format dialect digest size".split()
    found: dict[str, Any] = {
        **{name: getattr(version, name) for name in plain},
        "rows": dict(version.rows),
        "marker": {name: getattr(marker, name) for name in fields if getattr(marker, name)},
        "default": version.selection.default,
        "selection": {name: _recorded(rule) for name, rule in version.selection.rules.items()},
    }
    if version.selection.foreign_keys:
        found["foreign_keys"] = [
            foreign_key_fields(table, key)
            for table, keys in version.selection.foreign_keys.items()
            for key in keys
        ]
    if version.selection.columns:
        found["columns"] = columns.treatments(version.selection)
    if version.selection.ignored:
        found["ignored"] = dict(version.selection.ignored)
    if version.external_references:
        found["external_references"] = [
            {
                "table": reference.table,
                "columns": list(reference.columns),
                "references": reference.references,
                "referred_columns": list(reference.referred_columns),
                "rows": reference.rows,
                **({"path": reference.path} if reference.path is not None else {}),
                **({"dangling": [*map(list, reference.dangling)]} if reference.dangling else {}),
            }
            for reference in version.external_references
        ]
    if version.sequences:
        found["sequences"] = dict(version.sequences)
    if version.application_revision:
        found["application_revision"] = dict(version.application_revision)
    if version.told:
        found["told"] = list(version.told)
    return found


def _from_dict(
    found: Mapping[str, Any], revision: str, down: str | None, message: str, folder: Path
) -> Version:
    scenario = _matching(found["scenario"], SCENARIO, "scenario")
    rows = {_text(name): _count(count) for name, count in found["rows"].items()}
    rules = {_text(name): parse_rule(rule) for name, rule in found["selection"].items()}
    if list(rows) != list(rules):
        raise ValueError("rows and selection name different tables")
    marker = Marker(**found["marker"])
    if marker.none and any(
        leaf.kind == "marker" for rule in rules.values() for leaf in rule.leaves
    ):
        raise ValueError("the marker is missing")
    selection = Selection(
        scenario,
        marker,
        rules,
        found["default"] is True,
        foreign_keys=_foreign_keys(found, rules),
        columns=_columns(found, rules),
        ignored=_ignored(found, rules),
    )
    if found["format"] < selection.format:
        raise ValueError(f"format {found['format']} has no such selection")
    return Version(
        revision=revision,
        down_revision=down,
        scenario=scenario,
        version=_matching(found["version"], _VERSION_NAME, "version"),
        message=message,
        created_at=_matching(found["created_at"], _CREATED_AT, "created_at"),
        folder=str(folder),
        file=_matching(found["file"], _FILE_NAME, "file"),
        format=_count(found["format"]),
        dialect=_text(found["dialect"]),
        digest=_matching(found["digest"], _DIGEST, "digest"),
        size=_count(found["size"]),
        rows=rows,
        selection=selection,
        external_references=tuple(
            ExternalReference(
                table=_text(reference["table"]),
                columns=tuple(map(_text, reference["columns"])),
                references=_text(reference["references"]),
                referred_columns=tuple(map(_text, reference["referred_columns"])),
                rows=_count(reference["rows"]),
                path=_text(reference["path"]) if "path" in reference else None,
                dangling=_values(reference.get("dangling", ()), len(reference["columns"])),
            )
            for reference in found.get("external_references", ())
        ),
        application_revision={
            _text(name): _text(value)
            for name, value in found.get("application_revision", {}).items()
        },
        sequences={
            _text(name): _position(value) for name, value in found.get("sequences", {}).items()
        },
        told=tuple(map(_text, found.get("told", ()))),
    )


def rule_text(rule: Rule) -> str:
    """Render a rule for people: `marker`, `via fragment_id`, `marker or where store_id = 1`."""
    if rule.kind in ("any", "all"):
        word = " or " if rule.kind == "any" else " and "
        parts = (f"({rule_text(one)})" if one.rules else rule_text(one) for one in rule.rules)
        return word.join(parts)
    if rule.kind == "via":
        return "via " + ", ".join(display_name(None, column) for column in rule.columns)
    if rule.kind == "needed by":
        over = ", ".join(display_name(None, column) for column in rule.columns)
        return f"needed by {rule.table} via {over}"
    return "where " + rule.where if rule.kind == "where" else "marker"


def _recorded(rule: Rule) -> object:
    """Render a rule for a script: as `rule_text` does, or as `{"any": [...]}`, `{"all": [...]}`."""
    return {rule.kind: [*map(_recorded, rule.rules)]} if rule.rules else rule_text(rule)


def parse_rule(recorded: object) -> Rule:
    """Parse the form of scripts.

    Raises:
        ValueError: it is not a rule.
    """
    if isinstance(recorded, dict):
        ((kind, rules),) = recorded.items()
        if kind not in ("any", "all") or not isinstance(rules, list) or len(rules) < 2:
            raise ValueError(f"{recorded!r} is not a rule of a selection")
        return Rule(kind, rules=tuple(map(parse_rule, rules)))
    text = _text(recorded)
    kind, _, rest = text.partition(" ")
    if kind == "via" and rest:
        return Rule("via", columns=_names_in(rest))
    if match := _NEEDED_BY.fullmatch(text):
        return Rule("needed by", _names_in(match[2]), table=display_name(*split_name(match[1])))
    if kind == "where" and rest:
        return Rule("where", where=rest)
    if text == "marker":
        return Rule("marker")
    raise ValueError(f"{text!r} is not a rule of a selection")


def foreign_key_fields(table: str, key: ForeignKey) -> dict[str, Any]:
    """Return a logical foreign key of a table in the form of scripts."""
    found: dict[str, Any] = {
        "table": table,
        "columns": list(key.columns),
        "references": key.table,
        "referred_columns": list(key.referred_columns),
    }
    if key.when:
        found["when"] = {
            one.column: list(one.values)
            if one.table is None
            else {"references": f"{one.table}.{display_name(None, one.key)}"}
            | {"where": dict(zip(one.names, one.values, strict=True))}
            for one in key.when
        }
    if key.path is not None:
        found["path"] = key.path
    return found


def _foreign_keys(
    found: Mapping[str, Any], rules: Mapping[str, Rule]
) -> dict[str, tuple[ForeignKey, ...]]:
    """Parse the form that `foreign_key_fields` renders.

    Raises:
        ValueError: a value is not what demosnap writes.
    """
    keys: dict[str, tuple[ForeignKey, ...]] = {}
    for one in found.get("foreign_keys", ()):
        table = _text(one["table"])
        key = ForeignKey(
            columns=tuple(map(_text, one["columns"])),
            table=_text(one["references"]),
            referred_columns=tuple(map(_text, one["referred_columns"])),
            logical=True,
            when=tuple(_condition(_text(c), value) for c, value in one.get("when", {}).items()),
            path=_path(one["path"]) if "path" in one else None,
        )
        if table not in rules or len(key.columns) != len(key.referred_columns):
            raise ValueError("a foreign key does not fit the selection")
        keys[table] = (*keys.get(table, ()), key)
    return keys


def _path(value: Any) -> str:
    json_path.steps(_text(value))
    return _text(value)


def _condition(column: str, value: Any) -> Condition:
    if not isinstance(value, dict):
        return Condition(column, tuple(map(_text, value)))
    table, key = columns.parse(_text(value["references"]))
    names, values = zip(*value["where"].items(), strict=True)
    return Condition(
        column,
        tuple(map(_text, values)),
        table,
        key,
        tuple(map(_text, names)),
    )


def _columns(
    found: Mapping[str, Any], rules: Mapping[str, Rule]
) -> dict[str, dict[str, Treatment]]:
    treated: dict[str, dict[str, Treatment]] = {}
    for text, treatment in found.get("columns", {}).items():
        table, column = columns.parse(_text(text))
        if table not in rules or treatment not in get_args(Treatment):
            raise ValueError(f"{text!r} cannot be {treatment!r}")
        treated.setdefault(table, {})[column] = treatment
    return treated


def _names_in(text: str) -> tuple[str, ...]:
    parts = re.findall(r'"(?:[^"]|"")*"|[^,\s]+', text)
    return tuple(split_name(part)[1] for part in parts)


def _ignored(found: Mapping[str, Any], rules: Mapping[str, Rule]) -> dict[str, str]:
    ignored = {_text(name): _text(where) for name, where in found.get("ignored", {}).items()}
    if not ignored.keys() <= rules.keys():
        raise ValueError("ignored rows do not fit the selection")
    return ignored


def _literal(value: object) -> str:
    """Render a value as Python source, with double quotes."""
    if isinstance(value, str):
        # Python reads JSON's escapes, except for surrogates, which ensure_ascii would write.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\x7f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_literal, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return repr(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value


def _values(found: Sequence[Sequence[object]], width: int) -> tuple[tuple[str, ...], ...]:
    values = tuple(tuple(map(_text, key)) for key in found)
    if any(len(key) != width for key in values):
        raise ValueError(f"a dangling reference needs {width} values")
    return values


def _position(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 1 << 63:
        raise ValueError(f"{value!r} is not a position of a sequence")
    return value


def _matching(value: object, pattern: re.Pattern[str], name: str) -> str:
    if not isinstance(value, str) or not pattern.match(value):
        raise ValueError(f"{name} cannot be {value!r}")
    return value
