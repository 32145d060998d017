"""Reset: back to exactly the loaded version, by the rows that differ and no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from demosnap.errors import (
    DatabaseError,
    SnapshotError,
    UnknownNameError,
    UsageError,
    VerificationError,
)
from support import small
from support.databases import Database
from support.draw import examples
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]

CHANGES = (
    "UPDATE cards SET title = 'Scribbled on', owner_id = 1 WHERE id = 1",
    "DELETE FROM checks WHERE id = 1",
    "INSERT INTO cards VALUES (7, 1, NULL, 'Added in the show', TRUE, 'general')",
    "INSERT INTO checks VALUES (7, 7, 'yes'), (8, 3, 'no')",
)
"""What a show did to v2."""


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general and one of writer; the database is at both heads."""
    return small.copied(make_workspace(database), "v1", "v2", writer=True)


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone."""
    return small.copied(make_workspace(sqlite), "v1", "v2", writer=True)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to SQLite, but for what only looks."""
    sent: list[str] = []

    def note(statement: str) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            sent.append(statement)

    def listen(connection: Any, record: Any) -> None:
        connection.set_trace_callback(note)

    sa.event.listen(sa.Engine, "connect", listen)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "connect", listen)


def test_every_change_of_a_show_is_undone(chain: Chain) -> None:
    before = chain.database.dump()
    chain.database.execute(*CHANGES)
    assert chain.database.dump() != before
    plan = chain.project.reset("general")
    (move,) = plan.moves
    assert move.action == "reset"
    assert (move.purge, move.load, move.change) == (
        {"cards": 1, "checks": 2},
        {"checks": 1},
        {"cards": 1},
    )
    assert chain.database.dump() == before
    assert all(entry.clean for entry in chain.project.status())
    assert chain.stamps() == ["general v2", "writer v1"]
    assert not chain.project.revision("general", date="2025-03-02").created


def test_untouched_rows_are_left_alone(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    chain.database.execute("UPDATE cards SET title = 'Scribbled on' WHERE id = 3")
    with statements() as sent:
        chain.project.reset("general")
    changed = [s for s in sent if "demosnap_" not in s]
    assert changed == ["UPDATE OR ABORT cards SET title = NULL WHERE id = 3"]


def test_nothing_is_done_where_nothing_has_changed(chain: Chain) -> None:
    before = chain.everything()
    (move,) = chain.project.reset("general").moves
    assert move.action == "none"
    assert chain.everything() == before


def test_a_reset_is_logged_with_what_the_database_then_holds(chain: Chain) -> None:
    chain.project.load("general")
    loaded = chain.project.log("general")[0]
    chain.database.execute(*CHANGES)
    chain.project.reset("general")
    entry = chain.project.log("general")[0]
    assert (entry.operation, entry.revision) == ("reset", loaded.revision)
    assert (entry.digest, entry.rows) == (loaded.digest, loaded.rows)
    assert entry.os_user and entry.host


def test_a_dry_run_shows_every_row_and_changes_none(chain: Chain) -> None:
    chain.database.execute(*CHANGES)
    before = chain.everything()
    (move,) = chain.project.reset("general", dry_run=True).moves
    found = {(one.name, row.kind) for one in move.changes for row in one}
    assert found == {
        ("cards", "modified"),
        ("cards", "removed"),
        ("checks", "added"),
        ("checks", "removed"),
    }
    assert chain.everything() == before


def test_the_other_scenario_and_all_other_rows_stay(chain: Chain) -> None:
    chain.database.execute("UPDATE cards SET title = 'Mine now' WHERE id IN (1, 2, 11, 12)")
    chain.project.reset("general")
    titles = dict(chain.database.rows("SELECT id, title FROM cards"))
    assert titles[1] == "Renamed"
    assert titles[2] == titles[11] == titles[12] == "Mine now"


def test_a_reset_of_one_scenario_takes_no_other_out(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    chain.workspace.configure(small.SETTINGS + "exclusive: true\n")
    chain.database.execute(*CHANGES)
    chain.project.reset("general")
    assert chain.stamps() == ["general v2", "writer v1"]


def test_unmarked_rows_of_a_demo_row_that_stays_are_left_in_peace(chain: Chain) -> None:
    chain.database.execute(
        "INSERT INTO cards (id, board_id, title) VALUES (20, 1, 'Mine, on the demo board')",
        "UPDATE boards SET name = 'Scribbled on' WHERE id = 1",
    )
    chain.project.reset("general")
    assert chain.database.rows("SELECT name FROM boards WHERE id = 1") == [("Demo",)]
    assert chain.database.rows("SELECT board_id FROM cards WHERE id = 20") == [(1,)]


def test_unmarked_rows_of_a_row_that_would_go_are_a_reason_to_refuse(chain: Chain) -> None:
    chain.database.execute(
        "INSERT INTO boards VALUES (9, 'Added', 'added', TRUE, 'general')",
        "INSERT INTO cards (id, board_id, title) VALUES (20, 9, 'Mine, on the added board')",
    )
    before = chain.everything()
    with refused(
        "referenced by non-demo rows", r"1 row of cards .* references demo rows of boards"
    ):
        chain.project.reset("general")
    assert chain.everything() == before


def test_a_key_taken_by_a_real_row_is_refused(chain: Chain) -> None:
    chain.database.execute(
        "DELETE FROM checks WHERE id = 5",
        "INSERT INTO checks VALUES (5, 2, 'mine')",
        "UPDATE boards SET slug = 'other' WHERE id = 1",
        "INSERT INTO boards (id, name, slug) VALUES (21, 'Mine', 'demo')",
    )
    before = chain.everything()
    with refused("key taken") as caught:
        chain.project.reset("general")
    taken, edited = caught.value.reasons
    assert "boards: 1 row of the snapshot has a key that is taken by rows that stay" in taken
    assert "checks: 1 row is no longer picked (id=5: card_id 5 → 2" in edited
    assert chain.everything() == before


def test_rows_of_a_table_that_the_version_does_not_have_are_refused(chain: Chain) -> None:
    chain.database.execute(
        "CREATE TABLE labels (id INTEGER PRIMARY KEY, is_demo BOOLEAN, scenario VARCHAR(20))",
        "INSERT INTO labels VALUES (1, TRUE, 'general'), (2, TRUE, 'writer'), (3, NULL, NULL)",
        *CHANGES,
    )
    before = chain.everything()
    with refused("unsaved rows", r"labels: there is 1 demo row, and v2"):
        chain.project.reset("general")
    assert chain.everything() == before
    chain.project.reset("general", discard=True)
    assert [row[0] for row in chain.database.rows("SELECT id FROM labels ORDER BY id")] == [2, 3]
    assert chain.project.status("general")[0].clean


def test_values_in_a_column_that_the_version_does_not_have_go_back_to_its_default(
    chain: Chain,
) -> None:
    chain.database.execute(
        "ALTER TABLE cards ADD COLUMN priority VARCHAR(9) DEFAULT 'low' NOT NULL",
        "ALTER TABLE cards ADD COLUMN note VARCHAR(9)",
    )
    assert chain.project.status("general")[0].clean
    before = chain.database.dump()
    chain.database.execute("UPDATE cards SET priority = 'high', note = 'n' WHERE id IN (1, 2)")
    assert not chain.project.status("general")[0].clean
    chain.project.reset("general")
    rows = chain.database.rows("SELECT id, priority, note FROM cards WHERE id IN (1, 2)")
    assert sorted(rows) == [(1, "low", None), (2, "high", "n")]
    chain.database.execute("UPDATE cards SET priority = 'low', note = NULL WHERE id = 2")
    assert chain.database.dump() == before


def test_nothing_loaded_and_unknown_scenarios_are_usage_errors(chain: Chain) -> None:
    chain.project.downgrade("general", "base")
    with pytest.raises(UsageError, match="no version of general is loaded"):
        chain.project.reset("general")
    with pytest.raises(UnknownNameError, match="unknown scenario 'generl'"):
        chain.project.reset("generl")


def test_unique_values_that_were_exchanged_are_exchanged_back(chain: Chain) -> None:
    chain.database.execute("INSERT INTO boards VALUES (5, 'Five', 'five', TRUE, 'general')")
    chain.database.execute("INSERT INTO boards VALUES (7, 'Seven', 'seven', TRUE, 'general')")
    chain.project.revision("general", date="2025-04-01")
    before = chain.database.dump()
    for slug, number in (("x", 1), ("y", 5), ("z", 7), ("five", 1), ("seven", 5), ("demo", 7)):
        chain.database.execute(f"UPDATE boards SET slug = '{slug}' WHERE id = {number}")
    chain.database.execute(
        "DELETE FROM checks WHERE card_id = 1",
        "DELETE FROM cards WHERE id = 1",
    )
    chain.project.reset("general")
    assert chain.database.dump() == before


def test_a_row_deleted_and_made_again_under_another_key_goes(chain: Chain) -> None:
    before = chain.database.dump()
    chain.database.execute(*small.UNDER_ANOTHER_KEY)
    chain.project.reset("general")
    assert chain.database.dump() == before


def test_what_a_trigger_makes_of_it_is_put_back(chain: Chain) -> None:
    before = chain.database.dump()
    chain.database.execute("DELETE FROM checks WHERE id = 1")
    small.uppercase(chain.database, "shout", "checks", "done")
    chain.project.reset("general")
    assert chain.database.dump() == before


def test_a_trigger_that_keeps_rows_is_found_and_rolled_back(chain: Chain) -> None:
    chain.database.execute("UPDATE checks SET done = 'maybe' WHERE id = 1")
    small.stubborn(chain.database, "keep", "checks", "done")
    before = chain.everything()
    with pytest.raises(VerificationError, match=r"checks: .*trigger keep_insert on table checks"):
        chain.project.reset("general")
    assert chain.everything() == before


def test_a_snapshot_that_was_tampered_with_is_not_written(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    path = chain.workspace.revisions / "general" / "general_v2_2025-01-20.sql"
    path.write_bytes(path.read_bytes().replace(b"'Renamed'", b"'Evil!!!'"))
    before = chain.everything()
    with pytest.raises(SnapshotError, match="differ from the captured ones"):
        chain.project.reset("general")
    assert chain.everything() == before


def test_inside_the_callers_transaction(chain: Chain) -> None:
    before = chain.database.dump()
    chain.database.execute(*CHANGES)
    changed = chain.everything()
    with chain.database.engine.connect() as connection:
        chain.project.reset("general", connection=connection)
        connection.rollback()
    assert chain.everything() == changed
    with chain.database.engine.begin() as connection:
        chain.project.reset("general", connection=connection)
    assert chain.database.dump() == before


def test_the_command_says_what_goes(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    chain.database.execute(*CHANGES)
    dry = chain.workspace.run("reset", "general", "--dry-run")
    assert "- id=7  " in dry.stdout
    assert "title: 'Scribbled on' → 'Renamed'" in dry.stdout
    assert "owner_id: 1 → NULL" in dry.stdout
    done = chain.workspace.run("reset", "general")
    assert "general: back to v2_2025-01-20" in done.stderr
    assert done.stdout == (
        "general: back to v2, 3 rows removed, 1 row restored, 1 row changed back\n"
    )
    again = chain.workspace.run("reset", "general")
    assert again.stdout == "general: already at v2\n"


# ------------------------------------------------------------------ any state, any graph

TABLES = (
    "CREATE TABLE teams (id INTEGER PRIMARY KEY, code VARCHAR(9) NOT NULL UNIQUE, slot INTEGER"
    " UNIQUE, lead_id INTEGER, is_demo BOOLEAN, FOREIGN KEY (lead_id) REFERENCES teams (id))",
    "CREATE TABLE people (id INTEGER PRIMARY KEY, code VARCHAR(9) NOT NULL UNIQUE, slot INTEGER"
    " UNIQUE, team_id INTEGER NOT NULL, is_demo BOOLEAN,"
    " FOREIGN KEY (team_id) REFERENCES teams (id))",
    "CREATE TABLE tasks (id INTEGER PRIMARY KEY, code VARCHAR(9) NOT NULL UNIQUE, slot INTEGER"
    " UNIQUE, person_id INTEGER, is_demo BOOLEAN,"
    " FOREIGN KEY (person_id) REFERENCES people (id))",
    "CREATE TABLE notes (code VARCHAR(9) NOT NULL, slot INTEGER, task_id INTEGER, is_demo BOOLEAN,"
    " FOREIGN KEY (task_id) REFERENCES tasks (id))",
)
REFERENCES = {
    "teams": ("lead_id", "teams", True),
    "people": ("team_id", "teams", False),
    "tasks": ("person_id", "people", True),
    "notes": ("task_id", "tasks", True),
}

Content = dict[str, list[tuple[Any, ...]]]


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """Rows of all tables that fit each other, of few ids and few unique values."""
    found: Content = {}
    ids: dict[str, list[int]] = {}
    for name, (_, parent, nullable) in REFERENCES.items():
        numbers = sorted(draw(st.sets(st.integers(1, 6), max_size=5)))
        ids[name] = numbers if nullable or ids[parent] else []
        codes = draw(st.permutations("abcdefg"))
        slots = draw(st.permutations([1, 2, 3, 4, 5, None, None]))
        choices = [*([None] if nullable else []), *ids[parent]]
        found[name] = []
        for i, number in enumerate(ids[name]):
            target = draw(st.sampled_from(choices))
            row = (number, codes[i], slots[i], target, True)
            found[name].append(("same", number % 2, target, True) if name == "notes" else row)
    return found


def fill(database: Database, content: Content) -> None:
    """Put these rows, and no others, into the tables."""
    with database.engine.begin() as connection:
        for name in reversed(REFERENCES):
            if name == "teams":
                connection.exec_driver_sql("UPDATE teams SET lead_id = NULL")
            connection.exec_driver_sql(f"DELETE FROM {name}")
        for name, rows in content.items():
            column = REFERENCES[name][0]
            columns = f"code, slot, {column}, is_demo"
            if name != "notes":
                columns = f"id, {columns}"
            # A team may be led by one that comes later.
            leads = {row[0]: row[3] for row in rows} if name == "teams" else {}
            if leads:
                rows = [(*row[:3], None, *row[4:]) for row in rows]
            values = ", ".join(f"({', '.join(_literal(v) for v in row)})" for row in rows)
            if values:
                connection.exec_driver_sql(f"INSERT INTO {name} ({columns}) VALUES {values}")
            for number, lead in leads.items():
                connection.exec_driver_sql(
                    f"UPDATE teams SET lead_id = {_literal(lead)} WHERE id = {number}"
                )


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value).upper()


def test_any_state_of_the_tables_goes_back(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """References up, down and to themselves, unique values that meet, rows without a key."""
    workspace = make_workspace(database)
    workspace.configure("marker: {column: is_demo}\n")
    database.execute(*TABLES)
    numbers = iter(range(1, 1000))

    @settings(
        max_examples=examples(10 if database.dialect != "sqlite" else 30),
        deadline=None,
        database=None,
        # Every example is a capture and a reset; to shrink one would take minutes.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(contents(), contents())
    def goes_back(loaded: Content, shown: Content) -> None:
        fill(database, loaded)
        day = next(numbers)
        project = workspace.project
        project.revision("general", date=f"{2001 + day}-01-01", allow_empty=True, allow_shrink=True)
        before = database.dump()
        fill(database, shown)
        project.reset("general")
        assert database.dump() == before

    goes_back()


def test_what_cannot_be_set_aside_is_said(sqlite_chain: Chain) -> None:
    """Booleans have no third value to wait in."""
    from demosnap import dialects
    from demosnap.model import Column, Table
    from demosnap.snapshot.change_order import steps
    from demosnap.snapshot.changes import collect
    from demosnap.snapshot.diff import TablePair

    postgresql = dialects.get("postgresql")
    columns = (Column("id", "integer", False), Column("flag", "boolean", False))
    table = Table("flags", columns, ("id",), unique=(("flag",),))
    pair = TablePair(table, table, postgresql, postgresql)
    one = collect(pair, [b"1,true", b"2,false"], [b"1,false", b"2,true"])
    with pytest.raises(DatabaseError, match="flags: rows exchange values of flag"):
        list(steps((one,), postgresql))


def test_many_rows_are_changed_at_once(chain: Chain) -> None:
    values = ",".join(f"({n}, 1, NULL, 'Card {n}', TRUE, 'general')" for n in range(100, 400))
    chain.database.execute(f"INSERT INTO cards VALUES {values}")
    chain.project.revision("general", date="2025-04-01")
    before = chain.database.dump()
    chain.database.execute(
        "UPDATE cards SET title = 'it''s \\ %s :name' WHERE id BETWEEN 100 AND 350",
        "UPDATE cards SET title = NULL, owner_id = 1 WHERE id BETWEEN 300 AND 380",
        "UPDATE cards SET owner_id = 2 WHERE id = 399",
    )
    chain.project.reset("general")
    assert chain.database.dump() == before
