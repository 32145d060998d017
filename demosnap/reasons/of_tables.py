"""Refusals because of tables, as they are now."""

from __future__ import annotations

from collections.abc import Collection

from demosnap.model import Version
from demosnap.refusal import Refusal


def no_table(table: str) -> Refusal:
    """Return that the database lacks a table of the snapshot."""
    return _unfit(table, f"table {table} of the snapshot is not in the database")


def no_column(table: str, column: str) -> Refusal:
    """Return that the database lacks a column of the snapshot."""
    return _unfit(table, f"column {table}.{column} of the snapshot is not in the database")


def computed_column(table: str, column: str) -> Refusal:
    """Return that the database computes a column of the snapshot."""
    return _unfit(table, f"column {table}.{column} is now computed by the database")


def column_to_be_given(table: str, column: str) -> Refusal:
    """Return that the snapshot lacks a column that must have a value."""
    return _unfit(
        table, f"column {table}.{column} is NOT NULL without a default and not in the snapshot"
    )


def _unfit(table: str, what: str) -> Refusal:
    return Refusal("structure does not fit", what, table=table)


def unusable(table: str, why: str) -> Refusal:
    """Return that a table cannot be read or written, as the dialect says why."""
    return Refusal("table cannot be used", f"{table}: {why}", table=table)


def unchangeable(table: str, why: str, way: str) -> Refusal:
    """Return that no row of a table can be changed by this connection."""
    return Refusal("table cannot be used", f"{table}: {why}", (way,), table=table)


def not_transactional(table: str, why: str, cure: str) -> Refusal:
    """Return that changes of a table cannot be undone; `cure` is the SQL that mends it."""
    return Refusal(
        "not transactional",
        f"{table}: {why}, so a failure would leave it half changed",
        (f"{cure} makes it one that can be changed",),
        table=table,
    )


def not_row_by_row(table: str, why: str, target: Version) -> Refusal:
    """Return that rows cannot be changed one after the other."""
    return Refusal(
        "cannot change row by row",
        why,
        (
            f"purge and load instead: `demosnap load {target.scenario}@{target.short} --discard`,"
            " or upgrade and downgrade with --full",
        ),
        table=table,
    )


def stale_index(index: str, tables: Collection[str]) -> Refusal:
    """Return that a full-text index would be stale after a move without triggers."""
    return Refusal(
        "stale full-text index",
        f"the full-text index {index} is kept by triggers on {', '.join(sorted(tables))} and cannot"
        " be made again without them",
        ("leave `triggers: disable` out of demosnap.yaml: they keep it correct during the move",),
    )


def own_table_missing(table: str) -> Refusal:
    """Return that a table of demosnap is missing, and cannot be created in the transaction."""
    return Refusal(
        "own table missing",
        f"the table {table} is missing, and to create it would commit the caller's transaction",
        ("let demosnap change this database once through its own connection",),
        table=table,
    )


def differs(table: str, difference: str) -> Refusal:
    """Return how the rows of a table differ from those of a version."""
    return Refusal("database differs", difference, table=table)
