"""Logical foreign keys, which demosnap.yaml declares: as part of tables, and in rows of files."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from demosnap import json_path
from demosnap.dialects.base import Dialect
from demosnap.dialects.reference_hooks import UUID
from demosnap.model import Column, Condition, ForeignKey, Key, Table

Extract = Callable[[Sequence[bytes]], Iterator[Key]]
"""A function that yields the keys that a row references, as literals of the referenced columns.

Its argument are the literals of the row.
"""

JSON_VALUE = Column("value", "text")
"""What a value in JSON is like where it references: a text, or a number as one."""

Lookup = Callable[[Condition], Collection[bytes]]
"""A function that returns the values with which a column fulfils a condition on another table."""


def joined(
    tables: Mapping[str, Table], keys: Mapping[str, tuple[ForeignKey, ...]]
) -> Mapping[str, Table]:
    """Return tables with further foreign keys, by table.

    Keys that a table already has are left out, and so are keys with a table or a column that is
    missing.
    """
    if not keys:
        return tables
    found = dict(tables)
    for name, more in keys.items():
        table = tables.get(name)
        if table is None:
            continue
        there = {recorded(key) for key in table.foreign_keys}
        fresh = [key for key in more if recorded(key) not in there and _fits(tables, table, key)]
        known = [_referring(tables, key) for key in fresh]
        found[name] = replace(table, foreign_keys=(*table.foreign_keys, *known))
    return found


def recorded(key: ForeignKey) -> ForeignKey:
    """Return a key as scripts record it, without what the database tells."""
    return replace(key, referred=())


def of_table(table: Table) -> tuple[ForeignKey, ...]:
    """Return the logical keys of a table, as scripts record them."""
    return tuple(recorded(key) for key in table.foreign_keys if key.logical)


def declared(table: Table) -> Table:
    """Return a table with only the foreign keys that the database declares."""
    kept = tuple(key for key in table.foreign_keys if not key.logical)
    return table if kept == table.foreign_keys else replace(table, foreign_keys=kept)


def alike(dialect: Dialect, column: Column, referred: Column) -> bool:
    """Return whether values of both columns are compared as they are."""
    kinds = dialect.kind_of(column), dialect.kind_of(referred)
    return kinds[0] == kinds[1] or "any" in kinds


def literal(dialect: Dialect, column: Column, text: str) -> bytes:
    """Return a value of demosnap.yaml as a literal of a column.

    Raises:
        ValueError: the column cannot hold it; the text continues after "it".
    """
    values: list[object] = [text]
    if text.lower() in ("true", "false"):
        values.insert(0, text.lower() == "true")
    elif dialect.kind_of(column) == "number":
        try:
            values = [int(text)]
        except ValueError:
            raise ValueError("is not a whole number") from None
    for value in values:
        try:
            found = dialect.encode(value, column)
        except ValueError:
            continue
        if dialect.is_literal(found, column):
            return found
    raise ValueError("does not fit the type")


def extract(
    dialect: Dialect, table: Table, names: Sequence[str], key: ForeignKey, lookup: Lookup
) -> Extract | None:
    """Return how to find what rows of a table reference by a foreign key.

    `names` are the columns of the rows. None: the rows lack a column that this takes.
    """
    if not {*key.columns, *(one.column for one in key.when)} <= {*names}:
        return None
    places = [names.index(name) for name in key.columns]
    conditions = [
        (names.index(one.column), _allowed(dialect, table, one, lookup)) for one in key.when
    ]
    columns = [table.column(name) for name in key.columns]
    if key.path:
        return _extract_json(dialect, key, columns[0], places[0], conditions)
    pairs = list(zip(columns, key.referred or columns, strict=True))

    def values(literals: Sequence[bytes]) -> Iterator[Key]:
        if all(literals[i] in allowed for i, allowed in conditions):
            yield tuple(
                as_referred(dialect, column, referred, literals[i])
                for i, (column, referred) in zip(places, pairs, strict=True)
            )

    return values


def _extract_json(
    dialect: Dialect,
    key: ForeignKey,
    column: Column,
    place: int,
    conditions: Sequence[tuple[int, Collection[bytes]]],
) -> Extract:
    path = json_path.steps(key.path or "")

    def values(literals: Sequence[bytes]) -> Iterator[Key]:
        if not all(literals[i] in allowed for i, allowed in conditions):
            return
        for text in dict.fromkeys(json_path.texts(dialect.decode(literals[place], column), path)):
            try:
                yield (encoded(dialect, text, key.referred[0]),)
            except ValueError:
                # Such a value cannot be a key.
                continue

    return values


def _allowed(dialect: Dialect, table: Table, one: Condition, lookup: Lookup) -> Collection[bytes]:
    if one.table is not None:
        return lookup(one)
    return {literal(dialect, table.column(one.column), value) for value in one.values}


def as_referred(dialect: Dialect, column: Column, referred: Column, value: bytes) -> bytes:
    """Return a literal of a column as one of the column that it references.

    It is NULL if the value cannot be a key, as `Dialect.converted` renders it in SQL.
    """
    if value == b"NULL" or alike(dialect, column, referred):
        return value
    try:
        return encoded(dialect, dialect.decode(value, column), referred)
    except ValueError:
        return b"NULL"


def encoded(dialect: Dialect, value: object, referred: Column) -> bytes:
    """Return a value as a literal of a referenced column.

    Raises:
        ValueError: it cannot be a key of this column.
    """
    text = str(value)
    kind = dialect.kind_of(referred)
    pattern = {"number": "0|-?[1-9][0-9]{0,17}", "uuid": UUID}.get(kind)
    if pattern is not None and not re.fullmatch(pattern, text):
        raise ValueError(f"{text!r} is no key")
    return dialect.encode(int(text) if kind == "number" else text, referred)


def adapted(dialect: Dialect, key: ForeignKey, values: Iterable[Key]) -> Iterator[Key]:
    """Yield what a key references in another dialect's literals, as literals of this one.

    Values that this database cannot hold are left out: they are in none of its rows.
    """
    for one in values:
        try:
            yield tuple(
                encoded(dialect, _plain(part), referred)
                for part, referred in zip(one, key.referred, strict=True)
            )
        except ValueError:
            continue


def _plain(part: bytes) -> str:
    text = part.decode()
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _fits(tables: Mapping[str, Table], table: Table, key: ForeignKey) -> bool:
    columns = {column.name for column in table.columns}
    if key.table not in tables or not columns.issuperset(key.columns):
        return False
    referred = {column.name for column in tables[key.table].columns}
    return referred.issuperset(key.referred_columns) and columns.issuperset(
        one.column for one in key.when
    )


def _referring(tables: Mapping[str, Table], key: ForeignKey) -> ForeignKey:
    parent = tables[key.table]
    return replace(key, referred=tuple(parent.column(name) for name in key.referred_columns))
