"""A snapshot as `git diff` shows it: a heading for each row, and below it a line for each cell.

Text outside of rows, and rows that demosnap would write differently, are shown unchanged: a review
sees every byte that a database's own client would run. Only NULLs, separators between rows, and
the heads of a table's further INSERTs are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from demosnap import dialects
from demosnap.errors import DemosnapError
from demosnap.model import Table
from demosnap.rows.canonical import split
from demosnap.snapshot import json_diff
from demosnap.snapshot.header import parse_header
from demosnap.snapshot.layout import sections

_MORE = "    | "
"""The prefix of all lines of a value after the first."""

_ENCODERS = [
    json.JSONEncoder(ensure_ascii=ascii_only, separators=separators)
    for separators in ((", ", ": "), (",", ":"))
    for ascii_only in (False, True)
]
"""Encoders for the usual forms of JSON."""


def convert(path: str | Path) -> Iterator[bytes]:
    """Yield the text of a snapshot file in pieces; other files are yielded unchanged."""
    with Path(path).open("rb", buffering=1 << 20) as file:
        heads = _heads(file, str(path))
        file.seek(0)
        yield from _pieces(file, heads)


def _heads(file: BinaryIO, name: str) -> dict[bytes, Table]:
    """Return the tables by the line that precedes their rows; empty if the header is invalid."""
    try:
        header = parse_header(file, name)
        found = sections(header, dialects.get(header.dialect))
    except (DemosnapError, KeyError):
        return {}
    tables = {table.name: table for table in header.tables}
    return {section.head.encode(): tables[name] for name, section in found.items()}


def _pieces(file: BinaryIO, heads: dict[bytes, Table]) -> Iterator[bytes]:
    table: Table | None = None
    names: list[str] = []
    head = may_follow = b""
    for line in iter(file.readline, b""):
        if table is None or not line.startswith(b"("):
            if line != may_follow:
                yield line
            may_follow = b""
            if line in heads:
                table, head = heads[line], line
                names = [column.name for column in table.captured]
            continue
        record = _record(file, line)
        literals = split(record[1:-3])
        if not record.endswith((b"),\n", b");\n")) or len(literals) != len(names):
            yield record
            continue
        yield _row(table, names, literals)
        if record.endswith(b");\n"):
            table, may_follow = None, head


def _record(file: BinaryIO, line: bytes) -> bytes:
    """Return all lines of the row that begins with a line."""
    if line.count(b"'") % 2 == 0:
        return line
    lines = [line]
    for more in iter(file.readline, b""):
        lines.append(more)
        if more.count(b"'") % 2:
            break
    return b"".join(lines)


def _row(table: Table, names: list[str], literals: list[bytes]) -> bytes:
    width = len(table.key)
    texts = [literal.decode("utf-8", "backslashreplace") for literal in literals]
    key = ", ".join(map("=".join, zip(names[:width], texts[:width], strict=True)))
    heading = _printable(f"{table.name} {key}".rstrip().replace("\n", "\\n"))
    lines = ["", heading]
    for name, text in zip(names[width:], texts[width:], strict=True):
        if text == "NULL":
            continue
        if text[:2] in ("'{", "'["):
            leaves = _leaves(text)
            if leaves:
                lines += [_printable(f"  {name} {leaf}") for leaf in leaves]
                continue
        lines.append(f"  {name}: {text}" if text.isprintable() else _cell(name, text))
    lines.append("")
    return "\n".join(lines).encode("utf-8", "backslashreplace")


def _cell(name: str, text: str) -> str:
    return f"\n{_MORE}".join(map(_printable, f"  {name}: {text}".split("\n")))


def _leaves(literal: str) -> list[str]:
    """Return the values of a JSON document with their paths; empty if they are not all of it."""
    text = literal[1:-1].replace("''", "'")
    try:
        document = json.loads(text)
        for encoder in _ENCODERS:
            if encoder.encode(document) == text:
                colon = encoder.key_separator
                return [
                    f"{path}{colon}{encoder.encode(value)}"
                    for path, value in json_diff.leaves(document)
                ]
    except (ValueError, RecursionError):
        pass
    return []


def _printable(text: str) -> str:
    """Escape characters that move the cursor or reverse the text direction."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
