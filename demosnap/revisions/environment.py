"""What env.py calls: one run of Alembic's, with demosnap's guards, lock, plan and verification.

It is the same run whether demosnap or the stock `alembic` command asked for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from demosnap.database import own_tables, reflect, retained, search_indexes, views
from demosnap.database.live import Database
from demosnap.dialects.base import LOCK_WAIT
from demosnap.errors import DatabaseError, DemosnapError, RefusedError, UsageError
from demosnap.model import Version
from demosnap.moves import execute
from demosnap.moves import plan as planning
from demosnap.moves import triggers as triggering
from demosnap.moves.goal import Goal
from demosnap.moves.rehearsal import Rehearsal
from demosnap.options import MoveOptions
from demosnap.results import Move, MovePlan, Target
from demosnap.revisions import again, offline, operations, steps, stock, turns
from demosnap.revisions.graph import Graph
from demosnap.revisions.outcome import Outcome
from demosnap.revisions.run import Run
from demosnap.revisions.script import scenario_of
from demosnap.visible import one_line, visible

REQUEST = "demosnap"
"""The attribute of Alembic's Config under which demosnap's own commands keep their request."""


@dataclass
class Request:
    """What one run is asked for.

    `goals` makes the goals from the graph and what the database is stamped with; None: Alembic's
    steps say them. `confirm` is shown the plan before anything is changed, `before_commit` is
    called when everything is. `rehearsal`: only the way back is tried, and nothing is changed.
    `handed_over`: env.py has called `run`. `plan` is the answer.
    """

    settings: configuration.Settings
    options: MoveOptions
    goals: Callable[[Graph, Mapping[str, Version]], Sequence[Goal]] | None = None
    confirm: Callable[[MovePlan], None] | None = None
    before_commit: Callable[[], None] = lambda: None
    rehearsal: bool = False
    handed_over: bool = False
    plan: MovePlan | None = None

    @property
    def lock_timeout(self) -> float:
        """How long to wait for somebody else's lock, in seconds."""
        given = self.options.lock_timeout
        return LOCK_WAIT if given is None else given


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
        with connect.connected(url, request.lock_timeout) as connection:
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
    # Alembic would create its table with names of at most 32 characters.
    migration_context._version = own_tables.version_table
    _hide_unknown_stamps(migration_context, graph)
    changes = "destination_rev" in opts and not request.options.dry_run
    opts["dont_mutate"] = not changes
    run: Run | None = None
    steps_of = migration_context._migrations_fn
    assert steps_of is not None

    def planned(heads: tuple[str, ...], migration_context: MigrationContext) -> list[Any]:
        nonlocal run
        try:
            found = list(steps_of(heads, migration_context))
        except AssertionError as error:
            # Alembic's way of saying that a relative step has nothing to start from.
            raise UsageError(
                "nothing of that scenario is loaded, so a step down leads nowhere",
                "`demosnap current` shows what is loaded.",
            ) from error
        except CommandError as error:
            if isinstance(error.__cause__, MultipleHeads):
                _check_heads(graph, error.__cause__.heads)
            raise
        if "destination_rev" not in opts:
            return found
        run, found = _plan(environment, request, graph, connection, place, heads, found, outcome)
        opts[operations.RUN] = run
        if request.handed_over and changes:
            # Here, and not at the first step: nobody else has to wait for it.
            run.act()
        for step in found:
            if request.handed_over and isinstance(step, RevisionStep):
                step.migration_fn = turns.taking(step.migration_fn, environment, migration_context)
        return found

    migration_context._migrations_fn = planned
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
                "Let demosnap change this database once by a connection of its own.",
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


def _plan(
    environment: EnvironmentContext,
    request: Request,
    graph: Graph,
    connection: Connection,
    place: Target,
    heads: tuple[str, ...],
    found: list[Any],
    outcome: Outcome,
) -> tuple[Run, list[Any]]:
    """Plan the whole run, refuse or confirm it, and return it with its steps."""
    current = _current(graph, heads)
    settings, options = request.settings, request.options
    if request.goals is not None:
        goals = list(request.goals(graph, current))
    else:
        goals = steps.goals_of(found, graph, current)
    extra = _others_out(goals, current, graph) if options.only or settings.exclusive else []
    if request.goals is not None:
        moving = [] if request.rehearsal else goals
        found = [step for goal in moving for step in _steps(environment, graph, goal)]
    found += [step for goal in extra for step in _steps(environment, graph, goal)]
    unknown = [stamp for stamp in own_tables.stamps(connection) if stamp not in graph.versions]
    dialect = dialects.of(connection)
    database = Database(connection, dialect, reflect.tables(connection))
    versions = {scenario: graph.of(scenario) for scenario in graph.scenarios}
    prepared = planning.prepare(database, settings, versions, [*extra, *goals], options)
    rehearsal = Rehearsal(database, settings, versions, prepared, options, always=request.rehearsal)
    refusals = [reason for one in prepared for reason in one.refusals]
    strangers = [stamp for stamp in unknown if scenario_of(stamp) in {g.scenario for g in goals}]
    # A stamp says what is there, whatever was said of it before.
    if strangers and not (options.discard or all(goal.stamp_only for goal in goals)):
        refusals += [stock.unknown_stamp(stamp) for stamp in strangers]
    touched = {name for one in prepared for name in execute.touched(one)}
    off = settings.triggers.disabled
    refusals += search_indexes.refusals(database, touched, triggers_off=off)
    refreshed, stale = views.concerned(database, settings, touched)
    plan = MovePlan(
        place,
        tuple(one.move for one in prepared),
        tuple(refusals),
        tuple(
            [note for one in prepared for note in one.notes]
            + stale
            + [
                f"the database is also stamped {one_line(stamp)}, which no script here knows;"
                " left alone"
                for stamp in unknown
                if stamp not in strangers
            ]
        ),
        rehearsal.told(),
    )
    request.plan = plan
    run = Run(
        database,
        prepared,
        rehearsal,
        triggers=settings.triggers,
        options=options,
        outcome=outcome,
        refreshed=refreshed,
        strangers=strangers,
    )
    if options.dry_run:
        run.acted = True
        return run, []
    if request.rehearsal and plan.way_back and not rehearsal.needed:
        refusals.append(plan.way_back)
    if refusals:
        raise RefusedError(_title(plan.moves), refusals)
    if all(move.action == "none" for move in plan.moves):
        run.acted = True
        return run, []
    if request.confirm is not None:
        request.confirm(plan)
    if request.rehearsal:
        return run, []
    return run, found


def _steps(environment: EnvironmentContext, graph: Graph, goal: Goal) -> list[Any]:
    if goal.stamp_only:
        return steps.stamps_to(environment.script, graph, goal)
    return steps.steps_to(environment.script, graph, goal)


def _current(graph: Graph, heads: Sequence[str]) -> dict[str, Version]:
    current: dict[str, Version] = {}
    for head in heads:
        version = graph.versions[head]
        if version.scenario in current:
            other = current[version.scenario].revision
            raise UsageError(
                f"the database is stamped with two versions of {version.scenario}:"
                f" {other} and {head}",
                f"Delete one of them from the table {own_tables.VERSION_TABLE}.",
            )
        current[version.scenario] = version
    return current


def _others_out(goals: Sequence[Goal], current: Mapping[str, Version], graph: Graph) -> list[Goal]:
    if all(goal.target is None or goal.stamp_only or goal.by_difference for goal in goals):
        return []
    named = {goal.scenario for goal in goals}
    return [
        # Also where nothing is stamped: rows may have been seeded, or loaded by hand.
        Goal(scenario, current.get(scenario), None, again=True)
        for scenario in graph.scenarios
        if scenario not in named
    ]


def _title(found: Sequence[Move]) -> str:
    return "; ".join(
        f"{move.scenario}: {stock.name(move.current)} -> {stock.name(move.target)}"
        for move in found
    )


def read_only(request: Request) -> Request:
    """Return the same request as a dry run."""
    return replace(request, options=replace(request.options, dry_run=True))


@contextlib.contextmanager
def requested(config: Any, request: Request) -> Iterator[None]:
    """Keep a request on Alembic's Config for the time of a run."""
    config.attributes[REQUEST] = request
    try:
        yield
    finally:
        del config.attributes[REQUEST]
