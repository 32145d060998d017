"""--rebuild-indexes: the same rows and the same indexes, also after a load that failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from demosnap.errors import DemosnapError, LockError, RefusedError
from demosnap.project import Project
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

PLAIN = [
    "CREATE INDEX cards_title ON cards (title)",
    "CREATE INDEX cards_some ON cards (board_id, title DESC) WHERE id > 1",
    "CREATE INDEX cards_lower ON cards (lower(title))",
    "CREATE UNIQUE INDEX cards_both ON cards (id, board_id)",
]
MORE = {
    "sqlite": ["ANALYZE"],
    "postgresql": [
        'CREATE INDEX "Cards Included" ON cards USING btree (title varchar_pattern_ops NULLS FIRST)'
        " INCLUDE (board_id) WITH (fillfactor = 70)",
        """COMMENT ON INDEX "Cards Included" IS 'it''s quick'""",
        "CREATE INDEX cards_counted ON cards ((id + 1))",
        "ALTER INDEX cards_counted ALTER COLUMN 1 SET STATISTICS 500",
        "CREATE INDEX cards_clustered ON cards (board_id)",
        "ALTER TABLE cards CLUSTER ON cards_clustered",
    ],
}
INDEXES = {
    "sqlite": "SELECT m.name, m.sql, s.stat FROM sqlite_master m"
    " LEFT JOIN sqlite_stat1 s ON s.idx = m.name WHERE m.type = 'index' ORDER BY 1",
    "postgresql": "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid),"
    " obj_description(indexrelid, 'pg_class'), indisclustered, (SELECT max(attstattarget)"
    " FROM pg_attribute WHERE attrelid = indexrelid) FROM pg_index"
    " WHERE indrelid = 'cards'::regclass ORDER BY 1",
}


@pytest.fixture
def chain(database: Database, make_workspace: Callable[[Database], Workspace]) -> Chain:
    """Versions v1 and v2; on a table there are indexes of every kind."""
    found = small.copied(make_workspace(database), "v1", "v2")
    if database.dialect in INDEXES:
        database.execute(*PLAIN, *MORE.get(database.dialect, ()))
    return found


def indexes(database: Database) -> list[tuple[Any, ...]]:
    """Return everything that is known of the indexes."""
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(INDEXES[database.dialect])
        return [tuple(row) for row in rows]


def needs_transactional_ddl(chain: Chain) -> None:
    if chain.database.dialect not in INDEXES:
        pytest.skip(f"{chain.database.dialect} cannot drop an index in a transaction")


def test_indexes_and_rows_are_the_same_as_without(chain: Chain) -> None:
    needs_transactional_ddl(chain)
    before = indexes(chain.database)
    chain.project.downgrade("general", "base", rebuild_indexes=True)
    assert indexes(chain.database) == before
    chain.project.upgrade("general@v1", rebuild_indexes=True)
    assert chain.database.dump() == chain.at["v1"]
    assert indexes(chain.database) == before
    chain.project.upgrade("general@head", rebuild_indexes=True, full=True)
    chain.project.load("general@v2", rebuild_indexes=True)
    assert chain.database.dump() == chain.at["v2"]
    assert indexes(chain.database) == before


def test_after_a_load_that_failed_the_indexes_are_there(chain: Chain) -> None:
    needs_transactional_ddl(chain)
    chain.project.downgrade("general", "base")
    # The second card of the snapshot breaks it, when the other indexes are gone.
    chain.database.execute("CREATE UNIQUE INDEX cards_one ON cards ((id * 0)) WHERE is_demo")
    before, rows = indexes(chain.database), chain.everything()
    with pytest.raises(
        DemosnapError, match=r"row id=5 of the snapshot is not accepted: " ".*cards_one"
    ):
        chain.project.upgrade("general@head", rebuild_indexes=True)
    assert chain.everything() == rows
    assert indexes(chain.database) == before


def test_a_reader_is_waited_for_and_then_named(chain: Chain) -> None:
    """To drop an index nobody may use the table: the wait is bounded, and nothing changed."""
    if chain.database.dialect != "postgresql":
        pytest.skip(f"{chain.database.dialect} does not lock a table against readers")
    chain.project.downgrade("general", "base")
    before, rows = indexes(chain.database), chain.everything()
    with chain.database.engine.connect() as reader:
        reader.exec_driver_sql("SELECT * FROM cards")
        ini = chain.workspace.folder / "alembic.ini"
        hurried = Project(ini, url=chain.database.url, lock_timeout=0.2)
        with pytest.raises(LockError):
            hurried.upgrade("general@head", rebuild_indexes=True)
    assert chain.everything() == rows
    assert indexes(chain.database) == before


def test_the_plan_says_that_tables_are_locked_and_alembic_takes_the_option(chain: Chain) -> None:
    needs_transactional_ddl(chain)
    plan = chain.project.load("general@v1", rebuild_indexes=True, dry_run=True)
    assert any("other sessions cannot use boards, cards, checks" in note for note in plan.notes)
    before = indexes(chain.database)
    options = ("-x", "demosnap.rebuild_indexes=1", "-x", "demosnap.full=1")
    chain.workspace.alembic(*options, "downgrade", "general@-1")
    assert chain.database.dump() == chain.at["v1"]
    assert indexes(chain.database) == before


def test_where_it_would_commit_it_is_refused(chain: Chain) -> None:
    if chain.database.dialect in INDEXES:
        pytest.skip(f"{chain.database.dialect} drops indexes in a transaction")
    rows = chain.everything()
    with pytest.raises(RefusedError, match="--rebuild-indexes"):
        chain.project.load("general@v1", rebuild_indexes=True)
    assert chain.everything() == rows
