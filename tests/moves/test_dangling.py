"""No reference dangles after a move: what NULL, cascades and other moves of the run would hide."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import RefusedError
from demosnap.results import MovePlan
from support.databases import Database
from support.workspaces import Workspace

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
    assert move(dry_run=True).refusals == caught.value.refusals
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


CLUBS = (
    f"CREATE TABLE authors (id INTEGER PRIMARY KEY, {DEMO})",
    "CREATE TABLE clubs (id INTEGER PRIMARY KEY, code VARCHAR(10) UNIQUE, author_id INTEGER,"
    " FOREIGN KEY (author_id) REFERENCES authors (id) ON DELETE CASCADE)",
    f"CREATE TABLE members (id INTEGER PRIMARY KEY, club VARCHAR(10), {DEMO},"
    " FOREIGN KEY (club) REFERENCES clubs (code))",
    "INSERT INTO authors VALUES (1, TRUE)",
    "INSERT INTO clubs VALUES (1, 'chess', NULL), (2, NULL, NULL)",
    "INSERT INTO members VALUES (1, 'chess', TRUE)",
)


def test_a_row_that_goes_along_is_not_there_for_rows_that_come(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """By purge and load and by difference, demo rows that would need it stop the move."""
    workspace = _workspace(make_workspace, database, *CLUBS)
    project = workspace.project
    project.revision("general", message="v1")
    database.execute("UPDATE clubs SET author_id = 1 WHERE id = 1")
    text = refused(workspace, lambda **o: project.load("general", cascade=["clubs"], **o))
    assert "members.club references" in text and "'chess'" in text and "--cascade" in text
    project.load("general", keep_referenced=True)
    database.execute("INSERT INTO authors VALUES (2, TRUE)", "UPDATE clubs SET author_id = 2")
    text = refused(
        workspace, lambda **o: project.reset("general", discard=True, cascade=["clubs"], **o)
    )
    assert "members.club references" in text
    database.execute("DELETE FROM members")
    project.downgrade("general", "base", cascade=["clubs"], discard=True, rehearse=False)
    assert database.rows("SELECT COUNT(*) FROM clubs") == [(0,)]


def test_a_value_that_is_emptied_and_referenced_stops_the_move(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """The row that references it is named; without it the reference is emptied."""
    workspace = _workspace(
        make_workspace,
        database,
        f"CREATE TABLE plans (id INTEGER PRIMARY KEY, {DEMO})",
        "CREATE TABLE teams (id INTEGER PRIMARY KEY, plan_id INTEGER UNIQUE,"
        " FOREIGN KEY (plan_id) REFERENCES plans (id) ON DELETE SET NULL)",
        "CREATE TABLE seats (id INTEGER PRIMARY KEY, team_plan INTEGER,"
        " CONSTRAINT seated FOREIGN KEY (team_plan) REFERENCES teams (plan_id))",
        "INSERT INTO plans VALUES (1, TRUE)",
        "INSERT INTO teams VALUES (1, 1)",
        "INSERT INTO seats VALUES (7, 1)",
    )
    project = workspace.project
    project.revision("general", message="v1")
    text = refused(
        workspace, lambda **o: project.downgrade("general", "base", cascade=["teams"], **o)
    )
    assert "rows of seats reference rows of teams that would lose plan_id" in text
    assert "id: 7" in text and "seated" in text
    database.execute("DELETE FROM seats")
    project.downgrade("general", "base", cascade=["teams"])
    assert database.rows("SELECT * FROM teams") == [(1, None)]


def test_rows_of_another_scenario_that_go_in_the_same_run_are_not_there(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """Under --only, what a scenario's rows reference of another one stops its load."""
    workspace = _workspace(
        make_workspace,
        database,
        f"CREATE TABLE pages (id INTEGER PRIMARY KEY, scenario VARCHAR(9), {DEMO})",
        f"CREATE TABLE links (id INTEGER PRIMARY KEY, page_id INTEGER, scenario VARCHAR(9), {DEMO},"
        " FOREIGN KEY (page_id) REFERENCES pages (id))",
        "INSERT INTO pages VALUES (1, 'writer', TRUE)",
        "INSERT INTO links VALUES (1, 1, 'general', TRUE)",
    )
    workspace.configure(
        "marker: {column: is_demo, scenario_column: scenario}\n"
        "scenarios:\n  general: {default: true}\n  writer: {}\n"
    )
    project = workspace.project
    project.revision("general", message="v1")
    project.revision("writer", message="v1")
    project.downgrade("general", "base")
    text = refused(workspace, lambda **o: project.upgrade("general@head", only=True, **o))
    assert "links.page_id references" in text and "--only" in text
    project.upgrade("general@head")


def test_rows_come_in_their_own_order_around_a_circle(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """Two tables of a circle get rows, and the third one only changes."""
    late = [
        "ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b_id) REFERENCES b (id)",
        "ALTER TABLE b ADD CONSTRAINT b_c FOREIGN KEY (c_id) REFERENCES c (id)",
    ]
    keys = ["", ""]
    if database.dialect == "sqlite":
        # It knows no ALTER TABLE … ADD CONSTRAINT.
        keys = [", FOREIGN KEY (b_id) REFERENCES b (id)", ", FOREIGN KEY (c_id) REFERENCES c (id)"]
        late = []
    workspace = _workspace(
        make_workspace,
        database,
        f"CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER, {DEMO}{keys[0]})",
        f"CREATE TABLE b (id INTEGER PRIMARY KEY, c_id INTEGER, {DEMO}{keys[1]})",
        f"CREATE TABLE c (id INTEGER PRIMARY KEY, a_id INTEGER, note VARCHAR(9), {DEMO},"
        " FOREIGN KEY (a_id) REFERENCES a (id))",
        *late,
        "INSERT INTO b VALUES (1, NULL, TRUE)",
        "INSERT INTO a VALUES (1, 1, TRUE)",
        "INSERT INTO c VALUES (1, NULL, 'x', TRUE)",
    )
    project = workspace.project
    project.revision("general", message="v1")
    before = database.dump()
    change = ("DELETE FROM a", "DELETE FROM b", "UPDATE c SET note = 'y'")
    database.execute(*change)
    (move,) = project.reset("general", discard=True).moves
    assert move.by_difference and database.dump() == before
    database.execute(*change)
    project.revision("general", message="v2", allow_shrink=True)
    (move,) = project.downgrade("general", "v1").moves
    assert move.by_difference and database.dump() == before


def test_a_referenced_value_that_changes_is_refused_where_each_statement_is_checked(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """A reset on PostgreSQL says so before anything; the others change it in place."""
    workspace = _workspace(
        make_workspace,
        database,
        f"CREATE TABLE shops (id INTEGER PRIMARY KEY, code VARCHAR(9) UNIQUE, {DEMO})",
        f"CREATE TABLE sales (id INTEGER PRIMARY KEY, shop VARCHAR(9), {DEMO},"
        " FOREIGN KEY (shop) REFERENCES shops (code))",
        "INSERT INTO shops VALUES (1, 'a', TRUE)",
        "INSERT INTO sales VALUES (1, 'a', TRUE)",
    )
    project = workspace.project
    project.revision("general", message="v1")
    before = database.dump()
    database.execute(
        UNCHECKED[database.dialect],
        "UPDATE shops SET code = 'b'",
        "UPDATE sales SET shop = 'b'",
    )
    if database.dialect == "postgresql":
        text = refused(workspace, lambda **o: project.reset("general", discard=True, **o))
        assert "values of code change, which other rows reference" in text
        assert "demosnap load" in text
        project.load("general", discard=True)
    else:
        project.reset("general", discard=True)
    assert database.dump() == before


def test_a_row_that_stays_keeps_what_it_references(
    database: Database, make_workspace: Callable[[Database], Workspace]
) -> None:
    """Its parent was a real row, came into the demo later, and goes on the way back."""
    workspace = make_workspace(database)
    workspace.configure("marker: {column: is_demo}\n")
    database.execute(
        "CREATE TABLE parents (id integer PRIMARY KEY, is_demo boolean)",
        "CREATE TABLE children (id integer PRIMARY KEY, parent_id integer, is_demo boolean,"
        " FOREIGN KEY (parent_id) REFERENCES parents (id))",
        "INSERT INTO parents VALUES (1, TRUE), (2, FALSE)",
        "INSERT INTO children VALUES (1, 1, TRUE), (2, 2, TRUE)",
    )
    workspace.project.revision("general", date="2025-01-15")
    database.execute("UPDATE parents SET is_demo = TRUE WHERE id = 2")
    workspace.project.revision("general", date="2025-01-20")
    second = database.dump()
    reasons = refused(workspace, lambda **o: workspace.project.downgrade("general@v1", **o))
    assert "children.parent_id references 1 row of parents" in reasons
    workspace.project.downgrade("general@v1", keep_referenced=True)
    assert database.dump() == second
    workspace.project.upgrade("general@v2")
    assert database.dump() == second
