"""A copied project of the example application, and all that is in it."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from support.databases import Database
from support.workspaces import Workspace


def copied(template: Path, folder: Path) -> Workspace:
    shutil.copytree(template, folder, symlinks=True)
    url = f"sqlite:///{folder / 'demo.db'}"
    return Workspace(
        folder, Database("sqlite", url, sa.create_engine(url, poolclass=NullPool), folder)
    )


def state(workspace: Workspace) -> dict[str, object]:
    """Return every file of the project, links as such, and every row of its database."""
    found: dict[str, object] = {}
    for path in sorted(workspace.folder.rglob("*")):
        if "__pycache__" in path.parts or path.name in (".demosnap.lock", "demo.db"):
            continue
        name = str(path.relative_to(workspace.folder))
        if path.is_symlink():
            found[name] = path.readlink()
        else:
            found[name] = path.read_bytes() if path.is_file() else None
    with closing(sqlite3.connect(workspace.folder / "demo.db")) as connection:
        found["demo.db"] = list(connection.iterdump())
    return found


DEMOSNAP = str(Path(sys.executable).with_name("demosnap"))
