"""What was measured, as tables on a terminal, as Markdown and as JSON."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import Result, Sample
from benchmarks.targets import MEGABYTE, outcomes

Row = Sequence[str]


@dataclass
class Table:
    """A table with a title; all columns but the first `words` are numbers."""

    title: str
    head: Row
    words: int = 1
    rows: list[Row] = field(default_factory=list)


@dataclass
class Report:
    """All results, and the circumstances in which they were found."""

    date: str
    machine: Sequence[str]
    options: Mapping[str, Any]
    results: dict[str, Result]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "date": self.date,
            "machine": list(self.machine),
            "options": dict(self.options),
            "results": [
                {
                    "group": result.group,
                    "rows": result.rows,
                    "samples": {
                        name: {
                            "seconds": [round(one.seconds, 4) for one in samples],
                            "processor": [round(one.processor, 4) for one in samples],
                            "memory": [one.memory for one in samples],
                        }
                        for name, samples in result.samples.items()
                    },
                }
                for result in self.results.values()
            ],
            "targets": [
                {
                    "group": one.target.group,
                    "contender": one.target.contender,
                    "at_most": one.target.text,
                    "measured": round(one.measured, 3),
                    "met": one.met,
                }
                for one in outcomes(self.results)
            ],
        }


def from_dict(found: Mapping[str, Any]) -> Report:
    """Return the report that `to_dict` was made of."""
    results = {}
    for one in found["results"]:
        samples = {
            name: [
                Sample(*one)
                for one in zip(taken["seconds"], taken["processor"], taken["memory"], strict=True)
            ]
            for name, taken in one["samples"].items()
        }
        results[one["group"]] = Result(one["group"], one["rows"], samples)
    return Report(found["date"], found["machine"], found["options"], results)


def machine(servers: Iterable[str]) -> list[str]:
    """Return what it was measured on: the machine, and the versions of all that takes part."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = [
        f"{os.cpu_count()} cores ({_processor()}), {pages / 1e9:.0f} GB, {platform.platform()}",
        f"Python {platform.python_version()}, {_libraries()}",
        *servers,
    ]
    for tool in ("sqlite3", "pg_dump", "mariadb-dump", "mysqldump"):
        if shutil.which(tool):
            said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True)
            if numbers := re.findall(r"\d+\.[\d.]+\d(?:-MariaDB)?", said.stdout):
                # MariaDB's tools have a number of their own before the server's.
                server = [number for number in numbers if "MariaDB" in number]
                found.append(f"{tool} {(server or numbers)[0]}")
    return found


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _libraries() -> str:
    names = ("demosnap", "SQLAlchemy", "alembic", "psycopg", "PyMySQL", "mysqlclient")
    found = []
    for name in names:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def today() -> str:
    """Return the day."""
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def tables(report: Report, before: Report | None = None) -> list[Table]:
    """Return the tables of a report; with an earlier one, times are compared with it."""
    found = [_group(result, before) for result in report.results.values()]
    reached = Table("Targets", ("Work", "", "At most", "Measured", ""), 3)
    for one in outcomes(report.results):
        target = one.target
        measured = f"{one.measured:.{0 if target.unit == ' MB' else 2}f}{target.unit}"
        verdict = "met" if one.met else "missed"
        reached.rows.append((target.group, target.contender, target.text, measured, verdict))
    return [*found, *([reached] if reached.rows else [])]


def _group(result: Result, before: Report | None) -> Table:
    peers = [name for name in result.samples if _is_peer(result, name)]
    head = ["", "Median", "Processor", *(f"× {peer}" for peer in peers)]
    growing = result.group.endswith(" growth")
    head += ["Peak memory"]
    head += ["For each row"] if growing else []
    head += ["Before", "Ratio"] if before else []
    title = f"{result.group}, {result.rows:,} {_unit(result)}" if result.rows else result.group
    table = Table(title, head)
    for name in result.samples:
        seconds = result.seconds(name)
        row = [name, f"{seconds:.2f} s", f"{result.processor(name):.2f} s"]
        row += [f"{result.ratio(name, peer):.2f}" if peer != name else "" for peer in peers]
        row.append(f"{result.memory(name) / MEGABYTE:.0f} MB")
        if growing:
            count = int(name.split()[1].replace(",", ""))
            row.append(f"{seconds / count * 1e6:.1f} µs")
        if before:
            earlier = before.results.get(result.group)
            if earlier and name in earlier.samples:
                past = earlier.seconds(name)
                row += [f"{past:.2f} s", f"{seconds / past:.2f}"]
            else:
                row += ["", ""]
        table.rows.append(row)
    return table


def _unit(result: Result) -> str:
    return "versions" if result.group in ("many versions", "start-up") else "demo rows"


def _is_peer(result: Result, name: str) -> bool:
    if result.group.endswith((" capture", " load")):
        return not name.startswith("demosnap")
    return name.startswith(("sha256sum", "python -c"))


def markdown(report: Report, before: Report | None = None) -> str:
    """Return the report as the text of docs/performance.md has it."""
    lines = [f"Measured on {report.date}:", "", *(f"- {line}" for line in report.machine)]
    for table in tables(report, before):
        lines += ["", f"### {_capital(table.title)}", "", _line(table.head)]
        rule = ["---" if number < table.words else "---:" for number in range(len(table.head))]
        lines += [_line(rule), *map(_line, table.rows)]
    return "\n".join([*lines, ""])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("  ", " ")


def _capital(text: str) -> str:
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}
    first, space, rest = text.partition(" ")
    return names.get(first, first.capitalize()) + space + rest


def show(report: Report, before: Report | None, write: Callable[[object], None]) -> None:
    """Write the tables to a terminal."""
    from rich.table import Table as Shown

    for line in report.machine:
        write(line)
    for table in tables(report, before):
        shown = Shown(title=_capital(table.title), title_justify="left")
        for number, name in enumerate(table.head):
            shown.add_column(name, justify="left" if number < table.words else "right")
        for row in table.rows:
            shown.add_row(*row)
        write(shown)
