"""What rows reference by foreign keys, where the rows are literals and not in the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from demosnap.database.live import Database
from demosnap.model import Column, Condition, ExternalReference, ForeignKey, Key, Selection, Table
from demosnap.rows.canonical import split
from demosnap.snapshot import logical_keys

Place = tuple[str, tuple[str, ...], str, tuple[str, ...], str | None]
"""What identifies a foreign key: table, columns, referenced table and columns, and JSON path."""


def place_of(table: str, key: ForeignKey) -> Place:
    """Return what identifies a foreign key of a table."""
    return table, key.columns, key.table, key.referred_columns, key.path


def place_of_reference(one: ExternalReference) -> Place:
    """Return what identifies the foreign key of an external reference."""
    return one.table, one.columns, one.references, one.referred_columns, one.path


def key_of(
    database: Database, selection: Selection, reference: ExternalReference
) -> ForeignKey | None:
    """Return the logical key of an external reference; None if the key is declared."""
    keys = {reference.table: selection.foreign_keys.get(reference.table, ())}
    tables = logical_keys.joined(database.tables, keys)
    table = tables.get(reference.table)
    place = place_of_reference(reference)
    for key in table.foreign_keys if table else ():
        if key.logical and place_of(reference.table, key) == place:
            return key
    return None


def extract(
    database: Database, selection: Selection, reference: ExternalReference, names: Sequence[str]
) -> logical_keys.Extract | None:
    """Return how to find the values of an external reference in rows with columns `names`.

    None: the rows lack a column that this takes, since the database computes it.
    """
    key = key_of(database, selection, reference)
    if key is None:
        key = ForeignKey(reference.columns, reference.references, reference.referred_columns)
    return extract_key(database, database.tables[reference.table], key, names)


def extract_key(
    database: Database, table: Table, key: ForeignKey, names: Sequence[str]
) -> logical_keys.Extract | None:
    """Return how to find the values of a foreign key in rows of a table; see `extract`."""

    def lookup(one: Condition) -> set[bytes]:
        assert one.table is not None
        there = database.tables.get(one.table)
        if there is None:
            return set()
        dialect = database.dialect
        where = " AND ".join(
            f"{dialect.quote(name)} = {dialect.string(value)}"
            for name, value in zip(one.names, one.values, strict=True)
        )
        return {value for (value,) in database.keys(there, where, [one.key])}

    return logical_keys.extract(database.dialect, table, names, key, lookup)


def columns_of(
    database: Database, selection: Selection, reference: ExternalReference
) -> list[Column]:
    """Return the columns of which the values of an external reference are literals."""
    key = key_of(database, selection, reference)
    if key is not None:
        return list(key.referred)
    return [database.tables[reference.table].column(name) for name in reference.columns]


def values(database: Database, table: Table, key: ForeignKey, where: str) -> Iterator[Key]:
    """Yield what the rows of a predicate reference by a foreign key, for each row."""
    if not key.logical:
        yield from database.keys(table, where, key.columns)
        return
    names = tuple(dict.fromkeys((*key.columns, *(one.column for one in key.when))))
    found = extract_key(database, table, key, names)
    assert found is not None
    for row in database.keys(table, where, names):
        yield from found(row)


def collected(
    rows: Iterable[bytes], wanted: Sequence[tuple[set[Key], logical_keys.Extract]]
) -> Iterator[bytes]:
    """Yield rows unchanged, and add what each row references to the sets."""
    for row in rows:
        if wanted:
            literals = split(row)
            for keys, found in wanted:
                keys.update(found(literals))
        yield row
