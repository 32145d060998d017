"""Choose the strategy of each move, by difference or full load, and find the reasons against it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from demosnap.compare import attached, captured, unpicked
from demosnap.compare.known_rows import KnownRows
from demosnap.compare.scenario_rows import ScenarioRows
from demosnap.config import Settings
from demosnap.database import by_key, compatibility, outside_references, retained
from demosnap.database.live import Database
from demosnap.database.retained import Retained
from demosnap.database.row_set import RowSet
from demosnap.model import Key, Version
from demosnap.moves import cascade, difference, final_references, full_load, notes, triggers
from demosnap.moves.goal import Goal
from demosnap.moves.planned import PlannedMove
from demosnap.moves.strategy import against, crossing, of_other_tables
from demosnap.moves.taking_back import TakingBack
from demosnap.options import MoveOptions
from demosnap.refusal import Refusal
from demosnap.snapshot.diff import Kind
from demosnap.snapshot.predicates import not_true


@dataclass
class Planner:
    """The moves of a run that move rows.

    `demo_rows` are all rows of each scenario, `known` its unchanged retained rows. `rows` are the
    records of rows that are no longer picked. `owners` returns the predicates of the other
    scenarios' rows. `elsewhere` are revisions without a script here that other git branches have.
    `ignored` are the predicates of each scenario's rows that no snapshot has.
    """

    database: Database
    settings: Settings
    versions: Mapping[str, Sequence[Version]]
    demo_rows: dict[str, RowSet]
    known: Mapping[str, Retained]
    rows: dict[str, KnownRows]
    options: MoveOptions
    owners: compatibility.Owners
    elsewhere: Collection[str] = ()
    ignored: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    _comparisons: dict[str, difference.PlannedChanges] = field(default_factory=dict, init=False)
    _gone_before: Collection[str] = field(default=(), init=False)

    def planned(self, goals: Sequence[Goal]) -> list[PlannedMove]:
        """Plan all moves, and the rows that they reach together."""
        if not goals:
            return []
        self._back.release(goals)
        self._gone_before = {goal.scenario for goal in goals if goal.target is None}
        found = [self._with_unpicked(goal, self._strategy(goal)) for goal in goals]
        leaving = by_key.merged([plan.leaving for plan in found])
        whole = [self.ignored[one.goal.scenario] for one in found if one.purges_all]
        cascaded = self._cascaded(leaving, whole)
        # What one move reaches may be another one's: one of them has it all.
        refusals = [
            *self._refusals(leaving, cascaded),
            *final_references.refusals(self.database, found, cascaded),
        ]
        if refusals:
            for goal in goals:
                resettable = None if self._back.only_of_others(goal) else goal.scenario
                left = self.rows[goal.scenario].left
                pointing = unpicked.pointing(self.database, leaving, left, resettable)
                refusals[-1] = refusals[-1].also(*pointing)
        first = replace(found[0].refused(refusals), cascaded=cascaded)
        moves = [one.move for one in (first, *found[1:])]
        written = triggers.written(self.database.tables, self.settings.triggers, moves)
        return [first.refused(notes.unchangeable(self.database, written)), *found[1:]]

    @cached_property
    def _back(self) -> TakingBack:
        plain = dict(self.demo_rows)

        def owners() -> Mapping[str, Mapping[str, str]]:
            return {**self.owners(), **plain}

        return TakingBack(
            self.database, self.settings, self.options, owners, self.demo_rows, self.rows
        )

    @property
    def _own(self) -> dict[str, str]:
        return by_key.merged(list(self.demo_rows.values()))

    @cached_property
    def _others(self) -> Mapping[str, Mapping[str, str]]:
        return self.owners()

    def _staying(self, to_delete: Mapping[str, str]) -> outside_references.Staying | None:
        """Return which rows remain beside a scenario's deleted rows; None: checked later.

        If several scenarios move, their references are checked after all moves are planned.
        """
        if len(self.demo_rows) > 1:
            return None
        return lambda table, _: not_true(to_delete[table]) if table in to_delete else None

    def _freed(self, to_delete: Mapping[str, str]) -> dict[str, str]:
        """Return the predicates of rows that may be deleted, and of rows deleted before."""
        out = () if self.options.keep_referenced else self._gone_before
        return by_key.merged([to_delete, *(self.demo_rows[name] for name in out)])

    def _cascaded(
        self, leaving: Mapping[str, str], going: Sequence[Mapping[str, str]] = ()
    ) -> cascade.CascadedRows:
        listed = self.options.cascade
        others = self._others if listed else {}
        rows = others, by_key.merged([*self.ignored.values()]), by_key.merged(going)
        return cascade.cascaded(self.database, listed, leaving, self._own, *rows)

    def _reached(self, plan: PlannedMove) -> list[Refusal]:
        """Return the refusals for rows that a move would reach by itself."""
        return self._refusals(plan.leaving, self._cascaded(plan.leaving))

    def _refusals(
        self, leaving: Mapping[str, str], permitted: cascade.CascadedRows
    ) -> list[Refusal]:
        wider = partial(attached.wider, self.database, self.settings)
        return cascade.refusals(self.database, leaving, self._own, permitted, self.owners, wider)

    def _strategy(self, goal: Goal) -> PlannedMove:
        if goal.by_difference:
            return self._back_to(goal)
        if self._likely(goal):
            # First, since the comparison caches the digest that is needed below.
            self._compared(goal)
        to_delete, known = self.demo_rows[goal.scenario], self.known[goal.scenario]
        unretained = to_delete - known.rows(self.database)
        present = unretained.counts()
        versions = self.versions.get(goal.scenario, ())
        notes = captured.notes_of(unretained, versions, goal.current, known, self.options)
        asked = not self.options.discard or goal.target is None
        held = self._held(goal, versions, unretained) if asked else None
        if self._back.may_lack(goal, present, held, asked=asked):
            self._look(goal, goal.current)
        logged = None
        if held is None and goal.current is None and not self.options.discard:
            logged = captured.logged(unretained, goal.scenario, versions)
        elsewhere = logged.revision if logged and logged.revision in self.elsewhere else None
        lost = {} if elsewhere else present
        unsaved = self._back.unsaved(goal, lost, held, logged)
        plan = self._chosen(goal, unsaved)
        if plan.refusals and self._back.brought(goal) and self._look(goal, goal.target):
            unsaved = self._back.unsaved(goal, lost, held, logged)
            plan = self._chosen(goal, unsaved)
        plan = replace(plan.refused(unsaved), elsewhere=elsewhere)
        back = self._back_again(goal, present, held, unsaved)
        act = triggers.notes(self.database.tables, self.settings.triggers, plan.move)
        return replace(plan, held=back, recognized=held, notes=(*notes, *plan.notes, *act))

    def _back_again(
        self,
        goal: Goal,
        present: Mapping[str, int],
        held: Version | None,
        unsaved: Sequence[Refusal],
    ) -> Version | None:
        """Return the version to which the way back must work; None if there is no such version."""
        if not any(present.values()):
            return None
        if self.options.discard:
            # All other rows may be lost.
            return goal.current if full_load.fits(self.database, goal.current) else None
        return held if held is not None or unsaved else goal.current

    def _chosen(self, goal: Goal, unsaved: Sequence[Refusal]) -> PlannedMove:
        return self._purge(goal) if goal.target is None else self._load(goal, not unsaved)

    def _look(self, goal: Goal, source: Version | None) -> bool:
        """Look for rows that are no longer picked; return whether there are any."""
        found = self._back.look(goal, source)
        self._comparisons.pop(goal.scenario, None)
        return found

    def _back_to(self, goal: Goal) -> PlannedMove:
        """Plan a reset, which also restores rows that are no longer picked."""
        plan = self._reset(goal)
        lacks = any("added" in one.counts for one in plan.changes)
        if (lacks or self.rows[goal.scenario].left) and self._look(goal, goal.current):
            plan = self._reset(goal)
            plan = plan.refused(self._back.lost(goal))
        return replace(plan, notes=(*plan.notes, *self._attached(goal)))

    def _attached(self, goal: Goal) -> Iterator[str]:
        """Yield a note for each foreign key by which rows that stay reference demo rows."""
        name = goal.scenario
        rows = ScenarioRows(
            *(name, self.demo_rows[name], self.known[name], self.rows[name]), self.ignored[name]
        )
        for one in attached.find(self.settings, rows, attached.MOST_LOOKED_AT):
            yield f"{one.text}\nit stays: {one.remedy}"

    def _with_unpicked(self, goal: Goal, plan: PlannedMove) -> PlannedMove:
        """Return a move with its refusals and notes for rows that are no longer picked."""
        changes = plan.changes if plan.planned is not None else None
        plan = plan.refused(self._back.problems(goal, changes))
        rows = self.rows[goal.scenario]
        unpicked = rows.counts() if self._back.has(goal.scenario) else {}
        notes = (*plan.notes, *self._back.notes(goal))
        return replace(plan, rows=rows, unpicked=unpicked, notes=notes)

    def _held(self, goal: Goal, versions: Sequence[Version], unretained: RowSet) -> Version | None:
        """Return the version that equals the demo rows, the loaded one first; None without one."""
        likely = [v for v in (goal.current, goal.target) if v is not None]
        others = [v for v in reversed(versions) if v not in likely]
        return captured.holding(
            unretained,
            goal.scenario,
            [*likely, *([] if self.options.discard else others)],
            self.known[goal.scenario],
        )

    def _likely(self, goal: Goal) -> bool:
        """Return whether a move goes by difference unless there is a reason against it."""
        between = goal.target is not None and goal.current not in (None, goal.target)
        return between and not (goal.again or self.options.full or self.options.discard)

    def _compared(self, goal: Goal) -> difference.PlannedChanges:
        """Compare the database with the target, once per scenario."""
        assert goal.target is not None
        if goal.scenario not in self._comparisons:
            self._comparisons[goal.scenario] = difference.compare(
                self._comparable(goal),
                goal.target,
                self.demo_rows[goal.scenario],
                self.rows[goal.scenario].skipped,
            )
        return self._comparisons[goal.scenario]

    def _comparable(self, goal: Goal) -> Database:
        """Return the database for a comparison with the target of a move.

        A version is loaded by what it recorded. A reset changes what `status` shows.
        """
        return self.database.compared() if goal.by_difference else self.database

    def _load(self, goal: Goal, saved: bool) -> PlannedMove:
        """Choose the strategy to reach a version; `saved`: some version has the demo rows."""
        if self.options.keep_referenced:
            return self._difference(goal).unobstructed()
        if self.rows[goal.scenario].taken and not self.options.full:
            plan = self._difference(goal)
            one_by_one = "rows cannot be changed one by one"
            return self._full(goal).because(one_by_one) if plan.obstacle else plan
        between = goal.current is not None and goal.current != goal.target and not goal.again
        if self.options.full or not saved:
            return self._full(goal)
        if not (between or self.known[goal.scenario]):
            return self._full_or_less(goal)
        if crossing(self.database, self.demo_rows):
            return self._full(goal).because(
                "its rows and rows of another scenario reference each other"
            )
        if self.options.discard or goal.again:
            full = self._full_or_less(goal)
            return self._difference(goal).unobstructed() if self._reached(full) else full
        plan = self._difference(goal)
        reason = against(self.database, self.settings, plan)
        if not reason:
            return plan
        full = self._full(goal).because(reason)
        reached = self._reached(full)
        if not reached and not full.refusals:
            return full
        if plan.obstacle:
            return plan.unobstructed().refused(reached)
        if plan.refusals:
            return plan
        return plan.because("other rows reference rows that would be purged")

    def _purge(self, goal: Goal) -> PlannedMove:
        """Plan to delete all rows except for retained ones."""
        to_delete = self.demo_rows[goal.scenario]
        staying = retained.NOTHING
        if self.options.keep_referenced:
            tables = {name: self.database.tables[name] for name in to_delete}

            def goes(name: str, keys: object) -> set[Key]:
                return set(keys)  # type: ignore[call-overload, no-any-return]

            but = self.options.cascade, by_key.merged([*self.ignored.values()])
            staying = retained.find(self.database, tables, to_delete, goes, *but)
        leaving = to_delete - staying.rows(self.database)
        counts = leaving.counts()
        changing = {name for name, count in counts.items() if count}
        refusals = notes.unchangeable(self.database, changing)
        rests = goal.current is None and not any(counts.values())
        rests = rests and staying.keys == self.known[goal.scenario].keys
        return PlannedMove(
            goal,
            "none" if rests else "purge",
            to_delete,
            purge={name: counts[name] for name in reversed(list(counts)) if counts[name]},
            leaving=leaving,
            kept=staying,
            refusals=tuple(refusals),
        )

    def _full(self, goal: Goal) -> PlannedMove:
        """Plan to purge and load."""
        database, target, to_delete = self.database, goal.target, self.demo_rows[goal.scenario]
        assert target is not None
        refusals = compatibility.refusals(
            database,
            target,
            self._own,
            self.owners,
            staying=self._staying(to_delete),
            whole=self.options.dry_run,
            skipping=self.rows[goal.scenario].skipped,
        )
        present = to_delete.counts()
        expected = self.rows[goal.scenario].expected(target)
        changing = {name for each in (present, expected) for name in each if each[name]}
        refusals += notes.unchangeable(database, changing)
        return PlannedMove(
            goal,
            "load",
            to_delete,
            purge={name: present[name] for name in reversed(list(present)) if present[name]},
            load=expected,
            leaving=to_delete,
            refusals=tuple(dict.fromkeys(refusals)),
        )

    def _full_or_less(self, goal: Goal) -> PlannedMove:
        """Plan to purge and load; by difference if only that spares tables without rollback."""
        full = self._full(goal)
        if not full.refusals:
            return full
        fixed = notes.unchangeable(self.database, {*full.move.purge, *full.move.load})
        if not any(one in full.refusals for one in fixed):
            return full
        plan = self._difference(goal).unobstructed()
        return full if any(one in plan.refusals for one in fixed) else plan

    def _difference(self, goal: Goal, staying: Retained = retained.NOTHING) -> PlannedMove:
        """Plan to change the rows that differ from a version; `staying` rows are left alone."""
        assert goal.target is not None
        to_delete = self.demo_rows[goal.scenario] - staying.rows(self.database)
        skipping = self.rows[goal.scenario].skipped
        planned = (
            difference.compare(self._comparable(goal), goal.target, to_delete, skipping)
            if staying
            else self._compared(goal)
        )
        if self.options.keep_referenced:
            but = self.options.cascade
            rows = to_delete, but, by_key.merged([*self.ignored.values()])
            planned, found = difference.keep(self.database, planned, *rows)
            staying = staying.joined(found)
        changes = tuple(one for one in planned.changes if len(one))
        refusals, obstacle = list(planned.unfit), None
        refusals += compatibility.unchangeable(self.database, {one.name for one in changes})
        if not refusals:
            may_go = to_delete - staying.rows(self.database)
            refusals = difference.refusals(
                self.database, planned, self._freed(may_go), self.owners, self._staying(may_go)
            )
            obstacle = difference.obstacle(self.database, planned, may_go)
        refusals += notes.unchangeable(self.database, {one.name for one in changes})

        def counts(kind: Kind) -> dict[str, int]:
            return {one.name: one.counts[kind] for one in changes if kind in one.counts}

        own = to_delete if self.options.keep_referenced else self._own
        return PlannedMove(
            goal,
            "reset" if goal.by_difference else "load",
            self.demo_rows[goal.scenario],
            purge=counts("removed"),
            load=counts("added"),
            change=counts("modified"),
            planned=planned,
            leaving=difference.leaving(self.database, planned, to_delete, own),
            obstacle=obstacle,
            kept=staying,
            refusals=tuple(dict.fromkeys(refusals)),
        )

    def _reset(self, goal: Goal) -> PlannedMove:
        """Plan to restore the loaded version."""
        plan = self._difference(goal, self.known[goal.scenario]).unobstructed()
        target = goal.target
        assert target is not None
        if not self.options.discard:
            plan = plan.refused(of_other_tables(plan, target))
        is_known = plan.kept.keys == self.known[goal.scenario].keys
        is_known = is_known and not self._back.releases(goal.scenario)
        if is_known and not plan.refusals and not plan.changes:
            plan = replace(plan, action="none")
        return plan
