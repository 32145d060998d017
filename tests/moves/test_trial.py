"""Rows that the database would not take, and keys that only it can compare: found in the plan."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from demosnap.errors import DemosnapError
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]

COLUMNS = "id INTEGER PRIMARY KEY, is_demo BOOLEAN NOT NULL DEFAULT FALSE"
PLAIN = "body VARCHAR(40)"


@dataclass(frozen=True)
class Case:
    """A table whose definition changes; `row` is the demo row that it then refuses, for `why`."""

    name: str
    after: str
    rows: str
    row: int
    why: str
    before: str = PLAIN
    dialects: tuple[str, ...] = ("sqlite", "postgresql", "mariadb")
    options: str = ""


CASES = [
    Case(
        "check",
        "body VARCHAR(40), CONSTRAINT short CHECK (length(body) < 4)",
        "(1, TRUE, 'abc'), (2, TRUE, 'abcdef')",
        2,
        "short|length\\(body\\)",
    ),
    Case("not null", "body VARCHAR(40) NOT NULL", "(1, TRUE, 'a'), (2, TRUE, NULL)", 2, "body"),
    Case(
        "shorter",
        "body VARCHAR(3)",
        "(1, TRUE, 'abc'), (2, TRUE, 'abcdef')",
        2,
        "body",
        dialects=("postgresql", "mariadb"),
    ),
    Case(
        "narrower",
        "n SMALLINT",
        "(1, TRUE, 5), (2, TRUE, 99999)",
        2,
        "n\\b",
        before="n INTEGER",
        dialects=("postgresql", "mariadb"),
    ),
    Case(
        "precision",
        "n NUMERIC(3, 1)",
        "(1, TRUE, 5), (2, TRUE, 9999.5)",
        2,
        "numeric field overflow|Out of range value for column 'n'",
        before="n NUMERIC(8, 1)",
        dialects=("postgresql", "mariadb"),
    ),
    Case(
        "labels",
        "body ENUM('a', 'c')",
        "(1, TRUE, 'a'), (2, TRUE, 'b')",
        2,
        "body",
        before="body ENUM('a', 'b')",
        dialects=("mariadb",),
    ),
    Case(
        "collation",
        "body VARCHAR(40) COLLATE {nocase} UNIQUE",
        "(1, TRUE, 'abc'), (2, TRUE, 'ABC')",
        2,
        "body|ABC",
        before="body VARCHAR(40) COLLATE {exact} UNIQUE",
        dialects=("sqlite", "mariadb"),
    ),
    Case(
        "strict",
        "n INTEGER",
        "(1, TRUE, 5), (2, TRUE, 'five')",
        2,
        "n\\b",
        before="n",
        dialects=("sqlite",),
        options="STRICT",
    ),
]
COLLATIONS = {
    "sqlite": {"nocase": "NOCASE", "exact": "BINARY"},
    "mariadb": {"nocase": "utf8mb4_general_ci", "exact": "utf8mb4_bin"},
    "postgresql": {},
}


@pytest.fixture
def workspace(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """A project of one table, `notes`."""
    made = make_workspace(database)
    made.configure("marker: {column: is_demo}\n")
    return made


def captured(workspace: Workspace, column: str, rows: str) -> None:
    """Capture demo rows of `notes`, and take them out."""
    workspace.database.execute(
        f"CREATE TABLE notes ({COLUMNS}, {column})", f"INSERT INTO notes VALUES {rows}"
    )
    workspace.project.revision("general", message="v1")
    workspace.project.downgrade("general", "base")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_the_table_would_not_take_is_named_with_its_row(
    workspace: Workspace, case: Case
) -> None:
    database = workspace.database
    if database.dialect not in case.dialects:
        pytest.skip(f"{database.dialect} has no such change")
    words = COLLATIONS[database.dialect]
    captured(workspace, case.before.format(**words), case.rows)
    own, options = COLUMNS, case.options
    if options:
        own = own.replace("BOOLEAN NOT NULL DEFAULT FALSE", "INTEGER NOT NULL DEFAULT 0")
    database.execute(
        "DROP TABLE notes", f"CREATE TABLE notes ({own}, {case.after.format(**words)}) {options}"
    )
    before = database.dump(own=True)
    named = f"notes: row id={case.row} of the snapshot is not accepted: .*({case.why})"
    plan = workspace.project.upgrade("general@head", dry_run=True)
    assert len(plan.refusals) == 1
    assert re.search(named, str(plan.refusals[0]))
    assert "scratch" not in str(plan.refusals[0])
    found = workspace.project.check(database=True)
    assert re.search(named, "\n".join(one.message for one in found))
    with pytest.raises(DemosnapError, match=named) as caught:
        workspace.project.upgrade("general@head")
    assert "nothing was changed" in str(caught.value)
    assert database.dump(own=True) == before


def test_an_enum_that_lost_a_label(workspace: Workspace) -> None:
    database = workspace.database
    if database.dialect != "postgresql":
        pytest.skip("enums are types of their own on PostgreSQL alone")
    database.execute("CREATE TYPE mood AS ENUM ('good', 'bad')")
    captured(workspace, "m mood", "(1, TRUE, 'good'), (2, TRUE, 'bad')")
    database.execute("ALTER TYPE mood RENAME VALUE 'bad' TO 'worse'")
    named = 'notes: row id=2 of the snapshot is not accepted: m: invalid input value .*"bad"'
    with pytest.raises(DemosnapError, match=named):
        workspace.project.upgrade("general@head")
    assert next(f.message for f in workspace.project.check(database=True)).count("id=2") == 1


def test_what_fits_is_no_finding(workspace: Workspace) -> None:
    captured(workspace, "body VARCHAR(40) UNIQUE", "(1, TRUE, 'a'), (2, TRUE, NULL)")
    assert workspace.project.check(database=True) == []
    assert workspace.project.upgrade("general@head", dry_run=True).refusals == ()
    workspace.project.upgrade("general@head")
    assert workspace.project.check(database=True) == []


KEYS = {
    "partial": (
        ("sqlite", "postgresql"),
        "CREATE UNIQUE INDEX one ON notes (body) WHERE id < 100",
        "(50, FALSE, 'Demo')",
    ),
    "expression": (
        ("sqlite", "postgresql"),
        "CREATE UNIQUE INDEX one ON notes (lower(body), (id > 0))",
        "(50, FALSE, 'DEMO')",
    ),
    "nulls": (
        ("postgresql",),
        "CREATE UNIQUE INDEX one ON notes (body, (NULL::text)) NULLS NOT DISTINCT",
        "(50, FALSE, 'Demo')",
    ),
    "exclusion": (
        ("postgresql",),
        "ALTER TABLE notes ADD CONSTRAINT one EXCLUDE USING gist"
        " (int4range(id, id + 60) WITH &&) WHERE (body LIKE 'De%')",
        "(50, FALSE, 'Deck')",
    ),
    "generated": (
        ("mariadb",),
        "ALTER TABLE notes ADD low VARCHAR(40) AS (LOWER(body)), ADD UNIQUE KEY one (low)",
        "(50, FALSE, 'DEMO', DEFAULT)",
    ),
    "prefix": (
        ("mariadb",),
        "ALTER TABLE notes ADD UNIQUE KEY one (body(2))",
        "(50, FALSE, 'Dexter')",
    ),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_that_only_the_database_can_compare(workspace: Workspace, kind: str) -> None:
    dialects, definition, row = KEYS[kind]
    database = workspace.database
    if database.dialect not in dialects:
        pytest.skip(f"{database.dialect} has no such key")
    captured(workspace, PLAIN, "(1, TRUE, 'Demo')")
    database.execute(definition, f"INSERT INTO notes VALUES {row}")
    before = database.dump(own=True)
    taken = r"\(one: id=1 of the snapshot and id=50 of the database\)"
    plan = workspace.project.upgrade("general@head", dry_run=True)
    assert len(plan.refusals) == 1
    with refused("key taken", taken) as caught:
        workspace.project.upgrade("general@head")
    assert caught.value.refusals == plan.refusals
    assert database.dump(own=True) == before


NAMED = {
    "plain": (("postgresql", "mariadb"), "CREATE UNIQUE INDEX one ON notes (is_demo)"),
    "constraint": (
        ("postgresql", "mariadb"),
        "ALTER TABLE notes ADD CONSTRAINT one UNIQUE (is_demo)",
    ),
    "expression": (
        ("sqlite", "postgresql"),
        "CREATE UNIQUE INDEX one ON notes ((id * 0)) WHERE is_demo",
    ),
    "exclusion": (
        ("postgresql",),
        "ALTER TABLE notes ADD CONSTRAINT one EXCLUDE USING gist (int4range(id, id + 60) WITH &&)",
    ),
    "generated": (
        ("mariadb",),
        "ALTER TABLE notes ADD zero INTEGER AS (id * 0), ADD UNIQUE KEY one (zero)",
    ),
    "check": (
        ("sqlite", "postgresql", "mariadb"),
        "CONSTRAINT one CHECK (id < 2)",
    ),
}
MANY_NAMED = {
    "sqlite": ("CREATE UNIQUE INDEX alike ON notes ((id * 1)) WHERE is_demo",),
    "postgresql": (
        "CREATE UNIQUE INDEX alike ON notes ((id * 1)) WHERE is_demo",
        "CREATE UNIQUE INDEX zalike ON notes ((id * 0), id) WHERE is_demo",
    ),
    "mariadb": ("CREATE UNIQUE INDEX alike ON notes (is_demo, id)",),
}


@pytest.mark.parametrize("kind", NAMED)
def test_a_reason_names_the_key_as_the_table_does(workspace: Workspace, kind: str) -> None:
    dialects, definition = NAMED[kind]
    database = workspace.database
    if database.dialect not in dialects:
        pytest.skip(f"{database.dialect} names no such key")
    captured(workspace, PLAIN, "(1, TRUE, 'a'), (2, TRUE, 'b')")
    if kind == "check":
        other = "CONSTRAINT alike CHECK (id < 9), CONSTRAINT zalike CHECK (id < 8)"
        database.execute(
            "DROP TABLE notes", f"CREATE TABLE notes ({COLUMNS}, {PLAIN}, {definition}, {other})"
        )
    else:
        first, *more = MANY_NAMED[database.dialect]
        database.execute(first, definition, *more)
    reason = str(*workspace.project.upgrade("general@head", dry_run=True).refusals)
    assert reason.startswith("notes: row id=2 of the snapshot is not accepted: ")
    assert re.search(r"""["'`. ]one\b""", reason)
    assert "scratch" not in reason


def test_by_difference_such_a_key_is_found_too(workspace: Workspace) -> None:
    database = workspace.database
    if database.dialect == "mariadb":
        pytest.skip("it has no partial index")
    database.execute(
        f"CREATE TABLE notes ({COLUMNS}, {PLAIN})",
        "CREATE UNIQUE INDEX one ON notes (body) WHERE id < 100",
        "INSERT INTO notes VALUES (1, TRUE, 'a'), (2, TRUE, 'b')",
    )
    workspace.project.revision("general", message="v1")
    database.execute("UPDATE notes SET body = 'c' WHERE id = 2")
    workspace.project.revision("general", message="v2")
    database.execute("INSERT INTO notes VALUES (50, FALSE, 'b')")
    with refused("key taken", "id=2 of the snapshot and id=50 of the database"):
        workspace.project.downgrade("general", "-1")


def test_values_that_are_exchanged_under_such_a_key_name_the_way_on(workspace: Workspace) -> None:
    database = workspace.database
    index = "CREATE UNIQUE INDEX one ON notes (lower(body))"
    if database.dialect == "mariadb":
        index = "ALTER TABLE notes ADD low VARCHAR(20) AS (lower(body)) VIRTUAL, ADD UNIQUE (low)"
    database.execute(
        f"CREATE TABLE notes ({COLUMNS}, {PLAIN})",
        index,
        "INSERT INTO notes (id, is_demo, body) VALUES (1, TRUE, 'a'), (2, TRUE, 'b')",
    )
    workspace.project.revision("general", message="v1")
    database.execute(
        "UPDATE notes SET body = 'x' WHERE id = 1",
        "UPDATE notes SET body = 'a' WHERE id = 2",
        "UPDATE notes SET body = 'b' WHERE id = 1",
    )
    workspace.project.revision("general", message="v2")
    with pytest.raises(DemosnapError, match="one by one") as caught:
        workspace.project.downgrade("general", "-1")
    assert "--full" in str(caught.value)
    workspace.project.downgrade("general", "-1", full=True)
    assert database.rows("SELECT id, body FROM notes ORDER BY id") == [(1, "a"), (2, "b")]
    database.execute(
        "UPDATE notes SET body = 'x' WHERE id = 1",
        "UPDATE notes SET body = 'a' WHERE id = 2",
        "UPDATE notes SET body = 'b' WHERE id = 1",
    )
    with pytest.raises(DemosnapError, match="one by one") as caught:
        workspace.project.reset("general")
    words = "demosnap load general@v1 --discard"
    assert words in str(caught.value) + str(caught.value.hint)
    workspace.run(*words.split()[1:])
    assert database.rows("SELECT id, body FROM notes ORDER BY id") == [(1, "a"), (2, "b")]
