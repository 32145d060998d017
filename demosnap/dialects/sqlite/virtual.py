"""Virtual tables of SQLite: full-text tables with rows of their own, indexes, and others.

Sources: SQLite's documentation of FTS3 and FTS5 ("External Content and Contentless Tables",
"integrity-check", "rebuild") and of PRAGMA table_list.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError as DriverError

from demosnap.dialects.base import Dialect, SearchIndex, execute
from demosnap.model import display_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NAME = r"""(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|\[[^\]]*\]|`(?:[^`]|``)*`|[^\s"'\[`(),]+)"""
_CREATE = re.compile(
    rf"\s*CREATE\s+VIRTUAL\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:{_NAME}\s*\.\s*)?{_NAME}"
    rf"\s+USING\s+(?P<module>{_NAME})(?P<arguments>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CONTENT = re.compile(rf"[(,]\s*content\s*=\s*(?P<table>{_NAME}|(?=\s*[,)]))", re.IGNORECASE)
_FULL_TEXT = ("fts3", "fts4", "fts5")


@dataclass(frozen=True)
class _Virtual:
    """A virtual table; `content` is the table that it indexes, None if it has its own rows.

    An empty `content` is an index that cannot be read back. `writers` are the tables whose
    triggers name it.
    """

    name: str
    module: str
    content: str | None
    writers: tuple[str, ...]

    @property
    def is_index(self) -> bool:
        return self.module in _FULL_TEXT and (self.content is not None or bool(self.writers))


class SQLiteIndexes(Dialect):
    """The part of the dialect that is about full-text indexes."""

    def table_names(self, connection: Connection, namespace: str | None) -> list[str]:
        """Return the tables with rows of their own, sorted: no shadow table, no index.

        A virtual table of an unknown module is left out, since it cannot be read.
        """
        rows = execute(
            connection,
            "SELECT name, type FROM pragma_table_list WHERE schema = 'main'"
            " AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
            " ORDER BY name",
        ).all()
        virtual = _virtual(connection) if any(kind == "virtual" for _, kind in rows) else {}
        return [
            name
            for name, kind in rows
            if kind == "table" or (not virtual[name].is_index and _readable(connection, name))
        ]

    def search_indexes(self, connection: Connection) -> list[SearchIndex]:
        """Return the full-text indexes, each with the tables that it is of or kept from."""
        return [
            SearchIndex(
                one.name,
                _shown(connection, {*one.writers, *_read(connection, one.content)}),
                kept_by_triggers=bool(one.writers),
                can_be_rebuilt=bool(one.content),
            )
            for one in _virtual(connection).values()
            if one.is_index
        ]

    def index_damage(self, connection: Connection, index: SearchIndex) -> str | None:
        """Return what `integrity-check` says against an index; None: it is right."""
        name = self.quote(index.name)
        with_rank = "rank" in _hidden(connection, index.name) and index.can_be_rebuilt
        # FTS5 compares the index with its table only if a rank is given.
        columns, more = (f"({name},rank)", ",1") if with_rank else (f"({name})", "")
        try:
            execute(connection, f"INSERT INTO {name}{columns} VALUES ('integrity-check'{more})")
        except DriverError as error:
            if isinstance(error.orig, sqlite3.DatabaseError):
                return str(error.orig)
            raise
        return None

    def rebuild_index(self, connection: Connection, index: SearchIndex) -> None:
        """Make an index again from the table that it is of."""
        name = self.quote(index.name)
        execute(connection, f"INSERT INTO {name}({name}) VALUES ('rebuild')")


def full_text(connection: Connection) -> frozenset[str]:
    """Return the full-text tables with rows of their own, identified only by rowids."""
    found = _virtual(connection).values()
    return frozenset(one.name for one in found if one.module in _FULL_TEXT and not one.is_index)


def refusals(connection: Connection) -> dict[str, str]:
    """Return why virtual tables cannot be captured or loaded, by display name."""
    return {
        display_name(
            None, one.name
        ): f"it is a virtual table of the module {one.module}, which demosnap does not know"
        for one in _virtual(connection).values()
        if one.module not in _FULL_TEXT
    }


def _read(connection: Connection, content: str | None) -> list[str]:
    """Return the tables that an index covers: its content table, or all tables of a view."""
    if not content:
        return []
    views = "SELECT name, sql FROM sqlite_master WHERE type = 'view'"
    found = {name.lower(): text for name, text in execute(connection, views)}
    if content.lower() not in found:
        return [content]
    tables = execute(connection, "SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
    read, pending = {content.lower()}, [content.lower()]
    while pending:
        text = found[pending.pop()]
        named = {name for name in found if name not in read and _word(name).search(text)}
        read |= named
        pending += named
    return [name for name in tables if any(_word(name).search(found[view]) for view in read)]


def _shown(connection: Connection, names: Collection[str]) -> frozenset[str]:
    """Return the display names of tables, ignoring case."""
    folded = {name.lower() for name in names}
    there = execute(connection, "SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
    return frozenset(display_name(None, name) for name in there if name.lower() in folded)


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _virtual(connection: Connection) -> Mapping[str, _Virtual]:
    sql = (
        "SELECT m.name, m.sql FROM pragma_table_list l JOIN sqlite_master m"
        " ON m.type = 'table' AND m.name = l.name"
        " WHERE l.schema = 'main' AND l.type = 'virtual' ORDER BY m.name"
    )
    tables = execute(connection, sql).all()
    if not tables:
        return {}
    triggers = execute(
        connection, "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
    ).all()
    found = {}
    for name, text in tables:
        created = _CREATE.match(text)
        module = _bare(created["module"]).lower() if created else "?"
        content = None
        if created and module in _FULL_TEXT and (said := _CONTENT.search(created["arguments"])):
            content = _bare(said["table"])
        word = _word(name)
        # The name after ON is the trigger's own table.
        writers = [
            table for table, sql in triggers if word.search(sql.partition("BEGIN")[2] or sql)
        ]
        found[name] = _Virtual(name, module, content, tuple(dict.fromkeys(writers)))
    return found


def _bare(name: str) -> str:
    first = name[:1]
    if first == "[":
        return name[1:-1]
    return name[1:-1].replace(first * 2, first) if first in ('"', "'", "`") else name


def _hidden(connection: Connection, name: str) -> list[str]:
    sql = (
        f"SELECT name FROM pragma_table_xinfo('{name.replace(chr(39), chr(39) * 2)}') WHERE hidden"
    )
    return [str(row[0]) for row in execute(connection, sql)]


def _readable(connection: Connection, name: str) -> bool:
    try:
        _hidden(connection, name)
    except DriverError:
        return False
    return True
