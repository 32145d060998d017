"""Note picked rows of SQLite by their numbers, in a temporary table."""

from __future__ import annotations

import contextlib
import sqlite3

from demosnap.dialects.base import Dialect
from demosnap.errors import DatabaseError
from demosnap.model import Table, split_name

_PICKED = "demosnap_picked"
NUMBERS = ("rowid", "_rowid_", "oid")
"""The possible names of a row's number."""


def pick(
    dialect: Dialect, driver: sqlite3.Connection, table: Table, where: str, number: int
) -> str:
    """Note the rows that a predicate picks; return the predicate of these rows.

    Raises:
        DatabaseError: rows have neither number nor key.
    """
    source = dialect.quote_table(table.name)
    name = _number_of(driver, table)
    if name is None:
        if not table.identified:
            raise DatabaseError(
                f"{table.name}: its rows cannot be named, since columns hide their numbers",
                "Give the table a primary key, or rename the column rowid.",
            )
        keys, own = dialect.quote_columns(table.key), f"{_PICKED}_{number}"
        driver.execute(f"CREATE TEMP TABLE {own} AS SELECT {keys} FROM {source} WHERE {where}")
        left = f"({keys})" if len(table.key) > 1 else keys
        return f"{left} IN (SELECT {keys} FROM temp.{own})"
    driver.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS {_PICKED}"
        " (pick, place, PRIMARY KEY (pick, place)) WITHOUT ROWID"
    )
    driver.execute(
        f"INSERT INTO temp.{_PICKED} SELECT {number}, {name} FROM {source} WHERE {where}"
    )
    return f"{name} IN (SELECT place FROM temp.{_PICKED} WHERE pick = {number})"


def drop(driver: sqlite3.Connection) -> None:
    """Drop the notes."""
    # An interrupt may have closed the connection, or a reader may still be open.
    with contextlib.suppress(sqlite3.Error):
        sql = f"SELECT name FROM sqlite_temp_master WHERE name GLOB '{_PICKED}*' AND type = 'table'"
        for (name,) in driver.execute(sql).fetchall():
            driver.execute(f"DROP TABLE temp.{name}")


def _number_of(driver: sqlite3.Connection, table: Table) -> str | None:
    """Return a name of the row's number that no column has; None: rows have no number."""
    columns = {column.name.lower() for column in table.columns}
    name = next((name for name in NUMBERS if name not in columns), None)
    known = driver.execute(
        "SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'", (split_name(table.name)[1],)
    ).fetchone()
    return None if known is not None and known[0] else name
