"""PostgreSQL's rows and text, on a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from demosnap.database import reflect
from demosnap.dialects.base import execute
from demosnap.dialects.postgresql import rows as row_paths
from demosnap.dialects.postgresql.session import SETTINGS
from demosnap.model import Column, ForeignKey, Marker, Table
from demosnap.rows.canonical import row_key, split
from support.databases import Database, make_database
from support.postgresql_zoo import DIALECT, EXTENSIONS, SETUP, ZOO, changing, definition, psql

HOSTILE = {
    "TimeZone": "Asia/Kathmandu",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "standard_conforming_strings": "off",
    "xmloption": "document",
    "client_encoding": "LATIN1",
    "array_nulls": "off",
    "quote_all_identifiers": "on",
    "client_min_messages": "error",
    "statement_timeout": "1ms",
    "search_path": "pg_catalog",
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    yield from make_database("postgresql", tmp_path)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    for database in make_database("postgresql", tmp_path_factory.mktemp("zoo")):
        database.execute(*(f'CREATE EXTENSION "{name}"' for name in EXTENSIONS), *SETUP)
        for statements in ZOO.values():
            database.execute(*statements)
        yield database


def server_text(connection: sa.Connection, table: Table) -> list[tuple[Any, ...]]:
    """Return every value's type, bytes and text as the server has them."""
    shown = ", ".join(
        f"pg_typeof({name})::text, concat({name}), num_nulls({name}), pg_column_size({name}) > 0"
        for name in (DIALECT.quote(c.name) for c in table.columns)
    )
    only = "ONLY " if table.inherited else ""
    rows = execute(connection, f"SELECT {shown} FROM {only}{DIALECT.quote_table(table.name)}")
    return sorted((tuple(row) for row in rows), key=repr)


def test_the_zoo_is_large() -> None:
    assert len(ZOO) >= 30


@pytest.mark.parametrize("path", ["bulk", "insert", "staged"])
@pytest.mark.parametrize("name", ZOO)
def test_a_table_comes_back_equal(
    zoo: Database, name: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "insert":
        monkeypatch.setattr(row_paths, "bulk_safe", lambda table: False)
    with changing(zoo) as connection:
        table = definition(connection, name)
        before = server_text(connection, table)
        rows = list(DIALECT.read_rows(connection, table, "TRUE"))
        assert len(rows) == len(before) > 0
        key = row_key(table)
        keys = [key(row) for row in rows]
        assert keys == sorted(keys)
        patterns = [re.compile(DIALECT.literal_pattern(c)) for c in table.captured]
        for row in rows:
            literals = split(row)
            assert len(literals) == len(patterns)
            for literal, pattern, column in zip(literals, patterns, table.captured, strict=True):
                assert pattern.fullmatch(literal), (column, literal)
                value = DIALECT.decode(literal, column)
                assert DIALECT.encode(value, column) == literal, (column, value)
        assert DIALECT.delete_rows(connection, [(table, "TRUE")]) == [len(rows)]
        assert server_text(connection, table) == []
        if path == "staged":
            itself = ForeignKey(table.key or ("f",), table.name, table.key or ("f",))
            staged = replace(table, foreign_keys=(itself,))
            taken = DIALECT.write_cyclic(connection, [(staged, iter(rows))])
        else:
            taken = DIALECT.write_rows(connection, table, iter(rows))
        assert taken == len(rows)
        assert server_text(connection, table) == before
        assert list(DIALECT.read_rows(connection, table, "TRUE")) == rows


def test_reads_do_not_depend_on_settings(zoo: Database) -> None:
    with zoo.engine.connect() as connection:
        with DIALECT.session(connection, write=False):
            plain = capture(connection)
        connection.rollback()
        for name, value in HOSTILE.items():
            if name != "search_path":
                execute(connection, f"SET {name} = '{value}'")
        connection.commit()
        names = ", ".join(f"'{name}'" for name in SETTINGS)
        query = f"SELECT name, setting FROM pg_settings WHERE name IN ({names}) ORDER BY 1"
        execute(connection, "SET statement_timeout = '10s'")
        before = execute(connection, query).all()
        connection.commit()
        with DIALECT.session(connection, write=False):
            assert capture(connection) == plain
            connection.rollback()
        assert execute(connection, query).all() == before


def capture(connection: sa.Connection) -> dict[str, list[bytes]]:
    with DIALECT.consistent_read(connection):
        tables = reflect.tables(connection)
        return {n: list(DIALECT.read_rows(connection, t, "TRUE")) for n, t in tables.items()}


def plain_file(connection: sa.Connection, tables: list[Table], counts: list[str]) -> bytes:
    """Return a file as the writer of snapshots would, for tables in any order."""
    lines = [*DIALECT.file_begin(counts)]
    lines += [f"DELETE FROM {DIALECT.quote_table(t.name)};" for t in tables if not t.inherited]
    lines += [f"DELETE FROM ONLY {DIALECT.quote_table(t.name)};" for t in tables if t.inherited]
    text = "\n".join(lines).encode() + b"\n"
    for table in tables:
        rows = list(DIALECT.read_rows(connection, table, "TRUE"))
        for i in range(0, len(rows), 1000):
            head = DIALECT.insert_head(table).encode()
            text += head + b"\n(" + b"),\n(".join(rows[i : i + 1000]) + b");\n"
    end = [*DIALECT.file_sequences(tables), *DIALECT.file_end(), *counts]
    return text + "\n".join(end).encode() + b"\n"


@pytest.mark.parametrize("settings", [{}, HOSTILE], ids=["plain", "hostile"])
def test_psql_loads_the_plain_file(zoo: Database, settings: dict[str, str]) -> None:
    with zoo.engine.connect() as connection, DIALECT.session(connection, write=True):
        tables = list(reflect.tables(connection).values())
        counts = []
        for kind, key in (("json", "a"), ("json", "é\\"), ("text", "a")):
            odd = DIALECT.oddly_marked(Marker(column="v", key=key), Column("v", kind))
            counts.append(f"SELECT count(*) FROM t_{kind} WHERE {odd};")
        text = plain_file(connection, tables, counts)
        before = {table.name: server_text(connection, table) for table in tables}
        connection.rollback()
        done = psql(zoo, text, **settings)
        assert (done.stderr.decode(), done.returncode) == ("", 0)
        assert re.findall(rb"^ +(\d+)$", done.stdout, re.MULTILINE)[-3:] == [b"1", b"0", b"0"]
        assert {table.name: server_text(connection, table) for table in tables} == before


def test_psql_loads_all_or_nothing(database: Database) -> None:
    database.execute("CREATE TABLE t (id integer PRIMARY KEY)", "INSERT INTO t VALUES (3)")
    table = Table("t", (Column("id", "integer", nullable=False),), ("id",))
    head = DIALECT.insert_head(table)
    lines = [*DIALECT.file_begin(), f"{head} (1);", f"{head} (3);", f"{head} (4);", "COMMIT;"]
    done = psql(database, "\n".join(lines).encode())
    assert done.returncode != 0
    assert database.rows("SELECT id FROM t") == [(3,)]


JSON_ROWS = {
    # What stands at the key: is it marked, is it odd.
    '{"demo_seed": true}': (True, False),
    '{"demo_seed": "true"}': (True, False),
    '{"demo_seed": 1, "demo_seed": true}': (True, False),
    '{"demo_seed": true, "demo_seed": false}': (False, False),
    r'{"demo_seed": true, "x": "\u0000 \ud800 \\u12"}': (True, False),
    r'{"x": "\\\u00e9", "demo_seed": true}': (True, False),
    '{"demo_seed": true, "scenario": "other"}': (False, False),
    '{"demo_seed": true, "scenario": "general"}': (True, False),
    '{"demo_seed": true, "scenario": null}': (True, False),
    '{"demo_seed": false}': (False, False),
    '{"demo_seed": null}': (False, False),
    '{"demo_seed": 1}': (False, True),
    '{"demo_seed": "TRUE"}': (False, True),
    '{"demo_seed": "true "}': (False, True),
    '{"demo_seed": [true]}': (False, True),
    "{}": (False, False),
    '["demo_seed"]': (False, False),
    '"demo_seed"': (False, False),
    "null": (False, False),
}
MALFORMED = ("", "{", '{"demo_seed": true', r'{"demo_seed": true, "x": "\u1"}', "{}}")


@pytest.mark.parametrize("kind", ["json", "jsonb", "text", "varchar(200)", "citext", "folded"])
@pytest.mark.parametrize("key", ["demo_seed", "d\\é'm:o \U0001f600"])
def test_json_markers(database: Database, kind: str, key: str) -> None:
    database.execute("CREATE EXTENSION citext", next(s for s in SETUP if "folded" in s))
    declared = "text COLLATE folded" if kind == "folded" else kind
    database.execute(f'CREATE TABLE t (id serial PRIMARY KEY, "Meta" {declared})')
    literal = json.dumps(key)
    expected: dict[int, tuple[bool, bool]] = {}
    documents = dict(JSON_ROWS)
    if kind == "jsonb":
        documents = {d: e for d, e in documents.items() if "u0000" not in d}
    elif kind != "json":
        documents.update(dict.fromkeys(MALFORMED, (False, False)))
    for document, result in documents.items():
        database.execute(
            f'INSERT INTO t ("Meta") VALUES ({quoted(document.replace(_DEMO, literal))})'
        )
        expected[len(expected) + 1] = result
    database.execute('INSERT INTO t ("Meta") VALUES (NULL)')
    marker = Marker(column="Meta", key=key, scenario_key="scenario")
    with database.engine.connect() as connection, DIALECT.session(connection, write=False):
        column = definition(connection, "t").column("Meta")
        assert DIALECT.can_hold_marker(marker, column)
        for strings in ("on", "off"):
            execute(connection, f"SET standard_conforming_strings = {strings}")
            predicate = DIALECT.marked(marker, column, "general", True, None)
            found = execute(connection, f"SELECT id FROM t WHERE {predicate}").scalars().all()
            assert set(found) == {i for i, (marked, _) in expected.items() if marked}
            odd = DIALECT.oddly_marked(marker, column)
            found = execute(connection, f"SELECT id FROM t WHERE {odd}").scalars().all()
            assert set(found) == {i for i, (_, odd) in expected.items() if odd}
            strict = DIALECT.marked(marker, column, "general", False, None)
            assert execute(connection, f"SELECT count(*) FROM t WHERE {strict}").scalar() == 1
            named = DIALECT.scenario_of(marker, column, None)
            names = set(execute(connection, f"SELECT {named} FROM t").scalars())
            assert names == {None, "other", "general"}


_DEMO = '"demo_seed"'


def quoted(text: str) -> str:
    return DIALECT.string(text)


def test_boolean_markers_and_scenario_columns(database: Database) -> None:
    database.execute(
        "CREATE EXTENSION citext",
        "CREATE TABLE t (id serial PRIMARY KEY, demo boolean, n integer, s citext)",
        "INSERT INTO t (demo, n, s) VALUES (true, 1, 'general'), (true, 1, 'GENERAL'),"
        " (true, 1, NULL), (false, 0, 'general'), (NULL, NULL, NULL), (false, 2, NULL)",
    )
    with database.engine.connect() as connection:
        table = definition(connection, "t")
        for name in ("demo", "n"):
            marker = Marker(column=name, scenario_column="s")
            column, other = table.column(name), table.column("s")
            assert DIALECT.can_hold_marker(marker, column)
            for default, ids in ((True, [1, 3]), (False, [1])):
                predicate = DIALECT.marked(marker, column, "general", default, other)
                found = execute(connection, f"SELECT id FROM t WHERE {predicate} ORDER BY id")
                assert found.scalars().all() == ids
            odd = DIALECT.oddly_marked(marker, column)
            found = execute(connection, f"SELECT id FROM t WHERE {odd}").scalars().all()
            assert found == ([6] if name == "n" else [])


def test_hstore_markers(database: Database) -> None:
    database.execute(
        "CREATE EXTENSION hstore",
        "CREATE TABLE t (id serial PRIMARY KEY, tags hstore)",
        "INSERT INTO t (tags) VALUES ('demo=>true'), ('demo=>TRUE'), (''), (NULL)",
    )
    marker = Marker(column="tags", key="demo")
    with database.engine.connect() as connection:
        predicate = DIALECT.marked(marker, definition(connection, "t").columns[1], "g", True, None)
        found = execute(connection, f"SELECT id FROM t WHERE {predicate}")
        assert found.scalars().all() == [1]


def test_columns_as_the_server_declares_them(zoo: Database) -> None:
    with zoo.engine.connect() as connection:
        tables = reflect.tables(connection)
    assert [(c.type, c.nullable) for c in tables["t_domain"].columns] == [
        ("integer", False),
        ("boolean", True),
        ("character varying(5)", True),
        ("positive[]", True),
    ]
    assert tables["t_generated"].columns == (
        Column("id", "integer", nullable=False, identity="always"),
        Column("a", "integer"),
        Column("b", "integer", generated=True),
        Column("c", "text", default="'given'::text"),
    )
    assert tables["t_timestamptz"].column("v").type == "timestamp(3) with time zone"
    assert tables["t_small"].column("id").default == "nextval('t_small_id_seq'::regclass)"
    assert "t_partitioned" in tables
    assert not [name for name in tables if name.startswith("t_partitioned_")]
    assert [name for name, table in tables.items() if table.inherited] == ["t_parent"]


def test_an_inherited_table_is_not_read_by_its_plain_name(zoo: Database) -> None:
    with zoo.engine.connect() as connection:
        table = definition(connection, "t_parent")
        own = DIALECT.own_rows(table)
        assert execute(connection, f"SELECT count(*) FROM t_parent WHERE {own}").scalar() == 2
