"""Pick rows by a user's predicate: once per transaction, under the user's own settings.

demosnap's session renders values under its own settings, under which a `where` could pick
different rows; and a `where` that reads other demo rows would change its result once these are
deleted. So the picked rows are noted first, and later statements use the note.
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
    """The notes of a transaction, by table and predicate, and their number.

    The predicate is a user's, or else one of demosnap's own.
    """

    transaction: object
    number: int
    known: dict[tuple[Table, str, bool], str] = field(default_factory=dict)


def predicates(
    database: Database,
    selection: Selection,
    also: Mapping[str, str] | None = None,
    *,
    ignored: bool = False,
) -> dict[str, str]:
    """Return the predicate of each table of a selection, in its order.

    A user's predicate is evaluated here, once per transaction. `also` are predicates of further
    rows, by table, that count as picked. `ignored`: with the rows that are in no snapshot.

    Raises:
        ScriptError: a table lacks a column or foreign key that the selection names.
        DatabaseError: a picked row cannot be identified.
    """
    users = _Noting(database)
    return texts.predicates(
        selection, database.tables, database.dialect, users, also, ignored=ignored
    )


@dataclass
class _Noting(texts.Users):
    """The predicates of notes, made as they are needed."""

    database: Database

    def __call__(self, table: Table, where: str) -> str:
        return self._note(table, where, users=True)

    def needed(self, table: Table, predicate: str) -> str:
        return self._note(table, predicate, users=False)

    def _note(self, table: Table, where: str, *, users: bool) -> str:
        connection, dialect = self.database.connection, self.database.dialect
        picks = _of(connection)
        place = table, where, users
        if place not in picks.known:
            picks.number += 1
            number = picks.number
            if users:
                picks.known[place] = dialect.pick(connection, table, where, number)
            else:
                picks.known[place] = dialect.pick(connection, table, where, number, users=False)
        return picks.known[place]

    def one_of(self, table: Table, predicate: str) -> str:
        return predicate


def again(connection: Connection) -> bool:
    """Forget the notes, since rows have changed; return whether there were any."""
    picks = _of(connection)
    had_notes = bool(picks.known)
    picks.known.clear()
    return had_notes


class Savepoint:
    """A savepoint of a transaction; a rollback to it also forgets notes made after it."""

    def __init__(self, connection: Connection) -> None:
        """Create the savepoint."""
        self._connection = connection
        self._known = dict(_of(connection).known)
        self._savepoint = connection.begin_nested()

    def commit(self) -> None:
        """Keep all changes since the savepoint."""
        self._savepoint.commit()

    def rollback(self) -> None:
        """Undo all changes since the savepoint."""
        _of(self._connection).known = self._known
        # After the server rolled the whole transaction back, its savepoints are gone.
        if self._savepoint.is_active:
            self._savepoint.rollback()


def is_note(connection: Connection, predicate: str) -> bool:
    """Return whether a predicate uses a note of picked rows, and not their current values."""
    return any(note in predicate for note in _of(connection).known.values())


def shown(connection: Connection, predicate: str, users: texts.Users = texts.as_written) -> str:
    """Return a predicate with each note replaced by the user's text, or by `users`' result."""
    # A note of needed rows may read notes that were made before it.
    for (table, where, is_users), note in reversed(_of(connection).known.items()):
        if note in predicate:
            if is_users:
                text = users(table, where)
            else:
                text = users.needed(table, shown(connection, where, users))
            predicate = predicate.replace(note, text)
    return predicate


def _of(connection: Connection) -> _Picks:
    transaction = connection.get_transaction()
    found: _Picks | None = connection.info.get(_PICKS)
    if found is None or found.transaction is not transaction:
        found = _Picks(transaction, found.number if found else 0)
        connection.info[_PICKS] = found
    return found
