"""Compare the strategies of a move: by difference, or purge and load."""

from __future__ import annotations

from collections.abc import Mapping

from demosnap.config import Settings
from demosnap.database import references
from demosnap.database.live import Database
from demosnap.database.row_set import RowSet
from demosnap.model import Version
from demosnap.moves import difference
from demosnap.moves.planned import PlannedMove
from demosnap.reasons import of_rows
from demosnap.refusal import Refusal
from demosnap.snapshot.predicates import not_true, referencing

MOST = 0.4
MANY = 1000
"""The number of differing rows above which, with a large share, purge and load is faster."""


def against(database: Database, settings: Settings, move: PlannedMove) -> str:
    """Return why purge and load is better; empty if it is not."""
    planned = move.planned
    assert planned is not None
    if move.obstacle or move.refusals:
        return "rows cannot be changed one by one"
    if not settings.triggers.disabled:
        for one in move.changes:
            if database.tables[one.name].triggers:
                return f"there are triggers on {one.name}"
    if name := difference.tangled(database, planned):
        return f"values of {name} change that other rows reference"
    present = move.to_delete.counts()
    share = planned.rows / max(planned.snapshot.version.total, sum(present.values()), 1)
    many = share > MOST and planned.rows > MANY
    return f"{share:.0%} of the rows differ" if many else ""


def crossing(database: Database, demo_rows: Mapping[str, RowSet]) -> bool:
    """Return whether rows of a scenario of the run reference rows of another one."""
    tables = database.tables
    for scenario, to_delete in demo_rows.items():
        for other, theirs in demo_rows.items():
            if other == scenario:
                continue
            for name, key in references.references_to(tables, list(to_delete)):
                if name not in theirs:
                    continue
                points = referencing(database.dialect, tables[name], key, to_delete[key.table])
                own = f" AND {not_true(to_delete[name])}" if name in to_delete else ""
                where = {name: f"({theirs[name]}) AND {points}{own}"}
                if to_delete.another(where).count(name):
                    return True
    return False


def of_other_tables(move: PlannedMove, target: Version) -> list[Refusal]:
    """Return the refusals for rows of tables that the version lacks, which would be lost."""
    return [
        of_rows.table_not_in_version(one.name, len(one), target)
        for one in move.changes
        if one.pair.new is None
    ]
