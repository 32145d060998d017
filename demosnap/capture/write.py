"""Write the demo rows of a database as a snapshot file."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from demosnap.capture import parallel
from demosnap.database import dangling_references, picking, references
from demosnap.database.live import Database
from demosnap.dialects.base import Counted
from demosnap.model import ExternalReference, Header, Selection, Table
from demosnap.snapshot.sqlfile import SnapshotWriter


def references_to_outside(
    database: Database, picked: Mapping[str, str]
) -> tuple[ExternalReference, ...]:
    """Return the references of selected rows to outside, without reading these."""
    found = references.external_references(database, picked)
    return tuple(dangling_references.found(database, picked, one) for one in found)


def write(
    database: Database,
    picked: Mapping[str, str],
    header: Header,
    selection: Selection,
    path: Path,
    several: tuple[parallel.Connect, str, int] | None,
) -> tuple[SnapshotWriter, tuple[ExternalReference, ...]]:
    """Write a snapshot's file; return its writer, closed, and the references to outside of it.

    `picked` are the predicates of the rows, by table. `several` are what `parallel.reading` needs
    to read tables at once: how to connect, the shared moment, and the number of connections.

    Raises:
        DatabaseError: rows cannot be rendered, or are not in canonical order.
        SnapshotError: the file cannot be written.
    """
    connection, dialect = database.connection, database.dialect
    outside = {name: list(references.references_outside(database, picked, name)) for name in picked}
    # A second look at all rows would take as long as the first one.
    counted = {
        name: Counted(
            [
                flag
                for key, one in keys
                for flag in (one, dangling_references.flag(database, name, key, one))
            ]
        )
        for name, keys in outside.items()
        if keys
    }

    def one_by_one(table: Table) -> Iterable[bytes]:
        name = table.name
        return dialect.read_rows(connection, table, picked[name], counted.get(name))

    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(SnapshotWriter(path, header, selection, dialect))
        read: Callable[[Table], Iterable[bytes]] = one_by_one
        if several:
            connect, name, jobs = several
            moment = parallel.Moment(
                name, lambda other, used: picking.repeat(connection, other, dialect, used)
            )
            reading = parallel.reading(
                connect, dialect, moment, header.tables, picked, counted, jobs, path.parent
            )
            read = stack.enter_context(reading)
        for table in header.tables:
            writer.write_block(table, read(table))
    external = []
    for name, keys in counted.items():
        counts = zip(outside[name], keys.counts[::2], keys.counts[1::2], strict=True)
        for (key, _), rows, nowhere in counts:
            if rows:
                one = references.external_reference(name, key, rows)
                external.append(
                    dangling_references.found(database, picked, one) if nowhere else one
                )
    return writer, tuple(external)
