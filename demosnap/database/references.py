"""Every reason to refuse, each as a short text with table, constraint, count and keys."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from demosnap.database.by_key import key_predicates, only_key
from demosnap.database.live import Database
from demosnap.database.verify import show_rows
from demosnap.dialects.base import execute
from demosnap.model import ExternalReference, ForeignKey, Key, Table
from demosnap.rows.canonical import split
from demosnap.snapshot.predicates import filled, first_of, in_table, leads_nowhere, not_true
from demosnap.visible import one_line
from demosnap.visible import rows as rows_of

_SHOWN = 5


def referenced(
    database: Database,
    to_delete: Mapping[str, str],
    own: Mapping[str, str] | None = None,
    spared: Mapping[tuple[str, ForeignKey], str] | None = None,
) -> list[str]:
    """Return the rows that stay and reference rows that would go.

    `to_delete` are the predicates of the rows that would go. Also where the database would not
    enforce the constraint: a demo must not leave a real row pointing at nothing. `own` are the
    predicates of the rows that do not count (None: those that go), `spared` those of rows that
    do not count for one foreign key.
    """
    connection, dialect, tables = database.connection, database.dialect, database.tables
    own = to_delete if own is None else own
    reasons = []
    for name, key in references_to(tables, to_delete):
        gone = in_table(
            dialect,
            tables[name],
            key.columns,
            key.table,
            key.referred_columns,
            to_delete[key.table],
        )
        where = gone if name not in own else f"{gone} AND {not_true(own[name])}"
        if spared and (name, key) in spared:
            where += f" AND {not_true(spared[name, key])}"
        table = dialect.rows_of(tables[name])
        count = execute(connection, f"SELECT COUNT(*) FROM {table} WHERE {where}").scalar()
        if count:
            shown = tables[name].key or key.columns
            columns = dialect.quote_columns(shown)
            sql = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {columns}"
            keys = show_rows(execute(connection, dialect.limited(sql, _SHOWN)))
            more = ", …" if count > _SHOWN else ""
            reference = "references" if count == 1 else "reference"
            reasons.append(
                f"{rows_of(count)} of {name} outside of the scenario {reference}"
                f" demo rows of {key.table} that would go\n"
                f"({constraint(key)} on {name}.{', '.join(key.columns)}, ON DELETE {key.on_delete};"
                f" {', '.join(shown)}: {keys}{more})"
            )
    return reasons


def pointing(
    database: Database,
    table: Table,
    key: ForeignKey,
    parent: str,
    where: str | None = None,
    *,
    limit: int,
) -> list[Sequence[object]]:
    """Return the keys of the first rows of a table that reference rows of a predicate."""
    dialect = database.dialect
    points = in_table(dialect, table, key.columns, key.table, key.referred_columns, parent)
    also = f" AND {where}" if where else ""
    columns = dialect.quote_columns(table.key or key.columns)
    source = dialect.rows_of(table)
    sql = f"SELECT {columns} FROM {source} WHERE {points}{also} ORDER BY {columns}"
    return list(execute(database.connection, dialect.limited(sql, limit)))


def constraint(key: ForeignKey) -> str:
    """Render the name of a foreign key for a message."""
    return f"constraint {key.name}" if key.name else "foreign key"


def references_to(
    tables: Mapping[str, Table], referred: Collection[str]
) -> Iterator[tuple[str, ForeignKey]]:
    """Yield the foreign keys to some tables, each with the table that has it.

    Keys that the database holds no row to are left out.
    """
    for name, table in tables.items():
        for key in table.foreign_keys:
            if key.table in referred and key.enforced != "none":
                yield name, key


def external_references(
    database: Database,
    predicates: Mapping[str, str],
) -> list[ExternalReference]:
    """Return the references of selected rows to rows that are not selected."""
    found = []
    for name, predicate in predicates.items():
        for key, outside in references_outside(database, predicates, name):
            where = first_of(outside, predicate)
            sql = f"SELECT COUNT(*) FROM {database.dialect.quote_table(name)} WHERE {where}"
            count = execute(database.connection, sql).scalar()
            if count:
                found.append(external_reference(name, key, count))
    return found


def external_reference(name: str, key: ForeignKey, rows: int) -> ExternalReference:
    """Return that so many selected rows of a table have a key that leads outside."""
    return ExternalReference(name, key.columns, key.table, key.referred_columns, rows)


def references_outside(
    database: Database, predicates: Mapping[str, str], name: str
) -> Iterator[tuple[ForeignKey, str]]:
    """Yield each foreign key of a table with the predicate that it leads to no selected row."""
    dialect = database.dialect
    table = database.tables[name]
    for key in table.foreign_keys:
        if key.enforced != "all":
            # The database knows of which rows it has to hold.
            continue
        if key.table in predicates:
            yield key, leads_nowhere(dialect, table, key, predicates[key.table])
        else:
            yield key, filled(dialect, key)


def matching(
    database: Database,
    table: Table,
    columns: Sequence[str],
    keys: Sequence[tuple[bytes, ...]],
    where: str | None = None,
    also: Sequence[str] = (),
) -> Iterator[tuple[bytes, ...]]:
    """Yield, as literals, `columns` and then `also` of the rows that have one of the keys."""
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
    """Render keys for a message, with an ellipsis where there are more than are given."""
    shown = one_line(", ".join(b"/".join(key).decode() for key in keys))
    return shown + (", …" if count > len(keys) else "")


def pinned(
    database: Database,
    table: Table,
    predicate: str,
    own: Mapping[str, str],
    but: Collection[str] = (),
    by: Collection[str] | None = None,
) -> set[Key]:
    """Return the keys of the rows of a predicate that rows which are not `own` reference.

    The rows of the tables `but` do not count, nor, if they are given, references by other
    columns than `by`. The keys are those of `table`.
    """
    found: set[Key] = set()
    for name, key in references_to(database.tables, [table.name]):
        if name not in but and (by is None or set(key.referred_columns) & set(by)):
            others = not_true(own[name]) if name in own else None
            found |= set(_pointed_at(database, table, key, name, predicate, others))
    return found


def parents(
    database: Database, table: Table, key: ForeignKey, child: Table, keys: set[Key], predicate: str
) -> set[Key]:
    """Return the keys of the rows of a predicate that some rows of `child` reference.

    `keys` name those rows by the key of `child`; what is returned names rows of `table`.
    """
    return {
        found
        for some in key_predicates(database.dialect, child.key_columns, keys)
        for found in _pointed_at(database, table, key, child.name, predicate, some)
    }


def _pointed_at(
    database: Database,
    table: Table,
    key: ForeignKey,
    child: str,
    predicate: str,
    children: str | None,
) -> Iterator[Key]:
    """Yield the keys of the rows of a predicate that rows of `child` reference."""
    where = _pointed(database, key, child, predicate, children)
    for row in database.dialect.read_rows(database.connection, only_key(table), where):
        yield tuple(split(row))


def referred(
    database: Database,
    table: Table,
    key: ForeignKey,
    child: str,
    predicate: str,
    children: str | None,
) -> set[Key]:
    """Return what rows of `child` reference of the rows of a predicate, in the key's order."""
    where = _pointed(database, key, child, predicate, children)
    columns = tuple(table.column(name) for name in key.referred_columns)
    narrow = replace(table, columns=columns, key=key.referred_columns)
    return {
        tuple(split(row)) for row in database.dialect.read_rows(database.connection, narrow, where)
    }


def _pointed(
    database: Database, key: ForeignKey, child: str, predicate: str, children: str | None
) -> str:
    dialect = database.dialect
    # The column of the referenced table stands on the left: its collation counts.
    values = [dialect.quote(name) for name in key.referred_columns]
    shown = [dialect.quote(name) for name in key.columns]
    source = dialect.rows_of(database.tables[child])
    return f"({predicate}) AND {dialect.among(values, shown, source, children)}"
