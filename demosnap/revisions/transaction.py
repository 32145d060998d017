"""The life of a transaction: lock, begin, plan, act, stamp, verify, commit."""

from __future__ import annotations

import contextlib
from typing import Any

from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.util import CommandError
from sqlalchemy import delete

from demosnap import dialects
from demosnap.database import namespaces, own_tables, picking, retained, views
from demosnap.errors import DatabaseError, UsageError
from demosnap.moves import execute, hooks
from demosnap.moves import triggers as triggering
from demosnap.revisions import alembic_private, operations, run_plan, steps, turns
from demosnap.revisions.outcome import Outcome
from demosnap.revisions.request import RunContext


class Transaction:
    """A run of Alembic on a connection; `run` has its steps in order."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._request = context.request
        self._connection = context.connection
        self._dialect = dialects.of(context.connection)
        self._alembic = _configured(context)
        opts = self._alembic.opts
        # Without a destination, Alembic only displays revisions.
        self._moves = "destination_rev" in opts
        self._changes = self._moves and not self._request.options.dry_run
        opts["dont_mutate"] = not self._changes
        opts[operations.TRANSACTION] = self
        self._steps_of_alembic = alembic_private.steps_function(self._alembic)
        alembic_private.replace_steps_function(self._alembic, self._plan)
        self._planned: run_plan.RunPlan | None = None
        self._acted = False
        self._outcome = Outcome(context.connection)
        self._sealed: triggering.Seal | None = None

    def run(self) -> None:
        """Do what was requested: all of it or nothing.

        Raises:
            DemosnapError: the run was refused or failed; nothing was changed, unless the commit
                itself broke.
        """
        environment = self._context.environment
        with self._outcome.corrected(), contextlib.ExitStack() as held:
            self._lock(held)
            self._begin(held)
            with environment.begin_transaction():
                with triggering.blamed_own(self._connection, self._dialect, lambda: self._sealed):
                    # Alembic reads the stamps, calls `_plan` for the steps, and stamps after each
                    # step. The first step acts.
                    (self._alembic if self._request.handed_over else environment).run_migrations()
                    self._act()
                    self._verify()
                self._commit()
            self._outcome.ended = self._outcome.begun
        if self._outcome.begun and self._acted and self._planned is not None:
            found = hooks.due(self._request.settings, self._planned.shown.moves)
            self._request.commands = [one for one in found if one.hook.command]

    def step(self, scenario: str) -> None:
        """Execute the step of a script: the first step acts for all, the others do nothing."""
        if self._planned is None or scenario not in self._planned.scenarios:
            raise CommandError(f"scenario {scenario} is not part of this run's plan")
        self._act()

    # ------------------------------------------------------------------ the steps, in their order

    def _lock(self, held: contextlib.ExitStack) -> None:
        """Take the database's lock, if the connection is demosnap's own."""
        if not (self._context.owned and self._changes):
            return
        self._connection.execution_options(demosnap_write=True)
        held.enter_context(
            self._dialect.lock(self._connection, self._request.lock_timeout, self._others())
        )
        if not self._dialect.transactional_ddl:
            # The plan will decide whether rows are recorded, too late to create tables.
            held.enter_context(
                own_tables.created(self._connection, retained.metadata.sorted_tables)
            )

    def _begin(self, held: contextlib.ExitStack) -> None:
        """Set up the session, and check that a caller's connection is in a transaction.

        Raises:
            UsageError: the caller's connection commits each statement.
            DatabaseError: creating a missing table would commit the caller's transaction.
        """
        if self._changes and not self._context.owned:
            if self._dialect.begin(self._connection):
                raise UsageError(
                    "the caller's connection commits each statement by itself",
                    "Give one that is not in AUTOCOMMIT mode.",
                    changed=False,
                )
            if not self._dialect.transactional_ddl and not self._tables_exist():
                names = ", ".join(sorted(own_tables.OWN_TABLES))
                raise DatabaseError(
                    f"a table of demosnap ({names}) is missing, and to create it would commit the"
                    " caller's transaction",
                    "Let demosnap change this database once through its own connection.",
                    changed=False,
                )
        if self._moves:
            held.enter_context(self._dialect.session(self._connection, write=self._changes))
            # A caller's transaction may have seen another run, whose notes are gone.
            picking.again(self._connection)

    def _plan(self, heads: tuple[str, ...], alembic: MigrationContext) -> list[Any]:
        """Plan, refuse or confirm; return the steps that Alembic runs, given the stamps `heads`.

        Raises:
            RefusedError: a guard refused.
            UsageError: the target is not valid.
        """
        request = self._request
        found = steps.made(self._steps_of_alembic, heads, alembic, self._context.graph)
        if not self._moves:
            return found
        self._planned = run_plan.make(self._context, heads, found)
        request.plan = self._planned.shown
        if request.options.dry_run:
            return []
        self._planned.check()
        if self._planned.rests:
            return []
        if request.confirm is not None:
            request.confirm(self._planned.shown)
        if not request.handed_over:
            return self._planned.steps
        # Act before Alembic's turn begins, so that no other thread waits for the database.
        self._act()
        if request.rehearsal:
            return []
        return [self._in_turn(step) for step in self._planned.steps]

    def _act(self) -> None:
        """Try the way back, then make all moves, once, unless the plan changes nothing."""
        plan = self._planned
        if plan is None or self._acted or plan.rests or not self._changes:
            return
        self._acted = True
        database, settings, options = plan.database, self._request.settings, self._request.options
        own = triggering.own(self._connection, self._dialect)
        before = triggering.seal(database, own, settings.triggers)
        own_tables.create(self._connection)
        with triggering.blamed_own(self._connection, self._dialect, lambda: before):
            plan.rehearsal.act()
        if before is not None:
            before.check(database)
        if self._request.rehearsal:
            return
        self._sealed = execute.act(
            database,
            plan.moves,
            settings=settings,
            level=options.verify,
            discard=options.discard,
            own_triggers=own,
        )
        plan.rehearsal.passed()
        views.refresh(database, plan.refreshed)
        if plan.unknown_stamps:
            table = own_tables.version_table
            gone = delete(table).where(table.c.version_num.in_(plan.unknown_stamps))
            with triggering.blamed_own(self._connection, self._dialect, lambda: self._sealed):
                self._connection.execute(gone)

    def _verify(self) -> None:
        """Check, after the last stamp, that stamping changed only the stamps.

        `_act` verified the rows. This finds triggers on demosnap's own tables.

        Raises:
            VerificationError: a trigger changed something else.
        """
        if self._sealed is None or self._planned is None:
            return
        # Deferred triggers and constraints belong to the transaction, too.
        self._dialect.settle(self._connection)
        self._sealed.check(self._planned.database)
        stamps = own_tables.stamps(self._connection)
        for move in self._planned.shown.moves:
            current, target = move.current, move.target
            there = target is None or target.revision in stamps
            left = current is not None and current != target and current.revision in stamps
            if move.action != "none" and (left or not there):
                self._sealed.refuse(
                    f"{own_tables.VERSION_TABLE} does not hold what was written to it"
                )

    def _commit(self) -> None:
        """Note that the commit begins on leaving `begin_transaction`; a caller commits itself."""
        if self._context.owned and self._changes:
            self._request.before_commit()
            self._outcome.begun = True

    # ------------------------------------------------------------------ what they need

    def _others(self) -> frozenset[str]:
        """Return the namespaces besides the default one whose rows this run may change."""
        settings = namespaces.local(self._connection, self._request.settings)
        versions = self._context.graph.versions.values()
        others = namespaces.others(self._connection, settings, versions)
        self._connection.rollback()
        return others.named

    def _tables_exist(self) -> bool:
        options = self._request.options
        remembers = options.keep_referenced or options.release
        return own_tables.exist(self._connection) and (
            not remembers or retained.exists(self._connection)
        )

    def _in_turn(self, step: Any) -> Any:
        if isinstance(step, RevisionStep):
            step.migration_fn = turns.taking(
                step.migration_fn, self._context.environment, self._alembic
            )
        return step


def _configured(context: RunContext) -> MigrationContext:
    """Return Alembic's context for a run on the connection.

    Raises:
        UsageError: Alembic was asked to compare models.
    """
    context.environment.configure(
        connection=context.connection,
        version_table=own_tables.VERSION_TABLE,
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    found = context.environment.get_context()
    if "revision_context" in found.opts:
        raise UsageError(
            "these are demo data, not migrations: Alembic's autogenerate has nothing to compare",
            "`demosnap check` checks the snapshots; `demosnap revision` captures one.",
        )
    alembic_private.replace_version_table(found, own_tables.version_table)

    def known_stamps() -> tuple[str, ...]:
        stamps = own_tables.stamps(context.connection)
        return tuple(one for one in stamps if one in context.graph.versions)

    alembic_private.replace_stamps(found, known_stamps)
    return found
