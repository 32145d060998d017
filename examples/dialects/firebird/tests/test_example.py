"""demosnap's example application on Firebird, by the commands that its users type."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import NullPool
from test_firebird import new_database

from demosnap import example
from demosnap.example.tables import metadata

SETTINGS = """\
marker:
  where: >-
    metadata CONTAINING '"demo_seed": true' AND metadata CONTAINING '"' || :scenario || '"'
  tables: [vaults, projects, fragments, contacts, chat_sessions]
tables:
  todos: {via: fragment_id}
scenarios:
  general: {default: true}
"""


@compiles(sa.JSON, "firebird.firebird")
def _json(type_: object, compiler: object, **words: object) -> str:
    """Return what the application keeps JSON in: Firebird has no such type."""
    return "BLOB SUB_TYPE TEXT CHARACTER SET UTF8"


@dataclass
class Seeded:
    folder: Path
    url: str

    def demosnap(self, *words: str, code: int = 0) -> str:
        """Run a command in the project's folder; return what it says."""
        done = subprocess.run(
            [Path(sys.executable).with_name("demosnap"), *words],
            cwd=self.folder,
            env={**os.environ, "DEMOSNAP_DATABASE_URL": self.url, "COLUMNS": "100"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def change(self, *statements: str) -> None:
        """Run statements of the application's."""
        engine = sa.create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        """Return every row of the application."""
        engine = sa.create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            found = {
                name: [tuple(row) for row in connection.execute(table.select().order_by("id"))]
                for name, table in metadata.tables.items()
            }
        # An embedded database is one process's alone, and the command is another one.
        engine.dispose()
        return found


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Seeded]:
    """The application with rows of its own and scenario general, and a project beside it."""
    url = new_database(tmp_path)
    engine = sa.create_engine(url, poolclass=NullPool)
    for fill in (example.create_tables, example.seed_own_rows, example.seed):
        with engine.begin() as connection:
            fill(connection)
    engine.dispose()
    made = Seeded(tmp_path, url)
    made.demosnap("init", "--url", url)
    (tmp_path / "demo_revisions" / "demosnap.yaml").write_text(SETTINGS)
    yield made


def test_capture_purge_load_diff_and_reset(seeded: Seeded) -> None:
    full = seeded.dump()
    assert "316 rows captured" in seeded.demosnap("revision", "general", "-m", "v1: a good demo")
    seeded.demosnap("check", "--database")
    seeded.demosnap("diff", "general", "--exit-code")

    seeded.demosnap("downgrade", "general", "base", "--yes")
    left = seeded.dump()
    assert sum(map(len, full.values())) - sum(map(len, left.values())) == 316
    assert all(row in full[name] for name, rows in left.items() for row in rows)

    seeded.demosnap("upgrade", "general@head", "--yes")
    assert seeded.dump() == full

    seeded.change(
        "UPDATE fragments SET title = 'by hand' WHERE id = 1", "DELETE FROM todos WHERE id = 1"
    )
    assert "by hand" in seeded.demosnap("diff", "general", "--exit-code", code=3)
    seeded.demosnap("downgrade", "general", "base", "--yes", code=1)
    seeded.demosnap("reset", "general", "--discard", "--yes")
    assert seeded.dump() == full


def test_two_versions_and_the_stock_alembic(seeded: Seeded) -> None:
    one = seeded.dump()
    seeded.demosnap("revision", "general", "-m", "v1: a good demo")
    engine = sa.create_engine(seeded.url, poolclass=NullPool)
    with engine.begin() as connection:
        example.seed(connection, "general", 2)
    engine.dispose()
    two = seeded.dump()
    assert two != one
    seeded.demosnap("revision", "general", "-m", "v2: more of it")
    seeded.demosnap("downgrade", "general", "-1", "--yes", "--discard")
    # A row that version 2 has added is gone, one that it has changed is as it was.
    assert seeded.dump() == one
    seeded.demosnap("upgrade", "general@head", "--yes")
    assert seeded.dump() == two
    alembic = [str(Path(sys.executable).with_name("alembic")), "current"]
    environment = {**os.environ, "DEMOSNAP_DATABASE_URL": seeded.url}
    done = subprocess.run(
        alembic, cwd=seeded.folder, env=environment, capture_output=True, text=True, check=True
    )
    assert "general_v2_" in done.stdout


def test_the_snapshot_is_a_script_for_isql(seeded: Seeded) -> None:
    full = seeded.dump()
    seeded.demosnap("revision", "general", "-m", "v1: a good demo")
    seeded.demosnap("downgrade", "general", "base", "--yes")
    database = sa.make_url(seeded.url).database
    script = seeded.folder / "demo_revisions" / "general" / "latest.sql"
    command = ["isql-fb", "-q", "-ch", "UTF8", "-user", "SYSDBA", "-i", str(script), str(database)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert seeded.dump() == full


def test_a_snapshot_of_another_database_is_loaded(seeded: Seeded) -> None:
    """By the values: what SQLite holds as text is a moment here."""
    (seeded.folder / "demo_revisions" / "demosnap.yaml").write_text(
        SETTINGS.replace(
            "CONTAINING '\"demo_seed\": true'", "LIKE '%\"demo_seed\": true%'"
        ).replace("CONTAINING '\"' || :scenario || '\"'", "LIKE '%\"' || :scenario || '\"%'")
    )
    full = seeded.dump()
    other = Seeded(seeded.folder, f"sqlite:///{seeded.folder / 'other.db'}")
    engine = sa.create_engine(other.url)
    with engine.begin() as connection:
        example.create_tables(connection)
        example.seed(connection)
    engine.dispose()
    other.demosnap("revision", "general", "-m", "v1: of SQLite")
    purged = [f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables)]
    seeded.change(*purged)
    seeded.demosnap("upgrade", "general@head", "--yes")
    loaded = seeded.dump()
    assert sum(map(len, loaded.values())) == 316
    assert all(row in full[name] for name, rows in loaded.items() for row in rows)
