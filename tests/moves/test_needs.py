"""Scenarios that need others: they are loaded first, and stay as long as they are needed."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from demosnap.errors import ConfigError
from demosnap.project import Project
from demosnap.results import MovePlan
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

SETTINGS = """\
marker: {column: is_demo, scenario_column: scenario}
scenarios:
  catalog:
  awards: {needs: [press]}
  press: {needs: [catalog]}
  writer:
"""
COLUMNS = "is_demo BOOLEAN NOT NULL, scenario VARCHAR(20)"
TABLES = (
    f"CREATE TABLE products (id INTEGER PRIMARY KEY, title VARCHAR(20), {COLUMNS})",
    f"CREATE TABLE articles (id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL, {COLUMNS},"
    " FOREIGN KEY (product_id) REFERENCES products (id))",
    f"CREATE TABLE prizes (id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL, {COLUMNS},"
    " FOREIGN KEY (article_id) REFERENCES articles (id))",
)
ROWS = (
    "INSERT INTO products VALUES (1, 'Mine', FALSE, NULL)",
    "INSERT INTO products VALUES (2, 'Lamp', TRUE, 'catalog')",
    "INSERT INTO products VALUES (3, 'Pen', TRUE, 'writer')",
    "INSERT INTO articles VALUES (1, 1, FALSE, NULL)",
    "INSERT INTO articles VALUES (2, 2, TRUE, 'press')",
    "INSERT INTO prizes VALUES (2, 2, TRUE, 'awards')",
)
ALL = ("awards", "press", "catalog", "writer")

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A project of four scenarios, each with a version and loaded."""
    made = make_workspace(database)
    made.configure(SETTINGS)
    database.execute(*TABLES, *ROWS)
    for name in ("catalog", "press", "awards", "writer"):
        made.project.revision(name)
    return made


def _of(there: Rows, *names: str) -> Rows:
    """Return the rows of some scenarios, and those of none."""
    return {t: [r for r in some if r[-1][1] in (None, *names)] for t, some in there.items()}


def _moves(plan: MovePlan) -> list[tuple[str, str]]:
    return [(move.scenario, move.action) for move in plan.moves]


def _at(workspace: Workspace) -> set[str]:
    return {entry.scenario for entry in workspace.project.current()}


def _out(workspace: Workspace, names: Iterable[str]) -> None:
    for name in names:
        workspace.project.downgrade(name, "base")


def test_what_is_needed_is_loaded_first_and_stays(workspace: Workspace) -> None:
    project, there = workspace.project, workspace.database.dump()
    for name, loaded in (("press", "awards"), ("catalog", "press")):
        with refused("needed by another scenario", match=f"`demosnap downgrade {loaded} base`"):
            project.downgrade(name, "base")
    with refused("needed by another scenario", match="awards v1_.*, press v1_.* need catalog"):
        project.downgrade("catalog", "base", keep_referenced=True)
    assert workspace.database.dump() == there
    _out(workspace, ALL)
    assert workspace.database.dump() == _of(there)

    found = project.upgrade("awards@head", dry_run=True)
    first = [("catalog", "load"), ("press", "load"), ("awards", "load")]
    assert _moves(found) == first
    assert not found.refusals
    plan = project.scenario("awards").plan_load()
    assert _moves(project.apply(plan)) == first
    assert _at(workspace) == {"catalog", "press", "awards"}
    assert _moves(project.load("writer")) == [("writer", "load")]
    assert workspace.database.dump() == there
    # What is loaded stays as it is, whichever version it is.
    assert _moves(project.load("awards")) == [("awards", "load")]


def test_only_keeps_what_is_needed(workspace: Workspace) -> None:
    project, there = workspace.project, workspace.database.dump()
    assert _moves(project.load("press", only=True)) == [
        ("awards", "purge"),
        ("writer", "purge"),
        ("press", "load"),
    ]
    assert _at(workspace) == {"catalog", "press"}
    workspace.configure(SETTINGS + "exclusive: true\n")
    _out(workspace, ("press", "catalog"))
    assert _moves(workspace.project.upgrade("writer@head"))[-1] == ("writer", "load")
    plan = workspace.project.upgrade("awards@head")
    assert _moves(plan) == [
        ("writer", "purge"),
        ("catalog", "load"),
        ("press", "load"),
        ("awards", "load"),
    ]
    assert workspace.database.dump() == _of(there, *ALL[:3])
    # The order in which they go is the other way round.
    assert _moves(workspace.project.upgrade("writer@head")) == [
        ("awards", "purge"),
        ("press", "purge"),
        ("catalog", "purge"),
        ("writer", "load"),
    ]


def test_the_stock_command_does_the_same(workspace: Workspace) -> None:
    there = workspace.database.dump()
    done = workspace.alembic("downgrade", "catalog@base", check=False)
    assert done.returncode
    assert re.search("awards v1_.*, press v1_.* need catalog", done.stdout)
    assert workspace.database.dump() == there
    told = workspace.alembic("downgrade", "base")
    assert workspace.database.dump() == _of(there)
    printed = told.stdout + told.stderr
    assert printed.index("awards: v1") < printed.index("press: v1") < printed.index("catalog: v1")
    workspace.alembic("upgrade", "awards@head")
    assert _at(workspace) == {"catalog", "press", "awards"}
    workspace.alembic("downgrade", "base")
    workspace.alembic("upgrade", "heads")
    assert workspace.database.dump() == there


def test_a_script_says_what_must_be_loaded(workspace: Workspace) -> None:
    there = workspace.database.dump()
    _out(workspace, ALL)
    # A project that names no database.
    project = Project(workspace.folder / "alembic.ini")
    alone, out, both = io.StringIO(), io.StringIO(), io.StringIO()
    project.upgrade_sql(["press@head"], alone)
    assert "-- press: catalog must be loaded (`needs` in demosnap.yaml).\n" in alone.getvalue()
    project.downgrade_sql("catalog", "v1:base", out)
    for name in ("press", "awards"):
        assert f"-- catalog: {name} must not be loaded, which needs it.\n" in out.getvalue()
    project.upgrade_sql(["heads"], both)
    assert "must be loaded" not in both.getvalue()
    file = workspace.folder / "script.sql"
    file.write_text(both.getvalue(), encoding="utf-8")
    workspace.database.client(file)
    assert workspace.database.dump() == there


def test_rows_that_the_needed_version_lacks_are_missed_in_the_plan(workspace: Workspace) -> None:
    project = workspace.project
    workspace.database.execute(
        "INSERT INTO products VALUES (4, 'Desk', TRUE, 'catalog')",
        "UPDATE articles SET product_id = 4 WHERE id = 2",
    )
    project.revision("press")
    _out(workspace, ALL[:2])
    project.downgrade("catalog", "base", discard=True)
    with refused("missing reference", match="products"):
        project.upgrade("press@head")
    assert _at(workspace) == {"writer"}


def test_a_needed_scenario_without_a_version_is_an_error(workspace: Workspace) -> None:
    workspace.configure(SETTINGS.replace("  writer:", "  writer: {needs: [later]}\n  later:"))
    with pytest.raises(ConfigError, match=r"demosnap\.yaml:6: writer needs later") as caught:
        workspace.project.load("writer")
    assert "demosnap revision later" in str(caught.value.hint)
