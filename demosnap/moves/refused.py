"""Explain a load that the database refused: the table, the row, and the reason."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from demosnap.database.live import Database
from demosnap.database.trial import Trial
from demosnap.dialects.base import Dialect
from demosnap.errors import DatabaseError, RowsNotTakenError

if TYPE_CHECKING:
    from demosnap.database.opened import OpenSnapshot

_MOST = 200_000
"""The maximum number of rows in a snapshot to search for a refused row."""

_SAVEPOINT = "demosnap_load"


def by_rows(database: Database, error: Exception) -> bool:
    """Return whether the database refused rows, with no lock, conflict or lost session as cause."""
    dialect = database.dialect
    if isinstance(error, RowsNotTakenError):
        return True
    driver_error = database.connection.dialect.loaded_dbapi.Error
    if not isinstance(error, (SQLAlchemyError, driver_error)):
        return False
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    waited = dialect.is_lock_timeout(cause) or dialect.is_conflict(cause)
    return not (waited or dialect.is_disconnect(cause))


def reason(database: Database, error: Exception, table: str = "it") -> str:
    """Return in one line why rows were refused; `by_rows` must be true of `error`."""
    if isinstance(error, RowsNotTakenError):
        return error.message
    return database.dialect.refusal(error, table)


class Guarded:
    """A load of a snapshot whose failure can be explained afterwards."""

    def __init__(self, database: Database, snapshot: OpenSnapshot) -> None:
        self._database = database
        self._snapshot = snapshot
        self._names: list[str] = []

    def begin(self) -> None:
        """Set a savepoint, so that the database can be queried after an error."""
        if self._database.dialect.errors_end_transactions:
            self._database.dialect.savepoint(self._database.connection, _SAVEPOINT)

    def end(self) -> None:
        """Release the savepoint after a successful load."""
        if self._database.dialect.errors_end_transactions:
            self._database.dialect.release(self._database.connection, _SAVEPOINT)

    def noting(self, blocks: Iterable[Iterable[bytes]]) -> Iterator[Iterable[bytes]]:
        """Yield blocks, and note the table of each."""
        for table, rows in zip(self._snapshot.tables, blocks, strict=False):
            self._names.append(table.name)
            yield rows
        # The digest is compared after the last block.
        yield from blocks

    def explained(self, error: Exception) -> Exception:
        """Return the error to raise for an error that occurred while rows were inserted."""
        database = self._database
        # The named trigger may not be the cause.
        blamed = error if isinstance(error, DatabaseError) and error.__cause__ else None
        cause = error.__cause__ if blamed is not None else error
        if not self._names or not isinstance(cause, Exception) or not by_rows(database, cause):
            return error
        name = self._names[-1]
        try:
            found = self._rows_of(name)
        except Exception:  # noqa: BLE001  the first error is the one to be seen
            found = []
        if found:
            if blamed is not None:
                hint = f"{_HINT}\n{blamed.hint}" if blamed.hint else _HINT
                return DatabaseError("\n".join([*found, blamed.message]), hint, changed=False)
            return DatabaseError("\n".join(found), _HINT, changed=False)
        if blamed is not None:
            return blamed
        why = reason(database, error, name)
        return DatabaseError(
            f"the database refused: {why if name in why else f'{name}: {why}'}", changed=False
        )

    def _rows_of(self, name: str) -> list[str]:
        """Return reasons for rows of a table that are refused for their own values."""
        database, snapshot = self._database, self._snapshot
        dialect: Dialect = database.dialect
        if dialect.errors_end_transactions:
            dialect.roll_back_to(database.connection, _SAVEPOINT)
        if snapshot.version.total > _MOST:
            return []
        for table, rows in zip(snapshot.tables, snapshot.blocks(checked=False), strict=True):
            if table.name == name:
                with Trial(database, database.tables[name], table).begun() as trial:
                    collections.deque(trial.passing(rows), maxlen=0)
                    return [str(one) for one in trial.misfits()]
        return []


_HINT = (
    "The table has changed since the capture, or a row of the snapshot has: change the table, or"
    " capture the demo as the table has it now."
)
