"""A scenario of a thousand versions: what looks at the graph, and what must not."""

from __future__ import annotations

import compileall
import contextlib
import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import databases
from benchmarks.measure import BenchmarkError, Contender, Group
from benchmarks.projects import COMMAND, Workspace
from demosnap import dialects
from demosnap.model import Header, Version
from demosnap.revisions import script
from demosnap.snapshot.sqlfile import SnapshotReader, SnapshotWriter

CLICK = "python -c 'import click'"
DATE = "2025-01-20"
_FRAGMENTS = 40
"""Rows of the wide table; a version has half of them, and the rows that they reference."""


def groups(versions: int, folder: Path, stack: contextlib.ExitStack) -> list[Group]:
    """Return what is measured on a scenario with so many versions, in an SQLite database."""
    database = databases.make("sqlite", folder, "history", stack)
    database.fill(_FRAGMENTS)
    workspace = Workspace(folder / "history-project")
    url = database.url
    workspace.project(url).revision("general", message="v1", date=DATE)
    _multiply(workspace, versions)
    # As every command finds them but the first one.
    compileall.compile_dir(workspace.revisions, quiet=2)
    workspace.project(url).manifest()
    workspace.project(url).load("general")

    def command(*arguments: str) -> Contender:
        return workspace.contender(" ".join(arguments), url, *arguments)

    looks = [
        command("history"),
        command("current"),
        command("upgrade", "general@head"),
        command("manifest", "--check"),
        command("manifest"),
        command("check"),
    ]
    return [
        Group("many versions", looks, versions),
        Group("start-up", list(_start_up(workspace, versions)), versions),
    ]


def _start_up(workspace: Workspace, versions: int) -> Iterator[Contender]:
    yield Contender(CLICK, (sys.executable, "-c", "import click"))
    yield Contender("demosnap --help", (*COMMAND, "--help"))
    answer = workspace.folder.parent / "completions"

    def check() -> None:
        found = answer.read_text(encoding="utf-8").splitlines()
        if len(found) != versions:
            raise BenchmarkError(f"{len(found)} of {versions} versions were completed")

    complete = {
        "_DEMOSNAP_COMPLETE": "bash_complete",
        "COMP_WORDS": "demosnap upgrade general@v",
        "COMP_CWORD": "2",
    }
    yield Contender(
        "completion of a version",
        COMMAND,
        folder=workspace.folder,
        environment=complete,
        stdout=answer,
        check=check,
    )


def _multiply(workspace: Workspace, versions: int) -> None:
    """Write versions that follow the only one there is, each with one row modified."""
    (first,) = workspace.project("sqlite:///none.db").graph().versions.values()
    folder = Path(first.folder)
    reader = SnapshotReader(folder / first.file)
    blocks = [(b.table, list(b.rows)) for b in reader.blocks(first.selection)]
    last = first
    for number in range(2, versions + 1):
        name = f"v{number}_{DATE}"
        header = dataclasses.replace(reader.header, version=name)
        path = folder / f"general_{name}.sql"
        dialect = dialects.get(header.dialect)
        with SnapshotWriter(path, header, first.selection, dialect) as writer:
            for table, rows in blocks:
                changed = f"'Vault {number}'".encode()
                writer.write_block(table, (r.replace(b"'Vault 1'", changed) for r in rows))
        last = _version(last, header, writer, number)
        path.with_suffix(".py").write_text(script.render(last), encoding="utf-8")


def _version(parent: Version, header: Header, writer: SnapshotWriter, number: int) -> Version:
    arguments = (parent.scenario, number, parent.revision, writer.digest, parent.created_at)
    return dataclasses.replace(
        parent,
        revision=script.revision_id(*arguments),
        down_revision=parent.revision,
        version=header.version,
        message=f"change {number}",
        file=f"general_{header.version}.sql",
        digest=writer.digest,
        size=writer.size,
    )
