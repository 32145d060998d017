"""Whether the rows of a few tables are those of a version."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from demosnap.compare import captured
from demosnap.database import retained
from demosnap.database.retained import NOTHING, Retained
from demosnap.model import Version
from demosnap.options import MoveOptions
from support.databases import Database
from support.live import Live, live

STAYS = Retained({"boards": frozenset({(b"5",)})}, {"boards": ("id",)})


def holding(here: Live, *versions: Version, kept: Retained = NOTHING) -> Version | None:
    rows = here.rows() - kept.rows(here.database)
    found = captured.holding(rows, "general", versions, kept)
    assert captured.is_captured(rows, "general", versions, kept) is (found is not None)
    return found


def test_rows_are_those_of_the_version_that_holds_them(here: Live) -> None:
    first = here.capture("v1")
    assert holding(here) is None
    assert holding(here, first) == first
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    second = here.capture("v2")
    assert holding(here, first) is None
    assert holding(here, first, second) == second
    here.execute("INSERT INTO cards VALUES (9, 'demo', NULL, 'Nine', TRUE)")
    assert holding(here, first, second) is None


def test_of_versions_that_are_alike_it_is_the_likeliest(here: Live) -> None:
    first, second = here.capture("v1"), here.capture("v2")
    assert holding(here, first, second) == first
    assert holding(here, second, first) == second


def test_no_rows_are_of_no_version_and_need_none(here: Live) -> None:
    empty = here.rows({"cards": "id > 90"})
    assert captured.is_captured(empty, "general", [])
    assert captured.holding(empty, "general", []) is None
    here.execute("DELETE FROM cards")
    assert not captured.is_captured(here.rows(), "general", [])
    here.execute("DELETE FROM boards")
    version = here.capture("v1")
    assert captured.holding(here.rows(), "general", [version]) is None


def test_what_a_load_has_left_is_what_it_brought(here: Live) -> None:
    """A trigger may have changed the rows: the log has the digest of what was there then."""
    version = here.capture("v1")
    here.execute("UPDATE cards SET title = 'By a trigger' WHERE id = 1")
    tables = [here.database.tables[name] for name in ("boards", "cards")]
    digest = here.rows().digest(tables)
    assert holding(here, version) is None
    here.log(version, digest=None)
    assert holding(here, version) is None
    here.execute("UPDATE cards SET title = 'One' WHERE id = 1")
    second = here.capture("v2")
    assert holding(here, second, version) == second
    here.execute("UPDATE cards SET title = 'By a trigger' WHERE id = 1")
    here.log(version, digest=digest, rows={"boards": 1, "cards": 1})
    assert holding(here, version) is None
    here.log(version, digest=digest)
    assert holding(here) is None
    assert holding(here, version) == version
    # A later version may have just these rows, and the one that was loaded has them by the log.
    assert holding(here, here.capture("v2"), version) == version
    here.execute("UPDATE cards SET title = 'By hand' WHERE id = 1")
    assert holding(here, version) is None
    here.execute("UPDATE cards SET title = 'By a trigger' WHERE id = 1")
    here.log(None, "purge")
    assert holding(here, version) is None


def test_rows_that_stay_are_looked_at_beside_a_version(here: Live) -> None:
    version = here.capture("v1")
    here.execute("INSERT INTO boards VALUES (5, 'stays', TRUE)")
    assert holding(here, version) is None
    assert holding(here, version, kept=STAYS) == version


def test_a_version_that_picks_fewer_of_the_rows_does_not_hold_them(here: Live) -> None:
    """There are two rows, as it has, and one of them is of a table that it does not pick."""
    version = here.capture("v1", "cards")
    here.execute("DELETE FROM cards WHERE id = 3")
    assert holding(here, version) is None


def test_a_column_that_came_later_may_hold_nothing_but_its_default(database: Database) -> None:
    notes = (
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, is_demo BOOLEAN NOT NULL, text VARCHAR(9),"
        " level INTEGER DEFAULT 3, twice INTEGER GENERATED ALWAYS AS (id + id) STORED)"
    )
    columns = "INSERT INTO notes (id, is_demo, text, level) VALUES"
    with live(database, notes, f"{columns} (1, TRUE, NULL, 3)") as here:

        def held(*columns: str) -> bool:
            version = here.lacking(*columns).capture("v1", "notes")
            rows = here.rows({"notes": "is_demo = TRUE"})
            return captured.holding(rows, "general", [version]) == version

        assert held("notes.text", "notes.level")
        here.execute(f"{columns} (2, FALSE, 'real', 8)")
        assert held("notes.text", "notes.level")
        here.execute("UPDATE notes SET level = NULL WHERE id = 1")
        assert held("notes.level")
        here.execute("UPDATE notes SET level = 4 WHERE id = 1")
        assert not held("notes.level")
        assert held("notes.text")
        here.execute("UPDATE notes SET text = 'x' WHERE id = 1")
        assert not held("notes.text")
        assert held()


def test_one_table_with_more_than_a_version_has_is_enough(here: Live) -> None:
    version = here.lacking("cards.title").capture("v1")
    assert holding(here, version) is None
    here.execute("UPDATE cards SET title = NULL WHERE is_demo = TRUE")
    assert holding(here, version) == version


def test_a_file_that_is_not_what_was_captured_vouches_for_nothing(here: Live) -> None:
    version = here.capture("v1")
    path = Path(version.folder) / version.file
    text = path.read_text()
    path.write_text(text.replace("'Three'", "'Third'"))
    assert holding(here, version) is None
    path.write_text(text.replace("'Three'", "'Three"))
    assert holding(here, version) is None
    path.write_text(text)
    assert holding(here, version) == version
    path.unlink()
    assert holding(here, version) is None


def test_a_version_of_a_table_that_is_gone_holds_nothing(here: Live) -> None:
    version = here.capture("v1")
    rows = here.rows({"boards": "id IN (1, 2)", "users": "id = 1"})
    tables = {name: table for name, table in here.database.tables.items() if name != "cards"}
    gone = Live(replace(here.database, tables=tables), here.folder)
    assert captured.holding(gone.rows(rows), "general", [version]) is None
    assert captured.holding(here.lacking("cards.title").rows(), "general", [version]) is None


def test_counts_are_compared_table_by_table() -> None:
    assert captured.same_counts({}, {})
    assert captured.same_counts({"cards": 2, "boards": 0}, {"cards": 2, "users": 0})
    assert not captured.same_counts({"cards": 2}, {"cards": 1})
    assert not captured.same_counts({"cards": 1}, {"cards": 1, "boards": 1})
    assert not captured.same_counts({"cards": 1, "boards": 1}, {"cards": 1})


def test_rows_of_the_newest_version_without_its_stamp_are_told(here: Live) -> None:
    first = here.capture("v1")
    here.execute("INSERT INTO boards VALUES (4, 'new', TRUE)")
    newest = here.capture("v2")

    def told(versions: list[Version], current: Version | None) -> list[str]:
        found = captured.unstamped(here.database, here.settings(), versions, current)
        beside = here.rows()
        assert found == list(captured.unstamped_rows(beside, versions, current, NOTHING))
        options = MoveOptions()
        noted = captured.notes_of(beside, versions, current, NOTHING, options)
        assert list(noted) == found
        assert (
            captured.notes_of(beside, versions, current, NOTHING, MoveOptions(discard=True)) == ()
        )
        return found

    (said,) = told([first, newest], first)
    assert said == (
        "the database holds the rows of general v2_2025-01-20, but is stamped v1_2025-01-20\n"
        "`demosnap stamp general@v2` stamps it"
    )
    (said,) = told([first, newest], None)
    assert "but is not stamped with it" in said
    assert told([], None) == []
    assert told([], first) == []
    assert told([first, newest], newest) == []
    assert told([newest, first], newest) == []
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    assert told([first, newest], first) == []
    here.execute("DELETE FROM cards WHERE is_demo = TRUE")
    here.execute("DELETE FROM boards WHERE is_demo = TRUE")
    assert told([first, newest], first) == []


def test_the_rows_of_the_newest_version_are_those_that_it_picks(here: Live) -> None:
    """Whatever the configuration, or an older version, picks."""
    first, newest = here.capture("v1", "boards"), here.capture("v2")
    settings = here.settings(exclude=("cards",))
    (said,) = captured.unstamped(here.database, settings, [first, newest], None)
    assert "the rows of general v2_2025-01-20" in said


def test_no_rows_are_no_unstamped_version(here: Live) -> None:
    """A version of no rows says nothing of a database that has none."""
    here.execute(
        "DELETE FROM cards WHERE is_demo = TRUE", "DELETE FROM boards WHERE is_demo = TRUE"
    )
    newest = here.capture("v1")
    assert captured.unstamped(here.database, here.settings(), [newest], None) == []


def test_rows_that_stay_do_not_hide_that_the_stamp_is_missing(here: Live) -> None:
    """Neither those that an earlier move kept."""
    newest = here.capture("v1")
    here.execute("INSERT INTO boards VALUES (5, 'stays', TRUE)")
    assert captured.unstamped(here.database, here.settings(), [newest], None) == []
    retained.record(here.database, "general", STAYS)
    (said,) = captured.unstamped(here.database, here.settings(), [newest], None)
    assert said.startswith("the database holds the rows of general v1_2025-01-20")


def test_a_version_of_another_dialect_is_compared_by_its_values(here: Live) -> None:
    """A boolean is another literal there, and means the same; one's own are looked at first."""
    version = here.translated("v1")
    assert version.dialect != here.database.dialect.name
    assert holding(here, version) == version
    own = here.capture("v2")
    assert holding(here, version, own) == own
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    assert holding(here, version, own) is None


def test_a_version_of_another_dialect_that_cannot_be_read_vouches_for_nothing(here: Live) -> None:
    version = here.translated("v1")
    path = Path(version.folder) / version.file
    path.write_text(path.read_text().replace("'Three'", "'Third'"))
    here.execute("UPDATE cards SET title = 'Third' WHERE id = 3")
    assert holding(here, version) is None
