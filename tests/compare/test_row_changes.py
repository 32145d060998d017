"""How the rows of a version and of a few tables differ, as values and as a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from demosnap.compare.row_changes import RowChange, RowChanges, Values
from demosnap.compare.sources import Comparison, DatabaseRows, NoRows, RowSource, SnapshotRows
from demosnap.errors import SnapshotError, UsageError
from demosnap.model import Table, Version
from support.databases import Database
from support.live import DEMO, Live, live

pytestmark = pytest.mark.long


def now(here: Live, like: Version | None = None, picked: Mapping[str, str] = DEMO) -> DatabaseRows:
    tables = SnapshotRows(like).tables if like else {}
    return DatabaseRows(here.database, here.rows(picked), tables)


def since(here: Live, version: Version, picked: Mapping[str, str] = DEMO) -> Comparison:
    return Comparison(SnapshotRows(version), now(here, version, picked))


def damaged(version: Version) -> Version:
    """Change a row in the file of a version; only its digest tells."""
    path = Path(version.folder) / version.file
    path.write_text(path.read_text().replace("'Three'", "'Third'"))
    return version


def read(source: RowSource, *names: str) -> list[int]:
    """Return the numbers of rows of some tables of a source, read in this order."""
    return [len(list(source.rows(name))) for name in names or source.tables]


def test_each_row_that_differs_is_a_value(here: Live) -> None:
    version = here.capture("v1")
    here.execute(
        "INSERT INTO boards VALUES (4, 'new', TRUE)",
        "DELETE FROM cards WHERE id = 3",
        "UPDATE cards SET title = NULL WHERE id = 1",
    )
    card: Values = {"id": 1, "board": "demo", "owner_id": 1, "title": "One", "is_demo": True}
    board: Values = {"id": 4, "slug": "new", "is_demo": True}
    third: Values = {"id": 3, "board": "demo", "owner_id": None, "title": "Three", "is_demo": True}
    changes = RowChanges(since(here, version))
    assert (changes.old, changes.new, changes.remarks) == ("v1_2025-01-20", "the database", ())
    assert changes.counts == {"boards": {"added": 1}, "cards": {"removed": 1, "modified": 1}}
    assert len(changes) == 3
    for _ in range(2):
        added, modified, removed = changes
        assert added == RowChange("boards", "added", {"id": 4}, None, board)
        assert modified == RowChange("cards", "modified", {"id": 1}, card, {**card, "title": None})
        assert removed == RowChange("cards", "removed", {"id": 3}, third, None)
    assert added.changed == tuple(board)
    assert modified.changed == ("title",)
    assert removed.changed == tuple(third)


def test_only_the_rows_of_one_table_may_be_asked_for(here: Live) -> None:
    version = here.capture("v1")
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1", "DELETE FROM cards WHERE id = 3")
    here.execute("INSERT INTO boards VALUES (4, 'new', TRUE)")
    assert list(RowChanges(since(here, version), "cards").counts) == ["cards"]
    assert len(RowChanges(since(here, version), "users")) == 0
    (one,) = since(here, version).changes("boards")
    assert (one.name, len(one)) == ("boards", 1)


def test_rows_that_do_not_differ_are_no_changes(here: Live) -> None:
    version = here.capture("v1")
    assert RowChanges(since(here, version)).counts == {}
    assert since(here, version).changes() == ()
    assert [one.name for one in since(here, version).collected()] == ["boards", "cards"]


def test_a_column_of_one_side_differs_in_each_row(here: Live) -> None:
    here.execute("DELETE FROM cards WHERE id = 3")
    narrow = here.lacking("cards.title")
    (added,) = RowChanges(since(here, narrow.capture("v1")))
    assert added.old is not None
    assert "title" not in added.old
    assert added.changed == ("title",)
    (removed,) = RowChanges(since(narrow, here.capture("v2")))
    assert removed.changed == ("title",)


def test_rows_without_a_key_are_added_and_removed(database: Database) -> None:
    tags = "CREATE TABLE tags (word VARCHAR(9), is_demo BOOLEAN NOT NULL)"
    with live(database, tags, "INSERT INTO tags VALUES ('a', TRUE)") as here:
        version = here.capture("v1", "tags")
        here.execute("UPDATE tags SET word = 'b'")
        found = RowChanges(since(here, version, {"tags": "is_demo = TRUE"}))
        assert sorted((one.kind, one.key) for one in found) == [("added", None), ("removed", None)]


def test_values_of_two_dialects_are_decoded_by_their_own(here: Live) -> None:
    version = here.translated("v1")
    comparison = since(here, version)
    assert comparison.foreign
    assert comparison.dialect is here.database.dialect
    assert comparison.changes() == ()
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    (one,) = RowChanges(since(here, version))
    assert one.changed == ("title",)
    (back,) = RowChanges(Comparison(now(here, version), SnapshotRows(version)))
    assert (back.old, back.new) == (one.new, one.old)


def test_base_has_no_rows_and_no_dialect(here: Live) -> None:
    version = here.capture("v1")
    base = NoRows()
    assert (base.name, base.predicates(), read(base, "cards")) == ("base", {}, [0])
    nothing = Comparison(base, base)
    assert nothing.dialect is None
    assert not nothing.foreign
    assert nothing.changes() == ()
    for sides in (base, SnapshotRows(version)), (SnapshotRows(version), base):
        comparison = Comparison(*sides)
        assert comparison.dialect is here.database.dialect
        assert not comparison.foreign
        assert [len(one) for one in comparison.changes()] == [1, 2]


def test_a_script_turns_the_old_side_into_the_new_one(here: Live) -> None:
    version = here.capture("v1")
    here.execute("UPDATE cards SET title = 'Else' WHERE id = 1")
    comparison = since(here, version)
    assert not comparison.foreign
    script = "\n".join(comparison.script(comparison.changes(), ["what it is"]))
    assert "what it is" in script
    assert "'Else'" in script
    for sides in (SnapshotRows(version), now(here)):
        assert sides.predicates() == {name: sides.predicates()[name] for name in DEMO}


def test_a_script_is_of_one_dialect(here: Live) -> None:
    comparison = since(here, here.translated("v1"))
    names = sorted({here.database.dialect.name, comparison.old.dialect.name})
    with pytest.raises(UsageError) as caught:
        list(comparison.script((), ["title"]))
    assert caught.value.message == f"the two sides have different dialects ({', '.join(names)})"


def test_a_table_of_a_version_can_be_read_again(here: Live) -> None:
    version = here.capture("v1")
    source = SnapshotRows(version)
    assert read(source, "cards", "boards", "users", "cards", "cards") == [2, 1, 0, 2, 2]
    source.finish()
    source.finish()
    damaged(version)
    # What was read before was whole, and what is read now is not.
    assert read(source, "boards") == [1]
    with pytest.raises(SnapshotError):
        source.finish()
    source = SnapshotRows(version)
    assert read(source, "cards") == [2]
    with pytest.raises(SnapshotError):
        source.rows("boards")


def test_released_rows_of_a_version_are_left_out(here: Live) -> None:
    version = here.capture("v1")
    source = SnapshotRows(version, skipping={"cards": {(b"1",)}})
    assert read(source) == [1, 1]


@pytest.mark.parametrize("lacking", [(), ("cards.title",)])
def test_the_digest_of_the_database_is_of_the_columns_of_a_version(
    here: Live, lacking: tuple[str, ...]
) -> None:
    version = here.lacking(*lacking).capture("v1")
    source = now(here, version)
    assert read(source) == [1, 2]
    assert source.digest == version.digest
    comparison = since(here, version)
    # Rows that nobody looked at are read all the same.
    assert [pair.name for pair, _ in comparison.tables()] == ["boards", "cards"]
    assert isinstance(comparison.new, DatabaseRows)
    assert comparison.new.digest == version.digest


def test_tables_of_the_database_come_as_in_the_version(here: Live) -> None:
    def names(*like: str) -> list[str]:
        tables: dict[str, Table] = {name: here.database.tables[name] for name in like}
        source = DatabaseRows(here.database, here.rows(), tables)
        assert read(source, "users") == [0]
        return list(source.tables)

    assert names("boards", "cards") == ["boards", "cards"]
    assert names("users", "cards", "boards") == ["cards", "boards"]
    assert names("users", "cards") == ["cards", "boards"]
    assert names() == ["boards", "cards"]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_file_that_is_not_what_was_captured_is_refused_at_the_end(
    here: Live, swapped: bool
) -> None:
    """On either side, after all rows; neither side may be believed before."""
    version = damaged(here.capture("v1"))

    def comparison() -> Comparison:
        sides: Iterable[RowSource] = (SnapshotRows(version), now(here, version))
        old, new = reversed(tuple(sides)) if swapped else sides
        return Comparison(old, new)

    with pytest.raises(SnapshotError):
        comparison().changes()
    with pytest.raises(SnapshotError):
        list(comparison().tables())
