"""Compute the digest of rows, over tables in their order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from demosnap.dialects.base import Dialect
from demosnap.model import Table
from demosnap.rows.canonical import batches


class Digest:
    """The digest of canonical rows, fed table by table (docs/file-format.md, "Digest").

    SHA-256 over, per table in order, its name and column list, LF, then each row, LF.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._sha = hashlib.sha256()

    def table(self, table: Table, rows: Iterable[bytes]) -> int:
        """Add a table with its canonical rows; return the number of rows."""
        return sum(map(len, self.passing(table, rows)))

    def passing(self, table: Table, rows: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Add a table with its canonical rows, and yield the rows in batches."""
        self._sha.update(self._dialect.digest_name(table).encode() + b"\n")
        for batch in batches(rows):
            self._sha.update(b"\n".join(batch))
            self._sha.update(b"\n")
            yield batch

    def hexdigest(self) -> str:
        """Return the digest of everything added so far, as 64 hex digits."""
        return self._sha.hexdigest()
