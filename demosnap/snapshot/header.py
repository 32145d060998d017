"""Render the text of a snapshot file around its rows, and read its first lines.

The file begins with comments: the lines of the document and the table definitions, as JSON. They
are data: every field is checked, and the text must be exactly what demosnap renders for it. All
other text follows from them and the selection.
"""

from __future__ import annotations

import datetime
import functools
import json
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from demosnap.dialects.base import Dialect
from demosnap.errors import SnapshotError
from demosnap.model import Header, Selection, Table
from demosnap.snapshot.bounded_file import MAX_LINE, raise_damage, restore_hint
from demosnap.snapshot.definitions import (
    DefinitionError,
    check_references,
    definition,
    excerpt,
    parse_table,
)
from demosnap.snapshot.picks_in_files import FilePicks
from demosnap.snapshot.predicates import (
    as_written,
    predicates,
    purge_statements,
    title,
    verification_query,
)

FORMATS = (1, 2)
"""The format numbers of snapshot files that this demosnap writes and reads."""

MAX_HEADER = 16 << 20
"""The maximum size of the header, in bytes."""

_FIRST = "-- Demo Data Export"
_LAST = "-- ]"
_DEFINITIONS = 9
"""The number of the line on which the list of definitions begins."""

_FIELDS = {
    2: r"-- Scenario: (?P<scenario>[a-z][a-z0-9_]*)",
    3: r"-- Generated: (?P<generated>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})",
    4: r"-- Version: (?P<version>v[1-9][0-9]{0,8}_[0-9]{4}-[0-9]{2}-[0-9]{2})",
    6: r"-- Format: (?P<format>[0-9]{1,9}) \((?P<dialect>[a-z]+)\)",
}


# ---------------------------------------------------------------------- rendering


def render_header(header: Header, selection: Selection, dialect: Dialect) -> str:
    """Render all text of a snapshot before its first INSERT section.

    Raises:
        ScriptError: the selection names something that the header's tables lack.
    """
    return "".join(text for _, text in parts_before_rows(header, selection, dialect))


def render_footer(header: Header, selection: Selection, dialect: Dialect) -> str:
    """Render all text of a snapshot after its last row.

    Raises:
        ScriptError: the selection names something that the header's tables lack.
    """
    return "".join(text for _, text in parts_after_rows(header, selection, dialect))


def parts_before_rows(
    header: Header, selection: Selection, dialect: Dialect, *, picked: bool = True
) -> Iterator[tuple[str, str]]:
    """Yield the parts of a file before its rows, each with its name for messages.

    `picked`: the rows that users' predicates pick are noted first; older files purge by the
    predicates themselves.
    """
    tables = {table.name: table for table in header.tables}
    yield "the header is", _render_comments(header)
    picks = FilePicks(dialect)
    users = picks if picked else as_written
    used = predicates(selection, tables, dialect, users, ignored=True).values()
    yield "the beginning of the transaction is", _section(None, picks.begin(*used))
    purge = purge_statements(selection, tables, dialect, users)
    purge += picks.forget(*used)
    yield "the purge statements are", _section("Cleanup existing demo data", purge)


def variants_before_rows(
    header: Header, selection: Selection, dialect: Dialect
) -> list[list[tuple[str, str]]]:
    """Return all forms of `parts_before_rows` that any demosnap wrote, the current one first."""
    return [
        list(parts_before_rows(header, selection, dialect, picked=picked))
        for picked in ((True, False) if header.format == 1 else (True,))
    ]


def parts_after_rows(
    header: Header, selection: Selection, dialect: Dialect
) -> Iterator[tuple[str, str]]:
    """Yield the parts of a file after its rows, each with its name for messages."""
    tables = {table.name: table for table in header.tables}
    sequences = dialect.file_sequences([t for t in header.tables if header.rows[t.name]])
    positions = dialect.file_positions(header.sequences)
    yield "the sequence statements are", _section("Sequences", [*sequences, *positions])
    yield "the end of the transaction is", _section(None, dialect.file_end())
    query = verification_query(selection, tables, dialect)
    last = [query, *dialect.file_last()]
    yield "the verification query is", _section("Verification queries", last)


def _section(title: str | None, lines: Iterable[str]) -> str:
    text = "".join(f"{line}\n" for line in lines)
    return f"\n-- {title}\n{text}" if text and title else text and f"\n{text}"


def _render_comments(header: Header) -> str:
    counted = _counted_table(header)
    generated = header.created_at.replace("T", " ").replace("Z", "")
    lines = [
        _FIRST,
        f"-- Scenario: {header.scenario}",
        f"-- Generated: {generated}",
        f"-- Version: {header.version}",
        f"-- Total {heading(counted)}: {header.rows[counted]}",
        f"-- Format: {header.format} ({header.dialect})",
        "--",
        "-- Table definitions",
        "-- [",
    ]
    for number, table in enumerate(header.tables, 1):
        found = definition(table)
        *columns, last = [f"--   {_json(column)}" for column in found.pop("columns")]
        start = _json({"table": table.name, "rows": header.rows[table.name]})
        lines.append(f'-- {start[:-1]},"columns":[')
        lines += [f"{column}," for column in columns]
        rest = f",{_json(found)[1:]}" if found else "}"
        lines.append(f"{last}]{rest}{',' if number < len(header.tables) else ''}")
    lines.append(_LAST)
    return "\n".join(lines) + "\n"


def heading(table: str) -> str:
    """Render a table's name as the heading of its rows; never empty."""
    return title(table) or table


def _counted_table(header: Header) -> str:
    """Return the table whose count stands for the snapshot's size: fragments, else the largest."""
    names = [table.name for table in header.tables]
    return "fragments" if "fragments" in names else max(names, key=lambda name: header.rows[name])


def _json(value: object) -> str:
    # ASCII, so that no character of a name can end the surrounding comment.
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


# ---------------------------------------------------------------------- parsing


def parse_header(file: BinaryIO, name: str) -> Header:
    """Read a snapshot's first lines, up to the end of the table definitions.

    `name` is the file's path for messages. At most `MAX_HEADER` bytes are read.

    Raises:
        SnapshotError: the lines differ from the form that demosnap writes.
    """
    return _parsed("\n".join(_read_lines(file, name)), name)


# Cached, since a move reads the same few files to plan, compare, load and verify.
@functools.lru_cache(8)
def _parsed(text: str, name: str) -> Header:
    lines = text.split("\n")
    fields: dict[str, str] = {}
    for number, pattern in _FIELDS.items():
        line = lines[number - 1] if number <= len(lines) else _LAST
        match = re.fullmatch(pattern, line)
        if match is None:
            raise SnapshotError(
                f"the header is not what demosnap writes: {excerpt(line)}",
                name,
                number,
                restore_hint(name),
            )
        fields |= match.groupdict()
    if int(fields["format"]) not in FORMATS:
        raise SnapshotError(
            f"the snapshot has format {fields['format']}; this demosnap reads formats "
            f"{' and '.join(map(str, FORMATS))}",
            name,
            6,
            "Install the version of demosnap that wrote it, or a newer one.",
        )
    try:
        datetime.datetime.fromisoformat(fields["generated"])
    except ValueError:
        raise SnapshotError(
            f"{fields['generated']} is not a time", name, 3, restore_hint(name)
        ) from None
    tables, rows = _parse_tables(lines, name)
    header = Header(
        scenario=fields["scenario"],
        version=fields["version"],
        created_at=fields["generated"].replace(" ", "T") + "Z",
        dialect=fields["dialect"],
        tables=tables,
        rows=rows,
        format=int(fields["format"]),
    )
    written = _render_comments(header).split("\n")
    for number, (found, expected) in enumerate(zip(lines, written, strict=False), 1):
        if found != expected:
            raise SnapshotError(
                "the header is not what demosnap writes:\n"
                f"  expected: {excerpt(expected)}\n  found:    {excerpt(found)}",
                name,
                number,
                restore_hint(name),
            )
    return header


def _read_lines(file: BinaryIO, name: str) -> list[str]:
    lines: list[str] = []
    size = 0
    while not lines or lines[-1] != _LAST:
        number = len(lines) + 1
        line = file.readline(MAX_LINE + 1)
        size += len(line)
        if not line and number == 1:
            raise SnapshotError("the file is empty", name, hint=restore_hint(name))
        if len(line) > MAX_LINE:
            raise SnapshotError(
                f"the line is longer than {MAX_LINE >> 20} MiB, which no header has", name, number
            )
        if size > MAX_HEADER:
            raise SnapshotError(f"the header is larger than {MAX_HEADER >> 20} MiB", name, number)
        raise_damage(line, name, number)
        text = line[:-1].decode()
        if number == 1 and text != _FIRST:
            raise SnapshotError(
                f"this is not a snapshot: it does not begin with {_FIRST!r}",
                name,
                1,
                restore_hint(name),
            )
        if not text.startswith("--"):
            raise SnapshotError(
                f"the header ends before its table definitions do: {excerpt(text)}",
                name,
                number,
                restore_hint(name),
            )
        lines.append(text)
    return lines


def _parse_tables(lines: list[str], name: str) -> tuple[tuple[Table, ...], dict[str, int]]:
    text = "\n".join(line.removeprefix("-- ") for line in lines[_DEFINITIONS - 1 :])
    # Every table begins on a new line, so that a message can name the line.
    begins = [i for i, line in enumerate(lines, 1) if line.startswith('-- {"table":')]
    at = _DEFINITIONS
    tables = []
    rows = {}
    try:
        found = json.loads(text)
        if not isinstance(found, list) or not found:
            raise DefinitionError("they are not a list of tables")
        for number, value in enumerate(found):
            at = begins[number] if number < len(begins) else _DEFINITIONS
            table, count = parse_table(value)
            if table.name in rows:
                raise DefinitionError(f"table {excerpt(table.name)} is there twice")
            tables.append(table)
            rows[table.name] = count
        at = _DEFINITIONS
        check_references(tables)
    except json.JSONDecodeError as error:
        reason, at = f"they are not JSON ({error.msg})", _DEFINITIONS + error.lineno - 1
    except DefinitionError as error:
        reason = str(error)
    except (RecursionError, ValueError):
        reason = "they are nested too deep, or hold a number of too many digits"
    else:
        return tuple(tables), rows
    raise SnapshotError(f"the table definitions are wrong: {reason}", name, at, restore_hint(name))
