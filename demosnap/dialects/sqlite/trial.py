"""Try rows in a temporary copy of a table, and find its keys beyond plain columns."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demosnap.dialects.base import Dialect, execute
from demosnap.model import SpecialKey, Table, split_name
from demosnap.visible import one_line

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCRATCH = "demosnap_scratch"

# SQLite keeps the text of a definition from the name on, and rewrites the text before it.
_NAME = r"""(?:"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^]]*\]|'(?:[^']|'')*'|[^\s("`\['.]+)"""
_TABLE = re.compile(rf"CREATE TABLE\s+{_NAME}", re.IGNORECASE)
_INDEX = re.compile(rf"CREATE UNIQUE INDEX\s+{_NAME}\s+ON\s+{_NAME}\s*(?=\()", re.IGNORECASE)
_PIECE = re.compile(
    r"""(?P<quoted>"(?:[^"]|"")*"|`[^`]*`|\[[^]]*\]|'(?:[^']|'')*')|(?P<comment>--[^\n]*|/\*.*?\*/)"""
    r"|(?P<other>.)",
    re.DOTALL,
)
_DIRECTION = re.compile(r"\s+(?:ASC|DESC)\s*\Z", re.IGNORECASE)
_WHERE = re.compile(r"\s*WHERE\b", re.IGNORECASE)


class SQLiteTrial(Dialect):
    """How SQLite tries rows in a temporary table, and says what it did not take."""

    def special_keys(self, connection: Connection, table: Table) -> list[SpecialKey]:
        """Return partial unique indexes, and those over expressions or generated columns."""
        name = self.string(split_name(table.name)[1])
        sql = (
            f"SELECT m.name, m.sql FROM pragma_index_list({name}) i JOIN sqlite_master m"
            " ON m.type = 'index' AND m.name = i.name WHERE i.\"unique\" AND m.sql IS NOT NULL"
            " AND (i.partial OR EXISTS (SELECT 1 FROM pragma_index_xinfo(i.name) x WHERE x.key"
            f" AND (x.cid = -2 OR x.cid IN (SELECT cid FROM pragma_table_xinfo({name})"
            " WHERE hidden IN (2, 3))))) ORDER BY m.name"
        )
        found = []
        for index, text in execute(connection, sql).all():
            head = _INDEX.match(text)
            parsed = _parsed(text[head.end() :]) if head else None
            if parsed is not None:
                terms, where = parsed
                found.append(SpecialKey(index, tuple((term, "=") for term in terms), where))
        return found

    @contextlib.contextmanager
    def scratch(self, connection: Connection, table: Table) -> Iterator[str | None]:
        """Have a temporary table alike; its name, None where there can be none."""
        execute(connection, "SAVEPOINT demosnap_scratch")
        try:
            yield SCRATCH if _created(self, connection, table) else None
        finally:
            execute(connection, "ROLLBACK TO SAVEPOINT demosnap_scratch")
            execute(connection, "RELEASE SAVEPOINT demosnap_scratch")

    def refusal(self, error: BaseException, table: str = "it") -> str:
        """Say the message, which names a table and a column."""
        text = super().refusal(error, table)
        return text.replace(SCRATCH, one_line(split_name(table)[1]))


def _parsed(text: str) -> tuple[list[str], str | None] | None:
    """Split `(term, …) WHERE …` into its terms and its condition."""
    terms, depth, current, end = [], 0, "", None
    for piece in _PIECE.finditer(text):
        found = piece["other"]
        if piece["comment"]:
            current += " "
            continue
        if found == "(":
            depth += 1
            if depth == 1:
                continue
        elif found == ")":
            depth -= 1
            if depth == 0:
                terms.append(current)
                end = piece.end()
                break
        elif found == "," and depth == 1:
            terms.append(current)
            current = ""
            continue
        current += piece[0]
    if end is None:
        return None
    rest = text[end:].strip()
    where = _WHERE.sub("", rest) if _WHERE.match(rest) else None
    return [_DIRECTION.sub("", term.strip()) for term in terms], where


def _created(dialect: Dialect, connection: Connection, table: Table) -> bool:
    namespace, name = split_name(table.name)
    # Active foreign keys of a temporary table look for parents among temporary tables.
    if namespace or (table.foreign_keys and execute(connection, "PRAGMA foreign_keys").scalar()):
        return False
    sql = (
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name COLLATE NOCASE = {}"
        " AND sql NOT NULL AND type IN ('table', 'index') ORDER BY type DESC, rowid"
    )
    try:
        for kind, index, text in execute(connection, sql.format(dialect.string(name))).all():
            if kind == "table":
                made, count = _TABLE.subn(f"CREATE TEMPORARY TABLE {SCRATCH}", text, count=1)
                if not count:
                    return False
                execute(connection, made)
            elif _INDEX.match(text):
                # The original name, for messages; temporary names cannot collide with others.
                head = f"CREATE UNIQUE INDEX temp.{dialect.quote(index)} ON {SCRATCH} "
                execute(connection, _INDEX.sub(lambda _: head, text, count=1))  # noqa: B023
    except Exception:  # noqa: BLE001  whatever speaks against it, there is none
        execute(connection, "ROLLBACK TO SAVEPOINT demosnap_scratch")
        return False
    return True
