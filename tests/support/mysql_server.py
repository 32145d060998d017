"""A MariaDB database with the zoo in it, and the ways into it that tests need."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from demosnap import dialects
from demosnap.dialects.base import execute
from demosnap.model import Table, display_name
from support.databases import SERVERS, missing, mysql_in_its_place
from support.mysql_zoo import ZOO

BACKEND = "mysql" if mysql_in_its_place() else "mariadb"
DIALECT: Any = dialects.get(BACKEND)
INTEGER = "int" if mysql_in_its_place() else "int(11)"
"""The type INTEGER, as the server writes it."""
HOSTILE = (
    "SET SESSION sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT,IGNORE_SPACE,PAD_CHAR_TO_FULL_LENGTH,"
    "NO_ZERO_DATE,NO_ZERO_IN_DATE,REAL_AS_FLOAT', time_zone='-08:30', sql_safe_updates=1,"
    " sql_select_limit=2, sql_auto_is_null=1, max_sort_length=64, unique_checks=0, sql_notes=0"
)


@dataclass
class Server:
    """A database of the tests' own, and ways into it."""

    url: sa.URL
    other: str

    def engine(self, **query: str) -> sa.Engine:
        engine = sa.create_engine(self.url.update_query_dict(query), poolclass=NullPool)
        DIALECT.configure_engine(engine)
        return engine

    @contextlib.contextmanager
    def connect(self, *, write: bool = True, **query: str) -> Iterator[sa.Connection]:
        with (
            self.engine(**query).connect() as connection,
            DIALECT.session(connection, write=write),
        ):
            yield connection

    def run(self, *statements: str, mode: str = "") -> None:
        engine = sa.create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            execute(connection, f"SET sql_mode='{mode}', time_zone='+00:00'")
            for statement in statements:
                execute(connection, statement)
            connection.commit()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        engine = sa.create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            execute(connection, "SET time_zone='+00:00'")
            return [tuple(row) for row in execute(connection, sql)]


def quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _made(table: str) -> Iterator[str]:
    columns, rows = ZOO[table]
    yield "SET sql_mode=''"
    yield f"CREATE TABLE {quote(table)} ({columns})"
    yield "SET sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'"
    yield f"INSERT INTO {quote(table)} VALUES {','.join(f'({row})' for row in rows)}"


@pytest.fixture(scope="module", params=["pymysql", "mysqldb"], name="server")
def server_fixture(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A database with the whole zoo, by each driver."""
    if request.param == "mysqldb":
        pytest.importorskip("MySQLdb", reason="mysqlclient is not installed")
    variable, default = SERVERS["mariadb"]
    base = sa.make_url(os.environ.get(variable) or default)
    base = base.set(drivername=f"{BACKEND}+{request.param}")
    if request.param == "mysqldb":
        # An option of PyMySQL alone.
        base = base.difference_update_query(["ssl_disabled"])
    name = f"demosnap_zoo_{os.getpid()}_{secrets.token_hex(3)}"
    other = f"{name} Other.db"
    admin = sa.create_engine(base.set(database=""), poolclass=NullPool)
    try:
        with admin.connect() as connection:
            for database in (name, other):
                execute(connection, f"CREATE DATABASE {quote(database)} CHARACTER SET utf8mb4")
    except sa.exc.OperationalError as error:
        missing(f"no MariaDB server at {base.host}:{base.port}: {error.orig}")
    found = Server(base.set(database=name).update_query_dict({"charset": "utf8mb4"}), other)
    try:
        found.run(*(statement for table in ZOO for statement in _made(table)))
        yield found
    finally:
        with admin.connect() as connection:
            for database in (name, other):
                execute(connection, f"DROP DATABASE {quote(database)}")


def table_of(connection: sa.Connection, name: str) -> Table:
    shown = display_name(None, name)
    columns = DIALECT.reflect_columns(connection, [shown])[shown]
    key = sa.inspect(connection).get_pk_constraint(name)["constrained_columns"]
    return Table(shown, columns, tuple(key))


def read(connection: sa.Connection, table: Table, predicate: str = "TRUE") -> list[bytes]:
    return list(DIALECT.read_rows(connection, table, predicate))


def content(server: Server, name: str) -> list[tuple[Any, ...]]:
    """Return what the server itself says of a table: a checksum, and text and bits of values."""
    ((_, checksum),) = server.rows(f"CHECKSUM TABLE {quote(name)} EXTENDED")
    columns = server.rows(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema ="
        f" DATABASE() AND table_name = CONVERT(X'{name.encode().hex()}' USING utf8mb4)"
        " ORDER BY ordinal_position"
    )
    shown = [
        f"HEX({quote(c)})" if t not in ("float", "double") else f"{quote(c)}+0e0"
        for c, t in columns
    ]
    rows = server.rows(f"SELECT {','.join(shown)} FROM {quote(name)}")
    return [(checksum,), *sorted(rows, key=repr)]
