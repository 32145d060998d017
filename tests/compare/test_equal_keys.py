"""Keys are equal where the database's column says so, whatever their bytes are."""

from __future__ import annotations

import pytest

from demosnap import dialects
from demosnap.model import Column
from demosnap.snapshot.alike import apart
from support.databases import Database
from support.refusals import refused
from support.rounds import MakeWorkspace, changed_and_reset, prepare, there_and_back
from support.workspaces import Workspace

DEMO = "is_demo BOOLEAN NOT NULL"
TOWNS = (
    f"CREATE TABLE countries (code VARCHAR(9) {{}} NOT NULL PRIMARY KEY, name VARCHAR(20), {DEMO})",
    "CREATE TABLE towns (id INTEGER PRIMARY KEY, code VARCHAR(9) {} NOT NULL,"
    f" {DEMO}, FOREIGN KEY (code) REFERENCES countries (code))",
    "INSERT INTO countries VALUES ('DE', 'Germany', TRUE), ('IT', 'Italy', FALSE)",
    "INSERT INTO towns VALUES (1, 'de', TRUE), (2, 'it', TRUE), (3, 'It', FALSE)",
)
FOLDING = {
    "sqlite": ("COLLATE NOCASE", "COLLATE NOCASE"),
    "postgresql": ("COLLATE folding", "COLLATE folding"),
    "mariadb": ("COLLATE utf8mb4_general_ci", "COLLATE utf8mb4_general_ci"),
}


@pytest.fixture
def workspace(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """A project of an empty database."""
    if database.dialect == "postgresql":
        database.execute(
            "CREATE COLLATION folding"
            " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    return make_workspace(database)


def towns(database: Database) -> list[str]:
    parent, child = FOLDING[database.dialect]
    return [TOWNS[0].format(parent), TOWNS[1].format(child), *TOWNS[2:]]


def test_a_key_may_be_spelled_otherwise_than_what_it_refers_to(workspace: Workspace) -> None:
    before = there_and_back(workspace, towns(workspace.database))
    changed_and_reset(
        workspace,
        before,
        "UPDATE towns SET code = 'De' WHERE id = 1",
        "UPDATE countries SET name = 'x' WHERE code = 'DE'",
    )


def test_a_row_goes_after_those_that_refer_to_it_in_another_spelling(workspace: Workspace) -> None:
    database = workspace.database
    before = prepare(workspace, towns(database))
    changed_and_reset(
        workspace,
        before,
        "INSERT INTO countries VALUES ('FR', 'France', TRUE)",
        "UPDATE towns SET code = 'fr' WHERE id = 1",
    )


def test_a_key_that_leads_nowhere_in_any_spelling_is_refused_ahead(workspace: Workspace) -> None:
    database = workspace.database
    prepare(workspace, towns(database))
    workspace.project.downgrade("general", "base")
    database.execute("DELETE FROM towns", "DELETE FROM countries")
    with refused("missing reference", r"towns\.code references 1 row of countries that"):
        workspace.project.upgrade("general@head")


AFFINE = (
    f"CREATE TABLE nums (id integer PRIMARY KEY, {DEMO})",
    f"CREATE TABLE kids (id integer PRIMARY KEY, num_id text REFERENCES nums(id), {DEMO})",
    f"CREATE TABLE reals (id real PRIMARY KEY, {DEMO})",
    f"CREATE TABLE rkids (id integer PRIMARY KEY, rid integer REFERENCES reals(id), {DEMO})",
    "INSERT INTO nums VALUES (7, 1), (8, 0)",
    "INSERT INTO kids VALUES (1, '7', 1), (2, '07', 1), (3, '08', 1)",
    "INSERT INTO reals VALUES (3.0, 1), (4.0, 0)",
    "INSERT INTO rkids VALUES (1, 3, 1), (2, 4, 1)",
)


def test_affinity_makes_a_number_of_text(sqlite: Database, make_workspace: MakeWorkspace) -> None:
    there_and_back(make_workspace(sqlite), AFFINE)


def test_trailing_spaces_are_none_where_the_collation_says_so(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    statements = [one.format("COLLATE RTRIM", "COLLATE RTRIM") for one in TOWNS[:2]]
    there_and_back(
        make_workspace(sqlite),
        [
            *statements,
            "INSERT INTO countries VALUES ('DE', 'Germany', 1), ('IT', 'Italy', 0)",
            "INSERT INTO towns VALUES (1, 'DE  ', 1), (2, 'IT ', 1), (3, 'IT  ', 0)",
        ],
    )


COMPUTED = (
    "CREATE TABLE docs (num INTEGER NOT NULL PRIMARY KEY, title VARCHAR(20),"
    f" ref INTEGER GENERATED ALWAYS AS (num + 1000) STORED, {DEMO}, UNIQUE (ref))",
    "CREATE TABLE pages (id INTEGER PRIMARY KEY, doc_ref INTEGER,"
    f" {DEMO}, FOREIGN KEY (doc_ref) REFERENCES docs (ref))",
    "INSERT INTO docs (num, title, is_demo) VALUES (1, 'Demo', TRUE), (2, 'Mine', FALSE)",
    "INSERT INTO pages VALUES (1, 1001, TRUE), (2, 1002, TRUE), (3, 1002, FALSE)",
)


def test_a_key_may_refer_to_what_the_database_computes(workspace: Workspace) -> None:
    before = there_and_back(workspace, COMPUTED)
    changed_and_reset(
        workspace,
        before,
        "UPDATE pages SET doc_ref = NULL WHERE is_demo",
        "DELETE FROM pages WHERE id = 1",
    )


def test_a_row_goes_after_those_that_refer_to_what_was_computed_of_it(
    workspace: Workspace,
) -> None:
    before = prepare(workspace, COMPUTED)
    changed_and_reset(
        workspace,
        before,
        "INSERT INTO docs (num, title, is_demo) VALUES (3, 'New', TRUE)",
        "UPDATE pages SET doc_ref = 1003 WHERE id = 1",
    )


def test_a_computed_key_that_leads_nowhere_is_found_when_the_rows_are_there(
    workspace: Workspace,
) -> None:
    database = workspace.database
    prepare(workspace, COMPUTED)
    workspace.project.downgrade("general", "base")
    database.execute("DELETE FROM pages", "DELETE FROM docs")
    before = database.dump(own=True)
    with pytest.raises(Exception, match=r"pages") as caught:
        workspace.project.upgrade("general@head")
    assert "ValueError" not in str(caught.value)
    assert database.dump(own=True) == before


REFERRING = (
    f"CREATE TABLE nums (id INTEGER PRIMARY KEY, {DEMO})",
    "CREATE TABLE kids (id INTEGER PRIMARY KEY, twice INTEGER NOT NULL,"
    f" half INTEGER GENERATED ALWAYS AS (twice - 100) STORED, {DEMO},"
    " FOREIGN KEY (half) REFERENCES nums (id))",
    "INSERT INTO nums VALUES (1, TRUE), (2, FALSE)",
    "INSERT INTO kids (id, twice, is_demo) VALUES (1, 101, TRUE), (2, 102, TRUE), (3, 102, FALSE)",
)


def test_a_computed_column_may_refer(workspace: Workspace) -> None:
    before = there_and_back(workspace, REFERRING)
    changed_and_reset(workspace, before, "UPDATE kids SET twice = 102 WHERE id = 1")


def test_a_table_may_be_picked_by_a_computed_key(workspace: Workspace) -> None:
    settings = "marker: {column: is_demo}\ntables:\n  kids: {via: half}\n"
    statements = [*REFERRING[:3], REFERRING[3].replace("(2, 102, TRUE)", "(2, 102, FALSE)")]
    there_and_back(workspace, statements, settings)


@pytest.mark.parametrize(
    ("dialect", "wanted", "kind", "there", "referred", "is_apart"),
    [
        ("sqlite", b"'de'", "TEXT", b"'DE'", "TEXT", False),
        ("sqlite", b"'de'", "TEXT", b"'IT'", "TEXT", True),
        ("sqlite", b"'07'", "TEXT", b"7", "INTEGER", False),
        ("sqlite", b"'a '", "TEXT", b"'a'", "TEXT", False),
        ("sqlite", b"-0.0", "REAL", b"0", "INTEGER", False),
        ("sqlite", b"1.5", "REAL", b"1", "INTEGER", True),
        ("postgresql", b"'1.00'", "numeric", b"'1.0'", "numeric", False),
        ("postgresql", b"'2025-01-01'", "date", b"'2025-01-01 00:00:00'", "timestamp", False),
        ("postgresql", b"'a'", "text", "'\u00e4'".encode(), "text", False),
        ("postgresql", b"'1 mon'", "interval", b"'30 days'", "interval", False),
        ("mariadb", b"'A'", "varchar(9)", b"'a'", "char(9)", False),
        ("mariadb", b"'A'", "varchar(9)", b"'b'", "char(9)", True),
    ],
)
def test_only_keys_that_no_database_takes_for_equal_are_apart(
    dialect: str, wanted: bytes, kind: str, there: bytes, referred: str, is_apart: bool
) -> None:
    mine, theirs = [Column("a", kind)], [Column("b", referred)]
    found = apart(dialects.get(dialect), {(wanted,)}, mine, [(there,)], theirs)
    assert found == ({(wanted,)} if is_apart else set())
    assert apart(dialects.get(dialect), {(wanted,)}, mine, [], theirs) == {(wanted,)}
