"""Tables as the terminal has them, or as text of 80 columns."""

from __future__ import annotations

import os
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def console(stream: TextIO) -> Console:
    """Return what renders for a stream: as wide as it, or 80 columns."""
    given = os.environ.get("COLUMNS", "")
    width = int(given) if given.isdigit() and int(given) else None
    if width is None and not stream.isatty():
        width = 80
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def table(stream: TextIO, *titles: str) -> Table:
    """Make an empty table; a title with `>` in front is one of numbers."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for title in titles:
        is_number = title.startswith(">")
        made.add_column(
            Text(title.removeprefix(">")),
            justify="right" if is_number else "left",
            no_wrap=is_number or title in ("date",),
            overflow="fold",
        )
    return made


def text(table: Table, stream: TextIO) -> str:
    """Render a table as the text of a stream."""
    wide = console(stream)
    with wide.capture() as capture:
        wide.print(table)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))
