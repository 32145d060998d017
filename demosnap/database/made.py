"""What triggers make of a load: rows of their own, and other values; taken out, and put back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from demosnap.database import difference, reach, transfer
from demosnap.database.triggers import Acting, blamed, told
from demosnap.errors import DatabaseError
from demosnap.model import Event, Key, Table, Version
from demosnap.snapshot import order
from demosnap.snapshot.predicates import not_true
from demosnap.snapshot.rows import split
from demosnap.snapshot.steps import key_of

if TYPE_CHECKING:
    from demosnap.database.difference import Planned
    from demosnap.database.moves import Database

_MOST_MISSING = 10_000


@dataclass
class Made:
    """The rows that triggers make in tables of the snapshots.

    They are told by their keys, which were not there before and are not the snapshots'. Made in
    a table in which triggers may do what they like, they are taken out again. `foreign`: the
    database may spell keys in another way than the snapshots.
    """

    database: Database
    acting: Acting
    foreign: bool = False
    _known: dict[str, set[Key]] = field(default_factory=dict, init=False)
    _leaving: dict[str, set[Key]] = field(default_factory=dict, init=False)
    _came: list[str] = field(default_factory=list, init=False)

    def watch(self, going: Mapping[str, str], planned: Iterable[Planned]) -> None:
        """Take down which rows are there to stay; `going` are the predicates of all that may go."""
        if not self.acting.triggers:
            return
        changes = {one.name for plan in planned for one in plan.changes}
        for name in sorted(self.acting.may_change & going.keys()):
            table = self.database.tables[name]
            if table.identified:
                stays = "1 = 1" if name in changes else not_true(going[name])
                self._known[name] = self._keys(table, stays)

    def leaving(self, table: Table, keys: Iterable[Key]) -> Iterator[Key]:
        """Yield the keys of rows that are deleted, and take them down on the way."""
        noted = self._leaving.setdefault(table.name, set()) if table.name in self._known else None
        for key in keys:
            if noted is not None:
                noted.add(key)
            yield key

    def left(self, whole: Iterable[Table]) -> None:
        """Take down that these have gone, and all demo rows of some tables."""
        for name, keys in self._leaving.items():
            self._known[name] -= keys
        self._leaving.clear()
        for table in whole:
            if table.name in self._known:
                self._known[table.name] &= self._keys(self.database.tables[table.name], "1 = 1")

    @contextlib.contextmanager
    def inserting(
        self, tables: Sequence[Table], picked: Mapping[str, str] | None = None
    ) -> Iterator[None]:
        """Make room for rows of tables, and name the triggers if the database takes them not.

        `picked` are the predicates of all rows of the snapshot, where none is there before its own
        go in; None: some may be.

        Raises:
            DatabaseError: triggers have made rows where they may not, or the database refused.
        """
        names = [table.name for table in tables]
        if self.acting.on("insert", self._came):
            if self._known.keys() & set(names):
                self.clear()
            if picked is not None:
                self._check_empty({name: picked[name] for name in names if name in picked})
        with blamed(self.database, self.acting, "insert", names, self._came):
            yield
        self._came += names
        for name in names if self.foreign else ():
            if name in self._known:
                self._known[name] = self._keys(self.database.tables[name], "1 = 1")

    def doing(
        self, event: Event, tables: Sequence[Table]
    ) -> contextlib.AbstractContextManager[None]:
        """Name the triggers if the database refuses what is done to rows of tables."""
        names = [table.name for table in tables]
        return blamed(self.database, self.acting, event, names)

    def passing(
        self, tables: Sequence[Table], blocks: Iterable[Iterable[bytes]]
    ) -> Iterator[Iterable[bytes]]:
        """Yield blocks of rows of tables, and take down their keys on the way."""
        for table, rows in zip(tables, blocks, strict=False):
            known = self._known.get(table.name)
            yield rows if known is None else _passed(table, rows, known)

    def clear(self) -> None:
        """Take out what triggers have made so far, children before parents."""
        dialect, connection = self.database.dialect, self.database.connection
        names = [*reversed(order.load_order(self.database.tables, sorted(self._known)))]
        fresh = [
            (table, sorted(keys))
            for table in (self.database.tables[name] for name in names)
            if (keys := self._keys(table, "1 = 1") - self._known[table.name])
        ]
        if fresh:
            with blamed(self.database, self.acting, "delete", [table.name for table, _ in fresh]):
                dialect.delete_keys(connection, fresh)

    def _keys(self, table: Table, predicate: str) -> set[Key]:
        narrow = replace(table, columns=tuple(table.column(name) for name in table.key))
        rows = self.database.dialect.read_rows(self.database.connection, narrow, predicate)
        return {tuple(split(row)) for row in rows}

    def _check_empty(self, picked: Mapping[str, str]) -> None:
        found = transfer.counts(self.database.connection, self.database.dialect, picked)
        for name, count in found.items():
            if not count:
                continue
            if name in self.acting.may_change and name not in self._known:
                # Without a key they are told by the predicate alone: none was there before.
                table = self.database.tables[name]
                self.database.dialect.delete_rows(self.database.connection, [(table, picked[name])])
                continue
            by = self.acting.on("insert", self._came)
            rows = "1 row is" if count == 1 else f"{count:,} rows are"
            raise DatabaseError(
                f"{name}: {rows} there before those of the snapshot, probably made by {told(by)};"
                " nothing was changed",
                self.acting.ways(by, [name]),
            )


def _passed(table: Table, rows: Iterable[bytes], known: set[Key]) -> Iterator[bytes]:
    for row in rows:
        known.add(key_of(table, row))
        yield row


def put_back(
    database: Database, acting: Acting, version: Version, picked: Mapping[str, str]
) -> bool:
    """Give rows that a load brought the snapshot's values again; return whether that was done.

    `picked` are the predicates of the version's rows. It is not done where rows would have to come
    or go.

    Raises:
        DatabaseError: the database refused, or changed another number of rows.
    """
    narrow = dict(database.tables)
    planned = _differences(database, narrow, version, picked)
    missing = {one.name: one for one in planned.changes if one.counts.get("added")}
    if missing:
        # A trigger may have changed what the predicate asks for.
        wider = dict(picked)
        for name, one in missing.items():
            table = one.pair.table
            if not one.pair.keyed or one.counts["added"] > _MOST_MISSING:
                return False
            keys = {key_of(table, row) for row in one.added()}
            named = reach.named(database.dialect, table.key_columns, keys)
            wider[name] = f"({picked[name]}) OR {named}"
        planned = _differences(database, narrow, version, wider)
    changes = [one for one in planned.changes if len(one)]
    if planned.unfit or not changes:
        return False
    for one in changes:
        if not one.pair.keyed or one.counts.get("added") or one.counts.get("removed"):
            return False
    narrowed = replace(database, tables=narrow)
    difference.act(narrowed, tuple(changes), picked, Made(narrowed, acting))
    database.dialect.settle(database.connection)
    return True


def _differences(
    database: Database, narrow: dict[str, Table], version: Version, picked: Mapping[str, str]
) -> Planned:
    """Compare the columns that the version has, and no others; `narrow` gets the tables."""
    from demosnap.database.snapshots import OpenSnapshot

    snapshot = OpenSnapshot(version, database.dialect, database.tables)
    for recorded in snapshot.tables:
        narrow[recorded.name] = transfer.project(database.tables[recorded.name], recorded)
    return difference.compare(replace(database, tables=narrow), version, picked)
