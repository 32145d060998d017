"""PostgreSQL databases that one test after the other uses, emptied between them.

To make a database and to drop it takes the server longer than most tests: it copies files, and
writes all that it has in memory. A session begins with no catalog in memory; so one session of
each database stays, for what the tests themselves ask.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

_OF_USERS = 16384
"""The first object identifier that is not PostgreSQL's own."""

_CATALOGS = (
    "am cast class collation constraint conversion default_acl event_trigger extension"
    " foreign_data_wrapper foreign_server language largeobject_metadata opclass operator opfamily"
    " policy proc publication rewrite statistic_ext transform trigger ts_config ts_dict ts_parser"
    " ts_template type user_mapping"
).split()

_EMPTY = """\
SET lock_timeout = '5s';
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('DROP EVENT TRIGGER %I', evtname) FROM pg_event_trigger
    LOOP
        EXECUTE statement;
    END LOOP;
    FOR statement IN
        SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    LOOP
        EXECUTE statement;
    END LOOP;
END $$"""

_LEFT = "SELECT {} FROM pg_database AS this WHERE datname = current_database()".format(
    " + ".join(
        [f"(SELECT count(*) FROM pg_{name} WHERE oid >= {_OF_USERS})" for name in _CATALOGS]
        + [
            "(SELECT count(*) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'"
            f" AND oid >= {_OF_USERS})",
            "(SELECT count(*) FROM pg_shdepend WHERE dbid = this.oid)",
            "(SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = this.oid"
            " AND (setrole <> 0 OR setconfig <> ARRAY['synchronous_commit=off']))",
            "(this.datacl IS NOT NULL)::int + (this.datconnlimit <> -1)::int",
        ]
    )
)

# All of DISCARD ALL but its DEALLOCATE: to plan _LEFT takes longer than to run it.
_RESET = (
    "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *;"
    " SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES"
)

_PUBLIC = "SELECT nspowner::regrole::text, nspacl::text FROM pg_namespace WHERE nspname = 'public'"

_free: dict[sa.URL, list[str]] = {}
_kept: dict[str, sa.Engine] = {}
"""For each database the engine whose session stays."""
_public: dict[sa.URL, tuple[str, str]] = {}
"""Owner and rights of the schema public in a new database."""


def take(server: sa.URL) -> str:
    """Return the name of an empty database of a random name, which nothing else uses.

    Raises:
        sqlalchemy.exc.OperationalError: there is no such server.
    """
    if free := _free.get(server):
        return free.pop()
    name = f"demosnap_test_{os.getpid()}_{secrets.token_hex(4)}"
    with _connected(server) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        # No test has the machine fail; what a killed client committed is there.
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    if server not in _public:
        with _connected(server.set(database=name)) as connection:
            owner, rights = connection.exec_driver_sql(_PUBLIC).one()
            _public[server] = owner, rights
    _kept[name] = _keeping(server.set(database=name))
    return name


def kept(name: str) -> sa.Engine:
    """Return the engine whose one session stays while tests use the database.

    What a test set in it is reset after each use. A child of this process has a session of its own.
    """
    return _kept[name]


def give_back(server: sa.URL, name: str) -> None:
    """Empty a database for the next test, or drop it, if anything is left in it."""
    try:
        empty = _emptied(server, name)
    except sa.exc.DBAPIError:
        empty = False
    if not empty:
        drop(server, name)
        return
    if server not in _free:
        _free[server] = []
        atexit.register(_drop_all, server)
    _free[server].append(name)


def drop(server: sa.URL, name: str) -> None:
    """Drop a database, whoever uses it."""
    _kept.pop(name).dispose()
    with _connected(server) as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _emptied(server: sa.URL, name: str) -> bool:
    owner, rights = _public[server]
    with _kept[name].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(_EMPTY, execution_options={"no_parameters": True})
        if connection.exec_driver_sql("EXECUTE _left").scalar_one():
            return False
        connection.exec_driver_sql(
            f"CREATE SCHEMA public AUTHORIZATION {owner};"
            f" UPDATE pg_namespace SET nspacl = '{rights}' WHERE nspname = 'public'"
        )
    return True


def _keeping(url: sa.URL) -> sa.Engine:
    # Statements that the driver prepares by itself would outlive the tables that they are about.
    engine = sa.create_engine(
        url,
        pool_size=1,
        max_overflow=-1,
        pool_pre_ping=True,
        connect_args={"prepare_threshold": None},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(session: Any, _: object) -> None:
        session.execute(f"PREPARE _left AS {_LEFT}")
        session.commit()

    @sa.event.listens_for(engine, "reset")
    def reset(session: Any, *_: object) -> None:
        session.rollback()
        session.execute(_RESET)
        session.commit()

    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    return engine


@contextlib.contextmanager
def _connected(url: sa.URL) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _drop_all(server: sa.URL) -> None:
    with contextlib.suppress(sa.exc.DBAPIError):
        for name in _free.pop(server):
            drop(server, name)
