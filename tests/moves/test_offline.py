"""`--sql`: the script, run by the database's own client, does what the online command does."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demosnap import example
from demosnap.errors import SnapshotError, UsageError
from demosnap.project import Project
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1, v2 and v3 of general; the database is at v3."""
    return small.copied(make_workspace(database), "v1", "v2", "v3")


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone, for what is about words."""
    return small.copied(make_workspace(sqlite), "v1", "v2", "v3")


@pytest.fixture
def pair(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general, v1 of writer; the database is at both heads."""
    return small.copied(make_workspace(database), "v1", "v2", writer=True)


def offline(chain: Chain) -> Project:
    """A project that names no database at all."""
    return Project(chain.workspace.folder / "alembic.ini")


def up(chain: Chain, *targets: str) -> str:
    """Return the script of an upgrade."""
    stream = io.StringIO()
    offline(chain).upgrade_sql(targets, stream)
    return stream.getvalue()


def down(chain: Chain, scenario: str, step: str | None = None) -> str:
    """Return the script of a downgrade."""
    stream = io.StringIO()
    offline(chain).downgrade_sql(scenario, step, stream)
    return stream.getvalue()


def pipe(chain: Chain, script: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a script through the database's own client."""
    path = chain.workspace.folder / "script.sql"
    path.write_bytes(script.encode())
    return chain.database.client(path, check=check)


def refused_by_the_database(chain: Chain, script: str) -> str:
    """Check that the client fails and that nothing changes, not even in demosnap's own tables."""
    before = chain.everything()
    done = pipe(chain, script, check=False)
    assert done.returncode != 0
    assert chain.everything() == before
    return done.stderr


def logged(chain: Chain) -> list[tuple[Any, ...]]:
    """What demosnap_log says of moves, but for numbers, times and digests."""
    columns = "operation, scenario, revision, row_counts, demosnap_version, os_user, host"
    return chain.database.rows(
        f"SELECT {columns} FROM demosnap_log WHERE operation <> 'proof' ORDER BY id"
    )


def same_but_for_time(left: str, right: str) -> bool:
    """Whether two scripts are equal but for the times in their lines for the log."""
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    return re.sub(moment, "", left) == re.sub(moment, "", right)


# ---------------------------------------------------------------- the same as online


def test_an_upgrade_script_gives_the_online_database(chain: Chain) -> None:
    """On a database that demosnap never touched, by demosnap's script and by Alembic's."""
    chain.database.execute("DROP TABLE demosnap_log", "DROP TABLE demosnap_version")
    # Where DDL commits it was made with the two.
    chain.database.execute("DROP TABLE IF EXISTS demosnap_kept")
    chain.database.execute(*small.REMOVE["general"])
    assert chain.everything() == chain.at["base"]
    chain.project.upgrade("general@head")
    stamped = chain.everything()["demosnap_version"]
    expected = logged(chain)

    script = up(chain, "general@head")
    stock = chain.workspace.alembic("upgrade", "general@head", "--sql").stdout
    assert same_but_for_time(script, stock)
    for text in (script, stock):
        chain.database.execute("DROP TABLE demosnap_log", "DROP TABLE demosnap_version")
        chain.database.execute(*small.REMOVE["general"])
        pipe(chain, text)
        assert chain.database.dump() == chain.at["v3"]
        assert chain.everything()["demosnap_version"] == stamped
        assert logged(chain) == expected
    chain.project.downgrade("general", "-1")
    assert chain.database.dump() == chain.at["v2"]


def test_the_example_loads_offline_with_every_value_equal(workspace: Workspace) -> None:
    """And the application's next rows get numbers of their own."""
    project, database = workspace.project, workspace.database
    project.revision("general", date="2025-01-15")
    held = database.dump()
    project.downgrade("general", "base")
    chain = Chain(workspace)
    pipe(chain, up(chain, "general@head"))
    assert database.dump() == held
    with database.engine.begin() as connection:
        example.edit(connection)
    assert len(database.dump()["todos"]) == len(held["todos"]) + 1


def test_another_scenario_that_is_loaded_stays(pair: Chain) -> None:
    """With writer in the database, general goes in and out beside it."""
    both = pair.everything()
    pair.project.downgrade("general", "base")
    writer_alone = pair.database.dump()
    pipe(pair, up(pair, "general@head"))
    assert pair.database.dump() == {n: r for n, r in both.items() if not n.startswith("demosnap")}
    assert pair.everything()["demosnap_version"] == both["demosnap_version"]
    pipe(pair, down(pair, "general", "head:base"))
    assert pair.database.dump() == writer_alone
    assert pair.stamps() == ["writer v1"]


def test_several_scenarios_make_one_script(pair: Chain) -> None:
    """`heads`, and two targets: one transaction for both."""
    both = pair.database.dump()
    for targets in (("heads",), ("general@head", "writer@v1")):
        pair.project.downgrade("general", "base")
        pair.project.downgrade("writer", "base")
        script = up(pair, *targets)
        pair.database.execute("INSERT INTO boards (id, name) VALUES (11, 'Taken')")
        refused_by_the_database(pair, script)
        pair.database.execute("DELETE FROM boards WHERE id = 11")
        pipe(pair, script)
        assert pair.database.dump() == both
        assert pair.stamps() == ["general v2", "writer v1"]


def test_ranges_go_up_and_down(chain: Chain) -> None:
    """A:B in both directions, by demosnap's names and by Alembic's; at the end each is known."""
    ids = chain.ids()
    steps = (
        (lambda: down(chain, "general", "v3:v1"), ("downgrade", f"{ids['v3']}:{ids['v1']}"), "v1"),
        (lambda: up(chain, "general@v1:general@v2"), ("upgrade", f"{ids['v1']}:{ids['v2']}"), "v2"),
        (lambda: up(chain, "general@v2:head"), ("upgrade", f"{ids['v2']}:general@head"), "v3"),
        (lambda: down(chain, "general@v3:-1"), None, "v2"),
        (lambda: down(chain, "general", "v2:base"), None, "base"),
        (lambda: up(chain, "general@base:general@v1"), None, "v1"),
    )
    for make, stock, version in steps:
        script = make()
        if stock is not None:
            assert same_but_for_time(script, chain.workspace.alembic(*stock, "--sql").stdout)
        pipe(chain, script)
        assert chain.database.dump() == chain.at[version], version
        assert chain.stamps() == ([] if version == "base" else [f"general {version}"])
    operations = [row[0] for row in logged(chain)][-6:]
    assert operations == ["load", "load", "load", "load", "purge", "load"]


def test_the_commands_write_the_script_to_standard_output(chain: Chain) -> None:
    """`demosnap … --sql`, with a database that is not there, in the environment or anywhere."""
    away = replace(chain.database, url="sqlite:////nowhere/at-all.db")
    workspace = replace(chain.workspace, database=away)
    script = workspace.run("upgrade", "general@head", "--sql").stdout
    assert same_but_for_time(script, up(chain, "general@head"))
    stock = workspace.alembic("upgrade", "general@head", "--sql").stdout
    assert same_but_for_time(stock, script)
    lower = workspace.run("downgrade", "general", "v3:v2", "--sql").stdout
    pipe(chain, lower)
    assert chain.database.dump() == chain.at["v2"]


# ---------------------------------------------------------------- what it says and refuses


def test_the_script_says_what_it_does_and_that_no_guard_has_run(sqlite_chain: Chain) -> None:
    """Whoever reads it knows that captured or not, the rows go."""
    head = down(sqlite_chain, "general", "v3:v1").splitlines()[:4]
    assert head[0] == "-- general: v3_2025-02-01 -> v1_2025-01-15"
    assert "No guard has run" in head[1]


def test_running_a_script_twice_changes_nothing(chain: Chain) -> None:
    """The second run fails as a whole, up and down."""
    chain.project.downgrade("general", "base")
    for script, version in (
        (up(chain, "general@v1"), "v1"),
        (down(chain, "general", "v1:base"), "base"),
    ):
        pipe(chain, script)
        assert chain.database.dump() == chain.at[version]
        refused_by_the_database(chain, script)


def test_a_script_for_another_version_changes_nothing(chain: Chain) -> None:
    """It fails as a whole where the database is not where the script starts."""
    for at, start, end in (
        ("v3", "base", "v1"),
        ("v3", "v1", "v2"),
        ("v1", "base", "v3"),
        ("v1", "v3", "v2"),
        ("v1", "v3", "base"),
        ("base", "v1", "v2"),
        ("base", "v3", "base"),
    ):
        if start == "base" or (end != "base" and end > start):
            script = up(chain, f"general@{start}:general@{end}")
        else:
            script = down(chain, "general", f"{start}:{end}")
        chain.project.load(f"general@{at}")
        refused_by_the_database(chain, script)
        assert chain.database.dump() == chain.at[at], (at, start, end)


def test_a_collision_in_the_middle_changes_nothing(chain: Chain) -> None:
    """The client stops at the first error, and what was done before is not committed."""
    chain.project.downgrade("general", "v1")
    chain.database.execute("INSERT INTO cards (id, board_id, title) VALUES (5, 2, 'Mine')")
    refused_by_the_database(chain, up(chain, "general@v1:general@head"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace(b"'Five'", b"'Four'"),
        lambda text: text[: len(text) // 2],
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text + b"DROP TABLE users;\n",
    ],
    ids=["edited", "truncated", "CRLF", "with a statement"],
)
def test_a_snapshot_that_was_touched_makes_no_script_that_can_run(
    sqlite_chain: Chain, damage: Callable[[bytes], bytes]
) -> None:
    """An error with the file's name; what was written until then commits nothing."""
    chain = sqlite_chain
    path = chain.workspace.revisions / "general" / "general_v3_2025-02-01.sql"
    original = path.read_bytes()
    path.write_bytes(damage(original))
    assert path.read_bytes() != original
    stream = io.StringIO()
    with pytest.raises(SnapshotError) as caught:
        offline(chain).upgrade_sql(["general@v2:general@v3"], stream)
    assert path.name in str(caught.value)
    # Nothing leads back to a version whose snapshot is damaged.
    chain.project.load("general@v2", discard=True, rehearse=False)
    before = chain.everything()
    pipe(chain, stream.getvalue(), check=False)
    assert chain.everything() == before


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda chain: down(chain, "general", "-1"), "v2:v1"),
        (lambda chain: down(chain, "general"), "general"),
        (lambda chain: up(chain, "general"), "general@head"),
        (lambda chain: up(chain, "general@v2:general@v1"), "downgrade"),
        (lambda chain: down(chain, "general", "v1:v2"), "upgrade"),
        (lambda chain: up(chain, "general@v9"), "v3_2025-02-01"),
        (lambda chain: up(chain), "SCENARIO@head"),
    ],
)
def test_what_makes_no_script_is_a_usage_error(
    sqlite_chain: Chain, make: Callable[[Chain], str], told: str
) -> None:
    """Without a database a relative step has no start."""
    with pytest.raises(UsageError) as caught:
        make(sqlite_chain)
    assert told in str(caught.value)


def test_options_of_the_guards_do_not_go_with_a_script(sqlite_chain: Chain) -> None:
    """No guard runs, so none can be told anything."""
    for option in ("--discard", "--only", "--dry-run"):
        done = sqlite_chain.workspace.run("upgrade", "general@head", "--sql", option, check=False)
        assert done.returncode == 2
        assert done.stdout == ""
        assert option in done.stderr


def test_a_range_to_where_it_starts_is_no_script(sqlite_chain: Chain) -> None:
    """There is nothing to write for v2:v2."""
    with pytest.raises(UsageError):
        up(sqlite_chain, "general@v2:general@v2")


def test_names_that_need_escapes_reach_the_log_whole(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """The counts in demosnap_log are JSON: quotes and what is not ASCII are escaped in it."""
    workspace = make_workspace(database)
    workspace.configure("marker: {column: is_demo}\n")
    name = 'Größe "x"'
    quoted = database.engine.dialect.identifier_preparer.quote(name)
    database.execute(
        f"CREATE TABLE {quoted} (id INTEGER PRIMARY KEY, is_demo BOOLEAN)",
        f"INSERT INTO {quoted} VALUES (1, TRUE), (2, FALSE)",
    )
    chain = Chain(workspace)
    workspace.project.revision("general", date="2025-01-15")
    held = database.dump()
    workspace.project.downgrade("general", "base")
    workspace.project.upgrade("general@head")
    online = logged(chain)[-1]
    workspace.project.downgrade("general", "base")
    pipe(chain, up(chain, "general@head"))
    assert database.dump() == held
    assert logged(chain)[-1] == online
    assert list(json.loads(online[3]).values()) == [1]
    workspace.project.downgrade("general", "base")


def test_the_script_is_a_file_of_its_own(chain: Chain, tmp_path: Path) -> None:
    """It needs no snapshot, no project and no demosnap when it runs."""
    script = up(chain, "general@v2")
    chain.project.downgrade("general", "base")
    chain.workspace.revisions.rename(tmp_path / "away")
    pipe(chain, script)
    assert chain.database.dump() == chain.at["v2"]
