"""Snapshot files: the writer, and the strict reader that accepts only the writer's files.

A file is the header, then a section per table: INSERTs with a row per line, divided by
`layout.Grouping`; then the footer. Header and footer depend only on the header's values and the
selection, so the reader renders them again and compares bytes. Only rows are parsed, by
`checked_rows` or by `unchecked_rows`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from demosnap import dialects
from demosnap.dialects.base import Dialect
from demosnap.errors import DatabaseError, ScriptError, SnapshotError
from demosnap.model import Header, Selection, Table
from demosnap.rows.canonical import Rows, batches, show_key
from demosnap.snapshot import checked_rows, spelling
from demosnap.snapshot.bounded_file import MAX_LINE, Source, not_utf_8, restore_hint, too_large
from demosnap.snapshot.checked_rows import CheckedReading
from demosnap.snapshot.definitions import excerpt
from demosnap.snapshot.header import (
    heading,
    parse_header,
    parts_after_rows,
    render_footer,
    render_header,
    variants_before_rows,
)
from demosnap.snapshot.layout import Grouping, Order, Section, sections, statements
from demosnap.snapshot.unchecked_rows import UncheckedReading
from demosnap.visible import as_many

__all__ = [
    "Block",
    "SnapshotReader",
    "SnapshotWriter",
    "groups",
    "render_footer",
    "render_header",
    "verify",
]


_BUFFER = 1 << 20

_MOVED = 1 << 20
"""The number of bytes to move at once."""

_DIGITS = 64
"""An upper bound of the digits in a row count of the header."""

# ---------------------------------------------------------------------- writer


class SnapshotWriter:
    """Writer of a snapshot file; a context manager that removes the file on an exception.

    `path` is overwritten: pass a temporary file, and rename it. The header contains row counts, so
    rows are written first, behind reserved space, and then moved to the end of the header.
    `header` must have the row counts of all tables that reference each other in a cycle, and may
    have others. `digest` (hex), `size` (bytes) and `rows` (rows per table) exist after `close`,
    which leaving the context calls.

    Raises:
        SnapshotError: the file cannot be written, or the header cannot be read back.
        ScriptError: the selection names something that the header's tables lack.
    """

    digest: str
    size: int
    rows: dict[str, int]

    def __init__(
        self, path: str | Path, header: Header, selection: Selection, dialect: Dialect
    ) -> None:
        self._path = Path(path)
        self._header = header
        self._selection = selection
        self._dialect = dialect
        self._tables = list(header.tables)
        self._counts: dict[str, int] = {}
        self._sha = hashlib.sha256()
        names = [table.name for table in header.tables]
        likely = replace(header, rows={**dict.fromkeys(names, 1), **header.rows})
        self._sections = sections(likely, dialect)
        top = render_header(likely, selection, dialect).encode()
        parse_header(io.BytesIO(top), str(path))
        render_footer(likely, selection, dialect)
        # The header names the largest table, and has the count of every table.
        self._room = len(top) + max(len(heading(name).encode()) for name in names)
        self._room += _DIGITS * (len(names) + 1)
        with self._writing():
            self._file = self._path.open("w+b", buffering=_BUFFER)
            self._file.seek(self._room)

    def __enter__(self) -> SnapshotWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.close()
        finally:
            if not hasattr(self, "digest"):
                self._remove()

    def write_block(self, table: Table, rows: Iterable[bytes]) -> int:
        """Write a table's canonical rows and return their number; tables come in header order.

        Raises:
            DatabaseError: the number of rows differs from the header, or a row is out of order,
                too large, or does not fit the table.
            SnapshotError: the file cannot be written.
        """
        expected = self._tables.pop(0)
        if expected.name != table.name:
            raise ValueError(f"{table.name} is written, but {expected.name} comes next")
        self._sha.update(self._dialect.digest_name(table).encode() + b"\n")
        section = self._sections.get(table.name, Section("", "", ""))
        head = f"{section.head}(".encode()
        start = section.before.encode()
        order = Order(table)
        # The reader's other checks are made here already, or hold by construction.
        accepts = checked_rows.matcher(table, self._dialect)
        count = 0
        for group in groups(self._dialect, table, rows):
            wrong = order.first_wrong(group)
            if wrong is not None:
                raise DatabaseError(
                    f"{table.name}: the row {_key(table, group[wrong])} is out of order or "
                    f"duplicate",
                    "The table changed while it was read, or the database sorts differently than "
                    "demosnap expects, which is a bug in demosnap.",
                )
            text = b"\n".join(group)
            if not_utf_8(text) is not None:
                wrong = next(i for i, row in enumerate(group) if not_utf_8(row) is not None)
                raise DatabaseError(
                    f"{table.name}: the row {_key(table, group[wrong])} holds text"
                    " that is not UTF-8",
                    "Correct the value in the database: a snapshot is UTF-8.",
                )
            if not all(map(accepts, group)) or any(byte in text for byte in self._dialect.absent):
                row = next(checked_rows.wrong_rows(table, self._dialect, group))
                raise DatabaseError(
                    f"{table.name}: the row {_key(table, row)} cannot be captured, since every "
                    f"load would fail on it{checked_rows.blamed(table, self._dialect, row)}",
                    "The database holds a value that the table's definition excludes. Correct the "
                    "row or"
                    " the definition, or leave the row out of the demo data.",
                )
            with self._writing():
                self._file.write(start + head + b"),\n(".join(group) + b");\n")
            self._sha.update(text)
            self._sha.update(b"\n")
            count += len(group)
            start = b""
        if count:
            with self._writing():
                self._file.write(section.after.encode())
        if count != (counted := self._header.rows.get(table.name, count)):
            raise DatabaseError(
                f"{table.name}: {as_many(count, 'read')} where {as_many(counted, 'counted')}",
                "Another session wrote to it in the meantime. Try again.",
            )
        self._counts[table.name] = count
        return count

    def close(self) -> None:
        """Write header, rows and footer, and sync the file to disk.

        Raises:
            SnapshotError: the file cannot be written.
        """
        if self._file.closed:
            return
        if self._tables:
            raise ValueError(f"{self._tables[0].name} was not written")
        header = replace(self._header, rows=self._counts)
        top = render_header(header, self._selection, self._dialect).encode()
        if len(top) > self._room:
            raise ValueError(f"the header of {self._path} is larger than the space for it")
        with self._writing(), self._file as file:
            file.flush()
            _move(file.fileno(), self._room, len(top))
            file.seek(0)
            file.write(top)
            file.seek(0, os.SEEK_END)
            file.write(render_footer(header, self._selection, self._dialect).encode())
            file.flush()
            os.fsync(file.fileno())
            self.size = file.tell()
        self.rows = self._counts
        self.digest = self._sha.hexdigest()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._remove()
            reason = error.strerror or str(error)
            raise SnapshotError(f"cannot be written: {reason}", str(self._path)) from error

    def _remove(self) -> None:
        if hasattr(self, "_file"):
            with contextlib.suppress(OSError):
                self._file.close()
        with contextlib.suppress(OSError):
            self._path.unlink()


def _move(file: int, start: int, to: int) -> None:
    """Move the bytes from `start` to the end back to `to`, and truncate the file."""
    while piece := memoryview(os.pread(file, _MOVED, start)):
        start += len(piece)
        while piece:
            written = os.pwrite(file, piece, to)
            to += written
            piece = piece[written:]
    os.ftruncate(file, to)


def groups(dialect: Dialect, table: Table, rows: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the rows of each INSERT.

    Raises:
        DatabaseError: a row exceeds the maximum size.
    """
    grouping = Grouping(dialect.rows_in_insert)
    group: list[bytes] = []
    for batch in batches(rows):
        if max(map(len, batch)) > MAX_LINE:
            _check_size(table, batch)
        start = 0
        for place in grouping.starts(batch):
            group += batch[start:place]
            if group:
                yield group
            group, start = [], place
        group += batch[start:]
    if group:
        yield group


def _check_size(table: Table, rows: Iterable[bytes]) -> None:
    for row in rows:
        if reason := too_large(row):
            raise DatabaseError(
                f"{table.name}: the row {_key(table, row)} is {reason}",
                "Leave it out of the demo data, or move the value to a file.",
            )


# ---------------------------------------------------------------------- reader


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of a table inside a snapshot, to be consumed before the next block."""

    table: Table
    rows: Rows


class SnapshotReader:
    """Reader of a snapshot file; the constructor reads only the header.

    `digest` (hex) and `rows` (rows per table) exist after all of `blocks` was consumed.

    Raises:
        SnapshotError: the file cannot be read, or its header is malformed.
    """

    header: Header
    digest: str
    rows: dict[str, int]

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        with self._open() as file:
            self.header = parse_header(file, self._path)
        if self.header.dialect not in dialects.names():
            problem, hint = dialects.unknown(self.header.dialect)
            raise SnapshotError(problem, self._path, 6, hint)

    def blocks(
        self, selection: Selection, expected: Header | None = None, *, checked: bool = True
    ) -> Iterator[Block]:
        """Yield the tables in order, each with its canonical rows.

        Everything is checked, even rows that the caller skips; an error may follow rows that were
        already yielded. `expected` is the script's record (without `tables`; only it has sequence
        positions). Unless `checked`, values and order of rows are not checked, and only the digest
        proves them.

        Raises:
            SnapshotError: the file is not byte for byte what demosnap writes for the selection.
        """
        self._compare(selection, expected)
        header = self.header
        if expected is not None:
            header = replace(header, sequences=expected.sequences)
        dialect = dialects.get(header.dialect)
        sha = hashlib.sha256()
        try:
            with self._open() as file:
                dialect = spelling.as_written(file, header, selection, dialect)
            known = variants_before_rows(header, selection, dialect)
            after = list(parts_after_rows(header, selection, dialect))
            around = sections(header, dialect)
        except ScriptError as error:
            raise SnapshotError(
                f"the table definitions do not fit the selection: {error.message}",
                self._path,
                hint=restore_hint(self._path),
            ) from error
        with self._open() as file:
            source = Source(file, self._path)
            for what, text in next(filter(source.follows, known), known[0]):
                source.expect(text, f"{what} not what demosnap writes for this selection")
            for table in header.tables:
                way = CheckedReading(table, dialect) if checked else UncheckedReading(table)
                section = around.get(table.name, Section("", "", ""))
                rows = header.rows[table.name]
                found = statements(source, table, rows, section, dialect, sha, way)
                yield Block(table, Rows(found))
                for _ in found:
                    pass
            for what, text in after:
                source.expect(text, f"{what} not what demosnap writes for this selection")
            source.expect_end()
        self.digest = sha.hexdigest()
        self.rows = dict(header.rows)

    def _compare(self, selection: Selection, expected: Header | None) -> None:
        header = self.header
        pairs: list[tuple[str, object, object]] = [
            ("scenario", header.scenario, selection.scenario),
            ("tables", [table.name for table in header.tables], list(selection.rules)),
        ]
        if expected is not None:
            fields = ("scenario", "version", "created_at", "dialect", "format")
            pairs += [(name, getattr(header, name), getattr(expected, name)) for name in fields]
            pairs.append(("rows", dict(header.rows), dict(expected.rows)))
        for name, found, wanted in pairs:
            if found != wanted:
                raise SnapshotError(
                    f"the snapshot's {name} and the revision script's differ:\n"
                    f"  script:   {excerpt(str(wanted))}\n  snapshot: {excerpt(str(found))}",
                    self._path,
                    hint=restore_hint(self._path),
                )

    @contextlib.contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        try:
            with Path(self._path).open("rb", buffering=1 << 20) as file:
                yield file
        except FileNotFoundError:
            raise SnapshotError(
                "the snapshot is missing", self._path, hint=restore_hint(self._path, missing=True)
            ) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise SnapshotError(f"cannot be read: {reason}", self._path) from error


def verify(path: str | Path, selection: Selection, expected: Header | None = None) -> str:
    """Read and check a whole snapshot, and return its digest.

    Raises:
        SnapshotError: the file is not byte for byte what demosnap writes for the selection.
    """
    reader = SnapshotReader(path)
    for _ in reader.blocks(selection, expected):
        pass
    return reader.digest


def _key(table: Table, row: bytes) -> str:
    return excerpt(show_key(table, row))
