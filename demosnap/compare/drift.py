"""How the database's demo rows differ from the version that is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from demosnap.compare import captured, known_rows, released, unpicked
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
from demosnap.database import compatibility, own_tables, retained, row_set
from demosnap.database.live import Database
from demosnap.database.retained import Retained
from demosnap.errors import DemosnapError
from demosnap.model import Version
from demosnap.results import StatusEntry, TableDrift, Unpicked
from demosnap.snapshot.change_order import key_of
from demosnap.snapshot.diff import Kind
from demosnap.visible import rows as rows_of


def status(
    database: Database,
    settings: Settings,
    scenario: str,
    version: Version | None,
    newer: tuple[Version, ...],
) -> StatusEntry:
    """Compare the database with the version that it is stamped with; None: nothing is loaded."""
    revision = version.revision if version else None
    try:
        picked = row_set.picked(database, settings, scenario, [version])
        known = retained.unchanged(database, scenario, picked)
        beside = picked - known.rows(database)
        rows = KnownRows(
            left=released.left(database, scenario),
            released=released.released(database, scenario, picked),
        )
        rows = replace(rows, skipped=released.skipped(database, version, rows.released))
        problems, drift = _drift(database, version, beside, rows)
        told: tuple[Unpicked, ...] = ()
        if rows.left or any(one.removed for one in drift):
            rows = _known(database, settings, scenario, version, rows)
            if counts := rows.counts():
                wider = row_set.picked(
                    database,
                    settings,
                    scenario,
                    [version],
                    known_rows.also(database, rows.compared),
                )
                beside = wider - known.rows(database)
                if version is not None:
                    problems, drift = _drift(database, version, beside, rows)
                drift = _counting(drift, counts)
                newest = version or (newer[-1] if newer else None)
                told = unpicked.described(database, newest, rows)
        problems = (
            *problems,
            *captured.unstamped(database, settings, newer, version),
            *touched(database, scenario, picked),
        )
    except DemosnapError as error:
        return StatusEntry(scenario, revision, version, newer, None, (error.message,))
    return StatusEntry(
        scenario,
        revision,
        version,
        newer,
        drift,
        problems,
        known.counts(),
        told,
        rows.released.counts(),
        rows.left.counts() if told else {},
    )


def unpicked_of(database: Database, settings: Settings, version: Version) -> tuple[Unpicked, ...]:
    """Say which rows of the version that is loaded are no longer picked."""
    return status(database, settings, version.scenario, version, ()).unpicked


def compared(
    database: Database, settings: Settings, version: Version, old: bool, checked: bool
) -> Comparison:
    """Compare the version that is loaded with the database; `old`: it is the old side."""
    scenario = version.scenario
    picked = row_set.picked(database, settings, scenario, [version])
    let_go = released.released(database, scenario, picked)
    rows = KnownRows(
        left=released.left(database, scenario),
        released=let_go,
        skipped=released.skipped(database, version, let_go),
    )
    snapshot = SnapshotRows(version, checked=checked, skipping=rows.skipped)
    live = DatabaseRows(database, picked, snapshot.tables)

    def look() -> tuple[DatabaseRows, Retained, tuple[str, ...]] | None:
        found = _known(database, settings, scenario, version, rows)
        if not found.counts():
            return None
        own = found.compared
        also = known_rows.also(database, own)
        wider = row_set.picked(database, settings, scenario, [version], also)
        told = unpicked.described(database, version, found)
        said = tuple(replace(one, count=0, rows=()).told for one in told if one.following)
        return DatabaseRows(database, wider, snapshot.tables), own, said

    if old:
        return WithUnpicked(snapshot, live, look)
    return WithUnpicked(live, snapshot, look)


def _known(
    database: Database,
    settings: Settings,
    scenario: str,
    version: Version | None,
    rows: KnownRows,
) -> KnownRows:
    """Look for rows of the version that is loaded, or that were left, and are not picked."""
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
    """Yield, per table, that rows which an earlier move kept are not as it left them."""
    for table, count in retained.changed(database, scenario, picked).items():
        yield f"{rows_of(count)} of {table} that --keep-referenced kept changed since"


def _drift(
    database: Database, version: Version | None, picked: Mapping[str, str], rows: KnownRows
) -> tuple[tuple[str, ...], tuple[TableDrift, ...]]:
    old: RowSource = NoRows() if version is None else SnapshotRows(version, skipping=rows.skipped)
    own = rows.unpicked
    live = DatabaseRows(database, picked, old.tables)
    problems = compatibility.unfit(database.tables, list(old.tables.values()))
    found: dict[str, Counter[Kind]] = {}
    narrower = False
    for pair, found_rows in Comparison(old, live).tables():
        narrower = narrower or bool(pair.columns_added)
        known = own.keys.get(pair.name, ())
        # What a row holds that is no longer picked is told of it alone.
        counts = Counter(
            one.kind
            for one in found_rows
            if not (known and one.new and key_of(pair.table, one.new) in known)
        )
        if counts:
            found[pair.name] = counts
    # The log knows nothing of columns that the version does not have.
    if version is not None and not narrower and _as_logged(database, version, live, found):
        found = {name: counts for name, counts in found.items() if name not in old.tables}
    drift = tuple(
        TableDrift(name, counts["added"], counts["removed"], counts["modified"])
        for name, counts in found.items()
    )
    return tuple(problems), drift


def _as_logged(
    database: Database, version: Version, live: DatabaseRows, found: Mapping[str, Counter[Kind]]
) -> bool:
    """Return whether the rows are those that the load of the version has left.

    They need not be those of its snapshot: a trigger may have changed them.
    """
    if not found:
        return True
    entry = own_tables.last(database.connection, version.scenario)
    return entry is not None and (entry.revision, entry.digest) == (version.revision, live.digest)


def uncaptured(
    database: Database,
    settings: Settings,
    scenario: str,
    current: Version | None,
    target: Version | None,
    present: Mapping[str, int],
) -> str:
    """Say that demo rows would be lost, and how they differ from the version that is stamped.

    `present` counts the demo rows by table; `current` is the version that is stamped, `target` the
    one to go to.
    """
    rows = ", ".join(f"{name} {count}" for name, count in present.items() if count)
    lines = [f"the demo rows of {scenario} are in no revision and would be lost ({rows})"]
    if current is not None:
        entry = status(database, settings, scenario, current, ())
        if entry.drift:
            lines = [
                f"changes of the demo rows of {scenario} since {current.version} are in no "
                f"revision and would be lost",
                *(one.told for one in entry.drift),
            ]
    picked = row_set.picked(database, settings, scenario, [current, target])
    lines += touched(database, scenario, picked)
    return "\n".join(
        [
            *lines,
            f"`demosnap revision {scenario}` saves them; --discard (with alembic: -x "
            f"demosnap.discard=1) gives them up",
        ]
    )
