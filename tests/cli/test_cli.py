"""The command line: what it accepts, what it calls, what it asks, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

import demosnap.project
from demosnap.cli import session as sessions
from demosnap.cli.program import cli
from demosnap.errors import RefusedError, SnapshotError, UsageError
from demosnap.options import MoveOptions
from demosnap.refusal import Refusal
from demosnap.results import RevisionResult
from support.fake_project import HISTORY, REMOTE, moved, run

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
    words = "--no-stamp --allow-empty --allow-shrink --head general@v1 --splice --dry-run --auto"
    words += " --date 2025-01-20"
    assert run("revision", "general", "-m", "v2: x", *words.split()).exit_code == 0
    assert fake.calls[0][:3] == (
        "revision",
        ("general",),
        {
            "message": "v2: x",
            "stamp": False,
            "allow_empty": True,
            "allow_shrink": True,
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
    fake.result = RefusedError("load", [Refusal("overlap", one) for one in ("first", "second")])
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
    fake.result = RefusedError("load", [Refusal("overlap", "x")])
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
