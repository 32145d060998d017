"""Plans that are applied later: just as they are, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demosnap.errors import RefusedError, UsageError
from demosnap.project import Project
from support import small
from support.databases import Database, make_database
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1, v2 and v3 of general; the database is at v3."""
    return small.copied(make_workspace(database), "v1", "v2", "v3")


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone."""
    return small.copied(make_workspace(sqlite), "v1", "v2", "v3")


PLANS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "downgrade": (lambda general: general.plan_downgrade("v1"), "load", "v1"),
    "one step": (lambda general: general.plan_downgrade("-1"), "load", "v2"),
    "out": (lambda general: general.plan_downgrade("base"), "purge", "base"),
    "load": (lambda general: general.plan_load("v1"), "load", "v1"),
    "full": (lambda general: general.plan_downgrade("v2", full=True), "load", "v2"),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_made_and_then_applied(chain: Chain, name: str) -> None:
    make, action, target = PLANS[name]
    before = chain.everything()
    plan = make(chain.project.scenario("general"))
    assert chain.everything() == before
    (move,) = plan.moves
    assert (move.scenario, move.action, plan.refusals) == ("general", action, ())
    done = chain.project.apply(plan)
    assert done.moves == plan.moves
    assert chain.database.dump() == chain.at[target]


def test_an_upgrade_and_a_reset_are_planned_and_applied(chain: Chain) -> None:
    general = chain.project.scenario("general")
    chain.project.downgrade("general", "v1")
    chain.project.apply(general.plan_upgrade("v2"))
    assert chain.database.dump() == chain.at["v2"]
    chain.database.execute("UPDATE cards SET title = 'Played with' WHERE id = 1")
    plan = general.plan_reset()
    assert plan.moves[0].change == {"cards": 1}
    chain.project.apply(plan)
    assert chain.database.dump() == chain.at["v2"]


def test_a_plan_is_applied_in_the_callers_transaction(chain: Chain) -> None:
    project = chain.project
    with chain.database.engine.connect() as connection, connection.begin() as transaction:
        plan = project.scenario("general").plan_load("v1", connection=connection)
        project.apply(plan, connection=connection)
        transaction.rollback()
    assert chain.database.dump() == chain.at["v3"]
    with chain.database.engine.begin() as connection:
        plan = project.scenario("general").plan_load("v1", connection=connection)
        project.apply(plan, connection=connection)
    assert chain.database.dump() == chain.at["v1"]


def out_of_date(chain: Chain, plan: Any, project: Project | None = None) -> tuple[str, ...]:
    """Apply a plan that is refused and changes nothing; return the reasons."""
    before = chain.everything()
    with refused("plan out of date") as caught:
        (project or chain.project).apply(plan)
    assert chain.everything() == before
    assert "general: v3_2025-02-01 → v1_2025-01-15 refused, nothing was changed" in str(
        caught.value
    )
    assert caught.value.hint == "Make the plan again, and review it."
    return caught.value.reasons


ROWS = {
    "a row that the plan removes": (
        "UPDATE cards SET title = 'Five and a half' WHERE id = 5",
        "cards: rows of the plan have changed since it was made (as many)",
    ),
    "a row that the plan leaves alone": (
        "UPDATE checks SET done = 'maybe' WHERE id = 1",
        "checks: rows of the plan have changed since it was made (as many)",
    ),
    "a row more": (
        "INSERT INTO boards VALUES (7, 'New', 'new', TRUE, 'general')",
        "boards: rows of the plan have changed since it was made (2 rows were there, 3 now)",
    ),
    "a row less": (
        "DELETE FROM checks WHERE id = 5",
        "checks: rows of the plan have changed since it was made (2 rows were there, 1 now)",
    ),
}


@pytest.mark.parametrize("discard", [False, True])
@pytest.mark.parametrize("name", ROWS)
def test_a_plan_whose_rows_have_changed_is_refused(chain: Chain, name: str, discard: bool) -> None:
    """Also where the same call would let them go: it is not what was looked at."""
    statement, reason = ROWS[name]
    plan = chain.project.scenario("general").plan_load("v1", discard=discard)
    chain.database.execute(statement)
    assert out_of_date(chain, plan) == (reason,)


def test_rows_of_others_may_change(chain: Chain) -> None:
    plan = chain.project.scenario("general").plan_load("v1")
    chain.database.execute(
        "UPDATE cards SET title = 'Paid' WHERE id = 2",
        "INSERT INTO boards (id, name, slug) VALUES (30, 'Mine too', 'too')",
    )
    chain.project.apply(plan)
    assert [e.version.short for e in chain.project.current()] == ["v1"]
    titles = dict(chain.database.rows("SELECT id, title FROM cards"))
    assert titles[2] == "Paid" and titles[1] == "It's 100%; :name"


def test_a_row_that_would_be_left_pointing_at_nothing_is_another_plan(chain: Chain) -> None:
    """What the guards say of rows that came is said, too."""
    plan = chain.project.scenario("general").plan_load("v1")
    chain.database.execute("INSERT INTO cards (id, board_id) VALUES (40, 3)")
    before = chain.everything()
    with refused("referenced by non-demo rows", "fk_cards_board_id on cards"):
        chain.project.apply(plan)
    assert chain.everything() == before


def test_a_plan_whose_stamp_has_moved_is_refused(chain: Chain) -> None:
    plan = chain.project.scenario("general").plan_load("v1")
    ids = chain.ids()
    chain.project.downgrade("general", "v2")
    reasons = out_of_date(chain, plan)
    assert f"general was at {ids['v3']} when the plan was made, and is at {ids['v2']}" in reasons


def test_a_plan_whose_tables_are_defined_otherwise_is_refused(chain: Chain) -> None:
    general = chain.project.scenario("general")
    plan = general.plan_load("v1")
    chain.database.execute("ALTER TABLE cards ADD COLUMN colour VARCHAR(10)")
    assert out_of_date(chain, plan) == (
        "cards: the table has another definition since the plan was made",
    )
    plan = general.plan_load("v1")
    chain.database.execute("CREATE TABLE unrelated (id INTEGER PRIMARY KEY)")
    chain.database.execute(
        "CREATE TABLE likes (id INTEGER PRIMARY KEY, card_id INTEGER NOT NULL,"
        " CONSTRAINT fk_likes FOREIGN KEY (card_id) REFERENCES cards (id))"
    )
    reason = "likes: the table is new, and references rows of the plan"
    assert out_of_date(chain, plan) == (reason,)


def test_a_plan_whose_files_have_changed_is_refused(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    general = chain.project.scenario("general")
    plan = general.plan_load("v1")
    yaml = chain.workspace.revisions / "demosnap.yaml"
    yaml.write_text(small.SETTINGS.replace("tables:", "triggers: disable\ntables:"))
    assert out_of_date(chain, plan) == (f"{yaml}: triggers has changed since the plan was made",)
    yaml.write_text(f"# only a remark\n{small.SETTINGS}")
    (script,) = (chain.workspace.revisions / "general").glob("*_v1_*.py")
    text = script.read_text()
    script.write_text(text.replace('"v1"', '"v1"').replace('"""v1', '"""v1: reworded', 1))
    ids = chain.ids()
    assert out_of_date(chain, plan) == (
        f"revision {ids['v1']} is not what it was since the plan was made",
    )
    script.write_text(text)
    chain.project.apply(plan)
    assert chain.database.dump() == chain.at["v1"]


def test_a_plan_for_another_database_is_refused(sqlite_chain: Chain, tmp_path: Path) -> None:
    chain = sqlite_chain
    plan = chain.project.scenario("general").plan_load("v1")
    other = tmp_path / "other.db"
    other.write_bytes(Path(chain.database.folder / "demo.db").read_bytes())
    project = Project(chain.workspace.folder / "alembic.ini", url=f"sqlite:///{other}")
    (reason,) = out_of_date(chain, plan, project)
    assert reason == f"the plan is of {plan.target.url}, and this is sqlite:///{other}"


def test_a_plan_with_refusals_is_refused(chain: Chain) -> None:
    chain.database.execute("UPDATE cards SET title = 'Not captured' WHERE id = 1")
    plan = chain.project.scenario("general").plan_load("v1")
    assert plan.refusals
    before = chain.everything()
    with pytest.raises(RefusedError) as caught:
        chain.project.apply(plan)
    assert caught.value.refusals == plan.refusals
    assert chain.everything() == before


def test_a_dry_run_is_no_plan_to_apply(sqlite_chain: Chain) -> None:
    plan: Any = sqlite_chain.project.load("general@v1", dry_run=True)
    with pytest.raises(UsageError, match="a dry run cannot be applied"):
        sqlite_chain.project.apply(plan)


def test_what_is_captured_in_between_changes_nothing_for_the_plan(chain: Chain) -> None:
    """A plan names its target; a newer version beside it is another matter."""
    plan = chain.project.scenario("general").plan_downgrade("v1")
    chain.database.execute(*small.WRITER)
    chain.project.revision("writer")
    chain.project.apply(plan)
    assert {*chain.stamps()} == {"general v1", "writer v1"}


def test_a_plan_takes_the_others_out_that_it_says(chain: Chain) -> None:
    chain.database.execute(*small.WRITER)
    chain.project.revision("writer")
    plan = chain.project.scenario("general").plan_load("v1", only=True)
    assert {move.scenario: move.action for move in plan.moves} == {
        "writer": "purge",
        "general": "load",
    }
    chain.database.execute("UPDATE boards SET name = 'Novella' WHERE id = 11")
    before = chain.everything()
    with refused("plan out of date", "boards: rows of the plan have changed"):
        chain.project.apply(plan)
    assert chain.everything() == before
    chain.database.execute("UPDATE boards SET name = 'Novel' WHERE id = 11")
    chain.project.apply(plan)
    assert chain.database.dump() == chain.at["v1"]


def test_cascaded_rows_belong_to_the_plan(chain: Chain) -> None:
    """Cascaded non-demo rows must be as the plan has them, too."""
    chain.database.execute("INSERT INTO checks (id, card_id, done) VALUES (50, 2, 'mine')")
    chain.database.execute("INSERT INTO cards (id, board_id, title) VALUES (40, 3, 'Mine')")
    plan = chain.project.scenario("general").plan_load("v1", cascade=["cards"])
    assert plan.moves[0].also == {"cards": 1} and plan.refusals == ()
    chain.database.execute("UPDATE cards SET title = 'Mine, and I need it' WHERE id = 40")
    assert out_of_date(chain, plan) == (
        "cards: rows of the plan have changed since it was made (as many)",
    )


@pytest.mark.parametrize("dialect", ["postgresql", "mariadb"])
def test_what_changes_while_a_plan_is_applied_is_refused(
    dialect: str, tmp_path: Path, make_workspace: MakeWorkspace
) -> None:
    """By then all was as the plan has it; SQLite lets nobody write from that moment on."""
    for database in make_database(dialect, tmp_path):
        chain = small.copied(make_workspace(database), "v1", "v2", "v3")
        plan = chain.project.scenario("general").plan_load("v1")
        seen: list[object] = []

        def change(found: object, database: Database = database, seen: list[object] = seen) -> None:
            seen.append(found)
            database.execute("UPDATE cards SET title = 'Just now' WHERE id = 5")

        ini = chain.workspace.folder / "alembic.ini"
        project = Project(ini, url=database.url, confirm=change)
        with refused("plan out of date") as caught:
            project.apply(plan)
        assert caught.value.reasons == (
            "cards: rows of the plan have changed since it was made (as many)",
        )
        assert len(seen) == 1
        assert chain.stamps() == ["general v3"]
        titles = dict(database.rows("SELECT id, title FROM cards"))
        assert titles[5] == "Just now" and titles[1] == "Renamed"
