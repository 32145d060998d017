"""Foreign keys from SQLAlchemy, for databases whose catalog this room does not read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from demosnap import quiet
from demosnap.model import ForeignKey, display_name, split_name

if TYPE_CHECKING:
    from sqlalchemy import Connection


def of_sqlalchemy(
    connection: Connection, tables: Sequence[str]
) -> dict[str, tuple[ForeignKey, ...]]:
    """Return the foreign keys of tables (display names), by table."""
    from sqlalchemy import inspect
    from sqlalchemy.exc import SAWarning

    inspector = inspect(connection)
    by_namespace: dict[str | None, list[str]] = {}
    for table in tables:
        namespace, name = split_name(table)
        by_namespace.setdefault(namespace, []).append(name)
    found: dict[str, tuple[ForeignKey, ...]] = {}
    for namespace, names in by_namespace.items():
        # SQLAlchemy parses names from text, and warns of those that only the catalog has.
        with quiet.handling("ignore", "", category=SAWarning):
            keys = inspector.get_multi_foreign_keys(schema=namespace, filter_names=names)
        for (_, name), each in keys.items():
            found[display_name(namespace, name)] = tuple(
                foreign_key(key, inspector.default_schema_name) for key in each
            )
    return found


def foreign_key(key: Any, default: str | None) -> ForeignKey:
    """Return a foreign key of SQLAlchemy; `default` is the name of the default namespace."""
    referred = key["referred_schema"]
    if referred == default and default is not None:
        referred = None
    options = key.get("options") or {}
    # PostgreSQL may list columns, whose spelling stays.
    action, space, listed = (options.get("ondelete") or "NO ACTION").partition(" (")
    return ForeignKey(
        columns=tuple(key["constrained_columns"]),
        table=display_name(referred, key["referred_table"]),
        referred_columns=tuple(filter(None, key["referred_columns"])),
        name=key.get("name"),
        on_delete=action.upper() + space + listed,
        deferrable=bool(options.get("deferrable")),
    )
