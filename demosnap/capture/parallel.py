"""Read several tables at once, as they were at one moment.

A table that another connection reads waits in a nameless file until its turn comes to be written.
"""

from __future__ import annotations

import contextlib
import marshal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

from demosnap.dialects.base import Counted, Dialect
from demosnap.model import Table
from demosnap.rows.canonical import Rows, batches

_PATIENCE = 0.1

Connect = Callable[[], contextlib.AbstractContextManager[Connection]]
"""Opens one more connection to the same database."""


@dataclass(frozen=True)
class Moment:
    """What `Dialect.shared_moment` returned, and how to pick there what predicates speak of."""

    name: str
    repeat: Callable[[Connection, Sequence[str]], None]


@contextlib.contextmanager
def reading(
    connect: Connect,
    dialect: Dialect,
    moment: Moment,
    tables: Sequence[Table],
    predicates: Mapping[str, str],
    counted: Mapping[str, Counted],
    jobs: int,
    folder: Path,
) -> Iterator[Callable[[Table], Rows]]:
    """Read tables by `jobs` connections at once; yield what gives the rows of a table.

    They see the `moment`; `predicates` pick the rows of each table,
    and what is to be `counted` of one is. `folder` is where rows wait.
    """
    pool = _Pool(connect, dialect, moment)
    with contextlib.ExitStack() as stack:
        files = {
            table.name: stack.enter_context(tempfile.TemporaryFile(dir=folder)) for table in tables
        }
        with ThreadPoolExecutor(min(jobs, len(tables)), thread_name_prefix="demosnap") as workers:
            found: dict[str, Future[None]] = {}
            try:
                for table in tables:
                    name = table.name
                    arguments = (table, predicates[name], counted.get(name), files[name])
                    found[name] = workers.submit(pool.read, *arguments)
                yield lambda table: Rows(_waiting(found[table.name], files[table.name]))
            except BaseException:
                workers.shutdown(wait=False, cancel_futures=True)
                # A statement that began after one was asked to stop has to be asked again.
                pool.stop()
                while wait(found.values(), _PATIENCE).not_done:
                    pool.stop()
                raise


class _Pool:
    """The connections of the workers; each is used for one table, and closed."""

    def __init__(self, connect: Connect, dialect: Dialect, moment: Moment) -> None:
        self._connect = connect
        self._dialect = dialect
        self._moment = moment
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._open: list[Connection] = []

    def read(self, table: Table, predicate: str, counted: Counted | None, file: IO[bytes]) -> None:
        dialect = self._dialect
        with (
            self._connect() as connection,
            dialect.session(connection, write=False),
            self._known(connection),
            dialect.at_moment(connection, self._moment.name),
        ):
            self._moment.repeat(connection, [predicate, *(counted.flags if counted else ())])
            for batch in batches(dialect.read_rows(connection, table, predicate, counted)):
                if self._stopped.is_set():
                    return
                marshal.dump(batch, file)

    def stop(self) -> None:
        """Let no worker go on, neither with rows nor waiting for the server."""
        with self._lock:
            self._stopped.set()
            for connection in self._open:
                self._dialect.cancel(connection)

    @contextlib.contextmanager
    def _known(self, connection: Connection) -> Iterator[None]:
        with self._lock:
            self._open.append(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.remove(connection)


def _waiting(read: Future[None], file: IO[bytes]) -> Iterator[list[bytes]]:
    read.result()
    file.seek(0)
    with contextlib.suppress(EOFError):
        while True:
            yield marshal.load(file)
