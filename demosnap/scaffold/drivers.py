"""The set-up of `init --git`: how git shows snapshots, and how it merges the metadata."""

from __future__ import annotations

import os
import shlex
import sys
import sysconfig
from pathlib import Path

ATTRIBUTES = """\
# How git shows and merges these is in its configuration: `demosnap init --git` sets it.
*.sql diff=demosnap
metadata/*.json merge=demosnap
"""

_NAME = "demosnap"


def missing_attributes(text: bytes) -> bytes:
    """Return the lines that a .gitattributes of the revisions lacks, to append to it."""
    wanted = ATTRIBUTES.encode().splitlines(keepends=True)
    there = {line.strip() for line in text.splitlines()}
    if all(line.strip() in there for line in wanted[1:]):
        return b""
    return (b"" if not text or text.endswith(b"\n") else b"\n") + b"".join(wanted)


def configuration() -> dict[str, str]:
    """Return the required values of git's configuration, by name."""
    command = _command()
    # After demosnap was uninstalled, `git diff` must still work.
    textconv = f'f() {{ {command} git-textconv "$1" || cat "$1"; }}; f'
    return {
        "diff.demosnap.textconv": textconv,
        "merge.demosnap.name": "demosnap's metadata, of both branches",
        "merge.demosnap.driver": f"{command.replace('%', '%%')} git-merge %O %A %B",
    }


def _command() -> str:
    """Return the shell command for this demosnap, valid in any folder.

    The installed script is preferred over `python -m`, which would import modules from the
    repository.
    """
    for path in (Path(sys.argv[0]), Path(sysconfig.get_path("scripts")) / _NAME):
        if path.name == _NAME and path.is_file() and os.access(path, os.X_OK):
            return shlex.quote(str(path.absolute()))
    return f"{shlex.quote(sys.executable)} -m {_NAME}"
