"""The two indexes that are derived from the revision graph: pure text, the source of nothing."""

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
    """Render `export_manifest.json`: what versions there are of each scenario.

    `root` is the folder that file names are relative to. A table's count stands beside the
    other fields, as in `"todos": 105`, unless its name is one of theirs; `rows` has them all.
    """
    versions = list(versions)
    scenarios = {
        scenario: {
            "latest": latest_of(members).version,
            "versions": [_entry(version, root) for version in members],
        }
        for scenario, members in _by_scenario(versions).items()
    }
    newest = max((version.created_at for version in versions), default=None)
    return _text({"scenarios": scenarios, "last_updated": newest})


def schema_versions(
    versions: Iterable[Version], root: str | Path, headers: Mapping[str, Header]
) -> str:
    """Render `schema_versions.json`: the table definitions that revisions were captured under.

    `headers` are the snapshots' headers by revision; a revision without one has `schema` null.
    Equal definitions stand there once, under the SHA-256 of their canonical JSON.
    """
    schemas: dict[str, Any] = {}
    revisions: dict[str, Any] = {}
    for members in _by_scenario(versions).values():
        for version in members:
            header = headers.get(version.revision)
            name = None
            if header is not None:
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
    return _text({"schemas": dict(sorted(schemas.items())), "revisions": revisions})


def latest_of(versions: Sequence[Version]) -> Version:
    """Return the head of one scenario's versions; of several heads the highest, then newest."""
    parents = {version.down_revision for version in versions}
    heads = [version for version in versions if version.revision not in parents]
    return max(heads or versions, key=_age)


def fingerprint(schema: Mapping[str, Any]) -> str:
    """Return the hex SHA-256 of a JSON object, whatever the order of its fields."""
    text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _by_scenario(versions: Iterable[Version]) -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    for version in sorted(versions, key=lambda version: (version.scenario, _age(version))):
        found.setdefault(version.scenario, []).append(version)
    return found


def _age(version: Version) -> tuple[int, str, str]:
    return version.number, version.created_at, version.revision


def _entry(version: Version, root: str | Path) -> dict[str, Any]:
    first = {
        "version": version.version,
        "file": _file(version, root),
        "created_at": version.created_at,
        "size": version.size,
    }
    last = {
        "rows": dict(version.rows),
        "revision": version.revision,
        "down_revision": version.down_revision,
        "message": version.message,
        "digest": version.digest,
        "format": version.format,
        "dialect": version.dialect,
    }
    counts = {name: count for name, count in version.rows.items() if name not in first | last}
    return first | counts | last


def _file(version: Version, root: str | Path) -> str:
    path = os.path.relpath(Path(version.folder) / version.file, root)
    return Path(path).as_posix()


def _text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
