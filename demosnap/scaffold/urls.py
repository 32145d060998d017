"""Database URLs: whether one can be one, and what in it nobody else may read."""

from __future__ import annotations

from demosnap.config import passwords
from demosnap.dialects.urls import is_printable
from demosnap.errors import UsageError


def check(url: str) -> None:
    """Check that a URL can be one.

    Raises:
        UsageError: it cannot.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    hint = "For example: sqlite:///app.db, postgresql://user@localhost/app."
    # What fails to parse may hold a password: it is not repeated.
    if not is_printable(url):
        raise UsageError("the database URL holds a space or a control character", hint)
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        raise UsageError("the text given as database URL is none", hint) from None


def is_public(url: str) -> bool:
    """Say whether anybody may read the whole of a URL."""
    from sqlalchemy import make_url

    return passwords.is_public(make_url(url))
