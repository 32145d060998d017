"""Whatever is written is read the same, and no edit of a byte goes unnoticed."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demosnap.errors import SnapshotError
from demosnap.model import Column, Header, Marker, Rule, Selection, Table
from demosnap.rows.canonical import row_key
from demosnap.snapshot import header as header_room
from demosnap.snapshot.header import parse_header
from demosnap.snapshot.sqlfile import SnapshotReader
from support.draw import examples, is_long
from support.snapshots import GOLDEN, SELECTION, sqlite, write

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
TEXTS = st.text(
    st.one_of(st.sampled_from("'\n,();-%\\é☕"), st.characters(codec="utf-8")), max_size=30
)
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    TEXTS,
    st.binary(max_size=8),
)


def display(name: str) -> str:
    return name if re.fullmatch(r'[^."\s]+', name) else '"' + name.replace('"', '""') + '"'


def encoded(value: object) -> bytes:
    return sqlite().encode(value, Column("any", "ANY"))


@st.composite
def snapshots(draw: st.DrawFn) -> tuple[Header, Selection, dict[str, list[bytes]]]:
    tables = []
    rows = {}
    for name in draw(st.lists(NAMES.map(display), min_size=1, max_size=3, unique=True)):
        columns = tuple(
            Column(
                column,
                draw(NAMES),
                draw(st.booleans()),
                draw(st.none() | NAMES),
                identity=draw(st.sampled_from([None, "always", "by default"])),
            )
            for column in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
        )
        names = [column.name for column in columns]
        key = tuple(draw(st.lists(st.sampled_from(names), unique=True)))
        unique = tuple(draw(st.lists(st.just(tuple(names)), max_size=1)))
        table = Table(name, columns, key, unique)
        tables.append(table)
        literals = st.tuples(*(VALUES.map(encoded) for _ in names))
        found = {
            row_key(table)(row): row for row in map(b",".join, draw(st.lists(literals, max_size=6)))
        }
        rows[name] = [row for _, row in sorted(found.items())]
    number = draw(st.integers(1, 20))
    header = Header(
        "general",
        f"v{number}_2025-01-15",
        "2025-01-15T10:30:00Z",
        "sqlite",
        tuple(tables),
        {name: len(found) for name, found in rows.items()},
    )
    where = draw(st.sampled_from(["1 = 1", "tenant = 7\n  AND x = ':scenario'", ":scenario = s"]))
    rules = {table.name: Rule("marker") for table in tables}
    return header, Selection("general", Marker(where=where), rules), rows


@settings(max_examples=examples(100), deadline=None)
@given(snapshots())
def test_whatever_is_written_is_read_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    made: tuple[Header, Selection, dict[str, list[bytes]]],
) -> None:
    header, selection, rows = made
    path = tmp_path_factory.getbasetemp() / "property.sql"
    writer = write(path, rows, header, selection)
    reader = SnapshotReader(path)
    assert reader.header == header
    found = {b.table.name: list(b.rows) for b in reader.blocks(selection, header)}
    assert found == rows
    assert (reader.digest, path.stat().st_size) == (writer.digest, writer.size)
    unchecked = reader.blocks(selection, header, checked=False)
    assert {b.table.name: list(b.rows) for b in unchecked} == rows
    assert reader.digest == writer.digest


@st.composite
def edits(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Return a change of some bytes somewhere: put in, taken out, exchanged, copied, cut."""
    where = draw(st.floats(0, 1))
    length = draw(st.integers(0, 40))
    kind = draw(st.sampled_from(["put", "take", "exchange", "copy", "cut", "swap"]))
    sql = [b"'", b"''", b",", b"\n", b");\n", b"),\n(", b"NULL", b"-- ", b"\0", b"0", b"\xff", b"{"]
    text = draw(st.sampled_from(sql) | st.binary(min_size=1, max_size=6))

    def edit(data: bytes) -> bytes:
        at = int(where * len(data))
        before, part, after = data[:at], data[at : at + length], data[at + length :]
        if kind == "put":
            return before + text + part + after
        if kind == "take":
            return before + after
        if kind == "exchange":
            return before + text + data[at + len(text) :]
        if kind == "copy":
            return before + part + part + after
        if kind == "cut":
            return before
        lines = data.split(b"\n")
        place = int(where * (len(lines) - 1))
        lines[place - 1 : place + 1] = reversed(lines[place - 1 : place + 1])
        return b"\n".join(lines)

    return edit


def refused_or_the_same(
    path: Path, data: bytes, selection: Selection, again: Path
) -> SnapshotError | None:
    path.write_bytes(data)
    try:
        reader = SnapshotReader(path)
        rows = {b.table.name: list(b.rows) for b in reader.blocks(selection)}
    except SnapshotError as error:
        return error
    write(again, rows, reader.header, selection)
    assert again.read_bytes() == data
    return None


@settings(
    max_examples=examples(600),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(edits(), min_size=1, max_size=3))
def test_an_edited_file_is_refused_or_is_what_the_writer_makes(
    snapshot: Path, changes: list[Callable[[bytes], bytes]]
) -> None:
    again = snapshot.with_name("again.sql")
    write(again)
    data = again.read_bytes()
    for change in changes:
        data = change(data)
    refused_or_the_same(snapshot, data, SELECTION, again)


def test_a_file_cut_anywhere_is_refused(snapshot: Path) -> None:
    data = snapshot.read_bytes()
    again = snapshot.with_name("again.sql")
    for length in range(0, len(data), 5):
        assert refused_or_the_same(snapshot, data[:length], SELECTION, again) is not None


def test_every_byte_counts(snapshot: Path) -> None:
    data = snapshot.read_bytes()
    again = snapshot.with_name("again.sql")
    for at in range(0, len(data), 1 if is_long() else 4):
        byte = (b"'", b"\n", b"\xff")[at % 3]
        changed = data[:at] + byte + data[at + 1 :]
        refused_or_the_same(snapshot, changed, SELECTION, again)


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_for_a_header_are_refused(data: bytes) -> None:
    for text in (data, b"-- Demo Data Export\n" + data, GOLDEN.encode()[:420] + data):
        with pytest.raises(SnapshotError):
            parse_header(io.BytesIO(text), "x.sql")


def test_the_limits_of_a_header_bound_what_is_read() -> None:
    line = b"-- " + b"x" * 1000 + b"\n"
    text = io.BytesIO(b"-- Demo Data Export\n" + line * (header_room.MAX_HEADER // len(line) * 2))
    with pytest.raises(SnapshotError, match="larger than 16 MiB"):
        parse_header(text, "x.sql")
    assert text.tell() <= header_room.MAX_HEADER + len(line)
