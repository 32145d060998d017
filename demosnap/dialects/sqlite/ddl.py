"""Triggers of SQLite, which are dropped and made again in a transaction."""

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
