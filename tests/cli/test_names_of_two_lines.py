"""Names that end a line cannot write lines of their own into what demosnap says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from demosnap import scaffold, visible
from demosnap.config.names import yaml_item
from support.databases import Database
from support.rounds import MakeWorkspace
from support.workspaces import Workspace

pytestmark = pytest.mark.long

FAKE = "\nerror: all rows are lost"
MARKED = "marker: {column: is_demo}\n"


@pytest.fixture(autouse=True)
def _no_names_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visible, "_names", {})


@pytest.fixture
def shop(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Things, and notes of the application's own that reference them; each name has two lines."""
    workspace = make_workspace(database)
    things, notes, key, value, kind, unique, reference = (
        database.engine.dialect.identifier_preparer.quote_identifier(name + FAKE)
        for name in ("things", "notes", "key", "value", "kind", "unique", "reference")
    )
    database.execute(
        f"CREATE TABLE {things} ({key} INTEGER PRIMARY KEY, {value} VARCHAR(20),"
        f" {kind} VARCHAR(20) NOT NULL, is_demo BOOLEAN NOT NULL,"
        f" CONSTRAINT {unique} UNIQUE ({value}))",
        f"CREATE TABLE {notes} (id INTEGER PRIMARY KEY, {key} INTEGER NOT NULL,"
        f" CONSTRAINT {reference} FOREIGN KEY ({key}) REFERENCES {things} ({key}))",
        f"INSERT INTO {things} VALUES (1, 'one', 'a', TRUE), (2, 'two', 'a', TRUE),"
        " (3, 'mine', 'a', FALSE)",
    )
    workspace.configure(MARKED)
    workspace.run("revision", "general")
    return workspace


def quoted(workspace: Workspace, name: str) -> str:
    preparer: sa.sql.compiler.IdentifierPreparer
    preparer = workspace.database.engine.dialect.identifier_preparer
    return preparer.quote_identifier(name + FAKE)


def said(workspace: Workspace, *arguments: str, code: int | None = None) -> str:
    done = workspace.run(*arguments, check=False)
    if code is not None:
        assert done.returncode == code, done.stderr
    text = done.stdout + done.stderr
    assert not re.search(r"^\W*error: all rows are lost", text, re.MULTILINE), text
    return text


def referenced(shop: Workspace) -> Iterator[str]:
    shop.database.execute(f"INSERT INTO {quoted(shop, 'notes')} VALUES (1, 1)")
    yield said(shop, "downgrade", "general", "base", code=1)
    yield said(shop, "revision", "general", "--dry-run")
    yield said(shop, "check", "--database")
    yield said(shop, "downgrade", "general", "base", "--keep-referenced", "--dry-run", code=0)


def taken(shop: Workspace) -> Iterator[str]:
    shop.run("downgrade", "general", "base")
    things = quoted(shop, "things")
    shop.database.execute(f"INSERT INTO {things} VALUES (1, 'x', 'a', FALSE)")
    shop.database.execute(f"INSERT INTO {things} VALUES (9, 'two', 'a', FALSE)")
    yield said(shop, "upgrade", "general@head", code=1)
    yield said(shop, "check", "--database")


def unsaved(shop: Workspace) -> Iterator[str]:
    things, value = quoted(shop, "things"), quoted(shop, "value")
    shop.database.execute(f"UPDATE {things} SET {value} = 'other' WHERE {value} = 'one'")
    yield said(shop, "downgrade", "general", "base", code=1)
    yield said(shop, "status")
    yield said(shop, "diff", "general", "v1", "database")


def no_longer_picked(shop: Workspace) -> Iterator[str]:
    things, value = quoted(shop, "things"), quoted(shop, "value")
    shop.database.execute(f"UPDATE {things} SET is_demo = FALSE WHERE {value} = 'one'")
    yield said(shop, "reset", "general", code=1)
    yield said(shop, "status")
    yield said(shop, "revision", "general", "--dry-run")
    yield said(shop, "downgrade", "general", "base", code=0)


def another_column(shop: Workspace) -> Iterator[str]:
    shop.run("downgrade", "general", "base")
    things, value = quoted(shop, "things"), quoted(shop, "value")
    shop.database.execute(f"ALTER TABLE {things} RENAME COLUMN {value} TO plain")
    yield said(shop, "upgrade", "general@head", code=1)
    yield said(shop, "check", "--database", code=3)


def violated(shop: Workspace) -> Iterator[str]:
    shop.run("downgrade", "general", "base")
    things, value = quoted(shop, "things"), quoted(shop, "value")
    if shop.database.dialect == "sqlite":
        shop.database.execute(
            f"DROP TABLE {quoted(shop, 'notes')}",
            f"DROP TABLE {things}",
            f"CREATE TABLE {things} ({quoted(shop, 'key')} INTEGER PRIMARY KEY,"
            f" {value} VARCHAR(20) CHECK ({value} <> 'two'), {quoted(shop, 'kind')} VARCHAR(20)"
            " NOT NULL, is_demo BOOLEAN NOT NULL)",
        )
    else:
        check = quoted(shop, "check")
        shop.database.execute(
            f"DELETE FROM {things}",
            f"ALTER TABLE {things} ADD CONSTRAINT {check} CHECK ({value} <> 'two')",
        )
    yield said(shop, "upgrade", "general@head", code=1)
    yield said(shop, "check", "--database")


@pytest.mark.parametrize(
    "story", [referenced, taken, unsaved, no_longer_picked, another_column, violated]
)
def test_no_refusal_has_a_line_that_a_name_wrote(
    shop: Workspace, story: Callable[[Workspace], Iterator[str]]
) -> None:
    texts = list(story(shop))
    assert r"things\nerror: all rows are lost" in texts[0]


def test_init_writes_such_names_as_yaml_that_can_be_read(sqlite: Database, tmp_path: Path) -> None:
    sqlite.execute(
        'CREATE TABLE "things\nnote: x" (id INTEGER PRIMARY KEY, is_demo BOOLEAN NOT NULL)',
        'CREATE TABLE parts (id INTEGER PRIMARY KEY, "thing\nid" INTEGER NOT NULL'
        ' REFERENCES "things\nnote: x" (id))',
        'INSERT INTO "things\nnote: x" VALUES (1, TRUE)',
        "INSERT INTO parts VALUES (1, 1)",
    )
    folder = tmp_path / "project"
    folder.mkdir()
    scaffold.init(folder, url=sqlite.url, confirm=lambda *_: True)
    workspace = Workspace(folder, sqlite)
    assert r'parts: {via: "thing\nid"}' in (workspace.revisions / "demosnap.yaml").read_text()
    assert workspace.project.revision("general").version.rows == {
        '"things\nnote: x"': 1,
        "parts": 1,
    }


@pytest.mark.parametrize("name", ["a\nb", "a\r\nb", "\ta", "a\u2028b", "\u202ea", "a'b\n", "ü\x07"])
def test_such_a_name_is_one_line_of_yaml(name: str) -> None:
    import yaml

    text = yaml_item({name: [name]})
    assert visible.one_line(text) == text
    assert yaml.safe_load(text) == {name: [name]}
