"""What was picked is picked anew when rows have changed since, by a trigger or by a rehearsal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap import dialects
from demosnap.database import picking, reflect
from demosnap.database.row_set import RowSet
from support import small, triggers
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

PICKED = "is_demo = TRUE AND (scenario = :scenario OR scenario IS NULL AND :scenario = 'general')"
PREDICATE = f"""\
marker: {{column: no_such_column}}
tables:
  boards: {{where: "{PICKED}"}}
  cards: {{where: "{PICKED}"}}
  checks: {{via: card_id}}
scenarios:
  general: {{default: true}}
"""


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A new project of an empty database."""
    return make_workspace(database)


def _chain(workspace: Workspace) -> Chain:
    return small.copied(workspace, "v1", "v2", settings=PREDICATE)


@pytest.mark.parametrize("change", ["title = 'Now'", "is_demo = FALSE"])
def test_what_a_trigger_sets_is_put_back_in_rows_of_a_predicate(
    workspace: Workspace, change: str
) -> None:
    """Rows that are put back lie elsewhere, or are picked only then."""
    chain = _chain(workspace)
    triggers.column_trigger(chain.database, "stamp_it", "INSERT", change)

    chain.project.downgrade("general", "base")
    chain.project.upgrade("general@head")
    assert chain.database.dump() == chain.at["v2"]
    chain.project.downgrade("general", "-1", full=True)
    assert chain.database.dump() == chain.at["v1"]
    chain.database.execute("DELETE FROM checks WHERE card_id = 1", "DELETE FROM cards WHERE id = 1")
    chain.project.reset("general")
    assert chain.database.dump() == chain.at["v1"]


def test_a_rehearsal_leaves_nothing_of_what_it_picked(workspace: Workspace) -> None:
    """A trigger of each table is there, so that rows are counted before they are written."""
    chain = _chain(workspace)
    triggers.column_trigger(chain.database, "at_first", "INSERT", "title = 'Now'")
    plan = chain.project.downgrade("general", "-1", full=True)
    assert "is tried first" in plan.way_back
    assert chain.database.dump() == chain.at["v1"]


def test_what_is_noted_since_a_savepoint_is_forgotten_with_it(workspace: Workspace) -> None:
    """The notes lie in the database, which takes them back."""
    chain = _chain(workspace)
    selection = chain.project.history("general")[0].version.selection
    with chain.database.engine.connect() as connection:
        dialect = dialects.of(connection)
        with dialect.session(connection, write=True), connection.begin():
            database = reflect.database(connection)

            def count() -> int:
                picked = picking.predicates(database, selection)
                return RowSet(database, picked).count("cards")

            assert count() == 3
            savepoint = picking.Savepoint(connection)
            connection.exec_driver_sql("UPDATE cards SET is_demo = FALSE WHERE id = 5")
            assert picking.again(connection)
            assert count() == 2
            savepoint.rollback()
            assert count() == 3
