"""One fixture for every database; shared tests name no dialect."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demosnap import example, scaffold, visible
from demosnap.config import passwords
from support import editors
from support.databases import DATABASES, Database, make_database, mysql_in_its_place
from support.workspaces import EXAMPLE_SETTINGS, Workspace

# Python takes a script from its cache if it has the size and the second of the one that was
# there before, and tests replace scripts within a second.
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


@pytest.fixture(autouse=True, scope="session")
def every_demosnap_yaml_fits_its_schema() -> Iterator[None]:
    """Whatever demosnap.yaml a test has demosnap read is right for editors, too."""
    with editors.watching():
        yield


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks."""
    config.addinivalue_line("markers", "mariadb_alone(reason): no such thing on MySQL")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is MariaDB's alone where MySQL stands in its place."""
    mark = item.get_closest_marker("mariadb_alone")
    named = any(name in item.name for name in ("mariadb", "pymysql", "mysqldb"))
    if mark is not None and mysql_in_its_place() and named:
        pytest.skip(mark.args[0])


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DATABASE_URL",
        "DEMOSNAP_DATABASE_URL",
        "DEMOSNAP_AUTO_EXPORT",
        "ALEMBIC_CONFIG",
        "SOURCE_DATE_EPOCH",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _nothing_known_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start as a new process does: a password of another test may be a word of this one."""
    monkeypatch.setattr(passwords, "_remembered", {})
    monkeypatch.setattr(visible, "_names", {})


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database on each of the dialects."""
    yield from make_database(request.param, tmp_path)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database, for what is not about databases."""
    yield from make_database("sqlite", tmp_path)


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[[Database], Workspace]:
    """Make a project folder, with the example's settings, for a database."""

    def make(database: Database) -> Workspace:
        folder = tmp_path / "project"
        folder.mkdir()
        # The URL stays out of the file: it comes from the environment, as a team would have it.
        scaffold.init(folder, url="sqlite:///demo.db", confirm=lambda *_: True)
        ini = folder / "alembic.ini"
        lines = ini.read_text().splitlines(keepends=True)
        ini.write_text("".join(line for line in lines if not line.startswith("sqlalchemy.url")))
        workspace = Workspace(folder, database)
        workspace.configure(EXAMPLE_SETTINGS)
        return workspace

    return make


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """The example application with its own rows and scenario general, on each database."""
    return _seeded(make_workspace(database))


@pytest.fixture
def sqlite_workspace(
    sqlite: Database, make_workspace: Callable[[Database], Workspace]
) -> Workspace:
    """The example application on SQLite, for what is not about databases."""
    return _seeded(make_workspace(sqlite))


def _seeded(workspace: Workspace) -> Workspace:
    with workspace.database.engine.begin() as connection:
        example.create_tables(connection)
        example.seed_own_rows(connection)
        example.seed(connection, "general")
    return workspace
