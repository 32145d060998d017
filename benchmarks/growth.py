"""Captures and loads of ever more rows: time for each row, and memory."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import databases, measure
from benchmarks.measure import Contender, Group, Result
from benchmarks.projects import Workspace


def sizes(most: int) -> list[int]:
    """Return 10,000 and each ten times more, up to `most`; at least one number."""
    found = [10**power for power in range(4, 10) if 10**power <= most]
    return found or [most]


def name(verb: str, rows: int) -> str:
    """Return the name of a contender: what is done, and with how many demo rows."""
    return f"{verb} {rows:,} rows"


def run(
    dialect: str, numbers: Sequence[int], folder: Path, rounds: int, say: Callable[[str], None]
) -> Result:
    """Measure captures and loads of so many demo rows, beside as many that are none."""
    found = Result(f"{dialect} growth", 0, {})
    for number in numbers:
        place = folder / str(number)
        with contextlib.ExitStack() as stack:
            group = Group(found.group, _contenders(dialect, place, number, stack), number)
            found.samples.update(measure.run(group, rounds, say).samples)
        shutil.rmtree(place)
    return found


def _contenders(
    dialect: str, folder: Path, rows: int, stack: contextlib.ExitStack
) -> list[Contender]:
    source = databases.make(dialect, folder, "source", stack)
    target = databases.make(dialect, folder, "target", stack)
    source.fill(rows * 2)
    digest = source.digest(marked=True)
    captures, loads = Workspace(folder / "captures"), Workspace(folder / "loads")
    loads.project(source.url).revision("general", message="v1", stamp=False)
    loaded = name("load", rows)
    return [
        captures.capture(name("capture", rows), source.url, source.forget),
        loads.contender(
            loaded,
            target.url,
            *("upgrade", "general@head"),
            prepare=target.empty,
            check=lambda: target.expect(digest, loaded),
        ),
    ]
