"""The application of the suite: two tables, plus those of the dialect, in a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from demosnap import dialects, scaffold
from demosnap.dialects.base import Dialect, execute
from demosnap.project import Project

SETTINGS = """\
marker: {column: is_demo}
tables:
  members: {via: team_id}
scenarios:
  general: {default: true}
"""

TEXTS = (
    "it's",
    "100 % of :name, ?, %s and {}",
    "a,b);--",
    "two\nlines",
    'back\\slash and "quotes" and `others`',
    "äöü 漢字",
    "NULL",
    " spaces around ",
)
"""Texts that look like syntax, but are data."""


@dataclass
class Application:
    """A project in a folder, and its database."""

    folder: Path
    url: str
    engine: Engine

    @property
    def dialect(self) -> Dialect:
        """The dialect under test."""
        return dialects.get(self.engine.url.get_backend_name())

    @property
    def project(self) -> Project:
        """A new `Project`, which reads settings and scripts again."""
        return Project(self.folder / "alembic.ini", url=self.url)

    def configure(self, text: str) -> None:
        """Replace demosnap.yaml."""
        (self.folder / "demo_revisions" / "demosnap.yaml").write_text(text, encoding="utf-8")

    def run(self, *statements: str) -> None:
        """Run statements unchanged, each in a separate transaction."""
        with self.engine.connect() as connection:
            for statement in statements:
                execute(connection, statement)
                connection.commit()

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """Return the rows of a table as the driver returns them, in a stable order."""
        name = self.dialect.quote_table(table)
        with self.engine.connect() as connection:
            found = [tuple(row) for row in execute(connection, f"SELECT * FROM {name}")]
        return sorted(found, key=repr)

    def snapshot(self) -> Path:
        """Return the newest snapshot of scenario general."""
        return self.folder / "demo_revisions" / "general" / "latest.sql"


def application(folder: Path, url: str) -> Iterator[Application]:
    """Yield a project for an empty database."""
    engine = create_engine(url, poolclass=NullPool)
    root = folder / "project"
    root.mkdir()
    scaffold.init(root, url="sqlite:///demo.db", confirm=lambda *_: True)
    made = Application(root, url, engine)
    made.configure(SETTINGS)
    try:
        yield made
    finally:
        engine.dispose()


def tables(integer: str, text: str, flag: str) -> Sequence[str]:
    """Return the statements that create two tables; the referencing one comes first by name."""
    return (
        f"CREATE TABLE teams (id {integer} NOT NULL PRIMARY KEY, label {text}, is_demo {flag})",
        f"CREATE TABLE members (id {integer} NOT NULL PRIMARY KEY, team_id {integer},"
        f" label {text}, FOREIGN KEY (team_id) REFERENCES teams (id))",
    )


def filled(dialect: Dialect, true: str, false: str) -> Iterator[str]:
    """Yield the statements that insert demo rows, and real rows between and around them."""
    insert = "INSERT INTO teams (id, label, is_demo) VALUES"
    for number, words in enumerate(TEXTS, 1):
        yield f"{insert} ({number}, {dialect.string(words)}, {false if number == 2 else true})"
    # A key that sorts differently as text and as a number, and an unmarked row.
    yield f"{insert} (10, NULL, {true})"
    yield f"{insert} (11, NULL, NULL)"
    for number, team in enumerate((10, 1, 2, 1, 3), 1):
        yield f"INSERT INTO members (id, team_id, label) VALUES ({number}, {team}, NULL)"
    yield "INSERT INTO members (id, team_id, label) VALUES (6, NULL, 'unmarked')"
