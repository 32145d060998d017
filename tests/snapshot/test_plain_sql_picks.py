"""What a user's `where` picks is gone after a file is loaded by hand, whatever the rule reads."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from demosnap import dialects
from demosnap.project import Project
from demosnap.snapshot.header import parts_before_rows
from support.databases import Database
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]

OF_DEMO_POSTS = "owner_type = 'Post' AND owner_id IN (SELECT id FROM posts WHERE is_demo)"
ATTACHED = f"""\
marker: {{column: is_demo}}
tables:
  attachments: {{where: "{OF_DEMO_POSTS}"}}
  zattachments: {{where: "{OF_DEMO_POSTS}"}}
  marks: {{via: attachment_id}}
"""
READING_EACH_OTHER = """\
marker: {column: no_such_column}
tables:
  posts: {where: "title LIKE 'demo%' OR id IN (SELECT owner_id FROM attachments WHERE name = 'd')"}
  attachments: {where: "name = 'd' OR owner_id IN (SELECT id FROM posts WHERE title LIKE 'demo%')"}
  zattachments: {where: "EXISTS (SELECT 1 FROM zattachments z WHERE z.name = 'a.png')
    AND id >= (SELECT MIN(owner_id) FROM zattachments WHERE name <> 'own.png')"}
  marks: {via: attachment_id}
"""
ATTACHMENTS = (
    "(id integer NOT NULL {key}, owner_type varchar(20) NOT NULL, owner_id integer, name text)"
)
ROWS = (
    "INSERT INTO posts VALUES (1,'own',false),(2,'demo',true),(3,'demo 2',true)",
    *(
        f"INSERT INTO {name} VALUES (1,'Post',1,'own.png'),(2,'Post',2,'a.png'),"
        "(3,'Post',3,'b.png'),(4,'User',2,'own.png'),(5,'User',NULL,NULL)"
        for name in ("attachments", "zattachments")
    ),
    "INSERT INTO marks VALUES (1,1),(2,2),(3,3)",
)


def _make(database: Database, settings: str, make: MakeWorkspace, key: str) -> Workspace:
    database.execute(
        "CREATE TABLE posts (id integer PRIMARY KEY, title varchar(40), is_demo boolean)",
        f"CREATE TABLE attachments {ATTACHMENTS.format(key='PRIMARY KEY')}",
        f"CREATE TABLE zattachments {ATTACHMENTS.format(key=key)}",
        "CREATE TABLE marks (id integer PRIMARY KEY,"
        " attachment_id integer REFERENCES attachments (id))",
        *ROWS,
    )
    workspace = make(database)
    workspace.configure(settings)
    return workspace


@pytest.fixture(params=["of another table", "of each other"])
def reading(
    request: pytest.FixtureRequest, database: Database, make_workspace: MakeWorkspace
) -> Workspace:
    """Version v1 of a scenario whose rules read tables of it; one table has no key in the first."""
    other = request.param == "of another table"
    settings, key = (ATTACHED, "") if other else (READING_EACH_OTHER, "PRIMARY KEY")
    workspace = _make(database, settings, make_workspace, key)
    workspace.project.revision("general", message="v1", date="2025-01-15")
    return workspace


def _file(workspace: Workspace, version: str = "v1") -> Path:
    return next((workspace.revisions / "general").glob(f"general_{version}_*.sql"))


def _script(folder: Path, write: Callable[[io.StringIO], None]) -> Path:
    stream = io.StringIO()
    write(stream)
    path = folder / "script.sql"
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def _two_posts_later(database: Database) -> None:
    """Another demo post with an attachment comes, one goes; the rows of v1 are not all there."""
    database.execute(
        "INSERT INTO posts VALUES (7,'demo 7',true)",
        "INSERT INTO attachments VALUES (7,'Post',7,'d')",
        "INSERT INTO zattachments VALUES (7,'Post',7,'d')",
        "INSERT INTO marks VALUES (7,7)",
        "DELETE FROM marks WHERE id = 3",
        "DELETE FROM attachments WHERE id = 3",
        "DELETE FROM zattachments WHERE id = 3",
        "DELETE FROM posts WHERE id = 3",
    )


def test_the_file_purges_all_that_is_picked_before(reading: Workspace) -> None:
    database = reading.database
    whole = database.dump()
    _two_posts_later(database)

    database.client(_file(reading))

    assert database.dump() == whole
    reading.project.stamp("general@v1")
    assert not reading.project.status()[0].drift


def test_one_session_can_run_files_one_after_the_other(reading: Workspace) -> None:
    """Nothing that a file makes is in the way of the next one."""
    database, text = reading.database, _file(reading).read_text()
    whole = database.dump()
    both = reading.folder / "both.sql"
    both.write_text(text + text)

    database.client(both)

    assert database.dump() == whole


def test_the_script_of_a_move_purges_all_that_is_picked_before(reading: Workspace) -> None:
    database, project = reading.database, reading.project
    first = database.dump()
    _two_posts_later(database)
    project.revision("general", message="v2", date="2025-01-20")
    second = database.dump()
    offline = Project(reading.folder / "alembic.ini")

    def down(step: str) -> Path:
        return _script(
            reading.folder, lambda stream: offline.downgrade_sql("general", step, stream)
        )

    database.client(down("v2:v1"))
    assert database.dump() == first
    assert not project.status()[0].drift
    up = _script(
        reading.folder,
        lambda stream: offline.upgrade_sql(["general@v1:general@v2"], stream),
    )
    database.client(up)
    assert database.dump() == second
    # Nothing is left that demosnap itself would take out, and nothing else is gone.
    project.downgrade("general", "base")
    base = database.dump()
    project.upgrade("general@head")
    database.client(down("v2:base"))
    assert database.dump() == base


def test_a_collision_undoes_the_purge(reading: Workspace) -> None:
    database = reading.database
    database.execute(
        "DELETE FROM marks WHERE attachment_id = 2", "UPDATE attachments SET owner_type = 'User'",
        "UPDATE attachments SET owner_id = 1, name = 'own'",
    )  # fmt: skip
    before = database.dump()

    done = database.client(_file(reading), check=False)

    assert done.returncode != 0
    assert database.dump() == before


def test_files_that_were_written_before_are_read(reading: Workspace) -> None:
    """They purge by the predicates themselves; nothing else in them is another."""
    version = next(iter(reading.project.graph().versions.values()))
    path = _file(reading)
    header = next(iter(_headers(reading)))
    dialect = dialects.get(reading.database.dialect)
    new, old = (
        "".join(t for _, t in parts_before_rows(header, version.selection, dialect, picked=picked))
        for picked in (True, False)
    )
    text = path.read_text()
    assert text.startswith(new)
    assert "demosnap_picked" in new
    assert "demosnap_picked" not in old
    path.write_text(old + text.removeprefix(new))

    assert not [
        one for one in reading.project.check() if "bytes, its script says" not in one.message
    ]
    reading.project.downgrade("general@base")
    reading.project.upgrade("general@head")
    assert not reading.project.status()[0].drift


def _headers(workspace: Workspace) -> list[Any]:
    from demosnap.snapshot.sqlfile import SnapshotReader

    return [SnapshotReader(_file(workspace)).header]


def test_a_purge_that_was_changed_is_found(reading: Workspace) -> None:
    path = _file(reading)
    text = path.read_text()
    note = next(line for line in text.splitlines() if line.startswith("CREATE TEMP"))
    path.write_text(text.replace(note, note.replace(" WHERE ", " WHERE 1=1 OR ")))

    (finding,) = reading.project.check()

    assert "not what demosnap writes for this selection" in finding.message
    assert "1=1 OR" in finding.message


def test_a_scenario_without_a_users_predicate_notes_nothing(workspace: Workspace) -> None:
    workspace.project.revision("general", message="v1")
    assert "picked" not in _file(workspace).read_text()


DAYS = {
    "postgresql": ("at >= '01/02/2024' AND at < '02/02/2024'", "TimeZone=Asia/Tokyo"),
    "mariadb": ("at >= '2024-02-01' AND at < '2024-02-02'", ""),
}
HERE = {1: "2024-01-31 15:00:00", 2: "2024-02-01 14:59:59", 3: "2024-02-01 15:00:00"}
"""Times in UTC; 1 and 2 are on the first of February in Tokyo."""


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_predicate_means_what_it_means_to_the_client(
    database: Database, make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the file's own settings it would pick the rows 2 and 3, or be an error."""
    where, zone = DAYS[database.dialect]
    options: tuple[str, ...] = ()
    if database.dialect == "postgresql":
        kind, offset = "timestamptz", "+00"
        monkeypatch.setenv("PGOPTIONS", f"-c {zone} -c DateStyle=SQL,DMY")
    else:
        kind, offset = "datetime", ""
        # The file's sql_mode would take the quoted name for a text.
        where = where.replace("at ", '"at" ').replace("AND at", 'AND "at"')
        options = ("--init-command=SET sql_mode = 'ANSI_QUOTES', time_zone = '+09:00'",)
        init = "SET SESSION sql_mode='ANSI_QUOTES', time_zone='+09:00'"
        database = Database(
            database.dialect,
            sa.make_url(database.url)
            .update_query_dict({"init_command": init})
            .render_as_string(hide_password=False),
            database.engine,
            database.folder,
        )
    rows = ",".join(f"({n},'{at}{offset}')" for n, at in HERE.items())
    if kind == "datetime":
        rows = "(1,'2024-02-01 00:00:00'),(2,'2024-02-01 23:59:59'),(3,'2024-02-02 00:00:00')"
    database.execute(
        f"CREATE TABLE days (id integer PRIMARY KEY, at {kind})", f"INSERT INTO days VALUES {rows}"
    )
    workspace = make_workspace(database)
    workspace.configure(
        "marker: {column: no_such_column}\ntables:\n  days: {where: '"
        + where.replace("'", "''")
        + "'}\n"
    )
    assert workspace.project.revision("general", date="2025-01-15").plan.rows == {"days": 2}
    text = _file(workspace).read_text()
    script = workspace.folder / "purge.sql"
    script.write_text(text[: text.index("\n-- Days\n")] + "\nCOMMIT;\n")

    database.client(script, *options)

    assert database.rows("SELECT id FROM days") == [(3,)]
    database.client(_file(workspace), *options)
    assert database.rows("SELECT id FROM days ORDER BY id") == [(1,), (2,), (3,)]


def test_the_script_of_a_comparison_deletes_what_is_picked_before(reading: Workspace) -> None:
    """A table whose rows have no key is replaced as a whole."""
    database, project = reading.database, reading.project
    first = database.dump()
    _two_posts_later(database)
    with project.diff("general", "database", "v1") as comparison:
        lines = list(comparison.script(comparison.changes(), ["back"]))
    script = reading.folder / "back.sql"
    script.write_text("\n".join(lines) + "\n")

    database.client(script)

    assert database.dump() == first
