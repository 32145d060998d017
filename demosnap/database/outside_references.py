"""Check references to rows outside of a snapshot: they must exist, unless they dangled before."""

from __future__ import annotations

import collections
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from demosnap.database import dangling_references, referring
from demosnap.database.brought_keys import not_brought
from demosnap.database.by_key import batches, key_predicates
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.database.references import matching, shown_keys
from demosnap.model import ExternalReference, ForeignKey, Key, Table
from demosnap.reasons import of_rows
from demosnap.refusal import Refusal
from demosnap.snapshot import logical_keys
from demosnap.snapshot.changes import TableChanges

_SHOWN = 5

Staying = Callable[[str, Sequence[str]], str | None]
"""A function that returns the predicate of the rows of a table that remain after a move.

Its arguments are the referenced table and columns. It returns None if all rows remain.
"""


def unreferenced(
    database: Database,
    snapshot: OpenSnapshot,
    changes: Mapping[str, TableChanges],
    staying: Staying | None,
) -> list[Refusal]:
    """Return a reason for each referenced row that neither the snapshot nor the database has.

    `changes` are those that lead to the snapshot, by table. `staying` says which rows of the
    database remain (None: skip the check).
    """
    if staying is None:
        return []
    by_name = {table.name: table for table in snapshot.tables}
    external: list[set[Key]] = []
    fresh: list[set[Key]] = []
    losing = {name for name, one in changes.items() if one.counts.keys() & {"removed", "modified"}}
    references = snapshot.version.external_references
    # Rows that stay as they are lose what they reference, too.
    whole = (
        external_keys(snapshot, losing) if any(r.references in losing for r in references) else ()
    )
    for n, reference in enumerate(references):
        names = [column.name for column in by_name[reference.table].captured]
        keys: set[Key] = set()
        external.append(keys)
        fresh.append(set())
        extract = referring.extract(database, snapshot.version.selection, reference, names)
        if extract is None:
            # The database computes a column; these are verified after the load.
            continue
        one = changes[reference.table]
        if reference.references in losing:
            keys |= whole[n]
        else:
            collections.deque(referring.collected(one.written(), [(keys, extract)]), maxlen=0)
        if reference.dangling:
            changed = one.written(reference.columns)
            collections.deque(referring.collected(changed, [(fresh[-1], extract)]), maxlen=0)
    if not any(external):
        return []
    return list(missing(database, snapshot, external, fresh, staying))


def missing(
    database: Database,
    snapshot: OpenSnapshot,
    external: Sequence[set[Key]],
    fresh: Sequence[set[Key]],
    staying: Staying,
) -> Iterator[Refusal]:
    """Yield a reason for each row outside of a snapshot that is referenced and missing.

    `external` and `fresh` have a set per external reference: the values of the rows to be written,
    and those among them that are new to the database.
    """
    references = snapshot.version.external_references
    brought = brought_by(snapshot, references)
    nowhere = dangling_references.values(snapshot)
    for keys, new, own, known, reference in zip(
        external, fresh, brought, nowhere, references, strict=True
    ):
        filled = not_brought(database, snapshot, reference, keys, own)
        stays = staying(reference.references, reference.referred_columns)
        where = reference, filled - known, stays
        yield from missing_externals(database, *where)
        yield from refused(database, reference, filled & known & new)


def refused(
    database: Database, reference: ExternalReference, keys: Collection[Key]
) -> Iterator[Refusal]:
    """Yield a reason if the database rejects new rows with references that dangled before."""
    if not keys:
        return
    table = database.tables[reference.table]
    for key in table.foreign_keys:
        if key.logical or not dangling_references.is_of(reference, key):
            continue
        if database.dialect.takes_dangling(database.connection, table, key):
            continue
        gone = _missing(database, reference, keys, None)
        if gone:
            yield of_rows.dangling(reference, key, len(gone), shown_keys(gone[:_SHOWN]))


def missing_externals(
    database: Database, reference: ExternalReference, keys: Iterable[Key], stays: str | None = None
) -> list[Refusal]:
    """Return the reasons for referenced rows outside the snapshot that are not in the database.

    `keys` are the values of the reference's columns, as literals of the dialect. Only rows of the
    database that `stays` picks count (None: all rows).
    """
    columns = reference.referred_columns
    live = database.tables.get(reference.references)
    if live is None or not {column.name for column in live.columns}.issuperset(columns):
        return [of_rows.reference_to_no_table(reference)]
    missing = _missing(database, reference, keys, stays)
    if not missing:
        return []
    parent = replace(live, key=())
    going = any(stays and list(matching(database, parent, columns, [key])) for key in missing)
    shown = shown_keys(missing[:_SHOWN])
    return [of_rows.reference_to_missing(reference, len(missing), shown, going=going)]


def _missing(
    database: Database, reference: ExternalReference, keys: Iterable[Key], stays: str | None
) -> list[Key]:
    """Return the keys that no remaining row of the referenced table has, sorted."""
    columns = reference.referred_columns
    parent = replace(database.tables[reference.references], key=())
    missing: list[Key] = []
    for batch in batches(sorted(set(keys))):
        present = set(matching(database, parent, columns, batch, stays))
        missing += [
            key
            for key in batch
            # The database may equate different literals: 1 and 1.0, or by a collation.
            if key not in present and not list(matching(database, parent, columns, [key], stays))
        ]
    return missing


def parents(snapshot: OpenSnapshot, tables: Mapping[str, Table]) -> dict[str, set[Key]]:
    """Return the keys of rows of `tables` outside of a snapshot that its rows reference."""
    database, references = snapshot.database, snapshot.version.external_references
    found: dict[str, set[Key]] = {}
    if not any(one.references in tables for one in references):
        return found
    external, brought = external_keys(snapshot, tables), brought_by(snapshot, references)
    for keys, own, one in zip(external, brought, references, strict=True):
        missing = not_brought(database, snapshot, one, keys, own)
        if missing:
            table = tables[one.references]
            columns = [table.column(name) for name in one.referred_columns]
            for where in key_predicates(database.dialect, columns, missing):
                found.setdefault(table.name, set()).update(database.keys(table, where))
    return found


def external_keys(
    snapshot: OpenSnapshot, referenced: Collection[str] | None = None
) -> list[set[Key]]:
    """Return the referencing values of a snapshot's rows, a set per external reference.

    Only references to the tables in `referenced` have values (None: all).
    """
    references = snapshot.version.external_references
    found: list[set[Key]] = [set() for _ in references]
    if references:
        selection = snapshot.version.selection

        def extract(n: int, names: Sequence[str]) -> logical_keys.Extract | None:
            if referenced is not None and references[n].references not in referenced:
                return None
            return referring.extract(snapshot.database, selection, references[n], names)

        _collect(snapshot, [reference.table for reference in references], extract, found)
    return found


def brought_by(snapshot: OpenSnapshot, references: Sequence[ExternalReference]) -> list[set[Key]]:
    """Return the referenced keys that a snapshot contains, a set per external reference."""
    found: list[set[Key]] = [set() for _ in references]
    if any(reference.references in snapshot.version.rows for reference in references):

        def extract(n: int, names: Sequence[str]) -> logical_keys.Extract | None:
            one = references[n]
            table = snapshot.database.tables[one.references]
            own = ForeignKey(one.referred_columns, one.references, one.referred_columns)
            return referring.extract_key(snapshot.database, table, own, names)

        _collect(snapshot, [reference.references for reference in references], extract, found)
    return found


def _collect(
    snapshot: OpenSnapshot,
    tables: Sequence[str],
    extract: Callable[[int, Sequence[str]], logical_keys.Extract | None],
    found: Sequence[set[Key]],
) -> None:
    for table, rows in zip(snapshot.tables, snapshot.blocks(), strict=True):
        names = [column.name for column in table.captured]
        wanted = [
            (keys, one)
            for n, (keys, name) in enumerate(zip(found, tables, strict=True))
            if name == table.name and (one := extract(n, names)) is not None
        ]
        collections.deque(referring.collected(rows, wanted), maxlen=0)
