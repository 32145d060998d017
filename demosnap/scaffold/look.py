"""Look at a database for demo data: the marker, dependent tables, the scenarios."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demosnap.config import passwords
from demosnap.config.choices import DEFAULT_MARKER
from demosnap.config.names import scenario_name_problem
from demosnap.errors import DemosnapError
from demosnap.model import ForeignKey, Marker, Table, split_name
from demosnap.scaffold import logical
from demosnap.scaffold.logical import Proposal

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_FLAG = "is_demo"
_FLAG_SCENARIO = "scenario"
_FLAG_TYPE = re.compile(r"bool|int|bit", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a look at a database.

    `marked` are the tables with marked rows, or with the marker's column if no row is marked
    anywhere. `via` are tables without a marker that depend on those, with the columns of the
    foreign key; `alternatives` are their other possible keys. `undeclared` are further tables,
    which depend on those by foreign keys that are not declared. `outside` are references to tables
    in neither: table, columns, referred table. `sequences` is the setting of that name, None
    without free sequences.
    """

    marker: Marker
    marked: tuple[str, ...]
    via: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alternatives: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    undeclared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outside: tuple[tuple[str, tuple[str, ...], str], ...] = ()
    scenarios: tuple[str, ...] = ()
    rows: int = 0
    sequences: object = None


def at(url: str) -> tuple[Found | None, tuple[Proposal, ...], tuple[str, ...]]:
    """Look at a database.

    Return the result, None without demo data; foreign keys that the database does not declare; and
    notes for the user.

    An unreadable database gives a note, not an error. A missing one is not created.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from demosnap.database import reflect

    try:
        engine = _engine(url)
        if engine is None:
            return None, (), ()
        try:
            with engine.connect() as connection:
                tables = _of_one_tenant(reflect.tables(connection))
                keys = logical.proposals(connection, tables)
                found, notes = examine(connection, tables, keys)
                return found, keys, notes
        finally:
            engine.dispose()
    except (
        *(SQLAlchemyError, DemosnapError, ImportError, OSError, ValueError),
        # The driver rejects a key of the URL's query, or its value.
        *(TypeError, AttributeError),
    ) as error:
        note = (
            f"The database could not be read ({_reason(error, url)}), so demosnap.yaml names no "
            f"tables."
        )
        return None, (), (note,)


def _engine(url: str) -> Engine | None:
    """Open the database; None for a file that does not exist."""
    from sqlalchemy import create_engine

    from demosnap import dialects
    from demosnap.dialects.urls import normalise

    parsed = normalise(url)
    dialect = dialects.get(parsed.get_backend_name())
    if dialect.in_process(parsed):
        return None
    engine = create_engine(parsed)
    dialect.configure_engine(engine)
    return engine


def _reason(error: BaseException, url: str) -> str:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    passwords.remember(url)
    cause = getattr(error, "orig", None) or error
    lines = str(getattr(cause, "message", cause)).strip().splitlines()
    text = lines[0] if lines else type(cause).__name__
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        return "what names it is not a database URL"
    return passwords.redacted(text)


def examine(
    connection: Connection,
    tables: Mapping[str, Table] | None = None,
    keys: Sequence[Proposal] = (),
) -> tuple[Found | None, tuple[str, ...]]:
    """Look for the marker and dependent tables; return the result, None without it, and notes.

    `tables` None: all of the database. `keys` are foreign keys that it does not declare.
    """
    from demosnap.database import reflect
    from demosnap.snapshot.logical_keys import joined

    if tables is None:
        tables = _of_one_tenant(reflect.tables(connection))
    if not tables:
        return None, ("The database has no tables yet, so demosnap.yaml names no tables.",)
    by_key = _candidates(connection, tables, DEFAULT_MARKER)
    rows = _scenarios(connection, tables, by_key, DEFAULT_MARKER)
    marker = DEFAULT_MARKER
    having = by_key
    if not any(rows.values()):
        flagged = _candidates(connection, tables, Marker(column=_FLAG))
        if flagged:
            marker, having = _flag_marker(tables, flagged), flagged
            rows = _scenarios(connection, tables, having, marker)
    if not having:
        return None, ("No table has a marker that demosnap knows; set `marker:` in demosnap.yaml.",)
    marked = tuple(name for name in having if rows.get(name))
    notes = []
    if not marked:
        marked = tuple(having)
        notes.append(f"No row is marked yet ({_describe(marker)}).")
    names, more = _names(rows.values())
    notes.extend(more)
    via, alternatives = _ties(tables, marked, having)
    by_table = {one.table: tuple(k.key for k in keys if k.table == one.table) for one in keys}
    further, other_keys = _ties(joined(tables, by_table), [*marked, *via], {*having, *via})
    outside = tuple(
        (name, key.columns, key.table)
        for name in (*marked, *via)
        for key in tables[name].foreign_keys
        if key.table not in having and key.table not in via
    )
    total = sum(count for by_scenario in rows.values() for count in by_scenario.values())
    sequences = _sequences(connection, tables, (*marked, *via))
    alternatives |= other_keys
    return (
        Found(marker, marked, via, alternatives, further, outside, names, total, sequences),
        tuple(notes),
    )


def _of_one_tenant(tables: Mapping[str, Table]) -> Mapping[str, Table]:
    """Leave out namespaces whose tables mostly have names of the default one's: other tenants."""
    by_namespace: dict[str | None, set[str]] = {}
    for name in tables:
        namespace, plain = split_name(name)
        by_namespace.setdefault(namespace, set()).add(plain)
    own = by_namespace.get(None, set())
    alike = {
        namespace
        for namespace, names in by_namespace.items()
        if namespace is not None and 2 * len(names & own) >= len(names)
    }
    return {name: table for name, table in tables.items() if split_name(name)[0] not in alike}


def _candidates(
    connection: Connection, tables: Mapping[str, Table], marker: Marker
) -> tuple[str, ...]:
    from demosnap import dialects

    dialect = dialects.of(connection)
    found = []
    for name, table in tables.items():
        for column in table.columns:
            if column.name != marker.column or not dialect.can_hold_marker(marker, column):
                continue
            if marker.key is not None or _FLAG_TYPE.search(column.type):
                found.append(name)
    return tuple(found)


def _sequences(
    connection: Connection, tables: Mapping[str, Table], selected: Collection[str]
) -> object:
    """Return what `sequences:` should be, None without free sequences for these tables."""
    from demosnap import dialects
    from demosnap.database import sequences

    dialect = dialects.of(connection)
    free = dialect.free_sequences(connection)
    pairs = sequences.by_name(dialect, tables, free)
    mine = {name: sequence for name, sequence in pairs.items() if name in selected}
    alone = [one for one in free if one not in pairs.values()]
    return sequences.setting(mine, alone) or None


def _flag_marker(tables: Mapping[str, Table], flagged: Iterable[str]) -> Marker:
    named = all(
        any(column.name == _FLAG_SCENARIO for column in tables[name].columns) for name in flagged
    )
    return Marker(column=_FLAG, scenario_column=_FLAG_SCENARIO if named else None)


def _scenarios(
    connection: Connection, tables: Mapping[str, Table], names: Iterable[str], marker: Marker
) -> dict[str, dict[object, int]]:
    """Count the marked rows of each table by the scenario that they name."""
    from demosnap import dialects
    from demosnap.dialects.base import execute

    dialect = dialects.of(connection)
    any_scenario = Marker(column=marker.column, key=marker.key)
    counts = {}
    for name in names:
        columns = {column.name: column for column in tables[name].columns}
        column = columns[marker.column or ""]
        scenario = dialect.scenario_of(marker, column, columns.get(marker.scenario_column or ""))
        marked = dialect.marked(any_scenario, column, "", True, None)
        rows = execute(
            connection,
            f"SELECT {scenario}, COUNT(*) FROM {dialect.quote_table(name)} "
            f"WHERE {marked} GROUP BY 1",
        )
        counts[name] = {row[0]: int(row[1]) for row in rows}
    return counts


def _names(counts: Iterable[Mapping[object, int]]) -> tuple[tuple[str, ...], list[str]]:
    total: dict[object, int] = {}
    for by_scenario in counts:
        for name, count in by_scenario.items():
            total[name] = total.get(name, 0) + count
    unnamed = total.pop(None, 0)
    good = sorted(n for n in total if isinstance(n, str) and scenario_name_problem(n) is None)
    notes = [
        f"Marked rows that name the scenario {name!r}: {total[name]}. It cannot be one's name."
        for name in sorted((n for n in total if n not in good), key=repr)
    ]
    if unnamed and len(good) > 1 and "general" not in good:
        notes.append(
            f"Marked rows that name no scenario: {unnamed}. Flag the one that they belong to as "
            "`default: true` in demosnap.yaml."
        )
    return tuple(good), notes


def _ties(
    tables: Mapping[str, Table], marked: Iterable[str], having: Iterable[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[tuple[str, ...], ...]]]:
    """Find the tables without a marker that depend on marked ones, and the foreign keys for it."""
    selected = set(marked)
    waiting = [name for name in tables if name not in set(having)]
    via: dict[str, tuple[str, ...]] = {}
    alternatives: dict[str, tuple[tuple[str, ...], ...]] = {}
    while True:
        # By distance from the marked tables, so that no cycle arises.
        ready = {}
        for name in waiting:
            keys = [key for key in tables[name].foreign_keys if key.table in selected]
            # Prefer a reference that every row has.
            tight = [key.columns for key in keys if not _loose(tables[name], key)]
            if keys:
                ready[name] = tuple(dict.fromkeys((*tight, *(key.columns for key in keys))))
        if not ready:
            return via, alternatives
        for name, columns in ready.items():
            via[name] = columns[0]
            if columns[1:]:
                alternatives[name] = columns[1:]
        selected.update(ready)
        waiting = [name for name in waiting if name not in ready]


def _loose(table: Table, key: ForeignKey) -> bool:
    """Return whether the reference is optional for a row."""
    return any(table.column(column).nullable for column in key.columns)


def following(found: Found | None, yaml_file: str) -> str:
    """Return the next steps after an init, which fit the result of the look."""
    if found is None:
        return (
            f"set `marker:` in {yaml_file}; then `demosnap revision general --dry-run` shows the "
            f"rows to capture"
        )
    names = found.scenarios
    scenario = names[0] if names and "general" not in names else "general"
    capture = f'demosnap revision {scenario} -m "v1"'
    if found.rows:
        return capture
    return f"mark the demo rows ({_describe(found.marker)}), then `{capture}`"


def _describe(marker: Marker) -> str:
    if marker.key is not None:
        return f"{marker.key} in the column {marker.column}"
    return f"the column {marker.column}"
