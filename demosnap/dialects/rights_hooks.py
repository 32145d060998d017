"""What a SQL variety must tell of what a session may not see, by its rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection


class RightsHooks:
    """The part of a dialect that is about what a session may not see."""

    def unreadable(self, connection: Connection, tables: Sequence[str]) -> frozenset[str]:
        """Return which of the tables (display names) the role may not read completely."""
        return frozenset()

    def has_table(self, connection: Connection, name: str) -> bool:
        """Return whether there is a table in the default namespace that the role may see."""
        from sqlalchemy import inspect

        return inspect(connection).has_table(name)
