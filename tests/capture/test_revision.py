"""What a capture writes, how its version is named, and when there is nothing to write."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from demosnap.errors import UsageError
from support import small
from support.captures import below_the_head, no_stamps, rename
from support.refusals import refused
from support.small import Chain
from support.unchanged import tree, unchanged

pytestmark = pytest.mark.long

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


def test_the_first_capture_tells_which_triggers_act_when_the_rows_are_loaded(seeded: Chain) -> None:
    """Before rows go for the first time; each move says it then, and later captures do not."""
    small.trigger(seeded.database, "meddles", "cards", when="NEW.id = 99")
    with unchanged(seeded):
        plan = seeded.project.revision("general", dry_run=True).plan
    assert plan is not None
    said = "trigger meddles on table cards acts on inserted rows"
    assert [note for note in plan.notes if said in note]
    assert seeded.project.revision("general").plan.notes == plan.notes
    seeded.database.execute("UPDATE cards SET title = 'Another' WHERE id = 1")
    assert seeded.project.revision("general").plan.notes == ()


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
    with unchanged(seeded), refused("no demo rows") as caught:
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
