"""Which keys a snapshot does not bring itself, as far as that can be told before it is loaded."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from demosnap.database.opened import OpenSnapshot
from demosnap.model import ExternalReference, Key, Table
from demosnap.snapshot import alike


def not_brought(
    tables: Mapping[str, Table],
    snapshot: OpenSnapshot,
    reference: ExternalReference,
    keys: Collection[Key],
    brought: Collection[Key],
) -> set[Key]:
    """Return the filled keys of a reference that are certainly those of no row of a snapshot.

    `brought` are the keys that it has, as literals. Of what could be equal to one of them, and of
    what the database computes, the database tells when the rows are there.
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
        [tables[reference.table].column(name) for name in reference.columns],
        (key for key in brought if b"NULL" not in key),
        [parent.column(name) for name in reference.referred_columns],
    )
