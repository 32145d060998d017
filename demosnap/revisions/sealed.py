"""A plan that can be applied later, since it carries the state that it was made from."""

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
from demosnap.reasons import of_versions
from demosnap.refusal import Refusal
from demosnap.results import MovePlan, Target
from demosnap.revisions.graph import Graph

What = Literal["database", "setting", "stamp", "version", "table", "rows"]

MadeFrom = Mapping[tuple[What, str], object]
"""The state that a plan was made from, by kind and name; None: it did not exist."""

# Settings without effect on plans: allowed databases, and when to capture.
_OF_NO_PLAN = {"allow", "deny", "deny_if", "auto_export_in_file"}

_AGAIN = "Make the plan again, and review it."


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPlan(MovePlan):
    """A plan that `Project.apply` acts on exactly, or refuses.

    `options` are those of the plan. `goals` and `made_from` are for `apply`.
    """

    options: MoveOptions
    goals: tuple[Goal, ...] = field(repr=False)
    made_from: MadeFrom = field(repr=False, compare=False)


def seal(
    plan: MovePlan, options: MoveOptions, goals: Sequence[Goal], made_from: MadeFrom
) -> SealedPlan:
    """Return a plan in a form that can be applied."""
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
    """Return the state that a plan is made from, except for rows and tables."""
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
    """Return digests of the rows in the moves, and the definitions of their tables."""
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
    """Check files, stamps and definitions before planning again from their current state.

    Raises:
        RefusedError: they differ from the state that the plan was made from.
    """
    tables: MadeFrom = {
        key: database.tables.get(key[1]) for key in plan.made_from if key[0] == "table"
    }
    before = {key: value for key, value in plan.made_from.items() if key[0] != "rows"}
    _refuse(title, _refusals(before, {**now, **tables}))


def check(plan: SealedPlan, now: MadeFrom, again: MovePlan, title: str) -> None:
    """Check that the same plan would be made now, from the same state.

    Raises:
        RefusedError: it would differ.
    """
    found = _refusals(plan.made_from, now)
    if not found and again.moves != plan.moves:
        found = [of_versions.another_plan()]
    _refuse(title, found)


def _refuse(title: str, found: Sequence[Refusal]) -> None:
    if found:
        raise RefusedError(title, found, _AGAIN)


def _refusals(before: MadeFrom, now: MadeFrom) -> list[Refusal]:
    return [
        _refusal(*key, before.get(key), now.get(key))
        for key in dict.fromkeys((*before, *now))
        if before.get(key) != now.get(key)
    ]


def _refusal(what: What, name: str, before: object, now: object) -> Refusal:
    if what == "rows":
        then, there = (one[0] if isinstance(one, tuple) else 0 for one in (before, now))
        return of_versions.rows_have_changed(name, then, there)
    if what == "table":
        return of_versions.table_has_changed(name, is_new=before is None, is_gone=now is None)
    if what == "version":
        return of_versions.version_has_changed(name, is_gone=now is None)
    if what == "setting":
        return of_versions.setting_has_changed(name)
    if what == "stamp":
        return of_versions.stamp_has_changed(name, before, now)
    return of_versions.another_database(before, now)
