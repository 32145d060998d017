"""A consumer that fails while the server still sends rows: its own error, at once, and no hang."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from demosnap import dialects
from demosnap.database import reflect
from demosnap.dialects.base import Dialect, execute
from demosnap.errors import DemosnapError
from demosnap.model import Table
from demosnap.rows.canonical import Rows
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]
COUNT = 30_000

SESSIONS = {
    "sqlite": "SELECT 0",
    "postgresql": "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid()",
    "mariadb": "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()"
    " AND id <> CONNECTION_ID()",
}


def fill(database: Database) -> None:
    """Give the database a table of many rows, none of them short."""
    database.execute("CREATE TABLE many (id INTEGER PRIMARY KEY, word VARCHAR(200) NOT NULL)")
    for start in range(0, COUNT, 10_000):
        values = ",".join(f"({i},'{'w' * 190}')" for i in range(start, start + 10_000))
        database.execute(f"INSERT INTO many VALUES {values}")


@pytest.fixture
def many(database: Database) -> Database:
    """A database with a table of many rows."""
    fill(database)
    return database


@contextmanager
def reading(database: Database) -> Iterator[tuple[sa.Connection, Dialect, Table]]:
    """Connect as a command that reads does."""
    with database.engine.connect() as connection:
        dialect = dialects.of(connection)
        table = reflect.tables(connection)["many"]
        connection.rollback()
        with dialect.session(connection, write=False):
            yield connection, dialect, table


@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt, GeneratorExit])
def test_the_error_is_the_consumers_and_the_session_goes_on(
    many: Database, error: type[BaseException]
) -> None:
    with reading(many) as (connection, dialect, table):
        rows: Iterator[bytes] = iter(())
        with pytest.raises(error, match="mine"), dialect.consistent_read(connection):
            rows = dialect.read_rows(connection, table, "1 = 1")
            next(rows)
            raise error("mine")
        assert execute(connection, "SELECT COUNT(*) FROM many").scalar() == COUNT
        del rows


def test_partly_read_rows_leave_the_session_usable(many: Database) -> None:
    with reading(many) as (connection, dialect, table):
        with connection.begin():
            left = dialect.read_rows(connection, table, "1 = 1")
            next(left)
        assert execute(connection, "SELECT COUNT(*) FROM many").scalar() == COUNT
        again = dialect.read_rows(connection, table, "1 = 1")
        assert len([next(again), *again]) == COUNT
        del left


def test_a_producer_that_fails_ends_the_writing(many: Database) -> None:
    def rows() -> Iterator[bytes]:
        yield from (b"%d,'x'" % i for i in range(COUNT, COUNT + 5_000))
        raise LookupError("mine")

    with many.engine.connect() as connection:
        dialect = dialects.of(connection)
        table = reflect.tables(connection)["many"]
        with pytest.raises(LookupError, match="mine"):
            dialect.write_rows(connection, table, rows())
        connection.rollback()
        assert execute(connection, "SELECT COUNT(*) FROM many").scalar() == COUNT


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """Let this process write no file that is longer, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def chain(many: Database, make_workspace: MakeWorkspace) -> Chain:
    """A project that captures the table of many rows."""
    made = small.make(make_workspace(many))
    made.workspace.configure("marker: none\ntables: {many: {where: '1 = 1'}}\n")
    return made


def gone(database: Database) -> bool:
    """Return whether no session of a command is left; the server ends one a moment later."""
    last = time.monotonic() + 10
    while time.monotonic() < last:
        if database.rows(SESSIONS[database.dialect]) == [(0,)]:
            return True
        time.sleep(0.01)
    return False


def test_a_capture_that_cannot_write_its_file_ends(chain: Chain) -> None:
    before = _files(chain)
    with (
        pytest.raises(DemosnapError, match=r"(?i)file too large"),
        small_files(200_000),
    ):
        chain.project.revision("general", message="big")
    assert gone(chain.database)
    assert _files(chain) == before
    chain.project.revision("general", message="big")


def _files(chain: Chain) -> list[Path]:
    return sorted(p for p in chain.workspace.revisions.rglob("*") if p.suffix != ".lock")


def test_a_partly_read_comparison_ends(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.project.revision("general", message="big")
    dialect = type(dialects.get(chain.database.server))
    read_rows = dialect.read_rows

    def failing(self: Any, connection: Any, table: Any, predicate: str, *more: Any) -> Rows:
        rows = read_rows(self, connection, table, predicate, *more)
        batches = rows.batches  # type: ignore[attr-defined]

        def some() -> Iterator[list[bytes]]:
            yield next(batches)
            raise BrokenPipeError("nobody reads")

        return Rows(some())

    monkeypatch.setattr(dialect, "read_rows", failing)
    with pytest.raises(BrokenPipeError, match="nobody reads"):
        chain.project.status()
    assert gone(chain.database)
