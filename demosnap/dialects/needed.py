"""What every SQL variety must bring: first what a capture needs, then what a load needs beside it.

All other hooks are optional: they are methods of the other base classes, with defaults that work.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from demosnap.dialects.counted import Counted
from demosnap.model import Column, Marker, Table, Value

if TYPE_CHECKING:
    from sqlalchemy import Connection


class NeededToCapture(ABC):
    """Needed to capture: from the database into a file."""

    name: ClassVar[str]
    """SQLAlchemy's name of the dialect."""

    reserved: ClassVar[frozenset[str]]
    """The words, in lower case, that name nothing unless they are quoted. It may grow: a file that
    was written before is read as well."""

    # ------------------------------------------------------------------ text

    @abstractmethod
    def literal_pattern(self, column: Column) -> bytes:
        """Return the regular expression (bytes, no groups that capture) of the column's literals.

        It matches exactly what `read_rows` may yield for the column, the bytes of `absent` aside;
        `NULL` only if the column is nullable or its dialect cannot tell.
        """

    @abstractmethod
    def file_begin(self, predicates: Iterable[str] = ()) -> Sequence[str]:
        """Return the lines that make the database's own client load all or nothing.

        `predicates` are those that the file uses.
        """

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

        Raises:
            ConfigError: the database cannot look into JSON; `can_hold_marker` says so before.
        """

    # ------------------------------------------------------------------ live

    @abstractmethod
    def reflect_columns(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Column, ...]]:
        """Return the columns of tables (display names), in declared order.

        `Column.type` is what `literal_pattern`, `decode` and `encode` go by, and what a file says.
        """

    @abstractmethod
    def read_rows(
        self, connection: Connection, table: Table, predicate: str, counted: Counted | None = None
    ) -> Iterator[bytes]:
        """Yield the rows that the predicate picks, in canonical order and form (UTF-8).

        Each is the text between the parentheses; columns as in `table.captured`. Predicates to
        be `counted` are counted on the way.

        Raises:
            DatabaseError: a value has no literal; names table, row and column.
        """


class NeededToLoad(ABC):
    """Needed to load: from a file, of this dialect or another one, into the database."""

    # ------------------------------------------------------------------ text

    @abstractmethod
    def decode(self, literal: bytes, column: Column) -> Value:
        """Turn a literal of the column into a value that other dialects understand."""

    @abstractmethod
    def encode(self, value: Value, column: Column) -> bytes:
        """Render a value as this dialect's canonical literal for the column.

        Raises:
            ValueError: the column's type cannot hold the value; the text says why.
        """

    # ------------------------------------------------------------------ live

    @abstractmethod
    def write_rows(self, connection: Connection, table: Table, rows: Iterable[bytes]) -> int:
        """Insert canonical rows of this dialect and return how many the database took.

        The rows were checked against the grammar. `table` holds the live definition of the
        columns that the snapshot has.

        Raises:
            RowsNotTakenError: rows went in otherwise than they were given, or not at all.
        """
