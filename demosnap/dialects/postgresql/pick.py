"""Note picked rows of PostgreSQL by their physical places, in a temporary table.

This works for tables without a key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demosnap.dialects import readers
from demosnap.dialects.postgresql.session import (
    SETTINGS,
    change,
    driver,
    failed,
    idle,
    may_make,
    outside_transaction,
    set_all,
)

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Connection

PICKED = "pg_temp.demosnap_picked"
_MADE = "demosnap_picked"
_USERS = "demosnap_users_settings"

MEANING = (
    "standard_conforming_strings",
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "extra_float_digits",
    "bytea_output",
    "lc_monetary",
    "xmloption",
    "array_nulls",
    "transform_null_equals",
)
"""The session's settings that change the meaning of a user's expression."""


@contextlib.contextmanager
def session(connection: Connection, before: dict[str, str]) -> Iterator[None]:
    """Remember the user's settings `before`, and create the table for notes if possible.

    It is created here, since a read-only transaction can fill it, but not create it.
    """
    below = driver(connection)
    # In autocommit mode, every statement would empty it.
    by_itself = below.autocommit
    with outside_transaction(below) as local:
        made = not by_itself and create(below, local)
    # SQLAlchemy clears the information of a session that the server has ended.
    info = connection.info
    remember(info, before, made)
    try:
        yield
    finally:
        readers.close(connection)
        forget(info)
        if made and not failed(below):
            with outside_transaction(below) as local:
                change(below, f"DROP TABLE IF EXISTS {PICKED};", local)


def remember(info: dict[Any, Any], before: dict[str, str], made: bool) -> None:
    """Store a user's settings with a connection, and whether the table was `made`."""
    info[_USERS], info[_MADE] = before, made


def forget(info: dict[Any, Any]) -> None:
    """Remove the stored information."""
    info.pop(_USERS, None)
    info.pop(_MADE, None)


def create(connection: psycopg.Connection[Any], local: bool, at_end: str = "DELETE ROWS") -> bool:
    """Create the table if the rights allow; return whether it exists.

    `at_end` is its ON COMMIT action.
    """
    possible = may_make(connection, local)
    if possible:
        name = PICKED.rpartition(".")[2]
        columns = "pick pg_catalog.int4, part pg_catalog.oid, place pg_catalog.tid"
        create = f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT {at_end};"
        change(connection, create, local)
    return possible


def pick(
    connection: Connection, source: str, where: str, number: int, *, users: bool = True
) -> str:
    """Note the physical places of the rows that a predicate picks; return their predicate.

    Without the table, the predicate lists the places: a standby has no temporary tables.
    """
    readers.close(connection)
    below = driver(connection)
    with users_settings(connection) if users else contextlib.nullcontext():
        if connection.info.get(_MADE):
            into = f"INSERT INTO {PICKED} SELECT {number}, tableoid, ctid"
            below.execute(f"{into} FROM {source} WHERE {where}".encode())
            picked = f"SELECT part, place FROM {PICKED} WHERE pick = {number}"
        else:
            shown = (f"coalesce(array_agg({name}), '{{}}')::text" for name in ("tableoid", "ctid"))
            sql = f"SELECT {', '.join(shown)} FROM {source} WHERE {where}"
            parts, places = below.execute(sql.encode()).fetchone() or ("{}", "{}")
            picked = f"SELECT * FROM unnest('{parts}'::oid[], '{places}'::tid[])"
    return f"(tableoid, ctid) IN ({picked})"


@contextlib.contextmanager
def users_settings(connection: Connection) -> Iterator[None]:
    """Restore, inside the context, the session's settings from before demosnap changed them."""
    before = connection.info.get(_USERS)
    if before is None:
        yield
        return
    below = driver(connection)
    _switch(below, before)
    try:
        yield
    finally:
        # Rolling a failed transaction back restores the settings, too.
        if not failed(below):
            _switch(below, SETTINGS)


def _switch(connection: psycopg.Connection[Any], settings: dict[str, str]) -> None:
    wanted = {name: settings[name] for name in MEANING if name in settings}
    set_all(connection, wanted, not (connection.autocommit and idle(connection)))
