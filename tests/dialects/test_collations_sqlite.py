"""Collations and functions that only the application's connections to SQLite have."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from demosnap.errors import ConfigError
from support.databases import Database
from support.refusals import refused
from support.workspaces import MakeWorkspace, Workspace

RULES = """\
marker: none
tables:
  notes: {where: "kind = 'Demo'"}
"""
MORE = """\
  decks: {where: id < 3}
  words: {where: id < 3}
"""
LACKS = "an index, a constraint or a trigger needs the {} which this connection to SQLite"
DECKS, WORDS = LACKS.format("collation unicase,"), LACKS.format("function folded,")


def _bring(connection: sqlite3.Connection, *_: Any) -> None:
    """Bring what the application brings."""

    def compare(left: str, right: str) -> int:
        one, other = left.casefold(), right.casefold()
        return (one > other) - (one < other)

    connection.create_collation("unicase", compare)
    connection.create_function("folded", 1, lambda text: text and text.casefold())


@pytest.fixture
def anki(sqlite: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Notes with the collation, decks with an index in its order, words that a function checks."""
    with sqlite3.connect(sqlite.engine.url.database or "") as connection:
        _bring(connection)
        connection.executescript("""
            CREATE TABLE notes (id INTEGER PRIMARY KEY, kind TEXT COLLATE unicase, text TEXT);
            CREATE TABLE decks (id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE unicase);
            CREATE UNIQUE INDEX by_name ON decks (name);
            CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT CHECK (folded(word) <> ''));
            INSERT INTO notes VALUES (1, 'demo', 'a'), (2, 'DEMO', 'b'), (3, 'own', 'c');
            INSERT INTO decks VALUES (1, 'Äpfel'), (2, 'äste'), (3, 'Zebra');
            INSERT INTO words VALUES (1, 'One'), (3, 'Mine');
        """)
    return make_workspace(sqlite)


def test_a_stand_in_lets_rows_be_picked_and_moved_where_no_index_has_the_collation(
    anki: Workspace,
) -> None:
    database = anki.database
    database.execute("DROP INDEX by_name")
    anki.configure(RULES)
    with pytest.raises(ConfigError, match="no such collation sequence: unicase"):
        anki.project.revision("general")
    anki.configure(f"collations: {{UniCase: nocase}}\n{RULES}")
    before = database.dump()

    anki.run("revision", "general")
    anki.run("downgrade", "general@base")
    assert database.rows("SELECT id FROM notes") == [(3,)]
    anki.alembic("upgrade", "general@head")
    assert database.dump() == before
    assert not anki.project.check(database=True)


def test_a_stand_in_is_refused_for_the_order_of_an_index(anki: Workspace) -> None:
    """Under it, SQLite would leave entries where the application does not look for them."""
    anki.configure(f"collations:\n  unicase: nocase\n{RULES}")
    told = "collations.unicase: an index, a constraint or a trigger of table decks needs unicase"
    with pytest.raises(ConfigError, match=told) as caught:
        anki.project.revision("general")
    assert (caught.value.line, caught.value.exit_code) == (2, 1)


def test_a_capture_that_cannot_be_loaded_here_is_told_and_its_moves_are_refused(
    anki: Workspace,
) -> None:
    anki.configure(f"marker: none\ntables:\n{MORE}")
    database, project = anki.database, anki.project
    before = database.dump()
    for notes in (
        project.revision("general", dry_run=True).plan.notes,
        project.revision("general").plan.notes,
    ):
        assert [note.partition(":")[0] for note in notes] == ["decks", "words"]
        assert DECKS in notes[0]
        assert WORDS in notes[1]
        assert "Python API" in notes[1]
    found = [one.message for one in project.check(database=True)]
    assert [DECKS in found[0], WORDS in found[1], len(found)] == [True, True, 2]
    database.execute("DROP INDEX by_name", "UPDATE decks SET name = 'edited' WHERE id = 1")
    with refused("table cannot be used", WORDS):
        project.downgrade("general", "base", discard=True)
    # By difference, no row of words is touched.
    project.load("general", discard=True)
    assert database.dump() == before
    with sqlite3.connect(database.engine.url.database or "") as connection:
        _bring(connection)
        connection.execute("CREATE UNIQUE INDEX by_name ON decks (name)")
        connection.execute("UPDATE decks SET name = 'edited' WHERE id = 1")
    for move in (
        lambda: project.downgrade("general", "base", discard=True),
        lambda: project.load("general", discard=True),
        lambda: project.reset("general", discard=True),
    ):
        with refused("table cannot be used", DECKS):
            move()
    assert database.rows("SELECT name FROM decks WHERE id = 1") == [("edited",)]

    engine = sa.create_engine(database.engine.url)
    event.listen(engine, "connect", _bring)
    with engine.connect() as connection:
        project.reset("general", discard=True, connection=connection)
        connection.commit()
        project.downgrade("general", "base", connection=connection)
        connection.commit()
        assert connection.execute(sa.text("SELECT id FROM decks")).all() == [(3,)]
        project.upgrade("general@head", connection=connection)
        connection.commit()
        assert connection.execute(sa.text("PRAGMA integrity_check")).scalar() == "ok"
    assert database.dump() == before
