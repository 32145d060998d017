"""Which rows of a few tables are known by their keys alone, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from demosnap.compare import known_rows
from demosnap.compare.known_rows import NONE, KnownRows
from demosnap.database import row_set
from demosnap.database.retained import NOTHING, Retained
from demosnap.model import Key, Version
from support.databases import Database
from support.live import Live, live, some

pytestmark = pytest.mark.long

CHECKS = (
    "CREATE TABLE checks (id INTEGER PRIMARY KEY, card_id INTEGER,"
    " FOREIGN KEY (card_id) REFERENCES cards (id))",
    "INSERT INTO checks VALUES (1, 1), (2, 1), (3, 3), (4, 2)",
)
TAGS = (
    "CREATE TABLE tags (card_id INTEGER, word VARCHAR(9),"
    " FOREIGN KEY (card_id) REFERENCES cards (id))",
    "INSERT INTO tags VALUES (1, 'a'), (3, 'b')",
)
UNMARK = "UPDATE cards SET is_demo = FALSE WHERE id = 1"
UNMARK_BOARD = "UPDATE boards SET is_demo = FALSE WHERE id = 1"


def find(
    here: Live,
    source: Version | None,
    target: Version | None,
    known: Retained = NOTHING,
    *,
    covered: Sequence[Version] = (),
    owners: Mapping[str, Mapping[str, str]] | None = None,
    skipped: Mapping[str, frozenset[Key]] | None = None,
) -> KnownRows:
    some_version = [one for one in (source, target) if one is not None]
    selections = [one.selection for one in covered or some_version]
    return known_rows.find(
        here.database, selections, known, source, target, lambda: owners or {}, skipped or {}
    )


def test_rows_that_are_picked_or_gone_are_not_looked_for(here: Live) -> None:
    version = here.capture("v1")
    assert find(here, version, version) == NONE
    here.execute("DELETE FROM cards WHERE id = 1")
    assert find(here, version, version) == NONE
    assert find(here, None, version) == NONE


def test_a_row_comes_back_if_the_target_has_it(here: Live) -> None:
    source = here.capture("v1")
    same = here.capture("v2")
    here.execute(UNMARK)
    lacking = here.capture("v3")
    taken = KnownRows(taken=some(cards=(1,)))
    assert find(here, source, source) == taken
    assert find(here, source, same) == taken
    left = KnownRows(left=some(cards=(1,)))
    assert find(here, source, lacking) == left
    assert find(here, source, None) == left
    assert find(here, source, source, skipped={"cards": frozenset({(b"1",)})}) == NONE


def test_of_a_table_some_rows_come_back_and_others_stay(here: Live) -> None:
    version = here.capture("v1")
    here.execute(UNMARK)
    both = KnownRows(taken=some(cards=(1,)), left=some(cards=(2,)))
    assert find(here, version, version, some(cards=(2,))) == both
    assert both.unpicked == some(cards=(1, 2))
    assert both.compared == some(cards=(1,))
    assert both.counts() == {"cards": 2}


def test_a_row_that_was_left_is_known_without_a_version(here: Live) -> None:
    version = here.capture("v1")
    here.execute(UNMARK)
    assert find(here, None, version, some(cards=(1, 2, 8))) == KnownRows(
        taken=some(cards=(1,)), left=some(cards=(2,))
    )


def test_a_left_row_that_is_picked_again_is_not_found(here: Live) -> None:
    version = here.capture("v1")
    assert find(here, None, version, some(cards=(3,))) == NONE


def test_rows_of_tables_that_are_gone_or_in_no_selection(here: Live) -> None:
    """A table that is gone has no rows; one that no selection names has those that were left."""
    version = here.capture("v1")
    known = some(gone=(1,), users=(1,), cards=(2,))
    assert find(here, None, version, known) == KnownRows(left=some(users=(1,), cards=(2,)))


def test_a_key_is_of_columns_that_the_table_has(here: Live) -> None:
    version = here.capture("v1")
    whole = Retained({"users": frozenset({(b"1", b"'Ada'")})}, {"users": ("id", "name")})
    assert find(here, None, version, whole) == KnownRows(left=whole)
    gone = replace(whole, columns={"users": ("id", "gone")})
    assert find(here, None, version, gone.joined(some(cards=(2,)))) == KnownRows(
        left=some(cards=(2,))
    )


def test_a_version_says_by_which_columns_the_rows_of_a_table_are_known(here: Live) -> None:
    """Rows that were left by another key are then not looked for, since keys cannot be mixed."""
    version = here.capture("v1")
    here.execute(UNMARK_BOARD)
    by_slug = Retained({"boards": frozenset({(b"'mine'",)})}, {"boards": ("slug",)})
    assert find(here, None, version, by_slug) == KnownRows(left=by_slug)
    assert find(here, version, version, by_slug) == KnownRows(taken=some(boards=(1,)))
    boards = here.database.tables["boards"]
    missing = ("id",), [(b"1",)]
    assert known_rows._named(boards, missing, by_slug) == missing
    assert known_rows._named(boards, missing, some(boards=(1, 2))) == (
        ("id",),
        [(b"1",), (b"2",)],
    )


def test_rows_that_another_scenario_picks_now_are_elsewhere(here: Live) -> None:
    version = here.capture("v1")
    here.execute("UPDATE cards SET is_demo = FALSE")
    owners = {"reader": {"boards": "1 = 1"}, "writer": {"cards": "id < 3"}}
    found = find(here, version, version, owners=owners)
    assert found == KnownRows(taken=some(cards=(3,)), elsewhere={"writer": some(cards=(1,))})
    assert found.compared == found.unpicked == some(cards=(1, 3))
    owners["writer"] = {"cards": "1 = 1"}
    assert find(here, version, version, owners=owners) == KnownRows(
        elsewhere={"writer": some(cards=(1, 3))}
    )
    owners["writer"] = {"cards": "id > 8"}
    assert find(here, version, version, owners=owners) == KnownRows(taken=some(cards=(1, 3)))


def test_rows_that_hang_on_a_row_follow_it(database: Database) -> None:
    with live(database, *CHECKS) as here:
        version = here.capture("v1", "boards", "cards", "checks@card_id")
        here.execute(UNMARK)
        found = find(here, version, version)
        assert found == KnownRows(taken=some(cards=(1,)), following={"checks": 2})
        assert found.counts() == {"cards": 1, "checks": 2}
        here.execute(UNMARK_BOARD, "UPDATE checks SET card_id = 2 WHERE id = 1")
        found = find(here, version, version)
        taken = some(boards=(1,), cards=(1,), checks=(1,))
        assert found == KnownRows(taken=taken, following={"checks": 1})
        assert found.counts() == {"boards": 1, "cards": 1, "checks": 2}


def test_a_row_that_is_picked_again_itself_follows_no_other(here: Live) -> None:
    """It was left, and is marked again; a board, of which it has nothing, is not."""
    version = here.capture("v1")
    here.execute(UNMARK_BOARD)
    assert find(here, version, version, some(cards=(3,))) == KnownRows(taken=some(boards=(1,)))


def test_rows_without_a_key_are_not_looked_for(database: Database) -> None:
    with live(database, *TAGS) as here:
        version = here.capture("v1", "cards", "tags@card_id")
        tags_first = here.capture("v2", "tags@card_id", "cards")
        here.execute(UNMARK)
        for one in (version, tags_first):
            assert find(here, one, one) == KnownRows(taken=some(cards=(1,)))


def test_rows_of_tables_that_no_selection_picks_any_more_are_not_looked_for(here: Live) -> None:
    version = here.capture("v1")
    cards = here.capture("v2", "cards")
    here.execute(UNMARK, UNMARK_BOARD)
    assert find(here, version, version, covered=[cards]) == KnownRows(taken=some(cards=(1,)))


def test_a_version_that_cannot_be_read_or_does_not_fit_identifies_no_rows(here: Live) -> None:
    version = here.capture("v1")
    here.execute(UNMARK, UNMARK_BOARD)
    assert find(here.lacking("cards.title"), version, None) == NONE
    path = Path(version.folder) / version.file
    text = path.read_text()
    # The rows of boards, which come first, are whole.
    path.write_text(text[: text.index("'Three'")])
    assert find(here, version, None) == NONE
    path.unlink()
    assert find(here, version, None) == NONE


def test_a_target_that_does_not_fit_has_no_rows(here: Live) -> None:
    version = here.capture("v1")
    here.execute(UNMARK)
    narrow = here.lacking("cards.title")
    known = some(cards=(1,))
    assert find(narrow, None, version, known) == KnownRows(left=known)


def test_rows_of_no_version_hang_on_those_that_come_back(database: Database) -> None:
    with live(database, *CHECKS, *TAGS) as here:
        version = here.capture("v1", "boards", "cards", "checks@card_id", "tags@card_id")
        here.execute(UNMARK, "INSERT INTO checks VALUES (9, 1)", "INSERT INTO tags VALUES (1, 'n')")
        covered = [version.selection]
        found = find(here, version, version)
        plain = row_set.union(here.database, covered)
        wider = row_set.union(here.database, covered, found.taken.rows(here.database))

        def hanging(*versions: Version | None, plain: Mapping[str, str] = plain) -> Retained:
            return known_rows.hanging(here.database, plain, wider, found, versions)

        assert hanging(None, version) == hanging(version, None) == some(checks=(9,))
        assert hanging(None) == some(checks=(1, 2, 9))
        later = here.capture("v2", "boards", "cards", "checks@card_id")
        assert hanging(version, later) == some(checks=(9,))
        less = {name: where for name, where in plain.items() if name != "boards"}
        assert hanging(None, plain=less) == some(boards=(1,), checks=(1, 2, 9))


def test_a_load_brings_the_rows_of_a_version_that_are_not_released(here: Live) -> None:
    version = here.capture("v1")
    found = KnownRows(skipped={"cards": frozenset({(b"1",)})})
    assert found.expected(version) == {"boards": 1, "cards": 1}
