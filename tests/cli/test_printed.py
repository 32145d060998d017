"""What each command prints where: plans, results, tables, JSON; what --quiet leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demosnap.cli import render
from demosnap.refusal import Refusal
from demosnap.results import CapturePlan, CurrentEntry, Finding, HistoryEntry, Move, RevisionResult
from support.fake_project import HISTORY, LOAD, LOCAL, REMOTE, V1, V2, moved, run


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
    fake.result = moved(refusals=(Refusal("unsaved rows", "two rows\nare in no revision"),))
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
    assert "no changes since v1; the database is now stamped" in run("revision", "general").stdout


def test_revision_dry_run_and_auto(fake: Any) -> None:
    fake.result = RevisionResult(CAPTURE, None, False, False)
    result = run("revision", "general", "--dry-run")
    assert result.exit_code == 0
    assert "general: v2_2025-01-20 after v1_2025-01-15, 1,285 rows to capture" in result.stdout
    assert "1,105" in result.stdout
    assert "3 rows of fragments refer by user_id" in result.stdout
    none = Refusal("no demo rows", "no demo rows")
    fake.result = RevisionResult(replace(CAPTURE, refusals=(none,)), None, False, False)
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
