"""Each check of a move by itself: what it alone finds, on rows that no other check looks at."""

from __future__ import annotations

import pytest

from demosnap.database import outside_references
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.database.retained import NOTHING, Retained
from demosnap.database.verify import Known
from demosnap.errors import DatabaseError, VerificationError
from demosnap.moves import difference, execute, full_load, strategy
from demosnap.options import Verify
from support.live import DEMO, Live


@pytest.mark.parametrize("level", ["full", "counts"])
@pytest.mark.parametrize("retained", [False, True])
def test_a_reference_to_nothing_is_found_where_every_row_is_as_captured(
    here: Live, level: Verify, retained: bool
) -> None:
    version = here.capture("v1")
    opened = OpenSnapshot(version, here.database)
    for rows in opened.blocks():
        list(rows)
    beside = NOTHING
    if retained:
        here.execute("INSERT INTO boards VALUES (5, 'stays', TRUE)")
        beside = Retained({"boards": frozenset({(b"5",)})}, {"boards": ("id",)})
    full_load.verified(here.database, opened, level, beside)
    here.unchecked("DELETE FROM users WHERE id = 1")
    with pytest.raises(
        VerificationError, match=r"cards\.owner_id: 1 row references no row of users \(1\)"
    ):
        full_load.verified(here.database, opened, level, beside)


def test_a_reference_that_dangled_at_the_capture_may_dangle(here: Live) -> None:
    version = here.capture("v1")
    opened = OpenSnapshot(version, here.database)
    for rows in opened.blocks():
        list(rows)
    here.unchecked("DELETE FROM users WHERE id = 1")
    known: Known = {("cards", ("owner_id",), "users", ("id",), None): {(b"1",)}}
    full_load.verified(here.database, opened, "full", known=known)


def test_rows_of_two_scenarios_that_reference_each_other_are_told(here: Live) -> None:
    here.execute(
        "INSERT INTO boards VALUES (3, 'novel', TRUE)",
        "INSERT INTO cards VALUES (4, 'novel', 1, 'Four', TRUE)",
    )
    general = {"boards": "id = 1", "cards": "id IN (1, 3)"}
    writer = {"boards": "id = 3", "cards": "id = 4"}

    def crossing(**scenarios: dict[str, str]) -> bool:
        demo_rows = {name: here.rows(predicates) for name, predicates in scenarios.items()}
        return strategy.crossing(here.database, demo_rows)

    assert not crossing(general=general)
    assert not crossing(general=general, writer=writer)
    here.execute("UPDATE cards SET board = 'demo' WHERE id = 4")
    assert crossing(general=general, writer=writer)
    # A row of both is no row of the other one.
    assert not crossing(general={**general, "cards": "id IN (1, 3, 4)"}, writer=writer)
    assert crossing(general=general, writer={"users": "id = 1"})
    assert not crossing(general=general, writer={"users": "id = 2"})


def test_a_value_that_others_reference_makes_a_table_tangled(here: Live) -> None:
    database = here.database
    here.execute("INSERT INTO boards VALUES (3, 'lone', TRUE)")
    version = here.capture("v1", "boards")
    demo = here.rows({"boards": DEMO["boards"]})
    assert difference.tangled(database, difference.compare(database, version, demo)) is None
    here.execute("UPDATE boards SET slug = 'else' WHERE id = 3")
    planned = difference.compare(database, version, demo)
    expected = "boards" if database.dialect.enforces_foreign_keys else None
    assert difference.tangled(database, planned) == expected


def test_a_column_that_no_one_references_tangles_nothing(here: Live) -> None:
    version = here.capture("v1")
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    planned = difference.compare(here.database, version, here.rows())
    assert planned.rows == 1
    assert difference.tangled(here.database, planned) is None


def test_a_key_that_is_equal_in_another_spelling_is_there(here: Live) -> None:
    version = here.capture("v1")
    (owner,) = [one for one in version.external_references if one.references == "users"]

    def missing(*keys: bytes) -> list[str]:
        wanted = [(key,) for key in keys]
        found = outside_references.missing_externals(here.database, owner, wanted)
        assert {one.kind for one in found} <= {"missing reference"}
        return [str(one) for one in found]

    assert missing(b"1", b"2") == []
    assert missing(b"1.0", b"2") == []
    (reason,) = missing(b"1.0", b"3.0", b"9")
    assert reason.startswith("cards.owner_id references 2 rows of users that are neither in")
    assert reason.endswith("(id: 3.0, 9)")


def test_what_the_database_counted_is_held_against_the_plan(here: Live) -> None:
    database = here.database
    before = database.dialect.affected_rows(database.connection)
    if before is None:
        pytest.skip(f"{database.dialect.name} does not count what a transaction changes")
    here.execute("INSERT INTO users VALUES (7, 'Mary')", "DELETE FROM users WHERE id = 7")
    here.execute("UPDATE users SET name = 'Augusta' WHERE id = 1")
    tally = difference.Tally()
    with pytest.raises(DatabaseError, match="users: 2 rows were deleted or changed where 0 were"):
        execute._hold(database, before, tally)
    tally.deleted["users"] = 1
    with pytest.raises(DatabaseError, match="users: 2 rows were deleted or changed where 1 was"):
        execute._hold(database, before, tally)
    tally.changed["users"] = 1
    execute._hold(database, before, tally)


def test_rows_where_the_role_may_not_look_must_not_change(here: Live) -> None:
    database = here.database
    before = database.dialect.affected_rows(database.connection)
    if before is None:
        pytest.skip(f"{database.dialect.name} does not count what a transaction changes")
    here.execute("DELETE FROM cards WHERE id = 2")
    execute._unseen(database, before)
    seen = {name: table for name, table in database.tables.items() if name != "cards"}
    hidden = Database(database.connection, database.dialect, seen)
    with pytest.raises(VerificationError, match="rows of cards, which this role may not read"):
        execute._unseen(hidden, before)
