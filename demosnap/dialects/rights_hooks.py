"""What a SQL variety must tell of what a session may not do, by its rights or a pooler's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection


class RightsHooks:
    """The part of a dialect that is about what a session may not do."""

    def is_statement_pool(self, error: BaseException) -> bool:
        """Return whether a driver's error says that each statement may get another session."""
        return False

    def is_missing_right(self, error: BaseException) -> bool:
        """Return whether a driver's error says that the role lacks a right."""
        return False

    def said(self, error: BaseException) -> str:
        """Return what a driver's error says, in a line: here the first one."""
        cause = getattr(error, "orig", None) or error
        lines = ": ".join(map(str, cause.args)).strip().splitlines()
        return lines[0] if lines else type(cause).__name__

    def advice(self, connection: Connection, error: BaseException) -> str | None:
        """Return what to do about a driver's error that only this database has a reason for."""
        return None

    def unreadable(self, connection: Connection, tables: Sequence[str]) -> frozenset[str]:
        """Return those of some tables (display names) that the role may not read whole."""
        return frozenset()

    def has_table(self, connection: Connection, name: str) -> bool:
        """Return whether there is a table in the default namespace that the role may see."""
        from sqlalchemy import inspect

        return inspect(connection).has_table(name)
