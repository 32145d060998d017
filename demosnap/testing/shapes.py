"""Tests with tables of other shapes than those of the suite's application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pytest
import sqlalchemy as sa

from demosnap.database import reflect
from demosnap.errors import (
    ConfigError,
    ConflictError,
    DatabaseError,
    DemosnapError,
    LockError,
)
from demosnap.model import Marker
from demosnap.project import Project
from demosnap.testing import application
from demosnap.testing.application import Application
from demosnap.testing.refusals import refused

MARKED = "marker: {column: is_demo}\nscenarios: {general: {default: true}}\n"


class Shapes:
    """Self-references, keys of two columns, large values, triggers, locks."""

    integer: ClassVar[str] = "INTEGER"
    text: ClassVar[str] = "VARCHAR(80)"
    flag: ClassVar[str] = "BOOLEAN"
    """The declarations of an integer column, a column of short texts, and a boolean marker."""

    true: ClassVar[str] = "TRUE"
    false: ClassVar[str] = "FALSE"
    """The literals of the marker's column."""

    long_text: ClassVar[str] = "TEXT"
    """The declaration of a column for texts of any length."""

    trigger: ClassVar[Sequence[str]] = ()
    """Statements that create a trigger `stamped`; empty if the database has no triggers.

    The trigger writes 'by a trigger' into the label of each new or changed row of `members`.
    """

    def test_rows_that_reference_their_own_table(self, empty: Application) -> None:
        """They load in any order, and a real row that references one of them stops a purge."""
        empty.configure(MARKED)
        empty.run(
            f"CREATE TABLE parts (id {self.integer} NOT NULL PRIMARY KEY, whole {self.integer},"
            f" is_demo {self.flag}, FOREIGN KEY (whole) REFERENCES parts (id))",
            *(
                f"INSERT INTO parts VALUES ({number}, {whole}, {marked})"
                for number, whole, marked in (
                    (2, "NULL", self.true),
                    (1, 2, self.true),
                    (3, 1, self.true),
                    (4, "NULL", self.false),
                )
            ),
        )
        before = empty.rows("parts")
        empty.project.revision("general", date="2025-01-20")
        empty.project.downgrade("general", "base")
        assert [row[0] for row in empty.rows("parts")] == [4]
        empty.project.upgrade("general@head")
        assert empty.rows("parts") == before
        empty.run("UPDATE parts SET whole = 3 WHERE id = 4")
        with refused("referenced by non-demo rows", table="parts"):
            empty.project.downgrade("general", "base")

    def test_a_key_of_two_columns_is_referenced(self, empty: Application) -> None:
        """Both columns pick the referencing rows."""
        empty.configure(MARKED + "tables: {items: {via: [a, b]}}\n")
        empty.run(
            f"CREATE TABLE orders (a {self.integer} NOT NULL, b VARCHAR(5) NOT NULL,"
            f" is_demo {self.flag}, PRIMARY KEY (a, b))",
            f"CREATE TABLE items (id {self.integer} NOT NULL PRIMARY KEY, a {self.integer},"
            " b VARCHAR(5), FOREIGN KEY (a, b) REFERENCES orders (a, b))",
            f"INSERT INTO orders VALUES (1, 'x', {self.true})",
            f"INSERT INTO orders VALUES (1, 'y', {self.false})",
            "INSERT INTO items VALUES (1, 1, 'x')",
            "INSERT INTO items VALUES (2, 1, 'y')",
        )
        before = (empty.rows("orders"), empty.rows("items"))
        version = empty.project.revision("general", date="2025-01-20").version
        assert version is not None and version.rows == {"orders": 1, "items": 1}
        empty.project.downgrade("general", "base")
        assert empty.rows("items") == [(2, 1, "y")]
        empty.project.upgrade("general@head")
        assert (empty.rows("orders"), empty.rows("items")) == before

    def test_large_values_come_back(self, empty: Application) -> None:
        """Values longer than the literals and statements of many databases."""
        empty.configure(MARKED)
        empty.run(
            f"CREATE TABLE large (id {self.integer} NOT NULL PRIMARY KEY, t {self.long_text},"
            f" is_demo {self.flag})",
            f"INSERT INTO large VALUES (1, NULL, {self.true})",
        )
        text = "it's 漢字\n" * 20_000
        large = sa.table("large", sa.column("t", sa.Text()))
        with empty.engine.begin() as connection:
            connection.execute(large.update().values(t=text))
        before = empty.rows("large")
        empty.project.revision("general", date="2025-01-20")
        empty.project.downgrade("general", "base")
        assert empty.rows("large") == []
        empty.project.upgrade("general@head")
        assert empty.rows("large") == before and before[0][1] == text

    def test_a_marker_that_cannot_be_held_is_refused(self, app: Application) -> None:
        """A column whose type cannot contain the marker is refused before rows are read."""
        marker = Marker(column="label", key="demo")
        with app.engine.connect() as connection:
            column = reflect.tables(connection)["teams"].column("label")
        if app.dialect.can_hold_marker(marker, column):
            pytest.skip("a text can hold it")
        app.configure("marker: {column: label, key: demo}\nscenarios: {general: {default: true}}\n")
        with pytest.raises(ConfigError, match=r"the key demo in .*label"):
            app.project.revision("general", date="2025-01-20")

    def test_a_database_error_is_reported(self, app: Application) -> None:
        """The error has the database's own words."""
        app.configure(MARKED + "deny_if: SELECT nonsense FROM teams\n")
        with pytest.raises(DatabaseError, match=r"(?i)nonsense"):
            app.project.revision("general", date="2025-01-20")

    def test_a_change_by_a_trigger_is_found(self, app: Application) -> None:
        """The error names the trigger's change."""
        if not self.trigger:
            pytest.skip("no trigger is named")
        app.project.revision("general", date="2025-01-20")
        app.project.downgrade("general", "base")
        app.run(*self.trigger)
        app.configure(application.SETTINGS + "triggers: check\n")
        before = app.rows("members")
        with pytest.raises(DemosnapError, match=r"(?s)by a trigger.*stamped"):
            app.project.upgrade("general@head")
        assert app.rows("members") == before

    def test_a_row_that_another_session_holds_stops_a_purge(self, app: Application) -> None:
        """The purge fails after the lock timeout."""
        app.project.revision("general", date="2025-01-20")
        project = Project(app.folder / "alembic.ini", url=app.url, lock_timeout=1)
        with app.engine.connect() as connection:
            connection.exec_driver_sql("UPDATE teams SET label = 'mine' WHERE id = 1")
            with pytest.raises((ConflictError, LockError)):
                project.downgrade("general", "base")
            connection.commit()
        assert len(app.rows("teams")) == 10
