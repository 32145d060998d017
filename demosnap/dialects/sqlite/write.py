"""Write rows: as the text of an INSERT, or as bound values.

SQLite parses and inserts a statement without Python, which meanwhile reads and checks the next
rows.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterable

from demosnap.dialects.sqlite import codecs as values
from demosnap.dialects.sqlite.bind import bound
from demosnap.model import Table
from demosnap.rows.canonical import batches, insert_text, row_pattern
from demosnap.rows.prefetch import ahead

_LONGEST = 900_000
"""The maximum bytes of rows in a statement; SQLite's limit may be a million."""


def write(driver: sqlite3.Connection, into: str, table: Table, rows: Iterable[bytes]) -> int:
    """Insert rows as text if SQLite reads them as Python does; return their number.

    `into` is the table with its column list. The connection must not cache statements.
    """
    # A conflict ends the statement either way, but FAIL needs no statement journal.
    head = f"INSERT OR FAIL INTO {into} VALUES"
    plain = re.compile(row_pattern([values.EXACT] * len(table.captured))).fullmatch

    def statement(batch: list[bytes]) -> bytes | list[bytes]:
        if sum(map(len, batch)) <= _LONGEST and all(map(plain, batch)):
            return insert_text(head, batch)
        return batch

    taken = 0
    with contextlib.closing(ahead(map(statement, batches(rows)))) as found:
        for one in found:
            if isinstance(one, bytes):
                taken += _execute(driver, one)
            else:
                taken += bind(driver, into, table, one)
    return taken


def bind(driver: sqlite3.Connection, into: str, table: Table, rows: Iterable[bytes]) -> int:
    """Insert rows by executemany; return their number."""
    marks = ",".join("?" * len(table.captured))
    cursor = driver.cursor()
    cursor.executemany(f"INSERT OR ABORT INTO {into} VALUES ({marks})", bound(table, rows))
    return max(cursor.rowcount, 0)


def _execute(driver: sqlite3.Connection, statement: bytes) -> int:
    return driver.execute(statement.decode()).rowcount
