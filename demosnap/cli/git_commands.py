"""The commands that git calls after `demosnap init --git`."""

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
    """Print the snapshot FILE with one line for each cell.

    After `demosnap init --git`, git runs this for `git diff` and `git log -p`.

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

    After `demosnap init --git`, git runs this for `git merge`. If it fails, git leaves a conflict,
    and `demosnap manifest` rebuilds the file.

    \b
    demosnap git-merge %O %A %B         as in git's configuration
    """
    from demosnap.snapshot import manifest

    try:
        texts = [path.read_text(encoding="utf-8") for path in (base, ours, theirs)]
        text = manifest.merged(*texts)
    except ValueError as error:
        raise DemosnapError(
            f"cannot merge the metadata: {error}", "`demosnap manifest` rebuilds it."
        ) from error
    ours.write_text(text, encoding="utf-8", newline="\n")


COMMANDS = (textconv, merge)
