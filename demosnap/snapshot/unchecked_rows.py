"""Read the rows of a snapshot without checking their values, which its digest proves.

If the digest matches, the rows are those of the capture, which were checked and ordered. So the
reader only has to find the end of each row, and compare the digest at the end.
"""

from __future__ import annotations

from demosnap.model import Table
from demosnap.snapshot.bounded_file import Source, show


class UncheckedReading:
    """Finds the ends of rows, and checks nothing else."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def accepts(self, rows: list[bytes]) -> bool:
        """Return whether no row ends inside of quotes."""
        return not any(row.count(b"'") % 2 for row in rows)

    def row_by_row(self, source: Source, done: int, total: int) -> list[bytes]:
        """Read each row up to a line end outside of quotes."""
        name = self._table.name
        rows: list[bytes] = []
        ends = False
        while not ends:
            line = source.line
            record = source.record()
            if record.count(b"'") % 2:
                record = source.whole_record(record)
            ends = record.endswith(b");\n")
            if not record.startswith(b"(") or not (ends or record.endswith(b"),\n")):
                source.fail(record, f"this is not a row of {name}: {show(record)}", line)
            rows.append(record[1:-3])
            if done + len(rows) == total and not ends:
                source.fail(record, f"by the header this is the last row of {name}", line)
        return rows
