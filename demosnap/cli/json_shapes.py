"""The output of `--json`. The shapes are stable: keys are added, never renamed or removed.

`history` and `heads`: a list of versions, the newest first; `show`: one version, with more keys
(below). A version::

    revision, down_revision (null: the first)   Alembic's ids
    scenario, version ("v2_2025-01-20"), message
    created_at                      UTC, "2025-01-20T14:15:00Z"
    rows {table: n}, total          rows of the snapshot
    size, file, digest, dialect, format   of the snapshot; file is relative to demo_revisions
    head                            whether it is the newest of its branch
    current                         whether it is loaded; null: the database could not be read

`show` adds `selection` {table: rule}, `columns` {table.column: "omit" or "ignore"},
`ignored` {table: predicate},
`external_references` [{table, columns, references,
referred_columns, rows, dangling [[literal]] (values without a referenced row)}] and
`application_revision` {version table: revision}.

`current`: a list with one object per stamp: scenario, revision, version and expected {table: n}
(null: no script knows the revision), head, rows {table: n} and total (null: not countable).

`diff --format json`: one object: scenario, from and to (a version, "base" or "the database") and
tables, a list with one object for each table that differs::

    table, in_from, in_to           its name, and the sides that have it
    columns_added, columns_removed  the columns that only one side has
    added, removed, modified, unpicked   numbers of rows
    rows                            (not with --stat) a list of::

        kind                        "added", "removed", "modified" or "unpicked" (no longer picked)
        key {column: value}         null where rows have no key
        old, new {column: value}    the whole row; null on the side without it
        cells                       of the last two: [{column, old, new, paths}], paths being
                                    [{path, old, new}] inside of JSON; old or new is left out
                                    where there is no such column or path

Values are null, true, false, numbers and text; bytes are {"hex": …}, decimals are text.

`status`: a list with one object a scenario: scenario, revision and version (null: nothing is
loaded), newer [version], clean, drift {table: {added, removed, modified, unpicked}} (null: it
is unknown), problems [text], kept {table: n}, released {table: n} and unpicked, a list of
{table, count, rows [text], following, since}: rows that are no longer picked by what they hold,
and those that are not since a row is not that they hang on; attached, a list of
{table, columns, references, rows, rule, excluded, captured}: rows that no rule picks and that
reference demo rows; rule is the line that would pick them, too (null: no line does, or the table
is excluded); captured: the table has a rule already.

`log`: a list, the newest first:
logged_at (UTC), operation, scenario, revision (null: base), version (null: base, or no script
knows it), rows {table: n}, total, digest,
demosnap_version, os_user, host.

`check`: a list of findings: message, file, line, hint; all but the message may be null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demosnap import columns

if TYPE_CHECKING:
    from demosnap.database.own_tables import LogEntry
    from demosnap.results import CurrentEntry, Finding, HistoryEntry, StatusEntry


def dump(value: Any) -> str:
    """Render a shape as JSON text."""
    return json.dumps(value, indent=2)


def _fields(value: object, names: str) -> dict[str, Any]:
    """Return fields of a result by their names, in that order, as JSON has them."""
    found = {name: getattr(value, name) for name in names.split()}
    return {
        name: dict(one) if isinstance(one, Mapping) else list(one) if type(one) is tuple else one
        for name, one in found.items()
    }


def version(entry: HistoryEntry) -> dict[str, Any]:
    """Make the object of a version."""
    one = entry.version
    return {
        **_fields(
            one, "revision down_revision scenario version message created_at rows total size"
        ),
        "file": f"{Path(one.folder).name}/{one.file}",
        **_fields(one, "digest dialect format"),
        **_fields(entry, "head current"),
    }


def details(entry: HistoryEntry) -> dict[str, Any]:
    """Make the object of a version with all its details."""
    from demosnap.revisions.script import rule_text

    one = entry.version
    return {
        **version(entry),
        "selection": {name: rule_text(rule) for name, rule in one.selection.rules.items()},
        "columns": columns.treatments(one.selection),
        "ignored": dict(one.selection.ignored),
        "external_references": [
            _fields(reference, "table columns references referred_columns rows dangling")
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
        "left_out": dict(entry.left_out),
    }


def status(entry: StatusEntry) -> dict[str, Any]:
    """Make the object of a scenario's status."""
    drift = None
    if entry.drift is not None:
        drift = {one.table: _fields(one, "added removed modified unpicked") for one in entry.drift}
    return {
        "scenario": entry.scenario,
        "revision": entry.revision,
        "version": entry.version.version if entry.version else None,
        "newer": [version.version for version in entry.newer],
        "clean": entry.clean,
        "drift": drift,
        **_fields(entry, "problems kept"),
        "unpicked": [_fields(one, "table count rows following since") for one in entry.unpicked],
        "released": dict(entry.released),
        "attached": [
            {
                "table": one.table,
                "columns": list(one.columns),
                "references": one.references,
                "rows": one.rows,
                "rule": one.rule,
                "excluded": one.excluded,
                "captured": one.captured,
            }
            for one in entry.attached
        ],
    }


def log_entry(entry: LogEntry) -> dict[str, Any]:
    """Make the object of a line of the log."""
    return {
        **_fields(entry, "logged_at operation scenario revision version rows"),
        "total": sum(entry.rows.values()),
        **_fields(entry, "digest demosnap_version os_user host"),
    }


def finding(finding: Finding) -> dict[str, Any]:
    """Make the object of a finding."""
    return _fields(finding, "message file line hint")
