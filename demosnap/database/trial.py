"""Try a snapshot's rows: find those that a table rejects now, and those whose keys are taken.

A temporary copy of the table receives the rows, so the database itself checks types, labels,
CHECKs, NOT NULL, domains, collations and unique indexes of every kind. It does not check foreign
keys and triggers.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.exc import DBAPIError

from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.dialects.base import execute
from demosnap.errors import DemosnapError
from demosnap.model import SpecialKey, Table
from demosnap.reasons import of_rows
from demosnap.refusal import Refusal
from demosnap.rows.canonical import batches, show_key
from demosnap.visible import one_line
from demosnap.visible import rows as rows_of

_SHOWN = 5


@dataclass
class Trial:
    """A trial of rows of `table`, as a snapshot defines it, against the table `live`."""

    database: Database
    live: Table
    table: Table
    _scratch: Table | None = field(default=None, init=False)
    _wrong: list[tuple[bytes, str]] = field(default_factory=list, init=False)

    @contextlib.contextmanager
    def begun(self) -> Iterator[Trial]:
        """Create the temporary table for the duration of the context."""
        narrow = replace(self.live, columns=self.table.columns, key=self.table.key)
        with self.database.dialect.scratch(self.database.connection, narrow) as name:
            if name is not None:
                self._scratch = replace(
                    self.table, name=name, foreign_keys=(), triggers=(), inherited=False
                )
            yield self

    def passing(self, rows: Iterable[bytes]) -> Iterator[bytes]:
        """Try rows, and yield them unchanged."""
        for batch in batches(rows):
            self._put(batch)
            yield from batch

    def misfits(self) -> list[Refusal]:
        """Return the reasons for the first rows that the table rejects."""
        found = [
            of_rows.not_accepted(self.live.name, show_key(self.table, row), why)
            for row, why in self._wrong[:_SHOWN]
        ]
        if len(self._wrong) > _SHOWN:
            found.append(of_rows.more_not_accepted(self.live.name))
        return found

    def taken(self, keys: Sequence[SpecialKey], stays: str | None) -> list[Refusal]:
        """Return a reason for each special key that rows share with rows of the database.

        Only rows of the database that `stays` picks count (None: all rows).
        """
        if self._scratch is None:
            return []
        return [found for key in keys if (found := self._collision(key, stays))]

    def _collision(self, key: SpecialKey, stays: str | None) -> Refusal | None:
        dialect, name = self.database.dialect, self.live.name
        assert self._scratch is not None
        shown = self.live.key if self.live.key == self.table.key else self.table.key
        places = range(len(key.terms))
        # In each subquery, terms resolve to its own table's columns.
        own = [f"{dialect.quote(column)} AS k{i}" for i, column in enumerate(shown)]
        terms = [f"{term} AS t{i}" for i, (term, _) in enumerate(key.terms)]
        columns = ", ".join((*own, *terms))
        only = f"({key.where})" if key.where else "1 = 1"
        theirs = f" AND {stays}" if stays else ""
        alike = " AND ".join(f"s.t{i} {key.terms[i][1]} l.t{i}" for i in places)
        wanted = ", ".join(f"{side}.k{i}" for side in "sl" for i in range(len(shown))) or "1"
        sql = (
            f"SELECT {wanted} FROM"
            f" (SELECT {columns} FROM {dialect.quote_table(self._scratch.name)} WHERE {only}) s"
            f" JOIN (SELECT {columns} FROM {dialect.rows_of(self.live)}"
            f" WHERE {only}{theirs}) l ON {alike}"
        )
        sql = dialect.limited(sql, _SHOWN + 1)
        try:
            with dialect.undone_on_error(self.database.connection):
                found = [tuple(map(str, row)) for row in execute(self.database.connection, sql)]
        except DBAPIError:
            # The load itself finds collisions that this query cannot.
            return None
        if not found:
            return None
        width = len(shown)
        pairs = [
            f"{_pairs(shown, row[:width])} of the snapshot and {_pairs(shown, row[width:])}"
            " of the database"
            for row in found[:_SHOWN]
        ]
        return of_rows.special_key_taken(name, key.name, pairs, more=len(found) > _SHOWN)

    def _put(self, batch: Sequence[bytes]) -> None:
        if self._scratch is None or len(self._wrong) > _SHOWN:
            return
        why = _refused(self.database, self._scratch, batch, self.live.name)
        if why and len(batch) == 1:
            self._wrong.append((batch[0], self._named(why)))
        elif why:
            half = len(batch) // 2
            self._put(batch[:half])
            self._put(batch[half:])

    def _named(self, why: str) -> str:
        """Return a reason with the original names in place of the temporary ones."""
        for renamed, name in self._names.items():
            why = re.sub(rf"\b{re.escape(renamed)}\b", lambda _: one_line(name), why)  # noqa: B023
        return why

    @functools.cached_property
    def _names(self) -> Mapping[str, str]:
        return self.database.dialect.scratch_names(self.database.connection, self.live)


def _refused(database: Database, table: Table, batch: Sequence[bytes], shown: str) -> str:
    """Insert rows; return the database's reason if it rejects them, and then undo the insert.

    `shown` is the table's name for messages.
    """
    connection, dialect = database.connection, database.dialect
    error: Exception
    try:
        with dialect.undone_on_error(connection):
            taken = dialect.write_rows(connection, table, batch)
        return "" if taken == len(batch) else f"the database took {taken} of {rows_of(len(batch))}"
    except DemosnapError as known:
        error = known
    except Exception as unknown:
        if not isinstance(unknown, (DBAPIError, connection.dialect.loaded_dbapi.Error)):
            raise
        error = unknown
    return dialect.refusal(error, shown)


def _pairs(columns: Sequence[str], values: Sequence[str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in zip(columns, values, strict=True))


def changed_types(snapshot: OpenSnapshot) -> tuple[str, ...]:
    """Return the tables with a column whose type or NOT NULL has changed since the capture."""
    pairs = zip(snapshot.header.tables, snapshot.tables, strict=True)

    def types(table: Table) -> list[tuple[str, bool]]:
        return [(column.type, column.nullable) for column in table.captured]

    return tuple(live.name for recorded, live in pairs if types(recorded) != types(live))
