"""What differs between rows, and the script that makes one side of the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demosnap import dialects
from demosnap.dialects.sqlite.dialect import SQLiteDialect
from demosnap.model import Column, ForeignKey, Table
from demosnap.rows.canonical import row_key
from demosnap.rows.spool import Spool, in_batches, sorted_rows
from demosnap.snapshot import json_diff, sql_script
from demosnap.snapshot.changes import Changes, collect
from demosnap.snapshot.diff import Cell, RowDifference, TablePair
from demosnap.snapshot.json_diff import PathChange
from support.draw import examples

SQLITE = dialects.get("sqlite")


def pair(old: Table | None, new: Table | None, **more: Any) -> TablePair:
    """A pair of tables of SQLite."""
    return TablePair(old, new, SQLITE, SQLITE, **more)


def table(*columns: str, key: Sequence[str] = ("id",), name: str = "things") -> Table:
    """A table of text columns, with an integer `id` if it is among them."""
    return Table(
        name,
        tuple(
            Column(column, "INTEGER" if column == "id" else "TEXT", nullable=column not in key)
            for column in columns
        ),
        tuple(key),
    )


THINGS = table("id", "a", "b")


def differences(one: TablePair, old: list[bytes], new: list[bytes]) -> list[RowDifference]:
    """What differs, as a list."""
    return list(one.differences(iter(old), iter(new)))


# ------------------------------------------------------------------ rows and cells


def test_rows_are_added_removed_and_modified_by_their_key() -> None:
    old = [b"1,'x','y'", b"2,'x','y'", b"10,'x','y'"]
    new = [b"2,'x','z'", b"9,'x','y'", b"10,'x','y'"]
    found = differences(pair(THINGS, THINGS), old, new)
    assert [(one.kind, one.old, one.new) for one in found] == [
        ("removed", b"1,'x','y'", None),
        ("modified", b"2,'x','y'", b"2,'x','z'"),
        ("added", None, b"9,'x','y'"),
    ]


def test_a_modified_row_says_its_cells_and_other_rows_none() -> None:
    one = pair(THINGS, THINGS)
    modified = RowDifference(b"2,'it''s, so',NULL", b"2,'x',NULL")
    assert one.cells(modified) == (Cell("a", b"'it''s, so'", b"'x'"),)
    assert one.cells(RowDifference(None, b"2,'x',NULL")) == ()


def test_equal_rows_are_never_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("parsed")

    rows = [b"%d,'x','y'" % i for i in range(5000)]
    one = pair(THINGS, THINGS)
    monkeypatch.setattr("demosnap.snapshot.diff.row_key", lambda _: fail)
    monkeypatch.setattr("demosnap.snapshot.diff.split", fail)
    assert differences(one, rows, list(rows)) == []


def test_rows_without_a_key_are_compared_by_content_and_counted() -> None:
    keyless = table("a", "b", key=())
    old = [b"'p','q'", b"'p','q'", b"'p','q'", b"'r','s'"]
    new = [b"'p','q'", b"'r','s'", b"'r','t'"]
    found = differences(pair(keyless, keyless), old, new)
    assert [one.kind for one in found] == ["removed", "removed", "added"]
    assert {one.old for one in found} == {b"'p','q'", None}


def test_a_key_that_may_be_null_is_no_key() -> None:
    nullable = Table("things", (Column("id", "TEXT"), Column("a", "TEXT")), ("id",))
    assert not pair(nullable, nullable).keyed
    found = differences(pair(nullable, nullable), [b"NULL,'x'", b"NULL,'x'"], [b"NULL,'x'"])
    assert [one.kind for one in found] == ["removed"]


def test_a_table_on_one_side_only() -> None:
    rows = [b"1,'x','y'", b"2,'x','y'"]
    assert [o.kind for o in differences(pair(None, THINGS), [], rows)] == ["added", "added"]
    assert [o.kind for o in differences(pair(THINGS, None), rows, [])] == ["removed", "removed"]


def test_an_added_column_counts_where_it_holds_more_than_its_default() -> None:
    new = Table(
        "things",
        (
            *THINGS.columns,
            Column("priority", "TEXT", default="'low'"),
            Column("note", "TEXT"),
            Column("at", "TEXT", default="CURRENT_TIMESTAMP"),
        ),
        ("id",),
    )
    one = pair(THINGS, new)
    assert one.columns_added == ("priority", "note", "at")
    old_rows = [b"1,'x','y'", b"2,'x','y'", b"3,'x','y'", b"4,'x','y'"]
    new_rows = [
        b"1,'x','y','low',NULL,'2025-01-01'",
        b"2,'x','y','high',NULL,NULL",
        b"3,'x','y',NULL,'n',NULL",
        b"4,'x','z','low',NULL,NULL",
    ]
    found = differences(one, old_rows, new_rows)
    assert [one.cells(difference) for difference in found] == [
        (Cell("priority", None, b"'high'"),),
        (Cell("note", None, b"'n'"),),
        (Cell("b", b"'y'", b"'z'"),),
    ]
    back = pair(new, THINGS)
    assert back.columns_removed == ("priority", "note", "at")
    assert back.cells(differences(back, new_rows, old_rows)[0]) == (
        Cell("priority", b"'high'", None),
    )


def test_columns_in_another_order_are_the_same_columns() -> None:
    turned = table("id", "b", "a")
    assert differences(pair(THINGS, turned), [b"1,'x','y'"], [b"1,'y','x'"]) == []


def test_with_another_key_rows_are_compared_by_what_both_have() -> None:
    other = table("a", "b", "c", key=("a",))
    one = pair(THINGS, other)
    assert not one.keyed
    found = differences(one, [b"1,'p','q'", b"2,'a','b'"], [b"'a','b','c'", b"'z','b','c'"])
    assert [(o.kind, o.old or o.new) for o in found] == [
        ("removed", b"'p','q'"),
        ("added", b"'z','b'"),
    ]


def test_rows_of_two_dialects_are_compared_by_value() -> None:
    columns = (
        Column("id", "integer", False),
        Column("flag", "boolean"),
        Column("at", "timestamp"),
        Column("price", "numeric(8,2)"),
    )
    old = Table("things", columns, ("id",))
    new = Table(
        "things",
        (
            Column("id", "INTEGER", False),
            Column("flag", "BOOLEAN"),
            Column("at", "DATETIME"),
            Column("price", "NUMERIC"),
        ),
        ("id",),
    )
    one = TablePair(old, new, dialects.get("postgresql"), SQLITE)
    old_rows = [
        b"1,true,'2025-01-15 08:30:00','1.50'",
        b"2,false,'2025-01-15 08:30:00','2.00'",
    ]
    new_rows = [b"1,1,'2025-01-15 08:30:00',1.5", b"2,1,'2025-01-15 08:30:00',2"]
    (found,) = differences(one, old_rows, new_rows)
    assert one.cells(found) == (Cell("flag", b"0", b"1"),)


def test_rows_of_two_dialects_need_not_be_in_the_same_order() -> None:
    keyed = table("id", "a")
    one = pair(keyed, keyed, by_value=True)
    assert differences(one, [b"2,'x'", b"1,'x'"], [b"1,'x'", b"2,'x'"]) == []


# ------------------------------------------------------------------ JSON


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('{"a": 1}', '{"a": 2}', [("$.a", "1", "2")]),
        ('{"a": 1}', '{"b": 1}', [("$.a", "1", None), ("$.b", None, "1")]),
        ('{"a": {"b c": [1, 2]}}', '{"a": {"b c": [1, 3]}}', [('$.a."b c"[1]', "2", "3")]),
        ("[1, 2, 3]", "[1, 3]", [("$[1]", "2", None)]),
        ("[1, 3]", "[1, 2, 3]", [("$[1]", None, "2")]),
        ('[{"a": 1}, {"b": 1}]', '[{"a": 1}, {"b": 2}]', [("$[1].b", "1", "2")]),
        ('{"a": true}', '{"a": 1}', [("$.a", "true", "1")]),
        ('{"a": 1}', '{"a":1}', []),
        ('{"a": null}', "{}", [("$.a", "null", None)]),
        ("{}", "[]", []),
        ("not json", '{"a": 1}', []),
        ("{", "{}", []),
        (None, "{}", []),
        ("1", "2", []),
        ("[" * 100_000, "[]", []),
    ],
)
def test_paths_of_json(old: object, new: object, expected: list[tuple[Any, ...]]) -> None:
    assert json_diff.changes(old, new) == tuple(PathChange(*one) for one in expected)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(json_values, json_values)
def test_paths_are_empty_for_equal_documents_only(old: Any, new: Any) -> None:
    import json

    found = json_diff.changes(json.dumps(old), json.dumps(new))
    comparable = type(old) is type(new) and isinstance(old, (dict, list))
    same = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert bool(found) == (comparable and not same)


# ------------------------------------------------------------------ rows kept aside


def test_a_spool_can_be_read_while_it_is_read() -> None:
    spool: Spool[bytes] = Spool()
    rows = [b"%d," % i + b"x" * 100 for i in range(5500)]
    for row in rows:
        spool.append(row)
    assert len(spool) == 5500
    assert list(zip(spool, spool, strict=True)) == [(row, row) for row in rows]


def test_rows_are_sorted_whatever_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demosnap.rows.spool._RUN", 7)
    rows = [b"%d,'x'" % (i * 37 % 101) for i in range(101)]
    key = row_key(table("id", "a"))
    assert list(sorted_rows(rows, key)) == [b"%d,'x'" % i for i in range(101)]
    assert list(in_batches(range(5), 2)) == [[0, 1], [2, 3], [4]]


# ------------------------------------------------------------------ applying differences

row_dicts = st.dictionaries(
    st.integers(-5, 40), st.tuples(st.sampled_from("xyz'\n,"), st.sampled_from(["p", "q", None]))
)


def rows_of(content: dict[int, tuple[str, str | None]]) -> list[bytes]:
    """Canonical rows, in order."""
    return [
        b",".join(SQLITE.encode(value, THINGS.columns[0]) for value in (key, *values))
        for key, values in sorted(content.items())
    ]


@given(row_dicts, row_dicts)
def test_applying_the_differences_gives_the_new_side(
    old: dict[int, tuple[str, str | None]], new: dict[int, tuple[str, str | None]]
) -> None:
    one = pair(THINGS, THINGS)
    key = row_key(THINGS)
    rows = {key(row): row for row in rows_of(old)}
    for difference in differences(one, rows_of(old), rows_of(new)):
        if difference.old is not None:
            assert rows.pop(key(difference.old)) == difference.old
        if difference.new is not None:
            rows[key(difference.new)] = difference.new
    assert sorted(rows.values(), key=key) == rows_of(new)


class Enforcing(SQLiteDialect):
    """SQLite with foreign keys that are checked at the end of each statement."""

    enforces_foreign_keys = True

    def file_begin(self, predicates: object = ()) -> Sequence[str]:
        """Begin, and check foreign keys."""
        return ("PRAGMA foreign_keys = ON;", "BEGIN;")


ENFORCING = Enforcing()

Content = dict[str, list[dict[str, Any]]]

SCHEMA = {
    # table: its references as column: (table, nullable)
    "teams": {"lead_team_id": ("teams", True)},
    "people": {"team_id": ("teams", False), "boss_id": ("people", True)},
    "tasks": {"person_id": ("people", True), "team_id": ("teams", False)},
    "logs": {"task_id": ("tasks", True)},
}


def model(name: str) -> Table:
    """The definition of a table of SCHEMA."""
    keyless = name == "logs"
    columns = [] if keyless else [Column("id", "INTEGER", False)]
    columns.append(Column("code", "TEXT", keyless))
    columns.append(Column("slot", "INTEGER"))
    columns += [Column(c, "INTEGER", nullable) for c, (_, nullable) in SCHEMA[name].items()]
    return Table(
        name,
        tuple(columns),
        () if keyless else ("id",),
        unique=() if keyless else (("code",), ("slot",)),
        foreign_keys=tuple(
            ForeignKey((column,), parent, ("id",)) for column, (parent, _) in SCHEMA[name].items()
        ),
    )


def ddl(one: Table) -> str:
    """The CREATE TABLE of a definition."""
    parts = [
        f"{c.name} {c.type}{'' if c.nullable else ' NOT NULL'}"
        f"{' PRIMARY KEY' if c.name in one.key else ''}"
        for c in one.columns
    ]
    parts += [f"UNIQUE ({', '.join(columns)})" for columns in one.unique]
    parts += [f"FOREIGN KEY ({k.columns[0]}) REFERENCES {k.table} (id)" for k in one.foreign_keys]
    return f"CREATE TABLE {one.name} ({', '.join(parts)})"


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """Rows of all tables that fit each other: few ids and few unique values, so that they meet."""
    found: Content = {}
    for name, references in SCHEMA.items():
        one = model(name)
        ids = draw(st.lists(st.integers(1, 6), unique=True, max_size=5))
        parents = {name: ids, **{n: [r["id"] for r in rs] for n, rs in found.items() if n != name}}
        if any(not nullable and not parents[p] for p, nullable in references.values()):
            ids = []
        codes = draw(st.permutations("abcdefg")) if one.key else ["a"] * 3 + ["b"] * 3
        slots = draw(st.permutations([1, 2, 3, 4, 5, None, None]))
        rows = []
        for i, number in enumerate(sorted(ids)):
            row: dict[str, Any] = {"id": number} if one.key else {}
            row |= {"code": codes[i], "slot": slots[i] if one.key else number % 2}
            for column, (parent, nullable) in references.items():
                choices: list[Any] = [None] if nullable else []
                row[column] = draw(st.sampled_from([*choices, *parents[parent]]))
            rows.append(row)
        found[name] = rows
    return found


def stream(name: str, content: Content) -> list[bytes]:
    """The canonical rows of one table."""
    one = model(name)
    rows = [b",".join(SQLITE.encode(row[c.name], c) for c in one.captured) for row in content[name]]
    return sorted(rows, key=row_key(one))


def changes_between(old: Content, new: Content, dialect: SQLiteDialect = ENFORCING) -> Changes:
    """What differs in all tables."""
    return tuple(
        collect(
            TablePair(model(name), model(name), dialect, dialect),
            iter(stream(name, old)),
            iter(stream(name, new)),
        )
        for name in SCHEMA
    )


def filled(content: Content) -> sqlite3.Connection:
    """A database in memory with these rows."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for name in SCHEMA:
        connection.execute(ddl(model(name)))
    for name, rows in content.items():
        for row in rows:
            marks = ",".join("?" * len(row))
            connection.execute(
                f"INSERT INTO {name} ({','.join(row)}) VALUES ({marks})", list(row.values())
            )
    assert not connection.execute("PRAGMA foreign_key_check").fetchall()
    return connection


def held(connection: sqlite3.Connection) -> Content:
    """All rows of the database."""
    connection.row_factory = sqlite3.Row
    found: Content = {}
    for name in SCHEMA:
        rows = [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]
        found[name] = sorted(rows, key=repr)
    return found


def script(changes: Changes) -> Iterator[str]:
    """The script of changes, with a predicate for the table that has no key."""
    return sql_script.script(changes, ENFORCING, lambda users: {"logs": "1=1"}, ["a script"])


@settings(max_examples=examples(300), deadline=None)
@given(contents(), contents())
def test_the_script_gives_the_new_side_with_every_key_checked(old: Content, new: Content) -> None:
    connection = filled(old)
    connection.executescript("\n".join(script(changes_between(old, new))))
    assert held(connection) == {name: sorted(rows, key=repr) for name, rows in new.items()}
    assert not connection.execute("PRAGMA foreign_key_check").fetchall()
    connection.close()
