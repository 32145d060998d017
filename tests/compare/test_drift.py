"""How the rows of a few tables differ from the version that is loaded, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demosnap.compare import drift, released
from demosnap.database import retained
from demosnap.database.retained import NOTHING, Retained
from demosnap.errors import SnapshotError
from demosnap.model import Version
from demosnap.results import StatusEntry, TableDrift
from support.databases import Database
from support.live import Live, live

pytestmark = pytest.mark.long

CARD = Retained({"cards": frozenset({(b"1",)})}, {"cards": ("id",)})
UNMARK = "UPDATE cards SET is_demo = FALSE WHERE id = 1"


def status(here: Live, version: Version | None, *newer: Version, **keys: Any) -> StatusEntry:
    return drift.status(here.database, here.settings(**keys), "general", version, newer)


def test_rows_of_the_version_that_is_loaded_do_not_differ(here: Live) -> None:
    version = here.capture("v1")
    here.log(version)
    entry = status(here, version)
    assert entry == StatusEntry("general", version.revision, version, (), (), ())
    assert entry.clean


def test_each_row_is_told_as_what_it_is(here: Live) -> None:
    version = here.capture("v1")
    here.execute(
        "INSERT INTO boards VALUES (4, 'new', TRUE)",
        "INSERT INTO cards VALUES (9, 'new', NULL, 'Nine', TRUE)",
        "DELETE FROM cards WHERE id = 1",
        "UPDATE cards SET title = 'Else' WHERE id = 3",
    )
    expected = (TableDrift("boards", 1, 0, 0), TableDrift("cards", 1, 1, 1))
    for _ in range(2):
        entry = status(here, version)
        assert (entry.drift, entry.unpicked, entry.problems) == (expected, (), ())
        # Those are not the rows that a load has left.
        here.log(version)


def test_before_the_first_version_all_rows_are_new(here: Live) -> None:
    entry = status(here, None)
    assert entry.drift == (TableDrift("boards", 1, 0, 0), TableDrift("cards", 2, 0, 0))
    assert (entry.revision, entry.problems) == (None, ())
    newest = here.capture("v1")
    assert status(here, None, newest).problems[0].startswith("the database holds the rows of")


def test_rows_as_a_load_has_left_them_are_no_drift(here: Live) -> None:
    """A trigger may have changed them on the way; a column that came later is not in the log."""
    version = here.capture("v1")
    here.execute("UPDATE cards SET title = 'By a trigger' WHERE id = 1")
    tables = [here.database.tables[name] for name in ("boards", "cards")]
    digest = here.rows().digest(tables)
    assert status(here, version).drift == (TableDrift("cards", 0, 0, 1),)
    here.log(here.capture("v2"), digest=digest)
    assert status(here, version).drift == (TableDrift("cards", 0, 0, 1),)
    here.log(version, digest=digest)
    assert status(here, version).drift == ()
    # A capture would write them into the next version.
    assert drift.since(here.database, version, here.rows()) == (TableDrift("cards", 0, 0, 1),)
    here.execute("UPDATE cards SET title = 'By hand' WHERE id = 3")
    assert status(here, version).drift == (TableDrift("cards", 0, 0, 2),)


def test_rows_of_other_tables_are_drift_whatever_the_log_says(here: Live) -> None:
    version = here.capture("v1", "boards")
    digest = here.rows().digest([here.database.tables["boards"]])
    here.log(version, digest=digest)
    assert status(here, version).drift == (TableDrift("cards", 2, 0, 0),)


def test_a_column_that_came_later_is_compared_whatever_the_log_says(here: Live) -> None:
    narrow = here.lacking("cards.title")
    version = narrow.capture("v1")
    tables = [narrow.database.tables[name] for name in ("boards", "cards")]
    here.log(version, digest=narrow.rows().digest(tables))
    assert status(here, version).drift == (TableDrift("cards", 0, 0, 2),)
    here.execute("UPDATE cards SET title = NULL WHERE id = 3")
    assert status(here, version).drift == (TableDrift("cards", 0, 0, 1),)
    # Also where it is not the last table that has such a column.
    version = narrow.capture("v2", "cards", "boards")
    here.log(version, digest=narrow.rows().digest(tables[::-1]))
    assert status(here, version).drift == (TableDrift("cards", 0, 0, 1),)


def test_a_snapshot_that_is_damaged_is_the_problem_alone(here: Live) -> None:
    version = here.capture("v1")
    path = Path(version.folder) / version.file
    path.write_text(path.read_text().replace("'Three'", "'Third'"))
    entry = status(here, version)
    assert entry.drift is None
    (problem,) = entry.problems
    assert "its rows differ from the captured ones" in problem
    assert (entry.revision, entry.version) == (version.revision, version)


def test_a_version_that_does_not_fit_says_why(here: Live) -> None:
    version = here.capture("v1")
    assert status(here.lacking("cards.title"), version).problems == (
        "column cards.title of the snapshot is not in the database",
    )


def test_a_row_that_is_no_longer_picked_is_not_removed(here: Live) -> None:
    version = here.capture("v1")
    here.execute(UNMARK, "DELETE FROM cards WHERE id = 3")
    entry = status(here, version)
    assert entry.drift == (TableDrift("cards", 0, 1, 0, unpicked=1),)
    (told,) = entry.unpicked
    assert (told.table, told.count) == ("cards", 1)
    assert told.rows[0].startswith("id=1: is_demo ")
    assert drift.status(here.database, here.settings(), "general", version, ()).unpicked == (told,)
    assert entry.left == {}


def test_a_row_that_is_only_no_longer_picked_is_told_of_its_table(here: Live) -> None:
    """Also beside others that differ, and in a table where none differs otherwise."""
    version = here.capture("v1")
    here.execute(UNMARK)
    assert status(here, version).drift == (TableDrift("cards", 0, 0, 0, unpicked=1),)
    here.execute("UPDATE boards SET slug = slug, is_demo = FALSE WHERE id = 1")
    assert status(here, version).drift == (
        TableDrift("boards", 0, 0, 0, unpicked=1),
        TableDrift("cards", 0, 0, 0, unpicked=1),
    )
    here.execute("INSERT INTO boards VALUES (7, 'new', TRUE)")
    assert status(here, version).drift == (
        TableDrift("boards", 1, 0, 0, unpicked=1),
        TableDrift("cards", 0, 0, 0, unpicked=1),
    )


def test_a_row_that_was_left_is_found_after_all_was_taken_out(here: Live) -> None:
    """It is held against the newest version, since none is loaded."""
    first = here.capture("v1")
    here.execute("UPDATE cards SET title = 'Before' WHERE id = 1")
    second = here.capture("v2")
    here.execute(
        "UPDATE cards SET title = 'Mine', is_demo = FALSE WHERE id = 1",
        "DELETE FROM cards WHERE is_demo = TRUE",
        "DELETE FROM boards WHERE id = 3",
    )
    assert status(here, None, first, second).unpicked == ()
    released.record(here.database, "general", CARD, NOTHING)
    entry = status(here, None, first, second)
    (told,) = entry.unpicked
    assert told.rows[0].startswith("id=1: title 'Before' → 'Mine'")
    assert entry.left == {"cards": 1}
    assert status(here, None).unpicked[0].rows == ("id=1",)
    here.execute("DELETE FROM cards WHERE id = 1")
    entry = status(here, None, first, second)
    assert (entry.unpicked, entry.left) == ((), {})


def test_a_released_row_is_neither_removed_nor_no_longer_picked(here: Live) -> None:
    version = here.capture("v1")
    here.execute(UNMARK)
    released.record(here.database, "general", NOTHING, CARD)
    entry = status(here, version)
    assert (entry.drift, entry.unpicked, entry.released) == ((), (), {"cards": 1})
    assert status(here, None).released == {"cards": 1}
    assert drift.compared(here.database, here.settings(), version, True, False).changes() == ()


def test_a_row_that_stays_is_no_drift_until_it_is_changed(here: Live) -> None:
    version = here.capture("v1")
    here.execute("INSERT INTO boards VALUES (5, 'stays', TRUE), (6, 'stays too', TRUE)")
    keys = frozenset({(b"5",), (b"6",)})
    retained.record(here.database, "general", Retained({"boards": keys}, {"boards": ("id",)}))
    entry = status(here, version)
    assert (entry.drift, entry.kept, entry.problems) == ((), {"boards": 2}, ())
    here.execute("UPDATE boards SET slug = 'else' WHERE id = 5")
    entry = status(here, version)
    assert entry.kept == {"boards": 1}
    assert entry.drift == (TableDrift("boards", 1, 0, 0),)
    assert entry.problems == ("1 row of boards that --keep-referenced kept changed since",)
    here.execute(UNMARK)
    assert status(here, version).drift == (
        TableDrift("boards", 1, 0, 0),
        TableDrift("cards", 0, 0, 0, unpicked=1),
    )


def test_what_would_be_lost_is_said_by_the_version_that_is_stamped(here: Live) -> None:
    version = here.capture("v1")
    settings = here.settings()

    def told(current: Version | None) -> list[str]:
        present = {"boards": 1, "cards": 2, "none": 0}
        found = drift.uncaptured(here.database, settings, "general", current, version, present)
        assert found.kind == "unsaved rows"
        (way,) = found.ways_out
        assert way.startswith("`demosnap revision general` saves them; --discard")
        return found.what.splitlines()

    counted = ["the demo rows of general are in no revision and would be lost (boards 1, cards 2)"]
    assert told(None) == counted
    assert told(version) == counted
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 3")
    differs = "cards: 1 modified (id: 3)"
    assert told(None) == [*counted, "not as in v1_2025-01-20:", differs]
    assert told(version) == [
        "changes of the demo rows of general since v1_2025-01-20 are in no revision and would be"
        " lost",
        differs,
    ]
    here.execute("INSERT INTO boards VALUES (5, 'stays', TRUE)")
    stays = Retained({"boards": frozenset({(b"5",)})}, {"boards": ("id",)})
    retained.record(here.database, "general", stays)
    assert len(told(version)) == 2
    here.execute("UPDATE boards SET slug = 'else' WHERE id = 5")
    assert told(None)[-1:] == ["1 row of boards that --keep-referenced kept changed since"]
    assert len(told(version)) == 4


@pytest.mark.parametrize("old", [True, False])
def test_a_comparison_with_the_database_tells_rows_that_are_no_longer_picked(
    here: Live, old: bool
) -> None:
    version = here.capture("v1")

    def kinds() -> list[tuple[str, str]]:
        comparison = drift.compared(here.database, here.settings(), version, old, False)
        sides = comparison.old.name, comparison.new.name
        assert sides == ("v1_2025-01-20", "the database")[:: 1 if old else -1]
        return [(pair.name, row.kind) for pair, rows in comparison.tables() for row in rows]

    assert kinds() == []
    here.execute(UNMARK)
    assert kinds() == [("cards", "unpicked")]
    here.execute("DELETE FROM cards WHERE id = 3")
    assert kinds() == [("cards", "unpicked"), ("cards", "removed" if old else "added")]
    here.execute("INSERT INTO boards VALUES (7, 'new', TRUE)")
    assert kinds()[0] == ("boards", "added" if old else "removed")


def test_of_a_table_only_the_rows_that_are_no_longer_picked_are_marked(here: Live) -> None:
    version = here.capture("v1")
    here.execute(
        UNMARK,
        "UPDATE cards SET title = 'Else' WHERE id = 3",
        "INSERT INTO cards VALUES (9, NULL, NULL, 'Nine', TRUE)",
        "UPDATE boards SET slug = slug, is_demo = FALSE WHERE id = 1",
    )
    comparison = drift.compared(here.database, here.settings(), version, True, False)
    kinds = [(pair.name, row.kind) for pair, rows in comparison.tables() for row in rows]
    assert kinds == [
        ("boards", "unpicked"),
        ("cards", "unpicked"),
        ("cards", "modified"),
        ("cards", "added"),
    ]
    assert [one.name for one in comparison.changes()] == ["boards", "cards"]
    assert [one.name for one in comparison.changes("cards")] == ["cards"]


def test_rows_that_hang_on_others_are_remarked(database: Database) -> None:
    """They are unchanged themselves, and shown as no difference."""
    checks = (
        "CREATE TABLE checks (id INTEGER PRIMARY KEY, card_id INTEGER,"
        " FOREIGN KEY (card_id) REFERENCES cards (id))"
    )
    with live(database, checks, "INSERT INTO checks VALUES (1, 1), (2, 1), (3, 3)") as here:
        version = here.capture("v1", "cards", "checks@card_id")
        here.execute(UNMARK)
        settings = here.settings()
        comparison = drift.compared(here.database, settings, version, True, False)
        rows = [(pair.name, row.kind) for pair, found in comparison.tables() for row in found]
        assert sorted(rows) == [("boards", "added"), ("cards", "unpicked")]
        assert comparison.remarks == (
            "checks: 2 rows are no longer picked, since cards 1 is no longer picked",
        )
        entry = drift.status(here.database, settings, "general", version, ())
        checked = {one.table: (one.removed, one.unpicked) for one in entry.drift or ()}
        assert checked == {"boards": (0, 0), "cards": (0, 1), "checks": (0, 2)}


@pytest.mark.parametrize("checked", [True, False])
def test_a_comparison_holds_rows_against_the_grammar_if_asked_to(here: Live, checked: bool) -> None:
    version = here.capture("v1")
    path = Path(version.folder) / version.file
    path.write_text(path.read_text().replace("'Three'", "version()"))
    comparison = drift.compared(here.database, here.settings(), version, True, checked)
    with pytest.raises(SnapshotError) as caught:
        comparison.changes()
    assert ("its rows differ from the captured ones" in caught.value.message) is not checked
