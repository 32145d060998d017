"""Projects for the tests of commands: one that records calls, and two that are copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import demosnap.project
from demosnap import example, scaffold
from support import copies, small
from support.databases import Database, make_database
from support.fake_project import FakeProject
from support.projects import copied
from support.small import Chain
from support.workspaces import EXAMPLE_SETTINGS, MakeWorkspace, Workspace


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeProject]:
    made = type("Fake", (FakeProject,), {"calls": [], "result": None, "plan": None})
    monkeypatch.setattr(demosnap.project, "Project", made)
    monkeypatch.delenv("COLUMNS", raising=False)
    return made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project at general v2 and writer v1, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    scaffold.init(folder, url="sqlite:///demo.db", confirm=lambda *_: True)
    for database in make_database("sqlite", folder):
        workspace = Workspace(folder, database)
        workspace.configure(EXAMPLE_SETTINGS)
        with database.engine.begin() as connection:
            example.create_tables(connection)
            example.seed_own_rows(connection)
            example.seed(connection, "general")
        workspace.project.revision("general", message="one", date="2025-01-15")
        workspace.seed("general", 2)
        workspace.project.revision("general", message="two", date="2025-01-20")
        workspace.seed("writer")
        workspace.project.revision("writer", message="one", date="2025-01-15")
        yield folder


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Workspace:
    """A copy of the template of the test's own."""
    return copied(template, tmp_path / "project")


@pytest.fixture(scope="module")
def template_of_chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `chain` is a copy of."""
    return copies.build(tmp_path_factory.mktemp("template"), "v1", "v2", writer=True)


@pytest.fixture
def chain(template_of_chain: Path, tmp_path: Path) -> Iterator[Chain]:
    """Versions v1 and v2 of general and v1 of writer; the database is at both heads."""
    yield from copies.copy(template_of_chain, tmp_path)


@pytest.fixture
def loaded(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on each database, for `check --database`."""
    return small.copied(make_workspace(database), "v1", "v2", writer=True)
