"""Constraints and triggers that wait for the commit still wait for it after rows were moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from support.databases import Database, make_database
from support.refusals import refused
from support.workspaces import Workspace

SETTINGS = """\
marker: {column: is_demo}
tables:
  cards: {via: board_id}
triggers: {action: check, may_change: [journal]}
"""

A_BOARD_HAS_CARDS = (
    "CREATE FUNCTION has_cards() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF NOT EXISTS (SELECT FROM cards WHERE board_id = NEW.id) THEN"
    " RAISE EXCEPTION 'board % has no cards', NEW.id; END IF; RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER has_cards AFTER INSERT ON boards DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION has_cards()",
)
KEEPS_A_JOURNAL = (
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO journal (what) VALUES (TG_OP); RETURN NULL; END $$",
    "CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON cards"
    " FOR EACH STATEMENT EXECUTE FUNCTION note()",
)


@pytest.fixture
def boards(tmp_path: Path, make_workspace: Callable[[Database], Workspace]) -> Iterator[Workspace]:
    """A board that refers to a later one, with a card each, and a trigger that demands them."""
    for database in make_database("postgresql", tmp_path):
        database.execute(
            "CREATE TABLE boards (id int PRIMARY KEY, is_demo boolean, next int,"
            " place int, CONSTRAINT next_board FOREIGN KEY (next) REFERENCES boards"
            " DEFERRABLE INITIALLY DEFERRED,"
            " CONSTRAINT one_place UNIQUE (place) DEFERRABLE INITIALLY IMMEDIATE)",
            "CREATE TABLE cards (id int PRIMARY KEY, board_id int REFERENCES boards, title text)",
            "CREATE INDEX cards_by_title ON cards (title)",
            "CREATE TABLE journal (id serial PRIMARY KEY, what text)",
            *A_BOARD_HAS_CARDS,
            *KEEPS_A_JOURNAL,
            "INSERT INTO boards VALUES (1, true, 2, 1), (2, true, NULL, 2);"
            " INSERT INTO cards VALUES (1, 1, 'One'), (2, 2, 'Two')",
        )
        workspace = make_workspace(database)
        workspace.configure(SETTINGS)
        yield workspace


def _rows(workspace: Workspace) -> dict[str, list[tuple[object, ...]]]:
    return {name: rows for name, rows in workspace.database.dump().items() if name != "journal"}


def test_what_waits_for_the_commit_does_so_on_the_way_back_too(boards: Workspace) -> None:
    """The rehearsal loads in the transaction in which triggers have acted on a purge."""
    wanted = _rows(boards)
    boards.project.revision("general", rehearse=True)
    boards.project.downgrade("general", "base")
    assert not _rows(boards)["boards"]
    boards.project.upgrade("general@head")
    assert _rows(boards) == wanted


def test_a_trigger_that_waits_and_then_refuses_is_named(boards: Workspace) -> None:
    """The way back ends where the trigger acts at last."""
    boards.database.execute("ALTER TABLE boards DISABLE TRIGGER has_cards", "DELETE FROM cards")
    boards.project.revision("general")
    boards.database.execute("ALTER TABLE boards ENABLE TRIGGER has_cards")
    wanted = _rows(boards)
    with refused("no way back", r"board 1 has no cards \(.*trigger has_cards on table"):
        boards.project.downgrade("general", "base")
    assert _rows(boards) == wanted


@pytest.mark.parametrize("action", ["check", "disable"])
def test_a_callers_transaction_goes_on_as_its_constraints_say(
    boards: Workspace, action: str
) -> None:
    """What waited is let act, and what comes then waits as it is declared."""
    boards.configure(SETTINGS.replace("check", action))
    boards.project.revision("general")
    boards.project.downgrade("general", "base")
    with boards.database.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO boards VALUES (7, false, 8, 7); INSERT INTO boards VALUES"
                " (8, false, NULL, 8); INSERT INTO cards VALUES (7, 7, 'Mine'), (8, 8, 'Mine')"
            )
        )
        boards.project.load("general", connection=connection)
        connection.execute(sa.text("INSERT INTO boards VALUES (10, false, 11, 10)"))
        connection.execute(sa.text("INSERT INTO boards VALUES (11, false, NULL, 11)"))
        connection.execute(sa.text("INSERT INTO cards VALUES (10, 10, 'Me'), (11, 11, 'Me')"))
        with (
            pytest.raises(sa.exc.IntegrityError, match="one_place"),
            connection.begin_nested(),
        ):
            connection.execute(sa.text("INSERT INTO boards VALUES (12, false, NULL, 11)"))
    assert boards.database.rows("SELECT id FROM boards ORDER BY id") == [
        (1,),
        (2,),
        (7,),
        (8,),
        (10,),
        (11,),
    ]
