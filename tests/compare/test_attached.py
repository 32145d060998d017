"""Rows that reference demo rows and that no rule picks: counted, with the rule to add."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from demosnap.results import Attached, StatusEntry
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]

SETTINGS = "marker: {column: is_demo}\n"
RULE = "refunds: {via: order_id}"


@pytest.fixture
def shop(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Orders and their lines with a marker, captured as v1; refunds, of which there are none."""
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    database.execute(
        "CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, paid INTEGER, is_demo BOOLEAN)",
        "CREATE TABLE refunds (id INTEGER NOT NULL PRIMARY KEY, order_id INTEGER, amount INTEGER,"
        " FOREIGN KEY (order_id) REFERENCES orders (id))",
        "CREATE TABLE line_items (id INTEGER NOT NULL PRIMARY KEY, order_id INTEGER,"
        " is_demo BOOLEAN, FOREIGN KEY (order_id) REFERENCES orders (id))",
        "INSERT INTO orders VALUES (1, 100, TRUE), (2, 50, FALSE)",
        "INSERT INTO line_items VALUES (1, 1, TRUE), (2, 2, FALSE)",
    )
    workspace.project.revision("general", message="v1")
    return workspace


def status(workspace: Workspace) -> StatusEntry:
    """The status of scenario general."""
    (entry,) = workspace.project.status("general")
    return entry


def test_nothing_is_said_of_rows_that_reference_no_demo_row(shop: Workspace) -> None:
    shop.database.execute("INSERT INTO refunds VALUES (1, 2, 5), (2, NULL, 5)")
    assert status(shop).attached == ()
    assert "unchanged" in shop.run("status", "general", "--exit-code").stdout


def test_status_counts_them_and_shows_the_rule(shop: Workspace) -> None:
    """In a table that was empty at the capture; the demo rows themselves are unchanged."""
    shop.database.execute("INSERT INTO refunds VALUES (1, 1, 5), (2, 1, 6), (3, 2, 7)")
    entry = status(shop)
    assert entry.attached == (Attached("refunds", ("order_id",), "orders", 2, RULE),)
    assert (entry.clean, entry.undecided) == (True, True)

    run = shop.run("status", "general", "--exit-code", check=False)
    assert run.returncode == 3
    assert "unchanged" not in run.stdout
    said = "2 rows of refunds reference demo rows of orders by order_id, and no rule picks them"
    assert said in run.stdout
    assert f"`{RULE}` under `tables:`" in run.stdout

    (shape,) = json.loads(shop.run("status", "general", "--json").stdout)
    assert shape["attached"] == [
        {
            "table": "refunds",
            "columns": ["order_id"],
            "references": "orders",
            "rows": 2,
            "rule": RULE,
            "excluded": False,
            "captured": False,
        }
    ]


def test_the_rule_picks_them(shop: Workspace) -> None:
    """Pasted as it is shown: the rows are new demo rows, and the next version has them."""
    shop.database.execute("INSERT INTO refunds VALUES (1, 1, 5)")
    (found,) = status(shop).attached
    shop.configure(f"{SETTINGS}tables:\n  {found.rule}\n")
    entry = status(shop)
    assert entry.attached == ()
    assert [one.text for one in entry.drift or ()] == ["refunds: 1 added"]
    assert shop.project.revision("general").version.rows["refunds"] == 1
    before = shop.database.dump()
    shop.project.downgrade("general", "base")
    shop.project.upgrade("general@head")
    assert shop.database.dump() == before


def test_a_reset_says_that_they_stay(shop: Workspace) -> None:
    shop.database.execute(
        "INSERT INTO refunds VALUES (1, 1, 5)", "UPDATE orders SET paid = 95 WHERE id = 1"
    )
    plan = shop.project.reset("general")
    assert any(RULE in note and "it stays" in note for note in plan.notes)
    assert len(shop.database.rows("SELECT * FROM refunds")) == 1
    assert shop.database.rows("SELECT paid FROM orders WHERE id = 1") == [(100,)]


def test_check_finds_them(shop: Workspace) -> None:
    shop.database.execute("INSERT INTO refunds VALUES (1, 1, 5)")
    (finding,) = shop.project.check(database=True)
    assert "1 row of refunds references demo rows of orders" in finding.message
    assert RULE in (finding.hint or "")


def test_the_refusal_of_a_purge_names_the_rule(shop: Workspace) -> None:
    shop.database.execute("INSERT INTO refunds VALUES (1, 1, 5)")
    before = shop.database.dump()
    with refused("referenced by non-demo rows", f"--cascade TABLE[\\s\\S]*{RULE}"):
        shop.project.downgrade("general", "base")
    assert shop.database.dump() == before


def test_the_refusal_of_a_purge_names_the_wider_rule(shop: Workspace) -> None:
    shop.database.execute("INSERT INTO line_items VALUES (3, 1, FALSE)")
    before = shop.database.dump()
    rule = "line_items: {any: [marker, {via: order_id}]}"
    with refused("referenced by non-demo rows", re.escape(rule)):
        shop.project.downgrade("general@base")
    assert shop.database.dump() == before


def test_rows_of_captured_tables_are_counted_with_the_wider_rule(shop: Workspace) -> None:
    """A real line of a demo order: there is a rule, which leaves it out on purpose."""
    shop.database.execute("INSERT INTO line_items VALUES (3, 1, FALSE)")
    entry = status(shop)
    rule = "line_items: {any: [marker, {via: order_id}]}"
    assert entry.attached == (
        Attached("line_items", ("order_id",), "orders", 1, rule, captured=True),
    )
    assert not entry.undecided
    run = shop.run("status", "general", "--exit-code", check=False)
    assert run.returncode == 0
    assert "line_items is captured, but not these rows" in run.stdout
    assert f"change its rule to `{rule}`" in run.stdout
    assert shop.project.check(database=True) == []
    shop.configure(f"{SETTINGS}tables:\n  {rule}\n")
    assert status(shop).attached == ()


def test_excluded_tables_are_decided(shop: Workspace) -> None:
    """They are counted still; `check` is content."""
    shop.database.execute("INSERT INTO refunds VALUES (1, 1, 5)")
    shop.configure(f"{SETTINGS}exclude: [refunds]\n")
    assert status(shop).attached == (Attached("refunds", ("order_id",), "orders", 1, None, True),)
    assert shop.run("status", "general", "--exit-code").returncode == 0
    assert shop.project.check(database=True) == []


def test_rows_of_another_scenario_do_not_count(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(database)
    workspace.configure(
        "marker: {column: is_demo, scenario_column: scenario}\nscenarios:\n  general: {}\n"
        "  press: {}\n"
    )
    database.execute(
        "CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, above INTEGER, is_demo BOOLEAN,"
        " scenario VARCHAR(20), FOREIGN KEY (above) REFERENCES orders (id))",
        "INSERT INTO orders VALUES (1, NULL, TRUE, 'general'), (2, 1, TRUE, 'press')",
    )
    workspace.project.revision("general", message="v1")
    assert status(workspace).attached == ()
    database.execute("INSERT INTO orders VALUES (3, 1, FALSE, 'general')")
    assert [one.rows for one in status(workspace).attached] == [1]


def test_rows_that_an_edit_moved_out_of_the_selection_are_told_once(shop: Workspace) -> None:
    """A demo line that lost its marker is no longer picked, which is no row beside the demo."""
    shop.database.execute("UPDATE line_items SET is_demo = FALSE WHERE id = 1")
    entry = status(shop)
    assert [one.text for one in entry.drift or ()] == ["line_items: 1 no longer picked"]
    assert entry.attached == ()
