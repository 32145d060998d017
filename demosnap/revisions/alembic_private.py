"""All that demosnap uses of Alembic beyond its public interface.

Tests with the stock `alembic` command pin each of them, on the oldest and the newest Alembic.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from alembic.runtime.migration import MigrationContext, StampStep
from alembic.script import ScriptDirectory
from sqlalchemy import Table

Steps = Callable[[tuple[str, ...], MigrationContext], Sequence[Any]]
"""Makes the steps of a run from the stamps of the database (`MigrationContext._migrations_fn`)."""


def steps_function(context: MigrationContext) -> Steps:
    """Return the function by which a run makes its steps."""
    function = context._migrations_fn
    assert function is not None
    return function  # type: ignore[return-value]


def replace_steps_function(context: MigrationContext, function: Steps) -> None:
    """Have a run make its steps by another function."""
    context._migrations_fn = function


def replace_version_table(context: MigrationContext, table: Table) -> None:
    """Have a run keep its stamps in a table with longer names than Alembic's 32 characters."""
    context._version = table


def hide_unknown_stamps(context: MigrationContext, known: Collection[str]) -> None:
    """Have a run not see stamps of another git branch, at which Alembic would stop."""
    all_heads = context.get_current_heads

    def known_heads() -> tuple[str, ...]:
        return tuple(head for head in all_heads() if head in known)

    context.get_current_heads = known_heads  # type: ignore[method-assign]


def stamp_steps(
    directory: ScriptDirectory, target: str, heads: tuple[str, ...]
) -> Sequence[StampStep]:
    """Return the steps that stamp a target where the stamps are `heads`."""
    return directory._stamp_revs(target, heads)


@contextlib.contextmanager
def proxy_put_back(module: Any) -> Iterator[None]:
    """Have `alembic.context` or `alembic.op` speak afterwards for what it spoke for before."""
    before = vars(module).get("_proxy")
    try:
        yield
    finally:
        after = vars(module).get("_proxy")
        if before is not None:
            before._install_proxy()
        elif after is not None:
            # Alembic leaves it there after an error.
            after._remove_proxy()
