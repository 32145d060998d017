"""Read table definitions from PostgreSQL's catalogs, in one query for all tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from demosnap.dialects.base import execute
from demosnap.dialects.postgresql.text import PostgreSQLText
from demosnap.model import Column, Event, Table, Trigger, display_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

_IDENTITY: dict[str, Literal["always", "by default"]] = {"a": "always", "d": "by default"}

_KINDS = {
    "v": "it is a view",
    "m": "it is a materialized view",
    "f": "it is a foreign table, whose rows are on another server",
}

_UNREADABLE = (
    "pg_node_tree",
    "pg_ndistinct",
    "pg_dependencies",
    "pg_mcv_list",
    "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary",
    "gtsvector",
)
"""Types whose text PostgreSQL cannot read back."""

# With a NOT NULL that is NOT VALID (18 and newer), older rows may be NULL. Values of a domain
# have the form of its base type; `mod` is the length or precision.
_COLUMNS = """
kind AS (
    SELECT w.position, w.oid AS relation, a.attnum, t.oid AS type, a.atttypmod AS mod,
           t.typtype, t.typbasetype, t.typtypmod
    FROM wanted w
    JOIN pg_attribute a ON a.attrelid = w.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    UNION ALL
    SELECT k.position, k.relation, k.attnum, t.oid, k.typtypmod,
           t.typtype, t.typbasetype, t.typtypmod
    FROM kind k JOIN pg_type t ON t.oid = k.typbasetype
    WHERE k.typtype = 'd'
)
SELECT k.position, a.attname, format_type(k.type, k.mod),
       NOT a.attnotnull OR EXISTS (
           SELECT FROM pg_constraint c WHERE c.conrelid = a.attrelid AND c.contype = 'n'
               AND NOT c.convalidated AND a.attnum = ANY (c.conkey)
       ),
       a.attgenerated::text, a.attidentity::text, pg_get_expr(d.adbin, d.adrelid)
FROM kind k
JOIN pg_attribute a ON a.attrelid = k.relation AND a.attnum = k.attnum
LEFT JOIN pg_attrdef d ON d.adrelid = k.relation AND d.adnum = k.attnum
WHERE k.typtype <> 'd'
ORDER BY k.position, k.attnum
"""

# The triggers of a partition act on rows of the partitioned table.
TREE = """
tree AS (
    SELECT position, oid AS root, oid FROM wanted
    UNION ALL
    SELECT t.position, t.root, i.inhrelid
    FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid JOIN pg_class c ON c.oid = i.inhrelid
    WHERE c.relispartition
)
"""

# The session's role determines which act: 'A' always, 'R' only as a replica.
_ON = """
IN ('A', CASE current_setting('session_replication_role') WHEN 'replica' THEN 'R' ELSE 'O' END)
"""

_TRIGGERS = f"""
{TREE}
SELECT DISTINCT t.position, 'trigger' AS kind, g.tgname::text AS name,
    g.tgtype & 4 > 0, g.tgtype & 16 > 0, g.tgtype & 8 > 0
FROM tree t JOIN pg_trigger g ON g.tgrelid = t.oid
WHERE NOT g.tgisinternal AND g.tgenabled {_ON}
UNION ALL
SELECT w.position, 'rule', r.rulename::text,
    r.ev_type = '3', r.ev_type = '2', r.ev_type = '4'
FROM wanted w JOIN pg_rewrite r ON r.ev_class = w.oid
WHERE r.ev_type <> '1' AND r.ev_enabled {_ON}
ORDER BY position, name
"""

_OWNED = f"""
{TREE}
SELECT t.position, pg_has_role(c.relowner, 'USAGE') FROM tree t JOIN pg_class c ON c.oid = t.oid
"""

_EVENT_TRIGGERS = f"SELECT evtname FROM pg_event_trigger WHERE evtenabled {_ON} ORDER BY 1"

# Clones on partitions are left out; servers before version 13 lack tgparentid.
_ENABLED_TRIGGERS = f"""
{TREE}
SELECT DISTINCT t.position, t.oid::regclass::text, g.tgname, g.tgenabled::text
FROM tree t JOIN pg_trigger g ON g.tgrelid = t.oid
WHERE NOT g.tgisinternal AND g.tgenabled <> 'D'
    AND coalesce(to_jsonb(g)->>'tgparentid', '0') = '0'
ORDER BY t.position, t.oid::regclass::text, g.tgname
"""

# What CREATE INDEX, as the server renders it, would not bring back is left alone.
_HIDDEN = """
hidden AS (
    SELECT w.position FROM wanted w WHERE EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = w.oid AND a.attnum > 0
        AND NOT a.attisdropped AND NOT has_column_privilege(w.oid, a.attnum, 'SELECT')))
SELECT position FROM hidden
"""

_REFUSALS = f"""
{TREE}
SELECT w.position, c.relkind::text, c.relpersistence = 't' AS temporary,
    (SELECT i.inhparent::regclass::text FROM pg_inherits i
     WHERE i.inhrelid = c.oid AND c.relispartition) AS partition_of,
    (SELECT min(p.oid::regclass::text) FROM tree t JOIN pg_class p ON p.oid = t.oid
     WHERE t.root = c.oid AND p.relkind = 'f') AS foreign_partition,
    (SELECT string_agg(r.rulename, ', ' ORDER BY r.rulename) FROM pg_rewrite r
     WHERE r.ev_class = c.oid AND r.ev_enabled <> 'D') AS rules,
    row_security_active(c.oid) AS secured,
    has_schema_privilege(c.relnamespace, 'USAGE') AND NOT EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
        AND NOT a.attisdropped AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT')
    ) AS readable,
    (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum)
     FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
     WHERE a.attrelid = c.oid AND NOT a.attisdropped
       AND y.typname = 'lo' AND y.typbasetype = 'oid'::regtype) AS large_objects,
    (SELECT string_agg(p, ' and ') FROM unnest(ARRAY['INSERT', 'DELETE']) p
     WHERE NOT has_table_privilege(c.oid, p)) AS missing
FROM wanted w JOIN pg_class c ON c.oid = w.oid
"""

_INHERITED = """
child AS (
    SELECT i.inhparent FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE NOT c.relispartition
)
SELECT w.position FROM wanted w WHERE w.oid IN (SELECT inhparent FROM child)
"""

_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = {namespace} AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname
"""


class PostgreSQLDefinitions(PostgreSQLText):
    """The part of the dialect that is about definitions, as the catalogs have them."""

    def literals(self, tables: Iterable[str]) -> dict[str, str]:
        """Return literals of the quoted names of tables, by display name."""
        return {table: self.string(self.quote_table(table)) for table in tables}

    def table_names(self, connection: Connection, namespace: str | None) -> list[str]:
        """Return tables, partitioned and foreign ones too, but neither partitions nor views.

        The tables of extensions are theirs.
        """
        name = "current_schema()" if namespace is None else self.string(namespace)
        shown = f"to_regnamespace(quote_ident({name}))"
        return [name for (name,) in execute(connection, _TABLES.format(namespace=shown))]

    def reflect_columns(
        self, connection: Connection, tables: Sequence[str]
    ) -> dict[str, tuple[Column, ...]]:
        """Return the columns; the type of a domain is the one that it is over."""
        found: dict[str, list[Column]] = {name: [] for name in tables}
        rows = ask(connection, self.literals(tables), _COLUMNS)
        for table, (name, kind, nullable, generated, identity, default) in rows:
            found[table].append(
                Column(
                    name=name,
                    type=kind,
                    nullable=nullable,
                    default=None if generated else default,
                    generated=bool(generated),
                    identity=_IDENTITY.get(identity),
                )
            )
        return {name: tuple(columns) for name, columns in found.items()}

    def reflect_triggers(
        self, connection: Connection, tables: Sequence[str]
    ) -> dict[str, tuple[Trigger, ...]]:
        """Return the triggers and rules that are on, those of partitions too."""
        kinds: tuple[Event, ...] = ("insert", "update", "delete")
        found: dict[str, tuple[Trigger, ...]] = {}
        for table, (kind, name, *flags) in ask(connection, self.literals(tables), _TRIGGERS):
            events = frozenset(event for event, on in zip(kinds, flags, strict=True) if on)
            found[table] = (*found.get(table, ()), Trigger(name, table, events, kind))
        return found

    def can_disable_triggers(self, connection: Connection, tables: Sequence[Table]) -> bool:
        """Return whether the role has the rights of the owner of each table and its partitions."""
        wanted = self.literals(table.name for table in tables)
        return all(own for _, (own,) in ask(connection, wanted, _OWNED))

    def event_triggers(self, connection: Connection) -> tuple[Trigger, ...]:
        """Return the event triggers that act."""
        rows = execute(connection, _EVENT_TRIGGERS)
        return tuple(Trigger(name, None, kind="event trigger") for (name,) in rows)

    def reflect_inherited(self, connection: Connection, tables: Sequence[str]) -> frozenset[str]:
        """Return the tables that others inherit from; partitions are no other tables."""
        found = ask(connection, self.literals(tables), _INHERITED)
        return frozenset(table for table, _ in found)

    def unreadable(self, connection: Connection, tables: Sequence[str]) -> frozenset[str]:
        """Return the tables of which the role may not read all columns."""
        return frozenset(table for table, _ in ask(connection, self.literals(tables), _HIDDEN))

    def refuse_tables(self, connection: Connection, tables: Sequence[str]) -> dict[str, str]:
        """Return what hides or rewrites rows, what has no text, and which right is missing."""
        write = bool(connection.get_execution_options().get("demosnap_write"))
        encoding, user, read_only = execute(
            connection,
            "SELECT current_setting('server_encoding'), current_user,"
            " current_setting('transaction_read_only') = 'on'",
        ).one()
        if encoding == "SQL_ASCII":
            reason = "the database's encoding is SQL_ASCII, which does not say what its bytes mean"
            return dict.fromkeys(tables, reason)
        if write and read_only:
            return dict.fromkeys(tables, "the transaction is read-only (a standby, or a setting)")
        found = {}
        definitions = self.reflect_columns(connection, tables)
        for table, row in ask(connection, self.literals(tables), _REFUSALS):
            reasons = list(_reasons(*row, user=user, write=write))
            reasons += _odd_columns([c for c in definitions[table] if not c.generated])
            if reasons:
                found[table] = "; ".join(reasons)
        return found

    def affected_rows(self, connection: Connection) -> dict[str, tuple[int, int]] | None:
        """Ask the server's own counters of the transaction, those of a partition for its table."""
        if execute(connection, "SELECT current_setting('track_counts')").scalar() != "on":
            return None
        return {
            display_name(namespace, name): (deleted, updated)
            for namespace, name, deleted, updated in execute(connection, _AFFECTED)
        }


def enabled_triggers(
    connection: Connection, wanted: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return table (quoted), name and mode (`""`, ALWAYS, REPLICA) of enabled triggers."""
    modes = {"O": "", "A": "ALWAYS", "R": "REPLICA"}
    rows = ask(connection, wanted, _ENABLED_TRIGGERS)
    return [(table, name, modes[mode]) for _, (table, name, mode) in rows]


def _reasons(
    kind: str,
    temporary: bool,
    partition_of: str | None,
    foreign_partition: str | None,
    rules: str | None,
    secured: bool,
    readable: bool,
    large_objects: str | None,
    missing: str | None,
    *,
    user: str,
    write: bool,
) -> Iterator[str]:
    if kind in _KINDS:
        yield _KINDS[kind]
        return
    if temporary:
        yield "it is a temporary table"
    if partition_of:
        yield f"it is a partition of {partition_of}: select that table instead"
    if foreign_partition:
        yield f"its partition {foreign_partition} is a foreign table"
    if rules:
        yield (
            f"rules rewrite what is done to it ({rules}): make triggers of them, or leave it out by"
            " `exclude:` in demosnap.yaml"
        )
    if secured:
        yield (
            f"row-level security shows the role {user} a part of its rows: use the owner, or a"
            " role with BYPASSRLS"
        )
    if not readable:
        yield f"the role {user} lacks SELECT on it or on one of its columns"
    if large_objects:
        yield f"column {large_objects} points at large objects, which are not captured"
    if write and missing:
        yield f"the role {user} lacks {missing} on it"


def _odd_columns(captured: Sequence[Column]) -> Iterator[str]:
    if not captured:
        yield "it has no columns to capture"
    for column in captured:
        if column.type == '"char"[]':
            yield f'column {column.name} is "char"[], whose bytes need be no text'
        elif column.type in _UNREADABLE:
            yield f"column {column.name} is {column.type}, which PostgreSQL does not read back"


def ask(
    connection: Connection, wanted: Mapping[str, str], query: str
) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the rows of a query over `wanted(position, oid)`, each with its table's name.

    `query` follows the common table expression `wanted`.
    """
    if not wanted:
        return
    names = list(wanted)
    listed = ", ".join(wanted[name] for name in names)
    relations = (
        "SELECT position, to_regclass(name)::oid AS oid"
        f" FROM unnest(ARRAY[{listed}]::text[]) WITH ORDINALITY AS w(name, position)"
    )
    sql = f"WITH RECURSIVE wanted AS MATERIALIZED ({relations}), {query}"
    for row in execute(connection, sql):
        yield names[row[0] - 1], tuple(row)[1:]


_AFFECTED = """
SELECT CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname END, c.relname,
       sum(s.n_tup_del)::bigint, sum(s.n_tup_upd)::bigint
FROM pg_stat_xact_user_tables s
JOIN pg_class c ON c.oid = coalesce(pg_partition_root(s.relid), s.relid)
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE s.n_tup_del + s.n_tup_upd > 0 AND c.relpersistence <> 't'
GROUP BY 1, 2
"""
