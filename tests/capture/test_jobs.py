"""Several tables at once: the same snapshot of one moment, and nothing stays after a failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demosnap import dialects
from demosnap.dialects.base import Dialect
from demosnap.rows.canonical import Rows
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

DAY = "2025-01-15"


@pytest.fixture
def seeded(database: Database, make_workspace: Callable[[Database], Workspace]) -> Chain:
    """The small application, seeded; nothing is captured yet."""
    chain = small.copied(make_workspace(database))
    database.execute(*small.GENERAL["v1"])
    return chain


@pytest.fixture
def shared(seeded: Chain) -> Chain:
    """The same, on a database of which several connections can see one moment."""
    dialect = type(dialects.get(seeded.database.server))
    if dialect.shared_moment is Dialect.shared_moment:
        pytest.skip(f"connections of {seeded.database.dialect} cannot share a moment")
    return seeded


def files(chain: Chain) -> dict[str, bytes]:
    """Return the bytes of all files of the scenario, and take the files away."""
    folder: Path = chain.workspace.folder / "demo_revisions" / "general"
    found = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    for path in folder.iterdir():
        if path.name != "__pycache__":
            path.unlink()
    return found


def readers() -> list[str]:
    """Return the names of demosnap's own threads."""
    return [t.name for t in threading.enumerate() if t.name.startswith("demosnap")]


def sessions(database: Database) -> Any:
    """Return how many connections the database has."""
    sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
    with database.engine.connect() as connection:
        return connection.exec_driver_sql(sql).scalar()


def test_several_jobs_write_what_one_writes_byte_for_byte(shared: Chain) -> None:
    results, found = [], []
    for jobs in (1, 2, 8):
        results.append(shared.project.revision("general", date=DAY, stamp=False, jobs=jobs))
        found.append(files(shared))
    assert len(found[0]) >= 2
    assert found[0] == found[1] == found[2]
    assert all(result.plan.notes == results[0].plan.notes for result in results)
    assert readers() == []


def test_several_jobs_see_one_moment(shared: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes to every table, and commits, before the first worker reads."""
    one = shared.project.revision("general", date=DAY, stamp=False)
    expected = files(shared)
    dialect = type(dialects.get(shared.database.server))
    read_rows = dialect.read_rows
    first = threading.Lock()

    def interrupted(self: Any, connection: Any, table: Any, predicate: str, *counted: Any) -> Rows:
        if first.acquire(blocking=False):
            shared.database.execute(
                "INSERT INTO boards VALUES (5, 'Late', 'late', TRUE, 'general')",
                "UPDATE cards SET title = 'late', board_id = 5 WHERE id = 3",
                "DELETE FROM checks WHERE id = 1",
            )
        return read_rows(self, connection, table, predicate, *counted)

    monkeypatch.setattr(dialect, "read_rows", interrupted)
    result = shared.project.revision("general", date=DAY, stamp=False, jobs=3)
    assert result.version.rows == one.version.rows
    assert files(shared) == expected


@pytest.mark.parametrize("error", [RuntimeError("the line is dead"), KeyboardInterrupt()])
def test_a_failure_of_one_job_ends_all_and_leaves_nothing(
    shared: Chain, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    before = sessions(shared.database)
    dialect = type(dialects.get(shared.database.server))
    read_rows = dialect.read_rows

    def failing(self: Any, connection: Any, table: Any, predicate: str, *counted: Any) -> Rows:
        def batches() -> Iterator[list[bytes]]:
            yield from read_rows(self, connection, table, predicate, *counted).batches
            if table.name == "cards":
                raise error
            if table.name == "checks":
                # The server is still busy with it when the other one fails.
                connection.exec_driver_sql("SELECT pg_sleep(60)")

        return Rows(batches())

    monkeypatch.setattr(dialect, "read_rows", failing)
    with pytest.raises(type(error)):
        shared.project.revision("general", date=DAY, jobs=3)
    monkeypatch.undo()
    assert readers() == []
    assert sessions(shared.database) == before
    assert shared.project.history() == []
    assert not any((shared.workspace.folder / "demo_revisions").rglob("*.sql"))
    assert shared.project.revision("general", date=DAY, jobs=3).created


def test_where_connections_cannot_share_a_moment_a_note_says_so(seeded: Chain) -> None:
    dialect = type(dialects.get(seeded.database.server))
    result = seeded.project.revision("general", date=DAY, stamp=False, jobs=2)
    alone = [note for note in result.plan.notes if "--jobs" in note]
    assert bool(alone) == (dialect.shared_moment is Dialect.shared_moment)
    with seeded.database.engine.connect() as connection:
        again = seeded.project.revision(
            "general", allow_empty=True, stamp=False, jobs=2, connection=connection
        )
    assert any("--jobs" in note for note in again.plan.notes)
