"""What the reader of snapshot files refuses, and how it says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from demosnap.errors import SnapshotError
from demosnap.model import Rule, Selection
from demosnap.snapshot.sqlfile import SnapshotReader, verify
from support.snapshots import HEADER, SELECTION


def refused(path: Path, data: bytes, selection: Selection = SELECTION) -> SnapshotError:
    path.write_bytes(data)
    with pytest.raises(SnapshotError) as caught:
        verify(path, selection)
    assert str(path) in str(caught.value)
    return caught.value


def line_of(data: bytes, part: bytes) -> int:
    return data.count(b"\n", 0, data.index(part)) + 1


HOSTILE: Mapping[str, tuple[Callable[[bytes], bytes], str, bytes | None]] = {
    # name: (edit, words of the message, what stands on the line named; None: not said here)
    "a statement between rows": (
        lambda d: d.replace(b"(2,'first'", b"DROP TABLE vaults;\n(2,'first'"),
        "not a row of fragments, or more than one: DROP TABLE vaults;",
        b"DROP TABLE",
    ),
    "a statement after a row": (
        lambda d: d.replace(b"('2b','',X'00FF',-1.5);", b"('2b','',X'00FF',-1.5); DROP TABLE a;"),
        "not a row of fragments, or more than one",
        b"DROP TABLE",
    ),
    "a statement before the first INSERT": (
        lambda d: d.replace(b"\n-- Vaults", b"DROP TABLE a;\n-- Vaults", 1),
        "the header says 2 rows of vaults, and there are only 0",
        b"DROP TABLE",
    ),
    "a function for a value": (
        lambda d: d.replace(b"'first'", b"load_extension('x')"),
        "fragments.title: load_extension('x') is not a literal that demosnap writes for TEXT",
        b"load_ext",
    ),
    "a sub-select": (
        lambda d: d.replace(b"'first'", b"(SELECT 1)"),
        "fragments.title: (SELECT 1) is not a literal",
        b"(SELECT 1)",
    ),
    "a comment between values": (
        lambda d: d.replace(b",'first'", b",/* x */'first'"),
        "fragments.title: /* x */'first' is not a literal",
        b"/*",
    ),
    "a space between values": (
        lambda d: d.replace(b",'first'", b", 'first'"),
        "fragments.title:  'first' is not a literal",
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
        "fragments.metadata: NULL) is not a literal",
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
        r"fragments.title: \x00'first' is not a literal",
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
        "fragments.title: 'it\\'s John\\'s' is not a literal",
        b"(2,'it",
    ),
    "the last row missing": (
        lambda d: d.replace(b",\n('2b','',X'00FF',-1.5);", b";"),
        "the header says 4 rows of fragments, and there are only 3",
        None,
    ),
    "the last row missing, its comma left": (
        lambda d: d.replace(b"('2b','',X'00FF',-1.5);\n", b""),
        "this is not a row of fragments",
        None,
    ),
    "a row too many": (
        lambda d: d.replace(b"-1.5);", b"-1.5),\n('3','','',NULL);"),
        "the last of 4 rows of fragments, but it does not end with ');'",
        b"('2b'",
    ),
    "a row twice": (
        lambda d: d.replace(b"(10,", b"(2,"),
        "fragments: the row id=2 is duplicate or out of order",
        b"(2,'\xe2",
    ),
    "rows in another order": (
        lambda d: d.replace(b"(-3,", b"(7,"),
        "fragments: the row id=2 is duplicate or out of order",
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
    "something after the end": (
        lambda d: d + b"x",
        "there is text after the snapshot's end: x",
        None,
    ),
    "an empty line after the end": (
        lambda d: d + b"\n",
        "there is text after the snapshot's end",
        None,
    ),
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
    "something else": (lambda d: b"PK\3\4\n" + d, "this is not a snapshot", b"PK"),
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
    "a type that is a number": ('"type":"JSON"', '"type":5', "'type' of a column: 5 is not a text"),
    "null for a name": ('"name":"title"', '"name":null', "None is not a text"),
    "a name with a NUL": (
        '"name":"title"',
        r'"name":"a\u0000"',
        "holds characters that names cannot hold",
    ),
    "half a character": (
        '"name":"title"',
        r'"name":"\ud800"',
        "holds characters that names cannot hold",
    ),
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
    "columns that are an object": ('"rows":0,"columns":[', '"rows":0,"columns":{', "not JSON"),
    "a column twice": ('"name":"title"', '"name":"id"', "two columns of one name"),
    "a table twice": ('"table":"todos","rows"', '"table":"vaults","rows"', "is there twice"),
    "no table name": ('"table":"todos","rows"', '"table":"a b","rows"', "a b is not a table name"),
    "a key of unknown columns": ('"key":["id"],"u', '"key":["ix"],"u', "has no column 'ix'"),
    "a key of nothing": ('"key":["id"],"u', '"key":[],"u', "not a list of at least one"),
    "a key that is a text": ('"key":["id"],"u', '"key":"id","u', "not a list of at least one"),
    "a key of a column twice": ('"key":["id"],"u', '"key":["id","id"],"u', "a column twice"),
    "a key that is computed": ('"key":["id"],"f', '"key":["length"],"f', "is computed"),
    "a foreign key to nothing": ('"referred_columns":["id"],', '"referred_columns":["x"],', "'x'"),
    "a foreign key of two": (
        '"columns":["vault_id"]',
        '"columns":["vault_id","id"]',
        "a different number",
    ),
    "an unknown identity": ('"by default"', '"sometimes"', "neither 'always' nor"),
    "rows below zero": ('"rows":0', '"rows":-1', "not a number of rows"),
    "rows that are true": ('"rows":0', '"rows":true', "not a number of rows"),
    "rows with a fraction": ('"rows":0', '"rows":0.0', "not a number of rows"),
    "rows of too many digits": ('"rows":0', '"rows":' + "1" * 5000, "are wrong"),
    "nested too deep": ('"rows":0', '"rows":' + "[" * 100_000, "are wrong"),
    "no table at all": ("-- [\n", "-- [\n-- ]\n", "not a list of tables"),
    "no JSON": ('"rows":2,', '"rows":2', "not JSON"),
    "no scenario": ("Scenario: general", "Scenario: General", "not what demosnap writes"),
    "no time": (
        "Generated: 2025-01-15",
        "Generated: 2025-13-15",
        "2025-13-15 10:30:00 is not a time",
    ),
    "no version": ("Version: v1_", "Version: v0_", "not what demosnap writes"),
    "another total": ("Total Fragments: 4", "Total Fragments: 5", "expected: -- Total Fragments"),
    "another format": ("Format: 1", "Format: 3", "format 3; this demosnap reads formats 1 and 2"),
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
