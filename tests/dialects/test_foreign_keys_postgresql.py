"""Keys of PostgreSQL: unique ones, those of partitions, of heirs, and those of version 18."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from demosnap.database import reflect, verify
from demosnap.model import Table
from demosnap.moves.cascade import nulled_columns
from support.databases import Database, make_database
from support.rounds import (
    MakeWorkspace,
    changed_and_reset,
    newer_postgresql,
    prepare,
    there_and_back,
)

DEMO = "is_demo boolean NOT NULL DEFAULT false"


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[Database]:
    yield from make_database("postgresql", tmp_path)


@pytest.fixture
def postgresql_18(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    yield from newer_postgresql(tmp_path, 18, monkeypatch)


def tables(database: Database) -> dict[str, Table]:
    with database.engine.connect() as connection:
        return reflect.tables(connection)


PAYMENTS = (
    f"CREATE TABLE zcustomer (id int PRIMARY KEY, name text, {DEMO})",
    f"CREATE TABLE payment (id int NOT NULL, zcustomer_id int NOT NULL, at date NOT NULL, {DEMO})"
    " PARTITION BY RANGE (at)",
    *(
        f"CREATE TABLE payment_{year} PARTITION OF payment"
        f" FOR VALUES FROM ('{year}-01-01') TO ('{year + 1}-01-01')"
        for year in (2007, 2008)
    ),
)
ROWS = (
    "INSERT INTO zcustomer VALUES (1, 'Demo', true), (2, 'Mine', false)",
    "INSERT INTO payment VALUES (1, 1, '2007-02-03', true), (2, 1, '2008-02-03', true),"
    " (3, 2, '2008-03-04', false)",
)


def of_partition(year: int, action: str = "") -> str:
    return (
        f"ALTER TABLE payment_{year} ADD CONSTRAINT payment_{year}_customer"
        f" FOREIGN KEY (zcustomer_id) REFERENCES zcustomer (id) {action}"
    )


def test_keys_of_all_partitions_are_the_tables(
    postgresql: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(postgresql)
    statements = (*PAYMENTS, of_partition(2007), of_partition(2008), *ROWS)
    before = there_and_back(workspace, statements)
    (key,) = tables(postgresql)["payment"].foreign_keys
    assert (key.columns, key.table, key.enforced) == (("zcustomer_id",), "zcustomer", "all")
    changed_and_reset(
        workspace,
        before,
        "INSERT INTO zcustomer VALUES (3, 'Other', true)",
        "UPDATE payment SET zcustomer_id = 3 WHERE id = 1",
    )
    postgresql.execute("INSERT INTO payment VALUES (4, 1, '2007-05-06', false)")
    with pytest.raises(Exception, match="1 row of payment outside of the scenario references"):
        workspace.project.downgrade("general", "base")


def test_a_table_of_partitions_is_picked_by_their_key(
    postgresql: Database, make_workspace: MakeWorkspace
) -> None:
    settings = "marker: {column: is_demo}\ntables:\n  payment: {via: zcustomer_id}\n"
    statements = (*PAYMENTS, of_partition(2007), of_partition(2008), *ROWS)
    there_and_back(make_workspace(postgresql), statements, settings)


def test_a_key_of_one_partition_gives_the_order_and_holds_no_other_row(
    postgresql: Database, make_workspace: MakeWorkspace
) -> None:
    there_and_back(
        make_workspace(postgresql),
        (
            *PAYMENTS,
            of_partition(2007, "ON DELETE CASCADE"),
            *ROWS,
            "INSERT INTO payment VALUES (9, 99, '2008-09-09', true)",
        ),
    )
    (key,) = tables(postgresql)["payment"].foreign_keys
    assert (key.on_delete, key.enforced) == ("CASCADE", "some")


def test_a_cascade_of_one_partition_takes_no_real_row(
    postgresql: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(postgresql)
    prepare(workspace, (*PAYMENTS, of_partition(2007, "ON DELETE CASCADE"), *ROWS))
    postgresql.execute("INSERT INTO payment VALUES (4, 1, '2007-05-06', false)")
    with pytest.raises(Exception, match="1 row of payment outside of the scenario references"):
        workspace.project.downgrade("general", "base")


def test_a_key_to_a_partition_is_one_to_the_table(
    postgresql: Database, make_workspace: MakeWorkspace
) -> None:
    there_and_back(
        make_workspace(postgresql),
        (
            *PAYMENTS,
            "ALTER TABLE payment_2007 ADD PRIMARY KEY (id)",
            f"CREATE TABLE bill (id int PRIMARY KEY, pid int REFERENCES payment_2007, {DEMO})",
            *ROWS,
            "INSERT INTO bill VALUES (1, 1, true), (2, NULL, false)",
        ),
    )
    assert tables(postgresql)["bill"].foreign_keys[0].table == "payment"


def test_the_clones_of_a_declared_key_are_one(postgresql: Database) -> None:
    postgresql.execute(
        *PAYMENTS,
        "ALTER TABLE payment ADD FOREIGN KEY (zcustomer_id) REFERENCES zcustomer",
    )
    (key,) = tables(postgresql)["payment"].foreign_keys
    assert (key.name, key.enforced) == ("payment_zcustomer_id_fkey", "all")


def test_columns_that_lose_their_value_may_have_any_name(postgresql: Database) -> None:
    postgresql.execute(
        'CREATE TABLE p (a int, "b, ""c" int, PRIMARY KEY (a, "b, ""c"))',
        'CREATE TABLE "My kids" ("x (y)" int, "x, ""z" int, FOREIGN KEY ("x (y)", "x, ""z")'
        ' REFERENCES p MATCH SIMPLE ON DELETE SET NULL ("x, ""z") DEFERRABLE)',
    )
    (key,) = tables(postgresql)['"My kids"'].foreign_keys
    assert (key.columns, key.referred_columns) == (("x (y)", 'x, "z'), ("a", 'b, "c'))
    assert nulled_columns(key) == ('x, "z',)
    assert key.deferrable


INHERITED = (
    f"CREATE TABLE city (id int PRIMARY KEY, name text, {DEMO})",
    f"CREATE TABLE place (id int PRIMARY KEY, city_id int REFERENCES city, {DEMO})",
    "CREATE TABLE museum (opened int) INHERITS (place)",
    "CREATE TABLE capital (country text) INHERITS (city)",
    "INSERT INTO city VALUES (1, 'Demo', true), (2, 'Mine', false)",
    "INSERT INTO capital VALUES (7, 'Other', false, 'XX')",
    "INSERT INTO place VALUES (1, 1, true), (2, 2, false)",
    # The key of place is none of museum: this one points at nothing that PostgreSQL keeps.
    "INSERT INTO museum VALUES (5, 1, false, 1900), (6, 99, false, 1901)",
)


def test_rows_of_a_table_that_inherits_have_no_key_of_its_parent(
    postgresql: Database, make_workspace: MakeWorkspace
) -> None:
    settings = "marker: {column: is_demo}\nexclude: [museum, capital]\n"
    before = there_and_back(make_workspace(postgresql), INHERITED, settings)
    assert tables(postgresql)["museum"].foreign_keys == ()
    assert len(before["museum"]) == 2


def test_a_row_of_a_child_table_is_none_that_a_key_may_lead_to(postgresql: Database) -> None:
    postgresql.execute(
        *INHERITED,
        "ALTER TABLE place DROP CONSTRAINT place_city_id_fkey",
        "UPDATE ONLY place SET city_id = 7 WHERE id = 1",
        "ALTER TABLE place ADD FOREIGN KEY (city_id) REFERENCES city NOT VALID",
    )
    with postgresql.engine.connect() as connection:
        database = reflect.database(connection)
        found = list(verify.orphans(database, {"place": "true"}))
    assert found == [("place", ("city_id",), "city", 1, "7")]


def test_a_key_that_is_not_enforced_gives_the_order_and_refuses_nothing(
    postgresql_18: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(postgresql_18)
    before = there_and_back(
        workspace,
        (
            f"CREATE TABLE zparent (id int PRIMARY KEY, {DEMO})",
            f"CREATE TABLE kid (id int PRIMARY KEY, pid int, {DEMO},"
            " FOREIGN KEY (pid) REFERENCES zparent NOT ENFORCED)",
            "INSERT INTO zparent VALUES (1, true)",
            "INSERT INTO kid VALUES (1, 1, true), (2, 99, true), (3, 1, false)",
        ),
    )
    assert tables(postgresql_18)["kid"].foreign_keys[0].enforced == "none"
    assert list(workspace.project.history("general")[0].version.rows) == ["zparent", "kid"]
    changed_and_reset(workspace, before, "UPDATE kid SET pid = 77 WHERE id = 1")


def test_a_table_may_be_picked_by_a_key_that_is_not_enforced(
    postgresql_18: Database, make_workspace: MakeWorkspace
) -> None:
    there_and_back(
        make_workspace(postgresql_18),
        (
            f"CREATE TABLE zparent (id int PRIMARY KEY, {DEMO})",
            "CREATE TABLE kid (id int PRIMARY KEY, pid int REFERENCES zparent NOT ENFORCED)",
            "INSERT INTO zparent VALUES (1, true)",
            "INSERT INTO kid VALUES (1, 1), (2, 99)",
        ),
        "marker: {column: is_demo}\ntables:\n  kid: {via: pid}\n",
    )


def test_periods_that_contain_others_are_left_to_the_server(
    postgresql_18: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(postgresql_18)
    before = there_and_back(
        workspace,
        (
            "CREATE EXTENSION btree_gist",
            f"CREATE TABLE zrates (id int, valid_at daterange, price numeric(5, 2), {DEMO},"
            " PRIMARY KEY (id, valid_at WITHOUT OVERLAPS))",
            f"CREATE TABLE bookings (id int, valid_at daterange, rate_id int, {DEMO},"
            " PRIMARY KEY (id, valid_at WITHOUT OVERLAPS),"
            " FOREIGN KEY (rate_id, PERIOD valid_at) REFERENCES zrates (id, PERIOD valid_at))",
            "INSERT INTO zrates VALUES (1, '[2025-01-01,2025-07-01)', 1.50, true),"
            " (1, '[2025-07-01,2026-01-01)', 2.50, true), (2, '[2025-01-01,2026-01-01)', 3, false)",
            "INSERT INTO bookings VALUES (1, '[2025-06-01,2025-08-01)', 1, true),"
            " (2, '[2025-02-01,2025-03-01)', 2, true), (3, '[2025-02-01,2025-03-01)', 2, false)",
        ),
    )
    (key,) = tables(postgresql_18)["bookings"].foreign_keys
    assert (key.columns, key.referred_columns, key.enforced) == (("rate_id",), ("id",), "none")
    changed_and_reset(
        workspace,
        before,
        "UPDATE zrates SET price = 9 WHERE id = 1",
        "DELETE FROM bookings WHERE id = 1",
    )


def test_only_an_index_that_holds_makes_a_key(postgresql: Database) -> None:
    postgresql.execute(
        "CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL, b integer NOT NULL,"
        " c integer NOT NULL, UNIQUE (b, a) INCLUDE (c))",
        "CREATE UNIQUE INDEX part ON t (a) WHERE c > 0",
        "CREATE UNIQUE INDEX expression ON t (abs(b))",
        "CREATE UNIQUE INDEX plain ON t (c)",
        "CREATE TABLE u (a integer NOT NULL)",
        "INSERT INTO u VALUES (1), (1)",
        'CREATE TABLE "Odd ""name" (a integer, "B b" integer, PRIMARY KEY ("B b", a))',
        "CREATE SCHEMA away",
        "CREATE TABLE away.t (x integer PRIMARY KEY)",
    )
    with postgresql.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        # It finds the value twice, and leaves its index behind.
        with pytest.raises(sa.exc.IntegrityError):
            connection.exec_driver_sql("CREATE UNIQUE INDEX CONCURRENTLY unfinished ON u (a)")
    found = tables(postgresql)
    assert found["t"].key == ("id",)
    assert found["t"].unique == (("b", "a"), ("c",))
    assert (found["u"].key, found["u"].unique) == ((), ())
    assert found['"Odd ""name"'].key == ("B b", "a")
    assert found["away.t"].key == ("x",)
