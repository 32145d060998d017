"""Captures and loads: each database's own tools beside demosnap, on the same rows.

The tools' captures hold only the demo rows, as demosnap's do; each load tool loads what its own
capture tool made into the same empty tables, and all rows of the result are compared.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import data, databases
from benchmarks.databases import Database
from benchmarks.measure import Contender, Group
from benchmarks.projects import Workspace

CACHE = 256 << 10
"""KiB of SQLite's page cache while rows are loaded, by `.read` as by demosnap."""

VERIFY = ("counts", "full")

_COPY = "SELECT * FROM {table} WHERE {marked} ORDER BY id"


@dataclass
class Field:
    """What the contenders of a database work on.

    `source` has all rows, `only` the demo rows alone (where a tool cannot choose), `target` gets
    them. `files` is the folder of what the tools write.
    """

    source: Database
    target: Database
    only: Database | None
    files: Path
    rows: int
    digest: str

    def load(self, name: str, *command: str, stdin: Path = Path(os.devnull)) -> Contender:
        """Return a tool's load into the empty target."""
        return Contender(
            name,
            command,
            prepare=self.target.empty,
            check=lambda: self.target.expect(self.digest, name),
            stdin=stdin,
        )


def groups(
    dialect: str,
    total: int,
    folder: Path,
    stack: contextlib.ExitStack,
    verify: Sequence[str] = VERIFY,
) -> list[Group]:
    """Return what is measured on a database: a group of captures and one of loads.

    `total` is how many rows the wide table has; half of them are demo rows. `verify` are the
    kinds of verification to load with.
    """
    source = databases.make(dialect, folder, "source", stack)
    source.fill(total)
    only = None
    if dialect == "postgresql":
        only = databases.make(dialect, folder, "only", stack)
        only.fill(total, marked=True)
    target = databases.make(dialect, folder, "target", stack)
    digest = source.digest(marked=True)
    field = Field(source, target, only, folder, total // 2, digest)
    captures, loads = _TOOLS[dialect](field)
    for name, scheme in _drivers(dialect):
        capture, load = _demosnap(field, name, scheme, verify)
        captures.append(capture)
        loads += load
    return [
        Group(f"{dialect} capture", _installed(captures), field.rows),
        Group(f"{dialect} load", _installed(loads), field.rows),
    ]


def _installed(contenders: Iterable[Contender]) -> list[Contender]:
    return [one for one in contenders if shutil.which(one.command[0])]


def _drivers(dialect: str) -> list[tuple[str, str | None]]:
    if dialect != "mariadb":
        return [("demosnap", None)]
    found: list[tuple[str, str | None]] = [("demosnap (PyMySQL)", "mariadb+pymysql")]
    if importlib.util.find_spec("MySQLdb"):
        found.append(("demosnap (mysqlclient)", "mariadb+mysqldb"))
    return found


def _demosnap(
    field: Field, name: str, scheme: str | None, verify: Sequence[str]
) -> tuple[Contender, list[Contender]]:
    def url(database: Database) -> str:
        parts = database.parts.set(drivername=scheme) if scheme else database.parts
        if parts.get_driver_name() == "mysqldb":
            # An option of PyMySQL alone.
            parts = parts.difference_update_query(["ssl_disabled"])
        return parts.render_as_string(hide_password=False)

    workspace = Workspace(field.files / name)
    capture = workspace.capture(name, url(field.source), field.source.forget)
    loads = []
    for kind in verify:
        called = f"{name}, --verify {kind}"

        def check(called: str = called) -> None:
            field.target.expect(field.digest, called)

        loads.append(
            workspace.contender(
                called,
                url(field.target),
                *("upgrade", "general@head", "--verify", kind),
                prepare=field.target.empty,
                check=check,
            )
        )
    return capture, loads


def _sqlite(field: Field) -> tuple[list[Contender], list[Contender]]:
    source, target = field.source.name, field.target.name
    dump, script, attach = (field.files / name for name in ("insert.sql", "read.sql", "attach.sql"))
    selects = [
        f".mode insert {table}\n{_COPY.format(table=table, marked=field.source.marked)};"
        for table in data.TABLES
    ]
    capture = field.files / "mode-insert.sql"
    capture.write_text("\n".join([*selects, ""]), encoding="utf-8")
    begin = f"PRAGMA cache_size = -{CACHE};\nBEGIN;\n"
    script.write_text(f".bail on\n{begin}.read {dump}\nCOMMIT;\n", encoding="utf-8")
    inserts = [
        f"INSERT INTO {table} "
        + _COPY.format(table=f"source.{table}", marked=field.source.marked)
        + ";\n"
        for table in data.TABLES
    ]
    attach.write_text(
        f".bail on\nATTACH '{source}' AS source;\n{begin}{''.join(inserts)}COMMIT;\n",
        encoding="utf-8",
    )
    shell = ("sqlite3", "-batch")
    return (
        [Contender("sqlite3 .mode insert", (*shell, source), stdin=capture, stdout=dump)],
        [
            field.load("sqlite3 .read", *shell, target, stdin=script),
            field.load("ATTACH, INSERT SELECT", *shell, target, stdin=attach),
        ],
    )


def _postgresql(field: Field) -> tuple[list[Contender], list[Contender]]:
    assert field.only is not None

    def connect(database: Database) -> tuple[str, ...]:
        parts = database.parts.set(drivername="postgresql")
        return ("-d", parts.render_as_string(hide_password=False))

    dump = field.files / "pg_dump.sql"
    tables = [f"--table={table}" for table in data.TABLES]
    inserts = ("pg_dump", "--data-only", "--inserts", "--rows-per-insert=1000", *tables)
    psql = ("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1")
    out: list[str] = []
    back: list[str] = []
    for table in data.TABLES:
        select = _COPY.format(table=table, marked=field.source.marked)
        out += ["-c", f"\\copy ({select}) to '{field.files}/{table}.copy'"]
        back += ["-c", f"\\copy {table} from '{field.files}/{table}.copy'"]
    return (
        [
            Contender("pg_dump --inserts", (*inserts, *connect(field.only)), stdout=dump),
            Contender("psql \\copy", (*psql, *connect(field.source), *out)),
        ],
        [
            field.load("psql -1 -f", *psql, *connect(field.target), "-f", str(dump)),
            field.load("psql \\copy", *psql, *connect(field.target), *back),
        ],
    )


def _mariadb(field: Field) -> tuple[list[Contender], list[Contender]]:
    dumper = "mariadb-dump" if shutil.which("mariadb-dump") else "mysqldump"
    client = "mariadb" if shutil.which("mariadb") else "mysql"
    parts = field.source.parts
    connect = ["-h", parts.host or "", "-P", str(parts.port or 3306), "-u", parts.username or ""]
    if parts.password:
        connect.append(f"--password={parts.password}")
    connect.append("--default-character-set=utf8mb4")
    dump = field.files / "dump.sql"
    options = ("--single-transaction", "--no-create-info", f"--where={field.source.marked}")
    statements = []
    for table in data.TABLES:
        # The server's limit: a file that no tool but the runner had to make.
        path = field.files / f"{table}.tsv"
        with path.open("wb") as file:
            file.writelines(data.tab_separated(data.rows(table, field.rows * 2, marked=True)))
        statements.append(
            f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {table} CHARACTER SET utf8mb4;"
        )
    load = f"SET autocommit = 0; {' '.join(statements)} COMMIT;"
    target = (client, *connect, field.target.name)
    return (
        [
            Contender(
                "mysqldump --where",
                (dumper, *connect, *options, field.source.name, *data.TABLES),
                stdout=dump,
            )
        ],
        [
            field.load("mysql < dump", *target, stdin=dump),
            field.load("LOAD DATA", *target, "--local-infile=1", "-e", load),
        ],
    )


_TOOLS: dict[str, Callable[[Field], tuple[list[Contender], list[Contender]]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mariadb": _mariadb,
}
