"""Connect to the database: its URL, the permission to change it, and the connection."""

from __future__ import annotations

import contextlib
import fnmatch
import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from demosnap import dialects
from demosnap.config import passwords
from demosnap.config.names import shown
from demosnap.dialects import urls
from demosnap.dialects.base import LOCK_WAIT, Dialect, execute
from demosnap.errors import (
    ConfigError,
    ConflictError,
    DatabaseError,
    DemosnapError,
    LockError,
    MissingDriverError,
    ReadOnlyError,
    TargetError,
    UsageError,
    did_you_mean,
)
from demosnap.results import Target

if TYPE_CHECKING:
    from demosnap.config import Settings

_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")


def url_of(settings: Settings) -> URL:
    """Return the URL of the settings' database, with an installed driver, in their namespace.

    Raises:
        ConfigError: the settings name no database, or its URL is invalid.
        MissingDriverError: no driver for it is installed.
        UsageError: a namespace is given, and the database has none.
    """
    if not settings.database_url:
        raise ConfigError(
            "no database is named",
            shown(settings.config_file) if settings.config_file else None,
            hint="Give --url, set DEMOSNAP_DATABASE_URL, or write sqlalchemy.url.",
        )
    try:
        url = urls.normalise(settings.database_url)
    except ConfigError as error:
        source = f" (it comes from {settings.url_source})" if settings.url_source else ""
        raise ConfigError(f"{error.message}{source}", hint=error.hint) from None
    if settings.namespace is not None:
        url = dialects.get(url.get_backend_name()).in_namespace(url, settings.namespace)
    in_file = settings.url_source and settings.url_source.endswith("]")
    if settings.start is not None and in_file:
        return urls.placed(url, settings.start)
    return url


def describe(url: URL, settings: Settings) -> Target:
    """Return the target that the settings' URL reaches, without its password."""
    host, _ = _endpoint(url)
    source = settings.url_source or ""
    if missed := urls.left_out(settings.database_url or ""):
        # The left-out option may be one that secures the connection.
        source += f", without {', '.join(missed)}, which is for another driver"
    if settings.namespace is not None:
        source += f", namespace {settings.namespace}"
    return Target(passwords.rendered(url), source, _is_local(host))


def _endpoint(url: URL) -> tuple[str | None, str]:
    dialect = dialects.get(url.get_backend_name())
    try:
        return dialect.endpoint(url)
    except (SQLAlchemyError, ImportError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"the database URL {passwords.rendered(url)} cannot be used:"
            f" {passwords.redacted(str(error))}",
            hint="Check the driver and the options in it.",
        ) from error


def check_allowed(url: URL, settings: Settings) -> None:
    """Check that demosnap may work on a database.

    Files, sockets and loopback addresses are allowed unless `deny:` names them, by any of their
    names; other databases must be named by `allow:`.

    Raises:
        TargetError: the database is not allowed.
    """
    host, database = _endpoint(url)
    name = f"{host or 'localhost'}/{database}"
    told = passwords.pattern(url, name)
    # A pattern for one name of this machine applies to its other names, too.
    names = [name, *(f"{alias}/{database}" for alias in _LOCAL_NAMES if _is_local(host))]
    if any(fnmatch.fnmatchcase(one, pattern) for one in names for pattern in settings.deny):
        raise TargetError(
            f"the database {told} is denied by `deny:` in {shown(settings.yaml_file)}",
            changed=False,
        )
    if _is_local(host) or any(fnmatch.fnmatchcase(name, pattern) for pattern in settings.allow):
        return
    raise TargetError(
        f"the database {told} is not an allowed target",
        f'If it may hold demo data, add it to {shown(settings.yaml_file)}:  allow: ["{told}"]\n'
        f"or give --allow-target '{told}' (with alembic: -x demosnap.allow_target='{told}').",
        changed=False,
    )


def check_not_denied(connection: Connection, settings: Settings) -> None:
    """Run the query of `deny_if:` to ask the database whether it may be changed.

    A transaction that the query began is ended; a caller's transaction stays open.

    Raises:
        TargetError: the query's first value is true.
    """
    if settings.deny_if is None:
        return
    in_transaction = connection.in_transaction()
    with dialects.of(connection).users_settings(connection):
        denied = execute(connection, settings.deny_if).scalar()
    if not in_transaction:
        connection.rollback()
    if denied:
        raise TargetError(
            f"the database must not hold demo data, by `deny_if:` in {shown(settings.yaml_file)}",
            f"{settings.deny_if} gave {denied!r}",
            changed=False,
        )


def _is_local(host: str | None) -> bool:
    if host is None or host == "localhost" or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def connected(
    url: URL,
    lock_timeout: float = LOCK_WAIT,
    source: str | None = None,
    namespace: str | None = None,
    settings: Settings | None = None,
) -> Iterator[Connection]:
    """Open a separate connection, and close it on exit.

    `lock_timeout` is how long a statement waits for another session's lock, in seconds; `source`
    is the origin of the URL, for errors. `namespace` is the default one of the connection (None:
    the database's own). `settings` have the `collations:` to stand in for.

    Raises:
        ConfigError: a stand-in for a collation would harm an index.
        DatabaseError: the database cannot be reached, or lacks the namespace.
        MissingDriverError: there is no driver.
    """
    dialect = dialects.get(url.get_backend_name())
    try:
        # Without a pool, the reset on return is useless, and fails if the server ended the session.
        engine = create_engine(url, poolclass=NullPool, pool_reset_on_return=None)
        dialect.configure_engine(engine)
        connection = engine.connect()
    except (
        *(SQLAlchemyError, ImportError, OSError),
        # The driver rejects a key of the URL's query, or its value.
        *(TypeError, ValueError, AttributeError),
    ) as error:
        if dialect.is_statement_pool(error):
            raise _statement_pool() from error
        if isinstance(error, (ModuleNotFoundError, NoSuchModuleError)):
            raise MissingDriverError(
                f"no driver for {dialect.name} is installed: {error}",
                f"pip install '{dialect.url_rules.install or dialects.package_of(dialect.name)}'",
            ) from error
        if namespace is not None and dialect.missing_namespace(error):
            raise DatabaseError(
                f"there is no namespace {namespace!r} in the database"
                + did_you_mean(namespace, dialect.namespaces_at(url))
            ) from error
        whence = f" (from {source})" if source else ""
        raise DatabaseError(
            f"the database {passwords.rendered(url)}{whence} cannot be reached:"
            f" {_reason(dialect, error)}",
            "Is it running, and is the URL correct?",
        ) from error
    try:
        with database_errors(connection):
            dialect.limit_waits(connection, lock_timeout)
            if namespace is not None:
                dialect.enter_namespace(connection, namespace)
            if settings is not None:
                _stand_in(connection, settings)
            yield connection
    finally:
        # The server may have ended the session; an earlier error must not be hidden.
        with contextlib.suppress(SQLAlchemyError, _driver_error(connection)):
            connection.close()
        engine.dispose()


def check_namespace(connection: Connection, settings: Settings) -> None:
    """Check that a caller's connection is in the namespace of the settings, if they name one.

    Raises:
        UsageError: it is in another one.
    """
    if settings.namespace is None:
        return
    default = dialects.of(connection).default_namespace(connection)
    if default != settings.namespace:
        raise UsageError(
            f"the caller's connection is in the namespace {default!r}, not in"
            f" {settings.namespace!r}",
            "Give a connection to that namespace, or leave the namespace out.",
            changed=False,
        )


def _stand_in(connection: Connection, settings: Settings) -> None:
    needing = dialects.of(connection).stand_in(connection, settings.collations)
    for name, table in needing.items():
        raise settings.error(
            f"collations.{name}: an index, a constraint or a trigger of table {table} needs"
            f" {name}; with another order, changes would spoil the index for the application",
            "collations",
            name,
            hint="Take the line out; moves of such a table need a connection of the application.",
        )


@contextlib.contextmanager
def database_errors(connection: Connection) -> Iterator[None]:
    """Turn errors of the driver and the server into demosnap's; the only place that does.

    Raises:
        LockError: another session holds a lock for too long.
        DatabaseError: any other error.
    """
    try:
        yield
    except (SQLAlchemyError, _driver_error(connection)) as error:
        raise _translated(connection, _first(connection, error)) from error


def ended(connection: Connection, error: BaseException) -> bool:
    """Return whether an error says that the server ended the session or cannot be reached."""
    dialect = dialects.of(connection)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or dialect.is_disconnect(_original(error))
    return isinstance(error, _driver_error(connection)) and dialect.is_disconnect(error)


def _first(connection: Connection, error: BaseException) -> BaseException:
    """Return the error that ended the session, if the given error follows from it; else that."""
    found = error
    seen = {id(error)}
    behind = error
    while ended(connection, error):
        following = behind.__cause__ or (
            None if behind.__suppress_context__ else behind.__context__
        )
        if following is None or id(following) in seen:
            break
        behind = following
        seen.add(id(behind))
        if isinstance(behind, (DemosnapError, SQLAlchemyError, _driver_error(connection))):
            found = behind
    return found


def _original(error: BaseException) -> BaseException:
    original = error.orig if isinstance(error, DBAPIError) else None
    return error if original is None else original


def _translated(connection: Connection, error: BaseException) -> DemosnapError:
    if isinstance(error, DemosnapError):
        return error
    passwords.remember(connection.engine.url.render_as_string(hide_password=False))
    dialect = dialects.of(connection)
    if dialect.is_statement_pool(error):
        return _statement_pool()
    if ended(connection, error):
        return DatabaseError(
            f"the server ended the connection: {_reason(dialect, error)}",
            "The server or an administrator stopped it. Try again.",
            changed=False,
        )
    error = _original(error)
    if dialect.is_lock_timeout(error):
        return LockError(
            f"the database is locked by another session{dialect.lock_holder(connection)}"
            f" ({_reason(dialect, error)})",
            "Try again when the other program is done, or wait longer with --lock-timeout.",
            changed=False,
        )
    refused = f"the database refused: {_reason(dialect, error)}"
    if dialect.is_conflict(error):
        hint = "Another session writes to the same rows. Try again."
        return ConflictError(refused, hint, changed=False)
    if dialect.is_missing_right(error):
        return DatabaseError(
            refused,
            "The role lacks a right; docs/configuration.md lists what each command needs. A table "
            "that can reference demo rows must be readable before a purge.",
            changed=False,
        )
    if dialect.is_read_only(error):
        hint = "Name the server that accepts changes, with --url."
        return ReadOnlyError(refused, hint, changed=False)
    return DatabaseError(refused, dialect.advice(connection, error), changed=False)


def _statement_pool() -> DatabaseError:
    return DatabaseError(
        "the pooler before the database may give each statement another session"
        " (pool_mode = statement), and demosnap works in transactions",
        "Name the database itself in the URL, or a pool in transaction or session mode.",
        changed=False,
    )


def _driver_error(connection: Connection) -> type[BaseException]:
    module: Any = connection.dialect.loaded_dbapi
    error: type[BaseException] = module.Error
    return error


def _reason(dialect: Dialect, error: BaseException) -> str:
    return passwords.redacted(dialect.error_text(error))
