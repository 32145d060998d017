"""What a SQL variety must tell demosnap: text of files, forms of literals, and the row paths.

A dialect has two halves. The pure half writes and reads text and needs neither driver nor
server; `check`, `--sql` and the reader use it alone. The live half is given an open connection.
"""

from __future__ import annotations

import contextlib
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from demosnap.dialects.keywords import KEYWORDS
from demosnap.errors import DatabaseError
from demosnap.model import Column, Key, Marker, RowUpdate, Table, Value, split_name
from demosnap.snapshot.spool import KEYS, in_batches

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")

LOCK_WAIT = 30.0
"""How long to wait for somebody else's lock, in seconds."""


class Dialect(ABC):
    """One SQL variety; stateless, one instance per process (`demosnap.dialects.get`)."""

    name: ClassVar[str]
    """SQLAlchemy's name of the dialect."""

    quote_character: ClassVar[str] = '"'

    absent: ClassVar[bytes] = b"\x00\r"
    """The bytes that no canonical row holds, whatever `literal_pattern` matches."""

    extra: ClassVar[str | None] = None
    """The extra of demosnap that installs a driver; None when Python brings one."""

    enforces_foreign_keys: ClassVar[bool] = True
    """Whether the server itself checks foreign keys while demosnap loads."""

    transactional_ddl: ClassVar[bool] = True
    """Whether CREATE TABLE can be rolled back."""

    # ------------------------------------------------------------------ text: names and literals

    def quote(self, name: str) -> str:
        """Quote an identifier unless it is plain lower case and no keyword of any dialect."""
        if _PLAIN_NAME.match(name) and name not in KEYWORDS:
            return name
        q = self.quote_character
        return q + name.replace(q, q + q) + q

    def quote_table(self, table: str) -> str:
        """Quote a table given by its display name, with its namespace if it has one."""
        return ".".join(self.quote(part) for part in split_name(table) if part is not None)

    def quote_columns(self, columns: Iterable[str]) -> str:
        """Quote column names, separated by commas without spaces."""
        return ",".join(self.quote(name) for name in columns)

    def referring(self, column: Column) -> str:
        """Return a column as what is compared with the key that it references."""
        return self.quote(column.name)

    def string(self, text: str) -> str:
        """Render a text as a SQL literal."""
        return "'" + text.replace("'", "''") + "'"

    @abstractmethod
    def literal_pattern(self, column: Column) -> bytes:
        """Return the regular expression (bytes, no groups that capture) of the column's literals.

        It matches exactly what the dialect's capture may write for the column, the bytes of
        `absent` aside; `NULL` only if the column is nullable or its dialect cannot tell.
        """

    def is_literal(self, text: bytes, column: Column) -> bool:
        """Return whether the dialect's capture may write this for the column."""
        fits = re.fullmatch(self.literal_pattern(column), text) is not None
        return fits and not any(byte in self.absent for byte in text)

    @abstractmethod
    def decode(self, literal: bytes, column: Column) -> Value:
        """Turn a literal of the column into a value that other dialects understand."""

    @abstractmethod
    def encode(self, value: Value, column: Column) -> bytes:
        """Render a value as this dialect's canonical literal for the column.

        Raises:
            ValueError: the column's type cannot hold the value; the text says why.
        """

    def default_literal(self, column: Column) -> bytes | None:
        """Return a column's default as a literal; None: it has none, or one that is computed."""
        text = (column.default or "").encode()
        return text if self.is_literal(text, column) else None

    # ------------------------------------------------------------------ text: statements of a file

    @abstractmethod
    def file_begin(self, predicates: Iterable[str] = ()) -> Sequence[str]:
        """Return the lines that make the database's own client load all or nothing.

        `predicates` are those that the file uses.
        """

    @abstractmethod
    def file_end(self) -> Sequence[str]:
        """Return the lines that end what `file_begin` began."""

    def block_name(self, table: Table) -> str:
        """Return the table's name and its column list as an INSERT and the digest have them."""
        columns = self.quote_columns(column.name for column in table.captured)
        return f"{self.quote_table(table.name)} ({columns})"

    def insert_head(self, table: Table) -> str:
        """Return the text of an INSERT up to and including `VALUES`."""
        return f"INSERT INTO {self.block_name(table)} VALUES"

    def key_predicate(self, columns: Sequence[str], keys: Sequence[Key]) -> str:
        """Return the predicate of the rows that have one of some keys."""
        if len(columns) == 1 and len(keys) > 1:
            literals = ",".join(key[0].decode() for key in keys)
            return f"{self.quote(columns[0])} IN ({literals})"
        return " OR ".join(
            " AND ".join(
                f"{self.quote(column)} = {literal.decode()}"
                for column, literal in zip(columns, key, strict=True)
            )
            for key in keys
        )

    def update_statement(self, table: Table, key: Key, values: Mapping[str, bytes]) -> str:
        """Return the UPDATE of one row."""
        changes = ",".join(f"{self.quote(name)}={value.decode()}" for name, value in values.items())
        where = self.key_predicate(table.key, [key])
        if own := self.own_rows(table):
            where += f" AND {own}"
        return f"UPDATE {self.quote_table(table.name)} SET {changes} WHERE {where}"

    def file_staging(
        self, tables: Sequence[Table]
    ) -> tuple[Sequence[str], Mapping[str, str], Sequence[str]] | None:
        """Return how a file loads tables that reference each other, or one that does itself.

        These are statements before the rows, the INSERT heads by table name, and statements
        after the rows. None: the rows go straight into the tables.
        """
        return None

    def file_sequences(self, tables: Sequence[Table]) -> Sequence[str]:
        """Return the statements that advance the sequences of loaded tables, never lowering one."""
        return ()

    # ------------------------------------------------------------------ text: predicates

    def own_rows(self, table: Table) -> str | None:
        """Return the predicate of a table's own rows; None: its plain name shows no others."""
        return None

    @abstractmethod
    def marked(
        self,
        marker: Marker,
        column: Column,
        scenario: str,
        default: bool,
        scenario_column: Column | None,
    ) -> str:
        """Return the predicate of a scenario's marked rows, by JSON key or boolean column.

        Marked means: the JSON boolean true or the string `true` by bytes; or a boolean column
        that is true. Malformed JSON is unmarked and never an error. `default`: rows that are
        marked and name no scenario count as well.
        """

    def holds_default(self, column: Column) -> str:
        """Return the predicate that a column with a default holds it, to the byte."""
        return f"{self.quote(column.name)} = {column.default}"

    @abstractmethod
    def oddly_marked(self, marker: Marker, column: Column) -> str:
        """Return the predicate of rows whose marker has a value other than true, false or none."""

    @abstractmethod
    def scenario_of(self, marker: Marker, column: Column, scenario_column: Column | None) -> str:
        """Return an expression of the scenario that a row names, NULL where it names none."""

    # ------------------------------------------------------------------ live: the connection

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
        """Render who holds the lock that was waited for, as ` (…)`; empty where nobody knows."""
        return ""

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Return whether a driver's error says that somebody else held a lock for too long."""
        return False

    def is_conflict(self, error: BaseException) -> bool:
        """Return whether it says that somebody else was quicker, so that to try again may help."""
        return False

    @contextlib.contextmanager
    def session(self, connection: Connection, *, write: bool) -> Iterator[None]:
        """Set what changes the text of values, and put it back at the end.

        Entered before the transaction on a connection that demosnap opened; inside it, on one
        that the caller owns.
        """
        yield

    @contextlib.contextmanager
    def lock(self, connection: Connection, timeout: float) -> Iterator[None]:
        """Hold the database's advisory lock; entered outside any transaction.

        Raises:
            LockError: somebody else holds it for longer than `timeout` seconds; says who, if known.
        """
        yield

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

    # ------------------------------------------------------------------ live: definitions

    def namespaces(self, connection: Connection) -> Sequence[str]:
        """Return the namespaces beside the default one whose tables demosnap looks at."""
        return ()

    def table_names(self, connection: Connection, namespace: str | None) -> Sequence[str]:
        """Return the names of a namespace's tables (None: the default one), each row's once."""
        from sqlalchemy import inspect

        return inspect(connection).get_table_names(schema=namespace)

    def known_name(self, name: str, known: Collection[str]) -> str:
        """Return which of the known names a definition means by a name; the name: none."""
        return name

    def can_hold_marker(self, marker: Marker, column: Column) -> bool:
        """Return whether a column of this type can hold the marker at all."""
        return True

    @abstractmethod
    def reflect_columns(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Column, ...]]:
        """Return the columns of tables (display names), in declared order."""

    def reflect_unique(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, Sequence[tuple[str, ...]]]:
        """Return unique keys that SQLAlchemy does not know of, by table."""
        return {}

    def reflect_triggers(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """Return the names of the user triggers of each table that has any."""
        return {}

    def reflect_inherited(self, connection: Connection, tables: Sequence[str]) -> frozenset[str]:
        """Return the tables whose plain name shows also the rows of tables that inherit."""
        return frozenset()

    def refuse_tables(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Return, per table that cannot be captured or loaded whole, the reason."""
        return {}

    def non_transactional(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Return, per table that takes no part in transactions, what it lacks."""
        return {}

    # ------------------------------------------------------------------ live: rows

    @abstractmethod
    def read_rows(self, connection: Connection, table: Table, predicate: str) -> Iterator[bytes]:
        """Yield the rows that the predicate picks, in canonical order and form (UTF-8).

        Each is the text between the parentheses; columns as in `table.captured`.
        """

    @abstractmethod
    def write_rows(self, connection: Connection, table: Table, rows: Iterable[bytes]) -> int:
        """Insert canonical rows of this dialect and return how many the database took.

        The rows were checked against the grammar. `table` holds the live definition of the
        columns that the snapshot has.
        """

    @contextlib.contextmanager
    def without_triggers(self, connection: Connection, tables: Sequence[Table]) -> Iterator[None]:
        """Keep the user triggers of tables from acting, until the end or a rollback.

        Raises:
            DatabaseError: the database cannot do that, or the role lacks the right.
        """
        names = ", ".join(table.name for table in tables)
        raise DatabaseError(
            f"{self.name} cannot switch the triggers of {names} off inside a transaction",
            "Set `triggers: check` in demosnap.yaml, or drop the triggers for the demo.",
        )
        yield

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
                self.delete_rows(connection, [(table, self.key_predicate(table.key, some))])[0]
                for some in in_batches(keys, KEYS)
            )
            for table, keys in deletes
        ]

    def outdated(
        self, connection: Connection, table: Table, predicate: str, *, shared: bool = False
    ) -> bool:
        """Lock rows (`shared`: may be referenced); return whether others have changed them."""
        return False

    def affected_rows(self, connection: Connection) -> Mapping[str, tuple[int, int]] | None:
        """Count the rows deleted and updated in this transaction, by table, cascades included.

        None: the database does not count them.
        """
        return None

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


def execute(connection: Connection, sql: str) -> Any:
    """Run SQL as it stands: no bound parameters, so colons and per cent signs are data."""
    return connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
