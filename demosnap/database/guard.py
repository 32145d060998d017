"""Every reason to refuse, each as a short text with table, constraint, count and keys."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from demosnap.database.verify import show_rows
from demosnap.dialects.base import Dialect, execute
from demosnap.model import Column, ExternalReference, ForeignKey, Table
from demosnap.snapshot.predicates import in_table
from demosnap.snapshot.rows import split

_SHOWN = 5


def unfit(tables: Mapping[str, Table], recorded: Sequence[Table]) -> list[str]:
    """Return why a snapshot's tables do not fit those of the database; empty: they fit."""
    reasons = []
    for table in recorded:
        live = tables.get(table.name)
        if live is None:
            reasons.append(f"table {table.name} of the snapshot is not in the database")
            continue
        columns = {column.name: column for column in live.columns}
        for column in table.captured:
            if column.name not in columns:
                reasons.append(
                    f"column {table.name}.{column.name} of the snapshot is not in the database"
                )
            elif columns[column.name].generated:
                reasons.append(f"column {table.name}.{column.name} is now computed by the database")
        known = {column.name for column in table.captured}
        for column in live.columns:
            if column.name not in known and _must_be_given(column):
                reasons.append(
                    f"column {table.name}.{column.name} is NOT NULL without a default and not in"
                    " the snapshot"
                )
    return reasons


def _must_be_given(column: Column) -> bool:
    return not (
        column.nullable or column.generated or column.default is not None or column.identity
    )


def referenced(
    connection: Connection,
    dialect: Dialect,
    tables: Mapping[str, Table],
    going: Mapping[str, str],
) -> list[str]:
    """Return the rows that stay and reference rows that would go.

    `going` are the predicates of the rows that would go. Also where the database would not
    enforce the constraint: a demo must not leave a real row pointing at nothing.
    """
    reasons = []
    for name, key in _references_to(tables, going):
        gone = in_table(dialect, key.columns, key.table, key.referred_columns, going[key.table])
        where = gone if name not in going else f"{gone} AND ({going[name]}) IS NOT TRUE"
        table = dialect.quote_table(name)
        count = execute(connection, f"SELECT COUNT(*) FROM {table} WHERE {where}").scalar()
        if count:
            shown = tables[name].key or key.columns
            columns = dialect.quote_columns(shown)
            sql = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {columns} LIMIT {_SHOWN}"
            keys = show_rows(execute(connection, sql))
            more = ", …" if count > _SHOWN else ""
            constraint = f"constraint {key.name}" if key.name else "foreign key"
            reasons.append(
                f"{count} {'row' if count == 1 else 'rows'} of {name} that are not this demo data"
                f" reference demo rows of {key.table} that would go\n"
                f"({constraint} on {name}.{', '.join(key.columns)}, ON DELETE {key.on_delete};"
                f" {', '.join(shown)}: {keys}{more})"
            )
    return reasons


def _references_to(
    tables: Mapping[str, Table], going: Mapping[str, str]
) -> Iterator[tuple[str, ForeignKey]]:
    for name, table in tables.items():
        for key in table.foreign_keys:
            if key.table in going:
                yield name, key


def external_references(
    connection: Connection,
    dialect: Dialect,
    tables: Mapping[str, Table],
    predicates: Mapping[str, str],
) -> list[ExternalReference]:
    """Return the references of selected rows to rows that are not selected."""
    found = []
    for name, predicate in predicates.items():
        for key in tables[name].foreign_keys:
            filled = " AND ".join(f"{dialect.quote(c)} IS NOT NULL" for c in key.columns)
            where = f"({predicate}) AND {filled}"
            if key.table in predicates:
                inside = in_table(
                    dialect, key.columns, key.table, key.referred_columns, predicates[key.table]
                )
                where += f" AND NOT ({inside})"
            sql = f"SELECT COUNT(*) FROM {dialect.quote_table(name)} WHERE {where}"
            count = execute(connection, sql).scalar()
            if count:
                found.append(
                    ExternalReference(name, key.columns, key.table, key.referred_columns, count)
                )
    return found


def missing_externals(
    connection: Connection,
    dialect: Dialect,
    tables: Mapping[str, Table],
    reference: ExternalReference,
    keys: Iterable[tuple[bytes, ...]],
) -> list[str]:
    """Return which referenced rows outside the snapshot are not in the database.

    `keys` are the distinct values of the reference's columns, as literals of the dialect.
    """
    columns = reference.referred_columns
    parent = replace(tables[reference.references], key=())
    missing: list[tuple[bytes, ...]] = []
    for batch in _batches(sorted(set(keys))):
        there = set(matching(connection, dialect, parent, columns, batch))
        missing += [
            key
            for key in batch
            # Equal for the database need not be equal as text: 1 and 1.0, or by a collation.
            if key not in there and not list(matching(connection, dialect, parent, columns, [key]))
        ]
    if not missing:
        return []
    shown = _show_literals(missing[:_SHOWN], len(missing))
    names = ", ".join(reference.columns)
    return [
        f"{reference.table}.{names} references {len(missing)} rows of {reference.references} that"
        f" are neither in the snapshot nor in the database"
        f" ({', '.join(reference.referred_columns)}: {shown})"
    ]


def collisions(
    connection: Connection,
    dialect: Dialect,
    live: Table,
    table: Table,
    rows: Iterable[bytes],
    going: str | None,
) -> list[str]:
    """Return which rows of a snapshot cannot be inserted because a row that stays has their key.

    `table` is the snapshot's definition, `rows` are literals of the dialect, `going` is the
    predicate of the rows that are purged before (None: none is).
    """
    stays = f"({going}) IS NOT TRUE" if going else None
    quoted = dialect.quote_table(live.name)
    where = f" WHERE {stays}" if stays else ""
    if not execute(connection, f"SELECT 1 FROM {quoted}{where} LIMIT 1").first():
        return []
    names = [column.name for column in table.captured]
    uniques = [key for key in (live.key, *live.unique) if key and set(key) <= set(names)]
    positions = [[names.index(column) for column in key] for key in uniques]
    taken: dict[tuple[str, ...], list[tuple[bytes, ...]]] = {key: [] for key in uniques}
    counts = dict.fromkeys(uniques, 0)
    for batch in _batches(rows):
        literals = [split(row) for row in batch]
        for key, places in zip(uniques, positions, strict=True):
            wanted = [tuple(row[i] for i in places) for row in literals]
            filled = [values for values in wanted if b"NULL" not in values]
            for found in matching(connection, dialect, live, key, filled, stays):
                counts[key] += 1
                if len(taken[key]) < _SHOWN:
                    taken[key].append(found)
    return [
        f"{table.name}: {counts[key]} {'row' if counts[key] == 1 else 'rows'} of the snapshot"
        f" {'has' if counts[key] == 1 else 'have'} a key that is taken by rows that stay"
        f" ({', '.join(key)}: {_show_literals(taken[key], counts[key])})"
        for key in uniques
        if counts[key]
    ]


def matching(
    connection: Connection,
    dialect: Dialect,
    table: Table,
    columns: Sequence[str],
    keys: Sequence[tuple[bytes, ...]],
    where: str | None = None,
) -> Iterator[tuple[bytes, ...]]:
    """Yield, as literals, the values of `columns` in the rows that have one of the keys."""
    if not keys:
        return
    if len(columns) == 1:
        literals = ",".join(key[0].decode() for key in keys)
        predicate = f"{dialect.quote(columns[0])} IN ({literals})"
    else:
        predicate = " OR ".join(
            " AND ".join(
                f"{dialect.quote(column)} = {literal.decode()}"
                for column, literal in zip(columns, key, strict=True)
            )
            for key in keys
        )
    if where:
        predicate = f"({predicate}) AND {where}"
    narrow = replace(
        table, columns=tuple(table.column(column) for column in columns), key=tuple(columns)
    )
    for row in dialect.read_rows(connection, narrow, predicate):
        yield tuple(split(row))


def _show_literals(keys: Sequence[tuple[bytes, ...]], count: int) -> str:
    shown = ", ".join(b"/".join(key).decode() for key in keys)
    return shown + (", …" if count > len(keys) else "")


_Item = TypeVar("_Item")


def _batches(items: Iterable[_Item], size: int = 200) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
