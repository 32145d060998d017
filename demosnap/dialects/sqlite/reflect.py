"""Read definitions from SQLite's pragmas."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from demosnap.dialects import inspected_keys, unique
from demosnap.dialects.base import Dialect, execute
from demosnap.dialects.sqlite import virtual
from demosnap.model import Column, Event, ForeignKey, Table, Trigger, display_name, split_name

if TYPE_CHECKING:
    from sqlalchemy import Connection


class SQLiteDefinitions(Dialect):
    """The part of the dialect that is about definitions."""

    def reflect_columns(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Column, ...]]:
        """Return the columns with the types as they were declared, whatever they say."""
        found = {}
        indexed = set(
            execute(
                connection,
                "SELECT m.name FROM sqlite_master m, pragma_index_list(m.name) i"
                " WHERE m.type = 'table' AND i.origin = 'pk'",
            ).scalars()
        )
        full_text = virtual.full_text(connection)
        for table in tables:
            namespace, name = split_name(table)
            prefix = f"{self.quote(namespace)}." if namespace else ""
            rows = execute(connection, f"PRAGMA {prefix}table_xinfo({self.string(name)})").all()
            keys = [row for row in rows if row.pk]
            # A key without an index is the row's number, given by SQLite itself; any other may be
            # NULL unless it says NOT NULL: INTEGER PRIMARY KEY DESC is no number.
            number = keys[0] if len(keys) == 1 and name not in indexed else None
            # Only the rowid identifies rows of a full-text table.
            rowid = (Column("rowid", "INTEGER", nullable=False),) if name in full_text else ()
            found[table] = rowid + tuple(
                Column(
                    name=row.name,
                    type=row.type,
                    nullable=not row.notnull and row is not number,
                    default=row.dflt_value,
                    generated=row.hidden in (2, 3),
                )
                for row in rows
                if row.hidden != 1
            )
        return found

    def reflect_keys(
        self, connection: Connection, namespace: str | None, names: Sequence[str]
    ) -> dict[str, unique.Keys]:
        """Return the keys as SQLite knows them, of indexes over whole tables and plain columns.

        A full-text table has its rowids.
        """
        primary: dict[str, tuple[str, ...]] = {}
        listed = ",".join(map(self.string, names))
        sql = (
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name, 'main') c"
            f" WHERE m.type = 'table' AND m.name IN ({listed}) AND c.pk ORDER BY m.name, c.pk"
        )
        for table, column in execute(connection, sql):
            primary[table] = (*primary.get(table, ()), column)
        indexes: dict[str, dict[str, tuple[str | None, ...]]] = {}
        sql = (
            "SELECT m.name, i.name, c.name FROM sqlite_master m,"
            " pragma_index_list(m.name, 'main') i, pragma_index_info(i.name, 'main') c"
            f" WHERE m.type = 'table' AND m.name IN ({listed})"
            " AND i.\"unique\" AND i.origin <> 'pk' AND NOT i.partial"
            " ORDER BY m.name, i.seq, c.seqno"
        )
        for table, index, column in execute(connection, sql):
            each = indexes.setdefault(table, {})
            each[index] = (*each.get(index, ()), column)
        full_text = virtual.full_text(connection)
        return {
            name: (
                primary.get(name, ()),
                [("rowid",)] if name in full_text else list(_plain(indexes.get(name, {}).values())),
            )
            for name in names
        }

    def reflect_foreign_keys(
        self, connection: Connection, tables: Sequence[str]
    ) -> dict[str, tuple[ForeignKey, ...]]:
        """Return the foreign keys that SQLite knows; names and DEFERRABLE, which only text has.

        A key without referred columns refers to the primary key.
        """
        named = inspected_keys.of_sqlalchemy(connection, tables)
        found: dict[str, tuple[ForeignKey, ...]] = {}
        for table in tables:
            name = split_name(table)[1]
            sql = (
                'SELECT id, "table", "from", "to", on_delete FROM pragma_foreign_key_list'
                f"({self.string(name)}) ORDER BY id, seq"
            )
            keys: dict[int, ForeignKey] = {}
            for number, parent, column, referred, action in execute(connection, sql):
                fresh = ForeignKey((), display_name(None, parent), (), None, action)
                one = keys.setdefault(number, fresh)
                there = () if referred is None else (referred,)
                keys[number] = replace(
                    one,
                    columns=(*one.columns, column),
                    referred_columns=(*one.referred_columns, *there),
                )
            found[table] = tuple(_said(key, named.get(table, ())) for key in keys.values())
        return found

    def reflect_triggers(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Trigger, ...]]:
        """Return the triggers of the main database, and those of the connection."""
        found: dict[str, tuple[Trigger, ...]] = {}
        sql = " UNION ALL ".join(
            f"SELECT tbl_name, name, sql FROM {master} WHERE type = 'trigger'"
            for master in ("sqlite_master", "sqlite_temp_master")
        )
        for spelled, name, definition in execute(connection, f"{sql} ORDER BY name"):
            table = self.known_name(display_name(None, spelled), tables)
            # The event is the first such word outside of names and comments.
            words = re.findall(r"\w+", _APART.sub(" ", definition.lower()))
            events = [_EVENTS[word] for word in words if word in _EVENTS][:1]
            found[table] = (*found.get(table, ()), Trigger(name, table, frozenset(events)))
        return found

    @contextlib.contextmanager
    def without_triggers(self, connection: Connection, tables: Sequence[Table]) -> Iterator[None]:
        """Drop the triggers and create them again as they were written."""
        sql = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            f" AND tbl_name COLLATE NOCASE IN ({_names(self, tables)}) ORDER BY rowid"
        )
        found = execute(connection, sql).all()
        for name, _ in found:
            execute(connection, f"DROP TRIGGER {self.quote(name)}")
        yield
        for _, definition in found:
            execute(connection, definition)

    def fingerprint(self, connection: Connection, tables: Sequence[Table]) -> str:
        """Return the definitions of tables, their indexes and triggers, as they were written."""
        sql = (
            "SELECT type, name, sql FROM sqlite_master"
            f" WHERE tbl_name COLLATE NOCASE IN ({_names(self, tables)}) ORDER BY type, name"
        )
        return "\n".join(map(repr, map(tuple, execute(connection, sql))))


def _plain(indexes: Iterable[Sequence[str | None]]) -> Iterator[tuple[str, ...]]:
    """Yield the columns of indexes; an expression has no column name."""
    for columns in indexes:
        if None not in columns:
            yield tuple(column for column in columns if column is not None)


def _said(key: ForeignKey, named: Sequence[ForeignKey]) -> ForeignKey:
    for one in named:
        referred = key.referred_columns or one.referred_columns
        if (one.columns, one.table, one.referred_columns) == (key.columns, key.table, referred):
            return replace(key, name=one.name, deferrable=one.deferrable)
    return key


_APART = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|$)|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^]]*\]",
    re.DOTALL,
)
_EVENTS: Mapping[str, Event] = {"insert": "insert", "update": "update", "delete": "delete"}


def numbered(driver: sqlite3.Connection, table: Table) -> bool:
    """Return whether the key is the row's number, and so an integer in every row.

    It is declared as INTEGER PRIMARY KEY and has no index (SQLite: ROWIDs and the INTEGER PRIMARY
    KEY).
    """
    if [table.column(name).type.upper() for name in table.key] != ["INTEGER"]:
        return False
    name = split_name(table.name)[1]
    keys = driver.execute("SELECT name FROM pragma_table_info(?) WHERE pk", (name,)).fetchall()
    index = "SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'"
    return keys == [(table.key[0],)] and driver.execute(index, (name,)).fetchone() is None


def _names(dialect: Dialect, tables: Sequence[Table]) -> str:
    return ",".join(dialect.string(split_name(table.name)[1]) for table in tables)
