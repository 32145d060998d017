"""Status and log: what is loaded, how the database differs from it, and what was done."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demosnap import example
from demosnap.compare.sources import DatabaseRows
from demosnap.errors import UnknownNameError
from demosnap.project import Project
from demosnap.results import StatusEntry, TableDrift
from support import small
from support.databases import DATABASES, Database, make_database
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]

PAIRS = list(itertools.permutations(DATABASES, 2))


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general and one of writer; the database is at both heads."""
    return small.copied(make_workspace(database), "v1", "v2", writer=True)


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone."""
    return small.copied(make_workspace(sqlite), "v1", "v2", writer=True)


def of(chain: Chain, scenario: str = "general") -> StatusEntry:
    """The status of one scenario."""
    (entry,) = chain.project.status(scenario)
    return entry


def test_what_was_captured_or_loaded_is_unchanged(chain: Chain) -> None:
    entries = chain.project.status()
    assert [(e.scenario, e.version.short, e.clean) for e in entries] == [
        ("general", "v2", True),
        ("writer", "v1", True),
    ]
    chain.project.load("general@v1")
    entry = of(chain)
    assert (entry.version.short, entry.clean) == ("v1", True)
    assert [version.short for version in entry.newer] == ["v2"]


def test_drift_is_counted_by_table(chain: Chain) -> None:
    chain.database.execute(
        "UPDATE cards SET title = 'Scribbled on' WHERE id IN (1, 2, 11)",
        "DELETE FROM checks WHERE id IN (1, 5)",
        "INSERT INTO checks VALUES (7, 3, 'yes')",
        "INSERT INTO boards VALUES (9, 'Added', 'added', TRUE, 'general')",
    )
    assert of(chain).drift == (
        TableDrift("boards", 1, 0, 0),
        TableDrift("cards", 0, 0, 1),
        TableDrift("checks", 1, 2, 0),
    )
    assert of(chain, "writer").drift == (TableDrift("cards", 0, 0, 1),)


def test_demo_rows_that_are_in_no_version_are_said(chain: Chain) -> None:
    chain.project.downgrade("general", "base")
    entry = of(chain)
    assert (entry.revision, entry.drift, entry.clean) == (None, (), True)
    assert [version.short for version in entry.newer] == ["v1", "v2"]
    chain.database.execute("INSERT INTO boards VALUES (9, 'Seeded', 'seeded', TRUE, 'general')")
    assert of(chain).drift == (TableDrift("boards", 1, 0, 0),)


def test_rows_of_a_table_that_the_version_does_not_have_are_drift(chain: Chain) -> None:
    chain.database.execute(
        "CREATE TABLE labels (id INTEGER PRIMARY KEY, is_demo BOOLEAN, scenario VARCHAR(20))",
        "INSERT INTO labels VALUES (1, TRUE, 'general'), (2, NULL, NULL)",
    )
    assert of(chain).drift == (TableDrift("labels", 1, 0, 0),)


def test_what_a_trigger_alters_in_every_load_is_no_drift(chain: Chain) -> None:
    """The digest that the log has is of what the load left in the database."""
    from sqlalchemy import text

    digest = chain.project.log("general")[0].digest
    chain.database.execute("UPDATE checks SET done = 'ALTERED' WHERE id = 1")
    assert of(chain).drift == (TableDrift("checks", 0, 0, 1),)
    version = of(chain).version
    with chain.project.diff("general") as found:
        for _, rows in found.tables():
            list(rows)
        assert isinstance(found.new, DatabaseRows)
        now = found.new.digest
    assert now != digest
    with chain.database.engine.begin() as connection:
        connection.execute(
            text("UPDATE demosnap_log SET digest = :now WHERE revision = :revision"),
            {"now": now, "revision": version.revision},
        )
    assert of(chain).clean
    chain.database.execute("UPDATE checks SET done = 'again' WHERE id = 1")
    assert not of(chain).clean


def test_a_stamp_that_no_script_knows(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    chain.database.execute(
        "UPDATE demosnap_version SET version_num = 'general_v9_12345678'"
        " WHERE version_num LIKE 'general%'"
    )
    entry = of(chain)
    assert (entry.revision, entry.version, entry.drift) == ("general_v9_12345678", None, None)
    assert not entry.clean
    assert "general_v9_12345678" in chain.workspace.run("status").stdout
    assert chain.workspace.run("status", "--exit-code", check=False).returncode == 3


def test_a_snapshot_that_is_gone_is_a_problem_of_its_scenario_alone(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    (chain.workspace.revisions / "general" / "general_v2_2025-01-20.sql").unlink()
    general, writer = chain.project.status()
    assert general.drift is None
    assert "the snapshot is missing" in general.problems[0]
    assert writer.clean


def test_a_column_that_is_gone_is_a_problem(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    chain.database.execute("ALTER TABLE checks DROP COLUMN done")
    entry = of(chain)
    assert entry.problems == ("column checks.done of the snapshot is not in the database",)
    assert entry.drift == (TableDrift("checks", 0, 0, 1),)


@pytest.fixture(params=PAIRS, ids=["-to-".join(pair) for pair in PAIRS])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """Two empty databases of different dialects."""
    made = []
    for number, dialect in enumerate(request.param):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append(make_database(dialect, folder))
    try:
        yield next(made[0]), next(made[1])
    finally:
        for generator in made:
            next(generator, None)


def test_what_was_captured_on_another_dialect_is_no_drift(
    two: tuple[Database, Database], make_workspace: MakeWorkspace
) -> None:
    """The example has JSON, timestamps and text of every script; a reset works there, too."""
    source, target = two
    workspace = make_workspace(source)
    for database in two:
        with database.engine.begin() as connection:
            example.create_tables(connection)
            example.seed_own_rows(connection)
    workspace.seed("general")
    workspace.project.revision("general", date="2025-01-15")
    project = Project(workspace.folder / "alembic.ini", url=target.url)
    project.load("general")
    before = target.dump()
    (entry,) = project.status("general")
    assert entry.clean
    target.execute(
        "UPDATE todos SET title = 'Scribbled on' WHERE id = 1",
        "DELETE FROM contacts WHERE id = 1",
    )
    (entry,) = project.status("general")
    assert {(one.table, one.added, one.removed, one.modified) for one in entry.drift} == {
        ("todos", 0, 0, 1),
        ("contacts", 0, 1, 0),
    }
    project.reset("general")
    assert target.dump() == before
    assert project.status("general")[0].clean


def test_unknown_scenarios_are_said(sqlite_chain: Chain) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'general'"):
        sqlite_chain.project.status("genral")
    with pytest.raises(UnknownNameError, match="did you mean 'general'"):
        sqlite_chain.project.log("genral")


# ------------------------------------------------------------------ the command


def test_the_command_says_what_is_loaded(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    run = chain.workspace.run
    chain.project.load("general@v1")
    assert run("status").stdout == (
        "general: v1_2025-01-15, unchanged; newer: v2_2025-01-20\n"
        "writer: v1_2025-03-01, unchanged\n"
    )
    assert run("status", "--exit-code").returncode == 0
    chain.database.execute("UPDATE cards SET title = 'x' WHERE id = 1")
    done = run("status", "general", "--exit-code", check=False)
    assert done.returncode == 3
    assert done.stdout == (
        "general: v1_2025-01-15; newer: v2_2025-01-20\n"
        "  cards: 1 modified\n"
        "(demosnap diff general shows the rows, demosnap reset general puts them back,\n"
        " demosnap revision general --splice keeps them as a second head)\n"
    )
    run("reset", "general")
    run("upgrade", "general@head")
    chain.database.execute("UPDATE cards SET title = 'x' WHERE id = 1")
    assert run("status", "general").stdout.endswith(
        "(demosnap diff general shows the rows, demosnap reset general puts them back,\n"
        " demosnap revision general keeps them as the next version)\n"
    )


def test_the_command_says_what_is_not_loaded(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    chain.project.downgrade("general", "base")
    chain.database.execute("INSERT INTO boards VALUES (9, 'Seeded', 'seeded', TRUE, 'general')")
    assert chain.workspace.run("status", "general").stdout == (
        "general: nothing is loaded, and 1 row is in no version; the latest is v2_2025-01-20\n"
        "  boards: 1 added\n"
    )


def test_the_shape_of_json(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    chain.database.execute("DELETE FROM checks WHERE id = 1")
    (entry,) = json.loads(chain.workspace.run("status", "general", "--json").stdout)
    assert entry == {
        "scenario": "general",
        "revision": chain.ids()["v2"],
        "version": "v2_2025-01-20",
        "newer": [],
        "clean": False,
        "drift": {"checks": {"added": 0, "removed": 1, "modified": 0, "unpicked": 0}},
        "problems": [],
        "kept": {},
        "unpicked": [],
        "released": {},
        "attached": [],
    }


def test_the_log_says_what_was_done_by_whom(chain: Chain) -> None:
    chain.project.load("general@v1")
    chain.project.downgrade("writer", "base")
    entries = chain.project.log()
    assert [(e.operation, e.scenario) for e in entries[:4]] == [
        ("purge", "writer"),
        ("rehearse", "writer"),
        ("load", "general"),
        ("rehearse", "general"),
    ]
    assert {e.scenario for e in chain.project.log("general")} == {"general"}
    assert all(e.os_user and e.host for e in entries)


def test_the_log_as_text_and_as_json(sqlite_chain: Chain) -> None:
    run = sqlite_chain.workspace.run
    first = run("log", "writer").stdout.splitlines()[-1]
    (entry,) = json.loads(run("log", "writer", "--json").stdout)
    assert entry["logged_at"].replace("T", " ").replace("Z", "") in first
    assert f"{entry['os_user']}@{entry['host']}" in first
    assert entry["operation"] == "capture"
    assert (entry["rows"], entry["total"]) == ({"boards": 1, "cards": 1, "checks": 1}, 3)
    assert set(entry) == {
        "logged_at",
        "operation",
        "scenario",
        "revision",
        "version",
        "rows",
        "total",
        "digest",
        "demosnap_version",
        "os_user",
        "host",
    }


def test_a_database_that_demosnap_never_changed(sqlite_workspace: Workspace) -> None:
    done = sqlite_workspace.run("log")
    assert done.stdout == ""
    assert "demosnap has not changed this database yet" in done.stderr
    assert sqlite_workspace.run("status").stdout.startswith("developer: nothing is loaded")
