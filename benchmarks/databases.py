"""The databases that are measured on: made for it on the servers of the tests, and dropped."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import data
from benchmarks.measure import BenchmarkError
from demosnap import example

ROOT = Path(__file__).parents[1]


class NoServerError(Exception):
    """There is no server to make a database on."""


OWN_TABLES = ("demosnap_version", "demosnap_log")


class Database:
    """A database with the example's tables. `marked` is a predicate, as a user would write it."""

    dialect: str
    marked: str

    def __init__(self, found: Any) -> None:
        self.found = found
        self.url: str = found.url
        self.parts = sa.make_url(found.url)
        self.name = self.parts.database or ""
        with found.engine.begin() as connection:
            example.create_tables(connection)
        found.execute(*data.INDEXES)

    def fill(self, total: int, *, marked: bool | None = None) -> None:
        """Put the rows in, all or only the demo rows."""
        for table in data.TABLES:
            self._put(table, data.rows(table, total, marked=marked))
        self.settle()

    def _put(self, table: str, rows: Iterator[data.Row]) -> None:
        raise NotImplementedError

    def settle(self) -> None:
        """Do what the server would do in a quiet hour, so that no run has to."""

    def empty(self) -> None:
        """Take every row and demosnap's own tables out, as fast as the database can."""
        raise NotImplementedError

    def forget(self) -> None:
        """Take demosnap's own tables out: the database has never heard of it."""
        self.found.execute(*(f"DROP TABLE IF EXISTS {table}" for table in OWN_TABLES))

    def digest(self, *, marked: bool = False) -> str:
        """Return a digest of every value of every row, all rows or only the demo rows."""
        found = hashlib.sha256()
        for table in data.TABLES:
            where = f"WHERE {self.marked}" if marked else ""
            found.update(f"{table}\n".encode())
            for line in self._lines(table, f"{where} ORDER BY id"):
                found.update(line)
        return found.hexdigest()

    def _lines(self, table: str, tail: str) -> Iterator[bytes]:
        raise NotImplementedError

    def expect(self, digest: str, what: str) -> None:
        """Hold the rows against a digest.

        Raises:
            BenchmarkError: they are not the same.
        """
        if self.digest() != digest:
            counts = [self.found.rows(f"SELECT COUNT(*) FROM {t}")[0][0] for t in data.TABLES]
            raise BenchmarkError(
                f"{what}: the rows are not those of the source; there are {counts}"
            )

    def version(self) -> str:
        """Return the server's name and version."""
        ((version,),) = self.found.rows("SELECT VERSION()")
        return f"{self.dialect} {version}"


class SQLite(Database):
    """A database file."""

    dialect = "sqlite"
    marked = "json_extract(metadata, '$.demo_seed') = 1"

    def __init__(self, found: Any) -> None:
        super().__init__(found)
        self.file = Path(self.name)
        self._template = self.file.with_suffix(".template")
        shutil.copyfile(self.file, self._template)

    def _put(self, table: str, rows: Iterator[data.Row]) -> None:
        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            marks = ",".join("?" * len(data.COLUMNS[table]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            connection.commit()

    def empty(self) -> None:
        shutil.copyfile(self._template, self.file)

    def _lines(self, table: str, tail: str) -> Iterator[bytes]:
        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            for row in connection.execute(f"SELECT * FROM {table} {tail}"):
                yield repr(row).encode()

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"


class PostgreSQL(Database):
    """A database of a PostgreSQL server."""

    dialect = "postgresql"
    marked = "metadata->>'demo_seed' = 'true'"

    def __init__(self, found: Any) -> None:
        super().__init__(found)
        # It would come when it likes, between one contender and the next.
        found.execute(*(f"ALTER TABLE {t} SET (autovacuum_enabled = false)" for t in data.TABLES))

    def _put(self, table: str, rows: Iterator[data.Row]) -> None:
        with self.found.engine.begin() as connection:
            cursor = connection.connection.cursor()
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for lines in data.tab_separated(rows):
                    copy.write(lines)

    def settle(self) -> None:
        with self.found.engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.exec_driver_sql("VACUUM ANALYZE")
            alone.exec_driver_sql("CHECKPOINT")

    def empty(self) -> None:
        self.forget()
        self.found.execute("TRUNCATE vaults, projects, fragments, todos", "CHECKPOINT")

    def _lines(self, table: str, tail: str) -> Iterator[bytes]:
        with self.found.engine.connect() as connection:
            cursor = connection.connection.cursor()
            with cursor.copy(f"COPY (SELECT * FROM {table} {tail}) TO STDOUT") as copy:
                yield from map(bytes, copy)

    def version(self) -> str:
        ((version,),) = self.found.rows("SHOW server_version")
        return f"PostgreSQL {version}"


class MariaDB(Database):
    """A database of a MariaDB or MySQL server."""

    dialect = "mariadb"
    marked = "JSON_CONTAINS(metadata, 'true', '$.demo_seed')"

    def _put(self, table: str, rows: Iterator[data.Row]) -> None:
        marks = ",".join(["%s"] * len(data.COLUMNS[table]))
        with self.found.engine.begin() as connection:
            cursor = connection.connection.cursor()
            while batch := [row for _, row in zip(range(1000), rows, strict=False)]:
                cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", batch)

    def settle(self) -> None:
        self.found.execute(f"ANALYZE TABLE {', '.join(data.TABLES)}")

    def empty(self) -> None:
        self.forget()
        truncate = [f"TRUNCATE {table}" for table in reversed(data.TABLES)]
        self.found.execute("SET foreign_key_checks = 0", *truncate)

    def _lines(self, table: str, tail: str) -> Iterator[bytes]:
        # QUOTE shows NULL as a word without quotes.
        values = ", ',', ".join(f"QUOTE({column})" for column in data.COLUMNS[table])
        with self.found.engine.connect() as connection:
            streaming = connection.execution_options(stream_results=True, no_parameters=True)
            sql = f"SELECT SHA1(CONCAT({values})) FROM {table} {tail}"
            for (line,) in streaming.exec_driver_sql(sql):
                yield line.encode()


_KINDS: dict[str, type[Database]] = {"sqlite": SQLite, "postgresql": PostgreSQL, "mariadb": MariaDB}
DIALECTS = tuple(_KINDS)


def make(dialect: str, folder: Path, name: str, stack: contextlib.ExitStack) -> Database:
    """Make a database with empty tables, dropped when `stack` ends.

    Raises:
        NoServerError: there is no server for it.
    """
    place = folder / name
    place.mkdir(parents=True)
    making: Iterator[Any] = _of_tests().make_database(dialect, place)
    try:
        found = next(making)
    except BaseException as error:
        # What pytest skips with is no Exception.
        if type(error).__name__ in ("Skipped", "Failed"):
            raise NoServerError(str(error)) from None
        raise
    stack.callback(next, making, None)
    return _KINDS[dialect](found)


def _of_tests() -> Any:
    folder = str(ROOT / "tests")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module("support.databases")
