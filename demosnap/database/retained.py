"""Demo rows that stay where others go, since non-demo rows reference them.

`demosnap_kept` names them, so that the next move knows them again and changes them in place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Text,
    select,
)

from demosnap import dialects
from demosnap.database import by_key, references
from demosnap.database.live import Database
from demosnap.database.own_tables import KEPT_TABLE
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
"""A line is a row: its key as a JSON object of literals, and the SHA-256 of all its values.

In its place stands a word where the row is known by its key alone, whatever its values are.
"""

LEFT = "left"
RELEASED = "released"


@dataclass(frozen=True)
class Retained:
    """Rows by table, named by their keys; `columns` are those of the keys."""

    keys: Mapping[str, frozenset[Key]] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.keys)

    def counts(self) -> dict[str, int]:
        """Count the rows, by table."""
        return {name: len(keys) for name, keys in self.keys.items()}

    def joined(self, other: Retained) -> Retained:
        """Return these rows and those of `other`, which are named by the same columns."""
        names = dict.fromkeys((*self.keys, *other.keys))
        none: frozenset[Key] = frozenset()
        keys = {name: self.keys.get(name, none) | other.keys.get(name, none) for name in names}
        return Retained(keys, {**self.columns, **other.columns})

    def predicate(self, database: Database, name: str) -> str:
        """Return the predicate that picks the rows of one of the tables."""
        columns = [database.tables[name].column(column) for column in self.columns[name]]
        return by_key.named(database.dialect, columns, self.keys[name])

    def rows(self, database: Database) -> RowSet:
        """Return the rows as a database has them."""
        return RowSet(
            database,
            {name: self.predicate(database, name) for name in self.keys},
        )


NOTHING = Retained()

Goes = Callable[[str, Collection[Key]], set[Key]]
"""Returns which rows of a table go, of some that are named by their keys."""


def find(
    database: Database,
    tables: Mapping[str, Table],
    picked: Mapping[str, str],
    goes: Goes,
    but: Collection[str],
) -> Retained:
    """Find the rows that would go and have to stay, and those that these need themselves.

    `tables` are those that lose rows, by whose keys these are named; `picked` are the predicates
    of all of the scenario's rows. References from the tables `but` keep nothing.
    """
    known = {name: table for name, table in tables.items() if table.identified}
    kept: dict[str, set[Key]] = {}
    ahead: list[tuple[str, set[Key]]] = []

    def keep(name: str, keys: Collection[Key]) -> None:
        fresh = goes(name, keys) - kept.get(name, set()) if keys else set()
        if fresh:
            kept.setdefault(name, set()).update(fresh)
            ahead.append((name, fresh))

    for name, table in known.items():
        keep(name, references.pinned(database, table, picked[name], picked, but))
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
    """Return whether any rows were ever kept in this database."""
    return dialects.of(connection).has_table(connection, KEPT_TABLE)


def create(connection: Connection) -> None:
    """Create the table if it is missing, in the caller's transaction."""
    metadata.create_all(connection, checkfirst=True)


def unchanged(database: Database, scenario: str, picked: Mapping[str, str]) -> Retained:
    """Return the recorded rows that are still there, still picked, and as they were left."""
    return _again(database, scenario, picked)[0]


def changed(database: Database, scenario: str, picked: Mapping[str, str]) -> dict[str, int]:
    """Count the recorded rows that are there and are not as they were left, by table."""
    return _again(database, scenario, picked)[1]


def _again(
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
    """Write down what is kept of a scenario now, in the place of what was."""
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
    """Render a key as a line has it."""
    return json.dumps(dict(zip(columns, (part.decode() for part in key), strict=True)))


def parsed(text: str) -> tuple[tuple[str, ...], Key]:
    """Return the columns and the literals of a key that a line has."""
    key: dict[str, str] = json.loads(text)
    return tuple(key), tuple(part.encode() for part in key.values())


def _digests(
    database: Database,
    table: Table,
    columns: tuple[str, ...],
    keys: Collection[Key],
    predicate: str,
) -> Iterator[tuple[Key, str]]:
    """Yield the key of each row that is there, with the digest of all its values."""
    names = [column.name for column in table.captured]
    places = [names.index(column) for column in columns]
    typed = [table.column(name) for name in columns]
    for some in by_key.key_predicates(database.dialect, typed, keys):
        where = f"({predicate}) AND ({some})"
        for row in database.dialect.read_rows(database.connection, table, where):
            literals = split(row)
            yield tuple(literals[i] for i in places), hashlib.sha256(row).hexdigest()
