"""The pure half of a dialect: what text it writes and reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from demosnap.dialects.file_pick_hooks import FilePickHooks
from demosnap.dialects.needed import NeededToLoad
from demosnap.dialects.query_hooks import QueryHooks
from demosnap.model import Column, Key, Marker, Table


class DialectText(QueryHooks, FilePickHooks, NeededToLoad):
    """What needs neither driver nor server; all of it is optional."""

    absent: ClassVar[bytes] = b"\x00\r"
    """The bytes that no canonical row holds, whatever `literal_pattern` matches."""

    # ---------------------------------------------- optional, text: literals

    def is_literal(self, text: bytes, column: Column) -> bool:
        """Return whether the dialect's capture may write this for the column."""
        fits = re.fullmatch(self.literal_pattern(column), text) is not None
        return fits and not any(byte in self.absent for byte in text)

    def default_literal(self, column: Column) -> bytes | None:
        """Return a column's default as a literal; None: it has none, or one that is computed."""
        text = (column.default or "").encode()
        return text if self.is_literal(text, column) else None

    # ------------------------------ optional, text: statements of a file

    def file_end(self) -> Sequence[str]:
        """Return the lines that end what `file_begin` began."""
        return ("COMMIT;",)

    def file_last(self) -> Sequence[str]:
        """Return the lines after the query at the end of a file."""
        return ()

    def block_name(self, table: Table) -> str:
        """Return the table's name and its column list as an INSERT has them."""
        columns = self.quote_columns(column.name for column in table.captured)
        return f"{self.quote_table(table.name)} ({columns})"

    def digest_name(self, table: Table) -> str:
        """Return the same as the digest has it, whatever words are reserved since."""
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

    # ---------------------------------------- optional, text: predicates

    def own_rows(self, table: Table) -> str | None:
        """Return the predicate of a table's own rows; None: its plain name shows no others."""
        return None

    def holds_default(self, column: Column) -> str:
        """Return the predicate that a column with a default holds it, to the byte."""
        return f"{self.quote(column.name)} = {column.default}"

    def oddly_marked(self, marker: Marker, column: Column) -> str:
        """Return the predicate of rows whose marker has a value other than true, false or none.

        A capture only mentions them; by default it does not look for them.
        """
        return "1 = 0"

    def scenario_of(self, marker: Marker, column: Column, scenario_column: Column | None) -> str:
        """Return an expression of the scenario that a row names, NULL where it names none."""
        return "NULL" if scenario_column is None else self.quote(scenario_column.name)
