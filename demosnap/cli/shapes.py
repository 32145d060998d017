"""What `--json` prints. The shapes are stable: keys are added, never renamed or taken away.

`history` and `heads`: a list of versions, the newest first; `show`: one version, with more keys
(below). A version::

    revision, down_revision (null: the first)   Alembic's ids
    scenario, version ("v2_2025-01-20"), message
    created_at                      UTC, "2025-01-20T14:15:00Z"
    rows {table: n}, total          rows of the snapshot
    size, file, digest, dialect, format   of the snapshot; file is relative to demo_revisions
    head                            whether it is the newest of its branch
    current                         whether the database is at it; null: it could not be asked

`show` adds `selection` {table: rule}, `external_references` [{table, columns, references,
referred_columns, rows}] and `application_revision` {version table: revision}.

`current`: a list with one object per stamp: scenario, revision, version and expected {table: n}
(null: no script knows the revision), head, rows {table: n} and total (null: not countable).

`check`: a list of findings: message, file, line, hint; all but the message may be null.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demosnap.plan import CurrentEntry, Finding, HistoryEntry


def dump(value: Any) -> str:
    """Render a shape as JSON text."""
    return json.dumps(value, indent=2)


def version(entry: HistoryEntry) -> dict[str, Any]:
    """Make the object of a version."""
    one = entry.version
    return {
        "revision": one.revision,
        "down_revision": one.down_revision,
        "scenario": one.scenario,
        "version": one.version,
        "message": one.message,
        "created_at": one.created_at,
        "rows": dict(one.rows),
        "total": one.total,
        "size": one.size,
        "file": f"{Path(one.folder).name}/{one.file}",
        "digest": one.digest,
        "dialect": one.dialect,
        "format": one.format,
        "head": entry.head,
        "current": entry.current,
    }


def details(entry: HistoryEntry) -> dict[str, Any]:
    """Make the object of a version with all that is known of it."""
    from demosnap.revisions.script import rule_text

    one = entry.version
    return {
        **version(entry),
        "selection": {name: rule_text(rule) for name, rule in one.selection.rules.items()},
        "external_references": [
            {
                "table": reference.table,
                "columns": list(reference.columns),
                "references": reference.references,
                "referred_columns": list(reference.referred_columns),
                "rows": reference.rows,
            }
            for reference in one.external_references
        ],
        "application_revision": dict(one.application_revision),
    }


def current(entry: CurrentEntry) -> dict[str, Any]:
    """Make the object of a stamp."""
    return {
        "scenario": entry.scenario,
        "revision": entry.revision,
        "version": entry.version.version if entry.version else None,
        "head": entry.head,
        "rows": None if entry.rows is None else dict(entry.rows),
        "total": None if entry.rows is None else sum(entry.rows.values()),
        "expected": dict(entry.version.rows) if entry.version else None,
    }


def finding(finding: Finding) -> dict[str, Any]:
    """Make the object of a finding."""
    return {
        "message": finding.message,
        "file": finding.file,
        "line": finding.line,
        "hint": finding.hint,
    }
