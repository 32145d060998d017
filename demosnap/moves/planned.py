"""A planned move with what acting on it needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from demosnap.compare import known_rows
from demosnap.compare.known_rows import KnownRows
from demosnap.database import row_set
from demosnap.database.live import Database
from demosnap.database.retained import NOTHING, Retained
from demosnap.database.row_set import RowSet
from demosnap.model import Selection, Version
from demosnap.moves import cascade, difference
from demosnap.results import Move


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """A move with what acting on it needs.

    `to_delete` are all rows of the scenario, which go but for those that are `kept`; of a move by
    difference only those that are `planned` to go. `rows` are those that are no longer picked, and
    what is remembered of them. `cascaded` are non-demo rows of the run that go all the same; one of
    its moves has them. `operation` is what the log calls a stamp. `held` is the version that shall
    be able to come back, None where none has to; `recognized` the one whose rows the demo rows are,
    None where they are of no version, or where nothing has looked. `covered` are the selections
    that pick the rows.
    """

    move: Move
    to_delete: RowSet
    operation: str = "stamp"
    planned: difference.PlannedChanges | None = None
    kept: Retained = NOTHING
    held: Version | None = None
    recognized: Version | None = None
    rows: KnownRows = known_rows.NONE
    cascaded: cascade.CascadedRows = field(default_factory=cascade.CascadedRows)
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    covered: tuple[Selection, ...] = ()

    def picked_now(self, database: Database) -> RowSet:
        """Return all rows of the scenario as they are after a change."""
        return row_set.union(database, self.covered)
