"""What Alembic loads of demosnap at its start, by the entry point `alembic.plugins`.

Kept to what must be there before env.py runs; this module imports nothing heavy.
"""

from __future__ import annotations

import warnings
from typing import Any


def setup(plugin: Any) -> None:
    """Let a `latest.sql` link stand beside the snapshot that it points at.

    Alembic looks through all files of a version location, and warns of one that it meets twice
    even where it is no revision script.
    """
    warnings.filterwarnings(
        "ignore", message=r"File .*\.sql loaded twice! ignoring", category=UserWarning
    )
