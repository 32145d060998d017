"""A table of MariaDB or MySQL on trial: a temporary one alike, and keys beyond plain columns."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demosnap.dialects.base import Dialect, execute
from demosnap.dialects.mysql.text import MySQLText, unescaped
from demosnap.model import SpecialKey, Table, split_name
from demosnap.visible import one_line

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCRATCH = "demosnap_scratch"
_SCRATCH_NAME = re.compile(rf"\b{SCRATCH}\b")


class MySQLTrial(MySQLText):
    """How MySQL and MariaDB try rows in a temporary table, and say what they did not take."""

    def special_keys(self, connection: Connection, table: Table) -> list[SpecialKey]:
        """Return the unique indexes over prefixes, generated columns or expressions."""
        namespace, name = split_name(table.name)
        schema = self.string(namespace) if namespace else "DATABASE()"
        generated = {column.name for column in table.columns if column.generated}
        found: dict[str, list[tuple[str | None, int | None, str | None]]] = {}
        sql = (
            "SELECT * FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0"
            f" AND TABLE_SCHEMA = {schema} AND TABLE_NAME = {self.string(name)}"
            " ORDER BY INDEX_NAME, SEQ_IN_INDEX"
        )
        for row in execute(connection, sql).mappings():
            part = (row["COLUMN_NAME"], row["SUB_PART"], row.get("EXPRESSION"))
            found.setdefault(row["INDEX_NAME"], []).append(part)
        return [
            SpecialKey(index, tuple((_term(self, *part), "=") for part in parts), None)
            for index, parts in found.items()
            if any(part or expression or column in generated for column, part, expression in parts)
        ]

    @contextlib.contextmanager
    def scratch(self, connection: Connection, table: Table) -> Iterator[str | None]:
        """Have a temporary table alike; its name, None where the account may make none."""
        source = self.quote_table(table.name)
        safe = not self.non_transactional(connection, [table.name])
        if not (safe and self.takes_savepoints(connection)):
            yield None
            return
        try:
            execute(connection, f"CREATE TEMPORARY TABLE {SCRATCH} LIKE {source}")
        except Exception:  # noqa: BLE001  whatever speaks against it, there is none
            yield None
            return
        try:
            yield SCRATCH
        finally:
            with contextlib.suppress(Exception):
                execute(connection, f"DROP TEMPORARY TABLE IF EXISTS {SCRATCH}")

    def scratch_names(self, connection: Connection, table: Table) -> dict[str, str]:
        """Return the names of checks: MySQL numbers those of a table that is LIKE it."""
        namespace, name = split_name(table.name)
        schema = self.string(namespace) if namespace else "DATABASE()"
        sql = (
            "SELECT constraint_name FROM information_schema.table_constraints"
            f" WHERE constraint_type = 'CHECK' AND table_schema = {schema}"
            f" AND table_name = {self.string(name)} ORDER BY constraint_name"
        )
        checks = execute(connection, sql).scalars()
        return {f"{SCRATCH}_chk_{number}": check for number, check in enumerate(checks, 1)}

    def refusal(self, error: BaseException, table: str = "it") -> str:
        """Say the server's message, which names the column or the key."""
        original = getattr(error, "orig", None) or error
        if not original.args:
            return super().refusal(error, table)
        name = split_name(table)[1]
        return one_line(_SCRATCH_NAME.sub(lambda _: name, str(original.args[-1])))


def _term(dialect: Dialect, column: str | None, part: int | None, expression: str | None) -> str:
    if column is None:
        return f"({unescaped(expression or '')})"
    quoted = dialect.quote(column)
    return f"LEFT({quoted},{part})" if part else quoted
