"""Where the marker is looked for, and what is known of tables elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demosnap.errors import ConfigError, VerificationError
from demosnap.scaffold import look, texts
from support import small, tenants
from support.databases import make_database
from support.refusals import refused
from support.tenants import Tenants
from support.workspaces import MakeWorkspace

DEMO = small.GENERAL["v1"]


@pytest.fixture(params=("postgresql", "mariadb"))
def two(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    make_workspace: MakeWorkspace,
) -> Iterator[Tenants]:
    """Two tenants with demo rows, and the shared namespace beside them."""
    for database in make_database(request.param, tmp_path_factory.mktemp("database")):
        for made in tenants.make(make_workspace(database), ["crm", "crm_old"]):
            for name in made.names:
                made.execute(name, *DEMO)
            yield made


def captured(two: Tenants, name: str | None, settings: str) -> set[str]:
    """Return the tables that a capture picks rows of."""
    two.workspace.configure(f"{small.SETTINGS}{settings}")
    plan = two.project(name).revision("general", dry_run=True).plan
    assert plan is not None
    return {table for table, count in plan.rows.items() if count}


def test_the_marker_is_looked_for_where_the_settings_say(two: Tenants) -> None:
    crm, old = two.names
    here = {"boards", "cards", "checks"}
    there = {f"{old}.boards", f"{old}.cards"}
    assert captured(two, crm, "") == here
    assert captured(two, crm, "namespaces: []") == here
    assert captured(two, crm, f"namespaces: [{crm}]") == here
    assert captured(two, crm, f"namespaces: ['{old}', 'no_such_*']") == here | there
    assert captured(two, crm, f"namespaces: ['{crm}_*']") == here | there
    for settings in (f"exclude: [{old}.cards]", f"triggers: {{may_change: [{old}.cards]}}"):
        assert captured(two, crm, settings) == here
    rule = small.SETTINGS.replace("tables:", f"tables:\n  {old}.checks: {{where: id = 1}}")
    two.workspace.configure(rule)
    plan = two.project(crm).revision("general", dry_run=True).plan
    assert plan is not None
    assert {*plan.rows} == here | there | {f"{old}.checks"}
    with pytest.raises(ConfigError, match="there is no namespace 'crmm'"):
        captured(two, crm, "namespaces: [crmm]")


def test_a_marker_elsewhere_is_told_of(two: Tenants) -> None:
    """At the first capture, or where there is none here; and init writes what fits."""
    crm, old = two.names
    plan = two.project(crm).revision("general", dry_run=True).plan
    assert plan is not None
    assert [one for one in plan.notes if old in one] == [
        f"tables of namespace {old} have the marker, too, and are left alone\n"
        f"`namespaces: [{old}]` in demosnap.yaml takes them in; `namespaces: []` is for one tenant"
        " at a time"
    ] or two.database.dialect == "mariadb"
    two.workspace.configure("marker: {column: is_demo, scenario_column: scenario}")
    names = two.database.dialect == "postgresql" and f"tables of namespaces {crm}, {old} have it"
    with pytest.raises(ConfigError, match=names or "no table of the database has the marker"):
        two.project(None).revision("general")
    if two.database.dialect == "postgresql":
        with two.database.engine.connect() as connection:
            found, _ = look.examine(connection)
            assert b"namespaces: [crm, crm_old]\n" in texts.demosnap_yaml(found)
            connection.exec_driver_sql(f"SET search_path = {crm}, public")
            found, _ = look.examine(connection)
            assert found is not None
            assert {*found.marked, *found.via} == {"boards", "cards", "checks"}
            assert b"namespaces:" not in texts.demosnap_yaml(found)


def test_the_default_namespace_may_be_named(two: Tenants) -> None:
    crm, old = two.names
    everywhere = "marker: {column: is_demo, scenario_column: scenario}\nscenarios: {general: }\n"
    for settings in (
        f"exclude: [{crm}.cards, {crm}.checks]",
        f"columns: {{{crm}.boards.slug: omit}}\nexclude: [cards]\n"
        f"tables: {{{crm}.checks: {{where: id = 1}}}}",
    ):
        two.workspace.configure(everywhere + settings)
        plan = two.project(crm).revision("general", dry_run=True).plan
        assert plan is not None
        assert {"boards"} <= {*plan.rows} <= {"boards", "checks"}
    two.workspace.configure(f"{everywhere}exclude: [{crm}.card]")
    with pytest.raises(ConfigError, match=r"yaml:3: exclude: there is no table 'card'"):
        two.project(crm).revision("general", dry_run=True)
    twice = f"{everywhere}tables:\n  checks: {{via: card_id}}\n  {crm}.checks: {{via: card_id}}"
    two.workspace.configure(twice)
    assert two.project(old).revision("general", dry_run=True).plan is not None
    with pytest.raises(ConfigError, match=rf"yaml:5: tables.{crm}.checks names the table checks"):
        two.project(crm).revision("general", dry_run=True)


def test_what_a_version_has_stays_in_view(two: Tenants) -> None:
    """Rows of a namespace that nothing but a version names are not taken for gone."""
    crm, old = two.names
    two.execute(old, "DELETE FROM checks")
    two.workspace.configure(f"{small.SETTINGS}namespaces: ['{old}']")
    two.project(crm).revision("general", date="2025-01-15")
    two.workspace.configure(small.SETTINGS)
    (entry,) = two.project(crm).status("general")
    assert entry.clean
    loaded = two.rows(own=False)
    two.execute(old, "UPDATE boards SET name = 'Edited' WHERE id = 1")
    (entry,) = two.project(crm).status("general")
    assert not entry.clean
    two.project(crm).reset("general", discard=True)
    two.project(crm).downgrade("general", "base")
    rows = two.rows(own=False)
    assert [len(rows[name]["boards"]) for name in two.names] == [2, 2]
    two.project(crm).upgrade("general@head")
    assert two.rows(own=False) == loaded


def test_rows_elsewhere_that_reference_demo_rows_count(two: Tenants) -> None:
    """Whoever references them: directly, or by way of a third namespace."""
    crm, old = two.names
    two.project(crm).revision("general", date="2025-01-15")
    two.execute(
        old,
        f"CREATE TABLE pins (id INTEGER PRIMARY KEY, card INTEGER,"
        f" FOREIGN KEY (card) REFERENCES {crm}.cards (id))",
        "INSERT INTO pins VALUES (1, 1), (2, 2)",
    )
    two.database.execute(
        f"CREATE TABLE tacks (id INTEGER PRIMARY KEY, pin INTEGER,"
        f" FOREIGN KEY (pin) REFERENCES {old}.pins (id))",
        "INSERT INTO tacks VALUES (1, 1), (2, 2)",
    )
    before = two.rows()
    with refused("referenced by non-demo rows", rf"1 row of {old}.pins"):
        two.project(crm).downgrade("general", "base")
    with refused("referenced by non-demo rows", rf"1 row of {two.shared}.tacks"):
        two.project(crm).downgrade("general", "base", cascade=[f"{old}.pins"])
    assert two.rows() == before
    names = [f"{old}.pins", f"{two.shared}.tacks"]
    plan = two.project(crm).downgrade("general", "base", cascade=names)
    assert plan.moves[0].also == dict.fromkeys(names, 1)
    after = two.rows()
    assert after[old]["pins"] == [(2, 2)]
    assert after[two.shared]["tacks"] == [(2, 2)]
    for table in ("boards", "cards", "checks"):
        assert after[old][table] == before[old][table]


def test_what_a_trigger_does_elsewhere_is_found(two: Tenants) -> None:
    if two.database.dialect == "mariadb":
        pytest.skip("databases of one server are known where foreign keys tie them")
    crm, old = two.names
    two.project(crm).revision("general", date="2025-01-15")
    two.project(crm).downgrade("general", "base")
    two.execute(
        crm,
        f"CREATE TABLE {old}.journal (id SERIAL PRIMARY KEY, what TEXT)",
        f"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" INSERT INTO {old}.journal (what) VALUES (NEW.name); RETURN NEW; END $$",
        "CREATE TRIGGER noting AFTER INSERT ON boards FOR EACH ROW EXECUTE FUNCTION note()",
    )
    before = two.rows()
    with pytest.raises(VerificationError, match=rf"rows of {old}.journal outside"):
        two.project(crm).upgrade("general@head")
    assert two.rows() == before
    two.workspace.configure(f"{small.SETTINGS}triggers: {{may_change: ['{old}.j*']}}")
    two.project(crm).upgrade("general@head")
    assert two.rows(old)[old]["journal"] == [(2, "Demo")]
