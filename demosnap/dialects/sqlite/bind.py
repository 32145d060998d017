"""From canonical rows to the values that sqlite3 binds, as fast as Python can take them apart.

Most rows of a table look like its first one: text stands where text stood, a number where a
number stood. A pattern made of the first row takes such a row apart in one match; any other is
parsed literal by literal. The rows were held against the grammar before.
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
    # ANY is NUMERIC, but in a STRICT table it takes values as they are.
    if "BLOB" in declared or declared in ("", "ANY"):
        return "BLOB"
    if any(word in declared for word in ("REAL", "FLOA", "DOUB")):
        return "REAL"
    return "NUMERIC"


def bound(table: Table, rows: Iterable[bytes]) -> Iterator[Sequence[Any]]:
    """Yield the values of each row, to be bound to the columns of `table` or to their equals.

    An integer is left as its digits where the affinity of its column makes it a number again.

    Raises:
        DatabaseError: a row holds text that is not UTF-8.
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
    """Return the values of one row.

    Raises:
        DatabaseError: it holds text that is not UTF-8.
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
    """Return the function that takes apart rows like the first; None: this is no such row."""
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
