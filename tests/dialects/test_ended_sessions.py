"""The server ends the session: one line with the real reason, and the truth about the commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click.testing
import pytest
from alembic import command
from alembic.util import CommandError

from demosnap import dialects
from demosnap.cli.program import cli
from demosnap.database import bulk
from demosnap.errors import DatabaseError
from demosnap.moves import execute, plan
from demosnap.revisions.outcome import Outcome
from demosnap.rows.canonical import Rows
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

OTHERS = {
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND application_name = 'demosnap'",
    "mariadb": "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
    " AND id <> CONNECTION_ID() AND command <> 'Killed'",
}
END = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}
REASON = {
    "postgresql": "terminating connection due to administrator command",
    "mariadb": "Connection was killed|Lost connection|gone away|closed the connection",
}


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Two versions of the small application, the second one loaded."""
    if database.dialect == "sqlite":
        pytest.skip("there is no session that somebody else could end")
    return small.make(make_workspace(database), "v1", "v2")


def sessions(database: Database) -> list[int]:
    """Return the sessions of the command that is at work."""
    return [row[0] for row in database.rows(OTHERS[database.dialect])]


def end(database: Database) -> None:
    """End the sessions of the command that is at work, and wait until they are gone."""
    for session in sessions(database):
        with database.engine.connect() as connection:
            connection.exec_driver_sql(END[database.dialect].format(session))
    while sessions(database):
        time.sleep(0.01)


def ending(database: Database, function: Any, *, after: bool = False) -> Any:
    """Return a function that ends the sessions first, or after it."""

    def called(*arguments: Any, **words: Any) -> Any:
        if not after:
            end(database)
        result = function(*arguments, **words)
        if after:
            end(database)
        return result

    return called


def at_planning(chain: Chain, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "prepare", ending(chain.database, plan.prepare))


def at_purge(chain: Chain, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bulk, "purge", ending(chain.database, bulk.purge))


def at_load(chain: Chain, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bulk, "load", ending(chain.database, bulk.load))


def at_verification(chain: Chain, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(execute, "_verify", ending(chain.database, execute._verify))


def at_reading(chain: Chain, patch: pytest.MonkeyPatch) -> None:
    dialect = type(dialects.get(chain.database.server))
    read_rows = dialect.read_rows

    def stopped(self: Any, *arguments: Any, **words: Any) -> Rows:
        found = read_rows(self, *arguments, **words)
        end(chain.database)
        return Rows(found.batches)  # type: ignore[attr-defined]

    patch.setattr(dialect, "read_rows", stopped)


PHASES = [at_planning, at_purge, at_load, at_verification, at_reading]


@pytest.mark.long
@pytest.mark.parametrize("phase", PHASES)
def test_before_the_commit_nothing_is_changed(
    chain: Chain,
    phase: Callable[[Chain, pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = chain.database.dump(own=True)
    phase(chain, monkeypatch)
    with pytest.raises(DatabaseError, match=REASON[chain.database.dialect]) as caught:
        chain.project.downgrade("general", "v1", full=True)
    assert "the server ended the connection" in caught.value.message
    assert caught.value.changed is False
    assert "nothing was changed" in str(caught.value)
    assert "\n" not in caught.value.message
    assert caplog.records == []
    assert chain.database.dump(own=True) == before


@contextmanager
def at(chain: Chain, patch: pytest.MonkeyPatch, moment: str) -> Iterator[None]:
    """End the session when a run notes that its commit has `begun`, or has `ended`."""
    values: dict[int, Any] = {}

    def note(self: Outcome, value: bool) -> None:
        values[id(self)] = value
        if value:
            end(chain.database)

    patch.setattr(Outcome, moment, property(lambda self: values.get(id(self), False), note))
    yield


def test_an_end_during_the_commit_has_an_unknown_outcome(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        at(chain, monkeypatch, "begun"),
        pytest.raises(DatabaseError, match="broke during the commit") as caught,
    ):
        chain.project.downgrade("general", "base")
    assert caught.value.changed is None
    assert "nothing was changed" not in str(caught.value)
    assert caplog.records == []


def test_after_the_commit_all_is_done(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with at(chain, monkeypatch, "ended"):
        chain.project.downgrade("general", "base")
    assert caplog.records == []
    assert chain.database.rows("SELECT * FROM demosnap_version") == []
    assert chain.database.dump() == chain.at["base"]


def waiting(chain: Chain, run: Callable[[], object]) -> BaseException | None:
    """Run something that waits for the lock, end its session, and return what it raised."""
    raised: list[BaseException] = []

    def caught() -> None:
        try:
            run()
        except BaseException as error:  # noqa: BLE001  it is looked at in the test's thread
            raised.append(error)

    with chain.database.engine.connect() as connection:
        with dialects.of(connection).lock(connection, 1):
            thread = threading.Thread(target=caught)
            thread.start()
            waits = {
                "postgresql": f"{OTHERS['postgresql']} AND wait_event = 'advisory'",
                "mariadb": f"{OTHERS['mariadb']} AND state LIKE 'User lock'",
            }[chain.database.dialect]
            while not (found := chain.database.rows(waits)) and thread.is_alive():
                time.sleep(0.01)
            for (session,) in found:
                with chain.database.engine.connect() as other:
                    other.exec_driver_sql(END[chain.database.dialect].format(session))
            thread.join()
        connection.rollback()
    return raised[0] if raised else None


def test_while_it_waits_for_the_lock(chain: Chain, caplog: pytest.LogCaptureFixture) -> None:
    error = waiting(chain, lambda: chain.project.downgrade("general", "base"))
    assert isinstance(error, DatabaseError)
    assert "the server ended the connection" in error.message
    assert caplog.records == []


def test_while_the_stock_command_waits_for_the_lock(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", chain.database.url)
    config = chain.project.settings.alembic_config()
    error = waiting(chain, lambda: command.downgrade(config, "general@base"))
    assert isinstance(error, CommandError)
    assert "the server ended the connection" in str(error)
    assert caplog.records == []


def test_a_capture(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    files = sorted(chain.workspace.revisions.rglob("*.sql"))
    at_reading(chain, monkeypatch)
    with pytest.raises(DatabaseError, match=REASON[chain.database.dialect]):
        chain.project.revision("general", message="v3", allow_empty=True)
    assert caplog.records == []
    assert sorted(chain.workspace.revisions.rglob("*.sql")) == files


def test_the_command_line_says_it_in_one_line(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_load(chain, monkeypatch)
    monkeypatch.chdir(chain.workspace.folder)
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", chain.database.url)
    done = click.testing.CliRunner().invoke(cli, ["downgrade", "general", "v1", "--full"])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert len([line for line in done.stderr.splitlines() if line.startswith("error:")]) == 1
