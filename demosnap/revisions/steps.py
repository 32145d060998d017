"""Alembic's steps: the scenario of each, and the steps to a goal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep, StampStep
from alembic.script import ScriptDirectory
from alembic.script.revision import MultipleHeads
from alembic.util import CommandError

from demosnap.errors import UsageError
from demosnap.model import Version
from demosnap.moves.goal import Goal
from demosnap.revisions import alembic_private, conflicts
from demosnap.revisions.graph import Graph


def made(
    function: alembic_private.Steps, heads: tuple[str, ...], context: MigrationContext, graph: Graph
) -> list[Any]:
    """Return the steps that Alembic itself makes.

    Raises:
        UsageError: there is no version to step down from.
        ScriptError: a scenario has several heads.
        CommandError: Alembic refused for another reason.
    """
    try:
        return list(function(heads, context))
    except AssertionError as error:
        # Alembic fails like this if a relative step has no version to start from.
        raise UsageError(
            "no version of that scenario is loaded, so a step down has no start",
            "`demosnap current` shows what is loaded.",
        ) from error
    except CommandError as error:
        if isinstance(error.__cause__, MultipleHeads):
            # Name the first scenario that has several of these heads.
            for scenario in dict.fromkeys(
                graph.versions[head].scenario for head in error.__cause__.heads
            ):
                graph.head(scenario)
        raise


def goals_of(steps: Sequence[Any], graph: Graph, current: Mapping[str, Version]) -> list[Goal]:
    """Return the goals that Alembic's steps lead to, one per scenario.

    Raises:
        ScriptError: the steps lead to a second head beside the current one, or to two heads, as
            `heads` does if there are several.
    """
    _check_one_end(steps, graph, current)
    targets = dict(_end(step, graph) for step in steps)
    stamps = any(step.info.is_stamp for step in steps)
    return [
        Goal(scenario, current.get(scenario), target, stamp_only=stamps)
        for scenario, target in targets.items()
    ]


def _check_one_end(steps: Sequence[Any], graph: Graph, current: Mapping[str, Version]) -> None:
    ends = {scenario: [version] for scenario, version in current.items()}
    for step in steps:
        before = step.info.source_revision_ids
        for revision in step.info.destination_revision_ids:
            version = graph.versions[revision]
            found = ends.setdefault(version.scenario, [])
            found[:] = [end for end in found if end.revision not in before]
            found.append(version)
    for scenario, found in ends.items():
        if len(found) > 1:
            raise conflicts.several_heads(scenario, found)


def _end(step: Any, graph: Graph) -> tuple[str, Version | None]:
    """Return the scenario of a step and the version that it ends at, None for base."""
    info = step.info
    known = [*info.destination_revision_ids, *info.source_revision_ids]
    after = info.destination_revision_ids
    return graph.versions[known[0]].scenario, graph.versions[after[0]] if after else None


def steps_to(directory: ScriptDirectory, graph: Graph, goal: Goal) -> list[RevisionStep]:
    """Return the steps down from a goal's current version and up to its target."""
    above = graph.ancestors(goal.target)
    below = graph.ancestors(goal.current)
    kept = {version.revision for version in above} & {version.revision for version in below}
    down = [version for version in below if version.revision not in kept]
    up = [version for version in reversed(above) if version.revision not in kept]
    return [
        *_migrations(directory, down, MigrationStep.downgrade_from_script),
        *_migrations(directory, up, MigrationStep.upgrade_from_script),
    ]


def stamps_to(directory: ScriptDirectory, graph: Graph, goal: Goal) -> list[MigrationStep]:
    """Return the steps that replace the stamp of a goal's current version by its target's."""
    now, target = goal.current, goal.target
    if now and target and now not in graph.ancestors(target) and target not in graph.ancestors(now):
        # Alembic would take this as a separate branch, with an additional stamp.
        return [StampStep(now.revision, target.revision, True, False, directory.revision_map)]
    destination = target.revision if target else f"{goal.scenario}@base"
    heads = (now.revision,) if now else ()
    return list(alembic_private.stamp_steps(directory, destination, heads))


def _migrations(
    directory: ScriptDirectory, versions: Iterable[Version], make: Any
) -> Iterable[RevisionStep]:
    for version in versions:
        yield make(directory.revision_map, directory.get_revision(version.revision))
