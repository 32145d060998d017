"""The request for a run of the environment, its context, and its answer."""

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
from demosnap.moves.hooks import Due
from demosnap.options import MoveOptions
from demosnap.results import MovePlan, Target
from demosnap.revisions.graph import Graph
from demosnap.revisions.sealed import SealedPlan

REQUEST = "demosnap"
"""The attribute of Alembic's Config under which demosnap's own commands keep their request."""


@dataclass
class Request:
    """The request for a run.

    `goals` makes the goals, from the graph and the stamps (None: Alembic's steps determine them).
    `confirm` gets the plan before any change, and `before_commit` is called after all changes.
    `rehearsal`: only try the way back, and change nothing. `sealing`: make a plan that can be
    applied. `expected`: act on exactly this plan, or refuse. `handed_over`: env.py has called
    `run`. `plan` is the answer, and `commands` are the hooks to run after the commit.
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
    commands: Sequence[Due] = ()

    @property
    def lock_timeout(self) -> float:
        """The time to wait for another session's lock, in seconds."""
        given = self.options.lock_timeout
        return LOCK_WAIT if given is None else given


@dataclass(frozen=True, slots=True)
class RunContext:
    """The context of a run: Alembic's environment, the graph of its scripts, and a connection.

    `place` is the database for display. `owned`: demosnap opened the connection; otherwise the
    caller did, and ends the transaction.
    """

    environment: EnvironmentContext
    request: Request
    graph: Graph
    connection: Connection
    place: Target
    owned: bool


@contextlib.contextmanager
def requested(config: Any, request: Request) -> Iterator[None]:
    """Keep a request on Alembic's Config during a run."""
    config.attributes[REQUEST] = request
    try:
        yield
    finally:
        del config.attributes[REQUEST]
