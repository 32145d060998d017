"""The errors of demosnap.

::

    DemosnapError                 exit code 1
    ├── UsageError                2: the arguments of a call are wrong
    │   └── UnknownNameError      2: no such scenario, version, table, option
    ├── ConfigError               alembic.ini or demosnap.yaml, with file, line and key
    ├── ScriptError               a revision script or the graph of them
    ├── SnapshotError             a snapshot file, with file and line
    ├── DatabaseError             the server refused, or cannot be reached
    │   ├── MissingDriverError    names the extra to install
    │   ├── ReadOnlyError         the server, or the transaction, only reads
    │   ├── ConflictError         another session changed the rows; a retry may succeed
    │   └── RowsNotTakenError     the database changed rows or left some out
    ├── TargetError               the database is not an allowed target
    ├── RefusedError              a guard refused; holds every reason
    ├── VerificationError         the loaded rows differ from the snapshot
    ├── LockError                 another demosnap is at work
    └── HookError                 4: the rows were moved, but a command of `hooks` failed

Every error names what was found, where, what to do next (`hint`), and whether anything was
changed (`changed`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Literal

from demosnap.refusal import Refusal
from demosnap.visible import one_line, paragraph, seconds

_NEAR = 0.75
_ABBREVIATED = 3


class DemosnapError(Exception):
    """Base of all errors that demosnap raises on purpose.

    `message` is one sentence or a short block of lines; `hint` is what to do next, None when
    the message says it all. `changed`: False: nothing was changed; True: something was, as the
    message says; None: it cannot be known. `str()` is all of it; given `changed=False`, it says so.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        *,
        changed: bool | Literal["unsaid"] | None = "unsaid",
    ) -> None:
        self.message = paragraph(message)
        self.hint = hint and paragraph(hint)
        # All that demosnap does is undone, or done in one step at the end.
        self.changed = False if changed == "unsaid" else changed
        self._says_unchanged = changed is False
        super().__init__(self.message)

    @property
    def text(self) -> str:
        """Message and hint, without what became of the change."""
        return "\n".join(filter(None, (self.message, self.hint)))

    def __str__(self) -> str:
        if not self._says_unchanged:
            return self.text
        return "\n".join(filter(None, (self._with_outcome("nothing was changed"), self.hint)))

    def _with_outcome(self, outcome: str) -> str:
        """Return the message with what became of the change."""
        return (
            f"{self.message}\n{outcome}" if "\n" in self.message else f"{self.message}; {outcome}"
        )


class UsageError(DemosnapError):
    """The arguments of a call are invalid; no file and no database was read."""

    exit_code = 2


class UnknownNameError(UsageError):
    """An unknown name; the message suggests the nearest one that exists.

    `hint` replaces the list of known names, `otherwise` follows it.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str],
        hint: str | None = None,
        *,
        otherwise: str = "",
    ) -> None:
        known = list(known)
        self.name = name
        message = f"unknown {kind} {name!r}{did_you_mean(name, known)}"
        if hint is None and known:
            shown = one_line(", ".join(known[:12])) + (", …" if len(known) > 12 else "")
            hint = f"Known: {shown}. {otherwise}".rstrip()
        elif hint is None and kind == "scenario":
            hint = 'There are no versions yet: `demosnap revision SCENARIO -m "v1"` captures one.'
        super().__init__(message, hint)


class _Placed(DemosnapError):  # noqa: N818  it is no error that is raised
    """An error of a file; `reason` is the message without the place."""

    def __init__(
        self,
        message: str,
        file: str | None = None,
        line: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(f"{place(file, line)}{message}", hint)
        self.reason = message
        self.file = file
        self.line = line


class ConfigError(_Placed):
    """A settings file is missing or invalid.

    `file` is its path; `line` starts at 1, None without a line.
    """


class ScriptError(_Placed):
    """A revision script, or the graph of the scripts, is invalid.

    `file` is the script's path; `line` starts at 1. Either may be None.
    """

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message, file, line, hint)


class SnapshotError(_Placed):
    """A snapshot file is missing or malformed.

    `file` is its path; `line` starts at 1, None without a line.
    """


class DatabaseError(DemosnapError):
    """The database cannot be reached, or refused a statement."""


class RowsNotTakenError(DatabaseError):
    """The database changed rows or left some out, as a warning or a count shows."""


class ReadOnlyError(DatabaseError):
    """The server or the session is read-only, such as a standby or a replica."""


class ConflictError(DatabaseError):
    """Another session has just changed the same rows, so all changes were rolled back."""


class CountError(DatabaseError):
    """The database inserted, changed or deleted a different number of rows than planned."""

    def __init__(self, table: str, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint, changed=False)
        self.table = table


class MissingDriverError(DatabaseError):
    """The driver of the URL's dialect is not installed."""


class TargetError(DemosnapError):
    """The database is not an allowed target."""


class RefusedError(DemosnapError):
    """A guard refused; nothing was changed.

    `refusals` are all reasons, `reasons` their texts, each a short block of lines.
    """

    def __init__(self, action: str, refusals: Sequence[Refusal], hint: str | None = None) -> None:
        self.refusals = tuple(refusals)
        self.reasons = tuple(map(str, self.refusals))
        self._action = f"{action} refused"
        self._lines = "\n".join("- " + paragraph(reason, "  ") for reason in self.reasons)
        super().__init__(f"{self._action}:\n{self._lines}", hint, changed=False)

    def _with_outcome(self, outcome: str) -> str:
        return paragraph(f"{self._action}, {outcome}:\n{self._lines}")


class VerificationError(DemosnapError):
    """The database differs from the snapshot; the change was rolled back."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint, changed=False)


class LockError(DemosnapError):
    """Another demosnap process holds the project or the database."""


class HookError(DemosnapError):
    """The rows were moved and committed, but a command of `hooks` in demosnap.yaml failed."""

    exit_code = 4

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint, changed=True)


def waited(message: str, timeout: float) -> LockError:
    """Return the error of a lock that was waited for; `timeout` is in seconds."""
    return LockError(
        message,
        f"demosnap waited {seconds(timeout)}. Try again when it is done, or wait longer"
        " with --lock-timeout.",
    )


def place(file: str | None, line: int | None) -> str:
    """Render a file and line as the prefix of a message (`file:line: `)."""
    if file is None:
        return ""
    return f"{file}:{line}: " if line is not None else f"{file}: "


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Render `; did you mean 'x'?` for the nearest known name, or an empty text."""
    # Case is ignored. A less similar name would be a misleading guess.
    by_text = {one.lower(): one for one in reversed(list(known))}
    text = name.lower()
    nearest = difflib.get_close_matches(text, by_text, n=1, cutoff=_NEAR)
    if not nearest:
        # In a short name, two swapped letters are a large part.
        nearest = [one for one in by_text if sorted(one) == sorted(text)]
    if not nearest and len(text) >= _ABBREVIATED:
        # An abbreviation, if it fits only one name.
        nearest = [one for one in by_text if one.startswith(text)]
    return f"; did you mean {by_text[nearest[0]]!r}?" if len(nearest) == 1 else ""
