"""Rows of PostgreSQL that were picked: where each of them lies, kept in a temporary table.

To know where a row lies takes no key.
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
"""Those of the session's settings that change what an expression of a user means."""


@contextlib.contextmanager
def session(connection: Connection, before: dict[str, str]) -> Iterator[None]:
    """Know the user's settings, which were those `before`, and have the table where there can be.

    It is made here, since a transaction that only reads can fill it, and not make it.
    """
    below = driver(connection)
    # Where each statement is committed by itself, each would empty it.
    by_itself = below.autocommit
    with outside_transaction(below) as local:
        made = not by_itself and create(below, local)
    # A session that the server has ended has its information taken away.
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
    """Keep a user's settings in a connection's information, and whether the table is `made`."""
    info[_USERS], info[_MADE] = before, made


def forget(info: dict[Any, Any]) -> None:
    """Forget what was remembered."""
    info.pop(_USERS, None)
    info.pop(_MADE, None)


def create(connection: psycopg.Connection[Any], local: bool, at_end: str = "DELETE ROWS") -> bool:
    """Create the table where the rights allow; return whether it is there.

    `at_end`: what is done with it at the commit.
    """
    possible = may_make(connection, local)
    if possible:
        name = PICKED.rpartition(".")[2]
        columns = "pick pg_catalog.int4, part pg_catalog.oid, place pg_catalog.tid"
        create = f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT {at_end};"
        change(connection, create, local)
    return possible


def pick(connection: Connection, source: str, where: str, number: int) -> str:
    """Note where the rows lie that a predicate picks; return the predicate of these rows.

    Without the table it names them one by one: a standby has no temporary tables.
    """
    readers.close(connection)
    below = driver(connection)
    with users_settings(connection):
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
    """Have, for a while, the settings that the session had before demosnap changed them."""
    before = connection.info.get(_USERS)
    if before is None:
        yield
        return
    below = driver(connection)
    _switch(below, before)
    try:
        yield
    finally:
        # The end of a failed transaction undoes it.
        if not failed(below):
            _switch(below, SETTINGS)


def _switch(connection: psycopg.Connection[Any], settings: dict[str, str]) -> None:
    wanted = {name: settings[name] for name in MEANING if name in settings}
    set_all(connection, wanted, not (connection.autocommit and idle(connection)))
