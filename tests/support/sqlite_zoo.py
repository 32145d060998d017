"""A zoo of SQLite's odd tables and values, and what a database holds of it."""

from __future__ import annotations

import collections
import itertools
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.databases import missing

MARKED = ('{"demo_seed": true, "scenario": "general"}', '{"demo_seed":"true"}')
UNMARKED = (
    None,
    "{}",
    '{"demo_seed": false}',
    '{"demo_seed": 1}',
    '{"demo_seed": true',
    '{"demo_seed": true, "scenario": "other"}',
)

SETTINGS = """\
marker: {column: metadata, key: demo_seed, scenario_key: scenario}
tables:
  child_of_text: {via: parent}
  child_of_two: {via: [second, first]}
  grandchild: {via: child_id}
  picked_by_predicate: {where: "kind = 'demo' AND :scenario = 'general' AND note <> ':scenario'"}
scenarios: {general: {default: true}, other: {}}
"""

BYTES = bytes(range(256))
TEXTS = (
    "",
    "plain",
    "it's 'quoted' \"twice\"",
    "1",
    "01",
    "1.0",
    "1e5",
    " 12",
    "0x10",
    "NULL",
    "X'41'",
    "-0.0",
    "9223372036854775808",
    "two\nlines",
    "<<<<<<< HEAD\n-- not a comment; DROP TABLE x;\n=======\n",
    "carriage\rreturn",
    "CRLF\r\n",
    "\r",
    "nul\0inside",
    "\0",
    "both\0and\r\n",
    "back\\slash \\n \\0 $1 ? :name %s %(x)s {}",
    "),\n(1,2);\nCOMMIT;",
    "tab\tbell\x07escape\x1bdelete\x7f",
    "\ufeffbom, \u2028line\u2029paragraph, \u0085next",
    "e\u0301 é, עברית, 日本語, 😀, \U0010ffff",
    "\ufffe\uffff",
)
INTEGERS = (0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))
REALS = (
    0.1,
    1 / 3,
    3.0,
    -3.0,
    1e15,
    2.0**53,
    9007199254740993.5,
    1e16,
    9.2e18,
    1e19,
    1e22,
    1e23,
    1e300,
    5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    0.0,
    -0.0,
    float("inf"),
    float("-inf"),
)
BLOBS = (b"", b"\0", b"text", b"\r\n", BYTES, b"'")
VALUES: tuple[Any, ...] = (None, *INTEGERS, *REALS, *TEXTS, *BLOBS)


@dataclass(frozen=True)
class Animal:
    """A table, its marked and its unmarked rows; `metadata` comes last if it has that column."""

    name: str
    definition: str
    columns: tuple[str, ...]
    marked: Sequence[tuple[Any, ...]]
    unmarked: Sequence[tuple[Any, ...]]
    has_metadata: bool = True

    def insert(self, connection: sqlite3.Connection, rows: Iterable[Any], marks: Any) -> None:
        """Insert rows, with the marks going round."""
        names = (*self.columns, "metadata") if self.has_metadata else self.columns
        into = ",".join(map(quote, names))
        sql = f"INSERT INTO {quote(self.name)} ({into}) VALUES ({','.join('?' * len(names))})"
        for row, mark in zip(rows, itertools.cycle(marks), strict=False):
            connection.execute(sql, (*row, mark) if self.has_metadata else row)


def quote(name: str) -> str:
    """Quote a name as SQLite has it."""
    return '"' + name.replace('"', '""') + '"'


def named(name: str, *columns: str) -> Animal:
    """Make an animal of which only the names are odd."""
    first, *rest = columns
    parts = [f"{quote(first)} INTEGER PRIMARY KEY", *(f"{quote(c)} TEXT UNIQUE" for c in rest)]
    return Animal(
        name,
        f"({', '.join(parts)}, metadata TEXT)",
        columns,
        [(n, *(f"{c} {n}" for c in rest)) for n in (1, 3)],
        [(n, *(f"{c} {n}" for c in rest)) for n in (2, 4)],
    )


def wide() -> Animal:
    """Make a table of 300 columns."""
    names = tuple(f"c{n}" for n in range(299))
    values = list(itertools.islice(itertools.cycle(VALUES), 299))
    return Animal(
        "wide",
        f"({', '.join(names)}, metadata)",
        names,
        [tuple(values), tuple(reversed(values))],
        [tuple(values)],
    )


ZOO = (
    Animal(
        "affinities",
        "(id INTEGER PRIMARY KEY, i INTEGER, r REAL, n NUMERIC, t TEXT, b BLOB, x, metadata JSON)",
        ("id", "i", "r", "n", "t", "b", "x"),
        [(2 * n, *[value] * 6) for n, value in enumerate(VALUES)],
        [(2 * n + 1, *[value] * 6) for n, value in enumerate(VALUES)],
    ),
    Animal(
        "declared_types",
        "(id INTEGER PRIMARY KEY, a VARCHAR(3), b DECIMAL(10,2), c DATETIME, d BOOLEAN,"
        ' e DOUBLE PRECISION, f "FLOATING POINT", g CHARINT, h NATIVE CHARACTER(70), i "",'
        " metadata TEXT)",
        tuple("abcdefghi"),
        [(value,) * 9 for value in VALUES],
        [(value,) * 9 for value in VALUES],
    ),
    Animal(
        "without_rowid_text",
        "(code TEXT PRIMARY KEY, n, metadata TEXT) WITHOUT ROWID",
        ("code", "n"),
        [(text, n) for n, text in enumerate(TEXTS)],
        [(f"own {text}", n) for n, text in enumerate(TEXTS)],
    ),
    Animal(
        "without_rowid_composite",
        "(b BLOB, i INT, n, metadata TEXT, PRIMARY KEY (i DESC, b)) WITHOUT ROWID",
        ("b", "i", "n"),
        [(blob, i, "x") for blob in BLOBS for i in (-2, 10, 9)],
        [(blob, i, "x") for blob in BLOBS for i in (-1, 8)],
    ),
    Animal(
        "strict_types",
        "(id INTEGER PRIMARY KEY, i INT, r REAL, t TEXT, b BLOB, x ANY, metadata TEXT) STRICT",
        ("i", "r", "t", "b", "x"),
        [(n, float(n), str(n), str(n).encode(), value) for n, value in enumerate(VALUES)],
        [(n, float(n), "own", None, value) for n, value in enumerate(VALUES)],
    ),
    Animal(
        "strict_any_key",
        "(x ANY PRIMARY KEY, r REAL, metadata TEXT) STRICT, WITHOUT ROWID",
        ("x", "r"),
        [(1, 1), (2.5, float("inf")), ("1", None), ("01", -0.0), (b"1", 5e-324), (-7, 3.0)],
        [(2, 1), ("2", 2), (b"2", 3)],
    ),
    Animal(
        "generated_virtual",
        "(doubled AS (n * 2), id INTEGER PRIMARY KEY, n INT, shown TEXT AS (n || '!') VIRTUAL,"
        " metadata TEXT)",
        ("id", "n"),
        [(1, 10), (3, None), (5, -7)],
        [(2, 10), (4, 8)],
    ),
    Animal(
        "generated_stored",
        "(id INT NOT NULL, kept TEXT GENERATED ALWAYS AS (upper(name)) STORED UNIQUE, name TEXT,"
        " metadata TEXT, PRIMARY KEY (id))",
        ("id", "name"),
        [(1, "straße"), (3, "two\nlines"), (5, None)],
        [(2, "x"), (4, None)],
    ),
    Animal(
        "composite_key",
        "(b TEXT, note TEXT, a INTEGER, metadata TEXT, PRIMARY KEY (a, b))",
        ("a", "b", "note"),
        [(a, b, "demo") for a in (10, 9, -1) for b in ("z", "a", "", "ä")],
        [(a, b, "own") for a in (8, 11) for b in ("z", "a")],
    ),
    Animal(
        "text_key",
        "(code TEXT COLLATE NOCASE PRIMARY KEY, n INT, metadata TEXT)",
        ("code", "n"),
        [("b", 1), ("A", 2), ("_", 3), ("Z", 4), ("é", 5), ("É", 6), ("a\rb", 7), ("", 8)],
        [("c", 1), ("D", 2)],
    ),
    Animal(
        "blob_key",
        "(id BLOB PRIMARY KEY NOT NULL, n INT, metadata TEXT)",
        ("id", "n"),
        [(bytes([n]), n) for n in range(0, 256, 2)],
        [(bytes([n]), n) for n in range(1, 256, 2)],
    ),
    Animal(
        "real_key",
        "(at REAL PRIMARY KEY, n INT, metadata TEXT)",
        ("at", "n"),
        [(value, n) for n, value in enumerate(sorted(set(REALS)))],
        [(0.2, 1), (-0.5, 2)],
    ),
    Animal(
        "any_key",
        "(x PRIMARY KEY, n, metadata)",
        ("x", "n"),
        [(1, 1), (1.5, 2), ("1", 3), (b"1", 4), ("NULL", 5), (-(2**63), 6), (float("inf"), 7)],
        [(2, 1), ("2", 2), (b"2", 3)],
    ),
    Animal(
        "integer_key_that_is_no_rowid",
        "(id INTEGER PRIMARY KEY DESC, n, metadata)",
        ("id", "n"),
        [(1, "one"), ("text", "in an INTEGER column"), (2.5, "real")],
        [(2, "two")],
    ),
    Animal(
        "no_key",
        "(a TEXT, b INT, metadata TEXT)",
        ("a", "b"),
        [("same", 1)] * 6 + [(None, None)] * 4 + [("other", 2), ("same", 2)],
        [("same", 1)] * 3 + [(None, None)],
    ),
    Animal(
        "null_in_a_text_key",
        "(code TEXT PRIMARY KEY, n INT, metadata TEXT)",
        ("code", "n"),
        [(None, 2), (None, 1), (None, 1), ("a", 1), (None, 10), (None, 1)],
        [(None, 2), (None, 1), ("b", 1)],
    ),
    Animal(
        "null_in_a_composite_key",
        "(z TEXT, a INT, b INT, metadata TEXT, PRIMARY KEY (a, b))",
        ("a", "b", "z"),
        [(1, None, "y"), (1, None, "x"), (None, 1, "x"), (None, None, "x"), (1, 1, "x")],
        [(1, None, "y"), (None, None, "x"), (2, 2, "x")],
    ),
    Animal(
        "unique_for_a_key",
        "(note TEXT, code TEXT NOT NULL UNIQUE, maybe INT UNIQUE, metadata TEXT)",
        ("note", "code", "maybe"),
        [("x", "b", 1), ("x", "a", None), ("y", "c", None)],
        [("x", "d", 2), ("x", "e", None)],
    ),
    Animal(
        "self_reference",
        "(id INTEGER PRIMARY KEY, parent INT REFERENCES self_reference, name TEXT, metadata TEXT)",
        ("id", "parent", "name"),
        [(1, 5, "child first"), (3, 3, "its own parent"), (5, None, "root"), (7, 1, "deep")],
        [(2, 4, "own child first"), (4, None, "own root")],
    ),
    Animal(
        "hen",
        "(id INTEGER PRIMARY KEY, egg INT NOT NULL REFERENCES egg (id), metadata TEXT)",
        ("id", "egg"),
        [(1, 1), (3, 3)],
        [(2, 2)],
    ),
    Animal(
        "egg",
        "(id INTEGER PRIMARY KEY, hen INT NOT NULL REFERENCES hen (id)"
        " DEFERRABLE INITIALLY DEFERRED, metadata TEXT)",
        ("id", "hen"),
        [(1, 3), (3, 1)],
        [(2, 2)],
    ),
    Animal(
        "ring_one",
        "(id TEXT PRIMARY KEY, next TEXT REFERENCES ring_two, metadata TEXT)",
        ("id", "next"),
        [("a", "b"), ("c", None)],
        [("d", "e")],
    ),
    Animal(
        "ring_two",
        "(id TEXT PRIMARY KEY, next TEXT REFERENCES ring_three, metadata TEXT)",
        ("id", "next"),
        [("b", "c")],
        [("e", "f")],
    ),
    Animal(
        "ring_three",
        "(id TEXT PRIMARY KEY, next TEXT REFERENCES ring_one, metadata TEXT)",
        ("id", "next"),
        [("c", "a")],
        [("f", "d")],
    ),
    Animal(
        "child_of_text",
        "(id INTEGER PRIMARY KEY, parent TEXT REFERENCES text_key (code), n INT)",
        ("id", "parent", "n"),
        [(1, "b", 1), (3, "A", 2), (5, "é", 3)],
        [(2, "c", 1), (4, None, 2)],
        has_metadata=False,
    ),
    Animal(
        "child_of_two",
        '(id INTEGER PRIMARY KEY, first INT, second TEXT, "values" BLOB,'
        " FOREIGN KEY (first, second) REFERENCES composite_key (a, b) ON DELETE CASCADE)",
        ("id", "first", "second", "values"),
        [(1, 10, "z", BYTES), (3, -1, "", b"")],
        [(2, 8, "z", BYTES), (4, 8, None, b""), (6, None, "z", b"")],
        has_metadata=False,
    ),
    Animal(
        "grandchild",
        "(child_id INT REFERENCES child_of_two (id) ON DELETE SET NULL, t TEXT)",
        ("child_id", "t"),
        [(1, "same"), (1, "same"), (3, None)],
        [(2, "same"), (None, None)],
        has_metadata=False,
    ),
    Animal(
        "picked_by_predicate",
        "(id INTEGER PRIMARY KEY, kind TEXT, note TEXT)",
        ("id", "kind", "note"),
        [(1, "demo", "100 %"), (3, "demo", "a:b")],
        [(2, "real", "100 %"), (4, None, None), (6, "demo", ":scenario"), (8, "Demo", "x")],
        has_metadata=False,
    ),
    Animal(
        "to_a_unique_key",
        "(id INTEGER PRIMARY KEY, code TEXT REFERENCES unique_for_a_key (code), metadata TEXT)",
        ("id", "code"),
        [(1, "b"), (3, None), (5, "d")],
        [(2, "e")],
    ),
    Animal(
        "defaults",
        "(id INTEGER PRIMARY KEY, n INT DEFAULT 7, t TEXT DEFAULT 'it''s', at DEFAULT"
        " CURRENT_TIMESTAMP, r REAL NOT NULL DEFAULT (1.0 / 3), metadata TEXT)",
        ("id", "n", "t", "at", "r"),
        [(1, None, None, None, 2), (3, 7, "it's", "2025-01-15", 1 / 3)],
        [(2, None, None, None, 2)],
    ),
    Animal(
        "constraints",
        "(id INTEGER PRIMARY KEY, n INT CHECK (n BETWEEN 0 AND 9), t TEXT NOT NULL"
        " ON CONFLICT IGNORE, u TEXT UNIQUE ON CONFLICT REPLACE, metadata TEXT)",
        ("id", "n", "t", "u"),
        [(1, 0, "", "a"), (3, 9, "x", None), (5, None, "y", None)],
        [(2, 0, "", "b"), (4, 9, "x", None)],
    ),
    Animal(
        "json_values",
        "(id INTEGER PRIMARY KEY, doc JSON, metadata JSON)",
        ("id", "doc"),
        [
            (1, '{"b": 1,  "a": [1.0, 1e2, "\\u00e9"], "b": 2}'),
            (3, "not json"),
            (5, "null"),
            (7, json.dumps({"text": "it's\r\n\0"}, ensure_ascii=False)),
        ],
        [(2, "{}"), (4, None)],
    ),
    Animal(
        "many_rows",
        "(id INTEGER PRIMARY KEY, t TEXT, metadata TEXT)",
        ("id", "t"),
        [(n, f"row {n}\n") for n in range(0, 5000, 2)],
        [(n, f"row {n}") for n in range(1, 5000, 2)],
    ),
    Animal(
        "large_values",
        "(id INTEGER PRIMARY KEY, v, metadata TEXT)",
        ("id", "v"),
        [(1, "it's\n" * 20_000 + "it's " * 180_000), (3, BYTES * 4000), (5, "\0" * 100_000)],
        [(2, "own" * 100_000)],
    ),
    Animal(
        "empty",
        "(id INTEGER PRIMARY KEY, n INT, metadata TEXT)",
        ("id", "n"),
        [],
        [(1, 1)],
    ),
    Animal(
        "numbered",
        "(id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT, metadata TEXT)",
        ("id", "t"),
        [(1, "a"), (1000, "b")],
        [(2, "c"), (500, "d")],
    ),
    Animal(
        "watched",
        "(id INTEGER PRIMARY KEY, t TEXT, metadata TEXT)",
        ("id", "t"),
        [(1, "a"), (3, "b")],
        [(2, "c")],
    ),
    wide(),
    named("order", "group", "select", "from", "values", "true"),
    named("CamelCase", "CamelId", "someThing", "UPPER"),
    named('we"ird', 'a"b', "c'd", "back`tick", "[bracket]", '"'),
    named("dotted.name", "x.y", ".", "a..b"),
    named("two words", "the id", " leading", "trailing ", "tab\there"),
    named("Ünïcode 表 😀", "идентификатор", "日本語", "e\u0301"),
    named("50% :off; --x", "%s", ":scenario", "a;b", "/*c*/", "-- d", "?", "@e", "#f"),
    named("two\nlines", "x\ny", "z"),
    named("main", "rowid_", "oid_", "temp"),
    named("1st", "2nd", "-", "=", "(", ")", ","),
)

EXTRAS = (
    "CREATE TABLE noticed (n INT)",
    'CREATE TRIGGER "when it\'s ""new""" AFTER INSERT ON watched BEGIN SELECT new.id; END',
    "CREATE TRIGGER gone AFTER DELETE ON watched WHEN old.id = -1 BEGIN"
    " INSERT INTO noticed VALUES (old.id); END",
    "CREATE UNIQUE INDEX some_are_unique ON no_key (b) WHERE a = 'other'",
    "CREATE VIEW seen AS SELECT * FROM watched",
)

Contents = dict[str, list[tuple[tuple[str, Any], ...]]]


def contents(file: Path) -> Contents:
    """Return all rows of all tables of a database: of each value its type and its bits."""
    found: Contents = {}
    with closing(sqlite3.connect(file)) as connection:
        connection.text_factory = bytes
        names = [
            name.decode()
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in names:
            if table.startswith(("sqlite_", "demosnap_")):
                continue
            xinfo = connection.execute(f"PRAGMA table_xinfo({quote(table)})")
            columns = [quote(row[1].decode()) for row in xinfo]
            both = ",".join(f"typeof({column}),{column}" for column in columns)
            rows = connection.execute(f"SELECT {both} FROM {quote(table)}")
            found[table] = sorted((tuple(map(bits, row)) for row in rows), key=repr)
    return found


def shell(file: Path, script: Path) -> None:
    """Run a script through SQLite's own shell."""
    if shutil.which("sqlite3") is None:
        missing("sqlite3 is not installed")
    with script.open("rb") as stream:
        subprocess.run(
            ["sqlite3", str(file)], stdin=stream, check=True, capture_output=True, timeout=120
        )


def minus(all_rows: Contents, some: Contents) -> Contents:
    """Return the rows that are not among some of them."""
    left = {name: collections.Counter(rows) for name, rows in all_rows.items()}
    for name, rows in some.items():
        left[name].subtract(rows)
    return {name: sorted(rows.elements(), key=repr) for name, rows in left.items()}


def bits(value: Any) -> tuple[str, Any]:
    # As text, since 0.0 == -0.0 and 1 == 1.0.
    return type(value).__name__, repr(value) if isinstance(value, float) else value
