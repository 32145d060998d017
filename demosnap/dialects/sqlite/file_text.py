"""The text around the rows of SQLite's files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from demosnap.dialects.base import Dialect
from demosnap.dialects.sqlite.pick import NUMBERS
from demosnap.dialects.sqlite.urls import SQLiteUrls
from demosnap.dialects.url_rules import UrlRules
from demosnap.model import Table


class SQLiteFileText(Dialect):
    """The text before and after the rows of a file."""

    url_rules: ClassVar[UrlRules] = SQLiteUrls()

    def file_begin(self, predicates: Iterable[str] = ()) -> Sequence[str]:
        """Return lines for the sqlite3 shell, which otherwise continues after an error."""
        return (".bail on", "PRAGMA foreign_keys = OFF;", "BEGIN IMMEDIATE;")

    def places(self, table: Table) -> Sequence[str]:
        """Return the row's number, by a name that no column has."""
        columns = {column.name.lower() for column in table.columns}
        return [name for name in NUMBERS if name not in columns][:1]
