"""Capture: what `revision` reads, names, refuses, writes and stamps; and which rows are demo."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import demosnap
from demosnap import dialects, example
from demosnap.errors import DemosnapError, RefusedError, ScriptError, UnknownNameError, UsageError
from demosnap.model import ExternalReference
from demosnap.project import Project
from demosnap.results import RevisionResult
from support import copies, small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]
Tree = dict[str, Any]


@pytest.fixture
def seeded(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """The small application, seeded; nothing is captured yet."""
    chain = small.make(make_workspace(database))
    database.execute(*small.GENERAL["v1"])
    return chain


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sqlite_seeded` is a copy of."""
    return copies.build(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def template_of_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sqlite_chain` is a copy of."""
    return copies.build(tmp_path_factory.mktemp("template"), "v1", "v2")


@pytest.fixture
def sqlite_seeded(template: Path, tmp_path: Path) -> Iterator[Chain]:
    """The same as `seeded` on SQLite alone, for what is about words and files."""
    for chain in copies.copy(template, tmp_path):
        chain.database.execute(*small.GENERAL["v1"])
        yield chain


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general are captured; the database is at v2."""
    return small.copied(make_workspace(database), "v1", "v2")


@pytest.fixture
def sqlite_chain(template_of_two: Path, tmp_path: Path) -> Iterator[Chain]:
    """The same as `chain` on SQLite alone."""
    yield from copies.copy(template_of_two, tmp_path)


def tree(folder: Path) -> Tree:
    """Return all files of a folder: bytes, or where a link points."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        if "__pycache__" in path.parts or path.name == ".demosnap.lock" or path.is_dir():
            continue
        name = str(path.relative_to(folder))
        found[name] = path.readlink() if path.is_symlink() else path.read_bytes()
    return found


@contextlib.contextmanager
def unchanged(chain: Chain) -> Iterator[None]:
    """Check that neither a file nor a row, demosnap's own included, changes."""
    files, rows = tree(chain.workspace.folder), chain.everything()
    yield
    assert tree(chain.workspace.folder) == files
    assert chain.everything() == rows


def rename(chain: Chain, title: str) -> None:
    """Change a demo row."""
    chain.database.execute(f"UPDATE cards SET title = '{title}' WHERE id = 1")


def no_stamps(chain: Chain) -> bool:
    return not chain.project.current()


# ---------------------------------------------------------------------- what is written


def test_the_first_capture_writes_script_snapshot_link_and_metadata_and_stamps(
    seeded: Chain,
) -> None:
    before = seeded.database.dump()
    result = seeded.project.revision("general", message="v1: the first", date="2025-01-15T10:30:00")
    version = result.version
    assert result.created
    assert result.stamped
    assert (version.version, version.message) == ("v1_2025-01-15", "the first")
    assert version.down_revision is None
    assert version.rows == {"boards": 1, "cards": 2, "checks": 2}
    assert [Path(file).name for file in result.files] == [
        "general_v1_2025-01-15.py",
        "general_v1_2025-01-15.sql",
        "latest.sql",
        "export_manifest.json",
        "schema_versions.json",
    ]
    assert all(Path(file).exists() for file in result.files)
    assert seeded.stamps() == ["general v1"]
    assert seeded.database.dump() == before
    assert seeded.project.check(database=True) == []


def test_a_capture_follows_the_version_that_the_database_holds(chain: Chain) -> None:
    small_v3 = small.GENERAL["v3"]
    chain.database.execute(*small_v3)
    rows = chain.database.dump()
    version = chain.project.revision("general", message="more").version
    ids = chain.ids()
    assert (version.short, version.message, version.down_revision) == ("v3", "more", ids["v2"])
    assert chain.stamps() == ["general v3"]
    assert chain.database.dump() == rows


def test_the_latest_link_points_at_the_newest_snapshot_beside_it(sqlite_chain: Chain) -> None:
    link = sqlite_chain.workspace.revisions / "general" / "latest.sql"
    assert link.is_symlink()
    assert str(link.readlink()) == "general_v2_2025-01-20.sql"
    assert link.resolve() == link.parent / "general_v2_2025-01-20.sql"


def test_a_file_system_without_links_gets_a_copy(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", no_links)
    project = sqlite_seeded.project
    project.revision("general", date="2025-01-15")
    rename(sqlite_seeded, "another")
    project.revision("general", date="2025-01-16")
    link = sqlite_seeded.workspace.revisions / "general" / "latest.sql"
    assert not link.is_symlink()
    assert link.read_bytes() == (link.parent / "general_v2_2025-01-16.sql").read_bytes()
    assert project.check() == []


def test_the_script_is_plain_and_says_where_the_rows_came_from(sqlite_chain: Chain) -> None:
    folder = sqlite_chain.workspace.revisions / "general"
    ids = sqlite_chain.ids()
    first = (folder / "general_v1_2025-01-15.py").read_text()
    second = (folder / "general_v2_2025-01-20.py").read_text()
    assert first.startswith(f'"""v1\n\nRevision ID: {ids["v1"]}\nRevises:')
    assert f"Revision ID: {ids['v2']}\nRevises: {ids['v1']}\n" in second
    namespace: dict[str, Any] = {}
    exec(compile(second.replace("from alembic import op", "op = None"), "v2", "exec"), namespace)
    assert namespace["revision"] == ids["v2"]
    assert namespace["down_revision"] == ids["v1"]
    assert namespace["branch_labels"] is None
    assert namespace["snapshot"]["selection"] == {
        "boards": "marker",
        "cards": "marker",
        "checks": "via card_id",
    }
    assert 'branch_labels = ("general",)' in first


def test_the_applications_own_migration_is_recorded(seeded: Chain) -> None:
    seeded.database.execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
        "INSERT INTO alembic_version VALUES ('ae1027a6acf')",
    )
    version = seeded.project.revision("general").version
    assert version.application_revision == {"alembic_version": "ae1027a6acf"}
    assert seeded.project.show("general@head").version == version


def test_each_scenario_has_a_chain_a_folder_and_a_label_of_its_own(chain: Chain) -> None:
    chain.database.execute(*small.WRITER)
    version = chain.project.revision("writer").version
    assert (version.short, version.down_revision) == ("v1", None)
    assert version.rows == {"boards": 1, "cards": 1, "checks": 1}
    assert Path(version.folder) == chain.workspace.revisions / "writer"
    assert chain.stamps() == ["general v2", "writer v1"]
    assert not chain.project.revision("general").created


# ---------------------------------------------------------------------- the version's name


@pytest.mark.parametrize(
    ("given", "short", "message"),
    [
        (None, "v3", ""),
        ("", "v3", ""),
        ("more cards", "v3", "more cards"),
        ("v3", "v3", ""),
        ("v3: more cards", "v3", "more cards"),
        ("v3:more cards", "v3", "more cards"),
        ("  v7 :  more\n\tcards  ", "v7", "more cards"),
        ("v10", "v10", ""),
        ("v4 beta", "v3", "v4 beta"),
        ("version 2", "v3", "version 2"),
        ('say """hi""" \\', "v3", 'say """hi""" \\'),
        ("it's 100% ${x} <%def> ## {} \\n", "v3", "it's 100% ${x} <%def> ## {} \\n"),
        ('"', "v3", '"'),
        ("äöü 😀 \u2028 日本", "v3", "äöü 😀 日本"),
    ],
)
def test_the_message_can_name_the_version(
    sqlite_chain: Chain, given: str | None, short: str, message: str
) -> None:
    rename(sqlite_chain, "third")
    version = sqlite_chain.project.revision("general", message=given, date="2025-02-01").version
    assert (version.short, version.version, version.message) == (
        short,
        f"{short}_2025-02-01",
        message,
    )
    assert sqlite_chain.project.show("general@head").version == version
    assert sqlite_chain.project.check() == []


@pytest.mark.parametrize("name", ["v2", "v1", "v1: again"])
def test_a_version_must_be_above_the_newest(sqlite_chain: Chain, name: str) -> None:
    rename(sqlite_chain, "third")
    with unchanged(sqlite_chain), pytest.raises(UsageError) as caught:
        sqlite_chain.project.revision("general", message=name)
    assert f"{name[:2]} is not above v2_2025-01-20" in caught.value.message
    assert "v3" in (caught.value.hint or "")


def test_numbers_go_on_above_a_number_that_was_left_out(sqlite_chain: Chain) -> None:
    rename(sqlite_chain, "ninth")
    assert sqlite_chain.project.revision("general", message="v9").version.short == "v9"
    rename(sqlite_chain, "tenth")
    assert sqlite_chain.project.revision("general").version.short == "v10"
    rename(sqlite_chain, "eleventh")
    with pytest.raises(UsageError, match="v9 is not above v10_"):
        sqlite_chain.project.revision("general", message="v9")


# ---------------------------------------------------------------------- nothing changed


def test_equal_rows_write_nothing_and_say_since_which_version(chain: Chain) -> None:
    with unchanged(chain):
        result = chain.project.revision("general", message="v3: the same")
    assert (result.created, result.stamped, result.files) == (False, False, ())
    assert result.version == chain.project.show("general@v2").version


def test_equal_rows_stamp_a_database_that_was_not_stamped(chain: Chain) -> None:
    chain.database.execute("DELETE FROM demosnap_version")
    files, rows = tree(chain.workspace.folder), chain.database.dump()
    result = chain.project.revision("general")
    assert (result.created, result.stamped, result.version.short) == (False, True, "v2")
    assert chain.stamps() == ["general v2"]
    assert tree(chain.workspace.folder) == files
    assert chain.database.dump() == rows


def test_equal_rows_are_not_stamped_with_no_stamp(chain: Chain) -> None:
    chain.database.execute("DELETE FROM demosnap_version")
    with unchanged(chain):
        result = chain.project.revision("general", stamp=False)
    assert (result.created, result.stamped, result.version.short) == (False, False, "v2")


def test_equal_rows_are_written_all_the_same_with_allow_empty(chain: Chain) -> None:
    result = chain.project.revision("general", allow_empty=True)
    assert (result.created, result.version.short) == (True, "v3")
    assert result.version.digest == chain.project.show("general@v2").version.digest
    assert result.version.revision != chain.ids()["v2"]
    assert chain.stamps() == ["general v3"]


def test_the_same_rows_under_another_selection_are_a_change(chain: Chain) -> None:
    """A version records what it takes out; that has changed, though no row has."""
    where = "id IN (1, 5) AND :scenario = 'general'"
    chain.workspace.configure(small.SETTINGS.replace("via: card_id", f'where: "{where}"'))
    result = chain.project.revision("general")
    assert result.created
    assert result.version.digest == chain.project.show("general@v2").version.digest


def test_the_smallest_change_is_a_new_version(chain: Chain) -> None:
    for number, change in enumerate(
        (
            "UPDATE cards SET title = NULL WHERE id = 1",
            "UPDATE cards SET title = '' WHERE id = 1",
            "UPDATE cards SET title = 'Renamed ' WHERE id = 1",
            "UPDATE cards SET title = 'renamed' WHERE id = 1",
            "DELETE FROM checks WHERE id = 5",
            "INSERT INTO checks VALUES (7, 1, NULL)",
            "UPDATE cards SET id = 9 WHERE id = 3",
            "UPDATE cards SET scenario = NULL WHERE id = 1",
        ),
        3,
    ):
        chain.database.execute(change)
        chain.at[f"v{number}"] = chain.database.dump()
        assert chain.project.revision("general").version.short == f"v{number}", change
    for number in range(9, 1, -1):
        chain.project.downgrade("general", f"v{number}")
        assert chain.database.dump() == chain.at[f"v{number}"]


def test_rows_of_the_users_own_are_no_change(chain: Chain) -> None:
    chain.database.execute(
        "UPDATE cards SET title = 'Mine' WHERE id = 2",
        "INSERT INTO checks VALUES (4, 2, 'yes')",
        "DELETE FROM boards WHERE id = 12 AND 1 = 0",
    )
    assert not chain.project.revision("general").created


# ---------------------------------------------------------------------- no rows


def test_no_demo_rows_are_refused_with_what_was_looked_at(seeded: Chain) -> None:
    seeded.database.execute(*small.REMOVE["general"])
    with unchanged(seeded), pytest.raises(RefusedError) as caught:
        seeded.project.revision("general")
    (reason,) = caught.value.reasons
    assert "no demo rows of general" in reason
    assert "boards, cards, checks" in reason
    assert "is_demo" in reason
    assert no_stamps(seeded)


def test_no_demo_rows_are_a_version_with_allow_empty(chain: Chain) -> None:
    chain.database.execute(*small.REMOVE["general"])
    result = chain.project.revision("general", allow_empty=True)
    assert result.version.rows == {"boards": 0, "cards": 0, "checks": 0}
    assert chain.database.dump() == chain.at["base"]
    chain.project.downgrade("general", "v2")
    assert chain.database.dump() == chain.at["v2"]
    chain.project.upgrade("general@head")
    assert chain.database.dump() == chain.at["base"]
    assert chain.project.check(database=True) == []


# ---------------------------------------------------------------------- the chain


def test_a_database_seeded_afresh_without_a_stamp_continues_the_chain(chain: Chain) -> None:
    """As after `migrate:fresh --seed`: demosnap's own tables are gone too."""
    database = chain.database
    small.metadata.drop_all(database.engine)
    database.execute("DROP TABLE demosnap_version", "DROP TABLE demosnap_log")
    small.metadata.create_all(database.engine)
    database.execute(
        *small.OWN_ROWS, "INSERT INTO boards VALUES (1, 'Fresh', 'fresh', TRUE, 'general')"
    )
    fresh = database.dump()
    version = chain.project.revision("general").version
    assert (version.short, version.down_revision) == ("v3", chain.ids()["v2"])
    assert chain.stamps() == ["general v3"]
    chain.project.downgrade("general", "-1")
    assert database.dump() == chain.at["v2"]
    chain.project.upgrade("general@head")
    assert database.dump() == fresh


def below_the_head(chain: Chain) -> None:
    """Go down to v1 of two versions, and change a demo row there."""
    chain.project.downgrade("general", "v1")
    rename(chain, "changed at v1")


def test_a_database_below_the_head_is_refused_with_both_versions_and_the_ways_on(
    chain: Chain,
) -> None:
    below_the_head(chain)
    with unchanged(chain), pytest.raises(RefusedError) as caught:
        chain.project.revision("general")
    (reason,) = caught.value.reasons
    assert "v1_2025-01-15" in reason
    assert "v2_2025-01-20" in reason
    assert "demosnap upgrade general@head" in reason
    assert "--head general@head" in reason
    assert "--splice" in reason


def test_head_captures_on_top_of_the_head_all_the_same(chain: Chain) -> None:
    below_the_head(chain)
    rows = chain.database.dump()
    version = chain.project.revision("general", head="general@head").version
    assert (version.short, version.down_revision) == ("v3", chain.ids()["v2"])
    assert chain.stamps() == ["general v3"]
    assert chain.database.dump() == rows
    assert len(chain.project.heads()) == 1
    chain.project.downgrade("general", "-1")
    assert chain.database.dump() == chain.at["v2"]


def test_splice_makes_a_second_head_beside_the_first(chain: Chain) -> None:
    below_the_head(chain)
    rows = chain.database.dump()
    version = chain.project.revision("general", splice=True).version
    ids = chain.ids()
    assert (version.short, version.down_revision) == ("v3", ids["v1"])
    assert [entry.version.short for entry in chain.project.heads()] == ["v2", "v3"]
    assert chain.stamps() == ["general v3"]
    assert chain.database.dump() == rows
    chain.project.downgrade("general", "-1")
    assert chain.database.dump() == chain.at["v1"]
    chain.project.upgrade(ids["v2"])
    assert chain.database.dump() == chain.at["v2"]


def test_splice_from_the_head_leaves_one_stamp(chain: Chain) -> None:
    """The database holds the new version then, and not the head any more; it goes on from there."""
    rename(chain, "beside the head")
    rows = chain.database.dump()
    version = chain.project.revision("general", head="general@v1", splice=True).version
    assert (version.short, version.down_revision) == ("v3", chain.ids()["v1"])
    assert chain.stamps() == ["general v3"]
    assert chain.project.status("general")[0].clean
    chain.project.downgrade("general", "-1")
    assert chain.database.dump() == chain.at["v1"]
    chain.project.upgrade(version.revision)
    assert chain.database.dump() == rows
    chain.project.load(chain.ids()["v2"])
    assert (chain.stamps(), chain.database.dump()) == (["general v2"], chain.at["v2"])


def test_a_stamp_of_another_head_takes_the_place_of_the_first(chain: Chain) -> None:
    """With the rows of both, as after a capture elsewhere."""
    rename(chain, "beside the head")
    version = chain.project.revision("general", head="general@v1", splice=True).version
    chain.project.stamp(chain.ids()["v2"], verify=False)
    assert chain.stamps() == ["general v2"]
    chain.project.stamp(version.revision)
    assert chain.stamps() == ["general v3"]
    chain.project.stamp("general@base")
    assert chain.stamps() == []


def test_a_capture_at_one_of_two_heads_goes_on_from_it(chain: Chain) -> None:
    below_the_head(chain)
    spliced = chain.project.revision("general", splice=True).version
    rename(chain, "on the second branch")
    version = chain.project.revision("general").version
    assert (version.short, version.down_revision) == ("v4", spliced.revision)
    assert [entry.version.short for entry in chain.project.heads()] == ["v2", "v4"]


def test_two_heads_and_no_stamp_are_an_error_that_names_both(chain: Chain) -> None:
    below_the_head(chain)
    chain.project.revision("general", splice=True)
    chain.database.execute("DELETE FROM demosnap_version")
    rename(chain, "whose child?")
    with unchanged(chain), pytest.raises(ScriptError) as caught:
        chain.project.revision("general")
    ids = chain.ids()
    assert ids["v2"] in caught.value.message
    assert ids["v3"] in caught.value.message
    version = chain.project.revision("general", head=ids["v2"]).version
    assert version.down_revision == ids["v2"]


@pytest.mark.parametrize("name", ["v1", "v1_2025-01-15"])
def test_head_takes_no_version_that_another_follows(sqlite_chain: Chain, name: str) -> None:
    rename(sqlite_chain, "third")
    with unchanged(sqlite_chain), pytest.raises(UsageError, match="is not a head"):
        sqlite_chain.project.revision("general", head=f"general@{name}")
    version = sqlite_chain.project.revision("general", head=f"general@{name}", splice=True).version
    assert version.down_revision == sqlite_chain.ids()["v1"]


def test_head_takes_a_version_of_the_same_scenario_alone(sqlite_chain: Chain) -> None:
    sqlite_chain.database.execute(*small.WRITER)
    sqlite_chain.project.revision("writer")
    rename(sqlite_chain, "third")
    for name in ("writer@head", "general@base"):
        with unchanged(sqlite_chain), pytest.raises(UsageError, match="no version of general"):
            sqlite_chain.project.revision("general", head=name)
    with unchanged(sqlite_chain), pytest.raises(UnknownNameError, match="did you mean"):
        sqlite_chain.project.revision("general", head="general@v22_2025-01-20")


def test_a_stamp_of_an_unknown_script_is_refused_and_left(chain: Chain) -> None:
    chain.database.execute("UPDATE demosnap_version SET version_num = 'general_v9_0123abcd'")
    with unchanged(chain), pytest.raises(RefusedError, match="general_v9_0123abcd"):
        chain.project.revision("general")


def test_a_stamp_of_another_scenarios_unknown_script_disturbs_nothing(chain: Chain) -> None:
    chain.database.execute("INSERT INTO demosnap_version VALUES ('writer_v9_0123abcd')")
    rename(chain, "third")
    assert chain.project.revision("general").version.short == "v3"
    stamps = chain.database.rows("SELECT version_num FROM demosnap_version ORDER BY version_num")
    assert stamps == [(chain.ids()["v3"],), ("writer_v9_0123abcd",)]


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
    assert "v2_2025-01-20" in plan.refusals[0]


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
        "rows that are not captured reference demo rows, which cannot go as long as they do",
        "  cards: from checks 2 by card_id",
        "if they are demo data, add under `tables:` in demosnap.yaml:",
        "  checks: {via: card_id}",
    ]


# ---------------------------------------------------------------------- automatic captures


@pytest.mark.parametrize("value", [None, "0", "", "no", "off"])
def test_auto_does_nothing_unless_it_is_asked_for(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """Not even a database is needed: seeders run where none is configured for demosnap."""
    if value is not None:
        monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", value)
    with unchanged(sqlite_seeded):
        result = Project(sqlite_seeded.workspace.folder / "alembic.ini").revision(
            "general", auto=True
        )
        assert result == RevisionResult(None, None, False, False)
        assert sqlite_seeded.project.revision("general", auto=True) == result


def test_auto_captures_when_the_environment_asks_for_it(
    seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", "1")
    assert seeded.project.revision("general", auto=True).created
    assert seeded.stamps() == ["general v1"]


def test_auto_captures_when_the_configuration_asks_for_it(seeded: Chain) -> None:
    seeded.workspace.configure(small.SETTINGS + "auto_export: true\n")
    assert seeded.project.revision("general", auto=True).created
    assert not seeded.project.revision("general", auto=True).created


def test_after_seed_is_revision_auto(seeded: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", seeded.database.url)
    ini = seeded.workspace.folder / "alembic.ini"
    with unchanged(seeded):
        assert demosnap.after_seed("general", ini).version is None
    monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", "1")
    assert demosnap.after_seed("general", ini).created
    assert seeded.stamps() == ["general v1"]


def test_after_seed_finds_the_project_of_the_current_folder(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sqlite_seeded.workspace.folder)
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", sqlite_seeded.database.url)
    monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", "1")
    result = demosnap.after_seed("general")
    assert result.files[0].startswith("demo_revisions/general/general_v1_")


def test_after_seed_captures_inside_the_seeders_transaction(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are not committed yet are captured, and the stamp is committed with them."""
    monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", "1")
    ini = chain.workspace.folder / "alembic.ini"
    with chain.database.engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql("INSERT INTO checks VALUES (7, 1, 'late')")
        result = demosnap.after_seed("general", ini, connection=connection)
        assert result.version is not None
        assert result.version.rows["checks"] == 3
        assert transaction.is_active
        transaction.commit()
    assert chain.stamps() == ["general v3"]
    assert chain.project.check(database=True) == []


def test_a_stamp_in_the_callers_transaction_goes_when_it_is_rolled_back(chain: Chain) -> None:
    before = chain.everything()
    with chain.database.engine.connect() as connection:
        connection.begin()
        connection.exec_driver_sql("INSERT INTO checks VALUES (7, 1, 'late')")
        assert chain.project.revision("general", connection=connection).created
        connection.rollback()
    assert chain.everything() == before
    assert chain.stamps() == ["general v2"]


# ---------------------------------------------------------------------- no stamp


def test_no_stamp_only_reads_the_database(seeded: Chain) -> None:
    """No table of demosnap's own is made: a replica would refuse it."""
    tables = sa.inspect(seeded.database.engine).get_table_names()
    before = seeded.everything()
    result = seeded.project.revision("general", stamp=False)
    assert (result.created, result.stamped) == (True, False)
    assert sa.inspect(seeded.database.engine).get_table_names() == tables
    assert seeded.everything() == before
    assert no_stamps(seeded)


def test_no_stamp_leaves_the_database_file_byte_for_byte(sqlite_seeded: Chain) -> None:
    file = sqlite_seeded.database.folder / "demo.db"
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    assert sqlite_seeded.project.revision("general", stamp=False).created
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert [path.name for path in file.parent.glob("demo.db*")] == ["demo.db"]


def test_no_stamp_captures_from_a_file_that_cannot_be_written(sqlite_seeded: Chain) -> None:
    url = f"sqlite:///file:{sqlite_seeded.database.folder}/demo.db?mode=ro&uri=true"
    project = Project(sqlite_seeded.workspace.folder / "alembic.ini", url=url)
    assert project.revision("general", stamp=False).created


# ---------------------------------------------------------------------- the date


@pytest.mark.parametrize(
    ("date", "created_at"),
    [
        ("2025-01-20", "2025-01-20T00:00:00Z"),
        ("2025-01-20T14:15:16Z", "2025-01-20T14:15:16Z"),
        ("2025-01-20 14:15", "2025-01-20T14:15:00Z"),
        ("2025-01-20T23:30:00-02:00", "2025-01-21T01:30:00Z"),
        ("2025-01-20T14:15:16.987654", "2025-01-20T14:15:16Z"),
        ("0987-06-05", "0987-06-05T00:00:00Z"),
    ],
)
def test_date_says_when_a_version_was_made(
    sqlite_seeded: Chain, date: str, created_at: str
) -> None:
    version = sqlite_seeded.project.revision("general", date=date).version
    assert (version.created_at, version.version) == (created_at, f"v1_{created_at[:10]}")
    assert sqlite_seeded.project.show("general@v1").version == version
    assert sqlite_seeded.project.check() == []


@pytest.mark.parametrize("date", ["20.1.2025", "tomorrow", "2025-02-30", "2025-01-20T25:00", ""])
def test_a_date_that_is_none_is_an_error(sqlite_seeded: Chain, date: str) -> None:
    with unchanged(sqlite_seeded), pytest.raises(UsageError, match="is no date"):
        sqlite_seeded.project.revision("general", date=date)


def test_the_source_date_epoch_counts_where_no_date_is_given(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1736937000")
    plan = sqlite_seeded.project.revision("general", date="2020-02-02", dry_run=True).plan
    assert plan.version == "v1_2020-02-02"
    version = sqlite_seeded.project.revision("general").version
    assert version.created_at == "2025-01-15T10:30:00Z"


def test_a_source_date_epoch_that_is_no_number_is_an_error(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with unchanged(sqlite_seeded), pytest.raises(UsageError, match="SOURCE_DATE_EPOCH=yesterday"):
        sqlite_seeded.project.revision("general")


@pytest.mark.parametrize("by", ["date", "epoch"])
def test_two_captures_at_the_same_date_are_equal_byte_for_byte(
    seeded: Chain, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Script, snapshot, metadata, link and the revision's id."""
    date = "2025-01-15T10:30:00" if by == "date" else None
    if by == "epoch":
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1736937000")
    empty = tree(seeded.workspace.folder)
    first = seeded.project.revision("general", message="same", date=date)
    written = tree(seeded.workspace.folder)
    for name in written.keys() - empty.keys():
        (seeded.workspace.folder / name).unlink()
    seeded.database.execute("DELETE FROM demosnap_version")
    second = seeded.project.revision("general", message="same", date=date)
    assert second.created
    assert tree(seeded.workspace.folder) == written
    assert second.version == first.version


def test_captures_that_differ_in_anything_have_ids_of_their_own(sqlite_chain: Chain) -> None:
    project = sqlite_chain.project
    ids = {entry.version.revision for entry in project.history()}
    for date in ("2025-02-01", "2025-02-02", "2025-02-02T00:00:01"):
        ids.add(project.revision("general", allow_empty=True, date=date).version.revision)
    sqlite_chain.database.execute(*small.WRITER)
    ids.add(project.revision("writer", date="2025-02-02").version.revision)
    assert len(ids) == 6
    assert len({revision.rpartition("_")[2] for revision in ids}) == 6


# ---------------------------------------------------------------------- scenarios


@pytest.mark.parametrize(
    "name", ["General", "1st", "my-demo", "", "two words", "demö", "_x", "a.b", "general@v1", "a\n"]
)
def test_a_scenarios_name_is_lower_case_letters_digits_and_underscores(
    sqlite_seeded: Chain, name: str
) -> None:
    sqlite_seeded.workspace.configure("marker: {column: is_demo, scenario_column: scenario}\n")
    with unchanged(sqlite_seeded), pytest.raises(UsageError, match="cannot be a scenario's name"):
        sqlite_seeded.project.revision(name)


@pytest.mark.parametrize("name", ["a", "x9", "general_2"])
def test_any_such_name_can_be_a_scenarios(sqlite_seeded: Chain, name: str) -> None:
    sqlite_seeded.workspace.configure("marker: {column: is_demo, scenario_column: scenario}\n")
    sqlite_seeded.database.execute(f"UPDATE boards SET scenario = '{name}' WHERE id = 1")
    sqlite_seeded.database.execute(f"UPDATE cards SET scenario = '{name}' WHERE id IN (1, 3)")
    assert sqlite_seeded.project.revision(name).version.rows == {"boards": 1, "cards": 2}
    assert sqlite_seeded.project.show(f"{name}@head").head


def test_a_scenario_that_the_configuration_does_not_list_is_unknown(sqlite_seeded: Chain) -> None:
    with (
        unchanged(sqlite_seeded),
        pytest.raises(UnknownNameError, match="did you mean 'general'") as e,
    ):
        sqlite_seeded.project.revision("generla")
    assert "demosnap.yaml" in (e.value.hint or "")


MARKERS_OF_ONE = {
    "a boolean column": "marker: {column: is_demo}\n",
    "a predicate": 'marker: {where: "is_demo = TRUE", tables: [boards, cards]}\n',
}


@pytest.mark.parametrize("text", MARKERS_OF_ONE.values(), ids=MARKERS_OF_ONE)
def test_a_marker_that_cannot_name_a_scenario_allows_one(seeded: Chain, text: str) -> None:
    seeded.workspace.configure(text + "tables: {checks: {via: card_id}}\n")
    seeded.database.execute(*small.WRITER)
    version = seeded.project.revision("general").version
    assert version.rows == {"boards": 2, "cards": 3, "checks": 3}
    with unchanged(seeded), pytest.raises(UsageError, match="cannot tell writer from general"):
        seeded.project.revision("writer")
    assert not seeded.project.revision("general").created


def test_two_scenarios_must_not_pick_the_same_rows(seeded: Chain) -> None:
    seeded.workspace.configure(
        small.SETTINGS.replace("checks: {via: card_id}", 'checks: {where: "id < 5"}')
    )
    with unchanged(seeded), pytest.raises(RefusedError) as caught:
        seeded.project.revision("general")
    assert "checks: 3 rows belong to both general and writer" in caught.value.reasons[0]
    assert ":scenario" in caught.value.reasons[0]


# ---------------------------------------------------------------------- all or nothing


class Failing:
    """Counts the calls that change files, and fails at the one it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
        self.left: int | None = None
        self._error = error
        for owner, name in ((Path, "replace"), (os, "fsync"), (tempfile, "mkstemp")):
            monkeypatch.setattr(owner, name, self._counting(getattr(owner, name)))

    def _counting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    self.left = None
                    raise self._error
            return function(*arguments, **more)

        return call


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()],
    ids=["full", "interrupted"],
)
def test_a_failure_at_any_point_of_writing_leaves_the_files_as_they_were(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch, error: BaseException, first: bool
) -> None:
    chain = sqlite_seeded
    if not first:
        chain.project.revision("general", date="2025-01-15")
        rename(chain, "second")
    files, history = tree(chain.workspace.folder), chain.project.history()
    failing = Failing(monkeypatch, error)
    for place in range(100):
        failing.left = place
        try:
            result = chain.project.revision("general", date="2025-01-16", stamp=False)
        except (DemosnapError, KeyboardInterrupt) as raised:
            if isinstance(raised, DemosnapError):
                assert "no space left on device" in raised.message.lower()
        else:
            break
        assert tree(chain.workspace.folder) == files
        assert chain.project.history() == history
        assert chain.project.check() == []
    assert 10 < place < 99
    assert result.created


def test_a_failure_of_the_database_in_the_middle_writes_no_file(
    seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = type(dialects.get(seeded.database.server))
    read_rows = dialect.read_rows

    def failing(
        self: Any, connection: Any, table: Any, predicate: str, *counted: Any
    ) -> Iterator[bytes]:
        yield from read_rows(self, connection, table, predicate, *counted)
        if table.name == "cards":
            raise RuntimeError("the line is dead")

    monkeypatch.setattr(dialect, "read_rows", failing)
    with unchanged(seeded), pytest.raises(RuntimeError):
        seeded.project.revision("general")


# ---------------------------------------------------------------------- one moment


def test_a_capture_sees_one_moment_of_all_tables(
    seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes to every table, and commits, when the capture has read the first."""
    database = seeded.database
    # Where readers make writers wait, this is what lets the writer go on.
    with contextlib.suppress(sa.exc.DBAPIError):
        database.execute("PRAGMA journal_mode = WAL")
    before = database.dump()
    dialect = type(dialects.get(database.server))
    read_rows = dialect.read_rows
    seen = []

    def interrupted(
        self: Any, connection: Any, table: Any, predicate: str, *counted: Any
    ) -> Iterator[bytes]:
        if not seen:
            database.execute(
                "INSERT INTO boards VALUES (5, 'Late', 'late', TRUE, 'general')",
                "UPDATE cards SET title = 'late', board_id = 5 WHERE id = 3",
                "DELETE FROM checks WHERE id = 1",
            )
        seen.append(table.name)
        return read_rows(self, connection, table, predicate, *counted)

    monkeypatch.setattr(dialect, "read_rows", interrupted)
    version = seeded.project.revision("general").version
    monkeypatch.undo()
    assert seen[:3] == ["boards", "cards", "checks"]
    late = database.dump()
    assert late != before
    assert version.rows == {"boards": 1, "cards": 2, "checks": 2}

    assert seeded.project.revision("general").version.short == "v2"
    seeded.project.downgrade("general", "v1")
    assert database.dump() == before
    seeded.project.upgrade("general@v2")
    assert database.dump() == late


# ---------------------------------------------------------------------- what is marked

JSON_MARKS = {
    '{"demo_seed": true}': True,
    '{"demo_seed":"true"}': True,
    '  { "a" : [1, {"demo_seed": false}],\t"demo_seed" :true}  ': True,
    '{"demo_seed": 1}': False,
    '{"demo_seed": 1.0}': False,
    '{"demo_seed": "yes"}': False,
    '{"demo_seed": "TRUE"}': False,
    '{"demo_seed": "True"}': False,
    '{"demo_seed": "true "}': False,
    '{"demo_seed": " true"}': False,
    '{"demo_seed": ""}': False,
    '{"demo_seed": [true]}': False,
    '{"demo_seed": {"true": true}}': False,
    '{"demo_seed": false}': False,
    '{"demo_seed": "false"}': False,
    '{"demo_seed": null}': False,
    '{"Demo_Seed": true}': False,
    '{"demo_seed ": true}': False,
    '{"nested": {"demo_seed": true}}': False,
    '[{"demo_seed": true}]': False,
    "true": False,
    '"true"': False,
    "1": False,
    "null": False,
    "{}": False,
    "[]": False,
}
ODD_MARKS = 10
MALFORMED = (
    "",
    " ",
    "demo_seed: true",
    '{"demo_seed": true',
    "{'demo_seed': true}",
    '{"demo_seed": true} and more',
    "{demo_seed: true}",
    "nul",
    "\\",
)


def literal(text: str | None) -> str:
    """Render a text without backslashes as SQL."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def make_notes(database: Database, column: sa.types.TypeEngine[Any]) -> None:
    """Create a table of notes whose metadata has a type."""
    notes = sa.Table(
        "notes",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("metadata", column),
        sa.Column("body", sa.String(40)),
    )
    notes.create(database.engine)


@pytest.mark.parametrize("kind", ["json", "text"])
def test_true_and_the_string_true_are_marks_and_nothing_else_is(
    database: Database, make_workspace: MakeWorkspace, kind: str
) -> None:
    """Also in a column that the database declares as text, where malformed JSON is no error."""
    workspace = make_workspace(database)
    workspace.configure(
        "marker: {column: metadata, key: demo_seed, scenario_key: scenario}\n"
        "scenarios: {general: {default: true}, other: {}}\n"
    )
    make_notes(database, sa.JSON() if kind == "json" else sa.Text())
    marks: dict[str | None, bool] = {**JSON_MARKS, None: False}
    if kind == "text":
        marks |= dict.fromkeys((m for m in MALFORMED if m != "\\"), False)
    for key, mark in enumerate(marks):
        database.execute(f"INSERT INTO notes VALUES ({key}, {literal(mark)}, 'note {key}')")
    everything = database.dump()
    plan = workspace.project.revision("general", dry_run=True).plan
    assert [note for note in plan.notes if "odd value" in note] == [
        f"notes: {ODD_MARKS} rows have an odd value at metadata.demo_seed, neither true nor"
        " false; they are not demo rows"
    ]
    workspace.project.revision("general")
    workspace.project.downgrade("general", "base")
    left = [key for (key,) in database.rows("SELECT id FROM notes ORDER BY id")]
    assert left == [key for key, marked in enumerate(marks.values()) if not marked]
    workspace.project.upgrade("general@head")
    assert database.dump() == everything


SCENARIO_MARKS = {
    '{"demo_seed": true, "scenario": "general"}': True,
    '{"demo_seed": "true", "scenario": "general"}': True,
    '{"demo_seed": true}': True,
    '{"demo_seed": true, "scenario": null}': True,
    '{"demo_seed": true, "scenario": "other"}': False,
    '{"demo_seed": true, "scenario": "General"}': False,
    '{"demo_seed": true, "scenario": "general "}': False,
    '{"demo_seed": true, "scenario": ""}': False,
    '{"demo_seed": true, "scenario": "null"}': False,
    '{"demo_seed": false, "scenario": "general"}': False,
    '{"scenario": "general"}': False,
}


@pytest.mark.parametrize("kind", ["json", "text"])
def test_a_row_belongs_to_the_scenario_that_it_names_by_every_byte(
    database: Database, make_workspace: MakeWorkspace, kind: str
) -> None:
    workspace = make_workspace(database)
    workspace.configure(
        "marker: {column: metadata, key: demo_seed, scenario_key: scenario}\n"
        "scenarios: {general: {default: true}, other: {}}\n"
    )
    make_notes(database, sa.JSON() if kind == "json" else sa.Text())
    for key, mark in enumerate(SCENARIO_MARKS):
        database.execute(f"INSERT INTO notes VALUES ({key}, {literal(mark)}, NULL)")
    everything = database.dump()
    workspace.project.revision("general")
    assert workspace.project.revision("other").version.rows == {"notes": 1}
    workspace.project.downgrade("general", "base")
    left = [key for (key,) in database.rows("SELECT id FROM notes ORDER BY id")]
    assert left == [key for key, mine in enumerate(SCENARIO_MARKS.values()) if not mine]
    workspace.project.upgrade("general@head")
    assert database.dump() == everything


def test_a_boolean_column_marks_and_another_names_the_scenario(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(database)
    workspace.configure(
        "marker: {column: is_demo, scenario_column: scenario}\n"
        "scenarios: {general: {default: true}, writer: {}}\n"
    )
    rows = {
        "TRUE, 'general'": True,
        "TRUE, NULL": True,
        "TRUE, 'writer'": False,
        "TRUE, 'General'": False,
        "TRUE, 'general '": False,
        "TRUE, ''": False,
        "FALSE, 'general'": False,
        "NULL, 'general'": False,
        "NULL, NULL": False,
    }
    sa.Table(
        "notes",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("is_demo", sa.Boolean),
        sa.Column("scenario", sa.String(40)),
    ).create(database.engine)
    for key, values in enumerate(rows):
        database.execute(f"INSERT INTO notes VALUES ({key}, {values})")
    everything = database.dump()
    workspace.project.revision("general")
    assert workspace.project.revision("writer").version.rows == {"notes": 1}
    workspace.project.downgrade("general", "base")
    left = [key for (key,) in database.rows("SELECT id FROM notes ORDER BY id")]
    assert left == [key for key, mine in enumerate(rows.values()) if not mine]
    workspace.project.upgrade("general@head")
    assert database.dump() == everything


TENANTS = (
    "CREATE TABLE regions (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE shops (id INTEGER NOT NULL PRIMARY KEY, tenant_id INTEGER, tenant VARCHAR(40),"
    " name VARCHAR(40))",
    "CREATE TABLE goods (id INTEGER NOT NULL PRIMARY KEY, tenant_id INTEGER, tenant VARCHAR(40),"
    " shop_id INTEGER REFERENCES shops (id))",
    "INSERT INTO regions VALUES (7, 'North')",
    "INSERT INTO shops VALUES (1, 7, 'general', 'A'), (2, 8, 'writer', 'B'), (3, NULL, NULL, 'C')",
    "INSERT INTO goods VALUES (1, 7, 'general', 1), (2, 8, 'writer', 2), (3, 70, 'x', NULL)",
)


def test_a_predicate_marks_in_the_tables_that_it_is_for(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(database)
    workspace.configure('marker: {where: "tenant_id = 7", tables: [shops, goods]}\n')
    database.execute(*TENANTS)
    everything = database.dump()
    version = workspace.project.revision("general").version
    assert version.rows == {"shops": 1, "goods": 1}
    workspace.project.downgrade("general", "base")
    assert database.rows("SELECT id FROM shops ORDER BY id") == [(2,), (3,)]
    assert database.rows("SELECT id FROM goods ORDER BY id") == [(2,), (3,)]
    assert database.rows("SELECT id FROM regions") == [(7,)]
    workspace.project.upgrade("general@head")
    assert database.dump() == everything


def test_a_predicate_with_the_scenario_in_it_tells_scenarios_apart(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(database)
    workspace.configure('marker: {where: "tenant = :scenario", tables: [shops, goods]}\n')
    database.execute(*TENANTS)
    everything = database.dump()
    assert workspace.project.revision("general").version.rows == {"shops": 1, "goods": 1}
    assert workspace.project.revision("writer").version.rows == {"shops": 1, "goods": 1}
    workspace.project.downgrade("writer", "base")
    assert database.rows("SELECT id FROM shops ORDER BY id") == [(1,), (3,)]
    workspace.project.upgrade("writer@head")
    assert database.dump() == everything
    with pytest.raises(RefusedError, match=r"no demo rows of third"):
        workspace.project.revision("third")


PREDICATES = {
    "body LIKE '100%:scenario%'": {1},
    "body = 'a:b'": {2},
    "body = 'x::y' OR body = ':name'": {3, 4},
    "body = :scenario": {5},
    "body = ':scenario'": {6},
    "body = 'it''s :scenario' OR (body = :scenario AND id > 0)": {5, 7},
    "body IN ('%s', '%(x)s', '?')": {8, 9, 10},
    "(body = '100%' OR body = :scenario)": {5, 11},
}


def test_a_predicate_of_a_table_is_sql_as_it_stands(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """Colons and per cent signs are data; `:scenario` outside of quotes is the scenario."""
    workspace = make_workspace(database)
    make_notes(database, sa.JSON())
    bodies = ("100% :scenario", "a:b", "x::y", ":name", "general", ":scenario", "it's :scenario")
    for key, body in enumerate((*bodies, "%s", "%(x)s", "?", "100%"), 1):
        database.execute(f"INSERT INTO notes VALUES ({key}, NULL, {literal(body)})")
    everything = database.dump()
    for where, ids in PREDICATES.items():
        workspace.configure(
            json.dumps({"marker": {"where": "1 = 0"}, "tables": {"notes": {"where": where}}})
        )
        assert workspace.project.revision("general").created
        workspace.project.downgrade("general", "base")
        left = {key for (key,) in database.rows("SELECT id FROM notes")}
        assert set(range(1, 12)) - left == ids, where
        workspace.project.upgrade("general@head")
        assert database.dump() == everything
        assert workspace.project.check(database=True) == []


VIA = """\
marker: {column: is_demo}
tables:
  orders: {via: [number, region]}
  order_lines: {via: order_id}
  remarks: {via: [order_id, place]}
"""


def make_orders(database: Database) -> None:
    """Create accounts, their orders, the lines of these and remarks on them, with rows."""
    metadata = sa.MetaData()

    def table(name: str, *columns: Any) -> None:
        sa.Table(name, metadata, *columns)

    def key(name: str, type_: Any = sa.Integer) -> sa.Column[Any]:
        return sa.Column(name, type_, primary_key=True, autoincrement=False)

    table("accounts", key("region", sa.String(10)), key("number"), sa.Column("is_demo", sa.Boolean))
    table(
        "orders",
        key("id"),
        sa.Column("region", sa.String(10)),
        sa.Column("number", sa.Integer),
        sa.ForeignKeyConstraint(["region", "number"], ["accounts.region", "accounts.number"]),
    )
    table(
        "order_lines",
        sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True, autoincrement=False),
        key("place"),
        sa.Column("what", sa.String(40)),
    )
    table(
        "remarks",
        key("id"),
        sa.Column("order_id", sa.Integer),
        sa.Column("place", sa.Integer),
        sa.ForeignKeyConstraint(
            ["order_id", "place"], ["order_lines.order_id", "order_lines.place"]
        ),
    )
    metadata.create_all(database.engine)
    database.execute(
        "INSERT INTO accounts VALUES ('eu', 1, TRUE), ('eu', 2, FALSE), ('us', 1, NULL),"
        " ('us', 2, TRUE)",
        "INSERT INTO orders VALUES (1, 'eu', 1), (2, 'eu', 2), (3, 'us', 1), (4, 'us', 2),"
        " (5, NULL, 1), (6, 'eu', NULL), (7, NULL, NULL)",
        "INSERT INTO order_lines VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 1, 'c'), (4, 1, 'd')",
        "INSERT INTO remarks VALUES (1, 1, 2), (2, 2, 1), (3, 4, 1), (4, 4, NULL), (5, NULL, 1)",
    )


def test_rows_are_picked_via_foreign_keys_over_several_columns_and_levels(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(database)
    workspace.configure(VIA)
    make_orders(database)
    everything = database.dump()
    version = workspace.project.revision("general").version
    assert list(version.rows.items()) == [
        ("accounts", 2),
        ("orders", 2),
        ("order_lines", 3),
        ("remarks", 2),
    ]
    workspace.project.downgrade("general", "base")
    for table, ids in {"orders": [2, 3, 5, 6, 7], "remarks": [2, 4, 5]}.items():
        assert database.rows(f"SELECT id FROM {table} ORDER BY id") == [(key,) for key in ids]
    assert database.rows("SELECT what FROM order_lines") == [("c",)]
    workspace.project.upgrade("general@head")
    assert database.dump() == everything
    assert not workspace.project.revision("general").created


def test_excluded_tables_keep_their_marked_rows(seeded: Chain) -> None:
    seeded.workspace.configure(
        "marker: {column: is_demo, scenario_column: scenario}\nexclude: [cards]\n"
    )
    seeded.database.execute("DELETE FROM checks", "UPDATE cards SET board_id = 2")
    everything = seeded.database.dump()
    version = seeded.project.revision("general").version
    assert version.rows == {"boards": 1}
    seeded.project.downgrade("general", "base")
    assert seeded.database.dump()["cards"] == everything["cards"]
    assert seeded.database.rows("SELECT id FROM boards WHERE is_demo = TRUE") == []
    seeded.project.upgrade("general@head")
    assert seeded.database.dump() == everything


# ---------------------------------------------------------------------- the command


def test_the_command_says_what_it_wrote_and_how_to_add_it(sqlite_seeded: Chain) -> None:
    workspace = sqlite_seeded.workspace
    done = workspace.run("revision", "general", "-m", "v1: first", "--date", "2025-01-15")
    lines = done.stdout.splitlines()
    assert "general: v1_2025-01-15, 5 rows captured" in lines[0]
    assert "wrote demo_revisions/general/general_v1_2025-01-15.sql" in lines
    assert lines[-1] == "git add demo_revisions/general demo_revisions/metadata"
    assert workspace.database.url in done.stderr

    again = workspace.run("revision", "general")
    assert again.stdout.strip() == "general: no changes since v1"


def test_the_quiet_command_prints_the_path_of_the_snapshot_alone(sqlite_seeded: Chain) -> None:
    workspace = sqlite_seeded.workspace
    for _ in range(2):
        done = workspace.run("-q", "revision", "general", "--date", "2025-01-15")
        assert done.stdout == "demo_revisions/general/general_v1_2025-01-15.sql\n"
        assert done.stderr == ""


def test_the_command_refuses_with_the_reason_and_the_ways_on(sqlite_chain: Chain) -> None:
    below_the_head(sqlite_chain)
    with unchanged(sqlite_chain):
        done = sqlite_chain.workspace.run("revision", "general", check=False)
    assert done.returncode == 1
    assert "v2_2025-01-20" in done.stderr
    assert "--splice" in done.stderr
    assert done.stdout == ""


def test_the_automatic_command_is_silent_when_it_is_off(sqlite_seeded: Chain) -> None:
    with unchanged(sqlite_seeded):
        done = sqlite_seeded.workspace.run("revision", "general", "--auto")
    assert (done.stdout, done.stderr) == ("", "")


def test_the_commands_dry_run_shows_the_plan(sqlite_seeded: Chain) -> None:
    sqlite_seeded.database.execute("UPDATE cards SET owner_id = 2 WHERE id = 1")
    with unchanged(sqlite_seeded):
        done = sqlite_seeded.workspace.run(
            "revision", "general", "--dry-run", "--date", "2025-01-15"
        )
    assert "v1_2025-01-15" in done.stdout
    assert "owner_id" in done.stdout
    for table, count in {"boards": 1, "cards": 2, "checks": 2}.items():
        assert [table, str(count)] in [line.split() for line in done.stdout.splitlines()]
