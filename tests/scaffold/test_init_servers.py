"""`init` looks at a live database of any kind, and what it proposes can be used as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from demosnap import example
from demosnap.config import load
from demosnap.model import Marker, Rule
from demosnap.project import Project
from demosnap.scaffold import InitResult, init
from support import small
from support.databases import Database


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, as the current one."""
    found = tmp_path / "project"
    found.mkdir()
    monkeypatch.chdir(found)
    return found


def look(database: Database) -> InitResult:
    """Run init with the URL of a database."""
    return init(url=database.url, confirm=lambda *_: True)


def test_the_example_needs_no_hand(database: Database, folder: Path) -> None:
    """Marker, via and scenarios are those that the rows have; capture and moves work at once."""
    with database.engine.begin() as connection:
        example.create_tables(connection)
        example.seed_own_rows(connection)
        for scenario in ("general", "writer"):
            example.seed(connection, scenario)
    before = database.dump(own=True)

    result = look(database)

    assert database.dump(own=True) == before, "looking changes nothing"
    assert result.notes == ()
    settings = load()
    assert settings.marker == Marker("metadata", "demo_seed", "scenario")
    assert settings.tables == {"todos": Rule("via", ("fragment_id",))}
    assert settings.scenario_names == ("general", "writer")
    assert settings.default_scenario == "general"
    text = settings.yaml_file.read_text()
    found = "chat_sessions, contacts, fragments, projects, vaults"
    assert f"# The marker finds by itself: {found}." in text

    project = Project(folder / "alembic.ini", url=database.url)
    for scenario in ("general", "writer"):
        version = project.revision(scenario).version
        assert version is not None and version.rows["todos"] > 0
        project.downgrade(scenario, "base")
    project.upgrade("heads")
    assert database.dump() == before


@pytest.mark.long
def test_a_boolean_column_and_a_column_of_the_scenario(database: Database, folder: Path) -> None:
    """They are found where no row has a marker in JSON; the users' rows are no demo data."""
    small.metadata.create_all(database.engine)
    database.execute(*small.OWN_ROWS, *small.GENERAL["v1"], *small.WRITER)
    before = database.dump()

    result = look(database)

    settings = load()
    assert settings.marker == Marker("is_demo", scenario_column="scenario")
    assert settings.tables == {"checks": Rule("via", ("card_id",))}
    assert settings.scenario_names == ("general", "writer")
    assert settings.default_scenario == "general"
    assert result.notes == ()
    text = settings.yaml_file.read_text()
    assert "# cards: owner_id references users, whose rows are not captured" in text
    project = Project(folder / "alembic.ini", url=database.url)
    project.revision("general")
    project.downgrade("general", "base")
    project.upgrade("general@head")
    assert database.dump() == before


@pytest.mark.long
def test_odd_names_and_keys_over_several_columns(database: Database, folder: Path) -> None:
    """Names are written as demosnap.yaml reads them again."""
    metadata = sa.MetaData()
    kept = sa.Column("metadata", sa.JSON)
    pair = [sa.Column("x", sa.Integer, primary_key=True, autoincrement=False)]
    pair += [sa.Column("y y", sa.Integer, primary_key=True, autoincrement=False)]
    sa.Table("Odd: one.é", metadata, *pair, kept)
    sa.Table(
        "select",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("a.b", sa.Integer),
        sa.Column("c", sa.Integer),
        sa.ForeignKeyConstraint(["a.b", "c"], pair),
    )
    metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        odd, select = metadata.tables["Odd: one.é"], metadata.tables["select"]
        marker = {"demo_seed": True, "scenario": "general"}
        connection.execute(odd.insert(), [{"x": 1, "y y": 2, "metadata": marker}])
        connection.execute(select.insert(), [{"id": 1, "a.b": 1, "c": 2}])
    before = database.dump()

    look(database)

    assert load().tables == {"select": Rule("via", ("a.b", "c"))}
    project = Project(folder / "alembic.ini", url=database.url)
    version = project.revision("general").version
    assert version is not None
    assert version.rows == {'"Odd: one.é"': 1, "select": 1}
    project.downgrade("general", "base")
    project.upgrade("general@head")
    assert database.dump() == before


def test_a_database_that_is_not_there_is_a_note(database: Database, folder: Path) -> None:
    """The files are written all the same, without tables, and no database is made."""
    url = sa.make_url(database.url)
    missing = str(folder / "no.db") if database.dialect == "sqlite" else "demosnap_not_there"

    result = init(
        url=url.set(database=missing).render_as_string(hide_password=False),
        confirm=lambda *_: True,
    )

    (note,) = [n for n in result.notes if "could not be read" in n]
    assert note.startswith("The database could not be read (")
    assert "demosnap.yaml names no tables" in note
    assert load().tables == {}
    assert not (folder / "no.db").exists()
