"""`diff`: versions with each other and with the database, in every form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demosnap.errors import SnapshotError, UnknownNameError, UsageError
from support import in_process, small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1, v2 and v3 of general and one of writer; the database is at both heads."""
    return small.copied(make_workspace(database), "v1", "v2", "v3", writer=True)


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone."""
    return small.copied(make_workspace(sqlite), "v1", "v2", "v3", writer=True)


def found(chain: Chain, *names: str, **more: Any) -> dict[str, list[tuple[str, Any]]]:
    """What differs: kind and id of each row, by table."""
    result: dict[str, list[tuple[str, Any]]] = {}
    with chain.project.diff("general", *names, **more) as comparison:
        for pair, rows in comparison.tables():
            for row in rows:
                number = (row.new or row.old or b"").partition(b",")[0]
                result.setdefault(pair.name, []).append((row.kind, int(number)))
    return result


V1_TO_V2 = {
    "cards": [("modified", 1), ("added", 5)],
    "checks": [("removed", 3), ("added", 5)],
}


def test_two_versions_need_no_database(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    second = chain.ids()["v2"]
    monkeypatch.setattr("demosnap.connect.connected", None)
    assert found(chain, "v1", "v2") == V1_TO_V2
    assert found(chain, "v1_2025-01-15", second) == V1_TO_V2
    assert found(chain, "general@v1", "v2_2025-01-20") == V1_TO_V2
    assert found(chain, "v2", "v2") == {}
    assert found(chain, "base", "v1") == {
        "boards": [("added", 1)],
        "cards": [("added", 1), ("added", 3)],
        "checks": [("added", 1), ("added", 3)],
    }
    assert found(chain, "v1", "base")["boards"] == [("removed", 1)]


def test_the_loaded_version_or_another_one_and_the_database(chain: Chain) -> None:
    assert found(chain) == {}
    chain.project.load("general@v2")
    assert found(chain) == {}
    assert found(chain, "v1") == V1_TO_V2
    assert found(chain, "-1") == V1_TO_V2
    assert found(chain, "v1", "database") == V1_TO_V2
    back = found(chain, "database", "v1")
    assert back["checks"] == [("added", 3), ("removed", 5)]
    chain.database.execute("UPDATE cards SET title = 'x' WHERE id IN (1, 2, 11)")
    assert found(chain) == {"cards": [("modified", 1)]}


def test_inside_the_callers_transaction(chain: Chain) -> None:
    with chain.database.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE cards SET title = 'x' WHERE id = 1")
        assert found(chain, connection=connection) == {"cards": [("modified", 1)]}
        connection.rollback()


def test_names_that_mean_nothing(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    with pytest.raises(UnknownNameError, match="did you mean 'general'"):
        found_in = chain.project.diff("genral", "v1")
        found_in.__enter__()
    for names, kind, message in (
        (("v9", "v1"), UnknownNameError, "unknown version of general 'v9'"),
        (("database", "database"), UsageError, "both sides are the database"),
        (("database",), UsageError, "both sides are the database"),
        (("writer@v1", "v2"), UsageError, "writer@v1 is not a version of general"),
    ):
        with pytest.raises(kind, match=message):
            found(chain, *names)
    chain.project.downgrade("general", "base")
    with pytest.raises(UsageError, match="no version of general is loaded"):
        found(chain)


def test_a_snapshot_that_was_changed_by_hand_is_an_error_in_the_end(sqlite_chain: Chain) -> None:
    path = sqlite_chain.workspace.revisions / "general" / "general_v2_2025-01-20.sql"
    path.write_bytes(path.read_bytes().replace(b"'Renamed'", b"'Evil'"))
    with pytest.raises(SnapshotError, match="differ from the captured ones"):
        found(sqlite_chain, "v1", "v2")
    done = sqlite_chain.workspace.run("diff", "general", "v1", "v2", "--format", "sql", check=False)
    assert (done.returncode, done.stdout) == (1, "")


def test_text_with_a_line_of_its_own_that_looks_like_a_row(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    chain.database.execute(
        "UPDATE cards SET title = 'one),\n(2,''two);\n\n-- Three\nINSERT INTO x VALUES\n('"
        " WHERE id = 1"
    )
    chain.project.revision("general", date="2025-02-10")
    assert found(chain, "v3", "v4") == {"cards": [("modified", 1)]}
    assert found(chain, "v4") == {}


def test_rows_longer_than_a_statement(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    values = ",".join(
        f"({number}, 1, NULL, '{'x' * 900}', TRUE, 'general')" for number in range(100, 3100)
    )
    chain.database.execute(f"INSERT INTO cards VALUES {values}")
    chain.project.revision("general", date="2025-02-10")
    chain.database.execute("UPDATE cards SET title = 'y' WHERE id = 2999")
    chain.project.revision("general", date="2025-02-11")
    assert found(chain, "v4", "v5") == {"cards": [("modified", 2999)]}


def test_tables_in_another_order_and_tables_that_only_one_side_has(chain: Chain) -> None:
    chain.database.execute(
        "CREATE TABLE a_first (id INTEGER PRIMARY KEY, is_demo BOOLEAN, scenario VARCHAR(20))",
        "INSERT INTO a_first VALUES (1, TRUE, 'general')",
    )
    chain.project.revision("general", date="2025-02-10")
    assert found(chain, "v3", "v4") == {"a_first": [("added", 1)]}
    assert found(chain, "v4", "v3") == {"a_first": [("removed", 1)]}
    chain.database.execute("DELETE FROM a_first")
    assert found(chain, "v4") == {"a_first": [("removed", 1)]}
    chain.database.execute("DROP TABLE a_first")
    assert found(chain, "v4") == {"a_first": [("removed", 1)]}


# ------------------------------------------------------------------ the script


def test_the_script_turns_one_version_into_the_other(chain: Chain) -> None:
    """Through the database's own client, with rows of others untouched."""
    path = chain.workspace.folder / "change.sql"
    chain.project.downgrade("writer", "base")
    for old, new in (("v3", "v1"), ("v1", "v3"), ("v3", "v2"), ("v2", "base"), ("base", "v2")):
        with chain.project.diff("general", old, new, checked=True) as comparison:
            lines = list(comparison.script(comparison.changes(), ["a change"]))
        path.write_text("\n".join(lines), encoding="utf-8")
        chain.database.client(path)
        assert chain.database.dump() == chain.at[new], (old, new)


def test_the_script_from_the_database_undoes_what_was_done(chain: Chain) -> None:
    before = chain.database.dump()
    chain.database.execute(
        "UPDATE cards SET title = 'it''s \\ %s :name' WHERE id = 1",
        "DELETE FROM checks WHERE id = 1",
        "INSERT INTO checks VALUES (8, 3, 'no')",
    )
    done = chain.workspace.run("diff", "general", "database", "head", "--format", "sql")
    path = chain.workspace.folder / "change.sql"
    path.write_text(done.stdout, encoding="utf-8")
    chain.database.client(path)
    assert chain.database.dump() == before


def test_no_script_where_nothing_differs(sqlite_chain: Chain) -> None:
    done = sqlite_chain.workspace.run("diff", "general", "--format", "sql")
    assert (done.stdout, done.stderr) == ("", "no differences\n")
    done = sqlite_chain.workspace.run("diff", "general", "--format", "sql", "--stat", check=False)
    assert done.returncode == 2


# ------------------------------------------------------------------ the command


def test_text(sqlite_chain: Chain) -> None:
    done = sqlite_chain.workspace.run("diff", "general", "v1", "v2")
    assert done.stdout == (
        "general: v1_2025-01-15 → v2_2025-01-20\n"
        "cards\n"
        "  ~ id=1\n"
        "      title: 'It''s 100%; :name' → 'Renamed'\n"
        "  + id=5  board_id=1, title='Five', is_demo=1, scenario='general'\n"
        "checks\n"
        "  - id=3  card_id=3, done='no'\n"
        "  + id=5  card_id=5\n"
        "2 tables: 2 added, 1 removed, 1 modified\n"
    )
    assert done.stderr == ""


def test_stat(sqlite_chain: Chain) -> None:
    done = sqlite_chain.workspace.run("diff", "general", "v1", "v2", "--stat")
    assert done.stdout == (
        " cards  | 2 +~\n checks | 2 +-\n 2 tables: 2 added, 1 removed, 1 modified\n"
    )


def test_one_table(sqlite_chain: Chain) -> None:
    run = sqlite_chain.workspace.run
    done = run("diff", "general", "v1", "v2", "--table", "checks", "--stat")
    assert done.stdout == " checks | 2 +-\n 1 table: 1 added, 1 removed\n"
    assert (
        "UPDATE"
        not in run("diff", "general", "v1", "v2", "--table", "checks", "--format", "sql").stdout
    )
    wrong = run("diff", "general", "v1", "v2", "--table", "check", check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "did you mean 'checks'" in wrong.stderr


def test_exit_code(sqlite_chain: Chain) -> None:
    run = sqlite_chain.workspace.run
    for form in ((), ("--stat",), ("--format", "json"), ("--format", "sql")):
        same = run("diff", "general", "v1", "v1", "--exit-code", *form, check=False)
        other = run("diff", "general", "v1", "v2", "--exit-code", *form, check=False)
        assert (same.returncode, other.returncode) == (0, 3), form
        assert run("diff", "general", "v1", "v2", *form).returncode == 0


def test_json(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    words = ("diff", "general", "v1", "v2", "--format", "json")
    shape = json.loads(chain.workspace.run(*words).stdout)
    assert (shape["scenario"], shape["from"], shape["to"]) == (
        "general",
        "v1_2025-01-15",
        "v2_2025-01-20",
    )
    cards, checks = shape["tables"]
    assert cards["rows"][0]["key"] == {"id": 1}
    assert cards["rows"][0]["cells"] == [
        {"column": "title", "old": "It's 100%; :name", "new": "Renamed", "paths": []}
    ]
    assert cards["rows"][1]["new"] == {
        "id": 5,
        "board_id": 1,
        "owner_id": None,
        "title": "Five",
        "is_demo": 1,
        "scenario": "general",
    }
    assert (checks["added"], checks["removed"], checks["modified"]) == (1, 1, 0)
    stat = chain.workspace.run(*words, "--stat").stdout
    assert json.loads(stat)["tables"][1] == {
        "table": "checks",
        "in_from": True,
        "in_to": True,
        "columns_added": [],
        "columns_removed": [],
        "added": 1,
        "removed": 1,
        "modified": 0,
        "unpicked": 0,
    }
    empty = chain.workspace.run("diff", "general", "v1", "v1", "--format", "json").stdout
    assert json.loads(empty)["tables"] == []


def test_paths_inside_of_json_and_columns_that_come_and_go(workspace: Workspace) -> None:
    database = workspace.database
    workspace.project.revision("general", date="2025-01-15")
    database.execute(
        "ALTER TABLE todos ADD COLUMN priority VARCHAR(9) DEFAULT 'low'",
        """UPDATE todos SET state = '{"status": "done", "at": [1]}', priority = 'high'"""
        " WHERE id = 1",
    )
    workspace.project.revision("general", date="2025-01-20")
    text = workspace.run("diff", "general", "v1", "v2", "-v").stdout
    assert "todos\n  new: column priority\n  ~ id=1\n" in text
    assert '      state $.status: "open" → "done"\n' in text
    assert '      state $.priority: - "medium"\n' in text
    assert "      state $.at: + [1]\n" in text
    assert "      priority: + 'high'\n" in text
    assert "1 table: 1 modified\n" in text
    shape = json.loads(workspace.run("diff", "general", "v1", "v2", "--format", "json").stdout)
    (table,) = shape["tables"]
    assert table["columns_added"] == ["priority"]
    state, priority = table["rows"][0]["cells"]
    assert {"path": "$.at", "new": [1]} in state["paths"]
    assert priority == {"column": "priority", "new": "high", "paths": []}


def test_long_values_are_shortened_around_the_change(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    chain.database.execute(f"UPDATE checks SET done = '{'x' * 500} old' WHERE id = 1")
    chain.project.revision("general", date="2025-02-10")
    chain.database.execute(f"UPDATE checks SET done = '{'x' * 500} new\x1b[31m' WHERE id = 1")
    chain.project.revision("general", date="2025-02-11")
    line = chain.workspace.run("diff", "general", "v4", "v5").stdout.splitlines()[3]
    assert line.startswith("      done: …xxx") and len(line) <= 80
    assert " old' → …" in line and r" new\x1b[31m'" in line
    whole = chain.workspace.run("diff", "general", "v4", "v5", "-v").stdout
    assert "x" * 500 + " old'" in whole


def on_terminal(chain: Chain, *words: str, **environment: str) -> str:
    """What a command prints on a terminal of 24 lines."""
    environment = {
        **os.environ,
        "DEMOSNAP_DATABASE_URL": chain.database.url,
        "TERM": "xterm",
        "LINES": "24",
        "COLUMNS": "100",
        "PAGER": "sed s/^/paged:/",
        **environment,
    }
    environment.pop("NO_COLOR", None) if "NO_COLOR" not in environment else None
    return in_process.on_terminal(words, chain.workspace.folder, environment).decode()


def test_a_terminal_gets_colours_and_a_pager_where_it_is_long(sqlite_chain: Chain) -> None:
    chain = sqlite_chain
    text = on_terminal(chain, "diff", "general", "v1", "v2")
    assert "\x1b[32m  + id=5" in text and "\x1b[31m  - id=3" in text
    assert "paged:" not in text
    values = ",".join(f"({number}, 3, 'no')" for number in range(100, 140))
    chain.database.execute(f"INSERT INTO checks VALUES {values}")
    assert "paged:" in on_terminal(chain, "diff", "general")
    assert "\x1b[" not in on_terminal(chain, "diff", "general", "v1", "v2", NO_COLOR="1")


def test_completion_of_the_sides(sqlite_chain: Chain) -> None:
    environment = {
        **os.environ,
        "_DEMOSNAP_COMPLETE": "zsh_complete",
        "COMP_WORDS": "demosnap diff general v",
        "COMP_CWORD": "3",
    }
    done = subprocess.run(
        [str(Path(sys.executable).with_name("demosnap"))],
        cwd=sqlite_chain.workspace.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "v2_2025-01-20" in done.stdout
