"""Full-text indexes of InnoDB: a server ends over what is deleted, undone and deleted once more."""

from __future__ import annotations

import pytest

from support.refusals import refused
from support.workspaces import Workspace

FILMS = (
    "CREATE TABLE film (id integer PRIMARY KEY, title varchar(40), is_demo boolean NOT NULL)",
    "CREATE TABLE film_text (id integer PRIMARY KEY, title varchar(40), FULLTEXT KEY (title))",
    "CREATE TRIGGER film_come AFTER INSERT ON film FOR EACH ROW"
    " INSERT INTO film_text VALUES (NEW.id, NEW.title)",
    "CREATE TRIGGER film_go AFTER DELETE ON film FOR EACH ROW"
    " DELETE FROM film_text WHERE id = OLD.id",
    "INSERT INTO film VALUES (1, 'Own', FALSE), (10, 'Demo', TRUE), (11, 'More', TRUE)",
)
FREE = "marker: {column: is_demo}\ntriggers: {may_change: [film_text]}\n"
RULES = {
    "captured": f'{FREE}tables: {{film_text: {{where: "id >= 10"}}}}\n',
    "kept by triggers": FREE,
}


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("database", ["mariadb"], indirect=True)  # others have no such indexes
def test_a_way_back_over_a_full_text_index_is_not_tried(workspace: Workspace, rules: str) -> None:
    """The plan says so before anything is done; the rows go and come all the same."""
    database = workspace.database
    database.execute(*FILMS)
    workspace.configure(RULES[rules])
    there = database.dump()
    workspace.project.revision("general")

    plan = workspace.project.downgrade("general", "base", dry_run=True)
    assert "cannot be tried: the full-text index of film_text may end the server" in plan.way_back
    with refused("no way back", "the full-text index of film_text"):
        workspace.project.revision("general", rehearse=True, allow_empty=True)

    workspace.project.downgrade("general", "base")
    assert [row[0][1] for row in database.dump()["film_text"]] == [1]
    workspace.project.upgrade("general@head")
    assert database.dump() == there
