"""The two indexes derived from the revision graph; they are never read as a source."""

from __future__ import annotations

import hashlib
import json
import os.path
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from demosnap.model import Header, Version
from demosnap.snapshot.definitions import definition


def export_manifest(versions: Iterable[Version], root: str | Path) -> str:
    """Render `export_manifest.json`: the versions of each scenario.

    File names are relative to the folder `root`. `rows` has the number of rows of every table. It
    is repeated as a field such as `"todos": 105`, unless another field has that name.
    """
    versions = list(versions)
    return _manifest(
        {
            scenario: [_entry(version, root) for version in members]
            for scenario, members in _by_scenario(versions).items()
        }
    )


def schema_versions(
    versions: Iterable[Version], root: str | Path, headers: Mapping[str, Header], before: str = ""
) -> str:
    """Render `schema_versions.json`: the table definitions at the capture of each revision.

    `headers` are the snapshots' headers by revision. For a revision without a header, the
    definitions are taken from `before`, the current text of the file, or its `schema` is null.
    Equal definitions are stored once, under the SHA-256 of their canonical JSON.
    """
    schemas: dict[str, Any] = {}
    revisions: dict[str, Any] = {}
    recorded = _recorded(before)
    for members in _by_scenario(versions).values():
        for version in members:
            header = headers.get(version.revision)
            name = None
            if header is None and version.revision in recorded:
                name, schemas[name] = recorded[version.revision]
            elif header is not None:
                schema = {
                    "dialect": header.dialect,
                    "tables": {table.name: definition(table) for table in header.tables},
                }
                name = fingerprint(schema)
                schemas[name] = schema
            revisions[version.revision] = {
                "scenario": version.scenario,
                "version": version.version,
                "file": _file(version, root),
                "schema": name,
                "application_revision": dict(sorted(version.application_revision.items())),
            }
    return _schema_versions(schemas, revisions)


def _recorded(text: str) -> dict[str, tuple[str, Any]]:
    """Return the definitions in a text of the file, with their names, by revision."""
    try:
        read = json.loads(text)
        schemas = {n: one for n, one in read["schemas"].items() if fingerprint(one) == n}
        named = {revision: entry["schema"] for revision, entry in read["revisions"].items()}
        return {revision: (n, schemas[n]) for revision, n in named.items() if n in schemas}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def latest_of(versions: Sequence[Version]) -> Version:
    """Return the head of a scenario's versions; of several heads the highest, then newest."""
    parents = {version.down_revision for version in versions}
    heads = [version for version in versions if version.revision not in parents]
    return max(heads or versions, key=age)


def merged(base: str, ours: str, theirs: str) -> str:
    """Merge the text of one of the two files from two branches.

    The result has everything that either side added, and lacks everything that either side
    removed, as if derived from the scripts of both. `base` is the common ancestor, or empty.

    Raises:
        ValueError: a text is malformed.
    """
    try:
        old = json.loads(base) if base.strip() else {}
        left, right = json.loads(ours), json.loads(theirs)
        if "scenarios" in left and "scenarios" in right:
            return _manifest(_merged_versions(old, left, right))
        schemas = left["schemas"] | right["schemas"]
        revisions = _three_way(old.get("revisions", {}), left["revisions"], right["revisions"])
        return _schema_versions(schemas, revisions)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is not a metadata file of demosnap: {error}") from error


def _merged_versions(*sides: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    by_revision = [
        {
            entry["revision"]: (scenario, entry)
            for scenario, found in side.get("scenarios", {}).items()
            for entry in found["versions"]
        }
        for side in sides
    ]
    entries: dict[str, list[dict[str, Any]]] = {}
    for scenario, entry in _three_way(*by_revision).values():
        entries.setdefault(scenario, []).append(entry)
    return {scenario: sorted(entries[scenario], key=_entry_age) for scenario in sorted(entries)}


def _three_way(old: dict[str, Any], left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name in left | right:
        one, other, before = (side.get(name) for side in (left, right, old))
        kept = other if one == before else one
        if kept is not None:
            found[name] = kept
    return found


def _manifest(entries: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Render the manifest of entries by scenario, each after its older ones."""
    scenarios = {}
    for scenario, versions in entries.items():
        parents = {entry["down_revision"] for entry in versions}
        heads = [entry for entry in versions if entry["revision"] not in parents]
        # The same as `latest_of`, since they are ordered by age.
        scenarios[scenario] = {"latest": (heads or versions)[-1]["version"], "versions": versions}
    newest = max((e["created_at"] for found in entries.values() for e in found), default=None)
    return _text({"scenarios": scenarios, "last_updated": newest})


def _schema_versions(schemas: Mapping[str, Any], revisions: Mapping[str, Mapping[str, Any]]) -> str:
    """Render the table definitions that revisions name, in the order of both."""
    used = {entry["schema"] for entry in revisions.values()}
    return _text(
        {
            "schemas": {name: schemas[name] for name in sorted(schemas) if name in used},
            "revisions": dict(sorted(revisions.items(), key=_revision_age)),
        }
    )


def fingerprint(schema: Mapping[str, Any]) -> str:
    """Return the hex SHA-256 of a JSON object, independent of the order of its fields."""
    text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _by_scenario(versions: Iterable[Version]) -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    for version in sorted(versions, key=lambda version: (version.scenario, age(version))):
        found.setdefault(version.scenario, []).append(version)
    return found


def age(version: Version) -> tuple[int, str, str]:
    """Return what versions of a scenario are ordered by: number, time, id."""
    return version.number, version.created_at, version.revision


def _entry_age(entry: Mapping[str, Any]) -> tuple[int, str, str]:
    return _number(entry["version"]), entry["created_at"], entry["revision"]


def _revision_age(item: tuple[str, Mapping[str, Any]]) -> tuple[str, int, str, str]:
    revision, entry = item
    return entry["scenario"], _number(entry["version"]), entry["version"], revision


def _number(version: str) -> int:
    return int(version[1:].partition("_")[0])


def _entry(version: Version, root: str | Path) -> dict[str, Any]:
    first = {
        "version": version.version,
        "file": _file(version, root),
        "created_at": version.created_at,
        "size": version.size,
    }
    names = ("revision", "down_revision", "message", "digest", "format", "dialect")
    last = {"rows": dict(version.rows), **{name: getattr(version, name) for name in names}}
    counts = {name: count for name, count in version.rows.items() if name not in first | last}
    return first | counts | last


def _file(version: Version, root: str | Path) -> str:
    path = os.path.relpath(Path(version.folder) / version.file, root)
    return Path(path).as_posix()


def _text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
