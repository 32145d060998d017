"""Open the snapshot of a version for this database: narrow its tables, adapt its rows."""

from __future__ import annotations

import collections
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from demosnap import dialects
from demosnap.columns import comparing_without
from demosnap.columns import without as table_without
from demosnap.database.digest import Digest
from demosnap.database.live import Database
from demosnap.dialects.base import Dialect
from demosnap.errors import DatabaseError, SnapshotError
from demosnap.model import Header, Key, Table, Version
from demosnap.rows.canonical import Rows, key_of, show_key, split
from demosnap.snapshot.logical_keys import declared
from demosnap.snapshot.sqlfile import Block, SnapshotReader
from demosnap.visible import shortened


def path_of(version: Version) -> Path:
    """Return the path of a version's snapshot file."""
    return Path(version.folder) / version.file


def _inside(version: Version) -> Path:
    path = path_of(version)
    real = path.resolve()
    if not path.is_file() and {".git", "annex"} <= set(real.parts):
        name = shlex.quote(str(path))
        raise SnapshotError(
            "is a link into git-annex, which did not fetch the file",
            str(path),
            hint=f"Run: git annex get {name} && git annex unlock {name}",
        )
    if real.parent != Path(version.folder).resolve():
        raise SnapshotError(
            f"is a symbolic link to {real}, outside of the revision's folder",
            str(path),
            hint="Restore the file from version control; with git-annex, git annex unlock it.",
        )
    return path


def read(version: Version, *, checked: bool = True) -> tuple[SnapshotReader, Iterator[Block]]:
    """Open the snapshot of a version; return its reader and an iterator of its blocks.

    Unless `checked`, the caller has to call `compare_digest` after reading everything.

    Raises:
        SnapshotError: the file is missing, differs from the script's record, or is malformed.
    """
    reader = SnapshotReader(_inside(version))
    expected = Header(
        scenario=version.scenario,
        version=version.version,
        created_at=version.created_at,
        dialect=version.dialect,
        tables=reader.header.tables,
        rows=version.rows,
        format=version.format,
        sequences=version.sequences,
    )
    return reader, reader.blocks(version.selection, expected, checked=checked)


def compare_digest(reader: SnapshotReader, version: Version) -> None:
    """Check that the rows read match the digest of the capture.

    Raises:
        SnapshotError: they differ.
    """
    if reader.digest != version.digest:
        raise SnapshotError(
            "its rows differ from the captured ones (the script has another digest)",
            str(path_of(version)),
            hint="Restore the file from version control; to change demo data, change it in the"
            " database and capture the next version.",
        )


def project(live: Table, recorded: Table) -> Table:
    """Return the live table narrowed to a snapshot's columns, with their order and key.

    Raises:
        KeyError: the live table lacks a column.
    """
    return replace(
        declared(live),
        columns=tuple(live.column(column.name) for column in recorded.captured),
        key=recorded.key,
    )


@dataclass
class OpenSnapshot:
    """The snapshot of `version`, in the literals and columns of `database`."""

    version: Version
    database: Database
    skipping: Mapping[str, Collection[Key]] = field(default_factory=dict)
    """Keys of rows that are left out, by table, since they were released in this database."""
    digest: str = ""
    """Hex digest of the rows as adapted to this database; empty until all of `blocks` was read."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of the database."""
        return self.database.dialect

    @cached_property
    def rows(self) -> dict[str, int]:
        """The number of rows per table, without those in `skipping`."""
        return without(self.version.rows, self.skipping)

    @cached_property
    def header(self) -> Header:
        """The header of the file.

        Raises:
            SnapshotError: the file is missing, or its header is malformed.
        """
        header = SnapshotReader(_inside(self.version)).header
        if header.dialect != self.version.dialect:
            raise SnapshotError(
                f"says it is of {header.dialect}, its script says {self.version.dialect}",
                str(path_of(self.version)),
            )
        return header

    @property
    def foreign(self) -> bool:
        """Whether the snapshot was captured on another dialect."""
        return self.header.dialect != self.dialect.name

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The live tables, narrowed to the snapshot's columns, in the snapshot's order.

        Raises:
            KeyError: the database lacks a table or a column; `compatibility.unfit` names it.
        """
        columns, live = self.version.selection.columns, self.database.tables
        return tuple(
            comparing_without(project(live[t.name], t), columns.get(t.name, ()))
            for t in self.header.tables
        )

    def blocks(self, *, checked: bool = True) -> Iterator[Rows]:
        """Yield the rows of each table, checked against the grammar and adapted to this database.

        At the end, the digest of the whole file is compared with the script's. Unless `checked`,
        rows are not checked before, and only the end proves them.

        Raises:
            SnapshotError: the file is malformed, or its digest differs.
            DatabaseError: this database cannot represent a value.
        """
        # Rows of another dialect are parsed to be adapted.
        checked = checked or self.foreign
        reader, blocks = read(self.version, checked=checked)
        live = {table.name: table for table in self.tables}
        # The digest includes the tables' names and columns.
        same = (
            not self.foreign
            and not any(self.skipping.values())
            and [*map(self.dialect.digest_name, live.values())]
            == [*map(self.dialect.digest_name, self.header.tables)]
        )
        total = Digest(self.dialect)
        for block in blocks:
            rows, table = block.rows, live[block.table.name]
            if self.foreign:
                rows = Rows(self._adapted(block.table, table, rows))
            if skipped := self.skipping.get(table.name):
                rows = Rows(_without(rows, table, skipped))
            rows = rows if same else Rows(total.passing(table, rows))
            yield rows
            # What the caller does not ask for is in the digest, too.
            collections.deque(rows.batches, maxlen=0)
        if not checked and reader.digest != self.version.digest:
            # The checking reader names the faulty line.
            reader, blocks = read(self.version)
            collections.deque(blocks, maxlen=0)
        compare_digest(reader, self.version)
        self.digest = self.version.digest if same else total.hexdigest()

    def _adapted(self, recorded: Table, live: Table, rows: Rows) -> Iterator[list[bytes]]:
        source = dialects.get(self.header.dialect)
        pairs = list(zip(recorded.captured, live.captured, strict=True))

        def adapt(row: bytes) -> bytes:
            adapted = []
            for (column, target), literal in zip(pairs, split(row), strict=True):
                try:
                    adapted.append(self.dialect.encode(source.decode(literal, column), target))
                except ValueError as error:
                    text = shortened(literal.decode("utf-8", "replace"), 60)
                    raise DatabaseError(
                        f"{live.name}: row {show_key(recorded, row)}: {target.name}"
                        f" ({target.type}) cannot hold {text}: it {error}",
                        f"The snapshot is of {self.header.dialect}.",
                        changed=False,
                    ) from error
            return b",".join(adapted)

        for batch in rows.batches:
            yield list(map(adapt, batch))


def without(rows: Mapping[str, int], skipping: Mapping[str, Collection[Key]]) -> dict[str, int]:
    """Return the number of rows per table after leaving out those in `skipping`."""
    return {name: count - len(skipping.get(name, ())) for name, count in rows.items()}


def _without(rows: Rows, table: Table, skipped: Collection[Key]) -> Iterator[list[bytes]]:
    for batch in rows.batches:
        if left := [row for row in batch if key_of(table, row) not in skipped]:
            yield left


def holds_same(version: Version, database: Database, digest: str) -> bool:
    """Return whether a snapshot of another dialect adapts to rows with this digest."""
    opened = OpenSnapshot(version, database)
    try:
        for rows in opened.blocks():
            collections.deque(rows.batches, maxlen=0)
    except (DatabaseError, KeyError):
        return False
    return opened.digest == digest


def arranged(live: Table, recorded: Table | None) -> Table:
    """Return a live table with the key and column order that a snapshot recorded.

    Columns that only the database has come last; those that are not compared are left out. If the
    database lacks a column of the recorded key, the table keeps its own key.
    """
    if recorded is None:
        return live
    captured = {column.name for column in recorded.captured}
    live = comparing_without(live, recorded.uncompared)
    live = table_without(live, live.uncompared - captured)
    columns = {column.name: column for column in live.columns}
    first = [columns[c.name] for c in recorded.captured if c.name in columns]
    names = {column.name for column in first}
    rest = [column for column in live.columns if column.name not in names]
    key = recorded.key if set(recorded.key) <= names else live.key
    unique = live.unique if key == live.key else (live.key, *live.unique)
    return replace(live, columns=(*first, *rest), key=key, unique=tuple(u for u in unique if u))
