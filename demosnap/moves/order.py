"""The order of a run's moves: scenarios that others need, or reference, are loaded first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from demosnap.config import Settings, needs
from demosnap.database import compatibility, outside_references
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.model import Version
from demosnap.moves.goal import Goal

References = Callable[[Version, Version], bool]
"""A function that returns whether rows of a version may reference rows of another one."""


def ordered(
    goals: Sequence[Goal], settings: Settings, references: References | None = None
) -> list[Goal]:
    """Return goals in the order of their moves: those to base first.

    A scenario follows those that it needs or references on the way up, and precedes them on the
    way down. Otherwise the order stays. `references` None: by the tables of the versions.
    """
    references = references or by_tables
    down = [goal for goal in goals if goal.target is None]
    up = [goal for goal in goals if goal.target is not None]
    return [*reversed(_up(down[::-1], settings, references)), *_up(up, settings, references)]


def _up(goals: Sequence[Goal], settings: Settings, references: References) -> list[Goal]:
    needed = {goal.scenario: set(needs.of(settings.scenarios, goal.scenario)) for goal in goals}
    both = {name: set(others) for name, others in needed.items()}
    for goal in goals:
        for other in goals:
            version, its = (one.target or one.current for one in (goal, other))
            if version and its and goal != other and references(version, its):
                both[goal.scenario].add(other.scenario)
    # Scenarios may reference each other, but they never need each other.
    return _after(_after(goals, both), needed)


def _after(goals: Sequence[Goal], others: Mapping[str, set[str]]) -> list[Goal]:
    """Return goals, each after those of some other scenarios, as far as that is possible."""
    found: dict[str, Goal] = {}
    begun: set[str] = set()

    def add(goal: Goal) -> None:
        begun.add(goal.scenario)
        for one in goals:
            if one.scenario in others[goal.scenario] and one.scenario not in begun:
                add(one)
        found[goal.scenario] = goal

    for goal in goals:
        if goal.scenario not in begun:
            add(goal)
    return list(found.values())


def by_tables(version: Version, other: Version) -> bool:
    """Return whether rows of a version reference rows outside of it in tables of another one."""
    return any(other.rows.get(one.references) for one in version.external_references)


def by_rows(database: Database) -> References:
    """Return a function that reads the versions' rows where their tables reference each other.

    Raises:
        SnapshotError: when called: a snapshot is missing or malformed.
    """

    def references(version: Version, other: Version) -> bool:
        if not by_tables(version, other) or not by_tables(other, version):
            return by_tables(version, other)
        snapshots = [OpenSnapshot(one, database) for one in (version, other)]
        if any(compatibility.unfit(database.tables, one.header.tables) for one in snapshots):
            return True
        wanted = outside_references.external_keys(snapshots[0])
        brought = outside_references.brought_by(snapshots[1], version.external_references)
        return any(keys & own for keys, own in zip(wanted, brought, strict=True))

    return references
