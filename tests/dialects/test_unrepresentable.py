"""A value that the target cannot hold is named, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import sqlalchemy as sa

from demosnap.errors import DatabaseError
from demosnap.project import Project
from support.databases import DATABASES, Database, make_database
from support.workspaces import Workspace

SETTINGS = "marker: {column: is_demo}\nscenarios: {general: {default: true}}\n"

# From, its type, the value's SQL; to, its type; what the error says.
CASES = {
    "text too long": (
        ("sqlite", "TEXT", "'abcdef'", "postgresql", "VARCHAR(5)", "longer than 5"),
        ("sqlite", "TEXT", "'abcdef'", "mariadb", "VARCHAR(5)", "longer than 5"),
        ("postgresql", "TEXT", "repeat('é', 32768)", "mariadb", "TEXT", "longer than 65535 bytes"),
        ("mariadb", "TEXT", "'abcdef'", "postgresql", "CHAR(5)", "longer than 5"),
    ),
    "integer out of range": (
        ("sqlite", "INTEGER", "2147483648", "postgresql", "INTEGER", "beyond integer"),
        ("sqlite", "INTEGER", "-2147483649", "mariadb", "INTEGER", "is not between"),
        ("postgresql", "BIGINT", "-1", "mariadb", "BIGINT UNSIGNED", "is not between 0"),
        ("mariadb", "BIGINT UNSIGNED", "9223372036854775808", "postgresql", "BIGINT", "beyond"),
        ("mariadb", "BIGINT UNSIGNED", "9223372036854775808", "sqlite", "INTEGER", "64-bit"),
        ("postgresql", "NUMERIC", "1e40", "mariadb", "BIGINT", "is not between"),
    ),
    "fraction lost": (
        ("sqlite", "REAL", "1.5", "postgresql", "INTEGER", "not a whole number"),
        ("sqlite", "REAL", "1.5", "mariadb", "INTEGER", "not a whole number"),
        ("postgresql", "NUMERIC", "1.125", "mariadb", "DECIMAL(10,2)", "more digits than DEC"),
        ("mariadb", "DECIMAL(10,3)", "1.125", "postgresql", "NUMERIC(10,2)", "more than 2 digits"),
        ("postgresql", "NUMERIC", "1234567890.123456789012", "sqlite", "REAL", "more digits"),
        ("postgresql", "TIME", "'01:02:03.4'", "mariadb", "TIME", "more than 0 fractional"),
    ),
    "NaN and infinity": (
        ("postgresql", "FLOAT8", "'NaN'", "mariadb", "DOUBLE", "is NaN"),
        ("postgresql", "FLOAT8", "'-Infinity'", "mariadb", "DOUBLE", "is -Inf"),
        ("postgresql", "NUMERIC", "'NaN'", "mariadb", "DECIMAL(10,2)", "is NaN"),
        ("postgresql", "FLOAT8", "'NaN'", "sqlite", "REAL", "is NaN"),
        ("sqlite", "REAL", "9e999", "mariadb", "DOUBLE", "is Inf"),
        ("sqlite", "REAL", "9e999", "postgresql", "NUMERIC(10,2)", "infinite"),
    ),
    "a NUL in text": (
        ("sqlite", "TEXT", "'a' || char(0) || 'b'", "postgresql", "TEXT", "NUL character"),
        ("mariadb", "TEXT", "CONCAT('a', X'00', 'b')", "postgresql", "TEXT", "NUL character"),
        ("mariadb", "JSON", """'"\\\\u0000"'""", "postgresql", "JSONB", "jsonb cannot"),
    ),
    "no such day": (
        ("sqlite", "TEXT", "'2024-02-31'", "postgresql", "DATE", "not a date|not a moment"),
        ("sqlite", "TEXT", "'tomorrow'", "postgresql", "DATE", "is not a"),
        ("sqlite", "TEXT", "'tomorrow'", "mariadb", "DATE", "is not a date"),
        ("mariadb", "DATE", "'2024-02-31'", "postgresql", "DATE", "not a date|not a moment"),
        ("mariadb", "DATETIME", "'0000-00-00'", "postgresql", "TIMESTAMP", "is not a"),
        ("postgresql", "DATE", "'infinity'", "mariadb", "DATE", "is not a date"),
        ("postgresql", "DATE", "'0044-03-15 BC'", "mariadb", "DATE", "is not a date"),
        ("postgresql", "TIMESTAMPTZ", "'1969-12-31'", "mariadb", "TIMESTAMP", "before 1970"),
        ("mariadb", "TIME", "'100:00:00'", "postgresql", "TIME", "beyond 24 hours|not a time"),
    ),
    "a boolean of 2": (
        ("sqlite", "BOOLEAN", "2", "postgresql", "BOOLEAN", "neither true nor false"),
        ("mariadb", "BOOLEAN", "2", "postgresql", "BOOLEAN", "neither true nor false"),
        ("sqlite", "BOOLEAN", "2", "mariadb", "BIT(1)", "is not between 0"),
    ),
    "no JSON": (
        ("sqlite", "JSON", "'{broken'", "postgresql", "JSON", "is not JSON"),
        ("sqlite", "JSON", "'{broken'", "postgresql", "JSONB", "is not JSON"),
        ("sqlite", "JSON", "'{broken'", "mariadb", "JSON", "not valid JSON"),
        ("mariadb", "TEXT", "'{broken'", "postgresql", "JSON", "is not JSON"),
    ),
    "others": (
        ("sqlite", "BLOB", "X'00FF'", "postgresql", "TEXT", "is binary"),
        ("sqlite", "BLOB", "X'00FF'", "mariadb", "TEXT", "is binary"),
        ("postgresql", "BYTEA", "'\\x0102'", "mariadb", "VARBINARY(1)", "longer than 1 bytes"),
        ("sqlite", "TEXT", "'no uuid'", "postgresql", "UUID", "is not a uuid"),
        ("sqlite", "TEXT", "'no uuid'", "mariadb", "UUID", "is not a UUID"),
        ("postgresql", "TEXT", "'c'", "mariadb", "ENUM('a','b')", "not a member"),
        ("postgresql", "TEXT", "'日本'", "mariadb", "TEXT CHARACTER SET latin1", "latin1"),
        ("sqlite", "TEXT", "NULL", "postgresql", "TEXT NOT NULL", "is NULL"),
        ("sqlite", "TEXT", "NULL", "mariadb", "TEXT NOT NULL", "is NULL"),
    ),
}
NO_UUID = pytest.mark.mariadb_alone("MySQL has no type UUID")
FLAT = [(what, *case) for what, cases in CASES.items() for case in cases]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Database]]:
    """One database of each kind for all cases, since a case takes two."""
    with ExitStack() as stack:
        found = {}
        for dialect in DATABASES:
            making = make_database(dialect, tmp_path_factory.mktemp(dialect))
            found[dialect] = next(making)
            stack.callback(next, making, None)
        yield found


@pytest.mark.parametrize(
    ("what", "source", "kind", "value", "target", "holds", "reason"),
    [
        pytest.param(*case, marks=NO_UUID if case[4:6] == ("mariadb", "UUID") else ())
        for case in FLAT
    ],
    ids=[f"{c[0]}: {c[1]} {c[3][:20]} to {c[4]} {c[5]}".replace("\\", "") for c in FLAT],
)
def test_it_is_named_with_table_key_column_and_value(
    three: dict[str, Database],
    make_workspace: Callable[[Database], Workspace],
    what: str,
    source: str,
    kind: str,
    value: str,
    target: str,
    holds: str,
    reason: str,
) -> None:
    """The load stops before it has purged or loaded a row, and says what to look at."""
    here, there = three[source], three[target]
    _make(here, kind, (f"(7, {value}, TRUE)",))
    workspace = make_workspace(here)
    workspace.configure(SETTINGS)
    version = workspace.project.revision("general").version
    assert version is not None and version.rows == {"a": 2, "t": 1}
    _make(there, holds, ())
    before = _filled(there)

    with pytest.raises(DatabaseError, match=reason) as caught:
        Project(workspace.folder / "alembic.ini", url=there.url).upgrade("general@head")

    assert caught.match(r"^t: row id=7: v \(")
    assert "cannot hold" in str(caught.value)
    assert "nothing was changed" in str(caught.value)
    assert _filled(there) == before


def _filled(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows; demosnap's own tables do not count where they are new and empty."""
    found = database.dump(own=True)
    return {n: rows for n, rows in found.items() if rows or not n.startswith("demosnap_")}


def _make(database: Database, kind: str, rows: tuple[str, ...]) -> None:
    """Make a table that fits everywhere, and one with a column of a type; own rows in the first."""
    names = sa.inspect(database.engine).get_table_names()
    mode = ["SET sql_mode = 'ALLOW_INVALID_DATES'"] if database.dialect == "mariadb" else []
    database.execute(
        *mode,
        *(f"DROP TABLE {name}" for name in names),
        "CREATE TABLE a (id INTEGER PRIMARY KEY, is_demo BOOLEAN)",
        f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {kind}, is_demo BOOLEAN)",
        "INSERT INTO a VALUES (1, FALSE)" + (", (2, TRUE), (3, TRUE)" if rows else ""),
        *(f"INSERT INTO t VALUES {row}" for row in rows),
    )
