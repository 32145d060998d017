"""What a SQL variety must tell demosnap: text of files, forms of literals, and the row paths.

A dialect has two halves. The pure half writes and reads text and needs neither driver nor
server; `check`, `--sql` and the reader use it alone. The live half is given an open connection.

Its hooks stand in three sections: needed to capture and needed to load, both in `needed.py`, and
optional, here, in `text.py` and in the modules `…_hooks.py`. `docs/dialects.md` is the guide.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from demosnap.dialects import inspected_keys, picked_keys, unique
from demosnap.dialects.counted import Counted as Counted
from demosnap.dialects.error_hooks import ErrorHooks
from demosnap.dialects.rights_hooks import RightsHooks
from demosnap.dialects.text import DialectText
from demosnap.dialects.transaction_hooks import TransactionHooks
from demosnap.dialects.trigger_hooks import TriggerHooks
from demosnap.dialects.url_rules import UrlRules
from demosnap.model import Column, ForeignKey, Key, Marker, RowUpdate, SpecialKey, Table
from demosnap.rows.spool import KEYS, in_batches

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy import Table as SQLTable

LOCK_WAIT = 30.0
"""How long to wait for another session's lock, in seconds."""


@dataclass(frozen=True)
class SearchIndex:
    """A full-text index that is a table of its own and has only rows that come from its own table.

    `tables` are those that it is of, or whose triggers write to it.
    """

    name: str
    tables: frozenset[str]
    kept_by_triggers: bool
    can_be_rebuilt: bool


class Dialect(ErrorHooks, RightsHooks, TransactionHooks, TriggerHooks, DialectText):
    """One SQL variety; stateless, one instance per process (`demosnap.dialects.get`)."""

    url_rules: ClassVar[UrlRules] = UrlRules()
    """What it makes of URLs."""

    enforces_foreign_keys: ClassVar[bool] = True
    """Whether the server itself checks foreign keys while demosnap loads."""

    transactional_ddl: ClassVar[bool] = True
    """Whether CREATE TABLE can be rolled back."""

    errors_end_transactions: ClassVar[bool] = False
    """Whether after an error nothing can be asked but to roll back."""

    # ------------------------------------ optional, live: the connection

    def endpoint(self, url: URL) -> tuple[str | None, str]:
        """Return the URL's host (None: a file or a socket) and database name."""
        return url.host, url.database or ""

    def in_process(self, url: URL) -> bool:
        """Return whether the database is one of this process alone, as in SQLite's memory."""
        return False

    def configure_engine(self, engine: Engine) -> None:
        """Set up the engine that demosnap makes (events, transactions begun for real).

        Raises:
            DatabaseError: the URL names a database that cannot be there.
        """

    def limit_waits(self, connection: Connection, timeout: float) -> None:
        """Bound how long a statement waits for a lock, in seconds; else it is `LOCK_WAIT`."""

    def lock_holder(self, connection: Connection) -> str:
        """Render the holder of the lock that was waited for, as ` (…)`; empty if unknown."""
        return ""

    @contextlib.contextmanager
    def session(self, connection: Connection, *, write: bool) -> Iterator[None]:
        """Set what changes the text of values, and put it back at the end.

        Entered before the transaction on a connection that demosnap opened; inside it, on one
        that the caller owns.
        """
        yield

    @contextlib.contextmanager
    def users_settings(self, connection: Connection) -> Iterator[None]:
        """Have, for a while, the settings that the session had before demosnap changed them.

        What users write means what it means to them only under these.
        """
        yield

    @contextlib.contextmanager
    def lock(self, connection: Connection, timeout: float) -> Iterator[None]:
        """Hold the database's advisory lock; entered outside any transaction.

        Raises:
            LockError: another session holds it for longer than `timeout` seconds; names it, if
            known.
        """
        yield

    def locks_out_all(self, connection: Connection) -> bool:
        """Return whether all sessions that change this database see `lock`, on any server."""
        return True

    def begin(self, connection: Connection) -> bool:
        """Begin what a caller takes for a transaction; return whether the driver has none."""
        return False

    def settle(self, connection: Connection) -> None:
        """Let act now what else would act at the commit."""

    @contextlib.contextmanager
    def consistent_read(self, connection: Connection) -> Iterator[None]:
        """Begin one transaction in which all reads see one moment, and end it."""
        with connection.begin():
            yield

    # --------------------------------------- optional, live: definitions

    def namespaces(self, connection: Connection) -> Sequence[str]:
        """Return the namespaces beside the default one whose tables demosnap looks at."""
        return ()

    def table_names(self, connection: Connection, namespace: str | None) -> Sequence[str]:
        """Return the names of a namespace's tables (None: the default one), each row's once."""
        from sqlalchemy import inspect

        return inspect(connection).get_table_names(schema=namespace)

    def create_table(self, connection: Connection, table: SQLTable) -> None:
        """Make a table of demosnap's own that was missing; another session may have made it since.

        Raises:
            SQLAlchemyError: the database refuses.
        """
        from sqlalchemy.schema import CreateTable

        create = CreateTable(table, if_not_exists=self.creates_if_not_exists)
        sql = str(create.compile(dialect=connection.dialect)).strip()
        execute(connection, f"{sql} {self.table_options}".rstrip())

    def known_name(self, name: str, known: Collection[str]) -> str:
        """Return which of the known names a definition means by a name; the name: none."""
        return name

    def can_hold_marker(self, marker: Marker, column: Column) -> bool:
        """Return whether a column of this type can hold the marker at all."""
        return True

    def reflect_keys(
        self, connection: Connection, namespace: str | None, names: Sequence[str]
    ) -> Mapping[str, unique.Keys]:
        """Return the primary key and the unique keys of a namespace's tables, by their names."""
        return unique.of_sqlalchemy(connection, namespace, names)

    def reflect_unique(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, Sequence[tuple[str, ...]]]:
        """Return unique keys that SQLAlchemy does not know of, by table."""
        return {}

    def reflect_foreign_keys(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, Sequence[ForeignKey]]:
        """Return the foreign keys of tables (display names), by table.

        Names may be spelled as the definition has them; no referred columns: the primary key.
        """
        return inspected_keys.of_sqlalchemy(connection, tables)

    def reflect_inherited(self, connection: Connection, tables: Sequence[str]) -> frozenset[str]:
        """Return the tables whose plain name shows also the rows of tables that inherit."""
        return frozenset()

    def refuse_tables(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Return, per table that cannot be captured or loaded whole, the reason."""
        return {}

    def fingerprint(self, connection: Connection, tables: Sequence[Table]) -> str:
        """Return a text that is another when tables, triggers or constraints may take other rows.

        It costs a query or a few, and never reads rows.
        """
        return "\n".join(map(repr, tables))

    def non_transactional(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[str, str]]:
        """Return, per table that takes no part in transactions, why, and the SQL that mends it."""
        return {}

    # ---------------------------------------------- optional, live: rows

    def pick(self, connection: Connection, table: Table, where: str, number: int) -> str:
        """Note the rows that a user's predicate picks; return the predicate of these rows.

        The user's is evaluated now, under the user's settings; what is returned holds under
        demosnap's, in the transaction, for as long as the rows are not changed. `number` is
        another one for each call of a session. Here the predicate names the rows one by one, by
        their keys.

        Raises:
            DatabaseError: a row cannot be named.
        """
        with self.users_settings(connection):
            return picked_keys.pick(self, connection, table, where, number)

    def takes_dangling(self, connection: Connection, table: Table, key: ForeignKey) -> bool:
        """Return whether new rows of a table may hold a reference that points at nothing."""
        return not self.enforces_foreign_keys

    def special_keys(self, connection: Connection, table: Table) -> Sequence[SpecialKey]:
        """Return what keeps the rows of a table apart beside its unique keys of columns."""
        return ()

    @contextlib.contextmanager
    def scratch(self, connection: Connection, table: Table) -> Iterator[str | None]:
        """Have an empty temporary table alike, without foreign keys and triggers; its name."""
        # `table` has the columns that are written. None: there can be none.
        yield None

    def scratch_names(self, connection: Connection, table: Table) -> Mapping[str, str]:
        """Return, by the scratch table's names of its indexes and checks, those of the table.

        Asked while the scratch table of this table is there; of those alone that differ.
        """
        return {}

    def refusal(self, error: BaseException, table: str = "it") -> str:
        """Say in a line why the database did not take rows of a table, with the column if known."""
        return self.said(error)

    def write_cyclic(
        self, connection: Connection, tables: Sequence[tuple[Table, Iterable[bytes]]]
    ) -> int:
        """Insert the rows of tables that reference each other in a circle; return how many."""
        return sum(self.write_rows(connection, table, rows) for table, rows in tables)

    def delete_rows(
        self, connection: Connection, deletes: Sequence[tuple[Table, str]]
    ) -> list[int]:
        """Delete what the predicates pick, in the given order; return rows deleted per table.

        All predicates are evaluated as if nothing had been deleted yet, or the order is such
        that it makes no difference.
        """
        return [
            execute(connection, f"DELETE FROM {self.quote_table(one.name)} WHERE {where}").rowcount
            for one, where in deletes
        ]

    def delete_keys(
        self, connection: Connection, deletes: Sequence[tuple[Table, Iterable[Key]]]
    ) -> list[int]:
        """Delete rows of some keys, which may reference each other; return rows per table."""
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
        """Change columns of rows that are named by their keys; return how many there were."""
        return sum(
            execute(connection, self.update_statement(table, key, values)).rowcount
            for key, values in updates
        )

    def advance_sequences(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Advance the sequences of loaded tables past the loaded values; never lower one."""

    def free_sequences(self, connection: Connection) -> Sequence[str]:
        """Return the sequences that no column owns and no default uses, by display name."""
        return ()

    def sequence_positions(
        self, connection: Connection, tables: Sequence[Table], names: Sequence[str]
    ) -> Mapping[str, int]:
        """Return where sequences stand that the values in the rows do not tell, by display name.

        These are the named ones, and those that a default of the tables uses inside an
        expression. A sequence that has given no number yet is left out.

        Raises:
            UnknownNameError: the database has sequences, and a named one is not among them.
        """
        return {}

    def restore_positions(self, connection: Connection, positions: Mapping[str, int]) -> None:
        """Advance sequences to where they stood; never lower one; skip those that are not here."""

    # ------------------------------------ optional, live: what rows make

    def search_indexes(self, connection: Connection) -> Sequence[SearchIndex]:
        """Return the full-text indexes that are tables of their own."""
        return ()

    def index_damage(self, connection: Connection, index: SearchIndex) -> str | None:
        """Return what the database has against such an index; None: it fits its tables."""
        return None

    def rebuild_index(self, connection: Connection, index: SearchIndex) -> None:
        """Make such an index again from the table that it is of."""
        raise NotImplementedError(f"{self.name} has no such indexes")

    def materialized_views(self, connection: Connection) -> Mapping[str, frozenset[str]] | None:
        """Return the tables that each materialized view reads, also through other views.

        By display names; a view comes after those that it reads. None: the database has no such
        views.
        """
        return None

    def refresh_view(self, connection: Connection, name: str) -> None:
        """Read a materialized view anew, in the caller's transaction."""
        raise NotImplementedError(f"{self.name} has no materialized views")


def execute(connection: Connection, sql: str) -> Any:
    """Run SQL as it stands: no bound parameters, so colons and per cent signs are data."""
    return connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
