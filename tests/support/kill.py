"""Kill a demosnap, its connection or its patience at a chosen moment; nothing here is a test.

A command runs in a forked process, where everything is imported already. A place is a call, or a
return, of a function of demosnap's or of one through which something leaves the process: a
statement, a rename, a commit. A first run lists the places that a command passes; then it is
killed at any of them, or after any time. The product knows nothing of it.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

# A child must find everything imported, as it shares it with this process.
import demosnap.cli.render
import demosnap.project
from demosnap.cli.program import cli
from demosnap.cli.session import Session
from support.databases import SERVERS, Database
from support.workspaces import Workspace

_PACKAGE = str(Path(demosnap.project.__file__).parent)
_ROOMS = (
    *("capture", "compare", "connect", "database", "dialects", "moves", "project", "revisions"),
    *("rows", "snapshot", "verbs"),
)
assert all(
    Path(_PACKAGE, room).is_dir() or Path(_PACKAGE, f"{room}.py").exists() for room in _ROOMS
)

# What leaves the process: to a server, to a file or to the file system.
_EFFECTS = frozenset(
    "execute executemany do_execute do_commit do_rollback commit rollback sendall wait _read_bytes"
    " replace rename symlink unlink fsync mkstemp flock close pthread_sigmask".split()
)
# The places around which the order matters most.
_CRITICAL = frozenset("do_commit commit replace symlink fsync do_execute write_rows".split())


@dataclass(frozen=True)
class Place:
    """The nth time that a run passes a place."""

    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.name} (time {self.number})"


@dataclass(frozen=True)
class Run:
    """How a command ended: its exit code (minus the signal that killed it), and what it said."""

    code: int
    stdout: str
    stderr: str
    places: Mapping[str, int]
    seconds: float


Blow = Callable[[], object]
"""What is done to a process from within, at a place."""


def kill_process() -> None:
    """Kill the calling process, as the kernel or the power supply would."""
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt() -> None:
    """Press Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def connection_killer(database: Database) -> Blow:
    """Return what ends all connections to a database, on its server."""
    if database.dialect == "postgresql":
        find = "SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"
        end = "SELECT pg_terminate_backend({})"
    else:
        find = "SELECT id FROM information_schema.processlist WHERE db = '{}'"
        end = "KILL {}"
    url = sa.make_url(database.url)
    variable, default = SERVERS[database.dialect]
    server = sa.make_url(os.environ.get(variable) or default)

    def blow() -> None:
        engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            for (number,) in connection.exec_driver_sql(find.format(url.database)).all():
                # It may be gone by itself in the meantime.
                with suppress(sa.exc.DBAPIError):
                    connection.exec_driver_sql(end.format(number))

    return blow


def run(
    workspace: Workspace,
    *words: str,
    at: Place | None = None,
    after: float | None = None,
    blow: Blow = kill_process,
    record: bool = False,
    patch: Callable[[], object] = lambda: None,
) -> Run:
    """Run a command in a process of its own, and strike it at a place or after some seconds.

    After a time it is always killed, or its connection if the blow is one for that. `patch` is
    called in the new process first; `record` lists the places.
    """
    child = start(workspace, *words, at=at, blow=blow, record=record, patch=patch)
    if after is not None and not child.ended(after):
        if blow is kill_process:
            os.kill(child.pid, signal.SIGKILL)
        elif blow is interrupt:
            os.kill(child.pid, signal.SIGINT)
        else:
            blow()
    return child.wait()


@dataclass
class Child:
    """A command that runs in a process of its own."""

    pid: int
    folder: Path
    begun: float

    def ended(self, seconds: float) -> bool:
        """Wait for its end so long at most; return whether it came."""
        handle = os.pidfd_open(self.pid)
        try:
            return bool(select.select([handle], [], [], seconds)[0])
        finally:
            os.close(handle)

    def wait(self) -> Run:
        """Wait for its end."""
        assert self.ended(120), "the command does not end"
        _, status = os.waitpid(self.pid, 0)
        seconds = time.monotonic() - self.begun
        places = self.folder / "places"
        return Run(
            os.waitstatus_to_exitcode(status),
            (self.folder / "stdout").read_text(),
            (self.folder / "stderr").read_text(),
            json.loads(places.read_text()) if places.exists() else {},
            seconds,
        )


_number = iter(range(10**9))


def start(
    workspace: Workspace,
    *words: str,
    at: Place | None = None,
    blow: Blow = kill_process,
    record: bool = False,
    patch: Callable[[], object] = lambda: None,
) -> Child:
    """Begin what `run` runs."""
    folder = workspace.folder.parent / f"run-{next(_number)}"
    folder.mkdir()
    for name in ("stdout", "stderr"):
        # Here, since the child may be killed before it could.
        (folder / name).touch()
    begun = time.monotonic()
    pid = os.fork()
    if pid:
        return Child(pid, folder, begun)
    code = 70
    try:
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(folder / name, os.O_WRONLY), number)
        # pytest has replaced them.
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(workspace.folder)
        os.environ["DEMOSNAP_DATABASE_URL"] = workspace.database.url
        patch()
        passed: dict[str, int] = {}
        if at is not None or record:
            sys.setprofile(_profile(passed, at, blow))
        try:
            cli.main(list(words), prog_name="demosnap", obj=Session())
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        sys.setprofile(None)
        if record:
            (folder / "places").write_text(json.dumps(passed))
    except BaseException:  # noqa: BLE001  whatever it is, a forked pytest must not go on
        sys.setprofile(None)
        traceback.print_exc()
    with suppress(BaseException):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _profile(
    passed: dict[str, int], at: Place | None, blow: Blow
) -> Callable[[FrameType, str, Any], None]:
    def profile(frame: FrameType, event: str, argument: Any) -> None:
        name = frame.f_code.co_name
        file = frame.f_code.co_filename
        if event.startswith("c_"):
            name = getattr(argument, "__name__", "")
            if name not in _EFFECTS or isinstance(argument.__self__, (str, bytes)):
                return
        elif file.startswith(_PACKAGE):
            room = file[len(_PACKAGE) + 1 : -3]
            if not room.startswith(_ROOMS):
                return
            name = f"{room}.{name}"
        elif name not in _EFFECTS:
            return
        place = f"{'after' if event.endswith('return') else 'before'} {name}"
        passed[place] = passed.get(place, 0) + 1
        if at is not None and (place, passed[place]) == (at.name, at.number):
            sys.setprofile(None)
            blow()

    return profile


def choose(places: Mapping[str, int], count: int, chance: random.Random) -> list[Place]:
    """Choose places at random, as many of each as can be, those first that matter most."""
    critical: list[str] = []
    others: list[str] = []
    for name in places:
        short = name.rpartition(" ")[2].rpartition(".")[2]
        (critical if short in _CRITICAL else others).append(name)
    chance.shuffle(critical)
    chance.shuffle(others)
    names = [name for pair in zip(critical, others, strict=False) for name in pair]
    names += [name for name in (*critical, *others) if name not in set(names)]
    chosen: list[Place] = []
    while len(chosen) < count:
        chosen += [Place(name, chance.randint(1, places[name])) for name in names]
    return chosen[:count]
