"""A zoo of SQLite's odd tables and values: whatever a demo row holds comes back equal."""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from demosnap import dialects, scaffold
from demosnap.dialects.sqlite import literals, write
from demosnap.dialects.sqlite.codecs import real_literal
from demosnap.errors import DemosnapError
from demosnap.model import Column, Table
from demosnap.project import Project
from support.databases import Database, make_database
from support.draw import examples
from support.refusals import refused
from support.sqlite_zoo import (
    BYTES,
    EXTRAS,
    MARKED,
    SETTINGS,
    TEXTS,
    UNMARKED,
    VALUES,
    ZOO,
    Contents,
    contents,
    minus,
    quote,
    shell,
)
from support.workspaces import Workspace


@pytest.fixture
def zoo(
    sqlite: Database, make_workspace: Callable[[Database], Workspace]
) -> tuple[Workspace, Path, Contents]:
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
    with refused("referenced by non-demo rows", r"(?s)child.*id: 3"):
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
    max_examples=examples(40),
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
