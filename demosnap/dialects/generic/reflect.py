"""Definitions from SQLAlchemy's inspector, table by table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from demosnap.dialects import inspected_keys, unique
from demosnap.dialects.generic.codecs import words
from demosnap.dialects.generic.names import Names
from demosnap.model import Column, ForeignKey, split_name

if TYPE_CHECKING:
    from sqlalchemy import Connection


def columns(
    dialect: Names, connection: Connection, tables: Sequence[str]
) -> dict[str, tuple[Column, ...]]:
    """Return the columns of tables (display names), in declared order."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    found = {}
    for table in tables:
        namespace, name = split_name(table)
        each = inspector.get_columns(dialect.asked(name), schema=namespace)
        found[table] = tuple(_column(dialect, one) for one in each)
    return found


def _column(dialect: Names, one: Any) -> Column:
    identity = one.get("identity")
    return Column(
        dialect.shown(one["name"]),
        words(one["type"]),
        nullable=bool(one["nullable"]),
        default=one["default"],
        generated="computed" in one,
        identity=None if not identity else "always" if identity.get("always") else "by default",
    )


def keys(
    dialect: Names,
    connection: Connection,
    namespace: str | None,
    names: Sequence[str],
    without: Collection[str],
) -> dict[str, unique.Keys]:
    """Return the keys of a namespace's tables, except for those of the indexes in `without`."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    found: dict[str, unique.Keys] = {}
    for name in names:
        asked = dialect.asked(name)
        indexes = inspector.get_indexes(asked, schema=namespace)
        primary, others = unique.keys(
            inspector.get_pk_constraint(asked, schema=namespace),
            inspector.get_unique_constraints(asked, schema=namespace),
            [one for one in indexes if dialect.shown(str(one["name"])) not in without],
        )
        found[name] = (_shown(dialect, primary), [_shown(dialect, one) for one in others])
    return found


def foreign_keys(
    dialect: Names, connection: Connection, tables: Sequence[str]
) -> dict[str, tuple[ForeignKey, ...]]:
    """Return the foreign keys of tables (display names), by table."""
    from sqlalchemy import inspect

    inspector = inspect(connection)

    def key(one: Any) -> ForeignKey:
        told = {
            **one,
            "name": dialect.shown(one["name"]) if one.get("name") else None,
            "constrained_columns": _shown(dialect, one["constrained_columns"]),
            "referred_table": dialect.shown(one["referred_table"]),
            "referred_columns": _shown(dialect, one["referred_columns"]),
        }
        return inspected_keys.foreign_key(told, inspector.default_schema_name)

    found = {}
    for table in tables:
        namespace, name = split_name(table)
        each = inspector.get_foreign_keys(dialect.asked(name), schema=namespace)
        found[table] = tuple(map(key, each))
    return found


def _shown(dialect: Names, names: Sequence[Any]) -> tuple[str, ...]:
    return tuple(dialect.shown(name) for name in names)
