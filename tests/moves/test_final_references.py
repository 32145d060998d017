"""Which references a run must not leave dangling: on a few tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from demosnap.errors import VerificationError
from demosnap.model import ForeignKey
from demosnap.moves import difference, final_references
from demosnap.moves.cascade import CascadedRows
from demosnap.moves.goal import Goal
from demosnap.moves.planned import PlannedMove
from demosnap.refusal import Refusal
from support.databases import Database
from support.live import DEMO, Live, live, some

NOTHING = CascadedRows()
MORE = (
    "CREATE TABLE checks (id INTEGER PRIMARY KEY, card_id INTEGER,"
    " CONSTRAINT fk_card FOREIGN KEY (card_id) REFERENCES cards (id))",
    "CREATE TABLE spans (id INTEGER PRIMARY KEY, first_id INTEGER UNIQUE, last_id INTEGER,"
    " CONSTRAINT fk_first FOREIGN KEY (first_id) REFERENCES users (id) ON DELETE SET NULL)",
    "CREATE TABLE marks (first_id INTEGER,"
    " CONSTRAINT fk_mark FOREIGN KEY (first_id) REFERENCES spans (first_id))",
    "INSERT INTO checks VALUES (1, 2), (2, 2), (3, 1)",
    "INSERT INTO spans VALUES (1, 1, 1), (2, 2, 2)",
    "INSERT INTO marks VALUES (1), (1)",
)


@pytest.fixture
def more(database: Database) -> Iterator[Live]:
    with live(database, *MORE) as opened:
        yield opened


def key_of(here: Live, table: str, name: str) -> ForeignKey:
    (found,) = (key for key in here.database.tables[table].foreign_keys if name in key.columns)
    return found


def refusals(here: Live, cascaded: CascadedRows, kept: bool = False) -> list[Refusal]:
    demo = here.rows({**DEMO, "checks": "id = 1 OR id = 3"})
    plan = PlannedMove(Goal("general", None, None), "purge", demo)
    if kept:
        plan = replace(plan, kept=some(checks=(1, 3)))
    return final_references.refusals(here.database, [plan], cascaded)


def test_without_further_rows_nothing_is_refused(more: Live) -> None:
    assert refusals(more, CascadedRows()) == []


def test_a_demo_row_that_stays_may_not_reference_rows_that_go_along(more: Live) -> None:
    gone = CascadedRows(some(cards=(2,)).keys)
    assert refusals(more, gone) == []
    (refused,) = refusals(more, gone, kept=True)
    assert refused.what.startswith("rows of checks reference rows of cards that would go along\n")
    assert refused.keys == ("1",)
    assert "; id: 1)" in refused.what
    assert refusals(more, CascadedRows(some(users=(2,)).keys), kept=True) == []


def test_a_row_may_not_reference_a_value_that_is_set_to_null(more: Live) -> None:
    """Of a table without a key, the values of the reference are shown."""
    by = key_of(more, "spans", "first_id")
    first = frozenset({(b"1",)})
    (refused,) = refusals(more, CascadedRows(nulled=(("spans", by, first),)))
    assert refused.what.startswith("rows of marks reference rows of spans that would lose first_id")
    assert refused.keys == ("1", "1")
    assert "; first_id: 1, 1)" in refused.what
    assert refusals(more, CascadedRows(nulled=(("spans", by, frozenset({(b"2",)})),))) == []
    other = replace(by, columns=("last_id",))
    assert refusals(more, CascadedRows(nulled=(("spans", other, first),))) == []


def test_only_the_first_rows_are_named(more: Live) -> None:
    by = key_of(more, "spans", "first_id")
    nulled = CascadedRows(nulled=(("spans", by, frozenset({(b"1",)})),))
    more.execute("INSERT INTO marks VALUES (1), (1), (1)")
    (refused,) = refusals(more, nulled)
    assert len(refused.keys) == 5
    assert "…" not in refused.what
    more.execute("INSERT INTO marks VALUES (1)")
    (refused,) = refusals(more, nulled)
    assert len(refused.keys) == 5
    assert "…" in refused.what


def test_the_values_that_rows_outside_reference_are_noted(more: Live) -> None:
    everything = {"cards": "1 = 1", "spans": "1 = 1"}

    def pins(**predicates: str) -> list[tuple[str, list[tuple[bytes, ...]]]]:
        return [
            (name, values) for name, _, values in final_references.pins(more.database, predicates)
        ]

    assert pins(**everything) == [("checks", [(b"1",), (b"2",)]), ("marks", [(b"1",)])]
    assert pins(cards="id = 2", spans="id = 2") == [("checks", [(b"2",)])]
    assert pins(**everything, checks="id = 3") == [("checks", [(b"2",)]), ("marks", [(b"1",)])]
    assert pins(users="1 = 1") == [("cards", [(b"1",)]), ("spans", [(b"1",), (b"2",)])]


def test_a_foreign_key_that_the_database_enforces_in_part_is_left_to_it(more: Live) -> None:
    tables = dict(more.database.tables)
    tables["checks"] = replace(
        tables["checks"],
        foreign_keys=tuple(replace(one, enforced="some") for one in tables["checks"].foreign_keys),
    )
    database = replace(more.database, tables=tables)
    found = final_references.pins(database, {"cards": "1 = 1", "spans": "1 = 1"})
    assert [name for name, _, _ in found] == ["marks"]


def test_a_reference_that_leads_nowhere_afterwards_is_refused(more: Live) -> None:
    before = final_references.pins(more.database, {"cards": "1 = 1", "spans": "1 = 1"})
    final_references.check(more.database, before)
    more.execute("DELETE FROM checks WHERE id = 3", "DELETE FROM cards WHERE id = 1")
    # No row references it any more.
    final_references.check(more.database, before)
    more.execute("INSERT INTO cards VALUES (1, NULL, NULL, 'One', TRUE)")
    more.unchecked("DELETE FROM cards WHERE id = 2", "UPDATE spans SET first_id = 7 WHERE id = 1")
    with pytest.raises(VerificationError) as caught:
        final_references.check(more.database, before)
    assert caught.value.message == (
        "checks.card_id: 2 rows would reference no row of cards (2)\n"
        "marks.first_id: 2 rows would reference no row of spans (1)"
    )


def test_a_version_may_not_reference_rows_that_another_move_of_the_run_purges(here: Live) -> None:
    cards = here.capture("v1", "cards", scenario="writer")
    boards = here.capture("v2", "boards")
    load = PlannedMove(Goal("writer", None, cards), "load", here.rows({"cards": DEMO["cards"]}))
    rows = here.rows({"boards": DEMO["boards"]})
    purge = PlannedMove(Goal("general", boards, None), "purge", rows)

    def refused(*run: PlannedMove, cascaded: CascadedRows = NOTHING) -> list[tuple[str, str]]:
        found = final_references.refusals(here.database, run, cascaded)
        return [(one.table, one.what.splitlines()[0]) for one in found]

    ((_, said),) = refused(load, purge)
    assert said == (
        "cards.board references 1 row of boards that is not in the snapshot, and that goes, or"
        " loses the value, in the same run (slug: 'demo')"
    )
    assert refused(purge, load) == [(_, said)]
    # Each move of its own has refusals for what it lacks itself.
    assert refused(load) == refused(purge) == []
    board = some(boards=(1,))
    assert refused(load, replace(purge, kept=board)) == []
    assert refused(replace(purge, goal=Goal("general", boards, boards)), load) == []
    # So it is with rows that go along.
    assert [name for name, _ in refused(load, cascaded=CascadedRows(board.keys))] == [_]
    assert refused(load, cascaded=CascadedRows(some(boards=(2,)).keys)) == []
    narrow = here.lacking("cards.title")
    assert final_references.refusals(narrow.database, [load, purge], NOTHING) == []


def test_a_version_may_not_reference_a_value_that_is_set_to_null(database: Database) -> None:
    notes = (
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, first_id INTEGER, is_demo BOOLEAN NOT NULL,"
        " CONSTRAINT fk_note FOREIGN KEY (first_id) REFERENCES spans (first_id))",
        "INSERT INTO notes VALUES (1, 1, TRUE)",
    )
    with live(database, *MORE, *notes) as here:
        target = here.capture("v1", "notes")
        rows = here.rows({"notes": "is_demo = TRUE"})
        load = PlannedMove(Goal("general", None, target), "load", rows)
        by = key_of(here, "spans", "first_id")

        def refused(table: str, key: ForeignKey, number: bytes) -> list[str]:
            cascaded = CascadedRows(nulled=((table, key, frozenset({(number,)})),))
            found = final_references.refusals(here.database, [load], cascaded)
            return [one.table for one in found if one.kind == "missing reference"]

        assert refused("spans", by, b"1") == ["notes"]
        assert refused("spans", by, b"2") == []
        assert refused("spans", replace(by, columns=("last_id",)), b"1") == []
        assert refused("users", by, b"1") == []


def test_only_a_run_of_several_moves_checks_what_each_move_checks_by_itself(here: Live) -> None:
    """Missing rows, and references that dangled at the capture and that are loaded anew."""
    here.unchecked("UPDATE cards SET board = 'nowhere' WHERE id = 1")
    cards = here.capture("v1", "cards", scenario="writer")
    load = PlannedMove(Goal("writer", None, cards), "load", here.rows({"cards": DEMO["cards"]}))
    other = PlannedMove(Goal("general", None, None), "purge", here.rows({"users": "1 = 0"}))

    def refused(*run: PlannedMove, cascaded: CascadedRows = NOTHING) -> list[tuple[str, ...]]:
        found = final_references.refusals(here.database, run, cascaded)
        return sorted((one.table, one.kind, *one.keys) for one in found)

    takes = here.database.dialect.takes_dangling(
        here.database.connection, here.database.tables["cards"], key_of(here, "cards", "board")
    )
    dangling = [] if takes else [("cards", "missing reference", "'nowhere'")]
    assert refused(load) == []
    assert refused(load, other) == refused(other, load) == dangling
    by_difference = replace(load, planned=difference.compare(here.database, cards, load.to_delete))
    assert refused(by_difference, other) == []
    assert refused(load, cascaded=CascadedRows(some(users=(2,)).keys)) == []

    here.unchecked("DELETE FROM boards WHERE id = 1")
    missing = ("cards", "missing reference", "'demo'")
    assert refused(load) == []
    assert refused(load, other) == sorted([missing, *dangling])


def test_each_batch_of_noted_values_is_checked(more: Live) -> None:
    numbers = range(100, 400)
    cards = ", ".join(f"({n}, NULL, NULL, 'Many', FALSE)" for n in numbers)
    checks = ", ".join(f"({n}, {n})" for n in numbers)
    more.execute(f"INSERT INTO cards VALUES {cards}", f"INSERT INTO checks VALUES {checks}")
    before = final_references.pins(more.database, {"cards": "1 = 1"})
    more.unchecked("DELETE FROM cards WHERE id = 399")
    with pytest.raises(VerificationError, match=r"1 row would reference no row of cards \(399\)"):
        final_references.check(more.database, before)
