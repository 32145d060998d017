"""Which rows a purge reaches, and which of them may go along: on a few tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from demosnap.errors import DatabaseError, UnknownNameError, UsageError
from demosnap.model import ForeignKey
from demosnap.moves import cascade
from demosnap.moves.cascade import CascadedRows
from support.databases import Database
from support.live import DEMO, Live, live

MORE = (
    "CREATE TABLE checks (id INTEGER PRIMARY KEY, card_id INTEGER NOT NULL,"
    " CONSTRAINT fk_card FOREIGN KEY (card_id) REFERENCES cards (id) ON DELETE CASCADE)",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, check_id INTEGER, card_id INTEGER, text INTEGER,"
    " CONSTRAINT fk_check FOREIGN KEY (check_id) REFERENCES checks (id) ON DELETE SET NULL,"
    " CONSTRAINT fk_note_card FOREIGN KEY (card_id) REFERENCES cards (id))",
    "CREATE TABLE replies (id INTEGER PRIMARY KEY, parent_id INTEGER, check_id INTEGER,"
    " CONSTRAINT fk_parent FOREIGN KEY (parent_id) REFERENCES replies (id) ON DELETE CASCADE,"
    " CONSTRAINT fk_reply FOREIGN KEY (check_id) REFERENCES checks (id) ON DELETE CASCADE)",
    "CREATE TABLE marks (word INTEGER, card_id INTEGER,"
    " CONSTRAINT fk_mark FOREIGN KEY (card_id) REFERENCES cards (id))",
    "CREATE TABLE words (word INTEGER, check_id INTEGER,"
    " CONSTRAINT fk_word FOREIGN KEY (check_id) REFERENCES checks (id) ON DELETE CASCADE)",
    "INSERT INTO checks VALUES (1, 1), (2, 2), (3, 3)",
    "INSERT INTO notes VALUES (1, 1, NULL, 5), (2, NULL, 3, 5), (3, 2, NULL, 5), (4, 1, 1, 5)",
    "INSERT INTO replies VALUES (1, NULL, 1), (2, 1, NULL), (3, 2, NULL), (4, NULL, 2)",
)


@pytest.fixture
def more(database: Database) -> Iterator[Live]:
    """Real rows at several depths under demo cards."""
    with live(database, *MORE) as opened:
        yield opened


def rows(found: Mapping[str, frozenset[tuple[bytes, ...]]]) -> dict[str, list[int]]:
    return {name: sorted(int(key[0]) for key in keys) for name, keys in found.items()}


def cascaded(here: Live, *listed: str, others: Mapping[str, Any] | None = None) -> CascadedRows:
    return cascade.cascaded(here.database, listed, DEMO, DEMO, others or {})


def test_rows_of_listed_tables_go_at_any_depth(more: Live) -> None:
    assert cascaded(more) == CascadedRows()
    found = cascaded(more, "checks")
    assert (rows(found.gone), found.nulled) == ({"checks": [1, 3]}, ())
    found = cascaded(more, "replies", "checks")
    assert rows(found.gone) == {"checks": [1, 3], "replies": [1, 2, 3]}
    assert found.counts() == {"checks": 2, "replies": 3}
    assert more.rows(found.to_delete(more.database)).counts() == found.counts()
    assert cascaded(more, "replies") == CascadedRows()


def test_rows_lose_a_reference_where_the_constraint_is_set_null(more: Live) -> None:
    """But for those that go by another one."""
    found = cascaded(more, "notes", "checks")
    ((name, key, keys),) = found.nulled
    assert (name, key.columns, sorted(keys)) == ("notes", ("check_id",), [(b"1",)])
    assert rows(found.gone) == {"checks": [1, 3], "notes": [2, 4]}
    assert found.nulled_counts() == {"notes": 1}
    touched = [more.rows(part).counts() for part in found.touched(more.database)]
    assert touched == [found.counts(), {"notes": 1}]
    found.empty(more.database)
    rest = more.rows({"notes": "check_id IS NULL"})
    assert rest.counts() == {"notes": 2}
    assert more.rows({"notes": "text = 5 AND card_id = 1"}).counts() == {"notes": 1}


def test_references_by_several_constraints_are_counted_together() -> None:
    first, second = ForeignKey(("a",), "x", ("id",)), ForeignKey(("b",), "x", ("id",))
    one, two = frozenset({(b"1",)}), frozenset({(b"1",), (b"2",)})
    found = CascadedRows(nulled=(("t", first, one), ("u", first, one), ("t", second, two)))
    assert found.nulled_counts() == {"t": 3, "u": 1}


def test_other_rows_than_were_planned_stop_it(more: Live) -> None:
    found = cascaded(more, "notes", "checks")
    more.execute("DELETE FROM notes WHERE id = 1")
    with pytest.raises(DatabaseError, match=r"notes: 0 rows were changed where 1 was planned"):
        found.empty(more.database)


def test_a_column_that_may_not_be_null_is_not_emptied(database: Database) -> None:
    if database.dialect == "mariadb":
        pytest.skip("it refuses such a table")
    with live(
        database,
        "CREATE TABLE pairs (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, UNIQUE (a, b))",
        "CREATE TABLE checks (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER NOT NULL,"
        " FOREIGN KEY (a, b) REFERENCES pairs (a, b) ON DELETE SET NULL)",
        "INSERT INTO pairs VALUES (1, 1, 1)",
        "INSERT INTO checks VALUES (1, 1, 1)",
    ) as here:
        pairs = {"pairs": "id = 1"}
        found = cascade.cascaded(here.database, ["checks"], pairs, pairs, {})
        assert found == CascadedRows()


@pytest.mark.long
def test_rows_of_other_scenarios_and_of_the_run_are_never_among_them(more: Live) -> None:
    found = cascaded(more, "checks", others={"writer": {"checks": "id = 1"}, "x": {"notes": "1=1"}})
    assert rows(found.gone) == {"checks": [3]}
    own = {**DEMO, "checks": "id = 3"}
    found = cascade.cascaded(more.database, ["checks"], DEMO, own, {})
    assert rows(found.gone) == {"checks": [1]}


def test_a_circle_of_references_ends(more: Live) -> None:
    more.execute("UPDATE replies SET parent_id = 3 WHERE id = 1")
    found = cascaded(more, "replies", "checks")
    assert rows(found.gone)["replies"] == [1, 2, 3]


@pytest.mark.long
def test_only_tables_whose_rows_have_a_key_can_be_listed(more: Live) -> None:
    with pytest.raises(UnknownNameError, match="'check'"):
        cascaded(more, "checks", "check")
    with pytest.raises(UsageError, match=r"^--cascade marks: its rows have no unique key"):
        cascaded(more, "checks", "marks")


@pytest.mark.parametrize(
    ("action", "columns"),
    [
        ("CASCADE", ()),
        ("NO ACTION", ()),
        ("SET DEFAULT", ()),
        ("SET NULL", ("a", "B c", 'd"e')),
        ("SET NULL (a)", ("a",)),
        ('SET NULL ("B c", "d""e")', ("B c", 'd"e')),
        ('SET NULL ("B c", a)', ("a", "B c")),
    ],
)
def test_a_constraint_can_name_the_columns_to_empty(action: str, columns: tuple[str, ...]) -> None:
    key = ForeignKey(("a", "B c", 'd"e'), "x", ("p", "q", "r"), on_delete=action)
    assert cascade.nulled_columns(key) == columns


def refusals(
    here: Live,
    permitted: CascadedRows | None = None,
    to_delete: Mapping[str, str] = DEMO,
    own: Mapping[str, str] = DEMO,
    **others: Mapping[str, str],
) -> list[str]:
    found = cascade.refusals(
        here.database, to_delete, own, permitted or CascadedRows(), lambda: others
    )
    return [str(one) for one in found]


@pytest.mark.long
def test_rows_that_stay_are_told_with_those_that_would_go_with_them(more: Live) -> None:
    more.execute("DELETE FROM notes WHERE id IN (2, 4)", "INSERT INTO words VALUES (1, 3)")
    first, *further = refusals(more)
    assert first.startswith("2 rows of checks")
    assert "constraint fk_card on checks.card_id, ON DELETE CASCADE; id: 1, 3)" in first
    note, reply, answers = sorted(further)
    assert note.startswith("1 more row of notes references rows of checks that would go with them")
    assert "(constraint fk_check on notes.check_id, ON DELETE SET NULL; id: 1)" in note
    assert reply.startswith("1 more row of replies references rows of checks")
    assert answers.startswith("2 more rows of replies reference rows of replies")
    assert "ON DELETE CASCADE; id: 2, 3)" in answers
    # The ways on are of all of them, and stand once, at the end.
    assert ["--cascade TABLE" in one for one in further] == [False, False, True]
    assert "--keep-referenced keeps" in further[-1] and "--keep-referenced keeps" not in first
    told = refusals(more, writer={"checks": "id = 1"})
    assert "rows of writer are among them" in told[-1]
    assert "rows of writer are among them" not in told[0]


@pytest.mark.long
def test_what_goes_at_the_next_depths_is_told_by_constraint(more: Live) -> None:
    """Each row once, whichever way leads to it, and the rows of a circle, too."""
    more.execute(
        "UPDATE replies SET parent_id = 3 WHERE id = 1",
        *(f"INSERT INTO replies VALUES ({n}, 2, NULL)" for n in (7, 8, 9, 10, 11)),
    )
    told = "\n".join(refusals(more))
    assert "8 more rows of replies reference rows of replies" in told
    assert "id: 1, 2, 3, 7, 8, …)" in told


@pytest.mark.long
def test_permitted_rows_are_no_reason(more: Live) -> None:
    more.execute("DELETE FROM notes WHERE id IN (2, 4)")
    first, further = refusals(more, cascaded(more, "checks", "notes"))
    assert first.startswith("1 row of replies")
    assert further.startswith("2 more rows of replies")
    assert refusals(more, cascaded(more, "checks", "notes", "replies")) == []


def test_a_reference_that_is_emptied_is_spared_and_no_other(more: Live) -> None:
    more.execute("DELETE FROM replies", "DELETE FROM notes WHERE id = 2")
    permitted = cascaded(more, "checks", "notes")
    assert refusals(more, permitted) == []
    without = CascadedRows(permitted.gone, ())
    (reason,) = refusals(more, without)
    assert reason.startswith("1 row of notes")


@pytest.mark.long
def test_the_ways_on_are_told_of_rows_that_may_go(more: Live) -> None:
    more.execute("DELETE FROM notes", "DELETE FROM replies", "DELETE FROM checks WHERE id <> 1")
    (reason,) = refusals(more)
    assert "--keep-referenced keeps" in reason
    assert "--cascade TABLE" in reason
    assert "demosnap downgrade" not in reason
    (reason,) = refusals(more, writer={"notes": "1 = 1"})
    assert "rows of writer" not in reason and "--cascade TABLE" in reason


@pytest.mark.long
def test_rows_of_another_scenario_cannot_go_along(more: Live) -> None:
    more.execute("DELETE FROM notes", "DELETE FROM replies", "DELETE FROM checks WHERE id = 2")
    some = {"checks": "id = 1"}
    (reason,) = refusals(more, writer=some, z={"users": "1 = 1"})
    assert "rows of writer are among them" in reason
    assert "`demosnap downgrade writer base` takes them out first" in reason
    assert "--cascade TABLE" in reason
    (reason,) = refusals(more, writer={"checks": "1 = 1"})
    assert "--cascade TABLE" not in reason
    (reason,) = refusals(more, z={"checks": "id = 3"}, writer=some)
    assert "rows of writer, z are among them" in reason
    assert "`demosnap downgrade writer base`" in reason
    assert "--cascade TABLE" not in reason


@pytest.mark.long
def test_rows_of_the_run_are_no_reason(more: Live) -> None:
    """They move by a plan of their own."""
    more.execute("DELETE FROM notes", "DELETE FROM replies")
    assert len(refusals(more)) == 1
    assert refusals(more, own={**DEMO, "checks": "1 = 1"}) == []
    assert refusals(more, to_delete={"boards": "id = 2"}, own={"boards": "id = 2"})[0].startswith(
        "1 row of cards"
    )
