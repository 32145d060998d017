"""A predicate means what it means to its author, whatever settings demosnap renders values under.

The databases of these tests have hostile defaults, and rows on both sides of each border.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from demosnap.errors import TargetError
from support.databases import Database, make_database
from support.workspaces import Workspace

POSTGRESQL = (
    "SET timezone = 'Asia/Tokyo'",
    "SET datestyle = 'SQL, DMY'",
    "SET intervalstyle = 'iso_8601'",
    "SET search_path = public, app",
    "SET extra_float_digits = -10",
    "SET bytea_output = 'escape'",
    "SET standard_conforming_strings = off",
    "SET default_text_search_config = 'german'",
    "SET transform_null_equals = on",
)
MARIADB = (
    "SET SESSION sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE,"
    "PAD_CHAR_TO_FULL_LENGTH', time_zone='+09:00', collation_connection=utf8mb4_bin"
)
BORDERS = {
    1: ("2024-01-01 00:00:00", True),
    2: ("2024-01-01 12:00:00", True),
    3: ("2023-12-31 23:59:59", False),
    4: ("2024-01-02 00:00:00", False),
    5: ("2023-12-31 15:00:00", False),
    6: ("2024-01-02 05:00:00", False),
    7: ("2024-01-01 23:59:59", True),
}
"""Times of Tokyo, and whether they are on New Year's Day there. 5 and 6 are it in UTC alone."""

DAY = "at >= '{0}' AND at < '{1}'"


@dataclass
class Hostile:
    """A project on a database with hostile defaults."""

    workspace: Workspace

    @property
    def database(self) -> Database:
        return self.workspace.database

    @property
    def project(self) -> Any:
        return self.workspace.project

    def day(self) -> str:
        """The predicate of New Year's Day, in the form of dates that the database has."""
        days = ("01/01/2024", "02/01/2024")
        if self.database.dialect != "postgresql":
            days = ("2024-01-01", "2024-01-02")
        return DAY.format(*days)

    def picks(self, table: str, where: str) -> list[Any]:
        """What a predicate picks for its author."""
        with sa.create_engine(self.database.url, poolclass=NullPool).connect() as connection:
            sql = f"SELECT id FROM {table} WHERE {where}"
            found = connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
            return [row[0] for row in found]


@pytest.fixture(params=["postgresql", "mariadb"])
def hostile(
    request: pytest.FixtureRequest,
    tmp_path: Any,
    make_workspace: Callable[[Database], Workspace],
) -> Any:
    for made in make_database(request.param, tmp_path):
        yield Hostile(make_workspace(_with_defaults(made)))


def _with_defaults(made: Database) -> Database:
    if made.dialect == "postgresql":
        name = sa.make_url(made.url).database
        made.execute("CREATE SCHEMA app", *(f"ALTER DATABASE {name} {one}" for one in POSTGRESQL))
        # The driver reads no other dates than these; the test asks for rows through it.
        readable = {"options": "-c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=3"}
        engine = sa.create_engine(made.url, poolclass=NullPool, connect_args=readable)
        return Database(made.dialect, made.url, engine, made.folder)
    # A server's own defaults are those of other tests as well.
    url = sa.make_url(made.url).update_query_dict({"init_command": MARIADB})
    text = url.render_as_string(hide_password=False)
    return Database(made.dialect, text, sa.create_engine(url, poolclass=NullPool), made.folder)


def _orders(hostile: Hostile, *, key: str = "PRIMARY KEY") -> None:
    kind = "timestamptz" if hostile.database.dialect == "postgresql" else "timestamp"
    name = "public.orders" if hostile.database.dialect == "postgresql" else "orders"
    rows = ",".join(f"({n}, 'c{n}', TIMESTAMP '{at}')" for n, (at, _) in BORDERS.items())
    hostile.database.execute(
        f"CREATE TABLE {name} (id integer NOT NULL {key}, code char(9), at {kind} NOT NULL)",
        f"INSERT INTO {name} VALUES {rows}",
    )


def _round(hostile: Hostile, picked: set[int], table: str = "orders") -> None:
    """Capture, purge, load, spoil, reset, and go by difference; every row counts each time."""
    database, project = hostile.database, hostile.project
    before = database.dump()
    result = project.revision("general", date="2025-01-15")
    assert sum(result.plan.rows.values()) == len(picked)
    project.downgrade("general@base")
    left = {row[0][1] for row in database.dump()[table]}
    assert left == {row[0][1] for row in before[table]} - picked
    rest = database.dump()
    project.upgrade("general@head")
    assert database.dump() == before
    assert not project.status()[0].drift
    database.execute(f"UPDATE {table} SET code = 'spoilt' WHERE id = {min(picked)}")
    project.reset("general", discard=True)
    assert database.dump() == before
    database.execute(f"UPDATE {table} SET code = 'two' WHERE id = {max(picked)}")
    second = database.dump()
    project.revision("general", date="2025-01-20")
    project.downgrade("general@v1")
    assert database.dump() == before
    project.upgrade("general@v2")
    assert database.dump() == second
    assert not project.check(database=True)
    project.downgrade("general@base")
    assert database.dump() == rest


@pytest.mark.parametrize("key", ["PRIMARY KEY", ""], ids=["key", "no key"])
def test_a_day_is_the_day_of_the_database(hostile: Hostile, key: str) -> None:
    _orders(hostile, key=key)
    hostile.workspace.configure(f'marker: {{where: "{hostile.day()}"}}\n')
    picked = {n for n, (_, is_it) in BORDERS.items() if is_it}
    assert set(hostile.picks("orders", hostile.day())) == picked
    _round(hostile, picked)


def test_a_row_may_be_named_by_a_moment(hostile: Hostile) -> None:
    _orders(hostile, key="")
    hostile.database.execute("ALTER TABLE orders ADD PRIMARY KEY (at)")
    hostile.workspace.configure(f'marker: {{where: "{hostile.day()}"}}\n')
    _round(hostile, {n for n, (_, is_it) in BORDERS.items() if is_it})


def test_what_is_via_such_rows_follows_them(hostile: Hostile) -> None:
    _orders(hostile)
    rows = ",".join(f"({n}, {n}, 'x')" for n in BORDERS)
    hostile.database.execute(
        "CREATE TABLE items (id integer PRIMARY KEY, order_id integer REFERENCES orders (id),"
        " code varchar(9))",
        f"INSERT INTO items VALUES {rows}",
    )
    hostile.workspace.configure(
        "marker: {column: none_has_it}\ntables:\n"
        f'  orders: {{where: "{hostile.day()}"}}\n  items: {{via: order_id}}\n'
    )
    before = hostile.database.dump()
    hostile.project.revision("general")
    hostile.project.downgrade("general@base")
    after = hostile.database.dump()
    wanted = {n for n, (_, is_it) in BORDERS.items() if not is_it}
    assert {row[0][1] for row in after["items"]} == wanted
    assert {row[0][1] for row in after["orders"]} == wanted
    hostile.project.upgrade("general@head")
    assert hostile.database.dump() == before


@pytest.mark.parametrize("hostile", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "where",
    [
        # A backslash, a date, a number and bytes as text, and a function of the path.
        r"note = 'a\\b'",
        "born = '02/01/2024'",
        "CAST(amount AS text) = '0.3'",
        "CAST(raw AS text) = 'abc'",
        "CAST(span AS text) = 'PT1H'",
        "is_it(id)",
        "id IN (SELECT id FROM those)",
        "note = NULL OR id = 1",
    ],
)
def test_postgresql_reads_it_under_the_settings_of_the_database(
    hostile: Hostile, where: str
) -> None:
    hostile.database.execute(
        "CREATE TABLE public.things (id integer PRIMARY KEY, code varchar(9), note varchar(9),"
        " born date, amount float8, raw bytea, span interval)",
        r"INSERT INTO things VALUES (1, 'a', E'a\\b', '2024-01-02', 0.1 + 0.2::float8, 'abc',"
        r" '1 hour'), (2, 'b', E'a\\\\b', '2024-02-01', 0.7, 'x', '2 hours'),"
        " (3, 'c', 'c', '2024-02-01', 0.7, 'x', '2 hours')",
        "CREATE FUNCTION app.is_it(integer) RETURNS boolean LANGUAGE sql AS"
        " 'SELECT $1 = 1 AND current_setting(''timezone'') = ''Asia/Tokyo'''",
        "CREATE VIEW app.those AS SELECT 1 AS id WHERE current_setting('datestyle') LIKE 'SQL%'",
    )
    hostile.database.execute("UPDATE things SET amount = 0.1::float8 + 0.2::float8 WHERE id = 1")
    text = where.replace("'", "''")
    hostile.workspace.configure(f"marker: {{where: '{text}'}}\n")
    assert hostile.picks("things", where) == [1]
    _round(hostile, {1}, "things")


@pytest.mark.parametrize("hostile", ["mariadb"], indirect=True)
@pytest.mark.parametrize(
    ("where", "id_"),
    [
        ("note = 'a' || 'b'", 1),
        ("\"note\" = 'ab'", 1),
        ("NOT id BETWEEN 0 AND 0", 3),
        ("'A' = 'a' OR id = 1", 1),
        ("FROM_UNIXTIME(UNIX_TIMESTAMP(at)) >= '2024-01-02 05:00:00'", 3),
        ("@@time_zone = '+09:00' AND id = 2", 2),
    ],
)
def test_mariadb_reads_it_under_the_settings_of_the_session(
    hostile: Hostile, where: str, id_: int
) -> None:
    hostile.database.execute(
        "CREATE TABLE things (id integer PRIMARY KEY, code varchar(9), note varchar(9),"
        " at timestamp NOT NULL DEFAULT '2024-01-01 00:00:00')",
        "INSERT INTO things VALUES (1, 'a', 'ab', '2024-01-02 04:59:59'),"
        " (2, 'b', 'b', '2024-01-01 00:00:00'), (3, 'c', 'c', '2024-01-02 05:00:00')",
    )
    picked = set(hostile.picks("things", where))
    assert id_ in picked
    text = where.replace("'", "''")
    hostile.workspace.configure(f"marker: {{where: '{text}'}}\n")
    _round(hostile, picked, "things")


@pytest.mark.parametrize("denied", [True, False])
def test_deny_if_is_asked_under_the_settings_of_the_database(
    hostile: Hostile, denied: bool
) -> None:
    _orders(hostile)
    wanted = {
        "postgresql": "current_setting('timezone') = 'Asia/Tokyo' AND date '03/02/2024' ="
        " make_date(2024, 2, 3)",
        "mariadb": "'a' || 'b' = 'ab' AND @@time_zone = '+09:00'",
    }[hostile.database.dialect]
    if not denied:
        wanted = f"NOT ({wanted})"
    hostile.workspace.configure(
        f'marker: {{where: "{hostile.day()}"}}\ndeny_if: "SELECT {wanted}"\n'
    )
    if denied:
        with pytest.raises(TargetError, match="deny_if"):
            hostile.project.downgrade("general@base")
    else:
        hostile.project.revision("general")
