"""Purge and load demo rows, in the caller's transaction."""

from __future__ import annotations

import collections
import contextlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from demosnap.database.live import Database
from demosnap.errors import CountError
from demosnap.model import Table, split_name
from demosnap.rows.canonical import Rows, batches
from demosnap.snapshot import table_order
from demosnap.visible import as_many
from demosnap.visible import rows as rows_of


def purge(
    database: Database,
    predicates: Mapping[str, str],
    expected: Mapping[str, int],
    unheld: Collection[str] = (),
) -> None:
    """Delete the rows that the predicates pick, children before parents.

    `predicates` and `expected`, the number of rows, are by table. The counts of the tables in
    `unheld` are not checked.

    Raises:
        CountError: a table lost a different number of rows than `expected`.
    """
    tables = database.tables
    names = _readers_first([*reversed(table_order.load_order(tables, predicates))], predicates)
    deletes = [(tables[name], predicates[name]) for name in names]
    gone = database.dialect.delete_rows(database.connection, deletes)
    for (table, _), count in zip(deletes, gone, strict=True):
        if count != expected[table.name] and table.name not in unheld:
            raise CountError(
                table.name,
                f"{table.name}: {rows_of(count)} would be deleted where"
                f" {as_many(expected[table.name], 'planned')}",
                "Another session writes to the demo rows. Try again.",
            )


def _readers_first(names: list[str], predicates: Mapping[str, str]) -> list[str]:
    """Order tables so that each predicate runs before the tables that it reads are emptied.

    `via` reads only parents, but a `where` may read any table. Otherwise the order of `names`
    stays.
    """
    words = {name: frozenset(re.findall(r"\w+", predicates[name])) for name in names}
    left, ordered = list(names), []
    while left:
        read = {n for n in left for o in left if o != n and split_name(n)[1] in words[o]}
        ordered.append(next((name for name in left if name not in read), left[0]))
        left.remove(ordered[-1])
    return ordered


def _nothing(tables: Sequence[Table]) -> AbstractContextManager[None]:
    return contextlib.nullcontext()


def load(
    database: Database,
    tables: Sequence[Table],
    blocks: Iterator[Iterable[bytes]],
    around: Callable[[Sequence[Table]], AbstractContextManager[None]] = _nothing,
) -> None:
    """Insert canonical rows.

    `tables` are the snapshot's tables in its order, narrowed to the live definitions. `blocks`
    yields the rows of each table in the same order; each block is consumed before the next is
    requested. Each insert runs inside of `around(tables)`.

    Raises:
        CountError: the database inserted a different number of rows than it was given.
    """
    given = dict.fromkeys((table.name for table in tables), 0)

    def batches_of(table: Table) -> Iterator[list[bytes]]:
        for batch in batches(next(blocks)):
            given[table.name] += len(batch)
            yield batch

    for group in table_order.groups(tables):
        members = [(table, Rows(batches_of(table))) for table in group]
        with around(group):
            _insert(database, members, given)


def _insert(
    database: Database, members: Sequence[tuple[Table, Rows]], given: Mapping[str, int]
) -> None:
    connection, dialect = database.connection, database.dialect
    if len(members) > 1:
        taken = dialect.write_cyclic(connection, members)
    else:
        taken = dialect.write_rows(connection, *members[0])
    for _, rows in members:
        # A dialect may skip the iterator of an empty table, and the next block needs it consumed.
        collections.deque(rows, maxlen=0)
    expected = sum(given[table.name] for table, _ in members)
    if taken != expected:
        names = ", ".join(table.name for table, _ in members)
        raise CountError(
            members[0][0].name,
            f"{names}: the database took {taken} of {rows_of(expected)}",
        )
