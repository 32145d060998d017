"""Somebody else is quicker: the move is planned and made again, and not a second time asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demosnap.errors import ConflictError
from demosnap.project import Project
from demosnap.results import CapturePlan, MovePlan
from support import small
from support.databases import Database, make_database
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long


@pytest.fixture(params=["postgresql", "mariadb"])
def chain(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    make_workspace: Callable[[Database], Workspace],
) -> Iterator[Chain]:
    """Versions v1 and v2 of general, where there may be several writers; it is at v2."""
    making = make_database(request.param, tmp_path)
    yield small.copied(make_workspace(next(making)), "v1", "v2")
    making.close()


class Meddling:
    """Writes and commits between the plan and the change, the first `times` that it is asked."""

    def __init__(self, chain: Chain, *changes: str) -> None:
        self.plans: list[MovePlan] = []
        self._chain = chain
        self._changes = list(changes)

    def __call__(self, plan: MovePlan | CapturePlan) -> None:
        assert isinstance(plan, MovePlan)
        self.plans.append(plan)
        if self._changes:
            self._chain.database.execute(self._changes.pop(0))


def project(chain: Chain, confirm: Meddling, timeout: float = 30) -> Project:
    """Return a project whose moves are meddled with."""
    ini = chain.workspace.folder / "alembic.ini"
    return Project(ini, url=chain.database.url, confirm=confirm, lock_timeout=timeout)


def test_a_move_is_made_again_for_the_plan_that_is_right_now(chain: Chain) -> None:
    meddling = Meddling(chain, "UPDATE cards SET title = 'Edited' WHERE id = 5")
    project(chain, meddling).downgrade("general", "base", discard=True)
    assert chain.database.dump() == chain.at["base"]
    assert len(meddling.plans) == len({str(plan) for plan in meddling.plans})


def test_it_is_refused_again_for_what_would_be_lost_now(chain: Chain) -> None:
    meddling = Meddling(chain, "UPDATE cards SET title = 'Precious' WHERE id = 5")
    with refused("unsaved rows", r"in no revision|discard"):
        project(chain, meddling).downgrade("general", "base")
    assert len(meddling.plans) == 1
    assert "Precious" in str(chain.database.dump())


def test_the_same_plan_is_asked_about_once_and_another_again(chain: Chain) -> None:
    change = "UPDATE cards SET title = 'Edited' WHERE id = 5"
    edited = Meddling(chain, change, change)
    project(chain, edited).downgrade("general", "base", discard=True)
    assert chain.database.dump() == chain.at["base"]
    assert len(edited.plans) == len({str(plan) for plan in edited.plans})


def test_there_is_an_end_to_it(chain: Chain) -> None:
    before = chain.stamps()
    meddling = Meddling(chain, "UPDATE cards SET title = 'Precious' WHERE id = 5")
    with pytest.raises(ConflictError, match=r"(?s)nother session .*Try again"):
        project(chain, meddling, 0).downgrade("general", "base")
    assert len(meddling.plans) == 1
    assert chain.stamps() == before


def test_a_callers_transaction_is_not_made_again(chain: Chain) -> None:
    meddling = Meddling(chain, "UPDATE cards SET title = 'Precious' WHERE id = 5")
    engine = chain.database.engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection, pytest.raises(ConflictError):
        project(chain, meddling).downgrade("general", "base", connection=connection)
    assert len(meddling.plans) == 1
