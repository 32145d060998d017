"""The rules by which a dialect adapts URLs: other tools' forms, and its driver's options.

An application's URL names the application's driver, often an asynchronous one. demosnap connects
to the same database through its own driver, and translates the options.
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

# Options of other tools in a URL, for themselves, their pools or their ORMs.
_NOT_FOR_DRIVERS = frozenset(
    "adapter pool pool_size pool_timeout max_connections connection_limit pgbouncer reconnect"
    " prepared_statements statement_cache_size conn_max_age conn_health_checks serverversion"
    " server_version collation prefix strict engine variables checkout_timeout idle_timeout"
    " socket_timeout".split()
)
# These affect only the other driver's speed, or the values it returns to the application.
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
    """The rules of a dialect; these defaults leave a URL unchanged."""

    name: ClassVar[str] = ""
    """The dialect's name, for the URLs in errors; empty: it is not proposed."""

    title: ClassVar[str] = ""
    """The database's own name, for a sentence."""

    schemes: ClassVar[tuple[str, ...]] = ()
    """Other tools' texts before `://` besides the name, in lower case."""

    example: ClassVar[str] = ""
    """An example URL for messages."""

    port: ClassVar[str] = ""
    """The port that identifies a text without a scheme."""

    commands: ClassVar[tuple[str, ...]] = ()
    """The commands of the database's own client, which people give in place of a URL."""

    is_file: ClassVar[bool] = False
    """Whether a URL names a file, so that its path may contain spaces."""

    drivers: ClassVar[Mapping[str, str]] = {}
    """The modules of the drivers that demosnap uses, by SQLAlchemy's names, the best one first.

    Empty: the driver that the URL names, or SQLAlchemy's default.
    """

    install: ClassVar[str] = ""
    """The name by which pip installs a driver; empty: the package of the dialect."""

    options: ClassVar[frozenset[str] | None] = None
    """The options of a query that the driver knows; None: all."""

    def behind_scheme(self, rest: str, driver: str) -> str:
        """Return the text after the scheme in SQLAlchemy's form; `driver` is the named one."""
        return rest

    def check(self, url: URL) -> None:
        """Check that the URL names a database.

        Raises:
            ConfigError: it does not.
        """

    def translated(self, query: Query) -> Query:
        """Return the query of another driver, translated but with that driver's own options."""
        return query

    def completed(self, url: URL) -> URL:
        """Return a URL with everything that its driver, one of `drivers`, needs.

        Raises:
            ConfigError: an option cannot be honoured.
        """
        return url

    def adapted(self, url: URL, name: str, driver: str) -> tuple[URL, tuple[str, ...]]:
        """Return a URL for a driver of `drivers`, and the options that were left out.

        `name` is the dialect's name, `driver` the driver that the URL names.

        Raises:
            ConfigError: the URL names no database, or an option cannot be honoured.
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
        """Return a URL without options unknown to the driver, and those whose loss matters."""
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
    """Return whether Python can import a module."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def for_driver(query: Query) -> dict[str, str | tuple[str, ...]]:
    """Return a query without the options of other tools."""
    return {key: value for key, value in query.items() if key.lower() not in _NOT_FOR_DRIVERS}


def with_socket(url: URL, option: str) -> URL:
    """Move a socket, given in place of the host or in Rails's form, into an option."""
    host = unquote(url.host or "")
    query = dict(url.query)
    path = host if host.startswith("/") else query.pop("socket", None)
    if path is None:
        return url
    # `set` cannot remove a part.
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
    """Return a query with the keys of another driver renamed to this driver's."""
    found = {key: value for key, value in query.items() if key.lower() not in names}
    for key, value in query.items():
        if (name := names.get(key.lower())) is not None:
            found.setdefault(name, value)
    return found


def whole(seconds: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Return a number of seconds without its fraction, which only other drivers accept."""
    try:
        return str(math.ceil(float(seconds)))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return seconds


def word_of_ssl(value: str) -> str:
    """Return the TLS mode for `ssl=`, given as a word or a switch."""
    word = value.lower()
    return "require" if word in _TRUE else "disable" if word in _FALSE else word


def one(value: str | tuple[str, ...]) -> str:
    """Return the effective value of a key that may occur several times in a query."""
    return value if isinstance(value, str) else value[-1]
