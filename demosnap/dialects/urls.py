"""Database URLs as other tools write them, with a driver that is installed."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from demosnap.config import passwords
from demosnap.errors import ConfigError, MissingDriverError

if TYPE_CHECKING:
    from sqlalchemy import URL

# Rails, Laravel, Django (dj-database-url) and Heroku have names of their own.
_BACKENDS = {
    **dict.fromkeys("postgres postgresql pgsql postgis psql".split(), "postgresql"),
    **dict.fromkeys("mysql mysql2 mysqlgis trilogy".split(), "mysql"),
    "mariadb": "mariadb",
    **dict.fromkeys("sqlite sqlite3".split(), "sqlite"),
}
_MODULES = {
    "psycopg": "psycopg",
    "psycopg2": "psycopg2",
    "pymysql": "pymysql",
    "mysqldb": "MySQLdb",
    "mysqlconnector": "mysql.connector",
    "mariadbconnector": "mariadb",
    "pg8000": "pg8000",
}
_DRIVERS = {
    "postgresql": ("psycopg", "psycopg2"),
    "mysql": ("pymysql", "mysqldb"),
    "mariadb": ("pymysql", "mysqldb"),
}
_EXTRAS = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
# What other tools keep in a URL for themselves, their pools or their ORMs.
_NOT_FOR_DRIVERS = frozenset(
    "adapter pool pool_size pool_timeout max_connections connection_limit pgbouncer reconnect"
    " prepared_statements statement_cache_size conn_max_age conn_health_checks serverversion"
    " server_version collation prefix strict engine variables checkout_timeout idle_timeout"
    " socket_timeout".split()
)
_MYSQL_SSL = re.compile(r"ssl[-_]?(mode|ca|cert|key|capath|cipher)", re.IGNORECASE)
_HINT = "For example: sqlite:///app.db, postgresql://user@localhost/app, mysql://user@host/app."


def normalise(url: str) -> URL:
    """Return a URL as SQLAlchemy has it, with a driver that is installed.

    A driver that the URL names is kept.

    Raises:
        ConfigError: the text is no URL of a database; never shows it, it may hold a password.
        MissingDriverError: no driver is installed, or not the one that the URL names.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    passwords.remember(url)
    text = url.strip()
    scheme, colon, rest = text.partition(":")
    backend, _, driver = scheme.lower().partition("+")
    known = _BACKENDS.get(backend)
    if not colon or not is_printable(text):
        raise ConfigError("the database URL is none", hint=_HINT)
    if known == "sqlite" and not driver:
        rest = _sqlite(rest)
    try:
        parsed = make_url(f"{known or backend}{f'+{driver}' if driver else ''}:{rest}")
        parsed.get_backend_name()
    except (ArgumentError, ValueError):
        # From None: the error of the parser shows the text.
        raise ConfigError("the database URL cannot be read", hint=_HINT) from None
    _check_at(parsed)
    if known in _DRIVERS:
        parsed = parsed.set(drivername=f"{known}+{driver or _installed_driver(known)}")
        _check_installed(known, parsed.get_driver_name())
        parsed = _socket(parsed, known)
        parsed = _mysql(parsed) if known != "postgresql" else _postgresql(parsed)
    return parsed


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


def _installed_driver(backend: str) -> str:
    drivers = _DRIVERS[backend]
    return next((d for d in drivers if _is_installed(_MODULES[d])), drivers[0])


def _check_installed(backend: str, driver: str) -> None:
    module = _MODULES.get(driver)
    if module is not None and not _is_installed(module):
        extra = _EXTRAS[backend]
        what = "no driver" if driver == _DRIVERS[backend][0] else f"the driver {driver}"
        is_not = "is" if what == "no driver" else "is not"
        raise MissingDriverError(
            f"{what} for {backend} {is_not} installed", f"pip install 'demosnap[{extra}]'"
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
    return url.set(query=query)


def _mysql(url: URL) -> URL:
    query = _for_driver(url.query)
    encoding = query.pop("encoding", None)
    query.setdefault("charset", encoding or "utf8mb4")
    ssl = {}
    for key in list(query):
        if match := _MYSQL_SSL.fullmatch(key):
            ssl[match[1].lower()] = _one(query.pop(key))
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
