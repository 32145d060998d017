"""Killed at any moment, demosnap leaves the database as it was or as it should become.

By default each verb is struck a few times on each database. DEMOSNAP_TEST_KILLS is how many times
on each database instead; DEMOSNAP_TEST_SEED repeats the choice that a failure names.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kill
import pytest
import small
from conftest import Database, Workspace
from kill import Run
from small import Chain

from demosnap import dialects, target
from demosnap.revisions import files

MakeWorkspace = Callable[[Database], Workspace]

VERBS = ("revision", "upgrade", "downgrade", "load")
KILLS = -(-int(os.environ.get("DEMOSNAP_TEST_KILLS", "24")) // len(VERBS))
SEED = int(os.environ.get("DEMOSNAP_TEST_SEED", "0")) or secrets.randbelow(10**9) + 1

WORDS = {
    "revision": ("revision", "general", "-m", "v3", "--date", "2025-02-01"),
    "upgrade": ("upgrade", "general@v2"),
    "downgrade": ("downgrade", "general", "v1"),
    "load": ("load", "general@v2"),
}

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


@dataclass
class Stage:
    """Versions of a scenario, on which one verb is struck again and again."""

    chain: Chain
    verb: str

    def __post_init__(self) -> None:
        workspace = self.chain.workspace
        self.saved = workspace.folder.parent / "saved"
        shutil.copytree(workspace.revisions, self.saved, symlinks=True)
        self.before = self.now()
        self.timed = self.run()
        assert self.timed.code == 0, self.timed.stderr
        self.after = self.now()
        self.reset()
        self.places = self.run(record=True).places
        self.reset()

    def run(self, **how: Any) -> Run:
        """Run the verb in a process of its own."""
        return kill.run(self.chain.workspace, "-q", *WORDS[self.verb], **how)

    def again(self) -> None:
        """Run the verb here, with nobody in its way."""
        project = self.chain.project
        words = WORDS[self.verb]
        if self.verb == "revision":
            project.revision("general", message="v3", date="2025-02-01")
        else:
            getattr(project, self.verb)(*words[1:])

    def reset(self) -> None:
        """Go back to where the verb begins."""
        if self.verb == "revision":
            revisions = self.chain.workspace.revisions
            shutil.rmtree(revisions)
            shutil.copytree(self.saved, revisions, symlinks=True)
            ((stamp,),) = self.before.stamps
            self.chain.database.execute(
                f"UPDATE demosnap_version SET version_num = '{stamp}'",
                f"DELETE FROM demosnap_log WHERE revision <> '{stamp}'",
            )
        elif self.verb == "downgrade":
            self.chain.project.upgrade("general@v2")
        else:
            self.chain.project.downgrade("general", "v1")
        now = self.now()
        assert (now.rows, now.stamps, now.files) == (
            self.before.rows,
            self.before.stamps,
            self.before.files,
        )

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
                if "__pycache__" not in str(path) and path.name != files.LOCK_FILE
            ),
        )

    def nobody_holds_a_lock(self) -> None:
        """Take both locks, the database's and the project's."""
        settings = self.chain.project.settings
        with target.connected(target.url_of(settings)) as connection:
            connection.execution_options(demosnap_write=True)
            # A server may need a moment to see that a client is gone.
            with dialects.of(connection).lock(connection, 30), connection.begin():
                pass
        with files.project_lock(settings, 0):
            pass

    def judge(self, run: Run, blow: str) -> None:
        """Hold what is there against before and after; then let the next command work."""
        project = self.chain.project
        said = f"{blow} (DEMOSNAP_TEST_SEED={SEED}); exit code {run.code}: {run.stderr}"
        assert [str(f) for f in project.check()] == [], said
        self.nobody_holds_a_lock()
        now = self.now()
        versions = [f for f in now.files if f.endswith(".py")]
        assert [entry.version.file for entry in project.history()] == [
            str(Path(name).with_suffix(".sql").name) for name in reversed(versions)
        ], said
        assert now.rows in (self.before.rows, self.after.rows), said
        assert now.files in (self.before.files, self.after.files), said
        if self.verb == "revision":
            assert now.stamps == self.before.stamps or now == self.after, said
        else:
            assert now in (self.before, self.after), said
        assert now.logged == now.stamps, said
        assert "Traceback" not in run.stderr, said
        if run.code >= 0:
            assert (run.code == 0) == (run.stderr == ""), said
        if run.code == 0:
            assert now == self.after, said
        if "nothing was changed" in run.stderr:
            assert now == self.before, said

        self.again()
        assert self.now() == self.after, said
        assert project.check() == [], said
        self.nobody_holds_a_lock()
        self.reset()


def make_stage(workspace: Workspace, verb: str) -> Stage:
    """Capture two versions, the second of some hundred rows, and go to where the verb begins."""
    chain = small.make(workspace, "v1")
    many = ",".join(f"({i}, 1, NULL, 'Card {i}', TRUE, 'general')" for i in range(100, 500))
    chain.database.execute(*small.GENERAL["v2"], f"INSERT INTO cards VALUES {many}")
    chain.project.revision("general", date="2025-01-20")
    if verb == "revision":
        chain.database.execute(*EDIT)
    elif verb != "downgrade":
        chain.project.downgrade("general", "v1")
    return Stage(chain, verb)


@pytest.fixture(params=VERBS)
def stage(
    request: pytest.FixtureRequest, database: Database, make_workspace: MakeWorkspace
) -> Stage:
    """A stage for each verb on each database."""
    return make_stage(make_workspace(database), request.param)


def test_struck_at_any_moment(stage: Stage) -> None:
    """Nothing is half done, no lock stays, and what is said is true.

    What is struck is the process, on a server its connection, and the patience of its user, who
    presses Ctrl-C: then one line says it.
    """
    chance = random.Random(SEED)
    blows = {"SIGKILL": kill.kill_process}
    if stage.chain.database.dialect != "sqlite":
        blows["the connection is killed"] = kill.connection_killer(stage.chain.database)
    for number, place in enumerate(kill.choose(stage.places, KILLS, chance)):
        name = list(blows)[number % len(blows)]
        if number % 3 == 2:
            delay = chance.uniform(0, stage.timed.seconds)
            stage.judge(stage.run(after=delay, blow=blows[name]), f"{name} after {delay:.3f} s")
        else:
            stage.judge(stage.run(at=place, blow=blows[name]), f"{name} {place}")
    for place in kill.choose(stage.places, max(2, KILLS // 4), chance):
        run = stage.run(at=place, blow=kill.interrupt)
        assert run.code in (0, 130), (str(place), run)
        if run.code:
            # Only what is done without a stamp needs a line on how to go on.
            first, *rest = run.stderr.strip().splitlines()
            assert first.startswith("interrupted"), (str(place), run)
            assert bool(rest) == ("not stamped" in first), (str(place), run)
            assert not rest[1:], (str(place), run)
        stage.judge(run, f"Ctrl-C {place}")
