"""The rules of all tables that hang on the rows of `root`, by the schema."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from demosnap.config import Settings
from demosnap.database.live import Database
from demosnap.database.rules import depends_on, with_keys
from demosnap.model import ForeignKey, Rule, Table


def rules(database: Database, settings: Settings, given: Mapping[str, Rule]) -> dict[str, Rule]:
    """Return the rules of `root` and of the tables that hang on it and have none.

    `given` are the rules of the marker and of `tables`. A table hangs on the tables that are
    nearest to `root`, by one foreign key: one that the database declares rather than a logical one,
    and then one that every row has. A key by which rules would depend on each other in a circle is
    not followed.

    Raises:
        ConfigError: a rule of `given` names a missing table, or a missing foreign key.
    """
    tables = database.tables
    roots = {name: Rule("where", where=where) for name, where in settings.root_in_file.items()}
    ignored = {name: one for name, one in settings.ignore.items() if isinstance(one, Rule)}
    fixed = {name: rule for name, rule in {**ignored, **given}.items() if name in tables}
    fixed = {name: with_keys(database, settings, name, rule) for name, rule in fixed.items()}
    found = {**fixed, **roots}
    reached = {name for name in roots if name in tables}
    while near := set(_hanging(database, settings, found, reached)):
        reached |= near
    return {name: found[name] for name in (*roots, *sorted(reached)) if name not in fixed}


def _hanging(
    database: Database, settings: Settings, found: dict[str, Rule], reached: Collection[str]
) -> Iterator[str]:
    """Yield the further tables that hang on those reached; add the rules of those without one."""
    for name, table in database.tables.items():
        if name in reached or name in settings.exclude or not database.searches(name):
            continue
        ways = sorted(_columns(table, reached), key=lambda columns: _weakness(table, columns))
        if name in found:
            if ways:
                yield name
            continue
        for columns in ways:
            found[name] = Rule("via", columns)
            if not depends_on(database.tables, found, name, name):
                yield name
                break
            del found[name]


def _columns(table: Table, referred: Collection[str]) -> list[tuple[str, ...]]:
    """Return the columns of the foreign keys by which a rule can follow to one of some tables."""
    by_columns: dict[tuple[str, ...], list[ForeignKey]] = {}
    for key in table.foreign_keys:
        by_columns.setdefault(tuple(sorted(key.columns)), []).append(key)
    # Of declared keys over the same columns a rule follows the first.
    followed = ((keys if keys[0].logical else keys[:1]) for keys in by_columns.values())
    return [
        keys[0].columns
        for keys in followed
        if any(key.table in referred and key.enforced != "none" for key in keys)
    ]


def _weakness(table: Table, columns: Collection[str]) -> tuple[bool, bool]:
    """Return whether a key is logical, and whether it is optional for a row."""
    logical = any(key.logical for key in table.foreign_keys if {*key.columns} == {*columns})
    return logical, any(table.column(column).nullable for column in columns)
