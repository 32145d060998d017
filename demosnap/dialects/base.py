"""The interface of a SQL variety: text of files, forms of literals, and the row paths.

A dialect has two halves. The pure half writes and reads text and needs neither driver nor server;
`check`, `--sql` and the reader use only this half. The live half gets an open connection.

Its hooks are in three sections: needed to capture and needed to load, both in `needed.py`, and
optional ones, here, in `text.py` and in the modules `…_hooks.py`. `docs/dialects.md` is the guide.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from demosnap.dialects import inspected_keys, picked_keys, unique
from demosnap.dialects.counted import Counted as Counted
from demosnap.dialects.error_hooks import ErrorHooks
from demosnap.dialects.namespace_hooks import NamespaceHooks
from demosnap.dialects.rights_hooks import RightsHooks
from demosnap.dialects.sequence_state import SequenceState
from demosnap.dialects.text import DialectText
from demosnap.dialects.tied import tied
from demosnap.dialects.transaction_hooks import TransactionHooks
from demosnap.dialects.trigger_hooks import TriggerHooks
from demosnap.dialects.url_rules import UrlRules
from demosnap.model import (
    Column,
    ForeignKey,
    Key,
    Marker,
    RowUpdate,
    SpecialKey,
    Table,
    display_name,
)
from demosnap.rows.spool import KEYS, in_batches

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy import Table as SQLTable

LOCK_WAIT = 30.0
"""The default time to wait for another session's lock, in seconds."""


@dataclass(frozen=True)
class SearchIndex:
    """A full-text index that is a separate table, filled only from its source table.

    `tables` are its source, or the tables whose triggers write to it.
    """

    name: str
    tables: frozenset[str]
    kept_by_triggers: bool
    can_be_rebuilt: bool


class Dialect(ErrorHooks, NamespaceHooks, RightsHooks, TransactionHooks, TriggerHooks, DialectText):
    """A SQL variety; stateless, one instance per process (`demosnap.dialects.get`)."""

    url_rules: ClassVar[UrlRules] = UrlRules()
    """The rules for URLs of this dialect."""

    enforces_foreign_keys: ClassVar[bool] = True
    """Whether the server checks foreign keys while demosnap loads."""

    errors_end_transactions: ClassVar[bool] = False
    """Whether the server accepts only a rollback after an error."""

    # ------------------------------------ optional, live: the connection

    def endpoint(self, url: URL) -> tuple[str | None, str]:
        """Return the URL's host (None: a file or a socket) and database name."""
        return url.host, url.database or ""

    def in_process(self, url: URL) -> bool:
        """Return whether the database exists only in this process, such as SQLite's in memory."""
        return False

    def configure_engine(self, engine: Engine) -> None:
        """Set up demosnap's engine (events, real transactions).

        Raises:
            DatabaseError: the database of the URL cannot exist.
        """

    def limit_waits(self, connection: Connection, timeout: float) -> None:
        """Limit the time that a statement waits for a lock, in seconds (default: `LOCK_WAIT`)."""

    def lock_holder(self, connection: Connection) -> str:
        """Render the holder of the awaited lock, as ` (…)`; empty if unknown."""
        return ""

    @contextlib.contextmanager
    def session(self, connection: Connection, *, write: bool) -> Iterator[None]:
        """Set everything that changes the text of values, and restore it on exit.

        On demosnap's own connection it is entered before the transaction; on a caller's
        connection, inside of the transaction.
        """
        yield

    @contextlib.contextmanager
    def users_settings(self, connection: Connection) -> Iterator[None]:
        """Restore, inside the context, the session's settings from before demosnap changed them.

        Users' SQL has its intended meaning only under these settings.
        """
        yield

    @contextlib.contextmanager
    def users_statements(self, connection: Connection) -> Iterator[None]:
        """Make, inside the context, the session fit for users' changes of rows."""
        with self.users_settings(connection):
            yield

    @contextlib.contextmanager
    def lock(
        self, connection: Connection, timeout: float, others: Collection[str] = ()
    ) -> Iterator[None]:
        """Hold the advisory lock of the default namespace; entered outside of any transaction.

        `others` are the other namespaces whose rows may be changed. By default there is no lock.

        Raises:
            LockError: another session holds it for longer than `timeout` seconds; the message
                names the session, if known.
        """
        yield

    def locks_out_all(self, connection: Connection) -> bool:
        """Return whether all sessions that change this database, on any server, respect `lock`."""
        return True

    def begin(self, connection: Connection) -> bool:
        """Begin a caller's transaction; return whether the driver commits each statement."""
        return False

    def settle(self, connection: Connection) -> None:
        """Run deferred triggers and constraints now, before the commit."""

    @contextlib.contextmanager
    def consistent_read(self, connection: Connection) -> Iterator[None]:
        """Begin a transaction in which all reads see one moment, and end it on exit."""
        with connection.begin():
            yield

    # --------------------------------------- optional, live: definitions

    def table_names(self, connection: Connection, namespace: str | None) -> Sequence[str]:
        """Return the names of a namespace's tables (None: the default one); each row is in one."""
        from sqlalchemy import inspect

        return inspect(connection).get_table_names(schema=namespace)

    def create_table(self, connection: Connection, table: SQLTable) -> None:
        """Create a missing table of demosnap; another session may have created it meanwhile.

        Raises:
            SQLAlchemyError: the database refuses.
        """
        from sqlalchemy.schema import CreateTable

        create = CreateTable(table, if_not_exists=self.creates_if_not_exists)
        sql = str(create.compile(dialect=connection.dialect)).strip()
        execute(connection, f"{sql} {self.table_options}".rstrip())

    def known_name(self, name: str, known: Collection[str]) -> str:
        """Return which of the known names a definition's name refers to; otherwise `name`."""
        return name

    def can_hold_marker(self, marker: Marker, column: Column) -> bool:
        """Return whether a column of this type can contain the marker."""
        return True

    def reflect_keys(
        self, connection: Connection, namespace: str | None, names: Sequence[str]
    ) -> Mapping[str, unique.Keys]:
        """Return the primary key and the unique keys of a namespace's tables, by name."""
        return unique.of_sqlalchemy(connection, namespace, names)

    def reflect_foreign_keys(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, Sequence[ForeignKey]]:
        """Return the foreign keys of tables (display names), by table.

        Names may be spelled as in the definition. Without referred columns, a key references the
        primary key.
        """
        return inspected_keys.of_sqlalchemy(connection, tables)

    def tied_tables(self, connection: Connection, tables: Sequence[str]) -> Collection[str]:
        """Return the tables of other namespaces that foreign keys tie to the given tables.

        These are the tables that reference one of them, directly or through others, and those that
        all of these reference.
        """
        others = [
            display_name(namespace, name)
            for namespace in self.namespaces(connection)
            for name in self.table_names(connection, namespace)
        ]
        known = {*tables, *others}
        keys = self.reflect_foreign_keys(connection, sorted(known))
        return sorted(tied(keys, tables) & known - set(tables))

    def reflect_inherited(self, connection: Connection, tables: Sequence[str]) -> frozenset[str]:
        """Return the tables whose plain name also selects rows of inheriting tables."""
        return frozenset()

    def refuse_tables(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Return the reason for each table that cannot be captured or loaded completely."""
        return {}

    def fingerprint(self, connection: Connection, tables: Sequence[Table]) -> str:
        """Return a text that changes if tables, triggers or constraints may accept other rows.

        It takes at most a few queries, and never reads rows.
        """
        return "\n".join(map(repr, tables))

    def non_transactional(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[str, str]]:
        """Return a reason and the repairing SQL for each table without transactions."""
        return {}

    def unchangeable(
        self, connection: Connection, tables: Sequence[Table]
    ) -> Mapping[str, tuple[str, str]]:
        """Return a reason and a way on for each table whose rows this connection cannot change."""
        return {}

    def stand_in(self, connection: Connection, collations: Mapping[str, str]) -> Mapping[str, str]:
        """Register stand-ins for collations, by name, on a new connection of demosnap's own.

        A collation that has none, since a stand-in would harm the rows of a table, is returned
        with such a table.
        """
        return {}

    # ---------------------------------------------- optional, live: rows

    def pick(
        self, connection: Connection, table: Table, where: str, number: int, *, users: bool = True
    ) -> str:
        """Note the rows that a predicate picks; return the predicate of these rows.

        It is evaluated now, under the user's settings if it is a user's. The result is valid under
        demosnap's settings, in the transaction, until the rows change. `number` is unique for each
        call of a session. By default the predicate lists the keys of the rows.

        Raises:
            DatabaseError: a row cannot be identified.
        """
        with self.users_settings(connection) if users else contextlib.nullcontext():
            return picked_keys.pick(self, connection, table, where, number)

    def takes_dangling(self, connection: Connection, table: Table, key: ForeignKey) -> bool:
        """Return whether the database accepts new rows of a table with a dangling reference."""
        return not self.enforces_foreign_keys

    def special_keys(self, connection: Connection, table: Table) -> Sequence[SpecialKey]:
        """Return the uniqueness constraints of a table beyond its unique keys of columns."""
        return ()

    @contextlib.contextmanager
    def scratch(self, connection: Connection, table: Table) -> Iterator[str | None]:
        """Yield the name of an empty temporary copy of a table, without keys and triggers."""
        # `table` has the columns to write. None: the database has no such tables.
        yield None

    def scratch_names(self, connection: Connection, table: Table) -> Mapping[str, str]:
        """Return the original names of the scratch table's indexes and checks, by scratch name.

        It is called while the scratch table exists; only names that differ are needed.
        """
        return {}

    def refusal(self, error: BaseException, table: str = "it") -> str:
        """Return in one line why the database rejected rows of a table; the column if known."""
        return self.error_text(error)

    def write_cyclic(
        self, connection: Connection, tables: Sequence[tuple[Table, Iterable[bytes]]]
    ) -> int:
        """Insert the rows of tables that reference each other in a cycle; return their number."""
        return sum(self.write_rows(connection, table, rows) for table, rows in tables)

    def delete_rows(
        self, connection: Connection, deletes: Sequence[tuple[Table, str]]
    ) -> list[int]:
        """Delete the rows of predicates, in the given order; return the number per table.

        The result must be as if all predicates were evaluated before the first deletion.
        """
        return [
            execute(connection, f"DELETE FROM {self.quote_table(one.name)} WHERE {where}").rowcount
            for one, where in deletes
        ]

    def delete_keys(
        self, connection: Connection, deletes: Sequence[tuple[Table, Iterable[Key]]]
    ) -> list[int]:
        """Delete the rows with some keys, which may reference each other; return rows per table."""
        return [
            sum(
                self.delete_rows(
                    connection, [(table, self.key_predicate(table.key_columns, some))]
                )[0]
                for some in in_batches(keys, KEYS)
            )
            for table, keys in deletes
        ]

    def update_rows(
        self, connection: Connection, table: Table, updates: Iterable[RowUpdate]
    ) -> int:
        """Update columns of the rows with the given keys; return the number of rows."""
        return sum(
            execute(connection, self.update_statement(table, key, values)).rowcount
            for key, values in updates
        )

    def advance_sequences(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Advance the sequences of loaded tables past the loaded values; never lower a sequence."""

    def free_sequences(self, connection: Connection) -> Sequence[str]:
        """Return the sequences that no column owns and no default uses, by display name."""
        return ()

    def sequence_positions(
        self, connection: Connection, tables: Sequence[Table], names: Sequence[str]
    ) -> Mapping[str, int]:
        """Return positions of sequences that no value in rows implies, by display name.

        These are the named sequences, and those that a table's default uses inside an expression.
        A sequence that has not given a number yet is left out.

        Raises:
            UnknownNameError: the database has sequences, but not a named one.
        """
        return {}

    def sequence_states(
        self, connection: Connection, names: Sequence[str]
    ) -> Mapping[str, SequenceState]:
        """Return the states of sequences by display name, without missing and unreadable ones."""
        return {}

    def restore_positions(self, connection: Connection, positions: Mapping[str, int]) -> None:
        """Advance sequences to recorded positions; never lower one, and skip missing ones."""

    # ------------------------------------ optional, live: what rows make

    def search_indexes(self, connection: Connection) -> Sequence[SearchIndex]:
        """Return the full-text indexes that are separate tables."""
        return ()

    def index_damage(self, connection: Connection, index: SearchIndex) -> str | None:
        """Return the database's complaint about such an index; None: it matches its tables."""
        return None

    def rebuild_index(self, connection: Connection, index: SearchIndex) -> None:
        """Rebuild such an index from its source table."""
        raise NotImplementedError(f"{self.name} has no such indexes")

    def materialized_views(self, connection: Connection) -> Mapping[str, frozenset[str]] | None:
        """Return the tables that each materialized view reads, directly or through other views.

        Keys and values are display names; a view comes after the views that it reads. None: the
        database has no materialized views.
        """
        return None

    def refresh_view(self, connection: Connection, name: str) -> None:
        """Refresh a materialized view, in the caller's transaction."""
        raise NotImplementedError(f"{self.name} has no materialized views")


def execute(connection: Connection, sql: str) -> Any:
    """Run SQL unchanged: without bound parameters, so colons and per cent signs are data."""
    return connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
