"""A few tables of a live database, and versions of their rows, without a project."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from demosnap.capture.write import write
from demosnap.database import live as product
from demosnap.database import picking, reflect
from demosnap.database.row_set import RowSet
from demosnap.dialects.base import execute
from demosnap.model import Header, Marker, Rule, Selection, Version
from support.databases import Database

TABLES = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE)",
    "CREATE TABLE boards (id INTEGER PRIMARY KEY, slug VARCHAR(20) NOT NULL UNIQUE,"
    " is_demo BOOLEAN NOT NULL)",
    "CREATE TABLE cards (id INTEGER PRIMARY KEY, board VARCHAR(20), owner_id INTEGER,"
    " title VARCHAR(20), is_demo BOOLEAN NOT NULL,"
    " CONSTRAINT fk_board FOREIGN KEY (board) REFERENCES boards (slug),"
    " CONSTRAINT fk_owner FOREIGN KEY (owner_id) REFERENCES users (id))",
    "INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace')",
    "INSERT INTO boards VALUES (1, 'demo', TRUE), (2, 'mine', FALSE)",
    "INSERT INTO cards VALUES (1, 'demo', 1, 'One', TRUE), (2, 'mine', NULL, 'Two', FALSE),"
    " (3, 'demo', NULL, 'Three', TRUE)",
)
"""Users, of which none is demo data; boards, known by their slugs; and cards of both."""

DEMO = {"boards": "is_demo = TRUE", "cards": "is_demo = TRUE"}
"""The predicates of the demo rows."""

_UNCHECKED = {
    "sqlite": "PRAGMA foreign_keys = OFF",
    "postgresql": "SET LOCAL session_replication_role = replica",
    "mariadb": "SET SESSION foreign_key_checks = 0",
}


@dataclass(frozen=True)
class Live:
    """An open transaction of a database; nothing of it is committed."""

    database: product.Database
    folder: Path

    def rows(self, predicates: Mapping[str, str] = DEMO) -> RowSet:
        """Return rows as they are now."""
        return RowSet(self.database, predicates)

    def execute(self, *statements: str) -> None:
        """Run SQL statements in the transaction."""
        for statement in statements:
            execute(self.database.connection, statement)

    def unchecked(self, *statements: str) -> None:
        """Run SQL statements, the last of the transaction that write, without foreign keys."""
        name = self.database.dialect.name
        self.execute(_UNCHECKED["mariadb" if name == "mysql" else name], *statements)

    def capture(self, version: str, *names: str) -> Version:
        """Write the demo rows of some tables, by default all, as a version."""
        database = self.database
        rules = {name: Rule("marker") for name in names or ("boards", "cards")}
        selection = Selection("general", Marker(column="is_demo"), rules)
        picked = picking.predicates(database, selection)
        tables = tuple(database.tables[name] for name in picked)
        dialect, date = database.dialect.name, "2025-01-20T00:00:00Z"
        name = f"{version}_{date[:10]}"
        header = Header("general", name, date, dialect, tables, {})
        path = self.folder / f"{version}.sql"
        written, outside = write(database, picked, header, selection, path)
        return Version(
            revision=f"{int(version[1:]):012x}",
            down_revision=None,
            scenario="general",
            version=name,
            message="",
            created_at=date,
            folder=str(self.folder),
            file=path.name,
            format=1,
            dialect=dialect,
            digest=written.digest,
            size=written.size,
            rows=written.rows,
            selection=selection,
            external_references=outside,
        )


@contextlib.contextmanager
def live(database: Database, *more: str) -> Iterator[Live]:
    """Make the tables, and what `more` says, and open a transaction as a move has it."""
    database.execute(*TABLES, *more)
    with database.engine.connect() as connection:
        dialect = reflect.database(connection).dialect
        connection.rollback()
        with dialect.session(connection, write=True):
            transaction = connection.get_transaction() or connection.begin()
            yield Live(reflect.database(connection), database.folder)
            transaction.rollback()
