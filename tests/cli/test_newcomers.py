"""What nobody should have to type: the only scenario, the folder of the project, the right name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from demosnap.cli.completion import versions_by_scenario
from demosnap.cli.session import Session
from demosnap.config import ini
from demosnap.errors import ConfigError, UnknownNameError, UsageError, did_you_mean
from demosnap.project import Project
from demosnap.scaffold import init
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """Two versions of general."""
    return small.copied(make_workspace(sqlite), "v1", "v2")


# ---------------------------------------------------------------------- the only scenario


def test_the_only_scenario_need_not_be_named(chain: Chain) -> None:
    run = chain.workspace.run
    for words in ([], ["general"]):
        assert "no differences" in run("diff", *words).stderr
    whole = run("diff", "general", "v1", "v2", "--stat").stdout
    assert whole
    for words in (["v1", "v2"], ["-1", "head"], ["general@v1", "general@v2"]):
        assert run("diff", *words, "--stat").stdout == whole
    chain.database.execute("UPDATE cards SET title = 'Changed' WHERE id = 1")
    assert run("diff", "database", "v2", "--stat").stdout
    assert "1 row changed back" in run("reset").stdout
    chain.database.execute("UPDATE cards SET title = 'Changed' WHERE id = 1")
    chain.project.reset()
    assert chain.project.status()[0].clean


def test_of_several_scenarios_one_has_to_be_named(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    chain = small.copied(make_workspace(sqlite), "v1", "v2", writer=True)
    for look in (chain.project.reset, lambda: chain.project.sides(["v1", "v2"])):
        with pytest.raises(UsageError, match=r"Name one of general, writer\."):
            look()
    # A version that names its scenario is enough.
    assert chain.project.sides(["writer@v1"]) == ("writer", "writer@v1", None)


def test_a_wrong_scenario_is_no_side(chain: Chain) -> None:
    wrong = chain.project.diff(*chain.project.sides(["genral"]))
    with pytest.raises(UnknownNameError, match="did you mean 'general'"), wrong:
        pass
    with pytest.raises(UsageError, match="v2 is one version too many"):
        chain.project.sides(["v1", "head", "v2"])


def test_before_the_first_version_that_is_said(sqlite_workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="there are no versions yet"):
        sqlite_workspace.project.reset()


# ---------------------------------------------------------------------- the log


def test_the_log_names_versions_and_where_they_came_from(chain: Chain) -> None:
    chain.project.downgrade("general", "v1", rehearse=False)
    chain.project.downgrade("general", "base")
    entries = chain.project.log()
    assert entries[0].version is None and entries[0].was == chain.ids()["v1"]
    moves = [line.split() for line in chain.workspace.run("log").stdout.splitlines()[2:]]
    ways = [" ".join(words[4:-2]) for words in moves if words[2] != "rehearse"]
    assert ways == ["v1 → base", "v2 → v1", "v1 → v2", "v1"]


def test_an_id_that_no_script_knows_stays_one(chain: Chain) -> None:
    gone = chain.ids()["v2"]
    for path in (chain.workspace.revisions / "general").glob("*v2*"):
        path.unlink()
    assert gone in chain.workspace.run("log").stdout
    (chain.workspace.revisions / "general" / "general_v1_2025-01-15.py").write_text("broken (")
    assert gone in chain.workspace.run("log").stdout


# ---------------------------------------------------------------------- near names


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("genral", "general"),
        ("General", "general"),
        ("gen", "general"),
        ("writter", "writer"),
        ("hist", "history"),
        ("stauts", "status"),
    ],
)
def test_a_near_name_is_proposed(name: str, near: str) -> None:
    known = ["general", "writer", "developer", "history", "status", "load", "log"]
    assert did_you_mean(name, known) == f"; did you mean {near!r}?"


@pytest.mark.parametrize("name", ["foo", "undo", "merge", "gala", "wr", "v7", "x", ""])
def test_a_far_name_is_not(name: str) -> None:
    known = ["general", "writer", "load", "log", "upgrade", "v1_2025-01-15", "v10_2025-01-16"]
    assert did_you_mean(name, known) == ""


# ---------------------------------------------------------------------- folders below


def below(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder below the project's, whose alembic.ini has relative paths only."""
    file = chain.workspace.folder / "alembic.ini"
    text = file.read_text().replace("%(here)s/demo_revisions", "demo_revisions")
    text = text.replace("script_location = %(here)s", "script_location = .")
    file.write_text(f"{text}\nsqlalchemy.url = sqlite:///../demo.db\n")
    folder = chain.workspace.folder / "src" / "deep"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_the_project_is_found_from_a_folder_below(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = below(chain, monkeypatch)
    project = Project()
    assert project.status()[0].clean
    project.downgrade("general", "v1")
    assert [entry.version.short for entry in project.current() if entry.version] == ["v1"]
    chain.database.execute("UPDATE cards SET title = 'Third' WHERE id = 1")
    project = Project()
    project.load("general", discard=True)
    chain.database.execute("UPDATE cards SET title = 'Third' WHERE id = 1")
    project = Project()
    project.revision("general", date="2025-02-01")
    assert [one.version.short for one in project.heads() if one.current] == ["v3"]
    assert list(folder.iterdir()) == []
    assert versions_by_scenario(Session())["general"][0] == "v3_2025-02-01"


def test_the_nearest_one_counts_and_what_is_named_is_not_searched(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = below(chain, monkeypatch)
    with pytest.raises(ConfigError, match=r"no other\.ini in "):
        ini.find("other.ini")
    monkeypatch.setenv("ALEMBIC_CONFIG", "alembic.ini")
    with pytest.raises(ConfigError, match=r"no alembic\.ini in "):
        ini.find(None)
    monkeypatch.delenv("ALEMBIC_CONFIG")
    near = folder.parent / "alembic.ini"
    near.write_text("[alembic]\nscript_location = %(here)s\n")
    assert ini.find(None).path == near


def test_nothing_above_the_home_is_looked_at(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = below(chain, monkeypatch)
    monkeypatch.setenv("HOME", str(folder.parent))
    with pytest.raises(ConfigError, match="nor in a folder above it"):
        ini.find(None)
    monkeypatch.setenv("HOME", str(chain.workspace.folder))
    assert ini.find(None).path == chain.workspace.folder / "alembic.ini"


def test_the_file_of_another_user_is_not_run(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    below(chain, monkeypatch)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    monkeypatch.setattr(ini, "_owner", lambda path: 1 if path.suffix else 12345)
    with pytest.raises(ConfigError, match="of another user"):
        ini.find(None)


# ---------------------------------------------------------------------- what comes after init


@pytest.mark.parametrize(
    ("statements", "following"),
    [
        (("CREATE TABLE t (id INTEGER)",), "set `marker:` in demo_revisions/demosnap.yaml"),
        (
            ("CREATE TABLE t (id INTEGER, is_demo BOOLEAN)",),
            "mark the demo rows (the column is_demo), then `demosnap revision general",
        ),
        (
            (
                "CREATE TABLE t (id INTEGER PRIMARY KEY, is_demo BOOLEAN, scenario TEXT)",
                "INSERT INTO t VALUES (1, TRUE, 'writer')",
            ),
            'demosnap revision writer -m "v1"',
        ),
    ],
)
def test_init_names_only_what_works_next(
    sqlite: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    statements: tuple[str, ...],
    following: str,
) -> None:
    sqlite.execute(*statements)
    monkeypatch.chdir(tmp_path)
    done = init(url="sqlite:///demo.db", confirm=lambda *_: True)
    assert done.following.startswith(following)
    if done.following.startswith("demosnap "):
        assert Project().revision("writer").created
