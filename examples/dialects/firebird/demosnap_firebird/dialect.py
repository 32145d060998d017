"""Firebird 3.0 or newer, through firebird-driver and sqlalchemy-firebird."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from alembic.ddl.impl import DefaultImpl

from demosnap.dialects.base import Counted, Dialect, execute
from demosnap.dialects.file_pick_hooks import FilePick
from demosnap.errors import ConfigError, DatabaseError
from demosnap.model import Column, ForeignKey, Marker, RowUpdate, Table, Trigger, Value
from demosnap.rows.canonical import batches, row_key, split
from demosnap.rows.spool import sorted_rows
from demosnap_firebird import catalog
from demosnap_firebird.codecs import Codec, codec
from demosnap_firebird.keywords import RESERVED

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy import Table as SQLTable

_LOCKED, _TIMED_OUT, _CONFLICT, _READ_ONLY = 335544345, 335544510, 335544336, 335544361
_NO_PERMISSION = 335544352
_ENDED = frozenset({335544721, 335544726, 335544727, 335544741, 335544856, 335545065})


class FirebirdImpl(DefaultImpl):
    """What Alembic asks for, by SQLAlchemy's name of the dialect with its driver."""

    __dialect__ = "firebird.firebird"


class FirebirdDialect(Dialect):
    """Firebird; a row is read and written as values of the driver, never as SQL text."""

    # ------------------------------------------------------------------ needed to capture

    name: ClassVar[str] = "firebird"
    reserved = RESERVED

    def literal_pattern(self, column: Column) -> bytes:
        """Return the pattern of the column's type."""
        pattern = _codec(column).pattern
        return b"(?:%s|NULL)" % pattern if column.nullable else b"(?:%s)" % pattern

    def file_begin(self, predicates: Iterable[str] = ()) -> Sequence[str]:
        """Return lines for isql, which begins a transaction by itself; run it with -ch UTF8."""
        return ("SET BAIL ON;", "SET AUTODDL OFF;")

    def file_end(self) -> Sequence[str]:
        """Return the COMMIT."""
        return ("COMMIT;",)

    def marked(
        self,
        marker: Marker,
        column: Column,
        scenario: str,
        default: bool,
        scenario_column: Column | None,
    ) -> str:
        """Return the predicate of a boolean column, or of a number in its place."""
        if marker.key is not None:
            raise ConfigError(
                "Firebird cannot look into JSON, so no key in it can mark a row",
                hint="Mark rows by a boolean column, or write a `where` for the marker.",
            )
        name = self.quote(column.name)
        test = f"{name} IS TRUE" if column.type == "BOOLEAN" else f"{name} = 1"
        if scenario_column is None:
            return test
        other = self.quote(scenario_column.name)
        none = f" OR {other} IS NULL" if default else ""
        return f"{test} AND ({other} = {self.string(scenario)}{none})"

    def reflect_columns(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Column, ...]]:
        """Return the columns of the system tables."""
        return catalog.columns(connection, tables)

    def read_rows(
        self, connection: Connection, table: Table, predicate: str, counted: Counted | None = None
    ) -> Iterator[bytes]:
        """Yield rows that were fetched as values; what is kept in order may be in a file."""
        columns = table.captured
        codecs = [_codec(column) for column in columns]
        flags = [f"({flag}) AS f_{n}" for n, flag in enumerate(counted.flags if counted else ())]
        names = [self.quote(column.name) for column in columns]
        sql = f"SELECT {', '.join([*flags, *names])} FROM {self.quote_table(table.name)}"
        result = execute(connection, f"{sql} WHERE {predicate}")

        def rendered() -> Iterator[bytes]:
            for values in result:
                if counted:
                    counted.add(["".join(values[: len(flags)])])
                yield ",".join(map(_literal, values[len(flags) :], codecs)).encode()

        try:
            yield from sorted_rows(rendered(), key=row_key(table))
        except ValueError as error:
            raise DatabaseError(
                f"{table.name}: a value {error}", "Correct it, or leave the row out of the demo."
            ) from error

    # ------------------------------------------------------------------ needed to load

    def decode(self, literal: bytes, column: Column) -> Value:
        """Turn a literal into a value by the column's type."""
        return None if literal == b"NULL" else _codec(column).decode(literal.decode())

    def encode(self, value: Value, column: Column) -> bytes:
        """Render a value by the column's type."""
        if value is None and not column.nullable:
            raise ValueError("is NULL, which the column does not allow")
        return b"NULL" if value is None else _codec(column).encode(value).encode()

    def write_rows(self, connection: Connection, table: Table, rows: Iterable[bytes]) -> int:
        """Insert values; columns that reference the table itself are set when all rows are there.

        Firebird checks each row at once, and a row may come before the one that it references.
        """
        columns = table.captured
        late = {
            name
            for key in table.foreign_keys
            if key.table == table.name
            for name in key.columns
            if table.column(name).nullable and name not in table.key
        }
        marks = ", ".join("?" * len(columns))
        always = any(column.identity == "always" for column in columns)
        overriding = " OVERRIDING SYSTEM VALUE" if always else ""
        sql = f"INSERT INTO {self.block_name(table)}{overriding} VALUES ({marks})"
        count = 0
        updates: list[RowUpdate] = []
        for batch in batches(rows):
            found = []
            for row in batch:
                literals = dict(zip((c.name for c in columns), split(row), strict=True))
                if referring := {n: literals[n] for n in late if literals[n] != b"NULL"}:
                    updates.append((tuple(literals[name] for name in table.key), referring))
                    literals.update(dict.fromkeys(referring, b"NULL"))
                found.append(tuple(_value(literals[c.name], c) for c in columns))
            connection.exec_driver_sql(sql, found)
            count += len(found)
        self.update_rows(connection, table, updates)
        return count

    # ------------------------------------------------------------------ optional: text

    enforces_foreign_keys: ClassVar[bool] = True
    # It can be rolled back, but a table takes no rows before the commit.
    transactional_ddl: ClassVar[bool] = False
    absent: ClassVar[bytes] = b"\0"
    from_nothing: ClassVar[str] = " FROM RDB$DATABASE"
    rows_in_insert: ClassVar[int] = 1

    def quote(self, name: str) -> str:
        """Quote a name, unless the catalog spells it with its quotes."""
        return name if len(name) > 2 and name[0] == name[-1] == '"' else super().quote(name)

    def limited(self, query: str, rows: int) -> str:
        """Return the query with what SQL:2008 has for it."""
        return f"{query} FETCH FIRST {rows} ROWS ONLY"

    def among(
        self, values: Sequence[str], shown: Sequence[str], source: str, where: str | None = None
    ) -> str:
        """Return EXISTS where there are several values: IN takes one."""
        if len(values) == 1:
            return super().among(values, shown, source, where)
        names = [f"demosnap_{n}" for n in range(len(shown))]
        listed = ", ".join(f"{one} AS {n}" for one, n in zip(shown, names, strict=True))
        filtered = f" WHERE {where}" if where else ""
        same = " AND ".join(f"{n} = {value}" for n, value in zip(names, values, strict=True))
        rows = f"(SELECT {listed} FROM {source}{filtered}) demosnap_among"
        return f"EXISTS (SELECT 1 FROM {rows} WHERE {same})"

    def file_create_table(self, name: str, definition: str) -> str:
        """Return a block that asks first."""
        create = self.string(f"CREATE TABLE {name} {definition}")
        there = f"SELECT 1 FROM RDB$RELATIONS WHERE RDB$RELATION_NAME = '{name.upper()}'"
        return (
            "SET TERM ^;\nEXECUTE BLOCK AS BEGIN\n"
            f"IF (NOT EXISTS ({there})) THEN EXECUTE STATEMENT {create};\n"
            "END^\nSET TERM ;^\nCOMMIT;"
        )

    def file_pick(self, table: Table, where: str, number: int) -> FilePick | None:
        """Return None: a temporary table is one of the schema, so a file can make none."""
        return None

    def can_hold_marker(self, marker: Marker, column: Column) -> bool:
        """Return whether it is a boolean or a number: nothing looks into JSON."""
        return marker.key is None and column.type in ("BOOLEAN", "SMALLINT", "INTEGER")

    # ------------------------------------------------------------------ optional: the connection

    def configure_engine(self, engine: Engine) -> None:
        """Connect with UTF-8."""
        from sqlalchemy import event

        @event.listens_for(engine, "do_connect")
        def _connect(dialect: object, record: object, args: object, words: dict[str, Any]) -> None:
            words["charset"] = "UTF8"

    def limit_waits(self, connection: Connection, timeout: float) -> None:
        """Let each transaction wait so long, in whole seconds, and see one moment."""
        from firebird.driver import Isolation, tpb

        driver: Any = connection.connection.driver_connection
        wait = max(1, math.ceil(timeout))
        driver.main_transaction.default_tpb = tpb(Isolation.SNAPSHOT, lock_timeout=wait)

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Return whether a row stayed locked."""
        return bool({_LOCKED, _TIMED_OUT} & _codes(error))

    def is_conflict(self, error: BaseException) -> bool:
        """Return whether somebody else has changed the row since the transaction began."""
        return _CONFLICT in _codes(error)

    def is_read_only(self, error: BaseException) -> bool:
        """Return whether the database or the transaction only reads."""
        return _READ_ONLY in _codes(error)

    def is_missing_right(self, error: BaseException) -> bool:
        """Return whether the role lacks a right."""
        return _NO_PERMISSION in _codes(error)

    def is_disconnect(self, error: BaseException) -> bool:
        """Return whether the server is gone, or has ended the session."""
        return bool(_ENDED & _codes(error))

    def said(self, error: BaseException) -> str:
        """Return all lines but the first one, which only says that there is an error."""
        lines = str(getattr(error, "orig", None) or error).splitlines()
        told = [line.lstrip("-") for line in lines if not line.startswith("-SQL error code")]
        return "; ".join(told[1:] if told[0] == "Dynamic SQL Error" and told[1:] else told)

    def sees_commits(self, connection: Connection) -> bool:
        """Ask the transaction: sqlalchemy-firebird cannot tell its isolation."""
        level = "SELECT RDB$GET_CONTEXT('SYSTEM', 'ISOLATION_LEVEL') FROM RDB$DATABASE"
        return str(execute(connection, level).scalar()) == "READ COMMITTED"

    def hold_rows(self, connection: Connection, source: str, predicate: str) -> None:
        """Fetch the rows with their locks."""
        execute(connection, f"SELECT 1 FROM {source} WHERE {predicate} FOR UPDATE WITH LOCK").all()

    # ------------------------------------------------------------------ optional: definitions

    def table_names(self, connection: Connection, namespace: str | None) -> Sequence[str]:
        """Return the tables of users."""
        return catalog.tables(connection)

    def has_table(self, connection: Connection, name: str) -> bool:
        """Return whether it is one of them."""
        return name in catalog.tables(connection)

    def create_table(self, connection: Connection, table: SQLTable) -> None:
        """Make it without IF NOT EXISTS, which Firebird does not know before version 6."""
        from sqlalchemy.schema import CreateTable

        connection.execute(CreateTable(table))

    def reflect_keys(
        self, connection: Connection, namespace: str | None, names: Sequence[str]
    ) -> Mapping[str, tuple[tuple[str, ...], Sequence[tuple[str, ...]]]]:
        """Return the keys with names as the catalog spells them."""
        return catalog.keys(connection, names)

    def reflect_foreign_keys(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, Sequence[ForeignKey]]:
        """Return the foreign keys with names as the catalog spells them."""
        return catalog.foreign_keys(connection, tables)

    def reflect_triggers(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Trigger, ...]]:
        """Return the triggers that are on."""
        return catalog.triggers(connection, tables)

    def refuse_tables(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Return the tables that have a column of a type that has no literals here."""
        unknown = {
            table: ", ".join(f"{c.name} ({c.type})" for c in found if codec(c.type) is None)
            for table, found in catalog.columns(connection, tables).items()
        }
        return {table: f"no literals for {names}" for table, names in unknown.items() if names}

    # ------------------------------------------------------------------ optional: rows

    def delete_rows(
        self, connection: Connection, deletes: Sequence[tuple[Table, str]]
    ) -> list[int]:
        """Delete; where a table references itself, take these references away first.

        Firebird checks each row at once, also those that go by the same statement.
        """
        counts = []
        for table, where in deletes:
            names = [
                name
                for key in table.foreign_keys
                if key.table == table.name and key.on_delete == "NO ACTION"
                for name in key.columns
                if table.column(name).nullable and name not in table.key
            ]
            if names and table.identified:
                where = self.pick(connection, table, where, 0)
                nulls = ", ".join(f"{self.quote(name)} = NULL" for name in dict.fromkeys(names))
                source = self.quote_table(table.name)
                execute(connection, f"UPDATE {source} SET {nulls} WHERE {where}")
            counts += super().delete_rows(connection, [(table, where)])
        return counts

    def update_rows(
        self, connection: Connection, table: Table, updates: Iterable[RowUpdate]
    ) -> int:
        """Change rows by values: a literal of SQL ends at 64 KB."""
        where = " AND ".join(f"{self.quote(name)} = ?" for name in table.key)
        count = 0
        for key, literals in updates:
            changes = ", ".join(f"{self.quote(name)} = ?" for name in literals)
            named = [*literals.items(), *zip(table.key, key, strict=True)]
            values = tuple(_value(literal, table.column(name)) for name, literal in named)
            sql = f"UPDATE {self.quote_table(table.name)} SET {changes} WHERE {where}"
            count += connection.exec_driver_sql(sql, values).rowcount
        return count

    def advance_sequences(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Advance the generators of identity columns, which a rollback does not take back."""
        names = {table.name for table in tables}
        for table, column, generator in catalog.identities(connection, names):
            largest = f"SELECT MAX({self.quote(column)}) FROM {self.quote_table(table)}"
            value = execute(connection, largest).scalar()
            now = self._generated(connection, generator, 0)
            if value is not None and value > now:
                self._generated(connection, generator, value - now)

    def _generated(self, connection: Connection, generator: str, step: int) -> int:
        sql = f'SELECT GEN_ID("{generator}", {step}) FROM RDB$DATABASE'
        return int(execute(connection, sql).scalar())


def _codec(column: Column) -> Codec:
    found = codec(column.type)
    if found is None:
        raise DatabaseError(f"{column.name}: {column.type} has no literals")
    return found


def _literal(value: Any, kind: Codec) -> str:
    return "NULL" if value is None else kind.encode(value)


def _value(literal: bytes, column: Column) -> Any:
    """Return what the driver takes for a literal."""
    kind = _codec(column)
    return None if literal == b"NULL" else kind.bind(kind.decode(literal.decode()))


def _codes(error: BaseException) -> frozenset[int]:
    original = getattr(error, "orig", None) or error
    return frozenset(getattr(original, "gds_codes", ()) or ())
