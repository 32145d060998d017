"""What stays, what references it, and whether a version fits: on a few tables."""

from __future__ import annotations

from dataclasses import replace

from demosnap.database import compatibility, references, retained, row_set
from demosnap.database.retained import Retained
from demosnap.model import Column, Marker, Rule, Selection, Table
from support.databases import Database
from support.live import DEMO, Live, live

BOARD = frozenset({(b"1",)})


def goes(name: str, keys: object) -> set[tuple[bytes, ...]]:
    return set(keys)  # type: ignore[call-overload, no-any-return]


def test_rows_that_stay_and_reference_rows_that_go_are_named(here: Live) -> None:
    assert references.referenced(here.database, DEMO) == []
    here.execute("UPDATE cards SET board = 'demo' WHERE id = 2")
    (found,) = references.referenced(here.database, DEMO)
    assert (found.kind, found.table) == ("referenced by non-demo rows", "cards")
    assert (found.constraint, found.keys) == ("fk_board", ("2",))
    reason = str(found)
    assert reason.startswith("1 row of cards")
    assert "references demo rows of boards" in reason
    assert "constraint fk_board on cards.board" in reason
    assert reason.endswith("id: 2)")
    assert references.referenced(here.database, DEMO, {**DEMO, "cards": "1 = 1"}) == []
    ((name, key),) = references.references_to(here.database.tables, ["boards"])
    assert references.referenced(here.database, DEMO, spared={(name, key): "id = 2"}) == []


def test_referenced_rows_are_returned_by_their_keys(here: Live) -> None:
    boards = here.database.tables["boards"]
    demo = DEMO["boards"]
    assert references.pinned(here.database, boards, demo, DEMO) == set()
    here.execute("UPDATE cards SET board = 'demo' WHERE id = 2")
    assert references.pinned(here.database, boards, demo, DEMO) == BOARD
    assert references.pinned(here.database, boards, demo, DEMO, ["cards"]) == set()
    assert references.pinned(here.database, boards, demo, DEMO, by=["slug"]) == BOARD
    assert references.pinned(here.database, boards, demo, DEMO, by=["id"]) == set()
    assert references.pinned(here.database, boards, "id = 2", {}) == set()


def test_retained_rows_take_what_they_need_themselves(database: Database) -> None:
    notes = (
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, card_id INTEGER,"
        " FOREIGN KEY (card_id) REFERENCES cards (id))"
    )
    with live(database, notes, "INSERT INTO notes VALUES (1, 1)") as here:
        tables = {name: here.database.tables[name] for name in DEMO}
        found = retained.find(here.database, tables, DEMO, goes, [])
        assert found.keys == {"boards": BOARD, "cards": frozenset({(b"1",)})}
        assert found.columns == {"boards": ("id",), "cards": ("id",)}
        assert not retained.find(here.database, tables, DEMO, goes, ["notes"])
        only = {"cards": tables["cards"]}
        assert retained.find(here.database, only, DEMO, goes, []).counts() == {"cards": 1}
        assert not retained.find(here.database, tables, DEMO, lambda name, keys: set(), [])
        assert (here.rows() - found.rows(here.database)).counts() == {"boards": 0, "cards": 1}


def test_retained_rows_are_joined_by_table() -> None:
    one = Retained({"boards": BOARD}, {"boards": ("id",)})
    two = Retained(
        {"boards": frozenset({(b"2",)}), "cards": BOARD}, {"boards": ("id",), "cards": ("id",)}
    )
    assert one.joined(two).counts() == {"boards": 2, "cards": 1}
    assert one.joined(two).columns == two.columns
    assert not retained.NOTHING
    assert one


def test_what_several_selections_pick_is_picked_once(here: Live) -> None:
    rules = {"boards": Rule("marker"), "cards": Rule("via", ("board",)), "gone": Rule("marker")}
    old = Selection("general", Marker(column="is_demo"), rules)
    new = replace(old, rules={"cards": Rule("marker")})
    here.execute("INSERT INTO cards VALUES (7, 'demo', NULL, 'x', FALSE)")
    picked = row_set.union(here.database, [old, old, new])
    assert picked.counts() == {"boards": 1, "cards": 3}
    alone = row_set.union(here.database, [new])
    assert alone.counts() == {"cards": 2}
    also = row_set.union(here.database, [new], {"cards": "id = 7"})
    assert also.counts() == {"cards": 3}


def test_a_version_fits_tables_that_have_its_columns() -> None:
    id_, title = Column("id", "INTEGER", nullable=False), Column("title", "TEXT")
    recorded = [Table("cards", (id_, title), key=("id",))]

    def unfit(*columns: Column) -> list[str]:
        found = compatibility.unfit({"cards": Table("cards", columns, key=("id",))}, recorded)
        assert {one.table for one in found} <= {"cards"}
        return [str(one) for one in found]

    needed = Column("rank", "INTEGER", nullable=False)
    assert unfit(id_, title) == []
    assert unfit(title, id_, Column("rank", "INTEGER")) == []
    assert unfit(id_, title, replace(needed, default="1")) == []
    assert unfit(id_, title, replace(needed, identity="always")) == []
    assert unfit(id_, title, replace(needed, generated=True)) == []
    assert unfit(id_) == ["column cards.title of the snapshot is not in the database"]
    assert unfit(id_, replace(title, generated=True)) == [
        "column cards.title is now computed by the database"
    ]
    assert unfit(id_, title, needed) == [
        "column cards.rank is NOT NULL without a default and not in the snapshot"
    ]
    (missing,) = compatibility.unfit({}, recorded)
    assert str(missing) == "table cards of the snapshot is not in the database"
