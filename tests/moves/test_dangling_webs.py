"""Any web of tables, any move: refused and nothing changed, or done and nothing dangles.

What holds of every move, on webs with every ON DELETE, keys to the own table, circles, and
references to unique columns that may be NULL:

- refused, a dry run too, it changes no row; and the dry run says what then happens;
- done, no reference points at nothing that did not before;
- of rows that are no demo data only those go, or lose a reference, that the plan counts;
- the rows of a scenario that the plan does not name are as they were;
- the captured rows come back as they were.

Without the look at what rows of the same run reference (`afterwards.refusals` in the plan), at
what a version's rows reference outside of it, or at what references demo rows that go, some web
of the first hundred fails.

DEMOSNAP_TEST_GRAPHS says how many webs are tried on SQLite; on a server, where each takes twice as
long, it is a quarter of them, and others on each.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from demosnap.errors import RefusedError, UsageError
from demosnap.project import Project
from demosnap.results import MovePlan
from support import webs
from support.databases import Database
from support.webs import Node, Rows
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]
Move = Callable[..., MovePlan]

WEBS = int(os.environ.get("DEMOSNAP_TEST_GRAPHS", "6"))
FIRST = os.environ.get("DEMOSNAP_TEST_FIRST_GRAPH")
PARTS = 4
"""Tests of one database, which may run at the same time."""


def seeds(dialect: str, part: int) -> range:
    """Return the numbers of the webs of a part: others on each database, and as many as asked."""
    count = WEBS if dialect == "sqlite" or FIRST is not None else -(-WEBS // 4)
    first = int(FIRST or {"sqlite": 0, "postgresql": 100_000, "mariadb": 200_000}[dialect])
    return range(first + part, first + count, PARTS)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask no git."""
    monkeypatch.setenv("PATH", "")


@pytest.mark.parametrize("part", range(min(PARTS, WEBS)))
def test_no_move_leaves_a_reference_that_points_at_nothing(
    database: Database, make_workspace: MakeWorkspace, part: int
) -> None:
    """What a dry run says is what happens, and the demo rows come back as they were."""
    workspace = make_workspace(database)
    workspace.configure(webs.SETTINGS)
    done: list[bool] = []
    with database.engine.connect() as connection:
        tables = webs.Tables(connection, database.dialect)
        numbers = seeds(database.dialect, part)
        for seed in itertools.count(numbers.start, PARTS):
            if seed >= numbers.stop:
                # Of a few webs each move may be refused; of more some has to be done.
                if True in done:
                    break
                assert len(done) < 60, "every move is refused"
            try:
                done += _tried(Random(seed), workspace, tables)
            except Exception as error:
                raise AssertionError(f"web {seed} (DEMOSNAP_TEST_FIRST_GRAPH={seed})") from error


def _tried(random: Random, workspace: Workspace, tables: webs.Tables) -> list[bool]:
    nodes = webs.web(random, tables.dialect)
    tables.create(nodes)
    for name in ("general", "writer", "metadata"):
        shutil.rmtree(workspace.revisions / name, ignore_errors=True)
    project = workspace.project
    first = webs.draw(random, nodes)
    tables.write(first)
    for scenario in ("general", "writer"):
        project.revision(scenario, message="v1", allow_empty=True)
    rows = webs.changed(random, nodes, first, demo=True)
    tables.write(rows)
    project.revision("general", message="v2", allow_empty=True, allow_shrink=True)
    at = tables.read()
    stands: str | None = "v2"
    done = []
    for _ in range(3):
        edited = [demo for demo, share in ((False, 0.5), (True, 0.3)) if random.random() < share]
        for demo in edited:
            tables.write(webs.changed(random, nodes, tables.read(), demo=demo))
        plan = _moved(random, project, tables, stands, lost=True in edited)
        done.append(plan is not None)
        for move in plan.moves if plan else ():
            if move.scenario == "general":
                stands = f"v{move.target.number}" if move.target else None
    with contextlib.suppress(RefusedError):
        project.load("general@v2", discard=True)
        _holds(at, tables.read())
        project.downgrade("general", "base")
        project.upgrade("general@v2")
        _holds(at, tables.read())
    return done


def _holds(at: Rows, now: Rows) -> None:
    for name, known in at.items():
        assert _of(known, "general") == _of(now[name], "general"), name


def _of(rows: dict[int, dict[str, Any]], scenario: str | None) -> dict[int, dict[str, Any]]:
    return {number: row for number, row in rows.items() if row["scenario"] == scenario}


def _move(
    random: Random, project: Project, nodes: list[Node], stands: str | None, lost: bool
) -> tuple[str, Move]:
    """Draw a move that has something to do where general stands."""
    options: dict[str, Any] = {}
    if random.random() < 0.5:
        names = [node.name for node in nodes]
        options["cascade"] = random.sample(names, random.choice((1, len(names))))
    for name, share in (("keep_referenced", 0.2), ("discard", 0.8 if lost else 0.3)):
        if random.random() < share:
            options[name] = True
    ways = {"v2": ("v1", "base", "load"), "v1": ("v2", "heads", "base", "load")}
    what = random.choice((*ways.get(stands or "", ("v2", "heads", "load")), "all"))
    if lost and stands and random.random() < 0.4:
        what = "reset"
    if what in ("v1", "v2", "heads") and random.random() < 0.3 and "keep_referenced" not in options:
        options["full"] = True
    if what in ("v2", "load") and random.random() < 0.3:
        options["only"] = True
    version = random.choice(("v1", "v2"))
    moves: dict[str, Move] = {
        "base": lambda **o: project.downgrade("general", "base", **o),
        "v1": lambda **o: project.downgrade("general", "v1", **o),
        "v2": lambda **o: project.upgrade("general@v2", **o),
        "heads": lambda **o: project.upgrade("heads", **o),
        "load": lambda **o: project.load(f"general@{version}", **o),
        "reset": lambda **o: project.reset("general", **o),
        "all": lambda **o: project.downgrade("writer", "base", **o),
    }
    return f"{what} {version} {options}", lambda **o: moves[what](**options, **o)


def _moved(
    random: Random, project: Project, tables: webs.Tables, stands: str | None, lost: bool
) -> MovePlan | None:
    """Try a move; return what was done, None if it was refused.

    `stands` is general's version, `lost` whether demo rows were edited.
    """
    nodes = tables.nodes
    told, move = _move(random, project, nodes, stands, lost)
    before = tables.read()
    try:
        dry: MovePlan | None = move(dry_run=True)
    except (RefusedError, UsageError):
        dry = None
    assert tables.read() == before, told
    try:
        plan = move()
    except (RefusedError, UsageError) as error:
        assert tables.read() == before, told
        # The way back is tried by the move alone.
        tried = "the way back to" in str(error)
        assert tried or dry is None or dry.refusals, f"{told}: only the dry run is content: {error}"
        return None
    except Exception as error:
        raise AssertionError(f"{told}: {error}") from error
    assert dry is not None and not dry.refusals, f"{told}: only the dry run refuses"
    after = tables.read()
    fresh = webs.dangling(nodes, after) - webs.dangling(nodes, before)
    assert not fresh, f"{told}: {fresh}"
    for scenario in {"general", "writer"} - {one.scenario for one in plan.moves}:
        for node in nodes:
            same = _of(before[node.name], scenario) == _of(after[node.name], scenario)
            assert same, f"{told}: {scenario} in {node.name}"
    for node in nodes:
        was, now = _of(before[node.name], None), _of(after[node.name], None)
        gone = sum(one.also.get(node.name, 0) for one in plan.moves)
        nulled = sum(one.nulled.get(node.name, 0) for one in plan.moves)
        assert len(was) - len(now) == gone, f"{told}: {node.name}"
        other = sum(was[number] != row for number, row in now.items())
        assert other <= nulled, f"{told}: {node.name}"
    return plan
