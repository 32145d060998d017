"""Measure demosnap beside the databases' own tools: `python -m benchmarks`.

The rounds are interleaved, and each contender finds the same state; every row of every result is
compared. Where there is no server, its part is left out, and said.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

import demosnap
from benchmarks import databases, difference, growth, history, measure, peers, rehearsal, report
from benchmarks.measure import Group, Result
from demosnap.errors import DemosnapError

PARTS = {
    "tools": "captures and loads beside each database's own tools",
    "difference": "diff, status, reset and moves between versions that differ",
    "rehearsal": "the purge of what no load has proved, with and without trying the way back",
    "history": "a scenario of many versions, and the start of the command",
    "growth": "captures and loads of 10,000 rows and ten times more, and again",
}
SMOKE = {
    "rows": 400,
    "rounds": 1,
    "versions": 12,
    "growth": 100,
    "shares": (50,),
    "verify": ("full",),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write what was asked for."""
    options = _parser().parse_args(arguments)
    # The databases are dropped then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    if options.smoke:
        vars(options).update(SMOKE)
    options.db = options.db or list(databases.DIALECTS)
    options.part = options.part or list(PARTS)
    before = None
    if options.compare:
        before = report.from_dict(json.loads(options.compare.read_text(encoding="utf-8")))
    found = _measure(options)
    asked = {name: getattr(options, name) for name in ("rows", "rounds", "versions", "growth")}
    made = report.Report(report.today(), report.machine(found.servers), asked, found.results)
    report.show(made, before, Console().print)
    if options.json:
        text = json.dumps(made.to_dict(), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    if options.markdown:
        _write_markdown(options.markdown, report.markdown(made, before))
    if found.failures:
        sys.exit("\n".join(["", "failed:", *found.failures]))


def _write_markdown(path: Path, text: str) -> None:
    """Write a file, or what stands under its heading "Measured", where it has one."""
    before, heading = "", "\n## Measured\n"
    if path.exists():
        before, found, _ = path.read_text(encoding="utf-8").partition(heading)
        before = f"{before}{heading}\n" if found else ""
    path.write_text(before + text, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parts = "\n".join(f"  {name:12}{text}" for name, text in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"{__doc__}\nThe parts:\n{parts}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--db", action="append", choices=databases.DIALECTS, help="can be repeated; default: all")
    add("--part", action="append", choices=PARTS, help="can be repeated; default: all")
    add("--rows", type=int, default=1_000_000, help="of the wide table; half are demo rows")
    add("--rounds", type=int, default=3)
    add("--versions", type=int, default=1000, help="of the scenario of many versions")
    add("--growth", type=int, default=1_000_000, metavar="ROWS", help="demo rows, at most")
    parser.set_defaults(shares=difference.SHARES, verify=peers.VERIFY)
    add("--smoke", action="store_true", help="a few rows of everything, to see that it runs")
    add("--compare", type=Path, metavar="FILE", help="the JSON of an earlier run")
    add("--json", type=Path, metavar="FILE", help="write the samples and the targets")
    add(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="write the tables, of a page that has it the part under Measured",
    )
    return parser


@dataclass
class _Found:
    """What was found so far: results by group, servers, and what went wrong."""

    results: dict[str, Result] = field(default_factory=dict)
    servers: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def _measure(options: argparse.Namespace) -> _Found:
    # As pip does when it installs.
    compileall.compile_dir(Path(demosnap.__file__).parent, quiet=2)
    found = _Found()
    for dialect in options.db:
        with _room(found) as (folder, stack):
            try:
                found.servers.append(databases.make(dialect, folder, "asked", stack).version())
            except databases.NoServerError as error:
                say(f"{dialect} is left out: {error}")
                continue
        if "tools" in options.part:
            with _room(found) as room:
                groups = peers.groups(dialect, options.rows, *room, options.verify)
                _run(groups, options, found)
        if "difference" in options.part:
            with _room(found) as room:
                groups = difference.groups(dialect, options.rows, *room, options.shares)
                _run(groups, options, found)
        if "rehearsal" in options.part:
            with _room(found) as room:
                _run(rehearsal.groups(dialect, options.rows, *room), options, found)
        if "growth" in options.part:
            with _room(found) as (folder, _):
                numbers = growth.sizes(options.growth)
                result = growth.run(dialect, numbers, folder, options.rounds, say)
                found.results[result.group] = result
    if "history" in options.part:
        with _room(found) as room:
            _run(history.groups(options.versions, *room), options, found)
    return found


def _run(groups: Sequence[Group], options: argparse.Namespace, found: _Found) -> None:
    for group in groups:
        found.results[group.name] = measure.run(group, options.rounds, say)


@contextlib.contextmanager
def _room(found: _Found) -> Iterator[tuple[Path, contextlib.ExitStack]]:
    """Give a folder, and a stack that ends before the folder goes; go on after a failure."""
    try:
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            yield Path(folder), stack
    except (measure.BenchmarkError, DemosnapError) as error:
        # An hour of other results shall not be lost.
        say(f"failed: {error}")
        found.failures.append(str(error))


def say(line: str) -> None:
    """Say how it goes."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
