"""Whether the demo rows that would go are in some revision, or are what the last load put there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from demosnap.database import log, transfer
from demosnap.database.snapshots import OpenSnapshot
from demosnap.dialects.base import Dialect, execute
from demosnap.errors import DemosnapError
from demosnap.model import Selection, Table, Version
from demosnap.snapshot.predicates import not_true, predicates


def is_captured(
    connection: Connection,
    dialect: Dialect,
    live: Mapping[str, Table],
    scenario: str,
    candidates: Iterable[Version],
    present: Mapping[str, int],
) -> bool:
    """Return whether all of a scenario's demo rows are captured.

    `candidates` are versions to compare with, the likeliest first. `present` counts the demo
    rows per table, of all selections together.
    """
    total = sum(present.values())
    if not total:
        return True
    entry = log.last(connection, scenario)
    known = {version.revision: version for version in candidates}
    if entry is not None and entry.digest and sum(entry.rows.values()) == total:
        version = known.get(entry.revision or "")
        if version is not None and _holds(connection, dialect, live, version, entry.digest, total):
            return True
    return any(
        _holds(connection, dialect, live, version, version.digest, total)
        for version in known.values()
        if version.dialect == dialect.name and version.total == total
    )


def _holds(
    connection: Connection,
    dialect: Dialect,
    live: Mapping[str, Table],
    version: Version,
    digest: str,
    total: int,
) -> bool:
    """Return whether the database holds exactly rows of that digest, picked as the version does."""
    snapshot = OpenSnapshot(version, dialect, live)
    try:
        tables = snapshot.tables
        picked = predicates(version.selection, live, dialect)
    except (DemosnapError, KeyError):
        # A snapshot that is gone or that fits no longer cannot vouch for rows.
        return False
    if sum(transfer.counts(connection, dialect, picked).values()) != total:
        return False
    if any(_beyond(connection, dialect, live[t.name], t, picked[t.name]) for t in tables):
        return False
    return transfer.digest(connection, dialect, tables, picked)[0] == digest


def _beyond(
    connection: Connection, dialect: Dialect, live: Table, recorded: Table, predicate: str
) -> bool:
    """Return whether rows hold values in columns that the version does not have.

    A column that was added since holds NULL or its default in every row that nobody touched.
    """
    known = {column.name for column in recorded.columns}
    tests = []
    for column in live.columns:
        if column.name in known or column.generated:
            continue
        name = dialect.quote(column.name)
        untouched = f" OR {dialect.holds_default(column)}" if column.default else ""
        tests.append(not_true(f"{name} IS NULL{untouched}"))
    if not tests:
        return False
    sql = (
        f"SELECT 1 FROM {dialect.quote_table(live.name)}"
        f" WHERE ({predicate}) AND ({' OR '.join(tests)}) LIMIT 1"
    )
    return execute(connection, sql).first() is not None


def union(
    selections: Sequence[Selection], live: Mapping[str, Table], dialect: Dialect
) -> dict[str, str]:
    """Return, per table, the predicate of what any of the selections picks.

    Tables that the database no longer has hold no rows and are left out.

    Raises:
        ScriptError: a selection goes over a column or foreign key that the database lacks.
    """
    picked: dict[str, list[str]] = {}
    for selection in selections:
        rules = {name: rule for name, rule in selection.rules.items() if name in live}
        present = Selection(selection.scenario, selection.marker, rules, selection.default)
        for name, predicate in predicates(present, live, dialect).items():
            known = picked.setdefault(name, [])
            if predicate not in known:
                known.append(predicate)
    return {
        name: tests[0] if len(tests) == 1 else " OR ".join(f"({test})" for test in tests)
        for name, tests in picked.items()
    }
