"""What is too old is told in one line, by each way in, before anything fails by it."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from alembic.util import CommandError

import demosnap
from demosnap import requirements, revisions

FAKE = """\
import sys
from importlib import metadata

found = metadata.version
metadata.version = lambda name: {versions}.get(name) or found(name)
"""


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLAlchemy as Superset and Airflow 2 pin it."""
    found = metadata.version
    monkeypatch.setattr(
        metadata, "version", lambda name: "1.4.54" if name == "SQLAlchemy" else found(name)
    )


def test_nothing_is_said_of_what_is_here() -> None:
    assert requirements.problem() is None


@pytest.mark.parametrize(
    ("name", "version", "wrong"),
    [
        ("SQLAlchemy", "1.4.54", True),
        ("SQLAlchemy", "2.0.3", True),
        ("SQLAlchemy", "2.0.4", False),
        ("SQLAlchemy", "2.1.0b1", False),
        ("SQLAlchemy", "10.0", False),
        ("alembic", "1.9.4", True),
        ("alembic", "1.16.0", False),
        ("alembic", "1.16", False),
        ("click", "8.0.4", True),
        ("click", "8.1.4.post1", False),
    ],
)
def test_versions_are_compared_by_number(
    monkeypatch: pytest.MonkeyPatch, name: str, version: str, wrong: bool
) -> None:
    found = metadata.version
    monkeypatch.setattr(metadata, "version", lambda one: version if one == name else found(one))
    said = requirements.problem()
    assert (said is not None and f"and {version} is installed" in said) == wrong
    assert "\n" not in (said or "")


def test_an_old_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    assert requirements.problem() == "demosnap needs Python 3.10 or newer; this is Python 3.9.18"


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(requirements.LOWEST, "no_such_package", (1, 0))
    said = requirements.problem()
    assert said is not None and "no_such_package 1.0 or newer, and it is not installed" in said


def test_the_python_api_tells_it(old: None) -> None:
    with pytest.raises(ImportError, match=r"needs SQLAlchemy 2\.0\.4 or newer, and 1\.4\.54 is"):
        _ = demosnap.Project


def test_an_env_py_tells_it_as_alembic_tells_errors(old: None) -> None:
    with pytest.raises(CommandError, match=r"needs SQLAlchemy 2\.0\.4 or newer, and 1\.4\.54 is"):
        revisions.__getattr__("environment")


@pytest.mark.parametrize(
    "statement",
    [
        "sys.argv = ['demosnap', 'history']; from demosnap.cli import main; main()",
        "from alembic.config import main; main(['upgrade', 'heads'], 'alembic')",
    ],
)
def test_both_commands_say_one_line(tmp_path: Path, statement: str) -> None:
    """In a process of its own: this one has imported everything already."""
    demo = tmp_path / "demo_revisions"
    demo.mkdir()
    (demo / "demosnap.yaml").write_text("marker: none\n")
    (tmp_path / "env.py").write_text("from demosnap.revisions import environment\n")
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s\n")
    script = FAKE.format(versions={"SQLAlchemy": "1.4.54"}) + statement
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    assert done.returncode not in (0, 2)
    assert "demosnap needs SQLAlchemy 2.0.4 or newer, and 1.4.54 is installed." in said
    assert "pipx install demosnap" in said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1


def test_the_plugin_does_not_look_at_the_applications_versions(old: None) -> None:
    """It is loaded into the application's Alembic, which must go on working."""
    import importlib

    from demosnap.revisions import plugin

    assert importlib.reload(plugin).COMPARATOR
