"""A server that only reads: it is captured, and what to do about the stamp is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from demosnap.errors import DemosnapError, ReadOnlyError
from support import small
from support.databases import SERVERS, Database, make_database
from support.workspaces import Workspace


@pytest.fixture(params=SERVERS)
def standby(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    make_workspace: Callable[[Database], Workspace],
) -> Iterator[Workspace]:
    """A database whose transactions only read, as a standby's and a replica's do."""
    making = make_database(request.param, tmp_path)
    workspace = make_workspace(next(making))
    small.make(workspace, "v1")
    workspace.database.execute(*small.GENERAL["v2"])
    url = sa.make_url(workspace.database.url)
    if request.param == "postgresql":
        workspace.database.execute(
            f"ALTER DATABASE {url.database} SET default_transaction_read_only = on"
        )
    else:
        url = url.update_query_dict({"init_command": "SET SESSION TRANSACTION READ ONLY"})
        workspace.database.url = url.render_as_string(hide_password=False)
    yield workspace
    making.close()


def test_a_capture_says_how_it_goes_without_a_stamp(standby: Workspace) -> None:
    with pytest.raises(DemosnapError, match=r"(?s)is captured, but .*with --no-stamp"):
        standby.project.revision("general", date="2025-01-20")
    assert [e.version.short for e in standby.project.history("general")] == ["v2", "v1"]


def test_a_capture_without_a_stamp_only_reads(standby: Workspace) -> None:
    assert standby.project.revision("general", stamp=False, date="2025-01-20").created


def test_a_move_says_that_nothing_can_be_written(standby: Workspace) -> None:
    with pytest.raises(ReadOnlyError, match=r"(?i)read.only transaction") as refused:
        standby.project.downgrade("general", "base", discard=True)
    assert "--url" in str(refused.value.hint)
