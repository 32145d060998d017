"""What is refused, and that a refusal changes nothing and says what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demosnap.errors import (
    DatabaseError,
    DemosnapError,
    UsageError,
    VerificationError,
)
from demosnap.model import ExternalReference
from demosnap.options import Verify
from demosnap.refusal import Kind
from support import refusals, small
from support.databases import Database, make_database
from support.small import Chain
from support.unchanged import nothing_changes
from support.workspaces import MakeWorkspace


def refused(chain: Chain, move: Callable[[], Any], kind: Kind, *told: str) -> str:
    """Check that a refusal of a kind has these texts and nothing changes; return the text."""
    with nothing_changes(chain), refusals.refused(kind) as caught:
        move()
    text = str(caught.value)
    for part in told:
        assert part in text
    return text


# ---------------------------------------------------------------- demo rows in no revision


@pytest.mark.long
def test_uncaptured_rows_are_refused_with_counts_and_the_command_that_saves_them(
    chain: Chain,
) -> None:
    """downgrade and load refuse; the named command saves the rows; then the move goes on."""
    chain.database.execute(
        "UPDATE cards SET title = 'Changed' WHERE id = 5",
        "INSERT INTO checks VALUES (7, 5, 'no')",
    )
    told = ("cards: 1 modified", "checks: 1 added", "`demosnap revision general`", "--discard")
    refused(chain, lambda: chain.project.downgrade("general", "-1"), "unsaved rows", *told)
    refused(chain, lambda: chain.project.downgrade("general", "base"), "unsaved rows", *told)
    refused(chain, lambda: chain.project.load("general@v1"), "unsaved rows", *told)
    refused(chain, lambda: chain.project.load("general"), "unsaved rows", *told)
    edited = chain.database.dump()
    chain.project.revision("general", date="2025-01-21")
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]
    chain.project.upgrade("general@head")
    assert chain.database.dump() == edited


@pytest.mark.long
def test_upgrade_refuses_uncaptured_rows(chain: Chain) -> None:
    """Also on the way up."""
    chain.project.downgrade("general", "-1")
    chain.database.execute("UPDATE boards SET name = 'Changed' WHERE id = 1")
    refused(
        chain, lambda: chain.project.upgrade("general@head"), "unsaved rows", "boards: 1 modified"
    )


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE cards SET title = NULL WHERE id = 5",
        "UPDATE cards SET title = '' WHERE id = 3",
        "UPDATE cards SET id = 6 WHERE id = 3",
        "UPDATE cards SET scenario = 'general' WHERE id = 3",
        "UPDATE checks SET done = 'Yes' WHERE id = 1",
        "DELETE FROM checks WHERE id = 5",
    ],
)
def test_one_value_is_enough_to_be_uncaptured(sqlite_chain: Chain, edit: str) -> None:
    """Rows are compared value by value, not counted."""
    sqlite_chain.database.execute(edit)
    refused(
        sqlite_chain,
        lambda: sqlite_chain.project.downgrade("general", "-1"),
        "unsaved rows",
        "in no revision",
    )


@pytest.mark.long
def test_discard_lets_uncaptured_rows_go(chain: Chain) -> None:
    """With `discard` the version is loaded, and nothing of the edits is left."""
    chain.database.execute(
        "UPDATE cards SET title = 'Changed' WHERE id = 5",
        "INSERT INTO boards VALUES (9, 'New', 'new', TRUE, 'general')",
        "INSERT INTO cards VALUES (9, 9, NULL, 'New', TRUE, NULL)",
    )
    chain.project.downgrade("general", "v1", discard=True)
    assert chain.database.dump() == chain.at["v1"]
    chain.database.execute("UPDATE cards SET title = 'Changed' WHERE id = 1")
    chain.project.upgrade("general@head", discard=True)
    assert chain.database.dump() == chain.at["v2"]


@pytest.mark.long
def test_rows_of_another_revision_count_as_captured(chain: Chain) -> None:
    """v1's rows under v2's stamp are in a revision; nothing is lost by taking them out."""
    chain.database.client(chain.workspace.revisions / "general" / "general_v1_2025-01-15.sql")
    assert chain.database.dump() == chain.at["v1"]
    assert chain.stamps() == ["general v2"]
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]


@pytest.mark.long
def test_rows_loaded_by_hand_without_a_stamp_count_as_captured(chain: Chain) -> None:
    """They are in a revision, whatever the database says of itself."""
    chain.database.execute("DELETE FROM demosnap_version", "DELETE FROM demosnap_log")
    chain.project.upgrade("general@v1")
    assert chain.database.dump() == chain.at["v1"]


@pytest.mark.long
@pytest.mark.parametrize("level", ["full", "counts"])
def test_what_the_last_load_put_there_counts_as_captured(
    database: Database, make_workspace: MakeWorkspace, tmp_path: Path, level: Verify
) -> None:
    """A snapshot of another database's making: its rows are known by the log of the load, or,
    after a load that did not compare them, by their values."""
    (tmp_path / "origin").mkdir()
    with contextlib.contextmanager(make_database)("sqlite", tmp_path / "origin") as origin:
        captured = small.make(make_workspace(origin), "v1", "v2")
    small.metadata.create_all(database.engine)
    database.execute(*small.OWN_ROWS)
    base = database.dump()
    chain = Chain(replace(captured.workspace, database=database))
    chain.project.upgrade("general@head", verify=level)
    loaded = database.dump()
    chain.project.downgrade("general", "-1", verify=level)
    chain.project.downgrade("general", "base")
    assert database.dump() == base
    chain.project.upgrade("general@head", verify=level)
    assert database.dump() == loaded
    database.execute("UPDATE cards SET title = 'Changed' WHERE id = 5")
    refused(
        chain, lambda: chain.project.downgrade("general", "-1"), "unsaved rows", "in no revision"
    )


@pytest.mark.long
@pytest.mark.parametrize("column", ["color VARCHAR(20)", "color VARCHAR(20) DEFAULT 'red'"])
def test_a_column_added_since_does_not_make_rows_uncaptured(chain: Chain, column: str) -> None:
    """Rows that hold NULL or the default there are as captured; any other value is new."""
    chain.database.execute(f"ALTER TABLE cards ADD COLUMN {column}")
    chain.project.downgrade("general", "-1")
    chain.project.upgrade("general@head")
    other = "'Red'" if "DEFAULT" in column else "'blue'"
    chain.database.execute(f"UPDATE cards SET color = {other} WHERE id = 5")
    refused(
        chain, lambda: chain.project.downgrade("general", "-1"), "unsaved rows", "cards: 1 modified"
    )
    edited = chain.database.dump()
    chain.project.revision("general", date="2025-01-21")
    chain.project.downgrade("general", "-1")
    chain.project.upgrade("general@head")
    assert chain.database.dump() == edited


@pytest.mark.long
def test_a_json_column_with_a_default_can_be_added(chain: Chain) -> None:
    """A type that the database itself cannot compare is no obstacle."""
    default = "('{}')" if chain.database.server == "mysql" else "'{}'"
    chain.database.execute(f"ALTER TABLE cards ADD COLUMN extra JSON DEFAULT {default}")
    chain.project.downgrade("general", "base")
    chain.project.upgrade("general@head")
    assert len(chain.database.dump()["cards"]) == len(chain.at["v2"]["cards"])


# ---------------------------------------------------------------- what references demo rows


@pytest.mark.long
def test_an_unmarked_row_that_references_a_demo_row_is_refused(chain: Chain) -> None:
    """Constraint, count and keys are named; --discard does not let it pass."""
    chain.database.execute("INSERT INTO cards (id, board_id) VALUES (20, 1), (21, 1)")
    told = ("2 rows of cards", "demo rows of boards", "fk_cards_board_id", "id: 20, 21")
    for discard in (False, True):
        for move in (
            lambda: chain.project.downgrade("general", "base", discard=discard),  # noqa: B023
            lambda: chain.project.downgrade("general", "-1", full=True, discard=discard),  # noqa: B023
            lambda: chain.project.load("general", discard=discard),  # noqa: B023
        ):
            assert "in no revision" not in refused(
                chain, move, "referenced by non-demo rows", *told
            )
    chain.database.execute("DELETE FROM cards WHERE id IN (20, 21)")
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL"])
def test_a_foreign_key_that_would_act_on_an_unmarked_row_is_refused(
    chain: Chain, action: str
) -> None:
    """Neither deleted nor emptied: rows of a table that has no marker at all."""
    chain.database.execute(
        "CREATE TABLE stickers (id INTEGER PRIMARY KEY, card_id INTEGER,"
        " CONSTRAINT stuck_on FOREIGN KEY (card_id) REFERENCES cards (id)"
        f" ON DELETE {action})",
        "INSERT INTO stickers VALUES (1, 1), (2, 2), (3, 5), (4, NULL), (5, 5), (6, 5), (7, 5),"
        " (8, 5)",
    )
    refused(
        chain,
        lambda: chain.project.downgrade("general", "base", discard=True),
        "referenced by non-demo rows",
        "6 rows of stickers",
        "stuck_on",
        f"ON DELETE {action}",
        "id: 1, 3, 5, 6, 7, …",
    )


@pytest.mark.long
def test_rows_of_another_scenario_that_reference_demo_rows_are_refused(chain: Chain) -> None:
    """A writer's card on a general board stays, so the board cannot go; both can at once."""
    chain.database.execute("INSERT INTO cards VALUES (13, 1, NULL, 'Guest', TRUE, 'writer')")
    chain.project.revision("writer", date="2025-03-01")
    refused(
        chain,
        lambda: chain.project.downgrade("general", "base"),
        "referenced by non-demo rows",
        "id: 13",
    )


# ---------------------------------------------------------------- what demo rows reference


@pytest.fixture
def owned(chain: Chain) -> Chain:
    """v3: demo cards that users own, who are no demo data; one lies on the user's own board."""
    chain.database.execute(
        "INSERT INTO users VALUES (8, 'Mary'), (9, 'Hedy')",
        "UPDATE cards SET owner_id = 9 WHERE id IN (1, 3)",
        "UPDATE cards SET owner_id = 8, board_id = 12 WHERE id = 5",
    )
    return chain


@pytest.mark.long
def test_references_to_rows_outside_are_recorded(owned: Chain) -> None:
    """The capture says them per table and column; the version keeps them."""
    expected = {
        ExternalReference("cards", ("board_id",), "boards", ("id",), 1),
        ExternalReference("cards", ("owner_id",), "users", ("id",), 3),
    }
    planned = owned.project.revision("general", dry_run=True)
    assert set(planned.plan.external_references) == expected
    result = owned.project.revision("general", date="2025-01-21")
    assert set(result.plan.external_references) == expected
    assert set(owned.project.show("general@head").version.external_references) == expected


@pytest.mark.long
def test_missing_referenced_rows_are_listed_before_the_first_insert(owned: Chain) -> None:
    """All missing keys at once; not one row was tried."""
    owned.project.revision("general", date="2025-01-21")
    full = owned.database.dump()
    owned.project.downgrade("general", "base")
    owned.database.execute("DELETE FROM users WHERE id IN (8, 9)")
    small.trigger(owned.database, "nobody", "boards")
    refused(
        owned,
        lambda: owned.project.upgrade("general@head"),
        "missing reference",
        "cards.owner_id references 2 rows of users",
        "id: 8, 9",
    )
    owned.database.execute("INSERT INTO users VALUES (8, 'Mary')")
    text = refused(
        owned, lambda: owned.project.upgrade("general@head"), "missing reference", "users"
    )
    assert "id: 9" in text
    assert "8" not in text.partition("id:")[2]
    owned.database.execute("INSERT INTO users VALUES (9, 'Hedy')")
    with pytest.raises(DemosnapError, match="not on my watch"):
        owned.project.upgrade("general@head")
    drop = "DROP TRIGGER nobody"
    owned.database.execute(drop + (" ON boards" if owned.database.dialect == "postgresql" else ""))
    owned.project.upgrade("general@head")
    assert owned.database.dump() == full


def test_a_referenced_table_that_is_gone_is_named(sqlite_chain: Chain) -> None:
    """SQLite lets a table be dropped that others reference."""
    sqlite_chain.database.execute("UPDATE cards SET owner_id = 1 WHERE id = 5")
    sqlite_chain.project.revision("general", date="2025-01-21")
    sqlite_chain.project.downgrade("general", "base")
    sqlite_chain.database.execute("DROP TABLE users")
    refused(
        sqlite_chain,
        lambda: sqlite_chain.project.upgrade("general@head"),
        "missing reference",
        "users",
    )


# ---------------------------------------------------------------- keys that are taken


@pytest.mark.long
@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("INSERT INTO boards (id, name) VALUES (1, 'Mine')", ("boards", "id", "1")),
        ("INSERT INTO boards (id, name, slug) VALUES (40, '', 'demo')", ("slug", "'demo'")),
        ("INSERT INTO cards (id, board_id) VALUES (3, 2), (5, 2)", ("cards", "2 rows", "3", "5")),
    ],
)
def test_a_key_taken_by_an_unmarked_row_is_refused(
    chain: Chain, row: str, told: tuple[str, ...]
) -> None:
    """A primary or a unique key: table, key and value are named, before anything is changed."""
    chain.project.downgrade("general", "base")
    chain.database.execute(row)
    text = refused(chain, lambda: chain.project.upgrade("general@head"), "key taken", *told)
    assert "--only" not in text
    refused(
        chain, lambda: chain.project.load("general@v2", discard=True, only=True), "key taken", *told
    )


@pytest.mark.long
def test_a_key_taken_by_another_scenario_names_only(chain: Chain) -> None:
    """Where taking the other scenario out would help, the refusal says so, and it does."""
    chain.project.downgrade("general", "base")
    chain.database.execute(*small.WRITER, "UPDATE boards SET slug = 'demo' WHERE id = 11")
    chain.project.revision("writer", date="2025-03-01")
    refused(
        chain,
        lambda: chain.project.upgrade("general@head"),
        "key taken",
        "'demo'",
        "writer",
        "--only",
    )
    chain.project.upgrade("general@head", only=True)
    assert chain.database.dump() == chain.at["v2"]


@pytest.mark.long
def test_null_in_a_unique_key_takes_nothing(chain: Chain) -> None:
    """Two rows without a slug are no collision."""
    chain.database.execute("UPDATE boards SET slug = NULL WHERE id IN (1, 2)")
    chain.project.revision("general", date="2025-01-21")
    held = chain.database.dump()
    chain.project.downgrade("general", "base")
    chain.project.upgrade("general@head")
    assert chain.database.dump() == held


# ---------------------------------------------------------------- selections


@pytest.mark.long
def test_overlapping_selections_are_refused(chain: Chain) -> None:
    """A row that two scenarios would both pick is captured by neither."""
    chain.workspace.configure(
        small.SETTINGS.replace("tables:", 'tables:\n  cards: {where: "is_demo = TRUE"}')
    )
    chain.database.execute(*small.WRITER)
    files = sorted(chain.workspace.revisions.rglob("*.sql"))
    refused(
        chain,
        lambda: chain.project.revision("writer"),
        "overlap",
        "cards: 4 rows belong to both writer and general",
    )
    assert sorted(chain.workspace.revisions.rglob("*.sql")) == files


def test_a_marker_that_names_no_scenario_allows_one(sqlite_chain: Chain) -> None:
    """A second scenario would pick the rows of the first."""
    sqlite_chain.workspace.configure(
        "marker: {column: is_demo}\ntables:\n  checks: {via: card_id}\n"
    )
    with nothing_changes(sqlite_chain), pytest.raises(UsageError, match="general"):
        sqlite_chain.project.revision("writer")


# ---------------------------------------------------------------- a database that has changed


@pytest.mark.long
def test_a_table_gone_since_the_capture_is_named(chain: Chain) -> None:
    """Before anything is loaded."""
    chain.project.downgrade("general", "base")
    chain.database.execute("DROP TABLE checks")
    refused(
        chain,
        lambda: chain.project.upgrade("general@head"),
        "structure does not fit",
        "table checks",
    )


@pytest.mark.long
def test_a_column_gone_since_the_capture_is_named(chain: Chain) -> None:
    """Loading is refused; the rows that are there go only with --discard."""
    chain.database.execute("ALTER TABLE cards DROP COLUMN title")
    refused(
        chain,
        lambda: chain.project.load("general", discard=True),
        "structure does not fit",
        "cards.title",
    )
    refused(
        chain, lambda: chain.project.downgrade("general", "base"), "unsaved rows", "in no revision"
    )
    chain.project.downgrade("general", "base", discard=True)
    assert chain.stamps() == []
    assert chain.database.dump()["boards"] == chain.at["base"]["boards"]
    assert chain.database.dump()["checks"] == chain.at["base"]["checks"]


@pytest.mark.long
def test_a_new_column_that_must_be_given_is_named(chain: Chain) -> None:
    """NOT NULL without a default: the snapshot has nothing to put there."""
    chain.project.downgrade("general", "base")
    chain.database.execute(
        "DROP TABLE checks",
        "CREATE TABLE checks (id INTEGER PRIMARY KEY, card_id INTEGER NOT NULL,"
        " done VARCHAR(40), weight INTEGER NOT NULL,"
        " CONSTRAINT fk_checks_card_id FOREIGN KEY (card_id) REFERENCES cards (id))",
    )
    refused(
        chain,
        lambda: chain.project.upgrade("general@head"),
        "structure does not fit",
        "checks.weight",
        "NOT NULL",
    )


# ---------------------------------------------------------------- triggers


def test_a_trigger_that_changes_a_value_is_found_and_named(chain: Chain) -> None:
    """Table, row, column, both values and the trigger are named; all of it is rolled back."""
    chain.project.downgrade("general", "base")
    small.stubborn(chain.database, "shout", "cards", "title")
    with nothing_changes(chain), pytest.raises(VerificationError) as caught:
        chain.project.upgrade("general@head")
    text = str(caught.value)
    for told in ("cards: row id=1", "title is 'MINE', not 'Renamed'", "trigger shout_insert"):
        assert told in text


@pytest.mark.long
def test_a_trigger_that_adds_demo_rows_is_found(chain: Chain) -> None:
    """One more row than the snapshot has: the count says so, and all is rolled back."""
    chain.project.downgrade("general", "base")
    small.trigger(
        chain.database,
        "helpful",
        "cards",
        do="INSERT INTO checks VALUES (NEW.id + 100, NEW.id, 'todo')",
    )
    with nothing_changes(chain), pytest.raises(DatabaseError, match="trigger helpful on table"):
        chain.project.upgrade("general@head")


def test_a_failure_in_the_middle_of_a_load_rolls_the_purge_back(chain: Chain) -> None:
    """The rows of the version before are there as they were."""
    chain.project.downgrade("general", "-1")
    small.trigger(chain.database, "refuse", "cards", when="NEW.id = 5")
    with nothing_changes(chain), pytest.raises(DatabaseError, match="not on my watch"):
        chain.project.upgrade("general@head")


def test_a_first_move_that_is_refused_or_fails_leaves_no_table(chain: Chain) -> None:
    """demosnap's own tables come with the first change, also where DDL cannot be undone."""
    database = chain.database
    chain.project.downgrade("general", "base")
    database.execute(
        "DROP TABLE demosnap_log",
        "DROP TABLE demosnap_version",
        "DROP TABLE IF EXISTS demosnap_kept",
        "INSERT INTO boards (id, name) VALUES (1, 'Mine')",
    )
    refused(chain, lambda: chain.project.upgrade("general@head"), "key taken", "boards")
    chain.project.load("general@v2", dry_run=True)
    database.execute("DELETE FROM boards WHERE id = 1")
    small.trigger(database, "refuse", "cards")
    with nothing_changes(chain), pytest.raises(DatabaseError, match="not on my watch"):
        chain.project.upgrade("general@head")
    assert not [name for name in chain.everything() if name.startswith("demosnap")]
    # Whoever has one of them with something in it keeps it.
    database.execute("CREATE TABLE demosnap_version (version_num VARCHAR(255) PRIMARY KEY)")
    with nothing_changes(chain), pytest.raises(DatabaseError, match="not on my watch"):
        chain.project.upgrade("general@head")
    database.execute("DROP TRIGGER refuse" + _on(database, "cards"))
    chain.project.upgrade("general@head")
    assert database.dump() == chain.at["v2"]


def _on(database: Database, table: str) -> str:
    return f" ON {table}" if database.dialect == "postgresql" else ""
