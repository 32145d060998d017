"""The layout of a table's rows in a snapshot file, for both writer and reader."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from demosnap.dialects.base import Dialect
from demosnap.model import Header, Table
from demosnap.rows.canonical import Key, row_key
from demosnap.snapshot.bounded_file import AROUND_ROW, STATEMENT_BYTES, Source
from demosnap.snapshot.predicates import title
from demosnap.snapshot.table_order import groups
from demosnap.visible import rows as rows_of


@dataclass(frozen=True, slots=True)
class Section:
    """The text around the rows of a table: before its first INSERT, its head, and after."""

    before: str
    head: str
    after: str


def sections(header: Header, dialect: Dialect) -> dict[str, Section]:
    """Return the text around the rows of each table with rows, by table.

    The dialect adds statements for tables that reference each other in a cycle.
    """
    found = {}
    for group in groups([table for table in header.tables if header.rows[table.name]]):
        staging = dialect.file_staging(group)
        before, heads, after = staging or ((), {}, ())
        for table in group:
            begins = "".join(f"{line}\n" for line in before if table is group[0])
            ends = "".join(f"{line}\n" for line in after if table is group[-1])
            head = heads.get(table.name) or dialect.insert_head(table)
            found[table.name] = Section(
                f"\n{begins}-- {title(table.name) or table.name}\n", f"{head}\n", ends
            )
    return found


class Reading(Protocol):
    """A way to read the rows of a table."""

    def accepts(self, rows: list[bytes]) -> bool:
        """Return whether the rows of a statement that was split in one go are valid."""

    def row_by_row(self, source: Source, done: int, total: int) -> list[bytes]:
        """Read such a statement again, row by row; `done` of `total` rows were read before.

        Raises:
            SnapshotError: a row is invalid; the message names the row and the reason.
        """


def statements(
    source: Source,
    table: Table,
    total: int,
    section: Section,
    dialect: Dialect,
    sha: hashlib._Hash,
    way: Reading,
) -> Iterator[list[bytes]]:
    """Yield the rows of each INSERT of a table, and add them to the digest.

    Raises:
        SnapshotError: the number of rows differs from the header, or the text around them is
            invalid.
    """
    sha.update(dialect.digest_name(table).encode() + b"\n")
    start = section.before
    done = 0
    while done < total:
        source.expect(
            f"{start}{section.head}",
            f"the header says {rows_of(total)} of {table.name}, and there are only {done}",
        )
        start = ""
        here = source.place()
        rows = source.statement()
        if rows is None or done + len(rows) > total or not way.accepts(rows):
            source.back(here)
            rows = way.row_by_row(source, done, total)
        sha.update(b"\n".join(rows))
        sha.update(b"\n")
        done += len(rows)
        yield rows
    source.expect(
        section.after, f"what follows the rows of {table.name} is not what demosnap writes"
    )


class Grouping:
    """The grouping of a table's rows into INSERTs, for both writer and reader."""

    def __init__(self, most: int) -> None:
        """Limit an INSERT to `most` rows, `Dialect.rows_in_insert`, besides its size in bytes."""
        self._most = most
        self._rows = most
        self._bytes = 0

    def begins(self, row: bytes) -> bool:
        """Add the next row; return whether a new statement begins with it."""
        return bool(self.starts([row]))

    def starts(self, rows: list[bytes]) -> list[int]:
        """Add the next rows; return the indexes of those that begin a new statement."""
        count, size = self._rows, self._bytes
        found = []
        for place, length in enumerate(map(len, rows)):
            size += length + AROUND_ROW
            if count == self._most or size > STATEMENT_BYTES:
                found.append(place)
                count = 0
                size = length + AROUND_ROW
            count += 1
        self._rows, self._bytes = count, size
        return found

    def divided(self, rows: list[bytes]) -> bool:
        """Add a whole statement; return whether the grouping has exactly these rows in it.

        The following rows are still unknown. If the answer is False, no row was added.
        """
        size = sum(map(len, rows)) + AROUND_ROW * len(rows)
        full = self._rows == self._most
        begins = full or self._bytes + len(rows[0]) + AROUND_ROW > STATEMENT_BYTES
        fits = size <= STATEMENT_BYTES or len(rows) == 1
        if not begins or not fits or len(rows) > self._most:
            return False
        self._rows = len(rows)
        self._bytes = size
        return True


class Order:
    """The canonical order of rows: strictly ascending by key, or ascending if keys may repeat."""

    def __init__(self, table: Table) -> None:
        self._key = row_key(table)
        self._one_column = len(table.ordering) == 1
        self._rises = operator.lt if table.identified else operator.le
        self._last: Key = ()

    def first_wrong(self, rows: list[bytes]) -> int | None:
        """Add the next rows; return the index of the first one out of order."""
        keys = self._keys(rows)
        before = [self._last, *keys]
        if not all(map(self._rises, before, keys)):
            return next(i for i, key in enumerate(keys) if not self._rises(before[i], key))
        self._last = keys[-1]
        return None

    def _keys(self, rows: list[bytes]) -> list[Key]:
        if self._one_column:
            literals = [row.partition(b",")[0] for row in rows]
            if all(map(bytes.isdigit, literals)):
                return [((0, int(literal)),) for literal in literals]
        return list(map(self._key, rows))
