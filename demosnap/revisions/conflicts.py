"""Two versions in place of one: two heads of a scenario, or files that git left in conflict.

Both arise if two people capture from the same version: on different days they make two revisions,
on the same day two files of the same name.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from demosnap.config.names import shown
from demosnap.errors import ScriptError
from demosnap.model import Version
from demosnap.snapshot.manifest import age

_REVISION = re.compile(r'^revision = "([a-z0-9_]+)"$', re.MULTILINE)
_NUMBER = re.compile(r"_(v[0-9]+)_[0-9-]{10}\Z")


def line_of(path: Path) -> int | None:
    """Return the line of the first of git's conflict markers in a file, None without one."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if line.startswith(b"<<<<<<< "):
                rest = stream.read(1 << 20)
                if b"\n=======" in rest or rest.startswith(b"======="):
                    return number
    return None


def in_script(path: Path, line: int) -> ScriptError:
    """Return the error for a revision script with conflict markers, with a hint."""
    return ScriptError(message(path), hint(path), str(path), line)


def message(path: Path) -> str:
    """Return the problem of a script or snapshot with conflict markers."""
    number = _NUMBER.search(path.stem)
    why = f": two people captured {number[1]} on the same day" if number else ""
    return f"has conflict markers of a git merge{why}"


def hint(path: Path) -> str:
    """Return the commands that resolve a conflict in a script or its snapshot."""
    script, snapshot = path.with_suffix(".py"), path.with_suffix(".sql")
    lines = []
    try:
        ids = list(dict.fromkeys(_REVISION.findall(script.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError):
        ids = []
    if len(ids) == 2:
        lines = [
            "To keep both versions, make one of them the next one after the other:",
            f"  demosnap revision --renumber {ids[1]}    the one that was merged",
            f"  demosnap revision --renumber {ids[0]}    the one that was here",
        ]
    files = shlex.join((shown(script), shown(snapshot)))
    return "\n".join(
        [
            *lines,
            "To keep the one that was here (--theirs: the other one):",
            f"  git checkout --ours -- {files}",
            "  demosnap manifest",
        ]
    )


def several_heads(scenario: str, heads: Sequence[Version]) -> ScriptError:
    """Return the error for a scenario with several heads, with a hint."""
    names = ", ".join(f"{version.version} ({version.revision})" for version in heads)
    newest_first = sorted(heads, key=lambda version: version.created_at, reverse=True)
    lines = ["Make one of them the next version after the other:"]
    width = max(len(reference(version)) for version in heads)
    for version in newest_first:
        after = max((other for other in heads if other is not version), key=age)
        lines.append(
            f"  demosnap revision --renumber {reference(version):<{width}}"
            f"    it becomes v{after.number + 1}, after {after.version}"
        )
    first, second = newest_first[1].version, newest_first[0].version
    lines.append(f"`demosnap diff {scenario} {first} {second}` shows how they differ.")
    return ScriptError(f"{scenario} has {len(heads)} heads: {names}", "\n".join(lines))


def reference(version: Version) -> str:
    """Return a readable name that is unique to this version."""
    return f"{version.scenario}@{version.version}"
