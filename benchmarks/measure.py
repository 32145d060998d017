"""Contenders that do the same work, measured in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LAUNCH = Path(__file__).with_name("launch.py")
_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in what the system counts peak memory in."""


class BenchmarkError(Exception):
    """A command failed, or its result is not what the others made."""


@dataclass(frozen=True)
class Sample:
    """One run of a command: wall seconds, those of its processor, its peak memory in bytes.

    What a server does for it is in the wall seconds alone.
    """

    seconds: float
    processor: float
    memory: int


def nothing() -> None:
    """Do nothing, before or after a run."""


@dataclass(frozen=True)
class Contender:
    """A command that does the work of its group.

    `prepare` brings everything into the state before the work; `check` raises BenchmarkError if
    the work was not done right. Neither is measured. `stdin` and `stdout` are files. `codes` are
    the exit codes that mean it went well.
    """

    name: str
    command: Sequence[str]
    prepare: Callable[[], object] = nothing
    check: Callable[[], object] = nothing
    stdin: Path = Path(os.devnull)
    stdout: Path = Path(os.devnull)
    folder: Path = Path()
    environment: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Group:
    """Contenders for the same work, by the name of the work; `rows` is how many it is about."""

    name: str
    contenders: Sequence[Contender]
    rows: int = 0


@dataclass
class Result:
    """The samples of each contender of a group, one a round."""

    group: str
    rows: int
    samples: dict[str, list[Sample]]

    def seconds(self, name: str) -> float:
        """Return the median time of a contender."""
        return statistics.median(one.seconds for one in self.samples[name])

    def processor(self, name: str) -> float:
        """Return the median time that a contender's own processes used a processor."""
        return statistics.median(one.processor for one in self.samples[name])

    def memory(self, name: str) -> int:
        """Return the greatest peak memory of a contender, in bytes."""
        return max(one.memory for one in self.samples[name])

    def ratio(self, name: str, other: str) -> float:
        """Return the median over the rounds of one contender's time by another's in that round."""
        pairs = zip(self.samples[name], self.samples[other], strict=True)
        return statistics.median(one.seconds / two.seconds for one, two in pairs)


def run(group: Group, rounds: int, say: Callable[[str], None]) -> Result:
    """Run each contender once a round, each round beginning with another one.

    Raises:
        BenchmarkError: a command failed, or its result is wrong.
    """
    samples: dict[str, list[Sample]] = {one.name: [] for one in group.contenders}
    for number in range(rounds):
        first = number % len(group.contenders)
        for one in [*group.contenders[first:], *group.contenders[:first]]:
            one.prepare()
            sample = launch(one)
            one.check()
            samples[one.name].append(sample)
            say(f"{group.name}, round {number + 1}: {one.name} {sample.seconds:.2f} s")
    return Result(group.name, group.rows, samples)


def launch(one: Contender) -> Sample:
    """Run a command and return what it took.

    Raises:
        BenchmarkError: its exit code is not one that means it went well.
    """
    with tempfile.TemporaryDirectory() as folder:
        result, errors = Path(folder, "result"), Path(folder, "stderr")
        streams = [str(path) for path in (result, one.stdin, one.stdout, errors)]
        subprocess.run(
            [sys.executable, "-I", "-S", str(_LAUNCH), *streams, *one.command],
            cwd=one.folder,
            env={**_environment(), **one.environment},
            check=True,
        )
        seconds, processor, memory, code = result.read_text("ascii").split()
        if int(code) not in one.codes:
            said = errors.read_text(encoding="utf-8", errors="replace")
            raise BenchmarkError(f"{one.name}: exit code {code}\n{' '.join(one.command)}\n{said}")
    return Sample(float(seconds), float(processor), int(memory) * _UNIT)


def _environment() -> dict[str, str]:
    """Return the variables, without those that make Python slower than users have it."""
    slow = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONDEVMODE")
    return {name: value for name, value in os.environ.items() if name not in slow}
