"""What Alembic loads of demosnap at its start, by the entry point `alembic.plugins`.

Kept to what must be there before env.py runs; this module imports nothing heavy.
"""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Iterator
from typing import Any


class _Plugin(types.ModuleType):
    """This module, and the list of it alone: Alembic before 1.20.1 loops over what it loads."""

    def __iter__(self) -> Iterator[types.ModuleType]:
        yield self


sys.modules[__name__].__class__ = _Plugin


def setup(plugin: Any) -> None:
    """Let a `latest.sql` link stand beside the snapshot that it points at."""
    ignore_links()


def ignore_links() -> None:
    """Ignore Alembic's warning of a snapshot that it meets twice.

    It looks through all files of a version location, and warns even of what is no script.
    """
    warnings.filterwarnings(
        "ignore", message=r"File .*\.sql loaded twice! ignoring", category=UserWarning
    )
