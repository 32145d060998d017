"""The two sides of a comparison: a version's snapshot, the database, or nothing at all."""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from demosnap import dialects
from demosnap.database import picking
from demosnap.database.live import Database
from demosnap.database.opened import arranged, compare_digest, read
from demosnap.database.retained import NOTHING, Retained
from demosnap.dialects.base import Dialect
from demosnap.errors import UsageError
from demosnap.model import Key, Table, Version
from demosnap.rows.canonical import split
from demosnap.snapshot import sql_script
from demosnap.snapshot.change_order import key_of
from demosnap.snapshot.changes import Changes, TableChanges, collect
from demosnap.snapshot.diff import Kind, RowDifference, TablePair
from demosnap.snapshot.predicates import Users, as_written, predicates


class RowSource(Protocol):
    """Where rows come from: its tables in load order, and the predicates that pick their rows.

    `dialect` is None where there are no rows at all.
    """

    name: str
    dialect: Dialect | None
    tables: Mapping[str, Table]

    def predicates(self, users: Users = as_written) -> Mapping[str, str]:
        """Return the predicate of each table's rows, with what is to stand for a user's."""

    def rows(self, table: str) -> Iterator[bytes]:
        """Yield the rows of one table, to be used up before those of another one."""

    def finish(self) -> None:
        """Check what was read, when all was."""


class NoRows:
    """What is before the first version."""

    name = "base"
    dialect: Dialect | None = None

    def __init__(self) -> None:
        self.tables: Mapping[str, Table] = {}

    def predicates(self, users: Users = as_written) -> Mapping[str, str]:
        """Return none."""
        return {}

    def rows(self, table: str) -> Iterator[bytes]:
        """Yield none."""
        return iter(())

    def finish(self) -> None:
        """Do nothing."""


class SnapshotRows:
    """The snapshot of a version; `checked`: its rows are held against the grammar, too.

    `skipping` are the keys of rows that are left out, by table.

    Raises:
        SnapshotError: it is missing, or not what demosnap wrote; also later, while it is read.
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
        self.tables: Mapping[str, Table] = {t.name: t for t in self._reader.header.tables}

    def predicates(self, users: Users = as_written) -> Mapping[str, str]:
        """Return the predicates of the version's own selection."""
        dialect = dialects.get(self._version.dialect)
        return predicates(self._version.selection, self.tables, dialect, users)

    def rows(self, table: str) -> Iterator[bytes]:
        """Yield the rows of a table, from the beginning of the file if it lies behind."""
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


class DatabaseRows:
    """The demo rows of the database, picked by `picked`.

    `like` has the tables that they are compared with: columns come in their order. `digest` is
    there after all tables of `like` were read in order, over the columns that those have.
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
        names = [*(name for name in like if name in picked), *(n for n in picked if n not in like)]
        self.tables: Mapping[str, Table] = {
            name: arranged(database.tables[name], like.get(name)) for name in names
        }

    @property
    def digest(self) -> str:
        """The digest of the rows that were read, as `demosnap_log` has it."""
        return self._sha.hexdigest()

    def predicates(self, users: Users = as_written) -> Mapping[str, str]:
        """Return what picks the rows, as a script for other sessions can say it."""
        connection = self._database.connection
        return {name: picking.shown(connection, one, users) for name, one in self._picked.items()}

    def rows(self, table: str) -> Iterator[bytes]:
        """Yield what the database has now."""
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

    def finish(self) -> None:
        """Do nothing: the database has checked its rows."""


@dataclass(frozen=True)
class Comparison:
    """One side against another one, table by table."""

    old: RowSource
    new: RowSource

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth knowing beside the rows, when all were read."""
        return ()

    @property
    def dialect(self) -> Dialect | None:
        """The dialect in which values are compared; None where there is none."""
        return self.new.dialect or self.old.dialect

    @property
    def foreign(self) -> bool:
        """Whether the sides are of two dialects."""
        return None not in (self.old.dialect, self.new.dialect) and (
            self.old.dialect is not self.new.dialect
        )

    def pairs(self) -> Iterator[TablePair]:
        """Yield the tables that one side or both have, those of the new one first."""
        old, new = self.old.dialect or self.new.dialect, self.new.dialect or self.old.dialect
        if old is None or new is None:
            return
        for name in dict.fromkeys((*self.new.tables, *self.old.tables)):
            yield TablePair(self.old.tables.get(name), self.new.tables.get(name), old, new)

    def changes(self, only: str | None = None) -> Changes:
        """Compare to the end, and return what differs, `only` in one table if it is given.

        Raises:
            SnapshotError: a snapshot is not what demosnap wrote.
        """
        found = [
            collect(pair, self.old.rows(pair.name), self.new.rows(pair.name))
            for pair in self.pairs()
            if only in (None, pair.name)
        ]
        self.old.finish()
        self.new.finish()
        return tuple(one for one in found if len(one))

    def script(self, changes: Changes, title: Sequence[str]) -> Iterator[str]:
        """Yield the lines of a SQL script that makes the new side of the old one.

        Raises:
            UsageError: the sides are of two dialects.
            DatabaseError: rows exchange unique values, and no value can be set aside.
        """
        if self.foreign or self.dialect is None:
            names = sorted({s.dialect.name for s in (self.old, self.new) if s.dialect})
            raise UsageError(
                f"the two sides have different dialects ({', '.join(names)})",
                "A script is written in one dialect; compare with --format text or json.",
            )
        yield from sql_script.script(changes, self.dialect, self.old.predicates, title)

    def tables(self) -> Iterator[tuple[TablePair, Iterator[RowDifference]]]:
        """Yield each pair of tables with what differs, to be used up before the next one.

        Raises:
            SnapshotError: a snapshot is not what demosnap wrote; it may be known only at the
                end, and then nothing of what was yielded holds.
        """
        for pair in self.pairs():
            rows = pair.differences(self.old.rows(pair.name), self.new.rows(pair.name))
            yield pair, rows
            collections.deque(rows, maxlen=0)
        self.old.finish()
        self.new.finish()


Look = Callable[[], tuple[DatabaseRows, Retained, tuple[str, ...]] | None]
"""Looks for rows that are no longer picked; None: there are none. Returns the database with them,
those that are not by what they hold themselves, and what is to be said of the others."""


@dataclass(frozen=True)
class WithUnpicked(Comparison):
    """The version that is loaded against the database, whichever is the new side.

    What the database seems to lack is looked for by its keys.
    """

    look: Look = lambda: None
    _said: list[str] = field(default_factory=list, init=False)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth knowing beside the rows, when all were read."""
        return tuple(self._said)

    def _found(self) -> tuple[list[TableChanges], Retained]:
        found = self._collected(self)
        lacking: Kind = "removed" if isinstance(self.new, DatabaseRows) else "added"
        wider = self.look() if any(lacking in one.counts for one in found) else None
        if wider is None:
            return found, NOTHING
        live, own, said = wider
        self._said[:] = said
        old, new = (self.old, live) if isinstance(self.new, DatabaseRows) else (live, self.new)
        return self._collected(Comparison(old, new)), own

    def _collected(self, comparison: Comparison) -> list[TableChanges]:
        old, new = comparison.old, comparison.new
        found = [
            collect(pair, old.rows(pair.name), new.rows(pair.name)) for pair in comparison.pairs()
        ]
        old.finish()
        new.finish()
        return found

    def changes(self, only: str | None = None) -> Changes:
        """Compare to the end, and return what differs, `only` in one table if it is given."""
        found, _ = self._found()
        return tuple(one for one in found if len(one) and only in (None, one.name))

    def tables(self) -> Iterator[tuple[TablePair, Iterator[RowDifference]]]:
        """Yield each pair of tables with what differs, to be used up before the next one."""
        found, own = self._found()
        for one in found:
            yield one.pair, self._told(one, own.keys.get(one.name, frozenset()))

    def _told(self, one: TableChanges, keys: Collection[Key]) -> Iterator[RowDifference]:
        for row in one:
            known = row.old and row.new and key_of(one.pair.table, row.new) in keys
            yield replace(row, unpicked=True) if known else row
