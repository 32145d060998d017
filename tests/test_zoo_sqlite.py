"""A zoo of SQLite's odd tables and values: whatever a demo row holds comes back equal."""

from __future__ import annotations

import collections
import itertools
import json
import math
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import Database, Workspace, make_database, missing
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from demosnap import dialects, scaffold
from demosnap.dialects.sqlite import literals, write
from demosnap.dialects.sqlite.codecs import real_literal
from demosnap.errors import DemosnapError, RefusedError
from demosnap.model import Column, Table
from demosnap.project import Project

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
        [(1, "it's\n" * 200_000), (3, BYTES * 4000), (5, "\0" * 100_000)],
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
            found[table] = sorted((tuple(map(_bits, row)) for row in rows), key=repr)
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


def _bits(value: Any) -> tuple[str, Any]:
    # As text, since 0.0 == -0.0 and 1 == 1.0.
    return type(value).__name__, repr(value) if isinstance(value, float) else value


@pytest.fixture
def zoo(
    sqlite: Database, make_workspace: Callable[[Database], Workspace]
) -> Iterator[tuple[Workspace, Path, Contents]]:
    """A project on the zoo, its database file, and what that held before the demo rows came."""
    workspace = make_workspace(sqlite)
    workspace.configure(SETTINGS)
    file = sqlite.folder / "demo.db"
    with closing(sqlite3.connect(file)) as connection:
        for animal in ZOO:
            connection.execute(f"CREATE TABLE {quote(animal.name)} {animal.definition}")
        for statement in EXTRAS:
            connection.execute(statement)
        for animal in ZOO:
            animal.insert(connection, animal.unmarked, UNMARKED)
        connection.commit()
        before = contents(file)
        for animal in ZOO:
            animal.insert(connection, animal.marked, MARKED)
        connection.commit()
    return workspace, file, before


def test_every_table_of_the_zoo_is_captured_with_all_its_marked_rows(
    zoo: tuple[Workspace, Path, Contents],
) -> None:
    workspace, _, _ = zoo
    version = workspace.project.revision("general").version
    assert version is not None
    rows = {name.strip('"').replace('""', '"'): count for name, count in version.rows.items()}
    assert rows == {animal.name: len(animal.marked) for animal in ZOO}
    assert len(ZOO) >= 25
    assert all(animal.unmarked for animal in ZOO)
    assert [animal.name for animal in ZOO if not animal.marked] == ["empty"]


def test_every_value_comes_back_with_its_type_and_no_other_row_is_touched(
    zoo: tuple[Workspace, Path, Contents],
) -> None:
    workspace, file, own = zoo
    everything = contents(file)
    first = workspace.project.revision("general")
    assert first.created
    assert contents(file) == everything

    workspace.project.downgrade("general", "base")
    assert contents(file) == own

    workspace.project.upgrade("general@head")
    assert contents(file) == everything

    again = workspace.project.revision("general")
    assert not again.created
    assert again.version == first.version
    assert workspace.project.check(database=True) == []


def test_loading_once_more_over_what_is_there_gives_the_same_rows(
    zoo: tuple[Workspace, Path, Contents],
) -> None:
    workspace, file, _ = zoo
    everything = contents(file)
    workspace.project.revision("general")
    workspace.project.load("general")
    assert contents(file) == everything


def test_both_ways_to_insert_give_the_same_values(
    zoo: tuple[Workspace, Path, Contents], monkeypatch: pytest.MonkeyPatch
) -> None:
    """demosnap's own connection takes the text of rows, the caller's takes bound values."""
    workspace, file, own = zoo
    everything = contents(file)
    workspace.project.revision("general")
    ways = []

    def noting(name: str, way: Callable[..., int]) -> None:
        def insert(*arguments: Any) -> int:
            ways.append(name)
            return way(*arguments)

        monkeypatch.setattr(write, name, insert)

    noting("write", write.write)
    workspace.project.load("general")
    assert set(ways) == {"write"}
    assert contents(file) == everything
    workspace.project.downgrade("general", "base")
    assert contents(file) == own
    monkeypatch.undo()
    ways.clear()
    noting("bind", write.bind)
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        workspace.project.load("general", connection=connection)
    engine.dispose()
    assert set(ways) == {"bind"}
    assert contents(file) == everything


def test_the_plain_sqlite3_shell_loads_the_same_values(
    zoo: tuple[Workspace, Path, Contents], tmp_path: Path
) -> None:
    """Into the tables with the users' own rows, and once more over what it loaded."""
    workspace, file, own = zoo
    everything = contents(file)
    workspace.project.revision("general")
    snapshot = workspace.revisions / "general" / "latest.sql"
    workspace.project.downgrade("general", "base")
    assert contents(file) == own
    for _ in range(2):
        shell(file, snapshot)
        assert contents(file) == everything
    workspace.project.stamp("general@head")


def test_the_plain_sqlite3_shell_loads_a_snapshot_into_a_new_database(
    zoo: tuple[Workspace, Path, Contents], tmp_path: Path
) -> None:
    workspace, file, own = zoo
    demo = minus(contents(file), own)
    workspace.project.revision("general")
    new = tmp_path / "new.db"
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(new)) as connection:
        for (sql,) in old.execute(
            "SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'"
            " AND name NOT LIKE 'demosnap~_%' ESCAPE '~' ORDER BY rowid"
        ):
            connection.execute(sql)
        connection.commit()
    snapshot = workspace.revisions / "general" / "latest.sql"
    shell(new, snapshot)
    assert contents(new) == demo


def test_foreign_keys_hold_after_a_load(zoo: tuple[Workspace, Path, Contents]) -> None:
    workspace, file, _ = zoo
    workspace.project.revision("general")
    workspace.project.downgrade("general", "base")
    workspace.project.upgrade("general@head")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


PARENT_AND_CHILD = (
    "CREATE TABLE parent (code TEXT COLLATE NOCASE PRIMARY KEY, metadata TEXT)",
    "CREATE TABLE child (id INTEGER PRIMARY KEY, code TEXT REFERENCES parent (code))",
)


def test_a_foreign_key_matches_by_the_collation_of_its_parent(
    sqlite: Database, make_workspace: Callable[[Database], Workspace]
) -> None:
    """For SQLite 'B' is a child of 'b' where the parent's column is NOCASE."""
    workspace = make_workspace(sqlite)
    sqlite.execute(
        *PARENT_AND_CHILD,
        "INSERT INTO parent VALUES ('b', '{\"demo_seed\": true}'), ('c', NULL)",
        "INSERT INTO child VALUES (1, 'b'), (2, 'C'), (3, 'B')",
    )
    workspace.configure("tables: {child: {via: code}}\nscenarios: {general: {}}\n")
    everything = sqlite.dump()
    workspace.project.revision("general")
    workspace.project.downgrade("general", "base")
    assert sqlite.rows("SELECT id FROM child") == [(2,)]
    workspace.project.upgrade("general@head")
    assert sqlite.dump() == everything


def test_a_real_row_that_a_collation_ties_to_demo_data_is_not_left_behind(
    sqlite: Database, make_workspace: Callable[[Database], Workspace]
) -> None:
    """A real row 'B' references the demo row 'b' of a NOCASE key: taking that out is refused."""
    workspace = make_workspace(sqlite)
    sqlite.execute(
        *PARENT_AND_CHILD,
        "INSERT INTO parent VALUES ('b', '{\"demo_seed\": true}')",
        "INSERT INTO child VALUES (3, 'B')",
    )
    workspace.configure("scenarios: {general: {}}\n")
    workspace.project.revision("general")
    everything = sqlite.dump(own=True)
    with pytest.raises(RefusedError, match=r"(?s)child.*id: 3"):
        workspace.project.downgrade("general", "base")
    assert sqlite.dump(own=True) == everything


def test_the_next_row_of_an_autoincrement_table_gets_a_number_above_the_demo_rows(
    zoo: tuple[Workspace, Path, Contents],
) -> None:
    workspace, file, _ = zoo
    workspace.project.revision("general")
    workspace.project.downgrade("general", "base")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE sqlite_sequence SET seq = 500 WHERE name = 'numbered'")
        connection.commit()
    workspace.project.upgrade("general@head")
    with closing(sqlite3.connect(file)) as connection:
        cursor = connection.execute("INSERT INTO numbered (t) VALUES ('next')")
        assert cursor.lastrowid == 1001


def test_an_autoincrement_number_is_never_lowered(zoo: tuple[Workspace, Path, Contents]) -> None:
    workspace, file, _ = zoo
    workspace.project.revision("general")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE sqlite_sequence SET seq = 70000 WHERE name = 'numbered'")
        connection.commit()
    workspace.project.downgrade("general", "base")
    workspace.project.upgrade("general@head")
    with closing(sqlite3.connect(file)) as connection:
        cursor = connection.execute("INSERT INTO numbered (t) VALUES ('next')")
        assert cursor.lastrowid == 70001


def test_a_negative_zero_keeps_its_sign_where_sqlite_keeps_it(
    zoo: tuple[Workspace, Path, Contents],
) -> None:
    """A column of no affinity does; one of REAL affinity stores an integer."""
    workspace, file, _ = zoo
    workspace.project.revision("general")
    workspace.project.downgrade("general", "base")
    workspace.project.upgrade("general@head")
    id_ = 2 * next(n for n, v in enumerate(VALUES) if repr(v) == "-0.0")
    with closing(sqlite3.connect(file)) as connection:
        row = connection.execute(f"SELECT x, b, r FROM affinities WHERE id = {id_}").fetchone()
    assert [repr(value) for value in row] == ["-0.0", "-0.0", "0.0"]


def test_a_snapshot_of_the_zoo_is_utf_8_text_with_line_feeds_alone(
    zoo: tuple[Workspace, Path, Contents],
) -> None:
    workspace, _, _ = zoo
    workspace.project.revision("general")
    text = (workspace.revisions / "general" / "latest.sql").read_bytes()
    assert text.decode("utf-8")
    assert b"\r" not in text
    assert b"\0" not in text


def test_text_that_is_not_utf_8_is_refused_with_its_row(
    sqlite: Database, make_workspace: Callable[[Database], Workspace]
) -> None:
    workspace = make_workspace(sqlite)
    sqlite.execute(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, t TEXT, metadata TEXT)",
        "INSERT INTO notes VALUES (1, 'fine', '{\"demo_seed\": true}')",
        "INSERT INTO notes VALUES (7, CAST(X'41FF42' AS TEXT), '{\"demo_seed\": true}')",
    )
    workspace.configure("scenarios: {general: {}}\n")
    with pytest.raises(DemosnapError, match=r"notes: the row id=7 holds text that is not UTF-8"):
        workspace.project.revision("general")
    assert not [path for path in workspace.revisions.rglob("*") if path.suffix in (".sql", ".py")]


def test_a_database_in_utf_16_is_refused(
    tmp_path: Path, make_workspace: Callable[[Database], Workspace]
) -> None:
    with closing(sqlite3.connect(tmp_path / "demo.db")) as connection:
        connection.execute("PRAGMA encoding = 'UTF-16'")
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, metadata TEXT)")
        connection.execute("INSERT INTO notes VALUES (1, '{\"demo_seed\": true}')")
        connection.commit()
    for database in make_database("sqlite", tmp_path):
        workspace = make_workspace(database)
        workspace.configure("scenarios: {general: {}}\n")
        with pytest.raises(DemosnapError, match="UTF-16"):
            workspace.project.revision("general")


# ---------------------------------------------------------------------- at random

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_VALUE = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from(VALUES),
    _TEXT,
    st.from_regex(r"\A[ +-]?[0-9]{1,20}\.?[0-9]{0,3}(?:e[+-]?[0-9]{1,3})?\Z"),
    st.binary(max_size=20),
)
_NAME = st.one_of(
    st.sampled_from(["a", "select", "CamelCase", "two words", 'quo"te', "dot.ted", "%", ":x"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8),
)
_TYPE = st.sampled_from(
    ["", "INTEGER", "INT", "REAL", "NUMERIC", "TEXT", "TEXT COLLATE NOCASE", "BLOB", "BOOLEAN"]
)
_STRICT_TYPE = st.sampled_from(["INTEGER", "INT", "REAL", "TEXT", "BLOB", "ANY"])


@dataclass(frozen=True)
class RandomTable:
    """A table of random columns; `rows` are (marked, values)."""

    name: str
    columns: tuple[tuple[str, str], ...]
    key: int
    options: str
    rows: tuple[tuple[bool, tuple[Any, ...]], ...]

    @property
    def definition(self) -> str:
        """The CREATE TABLE."""
        parts = [f"{quote(name)} {type_}" for name, type_ in self.columns]
        parts.append("metadata TEXT")
        if self.key:
            names = ", ".join(quote(name) for name, _ in self.columns[: self.key])
            parts.append(f"PRIMARY KEY ({names})")
        return f"CREATE TABLE {quote(self.name)} ({', '.join(parts)}) {self.options}"


@st.composite
def random_tables(draw: st.DrawFn) -> RandomTable:
    """Draw a table and its rows."""
    options = draw(st.sampled_from(["", "", "WITHOUT ROWID", "STRICT", "STRICT, WITHOUT ROWID"]))
    names = draw(
        st.lists(_NAME, min_size=1, max_size=4, unique_by=str.lower).filter(
            lambda found: "metadata" not in map(str.lower, found)
        )
    )
    types = _STRICT_TYPE if "STRICT" in options else _TYPE
    columns = tuple((name, draw(types)) for name in names)
    key = draw(st.integers(1 if "WITHOUT" in options else 0, len(columns)))
    row = st.tuples(st.booleans(), st.tuples(*[_VALUE] * len(columns)))
    table = draw(_NAME.filter(lambda name: not name.lower().startswith(("sqlite_", "demosnap_"))))
    return RandomTable(table, columns, key, options, tuple(draw(st.lists(row, max_size=12))))


@settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(table=random_tables())
def test_random_values_in_a_random_table_come_back_equal(
    table: RandomTable, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("random")
    file = folder / "demo.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(table.definition)
        into = f"INSERT OR IGNORE INTO {quote(table.name)} VALUES"
        marks = "?," * len(table.columns)
        demo = '{"demo_seed": true}'
        for marked, values in table.rows:
            metadata = demo if marked else "{}"
            try:
                connection.execute(f"{into} ({marks}?)", (*values, metadata))
            except sqlite3.IntegrityError:
                # A STRICT table does not take every value.
                continue
        connection.execute("CREATE TABLE always (id INTEGER PRIMARY KEY, metadata TEXT)")
        connection.execute("INSERT INTO always VALUES (1, ?)", (demo,))
        connection.commit()
    everything = contents(file)
    scaffold.init(folder, url=f"sqlite:///{file}", confirm=lambda *_: True)
    (folder / "demo_revisions" / "demosnap.yaml").write_text("scenarios: {general: {}}\n")
    project = Project(folder / "alembic.ini")
    project.revision("general")
    project.downgrade("general", "base")
    with closing(sqlite3.connect(file)) as connection:
        left = connection.execute(f"SELECT metadata FROM {quote(table.name)}").fetchall()
        assert {metadata for (metadata,) in left} <= {"{}"}
    shell(file, folder / "demo_revisions" / "general" / "latest.sql")
    assert contents(file) == everything
    project.load("general")
    assert contents(file) == everything
    assert not project.revision("general").created


def test_numbers_are_rendered_as_python_renders_them() -> None:
    """By SQLite where that is sure to be the same, by Python elsewhere: near powers, decimals of
    few places, and bits at random."""
    chance = random.Random(1)
    numbers = [0.0, -0.0, 0.1 + 0.2, 1e9, 0.001, 0.0009999999999999999, 1e-4, 5e-324, 9e999]
    numbers += [chance.randrange(10 ** chance.randint(1, 16)) / 10**k for k in range(9)]
    numbers += [chance.uniform(-1, 1) * 10.0 ** chance.randint(-9, 16) for _ in range(20_000)]
    numbers += [round(chance.uniform(-1e9, 1e9), k) for k in range(9) for _ in range(3000)]
    numbers += [math.nextafter(n, up) for n in numbers[-9000:] for up in (math.inf, -math.inf)]
    column = Column("x", "REAL")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.create_function("demosnap_real", 1, real_literal)
        connection.execute("CREATE TABLE t (x REAL)")
        connection.executemany("INSERT INTO t VALUES (?)", [(number,) for number in numbers])
        # A column of this type keeps no sign of zero.
        stored = [number for (number,) in connection.execute("SELECT x FROM t ORDER BY rowid")]
        (part,) = literals.parts(dialects.get("sqlite"), [column], {"x": "real"})
        sql = f"SELECT {part} FROM t ORDER BY rowid"
        found = [literal.decode() for (literal,) in connection.execute(sql)]
    assert stored == numbers
    assert found == [real_literal(number) for number in stored]


@pytest.mark.parametrize("first", [7, 7.5, "seven", b"seven", None], ids=repr)
def test_what_the_first_rows_hold_decides_nothing_but_speed(first: object) -> None:
    """Later rows hold every type, in columns of every affinity, and come out as they are."""
    odd: list[Any] = [*TEXTS, BYTES, b"", None, 0, -1, 2**63 - 1, -(2**63), 1.0, 1e15, 1e300, -0.0]
    odd += [float(-(2**63)), float(2**63)]
    types = ("", "INTEGER", "TEXT", "REAL", "NUMERIC", "JSON", "BLOB", "BOOLEAN", "DATETIME")
    columns = tuple(Column(f"c{place}", declared) for place, declared in enumerate(types))
    dialect = dialects.get("sqlite")
    engine = sa.create_engine("sqlite://")
    with closing(engine.raw_connection()) as driver:
        names = ", ".join(f"{one.name} {one.type}" for one in columns)
        driver.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {names})")
        marks = ",".join("?" * len(types))
        rows = [(first,) * len(types)] * 200 + [(value,) * len(types) for value in odd]
        driver.cursor().executemany(f"INSERT INTO t VALUES (NULL,{marks})", rows)
        driver.commit()
        stored = driver.execute("SELECT * FROM t ORDER BY id").fetchall()
    table = Table("t", (Column("id", "INTEGER", nullable=False), *columns), ("id",))
    with engine.connect() as connection:
        found = list(dialect.read_rows(connection, table, "1"))
    assert len(stored) == len(rows)
    assert found == [
        b",".join(
            dialect.encode(value, column) for value, column in zip(row, table.columns, strict=True)
        )
        for row in stored
    ]
