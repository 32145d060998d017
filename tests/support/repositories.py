"""Real git repositories around projects; nothing here is a test."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from support.databases import missing
from support.small import Chain, Rows


class Git:
    """A git repository in the project's folder."""

    def __init__(self, folder: Path, style: str = "merge") -> None:
        if shutil.which("git") is None:
            missing("git is not installed")
        self.folder = folder
        self._settings = ("-c", f"merge.conflictStyle={style}", "-c", "commit.gpgSign=false")
        self("init", "-q", "-b", "main")
        (folder / ".gitignore").write_text("__pycache__/\n")
        self.commit("start")

    def __call__(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "ada@example.org" for who in ("AUTHOR", "COMMITTER")},
        }
        return subprocess.run(
            ["git", *self._settings, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=60,
        )

    def commit(self, message: str) -> None:
        """Commit all that is there."""
        self("add", "-A")
        self("commit", "-q", "-m", message)

    def conflicting(self) -> list[str]:
        """Return the files that a merge left in conflict."""
        return self("diff", "--name-only", "--diff-filter=U").stdout.split()


def capture(chain: Chain, date: str, title: str, scenario: str = "general") -> Rows:
    """Capture the next version of a scenario on the branch as it is; return what the tables hold.

    It is the branch's newest version with another title of a card.
    """
    if any(entry.version.scenario == scenario for entry in chain.project.history()):
        chain.project.load(scenario, discard=True)
    card = {"general": 1, "writer": 11}[scenario]
    chain.database.execute(f"UPDATE cards SET title = '{title}' WHERE id = {card}")
    assert chain.project.revision(scenario, date=date, message=title).created
    return chain.database.dump()


def two_branches(
    chain: Chain, dates: tuple[str, str], style: str = "merge", *, drivers: bool = False
) -> tuple[Git, dict[str, Rows]]:
    """Capture v3 on each of two branches, and merge the second into the first, with conflicts.

    Returned are also the tables as they were at `ours` and at `theirs`.
    """
    git = Git(chain.workspace.folder, style)
    if drivers:
        chain.workspace.run("init", "--git")
        git.commit("git")
    held = {}
    for branch, date in zip(("ours", "theirs"), dates, strict=True):
        git("checkout", "-q", "-b", branch, "main")
        held[branch] = capture(chain, date, f"by {branch}")
        git.commit(branch)
    git("checkout", "-q", "ours")
    assert git("merge", "-q", "theirs", check=False).returncode == 1
    return git, held
