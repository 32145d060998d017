"""A small application: boards with cards and their checks; users own cards and are no demo data.

Its marker is a boolean column with a column for the scenario; checks have none and are `via`.
Three versions of scenario general and one of writer, as changes from one to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from demosnap.errors import RefusedError
from demosnap.project import Project
from demosnap.refusal import Kind
from support import images
from support.databases import Database
from support.workspaces import Workspace

SETTINGS = """\
marker: {column: is_demo, scenario_column: scenario}
tables:
  checks: {via: card_id}
scenarios:
  general: {default: true}
  writer: {}
"""

metadata = sa.MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)


def _table(name: str, *columns: sa.Column[Any], marked: bool = True) -> sa.Table:
    mark: list[sa.Column[Any]] = []
    if marked:
        mark = [
            sa.Column("is_demo", sa.Boolean, nullable=False, server_default=sa.false()),
            sa.Column("scenario", sa.String(20)),
        ]
    key = sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)
    return sa.Table(name, metadata, key, *columns, *mark)


_table("users", sa.Column("name", sa.String(40), nullable=False), marked=False)
_table(
    "boards",
    sa.Column("name", sa.String(40), nullable=False),
    sa.Column("slug", sa.String(40), unique=True),
)
_table(
    "cards",
    sa.Column("board_id", sa.ForeignKey("boards.id"), nullable=False),
    sa.Column("owner_id", sa.ForeignKey("users.id")),
    sa.Column("title", sa.String(80)),
)
_table(
    "checks",
    sa.Column("card_id", sa.ForeignKey("cards.id"), nullable=False),
    sa.Column("done", sa.String(40)),
    marked=False,
)

UNDER_ANOTHER_KEY = (
    "INSERT INTO boards VALUES (31, 'Demo', 'temporary', TRUE, 'general')",
    "UPDATE cards SET board_id = 31 WHERE board_id = 1",
    "DELETE FROM boards WHERE id = 1",
    "UPDATE boards SET slug = 'demo' WHERE id = 31",
)
"""What deletes the board of v1 and makes it again, with its cards and its unique value."""

OWN_ROWS = (
    "INSERT INTO users (id, name) VALUES (1, 'Ada'), (2, 'Grace')",
    "INSERT INTO boards (id, name, slug) VALUES (2, 'Mine', 'mine'), (12, 'Also mine', 'also')",
    "INSERT INTO cards (id, board_id, owner_id, title) VALUES"
    " (2, 2, 1, 'Pay the rent'), (12, 12, NULL, NULL)",
    "INSERT INTO checks (id, card_id, done) VALUES (2, 2, 'no')",
)

GENERAL = {
    "v1": (
        "INSERT INTO boards VALUES (1, 'Demo', 'demo', TRUE, 'general')",
        "INSERT INTO cards VALUES (1, 1, NULL, 'It''s 100%; :name', TRUE, 'general'),"
        " (3, 1, NULL, NULL, TRUE, NULL)",
        "INSERT INTO checks VALUES (1, 1, 'yes'), (3, 3, 'no')",
    ),
    "v2": (
        "UPDATE cards SET title = 'Renamed' WHERE id = 1",
        "INSERT INTO cards VALUES (5, 1, NULL, 'Five', TRUE, 'general')",
        "INSERT INTO checks VALUES (5, 5, NULL)",
        "DELETE FROM checks WHERE id = 3",
    ),
    "v3": (
        "INSERT INTO boards VALUES (3, 'Second', 'second', TRUE, 'general')",
        "UPDATE cards SET board_id = 3 WHERE id = 3",
    ),
}
DATES = {"v1": "2025-01-15", "v2": "2025-01-20", "v3": "2025-02-01"}

WRITER = (
    "INSERT INTO boards VALUES (11, 'Novel', 'novel', TRUE, 'writer')",
    "INSERT INTO cards VALUES (11, 11, NULL, 'Chapter one', TRUE, 'writer')",
    "INSERT INTO checks VALUES (11, 11, 'no')",
)

REMOVE = {
    scenario: (
        f"DELETE FROM checks WHERE card_id IN (SELECT id FROM cards WHERE {picked})",
        f"DELETE FROM cards WHERE {picked}",
        f"DELETE FROM boards WHERE {picked}",
    )
    for scenario, picked in {
        "general": "is_demo = TRUE AND (scenario = 'general' OR scenario IS NULL)",
        "writer": "is_demo = TRUE AND scenario = 'writer'",
    }.items()
}
"""What takes the rows of a scenario out behind demosnap's back."""

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Chain:
    """A project of the small application with versions captured; the database is at the last.

    `at` is what the database held at each version of general, and at `base`.
    """

    workspace: Workspace
    at: dict[str, Rows] = field(default_factory=dict)

    @property
    def project(self) -> Project:
        """A new Project."""
        return self.workspace.project

    @property
    def database(self) -> Database:
        """The database."""
        return self.workspace.database

    def refused(self, move: Callable[[], object], kind: Kind | None = None) -> str:
        """Check that a move is refused and changes nothing; return what it says.

        `kind` is one of the refusals', for a test that does not look at what it says.
        """
        before = self.everything()
        with pytest.raises(RefusedError) as caught:
            move()
        assert self.everything() == before
        assert kind is None or kind in {one.kind for one in caught.value.refusals}
        return str(caught.value)

    def everything(self) -> Rows:
        """All rows of all tables, demosnap's own included."""
        return self.database.dump(own=True)

    def stamps(self) -> list[str]:
        """What the database is stamped with, as `scenario vN`."""
        return [f"{e.scenario} {e.version.short}" for e in self.project.current()]

    def ids(self) -> dict[str, str]:
        """The revision ids of general, by `vN`."""
        return {e.version.short: e.version.revision for e in self.project.history("general")}


def make(
    workspace: Workspace, *versions: str, writer: bool = False, settings: str = SETTINGS
) -> Chain:
    """Build the application and capture versions of general, and at last writer's, in order."""
    database = workspace.database
    workspace.configure(settings)
    metadata.create_all(database.engine)
    database.execute(*OWN_ROWS)
    chain = Chain(workspace, {"base": database.dump()})
    for version in versions:
        database.execute(*GENERAL[version])
        workspace.project.revision("general", date=DATES[version])
        chain.at[version] = database.dump()
    if writer:
        database.execute(*WRITER)
        workspace.project.revision("writer", date="2025-03-01")
    return chain


def copied(
    workspace: Workspace, *versions: str, writer: bool = False, settings: str = SETTINGS
) -> Chain:
    """Make the same from what was built before, for a new workspace and an empty database."""

    def build() -> dict[str, Rows]:
        return make(workspace, *versions, writer=writer, settings=settings).at

    name = ("small", versions, writer, settings)
    return Chain(workspace, dict(images.copied(workspace, name, build)))


def trigger(
    database: Database, name: str, table: str, *, when: str | None = None, do: str | None = None
) -> None:
    """Make a trigger on the inserts of a table: it refuses them all, or those for which `when`
    holds, or does a statement after each.

    Each server has a language of its own for triggers.
    """
    message = "not on my watch"
    head = f"CREATE TRIGGER {name} {'AFTER' if do else 'BEFORE'} INSERT ON {table}"
    when = when or "1 = 1"
    if database.dialect == "sqlite":
        body = do or f"SELECT RAISE(ABORT, '{message}') WHERE {when}"
        database.execute(f"{head} BEGIN {body}; END")
    elif database.dialect == "mariadb":
        fail = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{message}'"
        database.execute(f"{head} FOR EACH ROW {do or f'IF {when} THEN {fail}; END IF'}")
    else:
        body = do or f"IF {when} THEN RAISE EXCEPTION '{message}'; END IF"
        database.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {body}; RETURN NEW; END $$",
            f"{head} FOR EACH ROW EXECUTE FUNCTION {name}()",
        )


def uppercase(database: Database, name: str, table: str, column: str) -> None:
    """Make a trigger that writes a column of what is inserted in capitals."""
    if database.dialect == "sqlite":
        change = f"UPDATE {table} SET {column} = upper({column}) WHERE id = NEW.id"
        trigger(database, name, table, do=change)
        return
    head = f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW"
    if database.dialect == "mariadb":
        database.execute(f"{head} SET NEW.{column} = upper(NEW.{column})")
        return
    database.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN NEW.{column} := upper(NEW.{column}); RETURN NEW; END $$",
        f"{head} EXECUTE FUNCTION {name}()",
    )


def stubborn(database: Database, name: str, table: str, column: str) -> None:
    """Make triggers that write a column of what is inserted or changed in their own way."""
    if database.dialect == "sqlite":
        for event in ("INSERT", "UPDATE"):
            database.execute(
                f"CREATE TRIGGER {name}_{event.lower()} AFTER {event} ON {table}"
                f" WHEN NEW.{column} IS NOT 'MINE' BEGIN"
                f" UPDATE {table} SET {column} = 'MINE' WHERE id = NEW.id; END"
            )
        return
    if database.dialect == "mariadb":
        for event in ("INSERT", "UPDATE"):
            database.execute(
                f"CREATE TRIGGER {name}_{event.lower()} BEFORE {event} ON {table} FOR EACH ROW"
                f" SET NEW.{column} = 'MINE'"
            )
        return
    database.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN NEW.{column} := 'MINE'; RETURN NEW; END $$",
        f"CREATE TRIGGER {name}_insert BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW"
        f" EXECUTE FUNCTION {name}()",
    )


def impatient(database: Database, *statements: str) -> None:
    """Write in one transaction, and wait for no lock."""
    no_wait = {
        "sqlite": "PRAGMA busy_timeout = 0",
        "postgresql": "SET lock_timeout = 1",
        "mariadb": "SET innodb_lock_wait_timeout = 0",
    }[database.dialect]
    with database.engine.connect() as connection:
        connection.exec_driver_sql(no_wait)
        connection.commit()
        with connection.begin():
            for statement in statements:
                connection.exec_driver_sql(statement)
