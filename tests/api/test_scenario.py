"""A scenario of a project: versions, verbs, and differences with Python's own values."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from demosnap.errors import UnknownNameError, UsageError
from demosnap.model import Column
from demosnap.snapshot.python_values import python_value
from support import small
from support.databases import Database
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1, v2 and v3 of general; the database is at v3."""
    return small.copied(make_workspace(database), "v1", "v2", "v3")


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone."""
    return small.copied(make_workspace(sqlite), "v1", "v2", "v3")


def test_a_scenario_has_the_verbs_of_the_project(chain: Chain) -> None:
    general = chain.project.scenario("general")
    assert [version.short for version in general.versions] == ["v1", "v2", "v3"]
    assert [entry.version.short for entry in general.history()] == ["v3", "v2", "v1"]
    for move, version in (
        (lambda: general.load("v1"), "v1"),
        (lambda: general.upgrade("+1"), "v2"),
        (lambda: general.upgrade(), "v3"),
        (lambda: general.downgrade("-1", full=True), "v2"),
        (lambda: general.load(), "v3"),
    ):
        assert move().refusals == ()
        current = general.current()
        assert current is not None and current.version is not None
        assert current.version.short == version
        assert chain.database.dump() == chain.at[version]
    chain.database.execute("UPDATE cards SET title = 'Played with' WHERE id = 1")
    (drift,) = general.status().drift or ()
    assert (drift.table, drift.modified) == ("cards", 1)
    general.reset()
    assert general.status().clean
    general.downgrade("base")
    assert general.current() is None
    assert chain.database.dump() == chain.at["base"]


def test_a_scenario_captures_and_takes_it_back(chain: Chain) -> None:
    general = chain.project.scenario("general")
    chain.database.execute("UPDATE cards SET title = 'New' WHERE id = 1")
    result = general.capture("v4: renamed", date="2025-02-02")
    assert result.version is not None and result.created and result.stamped
    assert (result.version.version, result.version.message) == ("v4_2025-02-02", "renamed")
    assert general.versions[-1] == result.version
    assert general.undo().version == result.version
    assert [version.short for version in general.versions] == ["v1", "v2", "v3"]
    general.stamp("v3", verify=False)
    with refused("database differs", "cards"):
        general.stamp("v2")


def test_a_name_that_no_scenario_has_is_told(chain: Chain) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'general'"):
        chain.project.scenario("genral")
    with pytest.raises(UsageError, match="cannot be a scenario's name"):
        chain.project.scenario("not a name")
    with pytest.raises(UsageError, match="writer@v1 is not a version of general"):
        chain.project.scenario("general").load("writer@v1")
    assert chain.project.scenario("writer").versions == ()


def test_the_rows_that_differ_have_values(chain: Chain) -> None:
    general = chain.project.scenario("general")
    changes = general.diff("v1", "v2")
    assert (changes.old, changes.new, len(changes)) == ("v1_2025-01-15", "v2_2025-01-20", 4)
    assert changes.counts == {
        "cards": {"modified": 1, "added": 1},
        "checks": {"removed": 1, "added": 1},
    }
    told = [(one.table, one.kind, one.key, one.changed) for one in changes]
    assert told == [
        ("cards", "modified", {"id": 1}, ("title",)),
        ("cards", "added", {"id": 5}, tuple(small.metadata.tables["cards"].columns.keys())),
        ("checks", "removed", {"id": 3}, ("id", "card_id", "done")),
        ("checks", "added", {"id": 5}, ("id", "card_id", "done")),
    ]  # fmt: skip
    assert [one.key for one in changes] == [one.key for one in changes]
    renamed, five, gone, check = changes
    assert renamed.old is not None and renamed.new is not None
    assert (renamed.old["title"], renamed.new["title"]) == ("It's 100%; :name", "Renamed")
    assert five.old is None and five.new is not None and five.new["owner_id"] is None
    assert gone.old == {"id": 3, "card_id": 3, "done": "no"} and gone.new is None
    assert check.new == {"id": 5, "card_id": 5, "done": None}
    assert [one.table for one in general.diff("v1", "v2", table="checks")] == ["checks"] * 2
    assert len(general.diff("v2", "v2")) == 0


def test_the_rows_that_differ_from_the_database(chain: Chain) -> None:
    general = chain.project.scenario("general")
    assert list(general.diff()) == []
    chain.database.execute(
        "UPDATE cards SET title = 'Played with' WHERE id = 1",
        "UPDATE boards SET is_demo = FALSE WHERE id = 3",
    )
    found = {(one.table, one.kind): one for one in general.diff()}
    assert {*found} == {("cards", "modified"), ("boards", "unpicked")}
    change = found["cards", "modified"]
    assert change.new is not None and change.new["title"] == "Played with"
    backwards = {one.kind: one for one in general.diff("database", "v3", table="cards")}
    assert backwards["modified"].new is not None
    assert backwards["modified"].new["title"] == "Renamed"


def test_what_cannot_be_compared_is_told_at_once(sqlite_chain: Chain) -> None:
    general = sqlite_chain.project.scenario("general")
    with pytest.raises(UnknownNameError, match="unknown version of general 'v9'"):
        general.diff("v1", "v9")
    with pytest.raises(UnknownNameError, match="did you mean 'cards'"):
        general.diff("v1", "v2", table="card")
    with pytest.raises(UsageError, match="both sides are the database"):
        general.diff("database")


TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "whole": sa.Integer(),
    "exact": sa.Numeric(10, 2),
    "floating": sa.Double(),
    "words": sa.String(60),
    "raw": sa.LargeBinary(),
    "yes": sa.Boolean(),
    "day": sa.Date(),
    "clock": sa.Time(),
    "moment": sa.DateTime(),
    "document": sa.JSON(none_as_null=True),
}
ONE = {
    "whole": 7,
    "exact": Decimal("12.50"),
    "floating": 0.1,
    "words": "It's 'x', NULL\n",
    "raw": b"\x00'\xff",
    "yes": True,
    "day": datetime.date(2025, 1, 15),
    "clock": datetime.time(8, 30, 1),
    "moment": datetime.datetime(2025, 1, 15, 8, 30, 1),
    "document": {"a": [1, None]},
}
# Where a database keeps something else of a declared type, or a text that Python reads itself.
KEPT: dict[str, dict[str, Any]] = {
    "sqlite": {"exact": 12.5, "document": '{"a": [1, null]}'},
    "postgresql": {"document": '{"a": [1, null]}'},
    "mariadb": {"yes": 1, "document": '{"a": [1, null]}'},
}


def test_values_are_pythons_own(database: Database, make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(database)
    metadata = sa.MetaData()
    items = sa.Table(
        "items",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("is_demo", sa.Boolean, nullable=False),
        *(sa.Column(name, kind) for name, kind in TYPES.items()),
    )
    metadata.create_all(database.engine)
    workspace.configure("marker: {column: is_demo}\n")
    general = workspace.project.scenario("general")
    with database.engine.begin() as connection:
        connection.execute(items.insert(), {"id": 1, "is_demo": True})
    general.capture("v1")
    with database.engine.begin() as connection:
        connection.execute(items.update().values(ONE))
    general.capture("v2")
    (change,) = general.diff("v1", "v2")
    assert change.old is not None and change.new is not None
    assert {name: change.old[name] for name in TYPES} == dict.fromkeys(TYPES)
    wanted = {**ONE, **KEPT[database.dialect]}
    found = {name: change.new[name] for name in TYPES}
    assert found == wanted
    assert {n: type(v) for n, v in found.items()} == {n: type(v) for n, v in wanted.items()}


@pytest.mark.parametrize(
    ("declared", "value", "wanted"),
    [
        ("TIMESTAMP", "2025-01-15T08:30:00.25Z", datetime.datetime(
            2025, 1, 15, 8, 30, 0, 250_000, datetime.timezone.utc)),
        ("timestamp with time zone", "2025-01-15 08:30:00+00:00", datetime.datetime(
            2025, 1, 15, 8, 30, tzinfo=datetime.timezone.utc)),
        ("time with time zone", "08:30:00-05:30", datetime.time(
            8, 30, tzinfo=datetime.timezone(-datetime.timedelta(hours=5, minutes=30)))),
        ("timestamp without time zone", "infinity", "infinity"),
        ("timestamp without time zone", "0044-03-15 00:00:00 BC", "0044-03-15 00:00:00 BC"),
        ("datetime(6)", "0000-00-00 00:00:00", "0000-00-00 00:00:00"),
        ("time", "838:59:59", "838:59:59"),
        ("time", "24:00:00", "24:00:00"),
        ("DATE", "tomorrow", "tomorrow"),
        ("DATE", 20250115, 20250115),
        ("daterange", "[2025-01-15,2025-01-16)", "[2025-01-15,2025-01-16)"),
        ("BOOLEAN", 2, 2),
        ("BOOLEAN", "true", "true"),
        ("text", "2025-01-15", "2025-01-15"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
    ],
)  # fmt: skip
def test_what_python_does_not_have_stays_as_it_is(declared: str, value: Any, wanted: Any) -> None:
    found = python_value(value, Column("c", declared))
    assert found == wanted and type(found) is type(wanted)
