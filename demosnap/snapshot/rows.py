"""Canonical rows: the text between the parentheses of one row of an INSERT.

Literals are separated by commas; a literal that holds a comma, a quote or a newline holds it in
single quotes, in which a quote is doubled and nothing else is special. Blocks are ordered by
key: integers by value and before anything else, every other literal by its UTF-8 bytes. Rows
that may share a key are ordered by all of their values.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from demosnap.model import Table

# The letters before a quoted part (X'…', _utf8mb4 X'…', CAST(X'…' AS TEXT)) never hold a comma.
_LITERAL = re.compile(rb"[^,']*(?:'[^']*'[^,']*)*")
_INTEGER = re.compile(rb"-?[0-9]+\Z")

Key = tuple[tuple[int, int | bytes], ...]
"""What rows are ordered by."""


def split(row: bytes) -> list[bytes]:
    """Split a canonical row into its literals."""
    literals = []
    position = 0
    while True:
        match = _LITERAL.match(row, position)
        assert match is not None
        literals.append(match[0])
        position = match.end() + 1
        if position > len(row):
            return literals


def literal_key(literal: bytes) -> tuple[int, int | bytes]:
    """Return what one literal of a key is ordered by."""
    return (0, int(literal)) if _INTEGER.match(literal) else (1, literal)


def row_key(table: Table) -> Callable[[bytes], Key]:
    """Return the function from a row of the table to what it is ordered by.

    For a table whose rows may share a key, or have none, that is the whole row.
    """
    width = len(table.key)
    if not table.identified:
        return lambda row: tuple(map(literal_key, split(row)))

    def key(row: bytes) -> Key:
        found: list[tuple[int, int | bytes]] = []
        position = 0
        for _ in range(width):
            match = _LITERAL.match(row, position)
            assert match is not None
            found.append(literal_key(match[0]))
            position = match.end() + 1
        return tuple(found)

    return key


def show_key(table: Table, row: bytes) -> str:
    """Render a row's key for a message: `id=5`, or the start of the row where it has no key."""
    if not table.key:
        text = row.decode("utf-8", "replace")
        return text if len(text) <= 60 else text[:59] + "…"
    literals = split(row)[: len(table.key)]
    return ", ".join(
        f"{name}={literal.decode('utf-8', 'replace')}"
        for name, literal in zip(table.key, literals, strict=True)
    )
