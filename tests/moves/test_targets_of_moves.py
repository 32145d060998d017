"""A move changes only a database that it may, after it was asked, and tells no password."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
import sqlalchemy as sa

from demosnap.errors import DatabaseError, TargetError
from demosnap.project import Project
from support import small
from support.small import Chain
from support.unchanged import nothing_changes

pytestmark = pytest.mark.long

REMOTE = ["postgresql://app:s3cret@{}/app", "mysql://app:s3cret@{}/app"]


@pytest.mark.parametrize("url", REMOTE)
def test_a_remote_database_is_refused_by_every_verb_that_changes(
    sqlite_chain: Chain, url: str
) -> None:
    """Unless it is allowed: exit 1, with the line for demosnap.yaml, without the password."""
    files = sorted(sqlite_chain.workspace.revisions.rglob("*"))
    for verb in (
        ("upgrade", "general@head"),
        ("downgrade", "general", "-1"),
        ("load", "general"),
        ("stamp", "general@head", "--no-verify"),
        ("revision", "general"),
    ):
        done = sqlite_chain.workspace.run(
            *verb, "--yes", "--debug", "--url", url.format("db.example.com"), check=False
        )
        assert done.returncode == 1, verb
        assert 'allow: ["db.example.com/app"]' in done.stderr
        assert "s3cret" not in done.stdout + done.stderr
    assert sorted(sqlite_chain.workspace.revisions.rglob("*")) == files


@pytest.mark.parametrize("url", REMOTE)
def test_a_database_that_is_not_allowed_is_not_even_connected_to(
    sqlite_chain: Chain, url: str
) -> None:
    """Nobody knocks at the port; once the target is allowed, somebody does."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        # It reaches this machine and is no loopback address by its looks.
        place = f"0.0.0.0:{server.getsockname()[1]}"
        server.setblocking(False)
        workspace = sqlite_chain.workspace
        project = Project(workspace.folder / "alembic.ini", url=url.format(place))
        for move in (
            lambda: project.upgrade("general@head"),
            lambda: project.downgrade("general", "base"),
            lambda: project.load("general"),
            lambda: project.stamp("general@head"),
            lambda: project.revision("general"),
        ):
            with pytest.raises(TargetError, match=r"0\.0\.0\.0/app"):
                move()
        with pytest.raises(BlockingIOError):
            server.accept()

        workspace.configure(small.SETTINGS + 'allow: ["0.0.0.0/app"]\n')
        server.setblocking(True)
        knocked = []

        def hang_up() -> None:
            connection, _ = server.accept()
            knocked.append(1)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        project = Project(workspace.folder / "alembic.ini", url=url.format(place))
        with pytest.raises(DatabaseError, match="cannot be reached"):
            project.upgrade("general@head")
        thread.join()
        assert knocked


def test_an_allowed_remote_database_is_asked_about(chain: Chain) -> None:
    """Without a terminal that is an error; with --yes it is done."""
    url = sa.make_url(chain.database.url)
    if not url.host:
        pytest.skip("a database that is a file has no host")
    remote = url.set(host="0.0.0.0").render_as_string(hide_password=False)
    chain.workspace.configure(small.SETTINGS + f'allow: ["0.0.0.0/{url.database}"]\n')
    run = chain.workspace.run
    for verb in (("downgrade", "general", "-1"), ("load", "general@v1")):
        with nothing_changes(chain):
            done = run(*verb, "--url", remote, check=False)
        assert done.returncode == 2
        assert "no terminal to ask on" in done.stderr
        assert "--yes" in done.stderr
    run("downgrade", "general", "-1", "--url", remote, "--yes")
    assert chain.database.dump() == chain.at["v1"]


def test_a_denied_database_is_refused_though_it_is_local(chain: Chain) -> None:
    """`deny:` goes before everything else."""
    chain.workspace.configure(small.SETTINGS + 'deny: ["*/*"]\n')
    for move in (
        lambda: chain.project.upgrade("general@head"),
        lambda: chain.project.load("general@v1", discard=True),
    ):
        with nothing_changes(chain), pytest.raises(TargetError, match="deny"):
            move()


@pytest.mark.parametrize("url", REMOTE)
def test_a_password_is_never_printed(sqlite_chain: Chain, url: str) -> None:
    """Not by an error of the driver and not by a traceback: nobody listens at that port."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        free = server.getsockname()[1]
    address = url.format(f"127.0.0.1:{free}")
    for verb in (("upgrade", "general@head"), ("revision", "general"), ("current",)):
        done = sqlite_chain.workspace.run(*verb, "--debug", "-v", "--url", address, check=False)
        assert "s3cret" not in done.stdout + done.stderr
        assert done.returncode == 1
        assert "cannot be reached" in done.stderr
    done = sqlite_chain.workspace.run("history", "-v", "--url", address)
    assert "s3cret" not in done.stdout + done.stderr
