"""Set aside unique values that rows exchange."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Collection, Iterator
from decimal import Decimal

from demosnap.dialects.base import Dialect
from demosnap.errors import DatabaseError
from demosnap.model import Column, Key, RowUpdate, Table, Value
from demosnap.rows.canonical import split
from demosnap.snapshot.changes import TableChanges
from demosnap.snapshot.logical_keys import declared

_LENGTH = re.compile(r"\(\s*([0-9]+)")


def updates(
    one: TableChanges,
    delete_last: Collection[Key],
    dialect: Dialect,
    referred: Collection[str] = (),
) -> list[RowUpdate]:
    """Return the updates that set exchanged values aside.

    `delete_last` are the keys of removed rows that are deleted last. A changed row gets its final
    value together with its other changes. `referred` are columns that rows may reference until
    their own update.

    Raises:
        DatabaseError: no value of a column is free.
    """
    table = one.pair.table
    if not one.pair.keyed or not (delete_last or one.counts.get("modified")):
        return []
    found: dict[Key, dict[str, bytes]] = {}
    for unique in table.unique:
        for key, held in _contested(one, unique, delete_last, dialect):
            values = found.setdefault(key, {})
            if not any(column in values for column in unique):
                values.update(_free(dialect, table, unique, key, held, referred))
    return list(found.items())


def _contested(
    one: TableChanges, unique: tuple[str, ...], delete_last: Collection[Key], dialect: Dialect
) -> Iterator[tuple[Key, dict[str, tuple[bytes, bytes | None]]]]:
    """Yield the keys of rows with a unique value that another row needs.

    Each comes with its values of the unique key, current and final (None: the row is deleted).
    """
    old_names = [column.name for column in one.pair.old_columns]
    new_names = [column.name for column in one.pair.new_columns]
    if not set(unique) <= set(old_names):
        return
    before = [old_names.index(name) for name in unique]
    after = [new_names.index(name) for name in unique] if set(unique) <= set(new_names) else None
    columns = [one.pair.table.column(name) for name in unique]
    width = len(one.pair.table.key)

    def folded(literals: list[bytes], places: list[int]) -> tuple[Value, ...] | None:
        if any(literals[i] == b"NULL" for i in places):
            return None
        return tuple(
            _folded(dialect.decode(literals[i], column))
            for i, column in zip(places, columns, strict=True)
        )

    holders: dict[tuple[Value, ...], tuple[Key, dict[str, tuple[bytes, bytes | None]]]] = {}
    for difference in one:
        if difference.old is None:
            continue
        literals = split(difference.old)
        then: list[bytes] | None = None
        if difference.new is None:
            if tuple(literals[:width]) not in delete_last:
                continue
        elif after is not None:
            then = split(difference.new)
            if all(literals[i] == then[j] for i, j in zip(before, after, strict=True)):
                continue
        value = folded(literals, before)
        if value is not None:
            now = [literals[i] for i in before]
            later = [then[j] for j in after] if then and after else [None] * len(before)
            pairs = zip(now, later, strict=True)
            holders[value] = tuple(literals[:width]), dict(zip(unique, pairs, strict=True))
    if not holders or after is None:
        return
    for difference in one:
        if difference.new is None:
            continue
        literals = split(difference.new)
        value = folded(literals, after)
        if value in holders and holders[value][0] != tuple(literals[:width]):
            yield holders.pop(value)


def _folded(value: Value) -> Value:
    """Return a value shared by all values that some collation could equate."""
    if not isinstance(value, str):
        return value
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).rstrip()


def _free(
    dialect: Dialect,
    table: Table,
    unique: tuple[str, ...],
    key: Key,
    held: dict[str, tuple[bytes, bytes | None]],
    referred: Collection[str],
) -> dict[str, bytes]:
    """Return a column of the unique key with a value that no other row has.

    Only columns that change anyway qualify, since they get their final value later.
    """
    changing = [
        table.column(name)
        for name in unique
        if held[name][0] != held[name][1]
        if name not in referred or not dialect.enforces_foreign_keys
    ]
    for column in changing:
        if column.nullable:
            return {column.name: b"NULL"}
    references = {name for foreign in declared(table).foreign_keys for name in foreign.columns}
    for column in changing:
        if column.name in references and dialect.enforces_foreign_keys:
            continue
        for literal in _candidates(dialect, column, b"/".join(key), held[column.name][0]):
            return {column.name: literal}
    raise DatabaseError(
        f"{table.name}: rows exchange values of {', '.join(unique)}, and no free value was found "
        f"to set that of {'/'.join(table.key)}={b'/'.join(key).decode('utf-8', 'replace')} aside",
        "Purge and load the scenario instead: demosnap load SCENARIO@VERSION.",
    )


def _candidates(dialect: Dialect, column: Column, seed: bytes, held: bytes) -> Iterator[bytes]:
    """Yield literals that the column accepts and that are unlikely to exist."""
    digest = hashlib.sha256(b"%s/%s" % (column.name.encode(), seed)).digest()
    number = int.from_bytes(digest[:8], "big")
    value = dialect.decode(held, column)
    values: list[Value] = []
    if isinstance(value, str):
        length = _LENGTH.search(column.type)
        longest = int(length[1]) if length else 36
        values = [text for text in (str(uuid.UUID(bytes=digest[:16])), digest.hex()) if text]
        values = [str(text)[: max(longest, 1)] for text in values]
    elif isinstance(value, bytes):
        values = [digest[:16]]
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        powers = [2**bits for bits in (62, 30, 14)]
        values = [sign * (power + number % power) for power in powers for sign in (-1, 1)]
    for one in values:
        try:
            literal = dialect.encode(one, column)
        except (ValueError, ArithmeticError):
            continue
        if dialect.is_literal(literal, column):
            yield literal
