"""Materialized views of PostgreSQL: the tables that they read, and their refresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from demosnap.dialects.base import execute
from demosnap.dialects.postgresql.text import PostgreSQLText
from demosnap.errors import DatabaseError
from demosnap.model import display_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

# A view is a rule, which depends on the tables that it reads; partitions belong to their table.
_READING = """
WITH RECURSIVE direct AS (
    SELECT DISTINCT r.ev_class AS view, link.refobjid AS source
    FROM pg_rewrite r
    JOIN pg_depend link ON link.classid = 'pg_rewrite'::regclass AND link.objid = r.oid
        AND link.refclassid = 'pg_class'::regclass AND link.refobjid <> r.ev_class
    JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
), reach AS (
    SELECT view, source FROM direct
    UNION
    SELECT reach.view, next.source
    FROM reach JOIN (
        SELECT view AS step, source FROM direct
        UNION ALL
        SELECT inhparent, inhrelid FROM pg_inherits
        UNION ALL
        SELECT inhrelid, inhparent FROM pg_inherits
    ) AS next ON next.step = reach.source
)
SELECT v.oid, CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname END, v.relname,
    s.oid, CASE WHEN m.nspname = current_schema() THEN NULL ELSE m.nspname END, s.relname
FROM pg_class v
JOIN pg_namespace n ON n.oid = v.relnamespace
LEFT JOIN reach ON reach.view = v.oid
LEFT JOIN pg_class s ON s.oid = reach.source
LEFT JOIN pg_namespace m ON m.oid = s.relnamespace
WHERE v.relkind = 'm'
ORDER BY 2 NULLS FIRST, 3
"""


class PostgreSQLViews(PostgreSQLText):
    """The part of the dialect that is about materialized views."""

    def materialized_views(self, connection: Connection) -> dict[str, frozenset[str]]:
        """Return what each reads, at any depth, as the catalog's dependencies have it."""
        found: dict[str, set[str]] = {}
        for _, namespace, name, source, other, read in execute(connection, _READING):
            sources = found.setdefault(display_name(namespace, name), set())
            if source is not None:
                sources.add(display_name(other, read))
        # A view that reads another view also reads everything that this one reads.
        in_order = sorted(found, key=lambda name: len(found[name] & found.keys()))
        return {name: frozenset(found[name]) for name in in_order}

    def refresh_view(self, connection: Connection, name: str) -> None:
        """Refresh one, under a lock that other sessions cannot read past until the end.

        Raises:
            DatabaseError: the role does not own it, or its query fails.
        """
        quoted = self.quote_table(name)
        try:
            execute(connection, f"REFRESH MATERIALIZED VIEW {quoted}")
        except DBAPIError as error:
            reason = str(error.orig).splitlines()[0]
            raise DatabaseError(
                f"the materialized view {quoted} cannot be refreshed: {reason}",
                "Its owner may; or take it out of `refresh:` in demosnap.yaml.",
                changed=False,
            ) from error
