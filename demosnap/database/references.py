"""Find foreign-key references between demo rows and other rows, and render refusals of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from demosnap.database.by_key import key_predicates
from demosnap.database.live import Database
from demosnap.dialects.base import execute
from demosnap.model import ExternalReference, ForeignKey, Key, Table
from demosnap.reasons import of_rows
from demosnap.refusal import Refusal
from demosnap.rows.canonical import split
from demosnap.snapshot.predicates import (
    filled,
    first_of,
    leads_nowhere,
    not_true,
    referenced_by,
    referencing,
)
from demosnap.visible import one_line

_SHOWN = 5


def referenced(
    database: Database,
    to_delete: Mapping[str, str],
    own: Mapping[str, str] | None = None,
    spared: Mapping[tuple[str, ForeignKey], str] | None = None,
) -> list[Refusal]:
    """Return a reason for each foreign key by which remaining rows reference rows to be deleted.

    `to_delete` are the predicates of the rows to be deleted. Constraints that the database does
    not enforce count too: no real row may dangle. `own` are the predicates of rows whose
    references do not count (None: `to_delete`), and `spared` those for a single foreign key.
    """
    dialect, tables = database.dialect, database.tables
    own = to_delete if own is None else own
    found = []
    for name, key in references_to(tables, to_delete):
        gone = referencing(dialect, tables[name], key, to_delete[key.table])
        where = gone if name not in own else f"{gone} AND {not_true(own[name])}"
        if spared and (name, key) in spared:
            where += f" AND {not_true(spared[name, key])}"
        if count := database.count(dialect.rows_of(tables[name]), where):
            shown = tables[name].key or key.columns
            keys = shown_rows(first_keys(database, tables[name], key, where, _SHOWN))
            found.append(of_rows.referenced(name, key, count, shown, keys))
    return found


def first_keys(
    database: Database, table: Table, key: ForeignKey, where: str, limit: int
) -> list[Sequence[object]]:
    """Return keys of the rows of `table` that `where` picks, ordered by key, at most `limit`.

    Where the table has no key, these are the columns of the foreign key.
    """
    dialect = database.dialect
    columns = dialect.quote_columns(table.key or key.columns)
    sql = f"SELECT {columns} FROM {dialect.rows_of(table)} WHERE {where}"
    if table.key or not key.path:
        # Some databases cannot order JSON.
        sql += f" ORDER BY {columns}"
    return list(execute(database.connection, dialect.limited(sql, limit)))


def references_to(
    tables: Mapping[str, Table], referred: Collection[str]
) -> Iterator[tuple[str, ForeignKey]]:
    """Yield each foreign key to one of the tables, with the name of its own table.

    Foreign keys that the database never enforces are left out.
    """
    for name, table in tables.items():
        for key in table.foreign_keys:
            if key.table in referred and key.enforced != "none":
                yield name, key


def external_references(
    database: Database, predicates: Mapping[str, str]
) -> list[ExternalReference]:
    """Return the references of selected rows to rows outside of the selection."""
    found = []
    for name, predicate in predicates.items():
        for key, outside in references_outside(database, predicates, name):
            source = database.dialect.quote_table(name)
            if count := database.count(source, first_of(outside, predicate)):
                found.append(external_reference(name, key, count))
    return found


def external_reference(name: str, key: ForeignKey, rows: int) -> ExternalReference:
    """Return an external reference by a foreign key of table `name`, with its number of rows."""
    return ExternalReference(
        name, key.columns, key.table, key.referred_columns, rows, path=key.path
    )


def references_outside(
    database: Database, predicates: Mapping[str, str], name: str
) -> Iterator[tuple[ForeignKey, str]]:
    """Yield each foreign key of a table with a predicate of rows that reference no selected row."""
    dialect = database.dialect
    table = database.tables[name]
    for key in table.foreign_keys:
        if key.enforced != "all":
            # Only the database knows the rows for which it enforces this foreign key.
            continue
        if key.table in predicates:
            yield key, leads_nowhere(dialect, table, key, predicates[key.table])
        else:
            yield key, filled(dialect, table, key)


def matching(
    database: Database,
    table: Table,
    columns: Sequence[str],
    keys: Sequence[tuple[bytes, ...]],
    where: str | None = None,
    also: Sequence[str] = (),
) -> Iterator[tuple[bytes, ...]]:
    """Yield the literals of `columns`, then of `also`, for rows that have one of the keys.

    Only rows that `where` picks count (None: all). `keys` are literals of `columns`.
    """
    if not keys:
        return
    dialect = database.dialect
    predicate = dialect.key_predicate([table.column(name) for name in columns], keys)
    if where:
        predicate = f"({predicate}) AND {where}"
    narrow = replace(
        table,
        columns=tuple(table.column(column) for column in (*columns, *also)),
        key=tuple(dict.fromkeys((*columns, *also))),
    )
    for row in dialect.read_rows(database.connection, narrow, predicate):
        yield tuple(split(row))


def show_literals(keys: Sequence[tuple[bytes, ...]], count: int) -> str:
    """Render keys for a message, with an ellipsis if `count` exceeds their number."""
    return ", ".join(shown_keys(keys)) + (", …" if count > len(keys) else "")


def shown_keys(keys: Iterable[Key]) -> tuple[str, ...]:
    """Render each of some keys, given as literals."""
    return tuple(one_line(b"/".join(key).decode()) for key in keys)


def shown_rows(rows: Iterable[Sequence[object]]) -> tuple[str, ...]:
    """Render each of some keys, given as values."""
    return tuple(one_line("/".join(map(str, row))) for row in rows)


def pinned(
    database: Database,
    table: Table,
    predicate: str,
    own: Mapping[str, str],
    but: Collection[str] = (),
    by: Collection[str] | None = None,
) -> set[Key]:
    """Return the keys of the rows of a predicate that rows outside of `own` reference.

    References from the tables in `but` do not count; with `by`, only references to one of these
    columns count. The keys are those of `table`.
    """
    found: set[Key] = set()
    for name, key in references_to(database.tables, [table.name]):
        if name not in but and (by is None or set(key.referred_columns) & set(by)):
            others = not_true(own[name]) if name in own else None
            found |= set(pointed_at(database, table, key, name, predicate, others))
    return found


def parents(
    database: Database, table: Table, key: ForeignKey, child: Table, keys: set[Key], predicate: str
) -> set[Key]:
    """Return the keys of the rows of a predicate that the given rows of `child` reference.

    `keys` are keys of `child`; the result has keys of `table`.
    """
    return {
        found
        for children in key_predicates(database.dialect, child.key_columns, keys)
        for found in pointed_at(database, table, key, child.name, predicate, children)
    }


def pointed_at(
    database: Database,
    table: Table,
    key: ForeignKey,
    child: str,
    predicate: str,
    children: str | None,
    columns: Sequence[str] = (),
) -> Iterator[Key]:
    """Yield the keys of the rows of a predicate that rows of `child` reference.

    `children` is a predicate of those (None: all), `columns` are those of another key.
    """
    dialect, referring = database.dialect, database.tables[child]
    points = referenced_by(dialect, key, referring, dialect.rows_of(referring), children)
    return database.keys(table, f"({predicate}) AND {points}", columns)
