"""Find referenced keys that a snapshot does not contain, as far as known before the load."""

from __future__ import annotations

from collections.abc import Collection

from demosnap.database import referring
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.model import ExternalReference, Key
from demosnap.snapshot import alike


def not_brought(
    database: Database,
    snapshot: OpenSnapshot,
    reference: ExternalReference,
    keys: Collection[Key],
    brought: Collection[Key],
    of: OpenSnapshot | None = None,
) -> set[Key]:
    """Return the non-NULL keys of a reference that certainly match no row of a snapshot.

    `keys` are values of the reference's columns, `brought` the snapshot's referenced keys; both
    are tuples of literals. `of` is the snapshot that has the reference, if it is another. Keys
    that may equal one of `brought` are left out, and so is every key if the database computes a
    referenced column: for these the database decides after the load.
    """
    filled = {key for key in keys if b"NULL" not in key}.difference(brought)
    parent = next((one for one in snapshot.tables if one.name == reference.references), None)
    if not filled or parent is None:
        return filled
    if not {column.name for column in parent.captured}.issuperset(reference.referred_columns):
        return set()
    return alike.apart(
        snapshot.dialect,
        filled,
        referring.columns_of(database, (of or snapshot).version.selection, reference),
        (key for key in brought if b"NULL" not in key),
        [parent.column(name) for name in reference.referred_columns],
    )
