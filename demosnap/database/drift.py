"""How the database's demo rows differ from the version that is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from demosnap.config import Settings
from demosnap.database import fit, kept, log, moves
from demosnap.database.sides import Comparison, Live, Nothing, Side, Snapshot
from demosnap.errors import DemosnapError
from demosnap.model import Version
from demosnap.plan import StatusEntry, TableDrift
from demosnap.snapshot.diff import Kind


def status(
    database: moves.Database,
    settings: Settings,
    scenario: str,
    version: Version | None,
    newer: tuple[Version, ...],
) -> StatusEntry:
    """Compare the database with the version that it is stamped with; None: nothing is loaded."""
    revision = version.revision if version else None
    try:
        picked = moves.picked(database, settings, scenario, [version])
        known = kept.unchanged(database, scenario, picked)
        beside = known.without(database.dialect, picked)
        problems, drift = _drift(database, scenario, version, beside)
        problems = (
            *problems,
            *moves.unstamped(database, settings, newer, version),
            *touched(database, scenario, picked),
        )
    except DemosnapError as error:
        return StatusEntry(scenario, revision, version, newer, None, (error.message,))
    return StatusEntry(scenario, revision, version, newer, drift, problems, known.counts())


def touched(database: moves.Database, scenario: str, picked: Mapping[str, str]) -> Iterator[str]:
    """Yield, per table, that rows which an earlier move kept are not as it left them."""
    for table, count in kept.changed(database, scenario, picked).items():
        yield (
            f"{count} {'row' if count == 1 else 'rows'} of {table} that --keep-referenced kept"
            " changed since"
        )


def _drift(
    database: moves.Database, scenario: str, version: Version | None, picked: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[TableDrift, ...]]:
    old: Side = Nothing() if version is None else Snapshot(version)
    live = Live(database, picked, old.tables)
    problems = fit.unfit(database.tables, list(old.tables.values()))
    found: dict[str, Counter[Kind]] = {}
    narrower = False
    for pair, rows in Comparison(old, live).tables():
        narrower = narrower or bool(pair.columns_added)
        counts = Counter(difference.kind for difference in rows)
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
    database: moves.Database, version: Version, live: Live, found: Mapping[str, Counter[Kind]]
) -> bool:
    """Return whether the rows are those that the load of the version has left.

    They need not be those of its snapshot: a trigger may have changed them.
    """
    if not found:
        return True
    entry = log.last(database.connection, version.scenario)
    return entry is not None and (entry.revision, entry.digest) == (version.revision, live.digest)
