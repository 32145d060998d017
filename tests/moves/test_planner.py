"""Plans of moves on a few tables: the strategy, the rows that go and come, and every refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from demosnap.compare import released
from demosnap.config import Triggers
from demosnap.database import retained
from demosnap.database.retained import NOTHING, Retained
from demosnap.errors import ConfigError
from demosnap.model import Trigger, Version
from demosnap.moves import plan, strategy
from demosnap.moves.goal import Goal
from demosnap.moves.planned import PlannedMove
from demosnap.options import MoveOptions
from support.live import Live

pytestmark = pytest.mark.long

REAL = "INSERT INTO cards VALUES (20, 'demo', NULL, 'Real', FALSE)"
UNMARK = "UPDATE cards SET is_demo = FALSE WHERE id = 1"
CARD = Retained({"cards": frozenset({(b"1",)})}, {"cards": ("id",)})
BOARD = Retained({"boards": frozenset({(b"1",)})}, {"boards": ("id",)})
ALL = {"cards": 2, "boards": 1}


def prepared(
    here: Live, *goals: Goal, settings: Any = None, versions: Any = None, **options: Any
) -> list[PlannedMove]:
    known = versions or {
        goal.scenario: tuple(
            {v.revision: v for v in (goal.current, goal.target) if v is not None}.values()
        )
        for goal in goals
    }
    return plan.prepare(
        here.database, settings or here.settings(), known, goals, MoveOptions(**options)
    )


def planned(
    here: Live, current: Version | None, target: Version | None, **options: Any
) -> PlannedMove:
    """Plan a move of general."""
    names = ("again", "stamp_only", "operation", "by_difference")
    of_goal = {name: options.pop(name) for name in names if name in options}
    (found,) = prepared(here, Goal("general", current, target, **of_goal), **options)
    return found


def reset(here: Live, version: Version, **options: Any) -> PlannedMove:
    return planned(here, version, version, by_difference=True, **options)


def told(found: PlannedMove) -> str:
    return "\n".join(map(str, found.refusals))


@pytest.fixture
def two(here: Live) -> tuple[Version, Version]:
    """Two versions; the database is at the second one."""
    first = here.capture("v1")
    here.execute(
        "INSERT INTO boards VALUES (3, 'new', TRUE)",
        "DELETE FROM cards WHERE id = 3",
        "UPDATE cards SET title = 'Renamed' WHERE id = 1",
    )
    return first, here.capture("v2")


def test_a_purge_takes_all_rows_children_first(here: Live) -> None:
    version = here.capture("v1")
    found = planned(here, version, None)
    assert (found.action, found.refusals, found.notes) == ("purge", (), ())
    assert list(found.purge.items()) == [("cards", 2), ("boards", 1)]
    assert here.rows(found.leaving).counts() == {"boards": 1, "cards": 2}
    assert (found.held, found.recognized, found.kept) == (version, version, NOTHING)
    assert found.covered and found.move.current == version
    here.execute("DELETE FROM cards WHERE is_demo = TRUE")
    found = planned(here, version, None, discard=True)
    assert (found.purge, found.held) == ({"boards": 1}, version)


def test_a_purge_of_nothing_only_takes_the_stamp(here: Live) -> None:
    version = here.capture("v1")
    here.execute("DELETE FROM cards WHERE is_demo = TRUE", "DELETE FROM boards WHERE id = 1")
    found = planned(here, version, None)
    assert (found.action, found.purge, found.held) == ("purge", {}, None)
    assert planned(here, None, None).action == "none"
    # Where all scenarios go, one that was never loaded may have rows.
    here.execute("INSERT INTO boards VALUES (1, 'demo', TRUE)")
    found = planned(here, None, None, again=True, discard=True)
    assert (found.action, found.purge) == ("purge", {"boards": 1})
    here.execute("DELETE FROM boards WHERE id = 1")
    assert planned(here, None, None, again=True).action == "none"


def test_rows_that_are_in_no_revision_are_not_lost(here: Live) -> None:
    version = here.capture("v1")
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    for target in (None, version):
        found = planned(here, version, target, again=True)
        assert "changes of the demo rows of general since v1_2025-01-20" in told(found)
        found = planned(here, version, target, again=True, discard=True)
        assert (found.refusals, found.held, found.recognized) == ((), version, None)
    found = planned(here, None, None, again=True)
    assert "the demo rows of general are in no revision and would be lost" in told(found)
    assert found.held is None


def test_with_discard_the_loaded_version_comes_back_if_it_can(here: Live) -> None:
    version = here.capture("v1")
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    assert planned(here, version, None, discard=True).held == version
    assert planned(here, None, None, again=True, discard=True).held is None
    gone = replace(version, file="gone.sql")
    assert planned(here, gone, None, discard=True).held is None


def test_rows_of_any_version_are_saved(here: Live, two: tuple[Version, Version]) -> None:
    """Which shall be able to come back, and need not be the one that is stamped."""
    first, second = two
    found = planned(here, first, None, versions={"general": two})
    assert (found.refusals, found.held, found.recognized) == ((), second, second)
    third = here.capture("v3")
    found = planned(here, first, None, versions={"general": (first, second, third)})
    assert found.held == third
    found = planned(here, second, None, versions={"general": (first, second, third)})
    assert found.held == second
    found = planned(here, first, None, versions={"general": (first,)})
    assert "would be lost" in told(found)
    # With discard, only what is moved from or to is looked at.
    found = planned(here, first, None, versions={"general": two}, discard=True)
    assert (found.held, found.recognized) == (first, None)
    assert planned(here, second, None, discard=True).recognized == second
    assert planned(here, second, first, discard=True).recognized is None


def test_a_move_between_versions_changes_what_differs(
    here: Live, two: tuple[Version, Version]
) -> None:
    first, second = two
    found = planned(here, second, first)
    assert (found.action, found.refusals, found.reason) == ("load", (), "")
    assert found.planned is not None and found.move.by_difference
    assert (found.purge, found.load, found.change) == ({"boards": 1}, {"cards": 1}, {"cards": 1})
    assert (found.held, found.recognized) == (second, second)
    assert [one.name for one in found.changes] == ["boards", "cards"]


@pytest.mark.parametrize("options", [{"full": True}, {"discard": True}, {"again": True}])
def test_a_move_purges_and_loads_where_that_is_asked_for(
    here: Live, two: tuple[Version, Version], options: dict[str, bool]
) -> None:
    first, second = two
    found = planned(here, second, first, **options)
    assert (found.action, found.planned, found.reason) == ("load", None, "")
    assert list(found.purge.items()) == [("cards", 1), ("boards", 2)]
    assert (found.load, found.change) == ({"boards": 1, "cards": 2}, {})
    assert here.rows(found.leaving).counts() == {"boards": 2, "cards": 1}


def test_a_move_from_nothing_purges_and_loads(here: Live) -> None:
    version = here.capture("v1")
    found = planned(here, None, version)
    assert (found.planned, found.refusals) == (None, ())
    here.execute("DELETE FROM cards WHERE is_demo = TRUE")
    found = planned(here, None, version, discard=True)
    assert (found.action, found.planned, found.purge) == ("load", None, {"boards": 1})
    assert planned(here, version, version, again=True, discard=True).planned is None
    assert planned(here, None, version).planned is None


def test_rows_of_no_version_are_not_compared(here: Live, two: tuple[Version, Version]) -> None:
    first, second = two
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    found = planned(here, second, first)
    assert found.planned is None and "would be lost" in told(found)
    assert found.held is None


def test_the_reason_of_a_strategy_is_told(
    here: Live, two: tuple[Version, Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    monkeypatch.setattr(strategy, "MANY", 0)
    found = planned(here, second, first)
    assert (found.planned, found.reason) == (None, "100% of the rows differ")
    # Rows that stay and reference some of them would be in the way.
    here.execute(REAL)
    found = planned(here, second, first)
    assert found.planned is not None and found.refusals == ()
    assert found.reason == "other rows reference rows that would be purged"
    assert planned(here, second, first, full=True).refusals
    found = planned(here, second, first, discard=True)
    assert found.planned is not None and found.reason == ""


def test_rows_of_scenarios_that_reference_each_other_are_loaded_anew(here: Live) -> None:
    general = here.capture("v1", "boards"), here.capture("v2", "boards")
    writer = here.capture("v3", "cards", scenario="writer")
    here.execute("INSERT INTO boards VALUES (4, 'x', TRUE)")
    third = here.capture("v4", "boards")
    settings = here.settings(scenarios_in_file={"other": None})
    goals = Goal("general", third, general[0]), Goal("writer", writer, None)
    # What goes to base is first.
    purge, load = prepared(here, *goals, settings=settings)
    assert load.planned is None
    assert load.reason == "its rows and rows of another scenario reference each other"
    assert [one.action for one in (purge, load)] == ["purge", "load"]
    here.execute("UPDATE cards SET board = NULL WHERE is_demo = TRUE")
    writer = here.capture("v5", "cards", scenario="writer")
    _, load = prepared(here, goals[0], replace(goals[1], current=writer), settings=settings)
    assert load.planned is not None


def test_real_rows_that_reference_rows_that_go_stop_a_move(here: Live) -> None:
    version = here.capture("v1")
    here.execute(REAL)
    found = planned(here, version, None)
    assert "1 row of cards" in told(found) and "fk_board on cards.board" in told(found)
    found = planned(here, version, None, cascade=("cards",))
    assert (found.refusals, found.move.also) == ((), {"cards": 1})
    assert found.cascaded.counts() == {"cards": 1}
    assert planned(here, version, None, cascade=("boards",)).refusals
    found = planned(here, version, None, keep_referenced=True)
    assert (found.refusals, found.move.kept) == ((), {"boards": 1})
    assert (found.action, found.purge) == ("purge", {"cards": 2})
    assert here.rows(found.leaving).counts() == {"boards": 0, "cards": 2}
    assert found.kept == BOARD
    both = planned(here, version, None, keep_referenced=True, cascade=("cards",))
    assert (both.move.kept, both.move.also) == ({}, {"cards": 1})


def test_a_purge_of_rows_that_stay_does_nothing(here: Live) -> None:
    here.execute(REAL, "DELETE FROM cards WHERE is_demo = TRUE")
    retained.record(here.database, "general", BOARD)
    found = planned(here, None, None, again=True, keep_referenced=True, discard=True)
    assert (found.action, found.kept) == ("none", BOARD)
    here.execute("UPDATE cards SET board = NULL WHERE id = 20")
    found = planned(here, None, None, again=True, keep_referenced=True, discard=True)
    assert (found.action, found.purge, found.kept) == ("purge", {"boards": 1}, NOTHING)
    here.execute("UPDATE cards SET board = 'demo' WHERE id = 20")
    retained.record(here.database, "general", NOTHING)
    found = planned(here, None, None, again=True, keep_referenced=True, discard=True)
    assert (found.action, found.kept) == ("purge", BOARD)


def test_a_load_over_rows_that_stay_changes_them_in_place(here: Live) -> None:
    version = here.capture("v1")
    here.execute(REAL, "DELETE FROM cards WHERE is_demo = TRUE")
    retained.record(here.database, "general", BOARD)
    found = planned(here, None, version)
    assert found.planned is not None and found.refusals == ()
    assert (found.purge, found.load, found.change) == ({}, {"cards": 2}, {})
    here.execute("UPDATE cards SET board = NULL WHERE id = 20")
    assert planned(here, None, version).planned is not None
    assert planned(here, version, version, again=True).planned is None


def test_a_row_that_is_referenced_stays_where_that_is_asked_for(
    here: Live, two: tuple[Version, Version]
) -> None:
    first, second = two
    here.execute("INSERT INTO cards VALUES (20, 'new', NULL, 'Real', FALSE)")
    found = planned(here, second, first)
    assert "fk_board on cards.board" in told(found)
    found = planned(here, second, first, keep_referenced=True)
    assert (found.refusals, found.move.kept, found.purge) == ((), {"boards": 1}, {})
    assert found.planned is not None
    found = planned(here, second, first, keep_referenced=True, cascade=("cards",))
    assert (found.move.kept, found.purge, found.move.also) == ({}, {"boards": 1}, {"cards": 1})


def test_a_reset_puts_the_loaded_version_back(here: Live) -> None:
    version = here.capture("v1")
    assert reset(here, version).action == "none"
    here.execute(
        "UPDATE cards SET title = 'Else' WHERE id = 1",
        "DELETE FROM cards WHERE id = 3",
        "INSERT INTO boards VALUES (4, 'x', TRUE)",
    )
    found = reset(here, version)
    assert (found.action, found.refusals) == ("reset", ())
    assert (found.purge, found.load, found.change) == ({"boards": 1}, {"cards": 1}, {"cards": 1})


def test_a_reset_takes_no_rows_of_other_tables_unless_they_may_be_lost(here: Live) -> None:
    version = here.capture("v1", "boards")
    found = reset(here, version)
    assert "v1_2025-01-20 does not have the table" in told(found)
    found = reset(here, version, discard=True)
    assert (found.action, found.refusals, found.purge) == ("reset", (), {"cards": 2})


def test_a_reset_leaves_rows_that_stay_until_they_are_changed(here: Live) -> None:
    version = here.capture("v1")
    here.execute(
        "INSERT INTO boards VALUES (5, 'stays', TRUE)",
        "INSERT INTO cards VALUES (20, 'stays', NULL, 'Real', FALSE)",
    )
    kept = Retained({"boards": frozenset({(b"5",)})}, {"boards": ("id",)})
    retained.record(here.database, "general", kept)
    found = reset(here, version)
    assert (found.action, found.refusals, found.kept) == ("none", (), kept)
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    found = reset(here, version)
    assert (found.action, found.purge, found.change) == ("reset", {}, {"cards": 1})
    here.execute(
        "UPDATE cards SET title = 'One' WHERE id = 1",
        "UPDATE boards SET is_demo = FALSE WHERE id = 5",
    )
    assert (reset(here, version).action, reset(here, version).kept) == ("none", NOTHING)
    here.execute("UPDATE boards SET is_demo = TRUE WHERE id = 5")
    retained.record(here.database, "general", NOTHING)
    found = reset(here, version)
    assert "fk_board on cards.board" in told(found) and found.purge == {"boards": 1}
    found = reset(here, version, keep_referenced=True)
    assert (found.action, found.refusals, found.kept) == ("reset", (), kept)


def test_a_version_that_does_not_fit_is_refused(here: Live, two: tuple[Version, Version]) -> None:
    first, second = two
    narrow = here.lacking("cards.title")
    for options in ({"discard": True}, {"keep_referenced": True, "discard": True}):
        found = planned(narrow, second, first, **options)
        assert "column cards.title of the snapshot is not in the database" in told(found)
    found = reset(narrow, first)
    assert found.action == "reset"
    assert "column cards.title of the snapshot is not in the database" in told(found)


def test_a_key_that_a_real_row_has_is_refused(here: Live, two: tuple[Version, Version]) -> None:
    first, second = two
    here.execute("INSERT INTO cards VALUES (3, NULL, NULL, 'Real', FALSE)")
    assert "cards" in told(planned(here, second, first))
    assert "cards" in told(planned(here, second, first, full=True))
    other = {"versions": {"general": two, "writer": (here.capture("v3", scenario="writer"),)}}
    assert planned(here, second, first, **other).refusals


def test_a_stamp_says_where_rows_differ(here: Live, two: tuple[Version, Version]) -> None:
    first, second = two
    found = planned(here, None, second, stamp_only=True)
    assert (found.action, found.refusals, found.covered) == ("stamp", (), ())
    found = planned(here, None, first, stamp_only=True)
    assert "--no-verify" in told(found) and len(found.refusals) > 1
    assert planned(here, None, first, stamp_only=True, verify_stamp=False).refusals == ()
    assert planned(here, first, None, stamp_only=True).refusals == ()


def test_a_stamp_remembers_what_was_released_and_a_capture_does_not(here: Live) -> None:
    version = here.capture("v1")
    here.execute(UNMARK)
    released.record(here.database, "general", BOARD, CARD)
    found = planned(here, None, version, stamp_only=True)
    assert (found.refusals, found.rows.released, found.rows.left) == ((), CARD, BOARD)
    assert found.rows.skipped == {"cards": CARD.keys["cards"]}
    captured = planned(
        here, None, version, stamp_only=True, operation="capture", verify_stamp=False
    )
    assert (captured.rows.released, captured.rows.left) == (NOTHING, NOTHING)
    undone = planned(here, None, version, stamp_only=True, operation="undo")
    assert undone.rows.released == CARD


def test_where_the_stamp_is_there_already_no_row_moves(here: Live) -> None:
    version = here.capture("v1")
    found = planned(here, version, version)
    assert (found.action, found.notes, found.refusals) == ("none", (), ())
    assert planned(here, None, None).action == "none"
    # A row less is said, and none at all is loaded.
    here.execute("DELETE FROM cards WHERE id = 3")
    found = planned(here, version, version)
    assert found.action == "none" and "cards 1 instead of 2" in found.notes[0]
    here.execute("DELETE FROM cards WHERE is_demo = TRUE", "DELETE FROM boards WHERE id = 1")
    found = planned(here, version, version)
    assert (found.action, found.planned) == ("load", None)


def test_where_the_stamp_is_there_already_no_row_is_released(here: Live) -> None:
    version = here.capture("v1")
    found = planned(here, version, version, release=("cards/1",))
    assert "is at v1_2025-01-20 already, so no row moves" in told(found)
    here.execute("DELETE FROM cards WHERE id = 3")
    found = planned(here, version, version, release=("cards/1",))
    assert "is at v1_2025-01-20 already, so no row moves" in told(found)


def test_rows_of_a_newer_version_are_said_where_no_row_moves(
    here: Live, two: tuple[Version, Version]
) -> None:
    first, _ = two
    found = planned(here, first, first, versions={"general": two})
    assert found.action == "none"
    (note,) = found.notes
    assert note.startswith("the database holds the rows of general v2_2025-01-20")


def test_retained_rows_are_not_counted(here: Live) -> None:
    version = here.capture("v1")
    here.execute("INSERT INTO boards VALUES (5, 'stays', TRUE)")
    kept = Retained({"boards": frozenset({(b"5",)})}, {"boards": ("id",)})
    assert planned(here, version, version).notes
    retained.record(here.database, "general", kept)
    assert planned(here, version, version).notes == ()
    here.execute("DELETE FROM cards WHERE is_demo = TRUE", "DELETE FROM boards WHERE id = 1")
    assert planned(here, None, None, again=True, discard=True).action == "purge"
    assert planned(here, None, None).action == "none"


def test_a_row_that_is_no_longer_picked_is_brought_back_in_place(here: Live) -> None:
    version = here.capture("v1")
    here.execute(UNMARK)
    found = reset(here, version)
    assert "that are no longer picked are in no revision and would be lost" in told(found)
    found = reset(here, version, discard=True)
    assert (found.refusals, found.change, found.unpicked) == ((), {"cards": 1}, {"cards": 1})
    assert "brought back, changed in place" in "\n".join(found.notes)
    found = planned(here, version, version, again=True, discard=True)
    assert found.planned is not None and found.change == {"cards": 1}
    full = replace(here.capture("v2", "boards"), rows={"boards": 1})
    assert planned(here, full, version, full=True, discard=True).planned is None
    here.execute("INSERT INTO boards VALUES (4, 'x', TRUE)")
    found = reset(here, version, discard=True)
    assert (found.purge, found.change, found.unpicked) == (
        {"boards": 1},
        {"cards": 1},
        {"cards": 1},
    )
    here.execute("DELETE FROM boards WHERE id = 4")
    found = reset(here, version, release=("cards/1",))
    assert (found.action, found.refusals, found.move.released) == ("reset", (), {"cards": 1})
    assert found.changes == ()


def test_a_row_that_is_left_and_references_rows_that_go_is_pointed_at(here: Live) -> None:
    version = here.capture("v1")
    here.execute(UNMARK)
    found = planned(here, version, None)
    assert "1 of these came with a version and is no longer picked (cards/1)" in told(found)
    assert "`demosnap reset general --discard` brings it back first" in told(found)


def test_triggers_that_act_are_noted(here: Live, two: tuple[Version, Version]) -> None:
    first, second = two
    tables = dict(here.database.tables)
    tables["cards"] = replace(
        tables["cards"], triggers=(Trigger("t", "cards", frozenset({"insert"})),)
    )
    acting = replace(here, database=replace(here.database, tables=tables))
    assert any("acts on inserted rows" in one for one in planned(acting, second, first).notes)
    assert planned(acting, second, None).notes == ()


def test_a_row_that_was_left_is_told_though_no_row_is_lacking(
    here: Live, two: tuple[Version, Version]
) -> None:
    _, second = two
    here.execute("INSERT INTO cards VALUES (3, 'demo', NULL, 'Three', FALSE)")
    assert reset(here, second).unpicked == {}
    left = Retained({"cards": frozenset({(b"3",)})}, {"cards": ("id",)})
    released.record(here.database, "general", left, NOTHING)
    assert reset(here, second).unpicked == {"cards": 1}


def test_a_table_that_triggers_may_change_has_to_be_there(here: Live) -> None:
    version = here.capture("v1")
    settings = here.settings(triggers_in_file=Triggers(may_change=("journal",)))
    with pytest.raises(ConfigError, match=r"triggers\.may_change: there is no table"):
        planned(here, version, version, settings=settings)


def test_without_goals_there_are_no_plans(here: Live) -> None:
    assert prepared(here) == []
