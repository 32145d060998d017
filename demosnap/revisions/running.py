"""Run the Alembic environment for a request of demosnap's own commands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TextIO

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from demosnap.config.names import shown
from demosnap.errors import ConfigError, ScriptError
from demosnap.results import MovePlan
from demosnap.revisions import turns
from demosnap.revisions.environment import run_in
from demosnap.revisions.request import Request, requested


def online(request: Request, connection: Connection | None = None) -> MovePlan:
    """Run a request against its database, or inside the caller's transaction.

    Raises:
        ConfigError: env.py is missing, or does not call demosnap.
    """
    config = request.settings.alembic_config()
    if connection is not None:
        config.attributes["connection"] = connection
    _run(config, request, as_sql=False)
    assert request.plan is not None
    return request.plan


def as_sql(request: Request, stream: TextIO) -> None:
    """Write the SQL of a request to a stream, without a database.

    Raises:
        ConfigError: env.py is missing, or does not call demosnap.
    """
    config = request.settings.alembic_config()
    config.output_buffer = stream
    _run(config, request, as_sql=True)


def _run(config: Config, request: Request, *, as_sql: bool) -> None:
    env = request.settings.script_location / "env.py"
    if not env.is_file():
        raise ConfigError("is missing", shown(env), hint="`demosnap init` writes it.")
    with requested(config, request), alembic_errors():
        directory = ScriptDirectory.from_config(config)
        environment = EnvironmentContext(
            config,
            directory,
            # The request determines the goals; the destination only tells Alembic that rows move.
            fn=lambda heads, context: [],
            as_sql=as_sql,
            destination_rev="heads",
        )
        with turns.of(environment):
            directory.run_env()
        if not request.handed_over:
            raise ConfigError(
                "env.py does not call demosnap",
                shown(env),
                hint="It must call demosnap.revisions.environment.run().",
            )
        run_in(environment, request)


@contextlib.contextmanager
def alembic_errors() -> Iterator[None]:
    """Turn Alembic's refusals, and an invalid env.py, into demosnap's errors.

    Raises:
        ScriptError: Alembic refused, or Python could not run a script.
    """
    try:
        yield
    except CommandError as error:
        raise ScriptError(str(error)) from error
    except SyntaxError as error:
        raise ScriptError(f"{error.filename}:{error.lineno}: {error.msg}") from error
