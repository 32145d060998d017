"""What a dialect makes of a URL: how other tools write it, and what its driver takes.

An application's URL names the application's driver, often an asynchronous one. demosnap goes to
the same database through its own, and says the options in that one's words.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote

from demosnap.errors import MissingDriverError

if TYPE_CHECKING:
    from sqlalchemy import URL

Query = Mapping[str, "str | tuple[str, ...]"]

_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")

# What other tools keep in a URL for themselves, their pools or their ORMs.
_NOT_FOR_DRIVERS = frozenset(
    "adapter pool pool_size pool_timeout max_connections connection_limit pgbouncer reconnect"
    " prepared_statements statement_cache_size conn_max_age conn_health_checks serverversion"
    " server_version collation prefix strict engine variables checkout_timeout idle_timeout"
    " socket_timeout".split()
)
# Only how quick the other driver is, or what it gives to the application, hangs on these.
_HARMLESS = frozenset(
    "command_timeout prepared_statement_cache_size prepared_statement_name_func"
    " max_cached_statement_lifetime max_cacheable_statement_size async_fallback async_creator_fn"
    " async_creator loop record_class connection_class connection_factory cursor_factory"
    " prepare_threshold tcp_keepalive echo use_pure raise_on_warnings get_warnings buffered raw"
    " consume_results pool_name pool_reset_session compress conn_attrs allow_local_infile"
    " converter_class autocommit autoping minsize maxsize pool_recycle iter_chunk_size"
    " auto_reconnect binary_prefix cursorclass conv plugin_dir".split()
)


class UrlRules:
    """The rules of one dialect; by these a URL is taken as it stands."""

    name: ClassVar[str] = ""
    """The dialect's name, in the URLs of errors; empty: it is not proposed."""

    title: ClassVar[str] = ""
    """The database's own name, for a sentence."""

    schemes: ClassVar[tuple[str, ...]] = ()
    """What other tools write in front of `://` beside the name, in lower case."""

    example: ClassVar[str] = ""
    """A URL that is shown to those who have none."""

    port: ClassVar[str] = ""
    """The port by which a text without a scheme is known."""

    commands: ClassVar[tuple[str, ...]] = ()
    """The commands of the database's own client, which people give in a URL's place."""

    is_file: ClassVar[bool] = False
    """Whether a URL names a file, so that its path may hold spaces."""

    drivers: ClassVar[Mapping[str, str]] = {}
    """The modules of the drivers that demosnap works through, by SQLAlchemy's names, the best one
    first. Empty: the driver that the URL names, or SQLAlchemy's own choice."""

    install: ClassVar[str] = ""
    """What pip installs to have a driver; empty: the package that brings the dialect."""

    options: ClassVar[frozenset[str] | None] = None
    """What the driver knows of a query; None: all."""

    def behind_scheme(self, rest: str, driver: str) -> str:
        """Return what stands behind the scheme, as SQLAlchemy has it; `driver` is the named one."""
        return rest

    def check(self, url: URL) -> None:
        """Check that the URL names a database.

        Raises:
            ConfigError: it does not.
        """

    def translated(self, query: Query) -> Query:
        """Return a query that was written for another driver, what it alone knows with it."""
        return query

    def completed(self, url: URL) -> URL:
        """Return a URL, its driver being one of `drivers`, with all that this one needs.

        Raises:
            ConfigError: an option cannot be met.
        """
        return url

    def adapted(self, url: URL, name: str, driver: str) -> tuple[URL, tuple[str, ...]]:
        """Return a URL for a driver of `drivers`, and the options that were left out.

        `name` is the dialect's, `driver` the one that the URL names.

        Raises:
            ConfigError: the URL names no database, or an option cannot be met.
            MissingDriverError: no driver is installed.
        """
        if not self.drivers:
            return url, ()
        own = self._own_driver(name, driver)
        self.check(url)
        url = url.set(drivername=f"{name}+{own}")
        if driver in ("", own):
            return self.completed(url), ()
        url = self.completed(url.set(query=self.translated(url.query)))
        return self.without_unknown(url)

    def without_unknown(self, url: URL) -> tuple[URL, tuple[str, ...]]:
        """Return a URL without options that the driver does not know, and what may be missed."""
        if self.options is None:
            return url, ()
        kept = {key: value for key, value in url.query.items() if key.lower() in self.options}
        missed = (k for k in url.query if k not in kept and k.lower() not in _HARMLESS)
        return url.set(query=kept), tuple(missed)

    def _own_driver(self, name: str, named: str) -> str:
        order = sorted(self.drivers, key=lambda driver: driver != named)
        found = next((one for one in order if is_installed(self.drivers[one])), None)
        if found is None:
            raise MissingDriverError(
                f"no driver for {name} is installed", f"pip install '{self.install}'"
            )
        return found


def is_installed(module: str) -> bool:
    """Return whether Python finds a module."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def for_driver(query: Query) -> dict[str, str | tuple[str, ...]]:
    """Return a query without what other tools keep in it for themselves."""
    return {key: value for key, value in query.items() if key.lower() not in _NOT_FOR_DRIVERS}


def with_socket(url: URL, option: str) -> URL:
    """Put a socket that stands where the host does, or that Rails names, into an option."""
    host = unquote(url.host or "")
    query = dict(url.query)
    path = host if host.startswith("/") else query.pop("socket", None)
    if path is None:
        return url
    # `set` cannot take a part away.
    return url.create(
        url.drivername,
        url.username,
        url.password,
        None if host.startswith("/") else url.host,
        url.port,
        url.database,
        {**query, option: path},
    )


def renamed(query: Query, names: Mapping[str, str]) -> dict[str, str | tuple[str, ...]]:
    """Return a query with the keys of another driver in this one's words."""
    found = {key: value for key, value in query.items() if key.lower() not in names}
    for key, value in query.items():
        if (name := names.get(key.lower())) is not None:
            found.setdefault(name, value)
    return found


def whole(seconds: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Return a number of seconds without a part of one, which only other drivers take."""
    try:
        return str(math.ceil(float(seconds)))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return seconds


def word_of_ssl(value: str) -> str:
    """Return the mode of TLS that `ssl=` stands for, with a word or a switch."""
    word = value.lower()
    return "require" if word in _TRUE else "disable" if word in _FALSE else word


def one(value: str | tuple[str, ...]) -> str:
    """Return the value that counts of a key that may stand in a query more than once."""
    return value if isinstance(value, str) else value[-1]
