"""Read the rows of a snapshot without checking their values, which its digest proves.

If the digest matches, the rows are those of the capture, which were checked and ordered. So the
reader only has to find the end of each row, and compare the digest at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial

from demosnap.dialects.base import Dialect
from demosnap.model import Table
from demosnap.snapshot.bounded_file import Source, show
from demosnap.snapshot.layout import Section, statements


def batches(
    source: Source,
    table: Table,
    total: int,
    section: Section,
    dialect: Dialect,
    sha: hashlib._Hash,
) -> Iterator[list[bytes]]:
    """Yield the unchecked rows of each INSERT of a table, and add them to the digest.

    Raises:
        SnapshotError: the number of rows differs from the header.
    """
    return statements(
        source, table, total, section, dialect, sha, _whole, partial(_row_by_row, table)
    )


def _whole(rows: list[bytes]) -> bool:
    return not any(row.count(b"'") % 2 for row in rows)


def _row_by_row(table: Table, source: Source, done: int, total: int) -> list[bytes]:
    rows: list[bytes] = []
    ends = False
    while not ends:
        line = source.line
        record = source.record()
        if record.count(b"'") % 2:
            record = source.whole_record(record)
        ends = record.endswith(b");\n")
        if not record.startswith(b"(") or not (ends or record.endswith(b"),\n")):
            source.fail(record, f"this is not a row of {table.name}: {show(record)}", line)
        rows.append(record[1:-3])
        if done + len(rows) == total and not ends:
            source.fail(record, f"by the header this is the last row of {table.name}", line)
    return rows
