"""Versions that are captured, for the tests of moves."""

from __future__ import annotations

import pytest

from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import MakeWorkspace


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general; the database is at v2."""
    return small.copied(make_workspace(database), "v1", "v2")


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone, for what is about files and words."""
    return small.copied(make_workspace(sqlite), "v1", "v2")
