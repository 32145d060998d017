"""Switch user triggers of PostgreSQL off temporarily."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy.exc import ProgrammingError

from demosnap.dialects.base import execute
from demosnap.dialects.postgresql import deferred
from demosnap.dialects.postgresql.reflect import PostgreSQLDefinitions, enabled_triggers
from demosnap.errors import DatabaseError
from demosnap.model import Table

if TYPE_CHECKING:
    from sqlalchemy import Connection


class PostgreSQLTriggers(PostgreSQLDefinitions):
    """The part of the dialect that switches triggers off."""

    @contextlib.contextmanager
    def without_triggers(self, connection: Connection, tables: Sequence[Table]) -> Iterator[None]:
        """Disable each enabled user trigger by name, and enable it again as it was.

        Raises:
            DatabaseError: the role lacks the right.
        """
        found = enabled_triggers(connection, self.literals(table.name for table in tables))
        named = [(table, self.quote(name), mode) for table, name, mode in found]
        if named:
            # A table with deferred trigger events cannot be altered.
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
