"""Loaded means verified, as far as was asked for; unsaved demo rows are told per table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from demosnap.database.row_set import RowSet
from demosnap.errors import DemosnapError, UsageError, VerificationError
from demosnap.options import Verify
from support import small
from support.databases import Database
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

LEVELS: tuple[Verify, ...] = ("full", "counts")


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Version v1 of general; the database is at it."""
    return small.copied(make_workspace(database), "v1")


def _set_on_insert(database: Database, table: str, column: str, value: str) -> None:
    """Make a trigger that gives a column of what is inserted another value."""
    head = f"CREATE TRIGGER meddle BEFORE INSERT ON {table} FOR EACH ROW"
    if database.dialect == "sqlite":
        change = f"UPDATE {table} SET {column} = {value} WHERE id = NEW.id"
        small.trigger(database, "meddle", table, do=change)
    elif database.dialect == "mariadb":
        database.execute(f"{head} SET NEW.{column} = {value}")
    else:
        database.execute(
            "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN NEW.{column} := {value}; RETURN NEW; END $$",
            f"{head} EXECUTE FUNCTION meddle()",
        )


def _found(chain: Chain, levels: tuple[Verify, ...], told: str) -> None:
    """Check that a load fails at these levels, and that nothing of it is left."""
    before = chain.everything()
    for level in levels:
        with pytest.raises(DemosnapError, match=told):
            chain.project.upgrade("general@head", verify=level)
        assert chain.everything() == before, level


def _put_back(chain: Chain, levels: tuple[Verify, ...]) -> None:
    """Check that a load at these levels leaves the snapshot's rows, whatever a trigger made."""
    wanted = chain.at["v2"] if "v2" in chain.at else chain.at["v1"]
    for level in levels:
        chain.project.upgrade("general@head", verify=level)
        assert chain.database.dump() == wanted, level
        chain.project.downgrade("general", "base")


def test_a_changed_timestamp_is_found(chain: Chain) -> None:
    """By `full`, and put back; `counts` does not look at it."""
    chain.database.execute(
        "ALTER TABLE boards ADD COLUMN touched TIMESTAMP NULL",
        "UPDATE boards SET touched = '2025-01-15 10:00:00' WHERE id = 1",
    )
    chain.project.revision("general", date="2025-01-20")
    chain.at["v2"] = chain.database.dump()
    chain.project.downgrade("general", "base")
    _set_on_insert(chain.database, "boards", "touched", "'2030-01-01 00:00:00'")
    _put_back(chain, ("full",))
    chain.project.upgrade("general@head", verify="counts")
    ((touched,),) = chain.database.rows("SELECT touched FROM boards WHERE id = 1")
    assert "2030" in str(touched)


def test_a_lossy_column_is_found(chain: Chain) -> None:
    """A column whose type has changed since, and that keeps less of a value."""
    chain.database.execute("UPDATE checks SET done = '007' WHERE card_id IN (1, 3)")
    chain.project.revision("general", date="2025-01-20")
    chain.project.downgrade("general", "base")
    chain.database.execute(
        "DROP TABLE checks",
        "CREATE TABLE checks (id INTEGER PRIMARY KEY, card_id INTEGER NOT NULL, done INTEGER,"
        " CONSTRAINT fk_checks_card_id FOREIGN KEY (card_id) REFERENCES cards (id))",
    )
    _found(chain, ("full",), "checks: row id=1.*done is 7, not '007'")


def test_a_lost_row_is_found(chain: Chain) -> None:
    """A trigger takes the marker off a row that was loaded: every level counts, and mends it."""
    chain.project.downgrade("general", "base")
    small.trigger(
        chain.database,
        "meddle",
        "cards",
        do="UPDATE boards SET is_demo = FALSE WHERE id = NEW.board_id",
    )
    _put_back(chain, LEVELS)


def test_an_orphan_is_found(chain: Chain) -> None:
    """A trigger deletes what a loaded row references: every level, or the database, looks."""
    chain.database.execute(
        "INSERT INTO users VALUES (8, 'Mary')", "UPDATE cards SET owner_id = 8 WHERE id = 1"
    )
    chain.project.revision("general", date="2025-01-20")
    chain.project.downgrade("general", "base")
    small.trigger(chain.database, "meddle", "boards", do="DELETE FROM users WHERE id = 8")
    told = r'cards\.owner_id: 1 row references no row of users \(8\)|cards: .*"fk_cards_owner_id"'
    _found(chain, LEVELS, told)


def test_a_load_that_was_not_compared_is_no_unsaved_data(chain: Chain) -> None:
    """After `counts` the next move goes by the rows themselves."""
    for level in LEVELS:
        chain.project.downgrade("general", "base", verify=level)
        chain.project.upgrade("general@head", verify=level)
        assert chain.database.dump() == chain.at["v1"], level


def test_the_level_is_an_option_of_both_command_lines(chain: Chain) -> None:
    """`--verify` and `-x demosnap.verify`; what is no level is refused."""
    chain.project.downgrade("general", "base")
    _set_on_insert(chain.database, "boards", "name", "'Other'")
    chain.workspace.run("upgrade", "general@head")
    assert chain.database.dump() == chain.at["v1"]
    chain.project.downgrade("general", "base")
    chain.workspace.run("upgrade", "general@head", "--verify", "counts")
    chain.project.downgrade("general", "base", discard=True)
    chain.workspace.alembic("-x", "demosnap.verify=counts", "upgrade", "general@head")
    assert chain.database.rows("SELECT name FROM boards WHERE id = 1") == [("Other",)]
    done = chain.workspace.alembic("-x", "demosnap.verify=some", "upgrade", "heads", check=False)
    assert done.returncode != 0
    assert "demosnap.verify=some" in done.stderr + done.stdout
    gone = chain.workspace.alembic("-x", "demosnap.verify=sample", "upgrade", "heads", check=False)
    assert gone.returncode != 0
    said = "It is gone: A load compares every row, or none. One of full, counts."
    assert said in gone.stdout + gone.stderr
    with pytest.raises(UsageError, match="full, counts"):
        chain.project.upgrade("heads", verify=cast(Any, "some"))


def test_unsaved_rows_are_told_per_table(chain: Chain) -> None:
    """How many were added, removed and modified since the loaded version, and the first ones."""
    chain.database.execute(
        "UPDATE cards SET title = 'Changed' WHERE id IN (1, 3)",
        "DELETE FROM checks WHERE id = 3",
        "INSERT INTO boards VALUES (7, 'New', 'new', TRUE, 'general')",
    )
    before = chain.everything()
    with refused("unsaved rows") as caught:
        chain.project.downgrade("general", "base")
    for told in (
        "changes of the demo rows of general since v1",
        "\n  cards: 2 modified (id: 1, 3)\n",
        "\n  checks: 1 removed (id: 3)\n",
        "\n  boards: 1 added (id: 7)\n",
    ):
        assert told in str(caught.value)
    assert chain.everything() == before


def test_discard_compares_nothing(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nightly load does not read the rows that it throws away."""

    def read(*_: object) -> None:
        raise VerificationError("the rows were read")

    chain.database.execute("UPDATE cards SET title = 'Changed' WHERE id = 1")
    with monkeypatch.context() as patched:
        patched.setattr(RowSet, "digest", read)
        with pytest.raises(VerificationError, match="the rows were read"):
            chain.project.downgrade("general", "base")
        chain.project.load("general@v1", discard=True, rehearse=False)
        assert chain.database.dump() == chain.at["v1"]
    # On the way to base they are read, to know those that nothing picks any more.
    chain.project.downgrade("general", "base", discard=True)
    assert chain.database.dump() == chain.at["base"]
