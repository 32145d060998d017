"""Which rows are demo rows: by marker, predicate and foreign keys, by every byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from support.databases import Database
from support.refusals import refused
from support.small import Chain
from support.workspaces import MakeWorkspace

JSON_MARKS: dict[str | None, bool] = {
    '{"demo_seed": true}': True,
    '{"demo_seed":"true"}': True,
    '  { "a" : [1, {"demo_seed": false}],\t"demo_seed" :true}  ': True,
    '{"demo_seed": 1}': False,
    '{"demo_seed": 1.0}': False,
    '{"demo_seed": "yes"}': False,
    '{"demo_seed": "TRUE"}': False,
    '{"demo_seed": "True"}': False,
    '{"demo_seed": "true "}': False,
    '{"demo_seed": " true"}': False,
    '{"demo_seed": ""}': False,
    '{"demo_seed": [true]}': False,
    '{"demo_seed": {"true": true}}': False,
    '{"demo_seed": false}': False,
    '{"demo_seed": "false"}': False,
    '{"demo_seed": null}': False,
    '{"Demo_Seed": true}': False,
    '{"demo_seed ": true}': False,
    '{"nested": {"demo_seed": true}}': False,
    '[{"demo_seed": true}]': False,
    "true": False,
    '"true"': False,
    "1": False,
    "null": False,
    "{}": False,
    "[]": False,
}
ODD_MARKS = 10
MALFORMED = (
    "",
    " ",
    "demo_seed: true",
    '{"demo_seed": true',
    "{'demo_seed': true}",
    '{"demo_seed": true} and more',
    "{demo_seed: true}",
    "nul",
    "\\",
)


def literal(text: str | None) -> str:
    """Render a text without backslashes as SQL."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def make_notes(database: Database, column: sa.types.TypeEngine[Any]) -> None:
    """Create a table of notes whose metadata has a type."""
    notes = sa.Table(
        "notes",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("metadata", column),
        sa.Column("body", sa.String(40)),
    )
    notes.create(database.engine)


@pytest.mark.parametrize("kind", ["json", "text"])
def test_true_and_the_string_true_are_marks_and_nothing_else_is(
    database: Database, make_workspace: MakeWorkspace, kind: str
) -> None:
    """Also in a column that the database declares as text, where malformed JSON is no error."""
    workspace = make_workspace(database)
    workspace.configure(
        "marker: {column: metadata, key: demo_seed, scenario_key: scenario}\n"
        "scenarios: {general: {default: true}, other: {}}\n"
    )
    make_notes(database, sa.JSON() if kind == "json" else sa.Text())
    marks: dict[str | None, bool] = {**JSON_MARKS, None: False}
    if kind == "text":
        marks |= dict.fromkeys((m for m in MALFORMED if m != "\\"), False)
    for key, mark in enumerate(marks):
        database.execute(f"INSERT INTO notes VALUES ({key}, {literal(mark)}, 'note {key}')")
    everything = database.dump()
    plan = workspace.project.revision("general", dry_run=True).plan
    assert [note for note in plan.notes if "neither true nor false" in note] == [
        f"notes: {ODD_MARKS} rows have a value at metadata.demo_seed that is neither true nor"
        " false; they are not demo rows"
    ]
    workspace.project.revision("general")
    workspace.project.downgrade("general", "base")
    left = [key for (key,) in database.rows("SELECT id FROM notes ORDER BY id")]
    assert left == [key for key, marked in enumerate(marks.values()) if not marked]
    workspace.project.upgrade("general@head")
    assert database.dump() == everything


SCENARIO_MARKS = {
    '{"demo_seed": true, "scenario": "general"}': True,
    '{"demo_seed": "true", "scenario": "general"}': True,
    '{"demo_seed": true}': True,
    '{"demo_seed": true, "scenario": null}': True,
    '{"demo_seed": true, "scenario": "other"}': False,
    '{"demo_seed": true, "scenario": "General"}': False,
    '{"demo_seed": true, "scenario": "general "}': False,
    '{"demo_seed": true, "scenario": ""}': False,
    '{"demo_seed": true, "scenario": "null"}': False,
    '{"demo_seed": false, "scenario": "general"}': False,
    '{"scenario": "general"}': False,
}


@pytest.mark.parametrize("kind", ["json", "text"])
def test_a_row_belongs_to_the_scenario_that_it_names_by_every_byte(
    database: Database, make_workspace: MakeWorkspace, kind: str
) -> None:
    workspace = make_workspace(database)
    workspace.configure(
        "marker: {column: metadata, key: demo_seed, scenario_key: scenario}\n"
        "scenarios: {general: {default: true}, other: {}}\n"
    )
    make_notes(database, sa.JSON() if kind == "json" else sa.Text())
    for key, mark in enumerate(SCENARIO_MARKS):
        database.execute(f"INSERT INTO notes VALUES ({key}, {literal(mark)}, NULL)")
    everything = database.dump()
    workspace.project.revision("general")
    assert workspace.project.revision("other").version.rows == {"notes": 1}
    workspace.project.downgrade("general", "base")
    left = [key for (key,) in database.rows("SELECT id FROM notes ORDER BY id")]
    assert left == [key for key, mine in enumerate(SCENARIO_MARKS.values()) if not mine]
    workspace.project.upgrade("general@head")
    assert database.dump() == everything


def test_a_boolean_column_marks_and_another_names_the_scenario(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(database)
    workspace.configure(
        "marker: {column: is_demo, scenario_column: scenario}\n"
        "scenarios: {general: {default: true}, writer: {}}\n"
    )
    rows = {
        "TRUE, 'general'": True,
        "TRUE, NULL": True,
        "TRUE, 'writer'": False,
        "TRUE, 'General'": False,
        "TRUE, 'general '": False,
        "TRUE, ''": False,
        "FALSE, 'general'": False,
        "NULL, 'general'": False,
        "NULL, NULL": False,
    }
    sa.Table(
        "notes",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("is_demo", sa.Boolean),
        sa.Column("scenario", sa.String(40)),
    ).create(database.engine)
    for key, values in enumerate(rows):
        database.execute(f"INSERT INTO notes VALUES ({key}, {values})")
    everything = database.dump()
    workspace.project.revision("general")
    assert workspace.project.revision("writer").version.rows == {"notes": 1}
    workspace.project.downgrade("general", "base")
    left = [key for (key,) in database.rows("SELECT id FROM notes ORDER BY id")]
    assert left == [key for key, mine in enumerate(rows.values()) if not mine]
    workspace.project.upgrade("general@head")
    assert database.dump() == everything


TENANTS = (
    "CREATE TABLE regions (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE shops (id INTEGER NOT NULL PRIMARY KEY, tenant_id INTEGER, tenant VARCHAR(40),"
    " name VARCHAR(40))",
    "CREATE TABLE goods (id INTEGER NOT NULL PRIMARY KEY, tenant_id INTEGER, tenant VARCHAR(40),"
    " shop_id INTEGER REFERENCES shops (id))",
    "INSERT INTO regions VALUES (7, 'North')",
    "INSERT INTO shops VALUES (1, 7, 'general', 'A'), (2, 8, 'writer', 'B'), (3, NULL, NULL, 'C')",
    "INSERT INTO goods VALUES (1, 7, 'general', 1), (2, 8, 'writer', 2), (3, 70, 'x', NULL)",
)


def test_a_predicate_marks_in_the_tables_that_it_is_for(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(database)
    workspace.configure('marker: {where: "tenant_id = 7", tables: [shops, goods]}\n')
    database.execute(*TENANTS)
    everything = database.dump()
    version = workspace.project.revision("general").version
    assert version.rows == {"shops": 1, "goods": 1}
    workspace.project.downgrade("general", "base")
    assert database.rows("SELECT id FROM shops ORDER BY id") == [(2,), (3,)]
    assert database.rows("SELECT id FROM goods ORDER BY id") == [(2,), (3,)]
    assert database.rows("SELECT id FROM regions") == [(7,)]
    workspace.project.upgrade("general@head")
    assert database.dump() == everything


def test_a_predicate_with_the_scenario_in_it_tells_scenarios_apart(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(database)
    workspace.configure('marker: {where: "tenant = :scenario", tables: [shops, goods]}\n')
    database.execute(*TENANTS)
    everything = database.dump()
    assert workspace.project.revision("general").version.rows == {"shops": 1, "goods": 1}
    assert workspace.project.revision("writer").version.rows == {"shops": 1, "goods": 1}
    workspace.project.downgrade("writer", "base")
    assert database.rows("SELECT id FROM shops ORDER BY id") == [(1,), (3,)]
    workspace.project.upgrade("writer@head")
    assert database.dump() == everything
    with refused("no demo rows", r"no demo rows of third"):
        workspace.project.revision("third")


PREDICATES = {
    "body LIKE '100%:scenario%'": {1},
    "body = 'a:b'": {2},
    "body = 'x::y' OR body = ':name'": {3, 4},
    "body = :scenario": {5},
    "body = ':scenario'": {6},
    "body = 'it''s :scenario' OR (body = :scenario AND id > 0)": {5, 7},
    "body IN ('%s', '%(x)s', '?')": {8, 9, 10},
    "(body = '100%' OR body = :scenario)": {5, 11},
}


def test_a_predicate_of_a_table_is_sql_as_it_stands(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """Colons and per cent signs are data; `:scenario` outside of quotes is the scenario."""
    workspace = make_workspace(database)
    make_notes(database, sa.JSON())
    bodies = ("100% :scenario", "a:b", "x::y", ":name", "general", ":scenario", "it's :scenario")
    for key, body in enumerate((*bodies, "%s", "%(x)s", "?", "100%"), 1):
        database.execute(f"INSERT INTO notes VALUES ({key}, NULL, {literal(body)})")
    everything = database.dump()
    for where, ids in PREDICATES.items():
        workspace.configure(
            json.dumps({"marker": {"where": "1 = 0"}, "tables": {"notes": {"where": where}}})
        )
        assert workspace.project.revision("general").created
        workspace.project.downgrade("general", "base")
        left = {key for (key,) in database.rows("SELECT id FROM notes")}
        assert set(range(1, 12)) - left == ids, where
        workspace.project.upgrade("general@head")
        assert database.dump() == everything
        assert workspace.project.check(database=True) == []


VIA = """\
marker: {column: is_demo}
tables:
  orders: {via: [number, region]}
  order_lines: {via: order_id}
  remarks: {via: [order_id, place]}
"""


def make_orders(database: Database) -> None:
    """Create accounts, their orders, the lines of these and remarks on them, with rows."""
    metadata = sa.MetaData()

    def table(name: str, *columns: Any) -> None:
        sa.Table(name, metadata, *columns)

    def key(name: str, type_: Any = sa.Integer) -> sa.Column[Any]:
        return sa.Column(name, type_, primary_key=True, autoincrement=False)

    table("accounts", key("region", sa.String(10)), key("number"), sa.Column("is_demo", sa.Boolean))
    table(
        "orders",
        key("id"),
        sa.Column("region", sa.String(10)),
        sa.Column("number", sa.Integer),
        sa.ForeignKeyConstraint(["region", "number"], ["accounts.region", "accounts.number"]),
    )
    table(
        "order_lines",
        sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True, autoincrement=False),
        key("place"),
        sa.Column("what", sa.String(40)),
    )
    table(
        "remarks",
        key("id"),
        sa.Column("order_id", sa.Integer),
        sa.Column("place", sa.Integer),
        sa.ForeignKeyConstraint(
            ["order_id", "place"], ["order_lines.order_id", "order_lines.place"]
        ),
    )
    metadata.create_all(database.engine)
    database.execute(
        "INSERT INTO accounts VALUES ('eu', 1, TRUE), ('eu', 2, FALSE), ('us', 1, NULL),"
        " ('us', 2, TRUE)",
        "INSERT INTO orders VALUES (1, 'eu', 1), (2, 'eu', 2), (3, 'us', 1), (4, 'us', 2),"
        " (5, NULL, 1), (6, 'eu', NULL), (7, NULL, NULL)",
        "INSERT INTO order_lines VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 1, 'c'), (4, 1, 'd')",
        "INSERT INTO remarks VALUES (1, 1, 2), (2, 2, 1), (3, 4, 1), (4, 4, NULL), (5, NULL, 1)",
    )


def test_rows_are_picked_via_foreign_keys_over_several_columns_and_levels(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(database)
    workspace.configure(VIA)
    make_orders(database)
    everything = database.dump()
    version = workspace.project.revision("general").version
    assert list(version.rows.items()) == [
        ("accounts", 2),
        ("orders", 2),
        ("order_lines", 3),
        ("remarks", 2),
    ]
    workspace.project.downgrade("general", "base")
    for table, ids in {"orders": [2, 3, 5, 6, 7], "remarks": [2, 4, 5]}.items():
        assert database.rows(f"SELECT id FROM {table} ORDER BY id") == [(key,) for key in ids]
    assert database.rows("SELECT what FROM order_lines") == [("c",)]
    workspace.project.upgrade("general@head")
    assert database.dump() == everything
    assert not workspace.project.revision("general").created


def test_excluded_tables_keep_their_marked_rows(seeded: Chain) -> None:
    seeded.workspace.configure(
        "marker: {column: is_demo, scenario_column: scenario}\nexclude: [cards]\n"
    )
    seeded.database.execute("DELETE FROM checks", "UPDATE cards SET board_id = 2")
    everything = seeded.database.dump()
    version = seeded.project.revision("general").version
    assert version.rows == {"boards": 1}
    seeded.project.downgrade("general", "base")
    assert seeded.database.dump()["cards"] == everything["cards"]
    assert seeded.database.rows("SELECT id FROM boards WHERE is_demo = TRUE") == []
    seeded.project.upgrade("general@head")
    assert seeded.database.dump() == everything
