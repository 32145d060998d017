"""Tables that an account may not read or that MySQL misreads, and the errors for them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from demosnap.dialects.base import execute
from demosnap.dialects.mysql import reflect, session
from demosnap.dialects.mysql.namespaces import MySQLNamespaces
from demosnap.dialects.mysql.reflect import MySQLDefinitions
from demosnap.model import display_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NOT_READY = 1047
_WRONG_SYNTAX = 1064
_SPELLED = "write CHAR(39) for the quote, CHAR(92) for the backslash"
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"


class MySQLRights(MySQLDefinitions, MySQLNamespaces):
    """The part of the dialect for missing rights and misread tables."""

    # For a command, a table, a column or a routine.
    missing_rights = frozenset({1044, 1142, 1143, 1227, 1370})

    def unreadable(self, connection: Connection, tables: Sequence[str]) -> frozenset[str]:
        """Select no row from each table, to see whether that is allowed."""
        driver = session.of(connection)
        found = set()
        for table in tables:
            try:
                session.query(driver, f"SELECT * FROM {self.quote_table(table)} LIMIT 0")
            except Exception as error:
                if not self.is_missing_right(error):
                    raise
                found.add(table)
        return frozenset(found)

    def has_table(self, connection: Connection, name: str) -> bool:
        """Search the list of tables, since describing a hidden table is an error."""
        place = f"table_schema = DATABASE() AND table_name = {self.string(name)}"
        sql = f"SELECT COUNT(*) FROM information_schema.tables WHERE {place}"
        return bool(execute(connection, sql).scalar())

    def refuse_tables(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Return the tables that MySQL misreads in demosnap's sessions."""
        found = reflect.misread(connection, tables)
        return {
            name: f"its definition has {text}, a text with a quote or a backslash, which MySQL"
            f" misreads under NO_BACKSLASH_ESCAPES, as demosnap works; {_SPELLED}"
            for name, text in found.items()
        }

    def advice(self, connection: Connection, error: BaseException) -> str | None:
        """Say that a node has left its cluster, and name tables that MySQL cannot open here."""
        if error.args[:1] == (_NOT_READY,):
            return session.NODE_ADVICE
        if error.args[:1] != (_WRONG_SYNTAX,):
            return None
        with contextlib.suppress(Exception):
            found = session.query(session.of(connection), _TABLES)
            tables = [display_name(None, str(name)) for (name,) in found]
            if reasons := self.refuse_tables(connection, tables):
                return "\n".join(f"{name}: {reason}" for name, reason in reasons.items())
        return None
