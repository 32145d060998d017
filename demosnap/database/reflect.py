"""Reflect the table definitions of the live database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SAWarning

from demosnap import dialects, quiet
from demosnap.config import Settings
from demosnap.database import namespaces
from demosnap.database.live import Database
from demosnap.database.own_tables import OWN_TABLES
from demosnap.dialects.base import Dialect
from demosnap.model import Column, ForeignKey, Table, Version, display_name, split_name


def database(
    connection: Connection,
    settings: Settings | None = None,
    versions: Iterable[Version] = (),
    *,
    moving: bool = False,
) -> Database:
    """Return the database of a connection, with its current tables.

    These are the tables in the namespaces of `settings` and `versions`, which are all versions of
    the project, and those that can reference them (None: all). `moving`: rows will be moved.

    Raises:
        ConfigError: demosnap.yaml names a namespace that the database lacks.
    """
    dialect = dialects.of(connection)
    if settings is None:
        return Database(connection, dialect, tables(connection))
    others = namespaces.others(connection, settings, versions)
    found = tables(connection, others.named, watched=moving)
    return Database(
        connection, dialect, found, columns=settings.columns, namespaces=others.searched
    )


def tables(
    connection: Connection, others: Set[str] | None = None, *, watched: bool = False
) -> dict[str, Table]:
    """Return the definitions of tables, sorted by display name and keyed by it.

    These are the tables of the default namespace and of `others` (None: of all), and those of
    further namespaces that are tied to them by foreign keys. `watched`: all tables, if triggers
    could change any. demosnap's own tables are left out.
    """
    # The dialect reflects columns, since it knows types that SQLAlchemy lacks.
    messages = ("Did not recognize type", "Skipped unsupported reflection of expression")
    with quiet.handling("ignore", *messages, category=SAWarning):
        return _tables(connection, _names(connection, others, watched))


def _names(
    connection: Connection, others: Set[str] | None, watched: bool
) -> dict[str | None, list[str]]:
    """Return the names of the tables to reflect by namespace (None: the default one)."""
    dialect = dialects.of(connection)

    def of(namespaces: Iterable[str]) -> dict[str | None, list[str]]:
        return {
            one: [n for n in dialect.table_names(connection, one) if n not in OWN_TABLES]
            for one in (None, *namespaces)
        }

    there = dialect.namespaces(connection)
    if others is None or others >= set(there):
        return of(there)
    found = of(sorted(others))
    listed = [display_name(one, name) for one, names in found.items() for name in names]
    tied = dialect.tied_tables(connection, listed)
    if watched and _any_trigger(connection, [*listed, *tied]):
        return of({*there, *others})
    for table in tied:
        namespace, name = split_name(table)
        found.setdefault(namespace, []).append(name)
    return found


def _any_trigger(connection: Connection, tables: Sequence[str]) -> bool:
    dialect = dialects.of(connection)
    of_tables = dialect.reflect_triggers(connection, [*tables, *sorted(OWN_TABLES)])
    return bool(of_tables or dialect.event_triggers(connection))


def _tables(connection: Connection, wanted: Mapping[str | None, Sequence[str]]) -> dict[str, Table]:
    dialect = dialects.of(connection)
    found: dict[str, dict[str, Any]] = {}
    for namespace, names in wanted.items():
        keys = dialect.reflect_keys(connection, namespace, names) if names else {}
        for name in names:
            primary, unique = keys.get(name, ((), []))
            found[display_name(namespace, name)] = {"primary": primary, "unique": unique}
    columns = dialect.reflect_columns(connection, list(found))
    references = dialect.reflect_foreign_keys(connection, list(found))
    for name, one in found.items():
        spelled = [_spelled(dialect, columns, found, name, key) for key in references.get(name, ())]
        one["foreign_keys"] = tuple(key for key in spelled if _leads_somewhere(columns, key))
    triggers = dialect.reflect_triggers(connection, list(found))
    inherited = dialect.reflect_inherited(connection, list(found))
    return {
        name: replace(
            _table(name, columns[name], **found[name]),
            triggers=triggers.get(name, ()),
            inherited=name in inherited,
        )
        for name in sorted(found)
    }


def _table(
    name: str,
    columns: tuple[Column, ...],
    primary: tuple[str, ...],
    unique: Sequence[tuple[str, ...]],
    foreign_keys: tuple[ForeignKey, ...],
) -> Table:
    by_name = {column.name: column for column in columns}
    stored = {column.name for column in columns if not column.generated}
    candidates = [key for key in unique if not any(by_name[c].nullable for c in key)]
    keys = [key for key in (primary, *sorted(candidates)) if key and stored.issuperset(key)]
    key = keys[0] if keys else ()
    others = sorted({other for other in (primary, *unique) if other and other != key})
    ordered = sorted(foreign_keys, key=lambda k: (k.columns, k.table, k.referred_columns))
    return Table(name, columns, key, tuple(others), tuple(ordered))


def _leads_somewhere(columns: Mapping[str, Sequence[Column]], key: ForeignKey) -> bool:
    """Return whether a foreign key's referred columns exist; SQLite does not check this."""
    names = {column.name for column in columns.get(key.table, ())}
    return names.issuperset(key.referred_columns) and len(key.columns) == len(key.referred_columns)


def _spelled(
    dialect: Dialect,
    columns: Mapping[str, Sequence[Column]],
    found: Mapping[str, Mapping[str, Any]],
    name: str,
    key: ForeignKey,
) -> ForeignKey:
    """Return a foreign key with table and column names spelled as they were created.

    Without referred columns, it references the primary key.
    """

    def known(table: str, names: tuple[str, ...]) -> tuple[str, ...]:
        spelled = [column.name for column in columns.get(table, ())]
        return tuple(dialect.known_name(one, spelled) for one in names)

    table = dialect.known_name(key.table, columns)
    referred = key.referred_columns
    if not referred and table in found:
        referred = found[table]["primary"]
    return replace(
        key, table=table, columns=known(name, key.columns), referred_columns=known(table, referred)
    )
