"""What a capture says of rows that it does not pick and that reference demo rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]
FIRST = "rows that are not captured reference demo rows, which cannot go as long as these rows do"
HOW = "if they are demo data, add under `tables:` in demosnap.yaml:"


def noted(workspace: Workspace, *, dry_run: bool = True) -> list[str]:
    """The lines of the one note about such rows; none if there is none."""
    plan = workspace.project.revision("general", dry_run=dry_run).plan
    assert plan is not None
    found = [note for note in plan.notes if note.startswith(FIRST)]
    assert len(found) < 2
    return found[0].splitlines()[1:] if found else []


@pytest.fixture
def boards(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Boards with cards, both with a marker; one board and one card are demo rows."""
    workspace = make_workspace(database)
    workspace.configure("marker: {column: is_demo}\n")
    database.execute(
        "CREATE TABLE boards (id INTEGER NOT NULL PRIMARY KEY, is_demo BOOLEAN)",
        "CREATE TABLE cards (id INTEGER NOT NULL PRIMARY KEY, board_id INTEGER,"
        " on_id INTEGER, is_demo BOOLEAN, FOREIGN KEY (board_id) REFERENCES boards (id),"
        " FOREIGN KEY (on_id) REFERENCES cards (id))",
        "INSERT INTO boards VALUES (1, TRUE), (2, FALSE)",
        "INSERT INTO cards VALUES (1, 1, NULL, TRUE), (2, 2, NULL, FALSE)",
    )
    return workspace


def test_nothing_is_said_where_nothing_refers(boards: Workspace) -> None:
    assert noted(boards) == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_unmarked_rows_of_tables_that_the_marker_selects(boards: Workspace, dry_run: bool) -> None:
    """What was said only by the purge that they refused; NULL is unmarked, too."""
    boards.database.execute(
        "INSERT INTO cards VALUES (3, 1, NULL, FALSE), (4, 2, 1, NULL), (5, 1, 1, NULL)"
    )
    assert noted(boards, dry_run=dry_run) == [
        "  boards: from cards 2 by board_id",
        "  cards: from cards 2 by on_id",
        "cards: already captured, but not these rows; if they are demo data, mark them, or change"
        " the rule",
        "  cards: {any: [marker, {via: board_id}]}",
    ]
    if not dry_run:
        with refused("referenced by non-demo rows", "2 rows of cards outside of the scenario"):
            boards.project.downgrade("general", "base")


def test_notes_are_grouped_by_parent_and_their_lines_can_be_pasted(boards: Workspace) -> None:
    boards.database.execute(
        "CREATE TABLE votes (id INTEGER NOT NULL PRIMARY KEY, card_id INTEGER, board_id INTEGER,"
        " FOREIGN KEY (card_id) REFERENCES cards (id), FOREIGN KEY (board_id) REFERENCES"
        " boards (id))",
        "CREATE TABLE looks (id INTEGER NOT NULL PRIMARY KEY, board_id INTEGER, FOREIGN KEY"
        " (board_id) REFERENCES boards (id))",
        "INSERT INTO votes VALUES (1, 1, 1), (2, 2, 1)",
        "INSERT INTO looks VALUES (1, 1)",
    )
    lines = noted(boards)
    groups = dict(line.strip().split(": from ") for line in lines[: lines.index(HOW)])
    assert {name: sorted(text.split(", ")) for name, text in groups.items()} == {
        "boards": ["looks 1 by board_id", "votes 2 by board_id"],
        "cards": ["votes 1 by card_id"],
    }
    pasted = "\n".join(lines[lines.index(HOW) + 1 :])
    assert pasted.count("# or {via: ") == 1
    boards.configure(f"marker: {{column: is_demo}}\ntables:\n{pasted}\n")
    assert noted(boards) == [] or "votes: already captured" in "\n".join(noted(boards))
    assert boards.project.revision("general").version.rows["looks"] == 1


def test_names_that_need_quotes_can_be_pasted(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(sqlite)
    workspace.configure("marker: {column: is_demo}\n")
    sqlite.execute(
        "CREATE TABLE boards (id INTEGER NOT NULL, part INTEGER NOT NULL, is_demo BOOLEAN,"
        " PRIMARY KEY (id, part))",
        "INSERT INTO boards VALUES (1, 1, TRUE)",
        'CREATE TABLE "my: table #1" (id INTEGER PRIMARY KEY, "on" INTEGER, "a b" INTEGER,'
        ' FOREIGN KEY ("on", "a b") REFERENCES boards (id, part))',
        'INSERT INTO "my: table #1" VALUES (1, 1, 1)',
        'CREATE TABLE "yes" (id INTEGER PRIMARY KEY, "no" INTEGER, "1" INTEGER,'
        ' FOREIGN KEY ("no", "1") REFERENCES boards (id, part))',
        'INSERT INTO "yes" VALUES (1, 1, 1)',
    )
    lines = noted(workspace)
    pasted = "\n".join(lines[lines.index(HOW) + 1 :])
    assert yaml.safe_load(pasted)["yes"] == {"via": ["no", "1"]}
    workspace.configure(f"marker: {{column: is_demo}}\ntables:\n{pasted}\n")
    assert noted(workspace) == []
    rows = workspace.project.revision("general").version.rows
    assert rows == {"boards": 1, '"my: table #1"': 1, "yes": 1}


def test_an_excluded_table_is_no_line_to_paste(boards: Workspace) -> None:
    boards.database.execute(
        "CREATE TABLE looks (id INTEGER NOT NULL PRIMARY KEY, board_id INTEGER, FOREIGN KEY"
        " (board_id) REFERENCES boards (id))",
        "INSERT INTO looks VALUES (1, 1)",
    )
    boards.configure("marker: {column: is_demo}\nexclude: [looks]\n")
    assert noted(boards) == [
        "  boards: from looks 1 by board_id",
        "looks: under `exclude:`; if they are demo data, give it a rule under `tables:` instead",
    ]


def test_references_out_of_the_capture_are_said_once_for_a_parent(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(sqlite)
    workspace.configure("marker: {column: is_demo}\n")
    sqlite.execute(
        "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY)",
        "INSERT INTO users VALUES (1)",
        *(
            f"CREATE TABLE {name} (id INTEGER NOT NULL PRIMARY KEY, is_demo BOOLEAN,"
            " user_id INTEGER REFERENCES users (id))"
            for name in ("boards", "cards")
        ),
        "INSERT INTO boards VALUES (1, TRUE, 1)",
        "INSERT INTO cards VALUES (1, TRUE, 1), (2, TRUE, 1)",
    )
    said = workspace.run("revision", "general", "--dry-run").stderr
    said += workspace.run("revision", "general").stderr
    assert said.count("which is not captured: a load needs those rows") == said.count(
        "note: 1 row of boards refers by user_id, 2 rows of cards by user_id to users (id), which"
    )
