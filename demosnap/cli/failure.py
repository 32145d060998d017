"""The only place that turns an error into a message and an exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO, cast

import click

from demosnap import interrupts
from demosnap.cli import screen
from demosnap.cli.screen import Unwritable
from demosnap.cli.session import Session
from demosnap.errors import DemosnapError, did_you_mean
from demosnap.options import GONE

_NOTHING = "interrupted, nothing was changed"
# Errors of drivers that reached the command line untranslated, by module and base class.
_DRIVERS = frozenset(
    f"{module}.{name}"
    for module in ("sqlite3", "psycopg", "psycopg2", "pymysql", "MySQLdb", "sqlalchemy")
    for name in ("Error", "SQLAlchemyError")
)


def report(error: BaseException, session: Session) -> int:
    """Print an error on standard error; return the exit code."""
    if isinstance(error, Unwritable):
        if not error.broken:
            done = "; the command itself has succeeded" if session.is_done else ""
            _say(f"{'note' if done else 'error'}: standard output: {error}{done}")
        return 0 if session.is_done else 1
    if interrupt := interrupts.behind(error):
        _say(str(interrupt) or session.interrupted or interrupts.message() or _NOTHING)
        return 130
    if isinstance(error, click.Abort):
        _say("aborted")
        return 1
    if session.debug and not isinstance(error, click.ClickException):
        import traceback

        from demosnap.config import passwords

        _say(passwords.redacted("".join(traceback.format_exception(error)).rstrip()))
    if isinstance(error, DemosnapError):
        _say(f"error: {error}")
        return error.exit_code
    if isinstance(error, click.ClickException):
        _say(_usage(error))
        return error.exit_code
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        _say(f"error: {where}{error.strerror}")
        return 1
    if said := _known(error):
        _say(f"error: {said}")
        return 1
    if not session.debug:
        lines = str(error).strip().splitlines()
        what = ": ".join([type(error).__name__, *lines[:1]])
        _say(f"error: unexpected {what}; run with --debug for the traceback")
    return 1


def check_streams() -> None:
    """Check that standard output is open; discard messages if standard error is closed.

    Raises:
        DemosnapError: the caller closed standard output.
    """
    if cast("TextIO | None", sys.stderr) is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  to the end
    if cast("TextIO | None", sys.stdout) is None:
        raise DemosnapError("standard output is closed", "Send it to /dev/null instead.")


def _known(error: BaseException) -> str:
    """Return the message for an error of Python itself; empty for any other."""
    from demosnap.config.passwords import redacted

    what = redacted(str(error).strip().partition("\n")[0])
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    if isinstance(error, RecursionError):
        return "the settings, a script or a snapshot are nested too deeply"
    if isinstance(error, UnicodeError):
        return f"cannot read or write a text in its encoding: {what}"
    if isinstance(error, ImportError):
        return f"cannot import a module: {what}"
    if isinstance(error, OSError):
        return f"the operating system refused: {what or type(error).__name__}"
    if isinstance(error, ValueError) and "null" in what:
        return f"a name or a path holds a NUL character ({what})"
    if isinstance(error, ValueError) and "integer string conversion" in what:
        return f"a number has too many digits ({what.partition(';')[0]})"
    kinds = {f"{one.__module__.partition('.')[0]}.{one.__name__}" for one in type(error).__mro__}
    if kinds & _DRIVERS:
        return f"the database refused: {what}"
    return ""


def _usage(error: click.ClickException) -> str:
    message = error.format_message()
    lines = [f"error: {message[:1].lower()}{message[1:].rstrip('.')}"]
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption):
        nearest = did_you_mean(error.option_name, error.possibilities or ())
        lines = [f"error: no such option {error.option_name!r}{nearest}"]
        if gone := GONE.get(error.option_name.lstrip("-").replace("-", "_")):
            lines = [f"error: there is no option {error.option_name!r} any more: {gone}"]
    if context is not None:
        lines.append(context.get_usage())
        lines.append(f"Try `{context.command_path} --help`.")
    return "\n".join(lines)


def _say(text: str) -> None:
    from demosnap.config.passwords import without_passwords

    text = without_passwords(text)
    with suppress(OSError, Unwritable):
        screen.echo(text, err=True)
