"""Which row of a version a database refuses, and in which words: on a few tables."""

from __future__ import annotations

from demosnap.model import Version
from demosnap.moves import culprit
from support.live import Live


class DriverError(Exception):
    """An error of a driver."""


def test_a_reason_is_the_first_line_of_what_a_driver_says() -> None:
    assert culprit.reason(DriverError(1062, "taken\nand more")) == "1062: taken"
    assert culprit.reason(DriverError()) == "DriverError"
    assert culprit.reason(ValueError("wrong")) == "ValueError: wrong"
    outer = ValueError("wrapped")
    outer.orig = DriverError("inside")  # type: ignore[attr-defined]
    assert culprit.reason(outer) == "inside"


def test_the_row_that_is_refused_is_named(here: Live) -> None:
    version = here.capture("v1")
    here.execute(
        "DELETE FROM cards WHERE is_demo = TRUE", "DELETE FROM boards WHERE is_demo = TRUE"
    )

    def told(version: Version, *statements: str) -> str | None:
        savepoint = here.database.connection.begin_nested()
        here.execute(*statements)
        found = culprit.find(here.database, version)
        savepoint.rollback()
        savepoint = here.database.connection.begin_nested()
        here.execute(*statements)
        explained = culprit.explained(here.database, [version], disable_triggers=False)
        savepoint.rollback()
        assert explained == found
        return found

    assert told(version) is None
    assert culprit.explained(here.database, [], disable_triggers=False) is None
    said = told(version, "INSERT INTO boards VALUES (9, 'demo', FALSE)")
    assert said is not None
    assert said.startswith("boards: row id=1: ")
    said = told(version, "INSERT INTO cards VALUES (3, NULL, NULL, 'x', FALSE)")
    assert said is not None
    assert said.startswith("cards: row id=3: ")
