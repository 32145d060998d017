"""The ways in: the text of an INSERT as a snapshot has it, and values that are bound.

SQLite parses and inserts a statement without Python, which reads and checks the next rows
meanwhile.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterable

from demosnap.dialects.sqlite import codecs as values
from demosnap.dialects.sqlite.bind import bound
from demosnap.model import Table
from demosnap.rows.canonical import batches, insert_text
from demosnap.rows.prefetch import ahead

_LONGEST = 900_000
"""The bytes of rows in a statement; SQLite may have been built to take a million."""


def write(driver: sqlite3.Connection, into: str, table: Table, rows: Iterable[bytes]) -> int:
    """Insert rows as they stand where SQLite reads them as Python does; return how many.

    `into` is the table with its column list. The connection keeps no statements.
    """
    # A conflict ends the statement either way; FAIL needs no journal of each statement.
    head = f"INSERT OR FAIL INTO {into} VALUES"
    plain = re.compile(b",".join([values.EXACT] * len(table.captured))).fullmatch

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
    """Insert rows by executemany; return how many."""
    marks = ",".join("?" * len(table.captured))
    cursor = driver.cursor()
    cursor.executemany(f"INSERT OR ABORT INTO {into} VALUES ({marks})", bound(table, rows))
    return max(cursor.rowcount, 0)


def _execute(driver: sqlite3.Connection, statement: bytes) -> int:
    return driver.execute(statement.decode()).rowcount
