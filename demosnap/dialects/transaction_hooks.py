"""Hooks for parts of a transaction, and for rows locked in it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from demosnap.model import Table

if TYPE_CHECKING:
    from sqlalchemy import Connection


# Statements that end a transaction, or act outside of it.
_ENDING = frozenset(
    "ABORT ATTACH BEGIN COMMIT DETACH END PRAGMA PREPARE RELEASE ROLLBACK SAVEPOINT START VACUUM"
    " XA".split()
)
# Where definitions cannot be rolled back, most other statements commit, and procedures may.
_CHANGES = frozenset("DELETE DO INSERT REPLACE SELECT UPDATE VALUES WITH".split())
_TEMPORARY = re.compile(r"\s*(?:CREATE|DROP)\s+TEMPORARY\s+TABLE\b", re.IGNORECASE)


class TransactionHooks:
    """The part of a dialect for the inside of a transaction.

    Savepoints are SQLAlchemy's, which writes them for each database.
    """

    transactional_ddl: ClassVar[bool] = True
    """Whether CREATE TABLE can be rolled back."""

    def takes_savepoints(self, connection: Connection) -> bool:
        """Return whether a part of the transaction, in its current state, can be rolled back.

        A storage engine without savepoints prevents this from its first table on.
        """
        from sqlalchemy.exc import DBAPIError

        try:
            self.savepoint(connection, "demosnap_probe")
        except DBAPIError:
            return False
        self.release(connection, "demosnap_probe")
        return True

    def savepoint(self, connection: Connection, name: str) -> None:
        """Create a savepoint; its name is plain lower case."""
        connection.dialect.do_savepoint(connection, name)

    def release(self, connection: Connection, name: str) -> None:
        """Release a savepoint, and keep the changes since."""
        connection.dialect.do_release_savepoint(connection, name)

    def roll_back_to(self, connection: Connection, name: str) -> None:
        """Undo the changes since a savepoint, which stays."""
        connection.dialect.do_rollback_to_savepoint(connection, name)

    @contextlib.contextmanager
    def undone_on_error(self, connection: Connection) -> Iterator[None]:
        """Undo only the changes made inside if it fails; its error is raised again."""
        name = "demosnap_trial"
        self.savepoint(connection, name)
        try:
            yield
        except Exception:
            self.roll_back_to(connection, name)
            self.release(connection, name)
            raise
        self.release(connection, name)

    def keeps_transaction(self, statement: str) -> bool:
        """Return whether a user's statement can be in the transaction, and is rolled back with it.

        It goes by the first word.
        """
        word = re.match(r"[\s(]*(\w+)", statement)
        if word is None:
            return False
        if self.transactional_ddl:
            return word[1].upper() not in _ENDING
        return word[1].upper() in _CHANGES or bool(_TEMPORARY.match(statement))

    def sees_commits(self, connection: Connection) -> bool:
        """Return whether each statement of the transaction sees other sessions' commits."""
        return connection.get_isolation_level() == "READ COMMITTED"

    def hold_rows(self, connection: Connection, source: str, predicate: str) -> None:
        """Lock the rows of a predicate until the transaction ends, if it `sees_commits`.

        `source` is the text after FROM.
        """
        rows = f"SELECT 1 FROM {source} WHERE {predicate} FOR UPDATE"
        connection.exec_driver_sql(
            f"SELECT COUNT(*) FROM ({rows}) AS held", execution_options={"no_parameters": True}
        ).scalar()

    def unrehearsable(self, connection: Connection, tables: Sequence[str]) -> Sequence[str]:
        """Return the tables whose changes cannot be rolled back and repeated."""
        return ()

    def outdated(
        self, connection: Connection, table: Table, predicate: str, *, shared: bool = False
    ) -> bool:
        """Lock rows (`shared`: they may still be referenced); return whether any has changed."""
        return False

    def affected_rows(self, connection: Connection) -> Mapping[str, tuple[int, int]] | None:
        """Count the rows deleted and updated in this transaction, by table, including cascades.

        None: the database does not count them.
        """
        return None
