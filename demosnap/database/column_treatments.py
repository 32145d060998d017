"""Check the columns that demosnap.yaml says not to capture, or not to compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from demosnap import columns
from demosnap.config import Settings
from demosnap.database.live import Database
from demosnap.errors import did_you_mean
from demosnap.model import Rule, Table, Treatment


def resolve(
    database: Database, settings: Settings, rules: Mapping[str, Rule]
) -> dict[str, dict[str, Treatment]]:
    """Return the columns of selected tables that are treated in a way of their own.

    Raises:
        ConfigError: a table or a column does not exist, or cannot be treated so.
    """
    found: dict[str, dict[str, Treatment]] = {}
    for text, treatment in settings.columns_in_file.items():
        name, column = columns.parse(text)
        table = database.tables.get(name)
        hint = None
        if table is None:
            problem = f"there is no table {name!r} in the database"
            problem += did_you_mean(name, database.tables)
        elif column not in (names := [one.name for one in table.columns]):
            problem = f"{name} has no column {column!r}{did_you_mean(column, names)}"
        elif name not in rules:
            problem = f"{name} is not selected, so its columns are in no snapshot"
            hint = "Take the line out, or give the table a rule under `tables:`."
        else:
            problem = next(_against(database, settings, rules, table, column, treatment), "")
            hint = _hint(table, column, treatment) if problem else None
        if problem:
            raise settings.error(f"columns: {problem}", "columns", text, hint=hint)
        found.setdefault(name, {})[column] = treatment
    return found


def _against(
    database: Database,
    settings: Settings,
    rules: Mapping[str, Rule],
    table: Table,
    name: str,
    treatment: Treatment,
) -> Iterator[str]:
    """Yield the reasons why a column cannot be treated so."""
    shown, marker = f"{table.name}.{name}", settings.marker
    if not table.identified:
        yield f"{table.name} has no key, so its rows are known by all of their columns"
    if name in table.key:
        yield f"{shown} is part of the key"
    if _by_marker(rules[table.name]) and name in (marker.column, marker.scenario_column):
        yield f"{shown} is the marker's column"
    for key in table.foreign_keys:
        if name in key.columns and key.table in rules:
            yield f"{shown} is part of a foreign key to {key.table}, which holds demo rows"
    for other in database.tables.values():
        for key in other.foreign_keys:
            if key.table == table.name and name in key.referred_columns:
                yield f"{shown} is referenced by a foreign key of {other.name}"
    column = table.column(name)
    if treatment == "omit" and columns.required(column):
        yield f"{shown} cannot be omitted: it is NOT NULL and has no default"


def _by_marker(rule: Rule) -> bool:
    return rule.kind == "marker" or any(map(_by_marker, rule.rules))


def _hint(table: Table, name: str, treatment: Treatment) -> str:
    missing = treatment == "omit" and columns.required(table.column(name))
    if missing and table.identified and name not in table.key:
        return "Give the column a default in the database, or write `ignore`."
    return "Take the line out."
