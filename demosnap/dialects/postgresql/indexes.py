"""Indexes of PostgreSQL that are dropped before a load and made again after it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy.exc import ProgrammingError

from demosnap.dialects.base import execute
from demosnap.dialects.postgresql import deferred
from demosnap.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy import Connection


@contextlib.contextmanager
def without(
    connection: Connection,
    found: Sequence[tuple[str, str, str | None]],
    string: Callable[[str], str],
) -> Iterator[None]:
    """Drop indexes, and create them again at the end with their comments.

    `found` are quoted names, definitions and comments; `string` renders a literal.

    Raises:
        DatabaseError: the role does not own them.
    """
    # A table with events that still wait cannot be altered.
    deferred.settle(connection)
    for name, _, _ in found:
        try:
            execute(connection, f"DROP INDEX {name}")
        except ProgrammingError as error:
            raise DatabaseError(
                f"the role may not drop the index {name}",
                "--rebuild-indexes needs the owner's rights on the table; leave it out.",
            ) from error
    yield
    deferred.settle(connection)
    for name, definition, comment in found:
        execute(connection, definition)
        if comment is not None:
            execute(connection, f"COMMENT ON INDEX {name} IS {string(comment)}")
