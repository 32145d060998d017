"""A change of several files of the revisions, made whole: at once, or when demosnap runs next.

New files are written beside and synced; then a journal says which comes where, and what goes.
From there on the change is made to its end, by the next demosnap that finds the journal. Nothing
goes before all that is new is in place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from demosnap.errors import DemosnapError

NAME = ".journal.tmp"
"""The journal's file in the folder of revisions."""

BESIDE = "journal"
"""What files are made for that are beside until a journal tells where they come."""


def text(folder: Path, put: Iterable[tuple[Path, Path]], gone: Iterable[Path]) -> str:
    """Render a journal; `put` are pairs of a file beside and its place, in order."""

    def name(path: Path) -> str:
        return path.relative_to(folder).as_posix()

    pairs = [(name(beside), name(place)) for beside, place in put]
    return json.dumps({"put": pairs, "gone": [name(path) for path in gone]})


def finish(folder: Path) -> bool:
    """Make the change that a journal in the folder tells of; return whether there was one.

    Raises:
        DemosnapError: a file that it tells of is gone; what was to go is still there.
        OSError: the file system refused.
    """
    journal = folder / NAME
    if not journal.exists():
        return False
    change = json.loads(journal.read_text(encoding="utf-8"))
    for beside, place in change["put"]:
        if os.path.lexists(folder / beside):
            (folder / beside).replace(folder / place)
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
    """Put what was made, renamed and deleted in a folder on the disk."""
    # A rename is only as lasting as the folder that holds it.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
