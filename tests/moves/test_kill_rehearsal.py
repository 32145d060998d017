"""Killed at any moment while a way back is tried, demosnap has changed nothing.

By default at a few moments on each database; DEMOSNAP_TEST_KILLS and DEMOSNAP_TEST_SEED are those
of test_kill.py.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable

import pytest

from support import kill, small
from support.databases import Database
from support.kill import Place
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

KILLS = int(os.environ.get("DEMOSNAP_TEST_KILLS", "0"))
SEED = int(os.environ.get("DEMOSNAP_TEST_SEED", "0")) or secrets.randbelow(10**9) + 1

# The rows are out; they are in again; all is undone.
MOMENTS = [
    Place("after moves/rehearsal._acted", 1),
    Place("after moves/rehearsal._acted", 2),
    Place("after moves/rehearsal.act", 1),
]
TRIES = ("-q", "check", "--database", "--rehearse")


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """v1 captured, and never loaded."""
    return small.copied(make_workspace(database), "v1")


def test_killed_in_a_rehearsal_a_move_has_changed_nothing(chain: Chain) -> None:
    """Whatever a move was trying, and whoever struck: no row, stamp or line of the log is new."""
    before = chain.everything()
    blows: dict[str, kill.Blow] = {"SIGKILL": kill.kill_process}
    if chain.database.dialect != "sqlite":
        blows["the end of the connection"] = kill.connection_killer(chain.database)
    words = ("-q", "downgrade", "general", "base")
    for (name, blow), at in zip(list(blows.items()) * len(MOMENTS), MOMENTS, strict=False):
        run = kill.run(chain.workspace, *words, at=at, blow=blow)
        assert run.code, f"{name} {at}: {run.stderr}"
        assert chain.everything() == before, f"{name} {at}: {run.stderr}"
        assert "Traceback" not in run.stderr
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]
    chain.project.upgrade("general@head")
    assert chain.database.dump() == chain.at["v1"]


def test_a_check_that_tries_it_never_changes_a_row(chain: Chain) -> None:
    """Struck at random moments, where more are asked for, and at those that matter most."""
    rows = chain.database.dump()
    places = kill.run(chain.workspace, *TRIES, record=True).places
    before = chain.everything()
    chance = random.Random(SEED)
    for at in kill.choose(places, max(1, KILLS // 4), chance):
        run = kill.run(chain.workspace, *TRIES, at=at)
        assert chain.everything() == before, f"{at}; {run.stderr} (DEMOSNAP_TEST_SEED={SEED})"
    assert chain.database.dump() == rows
    assert chain.project.check(database=True, rehearse=True) == []
