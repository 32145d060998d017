"""The command line: what it accepts, what it calls, what it prints where, and how it ends."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

import demosnap.project
from demosnap.cli import render
from demosnap.cli import session as sessions
from demosnap.cli.program import cli
from demosnap.errors import RefusedError, SnapshotError, UsageError
from demosnap.model import ExternalReference, Marker, Rule, Selection, Version
from demosnap.options import MoveOptions
from demosnap.results import (
    CapturePlan,
    CurrentEntry,
    Finding,
    HistoryEntry,
    Move,
    MovePlan,
    RevisionResult,
    Target,
)

LOCAL = Target("sqlite:///demo.db", "alembic.ini [alembic]", True)
REMOTE = Target("postgresql://app:***@db.internal/demo", "--url", False)

V1 = Version(
    revision="general_v1_8b2d04c1",
    down_revision=None,
    scenario="general",
    version="v1_2025-01-15",
    message="the first one",
    created_at="2025-01-15T10:30:00Z",
    folder=str(Path.cwd() / "demo_revisions" / "general"),
    file="general_v1_2025-01-15.sql",
    format=1,
    dialect="sqlite",
    digest="9f" * 32,
    size=145823,
    rows={"fragments": 175, "todos": 100},
    selection=Selection(
        "general",
        Marker("metadata", "demo_seed", "scenario"),
        {"fragments": Rule("marker"), "todos": Rule("via", ("fragment_id",))},
    ),
)
V2 = replace(
    V1,
    revision="general_v2_3f9c1a7e",
    down_revision=V1.revision,
    version="v2_2025-01-20",
    message="more todos, and a message that is long enough to be broken on a narrow terminal",
    created_at="2025-01-20T14:15:00Z",
    file="general_v2_2025-01-20.sql",
    size=1_452_451,
    rows={"fragments": 180, "todos": 1105},
    external_references=(ExternalReference("fragments", ("user_id",), "users", ("id",), 3),),
    application_revision={"alembic_version": "ae1027a6acf"},
)
LOAD = Move("general", V1, V2, "load", {"todos": 100, "fragments": 175}, dict(V2.rows))
HISTORY = [HistoryEntry(V2, True, False), HistoryEntry(V1, False, True)]


class FakeProject:
    """Stands in for the project: records the call and gives back what the test says."""

    calls: list[tuple[Any, ...]]
    result: Any
    plan: Any

    def __init__(self, config_file: Any = None, **options: Any) -> None:
        self.options = {"config_file": config_file, **options}

    def __getattr__(self, verb: str) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            cls = type(self)
            # The real method must take what the command line gives it.
            inspect.signature(getattr(REAL, verb)).bind(self, *args, **options)
            cls.calls.append((verb, args, options, self.options))
            if cls.plan is not None:
                self.options["confirm"](cls.plan)
            if isinstance(cls.result, BaseException):
                raise cls.result
            if verb.endswith("_sql"):
                args[-1].write("SELECT 'é';\n")
            return cls.result

        return call


REAL = demosnap.project.Project

# click before 8.2 puts both streams into one, unless it is told not to.
MIXES = "mix_stderr" in inspect.signature(CliRunner).parameters
RUNNER = CliRunner(mix_stderr=False) if MIXES else CliRunner()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeProject]:
    made = type("Fake", (FakeProject,), {"calls": [], "result": None, "plan": None})
    monkeypatch.setattr(demosnap.project, "Project", made)
    monkeypatch.delenv("COLUMNS", raising=False)
    return made


def run(*words: str, **more: Any) -> Result:
    return RUNNER.invoke(cli, list(words), **more)


def moved(*moves: Move, target: Target = LOCAL, **more: Any) -> MovePlan:
    return MovePlan(target, moves or (LOAD,), **more)


# ---------------------------------------------------------------- parsing


@pytest.mark.parametrize(
    ("words", "verb", "args", "options"),
    [
        ("downgrade general -1", "downgrade", ("general", "-1"), {}),
        ("downgrade --discard general -12 --dry-run", "downgrade", ("general", "-12"),
         {"discard": True, "dry_run": True}),
        ("downgrade general@-1", "downgrade", ("general@-1", None), {}),
        ("downgrade general v1", "downgrade", ("general", "v1"), {}),
        ("downgrade general -- -1", "downgrade", ("general", "-1"), {}),
        ("upgrade general@head writer@+1 --only", "upgrade", ("general@head", "writer@+1"),
         {"only": True}),
        ("load general@v1 --only --discard", "load", ("general@v1",),
         {"only": True, "discard": True}),
        ("stamp general@v1", "stamp", ("general@v1",), {}),
        ("stamp general@v1 --no-verify", "stamp", ("general@v1",), {"verify_stamp": False}),
    ],
)  # fmt: skip
def test_moves_are_called_as_the_words_say(
    fake: Any, words: str, verb: str, args: tuple[Any, ...], options: dict[str, Any]
) -> None:
    fake.result = moved()
    result = run(*words.split())
    assert fake.calls, result.output
    called, given, given_options, _ = fake.calls[0]
    assert (called, given) == (verb, args)
    asked = given_options["options"]
    assert asked == MoveOptions(**options)


def test_a_step_after_an_option_that_takes_a_value_is_its_value(fake: Any) -> None:
    fake.result = RevisionResult(None, None, False, False)
    assert run("revision", "general", "-m", "-1").exit_code == 0
    assert fake.calls[0][2]["message"] == "-1"
    fake.result = moved()
    assert run("downgrade", "general", "-1", "-n", "-2").exit_code == 0
    assert fake.calls[1][1] == ("general", "-1")
    assert fake.calls[1][3]["section"] == "-2"


def test_all_options_of_revision(fake: Any) -> None:
    fake.result = RevisionResult(None, None, False, False)
    words = (
        "-j 4 --no-stamp --allow-empty --head general@v1 --splice --dry-run --auto"
        " --date 2025-01-20"
    )
    assert run("revision", "general", "-m", "v2: x", *words.split()).exit_code == 0
    assert fake.calls[0][:3] == (
        "revision",
        ("general",),
        {
            "message": "v2: x",
            "stamp": False,
            "jobs": 4,
            "allow_empty": True,
            "head": "general@v1",
            "splice": True,
            "dry_run": True,
            "auto": True,
            "date": "2025-01-20",
            "rehearse": False,
        },
    )


@pytest.mark.parametrize("before", [True, False])
def test_global_options_before_and_after_the_command(fake: Any, before: bool) -> None:
    fake.result = HISTORY
    options = "-c other.ini -n demo --url sqlite:///x.db -v --yes".split()
    words = [*options, "history"] if before else ["history", *options]
    result = run(*words)
    assert result.exit_code == 0
    given = fake.calls[0][3]
    assert given["config_file"] == "other.ini"
    assert (given["section"], given["url"], given["allow_remote"]) == (
        "demo",
        "sqlite:///x.db",
        True,
    )
    assert "revision:" in result.stdout  # -v shows all fields


def test_global_options_on_both_sides_add_up(fake: Any) -> None:
    fake.result = HISTORY
    run("-c", "a.ini", "--url", "x", "history", "--url", "y", "-n", "s")
    given = fake.calls[0][3]
    assert (given["config_file"], given["url"], given["section"]) == ("a.ini", "y", "s")


@pytest.mark.parametrize("words", [["--version"], ["history", "--version"]])
def test_version(words: list[str]) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (0, f"demosnap {demosnap.__version__}\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("upgrad general@head", "unknown command 'upgrad'; did you mean 'upgrade'?"),
        ("upgrade --discrad general@head", "no such option '--discrad'; did you mean '--discard'?"),
        ("--yess upgrade general@head", "no such option '--yess'; did you mean '--yes'?"),
        ("history --jsn", "did you mean '--json'?"),
        ("downgrade general -x", "no such option '-x'"),
        ("downgrade general -1x", "no such option '-1'"),
        ("history -1", "no such option '-1'"),
        ("upgrade", "`demosnap upgrade general@head`"),
        ("downgrade -1", "`demosnap downgrade general -1`"),
        ("downgrade", "missing argument 'SCENARIO'"),
        ("load a b", "unexpected extra argument"),
        ("upgrade a@head --sql --dry-run", "--dry-run does not go with --sql"),
        ("manifest --check --stdout", "--check does not go with --stdout"),
        ("quickstart --url sqlite:///x.db", "it takes no --url"),
        ("init -c other.ini", "it takes no --config"),
    ],
)
def test_wrong_words_are_usage_errors(fake: Any, words: str, said: str) -> None:
    result = run(*words.split())
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert said in result.stderr
    assert result.stdout == ""
    assert not fake.calls


def test_an_empty_url_is_not_taken_for_an_absent_one(fake: Any) -> None:
    result = run("history", "--url", "")
    assert result.exit_code == 2
    assert "--url is empty" in result.stderr


def test_every_command_has_help_with_an_example_and_a_pointer() -> None:
    overview = run("--help").stdout
    assert run().stdout == overview
    for name, command in cli.commands.items():
        # Those that git calls are no user's business.
        assert (f"\n  {name} " in overview) is not command.hidden
        result = run(name, "--help")
        assert result.exit_code == 0
        assert f"demosnap {name}" in result.stdout.partition("\n\n")[2]
        assert f"docs/commands.md#{name}" in result.stdout
        assert "Global options:" in result.stdout


def test_every_option_is_explained() -> None:
    for command in (cli, *cli.commands.values()):
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, (command.name, option.name)


# ---------------------------------------------------------------- what is printed


def test_a_move_prints_target_and_plan_first_and_then_the_result(fake: Any) -> None:
    fake.plan = fake.result = moved(notes=("two rows were there",))
    result = run("upgrade", "general@head")
    assert result.exit_code == 0
    assert result.stdout == "general: v1 → v2, 1,285 rows loaded\n"
    lines = result.stderr.splitlines()
    assert lines[0] == "Database: sqlite:///demo.db (from alembic.ini [alembic])"
    assert lines[1] == "general: v1_2025-01-15 → v2_2025-01-20"
    assert [line.split() for line in lines[4:6]] == [
        ["fragments", "175", "180"],
        ["todos", "100", "1,105"],
    ]
    assert "total" in result.stderr
    assert lines[-1] == "note: two rows were there"


def test_a_plan_tells_one_row_that_goes_too_as_one(fake: Any) -> None:
    move = replace(LOAD, also={"notes": 1, "stars": 2}, nulled={"tags": 1, "links": 2})
    fake.result = moved(move)
    said = run("load", "general", "--dry-run").stdout
    assert "1 non-demo row of notes goes too (--cascade)" in said
    assert "2 non-demo rows of stars go too (--cascade)" in said
    assert "1 non-demo row of tags loses its reference (--cascade)" in said
    assert "2 non-demo rows of links lose their reference (--cascade)" in said


@pytest.mark.parametrize(
    ("move", "said"),
    [
        (Move("general", None, V1, "load", {}, V1.rows), "general: base → v1, 275 rows loaded"),
        (Move("general", V2, V2, "load", V2.rows, V2.rows), "general: v2 again, 1,285 rows loaded"),
        (Move("general", V1, None, "purge", V1.rows), "general: v1 → base, 275 rows purged"),
        (Move("general", None, None, "purge", {"todos": 1}), "general: base, 1 row purged"),
        (Move("general", V1, V2, "stamp"), "general: stamped v2"),
        (Move("general", V2, V2, "none"), "general: already at v2"),
        (Move("general", None, None, "none"), "general: already at base"),
    ],
)
def test_results_of_moves(fake: Any, move: Move, said: str) -> None:
    fake.result = moved(move)
    assert run("load", "general").stdout == f"{said}\n"


def test_nothing_to_do_says_the_target_but_no_plan(fake: Any) -> None:
    fake.plan = fake.result = moved(Move("general", V2, V2, "none"), target=REMOTE)
    result = run("upgrade", "general@head")
    assert result.exit_code == 0
    assert result.stderr == "Database: postgresql://app:***@db.internal/demo (from --url)\n"


def test_quiet_moves_print_nothing(fake: Any) -> None:
    fake.plan = fake.result = moved(notes=("x",))
    result = run("upgrade", "-q", "general@head")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize("words", ["upgrade general@head", "downgrade general -1", "load general"])
def test_dry_run_prints_the_plan_and_its_refusals(fake: Any, words: str) -> None:
    fake.result = moved()
    result = run(*words.split(), "--dry-run")
    assert result.exit_code == 0
    assert "general: v1_2025-01-15 → v2_2025-01-20" in result.stdout
    assert "180" in result.stdout
    assert "Database: sqlite:///demo.db" in result.stderr
    fake.result = moved(refusals=("two rows\nare in no revision",))
    result = run(*words.split(), "--dry-run")
    assert result.exit_code == 1
    assert "refused, nothing was changed:\n- two rows\n  are in no revision" in result.stderr
    assert "180" in result.stdout


def test_sql_goes_to_standard_output_alone(fake: Any) -> None:
    result = run("upgrade", "general@head", "writer@head", "--sql")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "SELECT 'é';\n", "")
    assert fake.calls[0][1][0] == ("general@head", "writer@head")
    run("downgrade", "general", "v2:v1", "--sql")
    assert fake.calls[1][1][:2] == ("general", "v2:v1")


CAPTURE = CapturePlan(
    LOCAL, "general", "v2_2025-01-20", V1, V2.rows, V2.external_references, notes=("one odd row",)
)
FILES = (
    "demo_revisions/general/general_v2_2025-01-20.py",
    "demo_revisions/general/general_v2_2025-01-20.sql",
    "demo_revisions/general/latest.sql",
    "demo_revisions/metadata/export_manifest.json",
)


def test_revision_prints_files_and_git_add(fake: Any) -> None:
    fake.plan = CapturePlan(LOCAL, "general", "", None, {})
    fake.result = RevisionResult(CAPTURE, V2, True, True, FILES)
    result = run("revision", "general")
    assert result.stdout.splitlines() == [
        "general: v2_2025-01-20, 1,285 rows captured (1.5 MB)",
        *(f"wrote {file}" for file in FILES),
        "git add demo_revisions/general demo_revisions/metadata",
    ]
    assert result.stderr.splitlines() == [
        "Database: sqlite:///demo.db (from alembic.ini [alembic])",
        "note: 3 rows of fragments refer by user_id to users (id), which is not captured: "
        "a load needs those rows",
        "note: one odd row",
    ]


def test_revision_that_only_reads_says_the_target_too(fake: Any) -> None:
    fake.result = RevisionResult(CAPTURE, V2, True, False, FILES)
    assert run("revision", "general", "--no-stamp").stderr.startswith("Database: sqlite")


def test_quiet_revision_prints_the_path_of_the_snapshot_alone(fake: Any) -> None:
    fake.plan = CAPTURE
    fake.result = RevisionResult(CAPTURE, V2, True, True, FILES)
    assert run("revision", "general", "-q").output == f"{FILES[1]}\n"
    fake.result = RevisionResult(CAPTURE, V1, False, False)
    expected = Path("demo_revisions", "general", V1.file)
    assert run("revision", "general", "-q").output == f"{expected}\n"


def test_revision_with_nothing_changed(fake: Any) -> None:
    fake.result = RevisionResult(CAPTURE, V1, False, False)
    result = run("revision", "general")
    assert (result.exit_code, result.stdout) == (0, "general: no changes since v1\n")
    fake.result = RevisionResult(CAPTURE, V1, False, True)
    assert "no changes since v1; the database is stamped" in run("revision", "general").stdout


def test_revision_dry_run_and_auto(fake: Any) -> None:
    fake.result = RevisionResult(CAPTURE, None, False, False)
    result = run("revision", "general", "--dry-run")
    assert result.exit_code == 0
    assert "general: v2_2025-01-20 after v1_2025-01-15, 1,285 rows to capture" in result.stdout
    assert "1,105" in result.stdout
    assert "3 rows of fragments refer by user_id" in result.stdout
    fake.result = RevisionResult(replace(CAPTURE, refusals=("no demo rows",)), None, False, False)
    result = run("revision", "general", "--dry-run")
    assert (result.exit_code, "- no demo rows" in result.stderr) == (1, True)
    fake.result = RevisionResult(None, None, False, False)
    result = run("revision", "general", "--auto")
    assert (result.exit_code, result.output) == (0, "")
    assert "auto_export is off" in run("revision", "general", "--auto", "-v").stderr


def test_history_at_80_columns(fake: Any) -> None:
    fake.result = HISTORY
    lines = run("history").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines == [
        "version      date          rows     size   message and file",
        "─" * 80,
        "general@v2   2025-01-20   1,285   1.5 MB   more todos, and a message that is",
        "head                                       long enough to be broken on a narrow",
        "                                           terminal",
        "                                           general_v2_2025-01-20.sql",
        "general@v1   2025-01-15     275   146 kB   the first one",
        "current                                    general_v1_2025-01-15.sql",
    ]


def test_history_on_a_wide_terminal_has_a_line_for_each_version(fake: Any) -> None:
    fake.result = HISTORY
    lines = run("history", env={"COLUMNS": "170"}).stdout.splitlines()
    assert len(lines) == 4
    assert lines[0].split() == "version message date rows size file".split()
    assert lines[3].split() == (
        "general@v1 current the first one 2025-01-15 275 146 kB general_v1_2025-01-15.sql".split()
    )


def test_no_text_of_a_message_is_taken_for_markup(fake: Any) -> None:
    fake.result = [HistoryEntry(replace(V1, message="[bold]x[/] :smile:\ny"), True, None)]
    assert "[bold]x[/] :smile: y" in run("history").stdout


def test_history_and_show_as_json(fake: Any) -> None:
    fake.result = HISTORY
    shown = json.loads(run("history", "--json").stdout)
    assert [one["version"] for one in shown] == ["v2_2025-01-20", "v1_2025-01-15"]
    assert shown[1] == {
        "revision": "general_v1_8b2d04c1",
        "down_revision": None,
        "scenario": "general",
        "version": "v1_2025-01-15",
        "message": "the first one",
        "created_at": "2025-01-15T10:30:00Z",
        "rows": {"fragments": 175, "todos": 100},
        "total": 275,
        "size": 145823,
        "file": "general/general_v1_2025-01-15.sql",
        "digest": "9f" * 32,
        "dialect": "sqlite",
        "format": 1,
        "head": False,
        "current": True,
    }
    assert json.loads(run("heads", "--json").stdout) == shown
    fake.result = HISTORY[0]
    one = json.loads(run("show", "general@v2", "--json").stdout)
    assert {**shown[0], **one} == one
    assert one["selection"] == {"fragments": "marker", "todos": "via fragment_id"}
    assert one["external_references"] == [
        {
            "table": "fragments",
            "columns": ["user_id"],
            "references": "users",
            "referred_columns": ["id"],
            "rows": 3,
            "dangling": [],
        }
    ]
    assert one["application_revision"] == {"alembic_version": "ae1027a6acf"}


def test_show_prints_every_field(fake: Any) -> None:
    fake.result = HISTORY[0]
    shown = run("show", "general@v2").stdout
    for value in (V2.revision, V1.revision, V2.digest, "1,452,451 bytes", "via fragment_id",
                  "alembic_version ae1027a6acf", V2.file, "user_id"):  # fmt: skip
        assert value in shown


def test_history_arguments(fake: Any) -> None:
    fake.result = []
    result = run("history", "general", "-r", "general@v1:general@head", "-i")
    assert fake.calls[0][1] == ("general",)
    assert fake.calls[0][2]["rev_range"] == "general@v1:general@head"
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no versions yet" in result.stderr
    assert run("history", "--json").stdout == "[]\n"


def test_current(fake: Any) -> None:
    fake.result = [
        CurrentEntry("general", V2.revision, V2, True, V2.rows),
        CurrentEntry("writer", V1.revision, V1, False, {"fragments": 1}),
        CurrentEntry("", "elsewhere_v1_00000000", None, False, None),
    ]
    lines = run("current").stdout.splitlines()
    assert lines[2].split() == ["general", "v2_2025-01-20", "1,285", "head"]
    assert "the snapshot has 275 rows" in lines[3]
    assert "no script for this revision here" in lines[4]
    shown = json.loads(run("current", "--json").stdout)
    assert shown[0]["expected"] == shown[0]["rows"] == V2.rows
    assert (shown[2]["version"], shown[2]["rows"], shown[2]["total"]) == (None, None, None)
    fake.result = []
    result = run("current")
    assert (result.stdout, result.stderr) == ("", "nothing is loaded\n")


FINDINGS = [
    Finding("the digest is wrong", "general/general_v1_2025-01-15.sql", 12, "Restore it:\ngit x"),
    Finding("two heads"),
]


def test_check(fake: Any) -> None:
    fake.result = FINDINGS
    result = run("check", "general", "--database")
    assert result.exit_code == 3
    assert result.stdout == (
        "general/general_v1_2025-01-15.sql:12: the digest is wrong\n"
        "  Restore it:\n  git x\n"
        "two heads\n"
    )
    assert result.stderr == "2 problems\n"
    assert fake.calls[0][1:3] == (("general",), {"database": True, "rehearse": False})
    result = run("check", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)[1] == {
        "message": "two heads",
        "file": None,
        "line": None,
        "hint": None,
    }


def test_check_with_nothing_wrong(fake: Any) -> None:
    fake.result = []
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "0 revisions, no problems\n")
    assert run("check", "-q").output == ""


def test_manifest(fake: Any) -> None:
    fake.result = []
    assert run("manifest").stdout == "the manifest is up to date\n"
    assert fake.calls[0][2] == {"check": False}
    fake.result = FINDINGS
    result = run("manifest", "--check")
    assert result.exit_code == 3
    assert "the digest is wrong" in result.stdout
    fake.result = "{}\n"
    assert run("manifest", "--stdout").stdout == "{}\n"


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (152451, "152 kB"), (999_900, "1.0 MB"),
     (1_452_451, "1.5 MB"), (240_000_000, "240 MB"), (5_000_000_000_000, "5000 GB")],
)  # fmt: skip
def test_sizes(size: int, shown: str) -> None:
    assert render.size(size) == shown


# ---------------------------------------------------------------- questions


def test_a_remote_target_without_a_terminal_is_an_error(fake: Any) -> None:
    fake.plan = fake.result = moved(target=REMOTE)
    result = run("upgrade", "general@head", input="y\n")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert "Database: postgresql://app:***@db.internal/demo (from --url)" in result.stderr
    assert result.stdout == ""


def test_a_remote_target_with_yes_is_not_asked_about(fake: Any) -> None:
    fake.plan = fake.result = moved(target=REMOTE)
    result = run("upgrade", "general@head", "--yes")
    assert result.exit_code == 0
    assert "rows loaded" in result.stdout


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_a_remote_target_is_asked_about(
    fake: Any, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr(sessions, "is_terminal", lambda: True)
    fake.plan = fake.result = moved(target=REMOTE)
    # Even -q shows what the question is about.
    result = run("upgrade", "general@head", "-q", input=answer)
    assert result.exit_code == code
    assert "db.internal" in result.stderr
    assert ("aborted" in result.stderr) == bool(code)


def test_a_local_target_is_never_asked_about(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "is_terminal", lambda: True)
    fake.plan = fake.result = moved()
    assert run("upgrade", "general@head").exit_code == 0


# ---------------------------------------------------------------- errors


def test_errors_of_demosnap(fake: Any) -> None:
    fake.result = SnapshotError("not a row", "general_v1.sql", 7, "Restore the file.")
    result = run("load", "general")
    assert result.exit_code == 1
    assert result.stderr == "error: general_v1.sql:7: not a row\nRestore the file.\n"
    fake.result = RefusedError("load", ["first", "second"])
    assert "- first\n- second\n" in run("load", "general").stderr
    fake.result = UsageError("no")
    assert run("load", "general").exit_code == 2


def test_unexpected_errors_are_one_line_unless_debugged(fake: Any) -> None:
    fake.result = ValueError("could not read postgresql://app:s3cr:e@t@db/x\nand more")
    result = run("load", "general")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: unexpected ValueError: could not read postgresql://app:***@db/x; "
        "run with --debug for the traceback\n"
    )
    result = run("load", "general", "--debug")
    assert result.exit_code == 1
    assert "Traceback (most recent call last)" in result.stderr
    assert "s3cr" not in result.stderr


def test_errors_of_the_system_are_said_plainly(fake: Any) -> None:
    fake.result = PermissionError(13, "Permission denied", "demo_revisions")
    result = run("load", "general")
    assert (result.exit_code, result.stderr) == (1, "error: demo_revisions: Permission denied\n")


def test_an_interrupt(fake: Any) -> None:
    fake.result = KeyboardInterrupt()
    result = run("load", "general")
    assert result.exit_code == 130
    assert result.stderr.strip() == "interrupted, nothing was changed"


def test_a_server_that_hangs_up_is_no_reader_that_leaves(fake: Any) -> None:
    fake.result = RefusedError("load", ["x"])
    fake.result.__cause__ = BrokenPipeError(32, "Broken pipe")
    assert "- x\n" in run("load", "general").stderr
    fake.result = BrokenPipeError(32, "Broken pipe")
    result = run("load", "general")
    assert (result.exit_code, result.stderr) == (
        1,
        "error: a program at the other end of a pipe has ended: Broken pipe\n",
    )


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "demosnap", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


# ---------------------------------------------------------------- weight and completion

HEAVY = ["rich", "yaml", "msgspec", "sqlalchemy", "alembic", "mako", "demosnap.project"]


@pytest.mark.parametrize("words", [["--help"], ["revision", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['demosnap', *{words!r}]\n"
        "from demosnap.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose scripts cannot be executed: their names must do."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALEMBIC_CONFIG", raising=False)
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s\nversion_locations = %(here)s/demo_revisions\n"
        "path_separator = os\n"
    )
    for name in ("general_v1_2025-01-15", "general_v2_2025-01-20", "general_v10_2025-02-01",
                 "writer_v1_2025-01-15"):  # fmt: skip
        folder = tmp_path / "demo_revisions" / name.partition("_")[0]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text("raise SystemExit('executed')")
        (folder / f"{name}.sql").touch()
    (tmp_path / "demo_revisions" / "metadata").mkdir()
    return tmp_path


def complete(*words: str, shell: str = "zsh", split_at: bool = False) -> list[str]:
    line = " ".join(("demosnap", *words))
    pieces = line.replace("@", " @ " if split_at else "@").split()
    if line.endswith(" "):
        pieces.append("")
    env = {
        "_DEMOSNAP_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(pieces),
        "COMP_CWORD": str(len(pieces) - 1),
    }
    result = RUNNER.invoke(cli, [], env=env, prog_name="demosnap")
    lines = result.stdout.splitlines()
    if shell == "zsh":
        return [lines[at + 1] for at in range(0, len(lines) - 2, 3)]
    return [line.partition(",")[2] for line in lines]


def test_completion_of_names(versions: Path) -> None:
    general = [
        "general@head",
        "general@v10_2025-02-01",
        "general@v2_2025-01-20",
        "general@v1_2025-01-15",
    ]
    assert complete("upgr") == ["upgrade"]
    assert complete("revision", "") == ["general", "writer"]
    assert complete("revision", "g") == ["general"]
    assert complete("upgrade", "gen") == general
    assert complete("upgrade", "writer@head", "general@v1") == [general[1], general[3]]
    assert complete("upgrade", "h") == ["heads"]
    assert complete("load", "w") == ["writer"]
    assert complete("load", "writer@") == ["writer@head", "writer@v1_2025-01-15"]
    assert complete("stamp", "general@h") == ["general@head"]
    assert complete("downgrade", "writer", "") == ["v1_2025-01-15", "base"]
    assert complete("downgrade", "--disc") == ["--discard"]
    assert complete("history", "--yes", "w") == ["writer"]
    assert complete("check", "x") == []


def test_completion_follows_the_config_option(versions: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir("/")
    assert complete("revision", "") == []
    assert complete("-c", str(versions / "alembic.ini"), "revision", "w") == ["writer"]
    assert complete("revision", "-c", str(versions / "alembic.ini"), "w") == ["writer"]


@pytest.mark.parametrize("broken", ["", "[alembic\n", "[alembic]\nscript_location = %(x)s\n"])
def test_completion_of_a_broken_project_is_empty_and_silent(versions: Path, broken: str) -> None:
    (versions / "alembic.ini").write_text(broken)
    assert complete("revision", "") == []


def test_completion_for_bash_which_breaks_words_at_the_at_sign(versions: Path) -> None:
    assert complete("load", "writer@v", shell="bash", split_at=True) == ["@v1_2025-01-15"]
    assert complete("load", "writer@", shell="bash", split_at=True) == [
        "@head",
        "@v1_2025-01-15",
    ]
    assert complete("upgrade", "general@head", "writer@h", shell="bash", split_at=True) == ["@head"]
    assert complete("load", "writer@v", shell="bash") == ["writer@v1_2025-01-15"]


def test_completion_of_a_thousand_versions_imports_nothing_heavy(versions: Path) -> None:
    """It reads the names of files, which are empty here. Its time is measured in benchmarks."""
    for number in range(11, 1001):
        (versions / f"demo_revisions/general/general_v{number}_2025-02-01.py").touch()
    code = (
        "import sys\n"
        "from demosnap.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([n for n in {HEAVY!r} if n in sys.modules], file=sys.stderr)"
    )
    env = {
        **os.environ,
        "_DEMOSNAP_COMPLETE": "bash_complete",
        "COMP_WORDS": "demosnap upgrade general@v",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    assert done.stdout.count("\n") == 993
    assert done.stdout.startswith("plain,general@v1000_2025-02-01\n")
    assert done.stderr == "[]\n"


# ---------------------------------------------------------------- init and quickstart


def test_init_asks_before_it_adds_to_somebodys_ini(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DEMOSNAP_DATABASE_URL", "DATABASE_URL", "ALEMBIC_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    ini = tmp_path / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = alembic\n")
    result = run("init", str(tmp_path))
    assert result.exit_code == 2
    assert "[demosnap]" in result.stderr and "--yes" in result.stderr
    monkeypatch.setattr(sessions, "is_terminal", lambda: True)
    result = run("init", str(tmp_path), input="n\n")
    assert result.exit_code == 1
    assert ini.read_text() == "[alembic]\nscript_location = alembic\n"
    assert [path.name for path in tmp_path.iterdir()] == ["alembic.ini"]
    result = run("init", str(tmp_path), "--yes")
    assert result.exit_code == 0, result.output
    assert "[demosnap]" in ini.read_text()
    assert f"added to {tmp_path / 'alembic.ini'}" in result.stdout
    again = run("init", str(tmp_path))
    assert (again.exit_code, again.stdout) == (0, "")
    assert "kept" in again.stderr


def test_quickstart_runs_what_it_prints_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other.db"
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", f"sqlite:///{other}")
    monkeypatch.setenv("ALEMBIC_CONFIG", "nowhere.ini")
    result = run("quickstart")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "demosnap-quickstart"
    commands = [line[2:] for line in result.stdout.splitlines() if line.startswith("$ ")]
    assert commands == [
        "cd demosnap-quickstart",
        "unset ALEMBIC_CONFIG DEMOSNAP_DATABASE_URL",
        "python app.py seed",
        "demosnap init",
        "demosnap revision general -m 'v1: a good demo'",
        "python app.py edit",
        "demosnap revision general -m 'v2: after a day of work'",
        "demosnap downgrade general -1",
        "demosnap upgrade general@head",
        "demosnap history",
    ]
    assert "general: v2 → v1" in result.stdout
    assert "general: v1 → v2" in result.stdout
    assert not other.exists()
    assert Path.cwd() == tmp_path
    assert os.environ["ALEMBIC_CONFIG"] == "nowhere.ini"
    assert run("check", "-c", str(folder / "alembic.ini")).exit_code == 0

    (folder / "mine.txt").write_text("keep me")
    again = run("quickstart")
    assert again.exit_code == 0, again.output
    assert (folder / "mine.txt").read_text() == "keep me"
    scripts = list((folder / "demo_revisions" / "general").glob("*.py"))
    assert len(scripts) == 2


def test_what_quickstart_prints_can_be_repeated_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DEMOSNAP_DATABASE_URL", "DATABASE_URL", "ALEMBIC_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert run("quickstart", "tour").exit_code == 0
    monkeypatch.chdir(tmp_path / "tour")
    assert run("downgrade", "general", "base").exit_code == 0
    with create_engine("sqlite:///demo.db").connect() as connection:
        marked = "SELECT count(*) FROM fragments WHERE metadata ->> 'demo_seed'"
        assert connection.execute(text(marked)).scalar_one() == 0
        assert connection.execute(text("SELECT count(*) FROM fragments")).scalar_one() > 0
    assert run("upgrade", "general@head").exit_code == 0
    assert "no changes since v2" in run("revision", "general").stdout


def test_quickstart_refuses_a_folder_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "demo.db").write_text("mine")
    result = run("quickstart", str(tmp_path))
    assert result.exit_code == 2
    assert "quickstart did not make it" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["demo.db"]


def test_quickstart_in_the_current_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("quickstart", ".")
    assert result.exit_code == 0, result.output
    assert "$ cd" not in result.stdout
    assert (tmp_path / "demo.db").exists()
