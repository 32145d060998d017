"""MySQL 8 and MariaDB.

demosnap's sessions have a sql_mode of their own, above all NO_BACKSLASH_ESCAPES: in every text
that it reads or writes, predicates of demosnap.yaml included, a backslash is a backslash.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from demosnap.dialects import mysql_driver, mysql_load, mysql_read, mysql_reflect
from demosnap.dialects.base import LOCK_WAIT, Dialect, Value
from demosnap.dialects.mysql_scalars import Integer
from demosnap.dialects.mysql_types import Text, codec
from demosnap.dialects.mysql_values import normal_json
from demosnap.errors import LockError
from demosnap.model import Column, Marker, Table

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

# Zero and impossible dates must come back as they were, an AUTO_INCREMENT of 0 too.
_SQL_MODE = (
    "ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION,"
    "STRICT_ALL_TABLES"
)
_LOCK_TIMEOUTS = frozenset({1205, 3572})
_WIDE_CHARSETS = frozenset("ucs2 utf16 utf16le utf32".split())
_FILE_VARIABLES = {
    "sql_mode": f"'{_SQL_MODE}'",
    "time_zone": "'+00:00'",
    "foreign_key_checks": "0",
    "unique_checks": "1",
    "sql_safe_updates": "0",
    "autocommit": "0",
    "completion_type": "'NO_CHAIN'",
}
_NEXT_VALUE = re.compile(r"nextval\((.+)\)", re.IGNORECASE | re.DOTALL)


class MySQLDialect(Dialect):
    """MySQL 8.0.17 or newer."""

    name: ClassVar[str] = "mysql"
    quote_character: ClassVar[str] = "`"
    extra: ClassVar[str | None] = "mysql"
    enforces_foreign_keys: ClassVar[bool] = False
    transactional_ddl: ClassVar[bool] = False

    native_json: ClassVar[bool] = True
    """Whether JSON is a type of its own, which does not keep the text."""

    binary_collation: ClassVar[str] = "utf8mb4_0900_bin"
    """The collation that compares bytes and does not pad."""

    own_variables: ClassVar[Mapping[str, int | str]] = {}
    """Session variables that only this server has, as demosnap needs them."""

    # ------------------------------------------------------------------ text

    def literal_pattern(self, column: Column) -> bytes:
        """Return the pattern of the column's type."""
        pattern = codec(column.type).pattern
        return b"(?:NULL|" + pattern + b")" if column.nullable else b"(?:" + pattern + b")"

    def decode(self, literal: bytes, column: Column) -> Value:
        """Turn a literal into a value by the column's type."""
        return None if literal == b"NULL" else codec(column.type).decode(literal)

    def encode(self, value: Value, column: Column) -> bytes:
        """Render a value by the column's type."""
        if value is None:
            if not column.nullable:
                raise ValueError("is NULL, which the column does not allow")
            return b"NULL"
        found = codec(column.type)
        literal = found.encode(value)
        if self.native_json and found.name == "json":
            return found.encode(normal_json(str(found.decode(literal))))
        return literal

    def file_begin(self, predicates: Iterable[str] = ()) -> Sequence[str]:
        """Return lines that keep and set what changes the meaning of the file, and begin."""
        names = (*mysql_driver.CHARSET_VARIABLES, *_FILE_VARIABLES)
        return (
            "SET " + ", ".join(f"@demosnap_{name} = @@SESSION.{name}" for name in names) + ";",
            "SET NAMES utf8mb4;",
            "SET " + ", ".join(f"{name} = {text}" for name, text in _FILE_VARIABLES.items()) + ";",
            "START TRANSACTION;",
        )

    def file_end(self) -> Sequence[str]:
        """Return the COMMIT, and lines that put back what `file_begin` kept."""
        names = (*_FILE_VARIABLES, *mysql_driver.CHARSET_VARIABLES)
        return ("COMMIT;", "SET " + ", ".join(f"{name} = @demosnap_{name}" for name in names) + ";")

    # ------------------------------------------------------------------ predicates

    def marked(
        self,
        marker: Marker,
        column: Column,
        scenario: str,
        default: bool,
        scenario_column: Column | None,
    ) -> str:
        """Return a predicate that is 0 or 1, never NULL, and compares bytes."""
        if marker.key is None:
            tests = [f"{self.quote(column.name)} <=> 1"]
            if scenario_column is not None:
                name = self.quote(scenario_column.name)
                text = f"CAST({_unicode(name, scenario_column)} AS BINARY)"
                none = f" OR {name} IS NULL" if default else ""
                tests.append(f"({text} <=> {self.string(scenario)}{none})")
            return " AND ".join(tests)
        name = _unicode(self.quote(column.name), column)
        tests = [f"{_bytes_at(name, marker.key)} <=> 'true'"]
        if marker.scenario_key is not None:
            kind = f"JSON_TYPE({_extract(name, marker.scenario_key)})"
            none = f" OR COALESCE({kind},'NULL') = 'NULL'" if default else ""
            same = f"{_bytes_at(name, marker.scenario_key)} <=> {self.string(scenario)}"
            tests.append(f"({same}{none})")
        return f"CASE WHEN JSON_VALID({name}) THEN {' AND '.join(tests)} ELSE 0 END"

    def holds_default(self, column: Column) -> str:
        """Return a comparison of bytes where it is text: collations take `Red` for `red`."""
        found = codec(column.type)
        if not isinstance(found, Text):
            return super().holds_default(column)
        text = found.unicode(self.quote(column.name))
        default = f"CONVERT({column.default} USING utf8mb4)"
        return f"CAST({text} AS BINARY) = CAST({default} AS BINARY)"

    def oddly_marked(self, marker: Marker, column: Column) -> str:
        """Return the predicate of markers such as 1, "yes" or "TRUE"."""
        if marker.key is None:
            return f"{self.quote(column.name)} NOT IN (0,1)"
        name = _unicode(self.quote(column.name), column)
        return (
            f"CASE WHEN JSON_VALID({name}) THEN"
            f" COALESCE(JSON_TYPE({_extract(name, marker.key)}),'NULL') <> 'NULL'"
            f" AND {_bytes_at(name, marker.key)} NOT IN ('true','false') ELSE 0 END"
        )

    def scenario_of(self, marker: Marker, column: Column, scenario_column: Column | None) -> str:
        """Return the scenario's name as text that is compared by its bytes."""
        if scenario_column is not None:
            name = self.quote(scenario_column.name)
            return f"CONVERT({name} USING utf8mb4) COLLATE {self.binary_collation}"
        if marker.scenario_key is None:
            return "NULL"
        name = _unicode(self.quote(column.name), column)
        value = _extract(name, marker.scenario_key)
        text = f"CONVERT(JSON_UNQUOTE({value}) USING utf8mb4) COLLATE {self.binary_collation}"
        return (
            f"CASE WHEN JSON_VALID({name}) THEN"
            f" CASE WHEN JSON_TYPE({value}) <> 'NULL' THEN {text} END END"
        )

    # ------------------------------------------------------------------ connection

    def endpoint(self, url: URL) -> tuple[str | None, str]:
        """Return what the driver is given, the URL's query included."""
        _, options = url.get_dialect()().create_connect_args(url)
        database = str(options.get("database") or options.get("db") or "")
        file = options.get("read_default_file") or options.get("option_files")
        if file or options.get("read_default_group"):
            # The file may name any host; nobody takes it for a local one.
            return f"(named in {file or 'an option file'})", database
        if options.get("unix_socket"):
            return None, database
        return str(options.get("host") or "localhost"), database

    def configure_engine(self, engine: Engine) -> None:
        """Connect so that SQLAlchemy, too, finds a session of demosnap's."""
        from sqlalchemy import event

        @event.listens_for(engine, "do_connect")
        def _connect(dialect: Any, record: object, cargs: Any, cparams: Any) -> Any:
            if dialect.driver in ("pymysql", "mysqldb"):
                cparams.setdefault("local_infile", True)
            driver = dialect.connect(*cargs, **cparams)
            if dialect.driver == "pymysql":
                # Until demosnap itself asks for a load, the server may not ask for files.
                driver._local_infile = False
            wait = math.ceil(LOCK_WAIT)
            mysql_driver.query(
                driver,
                f"SET SESSION sql_mode='{_SQL_MODE}', SESSION lock_wait_timeout={wait},"
                f" SESSION innodb_lock_wait_timeout={wait}",
            )
            mysql_driver.query(driver, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return driver

    def limit_waits(self, connection: Connection, timeout: float) -> None:
        """Set the waits for rows and tables, in the whole seconds that the server knows."""
        wait = max(1, math.ceil(timeout))
        mysql_driver.query(
            mysql_driver.of(connection),
            f"SET SESSION lock_wait_timeout={wait}, SESSION innodb_lock_wait_timeout={wait}",
        )

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Return whether a row or a table stayed locked."""
        return bool(error.args) and error.args[0] in _LOCK_TIMEOUTS

    @contextlib.contextmanager
    def session(self, connection: Connection, *, write: bool) -> Iterator[None]:
        """Set sql_mode, time zone and character set, and switch foreign keys off to write.

        Switched off, they neither act nor check: demosnap checks them itself.
        """
        driver = mysql_driver.of(connection)
        mode = _SQL_MODE
        if "ANSI_QUOTES" in mysql_driver.query(driver, "SELECT @@SESSION.sql_mode")[0][0]:
            # SQLAlchemy has seen it on the caller's connection, and quotes names accordingly.
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
        }
        if write:
            wanted["foreign_key_checks"] = 0
        optional = {"max_error_count": 1024, **mysql_read.SORT_VARIABLES}
        with mysql_driver.variables(driver, wanted, optional):
            try:
                yield
            finally:
                with contextlib.suppress(Exception):
                    mysql_driver.finish_stream(connection)

    @contextlib.contextmanager
    def lock(self, connection: Connection, timeout: float) -> Iterator[None]:
        """Hold GET_LOCK, which is the server's, under a name with the database's in it."""
        driver = mysql_driver.of(connection)
        ((database,),) = mysql_driver.query(driver, "SELECT DATABASE()")
        key = f"demosnap:{database}"
        if len(key) > 64:
            key = f"demosnap:{hashlib.sha256(key.encode()).hexdigest()[:48]}"
        # As hex, whatever this session's sql_mode and character set make of quotes.
        name = f"CONVERT(X'{key.encode().hex()}' USING utf8mb4)"
        ((got,),) = mysql_driver.query(driver, f"SELECT GET_LOCK({name},{math.ceil(timeout)})")
        if got != 1:
            raise LockError(
                f"another demosnap works on the database {database}{_holder(driver, name)}",
                f"It was waited for {timeout:g} seconds. Try again when it is done.",
            )
        try:
            yield
        finally:
            # The server lets go by itself when the connection ends.
            with contextlib.suppress(Exception):
                mysql_driver.finish_stream(connection)
                mysql_driver.query(driver, f"DO RELEASE_LOCK({name})")

    @contextlib.contextmanager
    def consistent_read(self, connection: Connection) -> Iterator[None]:
        """Begin a read-only transaction that sees the moment of its beginning."""
        with connection.begin():
            driver = mysql_driver.of(connection)
            driver.rollback()
            mysql_driver.query(driver, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            mysql_driver.query(driver, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            try:
                yield
            finally:
                with contextlib.suppress(Exception):
                    mysql_driver.finish_stream(connection)

    # ------------------------------------------------------------------ definitions

    def namespaces(self, connection: Connection) -> Sequence[str]:
        """Return the databases that foreign keys from or to this one lead to."""
        return mysql_reflect.namespaces(connection)

    def can_hold_marker(self, marker: Marker, column: Column) -> bool:
        """Return whether it is text or JSON for a JSON key, a number for a boolean."""
        kind = Integer if marker.key is None else Text
        return isinstance(codec(column.type), kind)

    def reflect_columns(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Column, ...]]:
        """Return the columns with COLUMN_TYPE and any character set but utf8mb4."""
        return mysql_reflect.columns(connection, tables)

    def reflect_triggers(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """Return the triggers of each table."""
        return mysql_reflect.triggers(connection, tables)

    def non_transactional(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Return the tables whose storage engine knows no transactions."""
        return mysql_reflect.non_transactional(connection, tables)

    # ------------------------------------------------------------------ rows

    def read_rows(self, connection: Connection, table: Table, predicate: str) -> Iterator[bytes]:
        """Yield rows that the server has rendered whole; nothing else may use the connection."""
        names = {column.name: self.quote(column.name) for column in table.captured}
        return mysql_read.rows(connection, table, names, self.quote_table(table.name), predicate)

    def write_rows(self, connection: Connection, table: Table, rows: Iterable[bytes]) -> int:
        """Insert by LOAD DATA LOCAL, or by INSERT where that is not allowed or not worth it."""
        mysql_driver.finish_stream(connection)
        driver = mysql_driver.of(connection)
        return mysql_load.write(driver, self.insert_head(table), self.load_text(table), rows)

    def load_text(self, table: Table) -> str:
        """Return what LOAD DATA says after the file's name to read canonical rows."""
        targets, changes = [], []
        for number, column in enumerate(table.captured):
            variable = f"@demosnap_{number}"
            value = codec(column.type).bulk(variable)
            targets.append(variable if value else self.quote(column.name))
            if value:
                changes.append(f"{self.quote(column.name)}={value}")
        return (
            f"INTO TABLE {self.quote_table(table.name)} CHARACTER SET utf8mb4"
            " FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '''' ESCAPED BY ''"
            f" LINES TERMINATED BY X'0A' ({','.join(targets)})"
            + (f" SET {','.join(changes)}" if changes else "")
        )


class MariaDBDialect(MySQLDialect):
    """MariaDB 10.5 or newer."""

    name: ClassVar[str] = "mariadb"
    native_json: ClassVar[bool] = False
    binary_collation: ClassVar[str] = "utf8mb4_nopad_bin"
    own_variables: ClassVar[Mapping[str, int | str]] = {"check_constraint_checks": 1}

    def file_sequences(self, tables: Sequence[Table]) -> Sequence[str]:
        """Return statements that set the sequences of defaults; SETVAL never lowers one."""
        lines = []
        for table in tables:
            for sequence, column in _sequences(table):
                largest = f"SELECT MAX({self.quote(column)}) FROM {self.quote_table(table.name)}"
                lines += [
                    f"SET @demosnap_next = "
                    f"COALESCE(CONCAT('DO SETVAL({sequence},',({largest}),')'),'DO 0');",
                    "PREPARE demosnap_next FROM @demosnap_next;",
                    "EXECUTE demosnap_next;",
                    "DEALLOCATE PREPARE demosnap_next;",
                ]
        return lines

    def advance_sequences(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Advance sequences of defaults; a rollback leaves them advanced, which harms nobody."""
        driver = mysql_driver.of(connection)
        for table in tables:
            for sequence, column in _sequences(table):
                largest = f"SELECT MAX({self.quote(column)}) FROM {self.quote_table(table.name)}"
                ((value,),) = mysql_driver.query(driver, largest)
                if value is not None:
                    mysql_driver.query(driver, f"DO SETVAL({sequence},{value})")


def _sequences(table: Table) -> Iterator[tuple[str, str]]:
    for column in table.captured:
        if match := _NEXT_VALUE.fullmatch(column.default or ""):
            yield match[1], column.name


def _holder(driver: Any, name: str) -> str:
    ((number,),) = mysql_driver.query(driver, f"SELECT IS_USED_LOCK({name})")
    if number is None:
        return ""
    sql = f"SELECT user, host FROM information_schema.processlist WHERE id = {int(number)}"
    who = "".join(f", {user} from {host}" for user, host in mysql_driver.query(driver, sql))
    return f" (connection {number}{who})"


def _unicode(name: str, column: Column) -> str:
    """Return the SQL of text that JSON functions and bytes of ASCII can be compared with."""
    found = codec(column.type)
    wide = isinstance(found, Text) and found.charset in _WIDE_CHARSETS
    return f"CONVERT({name} USING utf8mb4)" if wide else name


def _extract(name: str, key: str) -> str:
    path = f"$.{key}"
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        path = f'$."{escaped}"'
    path = path.replace("'", "''")
    return f"JSON_EXTRACT({name},'{path}')"


def _bytes_at(name: str, key: str) -> str:
    return f"CAST(JSON_UNQUOTE({_extract(name, key)}) AS BINARY)"
