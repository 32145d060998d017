"""What is said of rows that are no longer picked: on a few tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from demosnap.compare import unpicked
from demosnap.compare.known_rows import KnownRows
from demosnap.database.retained import NOTHING, Retained
from demosnap.model import Version
from support.databases import Database
from support.live import Live, live, some

pytestmark = pytest.mark.long

UNMARK = "UPDATE cards SET is_demo = FALSE WHERE id = 1"
HANGING = (
    "CREATE TABLE checks (id INTEGER PRIMARY KEY, card_id INTEGER,"
    " FOREIGN KEY (card_id) REFERENCES cards (id))",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, check_id INTEGER,"
    " FOREIGN KEY (check_id) REFERENCES checks (id))",
    "INSERT INTO checks VALUES (1, 1)",
    "INSERT INTO notes VALUES (1, 1)",
)
CHAIN = ("boards", "cards", "checks@card_id", "notes@check_id")
LETS_GO = "(with alembic: -x demosnap.release=TABLE/KEY,…) lets go, and"


def lines(here: Live, version: Version | None, rows: KnownRows) -> tuple[str, ...]:
    (told,) = unpicked.described(here.database, version, rows)
    return told.rows


def test_a_row_is_told_with_what_changed_in_it(here: Live) -> None:
    version = here.capture("v1")
    left = KnownRows(left=some(cards=(1,)))
    assert lines(here, version, left) == ("id=1: unchanged itself",)
    assert lines(here, None, left) == ("id=1",)
    here.execute("UPDATE cards SET title = 'Mine', owner_id = NULL WHERE id = 1")
    assert lines(here, version, left) == ("id=1: owner_id 1 → NULL, title 'One' → 'Mine'",)
    assert lines(here, version, KnownRows(left=some(cards=(2,)))) == ("id=2",)


def test_a_row_is_told_with_the_scenario_that_picks_it_now(here: Live) -> None:
    version = here.capture("v1")
    rows = KnownRows(left=some(cards=(3,)), elsewhere={"writer": some(cards=(1,))})
    said = "scenario writer picks it now"
    assert lines(here, version, rows) == (
        f"id=1: unchanged itself, {said}",
        "id=3: unchanged itself",
    )
    assert lines(here, None, rows) == (f"id=1: {said}", "id=3")


def test_a_column_that_came_later_has_not_changed(here: Live) -> None:
    version = here.lacking("cards.title").capture("v1")
    assert lines(here, version, KnownRows(left=some(cards=(1,)))) == ("id=1: unchanged itself",)


def test_a_row_that_is_known_by_another_key_is_told_by_that(here: Live) -> None:
    version = here.capture("v1")
    by_slug = Retained({"boards": frozenset({(b"'demo'",)})}, {"boards": ("slug",)})
    assert lines(here, version, KnownRows(left=by_slug)) == ("slug='demo'",)
    by_owner = replace(some(cards=(1,)), columns={"cards": ("owner_id",)})
    assert lines(here, version, KnownRows(left=by_owner)) == ("owner_id=1",)


def test_the_first_rows_by_number_are_told(here: Live) -> None:
    here.execute(*(f"INSERT INTO cards VALUES ({n}, NULL, NULL, 'x', TRUE)" for n in range(4, 14)))
    version = here.capture("v1")
    rows = KnownRows(left=some(cards=(13, 12, 11, 10, 9, 8, 7)))
    (told,) = unpicked.described(here.database, version, rows)
    assert told.count == 7
    assert told.rows == tuple(f"id={n}: unchanged itself" for n in (7, 8, 9, 10, 11))


def test_rows_that_follow_are_told_with_those_they_hang_on(database: Database) -> None:
    with live(database, *HANGING) as here:
        version = here.capture("v1", *CHAIN)

        def since(name: str, *cards: int, of: Version | None = version) -> str:
            rows = KnownRows(left=some(cards=cards), following={name: 2})
            told = unpicked.described(here.database, of, rows)[-1]
            assert (told.table, told.following) == (name, 2)
            return told.since

        assert since("checks", 1) == since("notes", 1) == "cards 1 is no longer picked"
        assert since("checks", 3, 1) == "cards 1, 3 are no longer picked"
        assert since("checks", 11, 10, 9) == "cards 9, 10, 11 are no longer picked"
        assert since("checks", 12, 11, 10, 9) == "cards 9, 10, 11, … are no longer picked"
        rest = "rows that they hang on are no longer picked"
        assert since("checks", 1, of=None) == rest
        assert since("users", 1) == since("boards", 1) == rest
        tables = {name: table for name, table in here.database.tables.items() if name != "checks"}
        here = Live(replace(here.database, tables=tables), here.folder)
        assert since("checks", 1) == rest


def test_all_tables_are_told_line_by_line(here: Live) -> None:
    found = unpicked.described(here.database, None, KnownRows(left=some(boards=(1,), cards=(1,))))
    assert unpicked.line(found) == (
        "boards: 1 row is no longer picked (id=1)\ncards: 1 row is no longer picked (id=1)"
    )


def test_rows_with_other_values_than_those_of_a_version_are_edited(here: Live) -> None:
    version = here.capture("v1")
    both = some(boards=(1,), cards=(1, 3))
    assert unpicked.edited(here.database, version, both) == {}
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 3")
    assert unpicked.edited(here.database, version, both) == {"cards": {(b"3",)}}
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    assert unpicked.edited(here.database, version, both) == {"cards": {(b"1",), (b"3",)}}


def test_rows_that_would_go_are_named(here: Live) -> None:
    assert unpicked.hanging(some(checks=(10, 9), notes=(6, 5, 4, 3, 2, 10))) == (
        "checks: 2 rows in no revision would go, since the rows that they hang on are brought back"
        " (id: 9, 10)\n"
        "notes: 6 rows in no revision would go, since the rows that they hang on are brought back"
        " (id: 2, 3, 4, 5, 6, …)"
    )


def test_the_way_to_let_rows_go_names_the_first(here: Live) -> None:
    assert unpicked.ways(NOTHING) == ""
    assert len(list(unpicked.names(some(cards=(1, 2, 3, 4, 5, 6), notes=(1,))))) == 6
    assert unpicked.ways(some(cards=(1,))) == (
        f"--release cards/1 {LETS_GO} it is a real row from now on"
    )
    they = f"{LETS_GO} they are real rows from now on"
    assert unpicked.ways(some(cards=(10, 9))) == f"--release cards/9 --release cards/10 {they}"
    five = " ".join(f"--release cards/{n}" for n in range(1, 6))
    assert unpicked.ways(some(cards=(5, 4, 3, 2, 1))) == f"{five} {they}"
    assert unpicked.ways(some(cards=(6, 5, 4, 3, 2, 1))) == f"{five} … {they}"
    assert unpicked.ways(some(cards=(5, 4, 3, 2, 1), notes=(1,))) == f"{five} … {they}"


def test_left_rows_that_reference_rows_of_a_move_are_told(database: Database) -> None:
    with live(database, *HANGING) as here:
        leaving = {"boards": "slug = 'demo'", "cards": "id = 1"}

        def told(rows: Retained, resettable: str | None = None) -> list[str]:
            return list(unpicked.pointing(here.database, leaving, rows, resettable))

        assert told(NOTHING) == told(some(cards=(2,))) == told(some(boards=(1,))) == []
        assert told(some(checks=(1,)), "general") == [
            "1 of these came with a version and is no longer picked (checks/1):"
            " `demosnap reset general --discard` brings it back first"
        ]
        assert told(some(cards=(1, 2, 3))) == [
            "2 of these came with a version and are no longer picked (cards/1, cards/2, cards/3):"
            " an upgrade or downgrade, with --discard, to a version that has them brings them back"
            " first"
        ]


def test_a_capture_tells_which_rows_it_leaves_out(
    here: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = here.capture("v1")

    def told(**rows: int) -> list[str]:
        selection = parent.selection
        return list(unpicked.left_by_capture(here.database, selection, parent, rows, dict))

    assert told(boards=1, cards=2) == []
    here.execute(UNMARK)
    (said,) = told(boards=1, cards=1)
    assert said.startswith("cards: 1 row is no longer picked (id=1: is_demo ")
    assert said.endswith(
        "\nv1_2025-01-20 has them; they are not captured, and are real rows from now on"
    )
    # A row that came in hides from the counts that another went.
    assert told(boards=1, cards=2) == [said]
    monkeypatch.setattr(unpicked, "_MOST_COMPARED", 3)
    assert told(boards=1, cards=2) == [said]
    monkeypatch.setattr(unpicked, "_MOST_COMPARED", 2)
    assert told(boards=1, cards=2) == []
    assert told(boards=1, cards=1) == told(cards=2) == [said]
