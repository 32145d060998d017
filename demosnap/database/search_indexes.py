"""Verify full-text indexes after a move, whatever maintains them; a wrong index undoes the move."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator

from demosnap.database.live import Database
from demosnap.errors import VerificationError
from demosnap.reasons import of_tables
from demosnap.refusal import Refusal


def refusals(database: Database, touched: Collection[str], *, triggers_off: bool) -> list[Refusal]:
    """Return the reasons why indexes would stay stale after a move with triggers off.

    `touched` are the tables whose rows the move changes.
    """
    if not triggers_off:
        return []
    return [
        of_tables.stale_index(index.name, index.tables)
        for index in database.dialect.search_indexes(database.connection)
        if index.kept_by_triggers
        and not index.can_be_rebuilt
        and not index.tables.isdisjoint(touched)
    ]


@contextlib.contextmanager
def kept_right(
    database: Database, touched: Collection[str], *, triggers_off: bool
) -> Iterator[None]:
    """Check on exit that the indexes of tables are right, after rebuilding them if needed.

    An index that was wrong before the move is ignored, unless it is rebuilt.

    Raises:
        VerificationError: the move made an index wrong.
    """
    dialect, connection = database.dialect, database.connection
    concerned = [
        index
        for index in dialect.search_indexes(connection)
        if not index.tables.isdisjoint(touched)
    ]
    was_wrong = {index for index in concerned if dialect.index_damage(connection, index)}
    yield
    for index in concerned:
        if triggers_off and index.kept_by_triggers:
            dialect.rebuild_index(connection, index)
        elif index in was_wrong:
            continue
        damage = dialect.index_damage(connection, index)
        if damage and index.can_be_rebuilt and not index.kept_by_triggers:
            # It was right before, and the triggers that maintain it are off during the move.
            dialect.rebuild_index(connection, index)
            damage = dialect.index_damage(connection, index)
        if damage:
            raise VerificationError(
                f"the full-text index {index.name} would no longer fit"
                f" {', '.join(sorted(index.tables))} ({damage})",
                "Its triggers do not keep it correct. `triggers: disable` in demosnap.yaml makes it"
                " again after each move."
                if index.can_be_rebuilt
                else "Its triggers do not keep it correct: correct them first.",
            )
