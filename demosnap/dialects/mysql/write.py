"""The ways in: INSERT statements as a snapshot file has them, and LOAD DATA LOCAL from a pipe.

LOAD DATA LOCAL makes warnings of errors and leaves rows out, so what it took is counted. The
statement runs in a thread, and the rows are made in the caller's: a row that cannot be made, or
Ctrl-C, closes the pipe, and the statement ends.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from demosnap.dialects.mysql import session
from demosnap.dialects.mysql.codecs import HEX_TEXT
from demosnap.dialects.mysql.values import text_of
from demosnap.errors import RowsNotTakenError
from demosnap.rows.canonical import Rows, batches, insert_text, split
from demosnap.visible import rows as rows_of

_PIPE_BYTES = 1024 * 1024
# "Not allowed": by the server, by the client, and as MySQL 8 and MariaDB 10.5 and newer say it.
_NOT_ALLOWED = frozenset({1148, 2068, 3948, 4166})


def insert(driver: Any, head: str, rows: Iterable[bytes]) -> int:
    """Insert rows by the INSERT statements that a snapshot file has; return how many.

    Raises:
        DatabaseError: the server warned.
    """
    taken = 0
    for batch in batches(rows):
        with contextlib.closing(driver.cursor()) as cursor:
            cursor.execute(insert_text(head, batch))
            taken += cursor.rowcount
        session.check_warnings(driver, head)
    return taken


def write(driver: Any, head: str, load: str, rows: Iterable[bytes]) -> int:
    """Insert rows the fastest way that there is; return how many the server took.

    `head` begins the INSERT; `load` is what LOAD DATA says after the file's name.

    Raises:
        DatabaseError: the server warned, or inserted a different number of rows.
    """
    found = batches(rows)
    first = list(itertools.islice(found, 2))
    everything = Rows(itertools.chain(first, found))
    if len(first) == 2:
        taken = bulk(driver, load, everything)
        if taken is not None:
            return taken
    return insert(driver, head, everything)


def bulk(driver: Any, load: str, rows: Iterable[bytes]) -> int | None:
    """Insert rows by LOAD DATA LOCAL; return how many, None if that is not allowed.

    No row is taken from `rows` before the server has asked for them.

    Raises:
        DatabaseError: the server warned, or inserted a different number of rows.
    """
    if not hasattr(os, "mkfifo"):
        return None
    ((allowed,),) = session.query(driver, "SELECT @@local_infile")
    if not allowed:
        return None
    with _local_infile(driver) as allowed, tempfile.TemporaryDirectory("-demosnap") as folder:
        if not allowed:
            return None
        pipe = Path(folder, "rows")
        os.mkfifo(pipe, 0o600)
        statement = _Statement(driver, f"LOAD DATA LOCAL INFILE '{pipe}' {load}", pipe)
        sent = statement.run(rows)
        if sent is None:
            return None
    session.check_warnings(driver, load)
    if statement.taken != sent:
        raise RowsNotTakenError(f"{load}: the server took {statement.taken} of {rows_of(sent)}")
    return sent


class _Statement:
    """One LOAD DATA that reads the rows from a pipe."""

    def __init__(self, driver: Any, sql: str, pipe: Path) -> None:
        self._driver = driver
        self._sql = sql
        self._pipe = pipe
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._execute, daemon=True)
        self.taken = 0

    def run(self, rows: Iterable[bytes]) -> int | None:
        """Send the rows; return how many, None if the server or the driver does not want them."""
        sent = 0
        file: int | None = None
        self._thread.start()
        try:
            file = self._open()
            if file is not None:
                sent = self._send(file, rows)
        finally:
            if file is not None:
                os.close(file)
            # A reader that has not opened the pipe yet would wait for its writer for ever.
            while file is None and self._thread.is_alive():
                if (late := self._try_open()) is not None:
                    os.close(late)
                self._thread.join(0.01)
            self._thread.join()
        if self._error is None:
            return sent
        if file is None and self._error.args[:1] and self._error.args[0] in _NOT_ALLOWED:
            return None
        raise self._error

    def _execute(self) -> None:
        try:
            with contextlib.closing(self._driver.cursor()) as cursor:
                cursor.execute(self._sql.encode())
                self.taken = cursor.rowcount
        except BaseException as error:  # noqa: BLE001 it is raised in the caller's thread
            self._error = error

    def _open(self) -> int | None:
        while self._thread.is_alive():
            if (file := self._try_open()) is not None:
                os.set_blocking(file, True)
                # Larger than the default, if the system lets us.
                with contextlib.suppress(AttributeError, OSError):
                    fcntl.fcntl(file, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
                return file
            time.sleep(0.0005)
        return None

    def _try_open(self) -> int | None:
        try:
            return os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return None

    def _send(self, file: int, rows: Iterable[bytes]) -> int:
        sent = 0
        for batch in batches(rows):
            sent += len(batch)
            lines = [_without_hex_text(row) if HEX_TEXT in row else row for row in batch]
            data = memoryview(b"\n".join(lines) + b"\n")
            try:
                while data:
                    data = data[os.write(file, data) :]
            except BrokenPipeError:
                # The statement failed, and says why itself.
                break
        return sent


@contextlib.contextmanager
def _local_infile(driver: Any) -> Iterator[bool]:
    """Let PyMySQL send a file, only for now: the server names the file that it wants."""
    if session.root_module(driver) != "pymysql":
        yield session.root_module(driver) == "MySQLdb"
        return
    from pymysql.constants import CLIENT

    if not driver.client_flag & CLIENT.LOCAL_FILES:
        yield False
        return
    before = driver._local_infile
    driver._local_infile = True
    try:
        yield True
    finally:
        driver._local_infile = before


def _without_hex_text(row: bytes) -> bytes:
    """Return a row with text in quotes where a snapshot has `_utf8mb4 X'…'`."""
    return b",".join(
        b"'" + text_of(literal).encode().replace(b"'", b"''") + b"'"
        if literal.startswith(HEX_TEXT)
        else literal
        for literal in split(row)
    )
