"""Scenarios whose rows reference each other's: the order of a run comes from their versions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.results import MovePlan
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

COLUMNS = "is_demo BOOLEAN NOT NULL, scenario VARCHAR(20)"
NOTES = (
    f"CREATE TABLE notes (id INTEGER PRIMARY KEY, on_id INTEGER, {COLUMNS},"
    " FOREIGN KEY (on_id) REFERENCES notes (id))"
)


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A new project of an empty database, in which scenarios need nothing."""
    made = make_workspace(database)
    made.configure("marker: {column: is_demo, scenario_column: scenario}")
    database.execute(NOTES)
    return made


def _notes(workspace: Workspace, *rows: str) -> None:
    workspace.database.execute(*(f"INSERT INTO notes VALUES ({one})" for one in rows))


def _names(plan: MovePlan) -> list[str]:
    return [move.scenario for move in plan.moves]


def test_rows_that_others_reference_come_first(workspace: Workspace) -> None:
    """All tables are of both, and both reference rows outside, so only the rows tell."""
    project = workspace.project
    _notes(workspace, "1, NULL, FALSE, NULL", "2, 1, TRUE, 'writer'", "3, 2, TRUE, 'author'")
    own = {"notes": workspace.database.dump()["notes"][:1]}
    there = workspace.database.dump()
    project.revision("author")
    project.revision("writer")
    workspace.alembic("downgrade", "base")
    assert workspace.database.dump() == own
    assert _names(project.upgrade("heads")) == ["writer", "author"]
    assert workspace.database.dump() == there
    # The next versions go by the rows that differ.
    _notes(workspace, "5, NULL, TRUE, 'writer'", "4, 5, TRUE, 'author'")
    next_ = workspace.database.dump()
    project.revision("author")
    project.revision("writer")
    project.downgrade("author", "v1")
    project.downgrade("writer", "v1")
    assert workspace.database.dump() == there
    assert _names(project.upgrade("author@head", "writer@head")) == ["writer", "author"]
    assert workspace.database.dump() == next_
    done = workspace.alembic("downgrade", "base")
    printed = done.stdout + done.stderr
    assert printed.index("author: v2") < printed.index("writer: v2")
    assert workspace.database.dump() == own
    workspace.alembic("upgrade", "heads")
    assert workspace.database.dump() == next_


def test_rows_that_reference_each_other(workspace: Workspace) -> None:
    """PostgreSQL alone asks at once for rows that are still to come."""
    project, database = workspace.project, workspace.database
    asks = database.dialect == "postgresql"
    _notes(workspace, "1, NULL, TRUE, 'author'", "2, 1, TRUE, 'writer'", "3, 2, TRUE, 'author'")
    there = database.dump()
    project.revision("author")
    project.revision("writer")
    if asks:
        database.execute(
            "ALTER TABLE notes ALTER CONSTRAINT notes_on_id_fkey DEFERRABLE INITIALLY DEFERRED"
        )
    workspace.alembic("downgrade", "base")
    assert database.dump() == {"notes": []}
    project.upgrade("heads")
    assert database.dump() == there
    if asks:
        workspace.alembic("downgrade", "base")
        database.execute("ALTER TABLE notes ALTER CONSTRAINT notes_on_id_fkey NOT DEFERRABLE")
        with refused("missing reference", match="DEFERRABLE INITIALLY DEFERRED; or capture both"):
            project.upgrade("heads")
        assert database.dump() == {"notes": []}
