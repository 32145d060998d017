"""Read the rows of a snapshot, checking each against the grammar of its columns and the order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from demosnap.dialects.base import Dialect
from demosnap.model import Table
from demosnap.rows import canonical
from demosnap.rows.canonical import show_key, split
from demosnap.snapshot.bounded_file import MAX_LINE, STATEMENT_BYTES, Source, not_utf_8, show
from demosnap.snapshot.definitions import excerpt
from demosnap.snapshot.layout import Grouping, Order
from demosnap.visible import rows as rows_of


class CheckedReading:
    """Applies the grammar of a table's rows, statement by statement."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self._table = table
        self._dialect = dialect
        self._match = re.compile(row_pattern(table, dialect)).fullmatch
        self._grouping = Grouping(dialect.rows_in_insert)
        self._order = Order(table)

    def accepts(self, rows: list[bytes]) -> bool:
        """Return whether a whole statement is valid, without locating an error."""
        text = b"\n".join(rows)
        return (
            not any(byte in text for byte in self._dialect.absent)
            and not_utf_8(text) is None
            and all(map(self._match, rows))
            and self._order.first_wrong(rows) is None
            and self._grouping.divided(rows)
        )

    def row_by_row(self, source: Source, done: int, total: int) -> list[bytes]:
        """Read the rows of a statement, checking each before the next is read."""
        table = self._table
        rows: list[bytes] = []
        lines = [source.line]
        ends = False
        while not ends:
            record = source.record()
            if len(record) > MAX_LINE or not self._fits(record):
                record = source.whole_record(record)
                if not self._fits(record):
                    _fail_row(source, record, table, self._dialect, lines[-1])
            row = record[1:-3]
            if self._grouping.begins(row) != (not rows):
                source.fail(
                    record,
                    f"the INSERTs of {table.name} are not divided as demosnap does it: at most"
                    f" {rows_of(self._dialect.rows_in_insert)}"
                    f" and {STATEMENT_BYTES >> 10} KiB in each",
                    lines[-1],
                )
            rows.append(row)
            ends = record.endswith(b";\n")
            if done + len(rows) == total and not ends:
                source.fail(
                    record,
                    f"by the header this is the last of {rows_of(total)} of {table.name},"
                    " but it does not end with ');'",
                    lines[-1],
                )
            lines.append(source.line)
        text = b"\n".join(rows)
        at = not_utf_8(text)
        if at is not None:
            wrong = text.count(b"\n", 0, at)
            source.fail(text[at : at + 1] + b"\n", "this is not UTF-8", lines[0] + wrong)
        place = self._order.first_wrong(rows)
        if place is not None:
            source.fail(
                b"\n",
                f"{table.name}: the row {_key(table, rows[place])} is duplicate or out of order",
                lines[place],
            )
        return rows

    def _fits(self, record: bytes) -> bool:
        return (
            record.startswith(b"(")
            and record.endswith((b"),\n", b");\n"))
            and self._match(record, 1, len(record) - 3) is not None
            and not any(byte in record for byte in self._dialect.absent)
        )


def _fail_row(source: Source, record: bytes, table: Table, dialect: Dialect, line: int) -> NoReturn:
    """Raise for an invalid row, naming the column if only one is invalid."""
    if not record.startswith(b"(") or record[-3:] not in (b"),\n", b");\n"):
        source.fail(
            record, f"this is not a row of {table.name}, or more than one: {show(record)}", line
        )
    literals = split(record[1:-3])
    for literal, column in zip(literals, table.captured, strict=False):
        if not dialect.is_literal(literal, column):
            source.fail(
                record,
                f"{table.name}.{column.name}: {show(literal)} is not a literal that demosnap "
                f"writes for {column.type or 'a column'}{'' if column.nullable else ' not null'}",
                line,
            )
    source.fail(
        record,
        f"the row of {table.name} has {len(literals)} values, not {len(table.captured)}",
        line,
    )


def row_pattern(table: Table, dialect: Dialect) -> bytes:
    """Return the regular expression of the table's rows, without the dialect's `absent` check."""
    literals = (b"(?:%s)" % dialect.literal_pattern(column) for column in table.captured)
    return canonical.row_pattern(literals)


Accepts = Callable[[bytes], object]
"""A function that returns a true value for a valid row, without the dialect's `absent` check."""


def matcher(table: Table, dialect: Dialect) -> Accepts:
    """Return the function that checks rows of a table."""
    return re.compile(row_pattern(table, dialect)).fullmatch


def wrong_rows(table: Table, dialect: Dialect, rows: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the rows that demosnap would not write for the table."""
    accepts = matcher(table, dialect)
    for row in rows:
        if not accepts(row) or any(byte in row for byte in dialect.absent):
            yield row


def blamed(table: Table, dialect: Dialect, row: bytes) -> str:
    """Return the invalid column of a row, for a message; empty if no column is to blame."""
    for literal, column in zip(split(row), table.captured, strict=False):
        if not dialect.is_literal(literal, column):
            kind = f"{column.type or 'a column'}{'' if column.nullable else ' not null'}"
            return f": {column.name} is {show(literal)}, which is not a valid {kind}"
    return ""


def _key(table: Table, row: bytes) -> str:
    return excerpt(show_key(table, row))
