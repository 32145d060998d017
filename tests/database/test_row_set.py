"""Rows as one value: what is asked of them once, and when that ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from demosnap.database.row_set import RowSet
from support.live import Live
from support.workspaces import Workspace


@contextmanager
def counting(engine: type[Engine] = Engine) -> Iterator[Counter[str]]:
    """Yield how often each statement was sent that counts rows of a table of the application."""
    found: Counter[str] = Counter()

    def sent(*arguments: object) -> None:
        statement = str(arguments[2])
        if re.match(r"SELECT COUNT\(\*\)", statement) and "information_schema" not in statement:
            found[statement] += 1

    sa.event.listen(engine, "before_cursor_execute", sent)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", sent)


def test_a_plan_counts_the_rows_of_each_table_once(workspace: Workspace) -> None:
    """By difference and by purge and load; what is then there is counted anew."""
    project = workspace.project
    project.revision("general")
    workspace.seed("general", 2)
    project.revision("general")
    down, up = partial(project.downgrade, "general", "v1"), partial(project.upgrade, "general@v2")
    for move, full in ((down, False), (up, True), (down, True), (up, False)):
        with counting() as found:
            (planned,) = move(full=full, dry_run=True).moves
        assert planned.by_difference is not full
        # Before all go, the rows are counted that reference them by one of three foreign keys.
        asked = 6 + (3 if full else 0)
        assert [*found.values()] == asked * [1]
        with counting() as found:
            move(full=full, rehearse=False, verify="full")
        # Where all rows are read after a load, they are not counted as well.
        assert [*found.values()] == asked * [1 if full else 2]


def test_an_answer_is_remembered_by_all_sets_of_one_moment(here: Live) -> None:
    rows = here.rows()
    one = rows.another({"cards": "id = 1", "boards": "id = 1"})
    cards = here.database.tables["cards"]
    before = rows.counts(), rows.digest([cards]), one.counts()
    here.execute("DELETE FROM cards WHERE id = 1")
    with counting() as found:
        again = rows.another(rows)
        assert (again.counts(), again.digest([cards]), rows.another(one).counts()) == before
        assert (rows - {"users": "id = 1"}).count("cards") == 2
    assert not found


def test_what_has_changed_is_asked_anew(here: Live) -> None:
    """For all sets of the moment, from the first question on, as often as it is put."""
    rows = here.rows()
    one = rows.another({"cards": "id = 1"})
    cards = here.database.tables["cards"]
    digest = rows.digest([cards])
    assert (rows.count("cards"), one.counts()) == (2, {"cards": 1})
    rows.another({}).changed()
    here.execute("DELETE FROM cards WHERE id = 1")
    with counting() as found:
        assert one.counts() == {"cards": 0}
        assert [rows.count("cards"), rows.count("cards")] == [1, 1]
    assert sum(found.values()) == 3
    changed = rows.digest([cards])
    assert changed != digest
    rows.know_digest([cards], digest)
    assert rows.digest([cards]) == changed


def test_a_set_of_another_moment_knows_nothing(here: Live) -> None:
    rows = here.rows()
    assert rows.count("cards") == 2
    here.execute("DELETE FROM cards WHERE id = 1")
    assert RowSet(here.database, rows).count("cards") == 1


def test_sets_are_taken_away_from_others(here: Live) -> None:
    everything = here.rows({"cards": "1 = 1", "users": "1 = 1"})
    others = everything - {"cards": "id = 1 OR id = 2", "boards": "id = 1"}
    assert others.counts() == {"cards": 1, "users": 2}
    both = here.rows({"cards": "id <= 3", "boards": "id = 1"})
    assert (both - {"cards": "id IN (1, 9)"}).counts() == {"cards": 2, "boards": 1}
    assert len([*others.rows(here.database.tables["cards"])]) == 1


def test_a_row_that_a_predicate_cannot_tell_is_not_taken_away(here: Live) -> None:
    """Of NULL nothing is true: the row stays in the set, as one that the other does not have."""
    rows = here.rows({"cards": "1 = 1"}) - {"cards": "owner_id = 1"}
    assert rows.count("cards") == 2
