"""Check for the oldest supported versions before any use, with an error of one line.

It imports nothing that could be too old itself, and works with any Python 3.
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
"""The lowest versions, as in setup.cfg, of packages that other projects may pin."""

_HINT = (
    "Another application's environment need not change: install demosnap in one of its own,"
    " for example with `pipx install demosnap`."
)


def problem() -> str | None:
    """Return what is missing or too old, and what to do; None if all requirements are met."""
    if sys.version_info[:2] < PYTHON:
        here = ".".join(map(str, sys.version_info[:3]))
        return f"demosnap needs Python {_text(PYTHON)} or newer; this is Python {here}"
    from importlib import metadata

    wrong = []
    for name, lowest in LOWEST.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            # In a frozen application, a package may lack its metadata.
            if importlib.util.find_spec(name.lower()) is None:
                wrong.append(f"{name} {_text(lowest)} or newer, and it is not installed")
            continue
        if _numbers(installed) < lowest:
            wrong.append(f"{name} {_text(lowest)} or newer, and {installed} is installed")
    return f"demosnap needs {'; '.join(wrong)}. {_HINT}" if wrong else None


def check() -> None:
    """Check that all requirements are met.

    Raises:
        ImportError: a package is missing or too old; the text is one line.
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
