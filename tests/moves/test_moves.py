"""Upgrade, downgrade, load and stamp: the database then holds exactly what was asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from demosnap.errors import DemosnapError, UnknownNameError, UsageError
from demosnap.project import Project
from support import small
from support.databases import Database
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1, v2 and v3 of general; the database is at v3."""
    return small.copied(make_workspace(database), "v1", "v2", "v3")


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone, for what is about words."""
    return small.copied(make_workspace(sqlite), "v1", "v2", "v3")


@pytest.fixture
def pair(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general, v1 of writer; the database is at both heads."""
    return small.copied(make_workspace(database), "v1", "v2", writer=True)


def test_the_example_goes_down_and_up_with_every_value_equal(workspace: Workspace) -> None:
    """Round trip of the example application over two versions and two scenarios."""
    project, database = workspace.project, workspace.database
    project.revision("general", date="2025-01-15")
    v1 = database.dump()
    workspace.seed("general", 2)
    project.revision("general", date="2025-01-20")
    v2 = database.dump()
    workspace.seed("writer")
    project.revision("writer", date="2025-01-21")
    both = database.dump()

    project.downgrade("writer", "base")
    assert database.dump() == v2
    project.downgrade("general", "-1")
    assert database.dump() == v1
    project.downgrade("general", "base")
    own = database.dump()
    assert {name: len(rows) for name, rows in own.items()} == {
        "vaults": 4,
        "projects": 4,
        "fragments": 13,
        "todos": 7,
        "contacts": 6,
        "chat_sessions": 5,
    }
    project.upgrade("heads")
    assert database.dump() == both
    assert not project.revision("general", date="2025-01-22").created
    assert not project.revision("writer", date="2025-01-22").created


# ---------------------------------------------------------------- the names of targets


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_upgrade_goes_by_every_name_of_a_version(sqlite_chain: Chain, version: str) -> None:
    """By vN, +N, full name, id, unique beginning of an id, head and heads."""
    chain, ids = sqlite_chain, sqlite_chain.ids()
    names = {
        "v1": ("general@v1", "general@v1_2025-01-15", "general@+1", ids["v1"], ids["v1"][:14]),
        "v2": ("general@v2", "general@v2_2025-01-20", "general@+2", ids["v2"]),
        "v3": ("general@v3", "general@+3", f"general@{ids['v3'][:14]}", "general@head", "heads"),
    }
    for name in names[version]:
        chain.project.downgrade("general", "base")
        assert chain.database.dump() == chain.at["base"], name
        chain.project.upgrade(name)
        assert chain.database.dump() == chain.at[version], name
        assert chain.stamps() == [f"general {version}"], name


@pytest.mark.long
def test_relative_steps_start_where_the_database_is(chain: Chain) -> None:
    """-1 and -2 go down, +1 goes up, from the version that is stamped."""
    chain.project.downgrade("general", "-2")
    assert chain.database.dump() == chain.at["v1"]
    chain.project.upgrade("general@+1")
    assert chain.database.dump() == chain.at["v2"]
    chain.project.downgrade("general@-1")
    assert chain.database.dump() == chain.at["v1"]
    chain.project.downgrade("general", "-1")
    assert chain.database.dump() == chain.at["base"]
    assert chain.stamps() == []


def test_downgrade_goes_by_every_name_of_a_version(sqlite_chain: Chain) -> None:
    """By vN, full name, id and base, in one word or in two."""
    chain, ids = sqlite_chain, sqlite_chain.ids()
    for arguments, version in (
        (("general", "v1"), "v1"),
        (("general@v2",), "v2"),
        (("general", "v2_2025-01-20"), "v2"),
        (("general", ids["v1"]), "v1"),
        (("general@base",), "base"),
    ):
        chain.project.load("general")
        chain.project.downgrade(*arguments)
        assert chain.database.dump() == chain.at[version], arguments


@pytest.mark.long
def test_load_goes_up_and_down_and_again(chain: Chain) -> None:
    """Wherever the database is, load ends at the version; without one, at the head."""
    for name, version in (
        ("general@v1", "v1"),
        ("general@v3", "v3"),
        ("general@-1", "v2"),
        ("general@v2", "v2"),
        ("general@base", "base"),
        ("general", "v3"),
        ("general", "v3"),
    ):
        chain.project.load(name)
        assert chain.database.dump() == chain.at[version], name
        assert chain.stamps() == ([] if version == "base" else [f"general {version}"]), name


@pytest.mark.long
def test_load_of_the_stamped_version_loads_it_once_more(chain: Chain) -> None:
    """The stamp does not keep load from putting the rows back."""
    chain.database.execute("UPDATE cards SET title = 'Changed' WHERE id = 1")
    plan = chain.project.load("general", discard=True)
    assert [move.action for move in plan.moves] == ["load"]
    assert chain.database.dump() == chain.at["v3"]


@pytest.mark.long
def test_a_version_is_loaded_once_whatever_the_distance(chain: Chain) -> None:
    """From base to v3 and back to v1: the snapshots in between are not needed at all."""
    chain.project.downgrade("general", "base")
    folder = chain.workspace.revisions / "general"
    (folder / "general_v2_2025-01-20.sql").unlink()
    first = (folder / "general_v1_2025-01-15.sql").read_bytes()
    (folder / "general_v1_2025-01-15.sql").unlink()
    before = len(chain.everything()["demosnap_log"])
    chain.project.upgrade("general@v3")
    assert chain.database.dump() == chain.at["v3"]
    assert len(chain.everything()["demosnap_log"]) == before + 1
    (folder / "general_v1_2025-01-15.sql").write_bytes(first)
    chain.project.downgrade("general", "v1")
    assert chain.database.dump() == chain.at["v1"]


# ---------------------------------------------------------------- already there, and nearly


@pytest.mark.long
def test_already_at_the_version_changes_nothing(chain: Chain) -> None:
    """An upgrade to where the database is says so and writes nothing, not even to the log."""
    before = chain.everything()
    plan = chain.project.upgrade("general@head")
    assert [(move.action, move.target.short) for move in plan.moves] == [("none", "v3")]
    assert plan.notes == ()
    assert chain.everything() == before


@pytest.mark.long
def test_a_stamp_without_rows_loads_again(chain: Chain) -> None:
    """After the application's tables were emptied, upgrade loads though the stamp is there."""
    chain.database.execute("DELETE FROM checks", "DELETE FROM cards", "DELETE FROM boards")
    plan = chain.project.upgrade("general@head")
    assert [move.action for move in plan.moves] == ["load"]
    held = chain.database.dump()
    for table in ("boards", "cards", "checks"):
        own = chain.at["base"][table]
        assert held[table] == [row for row in chain.at["v3"][table] if row not in own]


@pytest.mark.long
def test_a_downgrade_to_base_without_rows_takes_the_stamp(chain: Chain) -> None:
    """Also where the rows are gone already, base is base."""
    chain.database.execute(*small.REMOVE["general"])
    chain.project.downgrade("general", "base")
    assert chain.stamps() == []
    assert chain.database.dump() == chain.at["base"]


@pytest.mark.long
def test_other_counts_are_said_with_the_command_that_mends_them(chain: Chain) -> None:
    """ "Already at" is not claimed where rows are missing; the command that is named mends it."""
    chain.database.execute("DELETE FROM checks WHERE id = 5")
    before = chain.everything()
    plan = chain.project.upgrade("general@head")
    assert chain.everything() == before
    (note,) = plan.notes
    assert "checks 1 instead of 2" in note
    assert "boards" not in note.splitlines()[0]
    assert "`demosnap revision general`" in note
    assert "`demosnap load general@v3 --discard`" in note
    chain.project.load("general@v3", discard=True)
    assert chain.database.dump() == chain.at["v3"]


# ---------------------------------------------------------------- words that cannot be meant


@pytest.mark.parametrize(
    ("targets", "error", "told"),
    [
        ((), UsageError, "SCENARIO@head"),
        (("general",), UsageError, "general@head"),
        (("head",), UsageError, "SCENARIO@head"),
        (("general@v1",), UsageError, "`demosnap downgrade general v1`"),
        (("general@base",), UsageError, "`demosnap downgrade general@base`"),
        (("general@+1",), UsageError, "no versions above v3_2025-02-01"),
        (("genral@head",), UnknownNameError, "did you mean 'general'?"),
        (("general@v9",), UnknownNameError, "v3_2025-02-01"),
        (("general@v3", "general@v2"), UsageError, "general"),
        (("general_v",), UsageError, "several"),
    ],
)
def test_a_target_that_cannot_be_meant_names_the_command_to_use(
    sqlite_chain: Chain, targets: tuple[str, ...], error: type[DemosnapError], told: str
) -> None:
    """A bare scenario, no target, one below, one that is not there."""
    before = sqlite_chain.everything()
    with pytest.raises(error) as caught:
        sqlite_chain.project.upgrade(*targets)
    assert told in str(caught.value)
    assert caught.value.exit_code == 2
    assert sqlite_chain.everything() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("general",), "general -1"),
        (("general", "+1"), "no versions above v3_2025-02-01"),
        (("general", "-9"), "general@base"),
        (("general@v1", "-1"), "one too many"),
        (("general", "v7"), "v3_2025-02-01"),
        (("writer", "-1"), "'writer'"),
    ],
)
def test_a_downgrade_that_cannot_be_meant_says_what_can(
    sqlite_chain: Chain, arguments: tuple[str, ...], told: str
) -> None:
    """No step, a step up, too far down, an unknown version or scenario."""
    before = sqlite_chain.everything()
    with pytest.raises(UsageError) as caught:
        sqlite_chain.project.downgrade(*arguments)
    assert told in str(caught.value)
    assert sqlite_chain.everything() == before


def test_a_downgrade_to_a_version_above_names_upgrade(sqlite_chain: Chain) -> None:
    """At v1, `downgrade general v2` is the other way."""
    sqlite_chain.project.downgrade("general", "v1")
    before = sqlite_chain.everything()
    with pytest.raises(UsageError, match="`demosnap upgrade general@v2`"):
        sqlite_chain.project.downgrade("general", "v2")
    assert sqlite_chain.everything() == before


def test_a_step_down_from_nothing_says_that_nothing_is_loaded(sqlite_chain: Chain) -> None:
    """At base there is nothing below."""
    sqlite_chain.project.downgrade("general", "base")
    with pytest.raises(UsageError, match="no version of general is loaded"):
        sqlite_chain.project.downgrade("general", "-1")


# ---------------------------------------------------------------- several scenarios


@pytest.mark.long
def test_only_takes_every_other_loaded_scenario_out(pair: Chain) -> None:
    """With `only` the database holds the loaded scenario and the user's own rows."""
    plan = pair.project.load("general@v1", only=True)
    assert pair.database.dump() == pair.at["v1"]
    assert pair.stamps() == ["general v1"]
    moves = {move.scenario: move for move in plan.moves}
    assert moves["writer"].target is None
    assert dict(moves["writer"].purge) == {"checks": 1, "cards": 1, "boards": 1}
    pair.project.upgrade("writer@head")
    pair.project.upgrade("general@v2", only=True)
    assert pair.database.dump() == pair.at["v2"]


@pytest.mark.long
def test_exclusive_makes_upgrade_and_load_take_the_others_out(pair: Chain) -> None:
    """`exclusive: true` is `--only` always."""
    pair.workspace.configure(small.SETTINGS + "exclusive: true\n")
    pair.project.load("general@v1")
    assert pair.database.dump() == pair.at["v1"]
    pair.project.upgrade("writer@head")
    assert pair.stamps() == ["writer v1"]
    pair.project.upgrade("general@head")
    assert pair.database.dump() == pair.at["v2"]
    pair.project.downgrade("general", "-1")
    assert pair.database.dump() == pair.at["v1"]


@pytest.mark.long
def test_only_does_not_throw_away_what_is_in_no_revision(pair: Chain) -> None:
    """The scenario that would go is guarded as the one that was named."""
    pair.database.execute("UPDATE cards SET title = 'New' WHERE id = 11")
    before = pair.everything()
    with refused("unsaved rows", "`demosnap revision writer`"):
        pair.project.load("general", only=True)
    assert pair.everything() == before


@pytest.mark.long
def test_several_scenarios_move_in_one_run(pair: Chain) -> None:
    """`upgrade general@v1 writer@head` from base to both."""
    both = pair.database.dump()
    pair.project.downgrade("writer", "base")
    pair.project.downgrade("general", "base")
    pair.project.upgrade("general@v1", "writer@head")
    assert pair.stamps() == ["general v1", "writer v1"]
    pair.project.upgrade("heads")
    assert pair.database.dump() == both


@pytest.mark.long
def test_several_scenarios_are_all_or_nothing_when_one_is_refused(pair: Chain) -> None:
    """A refusal of one scenario keeps the other from being loaded as well."""
    pair.project.downgrade("writer", "base")
    pair.project.downgrade("general", "base")
    pair.database.execute("INSERT INTO boards (id, name, slug) VALUES (11, 'Taken', 'taken')")
    before = pair.everything()
    with refused("key taken", "boards"):
        pair.project.upgrade("general@head", "writer@head")
    assert pair.everything() == before


def test_several_scenarios_are_all_or_nothing_when_one_fails_while_loading(pair: Chain) -> None:
    """general is purged and loaded, then writer fails in the database: nothing remains of it."""
    pair.project.downgrade("writer", "base")
    pair.project.downgrade("general", "v1")
    small.trigger(pair.database, "refuse", "cards", when="NEW.scenario = 'writer'")
    before = pair.everything()
    with pytest.raises(DemosnapError, match="not on my watch"):
        pair.project.upgrade("general@head", "writer@head")
    assert pair.everything() == before
    pair.project.upgrade("general@head")
    assert pair.database.dump() == pair.at["v2"]


# ---------------------------------------------------------------- plans


@pytest.mark.long
def test_dry_runs_change_nothing(chain: Chain) -> None:
    """Whatever the verb, with a dry run every table of the database stays, demosnap's too."""
    before = chain.everything()
    project = chain.project
    project.upgrade("general@head", dry_run=True)
    project.downgrade("general", "-1", dry_run=True)
    project.downgrade("general", "base", dry_run=True)
    project.load("general@v1", dry_run=True)
    project.load("general", dry_run=True, only=True, discard=True)
    assert chain.everything() == before
    chain.database.execute("DROP TABLE demosnap_log", "DROP TABLE demosnap_version")
    before = chain.everything()
    project.upgrade("general@head", dry_run=True)
    assert chain.everything() == before
    assert "demosnap_version" not in before


@pytest.mark.long
def test_a_plan_says_what_goes_and_what_comes_in_order(chain: Chain) -> None:
    """Per table: purged children first, loaded parents first; the dry run's is the real one's."""
    planned = chain.project.load("general@v1", dry_run=True)
    (move,) = planned.moves
    assert (move.scenario, move.action) == ("general", "load")
    assert (move.current.short, move.target.short) == ("v3", "v1")
    assert list(move.purge.items()) == [("checks", 2), ("cards", 3), ("boards", 2)]
    assert list(move.load.items()) == [("boards", 1), ("cards", 2), ("checks", 2)]
    assert (planned.refusals, planned.notes) == ((), ())
    assert planned.target.local
    assert planned.target.source == "--url"
    assert chain.project.load("general@v1") == planned
    (down,) = chain.project.downgrade("general", "base", dry_run=True).moves
    assert (down.action, down.target, dict(down.load)) == ("purge", None, {})
    assert list(down.purge.items()) == [("checks", 2), ("cards", 2), ("boards", 1)]


@pytest.mark.long
def test_a_dry_run_returns_refusals_instead_of_raising_them(chain: Chain) -> None:
    """The plan holds the reasons that the real run raises."""
    chain.database.execute("UPDATE cards SET title = 'Changed' WHERE id = 1")
    plan = chain.project.downgrade("general", "-1", dry_run=True)
    with refused("unsaved rows") as caught:
        chain.project.downgrade("general", "-1")
    assert plan.refusals == caught.value.refusals
    assert len(plan.refusals) == 1


@pytest.mark.long
def test_confirm_is_shown_the_plan_and_can_stop_it(chain: Chain) -> None:
    """What is raised while the plan is shown leaves the database as it was."""
    seen: list[Any] = []

    def confirm(plan: Any) -> None:
        seen.append(plan)
        raise KeyboardInterrupt

    before = chain.everything()
    workspace = chain.workspace
    project = Project(workspace.folder / "alembic.ini", url=workspace.database.url, confirm=confirm)
    with pytest.raises(KeyboardInterrupt):
        project.downgrade("general", "-1")
    assert [move.target.short for move in seen[0].moves] == ["v2"]
    assert chain.everything() == before


# ---------------------------------------------------------------- inside the caller's transaction


def test_a_load_in_the_callers_transaction_is_the_callers_to_commit(chain: Chain) -> None:
    """Rolled back it never was; committed it is there, with the caller's own rows."""
    chain.project.downgrade("general", "base")
    before = chain.everything()
    with chain.database.engine.connect() as connection:
        connection.begin()
        connection.exec_driver_sql("INSERT INTO users (id, name) VALUES (7, 'Hedy')")
        chain.project.load("general@v1", connection=connection)
        connection.rollback()
    assert chain.everything() == before
    with chain.database.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO users (id, name) VALUES (7, 'Hedy')")
        chain.project.load("general@v1", connection=connection)
    held = chain.database.dump()
    assert held.pop("users") != chain.at["v1"]["users"]
    assert held == {name: rows for name, rows in chain.at["v1"].items() if name != "users"}


def test_the_callers_transaction_is_not_committed_by_a_first_load(chain: Chain) -> None:
    """Where demosnap's own tables are not there yet, a load works inside it or is refused."""
    chain.project.downgrade("general", "base")
    chain.database.execute("DROP TABLE demosnap_log", "DROP TABLE demosnap_version")
    before = chain.database.dump()
    with chain.database.engine.connect() as connection:
        connection.begin()
        connection.exec_driver_sql("INSERT INTO users (id, name) VALUES (7, 'Hedy')")
        with contextlib.suppress(DemosnapError):
            chain.project.load("general@v1", connection=connection)
        connection.rollback()
    assert chain.database.dump() == before


# ---------------------------------------------------------------- stamp


@pytest.mark.long
def test_stamp_verifies_the_rows_first(chain: Chain) -> None:
    """Another version's rows are refused and named; with the right ones only the stamp moves."""
    before = chain.everything()
    with refused("database differs") as caught:
        chain.project.stamp("general@v2")
    assert "boards" in str(caught.value)
    assert "--no-verify" in str(caught.value)
    assert chain.everything() == before
    chain.database.execute("DELETE FROM demosnap_version")
    chain.project.stamp("general@v3")
    assert chain.stamps() == ["general v3"]
    assert chain.database.dump() == chain.at["v3"]


@pytest.mark.long
def test_stamp_finds_a_changed_value(chain: Chain) -> None:
    """Counts that agree are not enough: table, row, column and both values are named."""
    chain.database.execute("UPDATE cards SET title = 'Changed' WHERE id = 1")
    before = chain.everything()
    with refused("database differs") as caught:
        chain.project.stamp("general@v3")
    text = str(caught.value)
    assert "cards: row id=1: title is 'Changed', not 'Renamed'" in text
    assert chain.everything() == before


@pytest.mark.long
def test_stamp_without_verification_only_stamps(chain: Chain) -> None:
    """`--no-verify` takes the user's word, moves no row, and does not vouch for the rows."""
    chain.database.execute("UPDATE cards SET title = 'Changed' WHERE id = 1")
    before = chain.database.dump()
    chain.project.stamp("general@v1", verify=False)
    assert chain.stamps() == ["general v1"]
    assert chain.database.dump() == before
    with refused("unsaved rows", "in no revision"):
        chain.project.load("general")


@pytest.mark.long
def test_stamp_base_takes_the_stamp_and_no_row(chain: Chain) -> None:
    """The rows stay, and can be stamped again."""
    chain.project.stamp("general@base")
    assert chain.stamps() == []
    assert chain.database.dump() == chain.at["v3"]
    chain.project.stamp("general@head")
    assert chain.stamps() == ["general v3"]


@pytest.mark.long
def test_a_snapshot_loaded_by_hand_can_be_stamped_and_moved(chain: Chain) -> None:
    """The database's own client loads the file; stamp recognises it; moves go on from there."""
    chain.project.downgrade("general", "base")
    chain.database.client(chain.workspace.revisions / "general" / "general_v2_2025-01-20.sql")
    assert chain.database.dump() == chain.at["v2"]
    chain.project.stamp("general@v2")
    assert chain.stamps() == ["general v2"]
    chain.project.upgrade("general@head")
    assert chain.database.dump() == chain.at["v3"]


# ---------------------------------------------------------------- the command line


@pytest.mark.long
def test_the_commands_do_the_same(chain: Chain) -> None:
    """upgrade, downgrade, load and stamp as a user types them, with relative steps."""
    run = chain.workspace.run
    run("downgrade", "general", "-1")
    assert chain.database.dump() == chain.at["v2"]
    assert "already at v2" in run("upgrade", "general@v2").stdout
    run("load", "general@v1")
    assert chain.database.dump() == chain.at["v1"]
    before = chain.everything()
    dry = run("upgrade", "general@head", "--dry-run")
    assert "v1_2025-01-15 → v3_2025-02-01" in dry.stdout
    assert chain.everything() == before
    bare = run("upgrade", "general", check=False)
    assert bare.returncode == 2
    assert "general@head" in bare.stderr
    assert chain.everything() == before
