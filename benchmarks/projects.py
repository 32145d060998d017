"""Folders that demosnap works in, and its command as a contender."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import data
from benchmarks.measure import Contender
from demosnap import scaffold
from demosnap.project import Project

COMMAND = (sys.executable, "-m", "demosnap")


class Workspace:
    """A project folder of demosnap, of which the database is given with each command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fresh()

    @property
    def revisions(self) -> Path:
        """The folder of revisions."""
        return self.folder / "demo_revisions"

    def fresh(self) -> None:
        """Make the folder anew, without a revision."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        scaffold.init(self.folder, url="sqlite:///none.db", confirm=lambda *_: True)
        (self.revisions / "demosnap.yaml").write_text(data.SETTINGS, encoding="utf-8")

    def contender(self, name: str, url: str, *arguments: str, **options: Any) -> Contender:
        """Return the command with these arguments, on a database, as a contender."""
        given: Mapping[str, str] = options.pop("environment", {})
        environment = {"DEMOSNAP_DATABASE_URL": url, **given}
        return Contender(
            name,
            (*COMMAND, *arguments),
            folder=self.folder,
            environment=environment,
            **options,
        )

    def capture(self, name: str, url: str, forget: Callable[[], object]) -> Contender:
        """Return a capture into the folder made anew, by a database that never heard of it."""

        def prepare() -> None:
            forget()
            self.fresh()

        return self.contender(name, url, "revision", "general", "-m", "v1", prepare=prepare)

    def project(self, url: str) -> Project:
        """Return the project, for what is not measured."""
        return Project(self.folder / "alembic.ini", url=url)
