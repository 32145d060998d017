"""Scenarios that reference each other: the refusal names the ways on that work."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

SETTINGS = """\
marker: {column: is_demo, scenario_column: scenario}
scenarios: {general: {default: true}, writer: {}}
"""
COLUMNS = "is_demo BOOLEAN NOT NULL, scenario VARCHAR(20)"


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A new project of an empty database."""
    return make_workspace(database)


def _woven(workspace: Workspace) -> Chain:
    """Notes of general and of writer, by turns each on the one before."""
    workspace.configure(SETTINGS)
    # PostgreSQL alone asks for the other scenario's rows before they can be there.
    waits = "" if workspace.database.dialect == "mariadb" else " DEFERRABLE INITIALLY DEFERRED"
    workspace.database.execute(
        f"CREATE TABLE notes (id INTEGER PRIMARY KEY, on_id INTEGER, {COLUMNS},"
        f" FOREIGN KEY (on_id) REFERENCES notes (id){waits})",
        "CREATE TABLE remarks (id INTEGER PRIMARY KEY, note_id INTEGER,"
        " FOREIGN KEY (note_id) REFERENCES notes (id))",
        "INSERT INTO notes VALUES (1, NULL, TRUE, 'general')",
        "INSERT INTO notes VALUES (2, 1, TRUE, 'writer')",
        "INSERT INTO notes VALUES (3, 2, TRUE, 'general')",
    )
    workspace.project.revision("general")
    workspace.project.revision("writer")
    return Chain(workspace)


def test_a_cascade_never_covers_rows_of_another_scenario(workspace: Workspace) -> None:
    chain = _woven(workspace)
    there = chain.database.dump()
    for tables in ((), ("notes",)):
        said = chain.refused(partial(chain.project.downgrade, "general", "base", cascade=tables))
        assert "rows of writer are among them, which --cascade does not cover" in said
        assert "`demosnap downgrade writer base`" in said
        assert "--cascade TABLE" not in said
    workspace.alembic("downgrade", "base")
    assert chain.database.rows("SELECT id FROM notes") == []
    workspace.alembic("upgrade", "heads")
    assert chain.database.dump() == there


def test_a_cascade_is_named_where_other_rows_are_there_too(workspace: Workspace) -> None:
    chain = _woven(workspace)
    chain.database.execute("INSERT INTO remarks VALUES (1, 3)")
    said = chain.refused(lambda: chain.project.downgrade("general", "base"))
    assert "rows of writer are among them" in said
    assert "--cascade TABLE, once for each table named here" in said


def test_no_scenario_is_named_where_only_other_rows_are(workspace: Workspace) -> None:
    chain = small.copied(workspace, "v1", writer=True)
    chain.database.execute("INSERT INTO checks VALUES (50, 1, 'mine')")
    chain.database.execute("INSERT INTO cards VALUES (50, 1, NULL, 'Mine', FALSE, NULL)")
    said = chain.refused(lambda: chain.project.downgrade("general", "base", discard=True))
    assert "--cascade TABLE" in said
    assert "are among them" not in said
