"""SQL by which SQLite itself renders rows as canonical literals.

What a column holds is known for each value only, but the first rows and the declared type say
what to expect. A row that is as expected is rendered by one `printf`; any other, value by value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence, Set

from demosnap.dialects.base import Dialect
from demosnap.dialects.sqlite.bind import affinity
from demosnap.model import Column
from demosnap.rows.canonical import split

# A function of SQLite takes 100 arguments, and an expression may be nested 1,000 deep.
_COLUMNS_PER_EXPRESSION = 90

_FIRST_ROWS = 100


def parts(
    dialect: Dialect, columns: Sequence[Column], expected: Mapping[str, str]
) -> Sequence[str]:
    """Return the expressions of which the values, joined by commas, are rows.

    `expected` is what `expected_types` returned. Text with a carriage return stands in the rows
    as it is: see `without_returns`. The function `demosnap_real` is needed.
    """
    return [
        f"CAST({_part(dialect, columns[i : i + _COLUMNS_PER_EXPRESSION], expected)} AS BLOB)"
        for i in range(0, len(columns), _COLUMNS_PER_EXPRESSION)
    ]


def expected_types(
    driver: sqlite3.Connection, dialect: Dialect, table: str, columns: Sequence[Column]
) -> dict[str, str]:
    """Return what each column most likely holds: `text`, `integer`, `real`, or empty: anything.

    It is what the table's first rows hold, where they hold one type, else what was declared.
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
    """Return the expression of a value's literal, whatever it is."""
    return (
        f"CASE typeof({name}) WHEN 'integer' THEN {name} WHEN 'null' THEN 'NULL'"
        f" WHEN 'text' THEN CASE WHEN instr({name},char(13)) OR instr({name},char(0))"
        f" THEN 'CAST(X'''||hex({name})||''' AS TEXT)' ELSE quote({name}) END"
        f" WHEN 'real' THEN demosnap_real({name}) ELSE quote({name}) END"
    )


def without_returns(rendered: bytes) -> bytes:
    """Return a row with texts that hold a carriage return as hex."""
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
        # The type alone does not make SQLite copy the value out of its page; a comparison does.
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

    A number that is the nearest one to a decimal of six places and fifteen digits has that
    decimal as its shortest literal, and division gives the nearest one (IEEE 754). All others
    are rendered by Python: what SQLite prints differs between its versions.
    """
    return (
        f"CASE WHEN abs({name})>=0.001 AND abs({name})<1e9"
        f" AND CAST(abs({name})*1e6+0.5 AS INTEGER)/1e6=abs({name})"
        f" THEN printf('%!.15g',{name}) ELSE demosnap_real({name}) END"
    )
