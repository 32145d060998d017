"""A load that the database refused: which table, which row, and why."""

from __future__ import annotations

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
"""The rows of a snapshot among which one is looked for."""

_SAVEPOINT = "demosnap_load"


def by_rows(database: Database, error: Exception) -> bool:
    """Return whether the database refused rows: no lock, no other writer, no end of the session."""
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
    """Say in a line why rows were refused; `error` is one that `by_rows` knows."""
    if isinstance(error, RowsNotTakenError):
        return error.message
    return database.dialect.refusal(error, table)


class Guarded:
    """A load of a snapshot, of which it can be told afterwards what was not taken."""

    def __init__(self, database: Database, snapshot: OpenSnapshot) -> None:
        self._database = database
        self._snapshot = snapshot
        self._names: list[str] = []

    def begin(self) -> None:
        """Be able to ask something of the database after an error."""
        if self._database.dialect.errors_end_transactions:
            self._database.dialect.savepoint(self._database.connection, _SAVEPOINT)

    def end(self) -> None:
        """Do without that: all was taken."""
        if self._database.dialect.errors_end_transactions:
            self._database.dialect.release(self._database.connection, _SAVEPOINT)

    def noting(self, blocks: Iterable[Iterable[bytes]]) -> Iterator[Iterable[bytes]]:
        """Yield blocks, and note the table of each."""
        for table, rows in zip(self._snapshot.tables, blocks, strict=False):
            self._names.append(table.name)
            yield rows
        # Past the last block stands the comparison of the digest.
        yield from blocks

    def told(self, error: Exception) -> Exception:
        """Return the error to be raised for one that came while rows went in."""
        database = self._database
        # A trigger that is named may be without blame.
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
        """Return which rows of a table are not taken, as far as they themselves are to blame."""
        database, snapshot = self._database, self._snapshot
        dialect: Dialect = database.dialect
        if dialect.errors_end_transactions:
            dialect.roll_back_to(database.connection, _SAVEPOINT)
        if snapshot.version.total > _MOST:
            return []
        for table, rows in zip(snapshot.tables, snapshot.blocks(checked=False), strict=True):
            if table.name != name:
                for _ in rows:
                    pass
                continue
            live = database.tables[name]
            with Trial(database, live, table).begun() as trial:
                for _ in trial.passing(rows):
                    pass
                return [str(one) for one in trial.misfits()]
        return []


_HINT = (
    "The table has changed since the capture, or a row of the snapshot has: change the table, or"
    " capture the demo as the table has it now."
)
