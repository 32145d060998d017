"""Find rows that reference demo rows and that no scenario picks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from demosnap.compare.scenario_rows import ScenarioRows
from demosnap.config import Settings
from demosnap.config.names import yaml_item
from demosnap.database import row_set, rules, selection
from demosnap.database.live import Database
from demosnap.database.references import references_to
from demosnap.dialects.base import execute
from demosnap.model import ForeignKey, Rule
from demosnap.results import Attached
from demosnap.snapshot.predicates import not_true, referencing

MOST_LOOKED_AT = 200_000
"""How many rows a table may have for a command to look for such rows in passing."""


def find(settings: Settings, own: ScenarioRows, most_rows: int | None = None) -> Iterator[Attached]:
    """Yield each foreign key by which rows of no scenario reference demo rows.

    A table that the role may not read is left out, as is a table of the demo rows with more than
    `most_rows` rows (None: no limit), since all of its rows would be read.
    """
    demo_rows, database = own.present, own.picked.database
    dialect = database.dialect
    hidden = unreadable(database, demo_rows)
    readable = {name: table for name, table in database.tables.items() if name not in hidden}
    visible = replace(database, tables=readable)
    others = row_set.others(visible, settings, own.scenario)
    owned = [*own.known, *others.values()]
    small: dict[str, bool] = {}
    proposed: dict[str, list[Sequence[str]]] = {}
    for name, key in references_to(readable, demo_rows):
        rows = dialect.rows_of(readable[name])
        if name in demo_rows:
            if name not in small:
                small[name] = most_rows is None or has_at_most(visible, rows, most_rows)
            if not small[name]:
                continue
        where = referencing(dialect, readable[name], key, demo_rows[key.table])
        for predicate in dict.fromkeys(one[name] for one in owned if name in one):
            where += f" AND {not_true(predicate)}"
        if count := visible.count(rows, where):
            excluded = name in settings.exclude
            captured = name in demo_rows
            rule = rule_for(name, key.columns) if not captured and not excluded else None
            if captured and not _circular(database, settings, name, key):
                columns = proposed.setdefault(name, [])
                columns.append(key.columns)
                rule = extended(database, settings, name, columns)
            yield Attached(name, key.columns, key.table, count, rule, excluded, captured)


def _circular(database: Database, settings: Settings, name: str, key: ForeignKey) -> bool:
    """Return whether a rule by a foreign key would make the rules depend on each other."""
    found = _rules(database, settings)
    return key.table == name or rules.depends_on(database.tables, found, key.table, name)


def unreadable(database: Database, demo_rows: Mapping[str, str]) -> list[str]:
    """Return the other tables, by name, that can reference demo rows and the role may not read."""
    referring = {name for name, _ in references_to(database.tables, demo_rows)} - demo_rows.keys()
    return sorted(database.dialect.unreadable(database.connection, sorted(referring)))


def has_at_most(database: Database, rows: str, most: int) -> bool:
    """Return whether a table has at most `most` rows, without counting further."""
    return bool(
        execute(database.connection, database.dialect.count_up_to(rows, most + 1)).scalar() <= most
    )


def rule_for(table: str, columns: Sequence[str]) -> str:
    """Render the line under `tables:` that picks a table's rows by a foreign key."""
    return f"{yaml_item(table)}: {via(columns)}"


def wider(
    database: Database, settings: Settings, table: str, keys: Sequence[ForeignKey]
) -> str | None:
    """Render the line that picks rows by foreign keys, too; None: it does, or no line can."""
    rule = _rules(database, settings).get(table)
    has = [leaf.columns for leaf in rule.leaves] if rule else []
    some = [
        key.columns
        for key in keys
        if key.columns not in has and not _circular(database, settings, table, key)
    ]
    return extended(database, settings, table, some) if some else None


def extended(
    database: Database, settings: Settings, table: str, keys: Iterable[Sequence[str]]
) -> str | None:
    """Render the line under `tables:` that picks what a table's rule picks, and further rows.

    `keys` are the columns of the foreign keys that pick these. None: no line can say it.
    """
    rule = settings.tables_in_file.get(table)
    further = list(map(_via, keys))
    found: dict[str, object] | None = None
    if rule is not None:
        found = rule.wider(*further)
    elif (rooted := _rules(database, settings).get(table)) and rooted.kind == "via":
        found = {"any": [_via(rooted.columns), *further]}
    elif selection.has_marker(database, settings, table):
        found = {"any": ["marker", *further]}
    return yaml_item({table: found})[1:-1] if found else None


def _rules(database: Database, settings: Settings) -> Mapping[str, Rule]:
    """Return the rules of tables but for the marker's, which depends on no table."""
    return selection.selected(database, settings) if settings.root_in_file else settings.tables


def via(columns: Sequence[str]) -> str:
    """Render the rule that picks rows by the columns of a foreign key."""
    return yaml_item(_via(columns))


def _via(columns: Sequence[str]) -> dict[str, object]:
    return {"via": columns[0] if len(columns) == 1 else list(columns)}
