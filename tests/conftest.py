"""One fixture for every database; shared tests name no dialect."""

from __future__ import annotations

import compileall
import functools
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

import pytest

from demosnap import example, scaffold, visible
from demosnap.config import passwords
from support import draw, editors, images
from support.databases import DATABASES, Database, make_database, mysql_in_its_place
from support.live import Live, live
from support.workspaces import EXAMPLE_SETTINGS, Workspace

MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2**31:
    # Half of what a test waits for is the disk, and nothing of it has to survive the machine.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


# pytest keeps the tests that it has compiled, also where the environment says otherwise.
sys.dont_write_bytecode = False


@pytest.fixture(autouse=True, scope="session")
def every_demosnap_yaml_fits_its_schema() -> Iterator[None]:
    """Whatever demosnap.yaml a test has demosnap read is right for editors, too."""
    with editors.watching():
        yield


@pytest.fixture(autouse=True, scope="session")
def _scripts_are_compiled_once() -> Iterator[None]:
    """Do what Python's cache of compiled scripts does, which tests go without."""

    @functools.lru_cache(256)
    def compiled(text: bytes, path: str) -> CodeType:
        return compile(text, path, "exec", dont_inherit=True)

    def source_to_code(_: object, text: bytes, path: str) -> CodeType:
        return compiled(text, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SourceFileLoader, "source_to_code", source_to_code)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let long tests run on each database."""
    parser.addoption(
        "--long", action="store_true", help="run long tests whole: each case on each database"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks, and tell the processes of `-n` what is long."""
    if config.getoption("--long"):
        os.environ["DEMOSNAP_TEST_LONG"] = "1"
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell has what it starts in the background ignore Ctrl-C, and so all that tests start.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        # Each process that a test starts would compile it again.
        compileall.compile_dir(Path(scaffold.__file__).parents[1], quiet=2)
    config.addinivalue_line("markers", "mariadb_alone(reason): no such thing on MySQL")
    config.addinivalue_line("markers", "long: each case on one database, with --long on all")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Draw a database for each case of a long test, of those that `-k` leaves."""
    if draw.is_long():
        return
    long = (item.nodeid for item in items if item.get_closest_marker("long") is not None)
    left = draw.left_out(long)
    if left:
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left])
        items[:] = [item for item in items if item.nodeid not in left]


def pytest_collection_finish() -> None:
    """Have no script taken from Python's cache: tests replace scripts within a second.

    One that has the size and the second of the one before it would be taken for that.
    """
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Let an idle process of `-n` take tests that wait for another one."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


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


@pytest.fixture(autouse=True)
def _log_levels_of_other_tests() -> Iterator[None]:
    """Put log levels back: an env.py, or Alembic's, configures them for the whole process."""
    loggers = [logging.getLogger(), *map(logging.getLogger, ("alembic", "sqlalchemy"))]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


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
        images.new_project(folder)
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
    def build() -> None:
        with workspace.database.engine.begin() as connection:
            example.create_tables(connection)
            example.seed_own_rows(connection)
            example.seed(connection, "general")

    images.copied(workspace, ("example",), build)
    return workspace


@pytest.fixture
def here(database: Database) -> Iterator[Live]:
    """Users, boards and cards in an open transaction, on each of the dialects."""
    with live(database) as opened:
        yield opened
