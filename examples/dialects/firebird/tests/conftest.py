"""Nothing from outside reaches a test; each has a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from firebird.driver import create_database, driver_config

# A test's database has no crash to survive.
driver_config.db_defaults.forced_writes.value = False


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DEMOSNAP_DATABASE_URL", "ALEMBIC_CONFIG", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def new_database(tmp_path: Path) -> str:
    """The URL of an empty database."""
    path = tmp_path / "demo.fdb"
    create_database(str(path), user="SYSDBA", charset="UTF8").close()
    return f"firebird:///{path}"
