"""Rows that are no longer picked: under tables that change, keys of any kind, and with new rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.errors import UsageError
from demosnap.revisions import stock
from support import small
from support.databases import Database
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general, the database at v2."""
    return small.copied(make_workspace(database), "v1", "v2")


def _release(chain: Chain) -> None:
    chain.database.execute("UPDATE checks SET card_id = 2 WHERE id = 5")
    chain.project.reset("general", release=["checks/5"])


def test_a_column_that_is_renamed_after_a_release_is_said(chain: Chain) -> None:
    """The version fits no more, and the way to base is open."""
    _release(chain)
    released = chain.database.rows("SELECT * FROM checks WHERE id = 5")
    chain.database.execute("ALTER TABLE checks RENAME COLUMN done TO finished")
    (entry,) = chain.project.status("general")
    assert any("checks.done of the snapshot is not in the database" in p for p in entry.problems)
    text = chain.refused(lambda: chain.project.reset("general"))
    assert "column checks.done of the snapshot is not in the database" in text
    chain.project.current()
    chain.project.downgrade("general", "base", discard=True)
    assert chain.database.rows("SELECT * FROM checks WHERE id = 5") == released
    assert chain.database.rows("SELECT id FROM cards ORDER BY id") == [(2,), (12,)]


def test_a_release_from_other_tables_says_which(chain: Chain) -> None:
    """Nothing is known of rows of a version that does not fit."""
    chain.database.execute(
        "UPDATE checks SET card_id = 2 WHERE id = 5",
        "ALTER TABLE checks RENAME COLUMN done TO finished",
    )
    with pytest.raises(UsageError, match=r"column checks\.done of the snapshot"):
        chain.project.reset("general", release=["checks/5"])


def test_current_expects_what_was_not_released(chain: Chain) -> None:
    """And says by how much there is less."""
    _release(chain)
    (entry,) = chain.project.current()
    assert entry.left_out == {"checks": 1}
    assert "the snapshot has" not in chain.workspace.run("current").stdout
    chain.database.execute("DELETE FROM checks WHERE id = 1")
    assert "the snapshot has 6 rows, 1 of them left out" in chain.workspace.run("current").stdout


def test_new_rows_that_hang_on_what_is_brought_back_are_named(chain: Chain) -> None:
    """Somebody went on working with a card that is a real one for him."""
    chain.database.execute(
        "UPDATE cards SET is_demo = FALSE, title = 'Customer' WHERE id = 1",
        "INSERT INTO checks VALUES (300, 1, 'work'), (301, 1, 'more work')",
    )
    said = (
        "checks: 2 rows in no revision would go, since the rows that they hang on are brought back "
        "(id: 300, 301)"
    )
    for move in (
        lambda **options: chain.project.reset("general", **options),
        lambda **options: chain.project.load("general", **options),
        lambda **options: chain.project.downgrade("general", "-1", **options),
    ):
        text = chain.refused(move)
        assert said in text
        assert "--release cards/1" in text
        assert said in move(discard=True, dry_run=True).notes
    chain.project.reset("general", release=["cards/1"])
    assert chain.database.rows("SELECT COUNT(*) FROM checks WHERE card_id = 1") == [(3,)]


def test_a_key_with_a_comma_can_be_released_by_the_stock_command() -> None:
    """As a record of a CSV file has it."""
    options, _ = stock.options({"demosnap.release": '"tags/a,b",issues/3'})
    assert options.release == ("tags/a,b", "issues/3")


def test_a_key_that_was_spelled_otherwise_is_another_one(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """Where the database takes them for equal it is taken, and nothing is left or brought back."""
    workspace = make_workspace(database)
    workspace.configure("marker: {column: is_demo}\n")
    kind = {
        "sqlite": "varchar(20) COLLATE NOCASE",
        "postgresql": "varchar(20) COLLATE nocase",
        "mariadb": "varchar(20) COLLATE utf8mb4_general_ci",
    }[database.dialect]
    if database.dialect == "postgresql":
        database.execute(
            "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2',"
            " deterministic = false)"
        )
    database.execute(
        f"CREATE TABLE tags (name {kind} NOT NULL PRIMARY KEY, note varchar(20), is_demo boolean)",
        "INSERT INTO tags VALUES ('Demo', 'a', TRUE), ('Other', 'b', TRUE)",
    )
    project = workspace.project
    project.revision("general", date="2025-01-15")
    database.execute("UPDATE tags SET name = 'DEMO', is_demo = FALSE WHERE note = 'a'")
    before = database.dump(own=True)
    for discard in (False, True):
        with refused("key taken", r"key that is taken by rows that stay") as caught:
            project.reset("general", discard=discard)
        assert "no longer picked" not in str(caught.value)
        assert database.dump(own=True) == before
    (entry,) = project.status("general")
    assert entry.unpicked == ()
    database.execute("UPDATE tags SET name = 'Mine' WHERE note = 'a'")
    project.reset("general")
    assert database.rows("SELECT name FROM tags ORDER BY name") == [
        ("Demo",),
        ("Mine",),
        ("Other",),
    ]


def test_rows_that_depend_on_a_left_row_are_not_differences(chain: Chain) -> None:
    """Card 5 and its check are of v2 alone; v1 is what there is beside them."""
    chain.database.execute("UPDATE cards SET is_demo = FALSE, board_id = 2 WHERE id = 5")
    chain.project.downgrade("general", "-1")
    (entry,) = chain.project.status("general")
    assert [(one.table, one.count) for one in entry.unpicked] == [("cards", 1)]
    assert [(d.table, d.added, d.removed, d.unpicked) for d in entry.drift or ()] == [
        ("cards", 0, 0, 1)
    ]
    chain.database.execute("UPDATE checks SET card_id = 2 WHERE id = 1")
    with chain.project.diff("general") as found:
        kinds = {pair.name: [one.kind for one in rows] for pair, rows in found.tables()}
    assert {name: some for name, some in kinds.items() if some} == {"checks": ["unpicked"]}
