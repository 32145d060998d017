"""Sequences of MariaDB whose positions no row tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from demosnap.dialects.mysql import session
from demosnap.errors import UnknownNameError
from demosnap.model import display_name, split_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from demosnap.dialects.text import DialectText
    from demosnap.model import Table

_NAMES = (
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_type = 'SEQUENCE' AND table_schema = DATABASE() ORDER BY table_name"
)
_DEFAULTS = (
    "SELECT column_default FROM information_schema.columns"
    " WHERE table_schema = DATABASE() AND column_default LIKE '%nextval(%'"
)
_USED = re.compile(r"nextval\((?:`(?:[^`]|``)*`\.)?`((?:[^`]|``)*)`\)", re.IGNORECASE)


def free(connection: Connection) -> list[str]:
    """Return the sequences of this database that no default names, by display name."""
    driver = session.of(connection)
    used = _used(text for (text,) in session.query(driver, _DEFAULTS))
    return [name for name in _names(connection) if name not in used]


def positions(
    connection: Connection, dialect: DialectText, tables: Sequence[Table], names: Sequence[str]
) -> dict[str, int]:
    """Return the next values of the named sequences and of those inside expressions of defaults.

    A server gives numbers out of a hidden cache: the value is the first one beyond it.

    Raises:
        UnknownNameError: a named sequence is not there.
    """
    there = _names(connection)
    for name in names:
        if name not in there:
            raise UnknownNameError("sequence", name, there)
    defaults = [column.default or "" for table in tables for column in table.columns]
    # A default that is nothing else numbers a column, whose values tell where it stands.
    inside = _used(text for text in defaults if not _USED.fullmatch(text))
    found = {}
    for name in sorted({*names, *inside} & {*there}):
        sql = f"SELECT next_not_cached_value FROM {dialect.quote_table(name)}"
        ((value,),) = session.query(session.of(connection), sql)
        found[name] = int(value)
    return found


def restore(dialect: DialectText, positions: Mapping[str, int]) -> list[str]:
    """Return statements that set next values; SETVAL never lowers one.

    A sequence that is not there when they run is skipped.
    """
    lines = []
    for name, value in positions.items():
        _, plain = split_name(name)
        call = dialect.string(f"DO SETVAL({dialect.quote_table(name)},{value},0)")
        lines += [
            f"SET @demosnap_next = (SELECT IF(COUNT(*) > 0,{call},'DO 0')"
            " FROM information_schema.tables WHERE table_type = 'SEQUENCE'"
            f" AND table_schema = DATABASE() AND table_name = {dialect.string(plain)});",
            "PREPARE demosnap_next FROM @demosnap_next;",
            "EXECUTE demosnap_next;",
            "DEALLOCATE PREPARE demosnap_next;",
        ]
    return lines


def _names(connection: Connection) -> list[str]:
    rows = session.query(session.of(connection), _NAMES)
    return [display_name(None, name) for (name,) in rows]


def _used(defaults: Iterable[str]) -> set[str]:
    return {
        display_name(None, name.replace("``", "`"))
        for text in defaults
        for name in _USED.findall(text)
    }
