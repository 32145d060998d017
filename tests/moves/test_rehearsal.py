"""Before rows go that no load has proved, the way back is tried, and undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from demosnap.errors import UsageError
from demosnap.results import MovePlan
from support import small
from support.databases import Database
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A new project of an empty database."""
    return make_workspace(database)


@pytest.fixture
def chain(workspace: Workspace) -> Chain:
    """v1 captured, and nothing loaded yet."""
    return small.copied(workspace, "v1")


def rehearsals(chain: Chain) -> int:
    """How many rehearsals the log has."""
    return [entry.operation for entry in chain.project.log()].count("rehearse")


def fills_checks(database: Database) -> None:
    """Make a trigger that gives each new card a check with the card's number."""
    small.trigger(
        database, "fills", "cards", do="INSERT INTO checks (id, card_id) VALUES (NEW.id, NEW.id)"
    )


def without_checking(database: Database, *statements: str) -> None:
    """Run statements while constraints are not checked, where a database can do that."""
    off = {
        "sqlite": "PRAGMA ignore_check_constraints = 1",
        "mariadb": "SET check_constraint_checks = 0, foreign_key_checks = 0",
        "postgresql": "SELECT 1",
    }[database.dialect]
    with database.engine.connect() as connection:
        connection.exec_driver_sql(off)
        connection.commit()
        with connection.begin():
            for statement in statements:
                connection.exec_driver_sql(statement)


def bad_check(database: Database) -> None:
    """Have a demo card violate a constraint `short_title` of its table."""
    update = "UPDATE cards SET title = 'far too long' WHERE id = 3"
    constraint = "CONSTRAINT short_title CHECK (title <> 'far too long')"
    if database.dialect == "postgresql":
        database.execute(update, f"ALTER TABLE cards ADD {constraint} NOT VALID")
    elif database.dialect == "mariadb":
        database.execute(f"ALTER TABLE cards ADD {constraint}")
        without_checking(database, update)
    else:
        database.execute(
            "CREATE TABLE other (id INTEGER NOT NULL PRIMARY KEY, board_id INTEGER NOT NULL"
            " REFERENCES boards (id), owner_id INTEGER REFERENCES users (id), title VARCHAR(80),"
            f" is_demo BOOLEAN NOT NULL DEFAULT 0, scenario VARCHAR(20), {constraint})",
            "INSERT INTO other SELECT * FROM cards",
            "DROP TABLE cards",
            "ALTER TABLE other RENAME TO cards",
        )
        without_checking(database, update)


def test_the_way_back_is_tried_once(chain: Chain) -> None:
    """The plan says so, the log has it, and the second time there is nothing to try."""
    planned = chain.project.downgrade("general", "base", dry_run=True)
    assert planned.way_back == "the way back to general v1_2025-01-15 is tried first, and undone"
    assert rehearsals(chain) == 0
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]
    assert rehearsals(chain) == 1
    chain.project.upgrade("general@head")
    assert chain.database.dump() == chain.at["v1"]
    assert chain.project.downgrade("general", "base").way_back == ""
    assert rehearsals(chain) == 1


def test_a_verified_load_proves_the_way_back(chain: Chain) -> None:
    """What a load has shown is not tried again; one that compared no values shows nothing."""
    chain.project.load("general@v1", verify="counts")
    assert chain.project.downgrade("general", "base", dry_run=True).way_back
    chain.project.load("general@v1")
    assert chain.project.downgrade("general", "base", dry_run=True).way_back == ""
    assert rehearsals(chain) == 0


def test_by_difference_is_tried_once_both_ways(workspace: Workspace) -> None:
    """The rows by which two versions differ are proved, and not all the others."""
    chain = small.copied(workspace, "v1", "v2")
    assert "general v2" in chain.project.downgrade("general", "-1").way_back
    assert chain.database.dump() == chain.at["v1"]
    assert chain.project.upgrade("general@v2").way_back == ""
    assert chain.project.downgrade("general", "-1").way_back == ""
    assert rehearsals(chain) == 1
    assert "general v1" in chain.project.downgrade("general", "base").way_back
    assert rehearsals(chain) == 2


def test_another_trigger_schema_or_selection_is_tried_anew(chain: Chain) -> None:
    """What was proved is proved of one schema and one selection."""

    def is_tried() -> bool:
        chain.project.downgrade("general", "base")
        chain.project.upgrade("general@v1")
        before = chain.project.downgrade("general", "base", dry_run=True).way_back
        assert before == ""
        return True

    assert is_tried()
    small.trigger(chain.database, "harmless", "boards", when="1 = 0")
    planned = chain.project.downgrade("general", "base", dry_run=True)
    assert planned.way_back.endswith("; triggers act then, too: trigger harmless on table boards")
    assert is_tried()
    chain.database.execute("CREATE UNIQUE INDEX one_title ON cards (title)")
    assert chain.project.downgrade("general", "base", dry_run=True).way_back
    assert is_tried()
    chain.workspace.configure(small.SETTINGS.replace("card_id}", "card_id}\nexclude: [users]"))
    assert chain.project.downgrade("general", "base", dry_run=True).way_back == ""
    chain.workspace.configure(
        small.SETTINGS.replace("{via: card_id}", "{where: 'card_id IN (1, 3)'}")
    )
    assert chain.project.downgrade("general", "base", dry_run=True).way_back


def test_what_a_trigger_fills_is_found_before_it_goes(chain: Chain) -> None:
    """A captured table that a trigger fills: refused, with row and trigger, and nothing gone."""
    fills_checks(chain.database)
    said = chain.refused(lambda: chain.project.downgrade("general", "base"))
    assert "the way back to general v1_2025-01-15 was tried, and failed" in said
    assert "checks: " in said
    assert "fills on " in said
    assert "--no-rehearse" in said
    plan = chain.project.downgrade("general", "base", rehearse=False)
    assert plan.way_back.startswith("the way back to general v1_2025-01-15 was never tried")
    assert chain.database.dump()["cards"] == chain.at["base"]["cards"]


def test_why_a_row_does_not_come_back_is_said_before_why_no_whole_load_helps(
    workspace: Workspace,
) -> None:
    """A real row that references demo rows is in the way of the second try alone."""
    chain = small.copied(workspace, "v1")
    chain.database.execute(
        "INSERT INTO cards VALUES (40, 1, NULL, 'Mine', FALSE, NULL)", *small.GENERAL["v2"]
    )
    chain.project.revision("general", date="2025-01-20")
    small.trigger(chain.database, "refuses", "cards", when="NEW.id = 5")
    said = chain.refused(lambda: chain.project.downgrade("general", "-1"))
    first, second = said.index("not on my watch"), said.index("cards.board_id")
    assert first < second


@pytest.mark.mariadb_alone("MySQL checks every row")
def test_a_row_that_violates_a_constraint_is_found_before_it_goes(chain: Chain) -> None:
    """Where a constraint came after the row: table, key and constraint are named."""
    bad_check(chain.database)
    chain.project.revision("general", date="2025-01-16")
    said = chain.refused(lambda: chain.project.downgrade("general", "base"))
    assert "cards: row id=3: " in said
    assert "short_title" in said


def test_discard_still_tries_the_way_back_to_what_is_loaded(chain: Chain) -> None:
    """What is in no revision may go; the rest of the version must not go with it for good."""
    fills_checks(chain.database)
    chain.database.execute("UPDATE cards SET title = 'edited' WHERE id = 1")
    said = chain.refused(lambda: chain.project.downgrade("general", "base", discard=True))
    assert "the way back to general v1_2025-01-15 was tried" in said


def test_only_tries_the_way_back_of_the_others(workspace: Workspace) -> None:
    """A scenario that goes because another one comes goes no other way."""
    chain = small.copied(workspace, "v1", writer=True)
    planned = chain.project.load("general@v1", only=True, dry_run=True)
    assert planned.way_back == "the way back to writer v1_2025-03-01 is tried first, and undone"
    fills_checks(chain.database)
    said = chain.refused(lambda: chain.project.upgrade("general@v1", only=True, full=True))
    assert "writer v1_2025-03-01 was tried" in said


def test_the_stock_command_tries_it_too(chain: Chain) -> None:
    """And `-x demosnap.rehearse=0` lets the rows go."""
    fills_checks(chain.database)
    before = chain.everything()
    done = chain.workspace.alembic("downgrade", "general@base", check=False)
    assert done.returncode != 0
    assert "the way back to general v1_2025-01-15 is tried first, and undone" in done.stdout
    assert "checks: " in done.stderr + done.stdout
    assert chain.everything() == before
    done = chain.workspace.alembic("-x", "demosnap.rehearse=0", "downgrade", "general@base")
    assert "was never tried" in done.stdout


def test_a_callers_transaction_is_used_and_left_whole(chain: Chain) -> None:
    """A refused rehearsal undoes its own part alone, in a transaction of the caller's."""
    chain.project.downgrade("general", "base")
    chain.project.upgrade("general@head")
    fills_checks(chain.database)
    with chain.database.engine.connect() as connection:
        connection.begin()
        connection.exec_driver_sql("UPDATE users SET name = 'Edsger' WHERE id = 2")
        with refused("no way back", "the way back to general v1_2025-01-15 was tried"):
            chain.project.downgrade("general", "base", connection=connection)
        connection.commit()
    names = [name for (name,) in chain.database.rows("SELECT name FROM users ORDER BY id")]
    assert names == ["Ada", "Edsger"]
    assert chain.database.dump()["cards"] == chain.at["v1"]["cards"]


def test_it_is_tried_on_demand(chain: Chain) -> None:
    """`check --database --rehearse` tries it whatever is proved, and changes no row."""
    assert chain.project.check(database=True, rehearse=True) == []
    assert chain.database.dump() == chain.at["v1"]
    fills_checks(chain.database)
    (finding,) = chain.project.check(database=True, rehearse=True)
    assert "checks: " in finding.message
    assert "A move with --no-rehearse" in (finding.hint or "")
    assert chain.database.dump() == chain.at["v1"]
    done = chain.workspace.run("check", "--database", "--rehearse", check=False)
    assert done.returncode == 3
    with pytest.raises(UsageError, match="--rehearse needs a database"):
        chain.project.check(rehearse=True)


def test_a_capture_can_try_it_before_its_files_are_there(chain: Chain) -> None:
    """`revision --rehearse` leaves no file and no stamp of what would not come back."""
    fills_checks(chain.database)
    chain.database.execute("UPDATE cards SET title = 'edited' WHERE id = 1")
    before = [entry.version.short for entry in chain.project.history("general")]
    said = chain.refused(
        lambda: chain.project.revision("general", date="2025-01-16", rehearse=True)
    )
    assert "checks: " in said
    assert [entry.version.short for entry in chain.project.history("general")] == before
    chain.database.execute(
        "DROP TRIGGER fills" + (" ON cards" if chain.database.dialect == "postgresql" else "")
    )
    assert chain.project.revision("general", date="2025-01-16", rehearse=True).created
    assert chain.project.downgrade("general", "base", dry_run=True).way_back == ""


@pytest.mark.parametrize("target", ["base", "v1"])
def test_what_was_proved_is_tried_again_where_rows_of_the_version_are_gone(
    workspace: Workspace, target: str
) -> None:
    """A real row may have taken the key of one meanwhile, and then no load can bring that back."""
    database = workspace.database
    workspace.configure("marker: {column: is_demo}\n")
    database.execute(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, slug VARCHAR(20) UNIQUE, is_demo BOOLEAN)",
        "INSERT INTO notes VALUES (1, 'one', TRUE), (2, 'two', TRUE)",
    )
    workspace.project.revision("general")
    database.execute("INSERT INTO notes VALUES (3, 'three', TRUE)")
    workspace.project.revision("general")
    workspace.project.downgrade("general", "base")
    workspace.project.upgrade("general@head")

    def move(**options: Any) -> MovePlan:
        project = workspace.project
        if target == "base":
            return project.downgrade("general", "base", discard=True, **options)
        return project.load("general@v1", discard=True, **options)

    assert not move(dry_run=True).way_back
    database.execute("UPDATE notes SET id = 30, is_demo = FALSE WHERE id = 3")
    before = database.dump()

    with refused("no way back", "the way back to general v2") as caught:
        move()

    assert "slug: 'three' in id=3 of the snapshot and id=30 of the database" in str(caught.value)
    assert database.dump() == before
