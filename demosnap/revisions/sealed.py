"""A plan that can be applied later, since it has with it what it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from demosnap.config import Settings
from demosnap.config.choices import Choices
from demosnap.config.names import shown
from demosnap.database import by_key, references
from demosnap.database.live import Database
from demosnap.errors import RefusedError
from demosnap.model import Version
from demosnap.moves.goal import Goal
from demosnap.moves.planned import PlannedMove
from demosnap.options import MoveOptions
from demosnap.results import MovePlan, Target
from demosnap.revisions.graph import Graph
from demosnap.visible import rows as rows_of

What = Literal["database", "setting", "stamp", "version", "table", "rows"]

MadeFrom = Mapping[tuple[What, str], object]
"""What a plan was made from, by what it is and its name; None: there is none."""

# They say which databases may be changed, and when to capture.
_OF_NO_PLAN = {"allow", "deny", "deny_if", "auto_export_in_file"}

_AGAIN = "Make the plan again, and review it."


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPlan(MovePlan):
    """A plan that `Project.apply` acts on as it is, or refuses.

    `options` are those that it was made with. `goals` and `made_from` are for `apply`.
    """

    options: MoveOptions
    goals: tuple[Goal, ...] = field(repr=False)
    made_from: MadeFrom = field(repr=False, compare=False)


def seal(
    plan: MovePlan, options: MoveOptions, goals: Sequence[Goal], made_from: MadeFrom
) -> SealedPlan:
    """Return a plan as one that can be applied."""
    return SealedPlan(
        target=plan.target,
        moves=plan.moves,
        refusals=plan.refusals,
        notes=plan.notes,
        way_back=plan.way_back,
        options=replace(options, dry_run=False),
        goals=tuple(goals),
        made_from=made_from,
    )


def files_and_stamps(
    place: Target,
    settings: Settings,
    graph: Graph,
    current: Mapping[str, Version],
    goals: Sequence[Goal],
) -> MadeFrom:
    """Return what a plan of these goals is made from, but for the rows and their tables."""
    found: dict[tuple[What, str], object] = {("database", ""): place.url}
    for name in sorted({*Choices.__struct_fields__} - _OF_NO_PLAN):
        key = name.removesuffix("_in_file")
        found["setting", f"{shown(settings.yaml_file)}: {key}"] = getattr(settings, name)
    for goal in goals:
        now = current.get(goal.scenario)
        found["stamp", goal.scenario] = now.revision if now else "base"
        for version in (*graph.ancestors(goal.current), *graph.ancestors(goal.target)):
            found["version", version.revision] = graph.versions.get(version.revision)
    return found


def rows_and_tables(database: Database, prepared: Sequence[PlannedMove]) -> MadeFrom:
    """Return the rows that the moves name, as digests, and the definitions of their tables."""
    acting = [one for one in prepared if one.move.action not in ("none", "stamp")]
    picked = [one.to_delete for one in acting] + [one.picked_now(database) for one in acting]
    along = [each for one in acting for each in one.cascaded.touched(database)]
    predicates = by_key.merged([*picked, *along])
    loaded = {name for one in acting if one.move.target for name in one.move.target.rows}
    concerned = {*predicates, *loaded}
    concerned |= {name for name, _ in references.references_to(database.tables, concerned)}
    found: dict[tuple[What, str], object] = {
        ("table", name): database.tables.get(name) for name in sorted(concerned)
    }
    for name, predicate in predicates.items():
        found["rows", name] = _digest(
            database.dialect.read_rows(database.connection, database.tables[name], predicate)
        )
    return found


def _digest(rows: Iterable[bytes]) -> tuple[int, str]:
    sha = hashlib.sha256()
    count = 0
    for row in rows:
        sha.update(row + b"\n")
        count += 1
    return count, sha.hexdigest()


def check_before(plan: SealedPlan, now: MadeFrom, database: Database, title: str) -> None:
    """Check files, stamps and definitions, before anything is planned from what they are now.

    Raises:
        RefusedError: they are not what the plan was made from.
    """
    tables: MadeFrom = {
        key: database.tables.get(key[1]) for key in plan.made_from if key[0] == "table"
    }
    before = {key: value for key, value in plan.made_from.items() if key[0] != "rows"}
    _refuse(title, _reasons(before, {**now, **tables}))


def check(plan: SealedPlan, now: MadeFrom, again: MovePlan, title: str) -> None:
    """Check that the plan would be the same if it were made now, and from the same.

    Raises:
        RefusedError: it would not.
    """
    reasons = _reasons(plan.made_from, now)
    if not reasons and again.moves != plan.moves:
        reasons = ["a new plan would differ"]
    _refuse(title, reasons)


def _refuse(title: str, reasons: Sequence[str]) -> None:
    if reasons:
        raise RefusedError(title, reasons, _AGAIN)


def _reasons(before: MadeFrom, now: MadeFrom) -> list[str]:
    return [
        _told(*key, before.get(key), now.get(key))
        for key in dict.fromkeys((*before, *now))
        if before.get(key) != now.get(key)
    ]


def _told(what: What, name: str, before: object, now: object) -> str:
    if what == "database":
        return f"the plan is of {before}, and this is {now}"
    if what == "setting":
        return f"{name} has changed since the plan was made"
    if what == "stamp":
        return f"{name} was at {before} when the plan was made, and is at {now}"
    if what == "version":
        gone = "is gone" if now is None else "is not what it was"
        return f"revision {name} {gone} since the plan was made"
    if what == "table":
        if before is None:
            return f"{name}: the table is new, and references rows of the plan"
        gone = "is gone" if now is None else "has another definition"
        return f"{name}: the table {gone} since the plan was made"
    then, there = (one[0] if isinstance(one, tuple) else 0 for one in (before, now))
    counts = f"{rows_of(then, 'was', 'were')} there, {there:,} now" if then != there else "as many"
    return f"{name}: rows of the plan have changed since it was made ({counts})"
