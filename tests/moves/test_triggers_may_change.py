"""Triggers that write where they may: the snapshot's rows are what is there in the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import DatabaseError, VerificationError
from support import small
from support.databases import Database
from support.workspaces import Workspace

pytestmark = pytest.mark.long

FILL = "INSERT INTO checks (id, card_id, done) VALUES (NEW.id, NEW.id, 'new')"
"""What makes a check for each card that goes in; the snapshots have checks of these keys."""

WRITES = {
    "a row of the key that the snapshot has": ("cards", "checks", FILL),
    "a row of another key": (
        "cards",
        "checks",
        "INSERT INTO checks (id, card_id, done) VALUES (NEW.id + 100, NEW.id, 'new')",
    ),
    "an unmarked row of a key that the snapshot has": (
        "boards",
        "cards",
        "INSERT INTO cards (id, board_id, title) VALUES (NEW.id, NEW.id, 'Welcome')",
    ),
    "a row of a table that was loaded before": (
        "checks",
        "boards",
        "INSERT INTO boards (id, name, slug) VALUES (NEW.id + 100, 'More', NULL)",
    ),
    "another value in a row that was loaded before": (
        "checks",
        "boards",
        "UPDATE boards SET name = 'Busy' WHERE id = 1",
    ),
}


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A new project of an empty database."""
    return make_workspace(database)


def _may_change(chain: small.Chain, *tables: str) -> None:
    listed = ", ".join(tables)
    chain.workspace.configure(f"{small.SETTINGS}triggers: {{may_change: [{listed}]}}\n")


@pytest.mark.parametrize("what", WRITES)
def test_what_a_trigger_makes_in_a_captured_table_makes_way(
    workspace: Workspace, what: str
) -> None:
    """From nothing, between versions and by a reset: each row is the snapshot's, and no other."""
    chain = small.copied(workspace, "v1", "v2", "v3")
    table, other, do = WRITES[what]
    small.trigger(chain.database, "fill", table, do=do)
    _may_change(chain, other)

    for target, wanted in (("base", "base"), ("v3", "v3"), ("v1", "v1"), ("v2", "v2")):
        verb = chain.project.upgrade if target in ("v3", "v2") else chain.project.downgrade
        verb("general", target) if verb == chain.project.downgrade else verb(f"general@{target}")
        assert chain.database.dump() == chain.at[wanted], target

    chain.database.execute("DELETE FROM checks WHERE card_id = 5", "DELETE FROM cards WHERE id = 5")
    chain.project.reset("general", discard=True)
    assert chain.database.dump() == chain.at["v2"]


def test_what_a_trigger_makes_is_refused_where_it_may_not(workspace: Workspace) -> None:
    """Table and trigger are named, with the line to paste, and nothing is changed."""
    chain = small.copied(workspace, "v1", "v2")
    small.trigger(chain.database, "fill", "cards", do=FILL)
    before = chain.everything()

    with pytest.raises(DatabaseError) as caught:
        chain.project.downgrade("general", "-1")

    assert "checks: 2 rows are present before the rows of the snapshot" in str(caught.value)
    assert "made by trigger fill on table cards" in str(caught.value)
    assert "triggers: {action: check, may_change: [checks]}" in str(caught.value)
    assert chain.everything() == before


def test_a_journal_is_written_where_a_trigger_may(workspace: Workspace) -> None:
    """A pattern names the table; its rows stay, and a table that is not named is refused."""
    chain = small.copied(workspace, "v1", "v2")
    chain.database.execute("CREATE TABLE audit_log (what VARCHAR(20))")
    small.trigger(chain.database, "note", "cards", do="INSERT INTO audit_log VALUES ('came')")
    before = chain.everything()

    with pytest.raises(VerificationError) as caught:
        chain.project.downgrade("general", "-1")

    assert "rows of audit_log outside of the scenario" in str(caught.value)
    assert "trigger note on table cards" in str(caught.value)
    assert "may_change: [audit_log]" in str(caught.value)
    assert chain.everything() == before

    _may_change(chain, '"audit_*"')
    chain.project.downgrade("general", "-1")
    after = chain.database.dump()
    assert len(after.pop("audit_log")) == 2
    assert after == chain.at["v1"]


def test_what_may_change_elsewhere_may_not_here(workspace: Workspace) -> None:
    """A table that is allowed does not allow another one; the line to paste has both."""
    chain = small.copied(workspace, "v1", "v2")
    small.trigger(
        chain.database, "renames", "cards", do="UPDATE users SET name = 'Somebody' WHERE id = 2"
    )
    _may_change(chain, "checks")
    before = chain.everything()

    with pytest.raises(
        VerificationError, match=r"rows of users .*renames on table cards"
    ) as caught:
        chain.project.downgrade("general", "-1")

    assert "may_change: [checks, users]" in str(caught.value)
    assert chain.everything() == before


def test_a_table_without_a_key_is_cleared_too(workspace: Workspace) -> None:
    """There a row is told by the predicate, which picked none before."""
    chain = small.copied(workspace)
    chain.database.execute(
        "CREATE TABLE tags (card_id INTEGER, name VARCHAR(20), FOREIGN KEY (card_id)"
        " REFERENCES cards (id))"
    )
    chain.database.execute(*small.GENERAL["v1"], "INSERT INTO tags VALUES (1, 'mine')")
    settings = small.SETTINGS.replace("tables:\n", "tables:\n  tags: {via: card_id}\n")
    workspace.configure(settings)
    chain.project.revision("general")
    wanted = chain.database.dump()
    small.trigger(chain.database, "tag", "cards", do="INSERT INTO tags VALUES (NEW.id, 'new')")
    workspace.configure(f"{settings}triggers: {{may_change: [tags]}}\n")

    chain.project.downgrade("general", "base")
    chain.project.upgrade("general@head")

    assert chain.database.dump() == wanted
