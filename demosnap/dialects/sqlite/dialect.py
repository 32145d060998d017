"""SQLite. Any column may contain a value of any type, so literals show their own type."""

from __future__ import annotations

import contextlib
import itertools
import math
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from demosnap.dialects import readers
from demosnap.dialects.base import LOCK_WAIT, Counted, execute
from demosnap.dialects.keywords import FORMAT_1
from demosnap.dialects.sqlite import codecs as values
from demosnap.dialects.sqlite import files, lacking, pick, read, virtual, write
from demosnap.dialects.sqlite.bind import parsed
from demosnap.dialects.sqlite.file_text import SQLiteFileText
from demosnap.dialects.sqlite.json_texts import SQLiteJson
from demosnap.dialects.sqlite.keywords import RESERVED
from demosnap.dialects.sqlite.reflect import SQLiteDefinitions
from demosnap.dialects.sqlite.trial import SQLiteTrial
from demosnap.dialects.sqlite.urls import sqlite_file
from demosnap.dialects.sqlite.virtual import SQLiteIndexes
from demosnap.holders import holder
from demosnap.model import Column, Marker, RowUpdate, Table, Value
from demosnap.rows.canonical import Rows

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.pool import ConnectionPoolEntry

_OWN = "demosnap_own"

# The cache has to fit the indexes, which are updated in random order (negative: in KiB).
_WRITING = {"foreign_keys": 0, "cache_size": -(256 << 10)}


class SQLiteDialect(SQLiteFileText, SQLiteDefinitions, SQLiteIndexes, SQLiteTrial, SQLiteJson):
    """SQLite 3.37 or newer, through Python's own sqlite3."""

    name: ClassVar[str] = "sqlite"
    reserved = RESERVED
    quoted_at_first = FORMAT_1
    enforces_foreign_keys: ClassVar[bool] = False

    # ------------------------------------------------------------------ text

    def referring(self, column: Column) -> str:
        """Return text without its collation: the parent's counts (Foreign Key Support, 3)."""
        name = self.quote(column.name)
        kind = column.type.upper()
        text = "INT" not in kind and any(word in kind for word in ("CHAR", "CLOB", "TEXT"))
        return f"ifnull({name},NULL)" if text else name

    def kind_of(self, column: Column) -> str:
        """Return the kind of a column's affinity; a column without one can hold anything."""
        kind = column.type.upper()
        if "INT" in kind:
            return "number"
        if any(word in kind for word in ("CHAR", "CLOB", "TEXT")):
            return "text"
        return "number" if kind.startswith(("DEC", "NUM")) else "any"

    def as_number(self, value: str) -> str:
        """Return a text as a whole number."""
        number = f"CAST({value} AS INTEGER)"
        return f"(CASE WHEN CAST({number} AS TEXT) = {value} COLLATE BINARY THEN {number} END)"

    def literal_pattern(self, column: Column) -> bytes:
        """Return the pattern of all literals, since any column may have any type."""
        return values.LITERAL

    def decode(self, literal: bytes, column: Column) -> Value:
        """Convert a literal to None, int, float, str or bytes."""
        return values.parse_row(literal)[0]

    def encode(self, value: Value, column: Column) -> bytes:
        """Render a value by its Python type; booleans are 1 and 0, as in SQLite."""
        if value is None:
            return b"NULL"
        if isinstance(value, bool):
            return b"1" if value else b"0"
        if isinstance(value, Decimal):
            value = values.number(value)
        if isinstance(value, int):
            if not -(2**63) <= value < 2**63:
                raise ValueError("is beyond SQLite's 64-bit integers")
            return str(value).encode()
        if isinstance(value, float):
            if math.isnan(value):
                raise ValueError("is NaN, which SQLite stores as NULL")
            return values.real_literal(value).encode()
        if isinstance(value, bytes):
            return b"X'" + value.hex().upper().encode() + b"'"
        assert isinstance(value, str)
        if "\r" in value or "\0" in value:
            return b"CAST(X'" + value.encode().hex().upper().encode() + b"' AS TEXT)"
        return self.string(value).encode()

    # ------------------------------------------------------------------ predicates

    def marked(
        self,
        marker: Marker,
        column: Column,
        scenario: str,
        default: bool,
        scenario_column: Column | None,
    ) -> str:
        """Return a predicate that is false, not an error, for malformed JSON."""
        name = self.quote(column.name)
        if marker.key is None:
            tests = [f"{name} = 1"]
            if scenario_column is not None:
                other = self.quote(scenario_column.name)
                none = f" OR {other} IS NULL" if default else ""
                tests.append(f"({other} COLLATE BINARY = {self.string(scenario)}{none})")
            return " AND ".join(tests)
        path = _path(marker.key)
        tests = [f"(json_type({name},{path})='true' OR json_extract({name},{path})='true')"]
        if marker.scenario_key is not None:
            path = _path(marker.scenario_key)
            none = f" OR json_extract({name},{path}) IS NULL" if default else ""
            tests.append(f"(json_extract({name},{path})={self.string(scenario)}{none})")
        return f"CASE WHEN {_valid(name)} THEN {' AND '.join(tests)} ELSE 0 END"

    def holds_default(self, column: Column) -> str:
        """Return a comparison that the column's collation cannot widen."""
        return f"{self.quote(column.name)} COLLATE BINARY = {column.default}"

    def oddly_marked(self, marker: Marker, column: Column) -> str:
        """Return the predicate of markers such as 1, "yes" or "TRUE"."""
        name = self.quote(column.name)
        if marker.key is None:
            return f"{name} NOT IN (0, 1)"
        path = _path(marker.key)
        return (
            f"CASE WHEN {_valid(name)} THEN json_type({name},{path}) NOT IN ('true','false','null')"
            f" AND json_extract({name},{path}) NOT IN ('true','false') ELSE 0 END"
        )

    def scenario_of(self, marker: Marker, column: Column, scenario_column: Column | None) -> str:
        """Return the scenario's name as text."""
        if scenario_column is not None:
            return self.quote(scenario_column.name)
        if marker.scenario_key is None:
            return "NULL"
        name = self.quote(column.name)
        value = f"json_extract({name},{_path(marker.scenario_key)})"
        return f"CASE WHEN {_valid(name)} THEN {value} END"

    # ------------------------------------------------------------------ connection

    def endpoint(self, url: URL) -> tuple[str | None, str]:
        """Return that the database is a file."""
        return None, url.database or ":memory:"

    def in_process(self, url: URL) -> bool:
        """Return whether the database is in memory."""
        return sqlite_file(url) is None

    def configure_engine(self, engine: Engine) -> None:
        """Begin real transactions, and refuse to create a database file.

        Python's sqlite3 would begin a transaction only before the first INSERT, and SQLite would
        create a missing file.
        """
        from sqlalchemy import event

        file = sqlite_file(engine.url)
        if file is not None:
            files.check(file)

        @event.listens_for(engine, "do_connect")
        def _settings(dialect: object, record: object, words: object, said: Any) -> None:
            # A cached statement would be the text of a thousand rows.
            said["cached_statements"] = 0

        @event.listens_for(engine, "connect")
        def _connect(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
            record.info[_OWN] = True
            connection.isolation_level = None
            connection.execute(f"PRAGMA busy_timeout = {int(LOCK_WAIT * 1000)}")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            write = connection.get_execution_options().get("demosnap_write")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    def limit_waits(self, connection: Connection, timeout: float) -> None:
        """Set the busy timeout on the driver, since SQLAlchemy would begin a transaction."""
        _driver(connection).execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")

    def lock_holder(self, connection: Connection) -> str:
        """Render the writing process, which locks the file or its journal."""
        database = connection.engine.url.database or ""
        return holder(Path(database), Path(f"{database}-shm"))

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Return whether the error is SQLITE_BUSY."""
        return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)

    @contextlib.contextmanager
    def session(self, connection: Connection, *, write: bool) -> Iterator[None]:
        """Switch foreign keys off while demosnap moves rows, since it checks them itself.

        Inside a caller's transaction they can only be deferred.
        """
        # On the driver: SQLAlchemy would begin a transaction, in which the PRAGMA has no effect.
        driver = _driver(connection)
        own = write and not driver.in_transaction
        names = _WRITING if own else ()
        before = {name: driver.execute(f"PRAGMA {name}").fetchone()[0] for name in names}
        try:
            if write and not own:
                driver.execute("PRAGMA defer_foreign_keys = ON")
            for name in before:
                driver.execute(f"PRAGMA {name} = {_WRITING[name]}")
            yield
        finally:
            pick.drop(driver)
            # An interrupt may have closed the connection.
            with contextlib.suppress(sqlite3.ProgrammingError):
                for name, value in before.items():
                    driver.execute(f"PRAGMA {name} = {value}")

    def begin(self, connection: Connection) -> bool:
        """Begin a real transaction, which Python's sqlite3 would begin only before a change."""
        driver = _driver(connection)
        if driver.isolation_level is not None and not driver.in_transaction:
            driver.execute("BEGIN IMMEDIATE")
        return not driver.in_transaction

    # ------------------------------------------------------------------ definitions

    def known_name(self, name: str, known: Collection[str]) -> str:
        """Return the known name that is equal except for the case of ASCII letters."""
        if name in known:
            return name
        folded = name.encode().lower()
        return next((one for one in known if one.encode().lower() == folded), name)

    def refuse_tables(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Return every table of a UTF-16 database, in which text would change order and bytes."""
        encoding = execute(connection, "PRAGMA encoding").scalar()
        if encoding == "UTF-8":
            unknown = virtual.refusals(connection)
            return {name: unknown[name] for name in tables if name in unknown}
        return dict.fromkeys(tables, f"the database's encoding is {encoding}, not UTF-8")

    def unchangeable(
        self, connection: Connection, tables: Sequence[Table]
    ) -> Mapping[str, tuple[str, str]]:
        """Return the tables with a collation or function that only the application brings."""
        found = {
            table.name: (
                self.quote_table(table.name),
                [self.quote(column.name) for column in table.columns if not column.generated],
            )
            for table in tables
        }
        return lacking.unchangeable(_driver(connection), found)

    def stand_in(self, connection: Connection, collations: Mapping[str, str]) -> Mapping[str, str]:
        """Register collations of the application that no index or constraint needs."""
        return lacking.stand_in(_driver(connection), self.quote, collations) if collations else {}

    # ------------------------------------------------------------------ rows

    def read_rows(
        self, connection: Connection, table: Table, predicate: str, counted: Counted | None = None
    ) -> Rows:
        """Yield rows rendered by SQLite, with inexact REAL values rendered by Python's repr."""
        found = read.rows(self, _driver(connection), table, predicate, counted)
        return readers.rows(connection, found)

    def pick(
        self, connection: Connection, table: Table, where: str, number: int, *, users: bool = True
    ) -> str:
        """Note the rows' numbers in a temporary table."""
        return pick.pick(self, _driver(connection), table, where, number)

    def write_rows(self, connection: Connection, table: Table, rows: Iterable[bytes]) -> int:
        """Insert the text of rows; on a caller's connection, which may cache it, bind values.

        A constraint that would replace a row is an error.
        """
        own = connection.info.get(_OWN, False)
        insert = write.write if own else write.bind
        return insert(_driver(connection), self.block_name(table), table, rows)

    def delete_rows(
        self, connection: Connection, deletes: Sequence[tuple[Table, str]]
    ) -> list[int]:
        """Delete; if foreign keys act, the number includes cascaded rows.

        SQLite itself counts only the rows that a statement deletes, without cascades.
        """
        if not execute(connection, "PRAGMA foreign_keys").scalar():
            return super().delete_rows(connection, deletes)

        def count(table: Table, predicate: str) -> int:
            sql = f"SELECT COUNT(*) FROM {self.quote_table(table.name)} WHERE {predicate}"
            return int(execute(connection, sql).scalar())

        before = [count(*delete) for delete in deletes]
        left = []
        for delete in deletes:
            super().delete_rows(connection, [delete])
            left.append(count(*delete))
        return [was - now for was, now in zip(before, left, strict=True)]

    def update_rows(
        self, connection: Connection, table: Table, updates: Iterable[RowUpdate]
    ) -> int:
        """Update rows by executemany, grouped by their changed columns."""
        cursor = _driver(connection).cursor()
        where = " AND ".join(f"{self.quote(name)} = ?" for name in table.key)
        count = 0
        for names, found in itertools.groupby(updates, key=lambda update: tuple(update[1])):
            changes = ",".join(f"{self.quote(name)} = ?" for name in names)
            rows = (b",".join((*row.values(), *key)) for key, row in found)
            cursor.executemany(
                f"UPDATE OR ABORT {self.quote_table(table.name)} SET {changes} WHERE {where}",
                (parsed(table, row) for row in rows),
            )
            count += cursor.rowcount
        return count


def _path(key: str) -> str:
    path = f"$.{key}" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key) else f'$."{key}"'
    return "'" + path.replace("'", "''") + "'"


def _valid(name: str) -> str:
    return f"typeof({name})='text' AND json_valid({name})"


def _driver(connection: Connection) -> sqlite3.Connection:
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return driver
