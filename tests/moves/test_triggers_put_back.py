"""Values that triggers change in rows that are loaded are put back, or the trigger is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import VerificationError
from support import small, triggers
from support.databases import Database
from support.workspaces import Workspace

pytestmark = pytest.mark.long


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A new project of an empty database."""
    return make_workspace(database)


@pytest.mark.parametrize("change", ["title = 'Now'", "owner_id = 2", "is_demo = FALSE"])
def test_a_value_that_a_trigger_sets_is_put_back(workspace: Workspace, change: str) -> None:
    """Also the one that the marker asks for."""
    chain = small.copied(workspace, "v1", "v2")
    triggers.column_trigger(chain.database, "stamp_it", "INSERT", change)

    said = "trigger stamp_it on table cards acts on inserted rows; values that it sets in them"
    assert said not in str(chain.project.downgrade("general", "base").notes)
    assert said in str(chain.project.upgrade("general@head", dry_run=True).notes)
    chain.project.upgrade("general@head")
    assert chain.database.dump() == chain.at["v2"]
    chain.project.downgrade("general", "-1")
    assert chain.database.dump() == chain.at["v1"]
    chain.database.execute("DELETE FROM checks WHERE card_id = 1", "DELETE FROM cards WHERE id = 1")
    chain.project.reset("general")
    assert chain.database.dump() == chain.at["v1"]
    assert all(entry.clean for entry in chain.project.status() if entry.scenario == "general")


def test_an_update_trigger_in_the_way_is_named(workspace: Workspace) -> None:
    """With table, row and column; nothing is changed."""
    chain = small.copied(workspace, "v1", "v2")
    triggers.column_trigger(chain.database, "at_first", "INSERT", "title = 'Now'")
    triggers.column_trigger(chain.database, "later", "UPDATE", "title = 'Later'")
    before = chain.everything()

    with pytest.raises(VerificationError) as caught:
        chain.project.downgrade("general", "-1")

    message = str(caught.value)
    assert "cards: row id=1: title is 'Later', not 'It''s 100%; :name'" in message
    assert "trigger later on table cards" in message
    assert ("triggers: disable" in message) == (chain.database.dialect != "mariadb")
    assert chain.everything() == before


def test_an_update_trigger_that_changes_another_column_is_no_harm(workspace: Workspace) -> None:
    """Only columns that differ are written, and what is there in the end is compared."""
    chain = small.copied(workspace, "v1", "v2")
    triggers.column_trigger(chain.database, "at_first", "INSERT", "title = 'Now'")
    triggers.column_trigger(chain.database, "later", "UPDATE", "scenario = 'general'")
    chain.database.execute("UPDATE cards SET scenario = 'general' WHERE id = 3")
    chain.project.revision("general")
    wanted = chain.database.dump()

    chain.project.downgrade("general", "base")
    chain.project.upgrade("general@head")

    assert chain.database.dump() == wanted


def test_a_time_that_the_server_sets_at_each_change_stays(workspace: Workspace) -> None:
    """ON UPDATE CURRENT_TIMESTAMP does not act on what is put back."""
    if workspace.database.dialect != "mariadb":
        pytest.skip("only MariaDB and MySQL have such columns")
    chain = small.copied(workspace)
    chain.database.execute(
        "ALTER TABLE cards ADD changed TIMESTAMP NOT NULL DEFAULT '2001-02-03 04:05:06'"
        " ON UPDATE CURRENT_TIMESTAMP"
    )
    chain.database.execute(
        "INSERT INTO boards VALUES (1, 'Demo', 'demo', TRUE, 'general')",
        "INSERT INTO cards (id, board_id, title, is_demo) VALUES (1, 1, 'One', TRUE)",
    )
    chain.project.revision("general")
    wanted = chain.database.dump()
    triggers.column_trigger(chain.database, "at_first", "INSERT", "title = 'Now'")

    chain.project.downgrade("general", "base")
    chain.project.upgrade("general@head")

    assert chain.database.dump() == wanted


def test_a_trigger_waiting_for_the_commit_is_put_back_too(workspace: Workspace) -> None:
    """A deferred trigger acts before the rows are compared."""
    if workspace.database.dialect != "postgresql":
        pytest.skip("only PostgreSQL has deferred triggers")
    chain = small.copied(workspace, "v1", "v2")
    chain.database.execute(
        "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " UPDATE cards SET title = 'Late' WHERE id = NEW.id; RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON cards DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION late()",
    )
    chain.project.downgrade("general", "-1")
    assert chain.database.dump() == chain.at["v1"]
