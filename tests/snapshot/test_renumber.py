"""Two people's versions are put in a chain by `renumber`, and none is lost."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from demosnap.errors import DemosnapError, ScriptError, UnknownNameError, UsageError
from demosnap.project import Project
from demosnap.revisions import revision_files
from support import copies
from support.refusals import refused
from support.repositories import Git, capture, two_branches
from support.small import Chain, Rows
from support.unchanged import tree

GENERAL = "demo_revisions/general"


def line_of(chain: Chain) -> list[str]:
    """Return the versions of general and the titles that they were captured with, the first one
    first; each follows the one before it."""
    versions = [entry.version for entry in chain.project.history("general")][::-1]
    parents = [None, *(version.revision for version in versions)]
    assert [version.down_revision for version in versions] == parents[:-1]
    return [f"{version.version} {version.message}".strip() for version in versions]


def loads(chain: Chain, expected: dict[str, Rows]) -> None:
    """Check that each version can be loaded, every value and every other row as it was."""
    for name, rows in expected.items():
        chain.project.load(f"general@{name}", discard=True)
        assert chain.database.dump() == rows
    assert chain.project.check(database=True) == []


# ---------------------------------------------------------------------- two heads

DAYS = ("2025-02-02", "2025-02-03")
HOURS = ("2025-02-02T10:00", "2025-02-02T11:00")


@pytest.mark.parametrize("drivers_set", [True, False])
def test_captures_of_two_days_are_put_in_a_chain(chain: Chain, drivers_set: bool) -> None:
    """Every command that meets the two heads says the command that makes a chain of them."""
    git, held = two_branches(chain, DAYS, drivers=drivers_set)
    old = {e.version.version: e.version.revision for e in chain.project.heads()}
    # The link of the newest version is no file that git could merge.
    metadata = 0 if drivers_set else 2
    assert len(git.conflicting()) == metadata + 1
    command = "demosnap revision --renumber general@v3_2025-02-03"
    run = chain.workspace.run
    calls = {
        "demosnap": ["check", "history", "heads", "upgrade general@head"],
        "alembic": ["upgrade general@head", "upgrade heads", "stamp heads"],
    }
    for done in (
        run(*words.split(), command=program, check=False)
        for program in (calls if drivers_set else ())
        for words in calls[program]
    ):
        said = done.stdout + done.stderr
        assert f"{command}    it becomes v4, after v3_2025-02-02\n" in said
        assert old["v3_2025-02-02"] in said
        assert "Traceback" not in said
    words = command.split()[1:]
    before = tree(chain.workspace.revisions)
    assert "becomes v4_2025-02-03 (general_v4_" in run(*words, "--dry-run").stdout
    assert tree(chain.workspace.revisions) == before

    done = run(*words)
    assert f"removed {GENERAL}/general_v3_2025-02-03.sql\n" in done.stdout
    assert "git add demo_revisions/general demo_revisions/metadata\n" in done.stdout
    assert old["v3_2025-02-03"] in done.stderr
    assert chain.project.check() == []
    assert line_of(chain)[2:] == ["v3_2025-02-02 by ours", "v4_2025-02-03 by theirs"]
    git("add", "demo_revisions/general", "demo_revisions/metadata")
    git("commit", "-q", "-m", "merged")
    assert git("status", "--short").stdout == ""
    loads(chain, {"v3": held["ours"], "v4": held["theirs"]})


def test_a_database_with_the_old_stamp_is_stamped_anew(chain: Chain) -> None:
    """Refused is what would lose rows; the stamp compares them, and nothing is loaded."""
    _, held = two_branches(chain, DAYS)
    # The last capture was that of theirs, and the database holds it.
    assert chain.database.dump() == held["theirs"]
    new = chain.project.renumber("general@v3_2025-02-03").versions[-1][1]
    with refused("unknown stamp", "if it was renumbered, `demosnap stamp`"):
        chain.project.upgrade("general@head")
    with refused("database differs", "--no-verify"):
        chain.project.stamp("general@v3")
    chain.workspace.run("stamp", "general@v4_2025-02-03")
    assert [e.revision for e in chain.project.current()] == [new.revision]
    assert chain.database.dump() == held["theirs"]
    assert chain.project.check(database=True) == []


@pytest.mark.parametrize(("moved", "style"), [("ours", "zdiff3"), ("theirs", "merge")])
def test_captures_of_the_same_day_are_put_in_a_chain(chain: Chain, moved: str, style: str) -> None:
    """One command leads from git's conflict of two files to two versions, both as captured."""
    git, held = two_branches(chain, HOURS, style, drivers=True)
    name = f"{GENERAL}/general_v3_2025-02-02"
    assert git.conflicting() == [f"{name}.py", f"{name}.sql"]
    said = chain.workspace.run("check", check=False).stdout
    ids = [line.split()[3] for line in said.splitlines() if "--renumber" in line]
    assert len(ids) == 2
    for words in ("history", "upgrade general@head", "status"):
        done = chain.workspace.run(*words.split(), check=False)
        assert done.returncode == 1
        assert f"{name}.py:" in done.stderr
        assert f"demosnap revision --renumber {ids[0]}" in done.stderr
    stock = chain.workspace.alembic("upgrade", "general@head", check=False)
    assert f"demosnap revision --renumber {ids[0]}" in stock.stdout + stock.stderr

    with pytest.raises(UsageError, match="means several versions"):
        chain.project.renumber("general@v3_2025-02-02")
    chain.workspace.run("revision", "--renumber", ids[1 if moved == "ours" else 0])
    assert chain.project.check() == []
    stays = {"ours": "theirs", "theirs": "ours"}[moved]
    assert line_of(chain)[2:] == [f"v3_2025-02-02 by {stays}", f"v4_2025-02-02 by {moved}"]
    # Until it is told, git still has both sides.
    assert git.conflicting() == [f"{name}.py", f"{name}.sql"]
    git.commit("merged")
    assert git("status", "--short").stdout == ""
    loads(chain, {"v3": held[stays], "v4": held[moved]})


def test_a_conflict_of_a_rebase_is_put_in_a_chain(chain: Chain) -> None:
    """What is rebased follows what it is rebased on."""
    git, held = two_branches(chain, HOURS, drivers=True)
    git("merge", "--abort")
    git("checkout", "-q", "theirs")
    assert git("rebase", "ours", check=False).returncode == 1
    said = chain.workspace.run("check", check=False).stdout
    chain.project.renumber(said.partition("--renumber ")[2].split()[0])
    git("add", "demo_revisions")
    git("-c", "core.editor=true", "rebase", "--continue")
    assert git("status", "--short", "--branch").stdout == "## theirs\n"
    assert line_of(chain)[2:] == ["v3_2025-02-02 by ours", "v4_2025-02-02 by theirs"]
    assert chain.project.check() == []
    loads(chain, {"v3": held["ours"], "v4": held["theirs"]})


def test_whole_branches_are_put_one_after_the_other(chain: Chain) -> None:
    """Each has several versions, and some of them are in conflict."""
    git = Git(chain.workspace.folder)
    held = {}
    plan = {"ours": ["02", "02", "05"], "theirs": ["02", "02", "03"]}
    for branch, days in plan.items():
        git("checkout", "-q", "-b", branch, "main")
        for number, day in enumerate(days, 3):
            title = f"{branch} {number}"
            hour = "10" if branch == "ours" else "11"
            held[title] = capture(chain, f"2025-02-{day}T{hour}:0{number}", title)
        git.commit(branch)
    git("checkout", "-q", "ours")
    git("merge", "theirs", check=False)
    theirs = next(
        path for path in (chain.workspace.revisions / "general").glob("*v5_2025-02-03.py")
    )
    before = theirs.read_text()
    result = chain.project.renumber("general_v5_" + before.partition("general_v5_")[2][:8])
    assert [new.version for _, new in result.versions] == [
        *("v6_2025-02-02", "v7_2025-02-02", "v8_2025-02-03")
    ]
    assert chain.project.check() == []
    assert [name.split(" ", 1)[1] for name in line_of(chain)[2:]] == list(held)
    loads(chain, {f"v{number}": rows for number, rows in enumerate(held.values(), 3)})


def test_names_that_a_branch_leaves_can_be_taken_again(chain: Chain) -> None:
    """Two versions of one day move up by one: the first gets the second one's name."""
    git = Git(chain.workspace.folder)
    held = {}
    for branch, days in {"ours": ["03"], "theirs": ["02", "02"]}.items():
        git("checkout", "-q", "-b", branch, "main")
        for number, day in enumerate(days, 3):
            held[f"{branch} {number}"] = capture(
                chain, f"2025-02-{day}T1{number}:00", f"{branch} {number}"
            )
        git.commit(branch)
    git("checkout", "-q", "ours")
    git("merge", "theirs", check=False)
    chain.project.renumber("general@v4_2025-02-02")
    assert chain.project.check() == []
    assert line_of(chain)[2:] == [
        *("v3_2025-02-03 ours 3", "v4_2025-02-02 theirs 3", "v5_2025-02-02 theirs 4")
    ]
    loads(chain, dict(zip(("v3", "v4", "v5"), held.values(), strict=True)))


@pytest.mark.parametrize("dates", [DAYS, HOURS])
def test_two_first_versions_are_put_in_a_chain(
    template: Path, tmp_path: Path, dates: tuple[str, str]
) -> None:
    """Alembic takes a branch label only once, so their graph is one that it does not read."""
    for chain in copies.copy(template, tmp_path):
        shutil.rmtree(chain.workspace.revisions / "general")
        shutil.rmtree(chain.workspace.revisions / "metadata")
        chain.database.execute("DELETE FROM demosnap_version")
        git = Git(chain.workspace.folder)
        held = {}
        for branch, date in zip(("ours", "theirs"), dates, strict=True):
            git("checkout", "-q", "-b", branch, "main")
            chain.database.execute("DELETE FROM demosnap_version")
            held[branch] = capture(chain, date, f"by {branch}")
            git.commit(branch)
        git("checkout", "-q", "ours")
        git("merge", "theirs", check=False)
        said = chain.workspace.run("upgrade", "general@head", check=False).stderr
        assert "check`" not in said
        checked = chain.workspace.run("check", check=False).stdout
        name = next(line.split()[3] for line in checked.splitlines() if "--renumber" in line)
        assert f"demosnap revision --renumber {name}" in said
        assert name in chain.workspace.alembic("upgrade", "general@head", check=False).stdout
        chain.project.renumber(name)
        assert chain.project.check() == []
        assert [line.partition(" ")[2] for line in line_of(chain)] == ["by ours", "by theirs"]
        loads(chain, {"v1": held["ours"], "v2": held["theirs"]})


def test_of_three_heads_one_after_the_other_is_put_on_top(chain: Chain) -> None:
    git = Git(chain.workspace.folder)
    held = {}
    for day in ("02", "03", "04"):
        git("checkout", "-q", "-b", f"day{day}", "main")
        held[day] = capture(chain, f"2025-02-{day}", f"on {day}")
        git.commit(day)
        if day != "02":
            # Only the scripts and snapshots; what is derived is made at the end.
            git("merge", "-q", f"day0{int(day) - 1}", "-X", "ours", check=False)
            chain.project.manifest()
            git.commit("merged")
    message = chain.workspace.run("upgrade", "general@head", check=False).stderr
    assert "general has 3 heads" in message
    chain.project.renumber("general@v3_2025-02-02")
    assert "general has 2 heads" in chain.workspace.run("history").stderr
    chain.project.renumber("general@v3_2025-02-03")
    assert chain.project.check() == []
    assert [name.split()[-1] for name in line_of(chain)[2:]] == ["04", "02", "03"]
    loads(chain, {"v3": held["04"], "v4": held["02"], "v5": held["03"]})


# ---------------------------------------------------------------------- what can go wrong


def test_what_cannot_be_renumbered_is_said_and_changes_nothing(chain: Chain) -> None:
    before = tree(chain.workspace.revisions)
    for name, kind, said in (
        ("general@v2", UsageError, "general has one head, v2_2025-01-20"),
        ("general@v1", UsageError, "v1_2025-01-15 is not a head of general"),
        ("general@base", UsageError, "before the first version"),
        ("general@v7", UnknownNameError, "unknown version"),
    ):
        with pytest.raises(kind, match=said):
            chain.project.renumber(name)
    for words, said in (
        ("general --renumber general@v2", "--renumber does not go with SCENARIO"),
        ("--renumber general@v2 --splice", "--renumber does not go with --splice"),
        ("-m v3", "revision needs the name of a scenario (general, writer)"),
    ):
        done = chain.workspace.run("revision", *words.split(), check=False)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert tree(chain.workspace.revisions) == before


def test_a_snapshot_that_is_not_as_captured_is_not_renumbered(chain: Chain) -> None:
    two_branches(chain, DAYS)
    broken = chain.workspace.revisions / "general" / "general_v3_2025-02-03.sql"
    broken.write_bytes(broken.read_bytes().replace(b"by theirs", b"by nobody"))
    in_the_way = broken.with_name("general_v4_2025-02-03.py")
    before = tree(chain.workspace.revisions)
    with pytest.raises(DemosnapError, match="differ from the captured ones"):
        chain.project.renumber("general@v3_2025-02-03")
    assert tree(chain.workspace.revisions) == before
    in_the_way.with_suffix(".sql").write_text("mine")
    with pytest.raises(ScriptError, match=r"general_v4_2025-02-03\.sql exists already"):
        chain.project.renumber("general@v3_2025-02-03")
    assert in_the_way.with_suffix(".sql").read_text() == "mine"


def test_markers_without_both_sides_in_the_index_are_not_guessed_at(chain: Chain) -> None:
    """After a `git add` the way back to the conflict is said, and works."""
    git, _ = two_branches(chain, HOURS, drivers=True)
    git("add", "-A")
    said = chain.workspace.run("check", check=False).stdout
    name = next(line.split()[3] for line in said.splitlines() if "--renumber" in line)
    before = tree(chain.workspace.revisions)
    with pytest.raises(ScriptError, match="index does not have both of its sides") as caught:
        chain.project.renumber(name)
    assert tree(chain.workspace.revisions) == before
    command = (caught.value.hint or "").splitlines()[0].split()
    assert command[:3] == ["git", "checkout", "-m"]
    paths = [Path(path) for path in command[4:]]
    git(*command[1:4], *(str(path.absolute()) for path in paths))
    chain.project.renumber(name)
    assert chain.project.check() == []


def killed_at(nth: int, project: Project, name: str, scratch: Path) -> bool:
    """Renumber in a process that is killed at its nth change of a file; whether it was."""
    child = os.fork()
    if child == 0:
        # What it had in a temporary folder stays there.
        tempfile.tempdir = str(scratch)
        left = nth

        def counting(function: Any) -> Any:
            def call(*arguments: Any, **more: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    os._exit(9)
                return function(*arguments, **more)

            return call

        for owner, function in (
            *((Path, name) for name in ("replace", "unlink", "symlink_to")),
            (os, "fsync"),
            (tempfile, "mkstemp"),
        ):
            setattr(owner, function, counting(getattr(owner, function)))
        try:
            project.renumber(name)
        except BaseException:  # noqa: BLE001  a child must not go on as the test
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9)
    return code == 9


@pytest.mark.parametrize("dates", [DAYS, HOURS])
def test_killed_at_any_moment_no_version_is_lost(
    chain: Chain, dates: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The next command finds all as it was, or finishes what was begun."""
    two_branches(chain, dates)
    said = chain.workspace.run("check", check=False).stdout
    name = next(line.split()[3] for line in said.splitlines() if "--renumber" in line)
    chain.project.manifest() if dates is DAYS else None
    folder = chain.workspace.revisions
    original = folder.with_name("original")
    shutil.copytree(folder, original, symlinks=True)
    before = tree(folder)
    scratch = tmp_path_factory.mktemp("scratch")
    ends = set()
    # Each takes every second place, and both together take all.
    for nth in range(0 if dates is DAYS else 1, 200, 2):
        killed = killed_at(nth, chain.project, name, scratch)
        findings = chain.project.check()
        if tree(folder) == before:
            ends.add("before")
        else:
            ends.add("after")
            if findings:
                # What is derived may be left to be made, and nothing else.
                assert all("manifest" in (finding.hint or "") for finding in findings)
                chain.project.manifest()
            assert chain.project.check() == []
            assert line_of(chain)[2:][0].endswith("by ours")
            assert line_of(chain)[2:][1].endswith("by theirs")
        if not killed:
            break
        shutil.rmtree(folder)
        shutil.copytree(original, folder, symlinks=True)
    assert 10 < nth < 199
    assert ends == {"before", "after"}
    assert list(folder.rglob("*.tmp")) == []
    assert revision_files.latest(chain.project.graph(), "general").short == "v4"
