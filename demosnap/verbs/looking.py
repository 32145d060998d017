"""Verbs that look: at the versions, and at their rows in the database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from demosnap import dialects
from demosnap.compare import scenario_rows
from demosnap.config import Settings
from demosnap.config.names import scenario_name_problem
from demosnap.database import own_tables
from demosnap.database.live import Database
from demosnap.errors import (
    DemosnapError,
    RefusedError,
    UnknownNameError,
    UsageError,
    VerificationError,
)
from demosnap.model import Version
from demosnap.options import MoveOptions
from demosnap.results import CurrentEntry, Finding, HistoryEntry
from demosnap.revisions import checking, conflicts, goals, revision_files
from demosnap.revisions.graph import Graph
from demosnap.revisions.script import scenario_of
from demosnap.verbs.access import Access


def check_scenario(access: Access, name: str) -> None:
    """Check that a scenario exists, or could exist if there are no scenarios.

    Raises:
        UnknownNameError: scenarios exist, but none of this name.
        UsageError: the name is not valid.
    """
    if problem := scenario_name_problem(name):
        raise UsageError(f"{name!r} cannot be a scenario's name: {problem}")
    named, captured = access.settings.scenario_names, access.graph().scenarios
    if named and name not in {*named, *captured}:
        raise UnknownNameError("scenario", name, sorted({*named, *captured}))


def history(
    access: Access,
    scenario: str | None = None,
    *,
    rev_range: str | None = None,
    indicate_current: bool = True,
) -> list[HistoryEntry]:
    """Return the versions, newest first; see `Project.history`."""
    graph = access.graph()
    if scenario is not None and not graph.of(scenario):
        raise UnknownNameError("scenario", scenario, graph.scenarios)
    chosen = [v for v in graph.versions.values() if scenario in (None, v.scenario)]
    needed = "current" in re.split(r"[:\s]+", rev_range or "")
    current = _stamped(access, needed=needed) if indicate_current or needed else None
    if rev_range is not None:
        chosen = goals.in_range(graph, chosen, rev_range, current or ())
    moments: dict[str, str] = {}
    for version in graph.versions.values():
        # A renumbered version may be older than its parent.
        below = moments.get(version.down_revision or "", "")
        moments[version.revision] = max(version.created_at, below)
    chosen.sort(key=lambda v: (moments[v.revision], v.number, v.revision), reverse=True)
    return [_entry(graph, version, current) for version in chosen]


def several_heads(access: Access, scenario: str | None = None) -> list[Finding]:
    """Return a finding for each scenario with several heads, with what to do about it."""
    graph = access.graph()
    return [
        Finding(error.reason, hint=error.hint)
        for name in graph.scenarios
        if scenario in (None, name) and len(graph.heads(name)) > 1
        for error in [conflicts.several_heads(name, graph.heads(name))]
    ]


def heads(access: Access) -> list[HistoryEntry]:
    """Return the newest version of each branch, by scenario."""
    graph = access.graph()
    current = _stamped(access)
    return [
        _entry(graph, version, current)
        for scenario in graph.scenarios
        for version in graph.heads(scenario)
    ]


def show(access: Access, name: str | None) -> HistoryEntry:
    """Return a version; `name` may be incomplete, as `Graph.whole` allows."""
    graph = access.graph()
    current = _stamped(access)
    stamped = (graph.versions[s] for s in current or () if s in graph.versions)
    name = graph.whole(name)
    version = graph.resolve(name, {v.scenario: v for v in stamped})
    if version is None:
        raise UsageError(f"{name} is before the first version; there is nothing to show")
    return _entry(graph, version, current)


def current(access: Access) -> list[CurrentEntry]:
    """Return the stamps of the database by scenario; see `Project.current`."""
    graph = access.graph()
    with access.looking(graph) as (database, settings):
        return [
            _current_entry(settings, database, graph, stamp)
            for stamp in own_tables.stamps(database.connection)
        ]


def _current_entry(
    settings: Settings, database: Database, graph: Graph, stamp: str
) -> CurrentEntry:
    version = graph.versions.get(stamp)
    if version is None:
        return CurrentEntry(scenario_of(stamp) or "", stamp, None, False, None)
    rows = scenario_rows.find(database, settings, version.scenario, version)
    return CurrentEntry(
        version.scenario,
        stamp,
        version,
        graph.is_head(version),
        rows.present.counts(),
        {name: len(keys) for name, keys in rows.beside.skipped.items() if keys},
    )


def _stamped(access: Access, *, needed: bool = False) -> tuple[str, ...] | None:
    try:
        with access.reading(None, changes=False) as (connection, _):
            return own_tables.stamps(connection)
    except DemosnapError:
        # History works without a database, except for the current version.
        if needed:
            raise
        return None


# ------------------------------------------------------------------ files


def check(
    access: Access, scenario: str | None = None, *, database: bool = False, rehearse: bool = False
) -> list[Finding]:
    """Return the problems of files and database; see `Project.check`."""
    if rehearse and not database:
        raise UsageError("--rehearse needs a database to try it in", "Give --database with it.")
    settings = access.settings
    findings = checking.files_of(settings, scenario)
    if database and not findings:
        with access.reading(None, changes=False) as (connection, _):
            dialect = dialects.of(connection)
            with dialect.session(connection, write=False):
                with dialect.consistent_read(connection):
                    findings = checking.database(connection, settings, access.graph(), scenario)
                    stamps = own_tables.stamps(connection)
                with connection.begin() as trial:
                    findings += checking.untaken(connection, settings, access.graph(), scenario)
                    trial.rollback()
    if rehearse and not findings:
        graph = access.graph()
        loaded = [graph.versions[stamp] for stamp in stamps if stamp in graph.versions]
        for version in loaded:
            if scenario in (None, version.scenario):
                findings += _tried(access, version)
    return [*findings, *checking.ignored(settings, scenario)]


def _tried(access: Access, version: Version) -> Iterator[Finding]:
    """Yield a finding if a loaded version could not be put back."""
    try:
        access.run(goals.rehearsal(version), MoveOptions(), rehearsal=True)
    except (RefusedError, VerificationError) as error:
        if isinstance(error, RefusedError):
            for one in error.refusals:
                yield Finding(one.what, hint="\n".join(one.ways_out) or None)
        else:
            yield Finding(error.message, hint=error.hint)


def manifest(access: Access, *, check: bool = False) -> list[Finding]:
    """Rebuild the metadata files and latest links; with `check`, only return the stale ones."""
    if check:
        return checking.stale(access.settings, access.graph())
    with revision_files.project_lock(access.settings, access.lock_timeout):
        revision_files.refresh(access.settings, access.graph())
    return []


def manifest_text(access: Access) -> str:
    """Return the text of export_manifest.json for the current graph."""
    return revision_files.derived(access.settings, access.graph())[revision_files.MANIFEST]


def _entry(graph: Graph, version: Version, current: Sequence[str] | None) -> HistoryEntry:
    head = graph.is_head(version)
    return HistoryEntry(version, head, None if current is None else version.revision in current)
