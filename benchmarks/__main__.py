"""Measure demosnap beside the databases' own tools: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import databases, measure, peers


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--db", action="append", choices=databases.DIALECTS)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    for dialect in options.db or databases.DIALECTS:
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            try:
                for group in peers.groups(dialect, Path(folder), options.rows, stack):
                    result = measure.run(group, options.rounds, say)
                    print(group.name)
                    for name in result.samples:
                        megabytes = result.memory(name) / 1e6
                        print(f"  {name:40} {result.seconds(name):8.2f} s {megabytes:8.1f} MB")
            except measure.BenchmarkError as error:
                sys.exit(f"{dialect}: {error}")


def say(line: str) -> None:
    """Say how it goes."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
