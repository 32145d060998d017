"""Sequences of PostgreSQL, found by what depends on them, and never lowered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# A column has a sequence by owning it (serial, identity) or by its default's expression. The
# last value stays one that the sequence would have given: with INCREMENT 10 it may not become 25.
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


def advance(columns: Iterable[tuple[str, str]]) -> Sequence[str]:
    """Return the block that advances the sequences of columns past the values in them.

    `columns` are the literals of the quoted table's and of the column's name. The sequences are
    looked for where the block runs.
    """
    owners = ", ".join(f"({table}, {column})" for table, column in columns)
    if not owners:
        return ()
    body = _ADVANCE.format(owners=owners)
    tag = "$demosnap$"
    while tag in body:
        tag = f"{tag[:-1]}_$"
    return (f"DO {tag}{body}{tag};",)
