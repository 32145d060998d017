"""Prove before the commit that the database holds the snapshot's rows."""

from __future__ import annotations

import collections
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from demosnap.database import references, referring
from demosnap.database.digest import Digest
from demosnap.database.live import Database
from demosnap.database.row_set import RowSet
from demosnap.dialects.base import Dialect, execute
from demosnap.errors import VerificationError
from demosnap.model import ForeignKey, Key, Table, Trigger
from demosnap.rows.canonical import show_key
from demosnap.snapshot.diff import RowDifference, TablePair
from demosnap.snapshot.predicates import first_of, leads_nowhere, not_true
from demosnap.visible import one_line, shortened
from demosnap.visible import rows as rows_of

_SHOWN = 5

Known = Mapping[referring.Place, Collection[Key]]
"""Values of references, by foreign key, that may dangle since they dangled at the capture."""

_NOTHING: Known = {}


class MiscountedError(VerificationError):
    """Predicates pick other numbers of rows than expected; `wrong` has a line per table.

    `too_many` are the tables with more rows than expected.
    """

    def __init__(
        self,
        wrong: Mapping[str, str],
        predicates: Mapping[str, str],
        too_many: Collection[str] = (),
    ) -> None:
        super().__init__(
            "\n".join(wrong.values()),
            "A row of the snapshot may lack the marker, or a trigger acted.",
        )
        self.wrong = wrong
        self.predicates = predicates
        self.too_many = too_many


def row_counts(
    database: Database, predicates: Mapping[str, str], expected: Mapping[str, int]
) -> None:
    """Check that each predicate picks as many rows as expected.

    Raises:
        MiscountedError: a count differs; the message names every such table.
    """
    _compare(RowSet(database, predicates).counts(), expected, predicates)


def rows_and_keys(
    database: Database,
    predicates: Mapping[str, str],
    expected: Mapping[str, int],
    known: Known = _NOTHING,
) -> None:
    """Check `foreign_keys` and `row_counts` with a single query per table.

    Raises:
        VerificationError: a count differs, or a reference dangles.
    """
    found: dict[str, int] = {}
    dangling = False
    for name, predicate in predicates.items():
        keys = [orphaned for _, orphaned in dangling_keys(database, name)]
        sums = "".join(f", SUM(CASE WHEN {key} THEN 1 ELSE 0 END)" for key in keys)
        sql = f"SELECT COUNT(*){sums} FROM {database.dialect.quote_table(name)} WHERE {predicate}"
        found[name], *orphaned = execute(database.connection, sql).one()
        dangling = dangling or any(orphaned)
    if dangling:
        foreign_keys(database, predicates, known)
    _compare(found, expected, predicates)


def _compare(
    found: Mapping[str, int], expected: Mapping[str, int], predicates: Mapping[str, str]
) -> None:
    wrong = {
        name: f"{name}: {rows_of(found[name], 'is', 'are')} picked by the selection,"
        f" {expected.get(name, 0)} {'was' if expected.get(name, 0) == 1 else 'were'} expected"
        for name in found
        if found[name] != expected.get(name, 0)
    }
    if wrong:
        more = [name for name in wrong if found[name] > expected.get(name, 0)]
        raise MiscountedError(wrong, predicates, more)


def foreign_keys(
    database: Database, predicates: Mapping[str, str], known: Known = _NOTHING
) -> None:
    """Check that every reference of a picked row matches a row, or is `known` to dangle.

    Raises:
        VerificationError: a reference dangles; the message has table, columns and first keys.
    """
    wrong = dangling(database, predicates, known)
    if wrong:
        raise VerificationError("\n".join(wrong))


def dangling(
    database: Database, predicates: Mapping[str, str], known: Known = _NOTHING
) -> list[str]:
    """Return a line for each foreign key by which picked rows dangle, except for `known` values."""
    return [
        f"{name}.{', '.join(columns)}: {rows_of(count, 'references', 'reference')} no row of"
        f" {parent} ({keys})"
        for name, columns, parent, count, keys in orphans(database, predicates, known)
    ]


def orphans(
    database: Database, predicates: Mapping[str, str], known: Known = _NOTHING
) -> Iterator[tuple[str, tuple[str, ...], str, int, str]]:
    """Yield the dangling references of picked rows, except for `known` values.

    Each item is table, columns, referred table, number of rows, and the first values as text.
    """
    connection, dialect, tables = database.connection, database.dialect, database.tables
    for name, predicate in predicates.items():
        for key, orphaned in dangling_keys(database, name):
            where = first_of(orphaned, predicate)
            table = dialect.rows_of(tables[name])
            spared = known.get(referring.place_of(name, key), ())
            if spared or key.path:
                values = values_of(database, tables[name], key, where)
                wrong = {one: rows for one, rows in values.items() if one not in spared}
                if wrong:
                    shown = ", ".join(b"/".join(one).decode() for one in sorted(wrong)[:_SHOWN])
                    yield name, key.columns, key.table, sum(wrong.values()), one_line(shown)
                continue
            if count := database.count(table, where):
                columns = dialect.quote_columns(key.columns)
                sql = f"SELECT DISTINCT {columns} FROM {table} WHERE {where}"
                shown = execute(connection, dialect.limited(sql, _SHOWN))
                yield name, key.columns, key.table, count, show_rows(shown)


def values_of(database: Database, table: Table, key: ForeignKey, where: str) -> Counter[Key]:
    """Return what dangling rows reference by a foreign key, as literals, with their number of rows.

    Of several values in the JSON of a row, only those that match no row count.
    """
    found = collections.Counter(referring.values(database, table, key, where))
    if not key.path:
        return found
    parent = replace(database.tables[key.table], key=())
    nowhere: Counter[Key] = collections.Counter()
    for one, rows in found.items():
        # A collation may take different literals for equal.
        if not list(references.matching(database, parent, key.referred_columns, [one])):
            nowhere[one] = rows
    return nowhere


def dangling_keys(database: Database, name: str) -> Iterator[tuple[ForeignKey, str]]:
    """Yield each foreign key of a table with the predicate of its dangling rows."""
    dialect, tables = database.dialect, database.tables
    table = tables[name]
    for key in table.foreign_keys:
        if key.enforced == "all":
            own = dialect.own_rows(tables[key.table])
            yield key, leads_nowhere(dialect, table, key, own)


def staying(
    database: Database, to_delete: Mapping[str, str], but: Collection[str] = ()
) -> dict[str, str]:
    """Return a digest of the rows that a move leaves alone, by table.

    `to_delete` are the predicates of the rows that the move may touch; the tables in `but` are
    left out. A row count takes the digest's place if a table's values cannot all be read.
    """
    connection, dialect, tables = database.connection, database.dialect, database.tables
    unreadable = dialect.refuse_tables(connection, list(tables))
    found = {}
    for name, table in tables.items():
        if name in but:
            continue
        stays = not_true(to_delete[name]) if name in to_delete else "1 = 1"
        if name in unreadable:
            found[name] = str(RowSet(database, {name: stays}).count(name))
        else:
            digest = Digest(dialect)
            digest.table(table, dialect.read_rows(connection, table, stays))
            found[name] = digest.hexdigest()
    return found


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the tables whose digests from `staying` differ."""
    return [name for name in before if before[name] != after.get(name)]


def show_rows(rows: Iterable[Sequence[object]]) -> str:
    """Render keys for a message: `3, 7, 9`."""
    return one_line(", ".join("/".join(map(str, row)) for row in rows))


def first_difference(
    dialect: Dialect,
    table: Table,
    expected: Iterable[bytes],
    found: Iterable[bytes],
    triggers: Sequence[Trigger] = (),
    *,
    by_value: bool = False,
) -> str | None:
    """Return a text for the first difference between two streams of a table's rows, None if equal.

    Both streams are in canonical order. With `by_value` they may be in any order, and literals
    are equal if the dialect decodes them to equal values. The text names the table, the row's key
    and, for a changed row, the columns.
    """
    pair = TablePair(table, table, dialect, dialect, by_value)
    differences = pair.differences(expected, found)
    first = next(differences, None)
    if first is None:
        return None
    # A connection that is still receiving rows accepts no other statement.
    collections.deque(differences, maxlen=0)
    hint = f" ({', '.join(map(str, triggers))})" if triggers else ""
    return f"{table.name}: {_told(pair, first)}{hint}"


def _told(pair: TablePair, first: RowDifference) -> str:
    if first.old is None or first.new is None:
        row = first.old or first.new or b""
        be = "is missing" if first.new is None else "is not in the snapshot"
        return f"the row {show_key(pair.table, row)} {be}"
    changed = (
        f"{cell.column} is {_short(cell.new)}, not {_short(cell.old)}"
        for cell in pair.changed(first.old, first.new)
    )
    return f"row {show_key(pair.table, first.old)}: {'; '.join(changed)}"


def _short(literal: bytes | None) -> str:
    return shortened((literal or b"").decode("utf-8", "replace"), 40)
