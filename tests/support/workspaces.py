"""A project of the example application: its folder, its database, its commands."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from demosnap import example
from demosnap.project import Project
from support import in_process
from support.databases import Database


@dataclass
class Workspace:
    """A project of the example application: its folder, its database, its verbs."""

    folder: Path
    database: Database

    @property
    def project(self) -> Project:
        """A new Project, which reads its settings and scripts anew."""
        return Project(self.folder / "alembic.ini", url=self.database.url)

    @property
    def revisions(self) -> Path:
        """The folder of revisions."""
        return self.folder / "demo_revisions"

    def configure(self, text: str) -> None:
        """Replace demosnap.yaml."""
        (self.revisions / "demosnap.yaml").write_text(text, encoding="utf-8")

    def seed(self, scenario: str = "general", version: int = 1) -> None:
        """Seed a scenario of the example application."""
        with self.database.engine.begin() as connection:
            example.seed(connection, scenario, version)

    def run(
        self,
        *arguments: str,
        command: str = "demosnap",
        check: bool = True,
        process: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the project's folder, as a user would.

        By its entry point in this process; `process`: the installed command in one of its own, as
        also where another thread runs commands at the same time.
        """
        environment = {**os.environ, "DEMOSNAP_DATABASE_URL": self.database.url}
        if process or threading.current_thread() is not threading.main_thread():
            done = subprocess.run(
                [*_command(command), *arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
            )
        else:
            done = in_process.call(command, arguments, self.folder, environment)
        if check and done.returncode:
            raise AssertionError(f"{command} {arguments}: {done.returncode}\n{done.stderr}")
        return done

    def alembic(
        self, *arguments: str, check: bool = True, process: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run the stock alembic command in the project's folder."""
        return self.run(*arguments, command="alembic", check=check, process=process)


MakeWorkspace = Callable[[Database], Workspace]


def _command(name: str) -> list[str]:
    return [str(Path(sys.executable).with_name(name))]


EXAMPLE_SETTINGS = """\
marker: {column: metadata, key: demo_seed, scenario_key: scenario}
tables:
  todos: {via: fragment_id}
scenarios:
  general: {default: true}
  writer: {}
  developer: {}
"""
