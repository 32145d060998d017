"""The entry point of env.py: a run of Alembic with demosnap's guards, lock, plan and verification.

demosnap and the stock `alembic` command use the same run.
"""

from __future__ import annotations

from typing import cast

from alembic import context
from alembic.runtime.environment import EnvironmentContext
from alembic.util import CommandError
from sqlalchemy import Connection

from demosnap import config as configuration
from demosnap import connect
from demosnap.config import passwords
from demosnap.errors import DemosnapError
from demosnap.results import Target
from demosnap.revisions import again, hook_commands, offline, stock
from demosnap.revisions.graph import Graph
from demosnap.revisions.request import REQUEST, Request, RunContext
from demosnap.revisions.transaction import Transaction
from demosnap.visible import visible


def run() -> None:
    """Run what Alembic was asked for; env.py calls only this.

    A request of demosnap's own commands runs after env.py has ended, so that other threads wait
    less for Alembic's modules.

    Raises:
        CommandError: the run was refused or failed; nothing was changed.
    """
    request = context.config.attributes.get(REQUEST)
    if request is not None:
        request.handed_over = True
        return
    try:
        # The module forwards every attribute of its environment.
        asked = _stock_request()
        run_in(cast(EnvironmentContext, context), asked)
        hook_commands.run(asked.settings, asked.commands)
    except DemosnapError as error:
        raise CommandError(visible(passwords.without_passwords(str(error)))) from error


def run_in(environment: EnvironmentContext, request: Request) -> None:
    """Run a request in an environment: offline, in the caller's transaction, or in a new one.

    Raises:
        DemosnapError: the run was refused or failed; nothing was changed.
    """
    graph = Graph.read(environment.script)
    if environment.is_offline_mode():
        offline.run(environment, graph, request.goals, request.settings)
        return
    request.confirm = again.asked_once(request.confirm)
    given = environment.config.attributes.get("connection")
    if given is not None:
        _with_the_callers(given, environment, request, graph)
        return
    again.until_done(lambda: _with_its_own(environment, request, graph), request.lock_timeout)


def _with_the_callers(
    connection: Connection, environment: EnvironmentContext, request: Request, graph: Graph
) -> None:
    place = Target(passwords.rendered(connection.engine.url), "the caller's connection", True)
    if not connection.in_transaction():
        connection.begin()
    with connect.database_errors(connection):
        connect.check_namespace(connection, request.settings)
        connect.check_not_denied(connection, request.settings)
        Transaction(RunContext(environment, request, graph, connection, place, owned=False)).run()


def _with_its_own(environment: EnvironmentContext, request: Request, graph: Graph) -> None:
    settings = request.settings
    url = connect.url_of(settings)
    connect.check_allowed(url, settings)
    place = connect.describe(url, settings)
    with connect.connected(
        url, request.lock_timeout, settings.url_source, settings.namespace, settings
    ) as connection:
        connect.check_not_denied(connection, settings)
        Transaction(RunContext(environment, request, graph, connection, place, owned=True)).run()


def _stock_request() -> Request:
    given = context.get_x_argument(as_dictionary=True)
    options, allowed = stock.options(given)
    settings = configuration.from_alembic(context.config)
    settings = settings.allowing(allowed).within(given.get(stock.NAMESPACE))
    show = context.config.print_stdout
    return Request(settings, options, confirm=lambda plan: show(visible(stock.describe(plan))))
