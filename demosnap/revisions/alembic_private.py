"""All uses of Alembic beyond its public interface.

Tests with the stock `alembic` command cover each of them, on the oldest and newest Alembic.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from alembic.runtime.migration import MigrationContext, StampStep
from alembic.script import ScriptDirectory
from sqlalchemy import Table

Steps = Callable[[tuple[str, ...], MigrationContext], Sequence[Any]]
"""A function that makes the steps of a run from the stamps (`MigrationContext._migrations_fn`)."""


def steps_function(context: MigrationContext) -> Steps:
    """Return the function that makes the steps of a run."""
    function = context._migrations_fn
    assert function is not None
    return function  # type: ignore[return-value]


def replace_steps_function(context: MigrationContext, function: Steps) -> None:
    """Replace the function that makes the steps of a run."""
    context._migrations_fn = function


def replace_version_table(context: MigrationContext, table: Table) -> None:
    """Make a run keep its stamps in `table`, whose names may exceed Alembic's 32 characters."""
    context._version = table


def replace_stamps(context: MigrationContext, stamps: Callable[[], tuple[str, ...]]) -> None:
    """Make a run start from the stamps that a function reads.

    Alembic would stop at stamps that have no script, and would read those of another namespace if
    that is the only one with a version table.
    """

    context.get_current_heads = stamps  # type: ignore[method-assign]


def stamp_steps(
    directory: ScriptDirectory, target: str, heads: tuple[str, ...]
) -> Sequence[StampStep]:
    """Return the steps that stamp a target, given the current stamps `heads`."""
    return directory._stamp_revs(target, heads)


@contextlib.contextmanager
def proxy_put_back(module: Any) -> Iterator[None]:
    """On exit, restore the proxy behind `alembic.context` or `alembic.op`."""
    before = vars(module).get("_proxy")
    try:
        yield
    finally:
        after = vars(module).get("_proxy")
        if before is not None:
            before._install_proxy()
        elif after is not None:
            # Alembic does not remove its proxy after an error.
            after._remove_proxy()
