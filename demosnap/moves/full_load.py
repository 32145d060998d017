"""Load a whole version, and compare the database with it."""

from __future__ import annotations

import collections
from collections.abc import Collection, Mapping

from demosnap.database import bulk, compatibility, picking, verify
from demosnap.database.digest import Digest
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.database.retained import NOTHING, Retained
from demosnap.database.row_set import RowSet
from demosnap.dialects.base import Counted
from demosnap.errors import SnapshotError, VerificationError
from demosnap.model import Key, Table, Version
from demosnap.moves import concurrency, refused
from demosnap.moves.trigger_rows import TriggerRows
from demosnap.options import Verify
from demosnap.reasons import of_tables
from demosnap.refusal import Refusal


def differences(
    database: Database,
    target: Version,
    kept: Retained = NOTHING,
    skipping: Mapping[str, Collection[Key]] | None = None,
) -> list[Refusal]:
    """Return the differences of the database from a version, or an empty list.

    `kept` are retained rows, which are not compared; `skipping` are the keys of rows of the
    version that are left out, by table.
    """
    database = database.compared()
    snapshot = OpenSnapshot(target, database, skipping or {})
    found = compatibility.unfit(database.tables, snapshot.header.tables)
    if found:
        return found
    picked = predicates(database, target) - kept.rows(database)
    for table, rows in zip(snapshot.tables, snapshot.blocks(), strict=True):
        difference = verify.first_difference(
            database.dialect, table, rows, picked.rows(table), by_value=snapshot.foreign
        )
        if difference:
            found.append(of_tables.differs(table.name, difference))
    return found


def fits(database: Database, version: Version | None) -> bool:
    """Return whether the database has the tables and columns of a version's snapshot."""
    if version is None:
        return False
    try:
        header = OpenSnapshot(version, database).header
    except SnapshotError:
        return False
    return not compatibility.unfit(database.tables, header.tables)


def load(
    database: Database,
    target: Version,
    made: TriggerRows,
    skipping: Mapping[str, Collection[Key]] | None = None,
) -> OpenSnapshot:
    """Load a version; return its snapshot, for the verification.

    No row that it picks may exist before. `made` tracks rows that triggers make. `skipping` are
    the keys of rows that are left out, by table.

    Raises:
        SnapshotError: the snapshot is malformed.
        DatabaseError: the database refused, or inserted a different number of rows.
    """
    snapshot = OpenSnapshot(target, database, skipping or {})
    picked = predicates(database, target)
    guarded = refused.Guarded(database, snapshot)
    blocks = guarded.noting(snapshot.blocks())
    guarded.begin()
    try:
        bulk.load(
            database,
            snapshot.tables,
            made.passing(snapshot.tables, blocks),
            lambda group: made.inserting(group, picked),
        )
    except Exception as error:
        explained = guarded.explained(error)
        if explained is error:
            raise
        raise explained from error
    guarded.end()
    database.advance_sequences(snapshot.tables)
    # The digest is compared after the last block.
    collections.deque(blocks, maxlen=0)
    return snapshot


def verified(
    database: Database,
    snapshot: OpenSnapshot,
    level: Verify,
    kept: Retained = NOTHING,
    known: verify.Known | None = None,
) -> str | None:
    """Verify a loaded version; return its digest, or None if not all rows were read.

    Counts and foreign keys are always verified, and with "full" every row's content. `kept` are
    retained rows, which are not compared; `known` are the values that may dangle.

    Raises:
        VerificationError: the database differs from the snapshot.
    """
    known = known or {}
    everything = predicates(database, snapshot.version)
    picked = everything - kept.rows(database)
    concurrency.check_referred(database, everything)
    expected = snapshot.rows
    if level == "full":
        return _read(database, snapshot, everything, picked, known)
    if kept:
        verify.foreign_keys(database, everything, known)
        verify.row_counts(database, picked, expected)
    else:
        verify.rows_and_keys(database, picked, expected, known)
    return None


def _read(
    database: Database,
    snapshot: OpenSnapshot,
    everything: Mapping[str, str],
    picked: Mapping[str, str],
    known: verify.Known,
) -> str:
    """Read all loaded rows, and return their digest.

    Raises:
        VerificationError: the database differs from the snapshot.
    """
    dialect = database.dialect
    loaded = snapshot.digest
    total = Digest(dialect)
    dangling = False
    for table in snapshot.tables:
        name = table.name
        keys = [orphaned for _, orphaned in verify.dangling_keys(database, name)]
        # Retained rows are not read, but their references must be checked, too.
        counted = Counted(keys) if keys and everything[name] == picked[name] else None
        total.table(table, dialect.read_rows(database.connection, table, picked[name], counted))
        dangling = dangling or (any(counted.counts) if counted else bool(keys))
    digest = total.hexdigest()
    if dangling:
        verify.foreign_keys(database, everything, known)
    # An equal digest implies equal counts.
    if digest != loaded:
        verify.row_counts(database, picked, snapshot.rows)
        for table in snapshot.tables:
            _refuse(_difference(database, snapshot, table, picked[table.name]))
    return digest


def predicates(database: Database, version: Version) -> RowSet:
    """Return the rows that a version picks."""
    return RowSet(database, picking.predicates(database, version.selection))


def _refuse(difference: str | None) -> None:
    if difference is not None:
        raise VerificationError(
            f"after the load {difference}",
            "A trigger, a default or the column's type changed what was inserted.",
        )


def _difference(
    database: Database, snapshot: OpenSnapshot, wanted: Table, predicate: str
) -> str | None:
    dialect = database.dialect
    for table, rows in zip(snapshot.tables, snapshot.blocks(), strict=True):
        if table.name == wanted.name:
            found = dialect.read_rows(database.connection, table, predicate)
            triggers = database.tables[table.name].triggers
            return verify.first_difference(
                dialect, table, rows, found, triggers, by_value=snapshot.foreign
            )
    raise AssertionError(f"{wanted.name} is not in the snapshot")
