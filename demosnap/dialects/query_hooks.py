"""How a SQL variety writes what the standard leaves open, or what many do not take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class QueryHooks:
    """The part of a dialect that is about single clauses of queries."""

    from_nothing: ClassVar[str] = ""
    """What stands behind a SELECT that reads no table, such as ` FROM dual`."""

    rows_in_insert: ClassVar[int] = 1000
    """The most rows of an INSERT in a file: 1 where an INSERT takes no more. Never changed: a file
    that is divided otherwise is not read."""

    row_values: ClassVar[bool] = True
    """Whether several values can stand together before an IN."""

    creates_if_not_exists: ClassVar[bool] = True
    """Whether CREATE TABLE takes IF NOT EXISTS."""

    table_options: ClassVar[str] = ""
    """What ends the CREATE TABLE of demosnap's own tables, so that they can be rolled back."""

    def limited(self, query: str, rows: int) -> str:
        """Return a query cut to its first rows; `rows` may be 0, which asks only if it is valid."""
        return f"{query} LIMIT {rows}"

    def count_up_to(self, source: str, rows: int) -> str:
        """Return the query that counts the rows of a source, and stops counting at a number.

        `source` is what stands behind FROM.
        """
        first = self.limited(f"SELECT 1 AS n FROM {source}", rows)
        return f"SELECT COUNT(*) FROM ({first}) AS some_rows"

    def among(
        self, values: Sequence[str], shown: Sequence[str], source: str, where: str | None = None
    ) -> str:
        """Return the predicate that values stand together in a row of a source.

        `values` are expressions, `shown` as many quoted columns of the source, in the same order;
        `where` is a predicate of its rows. The names in `shown` and in `where` are the source's.
        """
        filter_ = f" WHERE {where}" if where else ""
        if len(values) > 1 and not self.row_values:
            names = [f"demosnap_{n}" for n in range(len(shown))]
            listed = ", ".join(f"{one} AS {n}" for one, n in zip(shown, names, strict=True))
            same = " AND ".join(f"{n} = {value}" for n, value in zip(names, values, strict=True))
            rows = f"(SELECT {listed} FROM {source}{filter_}) demosnap_among"
            return f"EXISTS (SELECT 1 FROM {rows} WHERE {same})"
        left = ",".join(values)
        if len(values) > 1:
            left = f"({left})"
        return f"{left} IN (SELECT {','.join(shown)} FROM {source}{filter_})"

    def file_create_table(self, name: str, definition: str) -> str:
        """Return the statement of a file that makes a table unless there is one.

        `definition` is what stands behind the quoted name.
        """
        return f"CREATE TABLE IF NOT EXISTS {name} {definition};"
