"""Check whether the database accepts the rows of a version in its current state."""

from __future__ import annotations

import collections

from demosnap.database.compatibility import unfit
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.database.trial import Trial
from demosnap.model import Version
from demosnap.refusal import Refusal


def misfits(database: Database, target: Version) -> list[Refusal]:
    """Return the reasons for rows of a version that its tables would reject now.

    Raises:
        SnapshotError: the snapshot is missing or malformed.
    """
    tables = database.tables
    snapshot = OpenSnapshot(target, database)
    if unfit(tables, snapshot.header.tables):
        return []
    found: list[Refusal] = []
    for table, rows in zip(snapshot.tables, snapshot.blocks(), strict=True):
        with Trial(database, tables[table.name], table).begun() as trial:
            collections.deque(trial.passing(rows), maxlen=0)
            found += trial.misfits()
    return found
