"""Normalise database URLs of other tools, with an installed driver."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from demosnap import dialects
from demosnap.config import passwords
from demosnap.dialects import url_hints
from demosnap.dialects.mysql.urls import MariaDBUrls, MySQLUrls
from demosnap.dialects.postgresql.urls import PostgreSQLUrls
from demosnap.dialects.sqlite.urls import SQLiteUrls, sqlite_file
from demosnap.dialects.url_rules import UrlRules, one
from demosnap.errors import ConfigError, DatabaseError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

_OWN: tuple[UrlRules, ...] = (SQLiteUrls(), PostgreSQLUrls(), MariaDBUrls(), MySQLUrls())


def normalise(url: str) -> URL:
    """Return a URL in SQLAlchemy's form, with a driver that demosnap supports.

    An installed driver of these is kept; any other driver is replaced.

    Raises:
        ConfigError: the text is not a database URL; the message never shows it, since it may
            contain a password.
        MissingDriverError: no driver is installed.
    """
    return _read(url)[0]


def left_out(url: str) -> tuple[str, ...]:
    """Return the options of a URL's query that only the replaced driver knew, and that matter.

    Raises:
        ConfigError: as in `normalise`.
        MissingDriverError: as in `normalise`.
    """
    return _read(url)[1]


def rules() -> list[UrlRules]:
    """Return the rules of all dialects, except for unusable packages."""
    found = list(_OWN)
    for name in dialects.names():
        if name not in dialects.own_names():
            try:
                found.append(dialects.get(name).url_rules)
            except DatabaseError:
                continue
    return found


def _rules_of(scheme: str) -> tuple[str, UrlRules] | None:
    """Return the dialect of the part before `://`; None: unknown."""
    for own in _OWN:
        if scheme == own.name or scheme in own.schemes:
            return own.name, own
    if scheme in dialects.names():
        return scheme, dialects.get(scheme).url_rules
    return next(((each.name, each) for each in rules() if scheme in each.schemes), None)


def _read(url: str) -> tuple[URL, tuple[str, ...]]:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    passwords.remember(url)
    text = url.strip()
    scheme, colon, rest = text.partition(":")
    backend, _, driver = scheme.lower().partition("+")
    found = _rules_of(backend)
    if not colon or not is_printable(text) or (found is None and "://" not in text):
        raise _wrong(*url_hints.explained(text, rules()))
    name, known = found or (backend, UrlRules())
    rest = known.behind_scheme(rest, driver)
    try:
        parsed = make_url(f"{name}{f'+{driver}' if driver else ''}:{rest}")
        parsed.get_backend_name()
    except (ArgumentError, ValueError):
        # From None, since the parser's error shows the text.
        raise _wrong(*url_hints.unreadable(text, rules())) from None
    _check_at(parsed, known)
    return known.adapted(parsed, name, driver)


def _wrong(problem: str, hint: str) -> ConfigError:
    return ConfigError(problem, hint=hint)


def _check_at(url: URL, known: UrlRules) -> None:
    """Check that no part contains an @ that SQLAlchemy takes as part of the host's name.

    Raises:
        ConfigError: a part does, maybe of a password.
    """
    hosts = [url.host, *(one(value) for key, value in url.query.items() if "host" in key.lower())]
    behind = "" if known.is_file else url.database
    if any("@" in unquote(part) for part in (*hosts, behind) if part):
        raise ConfigError(
            "the database URL holds an @ where none can be",
            hint="Write %40 for each @ of a password, %2F for each / and %3A for each :.",
        )


def is_printable(url: str) -> bool:
    """Return whether a URL has no control characters, and spaces only in the path of a file."""
    backend = re.split(r"[:+]", url.strip().lower(), maxsplit=1)[0]
    found = _rules_of(backend)
    spaces = found is not None and found[1].is_file
    return not re.search(r"[\x00-\x1f\x7f]" if spaces else r"[\x00-\x20\x7f]", url)


def placed(url: URL, folder: Path) -> URL:
    """Return a URL whose file path, if relative, starts at a folder."""
    name = sqlite_file(url) if url.get_backend_name() == "sqlite" else None
    if name is None or name.startswith("/") or (url.database or "").startswith("file:"):
        return url
    return url.set(database=str(folder / name))
