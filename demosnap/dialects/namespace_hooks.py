"""Hooks for namespaces: the database schemas in which tables stand, or what a server calls so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from demosnap.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection


class NamespaceHooks:
    """The part of a dialect for namespaces."""

    name: ClassVar[str]

    def default_namespace(self, connection: Connection) -> str | None:
        """Return the namespace of tables without a namespace in their names; None: nameless."""
        return connection.dialect.default_schema_name

    def namespaces(self, connection: Connection) -> Sequence[str]:
        """Return the namespaces, besides the default one, whose tables demosnap reads."""
        return ()

    def known_namespaces(self, connection: Connection) -> Sequence[str]:
        """Return all namespaces that can be named, the default one too; empty: there are none."""
        others = self.namespaces(connection)
        default = self.default_namespace(connection)
        return [*others, *([default] if default else ())] if others else ()

    def in_namespace(self, url: URL, namespace: str) -> URL:
        """Return the URL of a connection that will `enter_namespace`.

        Raises:
            UsageError: the database has no namespaces.
        """
        raise self._nowhere(namespace)

    def _nowhere(self, namespace: str) -> UsageError:
        return UsageError(
            f"the namespace {namespace} is not in this database: {self.name} has no namespaces"
            " that demosnap can enter",
            "Leave the namespace out, and name the database of the tenant in the URL.",
        )

    def file_namespace(self, namespace: str) -> Sequence[str]:
        """Return the lines by which the database's own client enters a namespace, or fails.

        Raises:
            UsageError: the database has no namespaces.
        """
        raise self._nowhere(namespace)

    def enter_namespace(self, connection: Connection, namespace: str) -> None:
        """Make a namespace the default one of demosnap's own connection, until it is closed.

        Raises:
            DatabaseError: the namespace does not exist.
        """

    def missing_namespace(self, error: BaseException) -> bool:
        """Return whether connecting failed because the namespace in the URL does not exist."""
        return False

    def namespaces_at(self, url: URL) -> Sequence[str]:
        """Return all namespaces that a URL of `in_namespace` could name."""
        return ()
