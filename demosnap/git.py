"""Run the `git` command: the repository, its settings, both sides of a conflict."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from demosnap.errors import DemosnapError

OURS, THEIRS = 2, 3
"""The stages of git's index for the two sides of a conflict."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file that git ignores, with the pattern and the file that cause it.

    `file` is as git names it, or absolute; empty if git does not name it.
    """

    path: Path
    file: str
    line: int
    pattern: str


def ignored(folder: Path, paths: Iterable[Path]) -> list[Ignored]:
    """Return which of the files in a folder git ignores; empty if this is unknown.

    Tracked files are never ignored.
    """
    # Relative paths, since git resolves links of the folder.
    names = "\0".join(os.path.relpath(path, folder) for path in paths)
    if not names:
        return []
    try:
        _, found, _ = _run(
            *(folder, "check-ignore", "-v", "-z", "--stdin"), given=os.fsencode(names)
        )
    except DemosnapError:
        return []
    parts = os.fsdecode(found).split("\0")[:-1]
    entries = zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True)
    return [
        Ignored(folder / name, file, int(line or 0), pattern)
        for file, line, pattern, name in entries
        # A pattern with `!` includes a file again.
        if not pattern.startswith("!")
    ]


def top(folder: Path) -> Path:
    """Return the top of the work tree that contains a folder.

    Raises:
        DemosnapError: git is not installed, or the folder is not in a work tree.
    """
    code, found, said = _run(folder, "rev-parse", "--show-toplevel")
    if code and "not a git repository" in said:
        raise DemosnapError(
            f"{folder} is in no git repository",
            "Run `git init` in your project first, or name a folder inside of a repository.",
        )
    if code:
        raise DemosnapError(f"git refuses {folder}: {said}")
    return Path(os.fsdecode(found).rstrip("\n"))


def configure(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """Set values in the repository's own configuration; return the changed names.

    Raises:
        DemosnapError: git is not installed, or refuses.
    """
    changed = []
    for name, value in wanted.items():
        _, now, _ = _run(folder, "config", "--local", "--get-all", name)
        if now.decode(errors="replace") != f"{value}\n":
            _checked(folder, "config", "--local", "--replace-all", name, value)
            changed.append(name)
    return changed


def known_to(script: Path, revision: str) -> tuple[bool, str]:
    """Return whether a commit has a script with a revision's id, and a remote branch with it.

    The branch is empty if no remote branch has it, as far as this repository knows. A folder
    outside of repositories has no commits.

    Raises:
        DemosnapError: git is not installed, or refuses the folder.
    """
    folder = script.parent
    if not any((part / ".git").exists() for part in folder.absolute().parents):
        return False, ""
    top(folder)
    about = (f"-S{revision}", "--format=%H", "--", script.name)
    if not _checked(folder, "log", "--all", *about):
        return False, ""
    for commit in os.fsdecode(_checked(folder, "log", "--remotes", *about)).split():
        words = ("branch", "--remotes", "--format=%(refname:short)", "--contains", commit)
        if branches := os.fsdecode(_checked(folder, *words)).split():
            return True, branches[0]
    return True, ""


def has(folder: Path, revision: str) -> bool:
    """Return whether a commit of any branch has the script and the snapshot of a revision.

    `folder` is that of all revisions. A folder outside of repositories has no commits.

    Raises:
        DemosnapError: git is not installed, or refuses the folder.
    """
    if not any((part / ".git").exists() for part in folder.absolute().parents):
        return False
    top(folder)
    line = f'revision = "{revision}"'
    commits = _checked(folder, "log", "--all", f"-S{line}", "--format=%H", "--", ".")
    for commit in os.fsdecode(commits).split():
        # Of a commit that removes the script, there is nothing to find.
        _, found, _ = _run(folder, "grep", "-l", "-z", "-F", f"-e{line}", commit, "--", ".")
        for name in os.fsdecode(found).split("\0")[:-1]:
            path = Path(name.partition(":")[2]).with_suffix(".sql").as_posix()
            if not _run(folder, "cat-file", "-e", f"{commit}:./{path}")[0]:
                return True
    return False


def unmerged(folder: Path) -> dict[str, dict[int, str]]:
    """Return the object ids, by path and stage, of files in conflict below a folder.

    Paths are relative to the folder, with `/`.

    Raises:
        DemosnapError: git is not installed, or the folder is not in a work tree.
    """
    top(folder)
    found: dict[str, dict[int, str]] = {}
    listed = _checked(folder, "ls-files", "--unmerged", "-z")
    for entry in filter(None, os.fsdecode(listed).split("\0")):
        about, _, path = entry.partition("\t")
        _, object_id, stage = about.split(" ")
        found.setdefault(path, {})[int(stage)] = object_id
    return found


def write_object(folder: Path, object_id: str, path: Path) -> None:
    """Write the content of an object of git, byte for byte.

    Raises:
        DemosnapError: git lacks the object.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        _checked(folder, "cat-file", "blob", object_id, output=stream)


def _checked(folder: Path, *arguments: str, output: BinaryIO | None = None) -> bytes:
    code, found, said = _run(folder, *arguments, output=output)
    if code:
        raise DemosnapError(f"{folder}: git {arguments[0]} failed: {said or f'exit code {code}'}")
    return found


def _run(
    folder: Path, *arguments: str, output: BinaryIO | None = None, given: bytes | None = None
) -> tuple[int, bytes, str]:
    """Run git in a folder; return its exit code, output and error text.

    `given` is its standard input.
    """
    try:
        process = subprocess.Popen(
            ["git", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Git's messages are parsed, so they must not be translated.
            env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C"},
        )
    except OSError as error:
        raise DemosnapError(
            "git is not installed, or not on PATH", "Install git, and try again."
        ) from error
    with process:
        found, said = process.communicate(given)
    return process.returncode, found or b"", said.decode(errors="replace").strip()
