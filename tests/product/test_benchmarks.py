"""The benchmarks run, and what they measure is there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from support import in_process
from support.databases import missing

ROOT = Path(__file__).parents[2]
STARTED = ("current", "demosnap --help", "completion of a version")


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


def test_the_tools_and_demosnap_move_the_same_rows(tmp_path: Path) -> None:
    """The benchmarks run on a few rows and compare all of them, by default on SQLite."""
    chosen = os.environ.get("DEMOSNAP_TEST_BENCHMARKS", "sqlite").split()
    written = _smoke(tmp_path, "--part=tools", *(f"--db={dialect}" for dialect in chosen))

    required = os.environ.get("DEMOSNAP_REQUIRE_SERVERS") == "1"
    for dialect in chosen:
        captures, loads = (written[f"{dialect} {verb}"] for verb in ("capture", "load"))
        assert any(name.startswith("demosnap") for name in captures)
        assert any(name.endswith("--verify full") for name in loads)
        if required:
            # And the database's own tools.
            assert not all(name.startswith("demosnap") for name in captures)
            assert not all(name.startswith("demosnap") for name in loads)


def test_differences_and_many_versions_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Diffs, resets, moves and a scenario of some versions end in the rows that they must."""
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import __main__ as program
    from benchmarks import measure, projects

    started = measure.launch

    def launch(one: measure.Contender) -> measure.Sample:
        # Some of demosnap's commands are started as they are measured, the others run here.
        start = len(projects.COMMAND)
        if one.command[:start] != projects.COMMAND or one.name in STARTED:
            return started(one)
        before = time.perf_counter(), time.process_time()
        done = in_process.call(
            "demosnap", one.command[start:], one.folder, {**os.environ, **one.environment}
        )
        assert done.returncode in one.codes, (one.name, done.stderr)
        one.stdout.write_text(done.stdout, encoding="utf-8")
        return measure.Sample(time.perf_counter() - before[0], time.process_time() - before[1], 1)

    monkeypatch.setattr(measure, "launch", launch)
    files = {name: tmp_path / f"report.{name}" for name in ("json", "markdown")}
    parts = ("--part=difference", "--part=history")
    handler = signal.getsignal(signal.SIGTERM)
    try:
        program.main(
            ["--smoke", "--db=sqlite", *parts, *(f"--{n}={path}" for n, path in files.items())]
        )
    finally:
        signal.signal(signal.SIGTERM, handler)
    written = _written(files)

    assert {"diff", "sha256sum of both"} <= set(written["sqlite diff of 50 %"])
    assert {"status, 50 %", "reset, 50 %"} <= set(written["sqlite status and reset"])
    assert {"upgrade, 50 %", "downgrade, 50 %"} <= set(written["sqlite moves"])
    assert {"history", "current", "check"} <= set(written["many versions"])
    assert "completion of a version" in written["start-up"]


def _smoke(folder: Path, *options: str) -> dict[str, Any]:
    """Run a few rows of the benchmarks, and return the samples by group and contender."""
    files = {name: folder / f"report.{name}" for name in ("json", "markdown")}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "--smoke", *options),
            *(f"--{name}={path}" for name, path in files.items()),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return _written(files)


def _written(files: dict[str, Path]) -> dict[str, Any]:
    """Check the report, and return the samples by group and contender."""
    report = json.loads(files["json"].read_text(encoding="utf-8"))
    assert all(target["at_most"] and target["measured"] for target in report["targets"])
    text = files["markdown"].read_text(encoding="utf-8")
    assert "### Targets" in text and "| Median |" in text
    return {result["group"]: result["samples"] for result in report["results"]}
