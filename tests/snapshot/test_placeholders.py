"""What git and its tools leave in the place of a snapshot, and what brings the snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.databases import Database
from support.workspaces import Workspace

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
ANNEX = b"/annex/objects/SHA256E-s692--4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daa.sql\n"


@pytest.fixture
def project(sqlite: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """Two versions, of which the second is loaded."""
    workspace = make_workspace(sqlite)
    workspace.configure("marker: {column: is_demo}\n")
    sqlite.execute("CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, is_demo BOOLEAN)")
    for number in (1, 2):
        sqlite.execute(f"INSERT INTO people VALUES ({number}, TRUE)")
        workspace.project.revision("general")
    return workspace


def snapshot(project: Workspace, version: str = "v1") -> Path:
    """The file of a version."""
    [path] = (project.revisions / "general").glob(f"general_{version}_*.sql")
    return path


COMMANDS = (
    ("load", "general@v1", "--discard"),
    ("downgrade", "general", "-1"),
    ("downgrade", "general", "-1", "--dry-run"),
    ("diff", "general", "v1", "v2"),
    ("downgrade", "general", "v2:v1", "--sql"),
    ("check",),
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_pointer_of_git_lfs_is_told_by_every_command(
    project: Workspace, arguments: tuple[str, ...]
) -> None:
    snapshot(project).write_bytes(POINTER)
    before = project.database.dump(own=True)
    done = project.run(*arguments, check=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == (3 if arguments == ("check",) else 1), said
    assert ".sql:1: the file is a pointer of Git LFS: the file itself was not fetched" in said
    assert "Run: git lfs pull" in said
    assert project.database.dump(own=True) == before


def test_the_stock_command_tells_it(project: Workspace) -> None:
    snapshot(project).write_bytes(POINTER)
    done = project.alembic("downgrade", "general@-1", check=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode and "Run: git lfs pull" in said


@pytest.mark.parametrize(
    ("content", "what", "hint"),
    [
        (POINTER.replace(b"\n", b"\r\n"), "is a pointer of Git LFS", "git lfs pull"),
        (b"version https://hawser.github.com/spec/v1\n", "is a pointer of Git LFS", "lfs pull"),
        (ANNEX, "is a pointer of git-annex", "Run: git annex get "),
        (b"\0GITCRYPT\0\x12\x34", "is encrypted by git-crypt", "Run: git-crypt unlock"),
        (
            b"<<<<<<< HEAD\n" + POINTER + b"=======\n" + POINTER + b">>>>>>> theirs\n",
            "conflict markers",
            "git checkout --ours",
        ),
        (b"", "the file is empty", "git checkout --"),
    ],
)
def test_what_else_can_stand_there(
    project: Workspace, content: bytes, what: str, hint: str
) -> None:
    snapshot(project).write_bytes(content)
    done = project.run("downgrade", "general", "-1", check=False)
    said = " ".join(done.stderr.split())
    assert (done.returncode, what in said, hint in said) == (1, True, True), said


def test_line_ends_that_git_changed(project: Workspace) -> None:
    path = snapshot(project)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    said = project.run("downgrade", "general", "-1", check=False).stderr
    assert "CRLF" in said and "*.sql -text" in said


def test_a_snapshot_that_a_sparse_checkout_left_out(project: Workspace) -> None:
    snapshot(project).unlink()
    said = project.run("downgrade", "general", "-1", check=False).stderr
    assert "the snapshot is missing" in said
    assert "In a sparse checkout, git sparse-checkout add its folder, general, first." in said


def test_a_link_into_git_annex_whose_file_is_elsewhere(project: Workspace) -> None:
    path = snapshot(project)
    path.unlink()
    path.symlink_to("../../.git/annex/objects/F7/0x/SHA256E-s692--4d7a/SHA256E-s692--4d7a")
    said = project.run("downgrade", "general", "-1", check=False).stderr
    assert "is a link into git-annex, which did not fetch the file" in said
    assert "git annex get" in said and "git annex unlock" in said


def test_a_script_that_is_a_pointer(project: Workspace) -> None:
    path = snapshot(project).with_suffix(".py")
    path.write_bytes(POINTER)
    for arguments in (("history",), ("check",), ("load", "general")):
        done = project.run(*arguments, check=False)
        said = " ".join((done.stdout + done.stderr).split())
        assert f"{path.name}:1: the file is a pointer of Git LFS" in said, said
        assert "Run: git lfs pull" in said


@pytest.mark.parametrize("content", [POINTER, ANNEX, b"\0GITCRYPT\0 ...", None, b"-- torn"])
def test_a_snapshot_that_is_not_there_makes_no_metadata_stale(
    project: Workspace, content: bytes | None
) -> None:
    """It is the only finding, and neither `manifest` nor a capture forgets its definitions."""
    known = project.revisions / "metadata" / "schema_versions.json"
    before = json.loads(known.read_text())
    path = snapshot(project)
    whole = path.read_bytes()
    path.unlink() if content is None else path.write_bytes(content)
    findings = project.project.check()
    assert [Path(one.file or "").name for one in findings] == [path.name]
    assert project.project.manifest(check=True) == []
    project.project.manifest()
    assert json.loads(known.read_text()) == before
    project.database.execute("INSERT INTO people VALUES (3, TRUE)")
    project.project.revision("general")
    after = json.loads(known.read_text())
    assert after["schemas"] == before["schemas"]
    assert before["revisions"].items() <= after["revisions"].items()
    path.write_bytes(whole)
    assert project.project.check() == []


def test_changed_definitions_are_not_kept(project: Workspace) -> None:
    known = project.revisions / "metadata" / "schema_versions.json"
    snapshot(project).write_bytes(POINTER)
    known.write_text(known.read_text().replace('"INTEGER"', '"TEXT"'))
    project.project.manifest()
    revisions = json.loads(known.read_text())["revisions"].values()
    assert [one["schema"] is None for one in revisions] == [True, False]
