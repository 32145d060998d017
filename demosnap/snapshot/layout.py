"""How the rows of a table lie in a snapshot file, for its writer and its reader alike."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from demosnap.dialects.base import Dialect
from demosnap.model import Header, Table
from demosnap.rows.canonical import Key, row_key
from demosnap.snapshot.bounded_file import AROUND_ROW, STATEMENT_BYTES, Source
from demosnap.snapshot.predicates import title
from demosnap.snapshot.table_order import groups
from demosnap.visible import rows as rows_of


@dataclass(frozen=True, slots=True)
class Section:
    """The text around the rows of one table: before its first INSERT, its head, and after."""

    before: str
    head: str
    after: str


def sections(header: Header, dialect: Dialect) -> dict[str, Section]:
    """Return the text around the rows of each table that has any, by table.

    Tables that reference each other may have to go a detour, which the dialect knows.
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


def statements(
    source: Source,
    table: Table,
    total: int,
    section: Section,
    dialect: Dialect,
    sha: hashlib._Hash,
    accepts: Callable[[list[bytes]], bool],
    row_by_row: Callable[[Source, int, int], list[bytes]],
) -> Iterator[list[bytes]]:
    """Yield the rows of each INSERT of a table, and add them to the digest.

    `accepts` tells whether rows that were divided at a stretch are what they have to be. If not,
    `row_by_row` reads the statement again, with the rows that came before it and all there are
    to be, and says what is wrong.

    Raises:
        SnapshotError: there are not as many rows as the header says, or what is around them is
            not what demosnap writes.
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
        if rows is None or done + len(rows) > total or not accepts(rows):
            source.back(here)
            rows = row_by_row(source, done, total)
        sha.update(b"\n".join(rows))
        sha.update(b"\n")
        done += len(rows)
        yield rows
    source.expect(
        section.after, f"what follows the rows of {table.name} is not what demosnap writes"
    )


class Grouping:
    """Which rows of a table share an INSERT: fed row by row, by writer and reader alike."""

    def __init__(self, most: int) -> None:
        """Divide after `most` rows, `Dialect.rows_in_insert`, if not before."""
        self._most = most
        self._rows = most
        self._bytes = 0

    def begins(self, row: bytes) -> bool:
        """Count the next row in; return whether a new statement begins with it."""
        return bool(self.starts([row]))

    def starts(self, rows: list[bytes]) -> list[int]:
        """Count the next rows in; return the places of those with which a statement begins."""
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
        """Count a whole statement in; return whether a statement would hold just these rows.

        What comes after them is not known yet. If not, nothing was counted.
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
    """The canonical order of rows: rising by key; where they may share one, not falling."""

    def __init__(self, table: Table) -> None:
        self._key = row_key(table)
        self._one_column = len(table.ordering) == 1
        self._rises = operator.lt if table.identified else operator.le
        self._last: Key = ()

    def first_wrong(self, rows: list[bytes]) -> int | None:
        """Count the next rows in; return the place of the first that is out of order."""
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
