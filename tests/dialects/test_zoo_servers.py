"""Whatever a demo row of PostgreSQL or MariaDB holds comes back equal, by the whole product."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from support import zoos
from support.databases import SERVERS, Database, make_database
from support.workspaces import Workspace

REFUSED = {
    "postgresql": {"ruled": "rules rewrite", "raw_bytes": 'c is "char"'},
    # MariaDB's zoo has no table that cannot be carried.
    "mariadb": {},
}


@pytest.fixture(params=SERVERS)
def zoo(request: pytest.FixtureRequest, tmp_path: Path) -> zoos.Zoo:
    """The zoo of a server; SQLite's is in test_zoo_sqlite.py."""
    making = make_database(request.param, tmp_path)
    request.addfinalizer(lambda: next(making, None))
    return zoos.make(next(making))


def test_the_zoo_goes_round(zoo: zoos.Zoo, make_workspace: Callable[[Database], Workspace]) -> None:
    """Capture, base, head and psql or mariadb: every value of every row is what it was.

    One test, because the zoo takes longer to make than to move.
    """
    database = zoo.database
    workspace = make_workspace(database)
    workspace.configure(zoo.settings)
    project = workspace.project
    before, unmarked = zoo.content(), zoo.content(unmarked=True)
    assert len(before) >= 30 and all(before.values())

    # What cannot be carried is refused by name before anything is written.
    refused = zoo.refused()
    assert refused.keys() == REFUSED[database.dialect].keys() == set(zoo.excluded)
    for table, reason in REFUSED[database.dialect].items():
        assert reason in refused[table]

    first = project.revision("general").version
    assert first is not None
    assert len(first.rows) == len(zoo.tables) - len(zoo.excluded) and all(first.rows.values())
    assert set(first.rows) == set(zoo.tables) - set(zoo.excluded)
    assert zoo.content() == before

    project.downgrade("general", "base")
    assert zoo.content(unmarked=True) == unmarked
    gone = zoo.content()
    assert [n for n in before if gone[n] == before[n]] == list(zoo.excluded)
    _forget_numbers(database)

    project.upgrade("general@head")
    assert zoo.content() == before
    _inserts_work(database)
    assert project.check() == []
    assert project.check(database=True) == []

    again = project.revision("general")
    assert (again.created, again.version) == (False, first)
    second = project.revision("general", allow_empty=True).version
    assert second is not None
    snapshots = [Path(v.folder, v.file) for v in (first, second)]
    assert _body(snapshots[0]) == _body(snapshots[1])
    assert project.check(database=True) == []

    project.downgrade("general", "base")
    assert zoo.content() == gone
    _forget_numbers(database)
    options = ("-X", "-v", "ON_ERROR_STOP=1") if database.dialect == "postgresql" else ()
    database.client(snapshots[0], *options)
    assert zoo.content() == before
    _inserts_work(database)
    project.stamp("general@v2")
    assert project.check(database=True) == []


def _body(path: Path) -> bytes:
    """Return a snapshot without the lines of its header that name version and time."""
    return re.sub(rb"(?m)^-- (Generated|Version): .*$", b"", path.read_bytes())


def _forget_numbers(database: Database) -> None:
    """Set all sequences back to their beginning, as in a new database."""
    database.execute(*(f"ALTER SEQUENCE {name} RESTART" for name in _sequences(database)))


def _sequences(database: Database) -> list[str]:
    if database.dialect != "postgresql":
        return []
    return [
        name
        for (name,) in database.rows(
            "SELECT seqrelid::regclass::text FROM pg_sequence"
            " WHERE seqrelid::regclass::text NOT LIKE 'demosnap%'"
        )
    ]


def _inserts_work(database: Database) -> None:
    """Insert a row into each table that numbers its rows by itself, and roll it back."""
    if database.dialect == "postgresql":
        tables = [
            table
            for (table,) in database.rows(
                "SELECT DISTINCT d.refobjid::regclass::text FROM pg_sequence s JOIN pg_depend d ON"
                " d.objid = s.seqrelid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')"
                " AND d.refobjid::regclass::text NOT LIKE 'demosnap%'"
            )
        ]
        assert len(tables) > 30
        inserts = [f"INSERT INTO {table} DEFAULT VALUES" for table in tables]
    else:
        inserts = ["INSERT INTO numbered (a) VALUES (1)"]
    with database.engine.connect() as connection:
        for insert in inserts:
            result = connection.exec_driver_sql(insert, execution_options={"no_parameters": True})
            assert result.rowcount == 1
        connection.execute(sa.text("SELECT 1"))
        connection.rollback()
