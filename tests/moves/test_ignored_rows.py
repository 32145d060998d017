"""Rows that come and go beside the demo: in no snapshot, and purged with it."""

from __future__ import annotations

from typing import Any

import pytest

from demosnap.errors import ConfigError
from support.refusals import refused
from support.workspaces import Workspace

TABLES = (
    "CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL)",
    "CREATE TABLE metas (id INTEGER NOT NULL PRIMARY KEY, person_id INTEGER NOT NULL,"
    " name VARCHAR(20), FOREIGN KEY (person_id) REFERENCES people (id))",
    "CREATE TABLE logins (id INTEGER NOT NULL PRIMARY KEY, person_id INTEGER NOT NULL,"
    " FOREIGN KEY (person_id) REFERENCES people (id))",
    "CREATE TABLE clicks (id INTEGER NOT NULL PRIMARY KEY, login_id INTEGER NOT NULL,"
    " FOREIGN KEY (login_id) REFERENCES logins (id))",
    "INSERT INTO people VALUES (50, 'real')",
    "INSERT INTO metas VALUES (50, 50, 'token'), (51, 50, 'shirt')",
    "INSERT INTO logins VALUES (50, 50)",
    "INSERT INTO clicks VALUES (50, 50)",
)
PLAIN = """\
marker: none
tables:
  people: {where: "id < 10"}
  metas: {via: person_id}
"""
SETTINGS = (
    PLAIN
    + """\
ignore:
  metas: "name = 'token'"
  logins: {via: person_id}
  clicks: {via: login_id}
"""
)
DEMO = (
    "INSERT INTO people VALUES (1, 'one'), (2, 'two')",
    "INSERT INTO metas VALUES (1, 1, 'shirt'), (2, 2, 'shoe')",
)
COME = (
    "INSERT INTO metas VALUES (3, 1, 'token'), (4, 2, 'token')",
    "INSERT INTO logins VALUES (1, 1), (2, 2)",
    "INSERT INTO clicks VALUES (1, 1), (2, 2)",
)
Rows = dict[str, list[tuple[Any, ...]]]


def ids(workspace: Workspace) -> dict[str, list[int]]:
    return {
        name: [one for (one,) in workspace.database.rows(f"SELECT id FROM {name} ORDER BY id")]
        for name in ("people", "metas", "logins", "clicks")
    }


def all_of(people: list[int], metas: list[int], others: list[int]) -> dict[str, list[int]]:
    return {
        "people": [*people, 50],
        "metas": [*sorted(metas), 50, 51],
        "logins": [*others, 50],
        "clicks": [*others, 50],
    }


def clean(workspace: Workspace) -> bool:
    """Return whether status, diff and check see no difference, nor rows beside the demo."""
    (entry,) = workspace.project.status()
    assert not entry.attached
    with workspace.project.diff("general") as comparison:
        same = not comparison.changes()
    found = workspace.run("check", "--database", check=False)
    assert entry.clean == same == (found.returncode == 0), (entry, found.stdout, found.stderr)
    return same


def test_rows_come_and_go_beside_the_demo(workspace: Workspace) -> None:
    workspace.configure(SETTINGS)
    workspace.database.execute(*TABLES)
    real = workspace.database.dump()
    execute, project = workspace.database.execute, workspace.project
    execute(*DEMO, *COME)
    taken = project.revision("general", date="2025-01-01")
    assert not [note for note in taken.plan.notes if "not captured" in note]
    assert taken.plan.rows == {"people": 2, "metas": 2, "logins": 0, "clicks": 0}
    assert clean(workspace)
    execute("DELETE FROM clicks WHERE id = 2", "INSERT INTO logins VALUES (3, 2)")
    assert clean(workspace)
    assert not workspace.project.revision("general").created
    execute("DELETE FROM clicks WHERE id = 1", "DELETE FROM logins WHERE id = 3", *COME[2:])
    execute("UPDATE people SET name = 'changed' WHERE id = 1")
    project.reset("general", discard=True)
    assert ids(workspace) == all_of([1, 2], [1, 2, 3, 4], [1, 2])
    # With a row by which they hang on the demo they go, by difference too.
    execute(
        "DELETE FROM clicks WHERE id = 2",
        "DELETE FROM logins WHERE id = 2",
        "DELETE FROM metas WHERE person_id = 2",
        "DELETE FROM people WHERE id = 2",
    )
    workspace.project.revision("general", date="2025-01-02")
    workspace.project.downgrade("general", "-1")
    execute(
        "INSERT INTO metas VALUES (4, 2, 'token')",
        "INSERT INTO logins VALUES (2, 2)",
        "INSERT INTO clicks VALUES (2, 2)",
    )
    assert clean(workspace)
    (move,) = workspace.project.upgrade("general@head").moves
    assert move.by_difference and not move.also
    assert move.purge == {"people": 1, "metas": 2, "logins": 1, "clicks": 1}
    assert ids(workspace) == all_of([1], [1, 3], [1])
    assert clean(workspace)
    workspace.alembic("downgrade", "general@base")
    assert workspace.database.dump() == real
    workspace.alembic("upgrade", "general@head")
    execute(*(one.partition("), (")[0] + ")" for one in COME))
    workspace.project.load("general@v1")
    assert ids(workspace) == all_of([1, 2], [1, 2], [])
    assert clean(workspace)
    execute(*COME)
    (move,) = workspace.project.downgrade("general", "base", keep_referenced=True).moves
    assert not move.kept and move.purge == {"people": 2, "metas": 4, "logins": 2, "clicks": 2}
    assert workspace.database.dump() == real


def test_a_real_row_holds_an_ignored_one(workspace: Workspace) -> None:
    workspace.configure(SETTINGS)
    workspace.database.execute(
        *TABLES,
        *DEMO,
        *COME,
        "CREATE TABLE audits (id INTEGER NOT NULL PRIMARY KEY, login_id INTEGER NOT NULL,"
        " FOREIGN KEY (login_id) REFERENCES logins (id))",
        "INSERT INTO audits VALUES (1, 2)",
    )
    workspace.project.revision("general", date="2025-01-01")
    before = workspace.database.dump()
    with refused("referenced by non-demo rows", "audits"):
        workspace.project.downgrade("general", "base")
    assert workspace.database.dump() == before
    (move,) = workspace.project.downgrade("general", "base", cascade=("audits",)).moves
    assert move.also == {"audits": 1}
    assert ids(workspace) == all_of([], [], [])


def test_a_client_purges_them_too(workspace: Workspace) -> None:
    workspace.configure(SETTINGS)
    workspace.database.execute(*TABLES, *DEMO, *COME)
    workspace.project.revision("general", date="2025-01-01")
    script = workspace.revisions / "general" / "general_v1_2025-01-01.sql"
    workspace.database.client(script)
    assert ids(workspace) == all_of([1, 2], [1, 2], [])
    workspace.database.execute(*COME)
    offline = workspace.revisions / "offline.sql"
    with offline.open("w", encoding="utf-8") as stream:
        workspace.project.downgrade_sql("general", "v1:base", stream)
    workspace.database.client(offline)
    assert ids(workspace) == all_of([], [], [])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("login: {via: person_id}", "there is no table 'login' in the database"),
        ('logins: "id = 1"', "logins is not selected, so a predicate says too little"),
        ("logins: {via: person}", "logins has no column 'person'"),
        ("logins: {via: id}", "logins.id is not a foreign key"),
        ('metas: "nothing = 1"', "the database rejects the where of metas"),
        ("logins: {where: nothing = 1}", "the database rejects the where of logins"),
        ("nokey: {where: a = 1}", "nokey has no key"),
    ],
)
def test_rows_that_cannot_be_ignored(workspace: Workspace, entry: str, said: str) -> None:
    workspace.configure(f"{PLAIN}ignore:\n  {entry}\n")
    workspace.database.execute(*TABLES, *DEMO, "CREATE TABLE nokey (a INTEGER)")
    with pytest.raises(ConfigError) as caught:
        workspace.project.revision("general")
    assert said in caught.value.message
    assert (caught.value.file or "").endswith("demosnap.yaml") and caught.value.line == 6
