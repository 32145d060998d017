"""The rows of a snapshot whose digest will prove them: read without a look at their values.

The rows between two digests that agree are the rows that were captured, in their order and
checked. So where a row ends is all that has to be found out, and a digest that does not agree is
an error at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from demosnap.dialects.base import Dialect
from demosnap.model import Table
from demosnap.snapshot.header import heading
from demosnap.snapshot.layout import STATEMENT_ROWS
from demosnap.snapshot.source import Source, show

_BETWEEN = b"),\n("
_END = b");\n"


def batches(
    source: Source, table: Table, total: int, dialect: Dialect, sha: hashlib._Hash
) -> Iterator[list[bytes]]:
    """Yield the rows of each INSERT of a table, in the digest but not checked.

    Raises:
        SnapshotError: there are not as many rows as the header says.
    """
    sha.update(dialect.block_name(table).encode() + b"\n")
    start = f"\n-- {heading(table.name)}\n"
    done = 0
    while done < total:
        source.expect(
            f"{start}{dialect.insert_head(table)}\n",
            f"the header says {total} rows of {table.name}, {done} are here",
        )
        start = ""
        rows = _statement(source, min(STATEMENT_ROWS, total - done)) or _slowly(
            source, table, total - done
        )
        sha.update(b"\n".join(rows))
        sha.update(b"\n")
        done += len(rows)
        yield rows


def _statement(source: Source, most: int) -> list[bytes] | None:
    """Return the rows of a statement of `most` rows of one line each; None if it is no such one.

    As many pieces as lines: every line break stands between two pieces. Were one of them inside
    of a text, there would be fewer rows than the header says.
    """
    with source.trying(most) as (lines, take):
        text = b"".join(lines)
        if not text.startswith(b"(") or not text.endswith(_END):
            return None
        rows = text[1:-3].split(_BETWEEN)
        if len(rows) != most or len(lines) != most:
            return None
        take()
        return rows


def _slowly(source: Source, table: Table, most: int) -> list[bytes]:
    rows = []
    ends = False
    while not ends:
        line = source.line
        record = source.record()
        if record.count(b"'") % 2:
            record = source.whole_record(record)
        ends = record.endswith(_END)
        if not record.startswith(b"(") or not (ends or record.endswith(b"),\n")):
            source.fail(record, f"this is no row of {table.name}: {show(record)}", line)
        rows.append(record[1:-3])
        if len(rows) == most and not ends:
            source.fail(record, f"by the header this is the last row of {table.name}", line)
    return rows
