"""References of demo rows that already dangled when the rows were captured.

They are part of a version: a load restores them, and no other reference may dangle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from demosnap import dialects
from demosnap.database import referring
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.database.verify import Known, dangling_keys, values_of
from demosnap.errors import SnapshotError
from demosnap.model import ExternalReference, ForeignKey, Key, Version
from demosnap.snapshot import logical_keys
from demosnap.snapshot.predicates import first_of, leads_nowhere
from demosnap.visible import one_line

_SHOWN = 5
_NONE: frozenset[Key] = frozenset()


def flag(database: Database, name: str, key: ForeignKey, outside: str) -> str:
    """Return a predicate of references that lead `outside` of a selection and match no row."""
    own = database.dialect.own_rows(database.tables[key.table])
    return first_of(outside, leads_nowhere(database.dialect, database.tables[name], key, own))


def found(
    database: Database, picked: Mapping[str, str], reference: ExternalReference
) -> ExternalReference:
    """Return an external reference completed with its dangling values, sorted.

    `picked` are the predicates of the selected rows, by table.
    """
    name = reference.table
    keys: set[Key] = set()
    for key, orphaned in dangling_keys(database, name):
        if is_of(reference, key):
            where = first_of(orphaned, picked[name])
            keys.update(values_of(database, database.tables[name], key, where))
    values = tuple(tuple(part.decode() for part in key) for key in sorted(keys))
    return replace(reference, dangling=values)


def within(references: Iterable[ExternalReference], others: Iterable[ExternalReference]) -> bool:
    """Return whether `others` record every dangling value of `references`."""
    place = referring.place_of_reference
    recorded = {place(one): {*one.dangling} for one in others}
    return all(recorded.get(place(one), set()) >= {*one.dangling} for one in references)


def notes(
    references: Iterable[ExternalReference], before: Iterable[ExternalReference] = ()
) -> Iterator[str]:
    """Yield a note for each reference with dangling values that `before` does not record."""
    place = referring.place_of_reference
    recorded = {place(one): {*one.dangling} for one in before}
    for each in references:
        known = recorded.get(place(each), set())
        one = replace(each, dangling=tuple(key for key in each.dangling if key not in known))
        if one.dangling:
            shown = ", ".join("/".join(key) for key in one.dangling[:_SHOWN])
            more = ", …" if len(one.dangling) > _SHOWN else ""
            count = len(one.dangling)
            yield (
                f"{one.table}.{', '.join(one.columns)}: {count}"
                f" {'value dangles' if count == 1 else 'values dangle'}, the referenced row is "
                f"missing in {one.references} ({', '.join(one.referred_columns)}: "
                f"{one_line(shown)}{more})\n"
                "they are captured and loaded unchanged, where the database accepts them"
            )


def is_of(reference: ExternalReference, key: ForeignKey) -> bool:
    """Return whether a reference uses this foreign key of its table."""
    return referring.place_of_reference(reference) == referring.place_of(reference.table, key)


def values(snapshot: OpenSnapshot) -> list[frozenset[Key]]:
    """Return the dangling keys of each external reference of a version.

    They are literals of this database, in the order of `external_references`.
    """
    return [_values(snapshot, one) for one in snapshot.version.external_references]


def _values(snapshot: OpenSnapshot, reference: ExternalReference) -> frozenset[Key]:
    keys = [tuple(part.encode() for part in key) for key in reference.dangling]
    table = snapshot.database.tables.get(reference.table)
    if not keys or table is None or not snapshot.foreign:
        return frozenset(keys)
    source, dialect = dialects.get(snapshot.header.dialect), snapshot.dialect
    key = referring.key_of(snapshot.database, snapshot.version.selection, reference)
    if key is not None:
        return frozenset(logical_keys.adapted(dialect, key, keys))
    recorded = next(one for one in snapshot.header.tables if one.name == reference.table)
    try:
        pairs = [(recorded.column(name), table.column(name)) for name in reference.columns]
        return frozenset(
            tuple(
                dialect.encode(source.decode(literal, column), target)
                for literal, (column, target) in zip(key, pairs, strict=True)
            )
            for key in keys
        )
    except (KeyError, ValueError):
        # A value that this database cannot represent is in none of its rows.
        return _NONE


def known(database: Database, versions: Iterable[Version | None]) -> Known:
    """Return the values that dangled when any of the versions was captured."""
    found: dict[referring.Place, frozenset[Key]] = {}
    for version in versions:
        if version is None or not any(one.dangling for one in version.external_references):
            continue
        try:
            each = values(OpenSnapshot(version, database))
        except SnapshotError:
            # A missing snapshot proves no dangling value.
            continue
        for reference, keys in zip(version.external_references, each, strict=True):
            place = referring.place_of_reference(reference)
            found[place] = found.get(place, _NONE) | keys
    return found
