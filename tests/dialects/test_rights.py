"""Roles that may not do everything: what each command needs, as docs/configuration.md lists it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from demosnap.errors import DatabaseError, RefusedError
from demosnap.project import Project
from support.databases import Database, make_database
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]
SETTINGS = "marker: {column: is_demo}\ntables:\n  notes: {where: \"title = 'demo'\"}\n"
SCHEMA = (
    "CREATE TABLE people (id integer PRIMARY KEY, name varchar(20),"
    " is_demo boolean NOT NULL DEFAULT FALSE)",
    "CREATE TABLE notes (id integer PRIMARY KEY, title varchar(20))",
    "CREATE TABLE secret (id integer PRIMARY KEY, person_id integer,"
    " CONSTRAINT fk_secret FOREIGN KEY (person_id) REFERENCES people (id))",
    "INSERT INTO people VALUES (1, 'x', TRUE), (2, 'own', FALSE)",
    "INSERT INTO notes VALUES (1, 'demo'), (2, 'own')",
)
PASSWORD = "only-for-tests"


@dataclass
class Role:
    """A role without any right at first, and a project that uses it."""

    workspace: Workspace
    name: str

    @property
    def database(self) -> Database:
        return self.workspace.database

    @property
    def project(self) -> Project:
        url = sa.make_url(self.database.url).set(username=self.name, password=PASSWORD)
        # Without TLS a password takes a package more on MySQL.
        url = url.difference_update_query(["ssl_disabled"])
        text = url.render_as_string(hide_password=False)
        return Project(self.workspace.folder / "alembic.ini", url=text)

    def may(self, rights: str, *tables: str) -> None:
        """Grant rights on tables."""
        on = ", ".join(tables)
        if self.database.dialect == "postgresql":
            self.database.execute(f"GRANT {rights} ON {on} TO {self.name}")
            return
        for table in tables:
            self.database.execute(f"GRANT {rights} ON {table} TO {self.name}@'%'")

    def may_read(self) -> None:
        """Grant what a capture without a stamp needs."""
        self.may("SELECT", "people", "notes")

    def may_change(self, *tables: str) -> None:
        """Grant what a move needs, of the tables of demosnap too."""
        self.may("SELECT, INSERT, UPDATE, DELETE", *tables, "demosnap_version", "demosnap_log")
        if self.database.dialect == "postgresql":
            self.may("USAGE, SELECT", "SEQUENCE demosnap_log_id_seq")
        else:
            name = sa.make_url(self.database.url).database
            self.may("SELECT, INSERT, DELETE", "demosnap_kept")
            self.database.execute(
                f"GRANT CREATE TEMPORARY TABLES, REFERENCES ON {name}.* TO {self.name}@'%'"
            )


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from make_database(request.param, tmp_path)


@pytest.fixture
def role(database: Database, make_workspace: MakeWorkspace) -> Iterator[Role]:
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    database.execute(*SCHEMA)
    name = f"demosnap_{secrets.token_hex(4)}"
    postgresql = database.dialect == "postgresql"
    how = f"LOGIN PASSWORD '{PASSWORD}'" if postgresql else f"IDENTIFIED BY '{PASSWORD}'"
    host = "" if postgresql else "@'%'"
    database.execute(f"CREATE {'ROLE' if postgresql else 'USER'} {name}{host} {how}")
    try:
        yield Role(workspace, name)
    finally:
        if postgresql:
            database.execute(f"DROP OWNED BY {name}", f"DROP ROLE {name}")
        else:
            database.execute(f"DROP USER {name}@'%'")


def test_a_role_that_only_reads_captures(role: Role) -> None:
    role.may_read()

    result = role.project.revision("general", stamp=False)

    assert result.plan.rows == {"people": 1, "notes": 1}
    assert role.project.current() == []
    assert role.project.check() == []


def test_a_table_that_may_not_be_read_is_noted_and_keeps_rows_from_going(role: Role) -> None:
    role.workspace.project.revision("general")
    role.database.execute("INSERT INTO secret VALUES (1, 1)")
    role.may_change("people", "notes")
    if role.database.dialect == "mariadb":
        # Of a table on which it has no right at all an account does not learn.
        role.may("INSERT", "secret")
    before = role.database.dump(own=True)

    plan = role.project.revision("general", dry_run=True).plan

    assert any("may not read secret, which can reference demo rows" in note for note in plan.notes)
    with pytest.raises(DatabaseError, match=r"(?s)denied.*secret.*docs/configuration\.md"):
        role.project.downgrade("general@base")
    assert role.database.dump(own=True) == before


def test_a_role_that_may_change_rows_moves(role: Role) -> None:
    role.workspace.project.revision("general")
    whole = role.database.dump()
    role.may_change("people", "notes")
    role.may("SELECT", "secret")
    role.project.downgrade("general@base")
    assert [row[0][1] for row in role.database.dump()["people"]] == [2]
    role.project.upgrade("general@head")
    assert role.database.dump() == whole
    assert not role.project.status()[0].drift


def test_a_table_that_may_not_be_changed_is_named(role: Role) -> None:
    role.workspace.project.revision("general")
    role.may_change("people")
    role.may("SELECT", "notes", "secret")
    before = role.database.dump(own=True)
    with pytest.raises((RefusedError, DatabaseError), match="notes"):
        role.project.downgrade("general@base")
    assert role.database.dump(own=True) == before
