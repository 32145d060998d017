"""The rows of a snapshot whose digest will prove them: read without a look at their values.

Between two digests that agree the rows are those that were captured, in their order and checked.
So where a row ends is all that has to be found out, and a digest that does not agree is an error
at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from demosnap.dialects.base import Dialect
from demosnap.model import Table
from demosnap.snapshot.layout import Section
from demosnap.snapshot.source import Source, show


def batches(
    source: Source,
    table: Table,
    total: int,
    section: Section,
    dialect: Dialect,
    sha: hashlib._Hash,
) -> Iterator[list[bytes]]:
    """Yield the rows of each INSERT of a table, in the digest but not checked.

    Raises:
        SnapshotError: there are not as many rows as the header says.
    """
    sha.update(dialect.block_name(table).encode() + b"\n")
    start = section.before
    done = 0
    while done < total:
        source.expect(
            f"{start}{section.head}",
            f"the header says {total} rows of {table.name}, {done} are here",
        )
        start = ""
        left = total - done
        here = source.place()
        rows = source.statement()
        if rows is None or any(row.count(b"'") % 2 for row in rows):
            source.back(here)
            rows = _row_by_row(source, table, left)
        sha.update(b"\n".join(rows))
        sha.update(b"\n")
        done += len(rows)
        yield rows
    source.expect(
        section.after, f"what follows the rows of {table.name} is not what demosnap writes"
    )


def _row_by_row(source: Source, table: Table, most: int) -> list[bytes]:
    rows: list[bytes] = []
    ends = False
    while not ends:
        line = source.line
        record = source.record()
        if record.count(b"'") % 2:
            record = source.whole_record(record)
        ends = record.endswith(b");\n")
        if not record.startswith(b"(") or not (ends or record.endswith(b"),\n")):
            source.fail(record, f"this is no row of {table.name}: {show(record)}", line)
        rows.append(record[1:-3])
        if len(rows) == most and not ends:
            source.fail(record, f"by the header this is the last row of {table.name}", line)
    return rows
