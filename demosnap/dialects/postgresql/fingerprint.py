"""Query, at once, everything in PostgreSQL's catalogs that affects whether rows are accepted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from demosnap.dialects.base import execute

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Functions used by triggers, checks and defaults are not traced: all functions of users count.
_FINGERPRINT = """
WITH RECURSIVE tree AS (
    SELECT to_regclass(name)::oid AS oid FROM unnest(ARRAY[{names}]::text[]) AS w(name)
    UNION
    SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
), kind AS (
    SELECT DISTINCT a.atttypid AS oid FROM tree t JOIN pg_attribute a ON a.attrelid = t.oid
    WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT y.typbasetype FROM kind k JOIN pg_type y ON y.oid = k.oid WHERE y.typtype = 'd'
)
SELECT 'column', a.attrelid::regclass::text, lpad(a.attnum::text, 5, '0'), concat_ws(' ',
    a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
    a.attcollation, pg_get_expr(d.adbin, d.adrelid))
FROM tree t JOIN pg_attribute a ON a.attrelid = t.oid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', c.conrelid::regclass::text, c.conname,
    concat(pg_get_constraintdef(c.oid), c.convalidated)
FROM pg_constraint c WHERE c.conrelid IN (SELECT oid FROM tree)
UNION ALL
SELECT 'index', i.indrelid::regclass::text, i.indexrelid::regclass::text,
    pg_get_indexdef(i.indexrelid)
FROM pg_index i WHERE i.indrelid IN (SELECT oid FROM tree)
UNION ALL
SELECT 'trigger', g.tgrelid::regclass::text, g.tgname, concat(pg_get_triggerdef(g.oid), g.tgenabled)
FROM pg_trigger g WHERE g.tgrelid IN (SELECT oid FROM tree) AND NOT g.tgisinternal
UNION ALL
SELECT 'rule', r.ev_class::regclass::text, r.rulename, concat(pg_get_ruledef(r.oid), r.ev_enabled)
FROM pg_rewrite r WHERE r.ev_class IN (SELECT oid FROM tree)
UNION ALL
SELECT 'row security', c.oid::regclass::text, '', concat(c.relrowsecurity, c.relforcerowsecurity)
FROM pg_class c WHERE c.oid IN (SELECT oid FROM tree)
UNION ALL
SELECT 'label', e.enumtypid::regtype::text, e.enumlabel, ''
FROM pg_enum e WHERE e.enumtypid IN (SELECT oid FROM kind)
UNION ALL
SELECT 'domain', y.oid::regtype::text, '', concat_ws(' ', y.typnotnull,
    format_type(y.typbasetype, y.typtypmod), y.typdefault)
FROM pg_type y WHERE y.typtype = 'd' AND y.oid IN (SELECT oid FROM kind)
UNION ALL
SELECT 'domain constraint', c.contypid::regtype::text, c.conname, pg_get_constraintdef(c.oid)
FROM pg_constraint c WHERE c.contypid <> 0 AND c.contypid IN (SELECT oid FROM kind)
UNION ALL
SELECT 'function', p.oid::regprocedure::text, '', md5(p.prosrc)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                    AND d.objid = p.oid AND d.deptype = 'e')
"""


def fingerprint(connection: Connection, names: Iterable[str]) -> str:
    """Return the definitions of tables (literals of their names) and of everything on them."""
    sql = _FINGERPRINT.replace("{names}", ", ".join(names))
    return "\n".join(sorted(repr(tuple(row)) for row in execute(connection, sql)))
