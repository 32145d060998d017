"""A row that violates what nobody has checked is found by the rehearsal, with all its names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demosnap.project import Project
from support.databases import Database
from support.refusals import refused
from support.rounds import newer_postgresql
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

DEMO = "is_demo BOOLEAN DEFAULT FALSE NOT NULL"
ROWS = "INSERT INTO things VALUES (1, 'one', TRUE), (7, {}, TRUE), (8, 'real', FALSE)"


def _captured(database: Database, make_workspace: MakeWorkspace) -> Project:
    workspace = make_workspace(database)
    workspace.configure("marker: {column: is_demo}\n")
    workspace.project.revision("general", date="2025-01-15")
    return workspace.project


def _refused(database: Database, project: Project, *words: str) -> None:
    before = database.dump(own=True)
    with refused("no way back", "the way back to general v1_2025-01-15") as caught:
        project.downgrade("general", "base")
    for word in (*words, "--no-rehearse", "capture again if rows change"):
        assert word in str(caught.value), str(caught.value)
    assert database.dump(own=True) == before


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("rule", ["check", "domain"])
def test_a_rule_that_is_not_valid(
    rule: str, database: Database, make_workspace: MakeWorkspace
) -> None:
    """Of a table or of a domain, added NOT VALID: only PostgreSQL has that."""
    database.execute(
        "CREATE DOMAIN short AS text",
        f"CREATE TABLE things (id INTEGER PRIMARY KEY, name short, {DEMO})",
        ROWS.format("'far too long'"),
        "ALTER TABLE things ADD CONSTRAINT brief CHECK (length(name) < 9) NOT VALID"
        if rule == "check"
        else "ALTER DOMAIN short ADD CONSTRAINT brief CHECK (length(VALUE) < 9) NOT VALID",
    )
    _refused(database, _captured(database, make_workspace), "things", "id=7", "brief")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_not_null_that_came_by_writable_schema(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """The rehearsal names table, row and column."""
    database.execute(
        f"CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT, {DEMO})",
        ROWS.format("NULL"),
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'name TEXT', 'name TEXT NOT NULL')"
        " WHERE name = 'things'",
    )
    project = _captured(database, make_workspace)
    assert project.check() == []
    _refused(database, project, "things", "id=7", "name")


@pytest.fixture
def newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database of PostgreSQL 18, where there is one."""
    yield from newer_postgresql(tmp_path, 18, monkeypatch)


def test_not_null_that_is_not_valid(newest: Database, make_workspace: MakeWorkspace) -> None:
    """PostgreSQL 18 lets old rows be; the file is read back, and new rows are not taken."""
    newest.execute(
        f"CREATE TABLE things (id INTEGER PRIMARY KEY, name text, {DEMO})",
        ROWS.format("NULL"),
        "ALTER TABLE things ADD CONSTRAINT named NOT NULL name NOT VALID",
    )
    project = _captured(newest, make_workspace)
    assert project.check() == []
    _refused(newest, project, "things", "id=7", "name")
