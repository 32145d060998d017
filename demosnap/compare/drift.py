"""Compare the database's demo rows with the loaded version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from demosnap.compare import (
    attached,
    captured,
    changed_rules,
    known_rows,
    scenario_rows,
    unpicked,
)
from demosnap.compare.known_rows import KnownRows
from demosnap.compare.sources import (
    Comparison,
    DatabaseRows,
    NoRows,
    RowSource,
    SnapshotRows,
    WithUnpicked,
)
from demosnap.config import Settings
from demosnap.database import compatibility, own_tables, references, retained, row_set
from demosnap.database.live import Database
from demosnap.database.retained import Retained
from demosnap.errors import DemosnapError, SnapshotError
from demosnap.model import Key, Version
from demosnap.reasons import of_rows
from demosnap.refusal import Refusal
from demosnap.results import StatusEntry, TableDrift, Unpicked
from demosnap.rows.canonical import key_of
from demosnap.snapshot.diff import Kind
from demosnap.visible import rows as rows_of

_NAMED = 5
"""How many rows of a table are named for each kind of difference."""


def status(
    database: Database,
    settings: Settings,
    scenario: str,
    version: Version | None,
    newer: tuple[Version, ...],
) -> StatusEntry:
    """Compare the database with `version`, its stamp; None: no version is loaded.

    `newer` are the versions that follow it, oldest first.
    """
    revision = version.revision if version else None
    try:
        own = scenario_rows.find(database, settings, scenario, version)
        picked, rows = own.picked, own.beside
        problems, drift = _drift(database, version, own.present, rows)
        described: tuple[Unpicked, ...] = ()
        if rows.left or any(one.removed for one in drift):
            rows = _known(database, settings, scenario, version, rows)
            if counts := rows.counts():
                also = rows.compared.rows(database)
                wider = row_set.picked(database, settings, scenario, [version], also)
                own = replace(own, picked=wider, beside=rows)
                if version is not None:
                    problems, drift = _drift(database, version, own.present, rows)
                drift = _counting(drift, counts)
                newest = version or (newer[-1] if newer else None)
                described = unpicked.described(database, newest, rows)
        problems = (
            *problems,
            *captured.unstamped(database, settings, newer, version),
            *touched(database, scenario, picked),
        )
        beside = tuple(attached.find(settings, own, attached.MOST_LOOKED_AT))
    except DemosnapError as error:
        return StatusEntry(scenario, revision, version, newer, None, (error.message,))
    return StatusEntry(
        scenario,
        revision,
        version,
        newer,
        drift,
        problems,
        own.retained.counts(),
        described,
        rows.released.counts(),
        rows.left.counts() if described else {},
        beside,
    )


def since(
    database: Database, version: Version, picked: Mapping[str, str]
) -> tuple[TableDrift, ...] | None:
    """Count by table how the picked rows differ from a version, as a capture would record it.

    Values that a trigger altered during the load differ, too. None: the version's snapshot cannot
    be read.
    """
    try:
        return _drift(database, version, picked, known_rows.NONE, as_captured=True)[1]
    except SnapshotError:
        return None


def compared(
    database: Database, settings: Settings, version: Version, old: bool, checked: bool
) -> Comparison:
    """Compare the loaded version with the database; `old`: the version is the old side.

    `checked`: check the rows of the snapshot against the grammar.
    """
    scenario = version.scenario
    picked = row_set.picked(database, settings, scenario, [version])
    rows = scenario_rows.recorded(database, scenario, picked, version)
    snapshot = SnapshotRows(version, checked=checked, skipping=rows.skipped)
    live = DatabaseRows(database, picked, snapshot.tables)

    def look() -> tuple[DatabaseRows, Retained, tuple[str, ...]] | None:
        found = _known(database, settings, scenario, version, rows)
        if not found.counts():
            return None
        own = found.compared
        also = own.rows(database)
        wider = row_set.picked(database, settings, scenario, [version], also)
        described = unpicked.described(database, version, found)
        remarks = tuple(replace(one, count=0, rows=()).text for one in described if one.following)
        return DatabaseRows(database, wider, snapshot.tables), own, remarks

    if old:
        return WithUnpicked(snapshot, live, look)
    return WithUnpicked(live, snapshot, look)


def _known(
    database: Database, settings: Settings, scenario: str, version: Version | None, rows: KnownRows
) -> KnownRows:
    """Find rows of the loaded version, or rows that a move left, that are no longer picked."""
    found = known_rows.find(
        database,
        row_set.selections(database, settings, scenario, [version]),
        rows.left,
        version,
        version,
        lambda: row_set.others(database, settings, scenario),
        rows.skipped,
    )
    return replace(found, released=rows.released, skipped=rows.skipped)


def _counting(drift: tuple[TableDrift, ...], unpicked: Mapping[str, int]) -> tuple[TableDrift, ...]:
    found = {one.table: one for one in drift}
    names = dict.fromkeys((*found, *unpicked))
    return tuple(
        replace(found.get(name, TableDrift(name, 0, 0, 0)), unpicked=unpicked.get(name, 0))
        for name in names
    )


def touched(database: Database, scenario: str, picked: Mapping[str, str]) -> Iterator[str]:
    """Yield a note per table whose retained rows have changed since an earlier move."""
    for table, count in retained.changed(database, scenario, picked).items():
        yield f"{rows_of(count)} of {table} that --keep-referenced kept changed since"


def _drift(
    database: Database,
    version: Version | None,
    picked: Mapping[str, str],
    rows: KnownRows,
    *,
    as_captured: bool = False,
) -> tuple[tuple[str, ...], tuple[TableDrift, ...]]:
    old: RowSource = NoRows() if version is None else SnapshotRows(version, skipping=rows.skipped)
    own = rows.unpicked
    live = DatabaseRows(database, picked, old.tables)
    problems = map(str, compatibility.unfit(database.tables, list(old.tables.values())))
    found: dict[str, Counter[Kind]] = {}
    first: dict[str, dict[str, str]] = {}
    narrower = False
    for pair, found_rows in Comparison(old, live).tables():
        narrower = narrower or bool(pair.columns_added)
        known = own.keys.get(pair.name, ())
        # `Unpicked` describes the changes of these rows.
        counts: Counter[Kind] = Counter()
        keys: dict[Kind, list[Key]] = {}
        for one in found_rows:
            if known and one.new and key_of(pair.table, one.new) in known:
                continue
            counts[one.kind] += 1
            some = keys.setdefault(one.kind, [])
            if pair.keyed and len(some) < _NAMED:
                some.append(key_of(pair.table, one.new or one.old or b""))
        if counts:
            found[pair.name] = counts
            columns = ", ".join(pair.table.key)
            first[pair.name] = {
                kind: f"{columns}: {references.show_literals(some, counts[kind])}"
                for kind, some in keys.items()
                if some
            }
    # The log's digest excludes columns that the version lacks.
    asked = version if not (narrower or as_captured) else None
    if asked is not None and _as_logged(database, asked, live):
        found = {name: counts for name, counts in found.items() if name not in old.tables}
    drift = tuple(
        TableDrift(name, counts["added"], counts["removed"], counts["modified"], first=first[name])
        for name, counts in found.items()
    )
    return tuple(problems), drift


def _as_logged(database: Database, version: Version, live: DatabaseRows) -> bool:
    """Return whether the rows are as the load of the version left them.

    They may differ from the snapshot, since a trigger may have changed them.
    """
    entry = own_tables.last(database.connection, version.scenario)
    return entry is not None and (entry.revision, entry.digest) == (version.revision, live.digest)


def uncaptured(
    database: Database,
    settings: Settings,
    scenario: str,
    current: Version | None,
    target: Version | None,
    present: Mapping[str, int],
) -> Refusal:
    """Return the refusal that demo rows would be lost, with the rows that are in no revision.

    `present` counts the demo rows by table. `current` is the stamped version, `target` the version
    to go to; without a stamp the rows are compared with `target`.
    """
    since = current or target
    drift = status(database, settings, scenario, since, ()).drift or ()
    if current is None:
        # What an unstamped database lacks is not lost.
        drift = tuple(replace(one, removed=0) for one in drift if one.added or one.modified)
    changes = [one.named for one in drift]
    rules: list[str] = []
    if since is not None:
        added = [one.table for one in drift if one.added]
        rules += changed_rules.told(database, settings, since, added)
    picked = row_set.picked(database, settings, scenario, [current, target])
    kept = touched(database, scenario, picked)
    return of_rows.uncaptured(scenario, present, current, target, changes, rules, kept)
