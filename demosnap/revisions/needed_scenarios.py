"""Scenarios that others need: they are loaded first, and stay as long as the others do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from demosnap.config import Settings, needs
from demosnap.model import Version
from demosnap.moves.goal import Goal
from demosnap.reasons import of_versions
from demosnap.refusal import Refusal
from demosnap.results import Move
from demosnap.revisions.graph import Graph


def of(goals: Sequence[Goal], settings: Settings) -> list[str]:
    """Return what the scenarios that goals load need, each after those that it needs itself."""
    loading = [goal.scenario for goal in goals if _loads(goal)]
    return [*dict.fromkeys(one for name in loading for one in needs.of(settings.scenarios, name))]


def loaded_first(
    goals: Sequence[Goal], settings: Settings, graph: Graph, loaded: Mapping[str, Version | None]
) -> list[Goal]:
    """Return the goals of needed scenarios that are not loaded: their heads.

    `loaded` are the scenarios with a stamp.

    Raises:
        ConfigError: a needed scenario has no version.
        ScriptError: it has several heads.
    """
    named = {goal.scenario for goal in goals}
    found = []
    for name in of(goals, settings):
        if name in named or name in loaded:
            continue
        if not graph.of(name):
            by = next(one for one in named if name in needs.of(settings.scenarios, one))
            raise settings.error(
                f"{by} needs {name}, which has no version",
                *("scenarios", by, "needs", name),
                hint=f'`demosnap revision {name} -m "v1"` captures one.',
            )
        found.append(Goal(name, None, graph.head(name)))
    return found


def refusals(
    moves: Sequence[Move], settings: Settings, loaded: Mapping[str, Version | None]
) -> list[Refusal]:
    """Return the refusals of moves that take out what a scenario needs that stays loaded."""
    gone = {move.scenario for move in moves if move.target is None}
    found = []
    for move in moves:
        if move.target is not None or move.action not in ("purge", "load"):
            continue
        by = _needing(move.scenario, settings, [name for name in loaded if name not in gone])
        if by:
            found.append(of_versions.needed(move.scenario, {name: loaded[name] for name in by}))
    return found


def _needing(name: str, settings: Settings, others: Collection[str]) -> list[str]:
    """Return which scenarios need one, each before those that it needs itself."""
    found = [one for one in others if name in needs.of(settings.scenarios, one)]
    return sorted(found, key=lambda one: -len(needs.of(settings.scenarios, one)))


def _loads(goal: Goal) -> bool:
    return goal.target is not None and not goal.stamp_only and not goal.by_difference
