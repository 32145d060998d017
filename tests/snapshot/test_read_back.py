"""What a capture writes is what a reader accepts, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from demosnap.errors import DatabaseError
from support.workspaces import Workspace


def files(folder: Path) -> list[str]:
    """The snapshots and scripts below a folder."""
    return sorted(str(path) for path in folder.rglob("*") if path.suffix in (".sql", ".py"))


# Only there can a definition be made to contradict its rows with the tools of every version.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_row_that_no_load_would_take_is_refused(workspace: Workspace) -> None:
    """Table, column and row are named, and no file is left."""
    workspace.database.execute(
        "CREATE TABLE things (id integer PRIMARY KEY, name text, metadata json)",
        """INSERT INTO things VALUES (1, 'one', '{"demo_seed": true}'),"""
        """ (7, NULL, '{"demo_seed": true}')""",
        "UPDATE pg_attribute SET attnotnull = true"
        " WHERE attrelid = 'things'::regclass AND attname = 'name'",
    )
    before = files(workspace.revisions)
    with pytest.raises(DatabaseError, match="every load would fail on it") as caught:
        workspace.project.revision("general")
    assert "things: the row id=7 cannot be" in str(caught.value)
    assert "name is NULL, which is not a valid text not null" in str(caught.value)
    assert files(workspace.revisions) == before
    assert workspace.project.current() == []
    workspace.database.execute("UPDATE things SET name = 'seven' WHERE id = 7")
    assert workspace.project.revision("general").created
