"""The tests that every dialect has to pass, in a class for packages to inherit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from demosnap import dialects
from demosnap.database import own_names, reflect
from demosnap.dialects.base import Dialect
from demosnap.errors import DatabaseError, DemosnapError
from demosnap.model import Table
from demosnap.rows.canonical import split
from demosnap.testing import application
from demosnap.testing.application import Application
from demosnap.testing.refusals import refused
from demosnap.testing.shapes import MARKED, Shapes


class DialectSuite(Shapes):
    """Capture, load, purge, diff, reset, and every value of a zoo; a subclass names the database.

    A subclass overrides the fixture `database_url` and, if its database needs it, the declarations
    below and those of `Shapes`. All tables are created by the suite, and all moves go through
    `demosnap.Project`.
    """

    dialect_name: ClassVar[str]
    """SQLAlchemy's name of the dialect, which is also the name of the entry point."""

    zoo: ClassVar[Mapping[str, Sequence[str]]]
    """Each type by its declaration, with SQL expressions of values for its column.

    Include every type that the dialect captures, each with its edge cases: the smallest and the
    largest value, zero and minus zero, empty texts, quotes, controls, time zones.
    """

    numbered: ClassVar[str | None] = None
    """The declaration of a key that numbers itself; None: the database has none."""

    @pytest.fixture
    def database_url(self, tmp_path: Path) -> Iterator[str]:
        """Yield the URL of an empty database, and drop it at the end; to be overridden."""
        raise NotImplementedError(f"{type(self).__name__} has no fixture database_url")
        yield

    # ------------------------------------------------------------------ fixtures

    @pytest.fixture
    def empty(self, tmp_path: Path, database_url: str) -> Iterator[Application]:
        """A project with a database without tables."""
        yield from application.application(tmp_path, database_url)

    @pytest.fixture
    def app(self, empty: Application) -> Application:
        """A project with teams and their members, both demo rows and real ones."""
        empty.run(*application.tables(self.integer, self.text, self.flag))
        empty.run(*application.filled(empty.dialect, self.true, self.false))
        return empty

    # ------------------------------------------------------------------ who it is

    def test_demosnap_finds_the_dialect(self, empty: Application) -> None:
        """The names in the URL, the connection and the entry point lead to the same dialect."""
        assert empty.dialect.name == self.dialect_name
        assert self.dialect_name in dialects.names()
        with empty.engine.connect() as connection:
            assert dialects.of(connection) is dialects.get(self.dialect_name)

    # ------------------------------------------------------------------ capture

    def test_a_capture_takes_the_demo_rows_and_no_others(self, app: Application) -> None:
        """The marker picks rows, and so does the foreign key to marked rows."""
        before = _rows(app)
        captured = app.project.revision("general", date="2025-01-20").version
        assert captured is not None
        assert captured.rows == {"teams": 8, "members": 4}
        assert _rows(app) == before
        assert app.project.check() == []

    def test_a_snapshot_has_parents_before_children(self, app: Application) -> None:
        """Foreign keys determine the order of tables, not their names."""
        captured = app.project.revision("general", date="2025-01-20").version
        assert captured is not None
        assert list(captured.rows) == ["teams", "members"]
        text = app.snapshot().read_bytes()
        teams, members = (f"INSERT INTO {name} (" for name in ("teams", "members"))
        assert -1 < text.find(teams.encode()) < text.find(members.encode())

    def test_the_same_rows_are_captured_to_the_byte(self, app: Application) -> None:
        """Equal rows give equal files, so unchanged rows make no new version."""
        first = app.project.revision("general", date="2025-01-20").version
        _moved(app)
        again = app.project.revision("general", date="2025-01-21")
        assert first is not None and not again.created

    def test_a_predicate_of_a_user_picks_once(self, app: Application) -> None:
        """A `where` that reads deleted rows keeps the rows that it picked before."""
        app.configure(
            'marker: {where: "id IN (SELECT team_id FROM members)", tables: [teams]}\n'
            "tables: {members: {via: team_id}}\nscenarios: {general: {default: true}}\n"
        )
        before = _rows(app)
        captured = app.project.revision("general", date="2025-01-20").version
        assert captured is not None
        assert captured.rows == {"teams": 4, "members": 5}
        app.project.downgrade("general", "base")
        assert len(app.rows("teams")) == 6
        app.project.upgrade("general@head")
        assert _rows(app) == before

    def test_a_predicate_that_picks_nothing_takes_nothing(self, app: Application) -> None:
        """A note without rows is false for every row, not true."""
        app.configure(
            'marker: {where: "id = 999", tables: [teams]}\n'
            "tables: {members: {via: team_id}}\nscenarios: {general: {default: true}}\n"
        )
        before = _rows(app)
        captured = app.project.revision("general", date="2025-01-20", allow_empty=True).version
        assert captured is not None and captured.total == 0
        app.project.downgrade("general", "base")
        app.project.upgrade("general@head")
        assert _rows(app) == before

    # ------------------------------------------------------------------ purge and load

    def test_a_purge_takes_the_demo_rows_and_no_others(self, app: Application) -> None:
        """Children are deleted first, since the database may enforce foreign keys."""
        app.project.revision("general", date="2025-01-20")
        real = {
            "teams": [row for row in app.rows("teams") if row[0] in (2, 11)],
            "members": [row for row in app.rows("members") if row[0] in (3, 6)],
        }
        app.project.downgrade("general", "base")
        assert _rows(app) == real

    def test_a_load_brings_every_row_back(self, app: Application) -> None:
        """Every value is as before."""
        before = _rows(app)
        app.project.revision("general", date="2025-01-20")
        app.project.downgrade("general", "base")
        assert _rows(app) != before
        app.project.upgrade("general@head")
        assert _rows(app) == before

    def test_a_version_is_loaded_over_another_one(self, app: Application) -> None:
        """Both directions change only the rows that differ."""
        one = _rows(app)
        app.project.revision("general", date="2025-01-20")
        _changed(app)
        two = _rows(app)
        app.project.revision("general", date="2025-01-21")
        app.project.downgrade("general", "-1")
        assert _rows(app) == one
        app.project.upgrade("general@head")
        assert _rows(app) == two

    def test_keys_go_on_behind_loaded_ones(self, empty: Application) -> None:
        """After a load, a new row gets a number that no loaded row has."""
        if self.numbered is None:
            pytest.skip("no key numbers itself")
        empty.configure(MARKED)
        insert = f"INSERT INTO notes (is_demo) VALUES ({self.true})"
        empty.run(f"CREATE TABLE notes (id {self.numbered}, is_demo {self.flag})")
        empty.run(f"INSERT INTO notes (id, is_demo) VALUES (900, {self.true})")
        empty.project.revision("general", date="2025-01-20")
        empty.project.downgrade("general", "base")
        empty.project.upgrade("general@head")
        empty.run(insert, insert)
        numbers = sorted(row[0] for row in empty.rows("notes"))
        assert len(numbers) == 3 and numbers[0] == 900

    # ------------------------------------------------------------------ diff and reset

    def test_a_diff_counts_every_row(self, app: Application) -> None:
        """The diff of the loaded version and the database has every row that differs."""
        app.project.revision("general", date="2025-01-20")
        assert _differences(app) == []
        _changed(app)
        assert _differences(app) == [("members", 1, 1, 1), ("teams", 0, 0, 1)]

    def test_a_reset_puts_the_loaded_version_back(self, app: Application) -> None:
        """A reset leaves real rows alone, even those changed since."""
        app.project.revision("general", date="2025-01-20")
        before = _rows(app)
        _changed(app)
        app.run("UPDATE teams SET label = 'of our own' WHERE id = 2")
        app.project.reset("general", discard=True)
        after = _rows(app)
        assert after["members"] == before["members"]
        assert [row for row in after["teams"] if row[0] == 2] != [
            row for row in before["teams"] if row[0] == 2
        ]
        assert [row for row in after["teams"] if row[0] != 2] == [
            row for row in before["teams"] if row[0] != 2
        ]

    # ------------------------------------------------------------------ refusals

    def test_a_real_row_that_references_a_demo_row_stops_a_purge(self, app: Application) -> None:
        """The refused purge changes nothing."""
        app.configure(MARKED)
        app.project.revision("general", date="2025-01-20")
        before = _everything(app)
        with refused("referenced by non-demo rows", table="members"):
            app.project.downgrade("general", "base")
        assert _everything(app) == before

    def test_an_uncaptured_demo_row_stops_a_purge(self, app: Application) -> None:
        """The refused purge changes nothing."""
        app.project.revision("general", date="2025-01-20")
        _changed(app)
        before = _everything(app)
        with refused("unsaved rows"):
            app.project.downgrade("general", "base")
        assert _everything(app) == before

    def test_a_load_over_a_taken_key_is_refused(self, app: Application) -> None:
        """The refused load changes nothing."""
        app.project.revision("general", date="2025-01-20")
        app.project.downgrade("general", "base")
        app.run(f"INSERT INTO teams (id, label, is_demo) VALUES (3, 'real', {self.false})")
        before = _everything(app)
        with refused("key taken", table="teams"):
            app.project.upgrade("general@head")
        assert _everything(app) == before

    # ------------------------------------------------------------------ all or nothing

    @pytest.mark.parametrize("fault", ["before the last rows", "after the last rows"])
    def test_a_load_that_fails_changes_nothing(
        self, app: Application, fault: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Rows deleted and inserted before the failure are rolled back."""
        app.project.revision("general", date="2025-01-20")
        app.project.downgrade("general", "base")
        before = _everything(app)
        _failing(app.dialect, monkeypatch, last="members", after=fault.startswith("after"))
        with pytest.raises(DemosnapError, match="a fault of the test's own"):
            app.project.upgrade("general@head")
        monkeypatch.undo()
        assert _everything(app) == before
        app.project.upgrade("general@head")

    # ------------------------------------------------------------------ every name and value

    def test_reserved_words_are_names(self, empty: Application) -> None:
        """Tables, columns and foreign keys may have reserved words as names."""
        empty.configure(MARKED)
        dialect = empty.dialect
        q = dialect.quote_character
        words = sorted(dialect.reserved)
        assert words
        table, others = f"{q}{words[0]}{q}", [f"{q}{word}{q}" for word in words]
        columns = "".join(f", {name} {self.integer}" for name in others)
        empty.run(
            f"CREATE TABLE {table} (id {self.integer} NOT NULL PRIMARY KEY,"
            f" is_demo {self.flag}{columns})",
            f"INSERT INTO {table} (id, is_demo, {others[-1]}) VALUES (1, {self.true}, 7)",
            f"INSERT INTO {table} (id, is_demo, {others[-1]}) VALUES (2, {self.false}, 8)",
        )
        _there_and_back(empty, [words[0]])

    def test_every_value_of_the_zoo_comes_back(self, empty: Application) -> None:
        """Each type has a table, with a row per value and a NULL."""
        empty.configure(MARKED)
        names = []
        for number, (declared, values) in enumerate(self.zoo.items()):
            name = f"zoo_{number}"
            names.append(name)
            empty.run(
                f"CREATE TABLE {name} (id {self.integer} NOT NULL PRIMARY KEY,"
                f" is_demo {self.flag}, held {declared})",
                *(
                    f"INSERT INTO {name} (id, is_demo, held) VALUES ({key}, {self.true}, {value})"
                    for key, value in enumerate((*values, "NULL"), 1)
                ),
            )
        _there_and_back(empty, names)

    def test_every_literal_of_the_zoo_means_one_value(self, empty: Application) -> None:
        """Captured literals match the grammar; decoding and encoding returns the same text."""
        for number, (declared, values) in enumerate(self.zoo.items()):
            name = f"zoo_{number}"
            empty.run(
                f"CREATE TABLE {name} (id {self.integer} NOT NULL PRIMARY KEY, held {declared})",
                *(
                    f"INSERT INTO {name} (id, held) VALUES ({key}, {held})"
                    for key, held in enumerate((*values, "NULL"), 1)
                ),
            )
        dialect = empty.dialect
        for table, rows in _read(empty):
            column = table.column("held")
            for row in rows:
                literal = split(row)[-1]
                about = f"{column.type}: {literal!r}"
                assert dialect.is_literal(literal, column), about
                assert not dialect.is_literal(literal + b" ", column), about
                value = dialect.decode(literal, column)
                assert dialect.encode(value, column) == literal, f"{about} is {value!r}"


def _rows(app: Application) -> dict[str, list[tuple[Any, ...]]]:
    return {name: app.rows(name) for name in ("teams", "members")}


def _everything(app: Application) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of the application and of demosnap's own tables."""
    return {**_rows(app), own_names.VERSION_TABLE: app.rows(own_names.VERSION_TABLE)}


def _moved(app: Application) -> None:
    """Purge the demo rows and load them again."""
    app.project.downgrade("general", "base")
    app.project.upgrade("general@head")


def _changed(app: Application) -> None:
    """Change rows as a user of the application would."""
    app.run(
        "UPDATE teams SET label = 'another' WHERE id = 1",
        "UPDATE members SET label = 'another' WHERE id = 2",
        "DELETE FROM members WHERE id = 4",
        "INSERT INTO members (id, team_id, label) VALUES (7, 10, 'new')",
    )


def _differences(app: Application) -> list[tuple[object, ...]]:
    """Return table, added, removed and modified for each table that differs."""
    with app.project.diff("general") as comparison:
        return sorted(
            (one.name, *(one.counts.get(kind, 0) for kind in ("added", "removed", "modified")))
            for one in comparison.changes()
        )


def _failing(dialect: Dialect, monkeypatch: pytest.MonkeyPatch, *, last: str, after: bool) -> None:
    """Make a load fail before or after the rows of a table are written."""
    write = type(dialect).write_rows

    def failing(self: Dialect, connection: Any, table: Table, rows: Iterable[bytes]) -> int:
        if table.name == last and not after:
            raise DatabaseError("a fault of the test's own")
        taken = write(self, connection, table, rows)
        if table.name == last:
            raise DatabaseError("a fault of the test's own")
        return taken

    monkeypatch.setattr(type(dialect), "write_rows", failing)


def _there_and_back(app: Application, names: Sequence[str]) -> None:
    """Check that every row is the same after capture, purge and load."""
    before = {name: app.rows(name) for name in names}
    captured = app.project.revision("general", date="2025-01-20").version
    assert captured is not None
    assert set(captured.rows) == {app.dialect.known_name(name, captured.rows) for name in names}
    app.project.downgrade("general", "base")
    assert sum(len(app.rows(name)) for name in names) < sum(map(len, before.values()))
    app.project.upgrade("general@head")
    # Compared by repr, since NaN does not equal itself.
    assert repr({name: app.rows(name) for name in names}) == repr(before)


def _read(app: Application) -> Iterator[tuple[Table, list[bytes]]]:
    """Yield every table with its rows, read as a capture reads them."""
    dialect = app.dialect
    with (
        app.engine.connect() as connection,
        dialect.session(connection, write=False),
        dialect.consistent_read(connection),
    ):
        for table in reflect.tables(connection).values():
            yield table, list(dialect.read_rows(connection, table, "1 = 1"))
