"""Tables that cannot be rolled back are not touched unless the user says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demosnap.errors import DatabaseError, RefusedError, VerificationError
from support import kill, small
from support.databases import Database, make_database
from support.workspaces import Workspace

SETTINGS = "marker: {column: is_demo}\nscenarios: {general: {default: true}}\n"
ENGINES = ("MyISAM", "Aria", "MEMORY")


@pytest.fixture
def chain(tmp_path: Path, make_workspace: Callable[[Database], Workspace]) -> Iterator[Workspace]:
    """A captured table of each of MariaDB's engines without transactions, and one of InnoDB.

    The other databases have transactions everywhere.
    """
    making = make_database("mariadb", tmp_path)
    database = next(making)
    for engine in (*ENGINES, "InnoDB"):
        database.execute(
            f"CREATE TABLE t_{engine} (id INT PRIMARY KEY, v VARCHAR(9), is_demo BOOLEAN)"
            f" ENGINE={engine}",
            f"INSERT INTO t_{engine} VALUES (1, 'demo', TRUE), (2, 'own', FALSE), (3, 'd', TRUE)",
        )
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    yield workspace
    next(making, None)


def test_a_capture_says_whose_rows_are_of_no_one_moment(chain: Workspace) -> None:
    """It is made, since nothing is changed, with a note for each such table."""
    result = chain.project.revision("general")

    assert result.created and result.plan is not None
    notes = [note for note in result.plan.notes if "no transactions" in note]
    assert {note.partition(":")[0] for note in notes} == {f"t_{e}" for e in ENGINES}
    assert all("moment" in note for note in notes)
    assert not any("t_InnoDB" in note for note in notes)


def test_a_move_is_refused_by_name_and_changes_nothing(chain: Workspace) -> None:
    """Down, up, load and reset name table and engine, and how to say that one knows."""
    project = chain.project
    project.revision("general")
    before = chain.database.dump(own=True)
    chain.database.execute("DELETE FROM t_MyISAM WHERE id = 1")
    changed = chain.database.dump(own=True)

    for move in (
        lambda: project.downgrade("general", "base", discard=True),
        lambda: project.load("general", discard=True),
        lambda: project.reset("general"),
    ):
        with pytest.raises(RefusedError) as caught:
            move()
        text = str(caught.value)
        assert "t_MyISAM: its storage engine MyISAM has no transactions" in text
        assert "--non-transactional (with alembic: -x demosnap.non_transactional=1)" in text
        assert "t_InnoDB" not in text
        assert chain.database.dump(own=True) == changed

    project.reset("general", non_transactional=True)
    assert chain.database.dump() == {k: v for k, v in before.items() if "demosnap" not in k}


def test_the_user_may_say_so(chain: Workspace) -> None:
    """With the option, base and head bring the same rows back, and the plan says the risk."""
    before = chain.database.dump()
    project = chain.project
    project.revision("general")

    down = project.downgrade("general", "base", non_transactional=True)
    assert {name: len(rows) for name, rows in chain.database.dump().items()} == dict.fromkeys(
        before, 1
    )
    with pytest.raises(RefusedError, match="t_Aria: its storage engine Aria"):
        project.upgrade("general@head")
    up = project.upgrade("general@head", non_transactional=True)

    assert chain.database.dump() == before
    for plan in (down, up):
        assert len([n for n in plan.notes if "after a failure its changes stay" in n]) == len(
            ENGINES
        )


def test_by_difference_only_tables_with_rows_that_differ_count(chain: Workspace) -> None:
    """A table that no row changes in may have any engine."""
    project, database = chain.project, chain.database
    project.revision("general", message="v1")
    first = database.dump()
    database.execute("UPDATE t_InnoDB SET v = 'new' WHERE id = 1")
    project.revision("general", message="v2")
    database.execute("UPDATE t_Aria SET v = 'new' WHERE id IN (1, 2)")
    project.revision("general", message="v3")
    last = database.dump()

    with pytest.raises(RefusedError, match="t_Aria: its storage engine") as caught:
        project.downgrade("general", "v2")
    assert len(caught.value.reasons) == 1
    project.downgrade("general", "v2", non_transactional=True)
    (move,) = project.downgrade("general", "v1").moves

    assert (move.by_difference, move.change) == (True, {"t_InnoDB": 1})
    assert {**database.dump(), "t_Aria": None} == {**first, "t_Aria": None}
    project.upgrade("general@v3", non_transactional=True)
    assert database.dump() == last


def test_tables_without_demo_rows_do_not_count(chain: Workspace) -> None:
    """An engine matters only where rows go or come."""
    chain.database.execute(*(f"UPDATE t_{engine} SET is_demo = FALSE" for engine in ENGINES))
    before = chain.database.dump()
    project = chain.project
    project.revision("general")

    project.downgrade("general", "base")
    project.upgrade("general@head")

    assert chain.database.dump() == before


def test_both_command_lines_take_the_option(chain: Workspace) -> None:
    """`demosnap` and the stock `alembic` refuse without it and move with it."""
    before = chain.database.dump()
    chain.run("revision", "general")

    refused = chain.run("downgrade", "general", "base", check=False)
    assert refused.returncode == 1
    assert "--non-transactional" in refused.stderr
    chain.run("downgrade", "general", "base", "--non-transactional")
    assert chain.alembic("upgrade", "general@head", check=False).returncode != 0
    chain.alembic("-x", "demosnap.non_transactional=1", "upgrade", "general@head")

    assert chain.database.dump() == before


def _truth(text: str) -> str:
    """Check what a failed move says of the state; return the command that it names."""
    assert "nothing was changed" not in text
    assert "rolled back" not in text
    assert "the changes of t_Aria, t_MEMORY, t_MyISAM stay" in text
    (command,) = re.findall(r"`demosnap (.*?)`", text)
    return str(command)


@pytest.mark.parametrize("way", ["downgrade general v1", "load general@v1"])
def test_a_failure_says_what_stays_and_how_to_go_on(chain: Workspace, way: str) -> None:
    """The server refuses a row, a value is changed, or Ctrl-C: never that nothing was changed."""
    project, database = chain.project, chain.database
    project.revision("general")
    tables = (*ENGINES, "InnoDB")
    database.execute(*(f"UPDATE t_{name} SET v = 'v2' WHERE id = 1" for name in tables))
    project.revision("general")
    second = database.dump()
    words = [*way.split(), "--non-transactional"]

    small.trigger(database, "refuse", "t_MyISAM")
    done = chain.run(*words, check=False)
    assert done.returncode == 1
    assert "not on my watch" in done.stderr
    assert database.dump() != second
    assert database.dump()["t_InnoDB"] == second["t_InnoDB"]
    mend = _truth(done.stderr)
    database.execute("DROP TRIGGER refuse")
    chain.run(*mend.split())
    assert database.dump() == second

    small.stubborn(database, "shout", "t_Aria", "v")
    done = chain.run(*words, check=False)
    assert "v is 'MINE', not 'demo'" in done.stderr
    mend = _truth(done.stderr)
    database.execute("DROP TRIGGER shout_insert", "DROP TRIGGER shout_update")
    chain.run(*mend.split())
    assert database.dump() == second

    stop = kill.Place("before moves/full_load.verified", 1)
    run = kill.run(chain, *words, at=stop, blow=kill.interrupt)
    assert run.code == 130
    mend = _truth(run.stderr)
    chain.run(*mend.split())
    assert database.dump() == second


def test_the_first_load_that_fails_names_the_way_to_base(chain: Workspace) -> None:
    """Nothing was stamped, so there is no version to go back to; Python is told the same."""
    project, database = chain.project, chain.database
    project.revision("general")
    project.downgrade("general", "base", non_transactional=True)
    base = database.dump()
    small.stubborn(database, "shout", "t_MEMORY", "v")

    with pytest.raises(VerificationError) as caught:
        project.upgrade("general@head", non_transactional=True)

    mend = _truth(str(caught.value))
    assert mend == "downgrade general base --discard --non-transactional"
    chain.run(*mend.split())
    assert database.dump() == base
    small.trigger(database, "refuse", "t_InnoDB")
    with pytest.raises(DatabaseError, match="not on my watch") as refused:
        project.upgrade("general@head", non_transactional=True)
    assert _truth(str(refused.value)) == mend
