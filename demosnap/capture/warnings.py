"""Find what a capture should mention: odd markers and rules, marked rows of no scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from demosnap.capture.told import Told
from demosnap.compare.attached import has_at_most
from demosnap.config import Settings
from demosnap.database import picking, selection
from demosnap.database.live import Database
from demosnap.dialects.base import Dialect, execute
from demosnap.model import Selection, Table
from demosnap.reasons import of_versions
from demosnap.refusal import Refusal
from demosnap.visible import rows as rows_of


def notes(
    database: Database,
    settings: Settings,
    known_scenarios: Sequence[str],
    new: Told,
    most_rows: int | None = None,
) -> Iterator[str]:
    """Yield a note per table with rows whose marker or scenario has an unexpected value.

    Tables of more than `most_rows` rows are left out (None: no limit), and what is not `new`.
    """
    connection, tables = database.connection, database.tables
    marker = settings.marker
    if marker.column is None:
        return
    dialect = database.dialect
    for name in selection.marker_column_tables(database, settings):
        if name in settings.exclude:
            continue
        column = tables[name].column(marker.column)
        quoted = dialect.quote_table(name)
        if most_rows is not None and not has_at_most(database, quoted, most_rows):
            continue
        odd = dialect.oddly_marked(marker, column)
        if (count := database.count(quoted, odd)) and new("odd marker", name):
            place = f"{marker.column}.{marker.key}" if marker.key else marker.column
            yield (
                f"{name}: {rows_of(count, 'has', 'have')} a value at {place} that is neither true "
                f"nor false; {'it is not a demo row' if count == 1 else 'they are not demo rows'}"
            )
        if not marker.names_scenario:
            continue
        other = tables[name].column(marker.scenario_column) if marker.scenario_column else None
        stated = dialect.scenario_of(marker, column, other)
        everything = _any_scenario(settings, tables[name], dialect)
        sql = (
            f"SELECT {stated} AS scenario, COUNT(*) AS n FROM {quoted}"
            f" WHERE {everything} GROUP BY {stated} ORDER BY 1"
        )
        for scenario, rows in execute(connection, sql):
            if scenario is None and settings.default_scenario is None and settings.scenario_names:
                if new("no scenario", name):
                    yield (
                        f"{name}: {rows:,} marked {_name(rows)} no scenario, and there is no "
                        f"default scenario"
                    )
            elif (
                scenario is not None
                and scenario not in known_scenarios
                and new("unknown scenario", name, repr(scenario))
            ):
                yield f"{name}: {rows:,} marked {_name(rows)} the unknown scenario {scenario!r}"


def _name(count: int) -> str:
    return "row names" if count == 1 else "rows name"


def rules(
    database: Database, picked: Selection, rows: Mapping[str, int], new: Told
) -> Iterator[str]:
    """Yield a note per rule that picks all rows of its table, or none, if that is `new`.

    `rows` counts the picked rows by table. Only predicates are looked at: a marker or a
    foreign key that picks all rows or none is no sign of a mistake.
    """
    for name, rule in picked.rules.items():
        if not selection.has_predicate(rule) or name not in rows:
            continue
        count, shown = rows[name], selection.rule_shown(rule)
        if not has_at_most(database, database.dialect.rows_of(database.tables[name]), count):
            if not count and new("picks nothing", name, shown):
                yield f"{name}: its rule picks none of the table's rows: {shown}"
        elif count and new("picks all", name, shown):
            every = "the only row" if count == 1 else f"all {count:,} rows"
            yield (
                f"{name}: its rule picks {every} of the table, real ones too if there are any:"
                f" {shown}"
            )


def unloadable(database: Database, names: Sequence[str], new: Told) -> Iterator[str]:
    """Yield a note per table, among those named, whose rows can be captured, but not loaded here.

    What is not `new` is left out.
    """
    tables = [database.tables[name] for name in names]
    found = database.dialect.unchangeable(database.connection, tables)
    for name, (why, way) in found.items():
        if new("unchangeable", name):
            yield f"{name}: no move changes its rows, which can be captured: {why}\n{way}"


def moments(database: Database, names: Sequence[str], new: Told) -> Iterator[str]:
    """Yield a note per table, among those named, that a consistent read does not cover.

    What is not `new` is left out.
    """
    found = database.dialect.non_transactional(database.connection, names)
    for name, (reason, cure) in found.items():
        if not new("moment", name):
            continue
        yield (
            f"{name}: {reason}: its rows are those of the moment when they were read, and no move"
            f" changes them; {cure} makes it one that can be changed"
        )


def _any_scenario(settings: Settings, table: Table, dialect: Dialect) -> str:
    marker = settings.marker
    assert marker.column is not None
    bare = type(marker)(column=marker.column, key=marker.key)
    return dialect.marked(bare, table.column(marker.column), "", True, None)


def _disjoint_by_marker(mine: Selection, other: Selection, name: str) -> bool:
    """Return whether the marker itself separates the rows of two selections."""
    return (
        mine.marker == other.marker
        and mine.marker.names_scenario
        and not (mine.default and other.default)
        and mine.scenario != other.scenario
        and mine.rules[name].kind == other.rules[name].kind == "marker"
    )


def overlaps(database: Database, own: Selection, others: Sequence[Selection]) -> list[Refusal]:
    """Return a reason for each table with rows that two scenarios would both pick."""
    picked = picking.predicates(database, own)
    found = []
    for other in others:
        theirs = picking.predicates(database, other)
        for name in picked:
            if name not in theirs or _disjoint_by_marker(own, other, name):
                continue
            both = f"({picked[name]}) AND ({theirs[name]})"
            if count := database.count(database.dialect.quote_table(name), both):
                found.append(of_versions.overlap(name, count, own.scenario, other.scenario))
    return found
