"""Nothing that somebody else wrote steers the terminal, and what is said can always be said."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from demosnap.cli import screen
from demosnap.cli.program import cli
from demosnap.visible import know_names, one_line, paragraph, visible
from support import in_process

NASTY = (
    "\x1b]0;x\x07\x1b[31m\x08\x7f\r\u202e\u2066\u200b\u200f\u061c\ufeff\x9b\x85\u2028"
    "\U000e0041\u3164\ufe01"
)
FAKE = "\nfaked: all is well"
STYLES = (b"\x1b[1m", b"\x1b[0m", b"\x1b[2m", b"\x1b[31m", b"\x1b[32m", b"\x1b[33m", b"\x1b[36m")


def _hidden(data: bytes) -> set[str]:
    """Return the characters of an output that a terminal would not show."""
    return {one for one in data.decode() if one != "\n" and visible(one) != one}


def _clean(data: bytes) -> None:
    assert _hidden(data) == set()
    assert not any(line.strip().startswith("faked") for line in data.decode().splitlines())


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


@pytest.fixture
def nasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A project whose values, names and messages hold the zoo; two versions, at the second."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DEMOSNAP_DATABASE_URL", raising=False)
    database = sqlite3.connect("app.db", isolation_level=None)
    name = NASTY.replace("\r", "")
    database.executescript(
        f'CREATE TABLE "t{name}" ("c{name}" TEXT NOT NULL PRIMARY KEY, note TEXT,'
        " is_demo BOOLEAN);"
        f'CREATE TABLE other (id TEXT PRIMARY KEY, ref TEXT, CONSTRAINT "k{name}"'
        f' FOREIGN KEY (ref) REFERENCES "t{name}" ("c{name}"));'
    )
    database.execute(f'INSERT INTO "t{name}" VALUES (?, ?, 1)', ("a" + NASTY + FAKE, NASTY))
    assert run("init", "--url", f"sqlite:///{tmp_path}/app.db").exit_code == 0
    Path("demo_revisions/demosnap.yaml").write_text("marker: {column: is_demo}\n")
    first = run("revision", "general", "-m", f"v1: {NASTY}")
    assert first.exit_code == 0, first.output
    _clean(first.stdout_bytes + first.stderr_bytes)
    database.execute(f"UPDATE \"t{name}\" SET note = note || 'x'")
    assert run("revision", "general", "-m", f"v2: {NASTY}").exit_code == 0
    yield database
    database.close()


# Each command of demosnap stands here; `diff` and `--json` for programs are tested below.
CALLS = {
    "init": ("init x{n}", "init --url postgresql://{n}"),
    "revision": ("revision general --dry-run", "revision {n}", "revision general --head {n}"),
    "upgrade": ("upgrade general@head --dry-run", "upgrade {n}", "upgrade general@{n}"),
    "downgrade": ("downgrade general base --dry-run", "downgrade general {n}",
                  "downgrade general base"),
    "load": ("load general --dry-run --discard", "load general", "load {n}"),
    "stamp": ("stamp general@v1", "stamp {n}"),
    "reset": ("reset general --dry-run", "reset {n}"),
    "status": ("status", "status {n}", "status --url sqlite:///{n}.db", "status -c {n}.ini"),
    "diff": ("diff general v1 v2", "diff general base v2 --stat", "diff general", "diff {n}",
             "diff general --table {n}"),
    "log": ("log", "log {n}"),
    "history": ("history", "history -v", "history -r {n}:{n}", "history -n {n}"),
    "heads": ("heads", "heads --{n}"),
    "current": ("current", "current {n}"),
    "show": ("show general@v1", "show {n}"),
    "check": ("check", "check --database", "check {n}"),
    "manifest": ("manifest", "manifest --check", "manifest --stdout", "manifest {n}"),
    "schema": ("schema", "schema --write", "schema {n}"),
    "quickstart": ("quickstart {n}", "quickstart {n}"),
    "git-textconv": ("git-textconv {n}",),
    "git-merge": ("git-merge {n} a b",),
}  # fmt: skip


def test_every_command_is_called() -> None:
    assert set(CALLS) == set(cli.commands)


def test_nothing_steers_the_terminal(nasty: sqlite3.Connection) -> None:
    """Values, keys, names, messages, stamps, log, triggers, files, arguments: byte for byte."""
    name = NASTY.replace("\r", "")
    broken = Path("demo_revisions/general") / f"x{name}.py"
    nasty.execute("INSERT INTO other VALUES (?, ?)", (f"real{NASTY}{FAKE}", f"a{NASTY}{FAKE}"))
    nasty.execute("UPDATE demosnap_log SET os_user = ?, host = ?", (NASTY + FAKE, NASTY + FAKE))
    nasty.execute(f'INSERT INTO "t{name}" VALUES (?, ?, 1)', (NASTY + FAKE, NASTY + FAKE))
    nasty.execute("INSERT INTO demosnap_version VALUES (?)", (f"x{NASTY}{FAKE}",))
    wrong: list[tuple[object, ...]] = []
    for stage in ("rows", "trigger", "script"):
        if stage == "trigger":
            nasty.execute("DELETE FROM other")
            nasty.execute(
                f'CREATE TRIGGER g BEFORE DELETE ON "t{name}"'
                f" BEGIN SELECT RAISE(ABORT, 'no{NASTY}{FAKE}'); END"
            )
        if stage == "script":
            broken.write_text(f'"""{NASTY}"""\n(')
        for call in (call for calls in CALLS.values() for call in calls):
            result = run(*(word.replace("{n}", NASTY) for word in call.split(" ")))
            said = result.stdout_bytes + result.stderr_bytes
            if b"unexpected " in said and b"unexpected extra" not in said:
                wrong.append((stage, call, said[-300:]))
            try:
                _clean(said)
            except AssertionError:
                faked = [line for line in said.decode().splitlines() if "faked" in line]
                wrong.append((stage, call, _hidden(said), faked))
    assert wrong == []


def test_what_is_for_programs_is_exact(nasty: sqlite3.Connection) -> None:
    """JSON decodes to the very text; SQL is the text."""
    result = run("history", "--json")
    assert json.loads(result.stdout)[0]["message"] == json.loads(result.stdout)[1]["message"]
    _clean(result.stdout_bytes)
    nasty.execute(f'UPDATE "t{NASTY}" SET note = ?'.replace("\r", ""), ("new" + NASTY + FAKE,))
    result = run("diff", "general", "--format", "json")
    (row,) = json.loads(result.stdout)["tables"][0]["rows"]
    assert row["new"]["note"] == "new" + NASTY + FAKE
    assert _hidden(result.stdout_bytes) == set()
    script = run("diff", "general", "v2", "database", "--format", "sql").stdout_bytes.decode()
    assert NASTY.replace("\r", "")[:3] in script


def test_a_terminal_shows_styles_and_nothing_else(nasty: sqlite3.Connection) -> None:
    """Those of demosnap get through, the same in a value do not."""
    env = {**os.environ, "TERM": "xterm", "PAGER": "cat", "NO_COLOR": ""}
    for words in (["history"], ["diff", "general", "v1", "v2"], ["status"]):
        data = in_process.on_terminal(words, Path.cwd(), env)
        assert any(style in data for style in STYLES)
        for style in STYLES:
            data = data.replace(style, b"")
        _clean(data.replace(b"\r\n", b"\n"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_every_encoding_can_show_it(encoding: str) -> None:
    below = io.BytesIO()
    shown = screen.Screen(io.TextIOWrapper(below, encoding), must_be_written=True)
    shown.write("v1 → v2 é 😀 \udcff\n")
    shown.flush()
    said = below.getvalue().decode(encoding)
    assert "v1 " in said and "\\xff" in said
    assert ("→" in said) == (encoding == "utf-8")


def test_names_are_visible() -> None:
    assert one_line("a\nb\tc\x1b") == "a\\nb\\tc\\x1b"
    assert visible("größe 漢字 – “x”\u00a0😀\n") == "größe 漢字 – “x”\u00a0😀\n"


@pytest.mark.parametrize("name", ["\n", '"\n', '"\n"', " \n "])
def test_a_blank_name_leaves_the_lines_of_other_messages(name: str) -> None:
    """Such a table may be there; what is between the lines of a message is no name of it."""
    know_names(name)
    assert paragraph("one\ntwo") == "one\ntwo"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_commit_is_done_whatever_the_terminal_can_show(
    nasty: sqlite3.Connection, encoding: str
) -> None:
    env = {**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    words = [sys.executable, "-m", "demosnap", "downgrade", "general", "base"]
    done = subprocess.run(words, capture_output=True, env=env, check=False)
    assert (done.returncode, done.stderr.count(b"error")) == (0, 0)
    assert b"v2 \\u2192 base, 1 row purged" in done.stdout


def test_a_commit_is_done_whoever_reads_the_output(nasty: sqlite3.Connection) -> None:
    """A reader that leaves says nothing of the commit; a full disk is told, with what was done."""
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-m", "demosnap", "-q", "revision", "general", "--allow-empty"]
    done = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, check=False)
    said = b"note: standard output: No space left on device; the command itself has succeeded\n"
    assert (done.returncode, done.stderr) == (0, said)
    assert run("current").stdout.count("v4") == 1
