"""Find tables with the marker in namespaces where it is not looked for."""

from __future__ import annotations

from collections.abc import Iterator

from demosnap.config import Settings
from demosnap.config.names import yaml_list
from demosnap.database.live import Database
from demosnap.database.own_names import OWN_TABLES
from demosnap.model import display_name, split_name

_MOST = 100
"""The most namespaces that are looked at."""
_SHOWN = 5


def marked(database: Database, settings: Settings) -> list[str]:
    """Return the namespaces that are not searched, and where tables have the marker's column.

    Where there are very many namespaces, only the first are looked at.
    """
    marker, dialect, connection = settings.marker, database.dialect, database.connection
    if marker.column is None or database.namespaces is None or settings.marker_tables is not None:
        return []
    others = [one for one in dialect.namespaces(connection) if one not in database.namespaces]
    tables = [
        display_name(one, name)
        for one in others[:_MOST]
        for name in dialect.table_names(connection, one)
        if name not in OWN_TABLES
    ]
    if not tables:
        return []
    found = {
        str(split_name(name)[0])
        for name, columns in dialect.reflect_columns(connection, tables).items()
        for column in columns
        if column.name == marker.column and dialect.can_hold_marker(marker, column)
    }
    return sorted(found)


def notes(database: Database, settings: Settings) -> Iterator[str]:
    """Yield a note on such namespaces, unless demosnap.yaml has `namespaces`."""
    if settings.line_of("namespaces") is None and (found := marked(database, settings)):
        yield f"tables of {shown(found)} have the marker, too, and are left alone\n{way(found)}"


def shown(namespaces: list[str]) -> str:
    """Render the names of namespaces for a message."""
    more = len(namespaces) - _SHOWN
    names = ", ".join(namespaces[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return f"{'namespace' if len(namespaces) == 1 else 'namespaces'} {names}"


def way(namespaces: list[str]) -> str:
    """Render what to write in demosnap.yaml for such namespaces."""
    listed = yaml_list(namespaces) if len(namespaces) <= _SHOWN else "all"
    return (
        f"`namespaces: {listed}` in demosnap.yaml takes them in; `namespaces: []` is for one tenant"
        " at a time"
    )
