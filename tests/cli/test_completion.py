"""Completion knows the names of versions; it and --help import nothing heavy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demosnap.cli.program import cli
from support.fake_project import RUNNER

HEAVY = ["rich", "yaml", "msgspec", "sqlalchemy", "alembic", "mako", "demosnap.project"]


@pytest.mark.parametrize("words", [["--help"], ["revision", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['demosnap', *{words!r}]\n"
        "from demosnap.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose scripts cannot be executed: their names must do."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALEMBIC_CONFIG", raising=False)
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s\nversion_locations = %(here)s/demo_revisions\n"
        "path_separator = os\n"
    )
    for name in ("general_v1_2025-01-15", "general_v2_2025-01-20", "general_v10_2025-02-01",
                 "writer_v1_2025-01-15"):  # fmt: skip
        folder = tmp_path / "demo_revisions" / name.partition("_")[0]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text("raise SystemExit('executed')")
        (folder / f"{name}.sql").touch()
    (tmp_path / "demo_revisions" / "metadata").mkdir()
    return tmp_path


def complete(*words: str, shell: str = "zsh", split_at: bool = False) -> list[str]:
    line = " ".join(("demosnap", *words))
    pieces = line.replace("@", " @ " if split_at else "@").split()
    if line.endswith(" "):
        pieces.append("")
    env = {
        "_DEMOSNAP_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(pieces),
        "COMP_CWORD": str(len(pieces) - 1),
    }
    result = RUNNER.invoke(cli, [], env=env, prog_name="demosnap")
    lines = result.stdout.splitlines()
    if shell == "zsh":
        return [lines[at + 1] for at in range(0, len(lines) - 2, 3)]
    return [line.partition(",")[2] for line in lines]


def test_completion_of_names(versions: Path) -> None:
    general = [
        "general@head",
        "general@v10_2025-02-01",
        "general@v2_2025-01-20",
        "general@v1_2025-01-15",
    ]
    assert complete("upgr") == ["upgrade"]
    assert complete("revision", "") == ["general", "writer"]
    assert complete("revision", "g") == ["general"]
    assert complete("upgrade", "gen") == general
    assert complete("upgrade", "writer@head", "general@v1") == [general[1], general[3]]
    assert complete("upgrade", "h") == ["heads"]
    assert complete("load", "w") == ["writer"]
    assert complete("load", "writer@") == ["writer@head", "writer@v1_2025-01-15"]
    assert complete("stamp", "general@h") == ["general@head"]
    assert complete("downgrade", "writer", "") == ["v1_2025-01-15", "base"]
    assert complete("downgrade", "--disc") == ["--discard"]
    assert complete("history", "--yes", "w") == ["writer"]
    assert complete("check", "x") == []


def test_completion_follows_the_config_option(versions: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir("/")
    assert complete("revision", "") == []
    assert complete("-c", str(versions / "alembic.ini"), "revision", "w") == ["writer"]
    assert complete("revision", "-c", str(versions / "alembic.ini"), "w") == ["writer"]


@pytest.mark.parametrize("broken", ["", "[alembic\n", "[alembic]\nscript_location = %(x)s\n"])
def test_completion_of_a_broken_project_is_empty_and_silent(versions: Path, broken: str) -> None:
    (versions / "alembic.ini").write_text(broken)
    assert complete("revision", "") == []


def test_completion_for_bash_which_breaks_words_at_the_at_sign(versions: Path) -> None:
    assert complete("load", "writer@v", shell="bash", split_at=True) == ["@v1_2025-01-15"]
    assert complete("load", "writer@", shell="bash", split_at=True) == [
        "@head",
        "@v1_2025-01-15",
    ]
    assert complete("upgrade", "general@head", "writer@h", shell="bash", split_at=True) == ["@head"]
    assert complete("load", "writer@v", shell="bash") == ["writer@v1_2025-01-15"]


def test_completion_of_a_thousand_versions_imports_nothing_heavy(versions: Path) -> None:
    """It reads the names of files, which are empty here. Its time is measured in benchmarks."""
    for number in range(11, 1001):
        (versions / f"demo_revisions/general/general_v{number}_2025-02-01.py").touch()
    code = (
        "import sys\n"
        "from demosnap.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([n for n in {HEAVY!r} if n in sys.modules], file=sys.stderr)"
    )
    env = {
        **os.environ,
        "_DEMOSNAP_COMPLETE": "bash_complete",
        "COMP_WORDS": "demosnap upgrade general@v",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    assert done.stdout.count("\n") == 993
    assert done.stdout.startswith("plain,general@v1000_2025-02-01\n")
    assert done.stderr == "[]\n"
