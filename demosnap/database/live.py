"""A live database: its connection, its dialect and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from demosnap.columns import comparing_without
from demosnap.dialects.base import Dialect, execute
from demosnap.model import Key, Table, Treatments, split_name
from demosnap.rows.canonical import split


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
    columns: Treatments = field(default_factory=dict)
    """The columns that demosnap.yaml says not to capture, or not to compare."""

    def compared(self) -> Database:
        """Return the database for a comparison, which leaves these columns out."""
        found = {name: self.tables[name] for name in self.columns if name in self.tables}
        marked = {n: comparing_without(table, self.columns[n]) for n, table in found.items()}
        return replace(self, tables={**self.tables, **marked}) if marked else self

    namespaces: frozenset[str] | None = None
    """The namespaces, besides the default one, in which the marker picks rows (None: in all)."""

    @property
    def searched(self) -> list[str]:
        """The tables in which the marker picks rows; the others are known for their references."""
        return [name for name in self.tables if self.searches(name)]

    def searches(self, name: str) -> bool:
        """Return whether something with this display name is in one of these namespaces."""
        namespace = split_name(name)[0]
        return self.namespaces is None or namespace is None or namespace in self.namespaces

    def count(self, source: str, where: str) -> int:
        """Return the number of rows of `source`, a text after FROM, that a predicate picks."""
        sql = f"SELECT COUNT(*) FROM {source} WHERE {where}"
        return int(execute(self.connection, sql).scalar())

    def keys(self, table: Table, where: str, columns: Sequence[str] = ()) -> Iterator[Key]:
        """Yield the keys of the rows that a predicate picks, or their values of `columns`."""
        narrow = only_key(table, columns)
        for row in self.dialect.read_rows(self.connection, narrow, where):
            yield tuple(split(row))

    def advance_sequences(self, tables: Sequence[Table]) -> None:
        """Advance the sequences of loaded tables past the loaded values; never lower a sequence."""
        if not self.rehearsing:
            self.dialect.advance_sequences(self.connection, tables)

    def restore_positions(self, positions: Mapping[str, int]) -> None:
        """Advance sequences to their recorded positions, by name; never lower a sequence."""
        if not self.rehearsing:
            self.dialect.restore_positions(self.connection, positions)


def only_key(table: Table, columns: Sequence[str] = ()) -> Table:
    """Return a table of which only the key is read; `columns` are those of another key."""
    key = tuple(columns) or table.key
    return replace(table, key=key, columns=tuple(table.column(column) for column in key))
