"""Capture the demo rows of a database as the next revision of a scenario."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from demosnap.capture import left_behind, warnings, write
from demosnap.capture.told import Told
from demosnap.compare import captured, drift, unpicked
from demosnap.config import Settings, scenario_name_problem
from demosnap.config.names import shown
from demosnap.database import (
    dangling_references,
    elsewhere,
    framework_migrations,
    joined_keys,
    namespaces,
    opened,
    own_tables,
    picking,
    row_set,
    selection,
    sequences,
)
from demosnap.database.live import Database
from demosnap.database.row_set import RowSet
from demosnap.dialects.base import Dialect
from demosnap.errors import RefusedError, UnknownNameError, UsageError
from demosnap.model import Header, Selection, Version
from demosnap.moves import triggers
from demosnap.reasons import of_tables, of_versions
from demosnap.results import CapturePlan, Target
from demosnap.revisions import revision_files
from demosnap.revisions.graph import Graph
from demosnap.revisions.script import render, revision_id
from demosnap.revisions.succession import (
    Wanted,
    number_and_message,
    only_head,
    parent_of,
    timestamp,
)
from demosnap.snapshot import table_order
from demosnap.snapshot.logical_keys import declared
from demosnap.snapshot.sqlfile import SnapshotWriter

_MOST_LOOKED_AT = 200_000
"""The most rows of a table that a capture searches for odd markers."""


@dataclass(frozen=True, slots=True)
class Captured:
    """The result of a capture.

    `version` is the new version, or the head that equals the demo rows (`created` False).
    `stamped` says whether the database is already stamped with it; `stamps` are all stamps before.
    """

    plan: CapturePlan
    version: Version | None
    created: bool
    stamped: bool
    stamps: Sequence[str] = ()
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    selection: Selection
    rows: RowSet
    plan: CapturePlan
    message: str
    stamps: Sequence[str]
    application_revision: Mapping[str, str]
    sequences: sequences.Positions
    before: Version | None
    new: Told


def capture(
    connection: Connection,
    reading: contextlib.AbstractContextManager[None],
    place: Target,
    settings: Settings,
    graph: Graph,
    wanted: Wanted,
    *,
    dry_run: bool,
    tried: Callable[[Version], object] | None = None,
    before_files: Callable[[], None] = lambda: None,
) -> Captured:
    """Read the demo rows at one moment, and write the next revision's files.

    `reading` is entered only while the database is read. `tried` is called with the version before
    its files are put in place, and raises if it would not load. `before_files` is called after
    everything was read and before the files are put in place.

    Raises:
        RefusedError: there is nothing to capture, or a guard refused.
        UnknownNameError: demosnap.yaml lacks the scenario.
        UsageError: message, head or date is invalid.
    """
    created_at = timestamp(wanted.date)
    check_scenario(settings, graph, wanted.scenario)
    head = only_head(graph, wanted.scenario)
    with contextlib.ExitStack() as stack:
        with reading:
            settings = namespaces.local(connection, settings)
            database = joined_keys.database(connection, settings, graph.versions.values())
            dialect = database.dialect
            found = _look(database, place, settings, graph, wanted, created_at, dry_run)
            if dry_run:
                return Captured(found.plan, None, False, False)
            if found.plan.refusals:
                raise RefusedError(f"revision {wanted.scenario}", found.plan.refusals)
            temporary = stack.enter_context(_snapshot_file(settings, wanted.scenario))
            part = write.captured(database, found.selection)
            header = _header(part, found, created_at)
            writer, external = write.write(part, found.rows, header, found.selection, temporary)
            plan = replace(found.plan, external_references=external)
            found = replace(found, plan=plan)
            found = _counted(database, settings, found, wanted, writer.rows)
            if head is None or writer.digest != head.digest:
                found = _unpicked(database, settings, found, writer.rows)
            changed = head is None or not _same(found, writer, head)
        if found.plan.refusals:
            raise RefusedError(f"revision {wanted.scenario}", found.plan.refusals)
        stamped = head is not None and head.revision in found.stamps
        if (
            head is not None
            and not changed
            and not wanted.allow_empty
            and dangling_references.within(found.plan.external_references, head.external_references)
        ):
            if tried is not None:
                tried(head)
            return Captured(found.plan, head, False, stamped, found.stamps)
        version = _version(settings, dialect, found, created_at, writer)
        if tried is not None:
            tried(replace(version, file=temporary.name))
        before_files()
        written = revision_files.publish(settings, graph, version, render(version), temporary)
    return Captured(found.plan, version, True, False, found.stamps, written)


def _same(found: _Found, writer: SnapshotWriter, head: Version) -> bool:
    """Return whether a capture has what the head has, in all columns that count."""
    database = found.rows.database
    alike = head.dialect == database.dialect.name
    if (
        found.plan.parent != head
        or found.selection != head.selection
        or not found.sequences.same(head.sequences, comparable=alike)
    ):
        return False
    if alike and writer.digest == head.digest:
        return True
    if found.selection.columns:
        return captured.is_captured(found.rows, head.scenario, [head])
    return not alike and opened.holds_same(head, database, writer.digest)


def check_scenario(settings: Settings, graph: Graph, scenario: str) -> None:
    """Check that a scenario may have revisions.

    Raises:
        UsageError: the name is invalid, or the marker does not distinguish scenarios.
        UnknownNameError: demosnap.yaml lists scenarios without this one.
    """
    if problem := scenario_name_problem(scenario):
        raise UsageError(f"{scenario!r} cannot be a scenario's name: {problem}")
    if settings.scenario_names and scenario not in settings.scenario_names:
        raise UnknownNameError(
            "scenario",
            scenario,
            settings.scenario_names,
            otherwise=f"Add it under `scenarios:` in {shown(settings.yaml_file)}.",
        )
    others = [name for name in graph.scenarios if name != scenario]
    if others and not settings.tells_scenarios_apart:
        raise UsageError(
            f"the marker cannot tell {scenario} from {', '.join(others)}",
            "Add scenario_key, scenario_column or :scenario to the marker in demosnap.yaml.",
        )


def _look(
    database: Database,
    place: Target,
    settings: Settings,
    graph: Graph,
    wanted: Wanted,
    created_at: str,
    dry_run: bool,
) -> _Found:
    connection = database.connection
    picked = selection.resolve(database, settings, wanted.scenario)
    by_table = RowSet(database, picking.predicates(database, picked))
    stamps = own_tables.stamps(connection)
    parent, refusals = parent_of(graph, wanted, stamps)

    def head_is_here() -> bool:
        alone = parent is not None and graph.heads(wanted.scenario) == [parent]
        return alone and _holds(by_table, picked, parent)

    if refusals and head_is_here():
        # The parent was captured from this database; only its stamp is missing.
        refusals = []
    refused = database.dialect.refuse_tables(connection, list(by_table))
    refusals += [of_tables.unusable(n, why) for n, why in refused.items() if by_table.count(n)]
    known = settings.scenario_names or tuple(dict.fromkeys((*graph.scenarios, wanted.scenario)))
    others = [name for name in known if name != wanted.scenario]
    refusals += warnings.overlaps(
        database, picked, [selection.resolve(database, settings, other) for other in others]
    )
    captured_part = write.captured(database, picked)
    external = write.references_to_outside(captured_part, by_table) if dry_run else ()
    most = None if dry_run else _MOST_LOOKED_AT
    # A dry run says all that there is to say.
    before = None if dry_run else parent
    new = Told(before.told if before else ())
    number, message = number_and_message(graph, wanted, head_is_here)
    plan = CapturePlan(
        target=place,
        scenario=wanted.scenario,
        version=f"v{number}_{created_at[:10]}",
        parent=parent,
        rows={},
        external_references=external,
        refusals=tuple(refusals),
        notes=(
            *left_behind.notes(
                *(settings, wanted.scenario, by_table, new, most),
                row_set.ignored(database, [picked]),
            ),
            *warnings.notes(database, settings, known, new, most),
            *sequences.notes(database, settings, list(by_table), new),
            *(elsewhere.notes(database, settings) if parent is None else ()),
        ),
    )
    newest = framework_migrations.revision(database)
    selected = [captured_part.tables[name] for name in by_table]
    positions = sequences.positions(captured_part, settings, by_table)
    found = _Found(picked, by_table, plan, message, stamps, newest, positions, before, new)
    if dry_run:
        found = _counted(database, settings, found, wanted, by_table.counts())
        found = replace(found, plan=_compared(database, found.plan, by_table))
        return _unpicked(database, settings, found, by_table.counts())
    # How a file loads tables in a cycle depends on which of them have rows.
    circles = [one for one in table_order.groups(selected) if len(one) > 1]
    rows = {table.name: by_table.count(table.name) for circle in circles for table in circle}
    return replace(found, plan=replace(plan, rows=rows))


def _compared(database: Database, plan: CapturePlan, picked: RowSet) -> CapturePlan:
    """Complete the plan of a dry run by all rows of the tables, and by what has changed."""
    of = {
        name: database.count(database.dialect.rows_of(database.tables[name]), "1 = 1")
        for name in plan.rows
    }
    changed = drift.since(database, plan.parent, picked) if plan.parent else None
    return replace(plan, of=of, drift=changed)


def _counted(
    database: Database,
    settings: Settings,
    found: _Found,
    wanted: Wanted,
    rows: Mapping[str, int],
) -> _Found:
    """Complete a plan after the rows were counted."""
    plan = found.plan
    refusals = list(plan.refusals)
    if not sum(rows.values()) and not wanted.allow_empty:
        looked_at = selection.looked_at(found.selection)
        marker = selection.marker_text(found.selection)
        refusals.append(
            of_versions.no_demo_rows(wanted.scenario, plan.target.url, looked_at, marker)
        )
    total, parent = sum(rows.values()), plan.parent
    if parent is not None and 0 < 2 * total < parent.total and not wanted.allow_shrink:
        refusals.append(of_versions.far_fewer_rows(parent, total))
    new = found.new
    known = found.before.external_references if found.before else ()
    filled = [name for name in rows if rows[name]]
    notes = (
        *plan.notes,
        *warnings.rules(database, found.selection, rows, new),
        *dangling_references.notes(plan.external_references, known),
        *warnings.moments(database, filled, new),
        *warnings.unloadable(database, filled, new),
        # Each move says it, and the first one may be far away.
        *triggers.told_of(database.tables, settings.triggers, {"insert": rows}, new),
    )
    return replace(
        found, plan=replace(plan, rows=dict(rows), refusals=tuple(refusals), notes=notes)
    )


def _unpicked(
    database: Database, settings: Settings, found: _Found, rows: Mapping[str, int]
) -> _Found:
    parent = found.plan.parent
    if parent is None or parent.revision not in found.stamps:
        return found
    scenario = parent.scenario
    notes = unpicked.left_by_capture(
        database,
        found.selection,
        parent,
        rows,
        lambda: row_set.others(database, settings, scenario),
    )
    return replace(found, plan=replace(found.plan, notes=(*found.plan.notes, *notes)))


def _holds(rows: RowSet, picked: Selection, head: Version | None) -> bool:
    """Return whether the database holds exactly the rows of the head."""
    return (
        head is not None
        and (head.selection, head.dialect) == (picked, rows.database.dialect.name)
        and any(rows.counts().values())
        and captured.is_captured(rows, picked.scenario, [head])
    )


@contextlib.contextmanager
def _snapshot_file(settings: Settings, scenario: str) -> Iterator[Path]:
    folder = settings.revisions / scenario
    revision_files.check_places(settings, folder)
    made = not folder.exists()
    revision_files.make_folder(folder)
    try:
        with revision_files.temporary(folder, f"{scenario}.sql") as path:
            yield path
    finally:
        if made:
            revision_files.remove_empty(folder)


def _header(database: Database, found: _Found, created_at: str) -> Header:
    return Header(
        scenario=found.plan.scenario,
        version=found.plan.version,
        created_at=created_at,
        dialect=database.dialect.name,
        tables=tuple(declared(database.tables[name]) for name in found.selection.rules),
        rows=found.plan.rows,
        format=found.selection.format,
        sequences=found.sequences.at,
    )


def _version(
    settings: Settings, dialect: Dialect, found: _Found, created_at: str, writer: SnapshotWriter
) -> Version:
    plan = found.plan
    number = int(plan.version[1:].partition("_")[0])
    parent = plan.parent.revision if plan.parent else None
    folder = settings.revisions / plan.scenario
    name = f"{plan.scenario}_{plan.version}.sql"
    for path in (folder / name, (folder / name).with_suffix(".py")):
        revision_files.check_free(path)
    return Version(
        revision=revision_id(plan.scenario, number, parent, writer.digest, created_at),
        down_revision=parent,
        scenario=plan.scenario,
        version=plan.version,
        message=found.message,
        created_at=created_at,
        folder=str(folder),
        file=name,
        format=found.selection.format,
        dialect=dialect.name,
        digest=writer.digest,
        size=writer.size,
        rows=dict(plan.rows),
        selection=found.selection,
        external_references=plan.external_references,
        application_revision=found.application_revision,
        sequences=found.sequences.at,
        told=found.new.now,
    )
