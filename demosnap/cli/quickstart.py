"""`quickstart`: the life of a demo data set, run by the commands that it prints."""

from __future__ import annotations

import os
import runpy
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from demosnap.cli import screen
from demosnap.cli.session import Session
from demosnap.errors import ConfigError, UsageError

MARKER = ".demosnap-quickstart"
"""The file that marks a folder as made by quickstart, which may start over in it."""

_MARKER_TEXT = "`demosnap quickstart` made this folder, and starts over in it when it runs again.\n"

# Only these are ever deleted, whatever else is in the folder.
_MADE = (
    "app.py",
    "demo.db",
    "demo.db-journal",
    "demo.db-wal",
    "demo.db-shm",
    "alembic.ini",
    "env.py",
    "demo_revisions",
    "__pycache__",
)

# With these variables, commands would use another project or database than the folder's.
_VARIABLES = ("ALEMBIC_CONFIG", "DEMOSNAP_DATABASE_URL", "DATABASE_URL")

_APP = '''\
"""Stands in for your application: `seed` fills its database, `edit` is a day of work with it."""

import sys

from sqlalchemy import create_engine, text

from demosnap import example

with create_engine("sqlite:///demo.db").begin() as connection:
    if sys.argv[1:] == ["seed"]:
        example.create_tables(connection)
        example.seed_own_rows(connection)
        example.seed(connection, "general")
    elif sys.argv[1:] == ["edit"]:
        example.edit(connection)
        print("one todo is done, one is new, one chat session is deleted")
    else:
        sys.exit("usage: python app.py seed|edit")
    for table in ("fragments", "todos", "chat_sessions"):
        count = connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one()
        print(f"{table}: {count} rows, the user's own among them")
'''


def run(folder: Path, session: Session) -> None:
    """Run the tour in `folder`, which is made if it does not exist.

    Raises:
        UsageError: the folder is not empty, and quickstart did not make it.
    """
    session.interrupted = "interrupted; run quickstart again to start over"
    way = None if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))}"
    _prepare(folder)
    with _inside(folder):
        _tour(way, session)


def _tour(way: str | None, session: Session) -> None:
    if way is not None:
        _show(way)
    if hidden := [name for name in _VARIABLES if name in os.environ]:
        _show(f"unset {' '.join(hidden)}")
        for name in hidden:
            del os.environ[name]

    _say("An application's database, with real rows and demo rows.")
    _python("seed")
    _demosnap(session, "init")

    _say("Keep the demo rows as a version.")
    _demosnap(session, "revision", "general", "-m", "v1: a good demo")

    _say("A day of work with the application makes the demo better.")
    _python("edit")
    _demosnap(session, "revision", "general", "-m", "v2: after a day of work")

    _say("Back to the version before, and up again. Real rows are not touched.")
    _demosnap(session, "downgrade", "general", "-1")
    _demosnap(session, "upgrade", "general@head")
    _demosnap(session, "history")

    screen.echo()
    screen.echo(screen.style("What to do next", bold=True))
    screen.echo(
        f"  {way + ', and' if way else 'Here:'} repeat any of these commands\n"
        "  less demo_revisions/general/latest.sql        the snapshot is plain SQL\n"
        "  less demo_revisions/demosnap.yaml             what tells a demo row from a real one\n"
        "  demosnap downgrade general base               take every demo row out\n"
        "  cd your-project && demosnap init --url URL    the same for your own application"
    )


def _prepare(folder: Path) -> None:
    try:
        if (folder / MARKER).is_file():
            _start_over(folder)
        elif folder.is_dir() and any(folder.iterdir()):
            raise UsageError(
                f"the folder {folder} is not empty, and quickstart did not make it",
                "Name a new folder: demosnap quickstart DIR.",
            )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).write_text(_MARKER_TEXT, encoding="utf-8")
        (folder / "app.py").write_text(_APP, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror}", str(error.filename or folder)
        ) from error


def _start_over(folder: Path) -> None:
    for name in _MADE:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Change into the folder, and restore the current folder and the environment afterwards."""
    before, environment = Path.cwd(), dict(os.environ)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.update(environment)


def _python(verb: str) -> None:
    _show(f"python app.py {verb}")
    before, sys.argv = sys.argv, ["app.py", verb]
    try:
        runpy.run_path("app.py", run_name="__main__")
    finally:
        sys.argv = before


def _demosnap(session: Session, *words: str) -> None:
    cli = click.get_current_context().find_root().command
    _show(shlex.join(("demosnap", *words)))
    with cli.make_context("demosnap", list(words), obj=Session(debug=session.debug)) as context:
        cli.invoke(context)


def _say(text: str) -> None:
    screen.echo()
    screen.echo(screen.style(f"# {text}", bold=True))


def _show(command: str) -> None:
    screen.echo(screen.style(f"$ {command}", fg="green"))
