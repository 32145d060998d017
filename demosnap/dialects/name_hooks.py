"""Hooks for the SQL of names and texts."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from demosnap.dialects.needed import NeededToCapture
from demosnap.model import Column, Table, split_name

if TYPE_CHECKING:
    from typing_extensions import Self

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")


class NameHooks(NeededToCapture):
    """The part of a dialect for names and text literals."""

    quote_character: ClassVar[str] = '"'

    quoted_at_first: ClassVar[frozenset[str]] = frozenset()
    """The words that stay quoted in the digest."""

    at_first: bool = False
    """Whether files are those of the first versions of demosnap, which did not quote these."""

    def quote(self, name: str) -> str:
        """Quote an identifier unless it is plain lower case and not reserved."""
        plain = _PLAIN_NAME.match(name) and name not in self.quoted_at_first
        if plain and (self.at_first or name not in self.reserved):
            return name
        q = self.quote_character
        return q + name.replace(q, q + q) + q

    @property
    def later_keywords(self) -> frozenset[str]:
        """The reserved words that are bare in files written `as_at_first`."""
        return self.reserved - self.quoted_at_first

    def as_at_first(self) -> Self:
        """Return this dialect in the variant that wrote the first versions' files."""
        found = copy.copy(self)
        found.at_first = True
        return found

    def quote_table(self, table: str) -> str:
        """Quote a table given by its display name, with its namespace if it has one."""
        return ".".join(self.quote(part) for part in split_name(table) if part is not None)

    def rows_of(self, table: Table) -> str:
        """Return the text after FROM that selects only the rows of a table itself."""
        return self.quote_table(table.name)

    def quote_columns(self, columns: Iterable[str]) -> str:
        """Quote column names, separated by commas without spaces."""
        return ",".join(self.quote(name) for name in columns)

    def referring(self, column: Column) -> str:
        """Return a column in the form that is compared with the key that it references."""
        return self.quote(column.name)

    def string(self, text: str) -> str:
        """Render a text as a SQL literal."""
        return "'" + text.replace("'", "''") + "'"
