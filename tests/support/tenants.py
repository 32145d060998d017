"""The small application once for each tenant: a schema on PostgreSQL, a database on MariaDB.

Users are shared: their table stands beside the tenants, and cards reference it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from demosnap.project import Project
from support import small
from support.databases import Database
from support.workspaces import Workspace

MARK = "is_demo BOOLEAN NOT NULL DEFAULT FALSE, scenario VARCHAR(20)"
TABLES = (
    "CREATE TABLE boards (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL,"
    f" slug VARCHAR(40) UNIQUE, {MARK})",
    "CREATE TABLE cards (id INTEGER PRIMARY KEY, board_id INTEGER NOT NULL, owner_id INTEGER,"
    f" title VARCHAR(80), {MARK}, FOREIGN KEY (board_id) REFERENCES boards (id),"
    " FOREIGN KEY (owner_id) REFERENCES {shared}.users (id))",
    "CREATE TABLE checks (id INTEGER PRIMARY KEY, card_id INTEGER NOT NULL, done VARCHAR(40),"
    " FOREIGN KEY (card_id) REFERENCES cards (id))",
)
OWN_ROWS = small.OWN_ROWS[1:]
OWNED = "UPDATE cards SET owner_id = 1 WHERE id = 1"
"""A demo row references a row of the shared table."""

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Tenants:
    """A project, and tenants with rows of their own: no demo rows, no table of demosnap."""

    workspace: Workspace
    names: list[str]
    shared: str

    @property
    def database(self) -> Database:
        """The database, whose default namespace is the shared one."""
        return self.workspace.database

    def project(self, name: str | None, **more: Any) -> Project:
        """Return a new Project in the namespace of a tenant; None: in the default one."""
        ini = self.workspace.folder / "alembic.ini"
        return Project(ini, url=self.database.url, namespace=name, **more)

    def execute(self, name: str, *statements: str) -> None:
        """Run SQL in a tenant's namespace, as its application does."""
        with self.database.engine.begin() as connection:
            enter = "USE {}" if self.database.dialect == "mariadb" else "SET search_path = {}"
            for statement in (enter.format(name), *statements):
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def rows(self, *names: str, own: bool = True) -> dict[str, Rows]:
        """Return all rows of all tables of tenants (none named: of all, and the shared ones)."""
        found = {}
        with self.database.engine.connect() as connection:
            for name in names or (*self.names, self.shared):
                found[name] = {
                    table: sorted(map(tuple, _all(connection, name, table)), key=repr)
                    for table in sa.inspect(connection).get_table_names(schema=name)
                    if own or not table.startswith("demosnap_")
                }
        return found

    def texts(self, *, own: bool = True) -> dict[str, list[str]]:
        """Return all rows of all tables of PostgreSQL as texts, by one query."""
        tables = self.database.rows(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname !~ '^pg_'"
            " AND schemaname <> 'information_schema' ORDER BY 1"
        )
        found: dict[str, list[str]] = {
            name: [] for (name,) in tables if own or "demosnap_" not in name
        }
        each = (f"SELECT '{name}', t::text FROM {name} t" for name in found)
        for name, row in self.database.rows(f"{' UNION ALL '.join(each)} ORDER BY 1, 2"):
            found[name].append(row)
        return found

    def loaded(self, name: str | None) -> list[str]:
        """Return the versions that a tenant's stamps name, as `vN`."""
        return [entry.version.short for entry in self.project(name).current() if entry.version]


def make(workspace: Workspace, names: list[str]) -> Iterator[Tenants]:
    """Build tenants with these names, and drop what is not dropped with the database."""
    database = workspace.database
    workspace.configure(small.SETTINGS)
    shared = str(sa.make_url(database.url).database)
    mariadb = database.dialect == "mariadb"
    if mariadb:
        names = [f"{shared}_{name}" for name in names]
    tenants = Tenants(workspace, names, shared if mariadb else "public")
    database.execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL)",
        small.OWN_ROWS[0],
        *(f"CREATE SCHEMA {name}" for name in names),
    )
    try:
        for name in names:
            tables = (table.replace("{shared}", tenants.shared) for table in TABLES)
            tenants.execute(name, *tables, *OWN_ROWS)
        yield tenants
    finally:
        if mariadb:
            drops = (f"DROP DATABASE {name}" for name in names)
            database.execute("SET foreign_key_checks = 0", *drops)


def _all(connection: sa.Connection, name: str, table: str) -> Any:
    return connection.exec_driver_sql(f"SELECT * FROM {name}.{table}")
