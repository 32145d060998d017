"""Run what PostgreSQL defers to the commit: deferred constraints and constraint triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demosnap.dialects.base import execute

if TYPE_CHECKING:
    from sqlalchemy import Connection

# SET CONSTRAINTS takes names, which several constraints of a namespace may share.
_CHECKED_AT_ONCE = """\
SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(c.conname)
FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
WHERE c.condeferrable AND NOT c.condeferred AND NOT pg_is_other_temp_schema(n.oid)"""


def settle(connection: Connection) -> None:
    """Run deferred constraints and triggers now, and defer later ones again as declared.

    SET CONSTRAINTS lasts until the transaction ends, but rows that are loaded later in it may need
    each other, and so may rows of a caller whose transaction it is.
    """
    execute(connection, "SET CONSTRAINTS ALL IMMEDIATE")
    execute(connection, "SET CONSTRAINTS ALL DEFERRED")
    if names := execute(connection, _CHECKED_AT_ONCE).scalars().all():
        execute(connection, f"SET CONSTRAINTS {', '.join(names)} IMMEDIATE")
