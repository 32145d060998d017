"""Rows of MySQL and MariaDB changed in place: one by one while they are few, else by a join."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from demosnap.dialects.mysql import session, write
from demosnap.model import Key, RowUpdate, Table

if TYPE_CHECKING:
    from demosnap.dialects.mysql.text import MySQLText

_FEW = 50
"""So many rows are changed one by one."""

_STAGING = "demosnap_update"
_NO_TEMPORARY_TABLES = frozenset({1044, 1142, 1290, 1786, 1787, 3748, 3750})
"""The account may not; or the server only reads, or its GTIDs or the key that it requires are
against it."""


def rows(
    dialect: MySQLText, driver: Any, table: Table, updates: Iterable[RowUpdate], kept: Sequence[str]
) -> int:
    """Change columns of rows that are named by their keys; return how many there were.

    `kept` are columns that keep their value where they are given none.
    """
    by_columns: dict[tuple[str, ...], list[RowUpdate]] = {}
    for update in updates:
        by_columns.setdefault(tuple(update[1]), []).append(update)
    count = 0
    for names, found in by_columns.items():
        still = [name for name in kept if name not in names]
        changed = _joined(dialect, driver, table, names, found, still) if len(found) >= _FEW else -1
        if changed < 0:
            own = {name: dialect.quote(name).encode() for name in still}
            changed = sum(_one(dialect, driver, table, key, {**v, **own}) for key, v in found)
        count += changed
    return count


def _one(
    dialect: MySQLText, driver: Any, table: Table, key: Key, values: Mapping[str, bytes]
) -> int:
    sql = dialect.update_statement(table, key, values)
    changed = session.execute(driver, sql)
    session.check_warnings(driver, table.name)
    return changed


def _joined(
    dialect: MySQLText,
    driver: Any,
    table: Table,
    names: Sequence[str],
    updates: Sequence[RowUpdate],
    still: Sequence[str],
) -> int:
    """Change the same columns of many rows; -1: the account may create no temporary table."""
    literals = (b",".join((*key, *values.values())) for key, values in updates)
    changes = [f"t.{dialect.quote(name)} = s.{dialect.quote(name)}" for name in names]
    changes += [f"t.{dialect.quote(name)} = t.{dialect.quote(name)}" for name in still]
    sql = f"UPDATE {{}} SET {','.join(changes)}"
    return _by_join(dialect, driver, table, (*table.key, *names), literals, sql)


def delete(dialect: MySQLText, driver: Any, table: Table, keys: Iterable[Key]) -> int:
    """Delete many rows that are named by their keys; return how many there were.

    -1: the account may create no temporary table; then no key was taken.
    """
    literals = (b",".join(key) for key in keys)
    return _by_join(dialect, driver, table, table.key, literals, "DELETE t FROM {}")


def _by_join(
    dialect: MySQLText,
    driver: Any,
    table: Table,
    columns: Sequence[str],
    literals: Iterable[bytes],
    sql: str,
) -> int:
    """Run a statement over the rows of a table, joined by its key to rows that are given."""
    given = replace(table, name=_STAGING, columns=tuple(table.column(c) for c in columns))
    staging, target = dialect.quote_table(_STAGING), dialect.quote_table(table.name)
    # A copy of the columns, with their character sets and collations, and a key, which servers may
    # require.
    create = (
        f"CREATE TEMPORARY TABLE {staging}"
        " (demosnap_row BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY)"
        f" AS SELECT {dialect.quote_columns(columns)} FROM {target} LIMIT 0"
    )
    try:
        session.query(driver, create)
    except Exception as error:
        if not error.args or error.args[0] not in _NO_TEMPORARY_TABLES:
            raise
        return -1
    drop = f"DROP TEMPORARY TABLE {staging}"
    try:
        write.write(driver, dialect.insert_head(given), dialect.load_text(given), literals)
        same = " AND ".join(f"t.{dialect.quote(k)} = s.{dialect.quote(k)}" for k in table.key)
        joined = f"{target} t JOIN {staging} s ON {same}"
        found = session.execute(driver, sql.replace("{}", joined, 1))
        session.check_warnings(driver, table.name)
    except BaseException:
        # The connection may be gone, and what broke it is the error to be seen.
        with contextlib.suppress(Exception):
            session.query(driver, drop)
        raise
    session.query(driver, drop)
    return found
