"""The oldest versions that demosnap works with, checked with a one-line error before any use.

Imports nothing that could be too old itself, and is written for any Python 3.
"""

from __future__ import annotations

import importlib.util
import re
import sys

PYTHON = (3, 10)

LOWEST = {
    "SQLAlchemy": (2, 0, 4),
    "alembic": (1, 16, 0),
    "click": (8, 1, 4),
    "msgspec": (0, 18, 6),
}
"""As setup.cfg says it; of the packages that others pin, too."""

_HINT = (
    "Another application's environment need not change: install demosnap in one of its own,"
    " for example with `pipx install demosnap`."
)


def problem() -> str | None:
    """Return what is missing or too old, and what to do; None: all is well."""
    if sys.version_info[:2] < PYTHON:
        here = ".".join(map(str, sys.version_info[:3]))
        return f"demosnap needs Python {_text(PYTHON)} or newer; this is Python {here}"
    from importlib import metadata

    wrong = []
    for name, lowest in LOWEST.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            # It may be there without its metadata, as in a frozen application.
            if importlib.util.find_spec(name.lower()) is None:
                wrong.append(f"{name} {_text(lowest)} or newer, and it is not installed")
            continue
        if _numbers(installed) < lowest:
            wrong.append(f"{name} {_text(lowest)} or newer, and {installed} is installed")
    return f"demosnap needs {'; '.join(wrong)}. {_HINT}" if wrong else None


def check() -> None:
    """Check that all is there.

    Raises:
        ImportError: something is missing or too old; the text is one line.
    """
    if said := problem():
        raise ImportError(said)


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _numbers(version: str) -> tuple[int, ...]:
    """Return the release of a version, `(2, 1, 0)` of `2.1rc1`."""
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    numbers = tuple(map(int, found[0].split("."))) if found else ()
    return numbers + (0,) * (3 - len(numbers))
