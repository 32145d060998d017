"""The ways in: the text of an INSERT as a snapshot has it, and values that are bound.

SQLite parses and inserts a statement without Python, in a thread beside the one that reads and
checks the next rows.
"""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from demosnap.dialects import sqlite_values as values
from demosnap.dialects.sqlite_bind import bound
from demosnap.model import Table
from demosnap.snapshot.rows import batches

_AHEAD = 2
"""How many statements wait for the one that runs."""

_LONGEST = 900_000
"""The bytes of rows in a statement; SQLite may have been built to take a million."""


def write(driver: sqlite3.Connection, into: str, table: Table, rows: Iterable[bytes]) -> int:
    """Insert rows as they stand where SQLite reads them as Python does; return how many.

    `into` is the table with its column list. The connection keeps no statements, and lets other
    threads use it.
    """
    # A conflict ends the statement either way; FAIL needs no journal of each statement.
    head = f"INSERT OR FAIL INTO {into} VALUES\n(".encode()
    plain = re.compile(b",".join([b"(?:%s)" % values.EXACT] * len(table.captured))).fullmatch
    cursor = driver.cursor()
    taken = 0
    waiting: deque[Future[int]] = deque()
    with ThreadPoolExecutor(1, "demosnap") as worker:
        try:
            for batch in batches(rows):
                if sum(map(len, batch)) <= _LONGEST and all(map(plain, batch)):
                    waiting.append(worker.submit(_execute, cursor, head, batch))
                else:
                    waiting.append(worker.submit(bind, driver, into, table, batch))
                if len(waiting) > _AHEAD:
                    taken += waiting.popleft().result()
            return taken + sum(one.result() for one in waiting)
        except BaseException:
            worker.shutdown(cancel_futures=True)
            raise


def bind(driver: sqlite3.Connection, into: str, table: Table, rows: Iterable[bytes]) -> int:
    """Insert rows by executemany; return how many."""
    marks = ",".join("?" * len(table.captured))
    cursor = driver.cursor()
    cursor.executemany(f"INSERT OR ABORT INTO {into} VALUES ({marks})", bound(table, rows))
    return max(cursor.rowcount, 0)


def _execute(cursor: sqlite3.Cursor, head: bytes, batch: list[bytes]) -> int:
    cursor.execute((head + b"),\n(".join(batch) + b")").decode())
    return cursor.rowcount
