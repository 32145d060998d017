"""The goal of a scenario's move."""

from __future__ import annotations

from dataclasses import dataclass

from demosnap.model import Version


@dataclass(frozen=True, slots=True)
class Goal:
    """The goal of a scenario's move.

    `current` is the stamped version, and `target` None is base. `again`: load even if the database
    is stamped with the target. `stamp_only`: move no rows. `by_difference`: change only the rows
    that differ.
    """

    scenario: str
    current: Version | None
    target: Version | None
    again: bool = False
    stamp_only: bool = False
    operation: str = "stamp"
    by_difference: bool = False
