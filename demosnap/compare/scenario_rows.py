"""Find the rows of a scenario: its demo rows, and those that are recorded beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from demosnap.compare import known_rows, released
from demosnap.compare.known_rows import KnownRows
from demosnap.config import Settings
from demosnap.database import retained, row_set
from demosnap.database.live import Database
from demosnap.database.retained import NOTHING, Retained
from demosnap.database.row_set import RowSet
from demosnap.model import Version


@dataclass(frozen=True)
class ScenarioRows:
    """The demo rows of a scenario, and the rows that are or were its own beside them.

    `picked` are the rows that selections pick, `retained` those of them that an earlier move kept
    and that are unchanged. `beside` are rows that are no longer picked, and released rows;
    `ignored` are the predicates of rows that no snapshot has.
    """

    scenario: str
    picked: RowSet
    retained: Retained = NOTHING
    beside: KnownRows = known_rows.NONE
    ignored: Mapping[str, str] = field(default_factory=dict)

    @property
    def present(self) -> RowSet:
        """The picked rows without the retained ones, which no version has."""
        return self.picked - self.retained.rows(self.picked.database)

    @property
    def known(self) -> list[Mapping[str, str]]:
        """The predicates of all rows that are or were the scenario's."""
        rows = (self.beside.compared, self.beside.released)
        return [self.picked, self.ignored, *(one.rows(self.picked.database) for one in rows)]


def find(
    database: Database, settings: Settings, scenario: str, version: Version | None
) -> ScenarioRows:
    """Find the demo rows of a scenario; `version` is the loaded one, None without one.

    Raises:
        ConfigError: demosnap.yaml does not fit the database.
        ScriptError: the database lacks a table or column of the version's selection.
    """
    covered = row_set.selections(database, settings, scenario, [version])
    picked = row_set.picked_by(database, scenario, covered)
    return ScenarioRows(
        scenario,
        picked,
        retained.unchanged(database, scenario, picked),
        recorded(database, scenario, picked, version),
        row_set.ignored(database, covered),
    )


def recorded(
    database: Database, scenario: str, picked: Mapping[str, str], version: Version | None
) -> KnownRows:
    """Return the rows that earlier moves left or released; `version` is to be loaded or is."""
    let_go = released.released(database, scenario, picked)
    return KnownRows(
        left=released.left(database, scenario),
        released=let_go,
        skipped=released.skipped(database, version, let_go),
    )
