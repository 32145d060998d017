"""A database of a test's own, on each of the dialects; shared tests name no dialect.

The URL of `mariadb` may be MySQL's: the tests are the same, but for those with the mark
`mariadb_alone`.
"""

from __future__ import annotations

import functools
import os
import secrets
import shutil
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from support import reused

SERVERS = {
    "postgresql": (
        "DEMOSNAP_TEST_POSTGRESQL_URL",
        "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    ),
    "mariadb": (
        "DEMOSNAP_TEST_MARIADB_URL",
        "mariadb+pymysql://root@127.0.0.1:3306/?charset=utf8mb4&ssl_disabled=true",
    ),
}
DATABASES = ("sqlite", *SERVERS)


@dataclass
class Database:
    """A database of the test's own, empty at first, and the ways into it.

    Each connection of `engine` is new. What is asked here goes through `kept`, where one session
    may stay.
    """

    dialect: str
    url: str
    engine: sa.Engine
    folder: Path
    kept: sa.Engine | None = None

    @property
    def _own(self) -> sa.Engine:
        return self.kept or self.engine

    @property
    def server(self) -> str:
        """The dialect of the server itself: `mysql` where that stands in MariaDB's place."""
        return sa.make_url(self.url).get_backend_name()

    def execute(self, *statements: str) -> None:
        """Run SQL statements, each as it stands, and commit."""
        with self._own.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self._own.connect() as connection:
            return _rows(connection, sql)

    def dump(self, *, own: bool = False) -> dict[str, list[tuple[Any, ...]]]:
        """Return all rows of all tables, every value with its type's name, in a stable order.

        demosnap's own tables only with `own`.
        """
        found = {}
        with self._own.connect() as connection:
            for table in sa.inspect(connection).get_table_names():
                if own or not table.startswith("demosnap_"):
                    quoted = self.engine.dialect.identifier_preparer.quote_identifier(table)
                    rows = _rows(connection, f"SELECT * FROM {quoted}")
                    typed = [tuple((type(v).__name__, v) for v in row) for row in rows]
                    found[table] = sorted(typed, key=repr)
        return found

    def end_sessions(self) -> None:
        """End the session that stays, for what is done to a database that nothing uses."""
        self._own.dispose()

    def client(
        self, script: Path, *options: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a SQL file through the database's own command-line client, with its options."""
        url = sa.make_url(self.url)
        command = {
            "sqlite": ["sqlite3", *options, str(url.database)],
            "postgresql": [
                *("psql", "-q", *options, "-h", url.host or "", "-p", str(url.port), "-U"),
                *(url.username or "", "-d", url.database or "", "-f", str(script)),
            ],
            "mariadb": [
                *(self.server, *options, "-h", url.host or "", "-P", str(url.port), "-u"),
                *(url.username or "", url.database or ""),
            ],
        }[self.dialect]
        if shutil.which(command[0]) is None:
            missing(f"{command[0]} is not installed")
        with script.open("rb") as stream:
            return subprocess.run(
                command, stdin=stream, capture_output=True, text=True, check=check, timeout=120
            )


def _rows(connection: sa.Connection, sql: str) -> list[tuple[Any, ...]]:
    result = connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
    return [tuple(row) for row in result]


def missing(reason: str) -> None:
    """Skip for a reason, or fail where servers and clients are required."""
    if os.environ.get("DEMOSNAP_REQUIRE_SERVERS") == "1":
        pytest.fail(f"DEMOSNAP_REQUIRE_SERVERS=1, but {reason}")
    pytest.skip(reason)


def mysql_in_its_place() -> bool:
    """Return whether the server of the fixture `mariadb` is to be MySQL."""
    variable, default = SERVERS["mariadb"]
    return sa.make_url(os.environ.get(variable) or default).get_backend_name() == "mysql"


def make_database(dialect: str, folder: Path) -> Generator[Database, None, None]:
    """Make an empty database of a random name, which no other test has at the same time."""
    if dialect == "sqlite":
        path = folder / "demo.db"
        engine = sa.create_engine(f"sqlite:///{path}", poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA user_version = 1")
        yield Database(dialect, f"sqlite:///{path}", engine, folder)
        engine.dispose()
        return
    variable, default = SERVERS[dialect]
    server = sa.make_url(os.environ.get(variable) or default)
    try:
        name = reused.take(server) if dialect == "postgresql" else _new(server)
    except sa.exc.OperationalError as error:
        missing(f"no {dialect} server at {server.host}:{server.port} ({variable}): {error.orig}")
    url = server.set(database=name)
    engine = sa.create_engine(url, poolclass=NullPool)
    kept = reused.kept(name) if dialect == "postgresql" else None
    try:
        text = url.render_as_string(hide_password=False)
        yield Database(dialect, text, engine, folder, kept)
    finally:
        engine.dispose()
        if dialect == "postgresql":
            reused.give_back(server, name)
        else:
            _run(server, f"DROP DATABASE {name}")


def _new(server: sa.URL) -> str:
    name = f"demosnap_test_{os.getpid()}_{secrets.token_hex(4)}"
    _run(server, f"CREATE DATABASE {name}")
    return name


def _run(server: sa.URL, statement: str) -> None:
    with _admin(server).connect() as connection:
        connection.exec_driver_sql(statement)


@functools.cache
def _admin(server: sa.URL) -> sa.Engine:
    """Return one engine for all tests: at its first connection each asks who the server is."""
    return sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
