"""Serialise the threads that use Alembic's process-wide state.

`alembic.context` and `alembic.op` are modules with a single environment per process: env.py and
the scripts use the environment that was installed last. So only one thread at a time has them,
while env.py or a function of a script runs. No thread waits for a database in here.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from alembic import context, op
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext

from demosnap.revisions.alembic_private import proxy_put_back

_turn = threading.RLock()


@contextlib.contextmanager
def of(environment: EnvironmentContext, running: MigrationContext | None = None) -> Iterator[None]:
    """Install an environment behind `alembic.context`, and with `running` also behind `alembic.op`.

    On exit the former environment is restored, since a migration may call demosnap.
    """
    with _turn, proxy_put_back(context), proxy_put_back(op), contextlib.ExitStack() as stack:
        stack.enter_context(environment)
        if running is not None:
            stack.enter_context(Operations.context(running))
        yield


def taking(
    function: Callable[..., None], environment: EnvironmentContext, running: MigrationContext
) -> Callable[..., None]:
    """Return a function of a script that waits for its turn."""

    def in_turn(**given: Any) -> None:
        with of(environment, running):
            function(**given)

    return in_turn
