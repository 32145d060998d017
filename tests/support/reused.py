"""PostgreSQL databases that one test after the other uses, emptied between them.

To make a database and to drop it takes the server longer than most tests: it copies files, and
writes all that it has in memory.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
from collections.abc import Iterator

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

_PUBLIC = "SELECT nspowner::regrole::text, nspacl::text FROM pg_namespace WHERE nspname = 'public'"

_free: dict[sa.URL, list[str]] = {}
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
    return name


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
    with _connected(server) as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _emptied(server: sa.URL, name: str) -> bool:
    owner, rights = _public[server]
    with _connected(server.set(database=name)) as connection:
        connection.exec_driver_sql(_EMPTY, execution_options={"no_parameters": True})
        left = connection.exec_driver_sql(_LEFT, execution_options={"no_parameters": True})
        if left.scalar_one():
            return False
        connection.exec_driver_sql(
            f"CREATE SCHEMA public AUTHORIZATION {owner};"
            f" UPDATE pg_namespace SET nspacl = '{rights}' WHERE nspname = 'public'"
        )
    return True


@contextlib.contextmanager
def _connected(url: sa.URL) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _drop_all(server: sa.URL) -> None:
    with contextlib.suppress(sa.exc.DBAPIError):
        for name in _free.pop(server):
            drop(server, name)
