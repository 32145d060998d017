"""Namespaces of MySQL and MariaDB: the databases of a server; the default one is the URL's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demosnap.dialects.base import Dialect, execute
from demosnap.dialects.tied import tied
from demosnap.model import ForeignKey

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

_UNKNOWN_DATABASE = 1049
_IN_QUERY = ("database", "db")
_ALL = (
    "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN"
    " ('information_schema','mysql','performance_schema','sys') ORDER BY schema_name"
)


class MySQLNamespaces(Dialect):
    """The part of the dialect for namespaces."""

    def default_namespace(self, connection: Connection) -> str | None:
        """Return the database of the connection."""
        found: str | None = execute(connection, "SELECT DATABASE()").scalar()
        return found

    def namespaces(self, connection: Connection) -> list[str]:
        """Return the databases whose tables reference this one's, and what all these reference."""
        sql = (
            "SELECT DISTINCT table_schema, referenced_table_schema"
            " FROM information_schema.key_column_usage"
            " WHERE referenced_table_schema <> table_schema"
        )
        parents: dict[str, list[ForeignKey]] = {}
        for child, parent in execute(connection, sql):
            parents.setdefault(str(child), []).append(ForeignKey((), str(parent), ()))
        default = str(self.default_namespace(connection))
        return sorted(tied(parents, [default]) - {default})

    def known_namespaces(self, connection: Connection) -> list[str]:
        """Return the databases that the account may see."""
        return [str(name) for (name,) in execute(connection, _ALL)]

    def in_namespace(self, url: URL, namespace: str) -> URL:
        """Return the URL of another database of the server."""
        return url.difference_update_query(_IN_QUERY).set(database=namespace)

    def file_namespace(self, namespace: str) -> tuple[str, ...]:
        """Return the statement that makes a database the default one."""
        return (f"USE {self.quote(namespace)};",)

    def missing_namespace(self, error: BaseException) -> bool:
        """Return whether the server knows no such database."""
        cause = getattr(error, "orig", None) or error
        return cause.args[:1] == (_UNKNOWN_DATABASE,)

    def namespaces_at(self, url: URL) -> list[str]:
        """Return the databases that the account may see."""
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        engine = create_engine(url.set(database="information_schema"), poolclass=NullPool)
        with engine.connect() as connection:
            return [str(name) for (name,) in execute(connection, _ALL)]
