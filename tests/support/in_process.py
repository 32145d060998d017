"""Run a command by its real entry point in this process: what a child process does, without its
start, which takes a hundred times as long as most commands."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import pty
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def call(
    command: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `demosnap` or `alembic` in a folder, with an environment and no standard input."""
    out, err = _stream(), _stream()
    with _surroundings(folder, environment), Path(os.devnull).open() as nothing:
        streams = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = nothing, out, err
        try:
            code = _exit_code(command, arguments)
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
    return subprocess.CompletedProcess([command, *arguments], code, _text(out), _text(err))


def on_terminal(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> bytes:
    """Run `demosnap` on a terminal, which its pager has too; return what that was sent."""
    ours, theirs = pty.openpty()
    saved = [os.dup(number) for number in range(3)]
    streams = sys.stdin, sys.stdout, sys.stderr
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(_all_sent, ours)
        try:
            for number in range(3):
                os.dup2(theirs, number)
            os.close(theirs)
            sys.stdin, sys.stdout, sys.stderr = (
                open(n, mode, 1, "utf-8", closefd=False)  # noqa: SIM115
                for n, mode in enumerate("rww")
            )
            with _surroundings(folder, environment):
                code = _exit_code("demosnap", arguments)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
            for number, there in enumerate(saved):
                os.dup2(there, number)
                os.close(there)
        data = sent.result(60)
    os.close(ours)
    assert code == 0, data
    return data


def _all_sent(terminal: int) -> bytes:
    parts = []
    # Linux says by an error that the other end is closed.
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 65536):
            parts.append(part)
    return b"".join(parts)


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode().replace("\r\n", "\n")


@contextlib.contextmanager
def _surroundings(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Set what a process of its own would start with, and put back what was."""
    before, there, threshold = dict(os.environ), Path.cwd(), gc.get_threshold()
    os.environ.clear()
    # Without a terminal a process has 80 columns; this one may have a terminal.
    os.environ.update({"COLUMNS": "80", **environment})
    os.chdir(folder)
    try:
        with warnings.catch_warnings():
            warnings.resetwarnings()
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", ResourceWarning)
            warnings.showwarning = _show_warning
            yield
    finally:
        os.chdir(there)
        os.environ.clear()
        os.environ.update(before)
        gc.set_threshold(*threshold)


def _show_warning(
    message: Warning | str, category: type[Warning], *place: object, **more: object
) -> None:
    print(f"{category.__name__}: {message}", file=sys.stderr)


def _exit_code(command: str, arguments: Sequence[str]) -> int:
    try:
        {"demosnap": _demosnap, "alembic": _alembic}[command](arguments)
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
            return 1
        return stop.code or 0
    except Exception:  # noqa: BLE001  as the interpreter would
        traceback.print_exc()
        return 1
    return 0


def _demosnap(arguments: Sequence[str]) -> None:
    from demosnap.cli.program import cli

    cli.main(args=list(arguments), prog_name="demosnap")


def _alembic(arguments: Sequence[str]) -> None:
    from alembic import config

    # Its Config has the standard output of the moment when it was imported.
    defaults = config.Config.__init__.__defaults__
    assert defaults is not None
    now = tuple(sys.stdout if hasattr(value, "write") else value for value in defaults)
    config.Config.__init__.__defaults__ = now
    try:
        config.main(argv=list(arguments), prog="alembic")
    finally:
        config.Config.__init__.__defaults__ = defaults
