"""`check --database` finds rows, stamps and tables that do not fit the loaded version."""

from __future__ import annotations

import pytest

from support import small
from support.databases import Database
from support.findings import MANIFEST, path
from support.small import Chain
from support.workspaces import MakeWorkspace

pytestmark = pytest.mark.long


def test_rows_changed_since_the_load_are_found(loaded: Chain) -> None:
    loaded.database.execute("UPDATE cards SET title = 'Drifted' WHERE id = 1")
    (finding,) = loaded.project.check(database=True)
    assert finding.message.startswith("general v2_2025-01-20: cards: row id=1: title is 'Drifted'")
    assert loaded.project.check() == []
    assert loaded.project.check("writer", database=True) == []


def test_rows_gone_and_rows_come_since_the_load_are_found(loaded: Chain) -> None:
    loaded.database.execute(
        "DELETE FROM checks WHERE id = 5",
        "INSERT INTO cards VALUES (7, 1, NULL, 'New', TRUE, 'general')",
    )
    messages = [finding.message for finding in loaded.project.check(database=True)]
    assert any("cards: the row id=7 is not in the snapshot" in message for message in messages)
    assert any("checks: the row id=5 is missing" in message for message in messages)


def test_a_truncated_database_is_found(loaded: Chain) -> None:
    loaded.database.execute(*small.REMOVE["general"])
    messages = [finding.message for finding in loaded.project.check(database=True)]
    assert any("boards: the row id=1 is missing" in message for message in messages)


def test_demo_rows_in_a_table_that_the_version_does_not_have_are_found(loaded: Chain) -> None:
    loaded.database.execute(
        "CREATE TABLE labels (id INTEGER NOT NULL PRIMARY KEY, is_demo BOOLEAN,"
        " scenario VARCHAR(20))",
        "INSERT INTO labels VALUES (1, TRUE, 'general'), (2, FALSE, NULL)",
    )
    (finding,) = loaded.project.check(database=True)
    assert "labels holds 1 demo row," in finding.message
    assert "demosnap revision general" in (finding.hint or "")


def test_a_stamp_that_no_script_knows_is_found(loaded: Chain) -> None:
    loaded.database.execute("INSERT INTO demosnap_version VALUES ('other_v3_0123abcd')")
    (finding,) = loaded.project.check(database=True)
    assert "other_v3_0123abcd" in finding.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("ALTER TABLE cards DROP COLUMN title", "column cards.title"),
        ("DROP TABLE checks", "table checks"),
        ("ALTER TABLE boards RENAME COLUMN name TO label", "column boards.name"),
    ],
)
def test_tables_that_fit_no_longer_are_found(loaded: Chain, change: str, words: str) -> None:
    loaded.database.execute(change)
    messages = [finding.message for finding in loaded.project.check(database=True)]
    assert any(words in message for message in messages)


def test_a_new_column_that_must_be_given_is_found(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """Also where nothing is loaded: the head could not be."""
    chain = small.make(make_workspace(database), "v1")
    chain.project.downgrade("general", "base")
    small_columns = "id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, weight INTEGER"
    database.execute(
        "DROP TABLE checks",
        f"CREATE TABLE checks ({small_columns} NOT NULL, done VARCHAR(40), card_id INTEGER"
        " NOT NULL REFERENCES cards (id))",
    )
    messages = [finding.message for finding in chain.project.check(database=True)]
    assert any("column checks.weight is NOT NULL" in message for message in messages)
    assert any("column checks.name is NOT NULL" in message for message in messages)


def test_the_files_are_checked_first(loaded: Chain) -> None:
    """A database cannot be compared with files that are wrong."""
    loaded.database.execute("UPDATE cards SET title = 'Drifted' WHERE id = 1")
    path(loaded, MANIFEST).unlink()
    assert [finding.file for finding in loaded.project.check(database=True)] == [MANIFEST]


def test_a_database_where_nothing_is_loaded_is_right(loaded: Chain) -> None:
    loaded.project.downgrade("general", "base")
    loaded.project.downgrade("writer", "base")
    assert loaded.project.check(database=True) == []
