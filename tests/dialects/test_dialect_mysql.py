"""MySQL and MariaDB: every value comes back, in order, by both ways in."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.pool import NullPool

from demosnap.dialects.base import execute
from demosnap.dialects.mysql import session, write
from demosnap.errors import DatabaseError
from demosnap.model import Table, Trigger, display_name
from demosnap.rows.canonical import row_key, split
from support.mysql_server import DIALECT, INTEGER, Server, content, quote, read, table_of
from support.mysql_server import server_fixture as server_fixture
from support.mysql_zoo import NAMES, ODD_TEXTS, ZOO


@pytest.fixture
def one_at_a_time() -> Iterator[None]:
    """Wait for other processes of the tests: `local_infile` is set for the whole server."""
    with FileLock(Path(tempfile.gettempdir(), "demosnap-tests.lock"), timeout=120):
        yield


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["insert", "bulk"])
def test_every_value_comes_back(server: Server, name: str, way: str) -> None:
    before = content(server, name)
    with server.connect() as connection:
        table = table_of(connection, name)
        rows = read(connection, table)
        assert len(rows) == len(ZOO[name][1])
        execute(connection, f"DELETE FROM {quote(name)}")
        driver = session.of(connection)
        taken = (
            write.insert(driver, DIALECT.insert_head(table), rows)
            if way == "insert"
            else write.bulk(driver, DIALECT.load_text(table), rows)
        )
        assert taken == len(rows)
        connection.commit()
        assert read(connection, table) == rows
    assert content(server, name) == before


@pytest.mark.parametrize("name", NAMES)
def test_literals_have_their_form_and_order(server: Server, name: str) -> None:
    with server.connect(write=False) as connection:
        table = table_of(connection, name)
        rows = read(connection, table)
    patterns = [re.compile(DIALECT.literal_pattern(column)) for column in table.captured]
    for row in rows:
        for column, pattern, literal in zip(table.captured, patterns, split(row), strict=True):
            assert pattern.fullmatch(literal), (column, literal[:200])
            assert pattern.groups == 0
            assert DIALECT.encode(DIALECT.decode(literal, column), column) == literal
    keys = [row_key(table)(row) for row in rows]
    assert keys == sorted(keys)
    assert table.key == () or len(set(keys)) == len(keys)


def test_many_rows_in_flat_memory(server: Server) -> None:
    digits = "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4)"
    many = ",".join(f"{digits} a{n}" for n in range(7))
    server.run(
        "CREATE TABLE many (id INT PRIMARY KEY, a VARCHAR(100), b VARBINARY(20), c DOUBLE)",
        "INSERT INTO many SELECT seq, CONCAT('it''s\n',REPEAT('é😀',seq%20)), UNHEX(HEX(seq)),"
        f" seq/7 FROM (SELECT ROW_NUMBER() OVER () seq FROM {many} LIMIT 50000) s",
    )
    try:
        before = server.rows("CHECKSUM TABLE many EXTENDED")
        with server.connect() as connection:
            table = table_of(connection, "many")
            rows = read(connection, table)
            execute(connection, "DELETE FROM many")
            assert DIALECT.write_rows(connection, table, iter(rows)) == 50_000
            connection.commit()
        assert server.rows("CHECKSUM TABLE many EXTENDED") == before
    finally:
        server.run("DROP TABLE many")


def test_a_predicate_and_percent_signs_are_data(server: Server) -> None:
    with server.connect(write=False) as connection:
        table = table_of(connection, "texts")
        assert len(read(connection, table, "a LIKE '%s :name%' AND 1 % 2 = 1")) == 1
        assert read(connection, table, "FALSE") == []


def test_narrowed_tables_read_only_their_columns(server: Server) -> None:
    with server.connect(write=False) as connection:
        table = table_of(connection, "mixed_keys")
        narrow = replace(table, columns=(table.column("b"),), key=("b",))
        assert read(connection, narrow, "a = -10") == [b"'Xa'"]


def test_what_cannot_be_carried_is_refused_by_name(server: Server) -> None:
    server.run(
        "CREATE TABLE zero_enum (id INT PRIMARY KEY, e ENUM('a'))",
        "INSERT INTO zero_enum VALUES (1,'a'),(2,'nothing')",
        "CREATE TABLE odd_sjis (id INT PRIMARY KEY, t VARCHAR(9) CHARACTER SET cp932)",
        "INSERT INTO odd_sjis VALUES (1,'a'),(7,CONVERT(X'ED40' USING cp932))",
        "CREATE TABLE too_long (id INT PRIMARY KEY, b LONGBLOB NOT NULL)",
        "INSERT INTO too_long VALUES (3,REPEAT('b',CAST(@@max_allowed_packet*0.6 AS UNSIGNED)))",
    )
    try:
        with server.connect(write=False) as connection:
            for name, key, reason in (
                ("zero_enum", "id=2: e holds", "index 0"),
                ("odd_sjis", "id=7: t holds", "cp932"),
                ("too_long", "id=3: b is longer", "max_allowed_packet"),
            ):
                with pytest.raises(DatabaseError) as refused:
                    read(connection, table_of(connection, name))
                assert key in str(refused.value)
                assert reason in str(refused.value)
            assert execute(connection, "SELECT 1").scalar() == 1
    finally:
        server.run("DROP TABLE zero_enum, odd_sjis, too_long")


@pytest.mark.usefixtures("one_at_a_time")
def test_a_warning_is_a_failure(server: Server) -> None:
    with server.connect() as connection:
        table = table_of(connection, "texts")
        with pytest.raises(DatabaseError, match="warned"):
            read(connection, table, "id = 'abc'")
        # The same rows by LOAD DATA, which would make warnings of errors.
        table = table_of(connection, "integers")
        driver = session.of(connection)
        for wrong in (b"300,1000,0,0,0,0", b"1,0,0,0,0,0", b"301,0,0,0,0", b"302,0,0,0,0,0,0"):
            with pytest.raises(DatabaseError, match="warned"):
                write.bulk(driver, DIALECT.load_text(table), [wrong])
            with pytest.raises(Exception, match=r"\d{4}"):
                write.insert(driver, DIALECT.insert_head(table), [wrong])
        connection.rollback()


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("way", ["server", "client"])
def test_without_local_infile_rows_are_inserted(server: Server, way: str) -> None:
    rows = [f"{i},NULL,'v{i}',{'x' * 0}'',NULL,''".encode() for i in range(1000, 4000)]
    query = {"local_infile": "0"} if server.url.drivername.endswith("mysqldb") else {}
    engine = sa.create_engine(server.url.update_query_dict(query), poolclass=NullPool)
    before = server.rows("SELECT @@GLOBAL.local_infile")[0][0]
    if way == "server":
        engine = server.engine()
        server.run("SET GLOBAL local_infile=0")
    try:
        with engine.connect() as connection, DIALECT.session(connection, write=True):
            table = table_of(connection, "texts")
            driver = session.of(connection)
            assert write.bulk(driver, DIALECT.load_text(table), iter(rows)) is None
            assert DIALECT.write_rows(connection, table, iter(rows)) == len(rows)
            count = execute(connection, "SELECT COUNT(*) FROM texts WHERE id >= 1000").scalar()
            assert count == len(rows)
            connection.rollback()
    finally:
        server.run(f"SET GLOBAL local_infile={before}")


def test_rows_that_cannot_be_made_end_the_load(server: Server) -> None:
    def rows() -> Iterator[bytes]:
        for i in range(100_000, 160_000):
            yield f"{i},NULL,NULL,'','',NULL".encode()
        raise ZeroDivisionError

    with server.connect() as connection:
        table = table_of(connection, "texts")
        with pytest.raises(ZeroDivisionError):
            DIALECT.write_rows(connection, table, rows())
        connection.rollback()
        assert len(read(connection, table)) == len(ODD_TEXTS)


def test_an_error_in_the_middle_of_a_load_is_told(server: Server) -> None:
    server.run(
        "CREATE TABLE limited (id INT PRIMARY KEY, a INT)",
        "CREATE TRIGGER limit_it BEFORE INSERT ON limited FOR EACH ROW"
        " IF NEW.a > 2500 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'too much'; END IF",
    )
    try:
        with server.connect() as connection:
            table = table_of(connection, "limited")
            found = DIALECT.reflect_triggers(connection, ["limited"])
            assert found == {"limited": (Trigger("limit_it", "limited", frozenset({"insert"})),)}
            with pytest.raises(Exception, match="too much"):
                DIALECT.write_rows(connection, table, (b"%d,%d" % (i, i) for i in range(90_000)))
            connection.rollback()
            assert read(connection, table) == []
    finally:
        server.run("DROP TABLE limited")


def test_partly_read_rows_block_no_statement(server: Server) -> None:
    with server.connect() as connection:
        table = table_of(connection, "texts")
        left = DIALECT.read_rows(connection, table, "TRUE")
        next(left)
        assert len(read(connection, table)) == len(ODD_TEXTS)
        again = DIALECT.read_rows(connection, table, "TRUE")
        next(again)
    with server.engine().connect() as connection:
        assert execute(connection, "SELECT 1").scalar() == 1


def test_a_foreign_namespace(server: Server) -> None:
    other = quote(server.other)
    server.run(
        f"CREATE TABLE {other}.`Parent.s` (id INT PRIMARY KEY, name VARCHAR(20), j JSON)",
        f"INSERT INTO {other}.`Parent.s` VALUES (2,'b','[]'),(1,'a',NULL)",
        f"CREATE TABLE kids (id INT PRIMARY KEY, p INT REFERENCES {other}.`Parent.s` (id))",
    )
    try:
        name = display_name(server.other, "Parent.s")
        with server.connect() as connection:
            assert [*DIALECT.namespaces(connection)] == [server.other]
            columns = DIALECT.reflect_columns(connection, [name, "kids"])
            assert [c.type for c in columns[name]] == [INTEGER, "varchar(20)", "json"]
            table = Table(name, columns[name], ("id",))
            rows = read(connection, table)
            assert rows == [b"1,'a',NULL", b"2,'b','[]'"]
            execute(connection, f"DELETE FROM {DIALECT.quote_table(name)}")
            assert DIALECT.write_rows(connection, table, rows) == 2
            assert read(connection, table) == rows
            connection.rollback()
    finally:
        server.run("DROP TABLE kids", f"DROP TABLE {other}.`Parent.s`")


@pytest.mark.mariadb_alone("MySQL takes no surrogates into UTF-8 text")
def test_a_surrogate_beside_a_carriage_return_comes_out_as_it_is(server: Server) -> None:
    """MariaDB keeps it in UTF-8 text, where Python would have none."""
    server.run(
        "CREATE TABLE surrogates (id INT PRIMARY KEY, x TEXT)",
        "INSERT INTO surrogates VALUES (1, X'EDA0800D'), (2, 'it''s'), (3, X'270D00')",
    )
    try:
        with server.connect() as connection:
            rows = read(connection, table_of(connection, "surrogates"))
        assert rows == [b"1,_utf8mb4 X'EDA0800D'", b"2,'it''s'", b"3,_utf8mb4 X'270D00'"]
    finally:
        server.run("DROP TABLE surrogates")
