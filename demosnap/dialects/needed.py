"""The hooks that every SQL variety must bring: those for a capture, then those for a load.

All other hooks are optional: they are methods of the other base classes, with working defaults.
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
    """The words, in lower case, that need quotes as names.

    The set may grow later, since older files stay readable.
    """

    # ------------------------------------------------------------------ text

    @abstractmethod
    def literal_pattern(self, column: Column) -> bytes:
        """Return the regular expression of the column's literals, as bytes, without groups.

        It matches exactly what `read_rows` may yield for the column, apart from the bytes of
        `absent`; `NULL` only if the column is nullable or its dialect cannot know.
        """

    @abstractmethod
    def file_begin(self, predicates: Iterable[str] = ()) -> Sequence[str]:
        """Return the lines that make the database's own client load all or nothing.

        `predicates` are those used in the file.
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

        A row is marked by the JSON boolean true, by the string `true` (compared by bytes), or by a
        boolean column that is true. Malformed JSON is unmarked and never an error. `default`:
        marked rows without a scenario count as well.

        Raises:
            ConfigError: the database has no JSON functions; `can_hold_marker` reports this
                earlier.
        """

    # ------------------------------------------------------------------ live

    @abstractmethod
    def reflect_columns(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Column, ...]]:
        """Return the columns of tables (display names), in declared order.

        `literal_pattern`, `decode` and `encode` use `Column.type`, which is also written to files.
        """

    @abstractmethod
    def read_rows(
        self, connection: Connection, table: Table, predicate: str, counted: Counted | None = None
    ) -> Iterator[bytes]:
        """Yield the rows that the predicate picks, in canonical order and form (UTF-8).

        Each row is the text between the parentheses, with the columns of `table.captured`.
        Predicates in `counted` are counted at the same time.

        Raises:
            DatabaseError: a value has no literal; the message names table, row and column.
        """


class NeededToLoad(ABC):
    """Needed to load: from a file of any dialect into the database."""

    # ------------------------------------------------------------------ text

    @abstractmethod
    def decode(self, literal: bytes, column: Column) -> Value:
        """Convert a literal of the column to a value that other dialects understand."""

    @abstractmethod
    def encode(self, value: Value, column: Column) -> bytes:
        """Render a value as this dialect's canonical literal for the column.

        Raises:
            ValueError: the column's type cannot hold the value; the text continues after "it".
        """

    # ------------------------------------------------------------------ live

    @abstractmethod
    def write_rows(self, connection: Connection, table: Table, rows: Iterable[bytes]) -> int:
        """Insert canonical rows of this dialect; return how many the database inserted.

        The rows were checked against the grammar. `table` has the live definition of the
        snapshot's columns.

        Raises:
            RowsNotTakenError: the database changed rows, or did not insert them.
        """
