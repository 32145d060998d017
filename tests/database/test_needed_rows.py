"""Rows that selected rows reference come along: `needed_by`."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demosnap.errors import ConfigError
from demosnap.project import Project
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

Rows = dict[str, list[tuple[Any, ...]]]
MakeWorkspace = Callable[[Database], Workspace]

SCHEMA = (
    "CREATE TABLE addresses (id integer PRIMARY KEY, street varchar(20))",
    "CREATE TABLE labels (id integer PRIMARY KEY, address_id integer,"
    " FOREIGN KEY (address_id) REFERENCES addresses (id))",
    "CREATE TABLE customers (id integer PRIMARY KEY, billing_id integer, shipping_id integer,"
    " is_demo boolean, FOREIGN KEY (billing_id) REFERENCES addresses (id),"
    " FOREIGN KEY (shipping_id) REFERENCES addresses (id))",
    "CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, address_id integer,"
    " FOREIGN KEY (customer_id) REFERENCES customers (id),"
    " FOREIGN KEY (address_id) REFERENCES addresses (id))",
    "INSERT INTO addresses VALUES (1, 'One'), (2, 'Two'), (3, 'Three'), (4, 'Four'), (5, 'Five')",
    "INSERT INTO labels VALUES (1, 1), (3, 3), (4, 4)",
    "INSERT INTO customers VALUES (1, 1, 2, TRUE), (2, 3, NULL, FALSE), (3, 1, NULL, TRUE)",
    "INSERT INTO orders VALUES (1, 1, 4), (2, 2, 3)",
)
SETTINGS = """\
marker: {column: is_demo}
tables:
  orders: {via: customer_id}
  addresses: {needed_by: [customers, orders]}
  labels: {via: address_id}
"""
COUNTS = {"addresses": 3, "customers": 2, "labels": 2, "orders": 1}
DEMO = {"addresses": {1, 2, 4}, "customers": {1, 3}, "labels": {1, 4}, "orders": {1}}


@pytest.fixture
def shop(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    database.execute(*SCHEMA)
    return workspace


def _ids(database: Database, table: str) -> list[int]:
    return [row[0] for row in database.rows(f"SELECT id FROM {table} ORDER BY id")]


def _real(rows: Rows) -> Rows:
    """Return what is there without the demo rows."""
    return {
        name: [row for row in some if row[0][1] not in DEMO[name]] for name, some in rows.items()
    }


def _script(shop: Workspace, write: Callable[[Project, io.StringIO], None]) -> Path:
    stream = io.StringIO()
    write(Project(shop.folder / "alembic.ini"), stream)
    path = shop.folder / "script.sql"
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def test_they_go_come_and_change(shop: Workspace) -> None:
    database, project = shop.database, shop.project
    whole = database.dump()
    assert project.revision("general", date="2025-01-15").plan.rows == COUNTS
    script = next((shop.revisions / "general").glob("general_v1_*.py")).read_text()
    assert '"needed by customers via billing_id", "needed by customers via shipping_id"' in script
    project.downgrade("general@base")
    assert database.dump() == _real(whole)
    shop.alembic("upgrade", "general@head")
    assert database.dump() == whole
    assert not project.check(database=True)
    assert not project.status()[0].drift

    # An order goes with its address, and a customer comes with one.
    database.execute(
        "DELETE FROM orders WHERE id = 1", "DELETE FROM labels WHERE id = 4",
        "DELETE FROM addresses WHERE id = 4", "INSERT INTO addresses VALUES (6, 'Six')",
        "INSERT INTO customers VALUES (6, 6, 5, TRUE)",
        "UPDATE addresses SET street = 'Uno' WHERE id = 1",
    )  # fmt: skip
    second = database.dump()
    with project.diff("general", "v1", "database") as found:
        counts = {one.name: dict(one.counts) for one in found.changes()}
    assert counts == {
        "addresses": {"added": 2, "removed": 1, "modified": 1},
        "customers": {"added": 1}, "labels": {"removed": 1}, "orders": {"removed": 1},
    }  # fmt: skip
    project.revision("general", date="2025-01-20")
    project.downgrade("general@v1")
    assert database.dump() == {
        **whole, "addresses": [row for row in whole["addresses"] if row[0][1] != 5]
    }  # fmt: skip
    project.upgrade("general@v2")
    assert database.dump() == second
    database.execute("UPDATE addresses SET street = 'spoilt' WHERE id = 2")
    project.reset("general", discard=True)
    assert database.dump() == second
    project.downgrade("general@v1", full=True)
    project.upgrade("general@v2", full=True)
    assert database.dump() == second


def test_files_and_scripts_of_moves_take_them_too(shop: Workspace) -> None:
    database, project = shop.database, shop.project
    whole = database.dump()
    project.revision("general", date="2025-01-15")
    database.execute(
        "INSERT INTO addresses VALUES (6, 'Six')", "INSERT INTO labels VALUES (6, 6)",
        "INSERT INTO customers VALUES (6, 6, NULL, TRUE)", "DELETE FROM orders WHERE id = 1",
    )  # fmt: skip
    orphaned = {**whole, "orders": [row for row in whole["orders"] if row[0][1] != 1]}
    database.client(_script(shop, lambda p, out: p.downgrade_sql("general", "v1:base", out)))
    left = _real(whole)
    left["addresses"] = [row for row in whole["addresses"] if row[0][1] in (3, 4, 5)]
    left["labels"] = [row for row in whole["labels"] if row[0][1] in (3, 4)]
    assert database.dump() == left != orphaned
    database.execute("DELETE FROM labels WHERE id = 4", "DELETE FROM addresses WHERE id = 4")
    database.client(_script(shop, lambda p, out: p.upgrade_sql(["general@base:general@v1"], out)))
    assert database.dump() == whole
    database.execute("UPDATE addresses SET street = 'other' WHERE id = 4")
    database.client(next((shop.revisions / "general").glob("general_v1_*.sql")))
    assert database.dump() == whole
    assert not project.status()[0].drift


def test_one_that_a_real_row_references_stays(shop: Workspace) -> None:
    """It is refused; it is kept, and taken back; or the real row goes with it."""
    database, project = shop.database, shop.project
    database.execute("UPDATE customers SET shipping_id = 4 WHERE id = 2")
    whole = database.dump()
    project.revision("general", date="2025-01-15")
    with refused("referenced by non-demo rows", "customers.shipping_id"):
        project.downgrade("general@base")
    assert database.dump() == whole
    project.downgrade("general@base", keep_referenced=True)
    assert _ids(database, "addresses") == [3, 4, 5]
    assert _ids(database, "customers") == [2]
    kept = database.dump()
    project.upgrade("general@head")
    assert database.dump() == whole
    project.downgrade("general@base", keep_referenced=True)
    assert database.dump() == kept
    project.upgrade("general@head")
    assert not project.check(database=True)
    assert not project.status()[0].drift
    project.downgrade("general@base", cascade=["customers", "orders"])
    assert _ids(database, "addresses") == [3, 5]


def test_one_that_no_demo_row_needs_any_more(shop: Workspace) -> None:
    """The demo customer moved: the first address is known by its key still."""
    database, project = shop.database, shop.project
    project.revision("general", date="2025-01-15")
    whole = database.dump()
    database.execute(
        "INSERT INTO addresses VALUES (7, 'Seven')",
        "UPDATE customers SET shipping_id = 7 WHERE id = 1",
    )
    (entry,) = project.status()
    assert [(one.table, one.count) for one in entry.unpicked] == [("addresses", 1)]
    before = database.dump()
    with refused("unsaved rows"):
        project.downgrade("general@base")
    assert database.dump() == before
    project.reset("general", discard=True)
    assert database.dump() == whole

    # A purge leaves it, and the next load takes it back.
    database.execute("UPDATE customers SET shipping_id = NULL WHERE id = 1")
    project.downgrade("general@base", discard=True)
    assert _ids(database, "addresses") == [2, 3, 5]
    project.upgrade("general@head")
    assert database.dump() == whole
    assert not project.check(database=True)

    # A capture leaves it out, and the version that has it takes it back.
    database.execute("UPDATE customers SET shipping_id = NULL WHERE id = 1")
    second = database.dump()
    assert "addresses: 1 row is no longer picked" in "\n".join(
        project.revision("general", date="2025-01-20").plan.notes
    )
    project.downgrade("general@v1")
    assert database.dump() == whole
    project.upgrade("general@v2")
    assert database.dump() == {
        **second, "addresses": [row for row in second["addresses"] if row[0][1] != 2]
    }  # fmt: skip
    project.downgrade("general@base")
    assert _ids(database, "addresses") == [3, 5]


def test_it_stays_with_the_released_rows_that_need_it(shop: Workspace) -> None:
    database, project = shop.database, shop.project
    project.revision("general", date="2025-01-15")
    whole = database.dump()
    changes = (
        "UPDATE customers SET is_demo = FALSE WHERE id = 1",
        "UPDATE addresses SET street = 'real now' WHERE id IN (2, 4)",
    )
    database.execute(*changes)
    before = database.dump()
    (entry,) = project.status()
    assert {one.table: (one.count, one.following) for one in entry.unpicked} == {
        "addresses": (2, 0), "customers": (1, 0), "labels": (0, 1), "orders": (0, 1),
    }  # fmt: skip
    project.reset("general", discard=True)
    assert database.dump() == whole
    database.execute(*changes)
    project.reset("general", discard=True, release=["customers/1"])
    assert database.dump() == before
    assert not project.check(database=True)
    database.execute("UPDATE customers SET billing_id = NULL WHERE id = 1")
    project.downgrade("general@base")
    assert _ids(database, "addresses") == [2, 3, 4, 5]
    assert _ids(database, "customers") == [1, 2]
    project.upgrade("general@head")
    assert _ids(database, "addresses") == [1, 2, 3, 4, 5]


@pytest.mark.long
def test_a_rule_that_has_changed_is_named(shop: Workspace) -> None:
    """The table's own, or that of the table whose rows need its rows."""
    shop.configure(SETTINGS.replace("[customers, orders]", "{customers: billing_id}"))
    shop.project.revision("general", date="2025-01-15")
    shop.configure(SETTINGS.replace("[customers, orders]", "[orders]"))
    was, now = "needed by customers via billing_id", "needed by orders via address_id"
    with refused("unsaved rows", f"recorded `{was}`, now `{now}`"):
        shop.project.downgrade("general@base")
    changed = SETTINGS.replace("[customers, orders]", "{customers: billing_id}")
    shop.configure(f"{changed}  customers: {{where: id > 1}}\n")
    shop.database.execute("UPDATE customers SET billing_id = 5 WHERE id = 2")
    with refused("unsaved rows", "addresses: 1 row is picked only now: the rule of customers has"):
        shop.project.downgrade("general@base")


@pytest.mark.parametrize(
    ("rule", "line", "message"),
    [
        ("{needed_by: [custommers]}", 3, "there is no table 'custommers' in.* did you mean 'custo"),
        (
            "{needed_by: {customers: id}}",
            3,
            "customers has no foreign key over id to addresses\nFo",
        ),
        ("{needed_by: [labels, customers]}", 3, "addresses is needed by labels, which is not sel"),
        (
            "{needed_by: [things]}",
            3,
            "things has no foreign key to addresses\n.*\nName one .* under `foreign_keys:`",
        ),
        ("{any: [{needed_by: [orders]}, marker]}", 3, "addresses has no column is_demo that can"),
    ],
)
def test_what_does_not_fit_the_database(
    sqlite: Database, make_workspace: MakeWorkspace, rule: str, line: int, message: str
) -> None:
    workspace = make_workspace(sqlite)
    sqlite.execute(*SCHEMA, "CREATE TABLE things (id integer PRIMARY KEY)")
    settings = f"marker: {{column: is_demo}}\ntables:\n  addresses: {rule}\n"
    workspace.configure(f"{settings}  orders: {{via: customer_id}}\n")
    with pytest.raises(ConfigError, match=f"demosnap.yaml:{line}: [\\s\\S]*{message}"):
        workspace.project.revision("general")
    workspace.configure(
        "marker: {column: is_demo}\ntables:\n  orders: {via: address_id}\n"
        "  addresses: {needed_by: [orders]}\n"
    )
    way = "orders → addresses → orders|addresses → orders → addresses"
    with pytest.raises(ConfigError, match=f"the rules of the tables ({way}) depend on each other"):
        workspace.project.revision("general")


@pytest.mark.long
def test_only_the_key_that_is_named_counts(shop: Workspace) -> None:
    shop.configure(SETTINGS.replace("[customers, orders]", "{customers: billing_id}"))
    found = shop.project.revision("general", dry_run=True).plan
    assert found.rows == {**COUNTS, "addresses": 1, "labels": 1}
    shop.configure(
        SETTINGS.replace(
            "{needed_by: [customers, orders]}",
            "{any: [{needed_by: {customers: [shipping_id]}, where: id < 9}, {where: id = 5}]}",
        )
    )
    assert shop.project.revision("general").plan.rows == {**COUNTS, "addresses": 2, "labels": 0}
