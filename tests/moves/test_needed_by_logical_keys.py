"""Rows that others need by logical keys: under conditions, and between columns of other types."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from typing import Any

import pytest

from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

SETTINGS = """\
marker: {column: is_demo}
tables:
  comments: {any: [{via: target_id}, {where: "id = 4"}]}
  words: {needed_by: {comments: word}}
  tokens: {needed_by: [comments]}
foreign_keys:
  - table: comments
    columns: target_id
    references: posts.id
    when: {target_type: ['App\\Post', 'App\\x']}
  - {table: comments, columns: word, references: words.id, when: {target_type: 'App\\Post'}}
  - {table: comments, columns: token, references: tokens.id}
"""
UUIDS = [f"0000000{n}-89ab-4def-8123-456789abcdef" for n in range(4)]
TABLES = (
    "CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY, is_demo BOOLEAN)",
    "CREATE TABLE words (id INTEGER NOT NULL PRIMARY KEY, text VARCHAR(20))",
    "CREATE TABLE tokens (id {uuid} NOT NULL PRIMARY KEY, n INTEGER)",
    "CREATE TABLE comments (id INTEGER NOT NULL PRIMARY KEY, target_type VARCHAR(20),"
    " target_id INTEGER, word VARCHAR(20), token VARCHAR(40))",
    "INSERT INTO posts VALUES (1, TRUE), (2, FALSE)",
    "INSERT INTO words VALUES (1, 'a'), (2, 'b'), (3, 'c'), (7, 'd')",
    f"INSERT INTO tokens VALUES ('{UUIDS[1]}', 1), ('{UUIDS[2]}', 2), ('{UUIDS[3]}', 3)",
    "INSERT INTO comments VALUES"
    f" (1, 'App\\Post', 1, '1', '{UUIDS[1]}'), (2, 'App\\x', 1, '2', '{UUIDS[2].upper()}'),"
    f" (3, 'App\\Post', 2, '3', '{UUIDS[3]}'), (4, 'App\\Post', NULL, '07',"
    " '00000001-89ab-cdef-0123-456789abcdef'),"
    f" (5, 'AppPost', 1, '7', NULL)",
)
DEMO = {"posts": {1}, "words": {1}, "tokens": {1}, "comments": {1, 2, 4}}


@pytest.fixture
def site(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Comments that need words and tokens; captured as v1."""
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    kind = "CHAR(36)" if database.dialect == "sqlite" else "UUID"
    for one in TABLES:
        # The database's own client and demosnap differ in what a backslash is.
        written = one.replace("\\", "\\\\") if database.dialect == "mariadb" else one
        database.execute(written.replace("{uuid}", kind))
    workspace.project.revision("general", message="v1")
    return workspace


def keys(workspace: Workspace) -> dict[str, set[Any]]:
    return {
        name: {key for (key,) in workspace.database.rows(f"SELECT {column} FROM {name}")}
        for name, column in (("posts", "id"), ("words", "id"), ("tokens", "n"), ("comments", "id"))
    }


def test_they_come_and_go_with_what_needs_them(site: Workspace) -> None:
    (file,) = site.revisions.glob("general/*v1*.sql")
    (script,) = site.revisions.glob("general/*.py")
    recorded = runpy.run_path(str(script))["snapshot"]
    assert {**recorded["rows"]} == {name: len(rows) for name, rows in DEMO.items()}
    whole = site.database.dump()
    left = {name: rows - DEMO[name] for name, rows in keys(site).items()}
    site.run("check", "--database")
    site.run("downgrade", "general", "base")
    assert keys(site) == left
    site.run("upgrade", "general@head")
    assert site.database.dump() == whole
    site.database.execute("DELETE FROM words WHERE id = 1", "UPDATE posts SET id = id WHERE id = 1")
    site.database.client(file)
    assert site.database.dump() == whole
    offline = site.folder / "offline.sql"
    done = site.run("downgrade", "general@head:base", "--sql")
    offline.write_text(done.stdout, encoding="utf-8")
    site.database.client(offline)
    assert keys(site) == left


def test_one_that_a_real_row_needs_too_stops_a_purge(site: Workspace) -> None:
    """Its conditions count, and texts that only look alike do not."""
    site.database.execute("UPDATE comments SET word = '1' WHERE id = 5")
    site.project.downgrade("general@base")
    site.project.upgrade("general@head")
    site.database.execute(f"UPDATE comments SET word = '1', token = '{UUIDS[1]}' WHERE id = 3")
    before = site.database.dump(own=True)
    with refused("referenced by non-demo rows", r"comments.word; id: 3"):
        site.project.downgrade("general@base")
    with refused("referenced by non-demo rows", r"comments.token; id: 3"):
        site.project.downgrade("general@base")
    assert site.database.dump(own=True) == before
    site.project.downgrade("general@base", keep_referenced=True)
    assert keys(site)["words"] == {1, 2, 3, 7}
