"""URLs as other tools write them, with a driver that is installed."""

from __future__ import annotations

from sqlalchemy import URL, make_url


def normalise(url: str) -> URL:
    """Return the URL."""
    return make_url(url)
