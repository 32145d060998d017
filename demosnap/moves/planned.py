"""A planned move: the value that describes a move from the choice of its strategy to its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from demosnap.compare import known_rows
from demosnap.compare.known_rows import KnownRows
from demosnap.database import row_set, rules
from demosnap.database.live import Database
from demosnap.database.retained import NOTHING, Retained
from demosnap.database.row_set import RowSet
from demosnap.model import Selection, Version
from demosnap.moves import cascade, difference
from demosnap.moves.goal import Goal
from demosnap.refusal import Refusal
from demosnap.results import Action, Move
from demosnap.snapshot.changes import Changes


@dataclass(frozen=True)
class PlannedMove:
    """The plan of a scenario's move: its effects, the reasons against it, and the data to act on.

    `to_delete` are all rows of the scenario, which go but for those that are `kept`; of a move by
    difference only those that are `planned` to go. `purge`, `load` and `change` count rows, as in
    `Move`. `leaving` are the predicates of the rows that go. `obstacle` says why rows cannot be
    changed one by one, None where they can; `reason` why this strategy was chosen.

    `rows` are the rows that are no longer picked, and their records; `unpicked` counts those that
    the move reports. `cascaded` are the non-demo rows that the run deletes or changes; only one of
    its moves has them. `held` is the version to which the way back must work, None if there is no
    such version; `recognized` is the version that equals the demo rows, None if no version does or
    none was compared. `covered` are the selections that pick the rows. `elsewhere` is the revision
    on another git branch that the demo rows are of, None if they are not known to be.
    """

    goal: Goal
    action: Action
    to_delete: RowSet
    purge: Mapping[str, int] = field(default_factory=dict)
    load: Mapping[str, int] = field(default_factory=dict)
    change: Mapping[str, int] = field(default_factory=dict)
    planned: difference.PlannedChanges | None = None
    leaving: Mapping[str, str] = field(default_factory=dict)
    obstacle: Refusal | None = None
    reason: str = ""
    kept: Retained = NOTHING
    held: Version | None = None
    recognized: Version | None = None
    rows: KnownRows = known_rows.NONE
    unpicked: Mapping[str, int] = field(default_factory=dict)
    cascaded: cascade.CascadedRows = field(default_factory=cascade.CascadedRows)
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    covered: tuple[Selection, ...] = ()
    elsewhere: str | None = None

    @cached_property
    def move(self) -> Move:
        """The move as plans show it."""
        return Move(
            self.goal.scenario,
            self.goal.current,
            self.goal.target,
            self.action,
            purge=dict(Counter(self.purge) + Counter(self.cascaded.ignored_counts())),
            load=self.load,
            change=self.change,
            also=self.cascaded.non_demo_counts(),
            nulled=self.cascaded.nulled_counts(),
            kept=self.kept.counts(),
            unpicked=self.unpicked,
            # A stamp moves no rows, so released rows do not matter.
            released={} if self.action == "stamp" else self.rows.released.counts(),
            by_difference=self.planned is not None,
            reason=self.reason,
            changes=self.changes,
        )

    @property
    def purges_all(self) -> bool:
        """Whether all rows of the scenario go."""
        return self.planned is None and self.action in ("purge", "load") and not self.kept

    @property
    def changes(self) -> Changes:
        """The rows that differ, by table; empty for a move that purges and loads."""
        return tuple(one for one in self.planned.changes if len(one)) if self.planned else ()

    def picked_now(self, database: Database) -> RowSet:
        """Return all rows of the scenario after a change."""
        needs = {n for one in self.covered for n, rule in one.rules.items() if rules.needs(rule)}
        kept = self.kept.rows(database)
        # No demo row needs these any more.
        return row_set.union(database, self.covered, {n: kept[n] for n in needs & kept.keys()})

    def because(self, reason: str) -> PlannedMove:
        """Return the move with the reason for its strategy."""
        return replace(self, reason=reason)

    def unobstructed(self) -> PlannedMove:
        """Return the move, refused if there is an obstacle, since there is no other strategy."""
        return self.refused([self.obstacle]) if self.obstacle else self

    def refused(self, more: Iterable[Refusal]) -> PlannedMove:
        """Return the move with further refusals."""
        return replace(self, refusals=tuple(dict.fromkeys((*self.refusals, *more))))
