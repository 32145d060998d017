"""Find rows that are no longer picked, and bring them back, leave them or release them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from demosnap.compare import drift, known_rows, released, unpicked
from demosnap.compare.known_rows import KnownRows
from demosnap.config import Settings
from demosnap.database import compatibility, own_tables, retained, row_set
from demosnap.database.live import Database
from demosnap.database.retained import Retained
from demosnap.database.row_set import RowSet
from demosnap.errors import UsageError
from demosnap.model import Version
from demosnap.moves import difference
from demosnap.moves.goal import Goal
from demosnap.options import MoveOptions
from demosnap.reasons import of_rows, of_tables, of_unpicked
from demosnap.refusal import Refusal
from demosnap.rows.canonical import key_of
from demosnap.snapshot.changes import TableChanges
from demosnap.visible import one_line


@dataclass
class TakingBack:
    """The rows of each scenario in a run that are no longer picked.

    `demo_rows` are all rows of each scenario, extended by the rows brought back. `rows` start with
    the recorded rows.
    """

    database: Database
    settings: Settings
    options: MoveOptions
    owners: compatibility.Owners
    demo_rows: dict[str, RowSet]
    rows: dict[str, KnownRows]
    _looked: set[str] = field(default_factory=set, init=False)
    _plain: dict[str, RowSet] = field(default_factory=dict, init=False)
    _fresh: dict[str, Retained] = field(default_factory=dict, init=False)
    _problems: dict[str, list[Refusal]] = field(default_factory=dict, init=False)

    def release(self, goals: Sequence[Goal]) -> None:
        """Release the rows that the options name.

        Raises:
            UnknownNameError: the table does not exist.
            UsageError: neither the loaded version nor the target has the row.
        """
        if not self.options.release:
            return
        known: set[str] = set()
        for goal in goals:
            name = goal.scenario
            versions = (goal.current, goal.target)
            rows, found = released.named(self.database, self.options.release, versions)
            known |= found
            real = released.real(self.database, rows, self.demo_rows[name])
            picked = rows.minus(real)
            if picked:
                self._problems[name] = [
                    of_unpicked.not_released(next(unpicked.names(picked)), name)
                ]
            self._fresh[name] = real.minus(self.rows[name].released)
            self.rows[name] = replace(
                self.rows[name], released=self.rows[name].released.joined(real)
            )
            self._skip(goal)
        if missing := [one for one in self.options.release if one not in known]:
            scenarios = ", ".join(goal.scenario for goal in goals)
            raise UsageError(
                f"--release {missing[0]}: the versions of {scenarios} of this move have no such "
                f"row",
                "`demosnap status` shows which rows are no longer picked; a move from or to a"
                " version that has one of them releases it.",
            )

    def releases(self, scenario: str) -> bool:
        """Return whether the options release rows that were not released before."""
        return bool(self._fresh.get(scenario))

    def _skip(self, goal: Goal) -> None:
        rows = self.rows[goal.scenario]
        skipped = released.skipped(self.database, goal.target, rows.released)
        self.rows[goal.scenario] = replace(rows, skipped=skipped)

    def may_lack(
        self, goal: Goal, present: Mapping[str, int], held: Version | None, *, asked: bool
    ) -> bool:
        """Return whether rows of the loaded version may be no longer picked.

        `present` counts the picked rows by table. `held` is the version that equals them, valid
        only if `asked`.
        """
        rows, current = self.rows[goal.scenario], goal.current
        if rows.left:
            return True
        if current is None or (asked and held == current):
            return False
        if asked:
            return True
        counts = {name: present.get(name, 0) for name in current.rows}
        return counts != self._expected(goal, current)

    def _expected(self, goal: Goal, version: Version) -> dict[str, int]:
        rows = self.rows[goal.scenario]
        if not rows.released or version == goal.target:
            return rows.expected(version)
        skipped = released.skipped(self.database, version, rows.released)
        return KnownRows(skipped=skipped).expected(version)

    def look(self, goal: Goal, source: Version | None) -> bool:
        """Look for rows of a version that are no longer picked; return whether there are any."""
        name, database = goal.scenario, self.database
        before = self.rows[name]
        self._looked.add(name)
        covered = row_set.selections(database, self.settings, name, (goal.current, goal.target))
        left = before.left.minus(before.released)
        skipped = released.skipped(database, source, before.released)

        def others() -> dict[str, Mapping[str, str]]:
            return {other: to_delete for other, to_delete in self.owners().items() if other != name}

        found = known_rows.find(database, covered, left, source, goal.target, others, skipped)
        if source is not None and source != goal.current:
            # The first look found further rows of the loaded version.
            found = replace(found, left=before.left.minus(found.taken).joined(found.left))
        self.rows[name] = replace(found, released=before.released, skipped=before.skipped)
        if not found.taken:
            return bool(found.counts())
        self._plain.setdefault(name, self.demo_rows[name])
        wider = row_set.union(database, covered, found.taken.rows(database))
        self.demo_rows[name] = self._plain[name].another(wider)
        hanging = known_rows.hanging(
            database, self._plain[name], self.demo_rows[name], found, (goal.current, goal.target)
        )
        self.rows[name] = replace(self.rows[name], hanging=hanging)
        real = released.real(database, before.released, self.demo_rows[name])
        again = before.released.minus(real)
        if again:
            self._problems.setdefault(name, []).append(
                of_unpicked.hangs_on_unpicked(unpicked.names(again), unpicked.ways(found.taken))
            )
        return True

    def brought(self, goal: Goal) -> bool:
        """Return whether the target of a move was in this database since the last full purge."""
        if goal.target is None:
            return False
        for entry in own_tables.entries(self.database.connection, goal.scenario):
            if entry.operation == "purge":
                return False
            if entry.revision == goal.target.revision:
                return True
        return False

    def has(self, scenario: str) -> bool:
        """Return whether rows of a scenario are known to be no longer picked."""
        return scenario in self._looked and bool(self.rows[scenario].counts())

    def unsaved(
        self,
        goal: Goal,
        present: Mapping[str, int],
        held: Version | None,
        logged: own_tables.LogEntry | None,
    ) -> list[Refusal]:
        """Return the refusals for uncaptured changes that a move loses; arguments of `may_lack`.

        `logged` is the log entry of a version without files here that equals the rows.
        """
        if self.options.discard:
            return []
        saved = held is not None or not any(present.values())
        found = self.has(goal.scenario)
        if not saved and goal.current is not None and found:
            saved = not self.differs(goal)
        lost = []
        if not saved and logged is not None:
            lost = [_elsewhere(goal.scenario, present, logged)]
        elif not saved:
            lost = [
                drift.uncaptured(
                    self.database, self.settings, goal.scenario, goal.current, goal.target, present
                )
            ]
        return [*lost, *self.lost(goal)] if found else lost

    def lost(self, goal: Goal) -> Iterator[Refusal]:
        """Yield the refusals for rows that are brought back and lose an uncaptured change."""
        # When the way back is tried, what it would change is there still, and comes back by itself.
        if self.options.discard or self.database.rehearsing:
            return
        rows, name = self.rows[goal.scenario], goal.scenario
        if goal.target is not None and rows.taken:
            if rows.hanging:
                yield of_rows.hanging(unpicked.hanging(rows.hanging), unpicked.ways(rows.taken))
            edited = unpicked.edited(self.database, goal.target, rows.taken)
            lost = Retained({n: frozenset(keys) for n, keys in edited.items()}, rows.taken.columns)
            if lost:
                described = unpicked.described(self.database, goal.target, KnownRows(taken=lost))
                changes = [one.text for one in described]
                yield of_rows.edited(name, changes, unpicked.ways(lost))

    def differs(self, goal: Goal) -> bool:
        """Return whether rows that are still picked differ from the loaded version."""
        database, name = self.database, goal.scenario
        assert goal.current is not None
        rows = self.rows[name]
        covered = row_set.selections(database, self.settings, name, (goal.current, goal.target))
        own = rows.unpicked
        to_delete = row_set.union(database, covered, own.rows(database))
        skipped = released.skipped(database, goal.current, rows.released)
        planned = difference.compare(database, goal.current, to_delete, skipping=skipped)
        return bool(planned.unfit) or any(_differs_beyond(one, own) for one in planned.changes)

    def problems(self, goal: Goal, changes: Sequence[TableChanges] | None) -> list[Refusal]:
        """Return why rows cannot be brought back or released."""
        rows, found = self.rows[goal.scenario], list(self._problems.get(goal.scenario, ()))
        if changes is not None and rows.taken and not any(len(one) for one in changes):
            assert goal.target is not None
            names, ways = unpicked.names(rows.taken), unpicked.ways(rows.taken)
            found.append(of_unpicked.no_rule_picks(names, goal.target, ways))
        remembered = self.has(goal.scenario) and rows.left
        if (remembered or self.releases(goal.scenario)) and not self._can_remember():
            found.append(of_tables.own_table_missing(own_tables.KEPT_TABLE))
        for scenario, theirs in rows.elsewhere.items():
            # The move of a scenario in this run decides about the rows that it picks.
            if goal.target is not None and scenario not in self.demo_rows:
                names, ways = unpicked.names(theirs), unpicked.ways(theirs)
                found.append(of_unpicked.picked_by_another(names, goal.scenario, scenario, ways))
        return found

    def _can_remember(self) -> bool:
        database = self.database
        return (
            self.options.dry_run
            or database.dialect.transactional_ddl
            or retained.exists(database.connection)
        )

    def notes(self, goal: Goal) -> Iterator[str]:
        """Yield notes on the outcome for rows that are no longer picked."""
        rows = self.rows[goal.scenario]
        version = goal.current or goal.target
        if self.has(goal.scenario):
            yield from self._unpicked_notes(goal, rows, version)
        if any(rows.skipped.values()):
            counted = ", ".join(f"{n} {len(keys)}" for n, keys in rows.skipped.items() if keys)
            yield (
                f"left out, since they were released or hang on released rows: {counted}"
                f" ({', '.join(unpicked.names(rows.released))})"
            )
        elif self.releases(goal.scenario):
            yield f"released: {', '.join(unpicked.names(self._fresh[goal.scenario]))}"

    def _unpicked_notes(
        self, goal: Goal, rows: KnownRows, version: Version | None
    ) -> Iterator[str]:
        following = rows.following
        if rows.taken:
            known = KnownRows(taken=rows.taken, following=following)
            # Describe the rows by the target's values, which the load writes.
            described = unpicked.described(self.database, goal.target, known)
            yield f"{unpicked.line(described)}\nbrought back, changed in place"
            if rows.hanging:
                yield unpicked.hanging(rows.hanging)
            following = {}
        stay = KnownRows(left=rows.left, elsewhere=rows.elsewhere, following=following)
        if stay.counts():
            described = unpicked.described(self.database, version, stay)
            one = sum(stay.counts().values()) == 1
            them, has = ("it", "it is") if one else ("them", "they are")
            way = f"a load of a version that has {them} brings {them} back"
            if goal.current is not None and not self.only_of_others(goal):
                way = (
                    f"the next load of a version that has {them} brings {them} back, and so does"
                    f" `demosnap reset {goal.scenario} --discard` before this"
                )
            yield f"{unpicked.line(described)}\nleft as {has}; {way}"

    def only_of_others(self, goal: Goal) -> bool:
        """Return whether earlier moves left all left rows, so that no reset restores them."""
        rows = self.rows[goal.scenario]
        if rows.elsewhere:
            return False
        before = released.left(self.database, goal.scenario)
        return goal.current == goal.target or not rows.left.minus(before)


def _elsewhere(scenario: str, present: Mapping[str, int], entry: own_tables.LogEntry) -> Refusal:
    since = f"{entry.operation} by {entry.os_user}@{entry.host}, {entry.logged_at}"
    return of_rows.captured_elsewhere(
        scenario, present, one_line(entry.revision or ""), one_line(since)
    )


def _differs_beyond(one: TableChanges, own: Retained) -> bool:
    """Return whether rows of a table differ beyond those in `own`."""
    keys = own.keys.get(one.name)
    if not keys or not one.pair.keyed or one.pair.new is None:
        return bool(len(one))
    return any(
        row.new is None or row.old is None or key_of(one.pair.new, row.new) not in keys
        for row in one
    )
