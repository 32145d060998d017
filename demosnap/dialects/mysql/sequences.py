"""Sequences of MariaDB: those in defaults, and those whose positions no row implies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from demosnap.dialects.base import execute
from demosnap.dialects.mysql import session
from demosnap.dialects.mysql.text import MySQLText
from demosnap.dialects.sequence_state import SequenceState
from demosnap.errors import UnknownNameError
from demosnap.model import Table, display_name, split_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NEXT_VALUE = re.compile(r"nextval\((.+)\)", re.IGNORECASE | re.DOTALL)
_NAMES = (
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_type = 'SEQUENCE' AND table_schema = DATABASE() ORDER BY table_name"
)
_DEFAULTS = (
    "SELECT column_default FROM information_schema.columns"
    " WHERE table_schema = DATABASE() AND column_default LIKE '%nextval(%'"
)
_USED = re.compile(r"nextval\((?:`(?:[^`]|``)*`\.)?`((?:[^`]|``)*)`\)", re.IGNORECASE)


class MariaDBSequences(MySQLText):
    """The part of MariaDB's dialect for sequences."""

    def file_sequences(self, tables: Sequence[Table]) -> Sequence[str]:
        """Return statements that set the sequences of defaults; SETVAL never lowers one."""
        lines = []
        for table in tables:
            for sequence, column in _sequences(table):
                largest = f"SELECT MAX({self.quote(column)}) FROM {self.quote_table(table.name)}"
                lines += _run(f"COALESCE(CONCAT('DO SETVAL({sequence},',({largest}),')'),'DO 0')")
        return lines

    def advance_sequences(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Advance sequences of defaults; a rollback leaves them advanced, which is harmless."""
        driver = session.of(connection)
        for table in tables:
            for sequence, column in _sequences(table):
                largest = f"SELECT MAX({self.quote(column)}) FROM {self.quote_table(table.name)}"
                ((value,),) = session.query(driver, largest)
                if value is not None:
                    session.query(driver, f"DO SETVAL({sequence},{value})")

    def free_sequences(self, connection: Connection) -> Sequence[str]:
        """Return the sequences of this database that no default uses."""
        used = _used(text for (text,) in session.query(session.of(connection), _DEFAULTS))
        return [name for name in _names(connection) if name not in used]

    def sequence_positions(
        self, connection: Connection, tables: Sequence[Table], names: Sequence[str]
    ) -> Mapping[str, int]:
        """Return the next values beyond those that a server may have in its hidden cache."""
        there = _names(connection)
        for name in names:
            if name not in there:
                raise UnknownNameError("sequence", name, there)
        defaults = [column.default or "" for table in tables for column in table.columns]
        # A default of only a sequence numbers a column, whose values imply the position.
        inside = _used(text for text in defaults if not _USED.fullmatch(text))
        found = {}
        for name in sorted({*names, *inside} & {*there}):
            sql = f"SELECT next_not_cached_value FROM {self.quote_table(name)}"
            ((value,),) = session.query(session.of(connection), sql)
            found[name] = int(value)
        return found

    def sequence_states(
        self, connection: Connection, names: Sequence[str]
    ) -> Mapping[str, SequenceState]:
        """Return the states; the next number is the first beyond the server's cache."""
        from sqlalchemy.exc import DBAPIError

        there, found = _names(connection), {}
        for name in names:
            if name not in there:
                continue
            sql = (
                "SELECT start_value, increment, minimum_value, maximum_value,"
                f" next_not_cached_value FROM {self.quote_table(name)}"
            )
            try:
                ((start, step, *rest),) = execute(connection, sql)
            except DBAPIError:
                # The role may not read it.
                continue
            least, greatest, following = map(int, rest)
            # An increment of 0 stands for the server's own, usually 1.
            found[name] = SequenceState(
                int(start), int(step) or 1, least, greatest, following, by_next=True
            )
        return found

    def file_positions(self, positions: Mapping[str, int]) -> Sequence[str]:
        """Return statements that set the next value, which SETVAL never lowers."""
        lines = []
        for name, value in positions.items():
            _, plain = split_name(name)
            call = self.string(f"DO SETVAL({self.quote_table(name)},{value},0)")
            lines += _run(
                f"(SELECT IF(COUNT(*) > 0,{call},'DO 0')"
                " FROM information_schema.tables WHERE table_type = 'SEQUENCE'"
                f" AND table_schema = DATABASE() AND table_name = {self.string(plain)})"
            )
        return lines

    def restore_positions(self, connection: Connection, positions: Mapping[str, int]) -> None:
        """Run the statements of a file; a rollback leaves sequences advanced, which is harmless."""
        for statement in self.file_positions(positions):
            session.query(session.of(connection), statement)


def _sequences(table: Table) -> Iterator[tuple[str, str]]:
    for column in table.captured:
        if match := _NEXT_VALUE.fullmatch(column.default or ""):
            yield match[1], column.name


def _run(statement: str) -> list[str]:
    """Return the lines of a file that build a statement and run it."""
    return [
        f"SET @demosnap_next = {statement};",
        "PREPARE demosnap_next FROM @demosnap_next;",
        "EXECUTE demosnap_next;",
        "DEALLOCATE PREPARE demosnap_next;",
    ]


def _names(connection: Connection) -> list[str]:
    rows = session.query(session.of(connection), _NAMES)
    return [display_name(None, name) for (name,) in rows]


def _used(defaults: Iterable[str]) -> set[str]:
    return {
        display_name(None, name.replace("``", "`"))
        for text in defaults
        for name in _USED.findall(text)
    }
