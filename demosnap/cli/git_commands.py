"""The commands that git calls, as `demosnap init --git` sets it up."""

from __future__ import annotations

from pathlib import Path

import click

from demosnap.cli import screen
from demosnap.cli.shared_options import Command
from demosnap.errors import DemosnapError

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("git-textconv", cls=Command, hidden=True)
@click.argument("file", type=_file)
def textconv(file: Path) -> None:
    """Print the snapshot FILE with a line for each cell.

    It is what git shows in `git diff` and `git log -p` after `demosnap init --git`.

    \b
    demosnap git-textconv demo_revisions/general/latest.sql | less
    """
    from demosnap.snapshot.git_view import convert

    output = screen.Data()
    for piece in convert(file):
        output.send(piece)
    output.flush()


@click.command("git-merge", cls=Command, hidden=True)
@click.argument("base", type=_file)
@click.argument("ours", type=_file)
@click.argument("theirs", type=_file)
def merge(base: Path, ours: Path, theirs: Path) -> None:
    """Merge BASE, OURS and THEIRS, three states of a metadata file, into OURS.

    It is what git does in `git merge` after `demosnap init --git`. Where it fails, git leaves a
    conflict, and `demosnap manifest` rebuilds the file.

    \b
    demosnap git-merge %O %A %B         as git's configuration has it
    """
    from demosnap.snapshot import manifest

    try:
        texts = [path.read_text(encoding="utf-8") for path in (base, ours, theirs)]
        text = manifest.merged(*texts)
    except ValueError as error:
        raise DemosnapError(
            f"the metadata cannot be merged: {error}", "`demosnap manifest` rebuilds it."
        ) from error
    ours.write_text(text, encoding="utf-8", newline="\n")


COMMANDS = (textconv, merge)
