"""Note the rows that predicates pick at the beginning of a file.

A predicate that reads other demo rows would change its result once these are deleted, and a user's
predicate could differ under the settings that a file needs for its values.
"""

from __future__ import annotations

from collections.abc import Sequence

from demosnap.dialects.base import Dialect
from demosnap.dialects.file_pick_hooks import FilePick
from demosnap.model import Table
from demosnap.snapshot.predicates import Users


class FilePicks(Users):
    """The notes of a file; a call with a table and a predicate returns the note's predicate."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._found: dict[tuple[Table, str], FilePick | None] = {}
        self._own: set[tuple[Table, str]] = set()

    def __call__(self, table: Table, where: str) -> str:
        """Return the predicate of the rows that a user's predicate picked at the beginning."""
        if (table, where) not in self._found:
            number = len(self._found) + 1
            self._found[table, where] = self._dialect.file_pick(table, where, number)
        found = self._found[table, where]
        return found.predicate if found else where

    def one_of(self, table: Table, predicate: str) -> str:
        """Return the predicate of a note of its own: MySQL reads each only once in a statement."""
        self._own.add((table, predicate))
        return self(table, predicate)

    def needed(self, table: Table, predicate: str) -> str:
        """Return the predicate of the rows that were needed at the beginning."""
        return self.one_of(table, predicate)

    def begin(self, *used: str) -> list[str]:
        """Return the lines that begin a file, with the notes that `used` statements need.

        Users' predicates are evaluated under the client's own settings, others under the file's.
        """
        needed = self._needed(used)
        users = [one.note for place, one in needed if place not in self._own]
        own = [one.note for place, one in needed if place in self._own]
        texts = [*used, *own]
        if not users:
            return [*self._dialect.file_begin(texts), *own]
        return [*self._dialect.file_begin_picking(users, texts), *own]

    def forget(self, *used: str) -> list[str]:
        """Return the statements that drop the notes, if the commit does not."""
        return [one.forget for _, one in self._needed(used)]

    def _needed(self, used: Sequence[str]) -> list[tuple[tuple[Table, str], FilePick]]:
        text = "\n".join(used)
        found = []
        # A note may read notes that were made before it.
        for place, one in reversed(self._found.items()):
            if one and one.predicate in text:
                found.append((place, one))
                text += one.note
        return found[::-1]
