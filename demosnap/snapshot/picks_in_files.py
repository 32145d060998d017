"""Note the rows that users' predicates pick at the beginning of a file.

A predicate that reads other demo rows would change its result once these are deleted, and could
differ under the settings that a file needs for its values.
"""

from __future__ import annotations

from demosnap.dialects.base import Dialect
from demosnap.dialects.file_pick_hooks import FilePick
from demosnap.model import Table


class FilePicks:
    """The notes of a file; a call with a table and a predicate returns the note's predicate."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._found: dict[tuple[Table, str], FilePick | None] = {}

    def __call__(self, table: Table, where: str) -> str:
        """Return the predicate of the rows that a user's predicate picked at the beginning."""
        if (table, where) not in self._found:
            number = len(self._found) + 1
            self._found[table, where] = self._dialect.file_pick(table, where, number)
        found = self._found[table, where]
        return found.predicate if found else where

    def notes(self, *used: str) -> list[str]:
        """Return the statements that note rows, for the notes that `used` statements need."""
        return [one.note for one in self._used(used)]

    def forget(self, *used: str) -> list[str]:
        """Return the statements that drop the notes, if the commit does not."""
        return [one.forget for one in self._used(used)]

    def _used(self, used: tuple[str, ...]) -> list[FilePick]:
        text = "\n".join(used)
        return [one for one in self._found.values() if one and one.predicate in text]
