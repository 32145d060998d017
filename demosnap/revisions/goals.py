"""Turn the arguments of a command into goals: the version that each scenario shall have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from demosnap.errors import DatabaseError, UnknownNameError, UsageError
from demosnap.model import Version
from demosnap.moves.goal import Goal
from demosnap.revisions.graph import Graph

Goals = Callable[[Graph, Mapping[str, Version]], Sequence[Goal]]
"""A function that makes the goals, from the graph and the stamped versions by scenario."""


def load(name: str | None) -> Goals:
    """Return the goal of a load; `name` may be incomplete, as `Graph.whole` allows."""

    def goals(graph: Graph, current: Mapping[str, Version]) -> list[Goal]:
        full = graph.whole(name)
        version = graph.resolve(full, dict(current))
        scenario = version.scenario if version else full.partition("@")[0]
        return [Goal(scenario, current.get(scenario), version, again=True)]

    return goals


def stamp(name: str, operation: str = "stamp") -> Goals:
    """Return the goal of a stamp; `operation` is its name in the log."""

    def goals(graph: Graph, current: Mapping[str, Version]) -> list[Goal]:
        version = graph.resolve(name, dict(current))
        scenario = version.scenario if version else name.partition("@")[0]
        now = current.get(scenario)
        return [Goal(scenario, now, version, stamp_only=True, operation=operation)]

    return goals


def stamp_captured(version: Version, seen: Sequence[str]) -> Goals:
    """Return the goal of stamping a captured version; `seen` are the stamps during the capture.

    Raises:
        DatabaseError: when called: another session has changed the scenario since.
    """

    def goals(graph: Graph, current: Mapping[str, Version]) -> list[Goal]:
        now = current.get(version.scenario)
        if now is not None and now.revision not in seen:
            raise DatabaseError(f"another session moved it to {now.version} in the meantime")
        return list(stamp(version.revision, operation="capture")(graph, current))

    return goals


def rehearsal(version: Version) -> Goals:
    """Return the goal of trying the way back to a version, which the database holds."""

    def goals(graph: Graph, current: Mapping[str, Version]) -> list[Goal]:
        return [Goal(version.scenario, version, None, again=True)]

    return goals


def reset(scenario: str) -> Goals:
    """Return the goal of a reset: the loaded version, by the rows that differ.

    Raises:
        UsageError: when called: no version of the scenario is loaded.
    """

    def goals(graph: Graph, current: Mapping[str, Version]) -> list[Goal]:
        now = current.get(scenario)
        if now is None:
            if not graph.of(scenario):
                raise UnknownNameError("scenario", scenario, graph.scenarios)
            raise UsageError(
                f"no version of {scenario} is loaded, so there is nothing to reset to",
                f"`demosnap load {scenario}` loads the latest version.",
            )
        return [Goal(scenario, now, now, by_difference=True)]

    return goals


def between(names: Sequence[str], *, up: bool) -> Goals:
    """Return the goals of ranges `A:B`; a target without a range starts at base."""

    def goals(graph: Graph, current: Mapping[str, Version]) -> list[Goal]:
        starts: dict[str, Version] = {}
        ends = []
        for name in names:
            start, _, end = name.rpartition(":")
            if start and _is_step(end):
                end = f"{start.partition('@')[0]}@{end}"
            version = graph.resolve(start) if start else None
            if version is not None:
                starts[version.scenario] = version
            ends.append(end)
        made = upward(ends) if up else downward(ends[0])
        return list(made(graph, starts))

    return goals


def _is_step(name: str) -> bool:
    return name in ("base", "head") or name[:1] in "+-" or (name[:1] == "v" and name[1:2].isdigit())


def joined(scenario: str, step: str | None) -> str:
    """Join the two arguments of a downgrade to a name: `general` and `-1` are `general@-1`.

    Raises:
        UsageError: the step is missing, or given twice.
    """
    if step is None:
        if "@" in scenario or ":" in scenario:
            return scenario
        if _is_step(scenario):
            raise UsageError(
                "downgrade needs a scenario before the step",
                f"`demosnap downgrade general {scenario}`",
            )
        raise UsageError(
            f"{scenario!r} alone does not say how far down",
            f"Write {scenario} -1, {scenario} v1 or {scenario} base.",
        )
    if "@" in scenario:
        raise UsageError(f"{scenario} names a step already; {step} is one too many")
    start, colon, end = step.rpartition(":")
    return f"{scenario}@{start}:{scenario}@{end}" if colon else f"{scenario}@{step}"


def upward(targets: Sequence[str]) -> Goals:
    """Return the goals of an upgrade; `heads` means the heads of all scenarios.

    Raises:
        UsageError: no target is given; when called: a target is below the current version.
    """
    if not targets:
        raise UsageError(
            "no target is given", "Write SCENARIO@head, SCENARIO@v2, SCENARIO@+1, or heads."
        )

    def goals(graph: Graph, current: Mapping[str, Version]) -> list[Goal]:
        made: dict[str, Goal] = {}
        for name in targets:
            if name == "heads":
                wanted: list[Version | None] = [graph.head(s) for s in graph.scenarios]
            else:
                wanted = [graph.resolve(name, dict(current))]
            for version in wanted:
                if version is None:
                    raise UsageError(
                        f"{name} is below every version",
                        f"`demosnap downgrade {name}` takes the scenario out.",
                    )
                now = current.get(version.scenario)
                _check_above(graph, now, version)
                if version.scenario in made and made[version.scenario].target != version:
                    raise UsageError(
                        f"two targets for {version.scenario}; a run takes one per scenario"
                    )
                made[version.scenario] = Goal(version.scenario, now, version)
        return list(made.values())

    return goals


def _check_above(graph: Graph, now: Version | None, version: Version) -> None:
    if now is None or now in graph.ancestors(version):
        return
    scenario = version.scenario
    if version in graph.ancestors(now):
        raise UsageError(
            f"{version.version} is below {now.version}, which the database holds",
            f"`demosnap downgrade {scenario} {version.short}` goes down;"
            f" `demosnap load {scenario}@{version.short}` goes either way.",
        )
    raise UsageError(
        f"{version.version} does not follow {now.version}, which the database holds",
        f"`demosnap load {version.revision}` goes from one branch to another.",
    )


def downward(name: str) -> Goals:
    """Return the goal of a downgrade.

    Raises:
        UsageError: when called: the target is not below the current version.
    """
    scenario = name.partition("@")[0]

    def goals(graph: Graph, current: Mapping[str, Version]) -> list[Goal]:
        version = graph.resolve(name, dict(current))
        owner = version.scenario if version else scenario
        now = current.get(owner)
        if version is not None and version not in graph.ancestors(now):
            where = now.version if now else "base"
            raise UsageError(
                f"{version.version} is not below {where}, which the database holds",
                f"`demosnap upgrade {owner}@{version.short}` goes up.",
            )
        return [Goal(owner, now, version, again=version is None)]

    return goals


def in_range(
    graph: Graph, chosen: Sequence[Version], rev_range: str, current: Sequence[str]
) -> list[Version]:
    """Return the versions, among `chosen`, in a range `A:B`, `A:` or `:B`.

    Raises:
        UsageError: it is not a range.
    """
    if rev_range.count(":") != 1:
        raise UsageError(
            f"{rev_range!r} is not a range", "Write A:B, A: or :B; `current` is the loaded version."
        )
    start, end = (part.strip() for part in rev_range.split(":"))

    def named(name: str) -> list[Version]:
        if name == "current":
            return [graph.versions[stamp] for stamp in current if stamp in graph.versions]
        version = graph.resolve(name)
        return [version] if version else []

    found = list(chosen)
    if end not in ("", "head", "heads"):
        below = {v.revision for last in named(end) for v in graph.ancestors(last)}
        found = [version for version in found if version.revision in below]
    if start not in ("", "base"):
        firsts = {version.revision for version in named(start)}
        scenario = start.partition("@")[0]
        # Base is below all versions of its scenario, or of all scenarios if none is loaded.
        found = [
            v
            for v in found
            if firsts & {above.revision for above in graph.ancestors(v)}
            or (not firsts and (start == "current" or v.scenario == scenario))
        ]
    return found
