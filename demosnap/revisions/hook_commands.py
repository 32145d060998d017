"""Run the commands of `hooks` in demosnap.yaml, after the commit."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from demosnap import connect
from demosnap.config import Settings, passwords
from demosnap.dialects import urls
from demosnap.errors import HookError
from demosnap.moves.hooks import Due
from demosnap.revisions import stock

_LINES = 20
"""The most lines of a failed command's output that the error shows."""


def run(settings: Settings, commands: Sequence[Due]) -> None:
    """Run the commands in their order; the first one that fails is the last.

    Raises:
        HookError: a command failed; the error names those that were not run.
    """
    for number, one in enumerate(commands, 1):
        with subprocess.Popen(
            one.hook.command,
            shell=True,
            cwd=settings.root,
            env=_environment(settings, one),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            output, _ = process.communicate()
        if process.returncode:
            raise _failed(settings, one, process.returncode, output, commands[number:])


def _environment(settings: Settings, one: Due) -> dict[str, str]:
    target = one.move.target
    found = {
        **os.environ,
        "DEMOSNAP_SCENARIO": one.move.scenario,
        "DEMOSNAP_VERSION": target.version if target else "",
        "DEMOSNAP_OPERATION": one.move.action,
    }
    if settings.database_url is not None:
        found["DEMOSNAP_DATABASE_URL"] = _url(settings, settings.database_url)
    if settings.namespace is not None:
        found["DEMOSNAP_NAMESPACE"] = settings.namespace
    return found


def _url(settings: Settings, written: str) -> str:
    """Return the URL for a command, which runs in another folder than demosnap."""
    url = urls.placed(connect.url_of(settings), Path.cwd())
    if url.host is not None and settings.namespace is None:
        # The application knows the name of its driver.
        return written
    return url.render_as_string(hide_password=False)


def _failed(
    settings: Settings, one: Due, code: int, output: bytes, left: Sequence[Due]
) -> HookError:
    if settings.database_url is not None:
        passwords.remember(settings.database_url)
    move = one.move
    how = f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"
    lines = output.decode(errors="replace").strip().splitlines()[-_LINES:]
    said = "\n".join(["", *lines]) if lines else ""
    hint = "The rows are in the database as the plan says. Mend the command, and run it by itself."
    if left:
        hint += " Not run: " + "; ".join(each.hook.command for each in left)
    return HookError(
        passwords.redacted(
            f"{move.scenario}: {stock.name(move.current)} → {stock.name(move.target)} is done and"
            f" committed, but its hook {one.name} {how}: {one.hook.command}{said}"
        ),
        passwords.redacted(hint),
    )
