"""Split canonical rows into the values that sqlite3 binds, as fast as Python can.

Most rows of a table have the shape of its first row: text and numbers in the same places. A
pattern built from the first row splits such a row in one match; other rows are parsed literal by
literal. The rows were checked against the grammar before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from demosnap.dialects.patterns import TEXT
from demosnap.dialects.sqlite import codecs as values
from demosnap.errors import DatabaseError
from demosnap.model import Column, Table
from demosnap.rows.canonical import batches, show_key, split

_QUOTED = rf"(?:'({TEXT.decode()})'|NULL)"
_INTEGER = "(?:(-?[0-9]+)|NULL)"
_NUMBER = "(?:(-?[0-9][0-9.e+-]*)|NULL)"


def affinity(column: Column) -> str:
    """Return a column's type affinity (SQLite: Datatypes, section 3.1)."""
    declared = column.type.upper()
    if "INT" in declared:
        return "INTEGER"
    if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    # ANY is NUMERIC, but in a STRICT table it keeps values unchanged.
    if "BLOB" in declared or declared in ("", "ANY"):
        return "BLOB"
    if any(word in declared for word in ("REAL", "FLOA", "DOUB")):
        return "REAL"
    return "NUMERIC"


def bound(table: Table, rows: Iterable[bytes]) -> Iterator[Sequence[Any]]:
    """Yield the values of each row, to bind to the columns of `table` or of a copy.

    An integer stays text if the affinity of its column converts it to a number.

    Raises:
        DatabaseError: a row contains text that is not UTF-8.
    """
    take_apart: Callable[[str], Sequence[Any] | None] | None = None
    for batch in batches(rows):
        for row in batch:
            try:
                text = row.decode()
            except UnicodeDecodeError:
                raise _not_utf_8(table, row) from None
            if take_apart is None:
                take_apart = _taker(table, row)
            yield take_apart(text) or parsed(table, row)


def parsed(table: Table, row: bytes) -> list[Any]:
    """Return the values of a row.

    Raises:
        DatabaseError: it contains text that is not UTF-8.
    """
    try:
        return values.parse_row(row)
    except UnicodeDecodeError:
        raise _not_utf_8(table, row) from None


def _not_utf_8(table: Table, row: bytes) -> DatabaseError:
    return DatabaseError(
        f"{table.name}: row {show_key(table, row)} holds text that is not UTF-8",
        "Correct the value in the database: a snapshot is UTF-8.",
    )


def _taker(table: Table, first: bytes) -> Callable[[str], Sequence[Any] | None]:
    """Return the function that splits rows shaped like the first; it returns None for others."""
    patterns = []
    numbers = []
    for place, (column, literal) in enumerate(zip(table.captured, split(first), strict=True)):
        kind = affinity(column)
        if literal.startswith(b"'") or (literal == b"NULL" and kind == "TEXT"):
            patterns.append(_QUOTED)
        elif kind == "INTEGER" or (kind == "NUMERIC" and literal.isdigit()):
            patterns.append(_INTEGER)
        else:
            patterns.append(_NUMBER)
            numbers.append(place)
    match = re.compile(",".join(patterns)).fullmatch

    def take_apart(row: str) -> Sequence[Any] | None:
        found = match(row)
        if found is None:
            return None
        literals = found.groups()
        parts: list[Any] = (
            [text.replace("''", "'") if text and "'" in text else text for text in literals]
            if "''" in row
            else list(literals)
        )
        for place in numbers:
            text = parts[place]
            if text is not None:
                parts[place] = float(text) if "." in text or "e" in text else int(text)
        return parts

    return take_apart
