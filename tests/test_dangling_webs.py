"""Any web of tables, any move: refused and nothing changed, or done and nothing dangles.

DEMOSNAP_TEST_GRAPHS says how many webs are tried on each database.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from random import Random
from typing import Any

import webs
from conftest import Database, Workspace
from webs import Node, Rows

from demosnap.errors import RefusedError, UsageError
from demosnap.project import Project
from demosnap.results import MovePlan

MakeWorkspace = Callable[[Database], Workspace]
Move = Callable[..., MovePlan]

WEBS = int(os.environ.get("DEMOSNAP_TEST_GRAPHS", "6"))
FIRST = int(os.environ.get("DEMOSNAP_TEST_FIRST_GRAPH", "0"))


def test_no_move_leaves_a_reference_that_points_at_nothing(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """What a dry run says is what happens, and the demo rows come back as they were."""
    workspace = make_workspace(database)
    workspace.configure(webs.SETTINGS)
    done: list[bool] = []
    for seed in range(FIRST, FIRST + WEBS):
        try:
            done += _tried(Random(seed), workspace)
        except Exception as error:
            raise AssertionError(f"web {seed} (DEMOSNAP_TEST_FIRST_GRAPH={seed})") from error
    assert True in done


def _tried(random: Random, workspace: Workspace) -> list[bool]:
    database = workspace.database
    nodes = webs.web(random, database.dialect)
    webs.create(database, nodes)
    for name in ("general", "writer", "metadata"):
        shutil.rmtree(workspace.revisions / name, ignore_errors=True)
    project = workspace.project
    first = webs.draw(random, nodes)
    webs.write(database, first)
    for scenario in ("general", "writer"):
        project.revision(scenario, message="v1", allow_empty=True)
    rows = webs.changed(random, nodes, first, demo=True)
    webs.write(database, rows)
    project.revision("general", message="v2", allow_empty=True)
    at = webs.read(database, nodes)
    if random.random() < 0.7:
        webs.write(database, webs.changed(random, nodes, at, demo=False))
    done = [_moved(random, project, database, nodes) for _ in range(3)]
    with contextlib.suppress(RefusedError):
        project.load("general@v2", discard=True)
        _holds(at, webs.read(database, nodes))
        project.downgrade("general", "base")
        project.upgrade("general@v2")
        _holds(at, webs.read(database, nodes))
    return done


def _holds(at: Rows, now: Rows) -> None:
    for name, known in at.items():
        assert _of(known, "general") == _of(now[name], "general"), name


def _of(rows: dict[int, dict[str, Any]], scenario: str | None) -> dict[int, dict[str, Any]]:
    return {number: row for number, row in rows.items() if row["scenario"] == scenario}


def _move(random: Random, project: Project, nodes: list[Node]) -> tuple[str, Move]:
    options: dict[str, Any] = {}
    if random.random() < 0.5:
        names = [node.name for node in nodes]
        options["cascade"] = random.sample(names, random.randint(1, len(names)))
    for name, share in (("keep_referenced", 0.2), ("discard", 0.4)):
        if random.random() < share:
            options[name] = True
    what = random.choice(("base", "v1", "v2", "heads", "load", "reset", "all"))
    if what in ("v1", "v2", "heads") and random.random() < 0.3 and "keep_referenced" not in options:
        options["full"] = True
    if what in ("v2", "load") and random.random() < 0.3:
        options["only"] = True
    moves: dict[str, Move] = {
        "base": lambda **o: project.downgrade("general", "base", **o),
        "v1": lambda **o: project.downgrade("general", "v1", **o),
        "v2": lambda **o: project.upgrade("general@v2", **o),
        "heads": lambda **o: project.upgrade("heads", **o),
        "load": lambda **o: project.load("general", **o),
        "reset": lambda **o: project.reset("general", **o),
        "all": lambda **o: project.downgrade("writer", "base", **o),
    }
    return f"{what} {options}", lambda **o: moves[what](**options, **o)


def _moved(random: Random, project: Project, database: Database, nodes: list[Node]) -> bool:
    """Try a move; return whether it was done."""
    told, move = _move(random, project, nodes)
    before = webs.read(database, nodes)
    try:
        dry: MovePlan | None = move(dry_run=True)
    except (RefusedError, UsageError):
        dry = None
    assert webs.read(database, nodes) == before, told
    try:
        plan = move()
    except (RefusedError, UsageError) as error:
        assert webs.read(database, nodes) == before, told
        # The way back is tried by the move alone.
        tried = "the way back to" in str(error)
        assert tried or dry is None or dry.refusals, f"{told}: only the dry run is content: {error}"
        return False
    except Exception as error:
        raise AssertionError(f"{told}: {error}") from error
    assert dry is not None and not dry.refusals, f"{told}: only the dry run refuses"
    after = webs.read(database, nodes)
    fresh = webs.dangling(nodes, after) - webs.dangling(nodes, before)
    assert not fresh, f"{told}: {fresh}"
    for node in nodes:
        was, now = _of(before[node.name], None), _of(after[node.name], None)
        gone = sum(one.also.get(node.name, 0) for one in plan.moves)
        emptied = sum(one.emptied.get(node.name, 0) for one in plan.moves)
        assert len(was) - len(now) == gone, f"{told}: {node.name}"
        other = sum(was[number] != row for number, row in now.items())
        assert other <= emptied, f"{told}: {node.name}"
    return True
