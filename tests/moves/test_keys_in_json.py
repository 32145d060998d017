"""Logical foreign keys in JSON: a row references many rows, each by a value at a path."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from typing import Any

import pytest

from demosnap.errors import ConfigError
from demosnap.results import Attached
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

SETTINGS = """\
marker: {column: is_demo}
tables:
  notes: {via: value}
  words: {needed_by: {fragments: words}}
foreign_keys:
  - {table: fragments, json: relationships, path: "$.links[*]", references: fragments.id}
  - {table: fragments, json: words, path: "$[*]", references: words.word}
  - {table: notes, json: value, path: "$.of[*].id", references: fragments.id, when: {kind: link}}
  - {table: notes, json: value, path: "$.main.id", references: fragments.id, when: {kind: main}}
"""
# The column `value` has the name of a column of SQLite's json_each.
TABLES = (
    "CREATE TABLE fragments (id INTEGER NOT NULL PRIMARY KEY, is_demo BOOLEAN,"
    " relationships JSON, words TEXT)",
    "CREATE TABLE words (word VARCHAR(20) NOT NULL PRIMARY KEY, n INTEGER)",
    "CREATE TABLE notes (id INTEGER NOT NULL PRIMARY KEY, kind VARCHAR(20), value TEXT)",
    "INSERT INTO words VALUES ('7', 1), ('new', 2), ('old', 3), ('x', 4)",
    "INSERT INTO fragments VALUES"
    """ (1, TRUE, '{"links": [2, "3", 99]}', '["new", 7]'),"""
    """ (2, TRUE, '{"links": [2, 4, null, true, {"id": 9}, [9], 9.0, "09", "x"]}', '["new'),"""
    """ (3, TRUE, '{"links": 9}', NULL),"""
    """ (4, FALSE, '{"links": [5, "x", ""], "link": [1]}', '["old"]'),"""
    """ (5, FALSE, NULL, 'x')""",
    "INSERT INTO notes VALUES"
    """ (1, 'link', '{"of": [{"id": 4}, {"id": "1"}]}'), (2, 'link', '{"of": [{"id": 4}]}'),"""
    """ (3, 'main', '{"main": {"id": 3}}'), (4, 'main', '{"of": [{"id": 1}]}'),"""
    """ (5, NULL, '{"main": {"id": 3}}'), (6, 'link', 'no JSON'), (7, 'link', NULL),"""
    """ (8, 'link', '{"of": [[{"id": 1}], 1, null, "1"]}'), (9, 'main', '[1]'),"""
    """ (10, 'link', '{"of": {"id": 1}}')""",
)
DEMO: dict[str, set[Any]] = {"fragments": {1, 2, 3}, "words": {"7", "new"}, "notes": {1, 3}}


@pytest.fixture
def fragments(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Fragments that link to others in JSON, with words and notes; captured as v1."""
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    database.execute(*TABLES)
    workspace.project.revision("general", message="v1")
    return workspace


def keys(workspace: Workspace) -> dict[str, set[Any]]:
    return {
        name: {key for (key,) in workspace.database.rows(f"SELECT {column} FROM {name}")}
        for name, column in (("fragments", "id"), ("words", "word"), ("notes", "id"))
    }


def test_each_value_at_the_path_is_a_reference(fragments: Workspace) -> None:
    """In a capture, in moves, in plain files and offline; other kinds of values are none."""
    (script,) = fragments.revisions.glob("general/*.py")
    (file,) = fragments.revisions.glob("general/*v1*.sql")
    recorded = runpy.run_path(str(script))["snapshot"]
    assert {**recorded["rows"]} == {name: len(rows) for name, rows in DEMO.items()}
    assert recorded["foreign_keys"][0]["path"] == "$.links[*]"
    outside = {
        (one["table"], *one["columns"]): (one["rows"], one.get("dangling"))
        for one in recorded["external_references"]
    }
    assert outside == {
        ("fragments", "relationships"): (2, [["99"]]),
        ("notes", "value"): (1, None),
    }
    whole = fragments.database.dump()
    left = {name: rows - DEMO[name] for name, rows in keys(fragments).items()}
    fragments.run("check", "--database")
    fragments.run("downgrade", "general", "base")
    assert keys(fragments) == left
    fragments.run("upgrade", "general@head")
    assert fragments.database.dump() == whole
    fragments.database.execute(
        "DELETE FROM notes WHERE id = 3", "UPDATE words SET n = 8 WHERE n = 1"
    )
    fragments.database.client(file)
    assert fragments.database.dump() == whole
    offline = fragments.folder / "offline.sql"
    done = fragments.run("downgrade", "general@head:base", "--sql")
    offline.write_text(done.stdout, encoding="utf-8")
    fragments.database.client(offline)
    assert keys(fragments) == left


def test_a_real_row_whose_json_names_a_demo_row_stops_a_purge(fragments: Workspace) -> None:
    fragments.configure("marker: {column: is_demo}\n" + SETTINGS[SETTINGS.index("foreign") :])
    fragments.database.execute(
        """UPDATE fragments SET relationships = '{"links": [5, "1", 3]}' WHERE id = 4""",
        """UPDATE fragments SET relationships = '{"links": [1.0, true, {"id": 1}]}' WHERE id = 5""",
    )
    (entry,) = fragments.project.status("general")
    assert Attached("fragments", ("relationships",), "fragments", 1, None, False, True) in (
        entry.attached
    )
    before = fragments.database.dump(own=True)
    said = r"1 row of fragments .*\n.foreign key of demosnap.yaml on fragments.relationships; id: 4"
    with refused("referenced by non-demo rows", said):
        fragments.project.downgrade("general@base")
    assert fragments.database.dump(own=True) == before
    fragments.project.downgrade("general@base", keep_referenced=True)
    assert keys(fragments)["fragments"] == {1, 2, 3, 4, 5}
    fragments.project.upgrade("general@head")
    assert fragments.database.dump().items() <= before.items()
    fragments.project.downgrade("general@base", cascade=["fragments", "notes"])
    assert keys(fragments)["fragments"] == {5}
    assert keys(fragments)["notes"] == {*range(4, 11)}


def test_values_that_reference_nothing_are_found(fragments: Workspace) -> None:
    """Those of the capture may be loaded again, others may not."""
    fragments.project.downgrade("general@base")
    fragments.database.execute("DELETE FROM fragments WHERE id = 4")
    with refused("missing reference", r"fragments.relationships references 1 row of fragments"):
        fragments.project.upgrade("general@head")
    fragments.database.execute("INSERT INTO fragments VALUES (4, FALSE, NULL, NULL)")
    fragments.project.upgrade("general@head")
    fragments.database.execute("DELETE FROM fragments WHERE id = 4")
    done = fragments.run("check", "--database", check=False)
    assert done.returncode == 3
    assert "fragments.relationships: 1 row references no row of fragments (4)" in done.stdout
    assert "notes.value: 1 row references no row of fragments (4)" in done.stdout


def test_a_difference_and_a_reset_follow_them(fragments: Workspace) -> None:
    first = fragments.database.dump()
    fragments.database.execute(
        """UPDATE fragments SET relationships = '{"links": [3]}', words = '[7]' WHERE id = 1""",
        """UPDATE notes SET value = '{"of": [{"id": 2}, {"id": 77}]}' WHERE id = 2""",
    )
    fragments.project.revision("general", message="v2")
    second = fragments.database.dump()
    fragments.project.downgrade("general@v1")
    assert keys(fragments)["notes"] == {*range(1, 11)} - {2}
    assert fragments.database.dump()["fragments"] == first["fragments"]
    fragments.project.upgrade("general@v2")
    fragments.database.execute("""UPDATE notes SET value = '{"of": [{"id": 1}]}' WHERE id = 2""")
    fragments.project.reset("general", discard=True)
    assert fragments.database.dump()["notes"] == second["notes"]
    assert fragments.database.dump()["fragments"] == second["fragments"]


WRONG = {
    '{table: fragments, json: relation, path: "$[*]", references: fragments.id}': (
        "foreign_keys.1.json: fragments has no column 'relation'"
    ),
    '{table: fragments, json: words, path: "$.a", references: notes.kind}': (
        "notes has no unique key of kind"
    ),
}


@pytest.mark.parametrize("entry", WRONG)
def test_a_key_that_does_not_fit_the_tables(
    entry: str, sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(sqlite)
    sqlite.execute(*TABLES)
    workspace.configure(f"marker: {{column: is_demo}}\nforeign_keys:\n  - {entry}\n")
    with pytest.raises(ConfigError) as caught:
        workspace.project.revision("general")
    assert WRONG[entry] in str(caught.value)
    assert caught.value.line == 3
