"""SQL by which SQLite itself renders rows as canonical literals.

The type is known only for each value, but the first rows and the declared type predict it. A row
as predicted is rendered by one `printf`; others, value by value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence, Set

from demosnap.dialects.base import Dialect
from demosnap.dialects.sqlite.bind import affinity
from demosnap.model import Column
from demosnap.rows.canonical import split

# SQLite limits functions to 100 arguments, and the nesting of expressions to 1,000.
_COLUMNS_PER_EXPRESSION = 90

_FIRST_ROWS = 100


def parts(
    dialect: Dialect, columns: Sequence[Column], expected: Mapping[str, str]
) -> Sequence[str]:
    """Return the expressions whose values, joined by commas, are rows.

    `expected` is the result of `expected_types`. Text with a carriage return stays unescaped, for
    `without_returns`. The function `demosnap_real` must exist.
    """
    return [
        f"CAST({_part(dialect, columns[i : i + _COLUMNS_PER_EXPRESSION], expected)} AS BLOB)"
        for i in range(0, len(columns), _COLUMNS_PER_EXPRESSION)
    ]


def expected_types(
    driver: sqlite3.Connection, dialect: Dialect, table: str, columns: Sequence[Column]
) -> dict[str, str]:
    """Return the most likely type of each column: `text`, `integer`, `real`, or empty for any.

    It is the type in the table's first rows if they agree, else the declared type.
    """
    types = ",".join(f"typeof({dialect.quote(column.name)})" for column in columns)
    sql = f"SELECT {types} FROM {dialect.quote_table(table)} LIMIT {_FIRST_ROWS}"
    seen = [set(found) - {"null"} for found in zip(*driver.execute(sql), strict=True)]
    seen = seen or [set() for _ in columns]
    return {
        column.name: _expected(column, found) for column, found in zip(columns, seen, strict=True)
    }


def _expected(column: Column, seen: Set[str]) -> str:
    if len(seen) == 1:
        (found,) = seen
        return "" if found == "blob" else found
    kind, declared = affinity(column), column.type.upper()
    if kind == "NUMERIC" and ("DATE" in declared or "TIME" in declared):
        return "text"
    if declared == "BOOLEAN":
        return "integer"
    return {"NUMERIC": "real", "BLOB": ""}.get(kind, kind.lower())


def literal(name: str) -> str:
    """Return the expression of a value's literal, for any type."""
    return (
        f"CASE typeof({name}) WHEN 'integer' THEN {name} WHEN 'null' THEN 'NULL'"
        f" WHEN 'text' THEN CASE WHEN instr({name},char(13)) OR instr({name},char(0))"
        f" THEN 'CAST(X'''||hex({name})||''' AS TEXT)' ELSE quote({name}) END"
        f" WHEN 'real' THEN demosnap_real({name}) ELSE quote({name}) END"
    )


def without_returns(rendered: bytes) -> bytes:
    """Return a row whose texts with a carriage return are hex."""
    return b",".join(
        b"CAST(X'%s' AS TEXT)" % one[1:-1].replace(b"''", b"'").hex().upper().encode()
        if b"\r" in one
        else one
        for one in split(rendered)
    )


def _part(dialect: Dialect, columns: Sequence[Column], expected: Mapping[str, str]) -> str:
    formats, arguments, unexpected = [], [], []
    for column in columns:
        name = dialect.quote(column.name)
        kind = expected[column.name]
        # Unlike a comparison, `typeof` does not make SQLite copy the value out of its page.
        other = f"(typeof({name})<>'{kind}' AND {name} IS NOT NULL)"
        if kind == "text":
            formats.append("%Q")
            arguments.append(name)
            unexpected += [other, f"instr({name},char(0))"]
        elif kind == "integer":
            formats.append("%s")
            arguments.append(f"ifnull({name},'NULL')")
            unexpected.append(other)
        elif kind == "real":
            formats.append("%s")
            arguments.append(
                f"CASE typeof({name}) WHEN 'real' THEN {_real(name)} ELSE ifnull({name},'NULL') END"
            )
            unexpected.append(f"({other} AND typeof({name})<>'integer')")
        else:
            formats.append("%s")
            arguments.append(literal(name))
    plain = f"printf('{','.join(formats)}',{','.join(arguments)})"
    if not unexpected:
        return plain
    whole = "||','||".join(literal(dialect.quote(column.name)) for column in columns)
    return f"CASE WHEN {' OR '.join(unexpected)} THEN {whole} ELSE {plain} END"


def _real(name: str) -> str:
    """Return the expression of a REAL's shortest literal.

    If a number is the nearest to a decimal of at most six places and fifteen digits, this decimal
    is its shortest literal, and division returns the nearest number (IEEE 754). Python renders all
    others, since SQLite's output differs between its versions.
    """
    return (
        f"CASE WHEN abs({name})>=0.001 AND abs({name})<1e9"
        f" AND CAST(abs({name})*1e6+0.5 AS INTEGER)/1e6=abs({name})"
        f" THEN printf('%!.15g',{name}) ELSE demosnap_real({name}) END"
    )
