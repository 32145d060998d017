"""A nearly complete dialect: rows are read and written as values of the driver.

SQLAlchemy's inspector provides the definitions, and types are those of every SQL database. Classes
of other packages inherit from it and add what is specific to their database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from demosnap.dialects import unique
from demosnap.dialects.base import Counted, execute
from demosnap.dialects.generic import reflect
from demosnap.dialects.generic.codecs import Codec, Limits, of
from demosnap.dialects.generic.names import Names
from demosnap.errors import ConfigError, DatabaseError
from demosnap.model import Column, ForeignKey, Marker, RowUpdate, Table, Value
from demosnap.rows.canonical import batches, row_key, show_key, split
from demosnap.rows.spool import sorted_rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TRUE = {"BOOLEAN": "IS TRUE", "SMALLINT": "= 1", "INTEGER": "= 1", "BIGINT": "= 1"}


class GenericDialect(Names):
    """A common database; subclasses need only `name`, `reserved` and `file_begin`."""

    limits: ClassVar[Limits] = Limits()
    """The limits of its types."""

    codecs: ClassVar[Mapping[str, Codec]] = {}
    """The codecs of types that are specific to this database, by the type's text."""

    checks_each_row: ClassVar[bool] = False
    """Whether a DELETE checks foreign keys row by row, even if it deletes both rows."""

    def codec(self, column: Column) -> Codec:
        """Return the codec of a column's type.

        Raises:
            DatabaseError: the type has no literals; `refuse_tables` reports this earlier.
        """
        found = self._known(column)
        if found is None:
            raise DatabaseError(f"{column.name}: {column.type} has no literals")
        return found

    def _known(self, column: Column) -> Codec | None:
        return self.codecs.get(column.type) or of(column.type, self.limits)

    # ------------------------------------------------------------------ text

    def literal_pattern(self, column: Column) -> bytes:
        return b"(?:%s%s)" % (self.codec(column).pattern, b"|NULL" if column.nullable else b"")

    def decode(self, literal: bytes, column: Column) -> Value:
        return None if literal == b"NULL" else self.codec(column).decode(literal.decode())

    def encode(self, value: Value, column: Column) -> bytes:
        if value is None and not column.nullable:
            raise ValueError("is NULL, which the column does not allow")
        literal = b"NULL" if value is None else self.codec(column).encode(value).encode()
        if any(byte in self.absent for byte in literal):
            raise ValueError("holds a NUL or a carriage return, which no literal can hold")
        return literal

    def marked(
        self,
        marker: Marker,
        column: Column,
        scenario: str,
        default: bool,
        scenario_column: Column | None,
    ) -> str:
        """Return the predicate of a boolean column, or of a number used as a boolean."""
        if marker.key is not None:
            raise ConfigError(
                f"{self.name} has no hook that looks into JSON, so a JSON key cannot mark rows",
                hint="Mark rows by a boolean column, or write a `where` for the marker.",
            )
        test = f"{self.quote(column.name)} {_TRUE.get(column.type, '= 1')}"
        if scenario_column is None:
            return test
        name = self.quote(scenario_column.name)
        none = f" OR {name} IS NULL" if default else ""
        return f"{test} AND ({name} = {self.string(scenario)}{none})"

    def can_hold_marker(self, marker: Marker, column: Column) -> bool:
        """Return whether the column is boolean or a whole number, since JSON is not supported."""
        return marker.key is None and column.type in _TRUE

    # ------------------------------------------------------------------ definitions

    def table_names(self, connection: Connection, namespace: str | None) -> Sequence[str]:
        """Return the tables in the spelling of this dialect."""
        return [self.shown(name) for name in super().table_names(connection, namespace)]

    def reflect_columns(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Column, ...]]:
        """Return the columns, with types as in `codecs`."""
        return reflect.columns(self, connection, tables)

    def inactive_indexes(self, connection: Connection) -> Collection[str]:
        """Return the names, as `shown`, of indexes that are off and so enforce no key."""
        return ()

    def reflect_keys(
        self, connection: Connection, namespace: str | None, names: Sequence[str]
    ) -> Mapping[str, unique.Keys]:
        """Return the keys in the spelling of this dialect."""
        without = self.inactive_indexes(connection)
        return reflect.keys(self, connection, namespace, names, without)

    def reflect_foreign_keys(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, Sequence[ForeignKey]]:
        """Return the foreign keys in the spelling of this dialect."""
        return reflect.foreign_keys(self, connection, tables)

    def refuse_tables(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Return the tables with a column whose type has no literals."""
        unknown = {
            table: ", ".join(f"{one.name} ({one.type})" for one in found if not self._known(one))
            for table, found in self.reflect_columns(connection, tables).items()
        }
        return {table: f"no literals for {names}" for table, names in unknown.items() if names}

    # ------------------------------------------------------------------ rows

    def read_rows(
        self, connection: Connection, table: Table, predicate: str, counted: Counted | None = None
    ) -> Iterator[bytes]:
        """Yield rows from fetched values; many rows are sorted in a file."""
        columns = table.captured
        flags = [f"({flag}) AS f_{n}" for n, flag in enumerate(counted.flags if counted else ())]
        shown = ", ".join([*flags, *(self.quote(column.name) for column in columns)])
        sql = f"SELECT {shown} FROM {self.quote_table(table.name)} WHERE {predicate}"

        def rendered() -> Iterator[bytes]:
            for values in execute(connection, sql):
                if counted:
                    counted.add(["".join(values[: len(flags)])])
                yield self._row(table, values[len(flags) :])

        yield from sorted_rows(rendered(), key=row_key(table))

    def _row(self, table: Table, values: Sequence[Any]) -> bytes:
        literals: list[bytes] = []
        for value, column in zip(values, table.captured, strict=True):
            try:
                literals.append(self.encode(value, column))
            except ValueError as error:
                key = literals[: len(table.key)]
                whole = key and len(key) == len(table.key)
                place = f"row {show_key(table, b','.join(key))}: " if whole else ""
                raise DatabaseError(
                    f"{table.name}: {place}{column.name}: it {error}",
                    "Correct it, or leave the row out of the demo.",
                ) from error
        return b",".join(literals)

    def write_rows(self, connection: Connection, table: Table, rows: Iterable[bytes]) -> int:
        """Insert values; self-referencing columns are set after all rows are inserted.

        A row may precede the row that it references, and each is a separate statement.
        """
        columns = table.captured
        late = self._nullable_references(table) if self.enforces_foreign_keys else []
        mark = self._marks(connection)
        always = any(column.identity == "always" for column in columns)
        head = self.block_name(table) + (" OVERRIDING SYSTEM VALUE" if always else "")
        sql = _escaped(mark, f"INSERT INTO {head} VALUES ") + (
            f"({', '.join(mark(n) for n in range(1, len(columns) + 1))})"
        )
        count = 0
        updates: list[RowUpdate] = []
        for batch in batches(rows):
            found = []
            for row in batch:
                literals = dict(zip((c.name for c in columns), split(row), strict=True))
                if referring := {n: literals[n] for n in late if literals[n] != b"NULL"}:
                    updates.append((tuple(literals[name] for name in table.key), referring))
                    literals.update(dict.fromkeys(referring, b"NULL"))
                found.append(tuple(self._value(literals[c.name], c) for c in columns))
            connection.exec_driver_sql(sql, found)
            count += len(found)
        self.update_rows(connection, table, updates)
        return count

    def _nullable_references(self, table: Table, action: str | None = None) -> list[str]:
        """Return the columns that reference the table itself and may temporarily be NULL."""
        found = [
            name
            for key in table.foreign_keys
            if key.table == table.name and not key.logical and action in (None, key.on_delete)
            for name in key.columns
            if table.column(name).nullable and name not in table.key
        ]
        return list(dict.fromkeys(found)) if table.identified else []

    def delete_rows(
        self, connection: Connection, deletes: Sequence[tuple[Table, str]]
    ) -> list[int]:
        """Delete; if rows are checked one by one, first set self-references to NULL."""
        counts = []
        for table, where in deletes:
            names = self._nullable_references(table, "NO ACTION") if self.checks_each_row else []
            if names:
                where = self.pick(connection, table, where, 0)
                nulls = ", ".join(f"{self.quote(name)} = NULL" for name in names)
                source = self.quote_table(table.name)
                execute(connection, f"UPDATE {source} SET {nulls} WHERE {where}")
            counts += super().delete_rows(connection, [(table, where)])
        return counts

    def update_rows(
        self, connection: Connection, table: Table, updates: Iterable[RowUpdate]
    ) -> int:
        """Update rows with bound values, since the length of a statement may be limited."""
        mark = self._marks(connection)
        count = 0
        for key, literals in updates:
            named = [*literals.items(), *zip(table.key, key, strict=True)]
            values = tuple(self._value(literal, table.column(name)) for name, literal in named)
            equal = [
                f"{_escaped(mark, self.quote(name))} = {mark(n)}"
                for n, (name, _) in enumerate(named, 1)
            ]
            source = _escaped(mark, self.quote_table(table.name))
            changes, where = ", ".join(equal[: len(literals)]), " AND ".join(equal[len(literals) :])
            sql = f"UPDATE {source} SET {changes} WHERE {where}"
            count += connection.exec_driver_sql(sql, values).rowcount
        return count

    def _value(self, literal: bytes, column: Column) -> Any:
        """Return the driver's value of a literal."""
        value = self.decode(literal, column)
        return None if value is None else self.codec(column).bind(value)

    def _marks(self, connection: Connection) -> Callable[[int], str]:
        """Return the function that writes the placeholder of the n-th value for the driver."""
        style = connection.dialect.paramstyle
        if style == "qmark":
            return lambda number: "?"
        if style in ("format", "pyformat"):
            return lambda number: "%s"
        return lambda number: f"{'$' if style == 'numeric_dollar' else ':'}{number}"


def _escaped(mark: Callable[[int], str], sql: str) -> str:
    """Return SQL whose per cent signs are escaped for the driver."""
    return sql.replace("%", "%%") if mark(1) == "%s" else sql
