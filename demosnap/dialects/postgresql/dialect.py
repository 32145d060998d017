"""PostgreSQL 12 or newer, through psycopg 3.

A row's text is a CSV record with `'` as its quote, so COPY reads and writes rows unchanged.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from demosnap.dialects import readers
from demosnap.dialects.base import Counted, execute
from demosnap.dialects.postgresql import fingerprint
from demosnap.dialects.postgresql import pick as picks
from demosnap.dialects.postgresql import rows as rows_of
from demosnap.dialects.postgresql import session as sessions
from demosnap.dialects.postgresql.connection import PostgreSQLConnection
from demosnap.dialects.postgresql.keys import PostgreSQLKeys
from demosnap.dialects.postgresql.namespaces import PostgreSQLNamespaces
from demosnap.dialects.postgresql.sequences import PostgreSQLSequences
from demosnap.dialects.postgresql.text import references_itself
from demosnap.dialects.postgresql.trial import PostgreSQLTrial
from demosnap.dialects.postgresql.triggers import PostgreSQLTriggers
from demosnap.dialects.postgresql.views import PostgreSQLViews
from demosnap.model import Key, RowUpdate, Table
from demosnap.rows.spool import KEYS

if TYPE_CHECKING:
    from sqlalchemy import Connection

_FEW = 50
"""The most rows that are changed one by one."""


class PostgreSQLDialect(
    PostgreSQLConnection,
    PostgreSQLKeys,
    PostgreSQLNamespaces,
    PostgreSQLSequences,
    PostgreSQLTrial,
    PostgreSQLTriggers,
    PostgreSQLViews,
):
    """PostgreSQL 12 or newer, through psycopg 3."""

    errors_end_transactions = True

    # ------------------------------------------------------------------ live: definitions

    def has_table(self, connection: Connection, name: str) -> bool:
        """Return whether the first namespace of the search path has a table of this name."""
        found = f"SELECT {sessions.OWN_TABLE.format(self.string(name))} IS NOT NULL"
        return bool(execute(connection, found).scalar())

    def fingerprint(self, connection: Connection, tables: Sequence[Table]) -> str:
        """Return a text of the catalogs' definitions."""
        names = self.literals(table.name for table in tables)
        return fingerprint.fingerprint(connection, names.values())

    # ------------------------------------------------------------------ live: rows

    def read_rows(
        self, connection: Connection, table: Table, predicate: str, counted: Counted | None = None
    ) -> Iterator[bytes]:
        """Yield the rows that COPY sends, without the mark for `counted`.

        Leaving the iterator before its end cancels the COPY, and with it the transaction.
        """
        driver = sessions.driver(connection)
        utf8 = driver.info.parameter_status("server_encoding") == "UTF8"
        columns, options = rows_of.select_columns(
            (self.quote(column.name), column) for column in table.captured
        )
        by = ", ".join(
            rows_of.order(self.quote(column.name), column, utf8) for column in table.ordering
        )
        source = self.rows_of(table)
        mark = ""
        if counted:
            # The server's default name may be a column's, and would then get that column's options.
            name = "mark"
            while any(column.name == name for column in table.columns):
                name += "_"
            mark = f"{'||'.join(counted.flags)} AS {name}, "
        select = f"SELECT {mark}{columns} FROM {source} WHERE {predicate} ORDER BY {by}"

        def copied() -> Generator[list[bytes], None, None]:
            with (
                sessions.warnings_are_errors(driver),
                rows_of.copy_out(driver, select, options, counted) as batches,
            ):
                yield from batches

        return readers.rows(connection, copied())

    def pick(
        self, connection: Connection, table: Table, where: str, number: int, *, users: bool = True
    ) -> str:
        """Note the physical places of rows, in a temporary table if possible."""
        return picks.pick(connection, self.rows_of(table), where, number, users=users)

    def write_rows(self, connection: Connection, table: Table, rows: Iterable[bytes]) -> int:
        """Insert by COPY, or by INSERT for tables with a column that COPY cannot read."""
        driver = sessions.driver(connection)
        bulk = rows_of.bulk_safe(table)
        if not bulk and references_itself(table):
            return self.write_cyclic(connection, [(table, rows)])
        with sessions.warnings_are_errors(driver):
            if bulk:
                return rows_of.copy_in(driver, self.block_name(table), rows)
            return rows_of.insert(driver, self.insert_head(table), rows)

    def write_cyclic(
        self, connection: Connection, tables: Sequence[tuple[Table, Iterable[bytes]]]
    ) -> int:
        """Insert into temporary tables, and from there in a single statement."""
        staging = self.file_staging([table for table, _ in tables])
        if staging is None:
            return super().write_cyclic(connection, tables)
        before, heads, (insert, drop) = staging
        driver = sessions.driver(connection)
        with sessions.warnings_are_errors(driver):
            rows_of.run(driver, before)
            for table, rows in tables:
                head = heads[table.name]
                if rows_of.bulk_safe(table):
                    target = head.removeprefix("INSERT INTO ").removesuffix(" VALUES")
                    rows_of.copy_in(driver, target, rows)
                else:
                    rows_of.insert(driver, head, rows)
            count = execute(connection, insert).scalar()
            rows_of.run(driver, [drop])
        return int(count)

    def update_rows(
        self, connection: Connection, table: Table, updates: Iterable[RowUpdate]
    ) -> int:
        """Update many rows in a single statement, from a temporary table; few rows one by one."""
        by_columns: dict[tuple[str, ...], list[RowUpdate]] = {}
        for update in updates:
            by_columns.setdefault(tuple(update[1]), []).append(update)
        count = 0
        driver = sessions.driver(connection)
        for names, found in by_columns.items():
            if len(found) < _FEW:
                count += super().update_rows(connection, table, found)
                continue
            changes = ",".join(f"{self.quote(name)} = s.{self.quote(name)}" for name in names)
            same = " AND ".join(f"t.{self.quote(k)} = s.{self.quote(k)}" for k in table.key)
            with sessions.warnings_are_errors(driver):
                rows = (b",".join((*key, *values.values())) for key, values in found)
                self._stage(driver, "demosnap_update", table, (*table.key, *names), rows)
                sql = (
                    f"UPDATE {self.rows_of(table)} AS t SET {changes}"
                    f" FROM pg_temp.demosnap_update s WHERE {same}"
                )
                count += execute(connection, sql).rowcount
                rows_of.run(driver, ["DROP TABLE pg_temp.demosnap_update"])
        return count

    def delete_rows(
        self, connection: Connection, deletes: Sequence[tuple[Table, str]]
    ) -> list[int]:
        """Delete in a single statement, so that no predicate sees another's deletions."""
        found = [f"{self.rows_of(table)} WHERE {predicate}" for table, predicate in deletes]
        with sessions.warnings_are_errors(sessions.driver(connection)):
            return _delete(connection, found)

    def delete_keys(
        self, connection: Connection, deletes: Sequence[tuple[Table, Iterable[Key]]]
    ) -> list[int]:
        """Delete in a single statement, from temporary tables if there are many keys."""
        streams = [(table, iter(keys)) for table, keys in deletes]
        found = [(table, list(itertools.islice(keys, KEYS + 1)), keys) for table, keys in streams]
        if all(len(first) <= KEYS for _, first, _ in found):
            some = [(table, first) for table, first, _ in found if first]
            gone = self.delete_rows(
                connection,
                [(table, self.key_predicate(table.key_columns, first)) for table, first in some],
            )
            counts = {table.name: n for (table, _), n in zip(some, gone, strict=True)}
            return [counts.get(table.name, 0) for table, _, _ in found]
        driver = sessions.driver(connection)
        sources, names = [], []
        with sessions.warnings_are_errors(driver):
            for number, (table, first, rest) in enumerate(found, 1):
                names.append(f"demosnap_delete_{number}")
                rows = (b",".join(key) for key in itertools.chain(first, rest))
                self._stage(driver, names[-1], table, table.key, rows)
                same = " AND ".join(f"t.{self.quote(k)} = s.{self.quote(k)}" for k in table.key)
                using = f"USING pg_temp.{names[-1]} s WHERE {same}"
                sources.append(f"{self.rows_of(table)} AS t {using}")
            gone = _delete(connection, sources)
            rows_of.run(driver, [f"DROP TABLE pg_temp.{name}" for name in names])
        return gone

    def _stage(
        self, driver: Any, name: str, table: Table, columns: Sequence[str], rows: Iterable[bytes]
    ) -> None:
        """Insert rows with some columns of a table into a temporary table."""
        shown = self.quote_columns(columns)
        create = (
            f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS SELECT {shown}"
            f" FROM {self.quote_table(table.name)} WITH NO DATA"
        )
        rows_of.run(driver, [create])
        narrow = replace(table, columns=tuple(table.column(c) for c in columns))
        if rows_of.bulk_safe(narrow):
            rows_of.copy_in(driver, f"pg_temp.{name} ({shown})", rows)
        else:
            rows_of.insert(driver, f"INSERT INTO pg_temp.{name} ({shown}) VALUES", rows)


def _delete(connection: Connection, sources: Sequence[str]) -> list[int]:
    """Delete, by one statement, what stands behind each DELETE FROM; return rows per source."""
    if not sources:
        return []
    named = {f"gone_{number}": source for number, source in enumerate(sources, 1)}
    parts = (f"{name} AS (DELETE FROM {source} RETURNING 1)" for name, source in named.items())
    counts = (f"(SELECT count(*) FROM {name}) AS {name}" for name in named)
    return list(execute(connection, f"WITH {', '.join(parts)} SELECT {', '.join(counts)}").one())
