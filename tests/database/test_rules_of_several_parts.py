"""Rules of several parts: any of them picks a row, or all together; predicates have names."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from demosnap.errors import ConfigError
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

Rows = dict[str, list[tuple[Any, ...]]]
MakeWorkspace = Callable[[Database], Workspace]

SCHEMA = (
    "CREATE TABLE customers (id integer PRIMARY KEY, path varchar(20), is_demo boolean)",
    "CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer,"
    " FOREIGN KEY (customer_id) REFERENCES customers (id))",
    "CREATE TABLE invoices (id integer PRIMARY KEY, customer_id integer, kind varchar(9),"
    " FOREIGN KEY (customer_id) REFERENCES customers (id))",
    "CREATE TABLE payments (id integer PRIMARY KEY, order_id integer, invoice_id integer,"
    " is_demo boolean, note varchar(9), FOREIGN KEY (order_id) REFERENCES orders (id),"
    " FOREIGN KEY (invoice_id) REFERENCES invoices (id))",
    "CREATE TABLE refunds (id integer PRIMARY KEY, payment_id integer,"
    " FOREIGN KEY (payment_id) REFERENCES payments (id))",
    "INSERT INTO customers VALUES (1, '0001a', NULL), (2, '0002', NULL), (3, '0001b', NULL)",
    "INSERT INTO orders VALUES (1, 1), (2, 2), (3, 3)",
    "INSERT INTO invoices VALUES (1, 1, 'x'), (2, 2, 'x'), (4, 3, 'x')",
    "INSERT INTO payments VALUES (1, 1, NULL, FALSE, 'a'), (2, NULL, 4, NULL, 'b'),"
    " (3, 2, 2, FALSE, 'real'), (4, NULL, NULL, TRUE, 'c'), (5, 3, 1, TRUE, 'd')",
    "INSERT INTO refunds VALUES (1, 1), (2, 3), (4, 4), (5, 5)",
)
SETTINGS = """\
marker: {column: is_demo}
predicates: {demo_paths: "path LIKE '0001%'", of_kind_x: "kind = 'x'"}
tables:
  customers: {in: demo_paths}
  orders: {via: customer_id}
  invoices: {via: customer_id, in: of_kind_x}
  payments: {any: [{via: order_id}, {via: invoice_id}, marker]}
  refunds: {via: payment_id}
"""
COUNTS = {"customers": 2, "invoices": 2, "orders": 2, "payments": 4, "refunds": 3}


@pytest.fixture
def shop(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    database.execute(*SCHEMA)
    return workspace


def _rows(database: Database) -> Rows:
    return database.dump()


def _real(rows: Rows) -> Rows:
    """Return what is there without the demo rows."""
    demo = {
        "customers": {1, 3}, "orders": {1, 3}, "invoices": {1, 4}, "payments": {1, 2, 4, 5},
        "refunds": {1, 4, 5},
    }  # fmt: skip
    return {
        name: [row for row in some if row[0][1] not in demo[name]] for name, some in rows.items()
    }


def _script(workspace: Workspace, write: Callable[[Any, io.StringIO], None]) -> Any:
    stream = io.StringIO()
    write(type(workspace.project)(workspace.folder / "alembic.ini"), stream)
    path = workspace.folder / "script.sql"
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def test_they_pick_go_come_and_change(shop: Workspace) -> None:
    database, project = shop.database, shop.project
    whole = _rows(database)
    database.execute(
        "INSERT INTO invoices VALUES (3, 3, 'y')",
        "INSERT INTO payments VALUES (6, 2, 3, NULL, 'z')",
    )
    assert project.revision("general", dry_run=True).plan.rows == COUNTS
    database.execute("DELETE FROM payments WHERE id = 6", "DELETE FROM invoices WHERE id = 3")
    assert project.revision("general", date="2025-01-15").plan.rows == COUNTS
    project.downgrade("general@base")
    assert _rows(database) == _real(whole)
    project.upgrade("general@head")
    assert _rows(database) == whole
    assert not project.check(database=True)

    database.execute(
        "INSERT INTO payments VALUES (7, 2, 1, NULL, 'e')", "DELETE FROM refunds WHERE id = 4",
        "DELETE FROM payments WHERE id = 4", "UPDATE payments SET note = 'f' WHERE id = 2",
    )  # fmt: skip
    second = _rows(database)
    found = project.diff("general", "v1", "database")
    with found as comparison:
        counts = {one.name: dict(one.counts) for one in comparison.changes()}
    assert counts == {
        "payments": {"added": 1, "removed": 1, "modified": 1},
        "refunds": {"removed": 1},
    }
    project.revision("general", date="2025-01-20")
    project.downgrade("general@v1")
    assert _rows(database) == whole
    project.upgrade("general@v2")
    assert _rows(database) == second
    database.execute("UPDATE payments SET note = 'g' WHERE id = 1")
    project.reset("general", discard=True)
    assert _rows(database) == second

    # Versions are purged as they were captured, whatever demosnap.yaml says today.
    shop.configure("marker: {column: is_demo}\n")
    script = next((shop.revisions / "general").glob("general_v2_*.py")).read_text()
    assert (
        '"payments": {"any": ["via order_id", "via invoice_id", "marker"]}' in script
        and """{"all": ["via customer_id", "where kind = 'x'"]}""" in script
        and """"customers": "where path LIKE '0001%'",""" in script
        and '"format": 2' in script
    )
    shop.configure(SETTINGS)
    assert "  any: via" not in shop.run("show", "general@v2").stdout
    assert "via order_id or via invoice_id or marker" in shop.run("show", "general@v2").stdout
    assert "via customer_id and where kind = 'x'" in shop.run("show", "general@v2").stdout


def test_files_and_scripts_of_moves_purge_all_that_is_picked_before(shop: Workspace) -> None:
    database, project = shop.database, shop.project
    whole = _rows(database)
    project.revision("general", date="2025-01-15")
    database.execute(
        "INSERT INTO payments VALUES (7, 2, 1, NULL, 'e')", "DELETE FROM refunds WHERE id = 4",
        "DELETE FROM payments WHERE id = 4",
    )  # fmt: skip
    second = _rows(database)
    database.client(next((shop.revisions / "general").glob("general_v1_*.sql")))
    assert _rows(database) == whole
    project.stamp("general@v1")
    assert not project.status()[0].drift
    database.client(_script(shop, lambda p, out: p.downgrade_sql("general", "v1:base", out)))
    assert _rows(database) == _real(whole)
    database.client(_script(shop, lambda p, out: p.upgrade_sql(["general@base:general@v1"], out)))
    assert _rows(database) == whole
    project.downgrade("general@base")
    project.upgrade("general@head")
    assert _rows(database) == whole != second


def test_a_row_stays_as_long_as_a_part_picks_it(shop: Workspace) -> None:
    """Payment 5 hangs on an order that is released and on an invoice that is not."""
    database, project = shop.database, shop.project
    project.revision("general", date="2025-01-15")
    database.execute("UPDATE orders SET customer_id = 2 WHERE id IN (1, 3)")
    (entry,) = project.status()
    assert [(one.table, one.count, one.following) for one in entry.unpicked] == [
        ("orders", 2, 0), ("payments", 0, 1), ("refunds", 0, 1),
    ]  # fmt: skip
    assert "orders 1" in entry.unpicked[1].since
    before = _rows(database)
    # Whether payment 1 has a marker, which would do, no file can tell.
    some = ["orders/1", "orders/3"]
    with refused("no longer picked", "--release payments/1"):
        project.reset("general", discard=True, release=some)
    project.reset("general", discard=True, release=[*some, "payments/1"])
    assert _rows(database) == before
    assert not any(one.following for one in project.status()[0].unpicked)
    database.execute("UPDATE payments SET order_id = 2 WHERE id = 5")
    project.downgrade("general@base", discard=True)
    assert [row[0] for row in database.rows("SELECT id FROM payments ORDER BY id")] == [1, 3]


@pytest.mark.parametrize(
    ("rule", "line", "message"),
    [
        ("payments: {any: [{via: order_id}, {where: 'nope = 2'}]}", 4, "rejects the where of pay"),
        ("payments: {any: [{via: order_id}, {in: bad}]}", 2, "rejects the where of payments"),
        (
            "payments: {any: [{via: note}, marker]}",
            4,
            "payments.note is not a foreign key\n.*\nName one .* under `foreign_keys:`",
        ),
        ("orders: {any: [{via: customer_id}, marker]}", 4, "orders has no column is_demo that"),
        (
            "orders: {any: [{where: 'id = 1'}, {via: boss_id}]}",
            4,
            "the tables orders → orders are `via` each other in a circle",
        ),
    ],
)
def test_what_does_not_fit_the_database(
    sqlite: Database, make_workspace: MakeWorkspace, rule: str, line: int, message: str
) -> None:
    workspace = make_workspace(sqlite)
    sqlite.execute(*SCHEMA)
    sqlite.execute("ALTER TABLE orders ADD COLUMN boss_id integer REFERENCES orders (id)")
    orders = "" if rule.startswith("orders") else "  orders: {via: customer_id}\n"
    workspace.configure(
        f"marker: {{column: is_demo}}\npredicates: {{bad: nope = 1}}\ntables:\n  {rule}\n"
        f"{orders}  customers: {{where: id = 1}}\n"
    )
    with pytest.raises(ConfigError, match=f"demosnap.yaml:{line}: [\\s\\S]*{message}"):
        workspace.project.revision("general")


def test_a_wider_rule_is_proposed_where_one_leaves_rows_out(
    shop: Workspace,
) -> None:
    """With a name that stands for a predicate as it is, and with each key that leads there."""
    database = shop.database
    text = SETTINGS.replace("{any: [{via: order_id}, {via: invoice_id}, marker]}", "{in: real}")
    shop.configure(text.replace("{demo_paths", "{real: note = 'a', demo_paths"))
    database.execute("DELETE FROM refunds")
    plan = shop.project.revision("general", dry_run=True).plan
    wider = "payments: {any: [{in: real}, {via: invoice_id}, {via: order_id}]}"
    swapped = "payments: {any: [{in: real}, {via: order_id}, {via: invoice_id}]}"
    note = "\n".join(plan.notes)
    assert wider in note or swapped in note
    shop.configure(
        SETTINGS.replace(
            "payments: {any: [{via: order_id}, {via: invoice_id}, marker]}", wider
        ).replace("{demo_paths", "{real: note = 'a', demo_paths")
    )
    again = shop.project.revision("general", dry_run=True).plan
    assert again.rows["payments"] == 3
    assert "payments" not in "\n".join(again.notes)
