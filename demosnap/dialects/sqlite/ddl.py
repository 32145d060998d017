"""What SQLite drops and makes again in a transaction: triggers, and indexes that are not unique."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from demosnap.dialects.base import Dialect, execute
from demosnap.model import Table, split_name

if TYPE_CHECKING:
    from sqlalchemy import Connection


@contextlib.contextmanager
def without_triggers(
    dialect: Dialect, connection: Connection, tables: Sequence[Table]
) -> Iterator[None]:
    """Do without the triggers of tables."""
    sql = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        f" AND tbl_name COLLATE NOCASE IN ({_names(dialect, tables)}) ORDER BY rowid"
    )
    with _without("TRIGGER", dialect, connection, execute(connection, sql).all()):
        yield


@contextlib.contextmanager
def without_indexes(
    dialect: Dialect, connection: Connection, tables: Sequence[Table]
) -> Iterator[None]:
    """Do without the indexes of tables that keep nothing unique; their statistics stay."""
    sql = (
        "SELECT i.name, m.sql FROM sqlite_master t, pragma_index_list(t.name) i"
        " JOIN sqlite_master m ON m.type = 'index' AND m.name = i.name"
        f" WHERE t.type = 'table' AND t.name COLLATE NOCASE IN ({_names(dialect, tables)})"
        " AND i.origin = 'c' AND NOT i.\"unique\" ORDER BY m.rowid"
    )
    indexes = execute(connection, sql).all()
    listed = ",".join(dialect.string(name) for name, _ in indexes)
    kept = execute(connection, "SELECT name FROM sqlite_master WHERE name GLOB 'sqlite_stat[14]'")
    statistics = [table for (table,) in kept.all()]
    # What ANALYZE found goes with an index, and the planner would go other ways.
    for table in statistics:
        copied = f"SELECT * FROM {table} WHERE idx IN ({listed})"
        execute(connection, f"CREATE TEMPORARY TABLE demosnap_{table} AS {copied}")
    with _without("INDEX", dialect, connection, indexes):
        yield
    for table in statistics:
        execute(connection, f"INSERT INTO {table} SELECT * FROM temp.demosnap_{table}")
        execute(connection, f"DROP TABLE temp.demosnap_{table}")


@contextlib.contextmanager
def _without(
    kind: str, dialect: Dialect, connection: Connection, found: Sequence[Any]
) -> Iterator[None]:
    for name, _ in found:
        execute(connection, f"DROP {kind} {dialect.quote(name)}")
    yield
    for _, definition in found:
        execute(connection, definition)


def _names(dialect: Dialect, tables: Sequence[Table]) -> str:
    return ",".join(dialect.string(split_name(table.name)[1]) for table in tables)
