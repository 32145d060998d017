"""What an account of MySQL or MariaDB may not read, and which errors say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from demosnap.dialects.base import execute
from demosnap.dialects.mysql import session
from demosnap.dialects.mysql.text import MySQLText

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MISSING = frozenset({1044, 1142, 1143, 1227, 1370})


class MySQLRights(MySQLText):
    """The part of the dialect that is about rights."""

    def is_missing_right(self, error: BaseException) -> bool:
        """Return whether the account is denied a command, a table, a column or a routine."""
        return bool(error.args) and error.args[0] in _MISSING

    def unreadable(self, connection: Connection, tables: Sequence[str]) -> frozenset[str]:
        """Ask for no row of each."""
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
        """Look into the list of tables: to describe one that is hidden is an error."""
        place = f"table_schema = DATABASE() AND table_name = {self.string(name)}"
        sql = f"SELECT COUNT(*) FROM information_schema.tables WHERE {place}"
        return bool(execute(connection, sql).scalar())
