"""Restore values that triggers changed during a load."""

from __future__ import annotations

from dataclasses import replace

from demosnap.database import by_key
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot, project
from demosnap.database.row_set import RowSet
from demosnap.model import Table, Version
from demosnap.moves import difference
from demosnap.moves.difference import PlannedChanges
from demosnap.moves.trigger_rows import TriggerRows
from demosnap.moves.triggers import ActiveTriggers
from demosnap.rows.canonical import key_of

_MOST_MISSING = 10_000


def put_back(database: Database, acting: ActiveTriggers, version: Version, picked: RowSet) -> bool:
    """Restore the snapshot's values in loaded rows; return whether that was possible.

    `picked` are the predicates of the version's rows. It is not possible if rows would have to be
    inserted or deleted.

    Raises:
        DatabaseError: the database refused, or changed a different number of rows.
    """
    narrow = dict(database.tables)
    planned = _differences(database, narrow, version, picked)
    missing = {one.name: one for one in planned.changes if one.counts.get("added")}
    if missing:
        # A trigger may have changed a column that the predicate reads.
        wider = dict(picked)
        for name, one in missing.items():
            table = one.pair.table
            if not one.pair.keyed or one.counts["added"] > _MOST_MISSING:
                return False
            keys = {key_of(table, row) for row in one.added()}
            named = by_key.named(database.dialect, table.key_columns, keys)
            wider[name] = f"({picked[name]}) OR {named}"
        planned = _differences(database, narrow, version, RowSet(database, wider))
    changes = [one for one in planned.changes if len(one)]
    if planned.unfit or not changes:
        return False
    for one in changes:
        if not one.pair.keyed or one.counts.get("added") or one.counts.get("removed"):
            return False
    narrowed = replace(database, tables=narrow)
    difference.act(narrowed, tuple(changes), picked, TriggerRows(narrowed, acting))
    database.dialect.settle(database.connection)
    return True


def _differences(
    database: Database, narrow: dict[str, Table], version: Version, picked: RowSet
) -> PlannedChanges:
    """Compare only the columns that the version has; `narrow` receives the tables."""
    snapshot = OpenSnapshot(version, database)
    for recorded in snapshot.tables:
        narrow[recorded.name] = project(database.tables[recorded.name], recorded)
    return difference.compare(replace(database, tables=narrow), version, picked)
