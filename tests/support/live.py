"""A few tables of a live database, and versions of their rows, without a project."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from demosnap import dialects
from demosnap.capture.write import write
from demosnap.config import Settings
from demosnap.config.sections import MarkerKeys
from demosnap.database import live as product
from demosnap.database import own_tables, picking, reflect, retained
from demosnap.database.retained import Retained
from demosnap.database.row_set import RowSet
from demosnap.dialects.base import Dialect, execute
from demosnap.model import (
    ExternalReference,
    Header,
    Marker,
    Rule,
    Selection,
    Table,
    Version,
)
from demosnap.rows.canonical import split
from demosnap.snapshot.sqlfile import SnapshotWriter
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


def some(**keys: tuple[int, ...]) -> Retained:
    """Return rows of tables whose key is a number."""
    return Retained(
        {name: frozenset((str(n).encode(),) for n in found) for name, found in keys.items()},
        dict.fromkeys(keys, ("id",)),
    )


@dataclass(frozen=True)
class Live:
    """An open transaction of a database; nothing of it is committed."""

    database: product.Database
    folder: Path

    def rows(self, predicates: Mapping[str, str] = DEMO) -> RowSet:
        """Return rows as they are now."""
        return RowSet(self.database, predicates)

    def lacking(self, *columns: str) -> Live:
        """Return the same as if `table.column` were in none of its tables."""
        tables = {
            name: replace(
                table,
                columns=tuple(c for c in table.columns if f"{name}.{c.name}" not in columns),
            )
            for name, table in self.database.tables.items()
        }
        return Live(replace(self.database, tables=tables), self.folder)

    def settings(self, **keys: Any) -> Settings:
        """Return the settings of a project whose marker is `is_demo`."""
        return Settings(
            config_file=None,
            section="alembic",
            root=self.folder,
            script_location=self.folder,
            revisions=self.folder,
            database_url=None,
            url_source=None,
            lines={},
            **{"marker_in_file": MarkerKeys(column="is_demo"), **keys},
        )

    def log(self, version: Version | None, operation: str = "load", **values: Any) -> None:
        """Write a line of the log as an operation that ended at a version has it."""
        rows = values.get("rows", version.rows if version else {})
        digest = values.get("digest", version.digest if version else None)
        revision = version.revision if version else None
        entry = own_tables.new_entry(operation, "general", revision, rows, digest)
        own_tables.write(self.database.connection, entry)

    def execute(self, *statements: str) -> None:
        """Run SQL statements in the transaction."""
        for statement in statements:
            execute(self.database.connection, statement)

    def unchecked(self, *statements: str) -> None:
        """Run SQL statements, the last of the transaction that write, without foreign keys."""
        name = self.database.dialect.name
        self.execute(_UNCHECKED["mariadb" if name == "mysql" else name], *statements)

    def capture(self, version: str, *names: str, scenario: str = "general") -> Version:
        """Write the demo rows of some tables, by default boards and cards, as a version.

        A name is of a table with the marker, or `table@column` of one that is via the column.
        """
        names = names or ("boards", "cards")
        return self._written(version, names, self.database.dialect, scenario)

    def translated(self, version: str, *names: str) -> Version:
        """Write them as a server of another dialect would."""
        own = self.database.dialect.name
        return self._written(
            version,
            names or ("boards", "cards"),
            dialects.get("sqlite" if own == "postgresql" else "postgresql"),
        )

    def _written(
        self, version: str, names: Sequence[str], dialect: Dialect, scenario: str = "general"
    ) -> Version:
        database = self.database
        rules = dict(map(_rule, names))
        selection = Selection(scenario, Marker(column="is_demo"), rules)
        picked = picking.predicates(database, selection)
        tables = tuple(database.tables[name] for name in picked)
        date = "2025-01-20T00:00:00Z"
        name = f"{version}_{date[:10]}"
        path = self.folder / f"{version}.sql"
        outside: tuple[ExternalReference, ...] = ()
        if dialect is database.dialect:
            header = Header(scenario, name, date, dialect.name, tables, {})
            written, outside = write(database, picked, header, selection, path)
        else:
            other = tuple(map(_translated, tables))
            header = Header(scenario, name, date, dialect.name, other, {})
            with SnapshotWriter(path, header, selection, dialect) as written:
                for table, there in zip(tables, other, strict=True):
                    rows = database.dialect.read_rows(
                        database.connection, table, picked[table.name]
                    )
                    written.write_block(
                        there, [self._translated_row(table, there, dialect, row) for row in rows]
                    )
        return Version(
            revision=f"{int(version[1:]):012x}",
            down_revision=None,
            scenario=scenario,
            version=name,
            message="",
            created_at=date,
            folder=str(self.folder),
            file=path.name,
            format=1,
            dialect=dialect.name,
            digest=written.digest,
            size=written.size,
            rows=written.rows,
            selection=selection,
            external_references=outside,
        )

    def _translated_row(self, table: Table, there: Table, dialect: Dialect, row: bytes) -> bytes:
        own, columns = self.database.dialect, zip(table.captured, there.captured, strict=True)
        return b",".join(
            dialect.encode(own.decode(literal, column), target)
            for literal, (column, target) in zip(split(row), columns, strict=True)
        )


def _rule(name: str) -> tuple[str, Rule]:
    table, _, column = name.partition("@")
    return table, Rule("via", tuple(column.split(","))) if column else Rule("marker")


def _translated(table: Table) -> Table:
    kinds = {"id": "integer", "owner_id": "integer", "is_demo": "boolean"}
    columns = (replace(c, type=kinds.get(c.name, "text"), default=None) for c in table.columns)
    return replace(table, columns=tuple(columns))


@contextlib.contextmanager
def live(database: Database, *more: str) -> Iterator[Live]:
    """Make the tables, and what `more` says, and open a transaction as a move has it."""
    database.execute(*TABLES, *more)
    with database.engine.begin() as connection:
        own_tables.create(connection)
        retained.create(connection)
    with database.engine.connect() as connection:
        dialect = reflect.database(connection).dialect
        connection.rollback()
        with dialect.session(connection, write=True):
            transaction = connection.get_transaction() or connection.begin()
            yield Live(reflect.database(connection), database.folder)
            transaction.rollback()
