"""Measure what dump tools and demosnap lose: `python -m benchmarks.fidelity`.

On a database of each kind, filled with the zoo of the tests: the database's own dump tool dumps
it and its own client restores that into an empty database; demosnap captures the demo rows, takes
them out and loads them again. Then every value of every row is compared as the server says it.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import datetime
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from demosnap import scaffold
from demosnap.project import Project
from demosnap.version import __version__

ROOT = Path(__file__).parents[2]
DATABASES = ("sqlite", "postgresql", "mariadb")
TOOLS = {
    "sqlite": ("sqlite3 .dump", ("sqlite3", "--version")),
    "postgresql": ("pg_dump --column-inserts", ("pg_dump", "--version")),
    "mariadb": ("mariadb-dump", ("mariadb-dump", "--version")),
}
SERVER = {"sqlite": "SELECT sqlite_version()", "postgresql": "SHOW server_version"}

Content = Mapping[str, Sequence[tuple[Any, ...]]]
"""The rows of each table, every value as its server says it."""


@dataclass
class Result:
    """What one tool did to one zoo: by table, the rows that are not as they were, and why."""

    database: str
    tool: str
    tables: int
    rows: int
    lost: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass
class Subject:
    """A database with its zoo, and how it is looked at and configured."""

    database: Any
    settings: str
    content: Callable[[Any], Content]
    refused: Mapping[str, str]


def measure(dialect: str, folder: Path) -> tuple[list[Result], str]:
    """Return what the dump tool and demosnap lose on a database, and the versions of all."""
    databases = _tests("databases")
    with contextlib.ExitStack() as stack:

        def made(name: str) -> Any:
            (folder / name).mkdir(parents=True)
            making: Iterator[Any] = databases.make_database(dialect, folder / name)
            found = next(making)
            stack.callback(next, making, None)
            return found

        subject = _sqlite(made("zoo")) if dialect == "sqlite" else _server(made("zoo"))
        before = subject.content(subject.database)
        dumped = _dump_tool(subject, before, made("restored"))
        moved = _demosnap(subject, before, folder / "project")
        question = SERVER.get(dialect, "SELECT VERSION()")
        ((version,),) = subject.database.rows(question)
    tool = subprocess.run(TOOLS[dialect][1], capture_output=True, text=True, check=True).stdout
    return [dumped, moved], f"{dialect} {version}; {' '.join(tool.split()[:5])}"


def _tests(name: str) -> Any:
    folder = str(ROOT / "tests")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(f"support.{name}")


def _sqlite(database: Any) -> Subject:
    zoo = _tests("sqlite_zoo")
    sqlite3 = importlib.import_module("sqlite3")
    with contextlib.closing(sqlite3.connect(sa.make_url(database.url).database)) as connection:
        for animal in zoo.ZOO:
            connection.execute(f"CREATE TABLE {zoo.quote(animal.name)} {animal.definition}")
        for statement in zoo.EXTRAS:
            connection.execute(statement)
        for animal in zoo.ZOO:
            animal.insert(connection, animal.unmarked, zoo.UNMARKED)
            animal.insert(connection, animal.marked, zoo.MARKED)
        connection.commit()

    def content(one: Any) -> Content:
        found: Content = zoo.contents(Path(sa.make_url(one.url).database or ""))
        return found

    return Subject(database, zoo.SETTINGS, content, {})


def _server(database: Any) -> Subject:
    zoos = _tests("zoos")
    zoo = zoos.make(database, every=True)

    def content(one: Any) -> Content:
        found: dict[str, Sequence[tuple[Any, ...]]] = {}
        with contextlib.suppress(sa.exc.DBAPIError):
            return zoo_content(one, zoo.tables)
        for table in zoo.tables:
            # A table that was not restored has none of its rows.
            with contextlib.suppress(sa.exc.DBAPIError):
                found.update(zoo_content(one, [table]))
        return found

    def zoo_content(one: Any, tables: Sequence[str]) -> Content:
        rows: Content = zoos.Zoo(one, tables=tables).content()
        return rows

    return Subject(database, zoo.settings, content, zoo.refused())


def _dump_tool(subject: Subject, before: Content, restored: Any) -> Result:
    database = subject.database
    url = sa.make_url(database.url)
    host, port, user = url.host or "", str(url.port), url.username or ""
    name = url.database or ""
    command = {
        "sqlite": ["sqlite3", name, ".dump"],
        "postgresql": ["pg_dump", "--column-inserts", "-h", host, "-p", port, "-U", user, name],
        "mariadb": ["mariadb-dump", "-h", host, "-P", port, "-u", user, name],
    }[database.dialect]
    dump = database.folder / "dump.sql"
    with dump.open("wb") as stream:
        made = subprocess.run(command, stdout=stream, stderr=subprocess.PIPE, check=False)
    # What can be restored shall be, to see all that is lost.
    options = ["--force"] if database.dialect == "mariadb" else []
    done = restored.client(dump, *options, check=False)
    said = made.stderr.decode(errors="replace") + done.stderr
    errors = [line for line in said.splitlines() if "error" in line.lower()]
    lost = _lost(database, before, subject.content(restored))
    return _result(database.dialect, TOOLS[database.dialect][0], before, lost, errors)


def _demosnap(subject: Subject, before: Content, folder: Path) -> Result:
    folder.mkdir()
    scaffold.init(folder, url="sqlite:///unused.db", confirm=lambda *_: True)
    settings = folder / "demo_revisions" / "demosnap.yaml"
    settings.write_text(subject.settings, encoding="utf-8")
    project = Project(folder / "alembic.ini", url=subject.database.url)
    project.revision("general")
    project.downgrade("general", "base")
    if subject.content(subject.database) == before:
        raise SystemExit("nothing was taken out, so nothing was measured")
    project.upgrade("general@head")
    lost = _lost(subject.database, before, subject.content(subject.database))
    result = _result(subject.database.dialect, f"demosnap {__version__}", before, lost, [])
    result.refused.update(subject.refused)
    return result


def _result(
    dialect: str, tool: str, before: Content, lost: dict[str, str], errors: list[str]
) -> Result:
    return Result(dialect, tool, len(before), sum(map(len, before.values())), lost, errors)


def _lost(database: Any, before: Content, after: Content) -> dict[str, str]:
    """Return, by table, how many rows are not there as they were, and the columns that differ."""
    lost = {}
    for table, rows in before.items():
        found = after.get(table)
        if found is None:
            lost[table] = "the whole table"
        elif gone := collections.Counter(rows) - collections.Counter(found):
            columns = _columns(database, table, rows, found)
            count = sum(gone.values())
            shown = ", ".join(columns[:6]) + (", …" if columns[6:] else "")
            lost[table] = f"{count} of {len(rows)} rows" + (f" (in {shown})" if shown else "")
    return lost


def _columns(
    database: Any, table: str, before: Sequence[tuple[Any, ...]], after: Sequence[tuple[Any, ...]]
) -> list[str]:
    """Return the columns of which some value is gone, where the rows are known by column."""
    inspector = sa.inspect(database.engine)
    if not inspector.has_table(table):
        return []
    names = [column["name"] for column in inspector.get_columns(table)]
    if database.dialect == "postgresql":
        names.sort()
    found = []
    for place, name in enumerate(names):

        def values(rows: Sequence[tuple[Any, ...]], at: int = place) -> collections.Counter[Any]:
            wide = [row for row in rows if len(row) % len(names) == 0]
            size = len(wide[0]) // len(names) if wide else 1
            return collections.Counter(row[at * size : (at + 1) * size] for row in wide)

        if values(before) - values(after):
            found.append(name)
    return found


def render(results: Sequence[Result], versions: Sequence[str]) -> str:
    """Return the text of docs/fidelity.md."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    lines = [
        "# Fidelity",
        "",
        "What a round trip loses on the zoos of the tests, which are databases of unusual tables"
        " and values. The dump tools dump the",
        "whole database, which their own client restores into an empty one; demosnap captures"
        " the demo rows, purges them and",
        "loads them again. Then every value of every row is compared in the server's own"
        " rendering. All unusual values are in demo",
        "rows; on SQLite an equal number of rows with the same values stays.",
        "",
        f"Measured by `python -m benchmarks.fidelity` on {today}:",
        "",
        *(f"- {version}" for version in versions),
        "",
        "| Database | Tool | Tables | Rows | Tables that lost something | Errors of the restore |"
        " Refused, with a reason |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in results:
        lines.append(
            f"| {one.database} | `{one.tool}` | {one.tables} | {one.rows} |"
            f" {len(one.lost) or 'none'} | {len(one.errors) or 'none'} |"
            f" {len(one.refused) or 'none'} |"
        )
    for one in results:
        if one.lost or one.errors or one.refused:
            lines += ["", f"## {one.database}: {one.tool}", ""]
            lines += [f"- `{table}`: lost {what}" for table, what in one.lost.items()]
            lines += [f"- error: `{line.strip()[:160]}`" for line in one.errors[:10]]
            lines += [f"- `{table}`: refused, {why}" for table, why in one.refused.items()]
    return "\n".join([*lines, ""])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the report, and write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("databases", nargs="*", default=DATABASES, help=" ".join(DATABASES))
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "fidelity.md")
    options = parser.parse_args(arguments)
    results: list[Result] = []
    versions = []
    with tempfile.TemporaryDirectory() as folder:
        for dialect in options.databases:
            found, version = measure(dialect, Path(folder, dialect))
            results += found
            versions.append(version)
    text = render(results, versions)
    options.output.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
