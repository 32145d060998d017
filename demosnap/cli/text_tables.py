"""Tables as wide as the terminal, or as text of 80 columns."""

from __future__ import annotations

import os
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from demosnap.cli import screen
from demosnap.visible import one_line

Cell = str | Text | tuple[Text, ...]
"""A text of one line, or of several."""


class Table(RichTable):
    """A table of foreign values: each stays on its line and cannot control the terminal."""

    def add(self, *cells: Cell) -> None:
        """Add a row."""
        self.add_row(*map(_cell, cells))


def _cell(cell: Cell) -> Text:
    if isinstance(cell, tuple):
        return Text("\n").join(map(_cell, cell))
    style = cell.style if isinstance(cell, Text) else ""
    return Text(one_line(str(cell)), style)


def console(stream: TextIO) -> Console:
    """Return the renderer of a stream: as wide as its terminal, or 80 columns."""
    given = os.environ.get("COLUMNS", "")
    width = int(given) if given.isdecimal() and len(given) < 6 and int(given) else None
    if width is None and (given or not stream.isatty()):
        width = 80
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def table(*titles: str) -> Table:
    """Make an empty table; a title with a leading `>` heads a column of numbers."""
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
    """Render a table as text for a stream."""
    wide = console(stream)
    with wide.capture() as capture:
        wide.print(table)
    lines = capture.get().rstrip("\n").split("\n")
    return screen.marked("\n".join(line.rstrip() for line in lines))
