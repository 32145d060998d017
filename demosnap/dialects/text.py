"""The pure half of a dialect: the text that it writes and reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from demosnap.dialects.file_pick_hooks import FilePickHooks
from demosnap.dialects.needed import NeededToLoad
from demosnap.dialects.query_hooks import QueryHooks
from demosnap.dialects.reference_hooks import ReferenceHooks
from demosnap.model import Column, Key, Marker, Table


class DialectText(QueryHooks, FilePickHooks, ReferenceHooks, NeededToLoad):
    """The hooks that need neither driver nor server; all of them are optional."""

    absent: ClassVar[bytes] = b"\x00\r"
    """The bytes that occur in no canonical row, whatever `literal_pattern` matches."""

    # ---------------------------------------------- optional, text: literals

    def is_literal(self, text: bytes, column: Column) -> bool:
        """Return whether the dialect's capture may write this for the column."""
        fits = re.fullmatch(self.literal_pattern(column), text) is not None
        return fits and not any(byte in self.absent for byte in text)

    def default_literal(self, column: Column) -> bytes | None:
        """Return a column's default as a literal; None: it has none, or a computed one."""
        text = (column.default or "").encode()
        return text if self.is_literal(text, column) else None

    # ------------------------------ optional, text: statements of a file

    def file_end(self) -> Sequence[str]:
        """Return the lines that end the transaction of `file_begin`."""
        return ("COMMIT;",)

    def file_last(self) -> Sequence[str]:
        """Return the lines after the query at the end of a file."""
        return ()

    def block_name(self, table: Table) -> str:
        """Return the table's name and its column list in the form of an INSERT."""
        columns = self.quote_columns(column.name for column in table.captured)
        return f"{self.quote_table(table.name)} ({columns})"

    def digest_name(self, table: Table) -> str:
        """Return the table's name and columns for the digest, quoting only format 1's words."""
        return self.as_at_first().block_name(table)

    def insert_head(self, table: Table) -> str:
        """Return the text of an INSERT up to and including `VALUES`."""
        return f"INSERT INTO {self.block_name(table)} VALUES"

    def key_predicate(self, columns: Sequence[Column], keys: Sequence[Key]) -> str:
        """Return the predicate of the rows with the given keys."""
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
        """Return the SQL with which a column is compared to match a literal."""
        return literal.decode()

    def update_statement(self, table: Table, key: Key, values: Mapping[str, bytes]) -> str:
        """Return the UPDATE of a row."""
        changes = ",".join(f"{self.quote(name)}={value.decode()}" for name, value in values.items())
        where = self.key_predicate(table.key_columns, [key])
        if own := self.own_rows(table):
            where += f" AND {own}"
        return f"UPDATE {self.quote_table(table.name)} SET {changes} WHERE {where}"

    def file_staging(
        self, tables: Sequence[Table]
    ) -> tuple[Sequence[str], Mapping[str, str], Sequence[str]] | None:
        """Return how a file loads tables that reference each other or themselves.

        The result is statements before the rows, the INSERT heads by table name, and statements
        after the rows. None: the rows are inserted directly into the tables.
        """
        return None

    def file_sequences(self, tables: Sequence[Table]) -> Sequence[str]:
        """Return the statements that advance the sequences of loaded tables, never lowering one."""
        return ()

    def file_positions(self, positions: Mapping[str, int]) -> Sequence[str]:
        """Return the statements that advance sequences to their positions at the capture.

        `positions` are by display name, as from `sequence_positions` of the live half.
        """
        return ()

    # ---------------------------------------- optional, text: predicates

    def own_rows(self, table: Table) -> str | None:
        """Return the predicate of a table's own rows; None: its plain name selects only these."""
        return None

    def holds_default(self, column: Column) -> str:
        """Return the predicate that a column holds its default, byte for byte."""
        return f"{self.quote(column.name)} = {column.default}"

    def oddly_marked(self, marker: Marker, column: Column) -> str:
        """Return the predicate of rows whose marker has a value, but neither true nor false.

        A capture only mentions them; by default it does not search for them.
        """
        return "1 = 0"

    def scenario_of(self, marker: Marker, column: Column, scenario_column: Column | None) -> str:
        """Return an expression of the scenario that a row names, NULL without one."""
        return "NULL" if scenario_column is None else self.quote(scenario_column.name)
