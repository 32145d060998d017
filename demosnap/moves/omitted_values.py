"""Keep the values of omitted columns in rows that are purged and loaded again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from demosnap.columns import omitted
from demosnap.database.live import Database
from demosnap.model import RowUpdate, Table
from demosnap.moves.planned import PlannedMove
from demosnap.moves.trigger_rows import TriggerRows
from demosnap.rows.canonical import split
from demosnap.rows.spool import Spool, in_batches

_UPDATES = 10_000


@dataclass(frozen=True)
class Aside:
    """The keys and omitted values of the rows of a table that go; `table` has these columns."""

    table: Table
    rows: Spool[bytes]

    def updates(self) -> Iterator[RowUpdate]:
        """Yield the update of each row."""
        width = len(self.table.key)
        names = [column.name for column in self.table.captured[width:]]
        for row in self.rows:
            literals = split(row)
            yield tuple(literals[:width]), dict(zip(names, literals[width:], strict=True))


def aside(database: Database, prepared: Sequence[PlannedMove]) -> list[Aside]:
    """Read the omitted values of rows that moves purge and may load again."""
    found = []
    for one in prepared:
        target = one.move.target
        if one.move.action != "load" or one.planned is not None or target is None:
            continue
        for name in target.selection.columns:
            table = _narrow(database, name, omitted(target.selection, name))
            if table is not None and name in one.to_delete:
                rows: Spool[bytes] = Spool()
                going = one.to_delete[name]
                for row in database.dialect.read_rows(database.connection, table, going):
                    rows.append(row)
                found.append(Aside(table, rows))
    return found


def _narrow(database: Database, name: str, names: frozenset[str]) -> Table | None:
    table = database.tables.get(name)
    if table is None or not table.identified:
        return None
    # A value of such a column is the database's own.
    kept = {
        column.name
        for column in table.columns
        if column.name in names and not column.generated and column.identity != "always"
    }
    columns = tuple(c for c in table.columns if c.name in kept or c.name in table.key)
    return replace(table, columns=columns) if kept.difference(table.key) else None


def put_back(database: Database, found: Sequence[Aside], made: TriggerRows) -> None:
    """Give the rows that are there again their values of before.

    Raises:
        DatabaseError: the database refused.
    """
    for one in found:
        with made.doing("update", [one.table]):
            for batch in in_batches(one.updates(), _UPDATES):
                database.dialect.update_rows(database.connection, one.table, batch)
