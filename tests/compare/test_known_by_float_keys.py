"""Rows that are known by their keys are known by keys with a fraction, in each of their roles."""

from __future__ import annotations

import pytest

from support.databases import Database
from support.refusals import refused
from support.rounds import MakeWorkspace, prepare
from support.workspaces import Workspace

SETTINGS = """\
marker: {column: is_demo}
tables:
  parts: {via: k}
"""
SINGLE = {"sqlite": "REAL", "postgresql": "real", "mariadb": "FLOAT"}
KEYS = ("0.1", "1e-30", "0.7", "3.25")
UNMARK = "UPDATE things SET is_demo = FALSE, name = 'edited' WHERE name = 'demo 0.1'"


@pytest.fixture
def workspace(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Things with such keys, parts that are `via` them, and own notes that may reference one."""
    workspace = make_workspace(database)
    kind = SINGLE[database.dialect]
    demo = ", ".join(f"({key}, 'demo {key}', TRUE)" for key in KEYS)
    reference = f"k {kind} NOT NULL, FOREIGN KEY (k) REFERENCES things (k)"
    prepare(
        workspace,
        [
            f"CREATE TABLE things (k {kind} NOT NULL PRIMARY KEY, name VARCHAR(20),"
            " is_demo BOOLEAN NOT NULL)",
            f"CREATE TABLE parts (id {kind} NOT NULL PRIMARY KEY, {reference})",
            f"CREATE TABLE notes (id INTEGER PRIMARY KEY, {reference})",
            f"INSERT INTO things VALUES {demo}, (2.2, 'mine', FALSE)",
            "INSERT INTO parts VALUES (0.3, 0.1), (0.6, 0.7), (2.3, 2.2)",
        ],
        SETTINGS,
    )
    return workspace


def unpicked(workspace: Workspace) -> dict[str, tuple[int, int]]:
    (entry,) = workspace.project.status("general")
    return {one.table: (one.count, one.following) for one in entry.unpicked}


@pytest.mark.long
def test_a_row_that_is_no_longer_picked_is_told_and_comes_back(workspace: Workspace) -> None:
    at_v1 = workspace.database.dump()
    workspace.database.execute(UNMARK)
    assert unpicked(workspace) == {"things": (1, 0), "parts": (0, 1)}
    told = workspace.run("status", "general", check=False).stdout
    assert "things: 1 no longer picked" in told
    assert "name 'demo 0.1' → 'edited'" in told
    shown = workspace.run("diff", "general", "v1", "database", check=False).stdout
    assert "no longer picked" in shown
    (move,) = workspace.project.reset("general", discard=True).moves
    assert move.change == {"things": 1}
    assert workspace.database.dump() == at_v1


@pytest.mark.parametrize("full", [False, True])
def test_a_purge_leaves_it_and_the_next_load_brings_it_back(
    workspace: Workspace, full: bool
) -> None:
    at_v1 = workspace.database.dump()
    workspace.database.execute(UNMARK)
    (down,) = workspace.project.downgrade("general", "base", discard=True).moves
    assert down.unpicked == {"things": 1, "parts": 1}
    assert {row[1][1] for row in workspace.database.dump()["things"]} == {"edited", "mine"}
    assert unpicked(workspace) == {"things": (1, 0)}
    (up,) = workspace.project.upgrade("general@head", discard=True, full=full).moves
    assert up.change == ({} if full else {"things": 1})
    assert workspace.database.dump() == at_v1


@pytest.mark.long
def test_a_released_row_is_real_from_then_on(workspace: Workspace) -> None:
    workspace.database.execute(UNMARK)
    workspace.project.reset("general", release=["things/0.1"])
    edited = workspace.database.dump()
    workspace.project.downgrade("general", "base")
    assert {row[1][1] for row in workspace.database.dump()["things"]} == {"edited", "mine"}
    plan = workspace.project.upgrade("general@head")
    assert any("left out, since they were released" in note for note in plan.notes)
    assert workspace.database.dump() == edited
    assert workspace.project.status("general")[0].clean


@pytest.mark.long
def test_a_row_that_stays_is_known_again(workspace: Workspace) -> None:
    at_v1 = workspace.database.dump()
    workspace.database.execute("INSERT INTO notes VALUES (1, 0.7)")
    (down,) = workspace.project.downgrade("general", "base", keep_referenced=True).moves
    assert down.kept == {"things": 1}
    assert dict(workspace.project.status("general")[0].kept) == {"things": 1}
    workspace.project.upgrade("general@head")
    assert {**workspace.database.dump(), "notes": []} == at_v1
    assert dict(workspace.project.status("general")[0].kept) == {}


@pytest.mark.long
def test_a_row_that_stays_and_is_changed_is_not_overwritten(workspace: Workspace) -> None:
    workspace.database.execute("INSERT INTO notes VALUES (1, 0.7)")
    workspace.project.downgrade("general", "base", keep_referenced=True)
    workspace.database.execute("UPDATE things SET name = 'changed' WHERE name = 'demo 0.7'")
    with refused("unsaved rows", "general are in no revision and would be lost"):
        workspace.project.upgrade("general@head")
    workspace.project.upgrade("general@head", discard=True, keep_referenced=True)
    assert "changed" not in {row[1][1] for row in workspace.database.dump()["things"]}


@pytest.mark.long
def test_rows_that_hang_on_what_is_brought_back_are_named(workspace: Workspace) -> None:
    workspace.database.execute(
        "UPDATE things SET is_demo = FALSE WHERE name = 'demo 0.1'",
        "INSERT INTO parts VALUES (0.9, 0.1)",
    )
    with refused("unsaved rows", r"parts: 1 row in no revision would go.*id: '?0\.9"):
        workspace.project.reset("general")
