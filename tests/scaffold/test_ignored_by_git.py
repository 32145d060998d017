"""Files that git ignores: what is captured must reach a clone, or it is said that it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.databases import Database
from support.workspaces import Workspace

SETTINGS = "marker: {column: is_demo}\n"


class Repository:
    """A project in a git repository, with one demo row; git knows nothing of it yet."""

    def __init__(self, workspace: Workspace, home: Path) -> None:
        self.workspace = workspace
        self.folder = workspace.folder
        self.home = home
        workspace.configure(SETTINGS)
        workspace.database.execute(
            "CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, is_demo BOOLEAN)",
            "INSERT INTO people VALUES (1, TRUE)",
        )
        self.git("init", "-q", ".")

    def git(self, *arguments: str) -> str:
        """Run git in the project's folder."""
        done = subprocess.run(
            ["git", "-c", "user.email=a@b", "-c", "user.name=x", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ignore(self, text: str, file: str = ".gitignore") -> None:
        """Write a file of patterns."""
        (self.folder / file).write_text(text)

    def capture(self) -> tuple[str, list[str]]:
        """Capture a version; return what is said, and the `git add` line that is printed."""
        done = self.workspace.run("revision", "general")
        [line] = [line for line in done.stdout.splitlines() if line.startswith("git add")]
        return " ".join(done.stderr.split()), line.split()[1:]

    def check(self) -> str:
        """What `demosnap check` prints, and `` for nothing wrong."""
        done = self.workspace.run("check", check=False)
        return "" if done.returncode == 0 else " ".join(done.stdout.split())

    def clone_has(self) -> set[str]:
        """The kinds of the files of a version that a commit of everything brings into a clone."""
        self.git("commit", "-qm", "demo")
        clone = self.folder.parent / "clone"
        shutil.rmtree(clone, ignore_errors=True)
        self.git("clone", "-q", ".", str(clone))
        return {path.suffix for path in (clone / "demo_revisions").rglob("*_v1_*")}


@pytest.fixture
def repository(
    sqlite: Database,
    make_workspace: Callable[[Database], Workspace],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Repository:
    """A new repository, and no configuration of git's but the test's own."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    return Repository(make_workspace(sqlite), home)


@pytest.mark.parametrize(
    "line", ["*.sql", "general_*.py", "*.json", "general/", "metadata/", "latest.*"]
)
def test_what_a_gitignore_of_the_project_ignores_is_taken_in(
    repository: Repository, line: str
) -> None:
    repository.ignore(f"{line}\n")
    said, add = repository.capture()
    assert "git ignores" not in said
    repository.git(*add)
    assert repository.check() == ""
    assert repository.clone_has() == {".py", ".sql"}


def test_what_a_users_own_excludes_ignore_is_taken_in(repository: Repository) -> None:
    (repository.home / "excludes").write_text("*.sql\n")
    repository.git("config", "core.excludesFile", str(repository.home / "excludes"))
    (repository.folder / ".git" / "info" / "exclude").write_text("*.py\n")
    said, add = repository.capture()
    assert "git ignores" not in said
    repository.git(*add)
    assert repository.clone_has() == {".py", ".sql"}


def without_own_lines(repository: Repository) -> None:
    """Have what an older `init` has written."""
    repository.ignore("__pycache__/\n*.tmp\n", "demo_revisions/.gitignore")


def test_what_is_ignored_is_said_and_the_printed_line_works(repository: Repository) -> None:
    without_own_lines(repository)
    repository.ignore("# databases\n*.sql\n")
    said, add = repository.capture()
    assert "_v1_" in said
    assert "git ignores it and 1 more file, so a clone lacks it (.gitignore:2: *.sql)" in said
    assert "Put these lines first in demo_revisions/.gitignore: !*/ !*.py !*.sql" in said
    found = repository.check()
    assert "git ignores it and 1 more file, so a clone lacks it (.gitignore:2: *.sql)" in found
    assert add[:2] == ["add", "--force"]
    repository.git(*add)
    assert repository.check() == ""
    assert repository.clone_has() == {".py", ".sql"}


def test_the_lines_that_are_proposed_work(repository: Repository) -> None:
    without_own_lines(repository)
    repository.ignore("*.sql\nmetadata/\n")
    _, add = repository.capture()
    repository.ignore(
        "\n".join(["!*/", "!*.py", "!*.sql", "!*.json", "!*.yaml", "__pycache__/", "*.tmp"]),
        "demo_revisions/.gitignore",
    )
    assert repository.check() == ""
    repository.git("add", "demo_revisions")
    assert repository.clone_has() == {".py", ".sql"}
    assert add[:2] == ["add", "--force"]


@pytest.mark.parametrize("line", ["demo_revisions/", "/demo_*", "demo_revisions"])
def test_a_folder_that_is_ignored_as_a_whole_is_said(repository: Repository, line: str) -> None:
    repository.ignore(f"{line}\n")
    said, add = repository.capture()
    assert "git ignores it and 4 more files" in said
    assert "Delete that line, or write !demo_revisions/ below it." in said
    repository.git(*add)
    assert "demo_revisions/demosnap.yaml: git ignores it" in repository.check()
    repository.ignore(f"{line}\n!demo_revisions/\n")
    assert repository.check() == ""


def test_a_line_of_demo_revisions_own_gitignore_is_to_go(repository: Repository) -> None:
    repository.ignore("*.sql\n", "demo_revisions/.gitignore")
    said, _ = repository.capture()
    assert "(demo_revisions/.gitignore:1: *.sql) Delete that line." in said


def test_an_env_py_that_is_ignored_is_found(repository: Repository) -> None:
    repository.capture()
    repository.ignore("env.py\n")
    assert "env.py: git ignores it, so a clone lacks it (.gitignore:1: env.py)" in (
        repository.check()
    )


def test_a_project_that_is_no_part_of_the_repository_is_left_alone(
    repository: Repository,
) -> None:
    """As where a build folder holds a copy."""
    shutil.rmtree(repository.folder / ".git")
    outside = repository.folder.parent
    subprocess.run(["git", "init", "-q", "."], cwd=outside, check=True)
    (outside / ".gitignore").write_text("project/\n")
    repository.capture()
    assert repository.check() == ""


def test_without_git_nothing_is_said(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.ignore("demo_revisions/\n")
    monkeypatch.setenv("PATH", os.devnull)
    said, add = repository.capture()
    assert "git ignores" not in said
    assert add[0] == "add"
    assert repository.check() == ""


def test_a_project_that_a_link_leads_to(repository: Repository) -> None:
    """git sees the folder where it really is."""
    without_own_lines(repository)
    repository.ignore("*.sql\n")
    link = repository.folder.parent / "link"
    link.symlink_to(repository.folder)
    repository.workspace.folder = link
    said, add = repository.capture()
    assert "git ignores it and 1 more file" in said
    repository.git(*add)
    assert repository.clone_has() == {".py", ".sql"}
