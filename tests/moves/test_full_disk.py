"""A disk that is full: nothing half done, and all goes on where there is room again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demosnap.errors import DemosnapError
from support import small
from support.databases import Database, make_database
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

MANY = (
    "INSERT INTO cards WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 2100) SELECT i, 1, NULL, printf('%.1000c', 'x'), TRUE, 'general' FROM n"
)


class Disk:
    """A file system in memory, mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, size: str) -> None:
        """Make it larger or smaller."""
        _mount("-o", f"remount,size={size}", str(self.folder))


def _mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Disk]:
    """Mount a new file system on a folder."""
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".lock"
    }


def test_a_capture_on_a_full_disk_leaves_no_revision(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    """The files are as they were, and the same command makes the revision when there is room."""
    chain = small.make(make_workspace(sqlite), "v1")
    sqlite.execute(MANY)
    revisions = chain.workspace.revisions
    kept = _files(revisions)
    with disk(revisions, "1m") as full:
        for name, content in kept.items():
            (revisions / name).parent.mkdir(exist_ok=True, parents=True)
            (revisions / name).write_bytes(content)
        before = chain.everything()

        with pytest.raises(DemosnapError, match="No space left on device"):
            chain.project.revision("general", date="2025-01-20")

        assert _files(revisions) == kept
        assert chain.everything() == before
        assert chain.project.check() == []
        full.resize("20m")
        assert chain.project.revision("general", date="2025-01-20").created
        assert chain.project.check(database=True) == []


def test_a_load_into_a_full_disk_changes_nothing(
    tmp_path: Path, make_workspace: MakeWorkspace
) -> None:
    """SQLite's file cannot grow: it is as it was, and the same command loads when it can."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with disk(folder, "30m") as full:
        making = make_database("sqlite", folder)
        chain = _loaded(next(making), make_workspace)
        before = chain.everything()
        with chain.database.engine.connect() as connection:
            connection.exec_driver_sql("VACUUM")
        full.resize("1m")

        with pytest.raises(DemosnapError, match="full"):
            chain.project.upgrade("general@v2")

        assert chain.everything() == before
        assert chain.stamps() == ["general v1"]
        full.resize("30m")
        chain.project.upgrade("general@v2")
        assert len(chain.database.dump()["cards"]) > 2000
        next(making, None)


def _loaded(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """A database at v1, whose v2 is large."""
    chain = small.make(make_workspace(database), "v1")
    database.execute(MANY)
    chain.project.revision("general", date="2025-01-20")
    chain.project.downgrade("general", "v1")
    return chain
