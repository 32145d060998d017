"""How names are spelled where a database folds them to upper case."""

from __future__ import annotations

from typing import ClassVar

from demosnap.dialects.base import Dialect


class Names(Dialect):
    """The part of the dialect that is about names.

    A database that `folds_names` has `todos` as TODOS. It goes by `todos` here, as SQLAlchemy has
    it, and a name that is really in lower case has its quotes.
    """

    folds_names: ClassVar[bool] = False
    """Whether a name without quotes is in upper case in the catalog."""

    def shown(self, name: str) -> str:
        """Return how a name of SQLAlchemy's is spelled here; `quote` leads back from it."""
        quoted = getattr(name, "quote", None)
        name = str(name)
        if not self.folds_names:
            return name
        if name in self.reserved:
            # `quote` puts its quotes around it.
            return name if quoted else name.upper()
        return f'"{name}"' if quoted and name == name.lower() else name

    def asked(self, name: str) -> str:
        """Return how SQLAlchemy is asked for a name that is spelled as here."""
        from sqlalchemy.sql import quoted_name

        if self._has_quotes(name):
            return quoted_name(name[1:-1], quote=True)
        exact = self.folds_names and name in self.reserved
        return quoted_name(name, quote=True) if exact else name

    def quote(self, name: str) -> str:
        """Quote a name, unless it is spelled with its quotes; always where it has no small letter.

        What has none is in the catalog as it stands, and may begin with an underscore.
        """
        if self._has_quotes(name):
            return name
        q = self.quote_character
        as_it_is = self.folds_names and name == name.upper() and q not in name
        return f"{q}{name}{q}" if as_it_is else super().quote(name)

    def _has_quotes(self, name: str) -> bool:
        return self.folds_names and len(name) > 2 and name[0] == name[-1] == '"'
