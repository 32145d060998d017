"""A transaction on demosnap's own connection: the lock, the settings and temporary objects.

All of them belong to the transaction and end with it, since a pooler in transaction mode gives the
next transaction another session of the server, and this session to another client.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demosnap.dialects import readers
from demosnap.dialects.postgresql import pick as picks
from demosnap.dialects.postgresql import session as sessions
from demosnap.errors import waited

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Connection

OWN = "demosnap_own"
"""The execution option of connections that demosnap has opened."""

_WANTED = "demosnap_wanted"
_LATER = "demosnap_later"
_FUNCTION = "demosnap_function"
_NAMESPACE = "demosnap_namespace"

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0
"""Bounds of the random time before the lock is tried again, in seconds."""

_AT_REPEATABLE_READ = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"

_STAMPS = "demosnap_version"
_THEIR_TABLE = sessions.OWN_TABLE.format(f"'{_STAMPS}'")
_LOCKABLE = f"""
SELECT quote_ident(current_schema()), stamps IS NOT NULL,
       stamps IS NOT NULL AND NOT pg_is_in_recovery()
       AND (has_table_privilege(stamps, 'UPDATE') OR has_table_privilege(stamps, 'DELETE'))
FROM {_THEIR_TABLE} AS stamps
"""
# Whoever works on one namespace has a share of the whole database's lock.
_WAITING = f"SELECT pg_advisory_xact_lock_shared({sessions.NAMESPACE_KEY})"
_TAKING = {
    True: f"pg_try_advisory_xact_lock_shared({sessions.LOCK_KEY})"
    f" AND pg_try_advisory_xact_lock({sessions.NAMESPACE_KEY})",
    False: f"pg_try_advisory_xact_lock({sessions.LOCK_KEY})",
}
_NOWHERE = (None, False, False)
_LOCKING = f"""
SELECT l.pid, a.usename, a.application_name, a.client_addr::text,
       to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
WHERE l.relation = {_THEIR_TABLE} AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
"""


def is_own(connection: Connection) -> bool:
    """Return whether demosnap opened a connection, and so may begin and end its transactions."""
    own = bool(connection.get_execution_options().get(OWN))
    return own and not sessions.below(connection).autocommit


# ---------------------------------------------------------------------- the lock


@contextlib.contextmanager
def lock(connection: Connection, timeout: float, *, alone: bool) -> Iterator[None]:
    """Begin a transaction that holds the lock until its end.

    `alone`: of the default namespace alone, so that others can be worked on at the same time.

    Raises:
        LockError: another session holds it for longer than `timeout` seconds.
    """
    from psycopg.errors import LockNotAvailable

    driver = sessions.driver(connection)
    try:
        _acquire(driver, time.monotonic() + timeout, connection.info.get(_NAMESPACE), alone)
    except (LockNotAvailable, TimeoutError):
        driver.rollback()
        _set_namespace(driver, connection.info.get(_NAMESPACE))
        holder = sessions.holder(driver) or sessions.holder(driver, _LOCKING)
        driver.rollback()
        raise waited(f"another demosnap is at work on this database{holder}", timeout) from None
    except BaseException:
        if not driver.closed:
            driver.rollback()
        raise
    try:
        yield
    finally:
        readers.close(connection)
        if not driver.closed and not connection.in_transaction():
            driver.rollback()


def _acquire(
    driver: psycopg.Connection[Any], deadline: float, wanted: str | None, alone: bool
) -> None:
    """Begin a transaction that sees all that those before it have committed.

    At repeatable read a query waits with what it has seen before it waited. So it is waited in a
    transaction before, and by LOCK TABLE, which sees nothing; the query that takes the lock
    does not wait. `wanted` is the namespace to enter.

    Sessions that wait at the same moment get in each other's way: so all wait together, on a
    shared lock, and each tries again after a random time.
    """
    pause = _FIRST_PAUSE
    while True:
        driver.execute(_wait(deadline))
        driver.execute(f"SELECT pg_advisory_xact_lock_shared({sessions.LOCK_KEY})".encode())
        _set_namespace(driver, wanted)
        if alone:
            driver.execute(_WAITING.encode())
        namespace, there, lockable = driver.execute(_LOCKABLE.encode()).fetchone() or _NOWHERE
        driver.rollback()
        driver.execute(f"{_AT_REPEATABLE_READ}; {_wait(deadline).decode()}".encode())
        if lockable:
            table = f"{namespace}.{_STAMPS}"
            driver.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE".encode())
        _set_namespace(driver, wanted)
        taken, now = driver.execute(
            f"SELECT {_TAKING[alone]}, {_THEIR_TABLE} IS NOT NULL".encode()
        ).fetchone() or (False, there)
        # The first session to change this database may have created the table meanwhile.
        if taken and now == there:
            return
        driver.rollback()
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(random.uniform(0, pause))
        pause = min(2 * pause, _LONGEST_PAUSE)


def _wait(deadline: float) -> bytes:
    seconds = max(deadline - time.monotonic(), 0.001)
    return f"SET LOCAL lock_timeout = {sessions.milliseconds(seconds)}".encode()


# ---------------------------------------------------------------------- settings


@contextlib.contextmanager
def session(connection: Connection, wait: float) -> Iterator[None]:
    """Provide demosnap's settings in each transaction of the connection, and in an open one.

    `wait` is the maximum wait for a lock, in seconds.
    """
    connection.info[_WANTED] = wait
    info = connection.info
    try:
        if not sessions.idle(sessions.driver(connection)):
            _enter(connection, wait)
        yield
    finally:
        readers.close(connection)
        info.pop(_WANTED, None)
        picks.forget(info)


def enter_namespace(connection: Connection, namespace: str) -> None:
    """Put a schema in front of the search path in each further transaction of the connection."""
    connection.info[_NAMESPACE] = namespace


def begun(connection: Connection) -> None:
    """Set up a transaction that SQLAlchemy begins."""
    driver = sessions.driver(connection)
    if driver.autocommit or not sessions.idle(driver):
        return
    if connection.get_execution_options().get("demosnap_write"):
        driver.execute(_AT_REPEATABLE_READ.encode())
    if connection.info.get(_LATER):
        return
    wait = connection.info.get(_WANTED)
    if wait is not None:
        _let_write(driver)
    _set_namespace(driver, connection.info.get(_NAMESPACE))
    if wait is not None:
        _enter(connection, wait)


def ending(connection: Connection) -> None:
    """Remove, before a commit, everything that would stay in the server's session."""
    if connection.info.pop(_FUNCTION, False):
        driver = sessions.driver(connection)
        if not sessions.failed(driver):
            driver.execute(f"DROP FUNCTION IF EXISTS {sessions.JSON_FUNCTION}(text)".encode())


@contextlib.contextmanager
def reading(connection: Connection) -> Iterator[None]:
    """Begin a transaction that reads one moment, and roll it back on exit."""
    info = connection.info
    info[_LATER] = True
    try:
        with connection.begin() as transaction:
            info.pop(_LATER)
            driver = sessions.driver(connection)
            if (wait := info.get(_WANTED)) is None:
                driver.execute(f"{_AT_REPEATABLE_READ}, READ ONLY".encode())
                _set_namespace(driver, info.get(_NAMESPACE))
            else:
                _let_write(driver)
                driver.execute(_AT_REPEATABLE_READ.encode())
                _set_namespace(driver, info.get(_NAMESPACE))
                _enter(connection, wait)
                driver.execute(b"SET TRANSACTION READ ONLY")
            yield
            if transaction.is_active:
                readers.close(connection)
                info.pop(_FUNCTION, None)
                transaction.rollback()
    finally:
        info.pop(_LATER, None)


def _let_write(driver: psycopg.Connection[Any]) -> None:
    """Begin a transaction that can create temporary objects, even for a read-only role.

    It writes nothing else. An open transaction stays unchanged.
    """
    if not sessions.idle(driver):
        return
    if driver.execute("SHOW transaction_read_only").fetchone() == ("on",):
        (standby,) = driver.execute("SELECT pg_is_in_recovery()").fetchone() or (True,)
        driver.rollback()
        if not standby:
            driver.execute(b"SET TRANSACTION READ WRITE")


def _set_namespace(driver: psycopg.Connection[Any], namespace: str | None) -> None:
    if namespace is not None:
        sql = (
            "SELECT set_config('search_path', concat_ws(', ', quote_ident(%(name)s),"
            " nullif(current_setting('search_path'), '')), true)"
            " WHERE current_schema() IS DISTINCT FROM %(name)s"
        )
        driver.execute(sql, {"name": namespace})


def _enter(connection: Connection, wait: float) -> None:
    driver = sessions.driver(connection)
    before = sessions.settings(driver)
    sessions.set_all(driver, {**sessions.wanted(before, wait)}, True)
    connection.info[_FUNCTION] = sessions.create_function(driver, True)
    picks.remember(connection.info, before, picks.create(driver, True, "DROP"))
