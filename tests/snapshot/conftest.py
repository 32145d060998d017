"""A small snapshot file, and a project with versions, for the tests of snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import copies
from support.small import Chain
from support.snapshots import write


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "general_v1_2025-01-15.sql"
    write(path)
    return path


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `chain` is a copy of."""
    return copies.build(tmp_path_factory.mktemp("template"), "v1", "v2")


@pytest.fixture
def chain(template: Path, tmp_path: Path) -> Iterator[Chain]:
    """Versions v1 and v2 of general; the database is at v2."""
    yield from copies.copy(template, tmp_path)
