"""Demo rows that a move retains, since non-demo rows reference them.

`demosnap_kept` records them, so that the next move finds and changes them in place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Integer, MetaData, String, Text, select

from demosnap.columns import without
from demosnap.database import by_key, own_tables, references
from demosnap.database.live import Database
from demosnap.database.own_names import KEPT_TABLE
from demosnap.database.own_names import LEFT as LEFT
from demosnap.database.own_names import RELEASED as RELEASED
from demosnap.database.row_set import RowSet
from demosnap.model import Key, Table
from demosnap.rows.canonical import split

metadata = MetaData()

kept_table = sa.Table(
    KEPT_TABLE,
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("scenario", String(255), nullable=False),
    Column("table_name", String(255), nullable=False),
    Column("row_key", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)
"""A row per retained row: its key as a JSON object of literals, and the SHA-256 of all its values.

`LEFT` or `RELEASED` takes the digest's place if a row is known by its key alone.
"""


@dataclass(frozen=True)
class Retained:
    """Rows by table, identified by their keys; `columns` are the key's columns."""

    keys: Mapping[str, frozenset[Key]] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.keys)

    def counts(self) -> dict[str, int]:
        """Count the rows, by table."""
        return {name: len(keys) for name, keys in self.keys.items()}

    def joined(self, other: Retained) -> Retained:
        """Return these rows and those of `other`; both must use the same key columns."""
        names = dict.fromkeys((*self.keys, *other.keys))
        none: frozenset[Key] = frozenset()
        keys = {name: self.keys.get(name, none) | other.keys.get(name, none) for name in names}
        return Retained(keys, {**self.columns, **other.columns})

    def minus(self, other: Retained) -> Retained:
        """Return these rows without those of `other`."""
        none: frozenset[Key] = frozenset()
        found = ((name, keys - other.keys.get(name, none)) for name, keys in self.keys.items())
        left = {name: keys for name, keys in found if keys}
        return Retained(left, {name: self.columns[name] for name in left})

    def predicate(self, database: Database, name: str) -> str:
        """Return the predicate that picks the rows of a table."""
        columns = [database.tables[name].column(column) for column in self.columns[name]]
        return by_key.named(database.dialect, columns, self.keys[name])

    def rows(self, database: Database) -> RowSet:
        """Return the rows as a row set of a database."""
        return RowSet(database, {name: self.predicate(database, name) for name in self.keys})


NOTHING = Retained()

Goes = Callable[[str, Collection[Key]], set[Key]]
"""A function that returns which of the given keys belong to rows that a move would delete."""


def find(
    database: Database,
    tables: Mapping[str, Table],
    picked: Mapping[str, str],
    goes: Goes,
    but: Collection[str],
    beside: Mapping[str, str] | None = None,
    needed: Mapping[str, Collection[Key]] | None = None,
) -> Retained:
    """Find the rows that a move would delete and has to retain, and the rows that these reference.

    `tables` are the tables that lose rows; their keys identify the rows. `picked` are the
    predicates of all rows of the scenario. References from the tables in `but`, and from the rows
    `beside`, retain no row. `needed` are rows to retain in any case, if the move deletes them.
    """
    known = {name: table for name, table in tables.items() if table.identified}
    kept: dict[str, set[Key]] = {}
    ahead: list[tuple[str, set[Key]]] = []

    def keep(name: str, keys: Collection[Key]) -> None:
        fresh = goes(name, keys) - kept.get(name, set()) if keys else set()
        if fresh:
            kept.setdefault(name, set()).update(fresh)
            ahead.append((name, fresh))

    own = by_key.merged([picked, beside or {}])
    for name, table in known.items():
        pinned = references.pinned(database, table, picked[name], own, but)
        keep(name, pinned.union((needed or {}).get(name, ())))
    while ahead:
        name, keys = ahead.pop()
        for key in known[name].foreign_keys:
            if key.table in known and key.enforced != "none":
                parent = known[key.table]
                keep(
                    key.table,
                    references.parents(database, parent, key, known[name], keys, picked[key.table]),
                )
    return Retained(
        {name: frozenset(kept[name]) for name in known if name in kept},
        {name: known[name].key for name in kept},
    )


def exists(connection: Connection) -> bool:
    """Return whether `demosnap_kept` exists in this database."""
    return own_tables.has(connection, KEPT_TABLE)


def create(connection: Connection) -> None:
    """Create the table if it is missing, in the caller's transaction."""
    own_tables.create_missing(connection, metadata)


def unchanged(database: Database, scenario: str, picked: Mapping[str, str]) -> Retained:
    """Return the recorded rows that exist, are still picked, and still have the recorded values."""
    return _compared(database, scenario, picked)[0]


def changed(database: Database, scenario: str, picked: Mapping[str, str]) -> dict[str, int]:
    """Count the recorded rows that exist with other values than recorded, by table."""
    return _compared(database, scenario, picked)[1]


def _compared(
    database: Database, scenario: str, picked: Mapping[str, str]
) -> tuple[Retained, dict[str, int]]:
    keys: dict[str, frozenset[Key]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    others: dict[str, int] = {}
    for name, (names, digests) in _recorded(database.connection, scenario).items():
        table = database.tables.get(name)
        if table is None or name not in picked or not {c.name for c in table.columns} >= {*names}:
            continue
        found = dict(_digests(database, table, names, digests, picked[name]))
        same = frozenset(key for key, digest in found.items() if digests.get(key) == digest)
        if same:
            keys[name], columns[name] = same, names
        if len(found) > len(same):
            others[name] = len(found) - len(same)
    return Retained(keys, columns), others


def record(database: Database, scenario: str, kept: Retained) -> None:
    """Replace the recorded rows of a scenario by `kept`."""
    connection = database.connection
    if not kept and not exists(connection):
        return
    create(connection)
    connection.execute(kept_table.delete().where(kept_table.c.scenario == scenario))
    lines = [
        {
            "scenario": scenario,
            "table_name": name,
            "row_key": text_of(kept.columns[name], key),
            "digest": digest,
        }
        for name, keys in kept.keys.items()
        for key, digest in _digests(
            database, database.tables[name], kept.columns[name], keys, "1 = 1"
        )
    ]
    if lines:
        connection.execute(kept_table.insert(), lines)


def _recorded(
    connection: Connection, scenario: str
) -> dict[str, tuple[tuple[str, ...], dict[Key, str]]]:
    if not exists(connection):
        return {}
    found: dict[str, tuple[tuple[str, ...], dict[Key, str]]] = {}
    c = kept_table.c
    query = select(c.table_name, c.row_key, c.digest).where(c.scenario == scenario).order_by(c.id)
    for name, text, digest in connection.execute(query.where(c.digest.not_in((LEFT, RELEASED)))):
        columns, key = parsed(text)
        _, digests = found.setdefault(name, (columns, {}))
        digests[key] = digest
    return found


def text_of(columns: tuple[str, ...], key: Key) -> str:
    """Render a key as `row_key` of `demosnap_kept`: a JSON object of literals by column."""
    return json.dumps(dict(zip(columns, (part.decode() for part in key), strict=True)))


def parsed(text: str) -> tuple[tuple[str, ...], Key]:
    """Return the columns and the literals of a `row_key`."""
    key: dict[str, str] = json.loads(text)
    return tuple(key), tuple(part.encode() for part in key.values())


def _digests(
    database: Database,
    table: Table,
    columns: tuple[str, ...],
    keys: Collection[Key],
    predicate: str,
) -> Iterator[tuple[Key, str]]:
    """Yield the key of each existing row with the SHA-256 of all its values that count."""
    table = database.compared().tables[table.name]
    table = without(table, table.uncompared - {*columns})
    names = [column.name for column in table.captured]
    places = [names.index(column) for column in columns]
    typed = [table.column(name) for name in columns]
    for batch in by_key.key_predicates(database.dialect, typed, keys):
        where = f"({predicate}) AND ({batch})"
        for row in database.dialect.read_rows(database.connection, table, where):
            literals = split(row)
            yield tuple(literals[i] for i in places), hashlib.sha256(row).hexdigest()
