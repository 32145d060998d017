"""A reference that dangles when it is captured is said, and loaded as it was where that goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]

SETTINGS = "marker: {column: is_demo}\n"
DEMO = "is_demo BOOLEAN DEFAULT FALSE NOT NULL"

UNCHECKED = {
    "sqlite": "PRAGMA foreign_keys = OFF",
    "postgresql": "SET session_replication_role = replica",
    "mariadb": "SET SESSION foreign_key_checks = 0",
}

TABLES = {
    "one column": (
        f"CREATE TABLE p (id INTEGER PRIMARY KEY, name VARCHAR(9), {DEMO})",
        f"CREATE TABLE c (id INTEGER PRIMARY KEY, pid INTEGER, note VARCHAR(9), {DEMO},"
        " CONSTRAINT c_to_p FOREIGN KEY (pid) REFERENCES p (id))",
        "INSERT INTO p VALUES (1, 'demo', TRUE), (2, 'real', FALSE)",
        "INSERT INTO c VALUES (1, 1, 'in', TRUE), (2, 2, 'out', TRUE), (3, 999, 'x', TRUE),"
        " (4, 999, 'y', TRUE), (5, NULL, 'n', TRUE), (6, 2, 'real', FALSE)",
    ),
    "two columns": (
        f"CREATE TABLE p (a INTEGER, b VARCHAR(9), {DEMO}, PRIMARY KEY (a, b))",
        f"CREATE TABLE c (id INTEGER PRIMARY KEY, pa INTEGER, pb VARCHAR(9), note VARCHAR(9),"
        f" {DEMO}, CONSTRAINT c_to_p FOREIGN KEY (pa, pb) REFERENCES p (a, b))",
        "INSERT INTO p VALUES (1, 'x', TRUE), (2, 'y', FALSE)",
        "INSERT INTO c VALUES (1, 1, 'x', 'in', TRUE), (2, 2, 'y', 'out', TRUE),"
        " (3, 1, 'it''s, no', 'x', TRUE), (4, 999, NULL, 'n', TRUE), (6, 2, 'y', 'real', FALSE)",
    ),
    "itself": (
        f"CREATE TABLE c (id INTEGER PRIMARY KEY, boss INTEGER NOT NULL, note VARCHAR(9), {DEMO},"
        " CONSTRAINT c_to_c FOREIGN KEY (boss) REFERENCES c (id))",
        "INSERT INTO c VALUES (1, 1, 'in', TRUE), (2, 6, 'out', TRUE), (3, 999, 'x', TRUE),"
        " (4, 999, 'y', TRUE), (5, 3, 'z', TRUE), (6, 6, 'real', FALSE)",
    ),
}
DANGLING = {"one column": ("999",), "two columns": ("1", "'it''s, no'"), "itself": ("999",)}


def unchecked(database: Database, *statements: str) -> None:
    """Run statements while the database checks no foreign key."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql(UNCHECKED[database.dialect])
        connection.commit()
        with connection.begin():
            for statement in statements:
                connection.exec_driver_sql(statement)


def takes(database: Database) -> bool:
    """Whether a load may write a reference that points at nothing."""
    return database.dialect != "postgresql"


@pytest.fixture(params=TABLES)
def case(request: pytest.FixtureRequest) -> str:
    """Which tables."""
    return str(request.param)


@pytest.fixture
def dangling(case: str, database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """A database with a demo row that references no row, and nothing captured yet."""
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    unchecked(database, *TABLES[case])
    return workspace


def test_it_is_said_at_capture_and_comes_back(case: str, dangling: Workspace) -> None:
    """It is in the plan, in the script and in no finding; then it is loaded as it was."""
    project, database = dangling.project, dangling.database
    planned = project.revision("general", dry_run=True).plan
    assert planned
    done = project.revision("general", date="2025-01-15")
    assert done.plan
    assert planned.external_references == done.plan.external_references
    (note,) = [note for note in done.plan.notes if "dangle" in note]
    assert planned.notes == done.plan.notes
    assert note.startswith("c.") and "the referenced row is missing in" in note
    assert "(1 value has no referenced row)" in dangling.run("show", "general@head").stdout
    (reference,) = project.show("general@head").version.external_references
    assert reference.dangling == (DANGLING[case],)
    assert project.check() == []
    assert project.check(database=True) == []
    before = database.dump()
    if not takes(database):
        with refused("no way back") as caught:
            project.downgrade("general", "base")
        said = str(caught.value)
        assert "the way back to general v1_2025-01-15 was tried" in said
        assert "takes no new row without it (constraint c_to_" in said
        assert "999" in said or "it''s" in said
        assert database.dump() == before
        return
    project.downgrade("general", "base")
    assert database.rows("SELECT id FROM c ORDER BY id") == [(6,)]
    assert project.check() == []
    project.upgrade("general@head")
    assert database.dump() == before
    assert project.check(database=True, rehearse=True) == []
    project.load("general", verify="counts")
    assert database.dump() == before
    dangling.alembic("downgrade", "general@base")
    dangling.alembic("upgrade", "general@head")
    assert database.dump() == before


def test_no_other_reference_may_dangle(case: str, dangling: Workspace) -> None:
    """A real row that is referenced and missing stops the load; `check` finds one that is gone."""
    project, database = dangling.project, dangling.database
    project.revision("general", date="2025-01-15")
    table, what = ("c", "note = 'real'") if case == "itself" else ("p", "is_demo = FALSE")
    unchecked(database, f"DELETE FROM {table} WHERE {what}")
    findings = project.check(database=True)
    assert len(findings) == 1 and "references no row" in str(findings[0]), findings
    assert "999" not in str(findings[0]) and "it''s" not in str(findings[0])
    project.downgrade("general", "base", rehearse=False, discard=True)
    with refused("missing reference", "neither in the snapshot nor in") as caught:
        project.upgrade("general@head")
    assert project.upgrade("general@head", dry_run=True).refusals == caught.value.refusals


def test_rows_change_around_it(case: str, dangling: Workspace) -> None:
    """By difference, a row that dangles may stay and change on every database."""
    project, database = dangling.project, dangling.database
    project.revision("general", date="2025-01-15")
    before = database.dump()
    gone = 5 if case == "itself" else 1
    database.execute(
        "UPDATE c SET note = 'edited' WHERE id = 3", f"DELETE FROM c WHERE id = {gone}"
    )
    (move,) = project.reset("general", discard=True).moves
    assert move.by_difference and database.dump() == before
    database.execute("UPDATE c SET note = 'later' WHERE id IN (2, 3)")
    project.revision("general", date="2025-01-16")
    # To PostgreSQL a row that its own transaction has changed is a new one: it cannot be tried.
    (move,) = project.downgrade("general", "-1", rehearse=takes(database)).moves
    assert move.by_difference and database.dump() == before
    database.execute("DELETE FROM c WHERE id = 5", "DELETE FROM c WHERE id = 3")
    if takes(database):
        project.reset("general", discard=True)
        assert database.dump() == before
    else:
        with refused("missing reference", "takes no new row without it"):
            project.reset("general", discard=True)


def test_it_is_captured_anew_where_only_that_is_new(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """Rows that came to dangle after their capture are the same, and need another version."""
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    unchecked(database, *TABLES["one column"])
    project = workspace.project
    database.execute("DELETE FROM c WHERE pid = 999")
    first = project.revision("general", date="2025-01-15")
    assert first.version.external_references[0].dangling == ()
    assert (
        "dangling" not in (workspace.revisions / "general" / "general_v1_2025-01-15.py").read_text()
    )
    assert not project.revision("general", date="2025-01-16").created
    unchecked(database, "DELETE FROM p WHERE id = 2")
    with refused("no way back", "neither in the snapshot nor in the database"):
        project.downgrade("general", "base")
    again = project.revision("general", date="2025-01-16")
    assert again.created and again.version.digest == first.version.digest
    assert again.version.external_references[0].dangling == (("2",),)
    assert not project.revision("general", date="2025-01-17").created


def test_the_databases_own_client_loads_it(case: str, dangling: Workspace) -> None:
    """The file is all or nothing: where the server takes no such row, nothing is loaded."""
    project, database = dangling.project, dangling.database
    project.revision("general", date="2025-01-15")
    before = database.dump()
    project.downgrade("general", "base", rehearse=False)
    left = database.dump()
    file = dangling.revisions / "general" / "general_v1_2025-01-15.sql"
    done = database.client(file, check=False)
    assert (done.returncode == 0) == takes(database), done.stderr
    assert database.dump() == (before if takes(database) else left)


def test_a_constraint_that_is_switched_off_takes_it(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """PostgreSQL loads it while the constraint's triggers are off; the others always."""
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    unchecked(database, *TABLES["one column"])
    project = workspace.project
    project.revision("general", date="2025-01-15")
    before = database.dump()
    if database.dialect == "postgresql":
        database.execute("ALTER TABLE c DISABLE TRIGGER ALL")
    project.downgrade("general", "base")
    project.upgrade("general@head")
    assert database.dump() == before
