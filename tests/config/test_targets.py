"""Which databases may be worked on: decided by where the driver would really go."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from demosnap.errors import DatabaseError, TargetError, UsageError
from demosnap.project import Project
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Version v1 of general; the database is at it."""
    return small.copied(make_workspace(database), "v1")


@pytest.fixture
def files(sqlite_workspace: Workspace) -> Workspace:
    """A project whose databases are none of the test's: nobody listens where they are."""
    return sqlite_workspace


def _project(files: Workspace, url: str, *, allow: tuple[str, ...] = ()) -> Project:
    return Project(files.folder / "alembic.ini", url=url, allow_targets=allow)


def _verbs(project: Project) -> tuple[Callable[[], object], ...]:
    return (
        lambda: project.upgrade("heads"),
        lambda: project.downgrade("general", "base"),
        lambda: project.load("general", discard=True),
        lambda: project.stamp("general@head", verify=False),
        lambda: project.revision("general"),
    )


def _refused_unconnected(project: Project, told: str) -> None:
    """Check the refusal of every verb; had one knocked, it would be an error of the database."""
    for verb in _verbs(project):
        with pytest.raises(TargetError) as caught:
            verb()
        assert told in str(caught.value)


ELSEWHERE = [
    ("postgresql://localhost/app?host=db.example.com", "db.example.com/app"),
    ("postgresql://localhost/app?hostaddr=203.0.113.7", "203.0.113.7/app"),
    ("postgresql://localhost/app?host=localhost,db.example.com", "db.example.com/app"),
    ("postgresql://localhost/app?service=production", "service production/app"),
    ("postgresql://db.example.com/app", "db.example.com/app"),
    ("postgresql://127.0.0.1.example.com/app", "127.0.0.1.example.com/app"),
    ("mysql://localhost/app?host=db.example.com", "db.example.com/app"),
    ("mysql://localhost/app?read_default_file=/etc/prod.cnf", "(named in /etc/prod.cnf)/app"),
    ("mysql://db.example.com/app", "db.example.com/app"),
]


@pytest.mark.parametrize(("url", "place"), ELSEWHERE)
def test_where_the_driver_goes_decides_and_not_what_the_url_looks_like(
    files: Workspace, url: str, place: str
) -> None:
    """The URL says localhost, its query says elsewhere: refused before anybody is asked."""
    _refused_unconnected(_project(files, url), place)


@pytest.mark.parametrize(
    ("variable", "value", "place"),
    [
        ("PGHOST", "db.example.com", "db.example.com/app"),
        ("PGHOSTADDR", "203.0.113.7", "203.0.113.7/app"),
        ("PGSERVICE", "production", "service production/app"),
    ],
)
def test_the_environment_of_the_driver_decides_too(
    files: Workspace, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, place: str
) -> None:
    """A URL without a host goes where libpq's variables say."""
    monkeypatch.setenv(variable, value)
    _refused_unconnected(_project(files, "postgresql:///app"), place)


def test_allow_and_deny_are_patterns_and_deny_goes_first(files: Workspace) -> None:
    """Host and database, upper and lower case told apart."""
    text = files.revisions.joinpath("demosnap.yaml").read_text()
    closed = "postgresql://127.0.0.1:1/{}"
    remote = "postgresql://staging.invalid/{}"
    cases = (
        ('deny: ["*/prod*"]\n', closed.format("production"), TargetError),
        ('deny: ["*/prod*"]\n', closed.format("app"), DatabaseError),
        ('deny: ["localhost/app"]\n', "postgresql://127.0.0.1:1/app", TargetError),
        ('deny: ["localhost/app"]\n', "postgresql://[::1]:1/app", TargetError),
        ('deny: ["127.0.0.1/app"]\n', "postgresql://localhost:1/app", TargetError),
        ('deny: ["127.0.0.1/app"]\n', "postgresql:///app?host=/nowhere", TargetError),
        ('deny: ["localhost/app"]\n', "postgresql://127.0.0.1:1/other", DatabaseError),
        ('deny: ["localhost/app"]\nallow: ["*/*"]\n', remote.format("app"), DatabaseError),
        ('allow: ["staging.invalid/demo_*"]\n', remote.format("demo_1"), DatabaseError),
        ('allow: ["staging.invalid/demo_*"]\n', remote.format("app"), TargetError),
        ('allow: ["staging.invalid/demo_*"]\n', remote.format("Demo_1"), TargetError),
        ('allow: ["*/*"]\ndeny: ["*/app"]\n', remote.format("app"), TargetError),
    )
    for setting, url, error in cases:
        files.configure(text + setting)
        with pytest.raises((TargetError, DatabaseError)) as caught:
            _project(files, url).upgrade("heads")
        assert caught.type is error, (setting, url)


def test_allow_target_is_for_one_run_and_deny_is_still_stronger(files: Workspace) -> None:
    """As an argument, as an option, and for the stock command."""
    url = "postgresql://staging.invalid/app"
    with pytest.raises(DatabaseError, match="cannot be reached"):
        _project(files, url, allow=("staging.invalid/app",)).upgrade("heads")
    run = files.run("upgrade", "heads", "--yes", "--url", url, check=False)
    assert "--allow-target 'staging.invalid/app'" in run.stderr
    run = files.run(
        "--allow-target", "staging.invalid/app", "upgrade", "heads", "--url", url, check=False
    )
    assert "cannot be reached" in run.stderr
    files.configure(files.revisions.joinpath("demosnap.yaml").read_text() + 'deny: ["*/app"]\n')
    with pytest.raises(TargetError, match="deny"):
        _project(files, url, allow=("staging.invalid/app",)).upgrade("heads")


def test_an_allowed_target_that_names_no_database_is_refused(files: Workspace) -> None:
    """A host alone would match nothing; a pattern may stand for both."""
    url = "postgresql://staging.invalid/app"
    said = "the allowed target 'staging.invalid' is not host/database"
    with pytest.raises(UsageError, match=said):
        _project(files, url, allow=("staging.invalid",)).upgrade("heads")
    words = ("upgrade", "heads", "--url", url)
    run = files.run("--allow-target", "staging.invalid", *words, check=False)
    assert (run.returncode, said in run.stderr) == (2, True)
    stock = files.alembic(
        *("-x", "demosnap.allow_target=staging.invalid", "upgrade", "heads"), check=False
    )
    assert said in stock.stdout + stock.stderr
    with pytest.raises(DatabaseError, match="cannot be reached"):
        _project(files, url, allow=("staging.*",)).upgrade("heads")


def test_a_tunnel_that_looks_local_is_known_by_what_the_database_says(chain: Chain) -> None:
    """`deny_if` asks it, before each verb, with both commands; no row is changed."""
    query = "deny_if: \"SELECT COUNT(*) FROM users WHERE name = '{}'\"\n"
    chain.workspace.configure(small.SETTINGS + query.format("Ada"))
    before = chain.everything()
    for verb in _verbs(chain.project):
        with pytest.raises(TargetError, match="deny_if"):
            verb()
    done = chain.workspace.alembic("downgrade", "general@base", check=False)
    assert done.returncode != 0
    assert "deny_if" in done.stderr + done.stdout
    with chain.database.engine.begin() as connection, pytest.raises(TargetError, match="deny_if"):
        chain.project.downgrade("general", "base", connection=connection)
    assert chain.everything() == before
    chain.workspace.configure(small.SETTINGS + query.format("Nobody"))
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]


def test_a_query_that_fails_lets_nothing_pass(chain: Chain) -> None:
    """Who cannot be asked is not allowed."""
    chain.workspace.configure(small.SETTINGS + 'deny_if: "SELECT nothing FROM nowhere"\n')
    before = chain.everything()
    with pytest.raises(DatabaseError):
        chain.project.downgrade("general", "base")
    assert chain.everything() == before


@pytest.mark.long
@pytest.mark.parametrize(("answer", "version"), [("n", "v1"), ("y", "base")])
def test_a_remote_target_is_asked_about_on_a_terminal(
    chain: Chain, answer: str, version: str
) -> None:
    """No is no, and changes nothing; yes is yes."""
    url = sa.make_url(chain.database.url)
    if not url.host:
        pytest.skip("a database that is a file has no host")
    remote = url.set(host="0.0.0.0").render_as_string(hide_password=False)
    chain.workspace.configure(small.SETTINGS + f'allow: ["0.0.0.0/{url.database}"]\n')
    ours, theirs = os.openpty()
    os.write(ours, answer.encode() + b"\n")
    done = subprocess.run(
        [
            Path(sys.executable).with_name("demosnap"),
            "downgrade",
            "general",
            "base",
            "--url",
            remote,
        ],
        cwd=chain.workspace.folder,
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        timeout=120,
    )
    said = os.read(ours, 100_000).decode()
    os.close(theirs)
    os.close(ours)
    assert "Change this database?" in said
    assert (done.returncode == 0) == (answer == "y")
    assert chain.database.dump() == chain.at[version]


def test_what_is_left_out_of_a_url_is_said_beside_it(files: Workspace) -> None:
    """It was for another driver, and may be what makes the connection a safe one."""
    missing = "without ssl_context, which is for another driver"
    for url, said in (
        ("postgresql+pg8000://u@127.0.0.1/app?ssl_context=true&timeout=3", True),
        ("postgresql+asyncpg://u@127.0.0.1/app?ssl=prefer&command_timeout=3", False),
    ):
        project = _project(files, url)
        assert (missing in project.target().source) is said
