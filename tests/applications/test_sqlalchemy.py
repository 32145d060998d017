"""A blog with a shop, by SQLAlchemy and its own Alembic, on MariaDB: no foreign key is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.orm import Session

from applications.blog_shop import content
from applications.blog_shop.web import application
from support.databases import Database, make_database
from support.workspaces import Workspace

BLOG = Path(__file__).with_name("blog_shop")
DEMO = [
    f"/{kind}/{content.OF_THE_DEMO + n}"
    for kind, count in (("posts", 3), ("products", 3), ("orders", 2))
    for n in range(count)
]
REAL = ["/posts/1", "/products/1", "/orders/1"]


@pytest.fixture
def migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Database]]:
    """Make a database by the application's migrations, with real content of a user."""
    makers = []

    def make(name: str) -> Database:
        makers.append(make_database("mariadb", tmp_path))
        database = next(makers[-1])
        monkeypatch.setenv("DATABASE_URL", database.url)
        command.upgrade(Config(BLOG / "alembic.ini"), "head")
        monkeypatch.delenv("DATABASE_URL")
        _do(database, content.write_real_content, name)
        return database

    yield make
    for maker in makers:
        next(maker, None)


def test_demo_users_of_a_blog_and_shop_are_kept_and_moved(
    migrated: Callable[[str], Database], make_workspace: Callable[[Database], Workspace]
) -> None:
    first = migrated("Ida")
    real = first.dump()
    _do(first, content.write_demo)
    workspace = make_workspace(first)
    workspace.configure((BLOG / "demosnap.yaml").read_text())
    workspace.run("revision", "general", "-m", "v1")
    v1 = _read(first, DEMO)
    workspace.run("downgrade", "general@base", "--yes")
    assert first.dump() == real

    second = Workspace(workspace.folder, migrated("Eve"))
    database = second.database
    real, own = database.dump(), _read(database, REAL)
    second.run("upgrade", "general@head", "--yes")
    assert _read(database, DEMO) == v1
    assert "unchanged" in second.run("status").stdout

    _do(database, content.edit_demo)
    v2 = _read(database, DEMO)
    second.run("revision", "general", "-m", "v2")
    second.run("downgrade", "general@v1", "--yes")
    assert _read(database, DEMO) == v1
    second.run("upgrade", "general@head", "--yes")
    assert _read(database, DEMO) == v2
    second.run("downgrade", "general@base", "--yes")
    assert _read(database, REAL) == own
    assert database.dump() == real


def _do(database: Database, what: Callable[..., None], *arguments: str) -> None:
    with Session(database.engine) as session, session.begin():
        what(session, *arguments)


def _read(database: Database, paths: list[str]) -> dict[str, tuple[str, str]]:
    """Return status and text of pages, by the application's WSGI."""
    call = application(database.engine)
    read = {}
    for path in paths:
        told: list[Any] = []
        body = call({"PATH_INFO": path}, lambda *what, told=told: told.extend(what))
        read[path] = told[0], b"".join(body).decode()
    return read
