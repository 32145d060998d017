"""What is remembered of rows that nothing picks any more: on a few tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from demosnap.compare import released
from demosnap.database import retained
from demosnap.database.retained import NOTHING, Retained
from demosnap.errors import UnknownNameError, UsageError
from demosnap.model import Version
from support.databases import Database
from support.live import DEMO, Live, live, some

pytestmark = pytest.mark.long

CHECKS = (
    "CREATE TABLE checks (id INTEGER PRIMARY KEY, card_id INTEGER,"
    " FOREIGN KEY (card_id) REFERENCES cards (id))",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, check_id INTEGER,"
    " FOREIGN KEY (check_id) REFERENCES checks (id))",
    "INSERT INTO checks VALUES (1, 1), (2, 1), (3, 3), (4, 2)",
    "INSERT INTO notes VALUES (1, 1), (2, 3)",
)


def test_what_is_left_and_what_is_released_are_remembered_by_scenario(here: Live) -> None:
    database = here.database
    assert not released.left(database, "general")
    released.record(database, "general", NOTHING, NOTHING)
    assert not released.left(database, "general")
    left, let_go = some(boards=(2,), cards=(2, 9)), some(cards=(1, 3))
    released.record(database, "general", left, let_go)
    retained.record(database, "writer", some(boards=(1,)))
    released.record(database, "writer", some(cards=(3,)), NOTHING)
    assert released.left(database, "general") == left
    assert released.released(database, "general", {}) == let_go
    assert released.left(database, "writer") == some(cards=(3,))
    assert not released.released(database, "writer", {})
    assert not retained.unchanged(database, "general", DEMO)


def test_a_database_that_never_kept_rows_remembers_none(sqlite: Database) -> None:
    with live(sqlite) as here:
        here.execute("DROP TABLE demosnap_kept")
        assert released.left(here.database, "general") is NOTHING
        released.record(here.database, "general", some(cards=(1,)), NOTHING)
        assert released.left(here.database, "general") == some(cards=(1,))


def test_released_rows_are_those_that_are_there_and_not_picked(here: Live) -> None:
    database = here.database
    known = some(gone=(1,), boards=(1, 2, 7), cards=(2, 3), users=(9,))
    assert released.real(database, known, DEMO) == some(boards=(2,), cards=(2,))
    everything = some(boards=(1, 2), cards=(2, 3))
    assert released.real(database, known, {}) == everything
    assert released.real(database, known, {"boards": "1 = 1"}) == some(cards=(2, 3))
    released.record(database, "general", NOTHING, known)
    assert released.released(database, "general", DEMO) == some(boards=(2,), cards=(2,))


def test_rows_are_known_by_the_columns_of_their_key(here: Live) -> None:
    """A key of columns that are gone names nothing; another one than the table's does."""
    by_slug = Retained({"boards": frozenset({(b"'mine'",), (b"'x'",)})}, {"boards": ("slug",)})
    found = released.real(here.database, by_slug, DEMO)
    assert found.keys == {"boards": frozenset({(b"'mine'",)})}
    assert found.columns == {"boards": ("slug",)}
    gone = replace(by_slug, columns={"boards": ("gone",)})
    assert not released.real(here.database, gone, DEMO)
    more = some(cards=(2,)).joined(gone)
    assert released.real(here.database, more, DEMO) == some(cards=(2,))


def test_a_key_that_is_only_taken_for_equal_names_no_row(sqlite: Database) -> None:
    with live(
        sqlite,
        "CREATE TABLE tags (name VARCHAR(9) COLLATE NOCASE PRIMARY KEY NOT NULL)",
        "INSERT INTO tags VALUES ('DEMO')",
    ) as here:
        rows = Retained({"tags": frozenset({(b"'Demo'",)})}, {"tags": ("name",)})
        assert not released.real(here.database, rows, {})
        rows = Retained({"tags": frozenset({(b"'DEMO'",)})}, {"tags": ("name",)})
        assert released.real(here.database, rows, {}) == rows


def test_rows_that_may_share_a_key_are_not_left_out_by_it(sqlite: Database) -> None:
    with live(
        sqlite,
        "CREATE TABLE tags (name VARCHAR(9) PRIMARY KEY, is_demo BOOLEAN NOT NULL)",
        "INSERT INTO tags VALUES (NULL, TRUE), (NULL, TRUE)",
    ) as here:
        version = here.capture("v1", "tags")
        rows = Retained({"tags": frozenset({(b"NULL",)})}, {"tags": ("name",)})
        assert released.skipped(here.database, version, rows) == {}


def test_a_load_leaves_out_what_is_released(here: Live) -> None:
    version = here.capture("v1")

    def skipped(rows: Retained, of: Version | None = version) -> dict[str, set[int]]:
        found = released.skipped(here.database, of, rows)
        return {name: {int(key[0]) for key in keys} for name, keys in found.items()}

    assert skipped(NOTHING) == {}
    assert skipped(some(cards=(1,)), None) == {}
    assert skipped(some(cards=(1, 2))) == {"cards": {1}}
    assert skipped(some(boards=(1,), cards=(3,))) == {"boards": {1}, "cards": {3}}
    assert skipped(some(users=(1,))) == {}
    other_key = Retained({"cards": frozenset({(b"1",)})}, {"cards": ("title",)})
    assert skipped(other_key) == {}
    tables = dict(here.database.tables)
    tables["cards"] = replace(tables["cards"], key=())
    whole = replace(here, database=replace(here.database, tables=tables)).capture("v2")
    assert skipped(some(cards=(1,)), whole) == {}


def test_a_version_that_cannot_be_read_or_fits_no_more_leaves_nothing_out(here: Live) -> None:
    version = here.capture("v1")
    narrow = here.lacking("cards.title").database
    assert released.skipped(narrow, version, some(cards=(1,))) == {}
    path = Path(version.folder) / version.file
    path.write_text(path.read_text().replace("'Three'", "'Third'"))
    assert released.skipped(here.database, version, some(cards=(1,))) == {}


@pytest.mark.parametrize("names", [("cards", "checks@card_id", "notes@check_id"), None])
def test_a_load_leaves_out_what_hangs_on_released_rows(
    database: Database, names: tuple[str, ...] | None
) -> None:
    """At any depth, and in whichever order the tables come."""
    with live(database, *CHECKS) as here:
        version = here.capture("v1", *(names or ("notes@check_id", "checks@card_id", "cards")))

        def skipped(rows: Retained) -> dict[str, set[int]]:
            found = released.skipped(here.database, version, rows)
            return {name: {int(key[0]) for key in keys} for name, keys in found.items()}

        assert skipped(some(cards=(1,))) == {"cards": {1}, "checks": {1, 2}, "notes": {1}}
        assert skipped(some(cards=(3,))) == {"cards": {3}, "checks": {3}, "notes": {2}}
        assert skipped(some(checks=(3,))) == {"checks": {3}, "notes": {2}}
        assert skipped(some(notes=(1,))) == {"notes": {1}}
        both = skipped(some(checks=(2,), cards=(3,)))
        assert both == {"cards": {3}, "checks": {2, 3}, "notes": {2}}


def test_a_row_hangs_on_the_values_of_all_columns(database: Database) -> None:
    """Of a key of two columns, in their order."""
    with live(
        database,
        "CREATE TABLE lists (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, is_demo BOOLEAN,"
        " UNIQUE (a, b))",
        "CREATE TABLE items (id INTEGER PRIMARY KEY, y INTEGER, x INTEGER,"
        " FOREIGN KEY (x, y) REFERENCES lists (a, b))",
        "INSERT INTO lists VALUES (1, 7, 8, TRUE), (2, 8, 7, TRUE)",
        "INSERT INTO items VALUES (1, 8, 7), (2, 7, 8), (3, NULL, 7)",
    ) as here:
        selection = here.capture("v1", "lists", "items@x,y")
        found = released.skipped(here.database, selection, some(lists=(1,)))
        assert found == {"lists": frozenset({(b"1",)}), "items": frozenset({(b"1",)})}


def test_keys_are_typed_without_quotes() -> None:
    assert released.plain((b"1", b"'it''s'", b"''")) == "1/it's/"
    assert released.plain((b"'", b"'a", b"X'00'", b"NULL", b"\xff")) == "'/'a/X'00'/NULL/�"


def test_rows_are_named_by_table_and_key(here: Live) -> None:
    first = here.capture("v1")
    here.execute("DELETE FROM cards WHERE id = 1")
    second = here.capture("v2")

    def named(*wanted: str, versions: tuple[Version | None, ...] = (first, second)) -> Retained:
        rows, known = released.named(here.database, wanted, versions)
        assert known == {*wanted}
        return rows

    assert named() == NOTHING
    assert named("cards/1") == some(cards=(1,))
    assert named("cards/3", versions=(None, second, second)) == some(cards=(3,))
    assert named("cards/1", "boards/1", "cards/3") == some(cards=(1, 3), boards=(1,))
    assert released.named(here.database, ["cards/1"], [None]) == (NOTHING, set())
    assert released.named(here.database, ["cards/1", "cards/3"], [second]) == (
        some(cards=(3,)),
        {"cards/3"},
    )
    assert released.named(here.database, ["users/1"], [first]) == (NOTHING, set())


def test_what_does_not_name_a_row_is_refused(here: Live) -> None:
    version = here.capture("v1")
    with pytest.raises(UsageError, match=r"^'cards' is not TABLE/KEY"):
        released.named(here.database, ["cards"], [version])
    with pytest.raises(UnknownNameError, match="'card'"):
        released.named(here.database, ["card/1"], [version])
    with pytest.raises(
        UsageError,
        match=r"^--release cards/1: v1_2025-01-20 has other tables than the database: column"
        r" cards\.title of the snapshot is not in the database",
    ):
        released.named(here.lacking("cards.title").database, ["cards/1", "boards/1"], [version])


def test_a_table_whose_name_has_a_slash_is_named_whole(database: Database) -> None:
    quote = "`" if database.dialect == "mariadb" else '"'
    name = f"{quote}cards/1{quote}"
    with live(
        database,
        f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, is_demo BOOLEAN)",
        f"INSERT INTO {name} VALUES (5, TRUE)",
    ) as here:
        version = here.capture("v1", "cards", "cards/1")
        rows, _ = released.named(here.database, ["cards/1", "cards/1/5"], [version])
        assert rows.keys == {"cards": frozenset({(b"1",)}), "cards/1": frozenset({(b"5",)})}
