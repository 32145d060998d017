"""Numbers of rows in messages: one is told as one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import demosnap
from demosnap.errors import CountError
from support.workspaces import Workspace

WORDS = re.compile(r"\b(_more|reference|verb|[A-Z_]{3,})\b")
"""What stands in those places and is no number, or is a limit, which is never one."""

SOURCES = sorted(Path(demosnap.__file__).parent.rglob("*.py"))


def loose(source: str) -> list[str]:
    """Return the f-strings that put a number before the word rows by themselves."""
    found = []
    nodes = list(ast.walk(ast.parse(source)))
    chosen = {
        id(part) for node in nodes if isinstance(node, ast.IfExp) for part in ast.walk(node.orelse)
    }
    for node in nodes:
        if isinstance(node, ast.JoinedStr) and id(node) not in chosen:
            for value, after in zip(node.values, node.values[1:], strict=False):
                word = after.value if isinstance(after, ast.Constant) else ""
                if (
                    str(word).removeprefix(" demo").startswith(" rows")
                    and isinstance(value, ast.FormattedValue)
                    and not WORDS.search(ast.unparse(value))
                ):
                    found.append(ast.unparse(node))
    return found


def test_such_a_number_is_found() -> None:
    assert loose('f"{name}: {count} rows reference no row"') == [
        "f'{name}: {count} rows reference no row'"
    ]
    assert loose('f"{rows(count)} of {name}"') == []
    assert loose('"1 row" if count == 1 else f"{count} rows"') == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_message_writes_rows_after_a_number_by_itself(path: Path) -> None:
    """`visible.rows` does, and knows of one."""
    assert loose(path.read_text(encoding="utf-8")) == []


def test_one_row_that_a_trigger_keeps_is_told_as_one(sqlite_workspace: Workspace) -> None:
    """Two go, a trigger keeps one of them, and one was deleted."""
    workspace = sqlite_workspace
    workspace.configure("marker: {column: is_demo}\n")
    workspace.database.execute(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, is_demo BOOLEAN NOT NULL)",
        "INSERT INTO notes VALUES (1, TRUE), (2, TRUE)",
    )
    workspace.project.revision("general")
    workspace.database.execute(
        "CREATE TRIGGER stays BEFORE DELETE ON notes WHEN OLD.id = 1"
        " BEGIN SELECT RAISE(IGNORE); END"
    )
    with pytest.raises(CountError) as caught:
        workspace.project.downgrade("general", "base", rehearse=False)
    assert "notes: 1 row would be deleted where 2 were planned" in str(caught.value)
    workspace.database.execute("DELETE FROM notes WHERE id = 2")
    with pytest.raises(CountError) as caught:
        workspace.project.downgrade("general", "base", rehearse=False, discard=True)
    assert "notes: 0 rows would be deleted where 1 was planned" in str(caught.value)
