"""Canonical rows: the text between the parentheses of a row of an INSERT.

Literals are separated by commas. A literal that contains a comma, a quote or a newline has it
inside single quotes, where quotes are doubled and no other character is special. Blocks are
ordered by key: integers by value and first, all other literals by their UTF-8 bytes. Rows that may
share a key are ordered by all of their values.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator

from demosnap.model import Table
from demosnap.visible import one_line, shortened

# The text before a quoted part (X'…', _utf8mb4 X'…', CAST(X'…' AS TEXT)) contains no comma.
_LITERAL = re.compile(rb"[^,']*(?:'[^']*'[^,']*)*")
_INTEGER = re.compile(rb"-?[0-9]+\Z")

_MANY = 30
"""Fewer equal patterns match a fifth faster one by one; more compile a hundred times as fast."""

Key = tuple[tuple[int, int | bytes], ...]
"""The sort key of a row."""


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


def row_pattern(literals: Iterable[bytes]) -> bytes:
    """Return the regular expression of rows, of the patterns of their literals, each a group."""
    parts = []
    for pattern, same in itertools.groupby(literals):
        count = len(list(same))
        if count > _MANY:
            parts.append(b"%s(?:,%s){%d}" % (pattern, pattern, count - 1))
        else:
            parts += [pattern] * count
    return b",".join(parts)


def key_of(table: Table, row: bytes) -> tuple[bytes, ...]:
    """Return the literals of a row's key."""
    return tuple(split(row)[: len(table.key)])


def literal_key(literal: bytes) -> tuple[int, int | bytes]:
    """Return the sort key of a literal."""
    return (0, int(literal)) if _INTEGER.match(literal) else (1, literal)


def row_key(table: Table) -> Callable[[bytes], Key]:
    """Return a function from a row of the table to its sort key.

    If rows may share a key, or have none, the sort key covers the whole row.
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
    """Render a row's key for a message: `id=5`, or the start of the row if it has no key."""
    if not table.key:
        return shortened(one_line(row.decode("utf-8", "replace")), 60)
    literals = split(row)[: len(table.key)]
    return ", ".join(
        one_line(f"{name}={literal.decode('utf-8', 'replace')}")
        for name, literal in zip(table.key, literals, strict=True)
    )


BATCH_ROWS = 1000
"""The maximum number of rows in a batch."""

BATCH_BYTES = 512 << 10
"""The maximum number of bytes in a batch of several rows."""


class Rows(Iterator[bytes]):
    """Canonical rows in batches, which are non-empty lists of rows.

    Iterating batches is faster, since Python code then runs per batch, not per row. Consume either
    the rows or the batches, not both.
    """

    def __init__(self, batches: Iterator[list[bytes]]) -> None:
        self.batches = batches
        self._rows = itertools.chain.from_iterable(batches)

    def __iter__(self) -> Iterator[bytes]:
        return self._rows

    def __next__(self) -> bytes:
        return next(self._rows)


def batches(rows: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield rows in batches: those of `Rows`, else up to `BATCH_ROWS` and `BATCH_BYTES`."""
    return rows.batches if isinstance(rows, Rows) else _grouped(rows)


def _grouped(rows: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for row in rows:
        size += len(row)
        if batch and (size > BATCH_BYTES or len(batch) == BATCH_ROWS):
            yield batch
            batch, size = [], len(row)
        batch.append(row)
    if batch:
        yield batch


def insert_text(head: str, batch: list[bytes]) -> bytes:
    """Return the INSERT of a batch of rows; `head` is its text up to and including `VALUES`."""
    return f"{head}\n(".encode() + b"),\n(".join(batch) + b")"


FIRST_ROWS = 10
"""The number of rows to fetch while their size is unknown."""


def rows_like(batch: list[bytes]) -> int:
    """Return the number of rows in a batch, given rows of typical size."""
    return max(1, min(BATCH_ROWS, BATCH_BYTES * len(batch) // (sum(map(len, batch)) + 1)))
