"""Small schemas of a test's own, captured and moved there and back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.databases import Database, make_database
from support.workspaces import Workspace

MARKED = "marker: {column: is_demo}\n"

NEWER = "DEMOSNAP_TEST_NEWER_POSTGRESQL_URL"
"""Names a server beside the usual one, for what that one is too old for."""

MakeWorkspace = Callable[[Database], Workspace]
Held = dict[str, list[tuple[Any, ...]]]


def prepare(workspace: Workspace, statements: Sequence[str], settings: str = MARKED) -> Held:
    """Make the tables, capture version v1, and return what the database holds."""
    workspace.configure(settings)
    workspace.database.execute(*statements)
    workspace.project.revision("general", date="2025-01-15")
    return workspace.database.dump()


def there_and_back(workspace: Workspace, statements: Sequence[str], settings: str = MARKED) -> Held:
    """Capture, check, purge and load; every value of every row is what it was."""
    before = prepare(workspace, statements, settings)
    found = workspace.project.check(database=True)
    assert found == []
    workspace.project.downgrade("general", "base")
    assert workspace.database.dump() != before
    workspace.project.upgrade("general@head")
    assert workspace.database.dump() == before
    assert workspace.project.check(database=True) == []
    return before


def changed_and_reset(workspace: Workspace, before: Held, *changes: str) -> None:
    """Change demo rows, and bring them back by difference; every value is what it was."""
    workspace.database.execute(*changes)
    assert workspace.database.dump() != before
    plan = workspace.project.reset("general", discard=True)
    assert all(move.by_difference for move in plan.moves)
    assert workspace.database.dump() == before


def newer_postgresql(
    folder: Path, least: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """Make a database on a server of at least a version; skip where none is."""
    if url := os.environ.get(NEWER):
        monkeypatch.setenv("DEMOSNAP_TEST_POSTGRESQL_URL", url)
    for database in make_database("postgresql", folder):
        ((version,),) = database.rows("SELECT current_setting('server_version_num')::int / 10000")
        if version < least:
            pytest.skip(f"PostgreSQL {version} is older than {least}, and {NEWER} names no other")
        yield database
