"""All that hangs on the rows of `root`, by the schema alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

SCHEMA = (
    "CREATE TABLE countries (id integer PRIMARY KEY)",
    "CREATE TABLE organizers (id integer PRIMARY KEY, slug varchar(20), country_id integer,"
    " FOREIGN KEY (country_id) REFERENCES countries (id))",
    "CREATE TABLE regions (id integer PRIMARY KEY, country_id integer,"
    " FOREIGN KEY (country_id) REFERENCES countries (id))",
    "CREATE TABLE addresses (id integer PRIMARY KEY)",
    "CREATE TABLE events (organizer_id integer, number integer, parent_id integer,"
    " address_id integer, PRIMARY KEY (organizer_id, number),"
    " FOREIGN KEY (organizer_id) REFERENCES organizers (id),"
    " FOREIGN KEY (organizer_id, parent_id) REFERENCES events (organizer_id, number),"
    " FOREIGN KEY (address_id) REFERENCES addresses (id))",
    "CREATE TABLE items (id integer PRIMARY KEY, organizer_id integer, event integer,"
    " FOREIGN KEY (organizer_id, event) REFERENCES events (organizer_id, number))",
    "CREATE TABLE orders (id integer PRIMARY KEY, organizer_id integer,"
    " FOREIGN KEY (organizer_id) REFERENCES organizers (id))",
    "CREATE TABLE positions (id integer PRIMARY KEY, order_id integer, item_id integer,"
    " refund_id integer, FOREIGN KEY (order_id) REFERENCES orders (id),"
    " FOREIGN KEY (item_id) REFERENCES items (id))",
    "CREATE TABLE refunds (id integer PRIMARY KEY, line_id integer, order_id integer,"
    " FOREIGN KEY (line_id) REFERENCES positions (id),"
    " FOREIGN KEY (order_id) REFERENCES orders (id))",
    "CREATE TABLE notes (id integer PRIMARY KEY, order_no integer)",
    "CREATE TABLE audit (id integer PRIMARY KEY, order_id integer,"
    " FOREIGN KEY (order_id) REFERENCES orders (id))",
    "CREATE TABLE audit_lines (id integer PRIMARY KEY, audit_id integer,"
    " FOREIGN KEY (audit_id) REFERENCES audit (id))",
    "INSERT INTO countries VALUES (1)",
    "INSERT INTO regions VALUES (1, 1)",
    "INSERT INTO addresses VALUES (1), (2)",
    "INSERT INTO organizers VALUES (1, 'demo', 1), (2, 'real', 1)",
    "INSERT INTO events VALUES (1, 1, NULL, 1), (1, 2, 1, NULL), (2, 1, NULL, 2)",
    "INSERT INTO items VALUES (1, 1, 2), (2, 2, 1), (3, NULL, NULL)",
    "INSERT INTO orders VALUES (1, 1), (2, 2)",
    "INSERT INTO positions VALUES (1, 1, NULL, 5), (2, 2, 2, NULL), (3, NULL, 1, NULL),"
    " (4, NULL, 3, NULL)",
    "INSERT INTO notes VALUES (1, 1), (2, 2), (3, NULL)",
)
NARROW = """\
marker: none
root: {organizers: "slug = 'demo'"}
tables:
  addresses: {needed_by: [events]}
  orders: {via: organizer_id, where: "id < 9"}
foreign_keys:
  - {table: notes, columns: order_no, references: orders.id}
  - {table: positions, columns: refund_id, references: refunds.id}
exclude: [audit]
"""
WIDER = """\
  positions: {any: [{via: order_id}, {via: item_id}]}
  refunds: {any: [{via: line_id}, {via: order_id}]}
"""
SETTINGS = NARROW.replace("foreign_keys:", f"{WIDER}foreign_keys:")
DEMO = {
    "addresses": {1}, "organizers": {1}, "events": {1}, "items": {1}, "orders": {1},
    "positions": {1, 3}, "refunds": {1}, "notes": {1},
}  # fmt: skip


@pytest.fixture
def shop(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    database.execute(*SCHEMA)
    return workspace


def test_all_that_hangs_on_it_comes_and_goes(shop: Workspace) -> None:
    database, project = shop.database, shop.project
    whole = database.dump()
    plan = project.revision("general", date="2025-01-15").plan
    assert plan.rows == {
        "organizers": 1, "events": 2, "items": 1, "orders": 1, "positions": 2, "refunds": 0,
        "notes": 1, "addresses": 1,
    }  # fmt: skip
    # Tables that are empty today are picked, too.
    database.execute("INSERT INTO refunds VALUES (1, 1, NULL), (2, 2, NULL), (3, NULL, 1)")
    second = database.dump()
    project.revision("general", date="2025-01-20")
    gone = {
        name: [row for row in some if row[0][1] not in DEMO.get(name, ())]
        for name, some in whole.items()
    }
    gone["refunds"] = [row for row in second["refunds"] if row[0][1] == 2]
    # What the settings say later changes nothing in how a version goes.
    shop.configure("marker: none\ntables: {orders: {where: 'id = 1'}}\n")
    project.downgrade("general@base", discard=True)
    assert database.dump() == gone
    shop.configure(SETTINGS)
    shop.alembic("upgrade", "general@head")
    assert database.dump() == second
    database.execute("UPDATE items SET event = 1 WHERE id = 1")
    assert project.status()[0].drift
    project.reset("general", discard=True)
    assert database.dump() == second
    project.downgrade("general@v1", full=True)
    project.upgrade("general@v2")
    assert database.dump() == second
    assert not project.check(database=True)


def test_one_key_is_followed_and_the_rows_that_it_leaves_out_are_named(shop: Workspace) -> None:
    """The rule that picks them is in the note, and in the refusal of the purge."""
    shop.configure(NARROW)
    done = shop.project.revision("general")
    assert done.version is not None and done.version.rows["positions"] == 1
    wider = "positions: {any: [{via: order_id}, {via: item_id}]}"
    assert any(wider in note for note in done.plan.notes)
    before = shop.database.dump()
    with refused("referenced by non-demo rows", re.escape(wider.removesuffix("]}"))):
        shop.project.downgrade("general@base")
    assert shop.database.dump() == before
