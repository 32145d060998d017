"""Rules that read each other's tables, or their own: all rows are picked before any goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from support.databases import Database
from support.workspaces import Workspace

pytestmark = pytest.mark.long

SCHEMA = (
    "CREATE TABLE posts (id integer PRIMARY KEY, who varchar(20), title varchar(40))",
    "CREATE TABLE rel (id integer PRIMARY KEY, post_id integer, tag varchar(20))",
    "CREATE TABLE notes (id integer PRIMARY KEY, post_id integer REFERENCES posts (id))",
    "INSERT INTO posts VALUES (1, 'demo', 'a'), (2, 'real', 'b'), (3, 'nobody', 'c'),"
    " (4, 'real', 'd')",
    "INSERT INTO rel VALUES (1, 1, 'news'), (2, 2, 'news'), (3, 3, 'demo'), (4, 4, NULL)",
)
CIRCLE = """\
marker: {column: no_such_column}
scenarios: {general: {default: true}}
tables:
  posts: {where: "who = 'demo' OR id IN (SELECT post_id FROM rel WHERE tag = 'demo')"}
  rel: {where: "tag = 'demo' OR post_id IN (SELECT id FROM posts WHERE who = 'demo')"}
"""
SELF = """\
marker: {column: no_such_column}
tables:
  posts: {where: "who = 'demo' OR id > (SELECT MIN(id) + 1 FROM posts WHERE who <> 'x')
    AND id < (SELECT MAX(id) FROM posts)"}
  rel: {where: "EXISTS (SELECT 1 FROM rel r WHERE r.tag = 'demo') AND id IN (1, 3)"}
"""


@dataclass
class Circle:
    workspace: Workspace

    @property
    def database(self) -> Database:
        return self.workspace.database

    @property
    def project(self) -> Any:
        return self.workspace.project

    def ids(self) -> dict[str, list[int]]:
        return {
            name: [row[0] for row in self.database.rows(f"SELECT id FROM {name} ORDER BY id")]
            for name in ("posts", "rel")
        }


@pytest.fixture(params=[CIRCLE, SELF], ids=["each other", "itself"])
def circle(request: pytest.FixtureRequest, database: Database, make_workspace: Any) -> Circle:
    workspace = make_workspace(database)
    workspace.configure(request.param)
    database.execute(*SCHEMA)
    return Circle(workspace)


def test_they_go_and_come(circle: Circle) -> None:
    database, project = circle.database, circle.project
    whole = database.dump()
    assert project.revision("general", date="2025-01-15").plan.rows == {"posts": 2, "rel": 2}
    project.downgrade("general@base")
    assert circle.ids() == {"posts": [2, 4], "rel": [2, 4]}
    rest = database.dump()
    project.upgrade("general@head")
    assert database.dump() == whole
    project.load("general")
    assert database.dump() == whole
    assert not project.status()[0].drift
    assert not project.check(database=True)
    project.downgrade("general@base")
    assert database.dump() == rest


def test_several_verbs_pick_anew_in_one_transaction_of_the_caller(circle: Circle) -> None:
    """What one has noted is gone when the next one begins, and rows have changed."""
    database, project = circle.database, circle.project
    project.revision("general", date="2025-01-15")
    whole = database.dump()
    with database.engine.begin() as connection:
        project.downgrade("general", "base", connection=connection)
        project.upgrade("general@head", connection=connection)
        connection.execute(sa.text("UPDATE posts SET title = 'other' WHERE id = 3"))
        project.reset("general", discard=True, connection=connection)
        plan = project.revision("general", connection=connection, dry_run=True).plan
        assert (plan.rows, plan.drift) == ({"posts": 2, "rel": 2}, ())
        project.load("general", connection=connection)
    assert database.dump() == whole


def test_they_change_by_difference_and_are_put_back(circle: Circle) -> None:
    database, project = circle.database, circle.project
    first = database.dump()
    project.revision("general", date="2025-01-15")
    database.execute(
        "UPDATE posts SET title = 'other' WHERE id = 3", "DELETE FROM rel WHERE id = 1"
    )
    second = database.dump()
    project.revision("general", date="2025-01-20")
    project.downgrade("general@v1")
    assert database.dump() == first
    project.upgrade("general@v2")
    assert database.dump() == second
    database.execute("UPDATE posts SET title = 'spoilt' WHERE id = 3")
    project.reset("general", discard=True)
    assert database.dump() == second


def test_a_row_that_others_reference_is_kept_or_takes_them_along(circle: Circle) -> None:
    database, project = circle.database, circle.project
    project.revision("general")
    database.execute("INSERT INTO notes VALUES (9, 1)")
    whole = database.dump()
    project.downgrade("general@base", keep_referenced=True)
    assert circle.ids()["posts"] == [1, 2, 4]
    project.upgrade("general@head")
    assert database.dump() == whole
    project.downgrade("general@base", cascade=["notes"])
    assert circle.ids() == {"posts": [2, 4], "rel": [2, 4]}
    assert database.rows("SELECT * FROM notes") == []


def test_one_scenario_takes_the_place_of_another(database: Database, make_workspace: Any) -> None:
    workspace = make_workspace(database)
    text = CIRCLE.replace("{general: {default: true}}", "{general: {}, writer: {}}")
    text = text.replace("{column: no_such_column}", '{where: "none_has_it = :scenario"}')
    workspace.configure(text.replace("'demo'", ":scenario"))
    database.execute(*(s.replace("'demo'", "'general'") for s in SCHEMA))
    one = Circle(workspace)
    one.project.revision("general")
    one.project.downgrade("general@base")
    database.execute(
        "INSERT INTO posts VALUES (11, 'writer', 'w'), (12, 'nobody', 'v')",
        "INSERT INTO rel VALUES (11, 11, 'x'), (12, 12, 'writer')",
    )
    one.project.revision("writer")
    one.project.load("general", only=True)
    assert one.ids() == {"posts": [1, 2, 3, 4], "rel": [1, 2, 3, 4]}
    one.project.load("writer", only=True)
    assert one.ids() == {"posts": [2, 4, 11, 12], "rel": [2, 4, 11, 12]}


def test_a_table_without_row_numbers_has_its_key(sqlite: Database, make_workspace: Any) -> None:
    workspace = make_workspace(sqlite)
    workspace.configure(CIRCLE)
    _, rel, *rest = SCHEMA
    sqlite.execute(
        "CREATE TABLE posts (id integer, who text, title text, rowid text, PRIMARY KEY (id, who))"
        " WITHOUT ROWID",
        rel.replace("tag", "oid text, _rowid_ text, rowid text, tag"),
        rest[0].replace(" REFERENCES posts (id)", ""),
        rest[1].replace("posts VALUES", "posts (id, who, title) VALUES"),
        rest[2].replace("rel VALUES", "rel (id, post_id, tag) VALUES"),
    )
    whole = sqlite.dump()
    workspace.project.revision("general")
    workspace.project.downgrade("general@base")
    assert Circle(workspace).ids() == {"posts": [2, 4], "rel": [2, 4]}
    workspace.project.upgrade("general@head")
    assert sqlite.dump() == whole


def test_nothing_of_it_stays_on_a_connection_of_the_callers(circle: Circle) -> None:
    database, project = circle.database, circle.project
    project.revision("general")
    with database.engine.connect() as connection:
        project.downgrade("general@base", connection=connection)
        assert not any("demosnap_picked" in name for name in _temporary(database, connection))
        connection.commit()
    assert circle.ids() == {"posts": [2, 4], "rel": [2, 4]}


def test_a_script_says_the_rule_as_it_was_written(database: Database, make_workspace: Any) -> None:
    workspace = make_workspace(database)
    workspace.configure(CIRCLE)
    database.execute(
        *(
            s.replace("id integer PRIMARY KEY, post_id", "id integer, post_id")
            for s in SCHEMA
            if "notes" not in s
        )
    )
    workspace.project.revision("general")
    database.execute("UPDATE rel SET tag = 'other' WHERE id = 1")
    with workspace.project.diff("general", "database", "v1") as found:
        text = "\n".join(found.script(found.changes(), ()))
    assert "post_id IN (SELECT id FROM posts WHERE who = 'demo')" in text
    assert text.index("post_id IN (SELECT id FROM posts") < text.index("DELETE FROM")


def _temporary(database: Database, connection: Any) -> list[str]:
    if database.dialect == "mariadb":
        with pytest.raises(sa.exc.ProgrammingError, match="1146"):
            connection.exec_driver_sql("SELECT 1 FROM demosnap_picked")
        return []
    sql = {
        "sqlite": "SELECT name FROM sqlite_temp_master",
        "postgresql": "SELECT relname FROM pg_class WHERE relname LIKE 'demosnap_picked%'",
    }[database.dialect]
    return [
        row[0] for row in connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
    ]
