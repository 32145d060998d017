"""Rows are found by keys of any type that a key can have."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.databases import Database
from support.rounds import MakeWorkspace, there_and_back
from support.workspaces import Workspace


@pytest.fixture
def workspace(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """A project of an empty database."""
    return make_workspace(database)


# 16777216 has more digits than MariaDB prints of a FLOAT.
SINGLE = {"sqlite": "REAL", "postgresql": "real", "mariadb": "FLOAT"}
DOUBLE = {"sqlite": "REAL", "postgresql": "double precision", "mariadb": "DOUBLE"}
NUMBERS = ("0.1", "1e-30", "16777216", "3.25", "0", "-2.5")


def keyed(kind: str, values: tuple[str, ...]) -> list[str]:
    rows = ", ".join(f"({value}, 'demo', TRUE)" for value in values[:-1])
    return [
        f"CREATE TABLE keyed (k {kind} NOT NULL PRIMARY KEY, name VARCHAR(20),"
        " is_demo BOOLEAN NOT NULL)",
        f"INSERT INTO keyed VALUES {rows}, ({values[-1]}, 'mine', FALSE)",
    ]


def changed_by_difference(workspace: Workspace, statements: list[str]) -> None:
    database = workspace.database
    before = there_and_back(workspace, statements)
    database.execute("UPDATE keyed SET name = 'changed' WHERE is_demo")
    plan = workspace.project.reset("general", discard=True)
    assert plan.moves[0].by_difference
    assert database.dump() == before


@pytest.mark.parametrize("kinds", [SINGLE, DOUBLE])
def test_rows_are_changed_by_a_key_with_a_fraction(
    workspace: Workspace, kinds: dict[str, str]
) -> None:
    changed_by_difference(workspace, keyed(kinds[workspace.database.dialect], NUMBERS))


def test_a_taken_key_with_a_fraction_is_found(workspace: Workspace) -> None:
    database = workspace.database
    there_and_back(workspace, keyed(SINGLE[database.dialect], NUMBERS))
    workspace.project.downgrade("general", "base")
    database.execute("INSERT INTO keyed VALUES (0.1, 'taken', FALSE)")
    with pytest.raises(Exception, match="keyed: 1 row of the snapshot has a key that is taken"):
        workspace.project.upgrade("general@head")


def test_a_script_of_a_difference_finds_a_key_with_a_fraction(
    workspace: Workspace, tmp_path: Path
) -> None:
    database = workspace.database
    before = there_and_back(workspace, keyed(SINGLE[database.dialect], NUMBERS))
    database.execute(
        "UPDATE keyed SET name = 'changed' WHERE is_demo AND k < 1",
        "DELETE FROM keyed WHERE k > 3 AND k < 4",
    )
    script = tmp_path / "back.sql"
    script.write_text(
        workspace.run("diff", "general", "database", "v1", "--format", "sql", check=False).stdout
    )
    database.client(script)
    assert database.dump() == before


OF_MARIADB = [
    ("ENUM('a','b''c','ß')", ("'a'", "'b''c'", "'ß'")),
    ("SET('x','y','z')", ("'x'", "'x,z'", "''")),
    ("BIT(9)", ("b'101'", "b'111111111'", "b'0'")),
    ("YEAR", ("2000", "'0000'", "1999")),
    ("TIME(3)", ("'-10:00:00.5'", "'838:59:59'", "'0:00'")),
    ("VARCHAR(20)", ("'a  '", "'b'", "'ü '")),
    ("CHAR(20) CHARACTER SET latin1", ("'ä'", "'b'", "'c'")),
    ("DECIMAL(5,2)", ("1.10", "-2.00", "0")),
    ("FLOAT(7,3)", ("1.1", "-2.002", "0")),
    ("VARBINARY(9)", ("X'00'", "X'0000'", "X'61'")),
    ("TIMESTAMP(2)", ("'2020-01-01 00:00:00.5'", "'2020-06-01 00:00:00'", "'2021-01-01'")),
]


def test_rows_are_changed_by_a_key_of_each_type_of_mariadb(workspace: Workspace) -> None:
    if workspace.database.dialect != "mariadb":
        pytest.skip("types of MariaDB")
    for number, (kind, values) in enumerate(OF_MARIADB):
        make, fill = keyed(kind, values)
        workspace.database.execute(make.replace("keyed", f"keyed_{number}"))
        workspace.database.execute(fill.replace("keyed", f"keyed_{number}"))
    before = there_and_back(workspace, [])
    for number in range(len(OF_MARIADB)):
        workspace.database.execute(f"UPDATE keyed_{number} SET name = 'changed' WHERE is_demo")
    assert workspace.project.reset("general", discard=True).moves[0].by_difference
    assert workspace.database.dump() == before
