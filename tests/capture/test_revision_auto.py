"""Automatic captures: nothing unless asked for; after a seed, in the seeder's transaction too."""

from __future__ import annotations

import pytest

import demosnap
from demosnap.project import Project
from demosnap.results import RevisionResult
from support import small
from support.small import Chain
from support.unchanged import unchanged

pytestmark = pytest.mark.long


@pytest.mark.parametrize("value", [None, "0", "", "no", "off"])
def test_auto_does_nothing_unless_it_is_asked_for(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """Not even a database is needed: seeders run where none is configured for demosnap."""
    if value is not None:
        monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", value)
    with unchanged(sqlite_seeded):
        result = Project(sqlite_seeded.workspace.folder / "alembic.ini").revision(
            "general", auto=True
        )
        assert result == RevisionResult(None, None, False, False)
        assert sqlite_seeded.project.revision("general", auto=True) == result


def test_auto_captures_when_the_environment_asks_for_it(
    seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", "1")
    assert seeded.project.revision("general", auto=True).created
    assert seeded.stamps() == ["general v1"]


def test_auto_captures_when_the_configuration_asks_for_it(seeded: Chain) -> None:
    seeded.workspace.configure(small.SETTINGS + "auto_export: true\n")
    assert seeded.project.revision("general", auto=True).created
    assert not seeded.project.revision("general", auto=True).created


def test_after_seed_is_revision_auto(seeded: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", seeded.database.url)
    ini = seeded.workspace.folder / "alembic.ini"
    with unchanged(seeded):
        assert demosnap.after_seed("general", ini).version is None
    monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", "1")
    assert demosnap.after_seed("general", ini).created
    assert seeded.stamps() == ["general v1"]


def test_after_seed_finds_the_project_of_the_current_folder(
    sqlite_seeded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sqlite_seeded.workspace.folder)
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", sqlite_seeded.database.url)
    monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", "1")
    result = demosnap.after_seed("general")
    assert result.files[0].startswith("demo_revisions/general/general_v1_")


def test_after_seed_captures_inside_the_seeders_transaction(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are not committed yet are captured, and the stamp is committed with them."""
    monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", "1")
    ini = chain.workspace.folder / "alembic.ini"
    with chain.database.engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql("INSERT INTO checks VALUES (7, 1, 'late')")
        result = demosnap.after_seed("general", ini, connection=connection)
        assert result.version is not None
        assert result.version.rows["checks"] == 3
        assert transaction.is_active
        transaction.commit()
    assert chain.stamps() == ["general v3"]
    assert chain.project.check(database=True) == []


def test_a_stamp_in_the_callers_transaction_goes_when_it_is_rolled_back(chain: Chain) -> None:
    before = chain.everything()
    with chain.database.engine.connect() as connection:
        connection.begin()
        connection.exec_driver_sql("INSERT INTO checks VALUES (7, 1, 'late')")
        assert chain.project.revision("general", connection=connection).created
        connection.rollback()
    assert chain.everything() == before
    assert chain.stamps() == ["general v2"]
