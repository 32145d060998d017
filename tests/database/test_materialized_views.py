"""Materialized views over demo tables are named in the plan, and refreshed where that is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demosnap.errors import ConfigError
from support.databases import Database, make_database
from support.workspaces import Workspace

SETTINGS = "marker: {column: is_demo}\n"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database of the one dialect that has such views."""
    yield from make_database("postgresql", tmp_path)


@pytest.fixture
def sales(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """Three orders, two of them demo rows, and views over each other that count them."""
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    database.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, is_demo boolean NOT NULL DEFAULT false)",
        "CREATE TABLE others (id int PRIMARY KEY)",
        "INSERT INTO orders VALUES (1, false), (2, true), (3, true)",
        "CREATE SCHEMA report",
        "CREATE VIEW plain AS SELECT * FROM orders",
        # Refreshed after what it reads, though its name comes before.
        'CREATE MATERIALIZED VIEW report."Z sales" AS SELECT count(*) AS n FROM plain',
        'CREATE MATERIALIZED VIEW a_total AS SELECT sum(n) AS n FROM report."Z sales"',
        "CREATE MATERIALIZED VIEW beside AS SELECT count(*) AS n FROM others",
    )
    return workspace


def shown(workspace: Workspace) -> tuple[int, int]:
    """Return what both views show."""
    return (
        workspace.database.rows('SELECT n FROM report."Z sales"')[0][0],
        int(workspace.database.rows("SELECT n FROM a_total")[0][0]),
    )


def test_a_view_that_reads_demo_tables_is_named_in_the_plan(sales: Workspace) -> None:
    """Also through another view; the line to paste stands there, and others are not named."""
    sales.project.revision("general", message="v1")
    (note,) = sales.project.downgrade("general", "base").notes
    assert 'report."Z sales", a_total read orders' in note
    assert '`refresh: [report."Z sales", a_total]`' in note
    assert shown(sales) == (3, 3)


def test_refresh_refreshes_after_the_move_in_the_right_order(sales: Workspace) -> None:
    """A view is read anew after those that it reads, in the transaction of the move."""
    sales.configure(SETTINGS + "refresh: [a_total, 'report.\"Z sales\"']\n")
    sales.project.revision("general", message="v1")
    sales.project.downgrade("general", "base")
    assert shown(sales) == (1, 1)
    sales.alembic("upgrade", "general@head")
    assert shown(sales) == (3, 3)
    sales.database.execute("DELETE FROM orders WHERE id = 3")
    sales.database.execute('REFRESH MATERIALIZED VIEW report."Z sales"')
    plan = sales.project.reset("general", discard=True)
    assert shown(sales) == (3, 3)
    assert 'report."Z sales" is refreshed at the end' in plan.notes


def test_a_dry_run_and_a_failure_refresh_nothing(sales: Workspace) -> None:
    """A view whose query fails undoes the move."""
    sales.configure(SETTINGS + "refresh: [a_total]\n")
    sales.project.revision("general", message="v1")
    sales.project.downgrade("general", "base", dry_run=True)
    assert shown(sales) == (3, 3)
    sales.database.execute(
        "CREATE MATERIALIZED VIEW broken AS SELECT 1 / (count(*) - 1) AS n FROM orders"
    )
    sales.configure(SETTINGS + "refresh: [broken]\n")
    before = sales.database.dump(own=True)
    done = sales.run("downgrade", "general", "base", check=False)
    assert done.returncode == 1
    assert "the materialized view broken cannot be refreshed: division by zero" in done.stderr
    assert "`refresh:`" in done.stderr
    assert sales.database.dump(own=True) == before


def test_an_unknown_view_is_an_error_with_its_line(sales: Workspace) -> None:
    """The near name is proposed."""
    sales.project.revision("general", message="v1")
    sales.configure(SETTINGS + "refresh: [a_totl]\n")
    with pytest.raises(
        ConfigError, match="a_totl is not a materialized view; did you mean"
    ) as caught:
        sales.project.downgrade("general", "base")
    assert caught.value.line == 2
