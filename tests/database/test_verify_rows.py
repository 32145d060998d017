"""What verification says of the rows of a few tables, and of two streams of rows."""

from __future__ import annotations

import pytest

from demosnap import dialects
from demosnap.database import referring, verify
from demosnap.errors import VerificationError
from demosnap.model import Column, Table, Trigger
from support.live import DEMO, Live

pytestmark = pytest.mark.long

TABLE = Table(
    "cards",
    (Column("id", "INTEGER", nullable=False), Column("title", "TEXT"), Column("rank", "INTEGER")),
    key=("id",),
)
SQLITE = dialects.get("sqlite")
ONE, TWO, THREE = b"1,'One',NULL", b"2,'Two',5", b"3,'Three',7"


def test_other_numbers_of_rows_are_told_by_table(here: Live) -> None:
    verify.row_counts(here.database, DEMO, {"boards": 1, "cards": 2})
    with pytest.raises(verify.MiscountedError) as caught:
        verify.row_counts(here.database, DEMO, {"boards": 2, "cards": 1})
    assert caught.value.wrong == {
        "boards": "boards: 1 row is picked by the selection, 2 were expected",
        "cards": "cards: 2 rows are picked by the selection, 1 was expected",
    }
    assert caught.value.message == "\n".join(caught.value.wrong.values())
    assert caught.value.too_many == ["cards"]
    assert caught.value.predicates == DEMO


def test_a_table_that_nothing_is_expected_of_may_hold_nothing(here: Live) -> None:
    verify.row_counts(here.database, {"cards": "id > 9"}, {})
    with pytest.raises(
        verify.MiscountedError, match="1 row is picked by the selection, 0 were"
    ) as caught:
        verify.row_counts(here.database, {"boards": "id = 1"}, {})
    assert caught.value.too_many == ["boards"]


def test_one_look_tells_numbers_and_references(here: Live) -> None:
    right = {"boards": 1, "cards": 2}
    verify.rows_and_keys(here.database, DEMO, right)
    with pytest.raises(verify.MiscountedError, match="cards: 2 rows are picked"):
        verify.rows_and_keys(here.database, DEMO, {"boards": 1, "cards": 3})
    here.unchecked("DELETE FROM users WHERE id = 1", "DELETE FROM boards WHERE id = 2")
    with pytest.raises(VerificationError) as caught:
        verify.rows_and_keys(here.database, DEMO, right)
    # The card of the board that is gone is no demo row.
    assert caught.value.message == "cards.owner_id: 1 row references no row of users (1)"
    owner = ("cards", ("owner_id",), "users", ("id",), None)
    verify.rows_and_keys(here.database, DEMO, right, {owner: {(b"1",)}})
    with pytest.raises(VerificationError, match="1 row references no row of users"):
        verify.rows_and_keys(here.database, DEMO, right, {owner: {(b"2",)}})


def test_references_to_nothing_are_counted_and_the_first_values_shown(here: Live) -> None:
    cards = ",".join(
        f"({n}, 'demo', {n}, 'x', TRUE), ({n + 50}, NULL, {n}, 'x', TRUE)" for n in range(10, 17)
    )
    here.unchecked(f"INSERT INTO cards VALUES {cards}")
    ((name, columns, parent, count, shown),) = verify.orphans(here.database, DEMO)
    assert (name, columns, parent, count) == ("cards", ("owner_id",), "users", 14)
    assert len(set(shown.split(", ")) & {str(n) for n in range(10, 17)}) == 5
    place: referring.Place = ("cards", ("owner_id",), "users", ("id",), None)
    known: verify.Known = {place: {(str(n).encode(),) for n in range(11, 17)}}
    assert list(verify.orphans(here.database, DEMO, known)) == [
        ("cards", ("owner_id",), "users", 2, "10")
    ]
    assert verify.dangling(here.database, DEMO, {place: {(b"10",)}}) == [
        "cards.owner_id: 12 rows reference no row of users (11, 12, 13, 14, 15)"
    ]


def test_a_known_reference_to_nothing_hides_no_other_one_of_its_table(here: Live) -> None:
    here.unchecked("DELETE FROM users WHERE id = 1", "DELETE FROM boards WHERE id = 1")
    owner = ("cards", ("owner_id",), "users", ("id",), None)
    board = ("cards", ("board",), "boards", ("slug",), None)

    def told(known: verify.Known) -> list[str]:
        return [one[2] for one in verify.orphans(here.database, DEMO, known)]

    assert sorted(told({})) == ["boards", "users"]
    assert told({owner: {(b"1",)}}) == ["boards"]
    assert told({board: {(b"'demo'",)}}) == ["users"]


def test_what_a_move_leaves_alone_is_known_by_its_digest(here: Live) -> None:
    def staying() -> dict[str, str]:
        return verify.staying(here.database, DEMO, ["users"])

    before = staying()
    assert sorted(before) == ["boards", "cards"]
    assert sorted(verify.staying(here.database, DEMO, ["boards"])) == ["cards", "users"]
    here.execute(
        "UPDATE cards SET title = 'Else' WHERE id = 1", "UPDATE users SET name = 'x' WHERE id = 1"
    )
    assert verify.changed(before, staying()) == []
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 2")
    assert verify.changed(before, staying()) == ["cards"]
    assert verify.changed(before, {"boards": before["boards"]}) == ["cards"]


@pytest.mark.parametrize(
    ("expected", "found", "told"),
    [
        ([], [], None),
        ([ONE, TWO], [ONE, TWO], None),
        ([ONE, TWO], [ONE], "cards: the row id=2 is missing"),
        ([ONE, TWO], [TWO], "cards: the row id=1 is missing"),
        ([ONE], [ONE, TWO], "cards: the row id=2 is not in the snapshot"),
        ([TWO], [ONE, TWO], "cards: the row id=1 is not in the snapshot"),
        (
            [ONE, TWO],
            [ONE, b"2,'Zwei',6"],
            "cards: row id=2: title is 'Zwei', not 'Two'; rank is 6, not 5",
        ),
        ([TWO], [b"2,'Two',NULL"], "cards: row id=2: rank is NULL, not 5"),
        ([TWO, THREE], [b"2,'2',5", b"3,'3',7"], "cards: row id=2: title is '2', not 'Two'"),
    ],
)
def test_the_first_difference_of_two_streams(
    expected: list[bytes], found: list[bytes], told: str | None
) -> None:
    assert verify.first_difference(SQLITE, TABLE, expected, found) == told
    if told is not None:
        triggers = [Trigger("meddle", "cards"), Trigger("other", "cards")]
        blamed = verify.first_difference(SQLITE, TABLE, expected, found, triggers)
        assert blamed == f"{told} ({', '.join(map(str, triggers))})"


def test_both_streams_are_read_to_their_ends_after_a_difference() -> None:
    expected, found = iter([ONE, TWO, THREE]), iter([TWO, THREE])
    assert verify.first_difference(SQLITE, TABLE, expected, found)
    assert [*expected, *found] == []


@pytest.mark.parametrize(("length", "shown"), [(38, "x" * 38 + "'"), (39, "x" * 38 + "…")])
def test_a_long_value_is_cut(length: int, shown: str) -> None:
    long = b"2,'" + b"x" * length + b"',5"
    told = verify.first_difference(SQLITE, TABLE, [TWO], [long])
    assert told == f"cards: row id=2: title is '{shown}, not 'Two'"


def test_values_count_and_not_their_spelling_where_a_dialect_decodes_them(here: Live) -> None:
    dialect, table = here.database.dialect, here.database.tables["users"]
    rows, other = [b"1,'a'", b"2,'b'"], [b"2,'b'", b"01,'a'"]
    assert verify.first_difference(dialect, table, rows, [b"01,'a'", b"2,'b'"]) is not None
    assert verify.first_difference(dialect, table, rows, other, by_value=True) is None
    wrong = verify.first_difference(dialect, table, rows, [b"2,'b'", b"1,'z'"], by_value=True)
    assert wrong == "users: row id=1: name is 'z', not 'a'"
    missing = verify.first_difference(dialect, table, rows, [b"1,'a'"], by_value=True)
    assert missing == "users: the row id=2 is missing"
