"""Unique indexes that hold for some rows, or for an expression, are no keys of a table."""

from __future__ import annotations

import pytest

from demosnap.database import reflect
from support.databases import Database

MADE = {
    "partial": "CREATE UNIQUE INDEX one_default ON t (team) WHERE is_default",
    "expression": "CREATE UNIQUE INDEX one_name ON t (lower(name))",
    "both": "CREATE UNIQUE INDEX one_of_each ON t (team, lower(name)) WHERE is_default",
}


@pytest.mark.parametrize("kind", MADE)
def test_such_an_index_is_no_key(database: Database, kind: str) -> None:
    if database.dialect == "mariadb":
        pytest.skip("MariaDB has neither partial indexes nor indexes over expressions")
    database.execute(
        "CREATE TABLE t (id integer PRIMARY KEY, team integer, name varchar(20) UNIQUE,"
        " is_default boolean)",
        MADE[kind],
    )
    with database.engine.connect() as connection:
        table = reflect.tables(connection)["t"]
    assert table.key == ("id",)
    assert table.unique == (("name",),)
