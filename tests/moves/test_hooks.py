"""Hooks repair what depends on demo rows; what they do stands and falls with the move."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from sqlalchemy.exc import DatabaseError

from demosnap import ConfigError, HookError, VerificationError
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

SCHEMA = (
    "CREATE TABLE shops (id int PRIMARY KEY, goods int NOT NULL)",
    "CREATE TABLE goods (id int PRIMARY KEY, shop int NOT NULL, name varchar(9) UNIQUE,"
    " is_demo boolean NOT NULL, FOREIGN KEY (shop) REFERENCES shops (id))",
    "CREATE TABLE tree (id int PRIMARY KEY, lft int NOT NULL, rght int NOT NULL,"
    " is_demo boolean NOT NULL)",
    "INSERT INTO shops VALUES (1, 1), (2, 0)",
    "INSERT INTO goods VALUES (1, 1, 'real', false), (101, 1, 'a', true)",
    "INSERT INTO tree VALUES (101, 1, 4, true), (102, 2, 3, true)",
)
COUNT = "UPDATE shops SET goods = (SELECT COUNT(*) FROM goods WHERE goods.shop = shops.id)"
TOP = "(SELECT top FROM (SELECT MAX(rght) AS top FROM tree WHERE is_demo) AS demo)"
LOW = "(SELECT low FROM (SELECT MIN(lft) AS low FROM tree WHERE NOT is_demo) AS others)"
# Without it, real trees would lie inside of demo trees that were made at the same place.
APART = (
    f"UPDATE tree SET lft = lft + {TOP}, rght = rght + {TOP}"
    f"\n  WHERE NOT is_demo AND {LOW} <= {TOP};"
)


def settings(**hooks: Any) -> str:
    """Return demosnap.yaml with some hooks."""
    return "marker: {column: is_demo}\n" + yaml.safe_dump({"hooks": hooks}, width=1000)


@pytest.fixture
def shop(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """Version v1, and v2 with one more of the goods; the database is at v2."""
    workspace = make_workspace(database)
    workspace.configure(settings())
    database.execute(*SCHEMA)
    workspace.project.revision("general", message="v1")
    database.execute("INSERT INTO goods VALUES (102, 2, 'b', true)")
    workspace.project.revision("general", message="v2")
    return workspace


def state(shop: Workspace) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Return the counters of the shops, and the real rows of the tree."""
    counters = [row[0] for row in shop.database.rows("SELECT goods FROM shops ORDER BY id")]
    return counters, shop.database.rows(
        "SELECT id, lft, rght FROM tree WHERE NOT is_demo ORDER BY id"
    )


def test_counters_and_trees_are_right_after_each_move(shop: Workspace) -> None:
    """Rows outside follow the demo: a load, a way back, a purge, a reset, and stock Alembic."""
    shop.configure(settings(after_load=[{"sql": [COUNT, APART]}], after_purge={"sql": COUNT}))
    shop.project.downgrade("general", "v1")
    assert state(shop) == ([2, 0], [])
    shop.alembic("upgrade", "general@head")
    assert state(shop) == ([2, 1], [])
    shop.alembic("downgrade", "general@base")
    assert state(shop) == ([1, 0], [])
    # The application takes the place in the tree that is free now.
    shop.database.execute("INSERT INTO tree VALUES (1, 1, 4, false), (2, 2, 3, false)")
    plan = shop.run("load", "general", "--dry-run").stdout
    place = "after_load (demo_revisions/demosnap.yaml:4)"
    assert f"general: {place} runs before the commit: {COUNT}" in plan
    assert state(shop) == ([1, 0], [(1, 1, 4), (2, 2, 3)])
    with shop.database.engine.begin() as connection:
        shop.project.load("general@v1", connection=connection)
    assert state(shop) == ([2, 0], [(1, 5, 8), (2, 6, 7)])
    # It closes the gap when the demo tree is deleted by hand, and the reset brings that back.
    shop.database.execute(
        "DELETE FROM tree WHERE is_demo",
        "UPDATE tree SET lft = lft - 4, rght = rght - 4",
        "DELETE FROM goods WHERE is_demo",
        COUNT,
    )
    shop.project.reset("general", discard=True)
    assert state(shop) == ([2, 0], [(1, 5, 8), (2, 6, 7)])
    assert shop.project.check(database=True) == []


def test_after_reset_takes_the_place_of_after_load(shop: Workspace) -> None:
    """Where it is given, also as an empty list; a reset without a difference has no hook."""
    for hooks, goods in (([{"sql": "UPDATE shops SET goods = 7"}], 7), ([], 0)):
        shop.configure(settings(after_load={"sql": COUNT}, after_reset=hooks))
        shop.database.execute("UPDATE shops SET goods = 0", "DELETE FROM goods WHERE id = 101")
        shop.project.reset("general", discard=True)
        assert state(shop)[0] == [goods, goods]
        shop.database.execute("UPDATE shops SET goods = 0")
        shop.project.reset("general")
        assert state(shop)[0] == [0, 0]


def test_the_name_of_the_scenario_is_filled_in(shop: Workspace) -> None:
    """Outside of quotes only; colons and per cent signs are data."""
    joined = {"mariadb": "CONCAT('at 5%: :', :scenario)"}
    value = joined.get(shop.database.dialect, "'at 5%: :' || :scenario")
    shop.database.execute("ALTER TABLE goods ADD note varchar(99)")
    shop.project.revision("general", message="v3")
    shop.configure(
        settings(after_load={"sql": f"UPDATE goods SET note = {value} WHERE NOT is_demo"})
    )
    shop.project.load("general")
    assert shop.database.rows("SELECT note FROM goods ORDER BY id") == [
        ("at 5%: :general",),
        (None,),
        (None,),
    ]


def test_a_failing_statement_rolls_all_back(shop: Workspace) -> None:
    """The error has the line of the statement and the database's words."""
    before = shop.database.dump(own=True)
    shop.configure(settings(after_load=[{"sql": [COUNT, "UPDATE shops SET good = 1"]}]))
    with pytest.raises(ConfigError, match="good") as caught:
        shop.project.downgrade("general", "v1")
    assert caught.value.line == 6 and caught.value.changed is False
    assert "hooks.after_load: the database refused UPDATE shops SET good = 1" in str(caught.value)
    assert shop.database.dump(own=True) == before
    if shop.database.dialect != "sqlite":
        # Foreign keys are in force, whatever the load itself did with them.
        shop.configure(settings(after_load={"sql": "DELETE FROM shops WHERE id = 1"}))
        with pytest.raises(ConfigError, match=r"hooks\.after_load: the database refused"):
            shop.project.downgrade("general", "v1")
        assert shop.database.dump(own=True) == before


def test_a_hook_that_changes_demo_rows_is_found(shop: Workspace) -> None:
    """By values and by counts, whatever --verify says, after a load, a reset and a purge."""
    before = shop.database.dump(own=True)
    wrong = (
        ("after_load", "UPDATE goods SET name = 'x' WHERE id = 101", "goods"),
        ("after_load", "DELETE FROM tree WHERE id = 102", "tree"),
        ("after_purge", "INSERT INTO tree VALUES (9, 9, 10, true)", "tree"),
    )
    for event, sql, table in wrong:
        shop.configure(settings(**{event: {"sql": sql}}))
        move = "downgrade general@v1" if event == "after_load" else "downgrade general@base"
        done = shop.run(*move.split(), "--verify", "counts", check=False)
        assert done.returncode == 1
        assert table in done.stderr
        assert f"{event} (demo_revisions/demosnap.yaml:4)" in done.stderr
        assert shop.database.dump(own=True) == before
    shop.configure(settings(after_reset={"sql": wrong[0][1]}))
    shop.database.execute("UPDATE goods SET name = 'y' WHERE id = 101")
    with pytest.raises(VerificationError, match="after_reset"):
        shop.project.reset("general", discard=True)
    assert shop.database.rows("SELECT name FROM goods WHERE id = 101") == [("y",)]


def test_the_way_back_is_tried_with_hooks(shop: Workspace) -> None:
    """A hook that takes the name of a row that is to come back is a reason not to go."""
    sql = (
        "INSERT INTO goods SELECT 9, 1, 'b', false FROM shops WHERE id = 1"
        " AND NOT EXISTS (SELECT 1 FROM goods WHERE name = 'b')"
    )
    shop.configure(settings(after_load={"sql": sql}))
    before = shop.database.dump(own=True)
    with refused("no way back"):
        shop.project.downgrade("general", "v1")
    assert shop.database.dump(own=True) == before


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("COMMIT", "COMMIT cannot be in the transaction"),
        ("(rollback)", r"rollback\) cannot be in the transaction"),
        (f"{COUNT}; COMMIT", "has ; outside of quotes"),
        (f"{COUNT} -- all", "has -- outside of quotes"),
        ("/*!50000 COMMIT */", r"has /\* outside of quotes"),
        ("DROP VIEW lists", "DROP cannot be in"),
    ],
)
def test_what_would_end_the_transaction_is_refused(shop: Workspace, sql: str, message: str) -> None:
    """In the plan, before anything is changed; definitions where they cannot be rolled back."""
    shop.database.execute("CREATE VIEW lists AS SELECT id FROM shops")
    shop.configure(settings(after_reset={"sql": sql}))
    shop.database.execute("DELETE FROM goods WHERE is_demo")
    before = shop.database.dump(own=True)
    if "DROP" not in message or shop.database.dialect == "mariadb":
        with pytest.raises(ConfigError, match=message) as caught:
            shop.project.reset("general", discard=True, dry_run=True)
        assert caught.value.line == 4
        with pytest.raises(ConfigError, match=message):
            shop.project.reset("general", discard=True)
        assert shop.database.dump(own=True) == before
    else:
        shop.project.reset("general", discard=True)
        with pytest.raises(DatabaseError, match="lists"):
            shop.database.rows("SELECT * FROM lists")


def test_offline_sql_has_the_statements(shop: Workspace) -> None:
    """The script of `--sql` repairs the counters; the plain snapshot file does not."""
    shop.configure(settings(after_load=[{"sql": COUNT}, {"command": "fixtree\n--all"}]))
    text = shop.run("downgrade", "general", "v2:v1", "--sql").stdout
    assert f"-- Hook after_load (demo_revisions/demosnap.yaml:4) of general\n{COUNT};" in text
    assert "run it after the commit: fixtree\\n--all\n" in text
    shop.database.execute("UPDATE shops SET goods = 0")
    file = shop.folder / "down.sql"
    file.write_text(text)
    shop.database.client(file)
    assert state(shop)[0] == [2, 0]
    shop.database.client(shop.revisions / "general" / "latest.sql")
    assert state(shop)[0] == [2, 0]


NOTE = """\
import json, os, sys
names = ("SCENARIO", "VERSION", "OPERATION", "DATABASE_URL")
with open("notes.txt", "a") as file:
    file.write(json.dumps([sys.argv[1], *(os.environ["DEMOSNAP_" + n] for n in names)]) + "\\n")
print("working on", os.environ["DEMOSNAP_DATABASE_URL"])
sys.exit(sys.argv[1] == "fails" and 7)
"""


def test_commands_run_after_the_commit(shop: Workspace) -> None:
    """With what was done in their environment; the first failure ends them, exit code 4."""
    (shop.folder / "note.py").write_text(NOTE)

    def command(word: str) -> dict[str, str]:
        return {"command": f"{sys.executable} note.py {word}"}

    def noted() -> list[Any]:
        file = shop.folder / "notes.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]

    url = shop.database.url
    shop.configure(settings(after_load=[command("one"), command("two")], after_purge=command("p")))
    shop.run("downgrade", "general@v1", "--dry-run")
    shop.run("downgrade", "general@v2")
    assert noted() == []
    done = shop.run("downgrade", "general@v1")
    assert "working on" not in done.stdout + done.stderr
    (v1, _) = shop.project.history("general")[::-1]
    name = v1.version.version
    assert noted() == [[word, "general", name, "load", url] for word in ("one", "two")]
    shop.alembic("downgrade", "general@base")
    assert noted() == [["p", "general", "", "purge", url]]
    with shop.database.engine.begin() as connection:
        plan = shop.project.load("general@v1", connection=connection)
    assert any("left to run after the caller's commit" in note for note in plan.notes)
    assert noted() == []
    shop.configure(settings(after_load=[command("fails"), command("two")]))
    done = shop.run("upgrade", "general@v2", check=False)
    assert done.returncode == 4
    v2 = name.replace("v1", "v2")
    assert f"general: {name} → {v2} is done and committed, but its hook" in done.stderr
    assert "ended with exit code 7" in done.stderr and "working on" in done.stderr
    assert "Not run:" in done.stderr and "note.py two" in done.stderr
    assert [words[0] for words in noted()] == ["fails"]
    assert shop.run("current").stdout.split() >= ["general"]
    assert shop.database.rows("SELECT COUNT(*) FROM goods WHERE is_demo") == [(2,)]
    with pytest.raises(HookError) as caught:
        shop.project.load("general")
    assert caught.value.changed is True
