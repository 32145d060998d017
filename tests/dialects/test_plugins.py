"""Dialects that other packages bring, by the entry point `demosnap.dialects`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, make_url

from demosnap import connect, dialects, scaffold
from demosnap.database import reflect
from demosnap.dialects import urls
from demosnap.dialects.base import Counted, Dialect, execute
from demosnap.dialects.sqlite.dialect import SQLiteDialect
from demosnap.errors import ConfigError, DatabaseError, MissingDriverError
from demosnap.model import Marker
from demosnap.rows.canonical import split
from support.databases import Database
from support.workspaces import Workspace

Install = Callable[..., Path]

WORKING = """
from demosnap.database import reflect
from demosnap.dialects.base import Counted, Dialect, execute
from demosnap.dialects.sqlite.dialect import SQLiteDialect

class Plugged(SQLiteDialect):
    name = "plugged"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package of one module with an entry point, for the time of a test."""

    def installed(text: str, name: str = "plugged", value: str = "plugged_one:Plugged") -> Path:
        folder = tmp_path / "site"
        info = folder / "plugged_one-1.2.dist-info"
        info.mkdir(parents=True)
        (folder / "plugged_one.py").write_text(text)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged-one\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[demosnap.dialects]\n{name} = {value}\n")
        monkeypatch.syspath_prepend(str(folder))
        forget()
        return folder

    def forget() -> None:
        sys.modules.pop("plugged_one", None)
        dialects.get.cache_clear()
        dialects._plugins.cache_clear()

    yield installed
    monkeypatch.undo()
    forget()


def test_a_package_brings_a_dialect(install: Install) -> None:
    assert "plugged" not in dialects.names()
    install(WORKING)
    assert dialects.get("plugged").name == "plugged"
    assert dialects.names() == (*dialects.own_names(), "plugged")


def test_no_package_replaces_a_dialect_of_demosnap(install: Install) -> None:
    install(WORKING.replace('"plugged"', '"sqlite"'), name="sqlite")
    assert type(dialects.get("sqlite")) is SQLiteDialect
    assert dialects.names() == dialects.own_names()


@pytest.mark.parametrize(
    ("text", "value", "problem"),
    [
        ("import nothing_of_that_name", "plugged_one:Plugged", "No module named 'nothing_of_that"),
        (WORKING, "plugged_one:Missing", "AttributeError: .*'Missing'"),
        (
            WORKING.replace('"plugged"', '"other"'),
            "plugged_one:Plugged",
            "not a .*Dialect of that na",
        ),
        (
            "class Plugged:\n    name = 'plugged'",
            "plugged_one:Plugged",
            "not a .*Dialect of that nam",
        ),
        (
            "from demosnap.dialects.base import Dialect\nclass Plugged(Dialect):\n    name = 'x'",
            "plugged_one:Plugged",
            "TypeError: Can't instantiate abstract class Plugged .*literal_pattern",
        ),
    ],
    ids=["import", "class", "name", "kind", "incomplete"],
)
def test_a_package_that_cannot_be_used_is_named(
    install: Install, text: str, value: str, problem: str
) -> None:
    install(text, value=value)
    with pytest.raises(DatabaseError, match=problem) as caught:
        dialects.get("plugged")
    assert f"the entry point {value} (plugged-one 1.2)" in caught.value.message
    assert "docs/dialects.md" in str(caught.value.hint)


def test_a_database_that_nothing_supports_is_refused(sqlite_workspace: Workspace) -> None:
    done = sqlite_workspace.run("status", "--url", "oracle://app@localhost/x", check=False)
    assert done.returncode == 1
    assert "does not know the dialect 'oracle'" in done.stderr
    assert "It knows mariadb, mysql, postgresql, sqlite." in done.stderr
    assert "docs/dialects.md" in done.stderr


def test_a_snapshot_of_a_package_that_is_gone_says_so(sqlite_workspace: Workspace) -> None:
    version = sqlite_workspace.project.revision("general", date="2025-01-20").version
    assert version is not None
    path = sqlite_workspace.revisions / "general" / version.file
    path.write_text(path.read_text().replace("(sqlite)", "(plugged)", 1))
    done = sqlite_workspace.run("check", check=False)
    assert "does not know the dialect 'plugged'" in done.stdout + done.stderr


def test_help_imports_no_dialect(install: Install) -> None:
    folder = install("raise SystemExit('imported')")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "demosnap", "--help"],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "plugged_one" not in done.stderr
    assert "sqlalchemy" not in done.stderr


def test_rows_are_picked_by_their_keys_where_nothing_else_is_brought(sqlite: Database) -> None:
    sqlite.execute(
        "CREATE TABLE t (a INTEGER NOT NULL, b TEXT NOT NULL, PRIMARY KEY (a, b))",
        "INSERT INTO t VALUES (1, 'x'), (1, 'y'), (2, 'it''s'), (3, 'z')",
        "CREATE TABLE keyless (a INTEGER)",
    )
    dialect = dialects.get("sqlite")
    with sqlite.engine.connect() as connection:
        tables = reflect.tables(connection)

        def picked(where: str, number: int) -> list[tuple[int, str]]:
            note = Dialect.pick(dialect, connection, tables["t"], where, number)
            rows = execute(connection, f"SELECT a, b FROM t WHERE {note} ORDER BY a, b")
            return [tuple(row) for row in rows]

        assert picked("b > 'h' AND a < 3 AND b <> 'y'", 1) == [(1, "x"), (2, "it's")]
        assert picked("1 = 0", 0) == picked("1 = 0", 7) == []
        with pytest.raises(DatabaseError, match="keyless: its rows cannot be named"):
            Dialect.pick(dialect, connection, tables["keyless"], "1 = 1", 1)


@pytest.fixture
def small() -> Dialect:
    """The dialect of the guide, as it stands there."""
    guide = (Path(__file__).parents[2] / "docs" / "dialects.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"<!-- small dialect.*?-->\n```python\n(.*?)```", guide, flags=re.S)
    found: dict[str, Any] = {}
    exec(compile(text, "dialects.md", "exec"), found)
    made: Dialect = found["SmallDialect"]()
    return made


def test_the_dialect_of_the_guide_works(small: Dialect, sqlite: Database) -> None:
    rows = [(1, "it's", None), (2, "a,b;\n", 1), (10, None, 1), (-1, "", 0)]
    sqlite.execute("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, label TEXT, is_demo INTEGER)")
    with sqlite.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (?, ?, ?)", rows)
    with sqlite.engine.connect() as connection:
        table = replace(reflect.tables(connection)["t"], **_columns(small, connection))
        read = list(small.read_rows(connection, table, "1 = 1"))
        assert read == [b"-1,'',0", b"1,'it''s',NULL", b"2,'a,b;\n',1", b"10,NULL,1"]
        for row in read:
            for literal, column in zip(split(row), table.captured, strict=True):
                assert small.is_literal(literal, column)
                assert small.encode(small.decode(literal, column), column) == literal
        flag = table.column("is_demo")
        marked = small.marked(Marker(column="is_demo"), flag, "general", True, None)
        counted = Counted([marked])
        list(small.read_rows(connection, table, "1 = 1", counted))
        assert counted.counts == [2]
        note = small.pick(connection, table, marked, 1)
        assert small.delete_rows(connection, [(table, note)]) == [2]
        taken = [row for row in read if row.endswith(b",1")]
        assert small.write_rows(connection, table, taken) == 2
        assert list(small.read_rows(connection, table, "1 = 1")) == read
        connection.exec_driver_sql("UPDATE t SET label = 'a' || char(13) WHERE id = 2")
        with pytest.raises(DatabaseError, match="t: row id=2: label: it holds a NUL or a carriage"):
            list(small.read_rows(connection, table, "1 = 1"))


def _columns(dialect: Dialect, connection: Connection) -> dict[str, Any]:
    return {"columns": dialect.reflect_columns(connection, ["t"])["t"]}


@pytest.mark.parametrize(
    "words",
    [
        ("upgrade", "general@head", "--yes"),
        ("revision", "general"),
        ("status",),
        ("reset", "general", "--yes"),
    ],
    ids=lambda words: words[0],
)
def test_every_command_refuses_a_database_that_nothing_supports(
    sqlite_workspace: Workspace, words: tuple[str, ...]
) -> None:
    done = sqlite_workspace.run(*words, "--url", "duckdb:///some.duckdb", check=False)
    assert done.returncode == 1
    assert "does not know the dialect 'duckdb'" in done.stderr


def test_init_refuses_a_database_that_nothing_supports(tmp_path: Path) -> None:
    for url in ("duckdb:///some.duckdb", "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Ds3cret"):
        name = url.partition(":")[0].partition("+")[0]
        with pytest.raises(DatabaseError, match=f"does not know the dialect '{name}'") as caught:
            scaffold.init(tmp_path, url=url, confirm=lambda question, text: True)
        assert "s3cret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


RULES = """
from demosnap.dialects.url_rules import UrlRules

class PluggedUrls(UrlRules):
    name = "plugged"
    title = "Plugged"
    schemes = ("plug",)
    port = "4711"
    example = "plugged://user@host/app"
    commands = ("plugsql",)
"""


def test_a_package_brings_rules_for_urls(install: Install) -> None:
    install(_with_rules("PluggedUrls()"))
    assert urls.normalise("plug://u@h/db").render_as_string() == "plugged://u@h/db"
    for text, hint in (
        ("localhost:4711/app", "Put it in front: plugged://localhost:4711/app"),
        ("plugsql plugged://h/app", "plugged://user@host/app"),
        ("plug:localhost/app", "Write plug://localhost/app"),
        ("jdbc:plugged://h/app", "Write plugged://h/app;"),
        ("jdbc:sqlserver://h", "demosnap knows PostgreSQL, MariaDB, MySQL, Plugged and SQLite."),
    ):
        with pytest.raises(ConfigError) as caught:
            urls.normalise(text)
        assert hint in str(caught.value)


def test_the_missing_driver_of_a_package_names_the_package(install: Install) -> None:
    install(_with_rules("UrlRules()"))
    url = make_url("plugged://u@h/db")
    with (
        pytest.raises(MissingDriverError, match="no driver for plugged is installed") as caught,
        connect.connected(url),
    ):
        pass
    assert caught.value.hint == "pip install 'plugged-one'"


def _with_rules(rules: str) -> str:
    return f"{RULES}{WORKING}    url_rules = {rules}\n"
