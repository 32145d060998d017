"""Transfer rows of PostgreSQL: their order, COPY in both directions, and INSERT text."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from demosnap.dialects.base import Counted
from demosnap.dialects.postgresql.codecs import codec
from demosnap.dialects.postgresql.session import COMMAND_OK
from demosnap.dialects.postgresql.values import INTEGERS, base_type
from demosnap.errors import DatabaseError
from demosnap.model import Column, Table
from demosnap.rows.canonical import BATCH_BYTES, BATCH_ROWS, batches, insert_text

if TYPE_CHECKING:
    import psycopg

_CSV = "FORMAT csv, QUOTE '''', NULL 'NULL'"
_END = -1


def bulk_safe(table: Table) -> bool:
    """Return whether COPY can read every literal of the table."""
    return all(codec(column).bulk for column in table.captured)


def select_columns(columns: Iterable[tuple[str, Column]]) -> tuple[str, str]:
    """Return the select list and the options of a COPY to canonical rows.

    `columns` come with their quoted names.
    """
    shown, quoted = [], []
    for name, column in columns:
        kind = codec(column)
        shown.append(f"{kind.select.replace('{}', name)} AS {name}" if kind.select else name)
        if kind.quoted:
            quoted.append(name)
    force = f", FORCE_QUOTE ({', '.join(quoted)})" if quoted else ""
    return ", ".join(shown), _CSV + force


def order(name: str, column: Column, utf8: bool) -> str:
    """Return the sort key that orders literals: integers by value, others by their bytes.

    `utf8`: the database's own encoding is UTF-8.
    """
    kind = base_type(column)
    if kind in (*INTEGERS, "uuid"):
        return name
    if kind == "boolean":
        return f"{name} NULLS FIRST"
    shown = codec(column).select.replace("{}", name)
    if not shown:
        # For some types, such as inet and character, a cast differs from the output text.
        shown = name if kind in ("text", "character varying") else f"concat({name})"
    # Some collations do not support replace, and only C compares bytes.
    text = f"replace(({shown}) COLLATE \"C\",'''','''''')||''''"
    key = text if utf8 else f"convert_to({text},'UTF8')"
    # IS NULL is also true of a composite value of NULLs, which is not NULL.
    return f"num_nulls({name}), {key}" if column.nullable else key


@contextlib.contextmanager
def copy_out(
    driver: psycopg.Connection[Any], select: str, options: str, counted: Counted | None = None
) -> Iterator[Iterator[list[bytes]]]:
    """Copy the result of a SELECT; yield its rows in batches, without newlines.

    With `counted`, the first column is a row's mark, which is left out. Leaving before the last
    batch cancels the COPY, and with it the transaction.
    """
    with driver.cursor() as cursor, cursor.copy(_copy(f"({select}) TO STDOUT", options)) as copy:
        yield _copied(driver, copy, counted)


def _copied(
    driver: psycopg.Connection[Any], copy: psycopg.Copy, counted: Counted | None
) -> Iterator[list[bytes]]:
    width = len(counted.flags) if counted else 0
    none = b"0" * width + b"," if counted else b""
    start = len(none)
    is_mark = re.compile(rb"[01]{%d}," % width).fullmatch
    read = driver.pgconn.get_copy_data
    size = 0
    # Each message is a row.
    while size >= 0:
        batch: list[bytes] = []
        marks: list[bytes] = []
        room = BATCH_BYTES
        while room > 0 and len(batch) < BATCH_ROWS:
            size, data = read(1)
            if size == 0:
                # No message has arrived, so this call blocks.
                size, data = _waited(copy)
            if size < 0:
                break
            if data[:start] != none:
                mark = bytes(data[:start])
                if not is_mark(mark):
                    raise DatabaseError(f"the server sent {mark!r} where a mark was to be")
                marks.append(mark)
            batch.append(bytes(data[start:-1]))
            room -= size
        if counted:
            counted.add(marks)
        if batch:
            yield batch
    _finish(driver)


def _waited(copy: psycopg.Copy) -> tuple[int, memoryview]:
    row = memoryview(copy.read())
    return len(row) or _END, row


def _finish(driver: psycopg.Connection[Any]) -> None:
    from psycopg.errors import error_from_result

    # All results must be fetched, or the connection stays busy.
    for result in list(iter(driver.pgconn.get_result, None)):
        if result.status != COMMAND_OK:
            raise error_from_result(result, encoding="utf-8")


def copy_in(driver: psycopg.Connection[Any], target: str, rows: Iterable[bytes]) -> int:
    """Load rows into `target`, a table with its column list; return their number."""
    with driver.cursor() as cursor:
        with cursor.copy(_copy(f"{target} FROM STDIN", _CSV)) as copy:
            for batch in batches(rows):
                copy.write(b"\n".join(batch) + b"\n")
        return cursor.rowcount


def insert(driver: psycopg.Connection[Any], head: str, rows: Iterable[bytes]) -> int:
    """Insert rows by statements that begin with `head`; return their number."""
    count = 0
    with driver.cursor() as cursor:
        for batch in batches(rows):
            cursor.execute(insert_text(head, batch))
            count += cursor.rowcount
    return count


def run(driver: psycopg.Connection[Any], statements: Sequence[str]) -> None:
    """Run statements and ignore their results."""
    with driver.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.encode())


def _copy(what: str, options: str) -> bytes:
    return f"COPY {what} ({options})".encode()
