"""Programs of users, for mypy alone, which `.ci/run` runs: nothing here is called.

What must be an error says so by its `type: ignore`, since mypy reports one that hides nothing.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import assert_type

import demosnap
from demosnap import (
    MoveOptions,
    MovePlan,
    Project,
    Refusal,
    RefusedError,
    RowChange,
    SealedPlan,
    Version,
)


def right(project: Project) -> None:
    """Use the API as docs/api.md does."""
    general = project.scenario("general")
    plan: SealedPlan = general.plan_load("v1", discard=True, cascade=["stickers"])
    done: MovePlan = project.apply(plan)
    versions: tuple[Version, ...] = general.versions
    for change in general.diff("v1", "v2"):
        one: RowChange = change
        old = change.old["state"] if change.old else None
        assert_type(change.kind, Literal["added", "removed", "modified", "unpicked"])
        assert_type(done.moves[0].target, Version | None)
        print(one, old)
    try:
        project.load("general", options=MoveOptions(verify="counts"))
    except RefusedError as error:
        reasons: tuple[str, ...] = error.reasons
        refusals: tuple[Refusal, ...] = error.refusals
        lost = [one.table for one in plan.refusals if one.kind == "key taken"]
        print(versions, reasons, refusals, lost)


def wrong(project: Project) -> None:
    """Misspell an option, a value and a name, give values of other types, and forget None."""
    print(demosnap.Nothing)  # type: ignore[attr-defined]
    project.load("general", discrad=True)  # type: ignore[call-arg]
    project.load("general", verify="most")  # type: ignore[arg-type]
    project.apply(project.load("general", dry_run=True))  # type: ignore[arg-type]
    for change in project.scenario("general").diff("v1", "v2"):
        print(change.old.keys())  # type: ignore[union-attr]
    MoveOptions(cascade=1)  # type: ignore[arg-type]
