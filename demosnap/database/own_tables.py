"""demosnap's own tables: the version table of its Alembic environment, and `demosnap_log`.

`demosnap_kept` names rows that were kept, left or released. It is created on first use, or
together with the other tables where creating a table commits.
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
"""Operations that record a tried way back and change no rows; a load records a `proof` in passing.
"""

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
    """A row of `demosnap_log`.

    `logged_at` is UTC (`YYYY-MM-DDTHH:MM:SSZ`). `operation` is load, purge, reset, capture, stamp,
    undo, rehearse or proof. `revision` is None for base. `digest` covers the canonical rows that
    the database held afterwards, in its own dialect and over the columns of the revision's
    snapshot; it is None if the database held no demo rows, and for an undo. For a rehearsal or
    proof it identifies what was proved. `version` is the readable name of the revision, None for
    base and if the scripts here lack it. `was` is the revision of the scenario's previous entry,
    and `was_version` its readable name.
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


_CREATED = "demosnap_tables_created"
"""Execution option of a connection on which `created` has all tables."""


def has(connection: Connection, name: str) -> bool:
    """Return whether one of demosnap's tables exists."""
    if connection.get_execution_options().get(_CREATED):
        return True
    return dialects.of(connection).has_table(connection, name)


def exist(connection: Connection) -> bool:
    """Return whether both tables exist."""
    return all(has(connection, table.name) for table in metadata.sorted_tables)


def create(connection: Connection) -> None:
    """Create the missing tables of the two, in the caller's transaction."""
    create_missing(connection, metadata)


def create_missing(connection: Connection, those: MetaData) -> None:
    """Create the missing ones of some of demosnap's tables, in the caller's transaction."""
    for table in those.sorted_tables:
        # SQLAlchemy's own check would also find a table of another namespace of the search path.
        if not has(connection, table.name):
            table.create(connection, checkfirst=False)


@contextlib.contextmanager
def created(connection: Connection, also: Sequence[Table]) -> Iterator[None]:
    """Create both tables and `also`, which are the others of demosnap's, in a separate transaction.

    This is for databases that commit on CREATE TABLE. Until the exit, no table is looked for again.
    On exit, new tables that are still empty are dropped, unless another session may be about to
    write to them.
    """
    dialect = dialects.of(connection)
    wanted = (*metadata.sorted_tables, *also)
    missing = [table for table in wanted if not dialect.has_table(connection, table.name)]
    connection.rollback()
    if missing:
        with connection.begin():
            for table in missing:
                dialect.create_table(connection, table)
    connection.execution_options(**{_CREATED: True})
    try:
        yield
    finally:
        connection.execution_options(**{_CREATED: False})
        # The connection may be closed.
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
    """Return the revision ids in the version table, sorted; empty if the table does not exist."""
    if not has(connection, VERSION_TABLE):
        return ()
    rows = connection.execute(select(version_table.c.version_num))
    # SQLite columns hold values of any type, such as blobs.
    return tuple(sorted(str(row[0]) for row in rows))


def new_entry(
    operation: str, scenario: str, revision: str | None, rows: Mapping[str, int], digest: str | None
) -> LogEntry:
    """Make an entry with the current time, user and host."""
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
    """Return an entry as the columns of `demosnap_log`, without `id`."""
    found = {one.name: getattr(entry, one.name, None) for one in log_table.columns}
    del found["id"]
    return {**found, "row_counts": json.dumps(dict(entry.rows))}


def write(connection: Connection, entry: LogEntry) -> None:
    """Append an entry.

    Raises:
        ConflictError: another session appended an entry since this transaction began.
    """
    row: dict[str, str | int | None] = {**values(entry)}
    if dialects.of(connection).locks_out_all(connection):
        connection.execute(log_table.insert().values(**row))
        return
    # If two transactions insert the same id, a server lets only one of them commit.
    newest = connection.execute(select(func.max(log_table.c.id))).scalar() or 0
    try:
        connection.execute(log_table.insert().values(id=newest + 1, **row))
    except IntegrityError as error:
        raise ConflictError(
            "another demosnap has just changed this database, by another server",
            "Try again.",
            changed=False,
        ) from error


def last(connection: Connection, scenario: str) -> LogEntry | None:
    """Return the newest entry of a scenario; None if it has none or the table does not exist."""
    if not has(connection, LOG_TABLE):
        return None
    c = log_table.c
    query = select(log_table).where(c.scenario == scenario, c.operation.not_in(PROOFS))
    query = query.order_by(c.id.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else _entry(row)


def entries(connection: Connection, scenario: str | None = None) -> list[LogEntry]:
    """Return the entries of a scenario (None: of all), newest first; empty without the table."""
    if not has(connection, LOG_TABLE):
        return []
    c = log_table.c
    query = select(log_table).where(c.operation != "proof").order_by(c.id.desc())
    if scenario is not None:
        query = query.where(c.scenario == scenario)
    return [_entry(row) for row in connection.execute(query).mappings()]


def proofs(connection: Connection, scenario: str) -> frozenset[str]:
    """Return the digests that were proved for a scenario; empty without the table."""
    if not has(connection, LOG_TABLE):
        return frozenset()
    c = log_table.c
    query = select(c.digest).where(c.scenario == scenario, c.operation.in_(PROOFS))
    return frozenset(digest for (digest,) in connection.execute(query) if digest)


def _entry(row: RowMapping) -> LogEntry:
    found = {name: value for name, value in row.items() if name not in ("id", "row_counts")}
    found["logged_at"] = str(found["logged_at"])
    return LogEntry(**found, rows=json.loads(row["row_counts"]))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container, the user id may lack a name.
        return "unknown"
