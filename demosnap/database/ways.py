"""Which way a move goes, by the rows that differ or by purge and load, and why it may not go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from demosnap.config import Settings
from demosnap.database import (
    afterwards,
    captured,
    difference,
    fit,
    guard,
    kept,
    loaded,
    moves,
    reach,
    remarks,
    transfer,
)
from demosnap.database.kept import Kept
from demosnap.database.moves import Database, Goal, Prepared
from demosnap.model import Key, Version
from demosnap.plan import Move, Options
from demosnap.snapshot.diff import Kind
from demosnap.snapshot.predicates import in_table, not_true

MOST = 0.4
MANY = 1000
"""Where a larger share of the rows differs, and more rows, it is quicker to purge and load."""


@dataclass(frozen=True)
class Way:
    """One way of a move: what acting needs, and `leaving`, the predicates of rows that go.

    `obstacle` says why rows cannot be changed one by one, empty where they can.
    """

    prepared: Prepared
    leaving: Mapping[str, str]
    obstacle: str = ""

    def saying(self, reason: str) -> Way:
        """Return the same with the reason why it was taken."""
        move = replace(self.prepared.move, reason=reason)
        return replace(self, prepared=replace(self.prepared, move=move))

    def unobstructed(self) -> Way:
        """Return the same, refused if there is an obstacle: there is no other way."""
        return self.refused([self.obstacle]) if self.obstacle else self

    def refused(self, reasons: Sequence[str]) -> Way:
        """Return the same with more reasons to be refused."""
        refusals = tuple(dict.fromkeys((*self.prepared.refusals, *reasons)))
        return replace(self, prepared=replace(self.prepared, refusals=refusals))


@dataclass
class Run:
    """The moves of one run that move rows.

    `goings` are the predicates of all rows of each scenario, `known` those among them that an
    earlier move kept and that nobody changed. `owners` tells the predicates of the other
    scenarios' rows.
    """

    database: Database
    settings: Settings
    versions: Mapping[str, Sequence[Version]]
    goings: Mapping[str, Mapping[str, str]]
    known: Mapping[str, Kept]
    options: Options
    owners: fit.Owners
    _comparisons: dict[str, difference.Planned] = field(default_factory=dict, init=False)
    _digests: captured.Digests = field(default_factory=captured.Digests, init=False)

    def planned(self, goals: Sequence[Goal]) -> list[Prepared]:
        """Plan all moves, and what they reach together."""
        found = [self._way(goal) for goal in goals]
        if not found:
            return []
        leaving = reach.merged([way.leaving for way in found])
        along = self._along(leaving)
        # What one move reaches may be another one's: one of them has it all.
        reasons = reach.refusals(self.database, leaving, self._own, along)
        reasons += afterwards.refusals(self.database, [way.prepared for way in found], along)
        first = found[0].refused(reasons).prepared
        move = replace(first.move, also=along.counts(), emptied=along.emptied_counts())
        return [replace(first, move=move, along=along), *(way.prepared for way in found[1:])]

    @cached_property
    def _own(self) -> dict[str, str]:
        return reach.merged(list(self.goings.values()))

    @cached_property
    def _others(self) -> Mapping[str, Mapping[str, str]]:
        return self.owners()

    def _staying(self, going: Mapping[str, str]) -> fit.Staying | None:
        """Tell which rows stay beside those of a scenario that go; None: that is seen later.

        Where several scenarios move, what their rows reference is looked at when all is planned.
        """
        if len(self.goings) > 1:
            return None
        return lambda table, _: not_true(going[table]) if table in going else None

    def _along(self, leaving: Mapping[str, str]) -> reach.Along:
        listed = self.options.cascade
        others = self._others if listed else {}
        return reach.along(self.database, listed, leaving, self._own, others)

    def _reached(self, way: Way) -> list[str]:
        """Return what one move alone would reach."""
        return reach.refusals(self.database, way.leaving, self._own, self._along(way.leaving))

    def _way(self, goal: Goal) -> Way:
        if goal.by_difference:
            return self._reset(goal)
        if self._likely(goal):
            # First, since it tells the digest of what is there, which is asked for below.
            self._compared(goal)
        going, known = self.goings[goal.scenario], self.known[goal.scenario]
        present = moves.rows_beside(self.database, going, known)
        versions = self.versions.get(goal.scenario, ())
        notes = moves.notes_of(
            self.database, versions, goal, present, known, self.options, self._digests
        )
        held, unsaved = self._held(goal, versions, present, known)
        way = self._purge(goal) if goal.target is None else self._load(goal, not unsaved)
        way = way.refused(unsaved)
        prepared = replace(way.prepared, held=held, notes=(*notes, *way.prepared.notes))
        return replace(way, prepared=prepared)

    def _held(
        self, goal: Goal, versions: Sequence[Version], present: Mapping[str, int], known: Kept
    ) -> tuple[Version | None, list[str]]:
        """Return the version whose rows are there, and why they may not go."""
        if not sum(present.values()):
            return None, []
        if self.options.discard:
            # Whatever else there is may go; what is loaded shall still be able to come back.
            return goal.current if loaded.fits(self.database, goal.current) else None, []
        likely = [v for v in (goal.current, goal.target) if v is not None]
        others = [v for v in reversed(versions) if v not in likely]
        database = self.database
        held = captured.holding(
            database.connection,
            database.dialect,
            database.tables,
            goal.scenario,
            [*likely, *others],
            present,
            known,
            self._digests,
        )
        if held is not None:
            return held, []
        return None, [remarks.uncaptured(database, self.settings, goal, present)]

    def _likely(self, goal: Goal) -> bool:
        """Return whether a move goes by difference unless something speaks against it."""
        between = goal.target is not None and goal.current not in (None, goal.target)
        return between and not (goal.again or self.options.full or self.options.discard)

    def _compared(self, goal: Goal) -> difference.Planned:
        """Compare what the database holds with the target, once."""
        assert goal.target is not None
        if goal.scenario not in self._comparisons:
            self._comparisons[goal.scenario] = difference.compare(
                self.database, goal.target, self.goings[goal.scenario], self._digests
            )
        return self._comparisons[goal.scenario]

    def _load(self, goal: Goal, saved: bool) -> Way:
        """Choose the way to a version; `saved`: the demo rows are those of some version."""
        if self.options.keep_referenced:
            return self._difference(goal).unobstructed()
        between = goal.current is not None and goal.current != goal.target and not goal.again
        if self.options.full or not saved or not (between or self.known[goal.scenario]):
            return self._full(goal)
        if self._crossing:
            return self._full(goal).saying("its rows and those of another scenario are connected")
        if self.options.discard or goal.again:
            full = self._full(goal)
            return self._difference(goal).unobstructed() if self._reached(full) else full
        way = self._difference(goal)
        reason = self._against(way)
        if not reason:
            return way
        full = self._full(goal).saying(reason)
        reached = self._reached(full)
        if not reached and not full.prepared.refusals:
            return full
        if way.obstacle:
            return way.unobstructed().refused(reached)
        if way.prepared.refusals:
            return way
        return way.saying("other rows reference some that would be purged")

    def _against(self, way: Way) -> str:
        """Return why it is better to purge and load, empty if it is not."""
        planned = way.prepared.planned
        assert planned is not None
        if way.obstacle or way.prepared.refusals:
            return "rows cannot be changed one by one"
        if not self.settings.triggers.disabled:
            for one in way.prepared.move.changes:
                if self.database.tables[one.name].triggers:
                    return f"there are triggers on {one.name}"
        if name := difference.tangled(self.database, planned):
            return f"values of {name} change that other rows reference"
        rows = sum(moves.rows_beside(self.database, way.prepared.going, kept.NOTHING).values())
        share = planned.rows / max(planned.snapshot.version.total, rows, 1)
        many = share > MOST and planned.rows > MANY
        return f"{share:.0%} of the rows differ" if many else ""

    @cached_property
    def _crossing(self) -> bool:
        """Whether rows of one scenario of the run reference rows of another one."""
        tables, dialect = self.database.tables, self.database.dialect
        for scenario, going in self.goings.items():
            for other, theirs in self.goings.items():
                if other == scenario:
                    continue
                for name, key in guard.references_to(tables, list(going)):
                    if name not in theirs:
                        continue
                    points = in_table(
                        dialect,
                        tables[name],
                        key.columns,
                        key.table,
                        key.referred_columns,
                        going[key.table],
                    )
                    own = f" AND {not_true(going[name])}" if name in going else ""
                    where = {name: f"({theirs[name]}) AND {points}{own}"}
                    if any(transfer.counts(self.database.connection, dialect, where).values()):
                        return True
        return False

    def _purge(self, goal: Goal) -> Way:
        """Plan to take everything out, but for what is kept."""
        going, dialect = self.goings[goal.scenario], self.database.dialect
        staying = kept.NOTHING
        if self.options.keep_referenced:
            tables = {name: self.database.tables[name] for name in going}

            def goes(name: str, keys: object) -> set[Key]:
                return set(keys)  # type: ignore[call-overload, no-any-return]

            staying = kept.find(self.database, tables, going, goes, self.options.cascade)
        leaving = staying.without(dialect, going)
        counts = transfer.counts(self.database.connection, dialect, leaving)
        refusals, notes = self._unsafe({name for name, count in counts.items() if count})
        rests = goal.current is None and not any(counts.values())
        rests = rests and staying.keys == self.known[goal.scenario].keys
        move = Move(
            goal.scenario,
            goal.current,
            None,
            "none" if rests else "purge",
            purge={name: counts[name] for name in reversed(list(counts)) if counts[name]},
            kept=staying.counts(),
        )
        prepared = Prepared(move, going, kept=staying, refusals=tuple(refusals), notes=tuple(notes))
        return Way(prepared, leaving)

    def _full(self, goal: Goal) -> Way:
        """Plan to purge and load."""
        database, target, going = self.database, goal.target, self.goings[goal.scenario]
        assert target is not None
        connection, dialect = database.connection, database.dialect
        refusals = fit.refusals(
            connection,
            dialect,
            database.tables,
            target,
            self._own,
            self.owners,
            staying=self._staying(going),
            # A load that cannot be rolled back must not be the first to read the snapshot.
            whole=self.options.dry_run or self.options.non_transactional,
        )
        if self.options.rebuild_indexes and not dialect.transactional_ddl:
            refusals.append(
                "the indexes cannot be dropped and made again: here that would commit the"
                " transaction\nleave --rebuild-indexes (-x demosnap.rebuild_indexes=1) out"
            )
        present = transfer.counts(connection, dialect, going)
        rows = (present, target.rows)
        unsafe, notes = self._unsafe({name for each in rows for name in each if each[name]})
        if self.options.rebuild_indexes:
            loaded = ", ".join(name for name, count in target.rows.items() if count)
            notes = [*notes, f"nobody else can use {loaded} until the indexes are made again"]
        move = Move(
            goal.scenario,
            goal.current,
            target,
            "load",
            purge={name: present[name] for name in reversed(list(present)) if present[name]},
            load=dict(target.rows),
        )
        prepared = Prepared(
            move,
            going,
            rebuild_indexes=self.options.rebuild_indexes,
            refusals=(*refusals, *unsafe),
            notes=tuple(notes),
        )
        return Way(prepared, going)

    def _difference(self, goal: Goal, staying: Kept = kept.NOTHING) -> Way:
        """Plan to change the rows that differ from a version; `staying` are left alone."""
        assert goal.target is not None
        dialect = self.database.dialect
        going = staying.without(dialect, self.goings[goal.scenario])
        planned = (
            difference.compare(self.database, goal.target, going)
            if staying
            else (self._compared(goal))
        )
        if self.options.keep_referenced and not planned.unfit:
            but = self.options.cascade
            planned, found = difference.keep(self.database, planned, going, but)
            staying = staying.joined(found)
        refusals, obstacle = list(planned.unfit), ""
        if not refusals:
            may_go = staying.without(dialect, going)
            refusals = difference.refusals(
                self.database, planned, may_go, self.owners, self._staying(may_go)
            )
            obstacle = difference.obstacle(self.database, planned, may_go)
        changes = tuple(one for one in planned.changes if len(one))
        unsafe, notes = self._unsafe({one.name for one in changes})

        def counts(kind: Kind) -> dict[str, int]:
            return {one.name: one.counts[kind] for one in changes if kind in one.counts}

        move = Move(
            goal.scenario,
            goal.current,
            goal.target,
            "reset" if goal.by_difference else "load",
            purge=counts("removed"),
            load=counts("added"),
            change=counts("modified"),
            kept=staying.counts(),
            by_difference=True,
            changes=changes,
        )
        prepared = Prepared(
            move,
            self.goings[goal.scenario],
            planned=planned,
            kept=staying,
            refusals=(*refusals, *unsafe),
            notes=tuple(notes),
        )
        own = going if self.options.keep_referenced else self._own
        leaving = difference.leaving(self.database, planned, going, own)
        return Way(prepared, leaving, obstacle)

    def _reset(self, goal: Goal) -> Way:
        """Plan to put the loaded version back."""
        way = self._difference(goal, self.known[goal.scenario]).unobstructed()
        target = goal.target
        assert target is not None
        if not self.options.discard:
            way = way.refused(_of_other_tables(way.prepared.move, target))
        is_known = way.prepared.kept.keys == self.known[goal.scenario].keys
        if is_known and not way.prepared.refusals and not way.prepared.move.changes:
            move = replace(way.prepared.move, action="none")
            way = replace(way, prepared=replace(way.prepared, move=move))
        return way

    def _unsafe(self, names: set[str]) -> tuple[list[str], list[str]]:
        """Return what is refused and what is only said of tables that cannot be rolled back."""
        found = remarks.unsafe(self.database, names)
        return ([], found) if self.options.non_transactional else (remarks.not_asked_for(found), [])


def _of_other_tables(move: Move, target: Version) -> list[str]:
    return [
        f"{one.name}: there are {len(one)} demo rows, and {target.version} does not have"
        f" the table\n`demosnap revision {target.scenario}` saves them; --discard lets them go"
        for one in move.changes
        if one.pair.new is None
    ]
