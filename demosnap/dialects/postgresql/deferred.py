"""What waits for the commit on PostgreSQL: deferred constraints and constraint triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demosnap.dialects.base import execute

if TYPE_CHECKING:
    from sqlalchemy import Connection

# SET CONSTRAINTS knows names, which several constraints of a namespace may have.
_CHECKED_AT_ONCE = """\
SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(c.conname)
FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
WHERE c.condeferrable AND NOT c.condeferred AND NOT pg_is_other_temp_schema(n.oid)"""


def settle(connection: Connection) -> None:
    """Let what waits act now, and what comes after it wait again as it is declared.

    SET CONSTRAINTS holds until the transaction ends: rows that are loaded later in it may need
    each other, and so may those of a caller whose transaction it is.
    """
    execute(connection, "SET CONSTRAINTS ALL IMMEDIATE")
    execute(connection, "SET CONSTRAINTS ALL DEFERRED")
    if names := execute(connection, _CHECKED_AT_ONCE).scalars().all():
        execute(connection, f"SET CONSTRAINTS {', '.join(names)} IMMEDIATE")
