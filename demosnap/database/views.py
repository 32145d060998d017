"""Refresh materialized views, which otherwise keep showing purged demo rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from demosnap.config.names import yaml_list
from demosnap.database.live import Database
from demosnap.errors import did_you_mean

if TYPE_CHECKING:
    from demosnap.config import Settings


def concerned(
    database: Database, settings: Settings, touched: Collection[str]
) -> tuple[list[str], list[str]]:
    """Return the materialized views to refresh after a move, and notes on the others.

    `touched` are the tables whose rows the move changes. The views are ordered so that each is
    refreshed after the views that it reads.

    Raises:
        ConfigError: demosnap.yaml names a view that the database lacks.
    """
    reading = database.dialect.materialized_views(database.connection)
    if reading is None:
        return [], []
    for name in settings.refresh:
        if name not in reading:
            known = ", ".join(reading) or "none"
            raise settings.error(
                f"{name} is not a materialized view{did_you_mean(name, list(reading))}",
                "refresh",
                name,
                hint=f"Materialized views of the database: {known}.",
            )
    stale = [name for name, tables in reading.items() if not tables.isdisjoint(touched)]
    refreshed = [name for name in reading if name in stale and name in settings.refresh]
    left = [name for name in stale if name not in settings.refresh]
    notes = [f"{name} is refreshed at the end" for name in refreshed]
    if left:
        notes.append(_note(left, reading, touched))
    return refreshed, notes


def _note(
    left: Collection[str], reading: Mapping[str, frozenset[str]], touched: Collection[str]
) -> str:
    tables = sorted({table for name in left for table in reading[name]} & set(touched))
    one = len(left) == 1
    return (
        f"materialized {'view' if one else 'views'} {', '.join(left)}"
        f" {'reads' if one else 'read'} {', '.join(tables)} and will keep showing the current "
        f"rows\n`refresh: {yaml_list(left)}` in demosnap.yaml refreshes {'it' if one else 'them'}"
        " after each move"
    )


def refresh(database: Database, names: Collection[str]) -> None:
    """Refresh materialized views, in the given order, in the caller's transaction.

    Raises:
        DatabaseError: the role lacks the right, or a view's query fails.
    """
    for name in names:
        database.dialect.refresh_view(database.connection, name)
