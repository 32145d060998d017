"""Database URLs as other tools write them, with a driver that is installed."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from demosnap.config import passwords
from demosnap.dialects import other_drivers, url_hints
from demosnap.errors import ConfigError, MissingDriverError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

# Rails, Laravel, Django (dj-database-url) and Heroku have names of their own.
_BACKENDS = {
    **dict.fromkeys("postgres postgresql pgsql postgis psql".split(), "postgresql"),
    **dict.fromkeys("mysql mysql2 mysqlgis trilogy".split(), "mysql"),
    "mariadb": "mariadb",
    **dict.fromkeys("sqlite sqlite3".split(), "sqlite"),
}
_MODULES = {"psycopg": "psycopg", "pymysql": "pymysql", "mysqldb": "MySQLdb"}
_DRIVERS = {
    "postgresql": ("psycopg",),
    "mysql": ("pymysql", "mysqldb"),
    "mariadb": ("pymysql", "mysqldb"),
}
# Another driver's file may be another format (SQLCipher's), so only these stand for Python's own.
_LIKE_SQLITE = ("pysqlite", "aiosqlite", "pysqlite_numeric", "pysqlite_dollar")
_EXTRAS = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
# What other tools keep in a URL for themselves, their pools or their ORMs.
_NOT_FOR_DRIVERS = frozenset(
    "adapter pool pool_size pool_timeout max_connections connection_limit pgbouncer reconnect"
    " prepared_statements statement_cache_size conn_max_age conn_health_checks serverversion"
    " server_version collation prefix strict engine variables checkout_timeout idle_timeout"
    " socket_timeout".split()
)
_MYSQL_SSL = re.compile(r"ssl[-_]?(mode|ca|cert|key|capath|cipher)", re.IGNORECASE)


def normalise(url: str) -> URL:
    """Return a URL as SQLAlchemy has it, with a driver that demosnap works through.

    Such a driver is kept if the URL names one that is installed; every other one is replaced.

    Raises:
        ConfigError: the text is no URL of a database; never shows it, it may hold a password.
        MissingDriverError: no driver is installed.
    """
    return _read(url)[0]


def left_out(url: str) -> tuple[str, ...]:
    """Return what of a URL's query only a driver knows that was replaced, and may be missed.

    Raises:
        ConfigError: as `normalise`.
        MissingDriverError: as `normalise`.
    """
    return _read(url)[1]


def _read(url: str) -> tuple[URL, tuple[str, ...]]:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    passwords.remember(url)
    text = url.strip()
    scheme, colon, rest = text.partition(":")
    backend, _, driver = scheme.lower().partition("+")
    known = _BACKENDS.get(backend)
    if not colon or not is_printable(text):
        raise _wrong(*url_hints.explained(text))
    if known is None and "://" not in text:
        raise _wrong(*url_hints.explained(text))
    if known == "sqlite" and driver in ("", *_LIKE_SQLITE):
        rest = _sqlite(rest)
    try:
        parsed = make_url(f"{known or backend}{f'+{driver}' if driver else ''}:{rest}")
        parsed.get_backend_name()
    except (ArgumentError, ValueError):
        # From None: the error of the parser shows the text.
        raise _wrong(*url_hints.unreadable(text)) from None
    if known == "sqlite":
        _check_file(parsed)
    _check_at(parsed)
    missed: tuple[str, ...] = ()
    if known == "sqlite" and driver in _LIKE_SQLITE and driver != "pysqlite":
        parsed = parsed.set(drivername=known)
        parsed, missed = _without_unknown(parsed, known)
    if known in _DRIVERS:
        own = _own_driver(known, driver)
        _check_installed(known, own)
        _check_database(parsed, known)
        parsed = _socket(parsed.set(drivername=f"{known}+{own}"), known)
        postgresql = known == "postgresql"
        if driver not in ("", own):
            words = other_drivers.postgresql if postgresql else other_drivers.mysql
            parsed = parsed.set(query=words(parsed.query))
        parsed = _postgresql(parsed) if postgresql else _mysql(parsed)
        if driver not in ("", own):
            parsed, missed = _without_unknown(parsed, known)
    return parsed, missed


def _without_unknown(url: URL, backend: str) -> tuple[URL, tuple[str, ...]]:
    """Return a URL without what demosnap's driver does not know, and what of that matters."""
    query = other_drivers.kept(url.query, backend)
    return url.set(query=query), other_drivers.missed(url.query, query)


def _wrong(problem: str, hint: str) -> ConfigError:
    return ConfigError(problem, hint=hint)


def _check_database(url: URL, backend: str) -> None:
    """Check that a database is named where none is one by itself.

    Raises:
        ConfigError: none is.
    """
    if backend != "postgresql" and not url.database and "read_default_file" not in url.query:
        raise ConfigError(
            "the database URL names no database", hint=f"Write {backend}://HOST/DATABASE."
        )


def _check_file(url: URL) -> None:
    """Check that what names a file stands in the place of the path.

    Raises:
        ConfigError: it stands where the host does, which SQLite has none of.
    """
    if url.host is None:
        return
    path = f"{url.host}/{url.database}" if url.database else url.host
    raise ConfigError(
        "the URL of an SQLite database has a / more",
        hint=f"Write {url_hints.file_url(path)} for the file {path} in the current folder,"
        f" sqlite:////{path} for /{path}.",
    )


def _check_at(url: URL) -> None:
    """Check that no part holds an @ that SQLAlchemy takes for a part of the host's name.

    Raises:
        ConfigError: one does; it may be a password's.
    """
    hosts = [url.host, *(_one(value) for key, value in url.query.items() if "host" in key.lower())]
    behind = "" if url.get_backend_name() == "sqlite" else url.database
    if any("@" in unquote(part) for part in (*hosts, behind) if part):
        raise ConfigError(
            "the database URL holds an @ where none can be",
            hint="Write %40 for each @ of a password, %2F for each / and %3A for each :.",
        )


def is_printable(url: str) -> bool:
    """Return whether a URL has no control characters, and spaces only in the path of a file."""
    backend = re.split(r"[:+]", url.strip().lower(), maxsplit=1)[0]
    spaces = _BACKENDS.get(backend) == "sqlite"
    return not re.search(r"[\x00-\x1f\x7f]" if spaces else r"[\x00-\x20\x7f]", url)


def _sqlite(rest: str) -> str:
    """Return the part behind `sqlite:`: Rails writes `sqlite3:db/app.sqlite3`."""
    if rest in ("", ":memory:", "//:memory:", "///:memory:"):
        return "//"
    return rest if rest.startswith("//") else f"///{rest}"


def placed(url: URL, folder: Path) -> URL:
    """Return a URL of which the path of a file starts at a folder, where it is relative."""
    name = sqlite_file(url) if url.get_backend_name() == "sqlite" else None
    if name is None or name.startswith("/") or (url.database or "").startswith("file:"):
        return url
    return url.set(database=str(folder / name))


def sqlite_file(url: URL) -> str | None:
    """Return the path of an SQLite database's file, None for a database in memory."""
    name = (url.database or "").removeprefix("file:").partition("?")[0]
    in_memory = name in ("", ":memory:") or url.query.get("mode") == "memory"
    return None if in_memory else name


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _own_driver(backend: str, named: str) -> str:
    """Return a driver that demosnap works through: the named one, else one that is installed."""
    drivers = _DRIVERS[backend]
    order = sorted(drivers, key=lambda driver: driver != named)
    return next((d for d in order if _is_installed(_MODULES[d])), drivers[0])


def _check_installed(backend: str, driver: str) -> None:
    if not _is_installed(_MODULES[driver]):
        extra = _EXTRAS[backend]
        raise MissingDriverError(
            f"no driver for {backend} is installed", f"pip install 'demosnap[{extra}]'"
        )


def _socket(url: URL, backend: str) -> URL:
    """Put a socket that stands where the host does, or that Rails names, where drivers look."""
    host = unquote(url.host or "")
    query = dict(url.query)
    path = host if host.startswith("/") else query.pop("socket", None)
    if path is None:
        return url
    key = "host" if backend == "postgresql" else "unix_socket"
    # `set` cannot take a part away.
    return url.create(
        url.drivername,
        url.username,
        url.password,
        None if host.startswith("/") else url.host,
        url.port,
        url.database,
        {**query, key: path},
    )


def _postgresql(url: URL) -> URL:
    query = _for_driver(url.query)
    # Rails and Prisma name the namespace and the encoding in ways that libpq does not know.
    schema = query.pop("schema", None) or query.pop("search_path", None)
    if schema and "options" not in query:
        query["options"] = f"-csearch_path={_one(schema)}"
    encoding = query.pop("encoding", None) or query.pop("charset", None)
    if encoding and "client_encoding" not in query:
        query["client_encoding"] = "utf8" if _one(encoding) == "unicode" else encoding
    if (ssl := query.pop("ssl", None)) is not None:
        query.setdefault("sslmode", other_drivers.word_of_ssl(_one(ssl)))
    return url.set(query=query)


def _mysql(url: URL) -> URL:
    query = _for_driver(url.query)
    encoding = query.pop("encoding", None)
    query.setdefault("charset", encoding or "utf8mb4")
    ssl = {}
    for key in list(query):
        if match := _MYSQL_SSL.fullmatch(key):
            ssl[match[1].lower()] = _one(query.pop(key))
    switch = query.pop("ssl", None)
    if switch is not None and "mode" not in ssl:
        ssl["mode"] = other_drivers.word_of_ssl(_one(switch))
    mode = ssl.pop("mode", "").upper().replace("-", "_")
    query.update({f"ssl_{key}": value for key, value in ssl.items()})
    if mode:
        query.update(_ssl_mode(mode, url.get_driver_name(), "ca" in ssl or "capath" in ssl))
    return url.set(query=query)


def _ssl_mode(mode: str, driver: str, authority: bool) -> Mapping[str, str]:
    """Return the driver's options for an ssl-mode of MySQL's own client, or a PostgreSQL word."""
    mode = {"DISABLE": "DISABLED", "REQUIRE": "REQUIRED", "VERIFY_FULL": "VERIFY_IDENTITY"}.get(
        mode, mode
    )
    modes = ("DISABLED", "PREFERRED", "PREFER", "ALLOW", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
    if mode not in modes:
        raise ConfigError(
            "the database URL's ssl-mode is unknown", hint=f"Known: {', '.join(modes)}."
        )
    if mode in ("PREFERRED", "PREFER", "ALLOW"):
        return {}
    if mode.startswith("VERIFY") and not authority:
        raise ConfigError(
            f"the database URL's ssl-mode {mode} needs ssl_ca",
            hint="Without it nothing would be verified: add &ssl_ca=/path/to/ca.pem.",
        )
    if driver != "pymysql":
        return {"ssl_mode": mode}
    if mode == "DISABLED":
        return {"ssl_disabled": "true"}
    return {"ssl_check_hostname": "true" if mode == "VERIFY_IDENTITY" else "false"}


def _for_driver(
    query: Mapping[str, str | tuple[str, ...]],
) -> dict[str, str | tuple[str, ...]]:
    return {key: value for key, value in query.items() if key.lower() not in _NOT_FOR_DRIVERS}


def _one(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else value[-1]
