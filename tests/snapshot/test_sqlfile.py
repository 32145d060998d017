"""Snapshot files: what the writer makes and what the reader refuses."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demosnap import dialects
from demosnap.dialects.base import Dialect
from demosnap.errors import DatabaseError, ScriptError, SnapshotError
from demosnap.model import (
    Column,
    ForeignKey,
    Header,
    Marker,
    Rule,
    Selection,
    Table,
    display_name,
)
from demosnap.rows.canonical import row_key
from demosnap.snapshot import bounded_file, layout, sqlfile
from demosnap.snapshot import header as header_room
from demosnap.snapshot.header import parse_header
from demosnap.snapshot.sqlfile import (
    SnapshotReader,
    SnapshotWriter,
    render_footer,
    render_header,
    verify,
)

VAULTS = Table(
    "vaults",
    (
        Column("id", "INTEGER", nullable=False),
        Column("name", "VARCHAR(80)", nullable=False, default="'x''y'"),
        Column("metadata", "JSON"),
    ),
    key=("id",),
    unique=(("name",),),
    triggers=("vaults_touch",),
)
FRAGMENTS = Table(
    "fragments",
    (
        Column("title", "TEXT"),
        Column("id", "INTEGER", nullable=False, identity="by default"),
        Column("vault_id", "INTEGER"),
        Column("metadata", "JSON"),
        Column("length", "INTEGER", generated=True),
    ),
    key=("id",),
    foreign_keys=(
        ForeignKey(("vault_id",), "vaults", ("id",), "fk_vault", "CASCADE", deferrable=True),
    ),
)
TODOS = Table(
    "todos",
    (Column("id", "INTEGER", nullable=False), Column("fragment_id", "INTEGER")),
    key=("id",),
    foreign_keys=(ForeignKey(("fragment_id",), "fragments", ("id",)),),
)
ROWS: Mapping[str, list[bytes]] = {
    "vaults": [b"1,'Personal','{\"demo_seed\": true}'", b"2,'It''s',NULL"],
    "fragments": [
        b"-3,'a;\n-- b\n(1,2),',1,'{}'",
        b"2,'first','2',NULL",
        b"10,'\xe2\x98\x95 \\ 100%',2,NULL",
        b"'2b','',X'00FF',-1.5",
    ],
    "todos": [],
}
SELECTION = Selection(
    "general",
    Marker("metadata", "demo_seed", "scenario"),
    {"vaults": Rule("marker"), "fragments": Rule("marker"), "todos": Rule("via", ("fragment_id",))},
)
TABLES = (VAULTS, FRAGMENTS, TODOS)
HEADER = Header(
    "general",
    "v1_2025-01-15",
    "2025-01-15T10:30:00Z",
    "sqlite",
    TABLES,
    {name: len(rows) for name, rows in ROWS.items()},
)
GOLDEN = """\
-- Demo Data Export
-- Scenario: general
-- Generated: 2025-01-15 10:30:00
-- Version: v1_2025-01-15
-- Total Fragments: 4
-- Format: 1 (sqlite)
--
-- Table definitions
-- [
-- {"table":"vaults","rows":2,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"name","type":"VARCHAR(80)","nullable":false,"default":"'x''y'"},
--   {"name":"metadata","type":"JSON"}],"key":["id"],"unique":[["name"]]},
-- {"table":"fragments","rows":4,"columns":[
--   {"name":"title","type":"TEXT"},
--   {"name":"id","type":"INTEGER","nullable":false,"identity":"by default"},
--   {"name":"vault_id","type":"INTEGER"},
--   {"name":"metadata","type":"JSON"},
--   {"name":"length","type":"INTEGER","generated":true}],"key":["id"],"foreign_keys":[\
{"columns":["vault_id"],"table":"vaults","referred_columns":["id"],"name":"fk_vault",\
"on_delete":"CASCADE","deferrable":true}]},
-- {"table":"todos","rows":0,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"fragment_id","type":"INTEGER"}],"key":["id"],"foreign_keys":[\
{"columns":["fragment_id"],"table":"fragments","referred_columns":["id"]}]}
-- ]

.bail on
"""


def sqlite() -> Dialect:
    return dialects.get("sqlite")


def write(
    path: Path,
    rows: Mapping[str, Iterable[bytes]] = ROWS,
    header: Header = HEADER,
    selection: Selection = SELECTION,
) -> SnapshotWriter:
    with SnapshotWriter(path, header, selection, sqlite()) as writer:
        for table in header.tables:
            writer.write_block(table, rows[table.name])
    return writer


def read(path: Path, selection: Selection = SELECTION) -> dict[str, list[bytes]]:
    reader = SnapshotReader(path)
    return {block.table.name: list(block.rows) for block in reader.blocks(selection)}


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "general_v1_2025-01-15.sql"
    write(path)
    return path


def refused(path: Path, data: bytes, selection: Selection = SELECTION) -> SnapshotError:
    path.write_bytes(data)
    with pytest.raises(SnapshotError) as caught:
        verify(path, selection)
    assert str(path) in str(caught.value)
    return caught.value


def line_of(data: bytes, part: bytes) -> int:
    return data.count(b"\n", 0, data.index(part)) + 1


# ---------------------------------------------------------------------- writing and reading


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


def test_rows_that_nobody_asks_for_are_skipped_and_still_checked(snapshot: Path) -> None:
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


def test_a_statement_has_at_most_half_a_mebibyte_or_one_row(tmp_path: Path) -> None:
    path = tmp_path / "x.sql"
    sizes = [200_000, 200_000, 200_000, 900_000, 10, 10, 2_000_000, 10]
    header, rows = one([b"%d,'%s'" % (i, b"\n" * size) for i, size in enumerate(sizes)])
    write(path, rows, header, ONE_SELECTION)
    assert path.read_bytes().count(b"INSERT INTO") == 6
    assert read(path, ONE_SELECTION) == rows
    half = layout.STATEMENT_BYTES // 2
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


# ---------------------------------------------------------------------- what the reader refuses


HOSTILE: Mapping[str, tuple[Callable[[bytes], bytes], str, bytes | None]] = {
    # name: (edit, words of the message, what stands on the line named; None: not said here)
    "a statement between rows": (
        lambda d: d.replace(b"(2,'first'", b"DROP TABLE vaults;\n(2,'first'"),
        "no row of fragments, or more than one: DROP TABLE vaults;",
        b"DROP TABLE",
    ),
    "a statement after a row": (
        lambda d: d.replace(b"('2b','',X'00FF',-1.5);", b"('2b','',X'00FF',-1.5); DROP TABLE a;"),
        "no row of fragments, or more than one",
        b"DROP TABLE",
    ),
    "a statement before the first INSERT": (
        lambda d: d.replace(b"\n-- Vaults", b"DROP TABLE a;\n-- Vaults", 1),
        "the header says 2 rows of vaults, and there are only 0",
        b"DROP TABLE",
    ),
    "a function for a value": (
        lambda d: d.replace(b"'first'", b"load_extension('x')"),
        "fragments.title: load_extension('x') is no literal that demosnap writes for TEXT",
        b"load_ext",
    ),
    "a sub-select": (
        lambda d: d.replace(b"'first'", b"(SELECT 1)"),
        "fragments.title: (SELECT 1) is no literal",
        b"(SELECT 1)",
    ),
    "a comment between values": (
        lambda d: d.replace(b",'first'", b",/* x */'first'"),
        "fragments.title: /* x */'first' is no literal",
        b"/*",
    ),
    "a space between values": (
        lambda d: d.replace(b",'first'", b", 'first'"),
        "fragments.title:  'first' is no literal",
        b", 'first'",
    ),
    "a value too many": (
        lambda d: d.replace(b"'first'", b"'first',1"),
        "the row of fragments has 5 values, not 4",
        b"'first'",
    ),
    "a value too few": (
        lambda d: d.replace(b",'first'", b""),
        "the row of fragments has 3 values, not 4",
        b"(2,'2'",
    ),
    "two rows on a line": (
        lambda d: d.replace(b"(2,'first','2',NULL),\n", b"(2,'first','2',NULL),"),
        "fragments.metadata: NULL) is no literal",
        b"(2,'first'",
    ),
    "another table": (
        lambda d: d.replace(b"INSERT INTO fragments", b"INSERT INTO users"),
        "expected: INSERT INTO fragments",
        b"INSERT INTO users",
    ),
    "other columns": (
        lambda d: d.replace(b"(id,title,vault_id", b"(id,vault_id,title"),
        "the header says 4 rows of fragments, and there are only 0",
        b"INSERT INTO fragments",
    ),
    "another purge": (
        lambda d: d.replace(b"DELETE FROM vaults WHERE", b"DELETE FROM vaults WHERE 1 OR"),
        "the purge statements are not what demosnap writes for this selection",
        b"WHERE 1 OR",
    ),
    "another beginning": (
        lambda d: d.replace(b".bail on\n", b".bail on\n.shell rm x\n"),
        "the beginning of the transaction is not what demosnap writes",
        b".shell",
    ),
    "no COMMIT": (
        lambda d: d.replace(b"COMMIT;", b"ROLLBACK;"),
        "the end of the transaction is not what demosnap writes",
        b"ROLLBACK",
    ),
    "another verification query": (
        lambda d: d.replace(b"SELECT 'Todos', COUNT(*)", b"SELECT 'Todos', 0"),
        "the verification query is not what demosnap writes",
        b"SELECT 'Todos', 0",
    ),
    "CRLF everywhere": (
        lambda d: d.replace(b"\n", b"\r\n"),
        ".gitattributes",
        b"-- Demo",
    ),
    "CRLF after a row": (
        lambda d: d.replace(b"'2',NULL),\n", b"'2',NULL),\r\n"),
        "core.autocrlf",
        b"(2,'first'",
    ),
    "a byte of latin-1": (
        lambda d: d.replace(b"'first'", b"'f\xefrst'"),
        "byte 0xEF is not UTF-8",
        b"(2,'f",
    ),
    "a byte of latin-1 in the header": (
        lambda d: d.replace(b"-- Vaults", b"-- V\xe4ults"),
        "byte 0xE4 is not UTF-8",
        b"-- V\xe4",
    ),
    "a NUL outside of a literal": (
        lambda d: d.replace(b",'first'", b",\0'first'"),
        r"fragments.title: \x00'first' is no literal",
        b"(2,\0",
    ),
    "a NUL inside of a literal": (
        lambda d: d.replace(b"'first'", b"'\0first'"),
        "fragments.title",
        b"(2,'\0",
    ),
    "a quote that is not closed": (
        lambda d: d.replace(b"'first'", b"'first"),
        "a quote in the row that begins here is never closed",
        b"(2,'first",
    ),
    "a backslash escape": (
        lambda d: d.replace(b"'first'", b"'it\\'s'"),
        "a quote in the row that begins here is never closed",
        b"(2,'it",
    ),
    "two backslash escapes": (
        lambda d: d.replace(b"'first'", b"'it\\'s John\\'s'"),
        "fragments.title: 'it\\'s John\\'s' is no literal",
        b"(2,'it",
    ),
    "the last row missing": (
        lambda d: d.replace(b",\n('2b','',X'00FF',-1.5);", b";"),
        "the header says 4 rows of fragments, and there are only 3",
        None,
    ),
    "the last row missing, its comma left": (
        lambda d: d.replace(b"('2b','',X'00FF',-1.5);\n", b""),
        "this is no row of fragments",
        None,
    ),
    "a row too many": (
        lambda d: d.replace(b"-1.5);", b"-1.5),\n('3','','',NULL);"),
        "the last of 4 rows of fragments, but it does not end with ');'",
        b"('2b'",
    ),
    "a row twice": (
        lambda d: d.replace(b"(10,", b"(2,"),
        "fragments: the row id=2 is there twice or out of order",
        b"(2,'\xe2",
    ),
    "rows in another order": (
        lambda d: d.replace(b"(-3,", b"(7,"),
        "fragments: the row id=2 is there twice or out of order",
        b"(2,'first'",
    ),
    "a statement split elsewhere": (
        lambda d: d.replace(
            b"'2',NULL),\n",
            b"'2',NULL);\nINSERT INTO fragments (id,title,vault_id,metadata) VALUES\n",
        ),
        "the INSERTs of fragments are not divided as demosnap does it",
        b"(10,",
    ),
    "something after the end": (lambda d: d + b"x", "stands after the snapshot's end: x", None),
    "an empty line after the end": (lambda d: d + b"\n", "stands after the snapshot's end", None),
    "no last line end": (lambda d: d[:-1], "it is truncated", None),
    "cut in the rows": (lambda d: d[: d.index(b"first'")], "it is truncated", None),
    "cut between the rows": (lambda d: d[: d.index(b"(2,'first'")], "it is truncated", None),
    "cut in a text of several lines": (
        lambda d: d[: d.index(b"-- b\n(1")],
        "never closed",
        b"(-3,",
    ),
    "cut in the header": (lambda d: d[:200], "it is truncated", None),
    "empty": (lambda d: b"", "the file is empty", None),
    "something else": (lambda d: b"PK\3\4\n" + d, "this is no snapshot", b"PK"),
    "a merge": (
        lambda d: d.replace(b"(2,'first'", b"<<<<<<< HEAD\n(2,'first'"),
        "git's conflict markers",
        b"<<<<<<<",
    ),
    "a merge in the header": (
        lambda d: d.replace(b"-- Generated", b"<<<<<<< HEAD\n-- Generated"),
        "git's conflict markers",
        b"<<<<<<<",
    ),
    "a merge at the end": (
        lambda d: d.replace(b"COMMIT;", b">>>>>>> other\nCOMMIT;"),
        "git's conflict markers",
        b">>>>>>>",
    ),
    "a merge in a text": (
        lambda d: d.replace(b"-- b\n", b"<<<<<<< HEAD\n").replace(b"\n(2,", b"\n=======\n(2,"),
        "git's conflict markers",
        b"=======",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_reader_refuses(snapshot: Path, name: str) -> None:
    edit, words, at = HOSTILE[name]
    before = snapshot.read_bytes()
    data = edit(before)
    assert data != before
    error = refused(snapshot, data)
    assert words in str(error)
    if at is not None:
        assert error.line == line_of(data, at)


HOSTILE_HEADERS: Mapping[str, tuple[str, str, str]] = {
    # name: (what stands there, what is put there, words of the message)
    "a type that is a number": ('"type":"JSON"', '"type":5', "'type' of a column: 5 is no text"),
    "null for a name": ('"name":"title"', '"name":null', "None is no text"),
    "a name with a NUL": ('"name":"title"', r'"name":"a\u0000"', "holds what no name can hold"),
    "half a character": ('"name":"title"', r'"name":"\ud800"', "holds what no name can hold"),
    "1 for true": ('"generated":true', '"generated":1', "1 is neither true nor false"),
    "what is as usual": ('"type":"JSON"}', '"type":"JSON","nullable":true}', "not what demosnap"),
    "an unknown field": ('"type":"JSON"}', '"type":"JSON","x":1}', "unknown field 'x'"),
    "an unknown field of a table": ('"key":["id"],"u', '"keys":["id"],"u', "field 'keys'"),
    "a field twice": ('"name":"title"', '"name":"x","name":"title"', "not what demosnap writes"),
    "another order of fields": (
        '"name":"title","type":"TEXT"',
        '"type":"TEXT","name":"title"',
        "not what demosnap writes",
    ),
    "no columns": ('"fragment_id","type":"INTEGER"}]', '"fragment_id"}]', "has no 'type'"),
    "columns that are an object": ('"rows":0,"columns":[', '"rows":0,"columns":{', "no JSON"),
    "a column twice": ('"name":"title"', '"name":"id"', "two columns of one name"),
    "a table twice": ('"table":"todos","rows"', '"table":"vaults","rows"', "is there twice"),
    "no table name": ('"table":"todos","rows"', '"table":"a b","rows"', "a b is no table name"),
    "a key of unknown columns": ('"key":["id"],"u', '"key":["ix"],"u', "has no column 'ix'"),
    "a key of nothing": ('"key":["id"],"u', '"key":[],"u', "no list of at least one"),
    "a key that is a text": ('"key":["id"],"u', '"key":"id","u', "no list of at least one"),
    "a key of a column twice": ('"key":["id"],"u', '"key":["id","id"],"u', "a column twice"),
    "a key that is computed": ('"key":["id"],"f', '"key":["length"],"f', "is computed"),
    "a foreign key to nothing": ('"referred_columns":["id"],', '"referred_columns":["x"],', "'x'"),
    "a foreign key of two": ('"columns":["vault_id"]', '"columns":["vault_id","id"]', "as many"),
    "an unknown identity": ('"by default"', '"sometimes"', "neither 'always' nor"),
    "rows below zero": ('"rows":0', '"rows":-1', "no number of rows"),
    "rows that are true": ('"rows":0', '"rows":true', "no number of rows"),
    "rows with a fraction": ('"rows":0', '"rows":0.0', "no number of rows"),
    "rows of too many digits": ('"rows":0', '"rows":' + "1" * 5000, "are wrong"),
    "nested too deep": ('"rows":0', '"rows":' + "[" * 100_000, "are wrong"),
    "no table at all": ("-- [\n", "-- [\n-- ]\n", "no list of tables"),
    "no JSON": ('"rows":2,', '"rows":2', "no JSON"),
    "no scenario": ("Scenario: general", "Scenario: General", "not what demosnap writes"),
    "no time": ("Generated: 2025-01-15", "Generated: 2025-13-15", "2025-13-15 10:30:00 is no time"),
    "no version": ("Version: v1_", "Version: v0_", "not what demosnap writes"),
    "another total": ("Total Fragments: 4", "Total Fragments: 5", "expected: -- Total Fragments"),
    "another format": ("Format: 1", "Format: 2", "format 2; this demosnap reads format 1"),
    "another dialect": ("(sqlite)", "(oracle)", "does not know the dialect 'oracle'"),
    "a line more": ("-- Format", "-- x\n-- Format", "not what demosnap writes"),
    "statements too early": ("-- Table def", "DROP TABLE x;\n-- Table def", "DROP TABLE x;"),
}


@pytest.mark.parametrize("name", HOSTILE_HEADERS)
def test_the_reader_refuses_a_header_with(snapshot: Path, name: str) -> None:
    there, instead, words = HOSTILE_HEADERS[name]
    before = snapshot.read_bytes()
    data = before.replace(there.encode(), instead.encode(), 1)
    assert data != before
    assert words in str(refused(snapshot, data))
    with pytest.raises(SnapshotError):
        SnapshotReader(snapshot)


def test_a_header_cannot_be_large(snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = snapshot.read_bytes()
    column = b'--   {"name":"title","type":"TEXT"},\n'
    many = b"".join(b'--   {"name":"c%d","type":"TEXT"},\n' % i for i in range(5000))
    assert "lists more than 4096" in str(refused(snapshot, data.replace(column, many)))
    million = b"".join(b'--   {"name":"c%d","type":"TEXT"},\n' % i for i in range(1_000_000))
    assert "larger than 16 MiB" in str(refused(snapshot, data.replace(column, million)))
    one_line = b'"' + b"x" * (2 << 20) + b'"'
    assert "longer than 1 MiB" in str(refused(snapshot, data.replace(b'"TEXT"', one_line)))
    # Only the top is read: what follows the definitions does not matter to the header.
    snapshot.write_bytes(data[: data.index(b"-- ]\n") + 5])
    assert SnapshotReader(snapshot).header.version == "v1_2025-01-15"


def test_a_missing_file_and_a_folder_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"x\.sql: the snapshot is missing"):
        SnapshotReader(tmp_path / "x.sql")
    with pytest.raises(SnapshotError, match="cannot be read: Is a directory"):
        SnapshotReader(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scenario", "writer"),
        ("version", "v2_2025-01-20"),
        ("created_at", "2025-01-15T10:30:01Z"),
        ("dialect", "postgresql"),
        ("format", 2),
        ("rows", {"vaults": 2, "fragments": 4, "todos": 1}),
    ],
)
def test_the_header_must_agree_with_the_script(snapshot: Path, field: str, value: object) -> None:
    expected = replace(HEADER, tables=(), **{field: value})  # type: ignore[arg-type]
    verify(snapshot, SELECTION, replace(HEADER, tables=()))
    with pytest.raises(SnapshotError, match=f"the snapshot's {field} and the revision script's"):
        verify(snapshot, SELECTION, expected)


def test_the_tables_must_be_those_of_the_selection(snapshot: Path) -> None:
    rules = dict(SELECTION.rules)
    for other in (
        dict(list(rules.items())[:2]),
        dict(reversed(rules.items())),
        {**rules, "users": Rule("marker")},
    ):
        with pytest.raises(SnapshotError, match="the snapshot's tables and"):
            verify(snapshot, replace(SELECTION, rules=other))
    with pytest.raises(SnapshotError, match="the snapshot's scenario and"):
        verify(snapshot, replace(SELECTION, scenario="writer"))


def test_a_long_line_that_differs_is_shown_where_it_differs(snapshot: Path) -> None:
    data = snapshot.read_bytes()
    error = refused(snapshot, data.replace(b"='general' OR", b"='evil' OR", 1))
    assert "found:    …" in str(error) and "='evil' OR" in str(error)
    assert "expected: …" in str(error) and len(str(error)) < 800


# ---------------------------------------------------------------------- properties

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


@settings(deadline=None)
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
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
    for at in range(len(data)):
        byte = (b"'", b"\n", b"\xff")[at % 3]
        changed = data[:at] + byte + data[at + 1 :]
        refused_or_the_same(snapshot, changed, SELECTION, again)


@settings(deadline=None)
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
