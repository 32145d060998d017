"""git: it is set up by `init --git`, shows rows and cells, and merges the metadata."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from demosnap import dialects
from demosnap.errors import DemosnapError
from demosnap.model import Column, ForeignKey, Header, Marker, Rule, Selection, Table
from demosnap.scaffold import drivers, init
from demosnap.snapshot.git_view import convert
from demosnap.snapshot.sqlfile import SnapshotWriter
from support.repositories import Git, capture
from support.small import Chain
from support.unchanged import tree
from support.workspaces import Workspace

GENERAL = "demo_revisions/general"

DEMOSNAP = Path(sys.executable).with_name("demosnap")
METADATA = ("demo_revisions/metadata/export_manifest.json",)


def shown(path: Path) -> str:
    return b"".join(convert(path)).decode()


def snapshot(chain: Chain, name: str) -> Path:
    return next((chain.workspace.revisions / "general").glob(f"general_{name}_*.sql"))


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
