"""Rows that are made ahead in a thread, and SQLite's way in that uses them."""

from __future__ import annotations

import itertools
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from types import FrameType

import pytest

from demosnap.dialects.sqlite import write
from demosnap.errors import DatabaseError
from demosnap.model import Column, Table
from demosnap.rows.prefetch import ahead
from support.databases import Database
from support.workspaces import Workspace

ROWS = 6000


def threads() -> list[threading.Thread]:
    """Return the threads that make items.

    One that Ctrl-C kept from being started never runs, and Python lists it for ever.
    """
    found = (one for one in threading.enumerate() if one.name == "demosnap-ahead")
    return [one for one in found if one.is_alive()]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
def test_items_come_as_they_are_made_and_no_thread_is_left(count: int) -> None:
    assert list(ahead(range(count))) == list(range(count))
    assert not threads()


def test_an_error_of_making_an_item_comes_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise ValueError("no more")

    found = []
    with pytest.raises(ValueError, match="no more"):
        for item in ahead(items()):
            found.append(item)
    assert found == [0, 1, 2, 3, 4]
    assert not threads()


def test_whoever_wants_no_more_items_ends_the_thread() -> None:
    made = []

    def items() -> Iterator[int]:
        for item in itertools.count():
            made.append(item)
            yield item

    with closing(ahead(items())) as found:
        assert list(itertools.islice(found, 5)) == [0, 1, 2, 3, 4]
    assert not threads()
    assert len(made) < 15


def test_an_error_of_the_first_items_comes_in_its_place_too() -> None:
    found = []
    with pytest.raises(ZeroDivisionError):
        for item in ahead(1 // (1 - one) for one in range(3)):
            found.append(item)
    assert found == [1]


def test_ctrl_c_at_any_moment_leaves_no_thread_and_waits_for_nothing() -> None:
    chance = random.Random(1)
    waiting = False

    def interrupt(_: int, frame: FrameType | None) -> None:
        # What comes late, as while the timer is stopped, is no matter of `ahead`; and an interrupt
        # inside of Thread.start may leave a lock of Python's own behind.
        while frame is not None and frame.f_code is not threading.Thread.start.__code__:
            frame = frame.f_back
        if waiting and frame is None:
            raise KeyboardInterrupt

    def items() -> Iterator[int]:
        for item in range(400):
            sum(range(300))
            yield item

    before = signal.signal(signal.SIGALRM, interrupt)
    interrupted = 0
    made: Generator[int, None, None] | None = None
    try:
        for _ in range(200):
            try:
                waiting = True
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-5, 4e-3))
                made = ahead(items())
                with closing(made):
                    for _ in made:
                        pass
                waiting = False
            except KeyboardInterrupt:
                # The timer rings once, so that nothing interrupts this.
                waiting = False
                interrupted += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            # Where `closing` itself was interrupted, it ends as it is let go.
            made = None
            # One that was interrupted while it began ends by itself.
            patience = time.monotonic() + 10
            while threads() and time.monotonic() < patience:
                time.sleep(0.001)
            assert not threads()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert interrupted > 20


@pytest.fixture
def many(sqlite: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A project of which version v1 has 6,000 rows, and the database none of them."""
    workspace = make_workspace(sqlite)
    workspace.configure("marker: {column: demo}\nscenarios: {general: {}}\n")
    sqlite.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, demo BOOLEAN, x TEXT)",
        f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
        " INSERT INTO t SELECT i, 1, 'it''s ' || i FROM n",
    )
    workspace.project.revision("general")
    workspace.project.downgrade("general", "base")
    sqlite.execute("INSERT INTO t VALUES (9999, 0, 'own')")
    return workspace


@pytest.mark.parametrize("place", [1, 500, 2500, ROWS])
def test_a_trigger_that_rolls_back_leaves_nothing_behind(many: Workspace, place: int) -> None:
    """SQLite ends the transaction itself then, as it does on a full disk: no row may follow."""
    many.database.execute(
        f"CREATE TRIGGER never BEFORE INSERT ON t WHEN new.id = {place}"
        " BEGIN SELECT RAISE(ROLLBACK, 'not allowed'); END"
    )
    before = many.database.dump(own=True)
    with pytest.raises(DatabaseError, match="not allowed"):
        many.project.load("general")
    after = many.database.dump(own=True)
    assert after["t"] == before["t"]
    assert after["demosnap_version"] == before["demosnap_version"] == []
    assert not threads()


def test_the_database_is_used_in_the_callers_thread_alone(
    many: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So nothing is ever still running on it when Ctrl-C, even twice, ends the transaction."""
    users = set()
    execute = write._execute

    def noting(driver: sqlite3.Connection, statement: bytes) -> int:
        users.add(threading.current_thread())
        return execute(driver, statement)

    monkeypatch.setattr(write, "_execute", noting)
    many.project.load("general")
    assert users == {threading.main_thread()}
    assert many.database.rows("SELECT COUNT(*), COUNT(DISTINCT x) FROM t WHERE demo") == [
        (ROWS, ROWS)
    ]


def test_text_in_hex_that_is_no_text_is_refused(many: Workspace) -> None:
    """Also where what it is in is otherwise inserted as it stands."""
    with closing(sqlite3.connect(many.database.folder / "demo.db")) as driver:
        table = Table("t", (Column("id", "INTEGER", nullable=False), Column("x", "TEXT")), ("id",))
        rows = [b"1,'fine'", b"2,CAST(X'FF0D' AS TEXT)"]
        with pytest.raises(DatabaseError, match=r"t: row id=2 holds text that is not UTF-8"):
            write.write(driver, "t (id,x)", table, rows)
