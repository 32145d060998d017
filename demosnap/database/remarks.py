"""What is said of a plan: what is worth knowing, and why rows cannot go."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from demosnap.config import Settings
from demosnap.database import captured, kept, row_set
from demosnap.database.goal import Goal
from demosnap.database.kept import Kept
from demosnap.database.live import Database
from demosnap.model import Version
from demosnap.plan import Options


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


def unstamped_rows(
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


def notes_of(
    database: Database,
    versions: Sequence[Version],
    goal: Goal,
    present: Mapping[str, int],
    known: Kept,
    options: Options,
    digests: captured.Digests | None = None,
) -> tuple[str, ...]:
    """Return what is worth knowing of what the database holds."""
    # To know the rows of a version they have to be read, all of them.
    if options.discard:
        return ()
    return tuple(unstamped_rows(database, versions, goal.current, present, known, digests))


def unstamped(
    database: Database, settings: Settings, versions: Sequence[Version], current: Version | None
) -> list[str]:
    """Return, as a note, that the rows are those of the newest version and the stamp is not.

    So it is after a capture whose stamp failed. `versions` are all of the scenario.
    """
    if not versions or versions[-1] == current:
        return []
    name = versions[-1].scenario
    going = row_set.picked(database, settings, name, (current, versions[-1]))
    known = kept.unchanged(database, name, going)
    present = kept.rows_beside(database, going, known)
    return list(unstamped_rows(database, versions, current, present, known))
