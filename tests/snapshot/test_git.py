"""git: what it shows of snapshots, what it merges, and two people's versions put in a chain."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demosnap import dialects
from demosnap.errors import (
    DemosnapError,
    RefusedError,
    ScriptError,
    UnknownNameError,
    UsageError,
)
from demosnap.model import Column, ForeignKey, Header, Marker, Rule, Selection, Table
from demosnap.project import Project
from demosnap.revisions import revision_files
from demosnap.scaffold import drivers, init
from demosnap.snapshot.git_view import convert
from demosnap.snapshot.sqlfile import SnapshotWriter
from support import copies
from support.repositories import Git, capture, two_branches
from support.small import Chain, Rows
from support.workspaces import Workspace

DEMOSNAP = Path(sys.executable).with_name("demosnap")
GENERAL = "demo_revisions/general"
METADATA = ("demo_revisions/metadata/export_manifest.json",)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `chain` is a copy of."""
    return copies.build(tmp_path_factory.mktemp("template"), "v1", "v2")


@pytest.fixture
def chain(template: Path, tmp_path: Path) -> Iterator[Chain]:
    """Versions v1 and v2 of general; the database is at v2."""
    yield from copies.copy(template, tmp_path)


def shown(path: Path) -> str:
    return b"".join(convert(path)).decode()


def snapshot(chain: Chain, name: str) -> Path:
    return next((chain.workspace.revisions / "general").glob(f"general_{name}_*.sql"))


def tree(folder: Path) -> dict[str, bytes | str]:
    """Return all files of the revisions, and what links point at."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != ".demosnap.lock"
    }


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


# ---------------------------------------------------------------------- init --git


def test_init_git_sets_the_repository_up_once(chain: Chain) -> None:
    """Attributes are added to what is there, and a second time changes nothing."""
    git = Git(chain.workspace.folder)
    attributes = chain.workspace.revisions / ".gitattributes"
    attributes.write_bytes(b"*.sql -text\n*.md text")
    git.commit("attributes")

    first = chain.workspace.run("init", "--git").stdout
    assert "added to demo_revisions/.gitattributes" in first
    assert "set diff.demosnap.textconv" in first
    assert attributes.read_bytes().startswith(b"*.sql -text\n*.md text\n# ")
    assert git("status", "--short").stdout == " M demo_revisions/.gitattributes\n"
    name = f"{GENERAL}/general_v2_2025-01-20.sql"
    assert "diff: demosnap" in git("check-attr", "diff", "--", name).stdout
    assert "merge: demosnap" in git("check-attr", "merge", "--", *METADATA).stdout

    before = tree(chain.workspace.folder)
    second = chain.workspace.run("init", "--git")
    assert second.stdout == ""
    assert "All files exist already." in second.stderr
    assert tree(chain.workspace.folder) == before


def test_init_git_of_a_new_project_does_all_at_once(tmp_path: Path) -> None:
    Git(tmp_path)
    result = init(tmp_path / "app", confirm=lambda *_: True, git=True)
    assert "demo_revisions/.gitattributes" in result.written
    assert "demo_revisions/.gitattributes" not in result.kept
    assert len(result.configured) == 3
    text = (tmp_path / "app/demo_revisions/.gitattributes").read_text()
    assert text.startswith("# A checkout must not")
    assert text.endswith(drivers.ATTRIBUTES)


def test_init_git_without_a_repository_or_without_git_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(DemosnapError, match="is in no git repository\nRun `git init`"):
        init(tmp_path / "app", confirm=lambda *_: True, git=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DemosnapError, match="git is not installed, or not on PATH"):
        init(tmp_path, confirm=lambda *_: True, git=True)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------- git diff


def test_git_shows_rows_and_cells_from_any_folder(chain: Chain, tmp_path: Path) -> None:
    """Also where the paths of the repository and of demosnap hold spaces and quotes."""
    top = tmp_path / 'it\'s a "place"'
    folder = top / "my app"
    folder.parent.mkdir()
    shutil.move(chain.workspace.folder, folder)
    tools = tmp_path / "my tools"
    tools.mkdir()
    shutil.copy(DEMOSNAP, tools)
    # What lies in the repository is not imported.
    (top / "json.py").write_text("raise SystemExit('taken for the library')\n")
    git = Git(top)
    subprocess.run([tools / "demosnap", "init", "--git"], cwd=folder, check=True)
    git.commit("git")
    moved = Chain(Workspace(folder, chain.database))
    capture(moved, "2025-02-02", "it''s two\nlines")
    git.commit("v3")

    git.folder = folder / "demo_revisions" / "metadata"
    said = git("show", "-C", "-C", "HEAD").stdout
    assert "copy from my app/demo_revisions/general/general_v2_2025-01-20.sql" in said
    assert " cards id=1\n   board_id: 1\n-  title: 'Renamed'\n+  title: 'it''s two\n" in said
    assert "+    | lines'\n" in said
    assert git("log", "-p", "-C", "-C", "-1").stdout.endswith(said.partition("\n\n")[2])
    sides = [f"../general/general_{name}.sql" for name in ("v2_2025-01-20", "v3_2025-02-02")]
    assert "-  title: 'Renamed'\n" in git("diff", "--no-index", *sides, check=False).stdout
    # An edit by hand, which demosnap would refuse, shows as what it is.
    edited = snapshot(moved, "v3")
    edited.write_bytes(edited.read_bytes().replace(b"'Five'", b"'Six'"))
    assert "@@ cards id=3\n" in git("diff").stdout
    assert "-  title: 'Five'\n+  title: 'Six'\n" in git("diff").stdout


def test_where_demosnap_is_gone_git_shows_the_file(chain: Chain) -> None:
    git = Git(chain.workspace.folder)
    chain.workspace.run("init", "--git")
    command = git("config", "diff.demosnap.textconv").stdout.strip()
    gone = command.replace(str(DEMOSNAP), "/nowhere/demosnap")
    assert gone != command
    git("config", "diff.demosnap.textconv", gone)
    assert "+(1,1,NULL,'Renamed'" in git("diff", "4b825dc642cb6eb9a060e54bf8d69288fbee4904").stdout


def test_every_row_is_a_heading_and_a_line_for_each_cell(chain: Chain) -> None:
    """JSON is shown by its places, in the spaces it was written with; NULL is left out."""
    chain.database.execute(
        'INSERT INTO cards VALUES (7, 1, NULL, \'{"a": 1, "tags": ["x", {"y": []}]}\', 1,'
        ' NULL), (8, 1, NULL, \'{"a":1}\', 1, NULL), (9, 1, NULL, \'{"a":1, "a": 2}\', 1, NULL),'
        " (10, 1, 2, 'a' || char(27) || '[31m' || char(10) || 'b', 1, NULL)"
    )
    chain.project.revision("general", date="2025-02-02")
    text = shown(snapshot(chain, "v3"))
    rows = {
        part.partition("\n")[0]: part.partition("\n")[2].rstrip("\n").split("\n")
        for part in text.split("\n\n")
        if part.startswith("cards id=")
    }
    marked = ["  is_demo: 1"]
    assert rows["cards id=1"] == [
        *("  board_id: 1", "  title: 'Renamed'", "  is_demo: 1", "  scenario: 'general'")
    ]
    assert rows["cards id=3"] == ["  board_id: 1", *marked]
    places = ["  title $.a: 1", '  title $.tags[]: "x"', "  title $.tags[1].y: []"]
    assert rows["cards id=7"] == ["  board_id: 1", *places, *marked]
    assert rows["cards id=8"] == ["  board_id: 1", "  title $.a:1", *marked]
    # What its places alone would not tell is shown as it is.
    assert rows["cards id=9"] == ["  board_id: 1", '  title: \'{"a":1, "a": 2}\'', *marked]
    several = ["  title: 'a\\x1b[31m", "    | b'"]
    assert rows["cards id=10"] == ["  board_id: 1", "  owner_id: 2", *several, *marked]


def test_nothing_can_be_hidden_from_a_review(chain: Chain, tmp_path: Path) -> None:
    """Whatever is written into a snapshot, at whatever line, shows."""
    lines = snapshot(chain, "v2").read_bytes().splitlines(keepends=True)
    sneaky = b"DROP TABLE users;\n"
    path = tmp_path / "sneaky.sql"
    for at in range(len(lines) + 1):
        for addition in (sneaky, b"(1); " + sneaky, lines[at - 1][:-2] + b"; " + sneaky):
            path.write_bytes(b"".join([*lines[:at], addition, *lines[at:]]))
            assert "DROP TABLE users;" in shown(path)
    head = next(line for line in lines if line.startswith(b"INSERT INTO cards"))
    twice = b"".join(line * 2 if line == head else line for line in lines)
    path.write_bytes(twice)
    assert shown(path).count(head.decode()) == 2
    path.write_bytes(b"SELECT 1;\n" * 2 + b"\xff")
    assert b"".join(convert(path)) == path.read_bytes()


@pytest.mark.parametrize("dialect", dialects.own_names())
def test_rows_that_reference_each_other_are_shown_too(tmp_path: Path, dialect: str) -> None:
    """Where a snapshot has them go a detour."""
    columns = (Column("id", "integer", False), Column("parent_id", "integer"))
    key = ForeignKey(("parent_id",), "parts", ("id",))
    table = Table("parts", (*columns, Column("is_demo", "integer")), ("id",), foreign_keys=(key,))
    header = Header(
        *("general", "v1_2025-01-15", "2025-01-15T00:00:00Z"), dialect, (table,), {"parts": 2}
    )
    selection = Selection("general", Marker("is_demo"), {"parts": Rule("marker")})
    path = tmp_path / "parts.sql"
    with SnapshotWriter(path, header, selection, dialects.get(dialect)) as writer:
        writer.write_block(table, [b"1,NULL,1", b"2,1,1"])
    assert "\n\nparts id=1\n  is_demo: 1\n\nparts id=2\n  parent_id: 1\n" in shown(path)


def test_many_rows_are_shown_one_after_another(chain: Chain) -> None:
    """The marks between INSERTs are left out, and memory stays flat."""
    values = ",".join(f"({i}, 1, NULL, '{'x' * 100} {i}', 1, NULL)" for i in range(100, 5100))
    chain.database.execute(f"INSERT INTO cards VALUES {values}")
    chain.project.revision("general", date="2025-02-02")
    path = snapshot(chain, "v3")
    assert path.read_text().count("INSERT INTO cards ") > 1
    tracemalloc.start()
    size = sum(map(len, convert(path)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > path.stat().st_size
    assert peak < 3 << 20
    text = shown(path)
    assert text.count("INSERT INTO cards ") == 1
    assert text.count("\ncards id=") == 5003


# ---------------------------------------------------------------------- the metadata


def test_captures_of_two_scenarios_merge_by_themselves(chain: Chain) -> None:
    """By merge, rebase and cherry-pick; the metadata is what the revisions say."""
    git = Git(chain.workspace.folder)
    chain.workspace.run("init", "--git")
    git.commit("git")
    chain.database.execute(
        "INSERT INTO boards VALUES (11, 'Novel', 'novel', TRUE, 'writer')",
        "INSERT INTO cards VALUES (11, 11, NULL, 'One', TRUE, 'writer')",
    )
    git("checkout", "-q", "-b", "writer", "main")
    capture(chain, "2025-03-01", "first", "writer")
    git.commit("writer v1")
    capture(chain, "2025-03-02", "second", "writer")
    git.commit("writer v2")
    git("checkout", "-q", "-b", "general", "main")
    capture(chain, "2025-02-02", "by general")
    git.commit("general v3")
    for words in ("merge -q -m both writer", "cherry-pick main..writer", "rebase -q writer"):
        git("checkout", "-q", "-b", words.partition(" ")[0], "general")
        git(*words.split())
        assert git("status", "--short").stdout == ""
        assert chain.project.check() == []
        names = [f"{e.version.scenario} {e.version.short}" for e in chain.project.heads()]
        assert names == ["general v3", "writer v2"]
    # One branch has renumbered what the other one still has as it was.
    git("checkout", "-q", "-b", "gone", "general")
    for path in snapshot(chain, "v3"), snapshot(chain, "v3").with_suffix(".py"):
        path.unlink()
    chain.project.manifest()
    git.commit("general v3 is gone")
    git("merge", "-q", "-m", "both", "writer")
    assert chain.project.check() == []
    assert [e.version.short for e in chain.project.heads()] == ["v2", "v2"]


def test_metadata_that_cannot_be_merged_is_left_to_be_rebuilt(chain: Chain) -> None:
    git = Git(chain.workspace.folder)
    chain.workspace.run("init", "--git")
    git.commit("git")
    (manifest,) = (chain.workspace.folder / name for name in METADATA)
    git("checkout", "-q", "-b", "broken")
    manifest.write_text("[]\n")
    git.commit("broken")
    git("checkout", "-q", "-b", "ours", "main")
    capture(chain, "2025-02-02", "by ours")
    git.commit("v3")
    done = git("merge", "broken", check=False)
    assert done.returncode == 1
    assert "`demosnap manifest` rebuilds it" in done.stderr
    assert json.loads(manifest.read_text())["scenarios"]["general"]["latest"] == "v3_2025-02-02"
    chain.project.manifest()
    git.commit("merged")
    assert chain.project.check() == []


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
    with pytest.raises(RefusedError, match="if it was renumbered, `demosnap stamp`"):
        chain.project.upgrade("general@head")
    with pytest.raises(RefusedError, match="--no-verify"):
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
        ("-m v3", "revision needs a scenario"),
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
    with pytest.raises(DemosnapError, match="not those that were captured"):
        chain.project.renumber("general@v3_2025-02-03")
    assert tree(chain.workspace.revisions) == before
    in_the_way.with_suffix(".sql").write_text("mine")
    with pytest.raises(ScriptError, match=r"general_v4_2025-02-03\.sql is there already"):
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
