"""A capture mentions what is new; what the version before mentioned is in a dry run only."""

from __future__ import annotations

import pytest

from support.databases import Database
from support.refusals import refused
from support.workspaces import MakeWorkspace, Workspace

pytestmark = pytest.mark.long

SETTINGS = """\
marker: {{column: is_demo}}
exclude: [users]
tables:
  plans: {{where: "name = '{}'"}}
  seeds: {{where: 1 = 1}}
  later: {{where: "name = 'demo'"}}
"""
NOTHING = "plans: its rule picks none of the table's rows: where name = 'demo\\xa0a'"
ALL = "seeds: its rule picks all 2 rows of the table, real ones too if there are any: where 1 = 1"
ATTACHED = "rows that are not captured reference demo rows"


@pytest.fixture
def shop(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Marked boards; a rule with a no-break space, one that picks all, one of an empty table."""
    named = "(id integer NOT NULL PRIMARY KEY, name varchar(20))"
    on = "(id integer NOT NULL PRIMARY KEY, board_id integer, FOREIGN KEY (board_id) REFERENCES"
    database.execute(
        "CREATE TABLE users (id integer NOT NULL PRIMARY KEY)",
        "CREATE TABLE boards (id integer NOT NULL PRIMARY KEY, is_demo boolean, user_id integer,"
        " FOREIGN KEY (user_id) REFERENCES users (id))",
        *(f"CREATE TABLE {name} {named}" for name in ("plans", "seeds", "later")),
        *(f"CREATE TABLE {name} {on} boards (id))" for name in ("votes", "looks")),
        "INSERT INTO users VALUES (1)",
        "INSERT INTO boards VALUES (1, TRUE, 1), (2, TRUE, NULL), (3, FALSE, NULL)",
        "INSERT INTO plans VALUES (1, 'demo a'), (2, 'real')",
        "INSERT INTO seeds VALUES (1, 'a'), (2, 'b')",
        "INSERT INTO votes VALUES (1, 1)",
    )
    workspace = make_workspace(database)
    workspace.configure(SETTINGS.format("demo\N{NO-BREAK SPACE}a"))
    return workspace


def _notes(workspace: Workspace, *, dry_run: bool = False) -> tuple[str, ...]:
    plan = workspace.project.revision("general", dry_run=dry_run).plan
    assert plan is not None
    return plan.notes


def test_a_note_is_said_once_and_by_every_dry_run(shop: Workspace) -> None:
    database = shop.database
    everything = _notes(shop, dry_run=True)
    assert (len(everything), everything[1:]) == (3, (NOTHING, ALL))
    assert everything[0].startswith(ATTACHED)
    assert "boards: from votes 1 by board_id" in everything[0]
    said = shop.run("revision", "general").stderr
    assert all(note.partition("\n")[0] in said for note in everything)
    assert said.count("refers by user_id to users (id)") == 1
    # In a clone, another machine says no more than this one.
    script = next((shop.revisions / "general").glob("*_v1_*.py"))
    assert '"told": ["attached votes board_id boards", "picks all seeds where 1 = 1",' in (
        script.read_text()
    )
    assert not [one for one in shop.project.check(database=True) if "its rule" in one.message]

    assert not _notes(shop), "nothing has changed"
    database.execute("INSERT INTO boards VALUES (4, TRUE, 1)", "INSERT INTO votes VALUES (2, 4)")
    said = shop.run("revision", "general").stderr
    assert "note:" not in said
    assert "2 rows of boards refer by user_id" in shop.run("revision", "--dry-run").stdout

    database.execute(
        "INSERT INTO boards VALUES (5, TRUE, 1)",
        "INSERT INTO looks VALUES (1, 4)",
        "INSERT INTO later VALUES (1, 'real')",
    )
    assert [note.splitlines()[1] for note in _notes(shop, dry_run=True)[:1]] == [
        "  boards: from looks 1 by board_id, votes 2 by board_id"
    ]
    attached, later = _notes(shop)
    assert attached.splitlines()[1] == "  boards: from looks 1 by board_id"
    assert later == "later: its rule picks none of the table's rows: where name = 'demo'"


def test_a_rule_that_has_changed_is_told_by_a_check_until_a_capture_has_it(
    shop: Workspace,
) -> None:
    shop.project.revision("general")
    shop.configure(SETTINGS.format("demo\\ta"))

    def found() -> list[str]:
        return [
            one.message for one in shop.project.check(database=True) if "its rule" in one.message
        ]

    told = "plans: its rule picks none of the table's rows: where name = 'demo\\ta'"
    assert found() == [f"general: {told}"]
    assert _notes(shop) == (told,)
    assert not found()
    shop.configure(SETTINGS.format("demo a"))
    assert not _notes(shop)
    assert shop.project.show("general@head").version.rows["plans"] == 1


def test_a_capture_without_demo_rows_shows_the_predicates(shop: Workspace) -> None:
    shop.configure(
        "marker: none\ntables:\n  plans: {where: \"name = 'demo\N{NO-BREAK SPACE}a'\"}\n"
    )
    with refused("no demo rows", r"looked at: plans \(where name = 'demo\\xa0a'\)"):
        shop.project.revision("general")
