"""Make the repository's own env.py, alembic.ini and demo_revisions/, with demosnap itself.

Run it from anywhere when the format of snapshots or the example has changed:
`python tests/make_demo_revisions.py`. A test says that the repository holds what it makes.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import sqlalchemy as sa

from demosnap import example, scaffold
from demosnap.project import Project

ROOT = Path(__file__).parent.parent
FIRST = "2025-01-15T10:30:00Z"
SECOND = "2025-01-20T14:15:00Z"
NAMES = ("alembic.ini", "env.py", "demo_revisions")


def make(folder: Path) -> None:
    """Make all of it in an empty folder, beside the SQLite database that it is captured from."""
    engine = sa.create_engine(f"sqlite:///{folder / 'demo.db'}")
    with engine.begin() as connection:
        example.create_tables(connection)
        example.seed_own_rows(connection)
        for scenario in ("general", "writer", "developer"):
            example.seed(connection, scenario)
    scaffold.init(folder, confirm=lambda *_: True)
    project = Project(folder / "alembic.ini")
    project.revision("general", message="v1: todos, contacts and chats", date=FIRST)
    project.revision("writer", message="v1: a novelist's desk", date=FIRST)
    project.revision("developer", message="v1: a backend team", date=FIRST)
    with engine.begin() as connection:
        example.seed(connection, "general", 2)
    project.revision("general", message="v2: more todos and chats", date=SECOND)
    engine.dispose()
    for cache in folder.rglob("__pycache__"):
        shutil.rmtree(cache)
    (folder / "demo_revisions" / ".demosnap.lock").unlink(missing_ok=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary)
        make(made)
        for name in NAMES:
            if (ROOT / name).is_dir():
                shutil.rmtree(ROOT / name)
        for name in NAMES:
            source = made / name
            if source.is_dir():
                shutil.copytree(source, ROOT / name, symlinks=True)
            else:
                shutil.copy(source, ROOT / name)
