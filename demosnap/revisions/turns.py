"""Whose turn it is with what Alembic keeps for the whole process.

`alembic.context` and `alembic.op` are modules that speak for one environment: what env.py and the
scripts reach through them belongs to the thread that installed it last. So one thread at a time
has them, for as long as env.py or a function of a script runs, and no longer: no thread waits for a
database in here.
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
    """Let `alembic.context`, and with `running` also `alembic.op`, speak for an environment.

    What they spoke for before, they speak for again: demosnap may be called by a migration.
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
