"""What is said of a text that is not a database URL, and of a file that is no database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from demosnap.dialects import urls
from demosnap.errors import ConfigError, DatabaseError, UsageError
from demosnap.project import Project
from demosnap.scaffold import init
from support.workspaces import Workspace


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a database of SQLite's and what is none."""
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("demo.db") as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    connection.close()
    return tmp_path


def said(url: str) -> str:
    with pytest.raises(ConfigError) as caught:
        urls.normalise(url)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("demo.db", "Write sqlite:///demo.db."),
        ("./demo.db", "Write sqlite:///demo.db."),
        ("file:demo.db", "Write sqlite:///demo.db."),
        ("sqlite://demo.db", "Write sqlite:///demo.db for the file demo.db"),
        ("jdbc:sqlite:demo.db", "Write sqlite:///demo.db."),
        ("other.db", "There is no such file; the URL of one is sqlite:///other.db."),
        ("localhost:5432/app", "postgresql://localhost:5432/app"),
        ("db.example.com:3306/app", "mysql://db.example.com:3306/app"),
        ("localhost/app", "postgresql://localhost/app or mysql://localhost/app"),
        ("//localhost/app", "postgresql://localhost/app or mysql://localhost/app"),
        ("jdbc:postgresql://localhost/app", "Write postgresql://localhost/app;"),
        ("jdbc:mariadb://h:3306/app", "Write mariadb://h:3306/app;"),
        ("jdbc:sqlserver://h", "demosnap knows PostgreSQL, MariaDB, MySQL and SQLite."),
        ("postgresql:/localhost/app", "Write postgresql://localhost/app."),
        ("postgresql//localhost/app", "Write postgresql://localhost/app."),
        ("mysql2:localhost/app", "Write mysql2://localhost/app."),
        ("C:\\app\\demo.db", "sqlite:///C:/app/demo.db"),
        ('"sqlite:///demo.db"', "Take them away."),
        ("DATABASE_URL=sqlite:///demo.db", "Give what stands behind the = alone."),
        ("psql postgresql://h/app", "Give the URL alone."),
        ("host=localhost dbname=app", "Write it as a URL"),
        (
            "postgresql://localhost:port/app",
            "the database URL cannot be read: its port is not a number",
        ),
        ("mysql://ada:s3 cret@localhost/app", "Write %20 for a space"),
        ("mysql://root@localhost:3306", "the database URL names no database"),
        ("nonsense", "For example: sqlite:///app.db"),
    ],
)
def test_what_it_seems_to_be_is_said_and_how_to_write_it(text: str, proposed: str) -> None:
    assert proposed in said(text)


@pytest.mark.parametrize(
    "text",
    [
        "ada:s3cret@localhost:5432/app",
        "ada:s3cret@localhost/app",
        "jdbc:mysql://h/app?user=ada&password=s3cret",
        "jdbc:postgresql://ada:s3cret@h/app",
        "host=h dbname=app password=s3cret",
        "postgresql//ada:s3cret@h/app",
        "DATABASE_URL=postgresql://ada:s3cret@h/app",
        "psql postgresql://ada:s3cret@h/app",
        "'postgresql://ada:s3cret@h/app'",
        "postgresql://ada:s3cret@h:port/app",
        "ada:s3cret@h.db",
        "mysql://ada:s3cret and@h/app",
    ],
)
def test_no_part_of_a_password_is_repeated(text: str) -> None:
    assert "s3cret" not in said(text)


def test_where_the_text_comes_from_is_said(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", "demo.db")
    with pytest.raises(ConfigError, match=r"it comes from DEMOSNAP_DATABASE_URL"):
        Project(sqlite_workspace.folder / "alembic.ini").current()


def test_init_says_the_same() -> None:
    with pytest.raises(UsageError, match=r"Write sqlite:///demo\.db\."):
        init("project", url="demo.db", confirm=lambda *_: True)
    assert not Path("project").exists()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "app.py",
            b"print('no database')\n",
            "app.py is not an SQLite database\nIt is a text file.",
        ),
        ("locked.db", bytes(range(128, 256)), "An encrypted database is one that demosnap cannot"),
        ("empty.db", b"", "the database file empty.db is empty"),
        ("folder", None, "folder is a folder, not a database file"),
    ],
)
def test_a_file_that_is_no_database_is_told(
    sqlite_workspace: Workspace, name: str, content: bytes | None, expected: str
) -> None:
    if content is None:
        Path(name).mkdir()
    else:
        Path(name).write_bytes(content)
    project = Project(sqlite_workspace.folder / "alembic.ini", url=f"sqlite:///{name}")
    for look in (project.current, lambda: project.load("general"), project.status):
        with pytest.raises(DatabaseError) as caught:
            look()
        assert expected in str(caught.value)
    if content is not None:
        assert Path(name).read_bytes() == content
