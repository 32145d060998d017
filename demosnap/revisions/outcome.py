"""The outcome of a failed run: undone, undone in part, or unknown."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from demosnap import connect, dialects, interrupts
from demosnap.errors import ConflictError, DatabaseError, DemosnapError
from demosnap.results import Move

_CLAIM = re.compile(r"(?:[;,]\s+)?(?:nothing\s+was\s+changed|it\s+was\s+rolled\s+back)\.?")


class Outcome:
    """What is known of a run on a connection.

    Whether its commit has begun, and whether that has ended well.
    """

    begun = False
    ended = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lasting: Sequence[str] = ()
        self._moves: Sequence[Move] = ()

    def acting(self, moves: Sequence[Move]) -> None:
        """Note that tables are changed from now on, some of which no rollback may reach."""
        self._moves = [move for move in moves if move.action not in ("none", "stamp")]
        names = {
            name
            for move in self._moves
            for rows in (move.purge, move.load, move.change)
            for name in rows
            if rows[name]
        }
        dialect = dialects.of(self._connection)
        self._lasting = sorted(dialect.non_transactional(self._connection, sorted(names)))

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Never say that nothing was changed when something was, or when that is unknown."""
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:
            interrupt = interrupts.behind(error)
            if interrupt is None and self.ended:
                # Only the settings of a connection, which is closed next, were not put back.
                return
            if interrupt is not None:
                if self.ended or not self._lasting or str(interrupt):
                    raise
                raise KeyboardInterrupt(f"interrupted: {self._state()}\n{self._way()}") from None
            assert isinstance(error, Exception)
            if self.begun and connect.ended(self._connection, error):
                raise DatabaseError(
                    "the connection broke during the commit: the change was made as a whole, or"
                    " not at all",
                    "`demosnap current` shows which; it is safe to repeat the command.",
                ) from error
            if not self._lasting:
                raise
            raise self._truly(error) from error

    def _truly(self, error: Exception) -> DemosnapError:
        found: DemosnapError
        try:
            with connect.database_errors(self._connection):
                raise error
        except ConflictError as known:
            # To try again would not find what there was.
            found = DatabaseError(known.message, known.hint)
        except DemosnapError as known:
            found = known
        except Exception as unknown:  # noqa: BLE001  whatever it is, the tables are half changed
            found = DemosnapError(f"{type(unknown).__name__}: {unknown}")
        hint = _CLAIM.sub("", found.hint or "").strip(" ,;\n")
        found.message = f"{_CLAIM.sub('', found.message)}\n{self._state()}"
        found.hint = "\n".join(filter(None, [hint, self._way()]))
        return found

    def _state(self) -> str:
        return (
            f"the changes of {', '.join(self._lasting)} stay, since these tables cannot roll back; "
            f"all else was undone"
        )

    def _way(self) -> str:
        options = "--discard --non-transactional"
        ways = [
            f"`demosnap load {move.scenario}@{move.current.short} {options}`"
            if move.current
            else f"`demosnap downgrade {move.scenario} base {options}`"
            for move in self._moves
        ]
        return f"{' and '.join(ways)} restores the demo rows of the stamped version."
