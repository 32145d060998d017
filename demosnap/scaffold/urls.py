"""Database URLs: whether one can be one, and what in it nobody else may read."""

from __future__ import annotations

from demosnap.config.passwords import is_secret
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


def secrets(url: str) -> tuple[str, ...]:
    """Return the passwords in a URL, those in its query too."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    found = [str(parsed.password)] if parsed.password else []
    for key, values in parsed.query.items():
        for text in (values,) if isinstance(values, str) else values:
            if is_secret(key, text):
                found.append(text)
    return tuple(found)
