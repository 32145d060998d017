"""SQL varieties: the only room in which dialects differ.

demosnap's own dialects are listed here; other packages name their class under the entry point
`demosnap.dialects`. docs/dialects.md explains how to write one.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING

from demosnap.errors import DatabaseError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from sqlalchemy import Connection

    from demosnap.dialects.base import Dialect

GROUP = "demosnap.dialects"
"""The group of entry points, which map SQLAlchemy's name of the dialect to `module:Class`."""

_MODULES: dict[str, tuple[str, str]] = {
    "postgresql": ("demosnap.dialects.postgresql.dialect", "PostgreSQLDialect"),
    "sqlite": ("demosnap.dialects.sqlite.dialect", "SQLiteDialect"),
    "mysql": ("demosnap.dialects.mysql.dialect", "MySQLDialect"),
    "mariadb": ("demosnap.dialects.mysql.dialect", "MariaDBDialect"),
}


@cache
def get(name: str) -> Dialect:
    """Return the dialect with SQLAlchemy's name, demosnap's own or an installed package's.

    Raises:
        DatabaseError: there is no such dialect, or the package's class is unusable.
    """
    if name in _MODULES:
        module, attribute = _MODULES[name]
        own: Dialect = getattr(importlib.import_module(module), attribute)()
        return own
    found = _plugins().get(name)
    if found is None:
        raise DatabaseError(*unknown(name))
    return _of_plugin(name, found)


def _of_plugin(name: str, point: EntryPoint) -> Dialect:
    from demosnap.dialects.base import Dialect

    whose = f"the dialect {name!r} of the entry point {point.value}"
    if point.dist is not None:
        whose += f" ({point.dist.name} {point.dist.version})"
    try:
        made = point.load()()
    # The package may raise any exception.
    except Exception as error:
        raise DatabaseError(
            f"{whose} cannot be used: {type(error).__name__}: {error}",
            "Is the package complete, and does its version fit this demosnap? docs/dialects.md "
            "lists the hooks of a dialect.",
        ) from error
    if not isinstance(made, Dialect) or made.name != name:
        raise DatabaseError(
            f"{whose} cannot be used: it is not a demosnap.dialects.base.Dialect of that name",
            "docs/dialects.md lists the hooks of a dialect.",
        )
    return made


@cache
def _plugins() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def package_of(name: str) -> str:
    """Return the package that brings a dialect, by its name on the index."""
    point = None if name in _MODULES else _plugins().get(name)
    return "demosnap" if point is None or point.dist is None else point.dist.name


def unknown(name: str) -> tuple[str, str]:
    """Return the message and the hint for an unknown dialect."""
    return (
        f"demosnap does not know the dialect {name!r}",
        f"It knows {', '.join(sorted(names()))}. A package can add another one: see "
        f"docs/dialects.md.",
    )


def own_names() -> tuple[str, ...]:
    """Return the names of demosnap's own dialects."""
    return tuple(_MODULES)


def names() -> tuple[str, ...]:
    """Return the names of all installed dialects."""
    return (*_MODULES, *(name for name in _plugins() if name not in _MODULES))


def of(connection: Connection) -> Dialect:
    """Return the dialect of the server behind a connection (`mysql://` may reach MariaDB)."""
    # A package's name may have the driver after a point.
    name = connection.dialect.name.partition(".")[0]
    if getattr(connection.dialect, "is_mariadb", False):
        name = "mariadb"
    return get(name)
