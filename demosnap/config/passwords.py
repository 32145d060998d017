"""Passwords in the query of a database URL, which no message and no file may hold."""

from __future__ import annotations

import re

_KEY = re.compile(r"pass|pwd|secret|token|credential|api_?key", re.IGNORECASE)
_VALUE = re.compile(r"(?:pass\w*|pwd|secret|token)\s*=", re.IGNORECASE)


def is_secret(key: str, value: str) -> bool:
    """Say whether nobody else may read what a URL's query has under a key."""
    return bool(value and (_KEY.search(key) or _VALUE.search(value)))
