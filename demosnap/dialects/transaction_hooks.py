"""What a SQL variety must tell of parts of a transaction, and of rows held in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from demosnap.model import Table

if TYPE_CHECKING:
    from sqlalchemy import Connection


class TransactionHooks:
    """The part of a dialect that is about what goes on inside a transaction.

    Savepoints are SQLAlchemy's, which writes them as each database does.
    """

    def takes_savepoints(self, connection: Connection) -> bool:
        """Return whether a part of the transaction, as it is now, can be undone by itself.

        A storage engine that takes no savepoint forbids one from its first table on.
        """
        from sqlalchemy.exc import DBAPIError

        try:
            self.savepoint(connection, "demosnap_probe")
        except DBAPIError:
            return False
        self.release(connection, "demosnap_probe")
        return True

    def savepoint(self, connection: Connection, name: str) -> None:
        """Make a savepoint; its name is plain lower case."""
        connection.dialect.do_savepoint(connection, name)

    def release(self, connection: Connection, name: str) -> None:
        """Forget a savepoint, and keep what was done since."""
        connection.dialect.do_release_savepoint(connection, name)

    def roll_back_to(self, connection: Connection, name: str) -> None:
        """Undo what was done since a savepoint, which stays."""
        connection.dialect.do_rollback_to_savepoint(connection, name)

    @contextlib.contextmanager
    def undone_on_error(self, connection: Connection) -> Iterator[None]:
        """Undo what was done inside if it fails, and nothing else; what it raises goes on."""
        name = "demosnap_trial"
        self.savepoint(connection, name)
        try:
            yield
        except Exception:
            self.roll_back_to(connection, name)
            self.release(connection, name)
            raise
        self.release(connection, name)

    def sees_commits(self, connection: Connection) -> bool:
        """Return whether each statement of the transaction sees what others have committed."""
        return connection.get_isolation_level() == "READ COMMITTED"

    def hold_rows(self, connection: Connection, source: str, predicate: str) -> None:
        """Lock the rows of a predicate until the transaction ends, where it `sees_commits`.

        `source` is what stands behind FROM.
        """
        rows = f"SELECT 1 FROM {source} WHERE {predicate} FOR UPDATE"
        connection.exec_driver_sql(
            f"SELECT COUNT(*) FROM ({rows}) AS held", execution_options={"no_parameters": True}
        ).scalar()

    def unrehearsable(self, connection: Connection, tables: Sequence[str]) -> Sequence[str]:
        """Return the tables of which changes cannot be undone and made once more."""
        return ()

    def outdated(
        self, connection: Connection, table: Table, predicate: str, *, shared: bool = False
    ) -> bool:
        """Lock rows (`shared`: may be referenced); return whether others have changed them."""
        return False

    def affected_rows(self, connection: Connection) -> Mapping[str, tuple[int, int]] | None:
        """Count the rows deleted and updated in this transaction, by table, cascades included.

        None: the database does not count them.
        """
        return None
