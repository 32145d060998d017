"""The two sides of a comparison: a version's snapshot, the database, or base."""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from demosnap import dialects
from demosnap.columns import comparing_without
from demosnap.database import picking
from demosnap.database.live import Database
from demosnap.database.opened import arranged, compare_digest, read
from demosnap.database.retained import NOTHING, Retained
from demosnap.dialects.base import Dialect
from demosnap.errors import UsageError
from demosnap.model import Key, Table, Version
from demosnap.rows.canonical import key_of, split
from demosnap.snapshot import sql_script
from demosnap.snapshot.changes import Changes, TableChanges, collect
from demosnap.snapshot.diff import Kind, RowDifference, TablePair
from demosnap.snapshot.predicates import Users, as_written, predicates


class RowSource(Protocol):
    """A source of rows: its tables in load order, and the predicates that pick their rows.

    `dialect` is None if the source has no rows.
    """

    name: str
    dialect: Dialect | None
    tables: Mapping[str, Table]

    def predicates(self, users: Users = as_written) -> Mapping[str, str]:
        """Return the predicate of each table; `users` renders the predicates that users wrote."""

    def rows(self, table: str) -> Iterator[bytes]:
        """Yield the rows of a table; they must be consumed before the next table's."""

    def finish(self) -> None:
        """Check the rows after all were read; here there is nothing to check."""
        return


class NoRows(RowSource):
    """The empty side before the first version."""

    name = "base"
    dialect: Dialect | None = None

    def __init__(self) -> None:
        self.tables: Mapping[str, Table] = {}

    def predicates(self, users: Users = as_written) -> Mapping[str, str]:
        return {}

    def rows(self, table: str) -> Iterator[bytes]:
        return iter(())


class SnapshotRows(RowSource):
    """The snapshot of a version; with `checked`, its rows are checked against the grammar, too.

    `skipping` are the keys of rows that are left out, by table.

    Raises:
        SnapshotError: the snapshot is missing or malformed; also later, during reading.
    """

    def __init__(
        self,
        version: Version,
        *,
        checked: bool = False,
        skipping: Mapping[str, Collection[Key]] | None = None,
    ) -> None:
        self._version = version
        self._skipping = skipping or {}
        self._checked = checked
        self._reader, self._blocks = read(version, checked=checked)
        self._finished = False
        self.name = version.version
        self.dialect: Dialect | None = dialects.get(version.dialect)
        columns = version.selection.columns
        self.tables: Mapping[str, Table] = {
            t.name: comparing_without(t, columns.get(t.name, ()))
            for t in self._reader.header.tables
        }

    def predicates(self, users: Users = as_written) -> Mapping[str, str]:
        """Return the predicates of the version's recorded selection."""
        dialect = dialects.get(self._version.dialect)
        return predicates(self._version.selection, self.tables, dialect, users)

    def rows(self, table: str) -> Iterator[bytes]:
        """Yield the rows of a table, after reading the file again if the table lies behind."""
        if table not in self.tables:
            return iter(())
        for block in self._blocks:
            if block.table.name == table:
                if skipped := self._skipping.get(table):
                    return (row for row in block.rows if key_of(block.table, row) not in skipped)
                return block.rows
        self.finish()
        self._reader, self._blocks = read(self._version, checked=self._checked)
        self._finished = False
        return self.rows(table)

    def finish(self) -> None:
        """Read to the end, and compare the digest with the script's."""
        if not self._finished:
            collections.deque(self._blocks, maxlen=0)
            compare_digest(self._reader, self._version)
            self._finished = True


class DatabaseRows(RowSource):
    """The demo rows of the database, by the predicates `picked`.

    `like` are the tables to compare with; columns come in their order. After all tables of `like`
    were read in order, `digest` covers their columns.
    """

    name = "the database"

    def __init__(
        self, database: Database, picked: Mapping[str, str], like: Mapping[str, Table]
    ) -> None:
        self._database = database
        self._picked = picked
        self._like = like
        self._sha = hashlib.sha256()
        self.dialect: Dialect | None = database.dialect
        names = dict.fromkeys((*(name for name in like if name in picked), *picked))
        tables = database.compared().tables
        self.tables: Mapping[str, Table] = {
            name: arranged(tables[name], like.get(name)) for name in names
        }

    @property
    def digest(self) -> str:
        """The hex digest of the rows read so far, comparable with the one in `demosnap_log`."""
        return self._sha.hexdigest()

    def predicates(self, users: Users = as_written) -> Mapping[str, str]:
        """Return the predicates in a form that other sessions can run."""
        connection = self._database.connection
        return {name: picking.shown(connection, one, users) for name, one in self._picked.items()}

    def rows(self, table: str) -> Iterator[bytes]:
        """Yield the current rows of a table."""
        if table not in self.tables:
            return iter(())
        live = self.tables[table]
        rows = self._database.dialect.read_rows(
            self._database.connection, live, self._picked[table]
        )
        return self._hashed(table, live, rows) if table in self._like else rows

    def _hashed(self, name: str, live: Table, rows: Iterable[bytes]) -> Iterator[bytes]:
        known = {column.name for column in self._like[name].captured}
        columns = tuple(column for column in live.captured if column.name in known)
        whole = columns == live.captured
        narrow = Table(name, columns)
        self._sha.update(self._database.dialect.digest_name(narrow).encode() + b"\n")
        for row in rows:
            kept = row if whole else b",".join(split(row)[: len(columns)])
            self._sha.update(kept + b"\n")
            yield row


@dataclass(frozen=True)
class Comparison:
    """A comparison of two sides, table by table."""

    old: RowSource
    new: RowSource

    @property
    def remarks(self) -> tuple[str, ...]:
        """Notes on the rows; complete after all rows were read."""
        return ()

    @property
    def dialect(self) -> Dialect | None:
        """The dialect in which values are compared; None if both sides are base."""
        return self.new.dialect or self.old.dialect

    @property
    def foreign(self) -> bool:
        """Whether the two sides are of different dialects."""
        return None not in (self.old.dialect, self.new.dialect) and (
            self.old.dialect is not self.new.dialect
        )

    def pairs(self) -> Iterator[TablePair]:
        """Yield the tables of both sides in pairs, the new side's first."""
        if self.dialect is None:
            return
        old, new = self.old.dialect or self.dialect, self.new.dialect or self.dialect
        for name in dict.fromkeys((*self.new.tables, *self.old.tables)):
            yield TablePair(self.old.tables.get(name), self.new.tables.get(name), old, new)

    def changes(self, only: str | None = None) -> Changes:
        """Compare all tables, and return the differences, `only` those of a table if given.

        Raises:
            SnapshotError: a snapshot is malformed.
        """
        return tuple(one for one in self.collected(only) if len(one))

    def collected(self, only: str | None = None) -> list[TableChanges]:
        """Do as `changes` does, and return also tables of which nothing differs."""
        found = [
            collect(pair, self.old.rows(pair.name), self.new.rows(pair.name))
            for pair in self.pairs()
            if only in (None, pair.name)
        ]
        self.old.finish()
        self.new.finish()
        return found

    def script(self, changes: Changes, title: Sequence[str]) -> Iterator[str]:
        """Yield the lines of a SQL script that turns the old side into the new side.

        Raises:
            UsageError: the sides are of different dialects.
            DatabaseError: rows swap unique values, and no temporary value is possible.
        """
        if self.foreign or self.dialect is None:
            names = sorted({s.dialect.name for s in (self.old, self.new) if s.dialect})
            raise UsageError(
                f"the two sides have different dialects ({', '.join(names)})",
                "A script is written in one dialect; compare with --format text or json.",
            )
        yield from sql_script.script(changes, self.dialect, self.old.predicates, title)

    def tables(self) -> Iterator[tuple[TablePair, Iterator[RowDifference]]]:
        """Yield each pair of tables with its differing rows, to be consumed before the next pair.

        Raises:
            SnapshotError: a snapshot is malformed. This may be known only at the end; then
                everything yielded is void.
        """
        for pair in self.pairs():
            rows = pair.differences(self.old.rows(pair.name), self.new.rows(pair.name))
            yield pair, rows
            collections.deque(rows, maxlen=0)
        self.old.finish()
        self.new.finish()


Look = Callable[[], tuple[DatabaseRows, Retained, tuple[str, ...]] | None]
"""A function that looks for rows that are no longer picked; it returns None if there are none.

Otherwise it returns the database with these rows, the rows that are not picked for their own
values, and notes on the rows that depend on them.
"""


@dataclass(frozen=True)
class WithUnpicked(Comparison):
    """The loaded version compared with the database, on either side.

    Rows that the database seems to lack are searched by their keys.
    """

    look: Look = lambda: None
    _remarks: list[str] = field(default_factory=list, init=False)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Notes on the rows; complete after all rows were read."""
        return tuple(self._remarks)

    def _found(self) -> tuple[list[TableChanges], Retained]:
        found = self.collected()
        lacking: Kind = "removed" if isinstance(self.new, DatabaseRows) else "added"
        wider = self.look() if any(lacking in one.counts for one in found) else None
        if wider is None:
            return found, NOTHING
        live, own, remarks = wider
        self._remarks[:] = remarks
        old, new = (self.old, live) if isinstance(self.new, DatabaseRows) else (live, self.new)
        return Comparison(old, new).collected(), own

    def changes(self, only: str | None = None) -> Changes:
        """Compare all tables, and return the differences, `only` those of a table if given."""
        found, _ = self._found()
        return tuple(one for one in found if len(one) and only in (None, one.name))

    def tables(self) -> Iterator[tuple[TablePair, Iterator[RowDifference]]]:
        """Yield each pair of tables with its differing rows, to consume before the next pair."""
        found, own = self._found()
        for one in found:
            yield one.pair, self._marked(one, own.keys.get(one.name, frozenset()))

    def _marked(self, one: TableChanges, keys: Collection[Key]) -> Iterator[RowDifference]:
        for row in one:
            known = row.old and row.new and key_of(one.pair.table, row.new) in keys
            yield replace(row, unpicked=True) if known else row
