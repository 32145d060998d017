"""Demo rows that rows of the application need: kept, known again, and changed in place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import RefusedError
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]

STICKERS = (
    "CREATE TABLE stickers (id INTEGER PRIMARY KEY, check_id INTEGER,"
    " CONSTRAINT stuck_on FOREIGN KEY (check_id) REFERENCES checks (id) ON DELETE CASCADE)",
    "INSERT INTO stickers VALUES (1, 5), (2, 2)",
)
"""Rows that are no demo data: one on a check that only v2 has, one on an own check."""


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general, the database at v2, with stickers."""
    chain = small.copied(make_workspace(database), "v1", "v2")
    chain.database.execute(*STICKERS)
    return chain


def _refused(chain: Chain, move: Callable[[], object]) -> str:
    # Where a table cannot be rolled back, an empty one is made before there is a plan.
    before = {"demosnap_kept": [], **chain.everything()}
    with pytest.raises(RefusedError) as caught:
        move()
    assert {"demosnap_kept": [], **chain.everything()} == before
    return str(caught.value)


def _ids(chain: Chain, table: str) -> list[int]:
    return [row[0] for row in chain.database.rows(f"SELECT id FROM {table} ORDER BY id")]


def _kept(chain: Chain) -> dict[str, int]:
    return dict(chain.project.status("general")[0].kept)


KEPT = {"boards": 1, "cards": 1, "checks": 1}
"""Check 5, its card and its board."""


def test_at_base_what_is_needed_stays_and_comes_back_in_place(chain: Chain) -> None:
    """The row that is referenced and those that it needs itself, values, markers and all; the
    next load finds them again, and then nothing is kept any more."""
    at_v2 = chain.database.dump()
    text = _refused(chain, lambda: chain.project.downgrade("general", "base"))
    assert "--keep-referenced keeps the demo rows that they reference" in text
    (down,) = chain.project.downgrade("general", "base", keep_referenced=True).moves
    assert down.kept == KEPT
    assert down.purge == {"checks": 1, "cards": 2}
    left = chain.database.dump()
    assert (_ids(chain, "boards"), _ids(chain, "cards"), _ids(chain, "checks")) == (
        [1, 2, 12],
        [2, 5, 12],
        [2, 5],
    )
    for name, rows in left.items():
        assert set(map(repr, rows)) <= set(map(repr, at_v2[name])), name
    assert chain.stamps() == []
    (entry,) = chain.project.status("general")
    assert (entry.clean, entry.kept) == (True, KEPT)
    (up,) = chain.project.upgrade("general@head").moves
    assert up.by_difference
    assert (up.purge, up.load, up.change) == ({}, {"cards": 2, "checks": 1}, {})
    assert chain.database.dump() == at_v2
    assert (_kept(chain), chain.project.status("general")[0].clean) == ({}, True)
    assert not chain.project.revision("general", date="2025-03-02").created


def test_what_was_kept_is_changed_in_place_by_another_version(chain: Chain) -> None:
    """Its values become those of the version that is loaded."""
    chain.database.execute("UPDATE checks SET done = 'later' WHERE id = 5")
    chain.project.revision("general", date="2025-02-02")
    at_v3 = chain.database.dump()
    chain.project.downgrade("general", "base", keep_referenced=True)
    (up,) = chain.project.upgrade("general@v2").moves
    assert up.change == {"checks": 1}
    assert chain.database.dump() == {**chain.at["v2"], "stickers": at_v3["stickers"]}
    chain.project.upgrade("general@head")
    assert chain.database.dump() == at_v3


def test_in_an_older_version_what_it_does_not_have_stays_beside_it(chain: Chain) -> None:
    """Told by plan and status, no drift, left alone by reset, and gone with its last reference."""
    at_v2 = chain.database.dump()
    assert "stuck_on" in _refused(chain, lambda: chain.project.downgrade("general", "v1"))
    (down,) = chain.project.downgrade("general", "v1", keep_referenced=True).moves
    assert (down.by_difference, down.kept) == (True, {"cards": 1, "checks": 1})
    after = chain.database.dump()
    for name, rows in chain.at["v1"].items():
        beside = {"cards": 1, "checks": 1}.get(name, 0)
        assert len(set(map(repr, after[name])) - set(map(repr, rows))) == beside
        assert set(map(repr, rows)) <= set(map(repr, after[name]))
    (entry,) = chain.project.status("general")
    assert (entry.version.short, entry.clean, entry.kept) == ("v1", True, down.kept)
    assert chain.project.check(database=True) == []
    assert chain.project.current()[0].rows == {"boards": 1, "cards": 2, "checks": 2}
    assert chain.project.reset("general").moves[0].action == "none"
    chain.database.execute("UPDATE cards SET title = 'Scribbled on' WHERE id = 3")
    (reset,) = chain.project.reset("general").moves
    assert (reset.change, reset.kept) == ({"cards": 1}, down.kept)
    assert chain.database.dump() == after
    chain.project.upgrade("general@head")
    assert chain.database.dump() == at_v2
    chain.project.downgrade("general", "v1", keep_referenced=True)
    chain.database.execute("DELETE FROM stickers WHERE id = 1")
    chain.project.load("general@v1")
    assert {**chain.database.dump(), "stickers": None} == {**chain.at["v1"], "stickers": None}
    assert _kept(chain) == {}


def test_base_again_takes_out_what_is_needed_no_more(chain: Chain) -> None:
    """And as long as it is needed it is refused, or kept once more."""
    chain.project.downgrade("general", "base", keep_referenced=True)
    assert "stuck_on" in _refused(chain, lambda: chain.project.downgrade("general", "base"))
    (again,) = chain.project.downgrade("general", "base", keep_referenced=True).moves
    assert (again.action, again.kept) == ("none", KEPT)
    chain.database.execute("DELETE FROM stickers WHERE id = 1")
    chain.project.downgrade("general", "base")
    assert {**chain.database.dump(), "stickers": None} == {**chain.at["base"], "stickers": None}
    assert _kept(chain) == {}


def test_what_was_changed_since_is_unsaved_demo_data(chain: Chain) -> None:
    """It is told as such, and overwritten only if that is asked for."""
    at_v2 = chain.database.dump()
    chain.project.downgrade("general", "base", keep_referenced=True)
    chain.database.execute("UPDATE cards SET title = 'Mine now' WHERE id = 5")
    (entry,) = chain.project.status("general")
    assert not entry.clean
    assert entry.kept == {"boards": 1, "checks": 1}
    assert entry.problems == ("1 row of cards that --keep-referenced kept changed since",)
    text = _refused(chain, lambda: chain.project.upgrade("general@head"))
    assert "1 row of cards that --keep-referenced kept changed since" in text
    chain.project.upgrade("general@head", discard=True, keep_referenced=True)
    assert chain.database.dump() == at_v2


def test_a_key_that_a_kept_row_holds_is_a_reason_to_refuse(chain: Chain) -> None:
    """A row that stays takes nothing from one that comes."""
    chain.database.execute(
        "INSERT INTO boards VALUES (5, 'Five', 'temporary', TRUE, 'general')",
        "UPDATE boards SET slug = 'was demo' WHERE id = 1",
        "UPDATE boards SET slug = 'demo' WHERE id = 5",
        "INSERT INTO cards (id, board_id) VALUES (20, 5)",
    )
    chain.project.revision("general", date="2025-02-02")
    text = _refused(chain, lambda: chain.project.downgrade("general", "v2", keep_referenced=True))
    assert "boards: 1 row of the snapshot has a key that is taken by rows that stay" in text


def test_cascade_takes_the_rows_of_its_tables_and_the_rest_is_kept_for(chain: Chain) -> None:
    """Both options at once: a listed table's rows keep nothing."""
    chain.database.execute("INSERT INTO cards (id, board_id) VALUES (20, 1)")
    (down,) = chain.project.downgrade(
        "general", "base", cascade=["stickers"], keep_referenced=True
    ).moves
    assert (down.kept, down.also) == ({"boards": 1}, {"stickers": 1})
    assert (_ids(chain, "stickers"), _ids(chain, "cards")) == ([2], [2, 12, 20])


def test_reset_knows_both_options(chain: Chain) -> None:
    """What was added in a show and is needed by now: refused at any depth, taken, or kept."""
    database = chain.database
    before = database.dump()
    added = (
        "INSERT INTO checks VALUES (7, 3, 'yes')",
        "INSERT INTO stickers VALUES (3, 7)",
        "INSERT INTO notes VALUES (1, 3)",
    )
    database.execute(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, sticker_id INTEGER,"
        " CONSTRAINT noted_on FOREIGN KEY (sticker_id) REFERENCES stickers (id) ON DELETE CASCADE)",
        *added,
    )
    text = _refused(chain, lambda: chain.project.reset("general"))
    assert "1 row of stickers" in text and "1 more row of notes" in text
    (kept,) = chain.project.reset("general", keep_referenced=True).moves
    assert (kept.action, kept.kept) == ("reset", {"checks": 1})
    assert chain.project.status("general")[0].clean
    assert _kept(chain) == {"checks": 1}
    assert chain.project.reset("general").moves[0].action == "none"
    text = _refused(chain, lambda: chain.project.load("general", cascade=["stickers"]))
    assert "1 row of notes" in text
    database.execute("DELETE FROM demosnap_kept")
    (taken,) = chain.project.reset("general", cascade=["stickers", "notes"]).moves
    assert (taken.purge, taken.also) == ({"checks": 1}, {"stickers": 1, "notes": 1})
    assert database.dump() == {**before, "notes": []}


def test_both_command_lines_keep_and_tell(chain: Chain) -> None:
    """`--keep-referenced` and `-x demosnap.keep_referenced=1`; status says what is kept and why."""
    run, alembic = chain.workspace.run, chain.workspace.alembic
    at_v2 = chain.database.dump()
    assert "--keep-referenced" in run("downgrade", "general", "base", check=False).stderr
    done = run("downgrade", "general", "base", "--keep-referenced")
    assert "1 row of cards stays, since other rows need it (--keep-referenced)" in done.stderr
    assert done.stdout == "general: v2 → base, 3 rows purged, 3 rows kept\n"
    status = run("status").stdout
    assert "kept beside it, since other rows reference them: boards 1, cards 1, checks 1" in status
    assert '"kept": {\n      "boards": 1' in run("status", "--json").stdout
    alembic("upgrade", "general@head")
    assert chain.database.dump() == at_v2
    down = alembic("-x", "demosnap.keep_referenced=1", "downgrade", "general@-1").stdout
    assert "keep, since other rows need them: cards 1, checks 1" in down
    run("upgrade", "general@head")
    assert chain.database.dump() == at_v2
