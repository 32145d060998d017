"""Behind PgBouncer in transaction mode demosnap works, and leaves nothing in its sessions."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from demosnap import connect, dialects
from demosnap.errors import DatabaseError, LockError
from demosnap.project import Project
from support import small
from support.databases import Database, missing
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

INI = """\
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
auth_type = any
unix_socket_dir =
pool_mode = {mode}
default_pool_size = {size}
logfile = {folder}/log
pidfile = {folder}/pid
"""
LEFT = """
SELECT name FROM pg_settings WHERE source = 'session'
  AND name NOT IN ('application_name', 'client_encoding', 'DateStyle', 'TimeZone',
                   'standard_conforming_strings', 'IntervalStyle', 'transaction_isolation',
                   'transaction_read_only')
UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = pg_my_temp_schema()
UNION ALL SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
UNION ALL SELECT name FROM pg_prepared_statements
UNION ALL SELECT locktype FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""
"""What a session of the server has that it does not begin with."""


@dataclass
class Pool:
    """PgBouncer before a test's database; its URL takes the place of the server's."""

    chain: Chain
    url: str

    @property
    def project(self) -> Project:
        return Project(self.chain.workspace.folder / "alembic.ini", url=self.url, lock_timeout=5)

    def left(self) -> list[Any]:
        """What demosnap has left in the one session that the pool has."""
        engine = sa.create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            return list(connection.exec_driver_sql(LEFT))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _pool(chain: Chain, folder: Path, mode: str, size: int) -> Iterator[Pool]:
    program = shutil.which("pgbouncer")
    if program is None:
        missing("pgbouncer is not installed")
    url = sa.make_url(chain.database.url)
    if url.password:
        missing("the server asks for a password, and this PgBouncer knows none")
    folder.mkdir()
    listen = _free_port()
    ini = folder / "pgbouncer.ini"
    ini.write_text(
        INI.format(
            host=url.host,
            port=url.port or 5432,
            user=url.username,
            listen=listen,
            mode=mode,
            size=size,
            folder=folder,
        )
    )
    # It refuses to run as root.
    words = {}
    if getpass.getuser() == "root":
        folder.chmod(0o777)
        for parent in folder.parents:
            if "pytest-of-" in str(parent):
                parent.chmod(parent.stat().st_mode | 0o011)
        words = {"user": "nobody"}
    process = subprocess.Popen([program or "", "-q", str(ini)], **words)  # type: ignore[call-overload]
    try:
        while process.poll() is None:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", listen)) == 0:
                    break
            time.sleep(0.02)
        assert process.poll() is None, "PgBouncer did not start"
        through = url.set(host="127.0.0.1", port=listen)
        yield Pool(chain, through.render_as_string(hide_password=False))
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    return small.copied(make_workspace(database), "v1", "v2")


@pytest.fixture
def pool(chain: Chain, tmp_path: Path) -> Iterator[Pool]:
    """A pool of one session, in which everything would be that anybody leaves."""
    yield from _pool(chain, tmp_path / "pool", "transaction", 1)


pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def test_moves_and_captures_leave_nothing(pool: Pool) -> None:
    """The pool has one session: any second one that a command needed would wait for ever."""
    project, database = pool.project, pool.chain.database
    whole = database.dump()
    text = (pool.chain.workspace.revisions / "demosnap.yaml").read_text()
    of_demo_cards = "card_id IN (SELECT id FROM cards WHERE is_demo AND scenario = :scenario)"
    pool.chain.workspace.configure(text.replace("via: card_id", f'where: "{of_demo_cards}"'))
    for move in (
        lambda: project.downgrade("general@base"),
        lambda: project.upgrade("general@v1"),
        lambda: project.upgrade("general@v2"),
        lambda: project.downgrade("general@v1", dry_run=True),
        lambda: project.load("general"),
        lambda: project.status(),
        lambda: project.check(database=True),
        lambda: project.revision("general", allow_empty=True),
    ):
        move()
        assert pool.left() == []
    assert database.dump() == whole


def test_statement_pooling_is_refused(chain: Chain, tmp_path: Path) -> None:
    before = chain.database.dump(own=True)
    for pool in _pool(chain, tmp_path / "pool", "statement", 1):
        project = pool.project
        with pytest.raises(DatabaseError, match="pool_mode = statement"):
            project.downgrade("general@base")
        with pytest.raises(DatabaseError, match="pool_mode = statement"):
            project.revision("general")
        with pytest.raises(DatabaseError, match="pool_mode = statement"):
            project.status()
    assert chain.database.dump(own=True) == before


# ---------------------------------------------------------------------- the lock, without a pooler


def _own(chain: Chain) -> Any:
    settings = chain.project.settings
    return connect.connected(connect.url_of(settings))


def test_who_waits_sees_what_the_holder_commits(chain: Chain) -> None:
    """Both transactions are at repeatable read, and the second one begins when the first is."""
    seen: list[Any] = []

    def wait() -> None:
        with (
            _own(chain) as connection,
            dialects.of(connection).lock(connection, 20),
            connection.begin(),
        ):
            seen.append(connection.exec_driver_sql("SELECT * FROM demosnap_version").all())

    with (
        _own(chain) as connection,
        dialects.of(connection).lock(connection, 5),
        connection.begin(),
    ):
        thread = threading.Thread(target=wait)
        thread.start()
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        while not chain.database.rows(waiting):
            time.sleep(0.01)
        connection.exec_driver_sql("UPDATE demosnap_version SET version_num = 'new'")
    thread.join()
    assert seen == [[("new",)]]


@pytest.mark.parametrize("first", [False, True], ids=["as today", "before there is a stamp"])
def test_a_demosnap_of_before_holds_the_lock_for_its_session(chain: Chain, first: bool) -> None:
    if first:
        chain.database.execute("DROP TABLE demosnap_version")
    sql = "SELECT pg_advisory_lock(-2716626431494299154)"
    with chain.database.engine.connect() as other:
        other.exec_driver_sql(sql)
        with _own(chain) as connection:
            held = pytest.raises(LockError, match=r"another demosnap.*: postgres.*process \d+")
            with held, dialects.of(connection).lock(connection, 0.05):
                pass
        other.exec_driver_sql("SELECT pg_advisory_unlock_all()")
        with _own(chain) as connection, dialects.of(connection).lock(connection, 5):
            trial = "SELECT pg_try_advisory_lock(-2716626431494299154)"
            assert other.exec_driver_sql(trial).scalar() is False


def test_a_lock_of_the_stamps_by_another_session_is_waited_for_and_named(chain: Chain) -> None:
    with chain.database.engine.begin() as other:
        other.exec_driver_sql("LOCK TABLE demosnap_version IN ACCESS EXCLUSIVE MODE")
        with _own(chain) as connection:
            held = pytest.raises(LockError, match=r"process \d+")
            with held, dialects.of(connection).lock(connection, 0.05):
                pass


def test_a_role_whose_transactions_only_read_can_look(chain: Chain) -> None:
    name = sa.make_url(chain.database.url).database
    chain.database.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert chain.project.status()[0].drift is None or not chain.project.status()[0].drift
    assert chain.project.downgrade("general@base", dry_run=True).refusals == ()
