"""What it costs to try the way back: the purge of a version that no load has proved.

Beside it the same purge without, and the load of the same rows.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from benchmarks import databases
from benchmarks.measure import Contender, Group
from benchmarks.projects import Workspace

WITH, WITHOUT, LOAD = "downgrade, tried first", "downgrade --no-rehearse", "upgrade"


def groups(dialect: str, total: int, folder: Path, stack: contextlib.ExitStack) -> list[Group]:
    """Return what is measured on a database, of which the wide table has `total` rows."""
    database = databases.make(dialect, folder, "rehearsal", stack)
    database.fill(total)
    workspace = Workspace(folder / "rehearsal-project")
    project = workspace.project(database.url)
    project.revision("general", message="v1")
    loaded = database.digest()
    project.downgrade("general", "base", rehearse=False)
    purged = database.digest()

    def at_head() -> None:
        workspace.project(database.url).load("general")
        # What a load has proved is not tried.
        database.found.execute("DELETE FROM demosnap_log WHERE operation IN ('rehearse', 'proof')")
        database.settle()

    def at_base() -> None:
        workspace.project(database.url).downgrade("general", "base", rehearse=False)
        database.settle()

    def contender(name: str, *words: str, up: bool = False) -> Contender:
        return workspace.contender(
            name,
            database.url,
            *words,
            prepare=at_base if up else at_head,
            check=lambda: database.expect(loaded if up else purged, name),
        )

    down = ("downgrade", "general", "base")
    contenders = [
        contender(WITHOUT, *down, "--no-rehearse"),
        contender(WITH, *down),
        contender(LOAD, "upgrade", "general@head", up=True),
    ]
    return [Group(f"{dialect} rehearsal", contenders, total // 2)]
