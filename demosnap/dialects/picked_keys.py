"""List the rows that a predicate picks, by their keys, in another predicate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from demosnap.dialects.text import DialectText
from demosnap.errors import DatabaseError
from demosnap.model import Key, Table
from demosnap.rows.canonical import split
from demosnap.rows.spool import KEYS, in_batches

if TYPE_CHECKING:
    from sqlalchemy import Connection


def pick(
    dialect: DialectText, connection: Connection, table: Table, where: str, number: int
) -> str:
    """Return the predicate of the rows that a predicate picks now.

    Raises:
        DatabaseError: the table has no key, or a key is not a literal under the user's settings.
    """
    if not table.identified:
        raise DatabaseError(
            f"{table.name}: its rows cannot be named, since it has no key",
            "Give the table a primary key.",
        )
    narrow = replace(table, columns=table.key_columns)
    keys: list[Key] = [tuple(split(row)) for row in dialect.read_rows(connection, narrow, where)]
    for key in keys:
        for literal, column in zip(key, table.key_columns, strict=True):
            if not dialect.is_literal(literal, column):
                shown = literal.decode("utf-8", "replace")
                raise DatabaseError(f"{table.name}.{column.name}: {shown} cannot name a row")
    if not keys:
        # Never true; the number makes the text unique.
        return f"({number} <> {number})"
    some = (dialect.key_predicate(table.key_columns, batch) for batch in in_batches(keys, KEYS))
    return "(" + " OR ".join(f"({one})" for one in some) + ")"
