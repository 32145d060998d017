"""The rows of a snapshot, each held against the grammar of its columns and against the order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import NoReturn

from demosnap.dialects.base import Dialect
from demosnap.model import Table
from demosnap.snapshot.definitions import excerpt
from demosnap.snapshot.layout import STATEMENT_BYTES, STATEMENT_ROWS, Grouping, Order, Section
from demosnap.snapshot.rows import show_key, split
from demosnap.snapshot.source import MAX_LINE, Source, not_utf_8, show


def batches(
    source: Source,
    table: Table,
    total: int,
    section: Section,
    dialect: Dialect,
    sha: hashlib._Hash,
) -> Iterator[list[bytes]]:
    """Yield the rows of each INSERT of a table, checked and in the digest.

    Raises:
        SnapshotError: the rows are not byte for byte what demosnap writes.
    """
    sha.update(dialect.block_name(table).encode() + b"\n")
    match = re.compile(rb"\(%s\)[,;]\n" % row_pattern(table, dialect)).fullmatch
    begins = Grouping().begins
    order = Order(table)
    start = section.before
    done = 0
    while done < total:
        source.expect(
            f"{start}{section.head}",
            f"the header says {total} rows of {table.name}, {done} are here",
        )
        start = ""
        rows: list[bytes] = []
        lines = [source.line]
        ends = False
        while not ends:
            record = source.record()
            if len(record) > MAX_LINE or not match(record):
                record = source.whole_record(record)
                if not match(record):
                    _fail_row(source, record, table, dialect, lines[-1])
            row = record[1:-3]
            if begins(row) != (not rows):
                source.fail(
                    record,
                    f"the INSERTs of {table.name} are not divided as demosnap does it: at most"
                    f" {STATEMENT_ROWS:,} rows and {STATEMENT_BYTES >> 10} KiB in each",
                    lines[-1],
                )
            rows.append(row)
            ends = record.endswith(b";\n")
            if done + len(rows) == total and not ends:
                source.fail(
                    record,
                    f"by the header this is the last of {total} rows of {table.name},"
                    " but it does not end with ');'",
                    lines[-1],
                )
            lines.append(source.line)
        text = b"\n".join(rows)
        at = not_utf_8(text)
        if at is not None:
            wrong = text.count(b"\n", 0, at)
            source.fail(text[at : at + 1] + b"\n", "this is not UTF-8", lines[0] + wrong)
        place = order.first_wrong(rows)
        if place is not None:
            source.fail(
                b"\n",
                f"{table.name}: the row {_key(table, rows[place])} is there twice or out of order",
                lines[place],
            )
        sha.update(text)
        sha.update(b"\n")
        done += len(rows)
        yield rows
    source.expect(
        section.after, f"what follows the rows of {table.name} is not what demosnap writes"
    )


def _fail_row(source: Source, record: bytes, table: Table, dialect: Dialect, line: int) -> NoReturn:
    """Raise for a record that is no row of the table, naming the column if one is to blame."""
    if not record.startswith(b"(") or record[-3:] not in (b"),\n", b");\n"):
        source.fail(
            record, f"this is no row of {table.name}, or more than one: {show(record)}", line
        )
    literals = split(record[1:-3])
    for literal, column in zip(literals, table.captured, strict=False):
        if not re.fullmatch(dialect.literal_pattern(column), literal):
            source.fail(
                record,
                f"{table.name}.{column.name}: {show(literal)} is no literal that demosnap writes"
                f" for {column.type or 'a column'}{'' if column.nullable else ' not null'}",
                line,
            )
    source.fail(
        record,
        f"the row of {table.name} has {len(literals)} values, not {len(table.captured)}",
        line,
    )


def row_pattern(table: Table, dialect: Dialect) -> bytes:
    """Return the regular expression of the table's rows."""
    return b",".join(b"(?:%s)" % dialect.literal_pattern(column) for column in table.captured)


def _key(table: Table, row: bytes) -> str:
    return excerpt(show_key(table, row))
