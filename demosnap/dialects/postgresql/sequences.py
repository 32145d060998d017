"""Sequences of PostgreSQL, found by their dependencies, and never lowered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from demosnap.dialects.base import execute
from demosnap.dialects.postgresql import rows, session
from demosnap.dialects.postgresql.text import PostgreSQLText
from demosnap.dialects.postgresql.values import NUMBERS, base_type
from demosnap.dialects.sequence_state import SequenceState
from demosnap.errors import UnknownNameError
from demosnap.model import Column, Table, display_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

# A column has a sequence by owning it (serial, identity) or by its default's expression. The new
# last value is one that the sequence would generate: with INCREMENT 10 it is never 25.
_ADVANCE = """
DECLARE
  owned record;
  top numeric;
  last bigint;
  called boolean;
BEGIN
  FOR owned IN
    SELECT DISTINCT owner.name, owner.field, seq.seqrelid::regclass AS sequence, seq.*
    FROM (VALUES {owners}) AS owner(name, field)
    JOIN pg_attribute a ON a.attrelid = owner.name::regclass AND a.attname = owner.field
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    JOIN pg_depend link ON
      (link.classid = 'pg_class'::regclass AND link.refclassid = 'pg_class'::regclass
       AND link.refobjid = a.attrelid AND link.refobjsubid = a.attnum)
      OR (link.classid = 'pg_attrdef'::regclass AND link.objid = d.oid
          AND link.refclassid = 'pg_class'::regclass)
    JOIN pg_sequence seq ON seq.seqrelid IN (link.objid, link.refobjid)
    ORDER BY 1, 2, 3
  LOOP
    EXECUTE format(
      'SELECT %s(%I)::numeric FROM %s WHERE %I BETWEEN %s AND %s',
      CASE WHEN owned.seqincrement > 0 THEN 'max' ELSE 'min' END,
      owned.field, owned.name, owned.field, owned.seqmin, owned.seqmax
    ) INTO top;
    EXECUTE format('SELECT last_value, is_called FROM %s', owned.sequence) INTO last, called;
    top := (top - last) * sign(owned.seqincrement::numeric);
    IF top > 0 OR top = 0 AND NOT called THEN
      top := ceil(top / abs(owned.seqincrement)) * owned.seqincrement + last;
      PERFORM setval(owned.sequence, greatest(owned.seqmin, least(owned.seqmax, top))::bigint);
    END IF;
  END LOOP;
END
"""

_RESTORE = """
DECLARE
  wanted record;
  last bigint;
  called boolean;
BEGIN
  FOR wanted IN
    SELECT seq.*, given.top
    FROM (VALUES {wanted}) AS given(name, top)
    JOIN pg_sequence seq ON seq.seqrelid = to_regclass(given.name)
    ORDER BY given.name
  LOOP
    EXECUTE format('SELECT last_value, is_called FROM %s', wanted.seqrelid::regclass)
      INTO last, called;
    IF (wanted.top::numeric - last) * sign(wanted.seqincrement::numeric) > 0
      OR wanted.top = last AND NOT called
    THEN
      PERFORM setval(
        wanted.seqrelid::regclass, greatest(wanted.seqmin, least(wanted.seqmax, wanted.top))
      );
    END IF;
  END LOOP;
END
"""

_FREE = """
SELECT CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname END, c.relname
FROM pg_sequence seq
JOIN pg_class c ON c.oid = seq.seqrelid AND c.relpersistence <> 't'
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT EXISTS (
    SELECT 1 FROM pg_depend link
    WHERE link.classid = 'pg_class'::regclass AND link.objid = seq.seqrelid
        AND link.refclassid = 'pg_class'::regclass AND link.refobjsubid > 0
  ) AND NOT EXISTS (
    SELECT 1 FROM pg_depend link
    WHERE link.classid = 'pg_attrdef'::regclass AND link.refclassid = 'pg_class'::regclass
        AND link.refobjid = seq.seqrelid
  ) AND NOT EXISTS (
    SELECT 1 FROM pg_depend link
    WHERE link.classid = 'pg_class'::regclass AND link.objid = seq.seqrelid AND link.deptype = 'e'
  )
ORDER BY 1 NULLS FIRST, 2
"""

_ALL = """
SELECT CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname END, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't'
"""

_STATE = """
SELECT seqstart, seqincrement, seqmin, seqmax FROM pg_sequence
WHERE seqrelid = to_regclass({name}) AND has_sequence_privilege(seqrelid, 'SELECT')
"""

_POSITIONS = """
SELECT CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname END, c.relname, s.last_value
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_sequences s ON s.schemaname = n.nspname AND s.sequencename = c.relname
WHERE c.oid IN (
    SELECT link.refobjid
    FROM (VALUES {columns}) AS used(name, field)
    JOIN pg_attribute a ON a.attrelid = to_regclass(used.name) AND a.attname = used.field
    JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    JOIN pg_depend link ON link.classid = 'pg_attrdef'::regclass AND link.objid = d.oid
        AND link.refclassid = 'pg_class'::regclass
    UNION ALL
    SELECT to_regclass(named.name) FROM (VALUES {names}) AS named(name)
)
ORDER BY 1 NULLS FIRST, 2
"""


class PostgreSQLSequences(PostgreSQLText):
    """The part of the dialect that is about sequences, which are looked for where a block runs."""

    def file_sequences(self, tables: Sequence[Table]) -> Sequence[str]:
        """Return one block for the columns that number themselves; sequences by dependency."""
        return self._advance(
            (table, column)
            for table in tables
            for column in table.captured
            if column.identity
            or ("nextval(" in (column.default or "") and base_type(column) in NUMBERS)
        )

    def advance_sequences(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Advance every sequence that a loaded column owns or takes its default from."""
        block = self._advance(
            (table, column)
            for table in tables
            for column in table.captured
            if base_type(column) in NUMBERS
        )
        rows.run(session.driver(connection), block)

    def _advance(self, columns: Iterable[tuple[Table, Column]]) -> Sequence[str]:
        owners = ", ".join(self._owner(table, column) for table, column in columns)
        return _block(_ADVANCE.format(owners=owners)) if owners else ()

    def _owner(self, table: Table, column: Column) -> str:
        return f"({self.string(self.quote_table(table.name))}, {self.string(column.name)})"

    def free_sequences(self, connection: Connection) -> Sequence[str]:
        """Return the sequences that stand alone, but for those of extensions."""
        return [display_name(*row) for row in execute(connection, _FREE)]

    def sequence_positions(
        self, connection: Connection, tables: Sequence[Table], names: Sequence[str]
    ) -> Mapping[str, int]:
        """Return last values: what a sequence gave as a part of a text, no value shows.

        What numbers a column by itself is left out: the column's values tell where it stands.
        """
        if names:
            there = {display_name(*row) for row in execute(connection, _ALL)}
            for name in names:
                if name not in there:
                    raise UnknownNameError("sequence", name, sorted(there))
        columns = [
            self._owner(table, column)
            for table in tables
            for column in table.columns
            if "nextval(" in (column.default or "") and base_type(column) not in NUMBERS
        ]
        if not (columns or names):
            return {}
        named = [f"({self.string(self.quote_table(name))})" for name in names]
        sql = _POSITIONS.format(
            columns=",".join(columns or ["(NULL,NULL)"]), names=",".join(named or ["(NULL)"])
        )
        return {
            display_name(namespace, name): int(last)
            for namespace, name, last in execute(connection, sql)
            if last is not None
        }

    def sequence_states(
        self, connection: Connection, names: Sequence[str]
    ) -> Mapping[str, SequenceState]:
        """Return the states of the sequences that the role may read."""
        found = {}
        for name in names:
            sql = _STATE.format(name=self.string(self.quote_table(name)))
            for start, increment, least, greatest in execute(connection, sql):
                sql = f"SELECT last_value, is_called FROM {self.quote_table(name)}"
                ((last, called),) = execute(connection, sql)
                following = last + increment if called else last
                found[name] = SequenceState(start, increment, least, greatest, following)
        return found

    def file_positions(self, positions: Mapping[str, int]) -> Sequence[str]:
        """Return one block; a position is the last value that a sequence gave.

        A sequence that is not there when the block runs is skipped.
        """
        wanted = ", ".join(
            f"({self.string(self.quote_table(name))}, {last}::bigint)"
            for name, last in positions.items()
        )
        return _block(_RESTORE.format(wanted=wanted)) if wanted else ()

    def restore_positions(self, connection: Connection, positions: Mapping[str, int]) -> None:
        """Advance by the block that a file has."""
        rows.run(session.driver(connection), self.file_positions(positions))


def _block(body: str) -> Sequence[str]:
    tag = "$demosnap$"
    while tag in body:
        tag = f"{tag[:-1]}_$"
    return (f"DO {tag}{body}{tag};",)
