"""The application's own Alembic on the same database, which must not see demosnap's tables."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import alembic
import pytest
import sqlalchemy as sa

from demosnap.database.own_names import OWN_TABLES
from demosnap.scaffold import INCLUDE_NAME
from support.databases import Database
from support.workspaces import Workspace

pytestmark = pytest.mark.skipif(
    tuple(map(int, alembic.__version__.split(".")[:2])) < (1, 18),
    reason="Alembic before 1.18 has no plugins",
)

INI = "[alembic]\nscript_location = %(here)s/migrations\n"
SETTINGS = "marker: {column: is_demo}\n"

ENV = """\
from alembic import context
import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table("people", metadata, sa.Column("id", sa.Integer, primary_key=True),
         sa.Column("is_demo", sa.Boolean))
{more}
with sa.create_engine({url!r}).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, {options})
    with context.begin_transaction():
        context.run_migrations()
"""

SCRIPT = '"""${message}"""\nrevision = ${repr(up_revision)}\ndown_revision = None\n'
BODY = 'def upgrade():\n    ${upgrades or "pass"}\n\n\ndef downgrade():\n    pass\n'


class Application:
    """An application with an Alembic of its own, and demo rows that are captured."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.folder = workspace.folder / "theirs"
        versions = self.folder / "migrations" / "versions"
        versions.mkdir(parents=True)
        (self.folder / "alembic.ini").write_text(
            "[alembic]\nscript_location = %(here)s/migrations\n"
        )
        (self.folder / "migrations" / "script.py.mako").write_text(
            SCRIPT + "from alembic import op\nimport sqlalchemy as sa\n\n\n" + BODY
        )
        workspace.configure(SETTINGS)
        workspace.database.execute(
            "CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, is_demo BOOLEAN)",
            "INSERT INTO people VALUES (1, TRUE)",
        )
        workspace.project.revision("general")
        self.env()

    def env(self, options: str = "", more: str = "") -> None:
        """Write env.py with more options for `context.configure`."""
        url = self.workspace.database.url
        text = ENV.format(url=url, options=options, more=textwrap.dedent(more))
        (self.folder / "migrations" / "env.py").write_text(text)

    def alembic(self, *arguments: str, process: bool = False) -> str:
        """Run the stock command in the application's environment; return all that it said."""
        config = str(self.folder / "alembic.ini")
        done = self.workspace.alembic("-c", config, *arguments, check=False, process=process)
        assert "Traceback" not in done.stderr, done.stderr
        return f"[{done.returncode}] {done.stdout}{done.stderr}"

    def generated(self, **how: bool) -> str:
        """Return the migration that autogenerate writes."""
        said = self.alembic("revision", "--autogenerate", "-m", "x", **how)
        assert said.startswith("[0]"), said
        [script] = (self.folder / "migrations" / "versions").glob("*.py")
        text = script.read_text()
        script.unlink()
        return text


@pytest.fixture
def application(database: Database, make_workspace: Callable[[Database], Workspace]) -> Application:
    """On each database, stamped and logged."""
    made = Application(make_workspace(database))
    assert {"demosnap_version", "demosnap_log"} <= set(
        sa.inspect(database.engine).get_table_names()
    )
    return made


@pytest.fixture
def on_sqlite(sqlite: Database, make_workspace: Callable[[Database], Workspace]) -> Application:
    """The same where the database does not matter."""
    return Application(make_workspace(sqlite))


def test_autogenerate_and_check_leave_demosnaps_tables_alone(application: Application) -> None:
    assert "drop_table" not in application.generated()
    assert application.alembic("check").startswith("[0] No new upgrade operations")


def test_the_installed_command_loads_the_plugin_by_its_entry_point(on_sqlite: Application) -> None:
    assert "drop_table" not in on_sqlite.generated(process=True)


def test_every_own_table_is_hidden(on_sqlite: Application) -> None:
    there = set(sa.inspect(on_sqlite.workspace.database.engine).get_table_names())
    for name in OWN_TABLES - there:
        on_sqlite.workspace.database.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)")
    assert "drop_table" not in on_sqlite.generated()


def test_what_the_application_dropped_is_still_found(on_sqlite: Application) -> None:
    """Also a table whose name only looks like one of demosnap's."""
    on_sqlite.workspace.database.execute(
        "CREATE TABLE gone (id INTEGER PRIMARY KEY)",
        "CREATE TABLE demosnap_logs (id INTEGER PRIMARY KEY)",
    )
    text = on_sqlite.generated()
    assert "op.drop_table('gone')" in text
    assert "op.drop_table('demosnap_logs')" in text
    assert text.count("drop_table") == 2


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ("include_schemas=True", ""),
        ("include_name=mine", "def mine(name, kind, parents):\n    return name != 'gone'\n"),
        (
            "include_object=mine",
            "def mine(item, name, kind, reflected, other):\n    return name != 'gone'\n",
        ),
        ("autogenerate_plugins=['alembic.autogenerate.*']", ""),
    ],
)
def test_an_env_py_with_filters_of_its_own_keeps_them(
    on_sqlite: Application, options: str, more: str
) -> None:
    on_sqlite.workspace.database.execute("CREATE TABLE gone (id INTEGER PRIMARY KEY)")
    on_sqlite.env(options, more)
    text = on_sqlite.generated()
    assert text.count("drop_table") == (0 if more else 1)
    assert "demosnap" not in text


def test_the_line_that_is_shown_for_another_environment_works(on_sqlite: Application) -> None:
    """Where demosnap is not installed, which its plugin switched off stands for."""
    off = "autogenerate_plugins=['alembic.autogenerate.*', '~alembic.autogenerate.demosnap']"
    on_sqlite.env(off)
    assert "demosnap_version" in on_sqlite.generated()
    documented = Path(__file__).parents[2] / "docs" / "configuration.md"
    assert INCLUDE_NAME in documented.read_text()
    on_sqlite.env(f"{off}, {INCLUDE_NAME}")
    assert "drop_table" not in on_sqlite.generated()
    assert on_sqlite.alembic("check").startswith("[0] No new upgrade operations")


def test_init_beside_an_application_whose_folders_are_its_own(sqlite: Database) -> None:
    """Nothing of demosnap's stands between the application's own files, and both commands work."""
    folder = sqlite.folder / "application"
    (folder / "migrations").mkdir(parents=True)
    ini = f"{INI}sqlalchemy.url = {sqlite.url}\n"
    (folder / "alembic.ini").write_text(ini)
    sqlite.execute(
        "CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, is_demo BOOLEAN)",
        "INSERT INTO people VALUES (1, TRUE)",
    )
    application = Workspace(folder, sqlite)
    done = application.run("init", "--yes")
    assert "wrote demosnap_env/env.py" in done.stdout
    assert "added to alembic.ini" in done.stdout and "wrote alembic.ini" not in done.stdout
    assert INCLUDE_NAME in done.stderr
    assert not (folder / "env.py").exists()
    assert (folder / "alembic.ini").read_text().startswith(ini)
    application.run("revision", "general", "-m", "v1")
    application.alembic("-n", "demosnap", "downgrade", "general@base")
    assert sqlite.rows("SELECT count(*) FROM people") == [(0,)]
    application.alembic("-n", "demosnap", "upgrade", "general@head")
    assert sqlite.rows("SELECT id FROM people") == [(1,)]
