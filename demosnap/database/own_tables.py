"""demosnap's own tables: the version table of its Alembic environment, and `demosnap_log`.

`demosnap_kept` names rows that were kept, left or released; it is made when it is needed, or with
the others where making it would commit.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    func,
    select,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from demosnap import dialects
from demosnap.database.own_names import KEPT_TABLE as KEPT_TABLE
from demosnap.database.own_names import LOG_TABLE as LOG_TABLE
from demosnap.database.own_names import OWN_TABLES as OWN_TABLES
from demosnap.database.own_names import VERSION_TABLE as VERSION_TABLE
from demosnap.errors import ConflictError
from demosnap.version import __version__

PROOFS = ("rehearse", "proof")
"""Operations that say that a version's way back was tried, and of which no rows come; a proof is
what a load has given by the way."""

metadata = MetaData()

version_table = Table(VERSION_TABLE, metadata, Column("version_num", String(255), primary_key=True))

log_table = Table(
    LOG_TABLE,
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("logged_at", String(20), nullable=False),
    Column("operation", String(16), nullable=False),
    Column("scenario", String(255), nullable=False),
    Column("revision", String(255)),
    Column("row_counts", Text, nullable=False),
    Column("digest", String(64)),
    Column("demosnap_version", String(32), nullable=False),
    Column("os_user", String(255), nullable=False),
    Column("host", String(255), nullable=False),
)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of `demosnap_log`.

    `logged_at` is UTC (`YYYY-MM-DDTHH:MM:SSZ`). `operation` is load, purge, reset, capture,
    stamp, undo or rehearse. `revision` is None for base. `digest` is of the canonical rows that the
    database then held, in its own dialect and over the columns of the revision's snapshot; None
    where it held none, and of an undo. That of a rehearsal is of what was proved.
    `version` is the readable name of the revision, None for base and where no script here has it;
    `was` is the revision that the entry before says, and `was_version` that one's name.
    """

    logged_at: str
    operation: str
    scenario: str
    revision: str | None
    rows: Mapping[str, int]
    digest: str | None
    demosnap_version: str
    os_user: str
    host: str
    version: str | None = None
    was: str | None = None
    was_version: str | None = None


def exist(connection: Connection) -> bool:
    """Return whether both tables are there."""
    dialect = dialects.of(connection)
    return all(dialect.has_table(connection, table.name) for table in metadata.sorted_tables)


def create(connection: Connection) -> None:
    """Create what is missing of the two tables, in the caller's transaction."""
    metadata.create_all(connection, checkfirst=True)


@contextlib.contextmanager
def created(connection: Connection, also: Sequence[Table] = ()) -> Iterator[None]:
    """Have both tables, and `also` others, made in a transaction of their own.

    For databases that commit when they create a table. What was made and nothing has come into is
    taken away again, unless others may be about to write to it.
    """
    dialect = dialects.of(connection)
    wanted = (*metadata.sorted_tables, *also)
    missing = [table for table in wanted if not dialect.has_table(connection, table.name)]
    connection.rollback()
    if missing:
        with connection.begin():
            for table in missing:
                dialect.create_table(connection, table)
    try:
        yield
    finally:
        # The connection may be gone.
        with contextlib.suppress(SQLAlchemyError):
            if missing and dialect.locks_out_all(connection):
                with connection.begin():
                    _drop_empty(connection, missing)


def _drop_empty(connection: Connection, tables: Sequence[Table]) -> None:
    for table in tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            return
    for table in tables:
        table.drop(connection)


def stamps(connection: Connection) -> tuple[str, ...]:
    """Return the revision ids in the version table, sorted; none if there is no such table."""
    if not dialects.of(connection).has_table(connection, VERSION_TABLE):
        return ()
    rows = connection.execute(select(version_table.c.version_num))
    # SQLite keeps what it is given, a blob too.
    return tuple(sorted(str(row[0]) for row in rows))


def new_entry(
    operation: str, scenario: str, revision: str | None, rows: Mapping[str, int], digest: str | None
) -> LogEntry:
    """Make an entry of this moment, this user and this host."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return LogEntry(
        logged_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        operation=operation,
        scenario=scenario,
        revision=revision,
        rows=dict(rows),
        digest=digest,
        demosnap_version=__version__,
        os_user=_user(),
        host=socket.gethostname(),
    )


def values(entry: LogEntry) -> dict[str, str | None]:
    """Return an entry as the columns of `demosnap_log`, without its number."""
    return {
        "logged_at": entry.logged_at,
        "operation": entry.operation,
        "scenario": entry.scenario,
        "revision": entry.revision,
        "row_counts": json.dumps(dict(entry.rows)),
        "digest": entry.digest,
        "demosnap_version": entry.demosnap_version,
        "os_user": entry.os_user,
        "host": entry.host,
    }


def write(connection: Connection, entry: LogEntry) -> None:
    """Append an entry.

    Raises:
        ConflictError: another server's session has appended one since this transaction began.
    """
    row: dict[str, str | int | None] = {**values(entry)}
    if dialects.of(connection).locks_out_all(connection):
        connection.execute(log_table.insert().values(**row))
        return
    # Of two transactions that give the same number the servers let only one commit, whatever
    # else they change.
    newest = connection.execute(select(func.max(log_table.c.id))).scalar() or 0
    try:
        connection.execute(log_table.insert().values(id=newest + 1, **row))
    except IntegrityError as error:
        raise ConflictError(
            "another demosnap has just changed this database, by another server; nothing was"
            " changed",
            "Try again.",
        ) from error


def last(connection: Connection, scenario: str) -> LogEntry | None:
    """Return the newest entry of a scenario, None if there is none or no table."""
    if not dialects.of(connection).has_table(connection, LOG_TABLE):
        return None
    c = log_table.c
    query = select(log_table).where(c.scenario == scenario, c.operation.not_in(PROOFS))
    query = query.order_by(c.id.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else _entry(row)


def entries(connection: Connection, scenario: str | None = None) -> list[LogEntry]:
    """Return the entries of a scenario, or all, the newest first; none if there is no table."""
    if not dialects.of(connection).has_table(connection, LOG_TABLE):
        return []
    c = log_table.c
    query = select(log_table).where(c.operation != "proof").order_by(c.id.desc())
    if scenario is not None:
        query = query.where(c.scenario == scenario)
    return [_entry(row) for row in connection.execute(query).mappings()]


def proofs(connection: Connection, scenario: str) -> frozenset[str]:
    """Return the digests of what was proved of a scenario; none if there is no table."""
    if not dialects.of(connection).has_table(connection, LOG_TABLE):
        return frozenset()
    c = log_table.c
    query = select(c.digest).where(c.scenario == scenario, c.operation.in_(PROOFS))
    return frozenset(digest for (digest,) in connection.execute(query) if digest)


def _entry(row: RowMapping) -> LogEntry:
    return LogEntry(
        logged_at=str(row["logged_at"]),
        operation=row["operation"],
        scenario=row["scenario"],
        revision=row["revision"],
        rows=json.loads(row["row_counts"]),
        digest=row["digest"],
        demosnap_version=row["demosnap_version"],
        os_user=row["os_user"],
        host=row["host"],
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user id need not have a name.
        return "unknown"
