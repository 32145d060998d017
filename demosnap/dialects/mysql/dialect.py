"""MySQL 8 and MariaDB.

demosnap's sessions have their own sql_mode, above all NO_BACKSLASH_ESCAPES: in every text that
demosnap reads or writes, a backslash is a backslash. Predicates in demosnap.yaml are evaluated
under the session's former sql_mode.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from demosnap.dialects import readers
from demosnap.dialects.base import LOCK_WAIT, Counted
from demosnap.dialects.mysql import pick, read, reflect, session, update, write
from demosnap.dialects.mysql.keywords import MARIADB
from demosnap.dialects.mysql.rights import MySQLRights
from demosnap.dialects.mysql.sequences import MariaDBSequences
from demosnap.dialects.mysql.text import SQL_MODE
from demosnap.dialects.mysql.trial import MySQLTrial
from demosnap.dialects.mysql.urls import MariaDBUrls
from demosnap.dialects.url_rules import UrlRules
from demosnap.errors import waited
from demosnap.model import Key, RowUpdate, Table
from demosnap.rows.spool import KEYS

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine


class MySQLDialect(MySQLRights, MySQLTrial):
    """MySQL 8.0.17 or newer."""

    lock_timeouts = frozenset({1205, 3572})
    # A row that has changed since it was read, or a deadlock.
    conflicts = frozenset({1020, 1213})
    # The server shuts down, has killed the session, or is unreachable.
    disconnects = session.ENDED

    table_options = "ENGINE=InnoDB"

    rereads_temporary: ClassVar[bool] = False
    """Whether a statement can read a temporary table twice."""

    # ------------------------------------------------------------------ connection

    def endpoint(self, url: URL) -> tuple[str | None, str]:
        """Return the driver's destination, including the URL's query."""
        _, options = url.get_dialect()().create_connect_args(url)
        database = str(options.get("database") or options.get("db") or "")
        file = options.get("read_default_file") or options.get("option_files")
        if file or options.get("read_default_group"):
            # The file may name any host, so the database does not count as local.
            return f"(named in {file or 'an option file'})", database
        if options.get("unix_socket"):
            return None, database
        return str(options.get("host") or "localhost"), database

    def configure_engine(self, engine: Engine) -> None:
        """Connect so that SQLAlchemy also sees a session with demosnap's settings."""
        from sqlalchemy import event

        @event.listens_for(engine, "do_connect")
        def _connect(dialect: Any, record: object, cargs: Any, cparams: Any) -> Any:
            driver = session.connect(dialect, cargs, cparams)
            wait = math.ceil(LOCK_WAIT)
            pick.keep_mode(driver)
            session.query(
                driver,
                f"SET SESSION sql_mode='{SQL_MODE}', SESSION lock_wait_timeout={wait},"
                f" SESSION innodb_lock_wait_timeout={wait}",
            )
            session.query(driver, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return driver

    def limit_waits(self, connection: Connection, timeout: float) -> None:
        """Limit the waits for rows and tables, in whole seconds as the server requires."""
        # Which tables there are, and what `deny_if` asks, is to be that of the whole cluster too.
        session.see_all(session.of(connection))
        wait = max(1, math.ceil(timeout))
        session.query(
            session.of(connection),
            f"SET SESSION lock_wait_timeout={wait}, SESSION innodb_lock_wait_timeout={wait}",
        )

    def lock_holder(self, connection: Connection) -> str:
        """Name another possible reason of the wait, on a node of a cluster."""
        if self.locks_out_all(connection):
            return ""
        return ", or this node is behind the others"

    @contextlib.contextmanager
    def session(self, connection: Connection, *, write: bool) -> Iterator[None]:
        """Set sql_mode, time zone and character set, and switch foreign keys off to write.

        Then the server neither enforces nor cascades them: demosnap checks them itself.
        """
        driver = session.of(connection)
        mode = SQL_MODE
        if "ANSI_QUOTES" in session.query(driver, "SELECT @@SESSION.sql_mode")[0][0]:
            # SQLAlchemy has found it on the caller's connection, and quotes names accordingly.
            mode += ",ANSI_QUOTES"
        wanted: dict[str, int | str] = {
            "sql_mode": mode,
            "time_zone": "+00:00",
            "sql_safe_updates": 0,
            "sql_select_limit": 2**64 - 1,
            "sql_auto_is_null": 0,
            "sql_big_selects": 1,
            "sql_notes": 1,
            "unique_checks": 1,
            **self.own_variables,
            **session.variables_of_kind(driver),
        }
        if write:
            wanted["foreign_key_checks"] = 0
        optional = {"max_error_count": 1024, **read.SORT_VARIABLES}
        with (
            session.variables(driver, wanted, optional) as before,
            pick.picking(connection, before, table=self.rereads_temporary),
        ):
            try:
                yield
            finally:
                with contextlib.suppress(Exception):
                    session.finish_stream(connection)

    @contextlib.contextmanager
    def users_settings(self, connection: Connection) -> Iterator[None]:
        """Restore, inside the context, the former sql_mode, time zone and collation."""
        with pick.users_settings(connection):
            yield

    @contextlib.contextmanager
    def users_statements(self, connection: Connection) -> Iterator[None]:
        """Enforce foreign keys, too."""
        checked = {"foreign_key_checks": 1}
        with (
            self.users_settings(connection),
            session.settings(session.of(connection), checked),
        ):
            yield

    @contextlib.contextmanager
    def lock(
        self, connection: Connection, timeout: float, others: Collection[str] = ()
    ) -> Iterator[None]:
        """Hold GET_LOCK, which is server-wide, under a name for each database."""
        ((database,),) = session.query(session.of(connection), "SELECT DATABASE()")
        with contextlib.ExitStack() as held:
            # In the same order in each session, so that no two wait for each other.
            for name in sorted({str(database), *others}):
                held.enter_context(_locked(connection, name, timeout))
            yield

    def locks_out_all(self, connection: Connection) -> bool:
        """Return whether there is only one server: each node of a cluster has its own locks."""
        return not session.is_node(session.of(connection))

    def begin(self, connection: Connection) -> bool:
        """Leave the transaction to the server, unless the session is in autocommit mode."""
        ((on,),) = session.query(session.of(connection), "SELECT @@SESSION.autocommit")
        return bool(on)

    @contextlib.contextmanager
    def consistent_read(self, connection: Connection) -> Iterator[None]:
        """Begin a read-only transaction that sees the moment of its beginning."""
        with connection.begin():
            driver = session.of(connection)
            driver.rollback()
            session.query(driver, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            session.query(driver, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            try:
                yield
            finally:
                with contextlib.suppress(Exception):
                    session.finish_stream(connection)

    # ------------------------------------------------------------------ definitions

    # ------------------------------------------------------------------ rows

    def read_rows(
        self, connection: Connection, table: Table, predicate: str, counted: Counted | None = None
    ) -> Iterator[bytes]:
        """Yield rows that the server renders; meanwhile the connection is busy."""
        return readers.rows(connection, read.rows(self, connection, table, predicate, counted))

    def pick(
        self, connection: Connection, table: Table, where: str, number: int, *, users: bool = True
    ) -> str:
        """Note the keys, or the digests of rows, in a temporary table."""
        return pick.pick(self, connection, table, where, number, users=users)

    def outdated(
        self, connection: Connection, table: Table, predicate: str, *, shared: bool = False
    ) -> bool:
        """Compare the rows of the transaction's snapshot with a locking read of current rows."""
        sql = read.fingerprint(self, table, predicate)
        session.finish_stream(connection)
        driver = session.of(connection)
        now = f"{sql} {'LOCK IN SHARE MODE' if shared else 'FOR UPDATE'}"
        return session.query(driver, now) != session.query(driver, sql)

    def write_rows(self, connection: Connection, table: Table, rows: Iterable[bytes]) -> int:
        """Insert by LOAD DATA LOCAL, or by INSERT if that is not allowed or slower."""
        session.finish_stream(connection)
        driver = session.of(connection)
        return write.write(driver, self.insert_head(table), self.load_text(table), rows)

    def update_rows(
        self, connection: Connection, table: Table, updates: Iterable[RowUpdate]
    ) -> int:
        """Update many rows in a single statement, from a temporary table; few rows one by one.

        Columns that the server sets to the time of a change keep their values.
        """
        session.finish_stream(connection)
        kept = reflect.set_on_update(connection, table.name)
        return update.rows(self, session.of(connection), table, updates, kept)

    def delete_keys(
        self, connection: Connection, deletes: Sequence[tuple[Table, Iterable[Key]]]
    ) -> list[int]:
        """Delete many rows of a table in a single statement, from a temporary table."""
        session.finish_stream(connection)
        counts = []
        for table, keys in deletes:
            stream = iter(keys)
            first = list(itertools.islice(stream, KEYS + 1))
            everything = itertools.chain(first, stream)
            gone = -1
            if len(first) > KEYS:
                driver = session.of(connection)
                gone = update.delete(self, driver, table, everything)
            if gone < 0:
                gone = super().delete_keys(connection, [(table, everything)])[0]
            counts.append(gone)
        return counts


class MariaDBDialect(MariaDBSequences, MySQLDialect):
    """MariaDB 10.5 or newer."""

    name: ClassVar[str] = "mariadb"
    reserved = MARIADB
    url_rules: ClassVar[UrlRules] = MariaDBUrls()
    native_json: ClassVar[bool] = False
    rereads_temporary: ClassVar[bool] = True
    binary_collation: ClassVar[str] = "utf8mb4_nopad_bin"
    own_variables: ClassVar[Mapping[str, int | str]] = {"check_constraint_checks": 1}

    def refuse_tables(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Return an empty mapping, since MariaDB reads definitions correctly."""
        return {}


@contextlib.contextmanager
def _locked(connection: Connection, database: str, timeout: float) -> Iterator[None]:
    driver = session.of(connection)
    key = f"demosnap:{database}"
    if len(key) > 64:
        key = f"demosnap:{hashlib.sha256(key.encode()).hexdigest()[:48]}"
    # As hex, independent of this session's sql_mode and character set.
    name = f"CONVERT(X'{key.encode().hex()}' USING utf8mb4)"
    ((got,),) = session.query(driver, f"SELECT GET_LOCK({name},{math.ceil(timeout)})")
    if got != 1:
        raise waited(
            f"another demosnap works on the database {database}{_holder(driver, name)}", timeout
        )
    try:
        yield
    finally:
        # The server releases the lock when the connection ends.
        with contextlib.suppress(Exception):
            session.finish_stream(connection)
            session.query(driver, f"DO RELEASE_LOCK({name})")


def _holder(driver: Any, name: str) -> str:
    ((number,),) = session.query(driver, f"SELECT IS_USED_LOCK({name})")
    if number is None:
        return ""
    sql = f"SELECT user, host FROM information_schema.processlist WHERE id = {int(number)}"
    who = "".join(f", {user} from {host}" for user, host in session.query(driver, sql))
    return f" (connection {number}{who})"
