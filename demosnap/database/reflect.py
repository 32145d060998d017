"""Reflect the table definitions of the live database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SAWarning

from demosnap import dialects, quiet
from demosnap.database.live import Database
from demosnap.database.own_tables import OWN_TABLES
from demosnap.dialects.base import Dialect
from demosnap.model import Column, ForeignKey, Table, Treatments, display_name

_NO_COLUMNS: Treatments = {}


def database(connection: Connection, columns: Treatments = _NO_COLUMNS) -> Database:
    """Return the database of a connection, with its current tables.

    `columns` are those that demosnap.yaml says not to capture, or not to compare.
    """
    return Database(connection, dialects.of(connection), tables(connection), columns=columns)


def tables(connection: Connection) -> dict[str, Table]:
    """Return the definitions of all tables, sorted by display name and keyed by it.

    demosnap's own tables are left out.
    """
    # The dialect reflects columns, since it knows types that SQLAlchemy lacks.
    messages = ("Did not recognize type", "Skipped unsupported reflection of expression")
    with quiet.handling("ignore", *messages, category=SAWarning):
        return _tables(connection)


def _tables(connection: Connection) -> dict[str, Table]:
    dialect = dialects.of(connection)
    found: dict[str, dict[str, Any]] = {}
    for namespace in (None, *dialect.namespaces(connection)):
        names = [n for n in dialect.table_names(connection, namespace) if n not in OWN_TABLES]
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
