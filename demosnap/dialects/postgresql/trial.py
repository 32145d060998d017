"""Try rows in a temporary copy of a table of PostgreSQL, and find keys beyond plain columns."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from demosnap.dialects.base import Dialect, execute
from demosnap.dialects.postgresql.text import PostgreSQLText
from demosnap.model import ForeignKey, SpecialKey, Table
from demosnap.visible import one_line

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCRATCH = "pg_temp.demosnap_scratch"

_SPECIAL = """
SELECT c.relname, i.indisexclusion,
       (SELECT array_agg(pg_get_indexdef(i.indexrelid, k::int, false) ORDER BY k)
        FROM generate_series(1, i.indnkeyatts) k),
       (SELECT array_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY u.place)
        FROM pg_constraint x, unnest(x.conexclop) WITH ORDINALITY u(operator, place)
        JOIN pg_operator o ON o.oid = u.operator JOIN pg_namespace n ON n.oid = o.oprnamespace
        WHERE x.conindid = i.indexrelid AND x.contype = 'x'),
       pg_get_expr(i.indpred, i.indrelid),
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS same_nulls
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = to_regclass({}) AND (i.indisunique OR i.indisexclusion)
  AND (i.indisexclusion OR i.indpred IS NOT NULL OR i.indexprs IS NOT NULL
       OR coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
       OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid
                  AND a.attnum = ANY (i.indkey) AND a.attgenerated <> ''))
ORDER BY c.relname
"""

# The indexes of a table made with LIKE have new names, and are matched by their definitions.
_INDEXES = """
SELECT c.relname, rank() OVER (PARTITION BY shape ORDER BY c.oid) AS place, shape
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid, LATERAL (SELECT ROW(
    c.relam, i.indisunique, i.indisexclusion, i.indoption::text, i.indclass::text,
    i.indcollation::text, pg_get_expr(i.indpred, i.indrelid),
    (SELECT array_agg(pg_get_indexdef(i.indexrelid, k::int, false) ORDER BY k)
     FROM generate_series(1, i.indnatts) k))::text AS shape) known
WHERE i.indrelid = to_regclass({})
"""
_NAMES = f"SELECT s.relname, t.relname FROM ({_INDEXES}) s JOIN ({_INDEXES}) t USING (shape, place)"

# Bit 4 of tgtype stands for INSERT.
_WATCHED = """
SELECT EXISTS (
    SELECT FROM pg_constraint c
    JOIN pg_trigger t ON t.tgconstraint = c.oid AND t.tgrelid = c.conrelid AND t.tgtype & 4 <> 0
    WHERE c.conrelid = to_regclass({}) AND c.conname = {} AND c.contype = 'f' AND t.tgenabled IN (
        'A', CASE WHEN current_setting('session_replication_role') = 'replica' THEN 'R' ELSE 'O' END
    ))
"""

_COLUMN = re.compile(r"^COPY [^\n]*?, line \d+, column (.+?)(?:: |$)", re.MULTILINE)
_SHOWN_STATES = ("23505", "23P01", "23503")
"""Of which the detail is the key; that of a CHECK is the whole row."""


class PostgreSQLTrial(PostgreSQLText):
    """Try rows in a temporary table, and explain refusals."""

    def takes_dangling(self, connection: Connection, table: Table, key: ForeignKey) -> bool:
        """Return whether the constraint's triggers are off, for the session or for all."""
        name = self.string(self.quote_table(table.name)), self.string(key.name or "")
        return not execute(connection, _WATCHED.format(*name)).scalar()

    def special_keys(self, connection: Connection, table: Table) -> Sequence[SpecialKey]:
        """Return partial unique indexes, those over expressions, and exclusion constraints."""
        name = self.string(self.quote_table(table.name))
        found = []
        for index, exclusion, terms, operators, where, same_nulls in execute(
            connection, _SPECIAL.replace("{}", name)
        ):
            equal = "IS NOT DISTINCT FROM" if same_nulls else "="
            how = operators if exclusion and operators else [equal] * len(terms)
            found.append(SpecialKey(index, tuple(zip(terms, how, strict=True)), where))
        return found

    @contextlib.contextmanager
    def scratch(self, connection: Connection, table: Table) -> Iterator[str | None]:
        """Create a table LIKE the original."""
        execute(connection, "SAVEPOINT demosnap_scratch")
        try:
            name: str | None = SCRATCH
            try:
                _create(self, connection, table)
            except Exception:  # noqa: BLE001  whatever speaks against it, there is none
                execute(connection, "ROLLBACK TO SAVEPOINT demosnap_scratch")
                name = None
            yield name
        finally:
            execute(connection, "ROLLBACK TO SAVEPOINT demosnap_scratch")
            execute(connection, "RELEASE SAVEPOINT demosnap_scratch")

    def scratch_names(self, connection: Connection, table: Table) -> Mapping[str, str]:
        """Return the names of indexes, which are those of unique keys."""
        names = [self.string(SCRATCH), self.string(self.quote_table(table.name))]
        return dict(execute(connection, _NAMES.format(*names)).all())

    def refusal(self, error: BaseException, table: str = "it") -> str:
        """Return the server's message, with the column that it names and the key."""
        original: Any = getattr(error, "orig", None) or error
        diagnosis = getattr(original, "diag", None)
        if diagnosis is None or diagnosis.message_primary is None:
            return str(original).strip().partition("\n")[0]
        message: str = diagnosis.message_primary.replace('"demosnap_scratch"', f'"{table}"')
        named = _COLUMN.search(diagnosis.context or "")
        column = diagnosis.column_name or (named[1] if named else "")
        if column and f'"{column}"' not in message:
            message = f"{column}: {message}"
        if diagnosis.message_detail and diagnosis.sqlstate in _SHOWN_STATES:
            message += f" ({diagnosis.message_detail.rstrip('.')})"
        return one_line(message)


def _create(dialect: Dialect, connection: Connection, table: Table) -> None:
    source = dialect.quote_table(table.name)
    execute(
        connection,
        f"CREATE TEMPORARY TABLE demosnap_scratch (LIKE {source} INCLUDING ALL"
        " EXCLUDING STORAGE EXCLUDING COMMENTS EXCLUDING STATISTICS)",
    )
    given = {column.name for column in table.captured}
    for column in execute(
        connection,
        "SELECT a.attname FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid"
        f" AND d.adnum = a.attnum WHERE a.attrelid = to_regclass({dialect.string(SCRATCH)})"
        " AND a.attgenerated = '' AND pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%'",
    ).scalars():
        # Numbers taken from a sequence are lost, even after a rollback.
        quoted = dialect.quote(column)
        drop = f"ALTER TABLE {SCRATCH} ALTER COLUMN {quoted} DROP DEFAULT"
        if column not in given:
            drop += f", ALTER COLUMN {quoted} DROP NOT NULL"
        execute(connection, drop)
