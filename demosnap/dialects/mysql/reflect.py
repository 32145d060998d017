"""Read definitions from information_schema of MySQL and MariaDB."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from demosnap.dialects import inspected_keys, unique
from demosnap.dialects.base import execute
from demosnap.dialects.mysql.text import MySQLText, unescaped
from demosnap.model import Column, ForeignKey, Table, Trigger, display_name, split_name

if TYPE_CHECKING:
    from sqlalchemy import Connection, Transaction

_JSON_CHECK = re.compile(r"json_valid\(`((?:[^`]|``)+)`\)", re.IGNORECASE)
_GENERATED = re.compile(r"(VIRTUAL|STORED|PERSISTENT)(?: GENERATED)?", re.IGNORECASE)
_NEXT_NUMBER = re.compile(r" AUTO_INCREMENT=\d+")
_OF_TRIGGERS = ("event_object_schema", "event_object_table")
_NAME = re.compile(r"`(?:[^`]|``)*`")
_NUMBER = re.compile(r"-?[0-9.]+(?:e[+-]?[0-9]+)?|NULL|b'[01]+'", re.IGNORECASE)


class MySQLDefinitions(MySQLText):
    """The part of the dialect for definitions."""

    def reflect_columns(
        self, connection: Connection, tables: Sequence[str]
    ) -> dict[str, tuple[Column, ...]]:
        """Return the columns with COLUMN_TYPE, and with character sets other than utf8mb4."""
        places = _Places(connection, tables)
        mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        documents = _json_columns(places) if mariadb else frozenset()
        found: dict[str, list[Column]] = {table: [] for table in tables}
        sql = (
            "SELECT table_schema, table_name, column_name, column_type, is_nullable,"
            " column_default, extra, character_set_name FROM information_schema.columns"
            " WHERE {places} ORDER BY ordinal_position"
        )
        for table, (column, declared, nullable, default, extra, charset) in places.rows(sql):
            if (table, column) in documents:
                declared, charset = "json", None
            if charset not in (None, "utf8mb4", "binary"):
                declared = f"{declared} character set {charset}"
            if mariadb:
                default = None if default == "NULL" else places.local(default)
            elif default is not None and "DEFAULT_GENERATED" in extra:
                default = unescaped(default)
            elif default is not None:
                default = default if _NUMBER.fullmatch(default) else _string(default)
            found[table].append(
                Column(
                    name=column,
                    type=declared,
                    nullable=nullable == "YES",
                    default=default,
                    generated=bool(_GENERATED.search(extra.replace("DEFAULT_GENERATED", ""))),
                    identity="by default" if "auto_increment" in extra.lower() else None,
                )
            )
        return {table: tuple(each) for table, each in found.items()}

    def reflect_keys(
        self, connection: Connection, namespace: str | None, names: Sequence[str]
    ) -> dict[str, unique.Keys]:
        """Return the keys in information_schema, since SQLAlchemy fails at unknown types."""
        places = _Places(connection, [display_name(namespace, name) for name in names])
        sql = (
            "SELECT table_schema, table_name, index_name, column_name"
            " FROM information_schema.statistics"
            " WHERE non_unique = 0 AND {places} ORDER BY index_name, seq_in_index"
        )
        found: dict[str, dict[str, list[str | None]]] = {}
        for table, (index, column) in places.rows(sql):
            found.setdefault(table, {}).setdefault(index, []).append(column)
        shown = {name: found.get(display_name(namespace, name), {}) for name in names}
        return {
            name: (
                tuple(column for column in indexes.get("PRIMARY", ()) if column is not None),
                # An expression has no column name.
                [
                    tuple(column for column in parts if column is not None)
                    for index, parts in indexes.items()
                    if index != "PRIMARY" and None not in parts
                ],
            )
            for name, indexes in shown.items()
        }

    def reflect_foreign_keys(
        self, connection: Connection, tables: Sequence[str]
    ) -> dict[str, tuple[ForeignKey, ...]]:
        """Return the foreign keys of tables (display names)."""
        places = _Places(connection, tables)
        # In two queries, since a join makes MariaDB open every table of every database.
        sql = (
            "SELECT constraint_schema, table_name, constraint_name, delete_rule"
            " FROM information_schema.referential_constraints WHERE {places}"
        )
        # A read-only account does not see the actions of MariaDB's keys.
        actions = {
            (table, name): action for table, (name, action) in places.rows(sql, "constraint_schema")
        }
        sql = (
            "SELECT table_schema, table_name, constraint_name, column_name,"
            " referenced_table_schema, referenced_table_name, referenced_column_name"
            " FROM information_schema.key_column_usage"
            " WHERE {places} AND referenced_table_name IS NOT NULL ORDER BY ordinal_position"
        )
        found: dict[str, dict[str, ForeignKey]] = {}
        for table, (name, column, *referred) in places.rows(sql):
            action = actions.get((table, name))
            keys = found.setdefault(table, {})
            one = keys.setdefault(
                name, ForeignKey((), places.shown(referred[0], referred[1]), (), name, action or "")
            )
            keys[name] = replace(
                one,
                columns=(*one.columns, column),
                referred_columns=(*one.referred_columns, referred[2]),
            )
        unknown = [n for n, keys in found.items() if any(not k.on_delete for k in keys.values())]
        inspected = inspected_keys.of_sqlalchemy(connection, unknown) if unknown else {}
        said = {(t, key.name): key.on_delete for t, keys in inspected.items() for key in keys}
        # In InnoDB they are equivalent.
        same = {"RESTRICT": "NO ACTION", "": "NO ACTION"}
        return {
            table: tuple(
                replace(key, on_delete=same.get(action, action))
                for key in keys.values()
                for action in [key.on_delete or said.get((table, key.name), "")]
            )
            for table, keys in found.items()
        }

    def reflect_triggers(
        self, connection: Connection, tables: Sequence[str]
    ) -> dict[str, tuple[Trigger, ...]]:
        """Return the triggers by table; tables without triggers are left out."""
        sql = (
            "SELECT event_object_schema, event_object_table, trigger_name, event_manipulation"
            " FROM information_schema.triggers WHERE {places} ORDER BY trigger_name"
        )
        found: dict[str, tuple[Trigger, ...]] = {}
        for table, (trigger, event) in _Places(connection, tables).rows(sql, *_OF_TRIGGERS):
            one = Trigger(trigger, table, frozenset([event.lower()]))
            found[table] = (*found.get(table, ()), one)
        return found

    def non_transactional(
        self, connection: Connection, tables: Sequence[str]
    ) -> dict[str, tuple[str, str]]:
        """Return the tables whose storage engine has no transactions."""
        sql = (
            "SELECT t.table_schema, t.table_name, t.engine FROM information_schema.tables t"
            " LEFT JOIN information_schema.engines e ON e.engine = t.engine"
            " WHERE {places} AND COALESCE(e.transactions,'NO') <> 'YES'"
        )
        return {
            table: (
                f"its storage engine {engine} has no transactions",
                f"ALTER TABLE {self.quote_table(table)} ENGINE=InnoDB",
            )
            for table, (engine,) in _Places(connection, tables).rows(
                sql, "t.table_schema", "t.table_name"
            )
        }

    def unrehearsable(self, connection: Connection, tables: Sequence[str]) -> list[str]:
        """Return the tables with full-text indexes: InnoDB may crash over them after a rollback."""
        sql = (
            "SELECT DISTINCT table_schema, table_name FROM information_schema.statistics"
            " WHERE {places} AND index_type = 'FULLTEXT'"
        )
        return sorted(table for table, _ in _Places(connection, tables).rows(sql))

    def fingerprint(self, connection: Connection, tables: Sequence[Table]) -> str:
        """Return the output of SHOW CREATE TABLE, with triggers and routines."""
        found = []
        for table in tables:
            shown = execute(connection, f"SHOW CREATE TABLE {self.quote_table(table.name)}").one()
            found.append(_NEXT_NUMBER.sub("", shown[1]))
        places = _Places(connection, [table.name for table in tables])
        for sql in (
            "SELECT event_object_table, trigger_name, action_timing, event_manipulation,"
            " action_order, action_statement FROM information_schema.triggers"
            f" WHERE {places.where(*_OF_TRIGGERS)} ORDER BY 1, 2",
            "SELECT routine_name, routine_definition FROM information_schema.routines"
            " WHERE routine_schema = DATABASE() ORDER BY 1",
        ):
            found += map(repr, map(tuple, execute(connection, sql)))
        return "\n".join(found)


def set_on_update(connection: Connection, table: str) -> list[str]:
    """Return the columns that the server itself sets when a row of a table is changed."""
    places = _Places(connection, [table])
    sql = (
        "SELECT column_name FROM information_schema.columns"
        f" WHERE {places.where('table_schema', 'table_name')} AND extra LIKE '%on update%'"
    )
    return [name for (name,) in execute(connection, sql)]


def _json_columns(places: _Places) -> frozenset[tuple[str, str]]:
    """Return the columns that MariaDB stores as LONGTEXT with a check for JSON."""
    sql = (
        "SELECT constraint_schema, table_name, check_clause"
        " FROM information_schema.check_constraints WHERE {places}"
    )
    return frozenset(
        (table, match[1].replace("``", "`"))
        for table, (clause,) in places.rows(sql, "constraint_schema")
        if (match := _JSON_CHECK.fullmatch(clause))
    )


class _Places:
    """Display names, with the database and table of each."""

    def __init__(self, connection: Connection, tables: Sequence[str]) -> None:
        self._connection = connection
        self._database, self._lower = _here(connection)
        self._names = {}
        for table in tables:
            schema, name = split_name(table)
            self._names[self._folded(schema or self._database, name)] = table

    def where(self, schema: str, name: str) -> str:
        """Return the condition that picks the tables, and perhaps some with similar names."""
        if not self._names:
            return "FALSE"
        schemas = ",".join(sorted({_string(schema) for schema, _ in self._names}))
        names = ",".join(sorted({_string(name) for _, name in self._names}))
        return f"{schema} IN ({schemas}) AND {name} IN ({names})"

    def rows(
        self, sql: str, schema: str = "table_schema", name: str = "table_name"
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Yield the rows of a query, each with the display name of its table.

        The query returns the table's database and name first; `{places}` stands for the condition.
        """
        for row in execute(self._connection, sql.replace("{places}", self.where(schema, name))):
            if (table := self.display(row[0], row[1])) is not None:
                yield table, tuple(row)[2:]

    def display(self, schema: str, name: str) -> str | None:
        """Return the display name of a table, or None."""
        return self._names.get(self._folded(schema, name))

    def shown(self, schema: str, name: str) -> str:
        """Return the display name of any table, in the known spelling if there is one."""
        own = self._folded(schema, "")[0] == self._folded(self._database, "")[0]
        return self.display(schema, name) or display_name(None if own else schema, name)

    def local(self, default: str | None) -> str | None:
        """Return a default without the database in the name of a sequence of this database."""
        if default is None or not default.lower().startswith("nextval("):
            return default
        own = "`" + str(self._database).replace("`", "``") + "`."
        return default.replace(f"({own}", "(", 1)

    def _folded(self, schema: str, name: str) -> tuple[str, str]:
        return (schema.lower(), name.lower()) if self._lower else (schema, name)


_known: WeakKeyDictionary[Transaction, tuple[str, bool]] = WeakKeyDictionary()


def _here(connection: Connection) -> tuple[str, bool]:
    """Return the current database, and whether names of any case mean the same table.

    It is asked once in a transaction, since a plan needs it about ten times.
    """
    transaction = connection.get_transaction()
    found = _known.get(transaction) if transaction is not None else None
    if found is None:
        row: Any = execute(connection, "SELECT DATABASE(), @@lower_case_table_names").one()
        found = row[0], row[1] != 0
        if (transaction := connection.get_transaction()) is not None:
            _known[transaction] = found
    return found


def _string(text: str) -> str:
    """Render text for a session with or without NO_BACKSLASH_ESCAPES."""
    if "\\" in text:
        return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"
    return "'" + text.replace("'", "''") + "'"


_EXPRESSIONS = (
    ("generation_expression", "columns", "generation_expression <> ''"),
    ("column_default", "columns", "extra LIKE '%DEFAULT_GENERATED%'"),
    ("expression", "statistics", "expression IS NOT NULL"),
    (
        "check_clause",
        "table_constraints JOIN information_schema.check_constraints"
        " USING (constraint_schema, constraint_name)",
        "constraint_type = 'CHECK'",
    ),
)


def misread(connection: Connection, tables: Sequence[str]) -> dict[str, str]:
    """Return the affected expression per table that MySQL misreads in demosnap's sessions.

    When it opens a table, MySQL parses the expressions of the definition again, in the session's
    sql_mode. With NO_BACKSLASH_ESCAPES it reads the backslashes of its own spelling as characters:
    a quote then ends a text, and a different text is compared, computed or indexed.
    """
    places = _Places(connection, tables)
    found = {}
    for expression, source, condition in _EXPRESSIONS:
        sql = (
            f"SELECT table_schema, table_name, {expression} FROM information_schema.{source}"
            f" WHERE {{places}} AND {condition}"
        )
        for table, (text,) in places.rows(sql):
            # Here the text is escaped twice.
            if "\\\\" in _NAME.sub("", text):
                found[table] = unescaped(text)
    return found
