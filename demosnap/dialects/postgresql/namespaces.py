"""Namespaces of PostgreSQL: its schemas; the default one is the first of the search path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from demosnap.dialects.base import Dialect, execute
from demosnap.dialects.postgresql import transaction as transactions
from demosnap.errors import DatabaseError, did_you_mean
from demosnap.model import display_name

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

_ALL = """
SELECT n.nspname, has_schema_privilege(n.oid, 'USAGE') FROM pg_namespace n
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
ORDER BY n.nspname
"""

_TIED = """
WITH RECURSIVE given AS (
    SELECT to_regclass(name)::oid AS oid FROM unnest(ARRAY[{names}]::text[]) AS w(name)
), link AS MATERIALIZED (
    SELECT coalesce(pg_partition_root(c.conrelid), c.conrelid)::oid AS child,
        coalesce(pg_partition_root(c.confrelid), c.confrelid)::oid AS parent
    FROM pg_constraint c WHERE c.contype = 'f'
), reached AS (
    SELECT oid FROM given
    UNION
    SELECT link.child FROM reached JOIN link ON link.parent = reached.oid
)
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid IN (
    SELECT oid FROM reached
    UNION
    SELECT link.parent FROM link JOIN reached ON reached.oid = link.child
) AND c.oid NOT IN (SELECT oid FROM given WHERE oid IS NOT NULL)
  AND has_schema_privilege(n.oid, 'USAGE')
ORDER BY 1, 2
"""


class PostgreSQLNamespaces(Dialect):
    """The part of the dialect for namespaces."""

    def default_namespace(self, connection: Connection) -> str | None:
        """Return the first schema of the search path that exists and that the role may use."""
        found: str | None = execute(connection, "SELECT current_schema()").scalar()
        return found

    def namespaces(self, connection: Connection) -> list[str]:
        """Return the schemas that hold tables of users, without the default one."""
        default = self.default_namespace(connection)
        return [name for name, usable in execute(connection, _ALL) if usable and name != default]

    def known_namespaces(self, connection: Connection) -> list[str]:
        """Return the schemas that the role may use, besides the system's."""
        return [name for name, usable in execute(connection, _ALL) if usable]

    def tied_tables(self, connection: Connection, tables: Sequence[str]) -> list[str]:
        """Return tables by the catalog's foreign keys, those of partitions for their table."""
        names = ", ".join(self.string(self.quote_table(table)) for table in tables)
        rows = execute(connection, _TIED.format(names=names))
        return [display_name(namespace, name) for namespace, name in rows]

    def in_namespace(self, url: URL, namespace: str) -> URL:
        """Return the URL as it is: the namespace is set in each transaction."""
        return url

    def enter_namespace(self, connection: Connection, namespace: str) -> None:
        """Put a schema in front of the search path of each transaction of the connection.

        Raises:
            DatabaseError: the schema does not exist, or the role may not use it.
        """
        with connection.begin() as asking:
            usable = {name: bool(right) for name, right in execute(connection, _ALL)}
            asking.rollback()
        if namespace not in usable:
            raise DatabaseError(
                f"there is no namespace {namespace!r} in the database"
                + did_you_mean(namespace, usable)
            )
        if not usable[namespace]:
            raise DatabaseError(
                f"the role may not use the namespace {namespace!r}",
                "Its owner may grant USAGE on it.",
            )
        transactions.enter_namespace(connection, namespace)
