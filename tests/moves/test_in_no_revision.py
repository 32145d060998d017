"""Rows in no revision are named, with the changed rule; those of another branch are saved."""

from __future__ import annotations

import pytest

from support.databases import Database
from support.refusals import refused
from support.repositories import Git, capture
from support.small import Chain
from support.workspaces import MakeWorkspace

pytestmark = pytest.mark.long

RULES = """\
marker: none
tables:
  customers: {{where: "{}"}}
  orders: {{via: customer_id}}
"""


def test_rows_that_only_a_changed_rule_picks_are_named_with_both_rules(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """A purge would take them along: they are real rows, or demo rows that no version has."""
    database.execute(
        "CREATE TABLE customers (id integer NOT NULL PRIMARY KEY, kind varchar(20))",
        "CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, customer_id integer,"
        " FOREIGN KEY (customer_id) REFERENCES customers (id))",
        "INSERT INTO customers VALUES (1,'demo'),(2,'demo'),"
        + ",".join(f"({n},'trial')" for n in range(3, 10)),
        "INSERT INTO orders VALUES (1,1),(3,3)",
    )
    workspace = make_workspace(database)
    workspace.configure(RULES.format("kind = 'demo'"))
    workspace.project.revision("general", message="v1", date="2025-01-15")
    workspace.configure(RULES.format("kind <> 'real'"))
    before = database.dump()

    with refused("unsaved rows") as caught:
        workspace.project.downgrade("general", "base")

    (refusal,) = caught.value.refusals
    assert refusal.what.splitlines() == [
        "changes of the demo rows of general since v1_2025-01-15 are in no revision and would be"
        " lost",
        "customers: 7 added (id: 3, 4, 5, 6, 7, …)",
        "orders: 1 added (id: 3)",
        *(
            f"{rows} picked only now: the rule of customers has changed since v1: recorded"
            " `where kind = 'demo'`, now `where kind <> 'real'`"
            for rows in ("customers: 7 rows are", "orders: 1 row is")
        ),
    ]
    assert "correct the rule in demosnap.yaml" in refusal.ways_out[-1]
    assert database.dump() == before
    workspace.configure(RULES.format("kind = 'demo'"))
    workspace.project.downgrade("general", "base")
    assert database.rows("SELECT COUNT(*), MIN(id) FROM customers") == [(7, 3)]
    assert database.rows("SELECT id FROM orders") == [(3,)]


def test_without_a_stamp_the_rows_are_named_by_the_version_to_go_to(chain: Chain) -> None:
    chain.project.load("general@v1")
    chain.database.execute("DELETE FROM demosnap_version", "UPDATE cards SET title='x' WHERE id=1")
    with refused("unsaved rows", r"not as in v1_2025-01-15:\ncards: 1 modified \(id: 1\)"):
        chain.project.load("general@v1")
    with refused("unsaved rows", r"\ncards: 2 added \(id: 1, 3\)"):
        chain.project.downgrade("general", "base", keep_referenced=True)


def test_a_capture_of_another_branch_is_saved_while_its_rows_are_unchanged(chain: Chain) -> None:
    git = Git(chain.workspace.folder)
    git("checkout", "-q", "-b", "other")
    second = capture(chain, "2025-02-01", "Of another branch")
    git.commit("another")
    git("checkout", "-q", "main")

    plan = chain.project.load("general@v2", dry_run=True)
    assert any("of another git branch, unchanged since" in note for note in plan.notes)
    assert not plan.refusals
    chain.project.load("general@v2")
    assert chain.stamps() == ["general v2"]
    git("checkout", "-q", "other")
    chain.project.upgrade("general@head")
    assert chain.database.dump() == second

    git("checkout", "-q", "main")
    chain.database.execute("UPDATE cards SET title = 'edited' WHERE id = 1")
    with refused("unsaved rows", r"cards: 1 modified \(id: 1\)"):
        chain.project.load("general@v2")
    with refused("unknown stamp"):
        chain.project.load("general@v2")
    chain.database.execute("UPDATE cards SET title = 'Of another branch' WHERE id = 1")
    git("branch", "-q", "-D", "other")
    with refused("unsaved rows", "which no commit of this repository has"):
        chain.project.load("general@v2")
    chain.project.load("general@v2", discard=True)
    assert chain.database.dump() == chain.at["v2"]
