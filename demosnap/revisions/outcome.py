"""The outcome of a failed run: rolled back, committed, or unknown."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection

from demosnap import connect, interrupts
from demosnap.errors import DatabaseError


class Outcome:
    """Whether the commit of a run has begun, and whether it has succeeded."""

    begun = False
    ended = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextlib.contextmanager
    def corrected(self) -> Iterator[None]:
        """Correct errors that would claim a rollback after a commit or an unknown outcome."""
        try:
            yield
        except Exception as error:
            if interrupts.behind(error) is not None:
                raise
            if self.ended:
                # Only restoring the session settings failed, and the connection is closed next.
                return
            if self.begun and connect.ended(self._connection, error):
                raise DatabaseError(
                    "the connection broke during the commit: the change was made as a whole, or"
                    " not at all",
                    "`demosnap current` shows which; it is safe to repeat the command.",
                    changed=None,
                ) from error
            raise
