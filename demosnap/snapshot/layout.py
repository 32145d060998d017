"""How the rows of a table lie in a snapshot file, for its writer and its reader alike."""

from __future__ import annotations

import operator

from demosnap.model import Table
from demosnap.snapshot.rows import Key, row_key
from demosnap.snapshot.source import AROUND_ROW

STATEMENT_ROWS = 1000
"""The most rows of one INSERT."""

STATEMENT_BYTES = 512 << 10
"""The most bytes of rows in one INSERT that has more than one row."""


class Grouping:
    """Which rows of a table share an INSERT: fed row by row, by writer and reader alike."""

    def __init__(self) -> None:
        self._rows = STATEMENT_ROWS
        self._bytes = 0

    def begins(self, row: bytes) -> bool:
        """Count the next row in; return whether a new statement begins with it."""
        size = len(row) + AROUND_ROW
        if self._rows < STATEMENT_ROWS and self._bytes + size <= STATEMENT_BYTES:
            self._rows += 1
            self._bytes += size
            return False
        self._rows = 1
        self._bytes = size
        return True


class Order:
    """The canonical order of a table's rows: rising by key; without one, not falling."""

    def __init__(self, table: Table) -> None:
        self._key = row_key(table)
        self._one_column = len(table.key) == 1
        self._rises = operator.lt if table.key else operator.le
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
