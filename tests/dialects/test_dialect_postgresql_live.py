"""What PostgreSQL says about tables, loads that need more than rows, and the connection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from demosnap.database import reflect
from demosnap.dialects.base import Counted, execute
from demosnap.errors import DatabaseError, LockError
from support.databases import Database, make_database
from support.postgresql_zoo import DIALECT, changing, definition, psql


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    yield from make_database("postgresql", tmp_path)


def test_triggers_of_partitions_too(database: Database) -> None:
    database.execute(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE p (id integer PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE q PARTITION OF p DEFAULT",
        "CREATE TABLE r (id integer REFERENCES p)",
        "CREATE TRIGGER whole BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE TRIGGER part BEFORE INSERT ON q FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE TRIGGER never BEFORE INSERT ON q FOR EACH ROW EXECUTE FUNCTION f()",
        "ALTER TABLE q DISABLE TRIGGER never",
    )
    with database.engine.connect() as connection:
        found = DIALECT.reflect_triggers(connection, ["p", "r"])
    assert list(found) == ["p"]
    assert [str(one) for one in found["p"]] == [
        "trigger part on table p",
        "trigger whole on table p",
    ]


def test_what_is_refused(database: Database) -> None:
    # Roles are the whole server's.
    role = f"{sa.make_url(database.url).database}_reader"
    database.execute(
        f"CREATE ROLE {role}",
        "CREATE EXTENSION lo",
        "CREATE EXTENSION file_fdw",
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        "CREATE FOREIGN TABLE away (id integer) SERVER files OPTIONS (filename '/dev/null')",
        "CREATE TABLE ruled (id integer)",
        "CREATE RULE nothing AS ON DELETE TO ruled DO INSTEAD NOTHING",
        "CREATE TABLE secured (id integer)",
        "ALTER TABLE secured ENABLE ROW LEVEL SECURITY",
        "CREATE TABLE parts (id integer) PARTITION BY LIST (id)",
        "CREATE TABLE part PARTITION OF parts DEFAULT",
        "CREATE TABLE far (id integer) PARTITION BY LIST (id)",
        "CREATE FOREIGN TABLE far_part PARTITION OF far DEFAULT SERVER files"
        " OPTIONS (filename '/dev/null')",
        "CREATE VIEW seen AS SELECT 1 AS id",
        "CREATE TABLE large (id integer, document lo)",
        'CREATE TABLE bytes (id integer, c "char"[])',
        "CREATE TABLE empty (id integer GENERATED ALWAYS AS (1) STORED)",
        "CREATE TABLE hidden (id integer)",
        "CREATE TABLE fine (id integer)",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        f"REVOKE ALL ON hidden FROM {role}",
    )
    names = "away ruled secured parts part far seen large bytes empty hidden fine".split()
    reasons = {
        "away": "foreign table",
        "ruled": r"rules .*\(nothing\)",
        "part": "partition of parts",
        "far": "partition far_part is a foreign table",
        "seen": "view",
        "large": "column document points at large objects",
        "bytes": 'column c is "char"',
        "empty": "no columns",
    }
    reader = {
        **reasons,
        "secured": f"row-level security .* {role}",
        "hidden": f"{role} lacks SELECT",
    }
    writer = {**reader, "fine": f"{role} lacks INSERT and DELETE", "parts": "lacks INSERT"}
    try:
        with database.engine.connect() as connection:
            assert_matches(DIALECT.refuse_tables(connection, names), reasons)
            execute(connection, f"SET ROLE {role}")
            assert_matches(DIALECT.refuse_tables(connection, names), reader)
            connection.commit()
            changing = connection.execution_options(demosnap_write=True)
            assert_matches(DIALECT.refuse_tables(changing, names), writer)
            execute(connection, "SET default_transaction_read_only = on")
            connection.commit()
            assert "read-only" in DIALECT.refuse_tables(changing, ["fine"])["fine"]
    finally:
        database.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def assert_matches(found: Any, expected: dict[str, str]) -> None:
    assert found.keys() == expected.keys()
    for name, reason in expected.items():
        assert re.search(reason, found[name]), (name, found[name])


CYCLES = {
    "not null": "",
    "deferrable": " DEFERRABLE INITIALLY DEFERRED",
}


@pytest.mark.parametrize("kind", CYCLES)
def test_a_circle_of_not_null_columns(database: Database, kind: str) -> None:
    make_circle(database, CYCLES[kind])
    before = database.dump()
    with changing(database) as connection:
        tables = reflect.tables(connection)
        group = [tables[name] for name in ("a", "b", "tree")]
        rows = {t.name: list(DIALECT.read_rows(connection, t, "TRUE")) for t in group}
        # A predicate that looks into a table that goes in the same purge.
        deletes = [(t, "TRUE") for t in group[:1]]
        deletes += [(group[1], "a_id IN (SELECT id FROM a)")]
        deletes += [(group[2], "b_id IN (SELECT id FROM b)")]
        assert DIALECT.delete_rows(connection, deletes) == [3, 3, 2500]
        pairs = [(table, iter(rows[table.name])) for table in group]
        assert DIALECT.write_cyclic(connection, pairs) == 2506
    assert database.dump() == before


def make_circle(database: Database, constraint: str) -> None:
    database.execute(
        "CREATE TABLE a (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b_id integer"
        " NOT NULL)",
        f"CREATE TABLE b (id serial PRIMARY KEY, a_id integer NOT NULL REFERENCES a{constraint})",
        "CREATE TABLE tree (id integer PRIMARY KEY, up integer NOT NULL REFERENCES tree,"
        " b_id integer REFERENCES b)",
        "WITH a AS (INSERT INTO a (b_id) VALUES (1), (3), (2)), b AS (INSERT INTO b (a_id)"
        " VALUES (1), (2), (3)) SELECT",
        f"ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b{constraint}",
        "INSERT INTO tree SELECT i, CASE WHEN i % 2 = 0 THEN 2501 - i ELSE i END, 1"
        " FROM generate_series(1, 2500) i",
    )


def test_a_file_of_a_circle(database: Database) -> None:
    make_circle(database, "")
    before = database.dump()
    with database.engine.connect() as connection, DIALECT.session(connection, write=True):
        tables = reflect.tables(connection)
        text = "\n".join(DIALECT.file_begin())
        text += "\nWITH t AS (DELETE FROM tree), a AS (DELETE FROM a) DELETE FROM b;\n"
        for names in (("a", "b"), ("tree",)):
            group = [tables[name] for name in names]
            staging = DIALECT.file_staging(group)
            assert staging is not None
            start, heads, end = staging
            text += "\n".join(start) + "\n"
            for table in group:
                rows = list(DIALECT.read_rows(connection, table, "TRUE"))
                for i in range(0, len(rows), 1000):
                    part = b"),\n(".join(rows[i : i + 1000]).decode()
                    text += f"{heads[table.name]}\n({part});\n"
            text += "\n".join(end) + "\n"
        text += "\n".join(DIALECT.file_end()) + "\n"
    done = psql(database, text.encode())
    assert (done.stderr.decode(), done.returncode) == ("", 0)
    assert database.dump() == before


def test_a_self_reference_by_insert(database: Database) -> None:
    database.execute(
        'CREATE TABLE t (id integer PRIMARY KEY, up integer NOT NULL REFERENCES t, c "char")',
        "INSERT INTO t SELECT i, 2501 - i, 'x' FROM generate_series(1, 2500) i",
    )
    before = database.dump()
    with changing(database) as connection:
        table = definition(connection, "t")
        rows = list(DIALECT.read_rows(connection, table, "TRUE"))
        DIALECT.delete_rows(connection, [(table, "TRUE")])
        assert DIALECT.write_rows(connection, table, iter(rows)) == 2500
    assert database.dump() == before


SEQUENCES = {
    # The column, what happens to its sequence before the load, and the next value after it.
    "id serial": ("", 101),
    "id serial /* ahead */": ("SELECT setval('t_id_seq', 500)", 501),
    "id serial /* ahead, not called */": ("SELECT setval('t_id_seq', 500, false)", 500),
    "id serial /* just there, not called */": ("SELECT setval('t_id_seq', 100, false)", 101),
    "id bigint GENERATED ALWAYS AS IDENTITY": ("", 101),
    "id smallint GENERATED BY DEFAULT AS IDENTITY (INCREMENT 10)": ("", 111),
    "id integer GENERATED ALWAYS AS IDENTITY (INCREMENT -1 MINVALUE -500 START -5)": ("", -6),
    "id integer GENERATED ALWAYS AS IDENTITY (MAXVALUE 100)": ("", None),
    "id bigint GENERATED ALWAYS AS IDENTITY /* huge */": (
        "INSERT INTO t (id) OVERRIDING SYSTEM VALUE VALUES (9007199254740993)",
        9007199254740994,
    ),
    "id integer DEFAULT nextval('\"Odd $demosnap$ Seq\"')": ("", 101),
    "id numeric DEFAULT nextval('\"Odd $demosnap$ Seq\"')": ("", 101),
    "id integer": ("CREATE SEQUENCE own OWNED BY t.id", None),
}


@pytest.mark.parametrize("column", SEQUENCES)
@pytest.mark.parametrize("way", ["live", "file"])
def test_sequences_are_advanced(database: Database, column: str, way: str) -> None:
    prepare, following = SEQUENCES[column]
    database.execute(
        'CREATE SEQUENCE "Odd $demosnap$ Seq"',
        f"CREATE TABLE t ({column}, v text)",
        "INSERT INTO t (id, v) OVERRIDING SYSTEM VALUE VALUES (-5, 'x'), (100, 'x')",
        *([prepare] if prepare else []),
    )
    for _ in range(2):
        with changing(database) as connection:
            table = definition(connection, "t")
            if way == "live":
                DIALECT.advance_sequences(connection, [table])
            else:
                for statement in DIALECT.file_sequences([table]):
                    execute(connection, statement)
    if following is not None:
        assert database.rows("INSERT INTO t (v) VALUES ('y') RETURNING id") == [(following,)]
    elif "MAXVALUE" in column:
        with pytest.raises(sa.exc.DBAPIError, match="reached maximum"):
            database.execute("INSERT INTO t (v) VALUES ('y')")
    elif way == "live":
        assert database.rows("SELECT nextval('own')") == [(101,)]


def test_a_sequence_that_tables_share(database: Database) -> None:
    database.execute(
        "CREATE SEQUENCE shared",
        "CREATE TABLE t (id integer DEFAULT nextval('shared'))",
        "CREATE TABLE u (id integer DEFAULT nextval('shared'))",
        "INSERT INTO t VALUES (7)",
        "INSERT INTO u VALUES (3)",
    )
    with database.engine.begin() as connection:
        tables = reflect.tables(connection)
        DIALECT.advance_sequences(connection, [tables["t"], tables["u"]])
    assert database.rows("INSERT INTO u DEFAULT VALUES RETURNING id") == [(8,)]


def test_a_warning_is_an_error(database: Database) -> None:
    database.execute(
        "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE WARNING 'odd: %', NEW.id; RETURN NEW; END$$",
        "CREATE TABLE t (id integer PRIMARY KEY)",
        "CREATE TRIGGER warn BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION warn()",
    )
    with database.engine.connect() as connection, DIALECT.session(connection, write=True):
        table = definition(connection, "t")
        with pytest.raises(DatabaseError, match="odd: 1"):
            DIALECT.write_rows(connection, table, iter([b"1"]))


def test_rows_that_a_trigger_drops_are_not_counted(database: Database) -> None:
    database.execute(
        "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN IF NEW.id = 2 THEN RETURN NULL; END IF; RETURN NEW; END$$",
        "CREATE TABLE t (id integer PRIMARY KEY)",
        "CREATE TRIGGER skip BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION skip()",
    )
    with database.engine.connect() as connection:
        table = definition(connection, "t")
        assert DIALECT.write_rows(connection, table, iter([b"1", b"2", b"3"])) == 2


def test_an_error_in_the_source_of_rows_is_the_one_raised(database: Database) -> None:
    database.execute("CREATE TABLE t (id integer PRIMARY KEY)")

    def rows() -> Iterator[bytes]:
        yield b"1"
        raise LookupError("the file is broken")

    with database.engine.connect() as connection:
        table = definition(connection, "t")
        with pytest.raises(LookupError, match="broken"):
            DIALECT.write_rows(connection, table, rows())


def test_an_error_while_rows_are_read(database: Database) -> None:
    database.execute(
        "CREATE TABLE t (id integer PRIMARY KEY)",
        "INSERT INTO t SELECT generate_series(1, 20000)",
    )
    with database.engine.connect() as connection:
        table = definition(connection, "t")
        with pytest.raises(psycopg.errors.DivisionByZero):
            list(DIALECT.read_rows(connection, table, "1 / (id - 20000) IS NOT NULL"))
        connection.rollback()
        transaction = connection.begin()
        for _ in DIALECT.read_rows(connection, table, "TRUE"):
            break
        transaction.rollback()
        assert len(list(DIALECT.read_rows(connection, table, "TRUE"))) == 20000


def test_a_session_inside_a_transaction_of_the_caller(database: Database) -> None:
    with database.engine.connect() as connection:
        execute(connection, "SET TimeZone = 'Asia/Kathmandu'")
        with DIALECT.session(connection, write=True):
            assert execute(connection, "SHOW TimeZone").scalar() == "UTC"
            assert execute(connection, "SELECT pg_temp.demosnap_json('{')").scalar() is None
        assert execute(connection, "SHOW TimeZone").scalar() == "Asia/Kathmandu"
        missing = execute(connection, "SELECT to_regproc('pg_temp.demosnap_json')").scalar()
        assert missing is None
        with pytest.raises(sa.exc.DBAPIError), DIALECT.session(connection, write=True):
            execute(connection, "SELECT 1 / 0")
        connection.rollback()
        assert execute(connection, "SHOW statement_timeout").scalar() == "0"


def test_a_session_of_a_role_that_only_reads(database: Database) -> None:
    with database.engine.connect() as connection:
        execute(connection, "SET default_transaction_read_only = on")
        connection.commit()
        with DIALECT.session(connection, write=False), DIALECT.consistent_read(connection):
            assert execute(connection, "SELECT pg_temp.demosnap_json('{')").scalar() is None
            assert execute(connection, "SHOW transaction_isolation").scalar() == "repeatable read"
        assert execute(connection, "SHOW default_transaction_read_only").scalar() == "on"


def test_one_moment_of_all_tables(database: Database) -> None:
    database.execute("CREATE TABLE t (id integer)", "CREATE TABLE u (id integer)")
    with database.engine.connect() as connection, DIALECT.session(connection, write=False):
        with DIALECT.consistent_read(connection):
            tables = reflect.tables(connection)
            assert list(DIALECT.read_rows(connection, tables["t"], "TRUE")) == []
            database.execute("INSERT INTO t VALUES (1)", "INSERT INTO u VALUES (1)")
            assert list(DIALECT.read_rows(connection, tables["u"], "TRUE")) == []
        with DIALECT.consistent_read(connection):
            assert list(DIALECT.read_rows(connection, tables["u"], "TRUE")) == [b"1"]


def test_the_lock_says_who_holds_it(database: Database) -> None:
    first = sa.create_engine(database.url)
    DIALECT.configure_engine(first)
    with first.connect() as one, database.engine.connect() as other:
        with DIALECT.lock(one, 1):
            held = pytest.raises(LockError, match=r"postgres \(demosnap\).*process \d+")
            with held, DIALECT.lock(other, 0.05):
                pass
            other.rollback()
        with DIALECT.lock(other, 0.05):
            with pytest.raises(LockError), DIALECT.lock(one, 0.05):
                pass
            execute(other, "SELECT 1")
            with pytest.raises(sa.exc.DBAPIError):
                execute(other, "SELECT 1 / 0")
        with DIALECT.lock(one, 0.05):
            pass
        assert execute(one, "SHOW lock_timeout").scalar() == "0"
    first.dispose()


def test_changes_begin_at_repeatable_read(database: Database) -> None:
    engine = sa.create_engine(database.url)
    DIALECT.configure_engine(engine)
    with engine.connect().execution_options(demosnap_write=True) as connection:
        assert execute(connection, "SHOW transaction_isolation").scalar() == "repeatable read"
        with database.engine.connect() as other:
            database.execute("CREATE TABLE t (id integer)")
            execute(other, "LOCK TABLE t")
            execute(connection, "SET LOCAL lock_timeout = 10")
            with pytest.raises(sa.exc.DBAPIError) as found:
                execute(connection, "DELETE FROM t")
            assert found.value.orig is not None
            assert DIALECT.is_lock_timeout(found.value.orig)
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "endpoint"),
    {
        "postgresql://h/d": ("h", "d"),
        "postgresql:///d": (None, "d"),
        "postgresql://u@/": (None, "u"),
        "postgresql:///d?host=/run": (None, "d"),
        "postgresql:///d?host=h:5433": ("h", "d"),
        "postgresql://localhost/d?host=localhost&host=far": ("far", "d"),
        "postgresql://localhost/d?hostaddr=10.0.0.1": ("10.0.0.1", "d"),
        "postgresql:///?service=live": ("service live", ""),
        "postgresql://[::1]/d": ("::1", "d"),
    }.items(),
)
def test_where_a_url_leads(
    url: str, endpoint: tuple[str | None, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGUSER"):
        monkeypatch.delenv(name, raising=False)
    assert DIALECT.endpoint(sa.make_url(url)) == endpoint
    monkeypatch.setenv("PGHOST", "far.example")
    if url == "postgresql:///d":
        assert DIALECT.endpoint(sa.make_url(url)) == ("far.example", "d")


@pytest.mark.parametrize("keys", [1, 2])
def test_what_is_counted_gets_no_name_of_a_column(database: Database, keys: int) -> None:
    """The server itself would name it `case` or `?column?`, and quote it as that column."""
    database.execute(
        'CREATE TABLE odd ("case" integer PRIMARY KEY, "?column?" text, mark text, mark_ text)',
        "INSERT INTO odd VALUES (2, 'b', '0', NULL), (1, 'it''s', 'm', 'n')",
    )
    with database.engine.begin() as connection, DIALECT.session(connection, write=False):
        table = definition(connection, "odd")
        counted = Counted(['"case" > 1', "mark = 'x'"][:keys])
        rows = list(DIALECT.read_rows(connection, table, "TRUE", counted))
    assert rows == [b"1,'it''s','m','n'", b"2,'b','0',NULL"]
    assert counted.counts == [1, 0][:keys]
