"""Write the demo rows of a database as a snapshot file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from demosnap.columns import omitted, without
from demosnap.database import dangling_references, references
from demosnap.database.live import Database
from demosnap.dialects.base import Counted
from demosnap.model import ExternalReference, Header, Selection
from demosnap.snapshot.sqlfile import SnapshotWriter


def captured(database: Database, selection: Selection) -> Database:
    """Return the database without the columns that a selection leaves out of its snapshots."""
    narrow = {
        name: without(database.tables[name], omitted(selection, name)) for name in selection.columns
    }
    return replace(database, tables={**database.tables, **narrow})


def references_to_outside(
    database: Database, picked: Mapping[str, str]
) -> tuple[ExternalReference, ...]:
    """Return the references of selected rows to rows outside, without reading the selected rows."""
    found = references.external_references(database, picked)
    return tuple(dangling_references.found(database, picked, one) for one in found)


def write(
    database: Database, picked: Mapping[str, str], header: Header, selection: Selection, path: Path
) -> tuple[SnapshotWriter, tuple[ExternalReference, ...]]:
    """Write a snapshot file; return its closed writer and its external references.

    `picked` are the predicates of the rows, by table.

    Raises:
        DatabaseError: rows cannot be rendered, or are not in canonical order.
        SnapshotError: the file cannot be written.
    """
    connection, dialect = database.connection, database.dialect
    outside = {name: list(references.references_outside(database, picked, name)) for name in picked}
    # Counted while the rows are read, since a second pass would take as long as the first.
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
    with SnapshotWriter(path, header, selection, dialect) as writer:
        for table in header.tables:
            name = table.name
            found = dialect.read_rows(connection, table, picked[name], counted.get(name))
            writer.write_block(table, found)
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
