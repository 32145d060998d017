"""One fixture for every database; shared tests name no dialect.

The URL of the fixture `mariadb` may be MySQL's: the tests are the same, but for those with the
mark `mariadb_alone`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import editors
import in_process
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from demosnap import example, scaffold, visible
from demosnap.config import passwords
from demosnap.project import Project

# Python takes a script from its cache if it has the size and the second of the one that was
# there before, and tests replace scripts within a second.
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

SERVERS = {
    "postgresql": (
        "DEMOSNAP_TEST_POSTGRESQL_URL",
        "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    ),
    "mariadb": (
        "DEMOSNAP_TEST_MARIADB_URL",
        "mariadb+pymysql://root@127.0.0.1:3306/?charset=utf8mb4&ssl_disabled=true",
    ),
}
DATABASES = ("sqlite", *SERVERS)


@dataclass
class Database:
    """A database of the test's own, empty at first, and the ways into it."""

    dialect: str
    url: str
    engine: sa.Engine
    folder: Path

    @property
    def server(self) -> str:
        """The dialect of the server itself: `mysql` where that stands in MariaDB's place."""
        return sa.make_url(self.url).get_backend_name()

    def execute(self, *statements: str) -> None:
        """Run SQL statements, each as it stands, and commit."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.engine.connect() as connection:
            return _rows(connection, sql)

    def dump(self, *, own: bool = False) -> dict[str, list[tuple[Any, ...]]]:
        """Return all rows of all tables, every value with its type's name, in a stable order.

        demosnap's own tables only with `own`.
        """
        found = {}
        with self.engine.connect() as connection:
            for table in sa.inspect(connection).get_table_names():
                if own or not table.startswith("demosnap_"):
                    quoted = self.engine.dialect.identifier_preparer.quote_identifier(table)
                    rows = _rows(connection, f"SELECT * FROM {quoted}")
                    typed = [tuple((type(v).__name__, v) for v in row) for row in rows]
                    found[table] = sorted(typed, key=repr)
        return found

    def client(
        self, script: Path, *options: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a SQL file through the database's own command-line client, with its options."""
        url = sa.make_url(self.url)
        command = {
            "sqlite": ["sqlite3", *options, str(url.database)],
            "postgresql": [
                *("psql", "-q", *options, "-h", url.host or "", "-p", str(url.port), "-U"),
                *(url.username or "", "-d", url.database or "", "-f", str(script)),
            ],
            "mariadb": [
                *(self.server, *options, "-h", url.host or "", "-P", str(url.port), "-u"),
                *(url.username or "", url.database or ""),
            ],
        }[self.dialect]
        if shutil.which(command[0]) is None:
            missing(f"{command[0]} is not installed")
        with script.open("rb") as stream:
            return subprocess.run(
                command, stdin=stream, capture_output=True, text=True, check=check, timeout=120
            )


def _rows(connection: sa.Connection, sql: str) -> list[tuple[Any, ...]]:
    result = connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
    return [tuple(row) for row in result]


@pytest.fixture(autouse=True, scope="session")
def every_demosnap_yaml_fits_its_schema() -> Iterator[None]:
    """Whatever demosnap.yaml a test has demosnap read is right for editors, too."""
    with editors.watching():
        yield


def missing(reason: str) -> None:
    """Skip for a reason, or fail where servers and clients are required."""
    if os.environ.get("DEMOSNAP_REQUIRE_SERVERS") == "1":
        pytest.fail(f"DEMOSNAP_REQUIRE_SERVERS=1, but {reason}")
    pytest.skip(reason)


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


def mysql_in_its_place() -> bool:
    """Return whether the server of the fixture `mariadb` is to be MySQL."""
    variable, default = SERVERS["mariadb"]
    return sa.make_url(os.environ.get(variable) or default).get_backend_name() == "mysql"


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


def make_database(dialect: str, folder: Path) -> Iterator[Database]:
    """Make an empty database of a random name, and drop it at the end."""
    if dialect == "sqlite":
        path = folder / "demo.db"
        engine = sa.create_engine(f"sqlite:///{path}", poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA user_version = 1")
        yield Database(dialect, f"sqlite:///{path}", engine, folder)
        engine.dispose()
        return
    variable, default = SERVERS[dialect]
    server = sa.make_url(os.environ.get(variable) or default)
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    name = f"demosnap_test_{os.getpid()}_{secrets.token_hex(4)}"
    try:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except sa.exc.OperationalError as error:
        missing(f"no {dialect} server at {server.host}:{server.port} ({variable}): {error.orig}")
    url = server.set(database=name)
    engine = sa.create_engine(url, poolclass=NullPool)
    try:
        yield Database(dialect, url.render_as_string(hide_password=False), engine, folder)
    finally:
        engine.dispose()
        with admin.connect() as connection:
            force = " WITH (FORCE)" if dialect == "postgresql" else ""
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
        admin.dispose()


@dataclass
class Workspace:
    """A project of the example application: its folder, its database, its verbs."""

    folder: Path
    database: Database

    @property
    def project(self) -> Project:
        """A new Project, which reads its settings and scripts anew."""
        return Project(self.folder / "alembic.ini", url=self.database.url)

    @property
    def revisions(self) -> Path:
        """The folder of revisions."""
        return self.folder / "demo_revisions"

    def configure(self, text: str) -> None:
        """Replace demosnap.yaml."""
        (self.revisions / "demosnap.yaml").write_text(text, encoding="utf-8")

    def seed(self, scenario: str = "general", version: int = 1) -> None:
        """Seed a scenario of the example application."""
        with self.database.engine.begin() as connection:
            example.seed(connection, scenario, version)

    def run(
        self,
        *arguments: str,
        command: str = "demosnap",
        check: bool = True,
        process: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the project's folder, as a user would.

        By its entry point in this process; `process`: the installed command in one of its own, as
        also where another thread runs commands at the same time.
        """
        environment = {**os.environ, "DEMOSNAP_DATABASE_URL": self.database.url}
        if process or threading.current_thread() is not threading.main_thread():
            done = subprocess.run(
                [*_command(command), *arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
            )
        else:
            done = in_process.call(command, arguments, self.folder, environment)
        if check and done.returncode:
            raise AssertionError(f"{command} {arguments}: {done.returncode}\n{done.stderr}")
        return done

    def alembic(
        self, *arguments: str, check: bool = True, process: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run the stock alembic command in the project's folder."""
        return self.run(*arguments, command="alembic", check=check, process=process)


def _command(name: str) -> list[str]:
    return [str(Path(sys.executable).with_name(name))]


EXAMPLE_SETTINGS = """\
marker: {column: metadata, key: demo_seed, scenario_key: scenario}
tables:
  todos: {via: fragment_id}
scenarios:
  general: {default: true}
  writer: {}
  developer: {}
"""


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
