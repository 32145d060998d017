"""A snapshot is plain SQL: the database's own client loads it, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demosnap import example
from demosnap.project import Project
from support.databases import Database, make_database
from support.workspaces import Workspace

pytestmark = pytest.mark.long

HOSTILE = {
    "sqlite": ("-cmd", "PRAGMA foreign_keys = ON", "-cmd", ".mode box"),
    "postgresql": (
        "standard_conforming_strings=off",
        "DateStyle=SQL,DMY",
        "IntervalStyle=sql_standard",
        "bytea_output=escape",
        "TimeZone=Asia/Kathmandu",
        "client_encoding=LATIN1",
        "extra_float_digits=-10",
    ),
    "mariadb": (
        "--init-command=SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_ZERO_DATE',"
        " autocommit = 0, time_zone = '+05:45', sql_safe_updates = 1",
        "--default-character-set=latin1",
    ),
}


@pytest.fixture
def other(workspace: Workspace, tmp_path: Path) -> Iterator[Database]:
    """Another database of the same dialect, with the application's tables and own rows."""
    folder = tmp_path / "other"
    folder.mkdir()
    making = make_database(workspace.database.dialect, folder)
    database = next(making)
    with database.engine.begin() as connection:
        example.create_tables(connection)
        example.seed_own_rows(connection)
    try:
        yield database
    finally:
        next(making, None)


def _snapshot(workspace: Workspace) -> Path:
    workspace.project.revision("general", message="v1")
    return next((workspace.revisions / "general").glob("general_v1_*.sql"))


def test_the_client_loads_a_snapshot_without_demosnap(
    workspace: Workspace, other: Database
) -> None:
    """The rows are those that were captured, the user's own rows are untouched."""
    snapshot = _snapshot(workspace)

    done = other.client(snapshot)

    assert other.dump() == workspace.database.dump()
    assert "175" in done.stdout


def test_the_client_loads_it_twice_with_the_same_result(
    workspace: Workspace, other: Database
) -> None:
    """The file purges what it loaded before."""
    snapshot = _snapshot(workspace)
    other.client(snapshot)

    other.client(snapshot)

    assert other.dump() == workspace.database.dump()


def test_rows_loaded_by_hand_can_be_stamped(workspace: Workspace, other: Database) -> None:
    """`stamp` compares the rows that the client loaded, and finds them equal."""
    other.client(_snapshot(workspace))
    project = Project(workspace.folder / "alembic.ini", url=other.url)

    project.stamp("general@v1")

    assert [entry.revision for entry in project.current()] == [
        entry.revision for entry in workspace.project.current()
    ]


def test_a_hostile_session_changes_nothing(
    workspace: Workspace, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file sets what its text depends on, whatever server and client have set."""
    snapshot = _snapshot(workspace)
    before = workspace.database.dump()
    settings = HOSTILE[other.dialect]
    if other.dialect == "postgresql":
        monkeypatch.setenv("PGOPTIONS", " ".join(f"-c {setting}" for setting in settings))
        settings = ()

    done = other.client(snapshot, *settings, check=False)
    monkeypatch.delenv("PGOPTIONS", raising=False)

    assert done.returncode == 0, done.stderr
    assert other.dump() == before


@pytest.mark.parametrize("table", ["vaults", "fragments", "contacts"])
def test_a_collision_leaves_everything_as_it_was(
    workspace: Workspace, other: Database, table: str
) -> None:
    """A key that is taken stops the client with an error, and the file's purge is undone too."""
    snapshot = _snapshot(workspace)
    other.client(snapshot)
    taken = workspace.database.rows(
        f"SELECT MAX(id) FROM {table} WHERE id NOT IN (SELECT id FROM {table} WHERE id > 900)"
    )[0][0]
    unmark = f"UPDATE {table} SET metadata = NULL WHERE id = {taken}"
    other.execute("DELETE FROM todos WHERE fragment_id = " + str(taken), unmark)
    before = other.dump()

    done = other.client(snapshot, check=False)

    assert done.returncode != 0
    assert other.dump() == before
