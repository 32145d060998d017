"""Foreign keys that only demosnap.yaml declares: they count like those of the database."""

from __future__ import annotations

import runpy
from collections.abc import Callable

import pytest

from demosnap.errors import ConfigError
from demosnap.results import Attached
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

NOTES = """\
marker: {column: is_demo}
tables: {cards: {via: note_id}}
foreign_keys:
  - {table: cards, columns: note_id, references: notes.id}
  - {table: reviews, columns: [site, note], references: {notes: [site, number]}}
  - {table: notes, columns: author_id, references: people.id}
"""
TABLES = (
    "CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20))",
    "CREATE TABLE notes (id INTEGER NOT NULL PRIMARY KEY, site INTEGER NOT NULL,"
    " number INTEGER NOT NULL, author_id INTEGER, is_demo BOOLEAN, UNIQUE (site, number))",
    # Its name is before that of notes, and it is loaded after them.
    "CREATE TABLE cards (id INTEGER NOT NULL PRIMARY KEY, note_id INTEGER)",
    "CREATE TABLE reviews (id INTEGER NOT NULL PRIMARY KEY, site INTEGER, note INTEGER)",
    "INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')",
    "INSERT INTO notes VALUES (1, 1, 1, 1, TRUE), (2, 1, 2, NULL, FALSE), (3, 1, 3, 7, TRUE)",
    "INSERT INTO cards VALUES (1, 1), (2, 2), (3, 3), (4, NULL), (5, 9)",
    "INSERT INTO reviews VALUES (1, 1, 2), (2, NULL, 1), (3, 2, 1)",
)
REAL = {"notes": 1, "cards": 3}


@pytest.fixture
def notes(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Notes with a marker, cards on them, and real reviews; captured as v1."""
    workspace = make_workspace(database)
    workspace.configure(NOTES)
    database.execute(*TABLES)
    workspace.project.revision("general", message="v1")
    return workspace


def counts(workspace: Workspace) -> dict[str, int]:
    found = workspace.database.dump()
    return {name: len(found[name]) for name in ("notes", "cards")}


def test_they_decide_which_rows_are_picked_and_in_which_order(notes: Workspace) -> None:
    """In a capture, in moves, and in the plain file; the script has them, the header does not."""
    (script,) = notes.revisions.glob("general/*.py")
    (file,) = notes.revisions.glob("general/*v1*.sql")
    recorded = runpy.run_path(str(script))["snapshot"]
    assert list(recorded["rows"].items()) == [("notes", 2), ("cards", 2)]
    assert [key["table"] for key in recorded["foreign_keys"]] == ["notes", "cards"]
    assert recorded["format"] == 2
    (author,) = recorded["external_references"]
    assert (author["table"], author["rows"], author["dangling"]) == ("notes", 2, [["7"]])
    text = file.read_text(encoding="utf-8")
    assert f"-- Format: 2 ({notes.database.server})" in text
    assert "foreign_keys" not in text.partition("-- ]")[0]
    assert notes.run("check", "--database").returncode == 0

    full = notes.database.dump()
    notes.run("downgrade", "general", "base")
    assert counts(notes) == REAL
    notes.run("upgrade", "general@head")
    assert notes.database.dump() == full
    notes.database.execute("INSERT INTO cards VALUES (6, 3)")
    notes.database.client(file)
    assert notes.database.dump() == full
    offline = notes.folder / "offline.sql"
    done = notes.run("downgrade", "general@head:base", "--sql")
    offline.write_text(done.stdout, encoding="utf-8")
    notes.database.client(offline)
    assert counts(notes) == REAL


def test_an_old_version_is_purged_by_the_keys_that_it_records(notes: Workspace) -> None:
    notes.configure('marker: {column: is_demo}\ntables: {cards: {where: "id = 1"}}\n')
    notes.run("downgrade", "general", "base")
    assert counts(notes) == REAL


def test_real_rows_that_name_demo_rows_are_counted_and_guarded(notes: Workspace) -> None:
    notes.database.execute("INSERT INTO reviews VALUES (4, 1, 3), (5, 1, 3)")
    (entry,) = notes.project.status("general")
    rule = "reviews: {via: [site, note]}"
    assert entry.attached == (Attached("reviews", ("site", "note"), "notes", 2, rule),)
    before = notes.database.dump(own=True)
    said = r"2 rows of reviews .*\n.foreign key of demosnap.yaml on reviews.site, note; id: 4, 5"
    with refused("referenced by non-demo rows", said):
        notes.project.downgrade("general@base")
    assert notes.database.dump(own=True) == before
    kept = notes.project.downgrade("general@base", keep_referenced=True)
    assert not kept.refusals
    assert counts(notes) == {"notes": 2, "cards": 3}
    notes.project.upgrade("general@head")
    assert notes.database.dump().items() <= before.items()
    notes.project.downgrade("general@base", cascade=["reviews"])
    assert counts(notes) == REAL
    assert notes.database.rows("SELECT id FROM reviews ORDER BY id") == [(1,), (2,), (3,)]


def test_references_to_nothing_are_found(notes: Workspace) -> None:
    """The database does not: that of the capture may dangle again, others may not."""
    notes.project.downgrade("general@base")
    notes.database.execute("DELETE FROM people WHERE id = 1")
    with refused("missing reference", "notes.author_id references 1 row of people"):
        notes.project.upgrade("general@head")
    notes.database.execute("INSERT INTO people VALUES (1, 'Ada')")
    notes.project.upgrade("general@head")
    notes.database.execute("DELETE FROM people WHERE id = 1")
    done = notes.run("check", "--database", check=False)
    assert done.returncode == 3
    assert "notes.author_id: 1 row references no row of people (1)" in done.stdout


WRONG = {
    "- {table: card, columns: x, references: notes.id}": (
        "foreign_keys.1.table: there is no table 'card' in the database; did you mean 'cards'"
    ),
    "- {table: cards, columns: note, references: notes.id}": (
        "foreign_keys.1.columns: cards has no column 'note'; did you mean 'note_id'"
    ),
    "- {table: cards, columns: note_id, references: note.id}": (
        "foreign_keys.1.references: there is no table 'note' in the database; did you mean 'notes'"
    ),
    "- {table: cards, columns: note_id, references: notes.ID_}": (
        "foreign_keys.1.references: notes has no column 'ID_'; did you mean 'id'"
    ),
    "- {table: cards, columns: note_id, references: notes.site}": (
        "notes has no unique key of site\nIts unique keys: id; site, number."
    ),
    "- {table: cards, columns: note_id, references: notes.id}\n"
    "  - {table: cards, columns: note_id, references: notes.id}": (
        "foreign_keys: cards.note_id references notes twice"
    ),
}


@pytest.mark.parametrize("entry", WRONG)
def test_a_key_that_does_not_fit_the_tables(
    entry: str, sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(sqlite)
    sqlite.execute(*TABLES)
    workspace.configure(f"marker: {{column: is_demo}}\nforeign_keys:\n  {entry}\n")
    with pytest.raises(ConfigError) as caught:
        workspace.project.revision("general")
    assert WRONG[entry] in str(caught.value)
    assert caught.value.line == 3 + entry.count("\n")
