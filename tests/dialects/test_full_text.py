"""Full-text tables of SQLite: an index stays right, rows of their own keep their rowids."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import VerificationError
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

SETTINGS = "marker: {column: is_demo}\n"
DOCS = (
    "CREATE TABLE docs (id integer PRIMARY KEY, title text, body text,"
    " is_demo boolean NOT NULL DEFAULT 0)"
)
ROWS = (
    "INSERT INTO docs VALUES (1,'own','own words',0),(2,'demo','demo words',1),(3,'two','more',1)"
)
INDEXES = {
    "fts5": "CREATE VIRTUAL TABLE docs_fts USING fts5(title, body, content=docs, content_rowid=id)",
    "fts5, quoted": 'CREATE VIRTUAL TABLE docs_fts USING "fts5"'
    "(title, body, content_rowid='id', content = \"docs\" )",
    "fts4": 'CREATE VIRTUAL TABLE docs_fts USING fts4(content="docs", title, body)',
}


def triggers(index: str) -> tuple[str, ...]:
    """Return what the documentation of SQLite says to keep an index by."""
    if index.startswith("fts5"):
        out = (
            "INSERT INTO docs_fts(docs_fts,rowid,title,body)"
            " VALUES ('delete',old.id,old.title,old.body);"
        )
        when = "AFTER"
    else:
        out, when = "DELETE FROM docs_fts WHERE docid=old.id;", "BEFORE"
    come = "INSERT INTO docs_fts(rowid,title,body) VALUES (new.id,new.title,new.body);"
    return (
        f"CREATE TRIGGER docs_ai AFTER INSERT ON docs BEGIN {come} END",
        f"CREATE TRIGGER docs_ad {when} DELETE ON docs BEGIN {out} END",
        f"CREATE TRIGGER docs_au1 {when} UPDATE ON docs BEGIN {out} END",
        f"CREATE TRIGGER docs_au2 AFTER UPDATE ON docs BEGIN {come} END",
    )


@pytest.fixture
def library(sqlite: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """An empty SQLite database with a boolean marker."""
    workspace = make_workspace(sqlite)
    workspace.configure(SETTINGS)
    return workspace


def found(workspace: Workspace, word: str) -> list[int]:
    """Return the rowids that a search finds."""
    rows = workspace.database.rows(f"SELECT rowid FROM docs_fts WHERE docs_fts MATCH '{word}'")
    return sorted(row[0] for row in rows)


@pytest.mark.parametrize("action", ["check", "disable"])
@pytest.mark.parametrize("index", INDEXES)
def test_an_index_is_right_after_each_move(library: Workspace, index: str, action: str) -> None:
    """Its triggers keep it, or it is made again where they are off."""
    library.configure(f"{SETTINGS}triggers: {action}\n")
    library.database.execute(DOCS, INDEXES[index], *triggers(index), ROWS)
    library.project.revision("general", message="v1")
    library.database.execute("UPDATE docs SET body = 'changed text' WHERE id = 2")
    library.project.revision("general", message="v2")

    library.project.downgrade("general", "v1")
    assert (found(library, "changed"), found(library, "words")) == ([], [1, 2])
    library.project.downgrade("general", "base")
    assert (found(library, "words"), found(library, "more")) == ([1], [])
    library.project.upgrade("general@head")
    assert (found(library, "changed"), found(library, "words")) == ([2], [1])
    library.database.execute("DELETE FROM docs WHERE id = 3")
    library.project.reset("general", discard=True)
    assert found(library, "more") == [3]


def test_an_index_without_triggers_becomes_wrong_and_the_move_is_undone(library: Workspace) -> None:
    """A half-kept index is found by its integrity check."""
    library.database.execute(DOCS, INDEXES["fts5"], *triggers("fts5")[:1], ROWS)
    library.project.revision("general", message="v1")
    before = library.database.dump(own=True)
    with pytest.raises(
        VerificationError, match="full-text index docs_fts would no longer fit docs"
    ):
        library.project.downgrade("general", "base")
    assert library.database.dump(own=True) == before


def test_an_index_that_was_wrong_before_stops_nothing(library: Workspace) -> None:
    """Who has not kept it so far has other troubles."""
    library.database.execute(DOCS, ROWS, INDEXES["fts5"])
    library.project.revision("general", message="v1")
    library.project.downgrade("general", "base")
    library.project.upgrade("general@head")
    assert len(library.database.rows("SELECT * FROM docs")) == 3


COPY = (
    "CREATE VIRTUAL TABLE docs_fts USING fts5(title, body)",
    "CREATE TRIGGER docs_ai AFTER INSERT ON docs BEGIN"
    " INSERT INTO docs_fts(rowid,title,body) VALUES (new.id,new.title,new.body); END",
    "CREATE TRIGGER docs_ad AFTER DELETE ON docs BEGIN"
    " DELETE FROM docs_fts WHERE rowid = old.id; END",
)


def test_a_copy_that_triggers_keep_is_left_to_them(library: Workspace) -> None:
    """It holds texts of its own, and is an index all the same."""
    library.database.execute(DOCS, *COPY, ROWS)
    library.project.revision("general", message="v1")
    library.project.downgrade("general", "base")
    assert (found(library, "words"), found(library, "more")) == ([1], [])
    library.project.upgrade("general@head")
    assert (found(library, "words"), found(library, "more")) == ([1, 2], [3])


def test_a_copy_that_only_triggers_can_keep_is_refused_without_them(library: Workspace) -> None:
    """The plan says so, in a dry run too, and names the way on."""
    library.configure(f"{SETTINGS}triggers: disable\n")
    library.database.execute(DOCS, *COPY, ROWS)
    library.project.revision("general", message="v1")
    with refused("stale full-text index", "docs_fts is kept by triggers on docs") as caught:
        library.project.downgrade("general", "base")
    assert "leave `triggers: disable` out" in str(caught.value)
    assert library.project.downgrade("general", "base", dry_run=True).refusals
    library.configure(SETTINGS)
    library.project.downgrade("general", "base")


@pytest.mark.parametrize("module", ["fts5", "fts4"])
def test_rows_of_a_full_text_table_keep_their_rowids(library: Workspace, module: str) -> None:
    """Nothing else names them, and other tables refer to them."""
    library.database.execute(
        f"CREATE VIRTUAL TABLE notes USING {module}(title, body, is_demo)",
        "INSERT INTO notes(rowid, title, body, is_demo) VALUES"
        " (5, 'own', 'mine', 0), (77, 'it''s', 'demo', 1), (1000, NULL, 'demo two', 1)",
    )
    rows = "SELECT rowid, * FROM notes ORDER BY rowid"
    before = library.database.rows(rows)
    library.project.revision("general", message="v1")
    library.database.execute("UPDATE notes SET title = 'changed' WHERE rowid = 77")
    library.project.revision("general", message="v2")
    second = library.database.rows(rows)

    library.project.downgrade("general", "base")
    assert library.database.rows(rows) == before[:1]
    library.project.upgrade("general@v1")
    assert library.database.rows(rows) == before
    library.project.upgrade("general@v2")
    assert library.database.rows(rows) == second
    library.project.downgrade("general", "base")
    library.database.client(library.revisions / "general" / "latest.sql")
    assert library.database.rows(rows) == second
    sql = "SELECT rowid FROM notes WHERE notes MATCH 'demo' ORDER BY rowid"
    assert library.database.rows(sql) == [(77,), (1000,)]


def test_a_virtual_table_of_another_module_is_refused_by_name(library: Workspace) -> None:
    """Its demo rows would be left out silently otherwise."""
    library.database.execute(
        "CREATE VIRTUAL TABLE places USING rtree(id, x0, x1, +is_demo)",
        "INSERT INTO places VALUES (1, 0, 1, 1)",
    )
    with refused("table cannot be used", "places: it is a virtual table of the module rtree"):
        library.project.revision("general", message="v1")


def test_a_virtual_table_without_demo_rows_prevents_no_move(library: Workspace) -> None:
    """Nor are the tables behind it, whatever they hold."""
    library.database.execute(
        DOCS,
        ROWS,
        "CREATE VIRTUAL TABLE places USING rtree(id, x0, x1)",
        "INSERT INTO places VALUES (1, 0, 1)",
    )
    library.project.revision("general", message="v1")
    library.project.downgrade("general", "base")
    library.project.upgrade("general@head")
    assert library.database.rows("SELECT * FROM places") == [(1, 0.0, 1.0)]


VIEWED = (
    DOCS,
    ROWS,
    "CREATE VIEW texts AS SELECT id, title, body FROM docs",
    "CREATE VIEW newest AS SELECT * FROM texts",
    "CREATE VIRTUAL TABLE docs_fts USING fts5(title, body, content=newest, content_rowid=id)",
)
KEPT_OUTSIDE = {"of a table": (DOCS, ROWS, INDEXES["fts5"]), "of a view of a view": VIEWED}


@pytest.mark.parametrize("action", ["check", "disable"])
@pytest.mark.parametrize("of", KEPT_OUTSIDE)
def test_an_index_that_the_application_keeps_is_made_again(
    library: Workspace, of: str, action: str
) -> None:
    """It was right before the move, and nobody else tells it of one."""
    library.configure(f"{SETTINGS}triggers: {action}\n")
    library.database.execute(*KEPT_OUTSIDE[of], "INSERT INTO docs_fts(docs_fts) VALUES ('rebuild')")
    library.project.revision("general", message="v1")

    library.project.downgrade("general", "base")
    assert (found(library, "words"), found(library, "more")) == ([1], [])
    library.project.upgrade("general@head")
    assert (found(library, "words"), found(library, "more")) == ([1, 2], [3])


def test_an_index_of_a_table_with_an_odd_name_is_made_again(library: Workspace) -> None:
    """Named with other capitals, and with a space; its triggers are off."""
    library.configure(f"{SETTINGS}triggers: disable\n")
    index = INDEXES["fts5, quoted"].replace('"docs"', '"My Docs"')
    statements = (DOCS, *triggers("fts5"), ROWS)
    odd = [
        text.replace("TABLE docs ", 'TABLE "my docs" ')
        .replace("ON docs ", 'ON "MY docs" ')
        .replace("INTO docs ", 'INTO "my docs" ')
        for text in statements
    ]
    library.database.execute(odd[0], index, *odd[1:])
    library.project.revision("general", message="v1")

    library.project.downgrade("general", "base")
    assert (found(library, "words"), found(library, "more")) == ([1], [])
    library.project.upgrade("general@head")
    assert (found(library, "words"), found(library, "more")) == ([1, 2], [3])
    assert len(library.database.rows("SELECT * FROM sqlite_master WHERE type = 'trigger'")) == 4
