"""User triggers of PostgreSQL, switched off for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sqlalchemy.exc import ProgrammingError

from demosnap.dialects.base import Dialect, execute
from demosnap.dialects.postgresql import deferred
from demosnap.dialects.postgresql import reflect as catalog
from demosnap.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy import Connection


@contextlib.contextmanager
def without(dialect: Dialect, connection: Connection, tables: Mapping[str, str]) -> Iterator[None]:
    """Disable each enabled user trigger by name, and enable it again as it was.

    `tables` are literals of quoted names, by display name.

    Raises:
        DatabaseError: the role lacks the right.
    """
    found = catalog.enabled_triggers(connection, tables)
    named = [(table, dialect.quote(name), mode) for table, name, mode in found]
    if named:
        # A table with events that still wait cannot be altered.
        deferred.settle(connection)
    for table, name, _ in named:
        try:
            execute(connection, f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        except ProgrammingError as error:
            raise DatabaseError(
                f"the role may not switch the trigger {name} of {table} off",
                f"`triggers: disable` needs the owner's rights on {table}.",
            ) from error
    yield
    if named:
        deferred.settle(connection)
    for table, name, mode in named:
        execute(connection, f"ALTER TABLE {table} ENABLE {mode} TRIGGER {name}")
