"""Projects of the small application that are built once and copied for each test.

On SQLite alone: for tests of words and files, of which there are many.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from support import images, small
from support.databases import make_database
from support.small import Chain
from support.workspaces import Workspace


def build(folder: Path, *versions: str, writer: bool = False) -> Path:
    """Build a project with versions captured, and its database, in a folder; return that."""
    project = folder / "project"
    images.new_project(project)
    for database in make_database("sqlite", folder):
        small.make(Workspace(project, database), *versions, writer=writer)
    return folder


def copy(template: Path, folder: Path) -> Iterator[Chain]:
    """Copy what was built, and yield the copy."""
    target = folder / "copy"
    shutil.copytree(template, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for database in make_database("sqlite", target):
        yield Chain(Workspace(target / "project", database))
