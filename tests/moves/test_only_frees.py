"""Rows of a scenario that goes in a run free their keys, by whichever way the others move."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support import small
from support.databases import Database
from support.workspaces import Workspace

pytestmark = pytest.mark.long


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A new project of an empty database."""
    return make_workspace(database)


def test_a_row_that_another_scenario_picks_now_is_freed_by_only(workspace: Workspace) -> None:
    """Another row is no longer picked, so the move goes by difference."""
    chain = small.copied(workspace, "v1", "v2", writer=True)
    chain.database.execute(
        "UPDATE cards SET scenario = 'writer' WHERE id = 3",
        "UPDATE boards SET is_demo = FALSE WHERE id = 1",
    )
    text = chain.refused(lambda: chain.project.load("general@v1", discard=True))
    assert "they belong to scenario writer; --only takes it out first" in text
    (_, move) = chain.project.load("general@v1", discard=True, only=True).moves
    assert move.by_difference
    assert chain.database.dump() == chain.at["v1"]


def test_a_scenario_of_which_nothing_is_picked_stops_no_way_back(workspace: Workspace) -> None:
    """Its rows are all no longer picked; the way back of the one that goes needs none of them."""
    chain = small.copied(workspace, "v1", "v2", writer=True)
    chain.database.execute(
        "UPDATE cards SET is_demo = FALSE WHERE id IN (1, 3, 5)",
        "UPDATE boards SET is_demo = FALSE WHERE id = 1",
    )
    plan = chain.project.load("general@v1", discard=True, only=True)
    assert "writer v1_2025-03-01 is tried first" in plan.way_back
    rows = chain.database.dump()
    five = {"cards": 5, "checks": 5}
    beside = {t: [r for r in some if r[0][1] != five.get(t)] for t, some in rows.items()}
    assert beside == chain.at["v1"]
    assert [len(rows[t]) - len(beside[t]) for t in five] == [1, 1]
