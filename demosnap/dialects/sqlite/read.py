"""Read rows that SQLite renders completely and puts in canonical order."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator

from demosnap.dialects.base import Counted, Dialect
from demosnap.dialects.sqlite import literals as literals
from demosnap.dialects.sqlite import reflect
from demosnap.dialects.sqlite.bind import parsed
from demosnap.dialects.sqlite.codecs import real_literal
from demosnap.model import Table
from demosnap.rows.canonical import FIRST_ROWS, rows_like


def rows(
    dialect: Dialect,
    driver: sqlite3.Connection,
    table: Table,
    predicate: str,
    counted: Counted | None,
) -> Generator[list[bytes], None, None]:
    """Yield, in batches, the rows that a predicate picks; predicates in `counted` are counted.

    Raises:
        DatabaseError: a row contains text that is not UTF-8.
    """
    # Only once: full-text tables keep a statement open, which prevents replacing a function.
    known = "SELECT 1 FROM pragma_function_list WHERE name = 'demosnap_real'"
    if driver.execute(known).fetchone() is None:
        driver.create_function("demosnap_real", 1, real_literal, deterministic=True)
    order = _order(dialect, driver, table, predicate)
    expected = literals.expected_types(driver, dialect, table.name, table.captured)
    parts = literals.parts(dialect, table.captured, expected)
    mark = ["||".join(counted.flags)] if counted else []
    cursor = driver.execute(
        f"SELECT {','.join([*mark, *parts])}"
        f" FROM {dialect.quote_table(table.name)} WHERE {predicate} ORDER BY {order}"
    )
    with contextlib.closing(cursor):
        count = FIRST_ROWS
        while found := cursor.fetchmany(count):
            if counted:
                counted.add([row[0] for row in found])
            if len(parts) == 1:
                batch = [row[-1] for row in found]
            else:
                batch = [b",".join(row[len(mark) :]) for row in found]
            yield _usable(table, batch)
            count = rows_like(batch)


def _usable(table: Table, batch: list[bytes]) -> list[bytes]:
    """Return rows in which texts with a carriage return or NUL have their canonical form."""
    together = b"\n".join(batch)
    if b"\r" in together:
        batch = [literals.without_returns(row) if b"\r" in row else row for row in batch]
        together = b"\n".join(batch)
    if b"CAST(X'" in together:
        for row in batch:
            if b"CAST(X'" in row:
                parsed(table, row)
    return batch


def _order(dialect: Dialect, driver: sqlite3.Connection, table: Table, predicate: str) -> str:
    keys = table.ordering
    names = [dialect.quote(column.name) for column in keys]
    if len(keys) == 1 and reflect.numbered(driver, table):
        return names[0]
    odd = " OR ".join(f"typeof({name})<>'integer'" for name in names)
    sql = f"SELECT 1 FROM {dialect.quote_table(table.name)} WHERE ({odd}) AND ({predicate}) LIMIT 1"
    if not driver.execute(sql).fetchone():
        return ",".join(names)
    return ",".join(
        f"typeof({name})<>'integer',CASE typeof({name}) WHEN 'integer' THEN {name} END,"
        f"CAST({literals.literal(name)} AS BLOB)"
        for name in names
    )
