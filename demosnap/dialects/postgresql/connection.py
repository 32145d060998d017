"""Connections of PostgreSQL: transactions, the lock, settings, and the meaning of errors."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from demosnap.dialects import readers
from demosnap.dialects.base import LOCK_WAIT, Dialect
from demosnap.dialects.postgresql import deferred
from demosnap.dialects.postgresql import pick as picks
from demosnap.dialects.postgresql import session as sessions
from demosnap.dialects.postgresql import transaction as transactions

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_LOCK_WAIT = "demosnap_lock_wait"
_HERE = ("localhost", "127.0.0.1", "::1")
_SOCKETS = ("/", "@")


class PostgreSQLConnection(Dialect):
    """The part of the dialect for connections."""

    lock_timeouts = frozenset({"55P03"})
    # Serialization failure, deadlock detected.
    conflicts = frozenset({"40001", "40P01"})
    missing_rights = frozenset({"42501"})

    def endpoint(self, url: URL) -> tuple[str | None, str]:
        """Return libpq's destination, which may come from its environment.

        Of several hosts it is the first that is not this machine.
        """

        def said(name: str, variable: str, otherwise: str | None = None) -> str:
            value = url.query.get(name, otherwise) or os.environ.get(variable) or ""
            return value if isinstance(value, str) else ",".join(value)

        database = said("dbname", "PGDATABASE", url.database)
        if service := said("service", "PGSERVICE"):
            # Only libpq reads the file that says what is behind the name.
            return f"service {service}", database
        named = said("hostaddr", "PGHOSTADDR") or said("host", "PGHOST", url.host)
        hosts = [re.sub(r"(?<=[^:]):\d+\Z", "", host) for host in named.split(",")]
        hosts.sort(key=lambda host: host in _HERE or host.startswith(_SOCKETS))
        user = url.username or os.environ.get("PGUSER", "")
        return (
            None if not hosts[0] or hosts[0].startswith(_SOCKETS) else hosts[0],
            database or user,
        )

    def configure_engine(self, engine: Engine) -> None:
        """Name the connections, and begin their transactions as demosnap needs them."""
        from sqlalchemy import event

        engine.update_execution_options(**{transactions.OWN: True})

        @event.listens_for(engine, "do_connect")
        def _connect(dialect: object, record: object, words: object, said: Any) -> None:
            said.setdefault("application_name", "demosnap")
            # Behind a pooler, prepared statements may be missing in the next session.
            said.setdefault("prepare_threshold", None)

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            transactions.begun(connection)

        @event.listens_for(engine, "commit")
        def _commit(connection: Connection) -> None:
            transactions.ending(connection)

    def limit_waits(self, connection: Connection, timeout: float) -> None:
        """Store the limit for `session`, which sets it with all other settings."""
        connection.info[_LOCK_WAIT] = timeout

    def is_disconnect(self, error: BaseException) -> bool:
        """Return whether it is an operator intervention, a connection exception, or from libpq."""
        from psycopg import OperationalError

        state = getattr(error, "sqlstate", None)
        if state is None:
            # libpq's own, of a connection that is closed or lost.
            return isinstance(error, OperationalError)
        # 25P03 and 25P04 are the timeouts that end a session; 57014 cancels a statement alone.
        return state.startswith(("08", "57P")) or state in ("25P03", "25P04")

    def is_statement_pool(self, error: BaseException) -> bool:
        """Return whether PgBouncer refused a transaction."""
        return "statement pooling" in str(error)

    @contextlib.contextmanager
    def session(self, connection: Connection, *, write: bool) -> Iterator[None]:
        """Hold the settings and the JSON function; inside a transaction, for its rest."""
        wait = connection.info.get(_LOCK_WAIT, LOCK_WAIT)
        if transactions.is_own(connection):
            with transactions.session(connection, wait):
                yield
            return
        driver = sessions.driver(connection)
        with sessions.session(driver, wait) as before, picks.session(connection, before):
            yield

    @contextlib.contextmanager
    def users_settings(self, connection: Connection) -> Iterator[None]:
        """Restore, inside the context, the settings from before demosnap changed them."""
        with picks.users_settings(connection):
            yield

    @contextlib.contextmanager
    def lock(
        self, connection: Connection, timeout: float, others: Collection[str] = ()
    ) -> Iterator[None]:
        """Hold the namespace's advisory lock in the next transaction, or with `others` all of them.

        On a caller's connection, hold all in the session.
        """
        if transactions.is_own(connection):
            with transactions.lock(connection, timeout, alone=not others):
                yield
            return
        with sessions.lock(sessions.driver(connection), timeout):
            try:
                yield
            finally:
                readers.close(connection)

    def begin(self, connection: Connection) -> bool:
        """Leave the transaction to the driver, unless that is in autocommit mode."""
        driver = sessions.driver(connection)
        return driver.autocommit and sessions.idle(driver)

    def settle(self, connection: Connection) -> None:
        """Run deferred triggers and constraints."""
        deferred.settle(connection)

    @contextlib.contextmanager
    def consistent_read(self, connection: Connection) -> Iterator[None]:
        """Read at repeatable read, which sees one moment, and read-only."""
        with transactions.reading(connection):
            yield
