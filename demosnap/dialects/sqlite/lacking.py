"""Find tables whose changes need a collation or function that only the application brings."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence

_LACKS = re.compile(
    r"(no such collation sequence|no such function|unknown function): (.+?)(\(\))?$"
)
_ASCII = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_STAND_INS: Mapping[str, Callable[[str], str]] = {
    "nocase": lambda text: text.translate(_ASCII),
    "binary": lambda text: text,
    "rtrim": lambda text: text.rstrip(" "),
}
"""What SQLite's own collations compare; code points have the order of their UTF-8."""


Writable = Mapping[str, tuple[str, Sequence[str]]]
"""Tables by name: each with its name and its columns that are not generated, as in SQL."""


def all_tables(driver: sqlite3.Connection, quote: Callable[[str], str]) -> Writable:
    """Return all tables of a database."""
    found: dict[str, tuple[str, list[str]]] = {}
    for name, column in driver.execute(
        "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_xinfo(t.name) AS c"
        " WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' AND t.name NOT LIKE"
        " 'sqlite\\_%' ESCAPE '\\' AND c.hidden = 0"
    ):
        found.setdefault(name, (quote(name), []))[1].append(quote(column))
    return found


def lacking(driver: sqlite3.Connection, tables: Writable) -> dict[str, tuple[str, str]]:
    """Return what a connection lacks to change the rows of tables, by table.

    It is `collation` or `function`, and the name. Nothing is changed: SQLite only compiles.
    """
    found = {}
    for table, (whole, names) in tables.items():
        for statement in (
            f"INSERT INTO {whole} ({','.join(names)}) VALUES ({','.join('NULL' for _ in names)})",
            f"UPDATE {whole} SET {','.join(f'{name}={name}' for name in names)}",
            f"DELETE FROM {whole}",
        ):
            try:
                driver.execute(f"EXPLAIN {statement}").close()
            except sqlite3.Error as error:
                if match := _LACKS.match(str(error)):
                    kind = "collation" if "collation" in match[1] else "function"
                    found[table] = kind, match[2]
                    break
    return found


def unchangeable(driver: sqlite3.Connection, tables: Writable) -> dict[str, tuple[str, str]]:
    """Return why a connection cannot change the rows of tables, and the way on, by table."""
    return {
        table: (
            f"an index, a constraint or a trigger needs the {kind} {name}, which this connection"
            " to SQLite does not have",
            "The application's own connections have it: give one to the Python API (`connection=`)",
        )
        for table, (kind, name) in lacking(driver, tables).items()
    }


def stand_in(
    driver: sqlite3.Connection, quote: Callable[[str], str], collations: Mapping[str, str]
) -> dict[str, str]:
    """Have collations compare as those of SQLite that stand for them, by name.

    An index is in the order of the real collation. A stand-in would look for entries, and leave
    them, where the application does not; a constraint could let pass what it refuses. So nothing
    is registered for a collation that a change of some table needs: such a table is returned.
    """
    folded = {name.lower(): name for name in collations}
    needing = {
        folded[what.lower()]: table
        for table, (kind, what) in lacking(driver, all_tables(driver, quote)).items()
        if kind == "collation" and what.lower() in folded
    }
    for name, other in collations.items():
        if name not in needing:
            driver.create_collation(name, _comparing(_STAND_INS[other]))
    return needing


def _comparing(value: Callable[[str], str]) -> Callable[[str, str], int]:
    def compare(left: str, right: str) -> int:
        one, other = value(left), value(right)
        return (one > other) - (one < other)

    return compare
