"""Which way a move goes: what speaks for rows one by one, and what against."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from demosnap.model import Trigger
from demosnap.moves import difference, strategy
from demosnap.moves.goal import Goal
from demosnap.moves.planned import PlannedMove
from demosnap.refusal import Refusal
from support.databases import Database
from support.live import Live, live

pytestmark = pytest.mark.long

OFF: Any = SimpleNamespace(triggers=SimpleNamespace(disabled=True))
ON: Any = SimpleNamespace(triggers=SimpleNamespace(disabled=False))
WHY = Refusal("cannot change row by row", "why")


def planned(here: Live, *statements: str) -> PlannedMove:
    """Plan the way back to what is there now after some statements."""
    version = here.capture("v1")
    here.execute(*statements)
    found = difference.compare(here.database, version, here.rows())
    return PlannedMove(Goal("general", version, version), "load", here.rows(), planned=found)


def test_few_rows_that_differ_are_changed_one_by_one(here: Live) -> None:
    plan = planned(here, "UPDATE cards SET title = 'x' WHERE id = 1")
    assert strategy.against(here.database, ON, plan) == ""
    told = "rows cannot be changed one by one"
    assert strategy.against(here.database, ON, replace(plan, obstacle=WHY)) == told
    assert strategy.against(here.database, ON, plan.refused([WHY])) == told


def test_many_rows_that_differ_are_loaded_anew(here: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(here, "UPDATE cards SET title = 'x' WHERE id IN (1, 3)")
    monkeypatch.setattr(strategy, "MANY", 2)
    assert strategy.against(here.database, ON, plan) == ""
    monkeypatch.setattr(strategy, "MANY", 1)
    assert strategy.against(here.database, ON, plan) == "67% of the rows differ"
    monkeypatch.setattr(strategy, "MOST", 2 / 3)
    assert strategy.against(here.database, ON, plan) == ""


def test_a_third_of_the_rows_is_few(here: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strategy, "MANY", 0)
    plan = planned(here, "UPDATE cards SET title = 'x' WHERE id = 1")
    assert strategy.against(here.database, ON, plan) == ""


def test_the_share_is_of_what_is_there_and_of_what_comes(
    here: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strategy, "MANY", 0)
    monkeypatch.setattr(strategy, "MOST", 0)
    more = ", ".join(f"({n}, 'demo', NULL, 'x', TRUE)" for n in range(10, 17))
    plan = planned(here, f"INSERT INTO cards VALUES {more}")
    assert strategy.against(here.database, ON, plan) == "70% of the rows differ"


def test_the_share_of_one_row_is_all_and_of_none_nothing(
    here: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strategy, "MANY", 0)
    here.execute("DELETE FROM cards WHERE id = 3")

    def against(*statements: str) -> str:
        version = here.capture("v1", "cards")
        here.execute(*statements)
        rows = here.rows({"cards": "is_demo = TRUE"})
        found = difference.compare(here.database, version, rows)
        move = PlannedMove(Goal("general", version, version), "load", rows, planned=found)
        return strategy.against(here.database, ON, move)

    assert against("UPDATE cards SET title = 'x' WHERE id = 1") == "100% of the rows differ"
    here.execute("DELETE FROM cards WHERE id = 1")
    assert against() == ""


def test_a_table_that_another_scenario_does_not_have_hides_no_other_one(
    database: Database,
) -> None:
    """One that comes before it, and references the same rows."""
    alike = (
        "CREATE TABLE alike (id INTEGER PRIMARY KEY, board VARCHAR(20),"
        " FOREIGN KEY (board) REFERENCES boards (slug))"
    )
    with live(database, alike) as here:
        demo_rows = {
            "general": here.rows({"boards": "id = 1"}),
            "writer": here.rows({"cards": "id = 1"}),
        }
        assert strategy.crossing(here.database, demo_rows)


def test_triggers_that_act_speak_against_it(here: Live) -> None:
    plan = planned(here, "UPDATE cards SET title = 'x' WHERE id = 1")
    tables = dict(here.database.tables)
    tables["cards"] = replace(tables["cards"], triggers=(Trigger("t", "cards"),))
    database = replace(here.database, tables=tables)
    assert strategy.against(database, ON, plan) == "there are triggers on cards"
    assert strategy.against(database, OFF, plan) == ""


def test_a_strategy_is_refused_once_for_each_reason(here: Live) -> None:
    plan = planned(here)
    assert plan.unobstructed() is plan
    other = replace(WHY, what="other")
    both = replace(plan, obstacle=WHY).unobstructed().refused([other, WHY])
    assert both.refusals == (WHY, other)
    assert plan.because("so").move.reason == "so"


def test_rows_of_tables_that_the_version_lacks_are_told(here: Live) -> None:
    version = here.capture("v1", "boards")
    found = difference.compare(here.database, version, here.rows())
    move = PlannedMove(Goal("general", version, version), "load", here.rows(), planned=found)
    (refusal,) = strategy.of_other_tables(move, version)
    assert (refusal.kind, refusal.table) == ("unsaved rows", "cards")
    assert refusal.what.startswith("cards: there are 2 demo rows, and v1_2025-01-20 does not have")
    here.execute("DELETE FROM cards WHERE id = 3", "INSERT INTO boards VALUES (4, 'x', TRUE)")
    found = difference.compare(here.database, version, here.rows())
    assert {one.name for one in found.changes if len(one)} == {"boards", "cards"}
    (refusal,) = strategy.of_other_tables(replace(move, planned=found), version)
    assert refusal.what.startswith("cards: there is 1 demo row, and")
