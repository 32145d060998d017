"""Tables that cannot be rolled back are never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from demosnap.project import Project
from support.databases import Database, make_database
from support.refusals import refused
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


def test_a_capture_names_tables_that_it_cannot_read_at_one_moment(chain: Workspace) -> None:
    """It is made, since nothing is changed, with a note for each such table."""
    result = chain.project.revision("general")

    assert result.created and result.plan is not None
    notes = [note for note in result.plan.notes if "no transactions" in note]
    assert {note.partition(":")[0] for note in notes} == {f"t_{e}" for e in ENGINES}
    assert all("moment" in note and "ENGINE=InnoDB" in note for note in notes)


def test_tables_of_demosnap_have_transactions_whatever_the_default_is(chain: Workspace) -> None:
    """They are made with InnoDB, and a move is refused where one was changed to another engine."""
    database = chain.database
    database.execute(*(f"DROP TABLE t_{engine}" for engine in ENGINES))
    url = sa.make_url(database.url).update_query_dict(
        {"init_command": "SET SESSION default_storage_engine = MyISAM"}
    )
    project = Project(chain.folder / "alembic.ini", url=url.render_as_string(hide_password=False))
    project.revision("general")
    project.downgrade("general", "base")
    project.upgrade("general@head")
    engines = database.rows(
        "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE()"
    )
    assert {engine for _, engine in engines} == {"InnoDB"}
    assert any(name.startswith("demosnap_") for name, _ in engines)

    database.execute("ALTER TABLE demosnap_log ENGINE=MyISAM")
    before = database.dump(own=True)
    with refused("not transactional", "demosnap_log: its storage engine MyISAM") as caught:
        project.downgrade("general", "base")
    assert "ALTER TABLE demosnap_log ENGINE=InnoDB" in str(caught.value)
    assert database.dump(own=True) == before


def test_a_move_is_refused_by_name_and_changes_nothing(chain: Workspace) -> None:
    """Down, up, load and reset name table and engine, and what makes it one that can change."""
    project = chain.project
    project.revision("general")
    chain.database.execute("DELETE FROM t_MyISAM WHERE id = 1")
    changed = chain.database.dump(own=True)

    for move in (
        lambda: project.downgrade("general", "base", discard=True),
        lambda: project.load("general", discard=True),
        lambda: project.reset("general"),
    ):
        with refused("not transactional") as caught:
            move()
        text = str(caught.value)
        assert "t_MyISAM: its storage engine MyISAM has no transactions" in text
        assert "ALTER TABLE `t_MyISAM` ENGINE=InnoDB" in text
        assert "t_InnoDB" not in text
        assert chain.database.dump(own=True) == changed


def test_what_the_refusal_says_is_a_way_on(chain: Workspace) -> None:
    """With engines that have transactions the same rows go to base and come back."""
    project, database = chain.project, chain.database
    before = database.dump()
    project.revision("general")
    with refused("not transactional", "has no transactions") as caught:
        project.downgrade("general", "base")

    cures = [line.split(" makes it")[0] for r in caught.value.reasons for line in r.splitlines()]
    database.execute(*(cure for cure in cures if cure.startswith("ALTER TABLE")))
    project.downgrade("general", "base")
    with refused("not transactional", "t_Aria: its storage engine Aria"):
        database.execute("ALTER TABLE t_Aria ENGINE=Aria")
        project.upgrade("general@head")
    database.execute("ALTER TABLE t_Aria ENGINE=InnoDB")
    project.upgrade("general@head")

    assert database.dump() == before


def test_by_difference_only_tables_with_rows_that_differ_count(chain: Workspace) -> None:
    """A table that no row changes in may have any engine."""
    project, database = chain.project, chain.database
    project.revision("general", message="v1")
    first = database.dump()
    database.execute("UPDATE t_InnoDB SET v = 'new' WHERE id = 1")
    project.revision("general", message="v2")
    second = database.dump()
    database.execute("UPDATE t_Aria SET v = 'new' WHERE id IN (1, 2)")
    project.revision("general", message="v3")

    with refused("not transactional", "t_Aria: its storage engine") as caught:
        project.downgrade("general", "v2")
    assert len(caught.value.reasons) == 1
    database.execute(
        "UPDATE t_Aria SET v = 'demo' WHERE id = 1", "UPDATE t_Aria SET v = 'own' WHERE id = 2"
    )
    project.stamp("general@v2")
    (move,) = project.downgrade("general", "v1").moves

    assert (move.by_difference, move.change) == (True, {"t_InnoDB": 1})
    assert database.dump() == first
    project.upgrade("general@v2")
    assert database.dump() == second


def test_a_discard_leaves_a_table_alone_in_which_no_row_differs(chain: Workspace) -> None:
    """What a purge and load would be refused for is no matter of the rows that differ."""
    project, database = chain.project, chain.database
    project.revision("general", message="v1")
    before = database.dump()
    database.execute("UPDATE t_InnoDB SET v = 'new' WHERE id = 1")

    (move,) = project.load("general", discard=True).moves

    assert (move.by_difference, move.change) == (True, {"t_InnoDB": 1})
    assert database.dump() == before
    database.execute("UPDATE t_InnoDB SET v = 'new' WHERE id = 1")
    project.revision("general", message="v2")
    database.execute("UPDATE t_InnoDB SET v = 'lost' WHERE id = 1")
    project.load("general@v1", discard=True)
    assert database.dump() == before


def test_a_table_that_triggers_may_change_is_asked_for_its_engine(chain: Workspace) -> None:
    """A journal without transactions would keep what a move that fails, or is tried, makes."""
    project, database = chain.project, chain.database
    database.execute(*(f"DROP TABLE t_{engine}" for engine in ENGINES))
    database.execute(
        "CREATE TABLE journal (id INT AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=MyISAM",
        "CREATE TRIGGER noting AFTER DELETE ON t_InnoDB FOR EACH ROW"
        " INSERT INTO journal (v) VALUES (OLD.id)",
    )
    chain.configure(f"{SETTINGS}triggers: {{action: check, may_change: [journal]}}\n")
    project = chain.project
    project.revision("general")
    before = database.dump(own=True)

    with refused("not transactional", "journal: its storage engine MyISAM") as caught:
        project.downgrade("general", "base")

    assert len(caught.value.reasons) == 1
    assert database.dump(own=True) == before
    database.execute("ALTER TABLE journal ENGINE=InnoDB")
    project.downgrade("general", "base")
    assert database.rows("SELECT v FROM journal ORDER BY v") == [(1,), (3,)]


def test_tables_without_demo_rows_do_not_count(chain: Workspace) -> None:
    """An engine matters only where rows go or come."""
    chain.database.execute(*(f"UPDATE t_{engine} SET is_demo = FALSE" for engine in ENGINES))
    before = chain.database.dump()
    project = chain.project
    project.revision("general")

    project.downgrade("general", "base")
    project.upgrade("general@head")

    assert chain.database.dump() == before


def test_both_command_lines_say_that_the_option_is_gone(chain: Workspace) -> None:
    """`demosnap` and the stock `alembic` refuse, and take no option that lets it pass."""
    chain.run("revision", "general")
    before = chain.database.dump(own=True)

    refused = chain.run("downgrade", "general", "base", check=False)
    assert refused.returncode == 1
    assert "ENGINE=InnoDB" in refused.stderr
    asked = chain.run("downgrade", "general", "base", "--non-transactional", check=False)
    assert asked.returncode == 2
    assert "there is no option '--non-transactional' any more" in asked.stderr
    words = ("-x", "demosnap.non_transactional=1", "downgrade", "general@base")
    asked = chain.alembic(*words, check=False)
    assert asked.returncode != 0
    assert "unknown option 'demosnap.non_transactional'" in asked.stdout
    assert "A table without transactions is refused" in asked.stdout

    assert chain.database.dump(own=True) == before
