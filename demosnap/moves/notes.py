"""What is said of a plan: what is worth knowing, and why rows cannot go."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from demosnap.database.live import Database
from demosnap.database.own_names import OWN_TABLES
from demosnap.model import Version


def non_transactional(database: Database, names: Iterable[str]) -> list[str]:
    """Return why tables that would change are refused: what is done to them cannot be undone."""
    changing = set(names)
    if changing:
        # Stamp, log and what is remembered of rows are to be undone with the rows.
        changing |= OWN_TABLES
    found = database.dialect.non_transactional(database.connection, sorted(changing))
    return [
        f"{name}: {reason}, so a failure would leave it half changed\n{cure} makes it one that can"
        " be changed"
        for name, (reason, cure) in found.items()
    ]


def drift_note(target: Version, present: Mapping[str, int], rows: Mapping[str, int]) -> str:
    """Say that the counts are not those that the version that is stamped brings."""
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


def nothing_to_release(
    scenario: str, target: Version | None, release: Sequence[str]
) -> tuple[str, ...]:
    """Return, where rows shall be released and nothing moves, that a reset releases them."""
    if not release or target is None:
        return ()
    options = " ".join(f"--release {shlex.quote(one)}" for one in release)
    return (
        f"{scenario} is at {target.version} already, so no row moves and no row is released\n"
        f"`demosnap reset {scenario} {options}` releases it",
    )
