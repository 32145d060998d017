"""The outcome of a failed run: undone, done, or unknown."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection

from demosnap import connect, interrupts
from demosnap.errors import DatabaseError


class Outcome:
    """What is known of a run on a connection.

    Whether its commit has begun, and whether that has ended well.
    """

    begun = False
    ended = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Never say that nothing was changed when something was, or when that is unknown."""
        try:
            yield
        except Exception as error:
            if interrupts.behind(error) is not None:
                raise
            if self.ended:
                # Only the settings of a connection, which is closed next, were not put back.
                return
            if self.begun and connect.ended(self._connection, error):
                raise DatabaseError(
                    "the connection broke during the commit: the change was made as a whole, or"
                    " not at all",
                    "`demosnap current` shows which; it is safe to repeat the command.",
                    changed=None,
                ) from error
            raise
