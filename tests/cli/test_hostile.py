"""Names, paths and texts that somebody made up to do harm: refused, or no more than data."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from demosnap.errors import DemosnapError, RefusedError
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

NAMES = (
    "../../x",
    "a;b",
    "-rf",
    "gеneral",
    "ｇeneral",
    "a/b",
    "a\x00b",
    "a'b",
    "GENERAL",
    "a b",
    "..",
)


@pytest.fixture
def chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general on SQLite; the database is at v2."""
    return small.copied(make_workspace(sqlite), "v1", "v2")


@pytest.fixture
def on_each(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Version v1 of general; the database is at it."""
    return small.copied(make_workspace(database), "v1")


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".db"
    }


def _refused(chain: Chain, act: Callable[[], object], *told: str) -> None:
    """Check that something is refused in words, and changes neither rows nor files."""
    folder = chain.workspace.folder.parent
    files, rows = _files(folder), chain.everything()
    with pytest.raises(DemosnapError) as caught:
        act()
    for part in told:
        assert part in str(caught.value)
    assert _files(folder) == files
    assert chain.everything() == rows


@pytest.mark.parametrize("name", NAMES)
def test_no_name_escapes_its_folder_or_the_sql(chain: Chain, name: str) -> None:
    """As a scenario, as a version and as a head; unicode lookalikes are other names."""
    chain.workspace.configure("marker: {column: is_demo}\n")
    for act in (
        lambda: chain.project.revision(name),
        lambda: chain.project.load(name),
        lambda: chain.project.upgrade(f"{name}@head"),
        lambda: chain.project.upgrade(f"general@{name}"),
        lambda: chain.project.downgrade("general", name),
        lambda: chain.project.stamp(f"general@{name}"),
        lambda: chain.project.revision("general", head=name, message="x"),
    ):
        _refused(chain, act)


@pytest.mark.parametrize("name", NAMES)
def test_no_such_name_is_taken_from_the_configuration(chain: Chain, name: str) -> None:
    """Refused where it stands."""
    quoted = name.replace("\x00", "\\0")
    chain.workspace.configure(
        f'marker: {{column: is_demo, scenario_column: scenario}}\nscenarios: {{"{quoted}": {{}}}}\n'
    )
    _refused(chain, lambda: chain.project.revision(name), "demosnap.yaml")


def _edit_script(chain: Chain, old: str, new: str) -> None:
    path = chain.workspace.revisions / "general" / "general_v1_2025-01-15.py"
    text = path.read_text()
    changed = re.sub(old, lambda _: new, text)
    assert changed != text
    path.write_text(changed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r'"file": "[^"]*"', '"file": "../../../etc/passwd.sql"'),
        (r'"file": "[^"]*"', '"file": "/etc/passwd"'),
        (r'"file": "[^"]*"', '"file": "../writer/general_v1_2025-01-15.sql"'),
        (r'"file": "[^"]*"', '"file": "general_v1_2025-01-15.sql\\n"'),
        (r'"version": "[^"]*"', '"version": "v1_2025-01-15/../../x"'),
        (r'"scenario": "[^"]*"', '"scenario": "../x"'),
        (r'"digest": "[^"]*"', '"digest": "x"'),
    ],
)
def test_a_script_names_no_path(chain: Chain, old: str, new: str) -> None:
    """Nothing is opened that is not a snapshot's plain name in the script's own folder."""
    _edit_script(chain, old, new)
    _refused(chain, lambda: chain.project.downgrade("general", "v1"), "general_v1")
    assert any("general_v1" in str(f.file) for f in chain.project.check())


def test_a_script_that_differs_from_what_the_tool_writes_is_found(chain: Chain) -> None:
    """`check` says so before anybody runs it; a statement of one's own is no part of it."""
    assert chain.project.check() == []
    _edit_script(chain, "def upgrade", "import os\n\n\ndef upgrade")
    (finding, *_) = chain.project.check()
    assert finding.file is not None
    assert finding.file.endswith("general_v1_2025-01-15.py")


def test_a_snapshot_that_is_a_link_to_elsewhere_is_not_read(chain: Chain) -> None:
    """Even where it leads to the very same bytes."""
    path = chain.workspace.revisions / "general" / "general_v1_2025-01-15.sql"
    outside = chain.workspace.folder.parent / "outside.sql"
    path.rename(outside)
    path.symlink_to(outside)
    _refused(chain, lambda: chain.project.downgrade("general", "v1"), "symbolic link", str(path))
    assert chain.project.check()


@pytest.mark.parametrize("name", ["metadata", "writer"])
def test_nothing_is_written_through_a_link_that_leads_outside(chain: Chain, name: str) -> None:
    """Neither metadata nor a revision."""
    outside = chain.workspace.folder.parent / "outside"
    folder = chain.workspace.revisions / name
    if folder.exists():
        folder.rename(outside)
    else:
        outside.mkdir()
    folder.symlink_to(outside)
    chain.database.execute(*small.WRITER)
    _refused(chain, lambda: chain.project.revision("writer"), "symbolic link", str(outside))


@pytest.mark.long
@pytest.mark.parametrize(
    "where",
    [
        "1=1); DROP TABLE users; --",
        "is_demo; DELETE FROM users",
        "is_demo -- ",
        "is_demo /* ",
        "1=1) OR (1=1",
        "title = 'x",
        "title = E'\\\\'' ; DROP TABLE users; --'",
        "title = $$x$$",
        "(is_demo",
    ],
)
def test_a_predicate_cannot_end_the_statement_around_it(on_each: Chain, where: str) -> None:
    """It is one expression or it is refused; nothing of it is run."""
    text = small.SETTINGS.replace("{via: card_id}", "{where: " + f'"{where}"' + "}")
    on_each.workspace.configure(text)
    _refused(on_each, lambda: on_each.project.revision("general", message="x"))


@pytest.mark.long
@pytest.mark.parametrize(
    "key", ["a'b", "a') OR ('1'='1", "a$.b", "a%s", "a:b", "a;b", "a--b", "a`b", "demo seed", "ß"]
)
def test_a_json_key_is_data(on_each: Chain, key: str) -> None:
    """Whatever stands in the marker's key, it picks the rows that have that key, and no other."""
    document = '{"' + key + '": true}'
    quoted = document.replace("'", "''")
    on_each.database.execute(
        "CREATE TABLE things (id INTEGER PRIMARY KEY, info JSON)",
        f"INSERT INTO things VALUES (1, '{quoted}'), (2, '{{\"a\": true}}'), (3, NULL)",
    )
    doubled = key.replace("'", "''")
    on_each.workspace.configure(
        f"marker: {{column: info, key: '{doubled}'}}\nscenarios: {{other: {{}}}}\n"
    )
    try:
        result = on_each.project.revision("other")
    except DemosnapError as error:
        assert "marker" in str(error)
        return
    assert result.version is not None
    assert {name: n for name, n in result.version.rows.items() if n} == {"things": 1}


def test_names_of_tables_and_columns_are_quoted(on_each: Chain) -> None:
    """A table called as a statement is a table."""
    quote = on_each.database.engine.dialect.identifier_preparer.quote
    table, column = quote("x; DROP TABLE users; --"), quote("it's; -- /*")
    on_each.database.execute(
        f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {column} VARCHAR(20),"
        " is_demo BOOLEAN, scenario VARCHAR(20))",
        f"INSERT INTO {table} VALUES (1, 'a', TRUE, 'general'), (2, 'b', FALSE, NULL)",
    )
    on_each.project.revision("general", message="odd names", date="2025-01-20")
    there = on_each.database.dump()
    on_each.project.downgrade("general", "base")
    assert on_each.database.rows(f"SELECT id FROM {table}") == [(2,)]
    on_each.project.upgrade("general@head")
    assert on_each.database.dump() == there


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"-- Scenario: general", b"-- Scenario: general\nDROP TABLE users;"),
        (b"-- Scenario: general", b"-- Scenario: ../../x"),
        (b"-- Version: v1_2025-01-15", b"-- Version: v1_2025-01-15; DROP TABLE users"),
        (b"-- Format: 1 (sqlite)", b"-- Format: 1 (../../x)"),
        (b"-- Format: 1 (sqlite)", b"-- Format: 99999999999999999999 (sqlite)"),
        (b'"table":"boards"', b'"table":"users"'),
        (b'"table":"boards"', b'"table":"boards WHERE 1=1; --"'),
        (b'"rows":1', b'"rows":1e999'),
        (b'"rows":1', b'"rows":-1'),
        (b'"key":["id"]', b'"key":["id","id\\" OR 1=1"]'),
    ],
)
def test_a_header_says_nothing_that_is_run(chain: Chain, old: bytes, new: bytes) -> None:
    """What stands there is compared with what demosnap would write, and never executed."""
    path = chain.workspace.revisions / "general" / "general_v1_2025-01-15.sql"
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, 1))
    folder = chain.everything()
    with pytest.raises(DemosnapError) as caught:
        chain.project.downgrade("general", "v1")
    assert isinstance(caught.value, RefusedError) or str(path) in str(caught.value)
    assert chain.everything() == folder


def test_a_type_in_a_header_is_a_word(chain: Chain) -> None:
    """It tells people what the column was; nothing is made of it."""
    path = chain.workspace.revisions / "general" / "general_v1_2025-01-15.sql"
    hostile = b'"type":"INTEGER\\n); DROP TABLE users; --"'
    text = path.read_bytes().replace(b'"type":"INTEGER"', hostile, 1)
    assert hostile in text
    path.write_bytes(text)
    chain.project.downgrade("general", "v1")
    assert chain.database.dump() == chain.at["v1"]
