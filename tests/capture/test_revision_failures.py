"""A capture that fails leaves everything as it was; one that succeeds saw one moment."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from demosnap import dialects
from demosnap.errors import DemosnapError
from support.captures import rename
from support.small import Chain
from support.unchanged import tree, unchanged

# ---------------------------------------------------------------------- all or nothing


class Failing:
    """Counts the calls that change files, and fails at the one it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
        self.left: int | None = None
        self._error = error
        for owner, name in ((Path, "replace"), (os, "fsync"), (tempfile, "mkstemp")):
            monkeypatch.setattr(owner, name, self._counting(getattr(owner, name)))

    def _counting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    self.left = None
                    raise self._error
            return function(*arguments, **more)

        return call


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()],
    ids=["full", "interrupted"],
)
def test_a_failure_at_any_point_of_writing_leaves_the_files_as_they_were(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch, error: BaseException, first: bool
) -> None:
    chain = sqlite_seeded
    if not first:
        chain.project.revision("general", date="2025-01-15")
        rename(chain, "second")
    files, history = tree(chain.workspace.folder), chain.project.history()
    failing = Failing(monkeypatch, error)
    for place in range(100):
        failing.left = place
        try:
            result = chain.project.revision("general", date="2025-01-16", stamp=False)
        except (DemosnapError, KeyboardInterrupt) as raised:
            if isinstance(raised, DemosnapError):
                assert "no space left on device" in raised.message.lower()
        else:
            break
        assert tree(chain.workspace.folder) == files
        assert chain.project.history() == history
        assert chain.project.check() == []
    assert 10 < place < 99
    assert result.created


def test_a_failure_of_the_database_in_the_middle_writes_no_file(
    seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = type(dialects.get(seeded.database.server))
    read_rows = dialect.read_rows

    def failing(
        self: Any, connection: Any, table: Any, predicate: str, *counted: Any
    ) -> Iterator[bytes]:
        yield from read_rows(self, connection, table, predicate, *counted)
        if table.name == "cards":
            raise RuntimeError("the line is dead")

    monkeypatch.setattr(dialect, "read_rows", failing)
    with unchanged(seeded), pytest.raises(RuntimeError):
        seeded.project.revision("general")


# ---------------------------------------------------------------------- one moment


def test_a_capture_sees_one_moment_of_all_tables(
    seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes to every table, and commits, when the capture has read the first."""
    database = seeded.database
    # Where readers make writers wait, this is what lets the writer go on.
    with contextlib.suppress(sa.exc.DBAPIError):
        database.execute("PRAGMA journal_mode = WAL")
    before = database.dump()
    dialect = type(dialects.get(database.server))
    read_rows = dialect.read_rows
    seen: list[str] = []

    def interrupted(
        self: Any, connection: Any, table: Any, predicate: str, *counted: Any
    ) -> Iterator[bytes]:
        if not seen:
            database.execute(
                "INSERT INTO boards VALUES (5, 'Late', 'late', TRUE, 'general')",
                "UPDATE cards SET title = 'late', board_id = 5 WHERE id = 3",
                "DELETE FROM checks WHERE id = 1",
            )
        seen.append(table.name)
        return read_rows(self, connection, table, predicate, *counted)

    monkeypatch.setattr(dialect, "read_rows", interrupted)
    version = seeded.project.revision("general").version
    monkeypatch.undo()
    assert seen[:3] == ["boards", "cards", "checks"]
    late = database.dump()
    assert late != before
    assert version.rows == {"boards": 1, "cards": 2, "checks": 2}

    assert seeded.project.revision("general").version.short == "v2"
    seeded.project.downgrade("general", "v1")
    assert database.dump() == before
    seeded.project.upgrade("general@v2")
    assert database.dump() == late
