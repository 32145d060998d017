"""Checks that nothing changes: of files, of rows, of both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.small import Chain

Tree = dict[str, Any]


def tree(folder: Path) -> Tree:
    """Return all files of a folder: bytes, or where a link points."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        if "__pycache__" in path.parts or path.name == ".demosnap.lock" or path.is_dir():
            continue
        name = str(path.relative_to(folder))
        found[name] = path.readlink() if path.is_symlink() else path.read_bytes()
    return found


@contextlib.contextmanager
def unchanged(chain: Chain) -> Iterator[None]:
    """Check that neither a file nor a row, demosnap's own included, changes."""
    files, rows = tree(chain.workspace.folder), chain.everything()
    yield
    assert tree(chain.workspace.folder) == files
    assert chain.everything() == rows


@contextlib.contextmanager
def nothing_changes(chain: Chain) -> Iterator[None]:
    """Check that not one value of one table changes, demosnap's own tables included."""
    before = chain.everything()
    yield
    assert chain.everything() == before
