"""`init` and `quickstart` at the command line: what they ask, print and refuse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from demosnap.cli import session as sessions
from support.fake_project import run


def test_init_asks_before_it_adds_to_somebodys_ini(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DEMOSNAP_DATABASE_URL", "DATABASE_URL", "ALEMBIC_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    ini = tmp_path / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = alembic\n")
    result = run("init", str(tmp_path))
    assert result.exit_code == 2
    assert "[demosnap]" in result.stderr and "--yes" in result.stderr
    monkeypatch.setattr(sessions, "is_terminal", lambda: True)
    result = run("init", str(tmp_path), input="n\n")
    assert result.exit_code == 1
    assert ini.read_text() == "[alembic]\nscript_location = alembic\n"
    assert [path.name for path in tmp_path.iterdir()] == ["alembic.ini"]
    result = run("init", str(tmp_path), "--yes")
    assert result.exit_code == 0, result.output
    assert "[demosnap]" in ini.read_text()
    assert f"added to {tmp_path / 'alembic.ini'}" in result.stdout
    again = run("init", str(tmp_path))
    assert (again.exit_code, again.stdout) == (0, "")
    assert "kept" in again.stderr


def test_quickstart_runs_what_it_prints_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other.db"
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", f"sqlite:///{other}")
    monkeypatch.setenv("ALEMBIC_CONFIG", "nowhere.ini")
    result = run("quickstart")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "demosnap-quickstart"
    commands = [line[2:] for line in result.stdout.splitlines() if line.startswith("$ ")]
    assert commands == [
        "cd demosnap-quickstart",
        "unset ALEMBIC_CONFIG DEMOSNAP_DATABASE_URL",
        "python app.py seed",
        "demosnap init",
        "demosnap revision general -m 'v1: a good demo'",
        "python app.py edit",
        "demosnap revision general -m 'v2: after a day of work'",
        "demosnap downgrade general -1",
        "demosnap upgrade general@head",
        "demosnap history",
    ]
    assert "general: v2 → v1" in result.stdout
    assert "general: v1 → v2" in result.stdout
    assert not other.exists()
    assert Path.cwd() == tmp_path
    assert os.environ["ALEMBIC_CONFIG"] == "nowhere.ini"
    assert run("check", "-c", str(folder / "alembic.ini")).exit_code == 0

    (folder / "mine.txt").write_text("keep me")
    again = run("quickstart")
    assert again.exit_code == 0, again.output
    assert (folder / "mine.txt").read_text() == "keep me"
    scripts = list((folder / "demo_revisions" / "general").glob("*.py"))
    assert len(scripts) == 2


def test_what_quickstart_prints_can_be_repeated_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DEMOSNAP_DATABASE_URL", "DATABASE_URL", "ALEMBIC_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert run("quickstart", "tour").exit_code == 0
    monkeypatch.chdir(tmp_path / "tour")
    assert run("downgrade", "general", "base").exit_code == 0
    with create_engine("sqlite:///demo.db").connect() as connection:
        marked = "SELECT count(*) FROM fragments WHERE metadata ->> 'demo_seed'"
        assert connection.execute(text(marked)).scalar_one() == 0
        assert connection.execute(text("SELECT count(*) FROM fragments")).scalar_one() > 0
    assert run("upgrade", "general@head").exit_code == 0
    assert "no changes since v2" in run("revision", "general").stdout


def test_quickstart_refuses_a_folder_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "demo.db").write_text("mine")
    result = run("quickstart", str(tmp_path))
    assert result.exit_code == 2
    assert "quickstart did not make it" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["demo.db"]


def test_quickstart_in_the_current_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("quickstart", ".")
    assert result.exit_code == 0, result.output
    assert "$ cd" not in result.stdout
    assert (tmp_path / "demo.db").exists()
