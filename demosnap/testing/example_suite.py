"""Run the example application on a database, in a class for packages to inherit."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from demosnap import example
from demosnap.project import Project
from demosnap.testing import application
from demosnap.testing.application import Application

Rows = dict[str, list[tuple[object, ...]]]

DEMO_ROWS = 316
"""The number of the application's demo rows in scenario general."""


class ExampleSuite:
    """The workflow of a team with a project of ten tables; a subclass names the database.

    A subclass overrides the fixture `database_url`. If SQLAlchemy has no JSON type for the
    database, it declares one by `sqlalchemy.ext.compiler.compiles`.
    """

    settings: ClassVar[str] = """\
marker:
  where: >-
    metadata LIKE '%"demo_seed": true%' AND metadata LIKE '%"' || :scenario || '"%'
  tables: [vaults, projects, fragments, contacts, chat_sessions]
tables:
  todos: {via: fragment_id}
scenarios:
  general: {default: true}
"""
    """The text of demosnap.yaml; its predicate has to work on SQLite, too."""

    def client(self, script: Path, url: str) -> Sequence[str] | None:
        """Return the command of the database's own client to run a file; None without a client."""
        return None

    @pytest.fixture
    def database_url(self, tmp_path: Path) -> Iterator[str]:
        """Yield the URL of an empty database, and drop it at the end; to be overridden."""
        raise NotImplementedError(f"{type(self).__name__} has no fixture database_url")
        yield

    @pytest.fixture
    def seeded(self, tmp_path: Path, database_url: str) -> Iterator[Application]:
        """The application with real rows and scenario general, and a project for it."""
        for made in application.application(tmp_path, database_url):
            made.configure(self.settings)
            for fill in (example.create_tables, example.seed_own_rows, example.seed):
                with made.engine.begin() as connection:
                    fill(connection)
            yield made

    def test_capture_purge_load_diff_and_reset(self, seeded: Application) -> None:
        """A purge removes exactly the demo rows, and a load restores them."""
        full = _dump(seeded)
        captured = seeded.project.revision("general", date="2025-01-20").version
        assert captured is not None and captured.total == DEMO_ROWS
        assert seeded.project.check() == []
        seeded.project.downgrade("general", "base")
        left = _dump(seeded)
        assert _count(full) - _count(left) == DEMO_ROWS
        assert _are_among(left, full)
        seeded.project.upgrade("general@head")
        assert _dump(seeded) == full
        seeded.run(
            "UPDATE fragments SET title = 'by hand' WHERE id = 1", "DELETE FROM todos WHERE id = 1"
        )
        with seeded.project.diff("general") as comparison:
            changed = sum(sum(one.counts.values()) for one in comparison.changes())
        assert changed == 2
        seeded.project.reset("general", discard=True)
        assert _dump(seeded) == full

    def test_two_versions_and_the_stock_alembic(self, seeded: Application) -> None:
        """Moves between versions change the differing rows; Alembic names the loaded version."""
        one = _dump(seeded)
        seeded.project.revision("general", date="2025-01-20")
        with seeded.engine.begin() as connection:
            example.seed(connection, "general", 2)
        two = _dump(seeded)
        assert two != one
        seeded.project.revision("general", date="2025-01-21")
        seeded.project.downgrade("general", "-1", discard=True)
        assert _dump(seeded) == one
        seeded.project.upgrade("general@head")
        assert _dump(seeded) == two
        said = subprocess.check_output(
            [sys.executable, "-m", "alembic", "current"],
            cwd=seeded.folder,
            env={**os.environ, "DEMOSNAP_DATABASE_URL": seeded.url},
            text=True,
            timeout=120,
        )
        assert "general_v2_" in said

    def test_a_snapshot_is_a_script_for_the_own_client(self, seeded: Application) -> None:
        """The database's own client loads a snapshot without demosnap."""
        full = _dump(seeded)
        seeded.project.revision("general", date="2025-01-20")
        command = self.client(seeded.snapshot(), seeded.url)
        if command is None:
            pytest.skip("no client is named")
        seeded.project.downgrade("general", "base")
        subprocess.run(command, check=True, timeout=120)
        assert _dump(seeded) == full

    def test_a_snapshot_of_sqlite_is_loaded(self, seeded: Application) -> None:
        """Values are adapted: a text of SQLite is a timestamp elsewhere."""
        full = _dump(seeded)
        url = f"sqlite:///{seeded.folder / 'other.db'}"
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            example.create_tables(connection)
            example.seed(connection)
        engine.dispose()
        Project(seeded.folder / "alembic.ini", url=url).revision("general", date="2025-01-20")
        names = [table.name for table in reversed(example.metadata.sorted_tables)]
        seeded.run(*(f"DELETE FROM {name}" for name in names))
        seeded.project.upgrade("general@head")
        loaded = _dump(seeded)
        assert _count(loaded) == DEMO_ROWS
        assert _are_among(loaded, full)


def _dump(app: Application) -> Rows:
    """Return every row of the application as Python values."""
    with app.engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(table.select().order_by("id"))]
            for name, table in example.metadata.tables.items()
        }


def _count(rows: Rows) -> int:
    return sum(map(len, rows.values()))


def _are_among(some: Rows, rows: dict[str, Any]) -> bool:
    return all(row in rows[name] for name, each in some.items() for row in each)
