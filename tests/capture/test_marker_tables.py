"""Which tables a marker counts in: those that are named for a predicate, or none at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from demosnap.errors import ConfigError, DatabaseError, UsageError
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]

TABLES = (
    "CREATE TABLE shops (id INTEGER NOT NULL PRIMARY KEY, tenant_id INTEGER)",
    "CREATE TABLE bills (id INTEGER NOT NULL PRIMARY KEY, tenant_id INTEGER,"
    " shop_id INTEGER REFERENCES shops (id))",
    "INSERT INTO shops VALUES (1, 7), (2, 8)",
    "INSERT INTO bills VALUES (1, 7, NULL), (2, 8, 2)",
)


@pytest.fixture
def shops(database: Database, make_workspace: MakeWorkspace) -> Workspace:
    """Two tables with the column; the bills are nobody's demo data."""
    database.execute(*TABLES)
    return make_workspace(database)


@pytest.fixture
def shops_here(sqlite: Database, make_workspace: MakeWorkspace) -> Workspace:
    """The same on SQLite alone."""
    sqlite.execute(*TABLES)
    return make_workspace(sqlite)


def test_a_predicate_takes_only_the_tables_that_are_named(shops: Workspace) -> None:
    shops.configure('marker: {where: "tenant_id = 7", tables: [shops]}\n')
    version = shops.project.revision("general").version
    assert version is not None and version.rows == {"shops": 1}
    everything = shops.database.dump()
    shops.project.downgrade("general", "base")
    assert shops.database.rows("SELECT id FROM bills ORDER BY id") == [(1,), (2,)]
    shops.project.upgrade("general@head")
    assert shops.database.dump() == everything


def test_a_predicate_that_fits_several_tables_is_refused_with_the_line_to_paste(
    shops: Workspace,
) -> None:
    shops.configure('marker: {where: "tenant_id = 7"}\n')
    before = shops.database.dump(own=True)
    with pytest.raises(ConfigError, match=r"fits several tables: ") as caught:
        shops.project.revision("general")
    assert "demosnap.yaml:1: " in str(caught.value)
    line = (caught.value.hint or "").partition(":  ")[2]
    settings = yaml.safe_load(line)
    assert settings["marker"]["where"] == "tenant_id = 7"
    assert sorted(settings["marker"]["tables"]) == ["bills", "shops"]
    assert shops.database.dump(own=True) == before
    shops.configure(f"{line}\n")
    assert shops.project.revision("general").version.rows == {"shops": 1, "bills": 1}


def test_a_predicate_that_fits_one_table_needs_no_list(shops_here: Workspace) -> None:
    """Excluded tables, and those with a rule of their own, are not meant."""
    shops_here.configure('marker: {where: "tenant_id = 7"}\nexclude: [bills]\n')
    assert shops_here.project.revision("general").version.rows == {"shops": 1}


def test_versions_move_though_a_new_table_fits_the_predicate(shops_here: Workspace) -> None:
    """What was captured is known by its script; only a capture has to be told."""
    shops_here.database.execute("DROP TABLE bills")
    shops_here.configure('marker: {where: "tenant_id = 7"}\n')
    shops_here.project.revision("general")
    shops_here.database.execute("CREATE TABLE taxes (id INTEGER PRIMARY KEY, tenant_id INTEGER)")
    shops_here.database.execute("INSERT INTO taxes VALUES (1, 7)")
    shops_here.project.downgrade("general", "base")
    assert shops_here.database.rows("SELECT id FROM taxes") == [(1,)]
    shops_here.project.upgrade("general@head")
    with pytest.raises(ConfigError, match="fits several tables"):
        shops_here.project.revision("general")


def test_a_column_marker_may_name_its_tables_too(shops_here: Workspace) -> None:
    for name in ("shops", "bills"):
        shops_here.database.execute(f"ALTER TABLE {name} ADD COLUMN is_demo BOOLEAN")
        shops_here.database.execute(f"UPDATE {name} SET is_demo = TRUE WHERE id = 1")
    shops_here.configure("marker: {column: is_demo, tables: [shops]}\n")
    assert shops_here.project.revision("general").version.rows == {"shops": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{where: "tenant_id = 7", tables: [shop]}', "marker.tables: there is no table 'shop'"),
        ('{where: "tenant = 7", tables: [shops]}', "rejects the where of shops"),
        ('{where: "tenant_id; 1", tables: [shops]}', "the where: the predicate"),
        ("{column: is_demo, tables: [shops]}", "shops has no column is_demo"),
    ],
)
def test_a_table_that_cannot_be_meant_is_an_error(
    shops_here: Workspace, text: str, message: str
) -> None:
    shops_here.configure(f"marker: {text}\n")
    with pytest.raises(ConfigError, match=message) as caught:
        shops_here.project.revision("general")
    assert "demosnap.yaml:1: " in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("marker: {where: a, tables: []}", "marker.tables is empty"),
        ("marker: {where: a, tables: shops}", "marker.tables must be a list"),
        ("marker: {where: a, tables: [b, b]}", "marker.tables names b twice"),
        ("marker: {tables: [b]}", "marker needs a column or a where"),
        (
            "marker: {where: a, tables: [b]}\nexclude: [b]",
            "b is listed under both marker.tables and exclude",
        ),
        (
            "marker: {where: a, tables: [b]}\ntables: {b: {where: c}}",
            "b is listed under both marker.tables and tables",
        ),
        (
            "marker: none\ntables: {a: {where: b}}\nscenarios: {x: {}, y: {}}",
            "scenario 'y' is one too many",
        ),
    ],
)
def test_settings_that_cannot_be_meant(shops_here: Workspace, text: str, message: str) -> None:
    shops_here.configure(text + "\n")
    with pytest.raises(ConfigError, match=message):
        _ = shops_here.project.settings


# ---------------------------------------------------------------- marker: none


def test_without_a_marker_only_tables_with_a_rule_count(shops: Workspace) -> None:
    shops.database.execute("UPDATE bills SET shop_id = 1 WHERE id = 1")
    shops.configure(
        'marker: none\ntables:\n  shops: {where: "tenant_id = 7"}\n  bills: {via: shop_id}\n'
    )
    version = shops.project.revision("general").version
    assert version is not None and version.rows == {"shops": 1, "bills": 1}
    everything = shops.database.dump()
    assert not shops.project.revision("general").created
    shops.project.downgrade("general", "base")
    assert shops.database.rows("SELECT id FROM shops") == [(2,)]
    shops.project.upgrade("general@head")
    assert shops.database.dump() == everything
    assert shops.project.check(database=True) == []


def test_without_a_marker_the_default_one_does_not_count(shops_here: Workspace) -> None:
    """A column of the marker's name is a column like any other."""
    shops_here.database.execute("CREATE TABLE logs (id INTEGER PRIMARY KEY, metadata TEXT)")
    shops_here.database.execute("""INSERT INTO logs VALUES (1, '{"demo_seed": true}')""")
    shops_here.configure('marker: none\ntables: {shops: {where: "tenant_id = 7"}}\n')
    assert shops_here.project.revision("general").version.rows == {"shops": 1}


def test_without_a_marker_rules_may_tell_scenarios_apart(shops_here: Workspace) -> None:
    shops_here.configure(
        "marker: none\ntables: {shops: {where: \"tenant_id = CASE :scenario WHEN 'a' THEN 7"
        ' ELSE 8 END"}}\nscenarios: {a: {}, b: {}}\n'
    )
    assert shops_here.project.revision("a").version.rows == {"shops": 1}
    assert shops_here.project.revision("b").version.rows == {"shops": 1}
    shops_here.configure('marker: none\ntables: {shops: {where: "tenant_id = 7"}}\n')
    with pytest.raises(UsageError, match="cannot tell c from a, b"):
        shops_here.project.revision("c")


def test_without_a_marker_and_without_rules_nothing_can_be_picked(shops_here: Workspace) -> None:
    shops_here.configure("marker: none\n")
    with pytest.raises(ConfigError, match="marker: none, and no table has a rule"):
        shops_here.project.revision("general")


def test_without_demo_rows_the_missing_marker_is_named(shops_here: Workspace) -> None:
    shops_here.configure('marker: none\ntables: {shops: {where: "tenant_id = 9"}}\n')
    with refused("no demo rows", "looked at: shops .where .*; the marker is none"):
        shops_here.project.revision("general")


def test_a_script_without_the_marker_that_its_rules_need_is_refused(
    shops_here: Workspace,
) -> None:
    shops_here.configure('marker: {where: "tenant_id = 7", tables: [shops]}\n')
    shops_here.project.revision("general")
    [script] = (shops_here.revisions / "general").glob("*.py")
    text = script.read_text()
    assert '"marker": {"where": "tenant_id = 7"}' in text
    script.write_text(text.replace('"marker": {"where": "tenant_id = 7"}', '"marker": {}'))
    [finding] = shops_here.project.check()
    assert "the marker is missing" in finding.message
    assert Path(finding.file or "").name == script.name


@pytest.mark.parametrize(
    "settings",
    [
        "tables: {shops: {where: 'id = 1'}}\n",
        "marker: {column: is_demo}\n",
        "triggers: {action: check, may_change: [audit_log]}\n",
    ],
)
def test_a_database_without_tables_is_told_as_one(
    database: Database, make_workspace: MakeWorkspace, settings: str
) -> None:
    """Not as settings that are wrong: they may fit what the migrations will make."""
    workspace = make_workspace(database)
    workspace.configure(settings)
    with pytest.raises(DatabaseError, match="the database has no tables") as caught:
        workspace.project.revision("general")
    assert "your application's own migrations" in (caught.value.hint or "")


def test_a_column_that_cannot_hold_the_marker_is_named_with_its_type(shops: Workspace) -> None:
    if shops.database.dialect == "sqlite":
        pytest.skip("any column may hold any type")
    shops.configure("marker: {column: tenant_id, key: demo}\n")
    with pytest.raises(ConfigError) as caught:
        shops.project.revision("general")
    said = str(caught.value)
    assert "no table of the database has the marker (tenant_id)\n" in said
    assert "cannot read the key demo in bills.tenant_id (int" in said
