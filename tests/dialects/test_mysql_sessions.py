"""MySQL and MariaDB: sessions, locks, transactions, definitions, and the plain client."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from demosnap.dialects.base import execute
from demosnap.dialects.mysql import session
from demosnap.errors import LockError
from demosnap.model import Column, Table
from support.databases import missing
from support.mysql_server import BACKEND, DIALECT, HOSTILE, INTEGER, Server, content, read, table_of
from support.mysql_server import server_fixture as server_fixture
from support.mysql_zoo import ZOO

MYSQL = BACKEND == "mysql"
TINY = "tinyint" if MYSQL else "tinyint(4)"
NOW = "CURRENT_TIMESTAMP" if MYSQL else "current_timestamp()"
CHECKED = "longtext" if MYSQL else "json"
"""What LONGTEXT is that is checked to hold JSON."""


@pytest.mark.parametrize("charset", ["utf8mb4", "latin1"])
def test_hostile_sessions_change_nothing_and_are_put_back(server: Server, charset: str) -> None:
    names = (
        "sql_mode time_zone sql_safe_updates sql_select_limit sql_auto_is_null max_sort_length"
        " unique_checks sql_notes foreign_key_checks character_set_client character_set_results"
        " character_set_connection collation_connection sort_buffer_size max_error_count"
    ).split()
    variables = "SELECT " + ",".join(f"@@SESSION.{name}" for name in names)
    engine = sa.create_engine(server.url.update_query_dict({"charset": charset}))
    with server.connect() as connection:
        tables = [table_of(connection, name) for name in ZOO]
        expected = {table.name: read(connection, table) for table in tables}
    with engine.connect() as connection:
        driver = session.of(connection)
        session.query(driver, HOSTILE)
        before = session.query(driver, variables)
        with DIALECT.session(connection, write=True):
            for table in tables:
                assert read(connection, table) == expected[table.name]
            table = tables[list(ZOO).index("moments")]
            execute(connection, "DELETE FROM moments")
            DIALECT.write_rows(connection, table, expected["moments"])
            assert read(connection, table) == expected["moments"]
        assert session.query(driver, variables) == before
        connection.rollback()
        with contextlib.suppress(ZeroDivisionError), DIALECT.session(connection, write=True):
            raise ZeroDivisionError
        assert session.query(driver, variables) == before
        assert execute(connection, "SELECT 'é'" if charset == "latin1" else "SELECT '😀'").scalar()


def test_a_session_may_go_to_another_database_between_transactions(server: Server) -> None:
    there = "information_schema"
    with server.connect(write=False) as connection:
        assert len(DIALECT.reflect_columns(connection, ["integers"])["integers"]) > 1
        connection.rollback()
        execute(connection, f"USE {there}")
        connection.rollback()
        found = DIALECT.reflect_columns(connection, ["integers", "ENGINES"])
        assert found["integers"] == ()
        assert found["ENGINES"][0].name == "ENGINE"


def test_columns_as_the_server_declares_them(server: Server) -> None:
    names = ["integers", "json", "latin1", "generated", "invisible", "numbered", "defaults"]
    with server.connect(write=False) as connection:
        found = DIALECT.reflect_columns(connection, [*names, "Integers"])
    assert found["Integers"] == ()
    assert found["integers"][:2] == (Column("id", INTEGER, False), Column("a", TINY))
    assert [c.type for c in found["json"]] == [INTEGER, "json", CHECKED]
    assert found["latin1"][1].type == "varchar(300) character set latin1"
    assert [c.generated for c in found["generated"]] == [False, False, True, True]
    assert [c.name for c in found["invisible"]] == ["id", "a", "b"]
    assert found["numbered"][0].identity == "by default"
    assert [c.default for c in found["defaults"]] == [
        None,
        "'it''s'",
        NOW,
        "(1 + 1)",
        "uuid()",
        "1.5",
    ]


@pytest.mark.mariadb_alone("MySQL has no sequences")
def test_a_default_that_takes_from_a_sequence_names_it(server: Server) -> None:
    server.run("CREATE SEQUENCE seq", "CREATE TABLE counted (id INT DEFAULT NEXTVAL(seq))")
    with server.connect(write=False) as connection:
        found = DIALECT.reflect_columns(connection, ["counted"])
    server.run("DROP TABLE counted", "DROP SEQUENCE seq")
    assert found["counted"][0].default == "nextval(`seq`)"


def test_engines_without_transactions_are_named(server: Server) -> None:
    engines = ["MEMORY", "MyISAM", *([] if MYSQL else ["Aria"])]
    names = [f"t_{engine}" for engine in engines]
    server.run(*(f"CREATE TABLE t_{e} (id INT) ENGINE={e}" for e in engines))
    try:
        with server.connect() as connection:
            found = DIALECT.non_transactional(connection, ["texts", *names])
        assert sorted(found) == sorted(names)
        assert found["t_MyISAM"] == (
            "its storage engine MyISAM has no transactions",
            "ALTER TABLE `t_MyISAM` ENGINE=InnoDB",
        )
    finally:
        server.run(f"DROP TABLE {','.join(names)}")


@pytest.mark.mariadb_alone("MySQL has no sequences")
def test_sequences_are_advanced_and_never_lowered(server: Server, tmp_path: Path) -> None:
    server.run(
        "CREATE SEQUENCE `Odd seq`",
        "CREATE TABLE counted (id INT PRIMARY KEY DEFAULT NEXTVAL(`Odd seq`), a INT)",
    )
    try:
        with server.connect() as connection:
            table = table_of(connection, "counted")
            for rows, following in (([b"50,1"], 51), ([b"7,1"], 52)):
                DIALECT.write_rows(connection, table, rows)
                DIALECT.advance_sequences(connection, [table])
                connection.commit()
                execute(connection, "INSERT INTO counted (a) VALUES (0)")
                assert execute(connection, "SELECT MAX(id) FROM counted").scalar() == following
        lines = [*DIALECT.file_begin(), "INSERT INTO counted VALUES (90,1);"]
        lines += [*DIALECT.file_sequences([table]), *DIALECT.file_end()]
        assert _client(server, tmp_path, lines).returncode == 0
        server.run("INSERT INTO counted (a) VALUES (0)")
        assert server.rows("SELECT MAX(id) FROM counted") == [(91,)]
        server.run("DELETE FROM counted")
        assert _client(server, tmp_path, DIALECT.file_sequences([table])).stderr == ""
    finally:
        server.run("DROP TABLE counted", "DROP SEQUENCE `Odd seq`")


def test_a_read_sees_one_moment(server: Server) -> None:
    with server.connect(write=False) as connection:
        with DIALECT.consistent_read(connection):
            server.run("INSERT INTO booleans VALUES (99,1,1)")
            server.run("DELETE FROM years")
            tables = [table_of(connection, name) for name in ("booleans", "years")]
            assert [len(read(connection, table)) for table in tables] == [3, 5]
            with pytest.raises(sa.exc.DBAPIError, match="READ ONLY"):
                execute(connection, "DELETE FROM booleans")
        assert not connection.in_transaction()
        assert len(read(connection, tables[0])) == 4
        connection.rollback()
        years = ",".join(f"({row})" for row in ZOO["years"][1])
        server.run("DELETE FROM booleans WHERE id=99", f"INSERT INTO years VALUES {years}")


def test_one_at_a_time(server: Server) -> None:
    with (
        server.engine().connect() as first,
        server.engine().connect() as second,
        DIALECT.lock(first, 5),
    ):
        started = time.monotonic()
        with pytest.raises(LockError, match=r"connection \d+, root from"), DIALECT.lock(second, 1):
            pass
        assert time.monotonic() - started < 5
        waited = threading.Timer(0.5, first.close)
        waited.start()
        with DIALECT.lock(second, 10):
            pass
        waited.join()


def test_a_lock_timeout_is_distinguished_from_other_errors(server: Server) -> None:
    with server.connect() as first, server.connect() as second:
        execute(first, "UPDATE booleans SET a = 0 WHERE id = 1")
        session.query(session.of(second), "SET innodb_lock_wait_timeout=1")
        with pytest.raises(sa.exc.DBAPIError) as waited:
            execute(second, "DELETE FROM booleans WHERE id = 1")
        assert DIALECT.is_lock_timeout(waited.value.orig)
        with pytest.raises(sa.exc.DBAPIError) as wrong:
            execute(second, "SELECT nothing")
        assert not DIALECT.is_lock_timeout(wrong.value.orig)
        first.rollback()


def test_endpoints() -> None:
    def of(text: str) -> tuple[str | None, str]:
        found: tuple[str | None, str] = DIALECT.endpoint(sa.make_url(text))
        return found

    assert of("mysql+pymysql://u:p@db.example:3307/app") == ("db.example", "app")
    assert of("mariadb+mysqldb://u@/app?unix_socket=/run/my.sock") == (None, "app")
    assert of("mysql+pymysql://u@localhost/app?host=prod.example") == ("prod.example", "app")
    assert of("mysql+pymysql:///app") == ("localhost", "app")
    assert of("mysql+pymysql://localhost/app?read_default_file=/my.cnf")[0] == "(named in /my.cnf)"


def _client(
    server: Server, folder: Path, lines: list[str] | tuple[str, ...], begin: str = ""
) -> subprocess.CompletedProcess[str]:
    client = BACKEND
    if shutil.which(client) is None:
        missing(f"the client {client} is not installed")
    script = folder / "script.sql"
    script.write_bytes("\n".join([begin, *lines, ""]).encode())
    url = server.url
    command = [client, "-h", str(url.host), "-P", str(url.port or 3306), "-u", str(url.username)]
    with script.open("rb") as stream:
        return subprocess.run(
            [*command, str(url.database)], stdin=stream, capture_output=True, text=True, timeout=60
        )


def _script(table: Table, rows: list[bytes]) -> list[str]:
    values = ",\n".join(f"({row.decode()})" for row in rows)
    return [
        *DIALECT.file_begin(),
        f"DELETE FROM {DIALECT.quote_table(table.name)};",
        f"{DIALECT.insert_head(table)}\n{values};",
        *DIALECT.file_end(),
    ]


@pytest.mark.parametrize("begin", ["", HOSTILE + ", autocommit=0, completion_type=2;"])
def test_the_client_loads_every_table(server: Server, tmp_path: Path, begin: str) -> None:
    with server.connect() as connection:
        for name in ZOO:
            table = table_of(connection, name)
            rows = read(connection, table)
            before = content(server, name)
            connection.rollback()
            done = _client(server, tmp_path, _script(table, rows), begin)
            assert (done.returncode, done.stderr) == (0, ""), name
            assert content(server, name) == before, name
            assert read(connection, table) == rows
            connection.rollback()


def test_the_client_loads_all_or_nothing(server: Server, tmp_path: Path) -> None:
    with server.connect() as connection:
        table = table_of(connection, "texts")
        rows = read(connection, table)
        connection.rollback()
        done = _client(server, tmp_path, _script(table, [*rows[:5], rows[0], *rows[5:]]))
        assert done.returncode != 0
        assert read(connection, table) == rows


def test_the_client_puts_settings_back(server: Server, tmp_path: Path) -> None:
    show = (
        "SELECT @@sql_mode, @@time_zone, @@autocommit, @@sql_safe_updates, @@unique_checks,"
        " @@foreign_key_checks, @@completion_type, @@character_set_client,"
        " @@collation_connection;"
    )
    script = [show, *DIALECT.file_begin(), *DIALECT.file_end(), *DIALECT.file_last(), show]
    done = _client(server, tmp_path, script, HOSTILE + ", autocommit=0; SET NAMES latin1;")
    lines = done.stdout.splitlines()
    assert done.stderr == ""
    assert lines[1] == lines[3]
    assert "latin1" in lines[1]
