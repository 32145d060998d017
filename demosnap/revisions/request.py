"""What one run of the environment is asked for, where it runs, and what it answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import Connection

from demosnap import config as configuration
from demosnap.dialects.base import LOCK_WAIT
from demosnap.model import Version
from demosnap.moves.goal import Goal
from demosnap.options import MoveOptions
from demosnap.results import MovePlan, Target
from demosnap.revisions.graph import Graph
from demosnap.revisions.sealed import SealedPlan

REQUEST = "demosnap"
"""The attribute of Alembic's Config under which demosnap's own commands keep their request."""


@dataclass
class Request:
    """What one run is asked for.

    `goals` makes the goals from the graph and what the database is stamped with; None: Alembic's
    steps say them. `confirm` is shown the plan before anything is changed, `before_commit` is
    called when everything is. `rehearsal`: only the way back is tried, and nothing is changed.
    `sealing`: the plan shall be one that can be applied; `expected`: act on this plan, or not at
    all. `handed_over`: env.py has called `run`. `plan` is the answer.
    """

    settings: configuration.Settings
    options: MoveOptions
    goals: Callable[[Graph, Mapping[str, Version]], Sequence[Goal]] | None = None
    confirm: Callable[[MovePlan], None] | None = None
    before_commit: Callable[[], None] = lambda: None
    rehearsal: bool = False
    sealing: bool = False
    expected: SealedPlan | None = None
    handed_over: bool = False
    plan: MovePlan | None = None

    @property
    def lock_timeout(self) -> float:
        """How long to wait for another session's lock, in seconds."""
        given = self.options.lock_timeout
        return LOCK_WAIT if given is None else given


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where a request runs: Alembic's environment, the graph of its scripts, and a connection.

    `place` is the database as it is shown. `owned`: the connection is demosnap's own; else it is
    the caller's, with a transaction that the caller ends.
    """

    environment: EnvironmentContext
    request: Request
    graph: Graph
    connection: Connection
    place: Target
    owned: bool


@contextlib.contextmanager
def requested(config: Any, request: Request) -> Iterator[None]:
    """Keep a request on Alembic's Config for the time of a run."""
    config.attributes[REQUEST] = request
    try:
        yield
    finally:
        del config.attributes[REQUEST]
