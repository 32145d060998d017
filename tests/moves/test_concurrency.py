"""Several at once: one after the other, and nobody sees half of what another does.

Nothing waits for a time: a process that shall be at a certain point says so through a pipe, and
waits there until it is let go.
"""

from __future__ import annotations

import os
import re
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import filelock
import pytest
import sqlalchemy as sa

from demosnap import connect, dialects
from demosnap.errors import DemosnapError, LockError
from demosnap.project import Project
from demosnap.revisions import revision_files
from demosnap.snapshot.sqlfile import SnapshotWriter
from support import kill, small
from support.databases import Database
from support.small import Chain, impatient
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

# Long enough for a busy machine, where nobody shall give up.
PATIENT = ("--lock-timeout", "300")


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general; the database is at v2."""
    return small.copied(make_workspace(database), "v1", "v2")


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone."""
    return small.copied(make_workspace(sqlite), "v1", "v2")


@dataclass
class Gate:
    """A point in forked processes: each says that it is there, and waits to be let go.

    By bytes, since every process that is forked later keeps the ends of the pipes open.
    """

    arrived: tuple[int, int] = field(default_factory=os.pipe)
    opened: tuple[int, int] = field(default_factory=os.pipe)
    waiting: int = 0

    def wait(self) -> None:
        """Say that this process is here, and wait; in the child."""
        os.write(self.arrived[1], b"!")
        os.read(self.opened[0], 1)

    def reached(self) -> None:
        """Wait until a child is there; at most two minutes."""
        assert select.select([self.arrived[0]], [], [], 120)[0], "nobody arrives"
        os.read(self.arrived[0], 1)
        self.waiting += 1

    def open(self) -> None:
        """Let all go on that have arrived."""
        os.write(self.opened[1], b"!" * self.waiting)


def before(owner: Any, name: str, gate: Gate) -> Callable[[], None]:
    """Return what makes a process stop at its first call of a function."""

    def patch() -> None:
        real = getattr(owner, name)
        passed: list[bool] = []

        def stop(*args: Any, **named: Any) -> Any:
            if not passed:
                passed.append(True)
                gate.wait()
            return real(*args, **named)

        setattr(owner, name, stop)

    return patch


def after(owner: Any, name: str, gate: Gate) -> Callable[[], None]:
    """Return what makes a process stop when its first call of a function is done."""

    def patch() -> None:
        real = getattr(owner, name)

        def stop(*args: Any, **named: Any) -> Any:
            result = real(*args, **named)
            gate.wait()
            return result

        setattr(owner, name, stop)

    return patch


def stamps(database: Database) -> list[str]:
    """Return what the database is stamped with, demosnap not asked."""
    return [stamp for (stamp,) in database.rows("SELECT version_num FROM demosnap_version")]


HOLDERS = {
    "sqlite": lambda connection: os.getpid(),
    "postgresql": lambda connection: connection.exec_driver_sql("SELECT pg_backend_pid()").scalar(),
    "mariadb": lambda connection: connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar(),
}
"""Under which number each database shows a connection: only SQLite has nothing but processes."""


@contextmanager
def locked(chain: Chain) -> Iterator[int]:
    """Let another process hold the database's lock; yield the number of who holds it."""
    settings = chain.project.settings
    says, go = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        with (
            connect.connected(connect.url_of(settings)) as connection,
            dialects.of(connection).lock(connection, 30),
        ):
            connection.rollback()
            connection.execution_options(demosnap_write=True)
            with connection.begin():
                number = HOLDERS[chain.database.dialect](connection)
                os.write(says[1], str(number).encode())
                os.read(go[0], 1)
        os._exit(0)
    try:
        yield int(os.read(says[0], 100))
    finally:
        os.write(go[1], b"!")
        assert os.waitpid(child, 0)[1] == 0


def at_once(chain: Chain, commands: Sequence[str]) -> list[kill.Run]:
    """Run commands of the line that begin all at the same moment; return what they said."""
    gate = Gate()
    children = [
        kill.start(chain.workspace, *command.split(), *PATIENT, patch=gate.wait)
        for command in commands
    ]
    for _ in children:
        gate.reached()
    gate.open()
    return [child.wait() for child in children]


# ---------------------------------------------------------------- moves at once


def test_twenty_upgrades_of_an_empty_database_load_once(chain: Chain) -> None:
    """One loads, and nineteen say that it is there already."""
    wanted = chain.database.dump()
    chain.database.execute(
        *small.REMOVE["general"], "DROP TABLE demosnap_log", "DROP TABLE demosnap_version"
    )
    runs = at_once(chain, ["upgrade general@head"] * 20)

    assert [run.code for run in runs] == [0] * 20, [run.stderr for run in runs]
    said = sorted(run.stdout for run in runs)
    assert said[:19] == ["general: already at v2\n"] * 19
    assert re.fullmatch(r"general: base → v2, \d+ rows loaded\n", said[19])
    assert chain.database.dump() == wanted
    assert stamps(chain.database) == [chain.ids()["v2"]]
    assert chain.database.rows("SELECT operation, revision FROM demosnap_log ORDER BY id") == [
        ("load", chain.ids()["v2"]),
        ("proof", chain.ids()["v2"]),
    ]


def test_sessions_that_wait_do_not_keep_each_other_from_the_lock(database: Database) -> None:
    """Sixteen come at once to a database without demosnap's tables; each has it, one at a time."""
    if database.dialect == "sqlite":
        pytest.skip("its transactions take the file's own lock as they begin")
    meet = threading.Barrier(16)
    inside: list[int] = []
    most: list[int] = []

    def hold(number: int) -> None:
        with connect.connected(sa.make_url(database.url)) as connection:
            meet.wait(60)
            with dialects.of(connection).lock(connection, 60):
                inside.append(number)
                most.append(len(inside))
                time.sleep(0.01)
                inside.remove(number)

    with ThreadPoolExecutor(16) as pool:
        for future in [pool.submit(hold, number) for number in range(16)]:
            future.result()
    assert most == [1] * 16


def test_different_moves_at_once_come_one_after_the_other(chain: Chain) -> None:
    """Up, down, out and in again: each finds a whole version, and leaves one."""
    commands = ["downgrade general v1", "load general@v2", "load general@v1"] * 2
    runs = at_once(chain, [*commands, "load general"])
    # A downgrade from below where it leads is refused, with words.
    assert all("general" in run.stdout + run.stderr for run in runs), runs
    assert not [run for run in runs if "Traceback" in run.stderr]
    (stamp,) = stamps(chain.database)
    version = {revision: short for short, revision in chain.ids().items()}[stamp]
    assert chain.database.dump() == chain.at[version]
    assert chain.database.rows("SELECT revision FROM demosnap_log ORDER BY id DESC")[0] == (stamp,)


# ---------------------------------------------------------------- captures at once


@pytest.mark.long
def test_two_captures_of_the_same_rows_make_one_version(chain: Chain) -> None:
    """The second finds no changes since the first."""
    chain.database.execute(*small.GENERAL["v3"])
    runs = at_once(chain, ["revision general"] * 2)
    assert [run.code for run in runs] == [0, 0], runs
    assert sum("no changes since v3" in run.stdout for run in runs) == 1, runs
    assert list(chain.ids()) == ["v3", "v2", "v1"]
    assert chain.project.check() == []
    assert stamps(chain.database) == [chain.ids()["v3"]]


@pytest.mark.long
def test_two_captures_of_different_rows_make_two_versions(chain: Chain) -> None:
    """The second waits for the first, stamp included, and follows it."""
    database = chain.database
    database.execute(*small.GENERAL["v3"])
    first_reads, second_waits = Gate(), Gate()
    first = kill.start(
        chain.workspace,
        *("revision", "general", *PATIENT),
        patch=after(revision_files, "publish", first_reads),
    )
    first_reads.reached()
    database.execute("UPDATE cards SET title = 'Between' WHERE id = 1")
    second = kill.start(
        chain.workspace,
        *("revision", "general", *PATIENT),
        patch=before(filelock.FileLock, "acquire", second_waits),
    )
    second_waits.reached()
    second_waits.open()
    first_reads.open()
    assert (first.wait().code, second.wait().code) == (0, 0)
    entries = chain.project.history("general")
    assert [entry.version.short for entry in entries] == ["v4", "v3", "v2", "v1"]
    assert entries[0].version.down_revision == entries[1].version.revision
    assert chain.project.check() == []
    assert stamps(database) == [entries[0].version.revision]
    after_second = database.dump()
    chain.project.downgrade("general", "v3")
    assert ("str", "Between") not in [row[3] for row in database.dump()["cards"]]
    chain.project.upgrade("general@v4")
    assert database.dump() == after_second


def test_a_capture_that_waits_too_long_says_for_whom(sqlite_chain: Chain) -> None:
    """The project's lock: one clear error, with the process where the system tells it."""
    gate = Gate()
    holder = kill.start(
        sqlite_chain.workspace,
        *("revision", "general", "--allow-empty"),
        patch=before(SnapshotWriter, "write_block", gate),
    )
    gate.reached()
    for command in ("revision general --lock-timeout 0.2", "manifest --lock-timeout 0"):
        run = kill.run(sqlite_chain.workspace, *command.split())
        assert run.code == 1
        assert "another demosnap is at work in" in run.stderr
        assert f"process {holder.pid}," in run.stderr
        assert "--lock-timeout" in run.stderr
    gate.open()
    assert holder.wait().code == 0
    assert sqlite_chain.project.check() == []


@pytest.mark.long
def test_a_stamp_does_not_cover_what_came_in_between(chain: Chain) -> None:
    """Somebody brings the database to v1 while v3 is captured: it stays stamped v1."""
    chain.database.execute(*small.GENERAL["v3"])
    gate = Gate()
    capture = kill.start(
        chain.workspace,
        "revision",
        "general",
        *PATIENT,
        patch=after(revision_files, "publish", gate),
    )
    gate.reached()
    chain.project.downgrade("general", "v1")
    gate.open()
    run = capture.wait()
    assert run.code == 1
    assert "is captured, but the database is not stamped with it" in run.stderr
    assert "v1_2025-01-15 in the meantime" in run.stderr
    assert stamps(chain.database) == [chain.ids()["v1"]]
    assert chain.database.dump() == chain.at["v1"]
    assert chain.project.check() == []
    chain.project.upgrade("general@v3")
    assert ("str", "Second") in [row[1] for row in chain.database.dump()["boards"]]


# ---------------------------------------------------------------- a capture and a writer


PAIR = (
    "UPDATE boards SET name = 'pair {}' WHERE id = 1",
    "UPDATE cards SET title = 'pair {}' WHERE id = 1",
)


def pairs(chain: Chain) -> list[str]:
    """Return what the newest snapshot has of the two rows that are always written together."""
    return re.findall(
        r"'pair (\d+)'", (chain.workspace.revisions / "general/latest.sql").read_text()
    )


def test_a_capture_sees_one_moment_while_a_writer_writes(chain: Chain) -> None:
    """Two rows of two tables, written together all the time, are together in every snapshot."""
    database = chain.database
    database.execute(*(sql.format(0) for sql in PAIR))
    stop = os.pipe()
    written = os.pipe()
    writer = os.fork()
    if not writer:
        os.close(stop[1])
        os.set_blocking(stop[0], False)
        number = 0
        while True:
            number += 1
            try:
                database.execute(*(sql.format(number) for sql in PAIR))
                os.write(written[1], b".")
                os.read(stop[0], 1)
            except BlockingIOError:
                continue
            except sa.exc.OperationalError:
                # A reader of an SQLite database without WAL.
                continue
            os._exit(0)
    seen = []
    try:
        for _ in range(4):
            assert os.read(written[0], 1) == b"."
            chain.project.revision("general", allow_empty=True)
            seen.append(pairs(chain))
    finally:
        os.close(stop[1])
        os.close(written[1])
        while os.read(written[0], 1 << 16):
            pass
        assert os.waitpid(writer, 0)[1] == 0
    assert all(len(pair) == 2 and pair[0] == pair[1] for pair in seen), seen
    assert len({pair[0] for pair in seen}) > 1, "the writer has not written"
    assert chain.project.check() == []


def test_a_capture_blocks_no_writer(chain: Chain) -> None:
    """In the middle of a capture others write and commit at once; SQLite can with its WAL."""
    database = chain.database
    if database.dialect == "sqlite":
        database.execute("PRAGMA journal_mode = WAL")
    database.execute(*(sql.format(1) for sql in PAIR))
    gate = Gate()
    capture = kill.start(
        chain.workspace,
        *("revision", "general"),
        patch=before(SnapshotWriter, "write_block", gate),
    )
    gate.reached()
    impatient(database, *(sql.format(2) for sql in PAIR))
    assert ("str", "pair 2") in [row[1] for row in database.dump()["boards"]]
    gate.open()
    run = capture.wait()
    assert run.code == 0, run.stderr
    assert pairs(chain) == ["1", "1"]
    # What came after that moment is drift, and the next capture has it.
    assert chain.project.revision("general").created
    assert pairs(chain) == ["2", "2"]


def test_without_a_wal_a_writer_waits_as_long_as_it_likes(sqlite_chain: Chain) -> None:
    """SQLite's rollback journal: the writer's own timeout ends its wait, and harms no capture."""
    database = sqlite_chain.database
    database.execute(*(sql.format(1) for sql in PAIR))
    gate = Gate()
    capture = kill.start(
        sqlite_chain.workspace,
        *("revision", "general"),
        patch=before(SnapshotWriter, "write_block", gate),
    )
    gate.reached()
    with pytest.raises(sa.exc.OperationalError, match="locked"):
        impatient(database, *(sql.format(2) for sql in PAIR))
    gate.open()
    assert capture.wait().code == 0
    impatient(database, *(sql.format(2) for sql in PAIR))


def test_a_capture_waits_no_longer_for_a_writer_than_was_said(sqlite_chain: Chain) -> None:
    """SQLite's rollback journal, the other way round: one error, and no file of a revision."""
    kept = sorted(sqlite_chain.workspace.revisions.rglob("*.sql"))
    with sqlite_chain.database.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        with pytest.raises(LockError, match="locked by another session"):
            impatient_project(sqlite_chain, 0.1).revision("general")
    assert sorted(sqlite_chain.workspace.revisions.rglob("*.sql")) == kept
    assert not sqlite_chain.project.revision("general").created


# ---------------------------------------------------------------- bounded waits


VERBS: dict[str, Callable[[Project], object]] = {
    "upgrade": lambda project: project.upgrade("general@head"),
    "downgrade": lambda project: project.downgrade("general", "-1"),
    "load": lambda project: project.load("general@v1"),
    "stamp": lambda project: project.stamp("general@v2"),
}


def impatient_project(chain: Chain, seconds: float) -> Project:
    """A project that waits no longer for a lock."""
    workspace = chain.workspace
    return Project(
        workspace.folder / "alembic.ini", url=workspace.database.url, lock_timeout=seconds
    )


def test_a_held_database_is_waited_for_and_its_holder_named(chain: Chain) -> None:
    """By every verb that changes it, by both commands, and no longer than was said."""
    before_all = chain.everything()
    with locked(chain) as number:
        for verb in VERBS.values():
            with pytest.raises(LockError) as caught:
                verb(impatient_project(chain, 0.1))
            assert re.search(rf"\b{number}\b", caught.value.message), caught.value
            assert "or wait longer with --lock-timeout" in str(caught.value)
        with pytest.raises(LockError) as caught:
            impatient_project(chain, 1).upgrade("general@head")
        assert "1 seconds" not in str(caught.value)
        words = ("upgrade", "general@head", "--lock-timeout", "0.1")
        run = kill.run(chain.workspace, *words)
        assert run.code == 1
        assert re.search(rf"error: .*\b{number}\b", run.stderr)
        stock = chain.workspace.alembic(
            *("-x", "demosnap.lock_timeout=0.1", "upgrade", "general@head"), check=False
        )
        assert stock.returncode != 0
        assert re.search(rf"FAILED: .*\b{number}\b", stock.stderr + stock.stdout)
        assert chain.everything() == before_all
        # Who only looks does not wait.
        assert impatient_project(chain, 0).current()
        assert impatient_project(chain, 0).upgrade("general@head", dry_run=True).moves
    impatient_project(chain, 0).upgrade("general@head")


def test_waiting_for_locked_rows_ends_after_the_lock_timeout(chain: Chain) -> None:
    """An open transaction on a demo row: the load gives up as a whole."""
    before_all = chain.everything()
    with chain.database.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE cards SET title = 'Mine now' WHERE id = 5")
        with pytest.raises(LockError, match="locked by another session"):
            impatient_project(chain, 0.1).load("general@v1")
        connection.rollback()
    assert chain.everything() == before_all
    chain.project.load("general@v1")
    assert chain.database.dump() == chain.at["v1"]


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "86401", "soon"])
def test_a_lock_timeout_that_cannot_be(sqlite_chain: Chain, seconds: str) -> None:
    """Refused before anything is done, in both spellings."""
    run = kill.run(sqlite_chain.workspace, "load", "general", f"--lock-timeout={seconds}")
    assert run.code == 2
    assert "seconds" in run.stderr or "not a valid float" in run.stderr
    option = f"demosnap.lock_timeout={seconds}"
    stock = sqlite_chain.workspace.alembic("-x", option, "upgrade", "general@head", check=False)
    assert stock.returncode != 0
    assert "seconds" in stock.stderr + stock.stdout


# ---------------------------------------------------------------- a stamp that failed


@pytest.mark.long
def test_a_capture_whose_stamp_failed_is_said_and_mended(chain: Chain) -> None:
    """By itself, by the next command, whichever it is, and by the next capture."""
    database = chain.database
    database.execute(*small.GENERAL["v3"])
    rows = database.dump()
    old = stamps(database)
    with locked(chain), pytest.raises(DemosnapError) as caught:
        impatient_project(chain, 0.1).revision("general", date="2025-02-01")
    error = str(caught.value)
    assert "general v3_2025-02-01 is captured, but the database is not stamped with it" in error
    assert caught.value.changed is True
    assert "nothing was changed" not in error
    assert "`demosnap stamp general@v3`" in error
    assert (database.dump(), stamps(database)) == (rows, old)
    assert chain.project.check() == []

    said = "the database holds the rows of general v3_2025-02-01, but is stamped v2_2025-01-20"
    mend = "`demosnap stamp general@v3`"
    (finding,) = chain.project.check(database=True)
    assert (finding.message, mend in (finding.hint or "")) == (said, True)
    problems = [p for entry in chain.project.status("general") for p in entry.problems]
    assert any(said in p and mend in p for p in problems)
    for verb in (
        lambda project: project.upgrade("general@head", dry_run=True),
        lambda project: project.downgrade("general", "-1", dry_run=True),
        lambda project: project.load("general@v2", dry_run=True),
    ):
        plan = verb(chain.project)
        assert any(said in note and mend in note for note in plan.notes), plan
        assert not plan.refusals

    result = chain.project.revision("general")
    assert (result.created, result.stamped, result.version.short) == (False, True, "v3")
    assert stamps(database) == [chain.ids()["v3"]]
    assert chain.project.check(database=True) == []


@pytest.mark.long
def test_the_first_capture_whose_stamp_failed(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """Nothing is stamped yet: the next command says so all the same."""
    chain = small.make(make_workspace(database))
    database.execute(*small.GENERAL["v1"])
    with locked(chain), pytest.raises(DemosnapError, match="is captured, but"):
        impatient_project(chain, 0.1).revision("general", date="2025-01-15")
    plan = chain.project.upgrade("general@head", dry_run=True)
    said = "general v1_2025-01-15, but is not stamped with it"
    assert any(said in note for note in plan.notes), plan
    chain.project.stamp("general@v1")
    assert chain.project.upgrade("general@head").moves[0].action == "none"
