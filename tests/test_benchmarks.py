"""The benchmarks run, and what they measure is there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from conftest import missing

ROOT = Path(__file__).parents[1]


def test_the_fidelity_of_sqlite_is_measured(tmp_path: Path) -> None:
    """The report has a line for each tool; demosnap loses nothing, `.dump` some values."""
    if shutil.which("sqlite3") is None:
        missing("sqlite3 is not installed")
    report = tmp_path / "fidelity.md"

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fidelity", "sqlite", "--output", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    text = report.read_text(encoding="utf-8")
    assert done.stdout == text + "\n"
    rows = {
        cells[1].strip("` ").split()[0]: [cell.strip() for cell in cells[2:]]
        for line in text.splitlines()
        if len(cells := line.strip("|").split("|")) == 7 and cells[0].strip() == "sqlite"
    }
    assert set(rows) == {"sqlite3", "demosnap"}
    tables, count, lost, errors, _ = rows["demosnap"]
    assert int(tables) >= 25 and int(count) >= 100
    assert (lost, errors) == ("none", "none")
    # A NUL cuts text off in the shell's dump, if in nothing else.
    assert int(rows["sqlite3"][2]) >= 1
