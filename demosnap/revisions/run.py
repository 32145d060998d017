"""The planned moves of one run of Alembic's, done at its first step."""

from __future__ import annotations

from collections.abc import Sequence

from alembic.util import CommandError
from sqlalchemy import delete

from demosnap import config as configuration
from demosnap.database import own_tables, views
from demosnap.database.live import Database
from demosnap.moves import execute
from demosnap.moves import triggers as triggering
from demosnap.moves.planned import PlannedMove
from demosnap.moves.rehearsal import Rehearsal
from demosnap.options import MoveOptions


class Run:
    """The planned moves of one run; acts once, at its first step."""

    def __init__(
        self,
        database: Database,
        prepared: Sequence[PlannedMove],
        rehearsal: Rehearsal,
        *,
        triggers: configuration.Triggers,
        options: MoveOptions,
        refreshed: Sequence[str] = (),
        strangers: Sequence[str] = (),
    ) -> None:
        self._database = database
        self._triggers = triggers
        self._rehearsal = rehearsal
        self._options = options
        self._refreshed = refreshed
        self._prepared = {one.move.scenario: one for one in prepared}
        self._strangers = strangers
        self.sealed: triggering.Seal | None = None
        self.acted = False

    def step(self, scenario: str) -> None:
        """Do a step of a scenario: all moves at the first one, nothing at the others."""
        if scenario not in self._prepared:
            raise CommandError(f"scenario {scenario} is not part of this run's plan")
        self.act()

    def act(self) -> None:
        """Do all moves, if that was not done yet."""
        if self.acted:
            return
        self.acted = True
        connection, dialect = self._database.connection, self._database.dialect
        own = triggering.own(connection, dialect)
        before = triggering.seal(self._database, own, self._triggers)
        own_tables.create(connection)
        prepared = list(self._prepared.values())
        with triggering.blamed_own(connection, dialect, lambda: before):
            self._rehearsal.act()
        if before is not None:
            before.check(self._database)
        if self._rehearsal.always:
            return
        self.sealed = execute.act(
            self._database,
            prepared,
            triggers=self._triggers,
            level=self._options.verify,
            discard=self._options.discard,
            own_triggers=own,
        )
        self._rehearsal.passed()
        views.refresh(self._database, self._refreshed)
        if self._strangers:
            table = own_tables.version_table
            gone = delete(table).where(table.c.version_num.in_(self._strangers))
            with triggering.blamed_own(connection, dialect, lambda: self.sealed):
                connection.execute(gone)

    def end(self) -> None:
        """Check, after Alembic's last write, that nothing came of it but the stamps.

        Raises:
            VerificationError: a trigger of demosnap's own tables did something else.
        """
        if self.sealed is None:
            return
        # What waits for the commit is part of it.
        self._database.dialect.settle(self._database.connection)
        self.sealed.check(self._database)
        stamps = own_tables.stamps(self._database.connection)
        for one in self._prepared.values():
            current, target = one.move.current, one.move.target
            there = target is None or target.revision in stamps
            left = current is not None and current != target and current.revision in stamps
            if one.move.action != "none" and (left or not there):
                self.sealed.refuse(
                    f"{own_tables.VERSION_TABLE} does not hold what was written to it"
                )
