"""The small application, seeded or captured, for the tests of captures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import copies, small
from support.databases import Database
from support.small import Chain
from support.workspaces import MakeWorkspace


@pytest.fixture
def seeded(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """The small application, seeded; nothing is captured yet."""
    chain = small.make(make_workspace(database))
    database.execute(*small.GENERAL["v1"])
    return chain


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sqlite_seeded` is a copy of."""
    return copies.build(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def template_of_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sqlite_chain` is a copy of."""
    return copies.build(tmp_path_factory.mktemp("template"), "v1", "v2")


@pytest.fixture
def sqlite_seeded(template: Path, tmp_path: Path) -> Iterator[Chain]:
    """The same as `seeded` on SQLite alone, for what is about words and files."""
    for chain in copies.copy(template, tmp_path):
        chain.database.execute(*small.GENERAL["v1"])
        yield chain


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general are captured; the database is at v2."""
    return small.copied(make_workspace(database), "v1", "v2")


@pytest.fixture
def sqlite_chain(template_of_two: Path, tmp_path: Path) -> Iterator[Chain]:
    """The same as `chain` on SQLite alone."""
    yield from copies.copy(template_of_two, tmp_path)
