"""Tables with a space, a dot or capitals in their names are tables like all others."""

from __future__ import annotations

import pytest

from demosnap.errors import VerificationError
from support.databases import Database
from support.refusals import refused
from support.workspaces import Workspace

SETTINGS = "marker: {column: is_demo}\n"
JOURNAL = "'\"audit.Log\"'"


def _quoted(database: Database, name: str) -> str:
    return database.engine.dialect.identifier_preparer.quote_identifier(name)


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    """Orders with details, of which triggers write a journal; one of each is no demo data."""
    database = workspace.database
    orders, details, journal, order_id, a_b = (
        _quoted(database, name)
        for name in ("Order", "Order Details", "audit.Log", "Order Id", "a.b")
    )
    marker = "is_demo boolean NOT NULL DEFAULT FALSE"
    database.execute(
        f"CREATE TABLE {orders} (id integer PRIMARY KEY, code varchar(20) UNIQUE, {marker})",
        f"CREATE TABLE {details} ({order_id} integer NOT NULL, line integer NOT NULL,"
        f" {a_b} varchar(20) UNIQUE, {marker}, PRIMARY KEY ({order_id}, line),"
        f" FOREIGN KEY ({order_id}) REFERENCES {orders} (id))",
        f"CREATE TABLE {journal} (id integer PRIMARY KEY, what varchar(20))",
        f"INSERT INTO {journal} VALUES (1, 'start')",
        f"INSERT INTO {orders} VALUES (1, 'own', FALSE), (10, 'demo', TRUE)",
        f"INSERT INTO {details} VALUES (1, 1, 'mine', FALSE), (10, 1, 'one', TRUE),"
        " (10, 2, 'two', TRUE)",
    )
    do = f"INSERT INTO {journal} SELECT max(id) + 1, 'line' FROM {journal}"
    head = f"CREATE TRIGGER {_quoted(database, 'after it')} AFTER INSERT ON {details}"
    if database.dialect == "postgresql":
        database.execute(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {do}; RETURN NULL; END $$",
            f"{head} FOR EACH ROW EXECUTE FUNCTION note()",
        )
    elif database.dialect == "mariadb":
        database.execute(f"{head} FOR EACH ROW {do}")
    else:
        database.execute(f"{head} BEGIN {do}; END")
    workspace.configure(SETTINGS)
    workspace.project.revision("general")
    return workspace


def test_triggers_of_a_table_with_an_odd_name_are_known(shop: Workspace) -> None:
    """What they write elsewhere is found, and the line to paste lets them."""
    before = shop.database.dump(own=True)
    with pytest.raises(VerificationError) as caught:
        shop.project.load("general", discard=True)
    assert 'rows of "audit.Log"' in str(caught.value)
    assert 'trigger after it on table "Order Details"' in str(caught.value)
    assert shop.database.dump(own=True) == before

    shop.configure(f"{SETTINGS}triggers: {{action: check, may_change: [{JOURNAL}]}}\n")
    shop.project.load("general", discard=True)
    after = shop.database.dump()
    assert len(after.pop("audit.Log")) == 3
    before = {name: rows for name, rows in before.items() if name in after}
    assert after == before


def test_triggers_of_a_table_with_an_odd_name_are_switched_off(shop: Workspace) -> None:
    """They do nothing during the move, and are there afterwards."""
    if shop.database.dialect == "mariadb":
        pytest.skip("it cannot switch triggers off")
    shop.configure(f"{SETTINGS}triggers: disable\n")
    before = shop.database.dump()
    shop.project.downgrade("general", "base")
    shop.project.upgrade("general@head")
    assert shop.database.dump() == before
    details, order_id = (_quoted(shop.database, n) for n in ("Order Details", "Order Id"))
    shop.database.execute(f"INSERT INTO {details} ({order_id}, line) VALUES (1, 9)")
    assert len(shop.database.dump()["audit.Log"]) == 2


def test_a_taken_value_of_a_table_with_an_odd_name_is_found(shop: Workspace) -> None:
    """The plan names both rows, also in a dry run."""
    shop.configure(f"{SETTINGS}triggers: {{action: check, may_change: [{JOURNAL}]}}\n")
    shop.project.downgrade("general", "base")
    details, order_id, a_b = (
        _quoted(shop.database, name) for name in ("Order Details", "Order Id", "a.b")
    )
    shop.database.execute(f"INSERT INTO {details} ({order_id}, line, {a_b}) VALUES (1, 7, 'two')")
    with refused("key taken", "key that is taken by rows that stay") as caught:
        shop.project.upgrade("general@head")
    assert "Order Id=10, line=2 of the snapshot" in str(caught.value)
    assert "Order Id/line=1/7 of the database" in str(caught.value)


def test_a_value_that_is_taken_in_other_letters_names_the_row_that_has_it(
    workspace: Workspace,
) -> None:
    """Equal for the column, and not as text: the row of the database is named all the same."""
    database = workspace.database
    kind = {"sqlite": "text COLLATE NOCASE", "postgresql": "citext", "mariadb": "varchar(20)"}
    if database.dialect == "postgresql":
        database.execute("CREATE EXTENSION citext")
    database.execute(
        f"CREATE TABLE people (id integer PRIMARY KEY, email {kind[database.dialect]} UNIQUE,"
        " is_demo boolean NOT NULL)",
        "INSERT INTO people VALUES (10, 'demo@x', TRUE)",
    )
    workspace.configure(SETTINGS)
    workspace.project.revision("general")
    workspace.project.downgrade("general", "base")
    database.execute("INSERT INTO people VALUES (77, 'Demo@X', FALSE)")
    with refused("key taken", "key that is taken by rows that stay") as caught:
        workspace.project.upgrade("general@head")
    assert "email: 'Demo@X' in id=77 of the database" in str(caught.value)
