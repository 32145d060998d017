"""Note picked rows of MySQL and MariaDB by their keys or digests, in a temporary table.

A row is identified by its key if that is a single integer, else by the digest of its key, or of
all its values without a key. demosnap fetches and inserts the notes: if the server filled the
table itself, it would read rows of another moment than the transaction's, and lock them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from demosnap.dialects.mysql import session
from demosnap.dialects.mysql.codecs import codec
from demosnap.dialects.mysql.scalars import Integer
from demosnap.errors import DatabaseError
from demosnap.model import Column, Table
from demosnap.rows.spool import Spool, in_batches

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from demosnap.dialects.mysql.text import MySQLText

PICKED = "demosnap_picked"
_INFO = "demosnap_picked"
_NO_TABLE = (1044, 1142, 1290, 1792)
"""Errors for an account without the right to create temporary tables, or a read-only server."""

_SETTINGS = ("sql_mode", "time_zone", "collation_connection")
_USERS = "demosnap_users_settings"
_OWN_MODE = "@demosnap_users_sql_mode"

_PADDED = "PAD_CHAR_TO_FULL_LENGTH"
_ROWS = 2000


def keep_mode(driver: Any) -> None:
    """Remember the sql_mode of a session before demosnap changes it, until the session ends."""
    session.query(driver, f"SET {_OWN_MODE}=@@SESSION.sql_mode")


@contextlib.contextmanager
def picking(connection: Connection, before: Mapping[str, Any], *, table: bool) -> Iterator[None]:
    """Remember the user's settings `before`, and create the `table` for notes if wanted."""
    driver = session.of(connection)
    found = {name: before[name] for name in _SETTINGS}
    # SQLAlchemy clears the information of a session that the server has ended.
    info = connection.info
    info[_USERS] = {**found, **_mode(driver)}
    made = table and _create(driver)
    info[_INFO] = made
    try:
        yield
    finally:
        info.pop(_USERS, None)
        info.pop(_INFO, None)
        if made:
            # The server drops the table when the connection ends.
            with contextlib.suppress(Exception):
                session.finish_stream(connection)
                session.query(driver, f"DROP TEMPORARY TABLE IF EXISTS {PICKED}")


def _mode(driver: Any) -> dict[str, Any]:
    ((mode,),) = session.query(driver, f"SELECT {_OWN_MODE}")
    return {} if mode is None else {"sql_mode": _text(mode)}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _create(driver: Any) -> bool:
    try:
        session.query(
            driver,
            f"CREATE TEMPORARY TABLE {PICKED} (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,"
            " pick INT NOT NULL, number BIGINT, name BINARY(16),"
            " KEY (pick, number), KEY (pick, name))",
        )
    except Exception as error:
        if error.args[:1] and error.args[0] in _NO_TABLE:
            return False
        raise
    return True


@contextlib.contextmanager
def users_settings(connection: Connection) -> Iterator[None]:
    """Restore, inside the context, the session's settings from before demosnap changed them."""
    driver = session.of(connection)
    settings = connection.info.get(_USERS) or _mode(driver)
    if not settings:
        yield
        return
    session.finish_stream(connection)
    with session.settings(driver, settings):
        try:
            yield
        finally:
            with contextlib.suppress(Exception):
                session.finish_stream(connection)


def pick(
    dialect: MySQLText,
    connection: Connection,
    table: Table,
    where: str,
    number: int,
    *,
    users: bool = True,
) -> str:
    """Note the rows that a predicate picks; return the predicate of these rows.

    Without the temporary table, the predicate lists them.

    Raises:
        DatabaseError: a row cannot be identified, or the server warned.
    """
    driver = session.of(connection)
    columns = table.captured[: len(table.key)] if table.identified else table.captured
    single = len(columns) == 1 and table.identified and _fits(columns[0])
    found: Spool[str] = Spool()
    session.finish_stream(connection)
    with users_settings(connection) if users else contextlib.nullcontext():
        if users and not single:
            _unpadded(driver)
        named = dialect.quote(columns[0].name) if single else _digest(dialect, columns, _utc)
        source = dialect.quote_table(table.name)
        sql = f"SELECT CAST({named} AS BINARY) FROM {source} WHERE {where}"
        for batch in session.stream(connection, sql):
            for (name,) in batch:
                found.append(_literal(table, name, single))
    left = named if single else f"UNHEX({_digest(dialect, columns, lambda name, _: name)})"
    if not connection.info.get(_INFO):
        return f"{left} IN ({','.join(found)})" if len(found) else "1 = 0"
    column = "number" if single else "name"
    for some in in_batches(found, _ROWS):
        rows = ",".join(f"({number},{name})" for name in some)
        session.query(driver, f"INSERT INTO {PICKED} (pick,{column}) VALUES {rows}")
    return f"{left} IN (SELECT {column} FROM {PICKED} WHERE pick = {number})"


def _fits(column: Column) -> bool:
    """Return whether the values are integers of at most 63 bits."""
    found = codec(column.type)
    big = found.name == "bigint" and "unsigned" in found.rest
    return type(found) is Integer and not big


def _literal(table: Table, name: Any, single: bool) -> str:
    if name is None:
        raise DatabaseError(
            f"{table.name}: a row that a predicate picks is longer than the server's"
            " max_allowed_packet",
            "Give the table a primary key.",
        )
    return str(int(name)) if single else f"X'{_text(name)}'"


def _unpadded(driver: Any) -> None:
    # PAD_CHAR_TO_FULL_LENGTH changes the text of CHAR, which identifies rows here.
    ((mode,),) = session.query(driver, "SELECT @@SESSION.sql_mode")
    modes = _text(mode).split(",")
    if _PADDED in modes:
        rest = ",".join(one for one in modes if one != _PADDED)
        session.query(driver, f"SET SESSION sql_mode='{rest}'")


def _utc(name: str, column: Column) -> str:
    """Return a column's value in UTC, in any time zone of the session."""
    if codec(column.type).name != "timestamp":
        return name
    moment = f"TIMESTAMP'1970-01-01 00:00:00'+INTERVAL UNIX_TIMESTAMP({name}) SECOND"
    digits = codec(column.type).args or "0"
    return f"IF({name}=0,{name},CAST({moment} AS DATETIME({digits})))"


def _digest(
    dialect: MySQLText, columns: Sequence[Column], shown: Callable[[str, Column], str]
) -> str:
    """Return the SQL of the digest of some columns, each rendered by `shown`."""
    parts = []
    for column in columns:
        name = dialect.quote(column.name)
        literal = codec(column.type).plain_sql(shown(name, column))
        parts.append(f"IF({name} IS NULL,'NULL',{literal})")
    row = ",',',".join(parts)
    return f"LEFT(SHA2(CAST(CONCAT({row}) AS BINARY),256),32)"
