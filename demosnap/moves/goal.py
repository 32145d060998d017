"""Where a scenario shall go."""

from __future__ import annotations

from dataclasses import dataclass

from demosnap.model import Version


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a scenario shall go.

    `current` is what the database is stamped with, `target` None is base. `again`: load also
    where the stamp says that the target is there already. `stamp_only`: move no rows.
    `by_difference`: move the rows that differ, and leave all others alone.
    """

    scenario: str
    current: Version | None
    target: Version | None
    again: bool = False
    stamp_only: bool = False
    operation: str = "stamp"
    by_difference: bool = False
