"""The application's tables: vaults hold projects, projects hold fragments, and a fragment may
be a todo, describe a contact or be a message of a chat session."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import sqlite

metadata = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

# Without it SQLAlchemy writes ".000000" behind each timestamp on SQLite, and only there.
_SQLITE_TIMESTAMP = sqlite.DATETIME(truncate_microseconds=True)  # type: ignore[no-untyped-call]
_TIMESTAMP = DateTime().with_variant(_SQLITE_TIMESTAMP, "sqlite")


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _json(name: str) -> Column[Any]:
    # none_as_null: no metadata is NULL, not the JSON text null.
    return Column(name, JSON(none_as_null=True))


def _table(name: str, *columns: Column[Any]) -> Table:
    # A server's default character set may not hold an emoji.
    return Table(name, metadata, *columns, mysql_charset="utf8mb4", mariadb_charset="utf8mb4")


vaults = _table(
    "vaults",
    _id(),
    Column("name", String(120), nullable=False),
    Column("slug", String(120), nullable=False, unique=True),
    Column("description", Text),
    _json("metadata"),
    Column("created_at", _TIMESTAMP),
    Column("updated_at", _TIMESTAMP),
)

projects = _table(
    "projects",
    _id(),
    Column("name", String(120), nullable=False),
    Column("description", Text),
    Column("status", String(20), nullable=False),
    Column("vault_id", ForeignKey("vaults.id"), nullable=False),
    _json("metadata"),
    Column("created_at", _TIMESTAMP),
    Column("updated_at", _TIMESTAMP),
)

fragments = _table(
    "fragments",
    _id(),
    Column("type", String(40), nullable=False),
    Column("title", String(255)),
    Column("message", Text, nullable=False),
    _json("tags"),
    _json("relationships"),
    _json("metadata"),
    _json("state"),
    Column("vault", String(120)),
    Column("project_id", ForeignKey("projects.id")),
    Column("inbox_status", String(20)),
    Column("inbox_at", _TIMESTAMP),
    Column("created_at", _TIMESTAMP),
    Column("updated_at", _TIMESTAMP),
)

todos = _table(
    "todos",
    _id(),
    Column("fragment_id", ForeignKey("fragments.id"), nullable=False),
    Column("title", String(255), nullable=False),
    _json("state"),
)

contacts = _table(
    "contacts",
    _id(),
    Column("name", String(120), nullable=False),
    Column("role", String(120)),
    Column("company", String(120)),
    Column("email", String(255)),
    Column("phone", String(40)),
    _json("metadata"),
    Column("created_at", _TIMESTAMP),
    Column("updated_at", _TIMESTAMP),
)

chat_sessions = _table(
    "chat_sessions",
    _id(),
    Column("title", String(255), nullable=False),
    _json("messages"),
    Column("message_count", Integer, nullable=False),
    Column("last_activity_at", _TIMESTAMP),
    _json("metadata"),
    Column("created_at", _TIMESTAMP),
    Column("updated_at", _TIMESTAMP),
)


def create_tables(connection: Connection) -> None:
    """Create the tables that are not there yet, in `connection`'s transaction.

    MariaDB and MySQL commit by themselves when a table is created.
    """
    metadata.create_all(connection)
