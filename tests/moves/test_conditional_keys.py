"""Logical foreign keys under conditions, and between columns of different types."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from typing import Any

import pytest

from demosnap import dialects
from demosnap.errors import ConfigError
from demosnap.model import Column
from demosnap.results import Attached
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

SETTINGS = """\
marker: {column: is_demo}
tables:
  comments: {via: target_id}
  tags: {via: object_id}
foreign_keys:
  - {table: comments, columns: target_id, references: posts.id, when: {target_type: 'App\\Post'}}
  - {table: comments, columns: target_id, references: pages.id, when: {target_type: [Page, Place]}}
  - {table: tags, columns: object_id, references: pages.id, when: {type_id: {types: [cms, page]}}}
  - {table: meta, columns: value, references: posts.id, when: {name: _post, live: true}}
  - {table: posts, columns: code, references: codes.id}
"""
TABLES = (
    "CREATE TABLE types (id INTEGER NOT NULL PRIMARY KEY, app VARCHAR(20) NOT NULL,"
    " model VARCHAR(20) NOT NULL, UNIQUE (app, model))",
    "CREATE TABLE codes (id VARCHAR(20) NOT NULL PRIMARY KEY)",
    "CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY, code INTEGER, is_demo BOOLEAN)",
    "CREATE TABLE pages (id BIGINT NOT NULL PRIMARY KEY, is_demo BOOLEAN)",
    "CREATE TABLE comments (id INTEGER NOT NULL PRIMARY KEY, target_type VARCHAR(20),"
    " target_id INTEGER)",
    "CREATE TABLE tags (id INTEGER NOT NULL PRIMARY KEY, type_id INTEGER, object_id VARCHAR(40))",
    "CREATE TABLE meta (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20), value VARCHAR(40),"
    " live BOOLEAN)",
    "INSERT INTO types VALUES (4, 'cms', 'page'), (5, 'cms', 'post')",
    "INSERT INTO codes VALUES ('7'), ('07'), ('x')",
    "INSERT INTO posts VALUES (1, 7, TRUE), (2, NULL, FALSE), (7, 8, TRUE)",
    "INSERT INTO pages VALUES (1, FALSE), (7, TRUE)",
    "INSERT INTO comments VALUES (1, 'App\\Post', 1), (2, 'Page', 1), (3, 'App\\Post', 2),"
    " (4, 'Page', 7), (5, 'Place', 7), (6, 'Other', 7), (7, NULL, 7), (8, 'App\\Post', 99)",
    "INSERT INTO tags VALUES (1, 4, '7'), (2, 5, '7'), (3, 4, '07'), (4, 4, 'x'), (5, 4, ''),"
    " (6, 4, '1'), (7, NULL, '7'), (8, 4, '99999999999999999999999'), (9, 4, '7 ')",
    "INSERT INTO meta VALUES (1, '_post', '2', TRUE), (2, '_post', 'x', TRUE),"
    " (3, 'title', '1', TRUE), (4, '_post', '1', FALSE), (5, '_post', '07', TRUE)",
)
DEMO = {"posts": [1, 7], "pages": [7], "comments": [1, 4, 5], "tags": [1]}


def _escaped(database: Database, statement: str) -> str:
    """Write a backslash as the database's own client must."""
    return statement.replace("\\", "\\\\") if database.dialect == "mariadb" else statement


@pytest.fixture
def site(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Posts and pages, with comments, tags and meta data that reference either; captured as v1."""
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    database.execute(*(_escaped(database, one) for one in TABLES))
    workspace.project.revision("general", message="v1")
    return workspace


def ids(workspace: Workspace) -> dict[str, set[Any]]:
    return {
        name: {row[0][1] for row in rows}
        for name, rows in workspace.database.dump().items()
        if name in (*DEMO, "meta")
    }


def test_only_rows_under_their_conditions_are_picked(site: Workspace) -> None:
    (script,) = site.revisions.glob("general/*.py")
    recorded = runpy.run_path(str(script))["snapshot"]
    assert {**recorded["rows"]} == {name: len(rows) for name, rows in DEMO.items()}
    (codes,) = recorded["external_references"]
    assert (codes["columns"], codes["rows"], codes["dangling"]) == (["code"], 2, [["'8'"]])
    whole = site.database.dump()
    before = ids(site)
    left = {name: rows - {*DEMO.get(name, ())} for name, rows in before.items()}
    site.run("downgrade", "general", "base")
    assert ids(site) == left
    site.run("upgrade", "general@head")
    assert site.database.dump() == whole
    site.run("check", "--database")
    (file,) = site.revisions.glob("general/*v1*.sql")
    site.database.client(file)
    assert site.database.dump() == whole

    # The row of the other table has another number where it is looked up again.
    site.database.execute(
        "UPDATE types SET id = 40 WHERE id = 4", "UPDATE tags SET type_id = 40 WHERE type_id = 4"
    )
    offline = site.folder / "offline.sql"
    done = site.run("downgrade", "general@head:base", "--sql")
    offline.write_text(done.stdout, encoding="utf-8")
    site.database.client(offline)
    assert ids(site) == left


def test_a_real_row_references_a_demo_row_only_under_its_conditions(site: Workspace) -> None:
    """Texts that are no number are no references, and no errors."""
    site.database.execute(
        "INSERT INTO meta VALUES (11, '_post', '1', TRUE), (12, '_post', '7', TRUE)"
    )
    (entry,) = site.project.status("general")
    assert entry.attached == (Attached("meta", ("value",), "posts", 2, "meta: {via: value}"),)
    before = site.database.dump(own=True)
    with refused("referenced by non-demo rows", r"2 rows of meta .*\n.*meta.value; id: 11, 12"):
        site.project.downgrade("general@base")
    assert site.database.dump(own=True) == before
    site.project.downgrade("general@base", cascade=["meta"])
    assert ids(site)["meta"] == {1, 2, 3, 4, 5}


def test_references_to_nothing_compare_as_text(site: Workspace) -> None:
    site.project.downgrade("general@base")
    site.database.execute("DELETE FROM codes WHERE id = '7'")
    with refused("missing reference", "posts.code references 1 row of codes .*'7'"):
        site.project.upgrade("general@head")
    site.database.execute("INSERT INTO codes VALUES ('7')")
    site.project.upgrade("general@head")
    # What a version brings is compared with what it references, and so is what others bring.
    site.database.execute("INSERT INTO posts VALUES (8, 07, TRUE)", "DELETE FROM codes")
    done = site.run("check", "--database", check=False)
    assert "posts.code: 2 rows reference no row of codes ('7')" in done.stdout


def test_a_reset_and_a_difference_follow_them(site: Workspace) -> None:
    site.database.execute("UPDATE comments SET target_type = 'Page', target_id = 7 WHERE id = 6")
    site.project.revision("general", message="v2")
    second = site.database.dump()
    site.project.downgrade("general@v1")
    assert 6 not in ids(site)["comments"]
    site.project.upgrade("general@v2")
    assert site.database.dump() == second
    site.database.execute("DELETE FROM comments WHERE id = 6")
    site.project.reset("general", discard=True)
    assert site.database.dump() == second


WRONG = {
    "columns: target_id, references: posts.id, when: {kind: x}": (
        "foreign_keys.1.when.kind: comments has no column 'kind'"
    ),
    "columns: id, references: posts.id, when: {target_id: x}": (
        "comments.target_id (INTEGER) cannot hold 'x': it is not a whole number"
    ),
    "columns: id, references: posts.id, when: {target_id: {type: [a, b]}}": (
        "foreign_keys.1.when.target_id: there is no table 'type' in the database; did you mean"
    ),
    "columns: id, references: posts.id, when: {target_id: {posts: [a]}}": (
        "posts needs one unique key beside id to find a row by\nIts unique keys: none."
    ),
    "columns: id, references: posts.id, when: {target_id: {types: [a]}}": (
        "the key of types is app, model, and there is 1 value"
    ),
}
NEVER = {
    "postgresql": ("date", "integer", "DATE", "bytea"),
    "mariadb": ("date", "int(11)", "datetime", "varbinary(20)"),
}


@pytest.mark.parametrize("entry", WRONG)
def test_a_condition_that_does_not_fit_the_tables(
    entry: str, sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(sqlite)
    sqlite.execute(*TABLES)
    workspace.configure(
        f"marker: {{column: is_demo}}\nforeign_keys:\n  - {{table: comments, {entry}}}\n"
    )
    with pytest.raises(ConfigError) as caught:
        workspace.project.revision("general")
    assert WRONG[entry] in str(caught.value)
    assert caught.value.line == 3


@pytest.mark.parametrize("name", NEVER)
def test_types_that_can_never_be_equal(name: str) -> None:
    """On SQLite any column can hold anything but a column for numbers or for text."""
    dialect = dialects.get(name)
    day, number, moment, data = (Column("a", kind) for kind in NEVER[name])
    for column in (day, moment, data):
        assert not dialect.convertible(column, number)
        assert not dialect.convertible(Column("a", "varchar(20)"), column)
        assert dialect.convertible(column, column)
    assert dialect.convertible(Column("a", "varchar(20)"), number)
    assert dialect.convertible(number, Column("a", "bigint"))
