"""Whether the database would take the rows of a version, as it is now."""

from __future__ import annotations

import collections

from demosnap.database.compatibility import unfit
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.database.trial import Trial
from demosnap.model import Version


def misfits(database: Database, target: Version) -> list[str]:
    """Return which rows of a version its tables would not take as they are now.

    Raises:
        SnapshotError: the snapshot is missing or not what demosnap wrote.
    """
    tables = database.tables
    snapshot = OpenSnapshot(target, database)
    if unfit(tables, snapshot.header.tables):
        return []
    reasons: list[str] = []
    for table, rows in zip(snapshot.tables, snapshot.blocks(), strict=True):
        with Trial(database, tables[table.name], table).begun() as trial:
            collections.deque(trial.passing(rows), maxlen=0)
            reasons += trial.misfits()
    return reasons
