"""Random walks: edits that move rows out of the selection, and every verb, in any order.

After each step no row is changed that nobody asked to change, a refusal has changed nothing, and
from wherever it led there is a way to the first version. DEMOSNAP_TEST_WALKS says how many to take.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from demosnap.errors import RefusedError, UsageError
from support import small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

WALKS = int(os.environ.get("DEMOSNAP_TEST_WALKS", "1"))
STEPS = 14
KEYS = {"boards": {1, 3, 11}, "cards": {1, 3, 5, 11}, "checks": {1, 3, 5, 11}}
"""The rows that some version has."""

Row = dict[str, Any]
Rows = dict[str, dict[int, Row]]

EDITS = (
    ("UPDATE cards SET is_demo = FALSE WHERE id = {card}",),
    ("UPDATE cards SET is_demo = FALSE, title = 'Mine', board_id = 2 WHERE id = {card}",),
    ("UPDATE boards SET is_demo = FALSE WHERE id = {board}",),
    ("UPDATE boards SET is_demo = FALSE, name = 'Mine now' WHERE id = {board}",),
    ("UPDATE cards SET scenario = 'nobody' WHERE id = {card}",),
    ("UPDATE cards SET scenario = 'writer' WHERE id = {card}",),
    ("UPDATE cards SET title = 'Edited' WHERE id = {card}",),
    ("UPDATE cards SET is_demo = TRUE, scenario = 'general' WHERE id = {card}",),
    ("UPDATE boards SET is_demo = TRUE, scenario = 'general' WHERE id = {board}",),
    ("UPDATE checks SET card_id = 2 WHERE id = {card}",),
    ("UPDATE checks SET card_id = {card}, done = 'moved' WHERE id = {other}",),
    ("DELETE FROM checks WHERE card_id = {card}", "DELETE FROM cards WHERE id = {card}"),
    ("DELETE FROM checks WHERE id = {card}",),
    (
        "DELETE FROM checks WHERE card_id = {card} OR id = {card}",
        "DELETE FROM cards WHERE id = {card}",
        "INSERT INTO cards VALUES ({card}, 2, 1, 'Another one', FALSE, NULL)",
        "INSERT INTO checks VALUES ({card}, {card}, 'real')",
    ),
    ("INSERT INTO cards VALUES ({new}, {board}, NULL, 'New', TRUE, 'general')",),
    ("INSERT INTO checks VALUES ({new}, {card}, 'new')",),
    ("INSERT INTO cards VALUES ({new}, {board}, 2, 'Real, on a demo board', FALSE, NULL)",),
    ("INSERT INTO cards VALUES ({new}, 12, 2, 'Real', FALSE, 'general')",),
)


class Walk:
    """One walk of a chain."""

    def __init__(self, chain: Chain, seed: int) -> None:
        self.chain = chain
        self.random = random.Random(seed)
        self.new = 200
        self.said: list[str] = [f"seed {seed}"]
        self.released: set[tuple[str, int]] = set()

    def rows(self) -> Rows:
        """All rows, by table and key."""
        found: Rows = {}
        with self.chain.database.engine.connect() as connection:
            for name in ("users", "boards", "cards", "checks"):
                rows = connection.execute(sa.text(f"SELECT * FROM {name}")).mappings()
                found[name] = {row["id"]: dict(row) for row in rows}
        return found

    def edit(self) -> None:
        """Somebody works with the application."""
        self.new += 1
        rows = self.rows()
        # A reference to a row that is not there is of no application.
        if not {1, 3, 5} & rows["cards"].keys() or not {1, 3} & rows["boards"].keys():
            return
        values = {
            "card": self.random.choice(sorted({1, 3, 5} & rows["cards"].keys())),
            "other": self.random.choice((1, 3, 5)),
            "board": self.random.choice(sorted({1, 3} & rows["boards"].keys())),
            "new": self.new,
        }
        statements = [one.format(**values) for one in self.random.choice(EDITS)]
        try:
            self.chain.database.execute(*statements)
            self.said.append("; ".join(statements))
        except sa.exc.IntegrityError:
            pass

    def move(self) -> None:
        """Call a verb with any options."""
        project, choose = self.chain.project, self.random.choice
        options: dict[str, Any] = {}
        if self.random.random() < 0.4:
            options["discard"] = True
        if self.random.random() < 0.2:
            options["keep_referenced"] = True
        if self.random.random() < 0.1:
            options["cascade"] = ("cards",)
        loads = dict(options)
        if self.random.random() < 0.2:
            loads["only"] = True
        goes = {**loads, **({"full": True} if self.random.random() < 0.3 else {})}
        down = {name: value for name, value in goes.items() if name != "only"}
        if unpicked := [one for e in project.status() for one in e.unpicked if e.revision]:
            shown = [(one.table, row) for one in unpicked for row in one.rows]
            if shown and self.random.random() < 0.5:
                table, row = choose(shown)
                key = row.partition(":")[0].partition("=")[2]
                options["release"] = (f"{table}/{key}",)
        verbs: list[tuple[str, Callable[[], Any]]] = [
            (f"reset {options}", lambda: project.reset("general", **options)),
            (f"upgrade {goes}", lambda: project.upgrade("general@head", **goes)),
            (f"downgrade -1 {down}", lambda: project.downgrade("general", "-1", **down)),
            (f"downgrade base {down}", lambda: project.downgrade("general", "base", **down)),
            (f"load v1 {loads}", lambda: project.load("general@v1", **loads)),
            (f"load v2 {loads}", lambda: project.load("general@v2", **loads)),
            (f"load writer {loads}", lambda: project.load("writer", **loads)),
        ]
        name, verb = choose([*verbs, verbs[0]] if "release" not in options else verbs[:1])
        self.said.append(name)
        before, everything = self.rows(), self.chain.everything()
        try:
            verb()
        except (RefusedError, UsageError) as error:
            self.said.append(f"  {error}")
            assert self.chain.everything() == everything
            return
        self.said.append("  done")
        if "release" in options:
            self.released.add((table, int(key)))
        used = goes if name.startswith(("upgrade", "down")) else loads
        used = options if name.startswith("reset") else used
        self.untouched(before, self.rows(), **used)

    def untouched(self, before: Rows, after: Rows, **options: Any) -> None:
        """Check that rows which nothing picks are as they were, as far as nobody let them go."""
        for table, rows in before.items():
            for key, row in rows.items():
                if _picked(before, table, row) or after[table].get(key) == row:
                    continue
                assert options.get("discard") or (options.get("cascade") and table == "cards")
                known = key in KEYS[table]
                hangs = table == "checks" and row["card_id"] in KEYS["cards"]
                assert known or hangs or options.get("cascade"), (table, row)

    def back(self) -> None:
        """Go to v1, by what the refusals say, and compare."""
        project = self.chain.project
        options: dict[str, Any] = {"only": True, "discard": True, "cascade": ("cards", "checks")}
        try:
            project.load("general@v1", **options)
        except RefusedError as error:
            # What was released hangs on what would come back: the refusal says what to release.
            release = re.findall(r"--release (\S+/\d+)", str(error))
            assert release, str(error)
            project.load("general@v1", **options, release=release)
            self.released |= {(t, int(k)) for t, _, k in (one.partition("/") for one in release)}
        after, first = self.rows(), self.first
        for table, rows in first.items():
            for key, row in rows.items():
                if not self.let_go(after, table, row):
                    assert after[table].get(key) == row, (table, key, after[table].get(key))
        (entry,) = project.status("general")
        # What v1 does not have, and nothing picks, stays, and is said.
        told = [(one.added, one.removed, one.modified) for one in entry.drift or ()]
        assert not any(map(any, told)), entry

    def let_go(self, now: Rows, table: str, row: Row) -> bool:
        """Return whether a row was released, or hangs on one that was."""
        if (table, row["id"]) in self.released:
            return True
        return table == "checks" and ("cards", row["card_id"]) in self.released

    def take(self, steps: int) -> None:
        """Take some steps, and go back."""
        self.first: Rows = {}
        self.chain.project.load("general@v1")
        demo = self.rows()
        self.first = {
            t: {k: r for k, r in rows.items() if _picked(demo, t, r, "general")}
            for t, rows in demo.items()
        }
        self.chain.project.upgrade("general@head")
        try:
            for _ in range(steps):
                self.edit() if self.random.random() < 0.5 else self.move()
            self.said.append("back")
            self.back()
        except Exception as error:
            raise AssertionError("\n".join([*self.said, repr(error), str(error)])) from error


def _picked(rows: Rows, table: str, row: Row, *scenarios: str) -> bool:
    if table == "users":
        return False
    if table == "checks":
        row = rows["cards"][row["card_id"]]
    scenario = row["scenario"] or "general"
    return bool(row["is_demo"]) and scenario in (scenarios or ("general", "writer"))


@pytest.mark.parametrize("seed", range(WALKS))
def test_every_walk_leads_back(
    seed: int, database: Database, make_workspace: Callable[[Database], Workspace]
) -> None:
    """Each walk has edits and moves of its own."""
    chain = small.copied(make_workspace(database), "v1", "v2", writer=True)
    Walk(chain, seed).take(STEPS)
