"""Columns that are not captured, or captured and not compared."""

from __future__ import annotations

from typing import Any

import pytest

from demosnap.errors import ConfigError
from support.refusals import refused
from support.workspaces import Workspace

TABLES = (
    "CREATE TABLE pages (id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(20) NOT NULL,"
    " hits INTEGER DEFAULT 7 NOT NULL, seen VARCHAR(20))",
    "CREATE TABLE links (id INTEGER NOT NULL PRIMARY KEY, page_id INTEGER NOT NULL,"
    " note VARCHAR(9), spot INTEGER, FOREIGN KEY (page_id) REFERENCES pages (id))",
    "INSERT INTO pages VALUES (50, 'real', 3, 'today')",
    "INSERT INTO links VALUES (50, 50, 'mine', 8)",
)
PLAIN = """\
marker: none
tables:
  pages: {where: "id < 10"}
  links: {via: page_id}
"""
OMIT = PLAIN + "columns: {pages.hits: omit, links.spot: omit}\n"
IGNORE = PLAIN + "columns: {pages.seen: ignore}\n"
DEMO = (
    "INSERT INTO pages VALUES (1, 'one', 1, 'monday'), (2, 'two', 2, NULL)",
    "INSERT INTO links VALUES (1, 1, 'a', 11), (2, 2, 'b', 12)",
)
REAL = {(50, "real", 3, "today")}
HIT = {(50, "real", 103, "today")}


def make(workspace: Workspace, settings: str) -> Workspace:
    workspace.configure(settings)
    workspace.database.execute(*TABLES, *DEMO)
    workspace.project.revision("general", date="2025-01-01")
    return workspace


def pages(workspace: Workspace) -> set[tuple[Any, ...]]:
    return set(workspace.database.rows("SELECT id, title, hits, seen FROM pages"))


def links(workspace: Workspace) -> set[tuple[Any, ...]]:
    return set(workspace.database.rows("SELECT * FROM links"))


def clean(workspace: Workspace) -> bool:
    """Return whether status, diff and check see no difference."""
    (entry,) = workspace.project.status()
    with workspace.project.diff("general") as comparison:
        same = not comparison.changes()
    found = workspace.run("check", "--database", check=False).returncode == 0
    assert entry.clean == same == found, (entry, same, found)
    return same


def test_an_omitted_column_is_left_alone(workspace: Workspace) -> None:
    here = make(workspace, OMIT)
    project, execute = here.project, here.database.execute
    script = here.revisions / "general" / "general_v1_2025-01-01.py"
    assert '"columns": {"pages.hits": "omit", "links.spot": "omit"}' in script.read_text()
    text = script.with_suffix(".sql").read_text()
    assert "\n-- Format: 2 (" in text and "hits" not in text and "spot" not in text
    execute("UPDATE pages SET hits = hits + 100", "UPDATE links SET spot = NULL WHERE id = 1")
    assert clean(here)
    assert not here.project.revision("general").created
    execute("UPDATE pages SET title = 'changed' WHERE id = 1")
    assert not clean(here)
    project.reset("general", discard=True)
    assert pages(here) == {
        (1, "one", 101, "monday"),
        (2, "two", 102, None),
        (50, "real", 103, "today"),
    }
    execute(
        "INSERT INTO pages VALUES (3, 'three', 33, NULL)",
        "DELETE FROM links WHERE id = 2",
        "DELETE FROM pages WHERE id = 2",
    )
    project.revision("general", date="2025-01-02")
    # By difference, without a question: the default is for what comes alone.
    assert project.downgrade("general", "-1").moves[0].by_difference
    assert pages(here) == {
        (1, "one", 101, "monday"),
        (2, "two", 7, None),
        (50, "real", 103, "today"),
    }
    execute("UPDATE pages SET hits = 5 WHERE id = 2")
    project.upgrade("general@head", full=True)
    assert pages(here) == {
        (1, "one", 101, "monday"),
        (3, "three", 7, None),
        (50, "real", 103, "today"),
    }
    assert set(here.database.rows("SELECT * FROM links")) == {
        (1, 1, "a", None),
        (50, 50, "mine", 8),
    }
    assert clean(here)
    execute("UPDATE links SET spot = 6 WHERE id = 1")
    project.load("general@v2", discard=True)
    assert links(here) == {(1, 1, "a", 6), (50, 50, "mine", 8)}
    here.alembic("downgrade", "general@base")
    assert pages(here) == {*HIT}
    came = {(1, "one", 7, "monday"), (3, "three", 7, None), *HIT}
    here.alembic("upgrade", "general@head")
    assert pages(here) == came
    assert clean(here)
    # The file cannot keep values.
    execute("UPDATE pages SET hits = 8 WHERE id = 1")
    here.database.client(script.with_name("general_v2_2025-01-02.sql"))
    assert pages(here) == came
    assert clean(here)
    offline = here.revisions / "offline.sql"
    with offline.open("w", encoding="utf-8") as stream:
        project.downgrade_sql("general", "v2:base", stream)
        project.upgrade_sql(["general@v2"], stream)
    here.database.client(offline)
    assert pages(here) == came


def test_an_ignored_column_is_loaded_and_not_compared(workspace: Workspace) -> None:
    here = make(workspace, IGNORE)
    project, execute = here.project, here.database.execute
    for _ in range(2):
        execute("UPDATE pages SET seen = 'sunday' WHERE id IN (1, 2)")
        assert clean(here)
        assert not project.revision("general").created
        execute("UPDATE pages SET hits = 9 WHERE id = 1")
        assert not clean(here)
        (row,) = project.scenario("general").diff()
        assert row.changed == ("hits",)
        project.reset("general", discard=True)
        assert pages(here) == {(1, "one", 1, "sunday"), (2, "two", 2, "sunday")} | REAL
        # The log's digest is now one of these values.
        execute("UPDATE pages SET seen = 'friday' WHERE id = 1")
    execute(
        "INSERT INTO pages VALUES (3, 'three', 3, 'now')", "UPDATE pages SET hits = 8 WHERE id = 2"
    )
    project.revision("general", date="2025-01-02")
    execute("UPDATE pages SET seen = 'later'")
    later = {(50, "real", 3, "later")}
    project.downgrade("general", "-1")
    assert pages(here) == {(1, "one", 1, "later"), (2, "two", 2, "later"), *later}
    project.upgrade("general@head")
    three = (3, "three", 3, "now")
    assert pages(here) == {
        (1, "one", 1, "later"),
        (2, "two", 8, "later"),
        three,
        (50, "real", 3, "later"),
    }
    assert clean(here)
    with project.diff("general", "v1", "v2") as comparison:
        found = {one.name: one.counts for one in comparison.changes()}
    assert found == {"pages": {"added": 1, "modified": 1}}
    execute("UPDATE pages SET seen = 'again'")
    project.downgrade("general", "v1", full=True)
    assert pages(here) == {(1, "one", 1, "monday"), (2, "two", 2, None), (50, "real", 3, "again")}
    assert clean(here)
    execute("UPDATE pages SET seen = 'x', title = 'y' WHERE id = 1")
    with refused("unsaved rows"):
        project.downgrade("general", "base")
    execute("UPDATE pages SET title = 'one' WHERE id = 1")
    here.alembic("downgrade", "general@base")
    assert pages(here) == {(50, "real", 3, "again")}


@pytest.mark.parametrize("treatment", ["omit", "ignore"])
def test_settings_that_came_after_the_capture_count_in_comparisons(
    workspace: Workspace, treatment: str
) -> None:
    here = make(workspace, PLAIN)
    execute = here.database.execute
    here.configure(PLAIN + f"columns: {{pages.hits: {treatment}}}\n")
    execute("UPDATE pages SET hits = hits + 10")
    assert clean(here)
    here.project.reset("general")
    assert {row[2] for row in pages(here)} == {11, 12, 13}
    assert here.project.revision("general", date="2025-01-02").created
    execute("UPDATE pages SET hits = hits + 10", "UPDATE pages SET title = 'later' WHERE id = 2")
    here.project.revision("general", date="2025-01-03")
    with here.project.diff("general", "v1", "v3") as comparison:
        (one,) = comparison.changes()
        ((old, new),) = one.modified()
        assert [cell.column for cell in one.pair.changed(old, new)] == ["title"]
    # An old version has the values that it captured.
    here.project.downgrade("general", "v1")
    assert pages(here) == {(1, "one", 1, "monday"), (2, "two", 2, None), (50, "real", 23, "today")}
    assert clean(here)
    here.configure(PLAIN)
    assert clean(here)
    here.project.upgrade("general@v2")
    execute("UPDATE pages SET hits = 70")
    assert clean(here)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("page.hits: omit", "there is no table 'page' in the database (did you mean pages?)"),
        ("pages.hit: omit", "pages has no column 'hit' (did you mean hits?)"),
        ("pages.id: ignore", "pages.id is part of the key"),
        ("links.page_id: omit", "links.page_id is part of a foreign key to pages"),
        ("pages.title: omit", "pages.title cannot be omitted: it is NOT NULL and has no default"),
        ("others.a: omit", "others is not selected, so its columns are in no snapshot"),
    ],
)
def test_columns_that_cannot_be_left_out(workspace: Workspace, column: str, said: str) -> None:
    workspace.configure(PLAIN + f"columns: {{{column}}}\n")
    workspace.database.execute(*TABLES, *DEMO, "CREATE TABLE others (a INTEGER)")
    with pytest.raises(ConfigError) as caught:
        workspace.project.revision("general")
    assert said.split(" (did")[0] in caught.value.message
    assert (caught.value.file or "").endswith("demosnap.yaml") and caught.value.line == 5
