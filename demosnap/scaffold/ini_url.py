"""Check database URLs for `init`: whether one is valid, and whether it is public."""

from __future__ import annotations

from demosnap import dialects
from demosnap.config import passwords
from demosnap.dialects.urls import normalise
from demosnap.errors import ConfigError, MissingDriverError, UsageError


def check(url: str) -> None:
    """Check that a URL is valid and that its database has a dialect.

    Raises:
        UsageError: the URL is not valid.
        DatabaseError: there is no dialect.
    """
    try:
        dialects.get(normalise(url).get_backend_name())
    except MissingDriverError:
        # The URL is valid; the look at the database will name the driver to install.
        return
    except ConfigError as error:
        raise UsageError(error.message, error.hint) from None


def is_public(url: str) -> bool:
    """Return whether a whole URL is public."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return passwords.is_public(make_url(url))
    except ArgumentError:
        # Rails writes `sqlite3:db/app.sqlite3`.
        return passwords.is_public(normalise(url))
