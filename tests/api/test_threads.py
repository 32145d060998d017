"""One process, many threads: each call does what it would do alone."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
from alembic import command, context, op
from alembic.config import Config

from demosnap import quiet
from demosnap.project import Project
from demosnap.results import CapturePlan, MovePlan
from support import draw, small
from support.databases import Database, make_database
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]
THREADS = 8
MANY = 40 if draw.is_long() else 12
of_server = contextmanager(make_database)


def at_once(works: Sequence[Callable[[], object]]) -> list[BaseException | None]:
    """Do works in threads that begin at the same moment; return what each raised."""
    start = threading.Barrier(THREADS, timeout=60)
    began: list[int] = []

    def begin() -> None:
        began.append(start.wait())

    def done(work: Callable[[], object]) -> BaseException | None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  every one of them is told
            return error
        return None

    with ThreadPoolExecutor(THREADS, initializer=begin) as pool:
        return list(pool.map(done, works))


def another(chain: small.Chain, folder: Path) -> Database:
    """Make another SQLite database that holds what the chain's holds at base."""
    folder.mkdir()
    (database,) = make_database("sqlite", folder)
    small.metadata.create_all(database.engine)
    database.execute(*small.OWN_ROWS)
    return database


def walk(chain: small.Chain, database: Database) -> Callable[[], None]:
    """Return what brings a database up and down, and holds it against the chain's each time."""

    def project() -> Project:
        return Project(chain.workspace.folder / "alembic.ini", url=database.url)

    def work() -> None:
        plan = project().load("general@v1")
        assert [(m.scenario, m.action) for m in plan.moves] == [("general", "load")]
        assert plan.target.url == project().target().url
        assert database.dump() == chain.at["v1"]
        assert project().upgrade("general@head").moves[0].target.short == "v3"
        assert database.dump() == chain.at["v3"]
        database.execute("UPDATE cards SET title = 'Played with' WHERE id = 1")
        project().reset()
        assert database.dump() == chain.at["v3"]
        assert project().downgrade("general", "v2", full=True).moves[0].current.short == "v3"
        assert database.dump() == chain.at["v2"]
        (entry,) = project().status("general")
        assert entry.clean and entry.version.short == "v2"
        project().downgrade("general", "base")
        assert database.dump() == chain.at["base"]
        assert project().current() == []

    return work


def test_eight_threads_move_many_databases(
    sqlite: Database, make_workspace: MakeWorkspace, tmp_path: Path
) -> None:
    """Every call answers for its own database, and every database holds what it was told."""
    chain = small.copied(make_workspace(sqlite), "v1", "v2", "v3")
    databases = [another(chain, tmp_path / f"database{n}") for n in range(MANY)]
    raised = at_once([walk(chain, database) for database in databases])
    assert [error for error in raised if error is not None] == []


@pytest.mark.parametrize("dialect", ["postgresql", "mariadb"])
def test_threads_move_databases_of_a_server(
    dialect: str, tmp_path: Path, make_workspace: MakeWorkspace
) -> None:
    """The same on a server: a database for each thread."""
    with ExitStack() as stack:
        first, *others = (
            stack.enter_context(of_server(dialect, tmp_path)) for _ in range(THREADS + 1)
        )
        chain = small.copied(make_workspace(first), "v1", "v2", "v3")
        for database in others:
            small.metadata.create_all(database.engine)
            database.execute(*small.OWN_ROWS)
        raised = at_once([walk(chain, database) for database in others])
    assert [error for error in raised if error is not None] == []


def test_threads_move_one_database_one_after_the_other(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """They wait for the database as processes do, and it holds a whole version in the end."""
    chain = small.copied(make_workspace(database), "v1", "v2", "v3")
    project = Project(chain.workspace.folder / "alembic.ini", url=database.url, lock_timeout=120)
    names = ["v1", "v3", "v2"] * 5 + ["v1"]
    raised = at_once([partial(project.load, f"general@{name}") for name in names])
    assert [error for error in raised if error is not None] == []
    (entry,) = project.current()
    assert entry.version is not None
    assert database.dump() == chain.at[entry.version.short]
    loads = database.rows("SELECT revision FROM demosnap_log WHERE operation = 'load' ORDER BY id")
    assert len(loads) == len(names)
    assert loads[-1] == (entry.revision,)


def test_threads_capture_in_one_project(
    sqlite: Database, make_workspace: MakeWorkspace, tmp_path: Path
) -> None:
    """Each capture of rows that nobody else has becomes a version, in one line."""
    chain = small.copied(make_workspace(sqlite), "v1")
    databases = [another(chain, tmp_path / f"database{n}") for n in range(THREADS)]

    def captured(number: int) -> None:
        project = Project(chain.workspace.folder / "alembic.ini", url=databases[number].url)
        project.load("general@v1")
        databases[number].execute(f"UPDATE cards SET title = 'By {number}' WHERE id = 1")
        result = project.revision("general", head="general@v1", splice=True)
        assert result.version is not None and result.created and result.stamped
        (entry,) = project.status("general")
        assert entry.clean and entry.version == result.version
        stamps.append(result.version.revision)

    stamps: list[str] = []
    raised = at_once([partial(captured, number) for number in range(THREADS)])
    assert [error for error in raised if error is not None] == []
    assert len({*stamps}) == THREADS
    assert {entry.version.revision for entry in chain.project.heads()} == {*stamps}
    files = sorted((chain.workspace.revisions / "general").glob("*_v[2-9]_*.sql"))
    assert len(files) == THREADS
    umask = os.umask(0)
    os.umask(umask)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o666 & ~umask}


def test_one_thread_at_a_time_has_alembics_modules(
    sqlite: Database, make_workspace: MakeWorkspace, tmp_path: Path
) -> None:
    """While env.py or a script runs, they speak for its environment and for no other."""
    chain = small.copied(make_workspace(sqlite), "v1")
    folder = chain.workspace.folder
    look = (
        "def look():\n"
        "    from alembic import context\n"
        "    seen = context.config\n"
        "    for _ in range(100_000):\n"
        "        assert context.config is seen, 'another environment'\n"
    )
    env = folder / "env.py"
    env.write_text(f"{env.read_text()}\n{look}look()\n")
    (script,) = (chain.workspace.revisions / "general").glob("*.py")
    text = script.read_text().replace("    op.load_snapshot", "    look()\n    op.load_snapshot")
    script.write_text(text.replace("def upgrade", f"{look}\n\ndef upgrade"))
    databases = [another(chain, tmp_path / f"database{n}") for n in range(THREADS)]
    projects = [Project(folder / "alembic.ini", url=database.url) for database in databases]
    loads = [partial(project.load, "general@v1") for project in projects]
    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        raised = at_once(loads)
    finally:
        sys.setswitchinterval(often)
    assert [error for error in raised if error is not None] == []
    assert all(database.dump() == chain.at["v1"] for database in databases)


def test_waiting_for_one_database_does_not_block_another(
    sqlite: Database, make_workspace: MakeWorkspace, tmp_path: Path
) -> None:
    """A question that nobody answers yet stops one call, and no other."""
    chain = small.copied(make_workspace(sqlite), "v1", "v2")
    asked, answered = threading.Event(), threading.Event()

    def confirm(plan: MovePlan | CapturePlan) -> None:
        asked.set()
        assert answered.wait(60)

    slow = another(chain, tmp_path / "slow")
    ini = chain.workspace.folder / "alembic.ini"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(Project(ini, url=slow.url, confirm=confirm).load, "general@v1")
        try:
            assert asked.wait(60)
            chain.project.load("general@v1")
            assert sqlite.dump() == chain.at["v1"]
            assert slow.dump() == chain.at["base"]
        finally:
            answered.set()
        waiting.result(60)
    assert slow.dump() == chain.at["v1"]


def test_a_migration_of_the_application_may_call_demosnap(
    sqlite: Database, make_workspace: MakeWorkspace, tmp_path: Path
) -> None:
    """What `alembic.op` and `alembic.context` are afterwards is the application's again."""
    chain = small.copied(make_workspace(sqlite), "v1", "v2")
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import context\n"
        f"with sa.create_engine({sqlite.url!r}).connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
        "    assert context.get_context().connection is connection\n"
    )
    (folder / "versions" / "one.py").write_text(
        "from alembic import context, op\n"
        "from demosnap import DemosnapError, Project\n"
        "revision, down_revision = 'one', None\n"
        "def upgrade():\n"
        f"    project = Project({str(chain.workspace.folder / 'alembic.ini')!r})\n"
        "    project.load('general@v1', connection=op.get_bind())\n"
        "    try:\n"
        "        project.load('general@v9', connection=op.get_bind())\n"
        "    except DemosnapError:\n"
        "        pass\n"
        "    op.execute('CREATE TABLE made (id INTEGER)')\n"
        "    assert context.script.get_revision('one')\n"
    )
    config = Config()
    config.set_main_option("script_location", str(folder))
    command.upgrade(config, "head")
    assert sqlite.dump() == {**chain.at["v1"], "made": [], "alembic_version": [(("str", "one"),)]}
    assert vars(op)["_proxy"] is vars(context)["_proxy"] is None


def test_filters_of_warnings_that_overlap_are_put_back() -> None:
    """One thread ends what it set while another one has not: in the end all is as it was."""
    before = list(warnings.filters)
    first = quiet.handling("error", "first", category=UserWarning)
    second = quiet.handling("ignore", "second", category=UserWarning)
    with ExitStack() as later:
        with first:
            later.enter_context(second)
        warnings.warn("second", stacklevel=1)
        assert list(warnings.filters) != before
    assert list(warnings.filters) == before
