"""Killed at any moment, demosnap leaves the database as it was or as it should become.

By default this is done a few times on each database. DEMOSNAP_TEST_KILLS is how many times on
each database instead; DEMOSNAP_TEST_SEED repeats the choice that a failure names.
"""

from __future__ import annotations

import itertools
import os
import random
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from demosnap import connect, dialects
from demosnap.revisions import revision_files
from support import draw, kill, small
from support.databases import Database
from support.kill import Run
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

KILLS = int(os.environ.get("DEMOSNAP_TEST_KILLS") or (24 if draw.is_long() else 8))
SEED = int(os.environ.get("DEMOSNAP_TEST_SEED", "0")) or secrets.randbelow(10**9) + 1

EDIT = (
    "UPDATE cards SET title = 'Edited' WHERE id = 1",
    "INSERT INTO checks VALUES (7, 3, 'new')",
)


@dataclass(frozen=True)
class State:
    """Every value of the database, what it is stamped with and what the log says of it last, and
    the files of the revisions."""

    rows: Mapping[str, list[tuple[Any, ...]]]
    stamps: list[tuple[Any, ...]]
    logged: list[tuple[Any, ...]]
    files: list[str]


@dataclass(frozen=True)
class Step:
    """A command, what is there before and after it, and the places that it passes."""

    words: tuple[str, ...]
    before: State
    after: State
    places: Mapping[str, int]
    seconds: float


class Stage:
    """A project on which commands are struck, one after the other, round and round.

    `rewind` goes back from the end of the last command to the beginning of the first.
    """

    def __init__(
        self, chain: Chain, *commands: str, rewind: Callable[[], object] = lambda: None
    ) -> None:
        self.chain = chain
        self.rewind = rewind
        self.steps = []
        for command in commands:
            words = tuple(command.split())
            before = self.now()
            run = self.run(words, record=True)
            assert run.code == 0, run.stderr
            self.steps.append(Step(words, before, self.now(), run.places, run.seconds))
        self.rewind()

    def run(self, words: Sequence[str], **how: Any) -> Run:
        """Run a command in a process of its own."""
        return kill.run(self.chain.workspace, "-q", *words, **how)

    def again(self, words: Sequence[str]) -> None:
        """Run a command here, with nobody in its way."""
        verb, *names = words
        if verb == "revision":
            self.chain.project.revision(names[0], message=names[2], date=names[4])
        else:
            getattr(self.chain.project, verb)(*names)

    def now(self) -> State:
        """Return what is there."""
        database = self.chain.database
        folder = self.chain.workspace.revisions
        return State(
            database.dump(),
            database.rows("SELECT version_num FROM demosnap_version"),
            database.rows("SELECT revision FROM demosnap_log ORDER BY id DESC LIMIT 1"),
            sorted(
                str(path.relative_to(folder))
                for path in folder.rglob("*")
                if "__pycache__" not in str(path) and path.name != revision_files.LOCK_FILE
            ),
        )

    def strike(self, number: int, place: str, **how: Any) -> None:
        """Strike a command, hold what is there against what may be; then let it work."""
        step = self.steps[number % len(self.steps)]
        run = self.run(step.words, **how)
        said = (
            f"{' '.join(step.words)}: {place}; it ended with {run.code}\n{run.stderr}"
            f"(DEMOSNAP_TEST_SEED={SEED})"
        )
        self.nobody_holds_a_lock()
        project = self.chain.project
        assert [str(f) for f in project.check()] == [], said
        now = self.now()
        assert now.files in (step.before.files, step.after.files), said
        listed = [Path(entry.version.file).stem for entry in project.history()]
        assert listed == [Path(f).stem for f in reversed(now.files) if f.endswith(".py")], said
        if step.words[0] == "revision":
            # The files come first, and the stamp says no more than that.
            assert now.rows == step.before.rows, said
            assert now.stamps == step.before.stamps or now == step.after, said
        else:
            assert now in (step.before, step.after), said
        assert now.logged == now.stamps, said

        assert "Traceback" not in run.stderr, said
        if run.code >= 0:
            assert (run.code == 0) == (run.stderr == ""), said
            assert run.code or now == step.after, said
        if how.get("blow") is kill.interrupt and run.code:
            # Only what is done without a stamp needs a line on how to go on.
            first, *rest = run.stderr.strip().splitlines()
            assert run.code == 130, said
            assert first.startswith("interrupted"), said
            assert bool(rest) == ("not stamped" in first), said
            assert not rest[1:], said
        if "nothing was changed" in run.stderr:
            assert now == step.before, said

        self.again(step.words)
        assert self.now() == step.after, said
        if step is self.steps[-1]:
            self.rewind()

    def nobody_holds_a_lock(self) -> None:
        """Take both locks, the database's and the project's."""
        settings = self.chain.project.settings
        with connect.connected(connect.url_of(settings)) as connection:
            connection.execution_options(demosnap_write=True)
            # A server may need a moment to see that a client is gone.
            with dialects.of(connection).lock(connection, 30), connection.begin():
                pass
        lock = FileLock(self.chain.workspace.revisions / revision_files.LOCK_FILE, timeout=0)
        with lock:
            pass

    def strike_everywhere(self, count: int) -> None:
        """Strike so many times with SIGKILL or the connection's end, and half as often with ^C."""
        chance = random.Random(SEED)
        blows: dict[str, kill.Blow] = {"SIGKILL": kill.kill_process}
        if self.chain.database.dialect != "sqlite":
            blows["the end of the connection"] = kill.connection_killer(self.chain.database)
        steps = itertools.cycle(self.steps)
        places = [iter(kill.choose(step.places, 2 * count, chance)) for step in self.steps]
        for number in range(count + count // 2):
            step, place = next(steps), next(places[number % len(places)])
            name = list(blows)[number // len(self.steps) % len(blows)]
            blow = blows[name]
            if number >= count:
                self.strike(number, f"Ctrl-C {place}", at=place, blow=kill.interrupt)
            elif number % 3 == 2:
                seconds = chance.uniform(0, step.seconds)
                self.strike(number, f"{name} after {seconds:.3f} s", after=seconds, blow=blow)
            else:
                self.strike(number, f"{name} {place}", at=place, blow=blow)


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Two versions of scenario general, the second of some hundred rows."""
    chain = small.copied(make_workspace(database), "v1")
    many = ",".join(f"({i}, 1, NULL, 'Card {i}', TRUE, 'general')" for i in range(100, 500))
    chain.database.execute(*small.GENERAL["v2"], f"INSERT INTO cards VALUES {many}")
    chain.project.revision("general", date="2025-01-20")
    return chain


def test_moves_are_all_or_nothing(chain: Chain) -> None:
    """Upgrade, downgrade and load, struck anywhere: the state before or after, and no lock."""
    chain.project.downgrade("general", "v1")
    stage = Stage(
        chain, "upgrade general@v2", "downgrade general v1", "load general", "load general@v1"
    )
    stage.strike_everywhere(KILLS * 3 // 4)


def test_captures_are_all_or_nothing(chain: Chain) -> None:
    """Revision, struck anywhere: a whole revision or none, a true stamp, and no lock."""
    revisions = chain.workspace.revisions
    saved = chain.workspace.folder.parent / "saved"
    shutil.copytree(revisions, saved, symlinks=True)
    ((stamp,),) = chain.database.rows("SELECT version_num FROM demosnap_version")
    chain.database.execute(*EDIT)

    def rewind() -> None:
        shutil.rmtree(revisions)
        shutil.copytree(saved, revisions, symlinks=True)
        chain.database.execute(
            f"UPDATE demosnap_version SET version_num = '{stamp}'",
            f"DELETE FROM demosnap_log WHERE revision <> '{stamp}'",
        )

    stage = Stage(chain, "revision general -m v3 --date 2025-02-01", rewind=rewind)
    stage.strike_everywhere(KILLS // 4)


def test_ctrl_c_while_stamping_says_that_the_files_are_there(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    """Also where the interrupted driver is what fails then, and not Ctrl-C itself."""
    chain = small.copied(make_workspace(sqlite), "v1")
    words = ("-q", "revision", "general", "-m", "v2", "--date", "2025-01-20")
    chain.database.execute(*EDIT[:1])
    places = kill.run(chain.workspace, *words, record=True).places
    for version, back in (("v3", 20), ("v4", 5)):
        chain.database.execute(f"UPDATE cards SET title = '{version}' WHERE id = 1")
        at = kill.Place("before do_execute", places["before do_execute"] - back)
        run = kill.run(
            chain.workspace,
            *("-q", "revision", "general", "-m", version, "--date", "2025-02-01"),
            at=at,
            blow=kill.interrupt,
        )
        assert run.code == 130
        assert f"general {version}_2025-02-01 is captured, but the database is not" in run.stderr
        assert "nothing was changed" not in run.stderr
        chain.project.revision("general")
        assert chain.stamps() == [f"general {version}"]
