"""Snapshot files: what the writer makes, what it refuses to make, and what a read gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from demosnap.errors import DatabaseError, ScriptError, SnapshotError
from demosnap.model import Column, Header, Marker, Rule, Selection, Table, display_name
from demosnap.snapshot import bounded_file, checked_rows, sqlfile
from demosnap.snapshot.sqlfile import (
    SnapshotReader,
    SnapshotWriter,
    render_footer,
    render_header,
    verify,
)
from support.snapshots import GOLDEN, HEADER, ROWS, SELECTION, TABLES, VAULTS, sqlite, write


def read(path: Path, selection: Selection = SELECTION) -> dict[str, list[bytes]]:
    reader = SnapshotReader(path)
    return {block.table.name: list(block.rows) for block in reader.blocks(selection)}


def test_the_file_begins_as_the_document_says_and_holds_the_rows(snapshot: Path) -> None:
    text = snapshot.read_bytes().decode()
    assert text.startswith(GOLDEN)
    assert "\n\n-- Cleanup existing demo data\nDELETE FROM todos WHERE fragment_id IN" in text
    assert (
        "\n\n-- Fragments\nINSERT INTO fragments (id,title,vault_id,metadata) VALUES\n"
        "(-3,'a;\n-- b\n(1,2),',1,'{}'),\n(2,'first','2',NULL),\n" in text
    )
    assert "('2b','',X'00FF',-1.5);\n\nCOMMIT;\n\n-- Verification queries\nSELECT 'Vaults'" in text
    assert "-- Todos" not in text
    assert "\r" not in text and text.endswith(";\n") and not text.endswith("\n\n")


def test_header_and_footer_are_all_the_text_around_the_rows(snapshot: Path) -> None:
    text = snapshot.read_bytes().decode()
    assert text.startswith(render_header(HEADER, SELECTION, sqlite()) + "\n-- Vaults\nINSERT")
    assert text.endswith(");\n" + render_footer(HEADER, SELECTION, sqlite()))


def test_a_read_gives_header_rows_digest_and_size(snapshot: Path) -> None:
    writer = write(snapshot)
    reader = SnapshotReader(snapshot)
    assert reader.header == replace(
        HEADER, tables=tuple(replace(table, triggers=()) for table in TABLES)
    )
    found = {b.table.name: list(b.rows) for b in reader.blocks(SELECTION, HEADER)}
    assert found == ROWS
    assert reader.rows == HEADER.rows
    assert reader.digest == writer.digest == verify(snapshot, SELECTION, HEADER)
    assert writer.size == snapshot.stat().st_size


def test_the_digest_is_of_names_and_rows_alone(snapshot: Path) -> None:
    import hashlib

    text = b"vaults (id,name,metadata)\n" + b"".join(row + b"\n" for row in ROWS["vaults"])
    text += b"fragments (id,title,vault_id,metadata)\n"
    text += b"".join(row + b"\n" for row in ROWS["fragments"]) + b"todos (id,fragment_id)\n"
    assert verify(snapshot, SELECTION) == hashlib.sha256(text).hexdigest()
    other = replace(HEADER, version="v2_2025-01-20", created_at="2025-01-20T00:00:00Z")
    assert write(snapshot, header=other).digest == hashlib.sha256(text).hexdigest()


def test_skipped_rows_are_still_checked(snapshot: Path) -> None:
    reader = SnapshotReader(snapshot)
    for block in reader.blocks(SELECTION):
        next(block.rows, None)
    assert reader.digest == verify(snapshot, SELECTION)
    snapshot.write_bytes(snapshot.read_bytes().replace(b"'first'", b"lower('x')"))
    with pytest.raises(SnapshotError, match="lower"):
        for _ in SnapshotReader(snapshot).blocks(SELECTION):
            pass


def test_a_row_more_than_the_header_says_is_refused_even_unchecked(snapshot: Path) -> None:
    """The rows of one INSERT are read at a stretch, which must not go past the last one."""
    data = snapshot.read_bytes()
    snapshot.write_bytes(data.replace(b"('2b','',X'00FF',-1.5);", b"('2b','',X'00FF',-1.5),\n(9);"))
    with pytest.raises(SnapshotError, match="by the header this is the last row of fragments"):
        for _ in SnapshotReader(snapshot).blocks(SELECTION, checked=False):
            pass


def test_the_first_table_stands_for_the_total_where_there_are_no_fragments(tmp_path: Path) -> None:
    header = replace(HEADER, tables=(VAULTS,), rows={"vaults": 2})
    selection = replace(SELECTION, rules={"vaults": Rule("marker")})
    write(tmp_path / "x.sql", header=header, selection=selection)
    assert b"\n-- Total Vaults: 2\n" in (tmp_path / "x.sql").read_bytes()
    assert read(tmp_path / "x.sql", selection) == {"vaults": ROWS["vaults"]}


ONE = Table("t", (Column("id", "INTEGER", nullable=False), Column("text", "TEXT")), key=("id",))
ONE_SELECTION = Selection("general", Marker(where="1 = 1"), {"t": Rule("marker")})


def one(rows: list[bytes], table: Table = ONE) -> tuple[Header, dict[str, list[bytes]]]:
    return replace(HEADER, tables=(table,), rows={"t": len(rows)}), {"t": rows}


@pytest.mark.parametrize("count", [999, 1000, 1001, 2000, 2001])
def test_a_statement_has_at_most_a_thousand_rows(tmp_path: Path, count: int) -> None:
    path = tmp_path / "x.sql"
    header, rows = one([b"%d,''" % i for i in range(count)])
    write(path, rows, header, ONE_SELECTION)
    assert path.read_bytes().count(b"INSERT INTO") == -(-count // 1000)
    assert read(path, ONE_SELECTION) == rows


@pytest.mark.parametrize("piece", [1, 7, 64, 4096, 1 << 20])
def test_the_rows_stand_right_behind_a_header_that_was_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    """They are written first, in one file, and moved by pieces of whatever size."""
    path = tmp_path / "x.sql"
    header, rows = one([b"%d,'%s'" % (i, b"x" * (i % 50)) for i in range(1234)])
    write(path, rows, header, ONE_SELECTION)
    expected = path.read_bytes()
    path.unlink()
    monkeypatch.setattr(sqlfile, "_MOVED", piece)

    def watched() -> Iterator[bytes]:
        yield from rows["t"]
        assert [one.name for one in tmp_path.iterdir()] == ["x.sql"]

    writer = write(path, {"t": watched()}, replace(header, rows={}), ONE_SELECTION)
    assert path.read_bytes() == expected
    assert (writer.size, writer.rows) == (len(expected), {"t": 1234})


def test_there_is_room_for_the_longest_heading(tmp_path: Path) -> None:
    """Of the largest table, which is known when all rows are: some letters grow as capitals."""
    path = tmp_path / "x.sql"
    large = replace(ONE, name=display_name(None, "ΰ_" * 200))
    small = replace(ONE, name="a")
    header = replace(HEADER, tables=(small, large), rows={})
    rules = {table.name: Rule("marker") for table in header.tables}
    selection = replace(ONE_SELECTION, rules=rules)
    rows = {small.name: [b"1,'x'"], large.name: [b"1,'x'", b"2,'y'"]}
    write(path, rows, header, selection)
    assert read(path, selection) == rows


@pytest.mark.parametrize("width", [2, 30, 31, 32, 400])
def test_each_value_of_a_wide_row_is_checked(width: int) -> None:
    columns = tuple(Column(f"c{place}", "INTEGER") for place in range(width))
    accepts = checked_rows.matcher(Table("wide", columns, ("c0",)), sqlite())
    values = [b"NULL", b"'it''s, (1)'", b"-7", b"1.5", b"X'00FF'"] * width
    assert accepts(b",".join(values[:width]))
    for count in (width - 1, width + 1):
        assert not accepts(b",".join(values[:count]))
    for wrong in (0, width // 2, width - 1):
        row = [*values[:wrong], b"upper('x')", *values[wrong + 1 : width]]
        assert not accepts(b",".join(row))


def test_a_statement_has_at_most_half_a_mebibyte_or_one_row(tmp_path: Path) -> None:
    path = tmp_path / "x.sql"
    sizes = [200_000, 200_000, 200_000, 900_000, 10, 10, 2_000_000, 10]
    header, rows = one([b"%d,'%s'" % (i, b"\n" * size) for i, size in enumerate(sizes)])
    write(path, rows, header, ONE_SELECTION)
    assert path.read_bytes().count(b"INSERT INTO") == 6
    assert read(path, ONE_SELECTION) == rows
    half = bounded_file.STATEMENT_BYTES // 2
    header, rows = one([b"%d,'%s'" % (i, b"x" * (half - 8)) for i in range(2)])
    write(path, rows, header, ONE_SELECTION)
    assert path.read_bytes().count(b"INSERT INTO") == 1
    header, rows = one([b"%d,'%s'" % (i, b"x" * (half - 8 + i)) for i in range(2)])
    write(path, rows, header, ONE_SELECTION)
    assert path.read_bytes().count(b"INSERT INTO") == 2
    assert read(path, ONE_SELECTION) == rows


def test_rows_of_a_table_without_a_key_may_be_equal(tmp_path: Path) -> None:
    table = replace(ONE, key=())
    header, rows = one([b"1,'a'", b"1,'a'", b"1,'b'"], table)
    write(tmp_path / "x.sql", rows, header, ONE_SELECTION)
    assert read(tmp_path / "x.sql", ONE_SELECTION) == rows
    header, rows = one([b"1,'b'", b"1,'a'"], table)
    with pytest.raises(DatabaseError, match="out of order"):
        write(tmp_path / "x.sql", rows, header, ONE_SELECTION)


@pytest.mark.parametrize(
    ("rows", "count", "words"),
    [
        ([b"1,''", b"1,''"], 2, "t: the row id=1 is out of order or duplicate"),
        ([b"2,''", b"1,''"], 2, "t: the row id=1 is out of order"),
        ([b"10,''", b"9,''"], 2, "id=9"),
        ([b"'a',''", b"1,''"], 2, "id=1"),
        ([b"1,''"], 2, "1 was read where 2 were counted"),
        ([b"1,''", b"2,''"], 1, "2 were read where 1 was counted"),
    ],
)
def test_the_writer_refuses_what_the_reader_would(
    tmp_path: Path, rows: list[bytes], count: int, words: str
) -> None:
    header = replace(HEADER, tables=(ONE,), rows={"t": count})
    with pytest.raises(DatabaseError, match=re.escape(words)):
        write(tmp_path / "x.sql", {"t": rows}, header, ONE_SELECTION)
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_rows_are_read_leaves_no_file(tmp_path: Path) -> None:
    def rows() -> Iterable[bytes]:
        yield b"1,''"
        raise ZeroDivisionError

    header = replace(HEADER, tables=(ONE,), rows={"t": 2})
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "x.sql", {"t": rows()}, header, ONE_SELECTION)
    assert list(tmp_path.iterdir()) == []


def test_text_that_is_not_utf_8_is_refused_by_the_writer_too(tmp_path: Path) -> None:
    header, rows = one([b"1,'\xc3\xa9'", b"2,'\n'", b"3,'\xe9'"])
    with pytest.raises(DatabaseError, match="t: the row id=3 holds text that is not UTF-8"):
        write(tmp_path / "x.sql", rows, header, ONE_SELECTION)
    assert list(tmp_path.iterdir()) == []


def test_a_table_left_out_leaves_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="vaults was not written"),
        SnapshotWriter(tmp_path / "x.sql", HEADER, SELECTION, sqlite()),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be written: No such file or directory"):
        write(tmp_path / "none" / "x.sql")


def test_a_selection_that_does_not_fit_is_an_error(tmp_path: Path, snapshot: Path) -> None:
    wrong = replace(SELECTION, rules={**SELECTION.rules, "todos": Rule("via", ("id",))})
    with pytest.raises(ScriptError):
        SnapshotWriter(tmp_path / "x.sql", HEADER, wrong, sqlite())
    with pytest.raises(SnapshotError, match="definitions do not fit the selection: todos has no"):
        verify(snapshot, wrong)


def test_a_row_larger_than_a_snapshot_holds_is_refused_by_both_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.sql"
    for text in (b"x" * 3_000_000, b"''" * 1_500_000, b"\n" * 3_000_000):
        header, rows = one([b"1,'%s'" % text])
        write(path, rows, header, ONE_SELECTION)
        with monkeypatch.context() as patched:
            patched.setattr(bounded_file, "MAX_ROW", 2 << 20)
            patched.setattr(bounded_file, "MAX_QUOTES", 2_000_000)
            with pytest.raises(SnapshotError, match="row that begins here is larger than 2 MiB"):
                verify(path, ONE_SELECTION)
            patched.setattr(bounded_file, "MAX_ROW", 4 << 20)
            if b"'" in text:
                with pytest.raises(SnapshotError, match="a row of more than 2,000,000 quotes"):
                    verify(path, ONE_SELECTION)
            patched.setattr(bounded_file, "MAX_ROW", 2 << 20)
            with pytest.raises(DatabaseError, match="id=1 is larger than 2 MiB"):
                write(path, rows, header, ONE_SELECTION)
