"""Verbs that compare: versions with each other, and the database with a version."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from demosnap.compare import drift
from demosnap.compare.row_changes import RowChanges
from demosnap.compare.sources import Comparison, DatabaseRows, NoRows, RowSource, SnapshotRows
from demosnap.config import Settings
from demosnap.database import own_tables, row_set
from demosnap.database.live import Database
from demosnap.database.own_tables import LogEntry
from demosnap.errors import DemosnapError, UnknownNameError, UsageError
from demosnap.model import Version
from demosnap.results import StatusEntry
from demosnap.revisions.graph import Graph
from demosnap.revisions.script import scenario_of
from demosnap.verbs.access import Access

_STEP = re.compile(r"(?:^|@)[+-]")

_SIDE = re.compile(r"[+-][0-9]+|v[0-9].*|head|base|database")

DATABASE = "database"
"""The name that stands for the database in the place of a version."""


@contextlib.contextmanager
def diff(
    access: Access,
    scenario: str | None = None,
    old: str | None = None,
    new: str | None = None,
    *,
    checked: bool = False,
    connection: Connection | None = None,
) -> Iterator[Comparison]:
    """Compare two versions, or a version with the database; see `Project.diff`."""
    graph = access.graph()
    scenario = graph.only() if scenario is None else scenario
    if not graph.of(scenario):
        raise UnknownNameError("scenario", scenario, graph.scenarios)
    names = (old, DATABASE if new is None else new)
    if names == (DATABASE, DATABASE):
        raise UsageError("both sides are the database", "Name a version on one of them.")
    with contextlib.ExitStack() as stack:
        database, settings = None, access.settings
        if any(name is None or name == DATABASE or _STEP.search(name) for name in names):
            database, settings = stack.enter_context(access.looking(graph, connection))
        current = _current(graph, database, scenario)
        versions = [_version(graph, scenario, name, current) for name in names]
        if database is not None and current in versions and DATABASE in names and current:
            i = versions.index(current)
            yield drift.compared(database, settings, current, i == 0, checked)
            return
        sides: list[RowSource] = [
            NoRows() if version is None else SnapshotRows(version, checked=checked)
            for version in versions
        ]
        if database is not None and DATABASE in names:
            i = names.index(DATABASE)
            picked = row_set.picked(database, settings, scenario, [*versions, current])
            sides[i] = DatabaseRows(database, picked, sides[1 - i].tables)
        yield Comparison(*sides)


def row_changes(
    access: Access,
    scenario: str,
    old: str | None,
    new: str | None,
    table: str | None,
    connection: Connection | None,
) -> RowChanges:
    """Compare completely and return the rows that differ; see `Scenario.diff`."""
    with diff(access, scenario, old, new, connection=connection) as comparison:
        known = [pair.name for pair in comparison.pairs()]
        if table is not None and table not in known:
            raise UnknownNameError("table", table, known)
        return RowChanges(comparison, table)


def sides(access: Access, words: Sequence[str]) -> tuple[str, str | None, str | None]:
    """Return the scenario and both sides of a diff; see `Project.sides`."""
    graph = access.graph()
    first = next(iter(words), None)
    if first is not None and first not in graph.scenarios:
        named = first.partition("@")[0] if "@" in first else None
        if named in graph.scenarios:
            words = (str(named), *words)
        elif _SIDE.fullmatch(first):
            words = (graph.only(), *words)
    elif first is None:
        words = (graph.only(),)
    if len(words) > 3:
        raise UsageError(
            f"{words[3]} is one version too many", "A diff compares two versions: FROM and TO."
        )
    scenario, old, new = (*words, None, None)[:3]
    assert scenario is not None
    return scenario, old, new


def status(access: Access, scenario: str | None = None) -> list[StatusEntry]:
    """Return the loaded versions and the drift from them; see `Project.status`."""
    graph = access.graph()
    with access.looking(graph) as (database, settings):
        stamps = own_tables.stamps(database.connection)
        unknown = [stamp for stamp in stamps if stamp not in graph.versions]
        others = [scenario_of(stamp) or stamp for stamp in unknown]
        names = sorted({*settings.scenario_names, *graph.scenarios, *others})
        if scenario is not None and scenario not in names:
            raise UnknownNameError("scenario", scenario, names)
        return [
            entry
            for name in names
            if scenario in (None, name)
            for entry in _status(settings, database, graph, name, stamps)
        ]


def _status(
    settings: Settings, database: Database, graph: Graph, scenario: str, stamps: tuple[str, ...]
) -> Iterator[StatusEntry]:
    unknown = [
        stamp
        for stamp in stamps
        if stamp not in graph.versions and (scenario_of(stamp) or stamp) == scenario
    ]
    for stamp in unknown:
        problem = "no script for this revision here"
        yield StatusEntry(scenario, stamp, None, (), None, (problem,))
    loaded: list[Version | None] = [v for v in graph.of(scenario) if v.revision in stamps]
    if not loaded and not unknown:
        loaded = [None]
    for version in loaded:
        newer = tuple(
            other
            for other in graph.of(scenario)
            if version is None or (other != version and version in graph.ancestors(other))
        )
        yield drift.status(database, settings, scenario, version, newer)


def log(access: Access, scenario: str | None = None) -> list[LogEntry]:
    """Return the log of changes, newest first; see `Project.log`."""
    with access.reading(None, changes=False) as (connection, _):
        found = own_tables.entries(connection, scenario)
    found = list(_named(access, found))
    if scenario is not None and not found:
        known = sorted({*access.settings.scenario_names, *access.graph().scenarios})
        if scenario not in known:
            raise UnknownNameError("scenario", scenario, known)
    return found


def _named(access: Access, entries: Sequence[LogEntry]) -> Iterator[LogEntry]:
    """Yield entries of the log, completed with the readable names of their versions."""
    try:
        known = access.graph().versions
    except DemosnapError:
        # The log is readable without the scripts, except for the names.
        known = {}
    before: dict[str, str | None] = {}
    named = []
    for entry in reversed(entries):
        was = before.get(entry.scenario)
        if entry.operation not in own_tables.PROOFS:
            before[entry.scenario] = entry.revision
        versions = (known.get(one or "") for one in (entry.revision, was))
        version, old = (one.version if one else None for one in versions)
        named.append(replace(entry, version=version, was=was, was_version=old))
    yield from reversed(named)


def _current(graph: Graph, database: Database | None, scenario: str) -> Version | None:
    if database is None:
        return None
    stamps = own_tables.stamps(database.connection)
    found = [v for s in stamps if (v := graph.versions.get(s)) and v.scenario == scenario]
    return found[0] if found else None


def _version(
    graph: Graph, scenario: str, name: str | None, current: Version | None
) -> Version | None:
    """Return the version of a name (None: the loaded one), or None for base and the database."""
    if name == DATABASE:
        return None
    if name is None:
        if current is None:
            raise UsageError(
                f"no version of {scenario} is loaded to compare with",
                f"Name the versions: demosnap diff {scenario} v1 v2.",
            )
        return current
    full = name if "@" in name else f"{scenario}@{name}"
    if full.partition("@")[0] != scenario:
        raise UsageError(
            f"{name} is not a version of {scenario}", "A diff compares versions of one scenario."
        )
    return graph.resolve(full, {scenario: current} if current else {})
