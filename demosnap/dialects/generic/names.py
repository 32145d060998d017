"""The spelling of names if a database folds them to upper case."""

from __future__ import annotations

from typing import ClassVar

from demosnap.dialects.base import Dialect


class Names(Dialect):
    """The part of the dialect for names.

    A database that `folds_names` stores `todos` as TODOS. As in SQLAlchemy, its name here is
    `todos`, and a name that is really in lower case has quotes.
    """

    folds_names: ClassVar[bool] = False
    """Whether a name without quotes is in upper case in the catalog."""

    def shown(self, name: str) -> str:
        """Return the spelling, in this dialect, of a name of SQLAlchemy; `quote` accepts it."""
        quoted = getattr(name, "quote", None)
        name = str(name)
        if not self.folds_names:
            return name
        if name in self.reserved:
            # `quote` adds the quotes.
            return name if quoted else name.upper()
        return f'"{name}"' if quoted and name == name.lower() else name

    def asked(self, name: str) -> str:
        """Return SQLAlchemy's spelling of a name in this dialect."""
        from sqlalchemy.sql import quoted_name

        if self._has_quotes(name):
            return quoted_name(name[1:-1], quote=True)
        exact = self.folds_names and name in self.reserved
        return quoted_name(name, quote=True) if exact else name

    def quote(self, name: str) -> str:
        """Quote a name, unless it contains its quotes; always if it has no lower-case letter.

        Such a name is in the catalog unchanged, and may begin with an underscore.
        """
        if self._has_quotes(name):
            return name
        q = self.quote_character
        as_it_is = self.folds_names and name == name.upper() and q not in name
        return f"{q}{name}{q}" if as_it_is else super().quote(name)

    def _has_quotes(self, name: str) -> bool:
        return self.folds_names and len(name) > 2 and name[0] == name[-1] == '"'
