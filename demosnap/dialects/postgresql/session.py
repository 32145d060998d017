"""A PostgreSQL session while demosnap uses it: settings, the advisory lock, warnings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demosnap.dialects import readers
from demosnap.dialects.base import LOCK_WAIT
from demosnap.errors import DatabaseError, MissingDriverError, waited

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Connection


def milliseconds(seconds: float) -> str:
    """Render seconds for a setting in milliseconds."""
    # A lock_timeout of 0 means no limit.
    return str(max(1, int(seconds * 1000)))


SETTINGS = {
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "xmloption": "content",
    "array_nulls": "on",
    "quote_all_identifiers": "off",
    "transform_null_equals": "off",
    "row_security": "off",
    "client_min_messages": "warning",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "transaction_timeout": "0",
    "lock_timeout": milliseconds(LOCK_WAIT),
}
"""Settings that change the text of values, hide rows or warnings, or limit transactions."""

JSON_FUNCTION = "pg_temp.demosnap_json"
"""A function from text to JSON, NULL if it is malformed; it exists until the session ends.

PostgreSQL has no such expression before version 16.
"""

# Escapes stay, except that a NUL or an unpaired surrogate loses its `\`. `E''` does not depend on
# standard_conforming_strings.
UNESCAPED = (
    r"regexp_replace({}, E'(\\\\[^u]|\\\\ud[89ab][0-9a-f]{{2}}\\\\ud[c-f][0-9a-f]{{2}})"
    r"|\\\\(?=u(?:0000|d[89a-f][0-9a-f]{{2}}))', E'\\1', 'gi')::json"
)
"""JSON from a well-formed text `{}`, without escapes at which operators raise an error."""

CREATE_JSON_FUNCTION = (
    f"CREATE OR REPLACE FUNCTION {JSON_FUNCTION}(document text) RETURNS json",
    "LANGUAGE plpgsql STABLE STRICT AS $$",
    "BEGIN",
    r"""  IF strpos(document COLLATE "C", E'\\u') = 0 THEN RETURN document::json; END IF;""",
    f"  RETURN {UNESCAPED.format('document::json::text')};",
    "EXCEPTION WHEN OTHERS THEN",
    "  RETURN NULL;",
    "END $$;",
)

OWN_TABLE = "to_regclass(quote_ident(current_schema()) || '.' || quote_ident({}))"
"""The table with a name, a literal `{}`, in the namespace where unqualified names are created.

The plain name could also be a table further along the search path, such as another tenant's.
"""

# The first eight bytes of SHA-256 of "demosnap", as a signed integer.
LOCK_KEY = -2716626431494299154
"""The key of the advisory lock of the whole database."""

NAMESPACE_KEY = f"hashtextextended(coalesce(current_schema()::text, ''), {LOCK_KEY})"
"""The key of the advisory lock of the default namespace."""

# libpq's PQTRANS_IDLE and PQTRANS_INERROR.
_IDLE, _FAILED = 0, 3
COMMAND_OK = 1
"""libpq's PGRES_COMMAND_OK."""

_HOLDER = f"""
SELECT a.pid, a.usename, a.application_name, a.client_addr::text,
       to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND ((l.classid::bigint << 32) | l.objid::bigint) IN ({LOCK_KEY}, {NAMESPACE_KEY})
ORDER BY l.mode <> 'ExclusiveLock'
"""


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """Return the psycopg connection below SQLAlchemy's, ready for the next statement.

    Raises:
        MissingDriverError: the connection is another driver's.
    """
    readers.close(connection)
    return below(connection)


def below(connection: Connection) -> psycopg.Connection[Any]:
    """Return the psycopg connection below SQLAlchemy's, in any state.

    Raises:
        MissingDriverError: the connection is another driver's.
    """
    try:
        import psycopg

        found = connection.connection.driver_connection
        if isinstance(found, psycopg.Connection):
            return found
    except ImportError:
        pass
    raise MissingDriverError(
        f"demosnap works through psycopg 3, and this connection is of {connection.dialect.driver}",
        "Install demosnap[postgresql], and begin the URL with postgresql+psycopg://.",
    )


def idle(connection: psycopg.Connection[Any]) -> bool:
    """Return whether no transaction is open."""
    return connection.info.transaction_status == _IDLE


@contextlib.contextmanager
def outside_transaction(connection: psycopg.Connection[Any]) -> Iterator[bool]:
    """Let statements begin no transaction; yield whether one is open nonetheless.

    A transaction that was open before stays open.
    """
    if not idle(connection):
        yield True
        return
    before = connection.autocommit
    connection.autocommit = True
    try:
        yield False
    finally:
        if not connection.closed:
            connection.autocommit = before


@contextlib.contextmanager
def warnings_are_errors(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Fail at the end if the server has warned.

    Raises:
        DatabaseError: it has.
    """
    found: list[str] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING":
            found.append(diagnostic.message_primary or "")

    connection.add_notice_handler(note)
    try:
        yield
    finally:
        connection.remove_notice_handler(note)
    if found:
        raise DatabaseError(
            f"the server warned: {found[0]}", "A warning may mean that a value was changed."
        )


@contextlib.contextmanager
def session(
    connection: psycopg.Connection[Any], wait: float = LOCK_WAIT
) -> Iterator[dict[str, str]]:
    """Hold `SETTINGS` and, if the rights allow, `JSON_FUNCTION`.

    `wait` is the maximum wait for a lock, in seconds. Yields the former settings.
    """
    with outside_transaction(connection) as local:
        before = settings(connection)
        set_all(connection, wanted(before, wait), local)
        made = create_function(connection, local)
    # To count statements, psycopg would keep the last hundred, however long they are.
    threshold, connection.prepare_threshold = connection.prepare_threshold, None
    try:
        yield before
    finally:
        connection.prepare_threshold = threshold
        # Rolling a failed transaction back restores its settings, too.
        if not connection.closed and connection.info.transaction_status != _FAILED:
            with outside_transaction(connection) as local:
                if made:
                    change(connection, f"DROP FUNCTION IF EXISTS {JSON_FUNCTION}(text);", local)
                set_all(connection, before, local)


def settings(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Return the current values of those `SETTINGS` that the server has."""
    names = ", ".join(f"'{name}'" for name in SETTINGS)
    sql = f"SELECT name, setting FROM pg_settings WHERE name IN ({names})"
    return dict(connection.execute(sql.encode()).fetchall())


def wanted(before: dict[str, str], wait: float) -> dict[str, str]:
    """Return the required values of existing settings; `wait` for a lock is in seconds."""
    own = {**SETTINGS, "lock_timeout": milliseconds(wait)}
    return {name: own[name] for name in before}


def set_all(connection: psycopg.Connection[Any], settings: dict[str, str], local: bool) -> None:
    """Change settings, `local` for the rest of the transaction."""
    calls = (
        f"set_config('{name}', $demosnap${value}$demosnap$, {str(local).lower()})"
        for name, value in settings.items()
    )
    connection.execute(f"SELECT {', '.join(calls)}".encode())


def create_function(connection: psycopg.Connection[Any], local: bool) -> bool:
    """Create `JSON_FUNCTION` if the rights allow; return whether it exists."""
    possible = may_make(connection, local, "has_language_privilege('plpgsql', 'USAGE')")
    if possible:
        change(connection, "\n".join(CREATE_JSON_FUNCTION), local)
    return possible


def may_make(connection: psycopg.Connection[Any], local: bool, also: str = "TRUE") -> bool:
    """Return whether temporary things can be made, in the open transaction if `local`.

    `also` is a condition beside it.
    """
    writes = "TRUE" if not local else "current_setting('transaction_read_only') = 'off'"
    sql = (
        "SELECT NOT pg_is_in_recovery()"
        f" AND has_database_privilege(current_database(), 'TEMPORARY') AND {writes} AND {also}"
    )
    (possible,) = connection.execute(sql.encode()).fetchone() or (False,)
    return bool(possible)


def failed(connection: psycopg.Connection[Any]) -> bool:
    """Return whether only the end of the transaction, or of the connection, is possible."""
    return connection.closed or connection.info.transaction_status == _FAILED


def change(connection: psycopg.Connection[Any], statement: str, local: bool) -> None:
    """Run a statement with its semicolon, in the open transaction if `local`, else in its own."""
    # A role may begin its transactions read-only.
    sql = statement if local else f"BEGIN READ WRITE; {statement} COMMIT;"
    connection.execute(sql.encode())


@contextlib.contextmanager
def lock(connection: psycopg.Connection[Any], timeout: float) -> Iterator[None]:
    """Hold the advisory lock of the connection's database.

    Raises:
        LockError: another session holds it for longer than `timeout` seconds.
    """
    from psycopg.errors import LockNotAvailable

    with outside_transaction(connection):
        (before,) = connection.execute("SELECT current_setting('lock_timeout')").fetchone() or (
            "0",
        )
        try:
            connection.execute(f"SET lock_timeout = {milliseconds(timeout)}".encode())
            connection.execute(f"SELECT pg_advisory_lock({LOCK_KEY})".encode())
        except LockNotAvailable:
            raise waited(
                f"another demosnap is at work on this database{holder(connection)}", timeout
            ) from None
        finally:
            if not connection.closed:
                connection.execute(f"SET lock_timeout = '{before}'".encode())
    try:
        yield
    finally:
        if not connection.closed:
            if connection.info.transaction_status == _FAILED:
                connection.rollback()
            with outside_transaction(connection):
                connection.execute(f"SELECT pg_advisory_unlock({LOCK_KEY})".encode())


def holder(connection: psycopg.Connection[Any], query: str = _HOLDER) -> str:
    """Render the holder of the lock, as found by a query; empty without a holder."""
    row = connection.execute(query.encode()).fetchone()
    if row is None:
        return ""
    pid, user, application, address, since = row
    if user is None:
        return f": process {pid}"
    where = f" from {address}" if address else ""
    name = f" ({application})" if application else ""
    return f": {user}{name}{where}, process {pid}, connected since {since} UTC"
