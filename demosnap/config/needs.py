"""The scenarios that a scenario needs: check the setting, and follow it."""

from __future__ import annotations

from collections.abc import Mapping

from demosnap.config.kinds import Misfit
from demosnap.config.sections import Scenario
from demosnap.errors import did_you_mean


def check(scenarios: Mapping[str, Scenario]) -> None:
    """Check that needed scenarios exist, and that no scenario needs itself.

    Raises:
        Misfit: one does not exist, or they go in a circle.
    """
    for name, scenario in scenarios.items():
        at = ("scenarios", name, "needs")
        for one in scenario.needs:
            if one not in scenarios:
                nearest = did_you_mean(one, [other for other in scenarios if other != name])
                what = f": there is no scenario {one!r} under scenarios{nearest}"
                raise Misfit(what, *at, one, about=at)
    for name in scenarios:
        if circle := _circle(scenarios, name):
            at = ("scenarios", name, "needs")
            problem = f" goes in a circle: {', '.join(circle)}"
            if len(circle) == 2:
                problem = f" names {name} itself"
            raise Misfit(problem, *at, circle[1], about=at)


def _circle(scenarios: Mapping[str, Scenario], name: str) -> tuple[str, ...]:
    """Return the shortest way from a scenario to itself, empty without one."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen = set()
    for way in ways:
        for one in scenarios[way[-1]].needs:
            if one == name:
                return (*way, one)
            if one not in seen:
                seen.add(one)
                ways.append((*way, one))
    return ()


def of(scenarios: Mapping[str, Scenario], name: str) -> tuple[str, ...]:
    """Return all scenarios that a scenario needs, each after those that it needs itself."""
    found: dict[str, None] = {}

    def follow(one: str) -> None:
        for needed in scenarios[one].needs if one in scenarios else ():
            if needed not in found:
                follow(needed)
                found[needed] = None

    follow(name)
    return tuple(found)
