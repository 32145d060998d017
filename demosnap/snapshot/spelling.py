"""Detect files of the first versions of demosnap, which quoted fewer names."""

from __future__ import annotations

import os
from typing import BinaryIO

from demosnap.dialects.base import Dialect
from demosnap.model import Header, Selection, split_name
from demosnap.snapshot.bounded_file import MAX_LINE
from demosnap.snapshot.header import render_footer, render_header
from demosnap.snapshot.layout import sections


def as_written(file: BinaryIO, header: Header, selection: Selection, dialect: Dialect) -> Dialect:
    """Return the dialect in the variant that wrote the file: the current one or an older one.

    Raises:
        ScriptError: the selection names something that the header's tables lack.
    """
    bare = dialect.as_at_first()
    old, new = (render_footer(header, selection, one).encode() for one in (bare, dialect))
    if old != new:
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(old)))
        return bare if file.read() == old else dialect
    names = {part for table in header.tables for part in split_name(table.name)}
    names |= {column.name for table in header.tables for column in table.columns}
    if names.isdisjoint(dialect.later_keywords):
        return dialect
    bare_lines, lines = (_lines(header, selection, one) for one in (bare, dialect))
    for line in iter(lambda: file.readline(MAX_LINE), b""):
        if line in bare_lines ^ lines:
            return bare if line in bare_lines else dialect
    return dialect


def _lines(header: Header, selection: Selection, dialect: Dialect) -> set[bytes]:
    """Return the lines of a file outside of its rows."""
    text = render_header(header, selection, dialect) + render_footer(header, selection, dialect)
    for one in sections(header, dialect).values():
        text += f"{one.before}{one.head}{one.after}"
    return set(text.encode().splitlines(keepends=True))
