"""A live database: its connection, its dialect and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from demosnap.dialects.base import Dialect
from demosnap.model import Table


@dataclass(frozen=True, slots=True)
class Database:
    """What planning and acting need to know of the database: one connection, read once."""

    connection: Connection
    dialect: Dialect
    tables: Mapping[str, Table]
    rehearsing: bool = False
    """Whether all that is done is undone: then nothing may be done that a rollback leaves."""

    def advance_sequences(self, tables: Sequence[Table]) -> None:
        """Advance the sequences of loaded tables past the loaded values; never lower one."""
        if not self.rehearsing:
            self.dialect.advance_sequences(self.connection, tables)

    def restore_positions(self, positions: Mapping[str, int]) -> None:
        """Advance sequences to where they stood; never lower one."""
        if not self.rehearsing:
            self.dialect.restore_positions(self.connection, positions)
