"""Schemas and neighbours that make it hard to leave real rows alone, and unsaved ones in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from demosnap.errors import DemosnapError
from demosnap.project import Project
from demosnap.refusal import Kind
from support import small
from support.databases import Database
from support.refusals import refused
from support.small import Chain, impatient
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general; the database is at v2."""
    return small.copied(make_workspace(database), "v1", "v2")


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone."""
    return small.copied(make_workspace(sqlite), "v1", "v2")


def only(chain: Chain, dialect: str, reason: str) -> None:
    """Skip the test on other databases."""
    if chain.database.dialect != dialect:
        pytest.skip(f"only {dialect} {reason}")


def meddling(chain: Chain, *statements: str) -> Project:
    """A project in whose moves somebody else writes and commits, between plan and change."""

    def write(plan: object) -> None:
        chain.database.execute(*statements)

    return Project(chain.workspace.folder / "alembic.ini", url=chain.database.url, confirm=write)


def ids(chain: Chain, table: str) -> list[int]:
    """Return the keys of a table's rows."""
    return [row[0] for row in chain.database.rows(f"SELECT id FROM {table} ORDER BY id")]


def stopped(chain: Chain, move: Callable[[], Any], *told: str) -> str:
    """Check that a move fails and changes nothing."""
    before = chain.everything()
    with pytest.raises(DemosnapError) as caught:
        move()
    assert chain.everything() == before
    for part in told:
        assert part in str(caught.value)
    return str(caught.value)


# ---------------------------------------------------------------- references


@pytest.mark.parametrize("referred", ["CARDS (Id)", '"Cards"', "[cArds] (ID)"])
def test_a_reference_may_spell_names_otherwise(sqlite_chain: Chain, referred: str) -> None:
    """SQLite does not mind upper and lower case, nor does it say them as they were created."""
    sqlite_chain.database.execute(
        f"CREATE TABLE Stickers (id INTEGER PRIMARY KEY, card INTEGER REFERENCES {referred}"
        " ON DELETE CASCADE)",
        "INSERT INTO stickers VALUES (1, 5), (2, 2)",
    )
    for move in (
        lambda: sqlite_chain.project.downgrade("general", "-1"),
        lambda: sqlite_chain.project.load("general@v1", discard=True),
        lambda: sqlite_chain.project.downgrade("general", "base"),
    ):
        stopped(sqlite_chain, move, "1 row of Stickers", "id: 1")


def test_a_reference_to_a_table_that_is_not_there_is_none(sqlite_chain: Chain) -> None:
    """SQLite lets a table reference anything."""
    sqlite_chain.database.execute(
        "CREATE TABLE stickers (id INTEGER PRIMARY KEY, card INTEGER REFERENCES no_such (id))",
        "INSERT INTO stickers VALUES (1, 1)",
    )
    sqlite_chain.project.downgrade("general", "base")
    assert ids(sqlite_chain, "stickers") == [1]


def test_a_composite_reference_that_is_part_null_points_at_nothing(chain: Chain) -> None:
    """MATCH SIMPLE; and one that is whole does, to a unique key that is not the primary one."""
    chain.database.execute(
        "CREATE UNIQUE INDEX both_of ON cards (board_id, id)",
        "CREATE TABLE stickers (id INTEGER PRIMARY KEY, board_id INTEGER, card_id INTEGER,"
        " CONSTRAINT stuck_on FOREIGN KEY (board_id, card_id) REFERENCES cards (board_id, id)"
        " ON DELETE CASCADE ON UPDATE CASCADE)",
        "INSERT INTO stickers VALUES (1, 1, NULL), (2, NULL, 5), (3, 2, 2)",
    )
    chain.project.downgrade("general", "base")
    assert ids(chain, "stickers") == [1, 2, 3]
    chain.project.upgrade("general@head")
    assert {n: r for n, r in chain.database.dump().items() if n != "stickers"} == chain.at["v2"]
    chain.database.execute("INSERT INTO stickers VALUES (4, 1, 5)")
    stopped(chain, lambda: chain.project.downgrade("general", "-1"), "1 row of stickers", "id: 4")


def test_references_from_another_namespace_count(chain: Chain) -> None:
    """Another schema, or another database of the server: with whatever the constraint would do."""
    if chain.database.dialect == "sqlite":
        pytest.skip("SQLite has no references across databases")
    other = f"{sa.make_url(chain.database.url).database}_other"
    cards = "cards"
    if chain.database.dialect == "mariadb":
        cards = f"{sa.make_url(chain.database.url).database}.cards"
    chain.database.execute(
        f"CREATE SCHEMA {other}",
        f"CREATE TABLE {other}.stickers (id INTEGER PRIMARY KEY, card_id INTEGER,"
        f" FOREIGN KEY (card_id) REFERENCES {cards} (id) ON DELETE CASCADE)",
        f"INSERT INTO {other}.stickers VALUES (1, 5), (2, 2)",
    )
    try:
        text = stopped(chain, lambda: chain.project.downgrade("general", "base"))
        assert f"1 row of {other}.stickers" in text
        plan = chain.project.downgrade("general", "base", cascade=[f"{other}.stickers"])
        assert plan.moves[0].also == {f"{other}.stickers": 1}
        assert ids(chain, f"{other}.stickers") == [2]
    finally:
        cascade = " CASCADE" if chain.database.dialect == "postgresql" else ""
        chain.database.execute(f"DROP SCHEMA {other}{cascade}")


def test_a_row_that_references_itself_and_its_like(chain: Chain) -> None:
    """Demo rows in a circle go and come together; a real one that joins the circle stops it."""
    chain.database.execute(
        "ALTER TABLE cards ADD COLUMN next_id INTEGER",
        "UPDATE cards SET next_id = 5 WHERE id = 1",
        "UPDATE cards SET next_id = 1 WHERE id = 5",
        "UPDATE cards SET next_id = 3 WHERE id = 3",
    )
    if chain.database.dialect == "sqlite":
        chain.database.execute("ALTER TABLE cards RENAME COLUMN next_id TO old_id")
        chain.database.execute(
            "ALTER TABLE cards ADD COLUMN next_id INTEGER REFERENCES cards (id) ON DELETE CASCADE",
            "UPDATE cards SET next_id = old_id",
            "ALTER TABLE cards DROP COLUMN old_id",
        )
    else:
        chain.database.execute(
            "ALTER TABLE cards ADD CONSTRAINT follows FOREIGN KEY (next_id) REFERENCES cards (id)"
            " ON DELETE CASCADE"
        )
    chain.project.revision("general", date="2025-02-01")
    full = chain.database.dump()
    chain.project.downgrade("general", "base")
    assert ids(chain, "cards") == [2, 12]
    chain.project.upgrade("general@head")
    assert chain.database.dump() == full
    chain.database.execute("UPDATE cards SET next_id = 3 WHERE id = 2")
    stopped(chain, lambda: chain.project.downgrade("general", "base"), "1 row of cards", "id: 2")


def test_references_from_where_the_role_may_not_look_count(chain: Chain) -> None:
    """A schema of somebody else, whose rows a constraint takes along; triggers or not."""
    only(chain, "postgresql", "counts the rows that a transaction affects")
    url = sa.make_url(chain.database.url)
    role = f"{url.database}_role"
    chain.database.execute(
        f"CREATE ROLE {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "CREATE SCHEMA hidden",
        "CREATE TABLE hidden.stickers (id INTEGER PRIMARY KEY,"
        " card_id INTEGER REFERENCES cards ON DELETE CASCADE)",
        "INSERT INTO hidden.stickers VALUES (1, 5)",
    )
    try:
        as_role = url.update_query_dict({"options": f"-c role={role}"})
        project = Project(
            chain.workspace.folder / "alembic.ini",
            url=as_role.render_as_string(hide_password=False),
        )
        stopped(chain, lambda: project.downgrade("general", "base"), "hidden.stickers")
        assert ids(chain, "hidden.stickers") == [1]
        small.trigger(chain.database, "harmless", "boards", when="1 = 2")
        stopped(chain, lambda: project.downgrade("general", "base"), "hidden.stickers")
        assert ids(chain, "hidden.stickers") == [1]
        chain.database.execute("DELETE FROM hidden.stickers")
        project.downgrade("general", "base")
        assert chain.database.dump() == chain.at["base"]
    finally:
        chain.database.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_the_references_of_a_partition_count(chain: Chain) -> None:
    """A foreign key of one partition alone, which would cascade there."""
    only(chain, "postgresql", "has partitions with keys of their own")
    chain.database.execute(
        "CREATE TABLE stickers (id INTEGER, card_id INTEGER) PARTITION BY LIST (id)",
        "CREATE TABLE stickers_1 PARTITION OF stickers FOR VALUES IN (1)",
        "CREATE TABLE stickers_2 PARTITION OF stickers FOR VALUES IN (2)",
        "ALTER TABLE stickers_1 ADD FOREIGN KEY (card_id) REFERENCES cards ON DELETE CASCADE",
        "INSERT INTO stickers VALUES (1, 5), (2, 5)",
    )
    for discard in (False, True):
        stopped(
            chain, partial(chain.project.downgrade, "general", "base", discard=discard), "stick"
        )


def test_cascade_empties_no_more_than_the_constraint_says(chain: Chain) -> None:
    """ON DELETE SET NULL of some columns."""
    only(chain, "postgresql", "has such constraints")
    chain.database.execute(
        "CREATE UNIQUE INDEX both_of ON cards (board_id, id)",
        "CREATE TABLE stickers (id INTEGER PRIMARY KEY, board_id INTEGER, card_id INTEGER,"
        " CONSTRAINT stuck_on FOREIGN KEY (board_id, card_id) REFERENCES cards (board_id, id)"
        " ON DELETE SET NULL (card_id))",
        "INSERT INTO stickers VALUES (1, 1, 5), (2, 2, 2)",
    )
    plan = chain.project.downgrade("general", "base", cascade=["stickers"])
    assert plan.moves[0].nulled == {"stickers": 1}
    assert chain.database.rows("SELECT * FROM stickers ORDER BY id") == [(1, 1, None), (2, 2, 2)]


# ---------------------------------------------------------------- somebody else, meanwhile


def test_a_row_that_comes_meanwhile_is_not_left_pointing_at_nothing(chain: Chain) -> None:
    """Somebody references a demo row after the plan was made."""
    if chain.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    for action in ("NO ACTION", "CASCADE", "SET NULL"):
        chain.database.execute(
            "CREATE TABLE stickers (id INTEGER PRIMARY KEY, card_id INTEGER,"
            f" CONSTRAINT stuck_on FOREIGN KEY (card_id) REFERENCES cards (id) ON DELETE {action})"
        )
        before = chain.everything()
        project = meddling(chain, "INSERT INTO stickers VALUES (9, 5)")
        with pytest.raises(DemosnapError, match="stuck_on"):
            project.downgrade("general", "base")
        assert chain.everything() == {**before, "stickers": [(("int", 9), ("int", 5))]}
        chain.database.execute("DROP TABLE stickers")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE cards SET title = 'Precious' WHERE id = 5", "unsaved rows"),
        ("UPDATE checks SET done = 'Precious' WHERE id = 5", "unsaved rows"),
        (
            "UPDATE cards SET is_demo = FALSE, title = 'Precious' WHERE id = 5",
            "referenced by non-demo rows",
        ),
    ],
)
def test_changes_by_another_session_are_not_lost(chain: Chain, change: str, kind: Kind) -> None:
    """A demo row that is edited, or made a real one, after the plan was made."""
    if chain.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    before = chain.stamps()
    with refused(kind):
        meddling(chain, change).downgrade("general", "base")
    assert "Precious" in str(chain.database.dump())
    assert chain.stamps() == before


def test_rows_that_are_exchanged_meanwhile_are_not_lost(chain: Chain) -> None:
    """One demo row goes and another one comes: as many as were planned, and yet others."""
    if chain.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    exchange = ("DELETE FROM checks WHERE id = 1", "INSERT INTO checks VALUES (8, 5, 'Precious')")
    with pytest.raises(DemosnapError, match=r"checks: 1 added \(id: 8\), 1 removed \(id: 1\)"):
        meddling(chain, *exchange).downgrade("general", "base")
    assert "Precious" in str(chain.database.dump())


def test_a_row_that_goes_meanwhile_is_not_pointed_at(chain: Chain) -> None:
    """A real row that demo rows are going to reference is deleted after the plan was made."""
    if chain.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    chain.database.execute(
        "INSERT INTO users VALUES (8, 'Mary')", "UPDATE cards SET owner_id = 8 WHERE id = 1"
    )
    chain.project.revision("general", date="2025-02-01")
    chain.project.downgrade("general", "base")
    with pytest.raises(DemosnapError, match=r"cards\.owner_id references 1 row of users"):
        meddling(chain, "DELETE FROM users WHERE id = 8").upgrade("general@head")
    assert chain.database.dump() == chain.at["base"]


def test_a_callers_transaction_that_reads_what_is_committed_loses_nothing(chain: Chain) -> None:
    """READ COMMITTED: who would change or reference a demo row waits for the caller."""
    if chain.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    engine = chain.database.engine.execution_options(isolation_level="READ COMMITTED")
    waiting: list[str] = []

    def write(plan: object) -> None:
        for change in (
            "UPDATE cards SET title = 'Precious' WHERE id = 5",
            "INSERT INTO cards (id, board_id) VALUES (9, 1)",
        ):
            with pytest.raises(sa.exc.OperationalError) as caught:
                impatient(chain.database, change)
            waiting.append(str(caught.value))
        impatient(chain.database, "UPDATE cards SET title = 'Free' WHERE id = 2")

    path = chain.workspace.folder / "alembic.ini"
    project = Project(path, url=chain.database.url, confirm=write)
    with engine.connect() as connection:
        project.downgrade("general", "base", connection=connection)
        connection.commit()
    assert len(waiting) == 2
    assert ids(chain, "cards") == [2, 12]


def test_a_callers_connection_is_left_as_it_was(sqlite_chain: Chain) -> None:
    """SQLite lets foreign keys be switched on only outside of a transaction, so they act."""
    chain = sqlite_chain
    chain.database.execute(
        "ALTER TABLE cards ADD COLUMN next_id INTEGER REFERENCES cards (id) ON DELETE CASCADE",
        "UPDATE cards SET next_id = 3 WHERE id = 5",
        "UPDATE cards SET next_id = 1 WHERE id = 3",
        "UPDATE cards SET next_id = 5 WHERE id = 1",
    )
    chain.project.revision("general", date="2025-02-01")
    full = chain.database.dump()
    with chain.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        chain.project.downgrade("general", "base", connection=connection)
        connection.commit()
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert ids(chain, "cards") == [2, 12]
        chain.project.upgrade("general@head", connection=connection)
        connection.rollback()
        assert ids(chain, "cards") == [2, 12]
        chain.project.upgrade("general@head", connection=connection)
        connection.commit()
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert chain.database.dump() == full


# ---------------------------------------------------------------- what else can lose rows


def test_a_connection_that_commits_by_itself_is_refused(chain: Chain) -> None:
    """Each statement would be for good, whatever comes after it."""
    before = chain.everything()
    small.trigger(chain.database, "refuse", "cards")
    engine = chain.database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection, pytest.raises(DemosnapError, match="commits"):
        chain.project.downgrade("general", "-1", connection=connection)
    assert chain.everything() == before


def test_a_trigger_that_waits_for_the_commit_is_found(chain: Chain) -> None:
    """A deferred constraint trigger acts after everything else, and still too early."""
    only(chain, "postgresql", "has deferred triggers")
    chain.database.execute(
        "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN UPDATE users SET name = 'Late' WHERE id = 1; RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER late AFTER DELETE ON cards DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION late()",
    )
    stopped(chain, lambda: chain.project.downgrade("general", "base"), "rows of users", "late")


@pytest.mark.parametrize("settings", ["", "triggers: disable\n"])
def test_a_trigger_may_spell_its_table_otherwise(sqlite_chain: Chain, settings: str) -> None:
    """It is found, or does not act, like any other."""
    chain = sqlite_chain
    chain.database.execute(
        "CREATE TRIGGER audit AFTER DELETE ON CARDS BEGIN"
        " UPDATE Users SET name = 'Seen' WHERE id = 1; END"
    )
    chain.workspace.configure(small.SETTINGS + settings)
    if not settings:
        stopped(chain, lambda: chain.project.downgrade("general", "base"), "rows of users", "audit")
        return
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]
    chain.database.execute("DELETE FROM cards WHERE id = 12")
    assert ("str", "Seen") in chain.database.dump()["users"][0]


def test_a_snapshot_that_is_damaged_vouches_for_no_rows(sqlite_chain: Chain) -> None:
    """The rows are the last good copy of themselves."""
    path = sqlite_chain.workspace.revisions / "general" / "general_v2_2025-01-20.sql"
    text = path.read_bytes()
    path.write_bytes(text.replace(b"'Five'", b"'Fife'"))
    stopped(sqlite_chain, lambda: sqlite_chain.project.downgrade("general", "-1"), "in no revision")
    path.write_bytes(text)
    sqlite_chain.project.downgrade("general", "-1")


def test_a_damaged_snapshot_does_not_prevent_a_purge(sqlite_chain: Chain) -> None:
    """Its way back leads nowhere; who lets the rows go all the same needs no file of theirs."""
    path = sqlite_chain.workspace.revisions / "general" / "general_v2_2025-01-20.sql"
    path.write_bytes(path.read_bytes().replace(b"'Five'", b"'Fife'"))
    down = sqlite_chain.project.downgrade
    stopped(sqlite_chain, lambda: down("general", "base", discard=True), "was tried, and failed")
    down("general", "base", discard=True, rehearse=False)
    assert sqlite_chain.database.dump() == sqlite_chain.at["base"]


def test_a_table_that_replaces_rows_by_itself_replaces_none(sqlite_chain: Chain) -> None:
    """ON CONFLICT REPLACE, on a key that the snapshot does not have."""
    database, project = sqlite_chain.database, sqlite_chain.project
    database.execute(
        "CREATE TABLE stamps (id INTEGER PRIMARY KEY, is_demo BOOLEAN, scenario TEXT, name TEXT,"
        " folded TEXT GENERATED ALWAYS AS (lower(name)) STORED, UNIQUE (folded)"
        " ON CONFLICT REPLACE)",
        "INSERT INTO stamps (id, is_demo, scenario, name) VALUES (1, 1, 'general', 'One')",
    )
    project.revision("general")
    project.downgrade("general", "-1")
    database.execute("INSERT INTO stamps (id, is_demo, name) VALUES (2, 0, 'ONE')")
    stopped(sqlite_chain, lambda: project.upgrade("general@head"))


def test_a_where_may_look_at_rows_that_go_too(chain: Chain) -> None:
    """Its table is emptied by what was there before, not by what another deletion has left."""
    chain.database.execute(
        "CREATE TABLE tags (id INTEGER PRIMARY KEY, name VARCHAR(20))",
        "CREATE TABLE tagged (card_id INTEGER REFERENCES cards (id),"
        " tag_id INTEGER REFERENCES tags (id), PRIMARY KEY (card_id, tag_id))",
        "INSERT INTO tags VALUES (1, 'demo'), (2, 'own')",
        "INSERT INTO tagged VALUES (1, 1), (2, 2)",
    )
    chain.workspace.configure(
        "marker: {column: is_demo, scenario_column: scenario}\n"
        "tables:\n  checks: {via: card_id}\n  tagged: {via: card_id}\n"
        '  tags: {where: "id IN (SELECT tag_id FROM tagged WHERE card_id = 1)"}\n'
        "scenarios: {general: {default: true}}\n"
    )
    chain.project.revision("general")
    full = chain.database.dump()
    chain.project.downgrade("general", "base")
    assert ids(chain, "tags") == [2]
    chain.project.upgrade("general@head")
    assert chain.database.dump() == full


def test_nothing_is_done_through_a_view(chain: Chain) -> None:
    """A view has the marker, too, and rules or triggers of its own."""
    chain.database.execute("CREATE VIEW demo_cards AS SELECT * FROM cards")
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]
    chain.project.upgrade("general@head")
    assert chain.database.dump() == chain.at["v2"]
