"""A selection that picks other rows than were loaded: which, and what can be done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import VerificationError
from support.databases import Database
from support.workspaces import Workspace


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A project whose selection reads a table that no load brings; its two rows are out."""
    made = make_workspace(database)
    made.configure(
        "marker: {column: is_demo}\n"
        "tables:\n  notes: {where: 'team IN (SELECT id FROM teams WHERE demo = 1)'}\n"
    )
    database.execute(
        "CREATE TABLE teams (id INTEGER PRIMARY KEY, demo INTEGER NOT NULL)",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, team INTEGER NOT NULL)",
        "INSERT INTO teams VALUES (1, 1), (2, 1)",
        "INSERT INTO notes VALUES (1, 1), (2, 2), (3, 2)",
    )
    made.project.revision("general", message="v1")
    made.project.downgrade("general", "base")
    return made


def test_rows_that_are_not_picked_are_named_with_the_predicate(workspace: Workspace) -> None:
    workspace.database.execute("UPDATE teams SET demo = 0 WHERE id = 2")
    before = workspace.database.dump(own=True)
    with pytest.raises(VerificationError, match="3 were expected") as caught:
        workspace.project.upgrade("general@head")
    assert "2 rows are present but not picked (id: 2, 3)" in caught.value.message
    assert "picked is what (team IN (SELECT id FROM teams WHERE demo = 1))" in caught.value.message
    assert "change the rule in demosnap.yaml" in str(caught.value.hint)
    assert workspace.database.dump(own=True) == before
