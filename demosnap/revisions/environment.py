"""What env.py calls: one run of Alembic's, with demosnap's guards, lock, plan and verification.

It is the same run whether demosnap or the stock `alembic` command asked for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, cast

from alembic import context
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script.revision import MultipleHeads
from alembic.util import CommandError
from sqlalchemy import Connection

from demosnap import config as configuration
from demosnap import connect, dialects
from demosnap.config import passwords
from demosnap.database import own_tables, retained
from demosnap.errors import DatabaseError, DemosnapError, UsageError
from demosnap.moves import triggers as triggering
from demosnap.results import Target
from demosnap.revisions import again, alembic_private, offline, operations, run_plan, stock, turns
from demosnap.revisions.graph import Graph
from demosnap.revisions.outcome import Outcome
from demosnap.revisions.request import REQUEST, Request
from demosnap.revisions.run import Run
from demosnap.visible import visible


def run() -> None:
    """Run what Alembic was asked for; env.py calls this and nothing else.

    What demosnap's own commands ask for runs when env.py is done: the others do not wait so long
    for Alembic's modules.

    Raises:
        CommandError: refused or failed; nothing was changed.
    """
    request = context.config.attributes.get(REQUEST)
    if request is not None:
        request.handed_over = True
        return
    try:
        # The module has all that the environment has for which it speaks.
        run_in(cast(EnvironmentContext, context), _stock_request())
    except DemosnapError as error:
        raise CommandError(visible(passwords.without_passwords(str(error)))) from error


def run_in(environment: EnvironmentContext, request: Request) -> None:
    """Run a request in an environment.

    Raises:
        DemosnapError: refused or failed; nothing was changed.
    """
    graph = Graph.read(environment.script)
    if environment.is_offline_mode():
        offline.run(environment, graph, request.goals)
        return
    given = environment.config.attributes.get("connection")
    request.confirm = again.asked_once(request.confirm)
    if given is not None:
        place = Target(passwords.rendered(given.engine.url), "the caller's connection", True)
        if not given.in_transaction():
            given.begin()
        with connect.database_errors(given):
            connect.check_not_denied(given, request.settings)
            _online(environment, request, graph, given, place)
        return
    url = connect.url_of(request.settings)
    connect.check_allowed(url, request.settings)
    place = connect.describe(url, request.settings)

    def once() -> None:
        with connect.connected(
            url, request.lock_timeout, request.settings.url_source
        ) as connection:
            connect.check_not_denied(connection, request.settings)
            _online(environment, request, graph, connection, place)

    again.until_done(once, request.lock_timeout)


def _stock_request() -> Request:
    options, allowed = stock.options(context.get_x_argument(as_dictionary=True))
    settings = configuration.from_alembic(context.config)
    settings = settings.allowing(allowed)
    show = context.config.print_stdout
    return Request(settings, options, confirm=lambda plan: show(visible(stock.describe(plan))))


def _online(
    environment: EnvironmentContext,
    request: Request,
    graph: Graph,
    connection: Connection,
    place: Target,
) -> None:
    owned = environment.config.attributes.get("connection") is None
    environment.configure(
        connection=connection,
        version_table=own_tables.VERSION_TABLE,
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    migration_context = environment.get_context()
    opts = migration_context.opts
    if "revision_context" in opts:
        raise UsageError(
            "these are demo data, not migrations: Alembic's autogenerate has nothing to compare",
            "`demosnap check` checks the snapshots; `demosnap revision` captures one.",
        )
    alembic_private.replace_version_table(migration_context, own_tables.version_table)
    _hide_unknown_stamps(migration_context, graph)
    changes = "destination_rev" in opts and not request.options.dry_run
    opts["dont_mutate"] = not changes
    run: Run | None = None
    steps_of = alembic_private.steps_function(migration_context)

    def planned(heads: tuple[str, ...], migration_context: MigrationContext) -> list[Any]:
        nonlocal run
        try:
            found = list(steps_of(heads, migration_context))
        except AssertionError as error:
            # Alembic's way of saying that a relative step has nothing to start from.
            raise UsageError(
                "no version of that scenario is loaded, so a step down has no start",
                "`demosnap current` shows what is loaded.",
            ) from error
        except CommandError as error:
            if isinstance(error.__cause__, MultipleHeads):
                _check_heads(graph, error.__cause__.heads)
            raise
        if "destination_rev" not in opts:
            return found
        run, found = run_plan.planned(environment, request, graph, connection, place, heads, found)
        opts[operations.RUN] = run
        if request.handed_over and changes:
            # Here, and not at the first step, so that no other session waits for it.
            run.act()
        for step in found:
            if request.handed_over and isinstance(step, RevisionStep):
                step.migration_fn = turns.taking(step.migration_fn, environment, migration_context)
        return found

    alembic_private.replace_steps_function(migration_context, planned)
    dialect = dialects.of(connection)
    outcome = Outcome(connection)
    with outcome.told(), contextlib.ExitStack() as stack:
        if owned and changes:
            connection.execution_options(demosnap_write=True)
            stack.enter_context(dialect.lock(connection, request.lock_timeout))
            if not dialect.transactional_ddl:
                # Whether rows have to be remembered is known when it would be too late.
                stack.enter_context(own_tables.created(connection, retained.metadata.sorted_tables))
        elif changes and dialect.begin(connection):
            raise UsageError(
                "the caller's connection commits each statement by itself; nothing was changed",
                "Give one that is not in AUTOCOMMIT mode.",
            )
        elif changes and not dialect.transactional_ddl and not _tables_exist(request, connection):
            raise DatabaseError(
                f"a table of demosnap ({', '.join(sorted(own_tables.OWN_TABLES))}) is missing, and"
                " to"
                " create it would commit the caller's transaction; nothing was changed",
                "Let demosnap change this database once through its own connection.",
            )
        if "destination_rev" in opts:
            stack.enter_context(dialect.session(connection, write=changes))
        with environment.begin_transaction():
            with triggering.blamed_own(connection, dialect, lambda: run.sealed if run else None):
                (migration_context if request.handed_over else environment).run_migrations()
                if run is not None and changes:
                    run.act()
                    run.end()
            if owned and changes:
                request.before_commit()
                outcome.begun = True
        outcome.ended = outcome.begun


def _tables_exist(request: Request, connection: Connection) -> bool:
    remembers = request.options.keep_referenced or request.options.release
    return own_tables.exist(connection) and (not remembers or retained.exists(connection))


def _check_heads(graph: Graph, heads: Sequence[str]) -> None:
    """Raise for the first scenario that has several of these heads."""
    for scenario in dict.fromkeys(graph.versions[head].scenario for head in heads):
        graph.head(scenario)


def _hide_unknown_stamps(migration_context: MigrationContext, graph: Graph) -> None:
    # A stamp of another git branch is reported and left alone; Alembic would stop at it.
    all_heads = migration_context.get_current_heads

    def known_heads() -> tuple[str, ...]:
        return tuple(head for head in all_heads() if head in graph.versions)

    migration_context.get_current_heads = known_heads  # type: ignore[method-assign]
