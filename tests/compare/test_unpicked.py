"""Demo rows that an edit moves out of the selection: known by their keys, and brought back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import UsageError
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]

UNMARK = "UPDATE cards SET is_demo = FALSE, title = 'Mine now' WHERE id = 1"
ROOT = "UPDATE boards SET is_demo = FALSE WHERE id = 1"


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general, the database at v2."""
    return small.copied(make_workspace(database), "v1", "v2")


def _unpicked(chain: Chain) -> dict[str, tuple[int, int]]:
    (entry,) = chain.project.status("general")
    return {one.table: (one.count, one.following) for one in entry.unpicked}


def test_status_says_what_changed_and_what_follows(chain: Chain) -> None:
    """A card that lost its marker, and its checks, which hang on it; they are not removed."""
    chain.database.execute(UNMARK)
    (entry,) = chain.project.status("general")
    assert not entry.clean
    drift = {d.table: (d.added, d.removed, d.modified, d.unpicked) for d in entry.drift or ()}
    assert drift == {"cards": (0, 0, 0, 1), "checks": (0, 0, 0, 1)}
    cards, checks = entry.unpicked
    assert (cards.table, cards.count, cards.following) == ("cards", 1, 0)
    (said,) = cards.rows
    assert said.startswith("id=1: title 'Renamed' → 'Mine now', is_demo ")
    assert (checks.table, checks.count, checks.following) == ("checks", 0, 1)
    assert checks.since == "cards 1 is no longer picked"


def test_what_is_deleted_is_removed_beside_what_is_no_longer_picked(chain: Chain) -> None:
    """One row is gone, one came in, one changed; each is told as what it is."""
    chain.database.execute(
        UNMARK,
        "DELETE FROM checks WHERE id = 5",
        "UPDATE cards SET title = 'Other' WHERE id = 3",
        "INSERT INTO cards VALUES (7, 1, NULL, 'Seven', TRUE, 'general')",
        "INSERT INTO checks VALUES (7, 1, 'on a card that is no longer picked')",
    )
    (entry,) = chain.project.status("general")
    drift = {d.table: (d.added, d.removed, d.modified, d.unpicked) for d in entry.drift or ()}
    assert drift == {"cards": (1, 0, 1, 1), "checks": (1, 1, 0, 1)}


def test_a_reset_brings_it_back_in_place(chain: Chain) -> None:
    """Only with --discard, since the change is in no revision; the plan says what it does."""
    at_v2 = chain.database.dump()
    chain.database.execute(UNMARK)
    text = chain.refused(lambda: chain.project.reset("general"))
    assert "no longer picked are in no revision and would be lost" in text
    assert "title 'Renamed' → 'Mine now'" in text
    assert "--release cards/1" in text
    (move,) = chain.project.reset("general", discard=True).moves
    assert (move.purge, move.load, move.change) == ({}, {}, {"cards": 1})
    assert move.unpicked == {"cards": 1, "checks": 1}
    assert chain.database.dump() == at_v2
    assert chain.project.status("general")[0].clean


@pytest.mark.parametrize("full", [False, True])
def test_a_load_brings_it_back(chain: Chain, full: bool) -> None:
    """By difference or by purge and load, to the version below: every row is that of v1."""
    chain.database.execute(UNMARK)
    text = chain.refused(lambda: chain.project.downgrade("general", "-1", full=full))
    assert "no longer picked are in no revision and would be lost" in text
    (move,) = chain.project.downgrade("general", "-1", full=full, discard=True).moves
    assert move.by_difference is not full
    assert chain.database.dump() == chain.at["v1"]
    chain.project.upgrade("general@head")
    assert chain.database.dump() == chain.at["v2"]


def test_a_load_of_the_same_version_brings_it_back(chain: Chain) -> None:
    """Also where as many rows came in as went out, so that the counts say nothing."""
    chain.database.execute(
        UNMARK,
        "INSERT INTO cards VALUES (7, 1, NULL, 'Seven', TRUE, 'general')",
        "INSERT INTO checks VALUES (7, 7, 'seven')",
    )
    chain.refused(lambda: chain.project.load("general"), "unsaved rows")
    chain.project.load("general", discard=True)
    assert chain.database.dump() == chain.at["v2"]


def test_a_purge_leaves_it_and_the_next_load_brings_it_back(chain: Chain) -> None:
    """The root, and so all that hangs on it by `via`; what has a marker of its own goes."""
    chain.database.execute(
        "UPDATE cards SET board_id = 2 WHERE board_id = 1", "UPDATE boards SET is_demo = FALSE"
    )
    left = chain.database.dump()["boards"]
    chain.refused(lambda: chain.project.downgrade("general", "base"), "unsaved rows")
    plan = chain.project.downgrade("general", "base", discard=True)
    (move,) = plan.moves
    assert move.unpicked == {"boards": 1}
    assert any("left as it is" in note and "boards" in note for note in plan.notes)
    after = chain.database.dump()
    assert after == {**chain.at["base"], "boards": left}
    assert _unpicked(chain) == {"boards": (1, 0)}
    text = chain.refused(lambda: chain.project.upgrade("general@head"))
    assert "boards: 1 row is no longer picked" in text
    (move,) = chain.project.upgrade("general@head", discard=True).moves
    assert move.change == {"boards": 1}
    assert chain.database.dump() == chain.at["v2"]


def test_what_a_version_left_that_this_one_lacks_has_ways_on_that_work(chain: Chain) -> None:
    """A reset cannot bring it back, so none is shown; a load of the version that has it can."""
    chain.database.execute("UPDATE cards SET is_demo = FALSE WHERE id = 5")
    first = chain.project.downgrade("general", "-1")
    assert any("`demosnap reset general --discard` before this" in note for note in first.notes)
    said = chain.workspace.run("status", "general").stdout
    assert "cards: 1 no longer picked" in said
    assert "demosnap diff" not in said
    assert "demosnap reset" not in said
    assert "demosnap revision" not in said
    assert "to a version with the rows" in said
    notes = chain.project.reset("general").notes
    assert any("left as it is; a load of a version that has it" in note for note in notes)
    text = chain.refused(lambda: chain.project.load("general@v1"))
    assert (
        "(cards/5): an upgrade or downgrade, with --discard, to a version that has it brings"
        in text
    )
    chain.project.upgrade("general@v2", discard=True)
    assert chain.database.dump() == chain.at["v2"]
    chain.database.execute("UPDATE cards SET is_demo = FALSE WHERE id = 5")
    chain.project.downgrade("general", "-1")
    with pytest.raises(UsageError, match="no such row") as caught:
        chain.project.reset("general", release=["cards/5"])
    assert "a move from or to a version that has one of them releases it" in str(caught.value)
    chain.project.upgrade("general@v2", release=["cards/5"])
    chain.project.downgrade("general", "-1")
    assert "no longer picked" not in chain.workspace.run("status", "general").stdout


def test_a_purge_needs_no_discard_for_what_stays(chain: Chain) -> None:
    """Nothing is lost of a row that stays, if the others are as they were captured."""
    chain.database.execute("UPDATE checks SET card_id = 2 WHERE id = 5")
    chain.project.downgrade("general", "base")
    rows = chain.database.rows("SELECT id, card_id FROM checks ORDER BY id")
    assert rows == [(2, 2), (5, 2)]


def test_what_was_left_and_is_gone_is_inserted(chain: Chain) -> None:
    """Somebody deletes the row that a purge has left."""
    chain.database.execute("UPDATE checks SET card_id = 2 WHERE id = 5")
    chain.project.downgrade("general", "base")
    chain.database.execute("DELETE FROM checks WHERE id = 5")
    chain.project.upgrade("general@head")
    assert chain.database.dump() == chain.at["v2"]
    assert chain.project.status("general")[0].clean


def test_what_another_version_alone_has_stays_until_that_is_loaded(chain: Chain) -> None:
    """Card 5 is in v2 alone: the way down leaves it, and the way up brings it back."""
    chain.database.execute("UPDATE cards SET is_demo = FALSE, board_id = 2 WHERE id = 5")
    chain.project.downgrade("general", "-1")
    found = chain.database.dump()
    assert {t: [r for r in rows if r[0][1] != 5] for t, rows in found.items()} == chain.at["v1"]
    assert _unpicked(chain) == {"cards": (1, 0)}
    chain.refused(lambda: chain.project.upgrade("general@head"), "unsaved rows")
    chain.project.upgrade("general@head", discard=True)
    assert chain.database.dump() == chain.at["v2"]


def test_a_row_that_stays_may_not_point_at_nothing(chain: Chain) -> None:
    """The refusal names it as no longer picked, and the way on works."""
    chain.database.execute(UNMARK)
    text = chain.refused(lambda: chain.project.downgrade("general", "base"))
    assert "1 of these came with a version and is no longer picked (cards/1)" in text
    assert "`demosnap reset general --discard` brings it back first" in text
    chain.project.reset("general", discard=True)
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]


def test_nothing_is_released_where_no_row_moves(chain: Chain) -> None:
    """The refusal names the reset that does."""
    chain.database.execute(UNMARK)
    text = chain.refused(lambda: chain.project.upgrade("general@v2", release=["cards/1"]))
    assert "general is at v2_2025-01-20 already, so no row moves and no row is released" in text
    assert "`demosnap reset general --release cards/1` releases it" in text


def test_a_released_row_is_real_from_then_on(chain: Chain) -> None:
    """Loads leave it and what hangs on it alone, whatever version they bring."""
    chain.database.execute(UNMARK, "UPDATE cards SET board_id = 2 WHERE id = 1")
    mine = chain.database.rows("SELECT * FROM cards WHERE id = 1")
    check = chain.database.rows("SELECT * FROM checks WHERE id = 1")
    plan = chain.project.reset("general", release=["cards/1"])
    assert plan.moves[0].released == {"cards": 1}

    def released_is_left_alone() -> None:
        assert chain.database.rows("SELECT * FROM cards WHERE id = 1") == mine
        assert chain.database.rows("SELECT * FROM checks WHERE id = 1") == check
        (entry,) = chain.project.status("general")
        assert dict(entry.released) == {"cards": 1}
        assert entry.unpicked == ()
        assert entry.drift == ()

    def others(rows: small.Rows) -> small.Rows:
        gone = {"cards": 1, "checks": 1}
        return {t: [r for r in some if r[0][1] != gone.get(t)] for t, some in rows.items()}

    released_is_left_alone()
    for move, version in (
        (lambda: chain.project.downgrade("general", "-1"), "v1"),
        (lambda: chain.project.upgrade("general@head"), "v2"),
        (lambda: chain.project.downgrade("general", "-1", full=True), "v1"),
        (lambda: chain.project.downgrade("general", "base"), "base"),
        (lambda: chain.project.upgrade("general@head"), "v2"),
        (lambda: chain.project.load("general"), "v2"),
    ):
        plan = move()
        assert others(chain.database.dump()) == others(chain.at[version])
        released_is_left_alone()
    assert any("left out, since they were released" in note for note in plan.notes)


def test_a_released_row_that_is_picked_again_is_a_demo_row(chain: Chain) -> None:
    """What a predicate finds is the scenario's, whatever was said of it before."""
    chain.database.execute("UPDATE checks SET card_id = 2 WHERE id = 5")
    chain.project.reset("general", release=["checks/5"])
    chain.database.execute("UPDATE checks SET card_id = 5 WHERE id = 5")
    assert chain.project.status("general")[0].clean
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]


def test_only_what_is_no_longer_picked_is_released(chain: Chain) -> None:
    """Neither a row that is picked, nor one that no version has, nor one that follows another."""
    chain.database.execute(UNMARK)
    text = chain.refused(lambda: chain.project.reset("general", release=["cards/3"]))
    assert "--release cards/3: the row is still picked, or does not exist" in text
    text = chain.refused(lambda: chain.project.reset("general", discard=True, release=["checks/1"]))
    assert "checks/1: no longer picked only because a row that it hangs on is not" in text
    assert "--release cards/1" in text


def test_a_capture_makes_a_real_row_of_it(chain: Chain) -> None:
    """And going back to the version that has it takes --discard, or releases it."""
    chain.database.execute("UPDATE checks SET card_id = 2, done = 'mine' WHERE id = 1")
    result = chain.project.revision("general", date="2025-02-01")
    assert result.plan is not None
    assert any("checks: 1 row is no longer picked" in note for note in result.plan.notes)
    at_v3 = chain.database.dump()
    assert chain.project.status("general")[0].clean
    text = chain.refused(lambda: chain.project.downgrade("general", "-1"))
    assert "checks: 1 row is no longer picked (id=1: " in text
    chain.project.downgrade("general", "-1", discard=True)
    assert chain.database.dump() == chain.at["v2"]
    chain.project.upgrade("general@head")
    chain.database.execute("INSERT INTO checks VALUES (1, 2, 'mine')")
    assert chain.database.dump() == at_v3


def test_a_row_of_another_scenario_is_said_to_be_its(chain: Chain) -> None:
    """Its scenario was edited: it is not taken back from there."""
    chain.database.execute("UPDATE cards SET scenario = 'writer' WHERE id = 5")
    (entry, _) = chain.project.status()
    assert next(row for one in entry.unpicked for row in one.rows).endswith(
        "scenario writer picks it now"
    )
    text = chain.refused(lambda: chain.project.reset("general", discard=True))
    assert "cards/5, checks/5: no longer picked by general, but by scenario writer" in text


def test_the_marker_set_to_null_is_the_same_kind(chain: Chain) -> None:
    """The column of the scenario set to another value, or nothing at all of it left."""
    chain.database.execute("UPDATE cards SET scenario = 'nobody' WHERE id = 5")
    assert _unpicked(chain) == {"cards": (1, 0), "checks": (0, 1)}
    chain.project.reset("general", discard=True)
    assert chain.database.dump() == chain.at["v2"]


def test_diff_tells_it_as_a_kind_of_its_own(chain: Chain) -> None:
    """With the columns that changed; what hangs on it is said once, and a script changes it."""
    chain.database.execute(UNMARK, "DELETE FROM checks WHERE id = 5")
    with chain.project.diff("general") as found:
        kinds = {
            pair.name: [(one.kind, [cell.column for cell in pair.cells(one)]) for one in rows]
            for pair, rows in found.tables()
        }
        remarks = found.remarks
    assert kinds["cards"] == [("unpicked", ["title", "is_demo"])]
    assert kinds["checks"] == [("removed", [])]
    assert remarks == ("checks: 1 row is no longer picked, since cards 1 is no longer picked",)
    with chain.project.diff("general", "database", "v2") as found:
        script = "\n".join(found.script(found.changes(), ["back"]))
    assert "UPDATE" in script
    assert script.count("INSERT") == 1


def test_check_says_that_it_is_no_longer_picked(chain: Chain) -> None:
    """And nothing at all of what was released."""
    chain.database.execute("UPDATE checks SET card_id = 2 WHERE id = 5")
    (finding,) = chain.project.check(database=True)
    assert "checks: 1 row is no longer picked (id=5: card_id 5 → 2)" in finding.message
    chain.project.reset("general", release=["checks/5"])
    assert chain.project.check(database=True) == []
