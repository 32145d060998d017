"""Up and down by the rows that differ: the same content as by purge and load, less disturbed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from demosnap.project import Project
from support import graphs, small
from support.databases import Database, make_database
from support.draw import examples
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1, v2 and v3 of general; the database is at v3."""
    return small.copied(make_workspace(database), "v1", "v2", "v3")


def test_any_version_goes_to_any_other_both_ways(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """Any graph of tables, any two versions: by difference and by purge and load the database
    holds the same, the log has the same digest, and rows that are no demo data stay."""
    workspace = make_workspace(database)
    workspace.configure(graphs.SETTINGS)
    went: list[bool] = []

    @settings(
        max_examples=examples(12 if database.dialect == "sqlite" else 6),
        deadline=None,
        database=None,
        # Every example is two captures and many moves; to shrink one would take minutes.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**32), st.booleans())
    def goes(seed: int, referenced: bool) -> None:
        random = Random(seed)
        nodes = graphs.graph(random)
        # Where values change that rows reference, PostgreSQL lets rows only be purged and loaded.
        referenced &= not any(one.to_code for node in nodes for one in node.references)
        graphs.create(database, nodes)
        for name in ("general", "metadata"):
            shutil.rmtree(workspace.revisions / name, ignore_errors=True)
        first = graphs.rows(random, nodes)
        second = graphs.rows(random, nodes, first)
        own = graphs.own_rows(nodes, first, second if referenced else None)
        at = {}
        digests: dict[str, set[str | None]] = {"v1": set(), "v2": set()}
        for version, content in (("v1", first), ("v2", second)):
            graphs.fill(database, nodes, content, own if version == "v1" else [])
            workspace.project.revision(
                "general", message=version, allow_empty=True, allow_shrink=True
            )
            at[version] = database.dump()
        for full in (False, True):
            for version in ("v1", "v2"):
                project = workspace.project
                if version == "v1":
                    (move,) = project.downgrade("general", "v1", full=full and not referenced).moves
                else:
                    (move,) = project.upgrade("general@v2", full=full and not referenced).moves
                assert database.dump() == at[version], (seed, version, full)
                digests[version].add(project.log("general")[0].digest)
                went.append(move.by_difference)
        assert all(len(found) == 1 for found in digests.values()), seed

    goes()
    assert True in went and False in went


STICKERS = (
    "CREATE TABLE stickers (id INTEGER PRIMARY KEY, card_id INTEGER,"
    " CONSTRAINT stuck_on FOREIGN KEY (card_id) REFERENCES cards (id) ON DELETE CASCADE)",
    "INSERT INTO stickers VALUES (1, 1), (2, 2), (3, 3)",
)
"""Rows that are no demo data: on a card that v2 modifies, on an own card, on one that v3 does."""


def test_rows_that_differ_are_touched_and_all_others_left_in_peace(chain: Chain) -> None:
    """A modified row is updated, so that even a CASCADE of a row that references it does not act;
    to purge and load is refused, and says how."""
    chain.database.execute(*STICKERS)
    stickers = chain.database.dump()["stickers"]
    (down,) = chain.project.downgrade("general", "v1").moves
    assert down.by_difference
    assert (down.purge, down.load, down.change) == (
        {"boards": 1, "cards": 1, "checks": 1},
        {"checks": 1},
        {"cards": 2},
    )
    assert chain.database.dump() == {**chain.at["v1"], "stickers": stickers}
    (up,) = chain.project.upgrade("general@v2").moves
    assert (up.purge, up.load, up.change) == (
        {"checks": 1},
        {"cards": 1, "checks": 1},
        {"cards": 1},
    )
    assert chain.database.dump() == {**chain.at["v2"], "stickers": stickers}
    text = chain.refused(lambda: chain.project.upgrade("general@v3", full=True))
    assert "2 rows of stickers" in text and "--keep-referenced" in text


@pytest.mark.long
def test_where_most_rows_differ_it_is_purged_and_loaded(chain: Chain) -> None:
    """The plan says so; unless that would reach rows that the difference does not."""
    values = ", ".join(f"({n}, 'b', NULL, TRUE, 'general')" for n in range(1000, 3000))
    chain.database.execute(f"INSERT INTO boards VALUES {values}")
    chain.project.revision("general", date="2025-02-02")
    before = chain.database.dump()
    chain.database.execute("UPDATE boards SET name = 'c' WHERE id BETWEEN 1000 AND 2500")
    chain.project.revision("general", date="2025-02-03")
    after = chain.database.dump()
    done = chain.workspace.run("downgrade", "general", "-1")
    assert "purge and load (75% of the rows differ)" in done.stderr
    assert chain.database.dump() == before
    chain.database.execute(*STICKERS)
    done = chain.workspace.run("upgrade", "general@head")
    assert "by difference (other rows reference rows that would be purged)" in done.stderr
    assert done.stdout == "general: v4 → v5, 1,501 rows modified\n"
    assert {**chain.database.dump(), "stickers": None} == {**after, "stickers": None}


def test_unique_values_are_exchanged_in_place(chain: Chain) -> None:
    """Two by two, three in a circle, and one that a row leaves to another one that comes."""
    values = ", ".join(f"({n}, 'b', 's{n}', TRUE, 'general')" for n in range(40, 60))
    chain.database.execute(f"INSERT INTO boards VALUES {values}")
    chain.project.revision("general", date="2025-03-01")
    before = chain.database.dump()
    exchanged = {41: 42, 42: 41, 43: 44, 44: 45, 45: 43}
    chain.database.execute(
        "UPDATE boards SET slug = NULL WHERE id BETWEEN 41 AND 46",
        *(f"UPDATE boards SET slug = 's{b}' WHERE id = {a}" for a, b in exchanged.items()),
        "UPDATE boards SET slug = 'new' WHERE id = 46",
        "INSERT INTO boards VALUES (70, 'b', 's46', TRUE, 'general')",
        "DELETE FROM boards WHERE id = 47",
        "UPDATE boards SET slug = 's47' WHERE id = 48",
    )
    chain.project.revision("general", date="2025-03-02")
    after = chain.database.dump()
    (down,) = chain.project.downgrade("general", "-1").moves
    assert (down.by_difference, down.change) == (True, {"boards": 7})
    assert chain.database.dump() == before
    (up,) = chain.project.upgrade("general@head").moves
    assert up.by_difference
    assert chain.database.dump() == after


def test_a_row_that_is_referenced_may_come_under_another_key(chain: Chain) -> None:
    """Its demo rows follow; one that is no demo data stops it."""
    before = chain.database.dump()
    chain.database.execute(*small.UNDER_ANOTHER_KEY)
    chain.project.revision("general", date="2025-03-02")
    after = chain.database.dump()
    (move,) = chain.project.downgrade("general", "-1").moves
    assert move.by_difference
    assert chain.database.dump() == before
    chain.project.upgrade("general@head")
    assert chain.database.dump() == after
    chain.database.execute("INSERT INTO cards (id, board_id) VALUES (20, 31)")
    assert "id: 20" in chain.refused(lambda: chain.project.downgrade("general", "-1"))


@pytest.mark.long
def test_rows_that_are_in_no_version_are_never_compared_away(chain: Chain) -> None:
    """They stop the move; let go by --discard, everything is purged and loaded."""
    chain.database.execute("UPDATE cards SET title = 'Scribbled on' WHERE id = 3")
    text = chain.refused(lambda: chain.project.downgrade("general", "-1"))
    assert "cards: 1 modified" in text
    (move,) = chain.project.downgrade("general", "-1", discard=True).moves
    assert not move.by_difference
    assert chain.database.dump() == chain.at["v2"]


def test_a_table_with_triggers_is_purged_and_loaded(chain: Chain) -> None:
    """A trigger may act on an update where it does not on an insert."""
    act = {
        "sqlite": "CREATE TRIGGER touch AFTER UPDATE ON cards BEGIN"
        " UPDATE cards SET title = 'touched' WHERE id = NEW.id; END",
        "mariadb": "CREATE TRIGGER touch BEFORE UPDATE ON cards FOR EACH ROW"
        " SET NEW.title = 'touched'",
        "postgresql": "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.title := 'touched'; RETURN NEW; END $$;"
        " CREATE TRIGGER touch BEFORE UPDATE ON cards FOR EACH ROW EXECUTE FUNCTION touch()",
    }
    chain.database.execute(act[chain.database.dialect])
    (move,) = chain.project.downgrade("general", "-1").moves
    assert (move.by_difference, move.reason) == (False, "there are triggers on cards")
    assert chain.database.dump() == chain.at["v2"]


@pytest.mark.long
def test_several_scenarios_go_in_one_run(chain: Chain) -> None:
    """Each its own way; those whose rows reference each other are purged and loaded."""
    database, project = chain.database, chain.project
    database.execute(*small.WRITER)
    project.revision("writer", date="2025-03-01")
    database.execute("UPDATE cards SET title = 'Chapter 1' WHERE id = 11")
    project.revision("writer", date="2025-03-02")
    last = database.dump()
    project.downgrade("writer", "-1")
    project.downgrade("general", "-1")
    moves = project.upgrade("heads").moves
    assert [move.by_difference for move in moves] == [True, True]
    assert database.dump() == last
    database.execute("UPDATE cards SET board_id = 3 WHERE id = 11")
    project.revision("writer", date="2025-03-03")
    connected = database.dump()
    project.downgrade("writer", "-1")
    project.downgrade("general", "-1")
    for move in project.upgrade("general@head").moves:
        assert move.by_difference
    project.upgrade("heads")
    assert database.dump() == connected
    moves = project.load("writer@v2", only=True).moves
    assert {move.by_difference for move in moves} == {False}


@pytest.mark.long
def test_both_command_lines_show_what_differs(chain: Chain) -> None:
    """Counts per table before anything is done; `--full` and `-x demosnap.full=1`."""
    before = chain.everything()
    run, alembic = chain.workspace.run, chain.workspace.alembic
    shown = run("downgrade", "general", "v1", "--dry-run").stdout
    assert "general: v3_2025-02-01 → v1_2025-01-15, by difference" in shown
    assert [line.split() for line in shown.splitlines() if line.startswith("cards")] == [
        ["cards", "1", "0", "2"]
    ]
    assert chain.everything() == before
    done = run("downgrade", "general", "v1")
    assert done.stdout == "general: v3 → v1, 3 rows removed, 1 row added, 2 rows modified\n"
    done = run("upgrade", "general@v2", "--full")
    assert done.stdout == "general: v1 → v2, 6 rows loaded\n"
    up = alembic("upgrade", "general@head").stdout
    assert ", by difference\n  add: boards 1\n  modify: cards 1" in up
    down = alembic("-x", "demosnap.full=1", "downgrade", "general@-1").stdout
    assert "  purge: " in down and "difference" not in down
    assert chain.database.dump() == chain.at["v2"]
    refused = run("downgrade", "general", "-1", "--full", "--keep-referenced", check=False)
    assert refused.returncode == 2


@pytest.mark.long
def test_many_rows_with_keys_of_several_columns(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """In bulk: text with quotes and backslashes, columns that say when a row was changed."""
    changed = {"mariadb": " ON UPDATE CURRENT_TIMESTAMP"}.get(database.dialect, "")
    database.execute(
        "CREATE TABLE words (lang VARCHAR(9) NOT NULL, word VARCHAR(40) NOT NULL, meaning"
        f" VARCHAR(40), at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP{changed}, n INTEGER,"
        " root VARCHAR(40), is_demo BOOLEAN, PRIMARY KEY (lang, word),"
        " FOREIGN KEY (lang, root) REFERENCES words (lang, word))"
    )
    workspace = make_workspace(database)
    workspace.configure(graphs.SETTINGS)
    at = "'2025-01-01 00:00:00'"
    roots = {n: f"'w''{n - 1}\u00e4'" for n in range(501, 1200)}
    values = ", ".join(
        f"('de', 'w''{n}\u00e4', 'a', {at}, {n}, {roots.get(n, 'NULL')}, TRUE)" for n in range(1300)
    )
    database.execute(f"INSERT INTO words VALUES {values}, ('en', 'own', 'b', {at}, 1, NULL, FALSE)")
    workspace.project.revision("general", message="v1")
    first = database.dump()
    database.execute(
        f"UPDATE words SET meaning = 'it''s %s :x', at = {at} WHERE n BETWEEN 100 AND 300",
        f"UPDATE words SET n = n + 5000, at = {at} WHERE n BETWEEN 301 AND 320",
        *(f"DELETE FROM words WHERE n = {n}" for n in range(1199, 499, -1)),
    )
    workspace.project.revision("general", message="v2", allow_shrink=True)
    second = database.dump()
    (down,) = workspace.project.downgrade("general", "v1").moves
    assert (down.by_difference, down.load, down.change) == (True, {"words": 700}, {"words": 221})
    assert database.dump() == first
    assert workspace.project.upgrade("general@v2").moves[0].by_difference
    assert database.dump() == second


@pytest.mark.long
def test_a_snapshot_of_another_dialect_moves_by_difference(
    database: Database, make_workspace: MakeWorkspace, tmp_path: Path
) -> None:
    """Values are compared as they are decoded; what the database shows differently is no change."""
    (tmp_path / "source").mkdir()
    made = make_database("sqlite", tmp_path / "source")
    chain = small.copied(make_workspace(next(made)), "v1", "v2", "v3")
    small.metadata.create_all(database.engine)
    database.execute(*small.OWN_ROWS)
    project = Project(chain.workspace.folder / "alembic.ini", url=database.url)
    project.upgrade("general@v1")
    first = database.dump()
    (up,) = project.upgrade("general@v3").moves
    assert (up.by_difference, up.change) == (True, {"cards": 2})
    last = database.dump()
    project.downgrade("general", "v1")
    assert database.dump() == first
    project.upgrade("general@v3", full=True)
    assert database.dump() == last
    next(made, None)


@pytest.mark.long
def test_the_way_on_is_named_where_a_referenced_value_cannot_be_set_aside(
    workspace: Workspace,
) -> None:
    """PostgreSQL asks for it after each statement; elsewhere the reset itself does it."""
    database = workspace.database
    workspace.configure("marker: {column: is_demo}\ntables:\n  cards: {via: code}\n")
    database.execute(
        "CREATE TABLE boards (id INTEGER PRIMARY KEY, code VARCHAR(9) UNIQUE, is_demo BOOLEAN)",
        "CREATE TABLE cards (id INTEGER PRIMARY KEY, code VARCHAR(9), board_id INTEGER,"
        " FOREIGN KEY (code) REFERENCES boards (code) ON UPDATE CASCADE,"
        " FOREIGN KEY (board_id) REFERENCES boards (id) ON UPDATE CASCADE)",
        "INSERT INTO boards VALUES (1, 'one', TRUE), (2, 'two', TRUE)",
        "INSERT INTO cards VALUES (1, 'one', 1), (2, 'one', 1)",
    )
    workspace.project.revision("general")
    before = database.dump()
    database.execute(
        "UPDATE cards SET board_id = NULL",
        "UPDATE boards SET id = 30 WHERE id = 1",
        "UPDATE cards SET board_id = 30",
    )
    if database.dialect != "postgresql":
        workspace.project.reset("general")
        assert database.dump() == before
        return
    with refused("cannot change row by row", "no free value was found to set that of") as caught:
        workspace.project.reset("general")
    words = "demosnap load general@v1 --discard"
    assert f"`{words}`" in str(caught.value)
    workspace.run(*words.split()[1:])
    assert database.dump() == before
