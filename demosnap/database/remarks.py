"""What is said of a plan: what is worth knowing, and why rows cannot go."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from demosnap.config import Settings
from demosnap.database import captured
from demosnap.database.kept import Kept
from demosnap.model import Version

if TYPE_CHECKING:
    from demosnap.database.moves import Database, Goal


def unsafe(database: Database, names: Iterable[str]) -> list[str]:
    """Return which of the tables cannot be rolled back, each with what that means."""
    found = database.dialect.non_transactional(database.connection, sorted(names))
    return [
        f"{name}: {reason}: after a failure it stays half changed" for name, reason in found.items()
    ]


def not_asked_for(unsafe: Iterable[str]) -> list[str]:
    """Return the same as reasons to refuse, with the option that lets them pass."""
    return [
        f"{reason}\n--non-transactional (with alembic: -x demosnap.non_transactional=1) changes it"
        " all the same"
        for reason in unsafe
    ]


def same_counts(present: Mapping[str, int], rows: Mapping[str, int]) -> bool:
    """Return whether there are as many rows as a version brings, table by table."""
    return all(present.get(name, 0) == rows.get(name, 0) for name in {*present, *rows})


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
        f"{scenario} is at {target.version} already, so nothing moves and nothing is released\n"
        f"`demosnap reset {scenario} {options}` releases it",
    )


def unstamped(
    database: Database,
    versions: Sequence[Version],
    current: Version | None,
    present: Mapping[str, int],
    known: Kept,
    digests: captured.Digests | None = None,
) -> Iterator[str]:
    """Yield that the rows are those of the newest version, if the stamp is another.

    `present` counts the rows beside those that are `known` to be kept.
    """
    newest = versions[-1] if versions else None
    if newest is None or newest == current or not same_counts(present, newest.rows):
        return
    if not newest.total or not captured.is_captured(
        database.connection,
        database.dialect,
        database.tables,
        newest.scenario,
        [newest],
        present,
        known,
        digests,
    ):
        return
    stamp = f"is stamped {current.version}" if current else "is not stamped with it"
    yield (
        f"the database holds the rows of {newest.scenario} {newest.version}, but {stamp}\n"
        f"`demosnap stamp {newest.scenario}@{newest.short}` stamps it"
    )


def uncaptured(
    database: Database, settings: Settings, goal: Goal, present: Mapping[str, int]
) -> str:
    """Say that demo rows would be lost, and how they differ from the version that is stamped."""
    # Here, since drift itself looks at moves.
    from demosnap.database import drift, moves

    rows = ", ".join(f"{name} {count}" for name, count in present.items() if count)
    lines = [f"the demo rows of {goal.scenario} are in no revision and would be lost ({rows})"]
    if goal.current is not None:
        entry = drift.status(database, settings, goal.scenario, goal.current, ())
        if entry.drift:
            lines = [
                f"what changed in the demo rows of {goal.scenario} since {goal.current.version} is"
                " in no revision and would be lost",
                *(one.told for one in entry.drift),
            ]
    picked = moves.picked(database, settings, goal.scenario, [goal.current, goal.target])
    lines += drift.touched(database, goal.scenario, picked)
    return "\n".join(
        [
            *lines,
            f"`demosnap revision {goal.scenario}` saves them; --discard (with alembic:"
            " -x demosnap.discard=1) lets them go",
        ]
    )
