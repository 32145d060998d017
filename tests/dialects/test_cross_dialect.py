"""A snapshot captured on one database loads on the others, value by value."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from demosnap import example
from demosnap.project import Project
from support.databases import DATABASES, Database, make_database
from support.workspaces import Workspace

PAIRS = list(itertools.permutations(DATABASES, 2))
SCENARIOS = ("general", "writer", "developer")


@pytest.fixture(params=PAIRS, ids=["-to-".join(pair) for pair in PAIRS])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """Two empty databases of different dialects."""
    source, target = request.param
    for name in ("source", "target"):
        (tmp_path / name).mkdir()
    with_source = make_database(source, tmp_path / "source")
    with_target = make_database(target, tmp_path / "target")
    try:
        yield next(with_source), next(with_target)
    finally:
        for generator in (with_source, with_target):
            next(generator, None)


def test_the_examples_scenarios_load_with_equal_values(
    two: tuple[Database, Database], make_workspace: Callable[[Database], Workspace]
) -> None:
    """All rows of all scenarios are equal as SQLAlchemy reads them, own rows untouched."""
    source, target = two
    workspace = make_workspace(source)
    with source.engine.begin() as connection:
        example.create_tables(connection)
        example.seed_own_rows(connection)
        for scenario in SCENARIOS:
            example.seed(connection, scenario)
    for scenario in SCENARIOS:
        workspace.project.revision(scenario, message="v1")
    with target.engine.begin() as connection:
        example.create_tables(connection)
        example.seed_own_rows(connection)
    own = _values(target)

    project = Project(workspace.folder / "alembic.ini", url=target.url)
    project.upgrade("heads")

    assert _values(target) == _values(source)
    assert project.check(database=True) == []
    for scenario in SCENARIOS:
        project.downgrade(scenario, "base")
    assert _values(target) == own


def test_a_capture_of_unchanged_rows_makes_no_version(
    two: tuple[Database, Database], make_workspace: Callable[[Database], Workspace]
) -> None:
    """Only the dialect differs; a row that differs does make one."""
    source, target = two
    workspace = make_workspace(source)
    for database in two:
        with database.engine.begin() as connection:
            example.create_tables(connection)
    with source.engine.begin() as connection:
        example.seed(connection, "general")
    workspace.project.revision("general", message="v1")
    project = Project(workspace.folder / "alembic.ini", url=target.url)
    project.upgrade("general@head")

    found = project.revision("general")
    assert (found.created, found.version and found.version.short) == (False, "v1")
    with target.engine.begin() as connection:
        example.edit(connection)
    found = project.revision("general")
    assert (found.created, found.version and found.version.short) == (True, "v2")


def test_a_row_inserted_after_the_load_gets_a_new_number(
    two: tuple[Database, Database], make_workspace: Callable[[Database], Workspace]
) -> None:
    """The application's next insert works: sequences are past the loaded rows."""
    source, target = two
    workspace = make_workspace(source)
    with source.engine.begin() as connection:
        example.create_tables(connection)
        example.seed(connection, "general")
    workspace.project.revision("general", message="v1")
    with target.engine.begin() as connection:
        example.create_tables(connection)
    Project(workspace.folder / "alembic.ini", url=target.url).upgrade("general@head")

    with target.engine.begin() as connection:
        contacts = example.metadata.tables["contacts"]
        connection.execute(contacts.insert().values(name="Somebody New"))


def _values(database: Database) -> dict[str, list[Any]]:
    """Return every row as the application's own definitions read it, JSON as sorted text."""
    found = {}
    with database.engine.connect() as connection:
        for table in example.metadata.sorted_tables:
            rows = connection.execute(sa.select(table).order_by(table.c.id))
            found[table.name] = [
                tuple(
                    json.dumps(v, sort_keys=True) if isinstance(v, dict | list) else v for v in row
                )
                for row in rows
            ]
    return found
