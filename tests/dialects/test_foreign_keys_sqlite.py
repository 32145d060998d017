"""Foreign keys of SQLite as its pragmas have them, however they were written."""

from __future__ import annotations

import pytest

from demosnap.database import reflect
from demosnap.model import ForeignKey
from support.databases import Database
from support.rounds import MARKED, MakeWorkspace, prepare, there_and_back

DEMO = "is_demo BOOLEAN NOT NULL DEFAULT 0"

INLINE = (
    f"CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, {DEMO})",
    "CREATE TABLE note (id INTEGER PRIMARY KEY, buddy INTEGER REFERENCES people(id)"
    " ON DELETE SET NULL, text TEXT)",
    "INSERT INTO people VALUES (1, 'Demo', 1), (2, 'Mine', 0)",
    "INSERT INTO note VALUES (1, 1, 'of a demo person'), (2, 2, 'of a real one'), (3, NULL, '')",
)


def keys(database: Database, table: str) -> tuple[ForeignKey, ...]:
    with database.engine.connect() as connection:
        return reflect.tables(connection)[table].foreign_keys


@pytest.mark.parametrize(
    "column",
    [
        "REFERENCES people(id) ON DELETE SET NULL",
        "references people ( id ) on update cascade on delete set null",
        'REFERENCES "people"("id") ON DELETE SET NULL',
        "REFERENCES [people]([id]) ON DELETE SET NULL",
        "REFERENCES `people`(`id`) ON DELETE SET NULL",
        "REFERENCES 'people'('id') ON DELETE SET NULL",
        "REFERENCES people(id) MATCH FULL ON DELETE SET NULL",
        "REFERENCES people(id) /* ON DELETE CASCADE */ ON DELETE SET NULL",
        "REFERENCES people -- ON DELETE CASCADE\n ON DELETE SET NULL",
        "REFERENCES People(ID) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED",
        'CONSTRAINT "to, the person" REFERENCES people(id) ON DELETE SET NULL',
    ],
)
def test_what_a_key_does_is_what_sqlite_says_however_it_is_written(
    sqlite: Database, column: str
) -> None:
    sqlite.execute(INLINE[0], f"CREATE TABLE note (id INTEGER PRIMARY KEY, buddy INTEGER {column})")
    (key,) = keys(sqlite, "note")
    assert (key.columns, key.table, key.referred_columns) == (("buddy",), "people", ("id",))
    assert key.on_delete == "SET NULL"


def test_an_added_column_brings_its_key(sqlite: Database) -> None:
    sqlite.execute(
        INLINE[0],
        "CREATE TABLE note (id INTEGER PRIMARY KEY)",
        "ALTER TABLE note ADD COLUMN buddy INTEGER REFERENCES people ON DELETE CASCADE",
    )
    (key,) = keys(sqlite, "note")
    assert (key.referred_columns, key.on_delete) == (("id",), "CASCADE")


def test_names_and_deferrability_come_from_the_text_that_alone_has_them(sqlite: Database) -> None:
    sqlite.execute(
        "CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b))",
        "CREATE TABLE note (x INTEGER, y INTEGER, CONSTRAINT to_pair FOREIGN KEY (x, y)"
        " REFERENCES pairs (a, b) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)",
    )
    assert keys(sqlite, "note") == (
        ForeignKey(("x", "y"), "pairs", ("a", "b"), "to_pair", "CASCADE", True),
    )


def test_two_keys_over_the_same_columns_are_two(sqlite: Database) -> None:
    sqlite.execute(
        INLINE[0],
        "CREATE TABLE staff (id INTEGER PRIMARY KEY)",
        "CREATE TABLE note (buddy INTEGER REFERENCES people(id) ON DELETE SET NULL"
        " REFERENCES staff(id) ON DELETE CASCADE)",
    )
    found = {(key.table, key.on_delete) for key in keys(sqlite, "note")}
    assert found == {("people", "SET NULL"), ("staff", "CASCADE")}


def test_keys_that_lead_to_no_table_or_column_are_left_out(sqlite: Database) -> None:
    sqlite.execute(
        INLINE[0],
        "CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b))",
        "CREATE TABLE note (id INTEGER REFERENCES missing(id), a INTEGER REFERENCES people(nix),"
        " b INTEGER REFERENCES pairs)",
    )
    assert keys(sqlite, "note") == ()


def test_cascade_empties_a_reference_whose_inline_key_says_so(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(sqlite)
    before = prepare(workspace, INLINE)
    plan = workspace.project.downgrade("general", "base", cascade=["note"])
    assert plan.moves[0].nulled == {"note": 1}
    assert sqlite.rows("SELECT * FROM note") == [
        (1, None, "of a demo person"),
        (2, 2, "of a real one"),
        (3, None, ""),
    ]
    assert sqlite.rows("SELECT * FROM people") == [(2, "Mine", 0)]
    workspace.project.upgrade("general@head")
    assert sqlite.dump()["people"] == before["people"]


@pytest.mark.parametrize(
    ("declared", "can_be_null"),
    [
        ("id INTEGER PRIMARY KEY", False),
        ("id INTEGER PRIMARY KEY ASC", False),
        ("id INTEGER PRIMARY KEY AUTOINCREMENT", False),
        ('id "INTEGER" PRIMARY KEY', False),
        ("id INTEGER, PRIMARY KEY (id)", False),
        ("id INTEGER, PRIMARY KEY (id DESC)", False),
        ("id INTEGER PRIMARY KEY DESC", True),
        ("id INT PRIMARY KEY", True),
        ("id INTEGER(8) PRIMARY KEY", True),
        ("id INTEGER PRIMARY KEY DESC NOT NULL", False),
    ],
)
def test_a_key_that_is_no_row_number_can_be_null(
    sqlite: Database, declared: str, can_be_null: bool
) -> None:
    bare = declared.replace(" AUTOINCREMENT", "")
    sqlite.execute(f"CREATE TABLE odd ({declared})", f"CREATE TABLE own ({bare}) WITHOUT ROWID")
    with sqlite.engine.connect() as connection:
        tables = reflect.tables(connection)
    assert tables["odd"].column("id").nullable is can_be_null
    assert tables["odd"].identified is not can_be_null
    # There the primary key is what SQL says it is.
    assert tables["own"].identified


def test_rows_without_a_key_come_back_beside_a_descending_one(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(sqlite)
    before = there_and_back(
        workspace,
        [
            f"CREATE TABLE odd (id INTEGER PRIMARY KEY DESC, name TEXT, {DEMO})",
            "INSERT INTO odd VALUES (NULL, 'one', 1), (NULL, 'two', 1), (3, 'three', 1),"
            " (NULL, 'mine', 0), (4, 'mine too', 0)",
        ],
        MARKED,
    )
    sqlite.execute("UPDATE odd SET name = 'other' WHERE name = 'two'")
    workspace.project.reset("general", discard=True)
    assert sqlite.dump() == before
