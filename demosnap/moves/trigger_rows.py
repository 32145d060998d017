"""Track the rows that triggers make during a load, and delete them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from demosnap.database.live import Database
from demosnap.database.row_set import RowSet
from demosnap.errors import DatabaseError
from demosnap.model import Event, Key, Table
from demosnap.moves.triggers import ActiveTriggers, blamed, listed
from demosnap.rows.canonical import key_of
from demosnap.snapshot import table_order
from demosnap.snapshot.changes import TableChanges
from demosnap.snapshot.predicates import not_true
from demosnap.visible import rows as rows_of


@dataclass
class TriggerRows:
    """The rows that triggers make in tables of the snapshots.

    They are recognized by keys that neither existed before nor are in a snapshot. In tables that
    triggers may change freely, they are deleted. `foreign`: the database may spell keys
    differently from the snapshots.
    """

    database: Database
    acting: ActiveTriggers
    foreign: bool = False
    _known: dict[str, set[Key]] = field(default_factory=dict, init=False)
    _leaving: dict[str, set[Key]] = field(default_factory=dict, init=False)
    _came: list[str] = field(default_factory=list, init=False)

    def watch(self, to_delete: Mapping[str, str], changes: Iterable[TableChanges]) -> None:
        """Note the keys of the rows that remain.

        `to_delete` are the predicates of all rows that may be deleted; tables changed row by row
        are exempt.
        """
        if not self.acting.triggers:
            return
        changed = {one.name for one in changes}
        for name in sorted(self.acting.may_change & to_delete.keys()):
            table = self.database.tables[name]
            if table.identified:
                stays = "1 = 1" if name in changed else not_true(to_delete[name])
                self._known[name] = set(self.database.keys(table, stays))

    def leaving(self, table: Table, keys: Iterable[Key]) -> Iterator[Key]:
        """Yield the keys of rows that are deleted, and note them."""
        noted = self._leaving.setdefault(table.name, set()) if table.name in self._known else None
        for key in keys:
            if noted is not None:
                noted.add(key)
            yield key

    def left(self, whole: Iterable[Table]) -> None:
        """Forget these deleted rows, and all deleted rows of the tables in `whole`."""
        for name, keys in self._leaving.items():
            self._known[name] -= keys
        self._leaving.clear()
        for table in whole:
            if table.name in self._known:
                self._known[table.name] &= self._there(table.name)

    @contextlib.contextmanager
    def inserting(
        self, tables: Sequence[Table], picked: Mapping[str, str] | None = None
    ) -> Iterator[None]:
        """Delete rows of triggers before an insert, and name the triggers if it is refused.

        `picked` are the predicates of all rows of the snapshot, if none may exist before the
        insert; None: some may.

        Raises:
            DatabaseError: triggers inserted rows where they may not, or the database refused.
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
                self._known[name] = self._there(name)

    def doing(
        self, event: Event, tables: Sequence[Table]
    ) -> contextlib.AbstractContextManager[None]:
        """Name the triggers if the database refuses a change of rows."""
        names = [table.name for table in tables]
        return blamed(self.database, self.acting, event, names)

    def passing(
        self, tables: Sequence[Table], blocks: Iterable[Iterable[bytes]]
    ) -> Iterator[Iterable[bytes]]:
        """Yield the blocks of tables, and note the keys of their rows."""
        for table, rows in zip(tables, blocks, strict=False):
            known = self._known.get(table.name)
            yield rows if known is None else _passed(table, rows, known)

    def clear(self) -> None:
        """Delete the rows that triggers have made so far, children before parents."""
        dialect, connection = self.database.dialect, self.database.connection
        names = [*reversed(table_order.load_order(self.database.tables, sorted(self._known)))]
        fresh = [
            (self.database.tables[name], sorted(keys))
            for name in names
            if (keys := self._there(name) - self._known[name])
        ]
        if fresh:
            with blamed(self.database, self.acting, "delete", [table.name for table, _ in fresh]):
                dialect.delete_keys(connection, fresh)

    def _there(self, name: str) -> set[Key]:
        return set(self.database.keys(self.database.tables[name], "1 = 1"))

    def _check_empty(self, picked: Mapping[str, str]) -> None:
        found = RowSet(self.database, picked).counts()
        for name, count in found.items():
            if not count:
                continue
            if name in self.acting.may_change and name not in self._known:
                # Without a key, the predicate identifies them, since it picked no row before.
                table = self.database.tables[name]
                self.database.dialect.delete_rows(self.database.connection, [(table, picked[name])])
                continue
            by = self.acting.on("insert", self._came)
            raise DatabaseError(
                f"{name}: {rows_of(count, 'is', 'are')} present before the rows of the snapshot "
                f"were inserted, probably made by {listed(by)}",
                self.acting.ways(by, [name]),
                changed=False,
            )


def _passed(table: Table, rows: Iterable[bytes], known: set[Key]) -> Iterator[bytes]:
    for row in rows:
        known.add(key_of(table, row))
        yield row
