"""The pure half of a dialect: what text it writes and reads."""

from __future__ import annotations

import copy
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from demosnap.dialects.file_pick_hooks import FilePickHooks
from demosnap.dialects.keywords import KEYWORDS
from demosnap.dialects.query_hooks import QueryHooks
from demosnap.model import Column, Key, Marker, Table, Value, split_name

if TYPE_CHECKING:
    from typing_extensions import Self

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")


class DialectText(QueryHooks, FilePickHooks, ABC):
    """What needs neither driver nor server."""

    name: ClassVar[str]
    """SQLAlchemy's name of the dialect."""

    quote_character: ClassVar[str] = '"'

    later_keywords: frozenset[str] = frozenset()
    """The words that this dialect reserves beside those of format 1 of the snapshot file."""

    at_first: bool = False
    """Whether files are those of the first versions of demosnap, which quoted none of these."""

    absent: ClassVar[bytes] = b"\x00\r"
    """The bytes that no canonical row holds, whatever `literal_pattern` matches."""

    # ------------------------------------------------------------------ text: names and literals

    def quote(self, name: str) -> str:
        """Quote an identifier unless it is plain lower case and no keyword."""
        plain = _PLAIN_NAME.match(name) and name not in KEYWORDS
        if plain and (self.at_first or name not in self.later_keywords):
            return name
        q = self.quote_character
        return q + name.replace(q, q + q) + q

    def as_at_first(self) -> Self:
        """Return this dialect as the first versions of demosnap wrote files."""
        found = copy.copy(self)
        found.at_first = True
        return found

    def quote_table(self, table: str) -> str:
        """Quote a table given by its display name, with its namespace if it has one."""
        return ".".join(self.quote(part) for part in split_name(table) if part is not None)

    def rows_of(self, table: Table) -> str:
        """Return what stands behind FROM for the rows of a table and of no other."""
        return self.quote_table(table.name)

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

    def file_last(self) -> Sequence[str]:
        """Return the lines after the query at the end of a file."""
        return ()

    def block_name(self, table: Table) -> str:
        """Return the table's name and its column list as an INSERT has them."""
        columns = self.quote_columns(column.name for column in table.captured)
        return f"{self.quote_table(table.name)} ({columns})"

    def digest_name(self, table: Table) -> str:
        """Return the same as the digest has it: quoted by the words of format 1 alone."""
        return self.as_at_first().block_name(table)

    def insert_head(self, table: Table) -> str:
        """Return the text of an INSERT up to and including `VALUES`."""
        return f"INSERT INTO {self.block_name(table)} VALUES"

    def key_predicate(self, columns: Sequence[Column], keys: Sequence[Key]) -> str:
        """Return the predicate of the rows that have one of some keys."""
        names = [self.quote(one.name) for one in columns]
        if len(columns) == 1 and len(keys) > 1:
            literals = ",".join(self.compared(key[0], columns[0]) for key in keys)
            return f"{names[0]} IN ({literals})"
        return " OR ".join(
            " AND ".join(
                f"{name} = {self.compared(literal, column)}"
                for name, column, literal in zip(names, columns, key, strict=True)
            )
            for key in keys
        )

    def compared(self, literal: bytes, column: Column) -> str:
        """Return the SQL that a column is equal to where it holds what a literal says."""
        return literal.decode()

    def update_statement(self, table: Table, key: Key, values: Mapping[str, bytes]) -> str:
        """Return the UPDATE of one row."""
        changes = ",".join(f"{self.quote(name)}={value.decode()}" for name, value in values.items())
        where = self.key_predicate(table.key_columns, [key])
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

    def file_positions(self, positions: Mapping[str, int]) -> Sequence[str]:
        """Return the statements that advance sequences to where they stood at the capture.

        `positions` are by display name, as `sequence_positions` of the live half tells them.
        """
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
