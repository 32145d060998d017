"""What a plan says of rows that stay, and which tables it may not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from demosnap.database import compatibility
from demosnap.database.live import Database
from demosnap.database.own_names import OWN_TABLES
from demosnap.model import Version
from demosnap.reasons import of_tables
from demosnap.refusal import Refusal


def unchangeable(database: Database, names: Iterable[str]) -> list[Refusal]:
    """Return a reason for each table to be changed that cannot be changed, or not rolled back."""
    changing = set(names)
    lacking = compatibility.unchangeable(database, changing)
    if changing:
        # Stamp, log and records of rows have to be rolled back with the rows.
        changing |= OWN_TABLES
    found = database.dialect.non_transactional(database.connection, sorted(changing))
    return [
        *lacking,
        *(of_tables.not_transactional(name, why, cure) for name, (why, cure) in found.items()),
    ]


def drift_note(target: Version, present: Mapping[str, int], rows: Mapping[str, int]) -> str:
    """Return the note that the counts of rows differ from the stamped version."""
    names = list(dict.fromkeys((*rows, *present)))
    other = ", ".join(
        f"{name} {present.get(name, 0)} instead of {rows.get(name, 0)}"
        for name in names
        if present.get(name, 0) != rows.get(name, 0)
    )
    return (
        f"{target.scenario} is stamped {target.version}, but the database holds other demo rows:"
        f" {other}\n`demosnap revision {target.scenario}` captures them;"
        f" `demosnap load {target.scenario}@{target.short} --discard` puts {target.short} back"
    )
