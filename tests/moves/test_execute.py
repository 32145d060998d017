"""What acting on a plan does to each row, and what it writes down: on a few tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from demosnap.compare import released
from demosnap.database import own_tables, reflect, retained
from demosnap.errors import CountError, DatabaseError, VerificationError
from demosnap.model import Trigger, Version
from demosnap.moves import execute, plan
from demosnap.moves.goal import Goal
from demosnap.moves.planned import PlannedMove
from demosnap.moves.triggers import Seal
from demosnap.options import MoveOptions
from support.databases import Database
from support.live import Live, live, some

REAL = "INSERT INTO cards VALUES (20, 'demo', NULL, 'Real', FALSE)"
ACTS = Trigger("acts", "demosnap_log", frozenset({"insert"}))


def prepared(here: Live, *goals: Goal, **options: Any) -> list[PlannedMove]:
    versions: dict[str, list[Version]] = {}
    for goal in goals:
        known = versions.setdefault(goal.scenario, [])
        known += [v for v in (goal.current, goal.target) if v is not None and v not in known]
    plans = plan.prepare(here.database, here.settings(), versions, goals, MoveOptions(**options))
    assert [one.refusals for one in plans] == [()] * len(goals)
    return plans


def act(here: Live, plans: Sequence[PlannedMove], **options: Any) -> Seal | None:
    return execute.act(here.database, plans, settings=here.settings(), **options)


def moved(
    here: Live, current: Version | None, target: Version | None, **options: Any
) -> list[PlannedMove]:
    """Plan a move of general, and act."""
    names = ("again", "stamp_only", "operation", "by_difference")
    of_goal = {name: options.pop(name) for name in names if name in options}
    plans = prepared(here, Goal("general", current, target, **of_goal), **options)
    act(here, plans)
    return plans


def everything(here: Live) -> dict[str, list[bytes]]:
    """Return all rows of the application, demo rows and others."""
    return {
        name: sorted(here.database.dialect.read_rows(here.database.connection, table, "1 = 1"))
        for name, table in here.database.tables.items()
    }


def log(here: Live) -> list[tuple[Any, ...]]:
    """Return operation, revision, rows and digest of each entry, the newest first."""
    entries = own_tables.entries(here.database.connection)
    return [(one.operation, one.revision, dict(one.rows), one.digest) for one in entries]


def test_a_purge_takes_the_demo_rows_and_a_load_brings_them_back(here: Live) -> None:
    version = here.capture("v1")
    before = everything(here)
    moved(here, version, None)
    real = {
        "users": before["users"],
        "boards": [row for row in before["boards"] if row.startswith(b"2,")],
        "cards": [row for row in before["cards"] if row.startswith(b"2,")],
    }
    assert everything(here) == real
    assert log(here) == [("purge", None, {}, None)]
    moved(here, None, version)
    assert everything(here) == before
    loaded = ("load", version.revision, dict(version.rows), version.digest)
    assert log(here)[0] == loaded
    # There is nothing to do, and nothing to write down.
    moved(here, version, version)
    assert len(log(here)) == 2


def test_a_version_is_loaded_over_another_one_by_difference_and_as_a_whole(here: Live) -> None:
    first = here.capture("v1")
    one = everything(here)
    here.execute(
        "UPDATE cards SET title = 'Else' WHERE id = 1",
        "DELETE FROM cards WHERE id = 3",
        "INSERT INTO cards VALUES (4, 'demo', 2, 'Four', TRUE)",
    )
    second = here.capture("v2")
    two = everything(here)
    assert [each.move.by_difference for each in moved(here, second, first)] == [True]
    assert everything(here) == one
    assert [each.move.by_difference for each in moved(here, first, second, full=True)] == [False]
    assert everything(here) == two
    assert [entry[:2] for entry in log(here)] == [
        ("load", second.revision),
        ("load", first.revision),
    ]


def test_a_reset_puts_back_what_was_edited_and_leaves_other_rows_alone(here: Live) -> None:
    version = here.capture("v1")
    before = everything(here)
    here.execute(
        "UPDATE cards SET title = 'Edited' WHERE id = 1",
        "INSERT INTO cards VALUES (9, 'demo', NULL, 'New', TRUE)",
        "UPDATE cards SET title = 'Mine' WHERE id = 2",
    )
    moved(here, version, version, by_difference=True, discard=True)
    mine = [row.replace(b"'Two'", b"'Mine'") for row in before["cards"]]
    assert everything(here) == {**before, "cards": mine}
    assert log(here)[0][0] == "reset"


def test_rows_that_stay_are_recorded_and_so_are_those_that_were_released(here: Live) -> None:
    version = here.capture("v1")
    here.execute(REAL)
    before = everything(here)
    (planned,) = prepared(here, Goal("general", version, None), keep_referenced=True)
    rows = replace(planned.rows, left=some(cards=(2,)), released=some(users=(1,)))
    act(here, [replace(planned, rows=rows)])
    board = some(boards=(1,))
    found = retained.unchanged(here.database, "general", {"boards": "1 = 1"})
    assert (found.keys, planned.kept.keys) == (board.keys, board.keys)
    assert released.left(here.database, "general") == some(cards=(2,))
    assert released.released(here.database, "general", {}) == some(users=(1,))
    assert everything(here)["boards"] == before["boards"]
    assert [row[:2] for row in everything(here)["cards"]] == [b"2,", b"20"]
    # A move that does nothing forgets nothing.
    act(here, [replace(planned, action="none", rows=replace(rows, left=some(cards=(9,))))])
    assert released.left(here.database, "general") == some(cards=(2,))


def test_retained_rows_do_not_count_as_rows_of_the_version(here: Live) -> None:
    first = here.capture("v1")
    here.execute("INSERT INTO boards VALUES (5, 'stays', TRUE)")
    second = here.capture("v2")
    here.execute("INSERT INTO cards VALUES (20, 'stays', NULL, 'Real', FALSE)")
    before = everything(here)
    (planned,) = moved(here, second, first, keep_referenced=True)
    assert planned.kept == some(boards=(5,))
    assert everything(here) == before
    found = retained.unchanged(here.database, "general", {"boards": "1 = 1"})
    assert found.keys == planned.kept.keys


def test_rows_that_the_plan_takes_along_go_and_no_others(here: Live) -> None:
    version = here.capture("v1")
    here.execute(REAL)
    before = everything(here)
    (planned,) = moved(here, version, None, cascade=("cards",))
    assert planned.cascaded.counts() == {"cards": 1}
    assert everything(here) == {
        "users": before["users"],
        "boards": [row for row in before["boards"] if row.startswith(b"2,")],
        "cards": [row for row in before["cards"] if row.startswith(b"2,")],
    }


def test_a_stamp_moves_no_row_and_has_the_digest_of_its_version(here: Live) -> None:
    version = here.capture("v1")
    translated = here.translated("v2")
    before = everything(here)
    moved(here, None, version, stamp_only=True, operation="stamp")
    moved(here, None, version, stamp_only=True, operation="capture")
    moved(here, None, version, stamp_only=True, operation="undo")
    moved(here, version, None, stamp_only=True, operation="stamp")
    moved(here, None, translated, stamp_only=True, operation="stamp")
    rows = dict(version.rows)
    assert log(here) == [
        ("stamp", translated.revision, rows, None),
        ("stamp", None, {}, None),
        ("undo", version.revision, rows, None),
        ("capture", version.revision, rows, version.digest),
        ("stamp", version.revision, rows, version.digest),
    ]
    assert everything(here) == before


def test_rows_that_came_since_the_plan_are_noticed(here: Live) -> None:
    version = here.capture("v1")
    new = "INSERT INTO cards VALUES (9, NULL, NULL, 'New', TRUE)"
    purge = prepared(here, Goal("general", version, None))
    here.execute(new)
    with pytest.raises(CountError, match="cards: 3 rows would be deleted where 2 were planned"):
        act(here, purge)


def test_rows_beside_those_of_the_version_are_noticed_after_a_move(here: Live) -> None:
    """By number, with the keys of rows that are too many or too few."""
    here.execute("INSERT INTO boards VALUES (3, 'spare', TRUE)")
    version = here.capture("v1")
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    plans = prepared(here, Goal("general", version, version, by_difference=True), discard=True)
    here.execute("INSERT INTO cards VALUES (9, NULL, NULL, 'New', TRUE)")
    with pytest.raises(
        VerificationError, match=r"1 row is picked but not in the snapshot \(id: 9\)"
    ) as caught:
        act(here, plans)
    assert caught.value.changed is False
    here.execute("DELETE FROM cards WHERE id = 9", "DELETE FROM boards WHERE id = 3")
    with pytest.raises(VerificationError, match=r"1 row of the snapshot is missing \(id: 3\)"):
        act(here, plans)


def test_the_state_is_sealed_where_triggers_act_on_demosnaps_own_tables(here: Live) -> None:
    version = here.capture("v1")
    assert act(here, prepared(here, Goal("general", version, None))) is None
    plans = prepared(here, Goal("general", None, version))
    sealed = act(here, plans, own_triggers=(ACTS,))
    assert sealed is not None
    sealed.check(here.database)
    here.execute("UPDATE users SET name = 'Augusta' WHERE id = 1")
    with pytest.raises(VerificationError, match="rows of users would be changed"):
        sealed.check(here.database)


def test_a_reference_that_came_since_the_plan_is_not_left_dangling(here: Live) -> None:
    """Where the database does not check it, the move does."""
    version = here.capture("v1")
    here.execute("INSERT INTO boards VALUES (5, 'new', TRUE)")
    plans = prepared(here, Goal("general", version, version, by_difference=True), discard=True)
    here.execute("INSERT INTO cards VALUES (20, 'new', NULL, 'Real', FALSE)")
    checked = here.database.dialect.name == "postgresql"
    message = "boards" if checked else r"cards.board: 1 row would reference no row of boards"
    with pytest.raises(DatabaseError if checked else VerificationError, match=message):
        act(here, plans)


def test_a_value_that_was_taken_since_the_plan_names_the_way_on(database: Database) -> None:
    with live(database, "CREATE UNIQUE INDEX one_title ON cards (title)") as here:
        first = here.capture("v1")
        here.execute("UPDATE cards SET title = 'Else' WHERE id = 3")
        second = here.capture("v2")
        reset = prepared(here, Goal("general", first, first, by_difference=True), discard=True)
        (move,) = prepared(here, Goal("general", second, first))
        assert move.move.by_difference
        here.execute("INSERT INTO cards VALUES (9, NULL, NULL, 'Three', FALSE)")
        nested = here.database.connection.begin_nested()
        with pytest.raises(DatabaseError, match="could not be changed one by one") as caught:
            act(here, reset)
        assert caught.value.hint == "Purge and load instead: demosnap load general@v1 --discard"
        assert caught.value.changed is False and "nothing was changed" in str(caught.value)
        nested.rollback()
        with pytest.raises(DatabaseError, match="could not be changed one by one") as caught:
            act(here, [move])
        assert caught.value.hint == "Purge and load instead: upgrade or downgrade with --full"


def with_trigger(here: Live, event: str, change: str, new: str = "") -> Live:
    """Return the tables with a trigger on cards: a statement, or the title of the new row."""
    name = here.database.dialect.name
    if name not in ("sqlite", "postgresql"):
        pytest.skip("CREATE TRIGGER would commit the test's transaction")
    if name == "sqlite":
        change = f"UPDATE cards SET title = {new} WHERE id = NEW.id" if new else change
        here.execute(f"CREATE TRIGGER acts AFTER {event} ON cards BEGIN {change}; END")
    else:
        when, body = ("BEFORE", f"NEW.title := {new}") if new else ("AFTER", change)
        here.execute(
            "CREATE FUNCTION acts() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {body}; RETURN NEW; END $$",
            f"CREATE TRIGGER acts {when} {event} ON cards FOR EACH ROW EXECUTE FUNCTION acts()",
        )
    return replace(here, database=reflect.database(here.database.connection))


def test_a_trigger_that_changes_other_rows_is_named(here: Live) -> None:
    """By a purge, and by a reset that deletes one row."""
    version = here.capture("v1")
    acting = with_trigger(here, "DELETE", "UPDATE users SET name = 'changed' WHERE id = 2")
    purge = prepared(acting, Goal("general", version, None))
    nested = acting.database.connection.begin_nested()
    with pytest.raises(VerificationError, match=r"rows of users outside .* by .*acts"):
        act(acting, purge)
    nested.rollback()
    acting.execute("INSERT INTO cards VALUES (9, NULL, NULL, 'New', TRUE)")
    reset = prepared(acting, Goal("general", version, version, by_difference=True), discard=True)
    with pytest.raises(VerificationError, match=r"rows of users outside .* by .*acts"):
        act(acting, reset)


def test_a_value_that_a_trigger_sets_is_put_back(here: Live) -> None:
    version = here.capture("v1")
    before = everything(here)
    acting = with_trigger(here, "INSERT", "", "'Set'")
    moved(acting, version, None)
    moved(acting, None, version)
    assert everything(acting) == before


def test_a_reset_in_the_way_of_an_update_trigger_names_the_full_load(here: Live) -> None:
    version = here.capture("v1")
    acting = with_trigger(here, "UPDATE", "", "'Set'")
    acting.execute("UPDATE cards SET owner_id = 2 WHERE id = 1")
    plans = prepared(acting, Goal("general", version, version, by_difference=True), discard=True)
    with pytest.raises(VerificationError, match="title") as caught:
        act(acting, plans)
    hint = "Purge and load instead: demosnap load general@v1 --discard\n"
    assert (caught.value.hint or "").startswith(hint)
