"""The references of rows after a run: planned before it, and checked before its commit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from demosnap.database import (
    by_key,
    compatibility,
    dangling_references,
    outside_references,
    references,
)
from demosnap.database.brought_keys import not_brought
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.errors import VerificationError
from demosnap.model import ExternalReference, ForeignKey, Key
from demosnap.moves import cascade
from demosnap.moves.planned import PlannedMove
from demosnap.reasons import of_rows
from demosnap.refusal import Refusal
from demosnap.snapshot.predicates import holding, leads_nowhere, not_true, referencing
from demosnap.visible import rows as rows_of

_SHOWN = 5


def refusals(
    database: Database, run: Sequence[PlannedMove], cascaded: cascade.CascadedRows
) -> list[Refusal]:
    """Return the refusals for references to rows or values that the same run removes.

    Raises:
        SnapshotError: a snapshot is malformed.
    """
    found: list[Refusal] = []
    if len(run) > 1 or cascaded.gone or cascaded.nulled:
        found += _unmet(database, run, cascaded)
    if cascaded.gone or cascaded.nulled:
        found += _losing(database, run, cascaded)
    return found


def _unmet(
    database: Database, run: Sequence[PlannedMove], cascaded: cascade.CascadedRows
) -> Iterator[Refusal]:
    """Yield the references of a run's versions to rows that are missing at its end."""
    leaving = [one.to_delete - one.kept.rows(database) for one in run]
    gone = by_key.merged([*leaving, cascaded.to_delete(database)])

    def stays(table: str, columns: Sequence[str]) -> str | None:
        predicates = [{table: one} for one in _nulled(database, cascaded, table, columns)]
        predicates += [{table: gone[table]}] if table in gone else []
        return not_true(by_key.merged(predicates)[table]) if predicates else None

    snapshots = [
        (OpenSnapshot(target, database), one.planned is None and len(run) > 1)
        for one in run
        if (target := one.move.target) is not None
    ]
    fitting = [
        one for one in snapshots if not compatibility.unfit(database.tables, one[0].header.tables)
    ]
    for place, (snapshot, is_whole) in enumerate(fitting):
        references = snapshot.version.external_references
        wanted = outside_references.external_keys(snapshot)
        for number, (other, too) in enumerate(fitting if references else ()):
            brought = outside_references.brought_by(other, references)
            for keys, own, reference in zip(wanted, brought, references, strict=True):
                if is_whole and too and number > place:
                    yield from _too_early(database, snapshot, other, reference, keys & own)
                keys &= not_brought(database, other, reference, keys, own, of=snapshot)
        nowhere = dangling_references.values(snapshot)
        for keys, known, reference in zip(wanted, nowhere, references, strict=True):
            filled = {key for key in keys if b"NULL" not in key}
            where = stays(reference.references, reference.referred_columns)
            at = database, reference
            yield from outside_references.missing_externals(*at, filled - known, where)
            if is_whole:
                yield from outside_references.refused(*at, filled & known)


def _too_early(
    database: Database,
    snapshot: OpenSnapshot,
    other: OpenSnapshot,
    reference: ExternalReference,
    keys: Collection[Key],
) -> Iterator[Refusal]:
    """Yield a reason if the database asks for rows that are loaded after those that need them."""
    filled = sorted(key for key in keys if b"NULL" not in key)
    table = database.tables[reference.table]
    if not filled or not database.dialect.enforces_foreign_keys:
        return
    for key in table.foreign_keys:
        if (
            dangling_references.is_of(reference, key)
            and not key.deferrable
            and not database.dialect.takes_dangling(database.connection, table, key)
        ):
            scenarios = snapshot.version.scenario, other.version.scenario
            shown = references.shown_keys(filled[:_SHOWN])
            yield of_rows.loaded_too_late(reference, key, scenarios, len(filled), shown)


def _nulled(
    database: Database, cascaded: cascade.CascadedRows, table: str, columns: Sequence[str]
) -> Iterator[str]:
    """Yield the predicates of rows of a table in which one of the columns is set to NULL."""
    for name, key, keys in cascaded.nulled:
        if name == table and set(cascade.nulled_columns(key)) & set(columns):
            yield by_key.named(database.dialect, database.tables[name].key_columns, keys)


def _losing(
    database: Database, run: Sequence[PlannedMove], cascaded: cascade.CascadedRows
) -> Iterator[Refusal]:
    """Yield the existing rows that reference cascaded rows, or values that these lose.

    They include remaining demo rows, and rows that the database would not enforce.
    """
    demo = by_key.merged(
        [
            {name: one.kept.predicate(database, name) for name in one.kept.keys}
            if one.planned is None
            else one.to_delete
            for one in run
        ]
    )
    for name, key in references.references_to(database.tables, cascaded.gone):
        if name in demo:
            parent = cascaded.to_delete(database)[key.table]
            where = f"({demo[name]})"
            yield from _referring(database, name, key, parent, where)
    for parent_name, by, keys in cascaded.nulled:
        parent = by_key.named(database.dialect, database.tables[parent_name].key_columns, keys)
        for name, key in references.references_to(database.tables, [parent_name]):
            if set(key.referred_columns) & set(cascade.nulled_columns(by)):
                lost = cascade.nulled_columns(by)
                yield from _referring(database, name, key, parent, None, lost)


def _referring(
    database: Database,
    name: str,
    key: ForeignKey,
    parent: str,
    where: str | None,
    lost: Sequence[str] = (),
) -> Iterator[Refusal]:
    table = database.tables[name]
    points = referencing(database.dialect, table, key, parent)
    points = f"{points} AND {where}" if where else points
    found = references.first_keys(database, table, key, points, _SHOWN + 1)
    if found:
        keys = references.shown_rows(found[:_SHOWN])
        columns = table.key or key.columns
        yield of_rows.cascaded_are_referenced(name, key, lost, columns, keys, len(found))


Pins = list[tuple[str, ForeignKey, list[Key]]]
"""Table, foreign key of the table, and the values of rows of this run that it references."""


def pins(database: Database, to_delete: Mapping[str, str]) -> Pins:
    """Return the values in the rows of a run that other rows reference.

    `to_delete` are the predicates of all rows that the run may touch.
    """
    found = []
    for name, key in references.references_to(database.tables, to_delete):
        if key.enforced != "all":
            # Only the database knows the rows for which it enforces this foreign key.
            continue
        others = not_true(to_delete[name]) if name in to_delete else None
        table = database.tables[key.table]
        at = database, table, key, name, to_delete[key.table], others
        if values := sorted(set(references.pointed_at(*at, key.referred_columns))):
            found.append((name, key, values))
    return found


def check(database: Database, before: Pins) -> None:
    """Check that the rows that referenced rows of this run still reference existing rows.

    Raises:
        VerificationError: a reference dangles.
    """
    dialect, tables = database.dialect, database.tables
    wrong = []
    for name, key, values in before:
        parent = tables[key.table]
        for some in by_key.batches(values):
            there = references.matching(database, parent, key.referred_columns, some)
            missing = sorted(set(some).difference(there))
            if not missing:
                continue
            where = (
                f"({holding(dialect, tables[name], key, missing)})"
                f" AND {leads_nowhere(dialect, tables[name], key, dialect.own_rows(parent))}"
            )
            if count := database.count(dialect.rows_of(tables[name]), where):
                wrong.append(
                    f"{name}.{', '.join(key.columns)}: {rows_of(count)} would reference no row of"
                    f" {key.table} ({references.show_literals(missing[:_SHOWN], len(missing))})"
                )
    if wrong:
        raise VerificationError("\n".join(wrong))
