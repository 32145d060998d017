"""Rows that a user's predicate picks: picked once, at one moment, under the user's own settings.

demosnap's session renders values under settings of its own, under which a `where` could mean
other rows; and a `where` that reads other demo rows would pick others as soon as these are gone.
So its rows are noted first, and all that follows goes by the note.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from demosnap.database.live import Database
from demosnap.model import Selection, Table
from demosnap.snapshot import predicates as texts

_PICKS = "demosnap_picks"


@dataclass
class _Picks:
    """What was picked in a transaction: by table and user's predicate, its note; and how often."""

    transaction: object
    number: int
    known: dict[tuple[Table, str], str] = field(default_factory=dict)


def predicates(
    database: Database,
    selection: Selection,
    also: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the predicate of each table of a selection, in its order.

    A predicate that a user wrote is evaluated here, unless it was before in this transaction.
    `also` are predicates of rows that count as picked.

    Raises:
        ScriptError: the tables lack what the selection names.
        DatabaseError: a row that is picked cannot be named.
    """
    connection, dialect = database.connection, database.dialect

    def users(table: Table, where: str) -> str:
        picks = _of(connection)
        if (table, where) not in picks.known:
            picks.number += 1
            picks.known[table, where] = dialect.pick(connection, table, where, picks.number)
        return picks.known[table, where]

    return texts.predicates(selection, database.tables, dialect, users, also)


def again(connection: Connection) -> bool:
    """Forget what was picked, since rows have changed; return whether there was anything."""
    picks = _of(connection)
    some = bool(picks.known)
    picks.known.clear()
    return some


class Savepoint:
    """A savepoint of a transaction; a rollback to it undoes also what was noted since."""

    def __init__(self, connection: Connection) -> None:
        """Make it."""
        self._connection = connection
        self._known = dict(_of(connection).known)
        self._savepoint = connection.begin_nested()

    def commit(self) -> None:
        """Keep what was done since."""
        self._savepoint.commit()

    def rollback(self) -> None:
        """Undo what was done since."""
        _of(self._connection).known = self._known
        # A server that undid the whole transaction has undone its savepoints.
        if self._savepoint.is_active:
            self._savepoint.rollback()


def is_note(connection: Connection, predicate: str) -> bool:
    """Return whether a predicate goes by what was picked, and not by what rows hold now."""
    return any(note in predicate for note in _of(connection).known.values())


def shown(connection: Connection, predicate: str, users: texts.Users = texts.as_written) -> str:
    """Return a predicate as its author wrote it, or with what `users` says for it."""
    for (table, where), note in _of(connection).known.items():
        if note in predicate:
            predicate = predicate.replace(note, users(table, where))
    return predicate


def _of(connection: Connection) -> _Picks:
    transaction = connection.get_transaction()
    found: _Picks | None = connection.info.get(_PICKS)
    if found is None or found.transaction is not transaction:
        found = _Picks(transaction, found.number if found else 0)
        connection.info[_PICKS] = found
    return found
