"""Journals and time stamps that triggers write: rows that are changed back, and the ways on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import VerificationError
from support import small
from support.databases import Database
from support.workspaces import Workspace

pytestmark = pytest.mark.long

SETTINGS = f"""\
{small.SETTINGS}triggers: {{action: check, may_change: [journal]}}
"""
JOURNALED = SETTINGS.replace(
    "tables:\n", "tables:\n  journal: {where: \"card_id <> 2 AND :scenario = 'general'\"}\n"
)


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A new project of an empty database."""
    return make_workspace(database)


def _journal(database: Database) -> None:
    """Make a journal of cards, as audit triggers write it: a row for each event."""
    number = {
        "sqlite": "id INTEGER PRIMARY KEY AUTOINCREMENT",
        "postgresql": "id SERIAL PRIMARY KEY",
        "mariadb": "id INTEGER AUTO_INCREMENT PRIMARY KEY",
    }[database.dialect]
    database.execute(f"CREATE TABLE journal ({number}, what VARCHAR(10), card_id INTEGER)")
    if database.dialect == "postgresql":
        database.execute(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO journal (what, card_id) VALUES (TG_OP, coalesce(NEW.id, OLD.id));"
            " RETURN NULL; END $$",
            "CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON cards"
            " FOR EACH ROW EXECUTE FUNCTION note()",
        )
        return
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        do = f"INSERT INTO journal (what, card_id) VALUES ('{event}', {row}.id)"
        body = f"BEGIN {do}; END" if database.dialect == "sqlite" else f"FOR EACH ROW {do}"
        database.execute(f"CREATE TRIGGER note_{event} AFTER {event} ON cards {body}")


def _stamped(database: Database) -> None:
    """Make a trigger that writes at each change when that was, into a column of its own."""
    database.execute("ALTER TABLE cards ADD COLUMN changed_at VARCHAR(40)")
    now = {"mariadb": "now(6)", "postgresql": "clock_timestamp()::text"}
    head = "CREATE TRIGGER touch BEFORE UPDATE ON cards FOR EACH ROW"
    if database.dialect == "sqlite":
        database.execute(
            "CREATE TRIGGER touch AFTER UPDATE OF title ON cards BEGIN UPDATE cards"
            " SET changed_at = hex(randomblob(8)) WHERE id = NEW.id; END"
        )
    elif database.dialect == "mariadb":
        database.execute(f"{head} SET NEW.changed_at = {now['mariadb']}")
    else:
        database.execute(
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" NEW.changed_at := {now['postgresql']}; RETURN NEW; END $$",
            f"{head} EXECUTE FUNCTION touch()",
        )


def test_a_journal_that_is_captured_is_what_the_version_has(workspace: Workspace) -> None:
    """Entries that an edit has made go once, and what the reset makes goes, too."""
    database = workspace.database
    chain = small.copied(workspace)
    _journal(database)
    workspace.configure(JOURNALED)
    database.execute(*small.GENERAL["v1"], *small.GENERAL["v2"])
    there = database.dump()
    chain.project.revision("general")

    chain.project.downgrade("general", "base")
    assert database.dump() == {**chain.at["base"], "journal": []}
    chain.project.upgrade("general@head")
    assert database.dump() == there
    for edit in (
        "DELETE FROM checks WHERE id = 1",
        "UPDATE cards SET title = 'Edited' WHERE id = 3",
        "INSERT INTO cards VALUES (9, 1, NULL, 'More', TRUE, 'general')",
    ):
        database.execute(edit)
        chain.project.reset("general")
        assert database.dump() == there, edit


def test_a_captured_journal_is_named_where_triggers_may_not_write_it(workspace: Workspace) -> None:
    """The line to paste names the table, and does what it says."""
    database = workspace.database
    chain = small.copied(workspace)
    _journal(database)
    workspace.configure(JOURNALED.partition("triggers:")[0])
    database.execute(*small.GENERAL["v1"])
    chain.project.revision("general")
    before = chain.everything()

    with pytest.raises(VerificationError) as caught:
        chain.project.downgrade("general", "base")

    assert "journal: 2 rows are picked by the selection, 0 were expected" in str(caught.value)
    assert "may_change: [journal]" in str(caught.value)
    assert chain.everything() == before
    workspace.configure(JOURNALED)
    chain.project.downgrade("general", "base")
    assert database.dump() == {**chain.at["base"], "journal": []}


@pytest.mark.parametrize("event", ["change", "change and more"])
def test_a_reset_names_the_load_where_a_trigger_stamps_what_changes(
    workspace: Workspace, event: str
) -> None:
    """What is put back by an update is stamped anew; the command in the message does it."""
    database = workspace.database
    chain = small.copied(workspace)
    _stamped(database)
    database.execute(
        *(s.replace("INTO cards", f"INTO cards ({COLUMNS})") for s in small.GENERAL["v1"])
    )
    database.execute("UPDATE cards SET title = 'Stamped' WHERE id = 3")
    there = database.dump()
    chain.project.revision("general")
    database.execute("UPDATE cards SET title = 'Edited' WHERE id = 3")
    if event != "change":
        database.execute("DELETE FROM checks WHERE id = 1")
    if database.dialect == "sqlite":
        # An update of the stamp alone does not fire this trigger.
        chain.project.reset("general")
        assert database.dump() == there
        return

    with pytest.raises(VerificationError) as caught:
        chain.project.reset("general")

    words = "demosnap load general@v1 --discard"
    assert words in str(caught.value) + str(caught.value.hint)
    workspace.run(*words.split()[1:])
    assert database.dump() == there


COLUMNS = "id, board_id, owner_id, title, is_demo, scenario"
