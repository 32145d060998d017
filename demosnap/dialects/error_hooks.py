"""What a SQL variety must tell of its driver's errors: mostly by their codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from sqlalchemy import Connection

Codes = frozenset[object]


class ErrorHooks:
    """The part of a dialect that is about what errors mean."""

    lock_timeouts: ClassVar[Codes] = frozenset()
    """The codes of errors for a lock that another session held for too long."""

    conflicts: ClassVar[Codes] = frozenset()
    """The codes of errors for a conflict with another session, after which a retry may succeed."""

    disconnects: ClassVar[Codes] = frozenset()
    """Of those that say that the session is over."""

    missing_rights: ClassVar[Codes] = frozenset()
    """Of those that say that the role lacks a right."""

    def error_codes(self, error: BaseException) -> Codes:
        """Return all codes of a driver's error: here its SQLSTATE, and the first it is made of."""
        cause = getattr(error, "orig", None) or error
        codes = (getattr(cause, "sqlstate", None), *cause.args[:1])
        return frozenset(code for code in codes if isinstance(code, (int, str)))

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Return whether an error is about a lock that another session held for too long."""
        return not self.lock_timeouts.isdisjoint(self.error_codes(error))

    def is_conflict(self, error: BaseException) -> bool:
        """Return whether it is a conflict with another session, after which a retry may succeed."""
        return not self.conflicts.isdisjoint(self.error_codes(error))

    def is_disconnect(self, error: BaseException) -> bool:
        """Return whether a driver's error says that the session is over."""
        return not self.disconnects.isdisjoint(self.error_codes(error))

    def is_missing_right(self, error: BaseException) -> bool:
        """Return whether a driver's error says that the role lacks a right."""
        return not self.missing_rights.isdisjoint(self.error_codes(error))

    def is_read_only(self, error: BaseException) -> bool:
        """Return whether a driver's error says that here nothing can be written."""
        state = getattr(error, "sqlstate", None)
        return state == "25006" or re.search("read-? ?only", str(error), re.IGNORECASE) is not None

    def is_statement_pool(self, error: BaseException) -> bool:
        """Return whether a driver's error says that each statement may get another session."""
        return False

    def said(self, error: BaseException) -> str:
        """Return what a driver's error says, in a line: here the first one."""
        cause = getattr(error, "orig", None) or error
        lines = ": ".join(map(str, cause.args)).strip().splitlines()
        return lines[0] if lines else type(cause).__name__

    def advice(self, connection: Connection, error: BaseException) -> str | None:
        """Return what to do about a driver's error that only this database has a reason for."""
        return None
