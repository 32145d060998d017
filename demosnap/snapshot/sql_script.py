"""Render changes as a SQL script for the database's own client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from demosnap.dialects.base import Dialect
from demosnap.model import Key, Table
from demosnap.rows.spool import KEYS, in_batches
from demosnap.snapshot import table_order
from demosnap.snapshot.change_order import Delete, Insert, Update, steps
from demosnap.snapshot.changes import Changes
from demosnap.snapshot.logical_keys import declared
from demosnap.snapshot.picks_in_files import FilePicks
from demosnap.snapshot.predicates import Users
from demosnap.snapshot.sqlfile import groups


def script(
    changes: Changes,
    dialect: Dialect,
    old: Callable[[Users], Mapping[str, str]],
    title: Sequence[str],
) -> Iterator[str]:
    """Yield the lines of a script that changes the old side into the new one, or fails as a whole.

    `old` returns the predicates of the old side's rows, by table; its argument replaces users'
    predicates.

    Raises:
        DatabaseError: rows swap unique values, and no temporary value is possible.
    """
    yield from (f"-- {line}" for line in title)
    yield ""
    picks = FilePicks(dialect)
    predicates = old(picks)
    # Tables are emptied even if the new side has no rows.
    whole = [one.name for one in changes if one.replacement is not None]
    used = [predicates[name] for name in whole if name in predicates]
    yield from picks.begin(*used)
    for step in steps(changes, dialect):
        yield ""
        if isinstance(step, Delete):
            for table, keys in step.tables:
                yield from _delete(dialect, table, keys, predicates)
        elif isinstance(step, Update):
            for key, values in step.rows:
                yield f"{dialect.update_statement(step.table, key, values)};"
        else:
            yield from _insert(dialect, step)
    yield ""
    yield from picks.forget(*used)
    yield from dialect.file_end()
    yield from dialect.file_last()


def _delete(
    dialect: Dialect, table: Table, keys: Iterable[Key] | None, predicates: Mapping[str, str]
) -> Iterator[str]:
    start = f"DELETE FROM {dialect.quote_table(table.name)} WHERE"
    if keys is None:
        yield f"{start} {predicates[table.name]};"
        return
    # A single statement, since foreign keys are checked at the end of each statement.
    whole = any(key.table == table.name for key in declared(table).foreign_keys)
    for batch in [list(keys)] if whole else in_batches(keys, KEYS):
        where = dialect.key_predicate(table.key_columns, batch)
        if own := dialect.own_rows(table):
            where = f"({where}) AND {own}"
        yield f"{start} {where};"


def _insert(dialect: Dialect, step: Insert) -> Iterator[str]:
    rows_of = {table.name: rows for table, rows in step.tables}
    for group in table_order.groups([table for table, _ in step.tables]):
        before, heads, after = dialect.file_staging(group) or ((), {}, ())
        yield from before
        for table in group:
            head = heads.get(table.name) or dialect.insert_head(table)
            for rows in groups(dialect, table, rows_of[table.name]):
                values = b"),\n(".join(rows).decode()
                yield f"{head}\n({values});"
        yield from after
    yield from dialect.file_sequences([table for table, _ in step.tables])
