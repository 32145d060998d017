"""What MySQL 9 does otherwise than MariaDB, on the server in MariaDB's place.

On MariaDB the same holds, as far as it has such types.
"""

from __future__ import annotations

import random
import secrets
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from demosnap.dialects.mysql import values as values
from demosnap.dialects.mysql.codecs import codec
from demosnap.errors import DatabaseError, DemosnapError, MissingDriverError
from demosnap.project import Project
from support.databases import Database, make_database
from support.workspaces import Workspace

SETTINGS = "marker: {column: is_demo}\nscenarios: {general: {default: true}}\n"
Doubles = list[float]


@pytest.fixture(params=["mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of MariaDB, or MySQL."""
    yield from make_database(request.param, tmp_path)


@pytest.fixture
def app(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A project whose demo rows a column marks."""
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    return workspace


def only_mysql(database: Database) -> None:
    """Skip the test where MariaDB is."""
    if database.server != "mysql":
        pytest.skip("only MySQL has it")


def set_up(app: Workspace, settings: str) -> Project:
    """Return the project, with settings that its sessions begin with."""
    url = sa.make_url(app.database.url)
    url = url.update_query_dict({"init_command": f"SET SESSION {settings}"})
    text = url.render_as_string(hide_password=False)
    return Project(app.folder / "alembic.ini", url=text)


def round_trip(app: Workspace) -> str:
    """Capture, purge and load; check that all is what it was, and return the snapshot."""
    before = app.database.dump()
    app.project.revision("general", date="2025-01-20")
    app.project.downgrade("general", "base")
    app.project.upgrade("general@head")
    assert app.database.dump() == before
    return (app.revisions / "general" / "latest.sql").read_text()


def odd_doubles() -> Doubles:
    """Return doubles of all sizes, with as many digits as there are."""
    draw = random.Random(9)
    bits = [struct.unpack("<d", draw.randbytes(8))[0] for _ in range(300)]
    found = [number for number in bits if number == number and abs(number) < 1.7e308]
    found += [draw.uniform(-1, 1) * 10.0 ** draw.randint(-20, 20) for _ in range(300)]
    found += [10.0**power for power in range(-22, 23)]
    return [*found, -1.2345678901234567e-10, 2.2250738585072014e-308, 5e-324, 0.0]


def test_doubles_and_floats_keep_their_last_digits(database: Database) -> None:
    doubles = odd_doubles()
    floats = [values.single(float(f"{n:.5g}")) for n in doubles if 1e-37 < abs(n) < 3e38]
    database.execute(
        "CREATE TABLE d (id INTEGER PRIMARY KEY, d DOUBLE)",
        "CREATE TABLE f (id INTEGER PRIMARY KEY, f FLOAT)",
        f"INSERT INTO d VALUES {','.join(f'({i},{n!r})' for i, n in enumerate(doubles))}",
        f"INSERT INTO f VALUES {','.join(f'({i},{n!r})' for i, n in enumerate(floats))}",
    )
    for name, kind, numbers in (("d", "double", doubles), ("f", "float", floats)):
        found = database.rows(f"SELECT {codec(kind).sql(name)} FROM {name} ORDER BY id")
        # One form on both servers, of the digits of Python's repr().
        assert [text for (text,) in found] == [codec(kind).encode(n).decode() for n in numbers]


def test_they_are_loaded_and_the_sign_of_zero_with_them(app: Workspace) -> None:
    app.database.execute(
        "CREATE TABLE d (id INTEGER PRIMARY KEY, is_demo BOOLEAN, d DOUBLE, f FLOAT)",
        "INSERT INTO d VALUES (1, TRUE, -1.2345678901234567e-10, 1.1), (2, TRUE, '-0', '-0'),"
        " (3, TRUE, 2.2250738585072014e-308, 3.4028234e38)",
    )
    text = round_trip(app)
    assert "'2.2250738585072014e-308'" in text
    kept = {row[0]: str(row[1]) for row in app.database.rows("SELECT id, d FROM d")}
    assert ("'-0'" in text) == (app.database.server == "mysql") == (kept[2] == "-0.0")


def test_json_that_holds_other_than_json_is_captured_as_it_comes_back(app: Workspace) -> None:
    only_mysql(app.database)
    app.database.execute(
        "CREATE TABLE j (id INTEGER PRIMARY KEY, is_demo BOOLEAN, j JSON)",
        "INSERT INTO j SELECT 1, TRUE, JSON_OBJECT('price', CAST(9.50 AS DECIMAL(8, 2)), 'at',"
        " CAST('2025-01-20' AS DATE), 'for', CAST('10:00:00.5' AS TIME(1)))",
    )
    app.project.revision("general", date="2025-01-20")
    app.project.downgrade("general", "base")
    app.project.upgrade("general@head")
    (found,) = app.database.rows("SELECT CAST(j AS CHAR), JSON_TYPE(j->'$.at') FROM j")
    assert found == (
        '{"at": "2025-01-20", "for": "10:00:00.500000", "price": 9.5}',
        "STRING",
    )


@pytest.mark.parametrize("value", ["CAST(X'6162' AS JSON)", "JSON_ARRAY(12345678901234567890.123)"])
def test_json_that_does_not_come_back_is_refused_at_capture(app: Workspace, value: str) -> None:
    only_mysql(app.database)
    app.database.execute(
        "CREATE TABLE j (id INTEGER PRIMARY KEY, is_demo BOOLEAN, j JSON)",
        f"INSERT INTO j SELECT 7, TRUE, {value}",
    )
    with pytest.raises(DatabaseError, match=r"j: row id=7: j holds JSON with bytes, or a number"):
        app.project.revision("general", date="2025-01-20")


def test_a_vector_stops_nothing(app: Workspace) -> None:
    only_mysql(app.database)
    app.database.execute(
        "CREATE TABLE v (id INTEGER PRIMARY KEY, is_demo BOOLEAN, v VECTOR(3))",
        "INSERT INTO v VALUES (1, TRUE, STRING_TO_VECTOR('[1,2,3]')), (2, FALSE, NULL)",
    )
    shown = "SELECT id, HEX(v) FROM v ORDER BY id"
    before = app.database.rows(shown)
    app.project.revision("general", date="2025-01-20")
    app.project.downgrade("general", "base")
    app.project.upgrade("general@head")
    assert app.database.rows(shown) == before == [(1, "0000803F0000004000004040"), (2, None)]


def test_a_server_that_requires_keys_takes_them(app: Workspace) -> None:
    """More rows than are changed one by one, by a temporary table."""
    only_mysql(app.database)
    rows = ",".join(f"({n}, TRUE, 'a')" for n in range(1, 201))
    app.database.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, is_demo BOOLEAN, word VARCHAR(9))",
        f"INSERT INTO t VALUES {rows}",
    )
    app.project.revision("general", date="2025-01-20")
    app.database.execute("UPDATE t SET word = 'b' WHERE id < 80", "DELETE FROM t WHERE id > 190")
    app.project.revision("general", date="2025-01-21")
    after = app.database.dump()
    project = set_up(app, "sql_require_primary_key = ON")
    project.downgrade("general", "-1")
    assert len(app.database.rows("SELECT 1 FROM t WHERE word = 'a'")) == 200
    project.upgrade("general@head")
    assert app.database.dump() == after


def test_a_key_that_the_server_made_is_seen_where_it_is_hidden(app: Workspace) -> None:
    """Rows that are equal but for it are told apart, and each comes back with its own."""
    only_mysql(app.database)
    hidden, shown = (f"show_gipk_in_create_table_and_information_schema = {n}" for n in (0, 1))
    with app.database.engine.begin() as connection:
        for statement in (
            "SET SESSION sql_generate_invisible_primary_key = ON",
            "CREATE TABLE t (word VARCHAR(9), is_demo BOOLEAN)",
            "INSERT INTO t VALUES ('a', TRUE), ('own', FALSE), ('a', TRUE), ('b', TRUE)",
        ):
            connection.exec_driver_sql(statement)
    numbered = "SELECT my_row_id, word, is_demo FROM t ORDER BY my_row_id"
    before = app.database.rows(numbered)
    made = "sql_generate_invisible_primary_key = ON"
    set_up(app, f"{made}, {shown}").revision("general", date="2025-01-20")
    assert "(my_row_id,word,is_demo)" in (app.revisions / "general" / "latest.sql").read_text()
    project = set_up(app, f"{made}, {hidden}")
    assert project.check(database=True) == []
    project.downgrade("general", "base")
    assert app.database.rows(numbered) == [before[1]]
    project.upgrade("general@head")
    assert app.database.rows(numbered) == before
    app.database.execute("UPDATE t SET word = 'c' WHERE my_row_id = 3")
    assert project.revision("general", date="2025-01-21").created
    project.downgrade("general", "-1")
    assert app.database.rows(numbered) == before


@pytest.fixture
def account(app: Workspace) -> Iterator[str]:
    """The URL of the database for an account with a password, which the server has not seen yet."""
    only_mysql(app.database)
    name = f"demosnap_{secrets.token_hex(4)}"
    url = sa.make_url(app.database.url).set(username=name, password="pass%word")
    host = app.database.rows("SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', -1)")[0][0]
    app.database.execute(
        f"CREATE USER {name}@'{host}' IDENTIFIED WITH caching_sha2_password BY 'pass%word'",
        f"GRANT ALL ON {url.database}.* TO {name}@'{host}'",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, is_demo BOOLEAN)",
        "INSERT INTO t VALUES (1, TRUE)",
    )
    yield url.set(query={"charset": "utf8mb4"}).render_as_string(hide_password=False)
    app.database.execute(f"DROP USER {name}@'{host}'")


def test_a_password_goes_to_the_server_by_tls(app: Workspace, account: str) -> None:
    assert Project(app.folder / "alembic.ini", url=account).revision("general").created


def test_without_tls_it_takes_a_package_that_is_named(
    app: Workspace, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where it is not installed, whether or not it is here.
    monkeypatch.setattr("pymysql._auth._have_cryptography", False)
    project = Project(app.folder / "alembic.ini", url=f"{account}&ssl_disabled=true")
    with pytest.raises(MissingDriverError, match="cryptography is not installed") as refused:
        project.revision("general")
    assert "pip install cryptography" in str(refused.value.hint)
    assert "pass%word" not in str(refused.value)


def test_where_gtids_allow_no_temporary_table_rows_are_changed_one_by_one(app: Workspace) -> None:
    only_mysql(app.database)
    if app.database.rows("SELECT @@log_bin, @@enforce_gtid_consistency") != [(1, "ON")]:
        pytest.skip("the server writes no GTIDs")
    rows = ",".join(f"({n}, TRUE, 'a')" for n in range(1, 301))
    app.database.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, is_demo BOOLEAN, word VARCHAR(9))",
        f"INSERT INTO t VALUES {rows}",
    )
    app.project.revision("general", date="2025-01-20")
    before = app.database.dump()
    app.database.execute("UPDATE t SET word = 'b' WHERE id < 80", "DELETE FROM t WHERE id > 280")
    app.project.revision("general", date="2025-01-21")
    after = app.database.dump()
    project = set_up(app, "binlog_format = STATEMENT")
    project.downgrade("general", "-1")
    assert app.database.dump() == before
    project.upgrade("general@head")
    assert app.database.dump() == after


def test_defaults_and_keys_that_are_expressions_hold_texts(app: Workspace) -> None:
    only_mysql(app.database)
    app.database.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, is_demo BOOLEAN, word VARCHAR(20))",
        "INSERT INTO t VALUES (1, TRUE, 'x'), (2, FALSE, 'y')",
    )
    app.project.revision("general", date="2025-01-20")
    app.database.execute(
        "ALTER TABLE t ADD COLUMN j JSON DEFAULT ('{\"a\": 1}'),"
        " ADD COLUMN v VARCHAR(40) DEFAULT (CONCAT('a b', word)),"
        " ADD UNIQUE KEY odd ((CONCAT(word, ' b')))",
    )
    before = app.database.dump()
    app.project.downgrade("general", "base")
    app.project.upgrade("general@head")
    assert app.database.dump() == before
    app.project.downgrade("general", "base")
    app.database.execute("INSERT INTO t (id, is_demo, word) VALUES (3, FALSE, 'x')")
    with pytest.raises(DemosnapError, match=r"\(odd: id=1 of the snapshot and id=3"):
        app.project.upgrade("general@head")


MISREAD = {
    "a quote in a check": "ADD CHECK (word <> 'it''s')",
    "a backslash in a check": r"ADD CHECK (word <> 'a\\b')",
    "a new line in a default": r"ADD COLUMN note VARCHAR(9) DEFAULT ('a\nb')",
    "a quote in a column": "ADD COLUMN made VARCHAR(20) AS (CONCAT(word, 'it''s'))",
    "a backslash in an index": r"ADD KEY odd ((CONCAT(word, 'a\\b')))",
}


@pytest.mark.parametrize("change", MISREAD.values(), ids=MISREAD)
def test_tables_that_the_server_misreads_are_refused(app: Workspace, change: str) -> None:
    """It takes backslashes of its own spelling for letters in sessions like demosnap's."""
    only_mysql(app.database)
    app.database.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, is_demo BOOLEAN, word VARCHAR(20), `a\\b` INT)",
        "INSERT INTO t (id, is_demo, word) VALUES (1, TRUE, 'x'), (2, FALSE, 'y')",
        "ALTER TABLE t ADD CHECK (`a\\b` > 0 AND word <> 'z')",
    )
    app.project.revision("general", date="2025-01-20")
    app.project.downgrade("general", "base")
    app.database.execute(f"ALTER TABLE t {change}")
    assert_refused(lambda: app.project.upgrade("general@head"))
    app.database.execute("INSERT INTO t (id, is_demo, word) VALUES (3, TRUE, 'w')")
    assert_refused(lambda: app.project.revision("general"))
    assert [row[0] for row in app.database.rows("SELECT id FROM t ORDER BY id")] == [2, 3]


def assert_refused(act: Callable[[], object]) -> None:
    """Check that what the server misreads is named."""
    with pytest.raises(DemosnapError) as refused:
        act()
    said = f"{refused.value}\n{refused.value.hint or ''}"
    assert "t: its definition has" in said and "write CHAR(39)" in said
