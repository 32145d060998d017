"""What a purge would reach beside demo rows: found at any depth, refused, or taken as told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import DemosnapError, UnknownNameError
from demosnap.project import Project
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]

STICKERS = (
    "CREATE TABLE stickers (id INTEGER PRIMARY KEY, card_id INTEGER,"
    " CONSTRAINT stuck_on FOREIGN KEY (card_id) REFERENCES cards (id) ON DELETE {})",
    "INSERT INTO stickers VALUES (1, 1), (2, 2), (3, 5), (4, NULL)",
)
NOTES = (
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, sticker_id INTEGER, parent_id INTEGER,"
    " CONSTRAINT noted_on FOREIGN KEY (sticker_id) REFERENCES stickers (id) ON DELETE {},"
    " CONSTRAINT answers FOREIGN KEY (parent_id) REFERENCES notes (id) ON DELETE CASCADE)",
    "INSERT INTO notes VALUES (1, 1, NULL)",
    "INSERT INTO notes VALUES (2, 2, NULL)",
    "INSERT INTO notes VALUES (3, NULL, 1)",
    "INSERT INTO notes VALUES (4, NULL, 3)",
    "INSERT INTO notes VALUES (5, NULL, 2)",
)


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general; the database is at v2."""
    return small.copied(make_workspace(database), "v1", "v2")


def _create(chain: Chain, statements: tuple[str, ...], action: str) -> None:
    chain.database.execute(*(statement.format(action) for statement in statements))


def _ids(chain: Chain, table: str) -> list[int]:
    return [row[0] for row in chain.database.rows(f"SELECT id FROM {table} ORDER BY id")]


def test_a_cascade_is_followed_to_its_end_and_refused(chain: Chain) -> None:
    """Direct and further rows, also over a table that references itself, with constraint,
    count and keys; then the option."""
    _create(chain, STICKERS, "CASCADE")
    _create(chain, NOTES, "CASCADE")
    text = chain.refused(lambda: chain.project.downgrade("general", "base"))
    for told in (
        "2 rows of stickers",
        "stuck_on",
        "id: 1, 3",
        "1 more row of notes references rows of stickers",
        "noted_on",
        "2 more rows of notes reference rows of notes",
        "answers",
        "id: 3, 4",
        "--cascade TABLE",
        "demosnap.cascade=",
    ):
        assert told in text, told


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL", "RESTRICT", "NO ACTION"])
def test_whatever_a_constraint_would_do_it_is_refused(chain: Chain, action: str) -> None:
    """No unmarked row is deleted or emptied without a word."""
    _create(chain, STICKERS, action)
    for move, reached in (
        (lambda: chain.project.downgrade("general", "-1"), "1 row of stickers"),
        (lambda: chain.project.downgrade("general", "-1", full=True), "2 rows of stickers"),
        (lambda: chain.project.load("general", discard=True), "2 rows of stickers"),
    ):
        text = chain.refused(move)
        assert reached in text
        assert "stuck_on" in text


@pytest.mark.parametrize("action", ["CASCADE", "RESTRICT", "NO ACTION"])
def test_cascade_takes_exactly_the_rows_that_reference_demo_rows(chain: Chain, action: str) -> None:
    """Those of the listed tables, at any depth; every other row stays as it is."""
    _create(chain, STICKERS, action)
    _create(chain, NOTES, action)
    before = chain.database.dump()
    text = chain.refused(lambda: chain.project.downgrade("general", "base", cascade=["stickers"]))
    assert "1 row of notes" in text
    plan = chain.project.downgrade("general", "base", cascade=["stickers", "notes"])
    assert plan.moves[0].also == {"stickers": 2, "notes": 3}
    assert _ids(chain, "stickers") == [2, 4]
    assert _ids(chain, "notes") == [2, 5]
    after = chain.database.dump()
    for name, rows in chain.at["base"].items():
        assert after[name] == rows, name
    for name in ("stickers", "notes"):
        assert set(map(str, after[name])) < set(map(str, before[name]))


def test_cascade_sets_null_where_the_constraint_says_so(chain: Chain) -> None:
    """The row stays; only its reference is emptied, and the demo rows come back as ever."""
    _create(chain, STICKERS, "SET NULL")
    plan = chain.project.load("general", cascade=["stickers"])
    assert plan.moves[0].nulled == {"stickers": 2}
    assert chain.database.rows("SELECT * FROM stickers ORDER BY id") == [
        (1, None),
        (2, 2),
        (3, None),
        (4, None),
    ]
    after = chain.database.dump()
    for name, rows in chain.at["v2"].items():
        assert after[name] == rows, name


def test_cascade_never_takes_another_scenarios_rows(chain: Chain) -> None:
    """A listed table's rows of another scenario are demo data of their own: refused."""
    chain.database.execute("INSERT INTO cards VALUES (13, 1, NULL, 'Guest', TRUE, 'writer')")
    chain.project.revision("writer", date="2025-03-01")
    chain.database.execute("INSERT INTO cards (id, board_id) VALUES (20, 1)")
    text = chain.refused(lambda: chain.project.downgrade("general", "base", cascade=["cards"]))
    assert "id: 13" in text
    assert "1 row of cards" in text


def test_a_scenario_that_stays_is_not_reached_by_one_that_goes(chain: Chain) -> None:
    """Also where both are named in one run: the one that is there already does not move."""
    chain.database.execute("INSERT INTO cards VALUES (13, 1, NULL, 'Guest', TRUE, 'writer')")
    chain.project.revision("writer", date="2025-03-01")
    chain.database.execute("DELETE FROM demosnap_version WHERE version_num LIKE 'general%'")
    text = chain.refused(lambda: chain.project.upgrade("heads"))
    assert "id: 13" in text


def test_an_unknown_table_is_named(chain: Chain) -> None:
    """With the nearest one."""
    with pytest.raises(UnknownNameError, match="cards"):
        chain.project.downgrade("general", "base", cascade=["card"])


def test_the_options_are_those_of_the_command_lines(chain: Chain) -> None:
    """`--cascade` and `-x demosnap.cascade`; the plan says what goes though it is no demo data."""
    _create(chain, STICKERS, "CASCADE")
    done = chain.workspace.run("downgrade", "general", "base", check=False)
    assert done.returncode == 1
    assert "--cascade" in done.stderr
    done = chain.workspace.run("downgrade", "general", "-1", "--cascade", "stickers")
    assert "stickers" in done.stderr
    assert "non-demo row" in done.stderr
    assert _ids(chain, "stickers") == [1, 2, 4]
    done = chain.workspace.alembic("-x", "demosnap.cascade=stickers", "downgrade", "general@base")
    assert "non-demo rows): stickers 1" in done.stdout
    assert _ids(chain, "stickers") == [2, 4]


@pytest.mark.parametrize(
    ("event", "move", "told"),
    [
        # The server has no rules on several deletes at once.
        (
            "DELETE TO boards",
            "base",
            "DO ALSO rules are not supported .* rule along on table boards",
        ),
        ("UPDATE TO cards", "v1", r"cards: rules rewrite what is done to it \(along\)"),
    ],
)
def test_a_rule_that_takes_rows_along_is_named(
    chain: Chain, event: str, move: str, told: str
) -> None:
    if chain.database.dialect != "postgresql":
        pytest.skip("only PostgreSQL has rules")
    chain.database.execute(
        f"CREATE RULE along AS ON {event} DO ALSO DELETE FROM users WHERE id = 2"
    )
    before = chain.everything()
    with pytest.raises(DemosnapError, match=told):
        chain.project.downgrade("general", move)
    assert chain.everything() == before


def test_a_writer_at_the_same_time_is_no_false_alarm(chain: Chain) -> None:
    """What somebody else writes between the plan and the commit stays, and stops nothing."""
    if chain.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    _create(chain, STICKERS, "CASCADE")

    def write(plan: object) -> None:
        chain.database.execute(
            "UPDATE users SET name = 'Barbara' WHERE id = 2",
            "INSERT INTO users VALUES (7, 'Hedy')",
            "INSERT INTO stickers VALUES (9, 2)",
        )

    project = Project(chain.workspace.folder / "alembic.ini", url=chain.database.url, confirm=write)
    project.downgrade("general", "base", cascade=["stickers"])
    assert _ids(chain, "stickers") == [2, 4, 9]
    assert chain.database.rows("SELECT name FROM users ORDER BY id") == [
        ("Ada",),
        ("Barbara",),
        ("Hedy",),
    ]
