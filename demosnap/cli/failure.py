"""The one place that turns an error into words and an exit code."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO, cast

import click

from demosnap import interrupts
from demosnap.cli.session import Session
from demosnap.errors import DemosnapError, did_you_mean

_NOTHING = "interrupted, nothing was changed"
_PASSWORD = re.compile(r"(://[^:/@\s]*:)\S*(?=@)")
_QUERY_PASSWORD = re.compile(
    r"([?&][^=&\s]*(?:pass|pwd|secret|token|credential|key)[^=&\s]*=)[^&\s'\"]+", re.IGNORECASE
)


def report(error: BaseException, session: Session) -> int:
    """Say on standard error what went wrong; return the exit code."""
    if _cause(error, BrokenPipeError):
        silence_stdout()
        return 1
    if interrupt := interrupts.behind(error):
        _say(str(interrupt) or session.interrupted or interrupts.said() or _NOTHING)
        return 130
    if isinstance(error, click.Abort):
        _say("aborted")
        return 1
    if session.debug and not isinstance(error, click.ClickException):
        import traceback

        _say("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, DemosnapError):
        _say(f"error: {error.message}" + (f"\n{error.hint}" if error.hint else ""))
        return error.exit_code
    if isinstance(error, click.ClickException):
        _say(_usage(error))
        return error.exit_code
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        _say(f"error: {where}{error.strerror}")
        return 1
    if not session.debug:
        lines = str(error).strip().splitlines()
        what = ": ".join([type(error).__name__, *lines[:1]])
        _say(f"error: unexpected {what}; run with --debug for the traceback")
    return 1


def check_streams() -> None:
    """Check that there is a standard output; without a standard error nothing is said.

    Raises:
        DemosnapError: the caller closed it.
    """
    if cast("TextIO | None", sys.stderr) is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  to the end
    if cast("TextIO | None", sys.stdout) is None:
        raise DemosnapError("standard output is closed", "Send it to /dev/null instead.")


def silence_stdout() -> None:
    """Let nothing more be written to a pipe that nobody reads."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: click.ClickException) -> str:
    message = error.format_message()
    lines = [f"error: {message[:1].lower()}{message[1:].rstrip('.')}"]
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption):
        nearest = did_you_mean(error.option_name, error.possibilities or ())
        lines = [f"error: no such option {error.option_name!r}{nearest}"]
    if context is not None:
        lines.append(context.get_usage())
        lines.append(f"Try `{context.command_path} --help`.")
    return "\n".join(lines)


def _cause(error: BaseException | None, kind: type[BaseException]) -> BaseException | None:
    """Return the first error of a kind behind an error."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, kind):
            return error
        seen.add(id(error))
        error = error.__cause__
    return None


def _say(text: str) -> None:
    # An error of a driver may quote a URL.
    text = _QUERY_PASSWORD.sub(r"\1***", _PASSWORD.sub(r"\1***", text))
    with suppress(OSError):
        click.echo(text, err=True)
