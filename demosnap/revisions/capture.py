"""Capture the demo rows of a database as the next revision of a scenario."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from demosnap import dialects
from demosnap.config import Settings, scenario_name_problem
from demosnap.config.names import shown
from demosnap.database import (
    application,
    captured,
    guard,
    log,
    odd,
    reflect,
    selection,
    transfer,
)
from demosnap.dialects.base import Dialect
from demosnap.errors import RefusedError, ScriptError, UnknownNameError, UsageError
from demosnap.model import Header, Selection, Table, Version
from demosnap.plan import CapturePlan, Target
from demosnap.revisions import files
from demosnap.revisions.graph import Graph
from demosnap.revisions.script import render, revision_id, scenario_of
from demosnap.snapshot.predicates import predicates
from demosnap.snapshot.sqlfile import SnapshotWriter

_MESSAGE = re.compile(r"v([1-9][0-9]*)\s*(?::\s*(.*))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a capture is asked for; the fields are the options of `demosnap revision`."""

    scenario: str
    message: str | None = None
    allow_empty: bool = False
    head: str | None = None
    splice: bool = False
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Captured:
    """What a capture found.

    `version` is the new one, or the head that the demo rows equal (`created` False). `stamped`
    says whether the database is stamped with it already, `stamps` are all that it had.
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
    tables: dict[str, Table]
    predicates: dict[str, str]
    plan: CapturePlan
    message: str
    stamps: Sequence[str]
    application_revision: Mapping[str, str]


def capture(
    connection: Connection,
    reading: contextlib.AbstractContextManager[None],
    place: Target,
    settings: Settings,
    graph: Graph,
    wanted: Wanted,
    *,
    dry_run: bool,
    before_files: Callable[[], None] = lambda: None,
) -> Captured:
    """Read the demo rows at one moment, and write the next revision's files.

    `reading` is that moment: entered for as long as the database is read, and no longer.
    `before_files` is called when all has been read, and the files are put in place.

    Raises:
        RefusedError: there is nothing to capture, or it would undo or mix up something.
        UnknownNameError: the scenario is not one of demosnap.yaml's.
        UsageError: message, head or date is not what it must be.
    """
    created_at = timestamp(wanted.date)
    check_scenario(settings, graph, wanted.scenario)
    dialect = dialects.of(connection)
    head = _only_head(graph, wanted.scenario)
    with contextlib.ExitStack() as stack:
        with reading:
            found = _look(connection, dialect, place, settings, graph, wanted, created_at)
            if dry_run:
                return Captured(found.plan, None, False, False)
            if found.plan.refusals:
                raise RefusedError(f"revision {wanted.scenario}", found.plan.refusals)
            temporary = stack.enter_context(_snapshot_file(settings, wanted.scenario))
            writer = _write(connection, dialect, found, created_at, temporary)
        stamped = head is not None and head.revision in found.stamps
        if (
            head is not None
            and not wanted.allow_empty
            and found.plan.parent == head
            and (writer.digest, found.selection) == (head.digest, head.selection)
            and head.dialect == dialect.name
        ):
            return Captured(found.plan, head, False, stamped, found.stamps)
        version = _version(settings, dialect, found, created_at, writer)
        before_files()
        written = files.publish(settings, graph, version, render(version), temporary)
    return Captured(found.plan, version, True, False, found.stamps, written)


def timestamp(date: str | None) -> str:
    """Return when a capture is made, UTC: `date`, else SOURCE_DATE_EPOCH, else now.

    Raises:
        UsageError: it is no day and no timestamp.
    """
    utc = datetime.timezone.utc
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        if date is not None:
            moment = datetime.datetime.fromisoformat(date.replace("Z", "+00:00"))
            moment = moment.replace(tzinfo=moment.tzinfo or utc).astimezone(utc)
        elif epoch:
            moment = datetime.datetime.fromtimestamp(int(epoch), utc)
        else:
            moment = datetime.datetime.now(utc)
    except (ValueError, OverflowError, OSError):
        what = f"--date {date}" if date is not None else f"SOURCE_DATE_EPOCH={epoch}"
        raise UsageError(
            f"{what} is no date", "Write 2025-01-20, or 2025-01-20T14:15:00Z."
        ) from None
    # Not strftime, which does not pad years before 1000 everywhere.
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def check_scenario(settings: Settings, graph: Graph, scenario: str) -> None:
    """Check that a scenario may have revisions.

    Raises:
        UsageError: the name is none, or the marker cannot tell it from another scenario's.
        UnknownNameError: demosnap.yaml lists scenarios, and this is not one of them.
    """
    if problem := scenario_name_problem(scenario):
        raise UsageError(f"{scenario!r} cannot be a scenario's name: {problem}")
    if settings.scenario_names and scenario not in settings.scenario_names:
        raise UnknownNameError(
            "scenario",
            scenario,
            settings.scenario_names,
            f"Add it under `scenarios:` in {shown(settings.yaml_file)}, or use one of"
            f" {', '.join(settings.scenario_names)}.",
        )
    others = [name for name in graph.scenarios if name != scenario]
    if others and not settings.marker.names_scenario:
        raise UsageError(
            f"the marker cannot tell {scenario} from {', '.join(others)}",
            "Add scenario_key, scenario_column or :scenario to the marker in demosnap.yaml.",
        )


def _look(
    connection: Connection,
    dialect: Dialect,
    place: Target,
    settings: Settings,
    graph: Graph,
    wanted: Wanted,
    created_at: str,
) -> _Found:
    tables = reflect.tables(connection)
    picked = selection.resolve(connection, settings, tables, wanted.scenario)
    by_table = predicates(picked, tables, dialect)
    rows = transfer.counts(connection, dialect, by_table)
    stamps = log.stamps(connection)
    parent, refusals = _parent(graph, wanted, stamps)

    def head_is_here() -> bool:
        alone = parent is not None and graph.heads(wanted.scenario) == [parent]
        return alone and _holds(connection, dialect, tables, picked, rows, parent)

    if refusals and head_is_here():
        # It was captured from here, and only its stamp is missing.
        refusals = []
    if not sum(rows.values()) and not wanted.allow_empty:
        refusals.append(
            f"there are no demo rows of {wanted.scenario} in {place.url}\n"
            f"looked at: {', '.join(rows)}; the marker is {_marker_text(picked)}"
        )
    refused = dialect.refuse_tables(connection, [name for name in rows if rows[name]])
    refusals += [f"{name}: {reason}" for name, reason in refused.items()]
    known = settings.scenario_names or tuple(dict.fromkeys((*graph.scenarios, wanted.scenario)))
    others = [name for name in known if name != wanted.scenario]
    refusals += odd.overlaps(
        connection,
        tables,
        picked,
        [selection.resolve(connection, settings, tables, other) for other in others],
    )
    external = guard.external_references(connection, dialect, tables, by_table)
    number, message = _number_and_message(graph, wanted, head_is_here)
    plan = CapturePlan(
        target=place,
        scenario=wanted.scenario,
        version=f"v{number}_{created_at[:10]}",
        parent=parent,
        rows=rows,
        external_references=tuple(external),
        refusals=tuple(refusals),
        notes=(
            *odd.left_behind(connection, tables, by_table),
            *odd.notes(connection, settings, tables, known),
            *odd.moments(connection, dialect, [name for name in rows if rows[name]]),
        ),
    )
    newest = application.revision(connection, tables)
    return _Found(picked, tables, by_table, plan, message, stamps, newest)


def _holds(
    connection: Connection,
    dialect: Dialect,
    tables: Mapping[str, Table],
    picked: Selection,
    rows: Mapping[str, int],
    head: Version | None,
) -> bool:
    """Return whether the database holds exactly what the head has."""
    return (
        head is not None
        and (head.selection, head.dialect) == (picked, dialect.name)
        and bool(sum(rows.values()))
        and captured.is_captured(connection, dialect, tables, picked.scenario, [head], rows)
    )


def _marker_text(picked: Selection) -> str:
    marker = picked.marker
    if marker.where:
        return f"where {marker.where}"
    text = f"{marker.column}.{marker.key}" if marker.key else f"{marker.column}"
    other = marker.scenario_key or marker.scenario_column
    return f"{text} true" + (f" and {other} {picked.scenario!r}" if other else "")


def _only_head(graph: Graph, scenario: str) -> Version | None:
    heads = graph.heads(scenario)
    return heads[0] if len(heads) == 1 else None


def _parent(
    graph: Graph, wanted: Wanted, stamps: Sequence[str]
) -> tuple[Version | None, list[str]]:
    """Return the version that the capture follows, and the reasons not to follow it."""
    scenario = wanted.scenario
    unknown = [s for s in stamps if s not in graph.versions and scenario_of(s) == scenario]
    current = next(
        (v for s in stamps if (v := graph.versions.get(s)) and v.scenario == scenario), None
    )
    if unknown and wanted.head is None:
        return None, [
            f"the database is stamped {unknown[0]}, which no script here knows\n"
            "get the branch that has it; or, if it is lost for good, delete that row of"
            f" {log.VERSION_TABLE}"
        ]
    if wanted.head is not None:
        parent = graph.resolve(wanted.head)
        if parent is None or parent.scenario != scenario:
            raise UsageError(f"--head {wanted.head} is no version of {scenario}")
        if graph.heads(scenario) and parent not in graph.heads(scenario) and not wanted.splice:
            raise UsageError(
                f"{parent.version} is not a head of {scenario}",
                "--splice captures beside what follows it, as a second head.",
            )
        return parent, []
    if wanted.splice:
        return current, []
    heads = graph.heads(scenario)
    if not heads:
        return None, []
    if len(heads) > 1 and current in heads:
        return current, []
    head = graph.head(scenario)
    if current is not None and current != head:
        return head, [
            f"the database holds {current.version}, but the head is {head.version}: a capture"
            f" would undo what {head.short} brought\n"
            f"`demosnap upgrade {scenario}@head` first; or --head {scenario}@head to capture on"
            f" top of {head.short} all the same; or --splice for a second head beside it"
        ]
    return head, []


def _number_and_message(
    graph: Graph, wanted: Wanted, head_is_here: Callable[[], bool]
) -> tuple[int, str]:
    versions = graph.of(wanted.scenario)
    highest = max((version.number for version in versions), default=0)
    text = re.sub(r"\s+", " ", wanted.message or "").strip()
    match = _MESSAGE.match(text)
    if match is None:
        return highest + 1, text
    number = int(match[1])
    if number == highest and not wanted.allow_empty and head_is_here():
        # The same command again, perhaps after one that was killed: there is nothing to name.
        return number, match[2] or ""
    if number <= highest:
        newest = next(version for version in versions if version.number == highest)
        raise UsageError(
            f"v{number} is not above {newest.version}, the newest version of {wanted.scenario}",
            f'Name it v{highest + 1}, or give a message alone: -m "{match[2] or "more rows"}".',
        )
    return number, match[2] or ""


def _snapshot_file(settings: Settings, scenario: str) -> contextlib.AbstractContextManager[Path]:
    folder = settings.revisions / scenario
    for place in (folder, (settings.revisions / files.MANIFEST).parent):
        files.check_inside(settings, place)
    files.make_folder(folder)
    return files.temporary(folder, f"{scenario}.sql")


def _write(
    connection: Connection, dialect: Dialect, found: _Found, created_at: str, path: Path
) -> SnapshotWriter:
    tables = tuple(found.tables[name] for name in found.selection.rules)
    header = Header(
        scenario=found.plan.scenario,
        version=found.plan.version,
        created_at=created_at,
        dialect=dialect.name,
        tables=tables,
        rows=found.plan.rows,
    )
    with SnapshotWriter(path, header, found.selection, dialect) as writer:
        for table in tables:
            rows = dialect.read_rows(connection, table, found.predicates[table.name])
            writer.write_block(table, rows)
    return writer


def _version(
    settings: Settings,
    dialect: Dialect,
    found: _Found,
    created_at: str,
    writer: SnapshotWriter,
) -> Version:
    plan = found.plan
    number = int(plan.version[1:].partition("_")[0])
    parent = plan.parent.revision if plan.parent else None
    folder = settings.revisions / plan.scenario
    name = f"{plan.scenario}_{plan.version}.sql"
    for path in (folder / name, (folder / name).with_suffix(".py")):
        if os.path.lexists(path):
            raise ScriptError(
                f"{shown(path)} is there already",
                "`demosnap history` shows what there is; what is in no revision, move away.",
            )
    return Version(
        revision=revision_id(plan.scenario, number, parent, writer.digest, created_at),
        down_revision=parent,
        scenario=plan.scenario,
        version=plan.version,
        message=found.message,
        created_at=created_at,
        folder=str(folder),
        file=name,
        format=1,
        dialect=dialect.name,
        digest=writer.digest,
        size=writer.size,
        rows=dict(plan.rows),
        selection=found.selection,
        external_references=plan.external_references,
        application_revision=found.application_revision,
    )
