"""No reference dangles after a move: what NULL, cascades and other moves of the run would hide."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Database, Workspace

from demosnap.errors import RefusedError
from demosnap.plan import MovePlan

MakeWorkspace = Callable[[Database], Workspace]

SETTINGS = "marker: {column: is_demo}\n"
DEMO = "is_demo BOOLEAN DEFAULT FALSE NOT NULL"

UNCHECKED = {
    "sqlite": "PRAGMA foreign_keys = OFF",
    "postgresql": "SET session_replication_role = replica",
    "mariadb": "SET SESSION foreign_key_checks = 0",
}


def _workspace(make_workspace: MakeWorkspace, database: Database, *statements: str) -> Workspace:
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    database.execute(*statements)
    return workspace


def refused(workspace: Workspace, move: Callable[..., MovePlan]) -> str:
    """Check that a move is refused, by a dry run too, and changes nothing; return the reasons."""
    before = workspace.database.dump(own=True)
    with pytest.raises(RefusedError) as caught:
        move()
    assert workspace.database.dump(own=True) == before
    assert list(move(dry_run=True).refusals) == list(caught.value.reasons)
    return str(caught.value)


PEOPLE = (
    "CREATE TABLE people (id INTEGER PRIMARY KEY, badge INTEGER, town INTEGER, boss INTEGER,"
    f" boss_town INTEGER, {DEMO}, UNIQUE (badge), UNIQUE (badge, town),"
    " FOREIGN KEY (boss) REFERENCES people (badge))",
    "INSERT INTO people VALUES (1, 100, 1, NULL, NULL, FALSE)",
    "INSERT INTO people VALUES (3, NULL, 1, NULL, NULL, TRUE)",
    "INSERT INTO people VALUES (2, NULL, 1, 100, 1, TRUE)",
)
PAIRS = (
    PEOPLE[0]
    .replace("(boss) REFERENCES people (badge)", "(boss, boss_town) {}")
    .format("REFERENCES people (badge, town)"),
    *PEOPLE[1:],
    "INSERT INTO people VALUES (4, NULL, NULL, NULL, NULL, TRUE)",
    "INSERT INTO people VALUES (5, 100, NULL, NULL, NULL, TRUE)".replace("100", "101"),
    "INSERT INTO people VALUES (6, NULL, 1, 999, NULL, TRUE)",
)


@pytest.mark.parametrize("statements", [PEOPLE, PAIRS], ids=["one column", "two columns"])
def test_null_in_a_referenced_column_silences_no_check(
    statements: tuple[str, ...], database: Database, make_workspace: MakeWorkspace
) -> None:
    """The reference outside is recorded, missed before the load, and found by `check`."""
    workspace = _workspace(make_workspace, database, *statements)
    revision = workspace.project.revision("general", message="v1")
    (reference,) = revision.version.external_references
    assert (reference.table, reference.columns[0], reference.rows) == ("people", "boss", 1)
    workspace.project.downgrade("general", "base")
    database.execute("DELETE FROM people WHERE id = 1")
    text = refused(workspace, lambda **o: workspace.project.upgrade("general@head", **o))
    assert "boss" in text and "100" in text and "neither in the snapshot nor in" in text
    database.execute(statements[1])
    workspace.project.upgrade("general@head")
    database.execute(UNCHECKED[database.dialect], "DELETE FROM people WHERE id = 1")
    findings = workspace.project.check(database=True)
    assert any("people" in str(one) and "boss" in str(one) for one in findings), findings
