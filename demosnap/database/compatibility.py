"""Check whether a snapshot can be loaded into the database in its current state."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from demosnap.columns import required
from demosnap.database import outside_references, referring
from demosnap.database.by_key import batches
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.database.references import matching, shown_keys
from demosnap.database.trial import Trial, changed_types
from demosnap.dialects.base import execute
from demosnap.model import Key, Table, Version
from demosnap.reasons import of_rows, of_tables
from demosnap.refusal import Refusal
from demosnap.rows.canonical import show_key, split
from demosnap.snapshot.predicates import not_true

_SHOWN = 5

Owners = Callable[[], Mapping[str, Mapping[str, str]]]
"""A function that returns the predicates of the other scenarios' rows, by scenario and table."""


def refusals(
    database: Database,
    target: Version,
    to_delete: Mapping[str, str],
    owners: Owners,
    *,
    staying: outside_references.Staying | None,
    whole: bool = False,
    skipping: Mapping[str, Collection[Key]] | None = None,
) -> list[Refusal]:
    """Return the reasons why a version cannot be loaded, or an empty list.

    `to_delete` are the predicates of the rows that are purged first. `staying` returns the
    predicate of the rows that remain (None: references are checked elsewhere). The rows of the
    snapshot are read if they must be compared with remaining rows, or with `whole`. `skipping` are
    the keys of snapshot rows that are left out, by table.

    Raises:
        SnapshotError: the snapshot is missing or malformed.
    """
    tables = database.tables
    snapshot = OpenSnapshot(target, database, skipping or {})
    found = [*unfit(tables, snapshot.header.tables), *unusable(database, target.rows)]
    # What the connection lacks to change rows, it may lack to search them by a unique key.
    found = found or unchangeable(database, [name for name in target.rows if target.rows[name]])
    if found:
        return found
    searches = {
        table.name: _Search(database, tables[table.name], table, to_delete.get(table.name))
        for table in snapshot.tables
    }
    changed = () if snapshot.foreign else changed_types(snapshot)
    if not (
        whole
        or snapshot.foreign
        or (staying and target.external_references)
        or any(search.needed for search in searches.values())
        or changed
    ):
        return found
    external: list[set[tuple[bytes, ...]]] = [set() for _ in target.external_references]
    for table, rows in zip(snapshot.tables, snapshot.blocks(), strict=True):
        names = [column.name for column in table.captured]
        wanted = [
            (keys, extract)
            for keys, reference in zip(external, target.external_references, strict=True)
            if reference.table == table.name
            if (extract := referring.extract(database, target.selection, reference, names))
        ]
        passing = referring.collected(rows, wanted)
        tried = whole or table.name in changed
        found += searches[table.name].refusals(passing, owners, tried=tried)
        if wanted:
            collections.deque(passing, maxlen=0)
    if staying is None:
        return found
    known = snapshot, external, external, staying
    return [*found, *outside_references.missing(database, *known)]


def collisions(
    database: Database,
    live: Table,
    table: Table,
    rows: Iterable[bytes],
    to_delete: str | None,
    owners: Owners,
) -> list[Refusal]:
    """Return the reasons why rows collide with remaining rows of the database, by unique key.

    `table` has the columns of `rows`, `live` is the table of the database, and `to_delete` the
    predicate of its rows that are deleted (None: no rows).
    """
    return _Search(database, live, table, to_delete).refusals(rows, owners)


def unusable(database: Database, names: Iterable[str]) -> list[Refusal]:
    """Return a reason for each table that cannot be read or written."""
    refused = database.dialect.refuse_tables(database.connection, list(names))
    return [of_tables.unusable(name, why) for name, why in refused.items()]


def unchangeable(database: Database, names: Iterable[str]) -> list[Refusal]:
    """Return a reason for each table whose rows this connection cannot change."""
    tables = [database.tables[name] for name in sorted(names) if name in database.tables]
    found = database.dialect.unchangeable(database.connection, tables)
    return [of_tables.unchangeable(name, why, way) for name, (why, way) in found.items()]


def unfit(tables: Mapping[str, Table], recorded: Sequence[Table]) -> list[Refusal]:
    """Return the reasons why a snapshot's tables do not fit the database, or an empty list."""
    found = []
    for table in recorded:
        live = tables.get(table.name)
        if live is None:
            found.append(of_tables.no_table(table.name))
            continue
        columns = {column.name: column for column in live.columns}
        for column in table.captured:
            if column.name not in columns:
                found.append(of_tables.no_column(table.name, column.name))
            elif columns[column.name].generated:
                found.append(of_tables.computed_column(table.name, column.name))
        known = {column.name for column in table.captured}
        for column in live.columns:
            if column.name not in known and required(column):
                found.append(of_tables.column_to_be_given(table.name, column.name))
    return found


@dataclass
class _Collisions:
    """The collisions of a unique key: their number, and the first keys, raw and for messages."""

    count: int = 0
    keys: list[tuple[bytes, ...]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)


class _Search:
    """Search a snapshot's rows for keys that remaining rows of the database already have."""

    def __init__(
        self, database: Database, live: Table, table: Table, to_delete: str | None
    ) -> None:
        self._database = database
        self._live = live
        self._table = table
        self._stays = not_true(to_delete) if to_delete else None
        names = [column.name for column in table.captured]
        keys = [key for key in (live.key, *live.unique) if key and set(key) <= set(names)]
        self._keys = {key: [names.index(column) for column in key] for key in keys}

    @functools.cached_property
    def needed(self) -> bool:
        """Return whether any row remains in the table."""
        quoted = self._database.dialect.quote_table(self._live.name)
        where = f" WHERE {self._stays}" if self._stays else ""
        sql = self._database.dialect.limited(f"SELECT 1 FROM {quoted}{where}", 1)
        return execute(self._database.connection, sql).first() is not None

    def refusals(
        self, rows: Iterable[bytes], owners: Owners, *, tried: bool = False
    ) -> list[Refusal]:
        """Return the reasons for key collisions and, if `tried`, for rows that the table rejects.

        Only the database can compare keys that involve expressions or conditions.
        """
        special = (
            self._database.dialect.special_keys(self._database.connection, self._live)
            if self.needed
            else ()
        )
        if not (tried or special):
            return self._collisions(rows, owners) if self.needed else []
        with Trial(self._database, self._live, self._table).begun() as trial:
            passing = trial.passing(rows)
            found = self._collisions(passing, owners) if self.needed else []
            collections.deque(passing, maxlen=0)
            return [*found, *trial.misfits(), *trial.taken(special, self._stays)]

    def _collisions(self, rows: Iterable[bytes], owners: Owners) -> list[Refusal]:
        """Return a reason for each unique key with collisions."""
        found = {key: _Collisions() for key in self._keys}
        for batch in batches(rows):
            for key, places in self._keys.items():
                self._look(found[key], key, places, batch)
        return [self._refusal(key, one, owners) for key, one in found.items() if one.count]

    def _look(
        self,
        found: _Collisions,
        key: tuple[str, ...],
        places: Sequence[int],
        batch: Sequence[bytes],
    ) -> None:
        wanted = {}
        for row in batch:
            literals = split(row)
            values = tuple(literals[i] for i in places)
            if b"NULL" not in values:
                wanted[values] = row
        own = () if key == self._live.key else self._live.key
        for there in matching(self._database, self._live, key, list(wanted), self._stays, own):
            found.count += 1
            if len(found.keys) == _SHOWN:
                continue
            taken = there[: len(key)]
            found.keys.append(taken)
            text, other = shown_keys((taken, there[len(key) :]))
            if own:
                # A value that equals the column's may be spelled differently.
                mine = wanted.get(taken)
                both = f"{show_key(self._table, mine)} of the snapshot and " if mine else ""
                text += f" in {both}{'/'.join(own)}={other} of the database"
            found.shown.append(text)

    def _refusal(self, key: tuple[str, ...], found: _Collisions, owners: Owners) -> Refusal:
        having = [
            scenario
            for scenario, predicates in owners().items()
            if (predicate := predicates.get(self._live.name))
            and list(matching(self._database, self._live, key, found.keys, f"({predicate})"))
        ]
        return of_rows.key_taken(self._table.name, key, found.count, found.shown, having)
