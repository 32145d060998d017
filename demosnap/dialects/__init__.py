"""SQL varieties: the only room where dialects differ."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING

from demosnap.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from demosnap.dialects.base import Dialect

_MODULES: dict[str, tuple[str, str]] = {
    "postgresql": ("demosnap.dialects.postgresql.dialect", "PostgreSQLDialect"),
    "sqlite": ("demosnap.dialects.sqlite.dialect", "SQLiteDialect"),
    "mysql": ("demosnap.dialects.mysql.dialect", "MySQLDialect"),
    "mariadb": ("demosnap.dialects.mysql.dialect", "MariaDBDialect"),
}


@cache
def get(name: str) -> Dialect:
    """Return the dialect of SQLAlchemy's name.

    Raises:
        DatabaseError: demosnap does not know the dialect.
    """
    if name not in _MODULES:
        raise DatabaseError(
            f"demosnap does not know the dialect {name!r}",
            f"It knows {', '.join(sorted(_MODULES))}.",
        )
    module, cls = _MODULES[name]
    dialect: Dialect = getattr(importlib.import_module(module), cls)()
    return dialect


def names() -> tuple[str, ...]:
    """Return the names of all dialects that demosnap knows."""
    return tuple(_MODULES)


def of(connection: Connection) -> Dialect:
    """Return the dialect of the server behind a connection (`mysql://` may reach a MariaDB)."""
    name = connection.dialect.name
    if getattr(connection.dialect, "is_mariadb", False):
        name = "mariadb"
    return get(name)
