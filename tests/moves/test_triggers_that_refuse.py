"""Triggers that refuse some of the demo rows: found before rows go, and named with the ways on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import DemosnapError
from support import small
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

KINDS = ("ABORT, 'no'", "FAIL, 'no'", "ROLLBACK, 'no'", "IGNORE")


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A new project of an empty database."""
    return make_workspace(database)


@pytest.mark.parametrize("event", ["INSERT", "DELETE"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # RAISE is SQLite's alone
def test_each_way_to_raise_names_the_trigger_and_changes_nothing(
    workspace: Workspace, kind: str, event: str
) -> None:
    """Also one that ends the transaction; what the message says to write lets the rows go."""
    chain = small.copied(workspace, "v1")
    row = "NEW" if event == "INSERT" else "OLD"
    chain.database.execute(
        f"CREATE TRIGGER strict BEFORE {event} ON cards WHEN {row}.id = 3"
        f" BEGIN SELECT RAISE({kind}); END"
    )
    before = chain.everything()

    with pytest.raises(DemosnapError, match="trigger strict on table cards") as caught:
        chain.project.downgrade("general", "base")

    assert "write in demosnap.yaml:  triggers: disable" in str(caught.value)
    assert chain.everything() == before
    workspace.configure(f"{small.SETTINGS}triggers: disable\n")
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]


def test_a_trigger_that_refuses_the_way_back_is_named_with_a_way_on(workspace: Workspace) -> None:
    """Where triggers can be switched off the refusal says so, elsewhere it does not."""
    chain = small.copied(workspace, "v1")
    small.trigger(chain.database, "strict", "cards", when="NEW.id = 3")
    before = chain.everything()

    with refused("no way back", "the way back to general v1") as caught:
        chain.project.downgrade("general", "base")

    assert "cards: row id=3" in str(caught.value)
    assert "trigger strict on table cards" in str(caught.value)
    can = chain.database.dialect != "mariadb"
    assert ("triggers: disable" in str(caught.value)) == can
    assert chain.everything() == before


def test_it_is_named_behind_a_table_without_rows(workspace: Workspace) -> None:
    """What is looked for table by table is not looked for in what is empty."""
    workspace.configure("marker: {column: is_demo}\n")
    columns = "id INTEGER PRIMARY KEY, n INTEGER, is_demo BOOLEAN NOT NULL"
    workspace.database.execute(
        f"CREATE TABLE albums ({columns})",
        f"CREATE TABLE cards ({columns})",
        "INSERT INTO cards VALUES (1, 1, TRUE), (2, 2, TRUE)",
    )
    workspace.project.revision("general")
    small.trigger(workspace.database, "strict", "cards", when="NEW.n = 2")

    with refused("no way back", r"cards: row id=2.*trigger strict on table cards"):
        workspace.project.downgrade("general", "base")

    assert workspace.database.rows("SELECT id FROM cards ORDER BY id") == [(1,), (2,)]


def test_a_row_that_breaks_a_rule_is_named_beside_the_trigger(workspace: Workspace) -> None:
    """The server does not say which of the two it was; both are told, and ways on for both."""
    workspace.configure("marker: {column: is_demo}\n")
    columns = "id INTEGER PRIMARY KEY, n INTEGER NOT NULL{}, is_demo BOOLEAN NOT NULL"
    workspace.database.execute(
        f"CREATE TABLE cards ({columns.format('')})",
        "INSERT INTO cards VALUES (1, 1, TRUE), (2, -2, TRUE)",
    )
    workspace.project.revision("general")
    workspace.project.downgrade("general", "base")
    workspace.database.execute(
        "DROP TABLE cards", f"CREATE TABLE cards ({columns.format(' CHECK (n > 0)')})"
    )
    small.trigger(workspace.database, "innocent", "cards", when="NEW.id = 99")
    before = workspace.database.dump()

    with pytest.raises(DemosnapError) as caught:
        workspace.project.upgrade("general@head")

    said = str(caught.value)
    assert "cards: row id=2 of the snapshot is not accepted" in said
    assert "trigger innocent on table cards acts on these rows" in said
    assert "change the table, or capture the demo as the table has it now" in said
    assert "away during the move" in said or "triggers: disable" in said
    assert workspace.database.dump() == before


def test_a_trigger_that_refuses_rows_which_fit_is_named_alone(workspace: Workspace) -> None:
    chain = small.copied(workspace, "v1")
    chain.project.downgrade("general", "base")
    small.trigger(chain.database, "strict", "cards", when="NEW.id = 3")
    with pytest.raises(DemosnapError, match="trigger strict on table cards acts") as caught:
        chain.project.upgrade("general@head")
    assert "is not accepted" not in str(caught.value)
