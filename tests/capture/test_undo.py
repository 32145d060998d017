"""`revision --undo`: the last capture is taken back, and no row is touched."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from demosnap.errors import DemosnapError, ScriptError, UsageError
from demosnap.revisions import revision_files
from support import kill, small
from support.databases import Database
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Two versions of general, and writer's first."""
    return small.copied(make_workspace(database), "v1", "v2", writer=True)


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """Two versions of general, on SQLite."""
    return small.copied(make_workspace(sqlite), "v1", "v2")


def tree(chain: Chain) -> dict[str, bytes | str]:
    """The files of the revisions, and where the links lead."""
    folder = chain.workspace.revisions
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if (path.is_file() or path.is_symlink())
        and "__pycache__" not in str(path)
        and path.name != revision_files.LOCK_FILE
    }


def git(chain: Chain, *words: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *who, *words], cwd=chain.workspace.folder, check=True)


def reasons(chain: Chain, scenario: str = "general") -> str:
    """Check that an undo is refused and changes nothing; return why."""
    before = tree(chain)
    told = chain.refused(lambda: chain.project.undo(scenario, committed=True))
    assert tree(chain) == before
    return told


def test_files_and_stamp_are_those_before_the_capture_and_the_rows_stay(chain: Chain) -> None:
    before, rows = tree(chain), chain.database.dump()
    chain.database.execute("UPDATE cards SET title = 'Third' WHERE id = 1")
    changed = chain.database.dump()
    chain.project.revision("general", date="2025-02-01")
    assert chain.project.undo("general", dry_run=True).version.short == "v3"
    assert chain.stamps() == ["general v3", "writer v1"]
    done = chain.project.undo("general")
    assert (done.version.short, done.parent and done.parent.short) == ("v3", "v2")
    assert tree(chain) == before
    assert chain.stamps() == ["general v2", "writer v1"]
    assert chain.database.dump() == changed
    assert chain.project.check() == []
    entry = chain.project.log("general")[0]
    assert (entry.operation, entry.revision, entry.digest) == ("undo", chain.ids()["v2"], None)
    # What was captured is drift again: it can be captured anew, or put back.
    assert [not one.clean for one in chain.project.status("general")] == [True]
    with refused("unsaved rows", "in no revision and would be lost"):
        chain.project.downgrade("general", "base")
    chain.project.revision("general", date="2025-02-02")
    chain.project.undo("general")
    chain.project.reset("general")
    assert chain.database.dump() == rows


def test_all_can_be_undone_one_after_the_other(chain: Chain) -> None:
    rows = chain.database.dump()
    chain.project.undo("writer")
    chain.project.undo("general")
    chain.project.undo()
    assert list(tree(chain)) == [
        ".gitattributes",
        ".gitignore",
        "demosnap.schema.json",
        "demosnap.yaml",
    ]
    assert (chain.stamps(), chain.database.dump()) == ([], rows)
    assert chain.project.check() == []
    chain.project.revision("general", date="2025-01-15")
    assert chain.stamps() == ["general v1"]


def test_the_command_says_what_went_and_what_stays(sqlite_chain: Chain) -> None:
    run = sqlite_chain.workspace.run
    tried = run("revision", "--undo", "--dry-run").stdout
    assert "v2_2025-01-20 would be undone, the stamp is v1" in tried
    done = run("revision", "--undo").stdout
    assert "v2_2025-01-20 undone, the stamp is v1; the rows stay, changes since v1" in done
    assert "removed demo_revisions/general/general_v2_2025-01-20.sql" in done
    assert "git add demo_revisions/general demo_revisions/metadata" in done
    assert run("revision", "--undo", "-m", "x", check=False).returncode == 2


def test_only_what_was_captured_here_can_be_undone(
    sqlite_chain: Chain, tmp_path: Path, make_workspace: MakeWorkspace
) -> None:
    sqlite_chain.database.execute("DELETE FROM demosnap_log WHERE operation = 'capture'")
    assert "v2_2025-01-20 was not captured from this database" in reasons(sqlite_chain)


def test_a_database_that_is_elsewhere_is_refused(chain: Chain) -> None:
    chain.project.downgrade("general", "v1")
    assert "`demosnap upgrade general@v2` first" in reasons(chain)
    chain.project.downgrade("general", "base")
    assert "holds nothing of general, not at v2_2025-01-20" in reasons(chain)


def test_a_version_that_another_one_depends_on_stays(chain: Chain) -> None:
    (script,) = (chain.workspace.revisions / "writer").glob("*.py")
    needed = f"depends_on = {chain.ids()['v2']!r}"
    script.write_text(script.read_text().replace("depends_on = None", needed))
    assert "depends on v2_2025-01-20 (depends_on)" in reasons(chain)


def test_of_two_heads_the_one_in_the_database(sqlite_chain: Chain) -> None:
    sqlite_chain.project.downgrade("general", "v1")
    sqlite_chain.database.execute("UPDATE cards SET title = 'Beside' WHERE id = 1")
    sqlite_chain.project.revision("general", splice=True, date="2025-02-01")
    assert sqlite_chain.project.undo("general").version.short == "v3"
    assert sqlite_chain.stamps() == ["general v1"]
    sqlite_chain.database.execute("UPDATE cards SET title = 'Again' WHERE id = 1")
    sqlite_chain.project.revision("general", splice=True, date="2025-02-01")
    sqlite_chain.database.execute("DELETE FROM demosnap_version")
    with pytest.raises(ScriptError, match="heads"):
        sqlite_chain.project.undo("general")


def test_several_scenarios_have_to_be_named(chain: Chain) -> None:
    with pytest.raises(UsageError, match=r"Name one of general, writer\."):
        chain.project.undo()


def test_what_git_knows_is_asked_for_and_what_is_pushed_is_refused(sqlite_chain: Chain) -> None:
    run = sqlite_chain.workspace.run
    git(sqlite_chain, "init", "-q", "-b", "main")
    git(sqlite_chain, "add", ".")
    assert not sqlite_chain.project.undo(dry_run=True).committed
    git(sqlite_chain, "commit", "-q", "-m", "v2")
    asked = run("revision", "--undo", check=False)
    assert (asked.returncode, "Add --yes" in asked.stderr) == (2, True)
    with refused("cannot undo", "v2_2025-01-20 is committed in git"):
        sqlite_chain.project.undo()
    remote = sqlite_chain.workspace.folder.parent / "remote.git"
    git(sqlite_chain, "init", "-q", "--bare", str(remote))
    git(sqlite_chain, "remote", "add", "origin", str(remote))
    git(sqlite_chain, "push", "-q", "origin", "main")
    assert "v2_2025-01-20 is pushed: origin/main has it" in reasons(sqlite_chain)
    # Another version of the same name is not the one that was pushed.
    before = sqlite_chain.ids()["v2"]
    for file in (sqlite_chain.workspace.revisions / "general").glob("*v2*"):
        file.unlink()
    sqlite_chain.project.manifest()
    sqlite_chain.database.execute(
        f"UPDATE demosnap_version SET version_num = '{sqlite_chain.ids()['v1']}'",
        "UPDATE cards SET title = 'Otherwise' WHERE id = 1",
    )
    sqlite_chain.project.revision("general", date="2025-01-20")
    assert sqlite_chain.ids()["v2"] != before
    assert not sqlite_chain.project.undo().committed


def test_committed_only_here_goes_with_yes(sqlite_chain: Chain) -> None:
    git(sqlite_chain, "init", "-q", "-b", "main")
    git(sqlite_chain, "add", ".")
    git(sqlite_chain, "commit", "-q", "-m", "v2")
    done = sqlite_chain.workspace.run("revision", "--undo", "--yes").stdout
    assert "v2_2025-01-20 undone" in done
    assert sqlite_chain.stamps() == ["general v1"]


def test_an_undo_whose_files_cannot_be_written_says_what_it_changed(
    sqlite_chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "general")

    rows = sqlite_chain.database.dump()
    with monkeypatch.context() as patch, pytest.raises(DemosnapError) as caught:
        patch.setattr(os, "fsync", full)
        sqlite_chain.project.undo("general")
    assert str(caught.value).startswith("general cannot be written: no space left on device; ")
    assert "the database is no longer stamped with v2_2025-01-20" in str(caught.value)
    assert "nothing was changed" not in str(caught.value)
    assert caught.value.changed is True
    assert sqlite_chain.stamps() == ["general v1"]
    sqlite_chain.project.undo("general")
    assert sqlite_chain.database.dump() == rows


def strikes(places: Mapping[str, int], count: int) -> Iterator[kill.Place]:
    yield from kill.choose(places, count, random.Random(count))


def test_killed_at_any_moment_it_can_be_ended(chain: Chain) -> None:
    """The stamp goes first, then all files at once; the same command ends what was begun."""
    words = ("-q", "revision", "--undo", "general")
    project = chain.project
    old = tree(chain)

    def capture() -> None:
        chain.database.execute("UPDATE cards SET title = 'Third' WHERE id = 1")
        chain.project.revision("general", date="2025-02-01")

    capture()
    rows, captured = chain.database.dump(), tree(chain)
    places = kill.run(chain.workspace, *words, record=True).places
    assert (tree(chain), chain.stamps()) == (old, ["general v2", "writer v1"])
    for place in strikes(places, 10):
        capture()
        # The time of the log is not part of it.
        captured = tree(chain)
        kill.run(chain.workspace, *words, at=place, blow=kill.kill_process)
        assert chain.project.check() == [], place
        now = tree(chain)
        assert now in (old, captured), place
        stamps = chain.database.rows("SELECT version_num FROM demosnap_version")
        if now == captured:
            chain.project.undo("general")
        else:
            assert (chain.ids()["v2"],) in stamps, place
        assert chain.stamps() == ["general v2", "writer v1"], place
        assert tree(chain) == old, place
        assert chain.database.dump() == rows, place
    assert project.settings.revisions.exists()
