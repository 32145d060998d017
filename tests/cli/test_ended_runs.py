"""A run that is interrupted, that nobody reads or that cannot print ends in one clear way."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest
from filelock import FileLock

from support.projects import DEMOSNAP, state
from support.workspaces import Workspace


def test_an_interrupt(project: Workspace) -> None:
    before = state(project)
    with FileLock(project.revisions / ".demosnap.lock"):
        process = subprocess.Popen(
            [DEMOSNAP, "revision", "general", "--allow-empty"],
            cwd=project.folder,
            env={**os.environ, "DEMOSNAP_DATABASE_URL": project.database.url},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        # The target is said when the command is at work; then it waits for the lock.
        first = process.stderr.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert first.startswith("Database: ")
    assert (process.returncode, stdout) == (130, "")
    assert stderr.strip() == "interrupted, nothing was changed"
    assert state(project) == before


@pytest.mark.parametrize(
    "command", ["history", "history --json", "manifest --stdout", "upgrade general@v1 --sql"]
)
def test_nobody_reads_the_output(project: Workspace, command: str) -> None:
    before = state(project)
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [DEMOSNAP, *shlex.split(command)],
            cwd=project.folder,
            stdin=subprocess.DEVNULL,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, "")
    assert state(project) == before


@pytest.mark.parametrize("command", ["history", "load general@v1"])
def test_standard_output_is_closed(project: Workspace, command: str) -> None:
    before = state(project)
    for closing_them, said in ((">&-", "error: standard output is closed"), (">&- 2>&-", "")):
        done = subprocess.run(
            ["sh", "-c", f'exec "$0" {command} {closing_them}', DEMOSNAP],
            cwd=project.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 1
        assert done.stderr.partition("\n")[0] == said
    assert state(project) == before


def test_a_full_disk_under_standard_output(project: Workspace) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("w") as stream:
        done = subprocess.run(
            [DEMOSNAP, "history"],
            cwd=project.folder,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert (done.returncode, done.stderr) == (
        1,
        "error: standard output: No space left on device\n",
    )
