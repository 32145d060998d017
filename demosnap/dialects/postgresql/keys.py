"""Unique and foreign keys of PostgreSQL's tables, including those of partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from demosnap.dialects import unique
from demosnap.dialects.postgresql.reflect import TREE, PostgreSQLDefinitions, ask
from demosnap.dialects.text import DialectText
from demosnap.model import ForeignKey, display_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Partial and expression indexes make no key; an invalid index may contain duplicates.
_UNIQUE = """
key AS (
    SELECT w.position, i.indisprimary, ARRAY(
        SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE k.place <= i.indnkeyatts ORDER BY k.place)
    FROM wanted w JOIN pg_index i ON i.indrelid = w.oid
    WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
)
SELECT * FROM key
"""

_ACTIONS = {
    "a": "NO ACTION",
    "r": "RESTRICT",
    "c": "CASCADE",
    "n": "SET NULL",
    "d": "SET DEFAULT",
}

# Clones on partitions are left out. Servers before version 18 lack conenforced and conperiod,
# those before 15 confdelsetcols.
_FOREIGN_KEYS = f"""
{TREE}
SELECT t.position, c.conname::text,
    ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(number, place)
          JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
          ORDER BY k.place),
    CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname::text END, r.relname::text,
    ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k(number, place)
          JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number
          ORDER BY k.place),
    c.confdeltype::text,
    ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.conrelid
          AND to_jsonb(c)->'confdelsetcols' @> to_jsonb(a.attnum) ORDER BY a.attnum),
    c.condeferrable,
    coalesce((to_jsonb(c)->>'conenforced')::boolean, TRUE),
    coalesce((to_jsonb(c)->>'conperiod')::boolean, FALSE),
    CASE WHEN t.oid <> t.root THEN
        ARRAY(SELECT p.relid::oid::bigint FROM pg_partition_tree(t.oid) p WHERE p.isleaf) END,
    CASE WHEN t.oid <> t.root THEN
        (SELECT count(*) FROM pg_partition_tree(t.root) p WHERE p.isleaf) END
FROM tree t
JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'f' AND c.conparentid = 0
JOIN pg_class r ON r.oid = coalesce(pg_partition_root(c.confrelid), c.confrelid)
JOIN pg_namespace n ON n.oid = r.relnamespace
ORDER BY t.position, t.oid <> t.root, c.conname
"""


class PostgreSQLKeys(PostgreSQLDefinitions):
    """The part of the dialect that is about keys."""

    def reflect_keys(
        self, connection: Connection, namespace: str | None, names: Sequence[str]
    ) -> dict[str, unique.Keys]:
        """Return the keys of valid indexes over plain columns."""
        shown = {name: self.quote_table(display_name(namespace, name)) for name in names}
        wanted = {name: self.string(table) for name, table in shown.items()}
        primary: dict[str, tuple[str, ...]] = {}
        others: dict[str, list[tuple[str, ...]]] = {name: [] for name in wanted}
        for table, (is_primary, columns) in ask(connection, wanted, _UNIQUE):
            if is_primary:
                primary[table] = tuple(columns)
            else:
                others[table].append(tuple(columns))
        return {name: (primary.get(name, ()), keys) for name, keys in others.items()}

    def reflect_foreign_keys(
        self, connection: Connection, tables: Sequence[str]
    ) -> dict[str, tuple[ForeignKey, ...]]:
        """Return the keys of tables and of their partitions, as pg_constraint has them.

        A key of partitions is one of the table that they are part of, and a reference to a
        partition one to the table. A table that inherits has no keys but its own.
        """
        found: dict[str, list[ForeignKey]] = {name: [] for name in tables}
        held: dict[tuple[str, _Same], set[int]] = {}
        parts: dict[str, list[ForeignKey]] = {}
        leaves: dict[str, int] = {}
        for table, row in ask(connection, self.literals(tables), _FOREIGN_KEYS):
            key = _key(self, row[:10])
            partitions, all_partitions = row[10:]
            if partitions is None:
                found[table].append(key)
                continue
            leaves[table] = all_partitions
            held.setdefault((table, _same(key)), set()).update(partitions)
            known = {(_same(one), one.on_delete) for one in parts.get(table, ())}
            if (_same(key), key.on_delete) not in known:
                parts.setdefault(table, []).append(key)
        for table, keys in parts.items():
            for key in keys:
                whole = len(held[table, _same(key)]) == leaves[table]
                found[table].append(
                    replace(key, enforced="some") if key.enforced == "all" and not whole else key
                )
        return {table: tuple(keys) for table, keys in found.items()}


_Same = tuple[tuple[str, ...], str, tuple[str, ...], str]


def _same(key: ForeignKey) -> _Same:
    """Return what identifies keys of two partitions as the same key."""
    return key.columns, key.table, key.referred_columns, key.enforced


def _key(dialect: DialectText, row: Sequence[Any]) -> ForeignKey:
    name, columns, namespace, parent, referred, action, emptied, deferrable, enforced, period = row
    if period:
        # Periods are compared by overlap, not by equality.
        columns, referred = columns[:-1], referred[:-1]
    listed = f" ({', '.join(map(dialect.quote, emptied))})" if emptied else ""
    return ForeignKey(
        columns=tuple(columns),
        table=display_name(namespace, parent),
        referred_columns=tuple(referred),
        name=name,
        on_delete=_ACTIONS[action] + listed,
        deferrable=deferrable,
        enforced="all" if enforced and not period else "none",
    )
