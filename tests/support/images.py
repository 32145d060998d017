"""Databases and project folders that are built once in a process, and copied for each test."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from demosnap import scaffold
from support.databases import Database
from support.workspaces import Workspace


@dataclass(frozen=True)
class Image:
    """A project as it was built: its folder, its database, and what its builder says of it."""

    folder: Path
    restore: Callable[[Database], None]
    told: Any


_projects: dict[str, Path] = {}
_images: dict[tuple[object, ...], Image] = {}


def new_project(folder: Path) -> None:
    """Make the files of a new project whose URL comes from the environment."""
    if not _projects:
        made = Path(tempfile.mkdtemp(prefix="demosnap-image-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        scaffold.init(made, url="sqlite:///demo.db", confirm=lambda *_: True)
        ini = made / "alembic.ini"
        lines = ini.read_text().splitlines(keepends=True)
        ini.write_text("".join(line for line in lines if not line.startswith("sqlalchemy.url")))
        _projects["new"] = made
    shutil.copytree(_projects["new"], folder, symlinks=True, dirs_exist_ok=True)


def copied(workspace: Workspace, name: tuple[object, ...], build: Callable[[], Any]) -> Any:
    """Fill a new workspace and its empty database as `build` does; return what `build` returned.

    `name` is all that decides what is built.
    """
    database = workspace.database
    key = (sa.make_url(database.url).set(database="").render_as_string(), *name)
    if database.dialect == "sqlite":
        key = ("sqlite", *name)
    image = _images.get(key)
    if image is None:
        told = build()
        folder = Path(tempfile.mkdtemp(prefix="demosnap-image-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        shutil.copytree(workspace.folder, folder / "project", symlinks=True)
        _images[key] = Image(folder / "project", _saved(database, folder), told)
        return told
    image.restore(database)
    shutil.rmtree(workspace.folder)
    shutil.copytree(image.folder, workspace.folder, symlinks=True)
    return image.told


def _saved(database: Database, folder: Path) -> Callable[[Database], None]:
    save = {"sqlite": _saved_file, "postgresql": _saved_script, "mariadb": _saved_tables}
    return save[database.dialect](database, folder)


def _saved_file(database: Database, folder: Path) -> Callable[[Database], None]:
    file = folder / "image.db"
    shutil.copyfile(str(sa.make_url(database.url).database), file)

    def restore(target: Database) -> None:
        shutil.copyfile(file, str(sa.make_url(target.url).database))

    return restore


def _saved_script(database: Database, folder: Path) -> Callable[[Database], None]:
    url = sa.make_url(database.url)
    command = ["pg_dump", "--rows-per-insert=100", "-h", url.host or "", "-p", str(url.port)]
    command += ["-U", url.username or "", "-d", url.database or ""]
    if url.password is not None or shutil.which(command[0]) is None:
        return _saved_template(database, folder)
    # As bytes: text would lose the CR of values that have one.
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        # It is older than the server.
        return _saved_template(database, folder)
    # Lines of psql's own commands, as the newest ones have, are around what is SQL.
    script = re.sub(r"(?m)^\\(un)?restrict .*\n", "", done.stdout.decode())

    def restore(target: Database) -> None:
        target.execute(script)

    return restore


def _saved_template(database: Database, folder: Path) -> Callable[[Database], None]:
    database.end_sessions()
    name = _kept(database, f"CREATE DATABASE {{}} TEMPLATE {_name(database)}")

    def restore(target: Database) -> None:
        target.end_sessions()
        with _admin(target) as connection:
            connection.exec_driver_sql(f"DROP DATABASE {_name(target)}")
            connection.exec_driver_sql(f"CREATE DATABASE {_name(target)} TEMPLATE {name}")

    return restore


def _saved_tables(database: Database, folder: Path) -> Callable[[Database], None]:
    with database.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        made = [
            connection.exec_driver_sql(f"SHOW CREATE TABLE `{table}`").one()[1].replace("%", "%%")
            for table in tables
        ]
    name = _kept(database, "CREATE DATABASE {}")

    def fill(connection: sa.Connection, origin: str) -> None:
        connection.exec_driver_sql("SET foreign_key_checks = 0")
        for statement in made:
            connection.exec_driver_sql(statement)
        # Each table commits what was before it.
        for table in tables:
            connection.exec_driver_sql(f"INSERT INTO `{table}` SELECT * FROM {origin}.`{table}`")

    kept = sa.make_url(database.url).set(database=name)
    engine = sa.create_engine(kept, poolclass=NullPool)
    with engine.begin() as connection:
        fill(connection, _name(database))

    def restore(target: Database) -> None:
        with target.engine.begin() as connection:
            fill(connection, name)

    return restore


def _name(database: Database) -> str:
    return str(sa.make_url(database.url).database)


@contextlib.contextmanager
def _admin(database: Database) -> Any:
    url = sa.make_url(database.url)
    home = "postgres" if database.dialect == "postgresql" else ""
    engine = sa.create_engine(
        url.set(database=home), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _kept(database: Database, statement: str) -> str:
    """Make a database that lasts as long as this process; return its name."""
    name = f"demosnap_image_{os.getpid()}_{secrets.token_hex(4)}"
    with _admin(database) as connection:
        connection.exec_driver_sql(statement.format(name))

    def drop() -> None:
        with contextlib.suppress(sa.exc.DBAPIError), _admin(database) as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")

    atexit.register(drop)
    return name
