"""What a move by difference does to rows and what it refuses: each step, on a few tables."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demosnap.database import by_key, opened
from demosnap.errors import CountError, SnapshotError
from demosnap.model import Version
from demosnap.moves import difference
from demosnap.moves.difference import PlannedChanges, Tally
from demosnap.moves.trigger_rows import TriggerRows
from demosnap.moves.triggers import ActiveTriggers
from support.databases import Database
from support.live import DEMO, Live, live

MORE = (
    "CREATE TABLE acts (message VARCHAR(20) NOT NULL, is_demo BOOLEAN NOT NULL)",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, board VARCHAR(20), card_id INTEGER,"
    " CONSTRAINT fk_noted FOREIGN KEY (board) REFERENCES boards (slug),"
    " CONSTRAINT fk_on FOREIGN KEY (card_id) REFERENCES cards (id))",
    "INSERT INTO acts VALUES ('demo', TRUE), ('demo', TRUE), ('mine', FALSE)",
)
EVERYTHING = {**DEMO, "acts": "is_demo = TRUE"}
EDITS = (
    "UPDATE cards SET title = 'Else', owner_id = 2 WHERE id = 1",
    "DELETE FROM cards WHERE id = 3",
    "INSERT INTO cards VALUES (4, 'demo', NULL, 'Four', TRUE), (5, NULL, NULL, 'Five', TRUE)",
    "DELETE FROM acts WHERE is_demo = TRUE",
    "INSERT INTO acts VALUES ('other', TRUE)",
)


@pytest.fixture
def more(database: Database) -> Iterator[Live]:
    with live(database, *MORE) as opened:
        yield opened


def compared(
    here: Live, version: Version, predicates: Mapping[str, str] = EVERYTHING
) -> PlannedChanges:
    return difference.compare(here.database, version, here.rows(predicates))


def act(here: Live, planned: PlannedChanges, predicates: Mapping[str, str] = EVERYTHING) -> Tally:
    made = TriggerRows(here.database, ActiveTriggers())
    return difference.act(here.database, planned.changes, predicates, made)


def everything(here: Live) -> dict[str, list[Any]]:
    """Return all rows of the application, demo rows and others."""
    return {
        name: sorted(here.database.dialect.read_rows(here.database.connection, table, "1 = 1"))
        for name, table in here.database.tables.items()
    }


def leaving(here: Live, planned: PlannedChanges, **own: str) -> dict[str, set[bytes]]:
    """Return the first values of the rows that go or change and that others reference."""
    found = difference.leaving(here.database, planned, EVERYTHING, own or EVERYTHING)
    return {
        name: {key[0] for key in here.database.keys(table, found[name], [table.columns[0].name])}
        for name, table in here.database.tables.items()
        if name in found
    }


def test_every_row_that_differs_is_put_back_and_no_other_row(more: Live) -> None:
    version = more.capture("v1", "boards", "cards", "acts")
    before = everything(more)
    assert act(more, compared(more, version)) == Tally()
    more.execute(*EDITS)
    planned = compared(more, version)
    assert {one.name: dict(one.counts) for one in planned.changes if len(one)} == {
        "cards": {"modified": 1, "added": 1, "removed": 2},
        "acts": {"added": 2, "removed": 1},
    }
    # All rows of a table without a key are written again.
    assert planned.rows == 4 + 3
    tally = act(more, planned)
    assert (dict(tally.deleted), dict(tally.changed)) == ({"cards": 2, "acts": 1}, {"cards": 1})
    assert everything(more) == before


def test_rows_of_tables_that_the_version_lacks_go(more: Live) -> None:
    version = more.capture("v1", "boards")
    before = everything(more)
    planned = compared(more, version)
    assert difference.refusals(more.database, planned, EVERYTHING, dict, lambda *_: None) == []
    tally = act(more, planned)
    assert (dict(tally.deleted), dict(tally.changed)) == ({"cards": 2, "acts": 2}, {})
    demo = {"cards": (b"1,", b"3,"), "acts": (b"'demo'",)}
    assert everything(more) == {
        name: [row for row in rows if not row.startswith(demo.get(name, (b"-",)))]
        for name, rows in before.items()
    }


@pytest.mark.parametrize(
    ("meanwhile", "message"),
    [
        ("DELETE FROM cards WHERE id = 4", "cards: 1 row was deleted where 2 were planned"),
        ("DELETE FROM cards WHERE id = 1", "cards: 0 rows were changed where 1 was planned"),
    ],
)
def test_rows_that_went_since_the_plan_are_missed(more: Live, meanwhile: str, message: str) -> None:
    version = more.capture("v1", "boards", "cards", "acts")
    more.execute(*EDITS)
    planned = compared(more, version)
    more.execute(meanwhile)
    with pytest.raises(CountError) as caught:
        act(more, planned)
    assert (caught.value.table, caught.value.message) == ("cards", message)
    assert caught.value.changed is False


def test_rows_that_go_are_named_where_other_rows_reference_them(more: Live) -> None:
    version = more.capture("v1", "boards", "cards", "acts")
    assert leaving(more, compared(more, version)) == {}
    more.execute(*EDITS)
    planned = compared(more, version)
    acts = {"acts": {b"'other'"}}
    assert leaving(more, planned) == acts
    more.execute("INSERT INTO notes VALUES (1, NULL, 1), (2, NULL, 4)")
    # Card 1 keeps its key.
    assert leaving(more, planned) == {**acts, "cards": {b"4"}}
    assert leaving(more, planned, **EVERYTHING, notes="id = 2") == acts
    assert leaving(more, planned, **EVERYTHING, notes="id = 1") == {**acts, "cards": {b"4"}}


def test_rows_that_lose_a_value_are_named_where_other_rows_reference_it(more: Live) -> None:
    more.execute("INSERT INTO boards VALUES (3, 'lone', TRUE), (4, 'same', TRUE), (6, 'x', TRUE)")
    version = more.capture("v1", "boards", "cards")
    more.execute(
        "UPDATE boards SET slug = 'else' WHERE id = 3",
        "DELETE FROM boards WHERE id = 6",
        "INSERT INTO notes VALUES (1, 'same', NULL), (2, 'demo', NULL)",
    )
    planned = compared(more, version, DEMO)
    assert difference.leaving(more.database, planned, DEMO, DEMO) == {}
    more.execute("INSERT INTO notes VALUES (3, 'else', NULL)")
    found = difference.leaving(more.database, planned, DEMO, DEMO)
    boards = more.database.tables["boards"]
    key = by_key.named(more.database.dialect, boards.key_columns, [(b"3",)])
    assert found == {"boards": key}
    assert difference.leaving(more.database, planned, DEMO, {**DEMO, "notes": "id = 3"}) == {}


def test_a_referenced_value_that_changes_is_an_obstacle_where_each_statement_is_checked(
    more: Live,
) -> None:
    more.execute("INSERT INTO boards VALUES (3, 'lone', TRUE)")
    version = more.capture("v1", "boards", "cards", "acts")
    more.execute(
        "UPDATE boards SET slug = 'else' WHERE id = 3", "INSERT INTO acts VALUES ('x', TRUE)"
    )
    planned = compared(more, version)
    assert difference.obstacle(more.database, planned, EVERYTHING) is None
    more.execute("INSERT INTO notes VALUES (3, 'else', NULL)")
    checked = more.database.dialect.enforces_foreign_keys

    def obstacle(planned: PlannedChanges, predicates: Mapping[str, str] = EVERYTHING) -> str | None:
        found = difference.obstacle(more.database, planned, predicates)
        return f"{found.kind}: {found.table}" if found else None

    expected = "cannot change row by row: boards" if checked else None
    assert obstacle(planned) == expected
    assert obstacle(planned, {"cards": DEMO["cards"]}) is None
    more.execute("DELETE FROM notes WHERE id = 3")
    assert obstacle(planned) is None
    # A row that goes loses no value.
    more.execute("INSERT INTO boards VALUES (9, 'goes', TRUE)")
    more.execute("INSERT INTO notes VALUES (9, 'goes', NULL)")
    assert obstacle(compared(more, version)) is None
    more.execute("DELETE FROM notes WHERE id = 9", "DELETE FROM boards WHERE id = 9")
    # A card that comes wants the value that the board only gets now, and another one does not.
    more.execute("INSERT INTO cards VALUES (7, 'else', NULL, 'Seven', TRUE)")
    with_card = more.capture("v2", "boards", "cards", "acts")
    more.execute("DELETE FROM cards WHERE id = 7", "UPDATE boards SET slug = 'new' WHERE id = 3")
    assert obstacle(compared(more, with_card)) == expected
    more.execute("UPDATE boards SET slug = 'else' WHERE id = 3")
    assert obstacle(compared(more, with_card)) is None


def test_rows_that_others_reference_are_kept_where_that_is_asked_for(more: Live) -> None:
    version = more.capture("v1", "boards", "cards", "acts")
    more.execute(*EDITS, "INSERT INTO notes VALUES (1, NULL, 4)")
    planned = compared(more, version)
    changes, kept = difference.keep(more.database, planned, EVERYTHING, [])
    assert kept.keys == {"cards": frozenset({(b"4",)})}
    assert {one.name: dict(one.counts) for one in changes.changes if len(one)} == {
        "cards": {"modified": 1, "added": 1, "removed": 1},
        "acts": {"added": 2, "removed": 1},
    }
    assert not difference.keep(more.database, planned, EVERYTHING, ["notes"])[1]


def test_a_key_that_a_real_row_has_is_refused_by_each_new_value(more: Live) -> None:
    more.execute("INSERT INTO boards VALUES (3, 'lone', TRUE)")
    version = more.capture("v1", "boards", "cards")

    def refused() -> list[tuple[str, str]]:
        planned = compared(more, version, DEMO)
        found = difference.refusals(more.database, planned, DEMO, dict, lambda *_: None)
        return [(one.kind, one.table) for one in found]

    more.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    assert refused() == []
    more.execute("DELETE FROM cards WHERE id = 3")
    more.execute("INSERT INTO cards VALUES (3, NULL, NULL, 'Mine', FALSE)")
    assert refused() == [("key taken", "cards")]
    more.execute("UPDATE boards SET slug = 'else' WHERE id = 3")
    assert refused() == [("key taken", "cards")]
    more.execute("INSERT INTO boards VALUES (9, 'lone', FALSE)")
    assert refused() == [("key taken", "boards"), ("key taken", "cards")]
    more.execute("DELETE FROM boards WHERE id = 9", "UPDATE cards SET id = 9 WHERE id = 3")
    more.execute("UPDATE cards SET title = 'One' WHERE id = 1")
    more.unchecked("DELETE FROM users WHERE id = 1")
    # Nothing is written to the card that references the user.
    assert refused() == []
    more.execute("UPDATE cards SET owner_id = NULL WHERE id = 1")
    assert refused() == [("missing reference", "cards")]


def test_a_version_that_does_not_fit_is_not_compared(more: Live) -> None:
    version = more.capture("v1")
    narrow = more.lacking("cards.title")
    planned = difference.compare(narrow.database, version, narrow.rows())
    assert planned.changes == ()
    assert [one.kind for one in planned.unfit] == ["structure does not fit"]


def test_rows_to_write_are_held_against_the_grammar_whatever_their_digest(here: Live) -> None:
    version = here.capture("v1")
    path = Path(version.folder) / version.file
    path.write_text(path.read_text().replace("'Three'", "version()"))
    reader, blocks = opened.read(version, checked=False)
    for block in blocks:
        collections.deque(block.rows, maxlen=0)
    forged = replace(version, digest=reader.digest)
    with pytest.raises(SnapshotError, match=r"cards: the row id=3 is not what demosnap writes"):
        difference.compare(here.database, forged, here.rows())


def test_a_row_whose_columns_are_all_of_its_reference_wants_a_value_too(database: Database) -> None:
    links = (
        "CREATE TABLE links (slug VARCHAR(20) PRIMARY KEY,"
        " CONSTRAINT fk_link FOREIGN KEY (slug) REFERENCES boards (slug))"
    )
    with live(database, links) as here:
        here.execute("DELETE FROM cards", "INSERT INTO links VALUES ('demo')")
        version = here.capture("v1", "boards", "links@slug")
        here.execute("DELETE FROM links", "UPDATE boards SET slug = 'else' WHERE id = 1")
        picked = {"boards": "is_demo = TRUE", "links": "slug = 'demo'"}
        found = difference.obstacle(here.database, compared(here, version, picked), picked)
        assert (found is not None) is here.database.dialect.enforces_foreign_keys


def test_a_column_that_the_version_lacks_gets_its_default(more: Live) -> None:
    version = more.lacking("cards.title").capture("v1", "boards", "cards")
    before = everything(more)
    tally = act(more, compared(more, version, DEMO), DEMO)
    assert dict(tally.changed) == {"cards": 2}
    titles = (b"'One'", b"'Three'")
    cards = before["cards"]
    for title in titles:
        cards = [row.replace(title, b"NULL") for row in cards]
    assert everything(more) == {**before, "cards": cards}


def test_a_row_that_comes_under_a_partial_index_may_be_taken(more: Live) -> None:
    """Its own values are as before; the condition of the index is what changes."""
    if more.database.dialect.name in ("mariadb", "mysql"):
        pytest.skip("no partial indexes")
    more.execute("CREATE UNIQUE INDEX one_title ON cards (title) WHERE owner_id IS NULL")
    version = more.capture("v1", "boards", "cards")
    more.execute(
        "UPDATE cards SET owner_id = 2 WHERE id = 3",
        "INSERT INTO cards VALUES (9, NULL, NULL, 'Three', FALSE)",
    )
    planned = compared(more, version, DEMO)
    (refused,) = difference.refusals(more.database, planned, DEMO, dict, lambda *_: None)
    assert (refused.kind, refused.table) == ("key taken", "cards")
