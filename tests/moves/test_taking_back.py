"""Rows that are no longer picked: brought back, left or released by a move, on a few tables."""

from __future__ import annotations

from typing import Any

import pytest

from demosnap.compare import released
from demosnap.compare.known_rows import NONE
from demosnap.database.retained import NOTHING
from demosnap.errors import UnknownNameError, UsageError
from demosnap.model import Version
from demosnap.moves import execute, plan
from demosnap.moves.goal import Goal
from demosnap.moves.planned import PlannedMove
from demosnap.moves.taking_back import TakingBack
from demosnap.options import MoveOptions
from support.databases import Database
from support.live import Live, live, some

UNMARK = "UPDATE cards SET is_demo = FALSE WHERE id = 1"
EDIT = "UPDATE cards SET title = 'Edited' WHERE id = 1"
CARD = some(cards=(1,))


def planned(
    here: Live,
    current: Version | None,
    target: Version | None,
    *,
    by_difference: bool = False,
    **options: Any,
) -> PlannedMove:
    """Plan a move of general."""
    goal = Goal("general", current, target, by_difference=by_difference)
    known = [v for v in (current, target) if v is not None]
    (found,) = plan.prepare(
        here.database, here.settings(), {"general": known}, [goal], MoveOptions(**options)
    )
    return found


def reset(here: Live, version: Version, **options: Any) -> PlannedMove:
    return planned(here, version, version, by_difference=True, **options)


def act(here: Live, found: PlannedMove) -> None:
    assert found.refusals == ()
    execute.act(here.database, [found], settings=here.settings())


def kinds(found: PlannedMove) -> list[str]:
    return [one.kind for one in found.refusals]


def card(here: Live, number: int) -> tuple[Any, ...] | None:
    sql = f"SELECT board, title, is_demo FROM cards WHERE id = {number}"
    row = here.database.connection.exec_driver_sql(sql).first()
    return None if row is None else (row[0], row[1], bool(row[2]))


def told(found: PlannedMove) -> str:
    return "\n".join(found.notes)


def apart(here: Live) -> Version:
    """Capture a version with card 1 apart from the demo board, so that it can stay without it."""
    here.execute("UPDATE cards SET board = 'mine' WHERE id = 1")
    return here.capture("v1")


def test_a_purge_leaves_them_and_remembers_it(here: Live) -> None:
    version = apart(here)
    here.execute(UNMARK)
    found = planned(here, version, None)
    assert (found.purge, found.unpicked) == ({"cards": 1, "boards": 1}, {"cards": 1})
    assert "left as it is; the next load of a version that has it brings it back" in told(found)
    assert "`demosnap reset general --discard` before this" in told(found)
    act(here, found)
    assert (card(here, 1), card(here, 3)) == (("mine", "One", False), None)
    assert released.left(here.database, "general") == CARD
    # A load brings it back, and a second purge has nothing to say of it.
    found = planned(here, None, version, discard=True)
    assert "brought back, changed in place" in told(found)
    act(here, found)
    assert card(here, 1) == ("mine", "One", True)
    assert released.left(here.database, "general") == NOTHING
    assert planned(here, version, None).notes == ()


def test_a_change_of_them_is_lost_only_with_discard(here: Live) -> None:
    first = apart(here)
    here.execute("UPDATE cards SET title = 'Later' WHERE id = 3")
    second = here.capture("v2")
    here.execute(UNMARK, EDIT)
    found = planned(here, second, first)
    assert kinds(found) == ["unsaved rows"]
    assert "rows of general that are no longer picked" in str(found.refusals[0])
    assert card(here, 1) == ("mine", "Edited", False)
    act(here, planned(here, second, first, discard=True))
    assert card(here, 1) == ("mine", "One", True)


def test_other_changes_are_lost_only_with_discard(here: Live) -> None:
    """What is still picked differs from the version: its rows, or rows beside them."""
    version = apart(here)
    here.execute(UNMARK)
    for edit, back in (
        (
            "UPDATE cards SET title = 'Else' WHERE id = 3",
            "UPDATE cards SET title = 'Three' WHERE id = 3",
        ),
        ("INSERT INTO boards VALUES (7, 'new', TRUE)", "DELETE FROM boards WHERE id = 7"),
        ("INSERT INTO cards VALUES (7, NULL, NULL, 'x', TRUE)", "DELETE FROM cards WHERE id = 7"),
    ):
        assert kinds(planned(here, version, None)) == []
        here.execute(edit)
        assert kinds(planned(here, version, None)) == ["unsaved rows"]
        assert kinds(planned(here, version, None, discard=True)) == []
        here.execute(back)


def test_a_row_of_another_version_is_brought_back_where_this_database_had_it(here: Live) -> None:
    """The target's key is taken by its own row, which an earlier load had brought."""
    first = apart(here)
    here.execute("DELETE FROM cards WHERE id = 1")
    second = here.capture("v2")
    here.execute("INSERT INTO cards VALUES (1, 'mine', NULL, 'One', FALSE)")
    assert kinds(planned(here, second, first, discard=True)) == ["key taken"]
    here.log(first)
    here.log(second)
    found = planned(here, second, first, discard=True)
    assert (kinds(found), found.unpicked) == ([], {"cards": 1})
    act(here, found)
    assert card(here, 1) == ("mine", "One", True)
    here.execute(UNMARK)
    here.log(None, "purge")
    here.log(second)
    assert kinds(planned(here, second, first, discard=True)) == ["key taken"]


def test_a_released_row_is_real_from_then_on(here: Live) -> None:
    version = apart(here)
    here.execute(UNMARK, EDIT)
    found = reset(here, version, release=("cards/1",))
    assert (kinds(found), told(found)) == (
        [],
        "left out, since they were released or hang on released rows: cards 1 (cards/1)",
    )
    act(here, found)
    assert card(here, 1) == ("mine", "Edited", False)
    assert released.released(here.database, "general", {}) == CARD
    found = planned(here, version, None, release=("cards/1",))
    assert (found.action, found.unpicked, found.move.released) == ("purge", {}, {"cards": 1})
    act(here, found)
    act(here, planned(here, None, version))
    assert (card(here, 1), card(here, 3)) == (("mine", "Edited", False), ("demo", "Three", True))


def test_a_purge_says_what_it_releases_for_the_first_time(here: Live) -> None:
    version = apart(here)
    here.execute(UNMARK)
    assert told(planned(here, version, None, release=("cards/1",))) == "released: cards/1"
    released.record(here.database, "general", NOTHING, CARD)
    assert told(planned(here, version, None, release=("cards/1",))) == ""


def test_only_rows_that_are_there_and_not_picked_are_released(here: Live) -> None:
    version = apart(here)
    assert kinds(reset(here, version, release=("cards/1",))) == ["cannot release"]
    here.execute("DELETE FROM cards WHERE id = 1")
    assert "cannot release" in kinds(reset(here, version, discard=True, release=("cards/1",)))
    with pytest.raises(UsageError, match="--release cards/2: the versions of general"):
        reset(here, version, release=("cards/1", "cards/2"))
    with pytest.raises(UnknownNameError, match="unknown table 'crads'"):
        reset(here, version, release=("crads/1",))


def test_rows_that_another_scenario_picks_are_refused_where_they_are_wanted(here: Live) -> None:
    version = apart(here)
    here.execute(UNMARK)
    settings = here.settings()

    def owners() -> dict[str, dict[str, str]]:
        return {"writer": {"cards": "id = 1"}}

    def back(target: Version | None) -> tuple[list[str], str]:
        demo = {"general": here.rows()}
        found = TakingBack(here.database, settings, MoveOptions(), owners, demo, {"general": NONE})
        goal = Goal("general", version, target)
        assert found.look(goal, version)
        assert found.has("general")
        return [one.what for one in found.problems(goal, None)], "\n".join(found.notes(goal))

    (refused,), _ = back(version)
    assert refused == "cards/1: no longer picked by general, but by scenario writer"
    none, notes = back(None)
    assert none == [] and "left as it is" in notes


def test_rows_that_hang_on_them_go_only_with_discard(database: Database) -> None:
    checks = (
        "CREATE TABLE checks (id INTEGER PRIMARY KEY, card_id INTEGER,"
        " FOREIGN KEY (card_id) REFERENCES cards (id))"
    )
    with live(database, checks, "INSERT INTO checks VALUES (1, 1), (2, 3)") as here:
        version = here.capture("v1", "boards", "cards", "checks@card_id")
        here.execute(UNMARK, "INSERT INTO checks VALUES (3, 1)")
        found = reset(here, version)
        assert kinds(found) == ["unsaved rows"] * 2
        assert "checks" in found.refusals[0].what
        found = reset(here, version, discard=True)
        assert found.rows.hanging == some(checks=(3,))
        act(here, found)
        rows = here.database.connection.exec_driver_sql("SELECT id FROM checks ORDER BY id").all()
        assert [row[0] for row in rows] == [1, 2]
        assert card(here, 1) == ("demo", "One", True)
