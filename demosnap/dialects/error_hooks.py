"""Hooks that interpret the errors of a driver, mostly by their codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from sqlalchemy import Connection

Codes = frozenset[object]


class ErrorHooks:
    """The part of a dialect that interprets errors."""

    lock_timeouts: ClassVar[Codes] = frozenset()
    """The codes of errors for a lock that another session held for too long."""

    conflicts: ClassVar[Codes] = frozenset()
    """The codes of conflicts with another session, after which a retry may succeed."""

    disconnects: ClassVar[Codes] = frozenset()
    """The codes of errors that end the session."""

    missing_rights: ClassVar[Codes] = frozenset()
    """The codes of errors for a missing right of the role."""

    def error_codes(self, error: BaseException) -> Codes:
        """Return all codes of a driver's error, by default its SQLSTATE and its first argument."""
        cause = getattr(error, "orig", None) or error
        codes = (getattr(cause, "sqlstate", None), *cause.args[:1])
        return frozenset(code for code in codes if isinstance(code, (int, str)))

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Return whether another session held a lock for too long."""
        return not self.lock_timeouts.isdisjoint(self.error_codes(error))

    def is_conflict(self, error: BaseException) -> bool:
        """Return whether an error is a conflict with another session; a retry may succeed."""
        return not self.conflicts.isdisjoint(self.error_codes(error))

    def is_disconnect(self, error: BaseException) -> bool:
        """Return whether a driver's error ends the session."""
        return not self.disconnects.isdisjoint(self.error_codes(error))

    def is_missing_right(self, error: BaseException) -> bool:
        """Return whether the role lacks a right."""
        return not self.missing_rights.isdisjoint(self.error_codes(error))

    def is_read_only(self, error: BaseException) -> bool:
        """Return whether the session or server is read-only."""
        state = getattr(error, "sqlstate", None)
        return state == "25006" or re.search("read-? ?only", str(error), re.IGNORECASE) is not None

    def is_statement_pool(self, error: BaseException) -> bool:
        """Return whether each statement may get a different session."""
        return False

    def error_text(self, error: BaseException) -> str:
        """Return the text of a driver's error in one line, by default its first line."""
        cause = getattr(error, "orig", None) or error
        lines = ": ".join(map(str, cause.args)).strip().splitlines()
        return lines[0] if lines else type(cause).__name__

    def advice(self, connection: Connection, error: BaseException) -> str | None:
        """Return a hint for a driver's error that only this database has; None without one."""
        return None
