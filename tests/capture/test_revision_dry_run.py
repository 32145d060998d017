"""A dry run says what a capture would write, refuse and mention, and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from demosnap import example
from demosnap.model import ExternalReference
from support import small
from support.captures import below_the_head
from support.small import Chain
from support.unchanged import unchanged
from support.workspaces import Workspace

pytestmark = pytest.mark.long

# ---------------------------------------------------------------------- dry run


def test_a_dry_run_says_what_would_be_captured_and_changes_nothing(chain: Chain) -> None:
    chain.database.execute(*small.GENERAL["v3"])
    with unchanged(chain):
        result = chain.project.revision("general", message="v5: x", date="2025-03-01", dry_run=True)
    assert (result.version, result.created, result.stamped, result.files) == (
        None,
        False,
        False,
        (),
    )
    plan = result.plan
    assert plan.version == "v5_2025-03-01"
    assert plan.parent == chain.project.show("general@v2").version
    assert list(plan.rows.items()) == [("boards", 2), ("cards", 3), ("checks", 2)]
    assert (plan.external_references, plan.refusals, plan.notes) == ((), (), ())


def test_a_dry_run_returns_the_reasons_to_refuse(chain: Chain) -> None:
    below_the_head(chain)
    plan = chain.project.revision("general", dry_run=True).plan
    assert len(plan.refusals) == 1
    assert "v2_2025-01-20" in str(plan.refusals[0])


def test_references_to_rows_outside_are_said_and_recorded(seeded: Chain) -> None:
    seeded.database.execute("UPDATE cards SET owner_id = 2 WHERE id IN (1, 3)")
    expected = (ExternalReference("cards", ("owner_id",), "users", ("id",), 2),)
    plan = seeded.project.revision("general", dry_run=True).plan
    assert plan.external_references == expected
    version = seeded.project.revision("general").version
    assert version.external_references == expected
    assert seeded.project.show("general@head").version.external_references == expected
    assert seeded.project.check() == []


def test_a_reference_to_an_unmarked_row_of_a_captured_table_is_external(seeded: Chain) -> None:
    seeded.database.execute("UPDATE cards SET board_id = 2 WHERE id = 3")
    version = seeded.project.revision("general").version
    assert version.external_references == (
        ExternalReference("cards", ("board_id",), "boards", ("id",), 1),
    )
    assert seeded.project.check() == []


def vault(key: int, mark: Mapping[str, Any] | None) -> dict[str, Any]:
    """Make a row of the example's vaults."""
    return {"id": key, "name": f"vault {key}", "slug": f"vault-{key}", "metadata": mark}


def add_vaults(workspace: Workspace, *marks: Mapping[str, Any] | None) -> None:
    """Insert vaults with these marks, from id 900 on."""
    with workspace.database.engine.begin() as connection:
        for key, mark in enumerate(marks, 900):
            connection.execute(example.tables.vaults.insert(), vault(key, mark))


def test_a_dry_run_mentions_odd_marks_and_unknown_scenarios(workspace: Workspace) -> None:
    add_vaults(
        workspace,
        {"demo_seed": 1, "scenario": "general"},
        {"demo_seed": "yes"},
        {"demo_seed": True, "scenario": "generla"},
        {"demo_seed": "true", "scenario": "General"},
        {"demo_seed": True, "scenario": "writer"},
        {"demo_seed": True},
    )
    plan = workspace.project.revision("general", dry_run=True).plan
    odd, *unknown = plan.notes
    assert "vaults: 2 rows" in odd
    assert "metadata.demo_seed" in odd
    assert sorted(unknown) == [
        "vaults: 1 marked row names the unknown scenario 'General'",
        "vaults: 1 marked row names the unknown scenario 'generla'",
    ]
    assert plan.rows["vaults"] == 3


def test_rows_that_name_no_scenario_are_mentioned_where_none_is_the_default(
    workspace: Workspace,
) -> None:
    """They are nobody's: no scenario captures them."""
    text = (workspace.revisions / "demosnap.yaml").read_text()
    workspace.configure(text.replace("general: {default: true}", "general: {}"))
    add_vaults(workspace, {"demo_seed": True}, {"demo_seed": True, "scenario": None})
    plan = workspace.project.revision("general", dry_run=True).plan
    assert plan.notes == (
        "vaults: 2 marked rows name no scenario, and there is no default scenario",
    )
    assert plan.refusals == ()
    before = workspace.database.dump()
    assert workspace.project.revision("general").version.rows["vaults"] == 2
    workspace.project.downgrade("general", "base")
    assert len(workspace.database.dump()["vaults"]) == len(before["vaults"]) - 2
    workspace.project.upgrade("general@head")
    assert workspace.database.dump() == before


def test_rows_that_reference_demo_rows_and_are_not_captured_are_mentioned(seeded: Chain) -> None:
    seeded.workspace.configure(small.SETTINGS.replace("tables:\n  checks: {via: card_id}\n", ""))
    plan = seeded.project.revision("general", dry_run=True).plan
    assert list(plan.rows) == ["boards", "cards"]
    (note,) = plan.notes
    assert note.splitlines() == [
        "rows that are not captured reference demo rows, which cannot go as long as these rows do",
        "  cards: from checks 2 by card_id",
        "if they are demo data, add under `tables:` in demosnap.yaml:",
        "  checks: {via: card_id}",
    ]


# ---------------------------------------------------------------------- the command


def test_the_commands_dry_run_shows_the_plan(sqlite_seeded: Chain) -> None:
    sqlite_seeded.database.execute("UPDATE cards SET owner_id = 2 WHERE id = 1")
    with unchanged(sqlite_seeded):
        done = sqlite_seeded.workspace.run(
            "revision", "general", "--dry-run", "--date", "2025-01-15"
        )
    assert "v1_2025-01-15" in done.stdout
    assert "owner_id" in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    for table, count in {"boards": "1 of 3", "cards": "2 of 4", "checks": "2 of 3"}.items():
        assert [table, *count.split()] in lines


def test_a_dry_run_shows_what_has_changed_since_the_head(chain: Chain) -> None:
    """By table, beside how many of its rows are demo rows; and that nothing has, too."""
    said = chain.workspace.run("revision", "general", "--dry-run").stdout
    assert "no row has changed since v2_2025-01-20" in said
    assert chain.project.revision("general", dry_run=True).plan.drift == ()

    chain.database.execute(
        "UPDATE cards SET title = 'New' WHERE id = 1",
        "DELETE FROM checks WHERE id = 1",
        "INSERT INTO boards VALUES (77, 'Next', 'next', TRUE, 'general')",
    )
    plan = chain.project.revision("general", dry_run=True).plan
    assert {one.table: one.text for one in plan.drift} == {
        "boards": "boards: 1 added",
        "cards": "cards: 1 modified",
        "checks": "checks: 1 removed",
    }
    rows = chain.database.dump()
    assert plan.of == {name: len(rows[name]) for name in ("boards", "cards", "checks")}

    run = chain.workspace.run("revision", "general", "--dry-run")
    header, _, *lines = [line.split() for line in run.stdout.splitlines()[1:]]
    assert header == ["table", "rows", "added", "removed", "modified"]
    boards = f"{plan.rows['boards']} of {plan.of['boards']}".split()
    assert ["boards", *boards, "1"] in lines


def test_what_a_rule_takes_no_more_is_removed(chain: Chain) -> None:
    chain.workspace.configure(small.SETTINGS.replace("tables:\n  checks: {via: card_id}\n", ""))
    plan = chain.project.revision("general", dry_run=True).plan
    assert [one.text for one in plan.drift] == ["checks: 2 removed"]
