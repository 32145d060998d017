"""Read rows that the server renders completely and puts in canonical order."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING

from demosnap.dialects.base import Counted
from demosnap.dialects.mysql import session
from demosnap.dialects.mysql.codecs import HEX_TEXT, codec
from demosnap.dialects.mysql.scalars import Integer
from demosnap.errors import DatabaseError
from demosnap.model import Table
from demosnap.rows.canonical import split

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from demosnap.dialects.text import DialectText

# The server stores a key's length after its bytes, in the same space.
_SORT_MARGIN = 16
_SORT_BYTES = 8192 - _SORT_MARGIN
_SORT_BUFFER = 8 * 1024 * 1024
SORT_VARIABLES: Mapping[str, int | str] = {
    "max_sort_length": _SORT_BYTES + _SORT_MARGIN,
    "sort_buffer_size": _SORT_BUFFER,
}
_LONGEST_SORT_BYTES = 8 * 1024 * 1024 - _SORT_MARGIN
_LARGEST_SORT_BUFFER = 1024 * 1024 * 1024
# The server needs space for 15 keys with their overhead.
_SORTED_KEYS = 20


def rows(
    dialect: DialectText,
    connection: Connection,
    table: Table,
    predicate: str,
    counted: Counted | None = None,
) -> Generator[list[bytes], None, None]:
    """Yield, in batches, the rows that the predicate picks; predicates in `counted` are counted.

    Raises:
        DatabaseError: a value cannot be rendered, the rows cannot be ordered, or the server
            warned.
    """
    literals = _literals(dialect, table)
    row = ",',',".join(_literals(dialect, table, plain=True).values())
    picked = f"FROM {dialect.quote_table(table.name)} WHERE {predicate}"
    with _order(dialect, connection, table, literals, picked) as order:
        mark = f",CONCAT({','.join(counted.flags)})" if counted else ""
        sql = f"SELECT CAST(CONCAT({row}) AS BINARY){mark} {picked} ORDER BY {order}"
        for fetched in session.stream(connection, sql):
            batch = [one[0] for one in fetched]
            if counted:
                counted.add([one[1] for one in fetched])
            if None in batch:
                raise _unreadable(dialect, connection, table, predicate)
            yield _with_hex_text(batch)


def _with_hex_text(batch: list[bytes]) -> list[bytes]:
    """Return rows whose texts with a CR or a NUL are in hex, as in snapshots."""
    together = b"\n".join(batch)
    if b"\r" not in together and b"\0" not in together:
        return batch
    return [
        b",".join(map(_in_hex, split(row))) if b"\r" in row or b"\0" in row else row
        for row in batch
    ]


def _in_hex(literal: bytes) -> bytes:
    # As bytes, since MariaDB keeps surrogates, which Python cannot decode.
    if b"\r" not in literal and b"\0" not in literal:
        return literal
    return HEX_TEXT + literal[1:-1].replace(b"''", b"'").hex().upper().encode() + b"'"


def fingerprint(dialect: DialectText, table: Table, predicate: str) -> str:
    """Return the query for the number of rows, and for a number that changes with them."""
    row = ",',',".join(_literals(dialect, table, plain=True).values())
    source = dialect.quote_table(table.name)
    number = f"CAST(CONV(LEFT(SHA2(CAST(CONCAT({row}) AS BINARY),256),15),16,10) AS UNSIGNED)"
    return f"SELECT COUNT(*),COALESCE(SUM({number}),0) FROM {source} WHERE {predicate}"


def _literals(dialect: DialectText, table: Table, *, plain: bool = False) -> dict[str, str]:
    """Return the expressions of the captured columns' literals, by `sql` or `plain_sql`."""
    found = {}
    for column in table.captured:
        name, known = dialect.quote(column.name), codec(column.type)
        sql = known.plain_sql(name) if plain else known.sql(name)
        found[column.name] = f"IF({name} IS NULL,'NULL',{sql})" if column.nullable else sql
    return found


@contextlib.contextmanager
def _order(
    dialect: DialectText,
    connection: Connection,
    table: Table,
    literals: Mapping[str, str],
    picked: str,
) -> Iterator[str]:
    """Yield the ORDER BY of canonical order, with the server set to compare whole keys."""
    terms: list[str] = []
    widths: list[int | None] = []
    unknown: list[str] = []
    for column in table.ordering:
        found, name = codec(column.type), dialect.quote(column.name)
        if isinstance(found, Integer):
            terms += [f"{name} IS NULL", f"{name}+0"] if column.nullable else [name]
            continue
        widths.append(found.width)
        if found.width is None:
            unknown.append(f"MAX(LENGTH({literals[column.name]}))")
        direct = found.direct_order and not column.nullable
        terms.append(name if direct else f"CAST({literals[column.name]} AS BINARY)")
    driver = session.of(connection)
    longest = max((width for width in widths if width is not None), default=0)
    if unknown:
        lengths = session.query(driver, f"SELECT {','.join(unknown)} {picked}")[0]
        longest = max(longest, *(length or 0 for length in lengths))
    longest = max(longest, _SORT_BYTES)
    # The server reserves the maximum length of a key, independent of the rows.
    together = sum(min(width or longest, longest) for width in widths)
    buffer = max(together * _SORTED_KEYS, _SORT_BUFFER)
    order = ",".join(terms)
    if longest == _SORT_BYTES and buffer == _SORT_BUFFER:
        yield order
        return
    if longest > _LONGEST_SORT_BYTES or buffer > _LARGEST_SORT_BUFFER:
        raise DatabaseError(
            f"{table.name}: its rows cannot be put in order: what identifies a row has values of"
            f" {longest} bytes, more than the server can sort by",
            "Give the table a primary key.",
        )
    wanted = {"max_sort_length": longest + _SORT_MARGIN, "sort_buffer_size": buffer}
    with session.settings(driver, wanted):
        yield order


def _unreadable(
    dialect: DialectText, connection: Connection, table: Table, predicate: str
) -> DatabaseError:
    """Return the error for a row with a value that the server could not render."""
    literals, source = _literals(dialect, table), dialect.quote_table(table.name)
    session.finish_stream(connection)
    driver = session.of(connection)
    ((packet,),) = session.query(driver, "SELECT @@max_allowed_packet")
    key = ",',',".join(literals[name] for name in table.key) or "''"
    for column in table.captured:
        found = session.query(
            driver,
            f"SELECT CAST(CONCAT({key}) AS BINARY),LENGTH({dialect.quote(column.name)})"
            f" FROM {source} WHERE ({predicate}) AND ({literals[column.name]}) IS NULL LIMIT 1",
        )
        if found:
            shown = (found[0][0] or b"?").decode()
            place = f"row {', '.join(table.key)}={shown}" if table.key else "a row"
            reason = codec(column.type).refusal
            if reason and 2 * (found[0][1] or 0) < int(packet):
                return DatabaseError(f"{table.name}: {place}: {column.name} {reason}")
            return DatabaseError(
                f"{table.name}: {place}: {column.name} is longer, as a literal, than the server's"
                f" max_allowed_packet ({packet} bytes)",
                "Raise it: SET GLOBAL max_allowed_packet = …",
            )
    return DatabaseError(
        f"{table.name}: a row is longer, as a whole, than the server's max_allowed_packet"
        f" ({packet} bytes)",
        "Raise it: SET GLOBAL max_allowed_packet = …",
    )
