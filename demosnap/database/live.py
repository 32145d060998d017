"""A live database: its connection, its dialect and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from demosnap.dialects.base import Dialect
from demosnap.model import Table


@dataclass(frozen=True, slots=True)
class Database:
    """A connection with the table definitions that planning and acting use; reflected once."""

    connection: Connection
    dialect: Dialect
    tables: Mapping[str, Table]
    rehearsing: bool = False
    """Whether all changes will be rolled back.

    Sequences, which a rollback does not restore, then stay unchanged.
    """

    def advance_sequences(self, tables: Sequence[Table]) -> None:
        """Advance the sequences of loaded tables past the loaded values; never lower a sequence."""
        if not self.rehearsing:
            self.dialect.advance_sequences(self.connection, tables)

    def restore_positions(self, positions: Mapping[str, int]) -> None:
        """Advance sequences to their recorded positions, by name; never lower a sequence."""
        if not self.rehearsing:
            self.dialect.restore_positions(self.connection, positions)
