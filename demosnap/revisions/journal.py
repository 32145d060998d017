"""Change several files of the revisions atomically, if need be in the next run of demosnap.

New files are written under temporary names and synced. Then a journal records their final places
and the files to delete. From then on the next demosnap that finds the journal completes the
change. Files are deleted only after all new files are in place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from demosnap.errors import DemosnapError

NAME = ".journal.tmp"
"""The name of the journal in the folder of revisions."""

STAGED = "journal"
"""The name part of temporary files that a journal will move into place."""


def text(folder: Path, put: Iterable[tuple[Path, Path]], gone: Iterable[Path]) -> str:
    """Render a journal; `put` are pairs of a temporary file and its final place, in order."""

    def name(path: Path) -> str:
        return path.relative_to(folder).as_posix()

    pairs = [(name(staged), name(place)) for staged, place in put]
    return json.dumps({"put": pairs, "gone": [name(path) for path in gone]})


def finish(folder: Path) -> bool:
    """Complete the change that a journal in the folder records; return whether there was one.

    Raises:
        DemosnapError: a recorded file is missing; no file was deleted.
        OSError: the file system refused.
    """
    journal = folder / NAME
    if not journal.exists():
        return False
    change = json.loads(journal.read_text(encoding="utf-8"))
    for staged, place in change["put"]:
        if os.path.lexists(folder / staged):
            (folder / staged).replace(folder / place)
        elif not os.path.lexists(folder / place):
            raise DemosnapError(
                f"{folder / place} must be put in place, and is missing",
                f"Restore the revisions from version control, and delete {journal}.",
            )
    folders = {(folder / name).parent for pair in change["put"] for name in pair}
    for one in folders:
        sync(one)
    for name in change["gone"]:
        (folder / name).unlink(missing_ok=True)
    for one in {(folder / name).parent for name in change["gone"]}:
        sync(one)
    journal.unlink()
    return True


def sync(folder: Path) -> None:
    """Sync a folder to disk: the files created, renamed and deleted in it."""
    # A rename is durable only after its folder was synced.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
