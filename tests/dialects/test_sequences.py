"""Sequences that no loaded value tells of go on where they stood at the capture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demosnap.errors import ConfigError
from support.databases import Database, make_database
from support.workspaces import Workspace

SETTINGS = "marker: {column: is_demo}\n"

pytestmark = pytest.mark.mariadb_alone("MySQL has no sequences")

SCHEMA = {
    "postgresql": (
        "CREATE SEQUENCE invoice_seq",
        'CREATE SEQUENCE "Order numbers" INCREMENT BY 50',
        "CREATE TABLE invoices (id int PRIMARY KEY, is_demo boolean NOT NULL DEFAULT false,"
        " number varchar(20) DEFAULT 'INV-' || lpad(nextval('invoice_seq')::text, 6, '0') UNIQUE)",
    ),
    "mariadb": (
        "CREATE SEQUENCE invoice_seq NOCACHE",
        "CREATE SEQUENCE `Order numbers` INCREMENT BY 50 NOCACHE",
        "CREATE TABLE invoices (id int PRIMARY KEY, is_demo boolean NOT NULL DEFAULT false,"
        " number varchar(20) DEFAULT concat('INV-', lpad(nextval(invoice_seq), 6, '0')) UNIQUE)",
    ),
}
NEXT_ORDER = {
    "postgresql": "SELECT nextval('\"Order numbers\"')",
    "mariadb": "SELECT nextval(`Order numbers`)",
}


@pytest.fixture(params=SCHEMA)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database on each of the dialects that have sequences."""
    yield from make_database(request.param, tmp_path)


@pytest.fixture
def shop(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """Three demo invoices of which the last one is gone, and two numbers of orders given."""
    workspace = make_workspace(database)
    workspace.configure(SETTINGS + 'sequences: ["\\"Order numbers\\""]\n')
    database.execute(
        *SCHEMA[database.dialect],
        *(f"INSERT INTO invoices (id, is_demo) VALUES ({i}, true)" for i in (1, 2, 3)),
        "DELETE FROM invoices WHERE id = 3",
    )
    assert [database.rows(NEXT_ORDER[database.dialect])[0][0] for _ in "12"] == [1, 51]
    return workspace


def fresh(shop: Workspace) -> None:
    """Make the database that of a colleague, who has never used it."""
    restart = {
        "postgresql": (
            "ALTER SEQUENCE invoice_seq RESTART",
            'ALTER SEQUENCE "Order numbers" RESTART',
        ),
        "mariadb": ("ALTER SEQUENCE invoice_seq RESTART", "ALTER SEQUENCE `Order numbers` RESTART"),
    }[shop.database.dialect]
    shop.database.execute(
        "DELETE FROM invoices", "DROP TABLE demosnap_version", "DROP TABLE demosnap_log", *restart
    )


def next_numbers(shop: Workspace) -> tuple[str, int]:
    """Return what the application gets next: the number of an invoice and of an order."""
    shop.database.execute("INSERT INTO invoices (id) VALUES (99)")
    number = shop.database.rows("SELECT number FROM invoices WHERE id = 99")[0][0]
    shop.database.execute("DELETE FROM invoices WHERE id = 99")
    return number, shop.database.rows(NEXT_ORDER[shop.database.dialect])[0][0]


def test_a_load_advances_them_to_where_the_source_stood(shop: Workspace) -> None:
    """The number of the invoice that is gone is not given again, though no row has it."""
    shop.project.revision("general", message="v1")
    fresh(shop)
    shop.project.upgrade("general@head")
    assert next_numbers(shop) == ("INV-000004", 101)


def test_none_is_lowered(shop: Workspace) -> None:
    """A database that is ahead stays ahead."""
    shop.project.revision("general", message="v1")
    assert next_numbers(shop) == ("INV-000004", 101)
    shop.project.load("general", discard=True)
    assert next_numbers(shop) == ("INV-000005", 151)


def test_by_difference_they_are_advanced_too(shop: Workspace) -> None:
    """A move that touches few rows leaves the sequences where the target's stood."""
    shop.project.revision("general", message="v1")
    shop.database.execute("INSERT INTO invoices (id, is_demo) VALUES (4, true)")
    shop.project.revision("general", message="v2")
    fresh(shop)
    shop.project.upgrade("general@v1")
    moved = shop.project.upgrade("general@v2").moves[0]
    assert moved.by_difference
    assert next_numbers(shop)[0] == "INV-000005"


def test_the_databases_own_client_advances_them(shop: Workspace) -> None:
    """The plain file says the same, and so does the script of `upgrade --sql`."""
    shop.project.revision("general", message="v1")
    fresh(shop)
    shop.database.client(shop.revisions / "general" / "latest.sql")
    assert next_numbers(shop) == ("INV-000004", 101)
    fresh_again = shop.folder / "upgrade.sql"
    fresh_again.write_text(shop.run("upgrade", "general@v1", "--sql").stdout)
    assert "invoice_seq" in fresh_again.read_text()


def test_a_position_in_the_file_that_the_script_does_not_have_is_refused(shop: Workspace) -> None:
    """A snapshot is data: it cannot send a sequence to its end."""
    shop.project.revision("general", message="v1")
    file = (shop.revisions / "general" / "latest.sql").resolve()
    before = {"postgresql": b"51::bigint", "mariadb": b",101,0)"}[shop.database.dialect]
    after = {"postgresql": b"99::bigint", "mariadb": b",999,0)"}[shop.database.dialect]
    assert before in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(before, after))
    done = shop.run("check", check=False)
    assert done.returncode == 3
    assert "the sequence statements are not what demosnap writes" in done.stdout + done.stderr


def test_a_missing_sequence_is_skipped(shop: Workspace) -> None:
    """Who has dropped a sequence needs no number of it."""
    shop.project.revision("general", message="v1")
    fresh(shop)
    name = {"postgresql": '"Order numbers"', "mariadb": "`Order numbers`"}[shop.database.dialect]
    shop.database.execute(f"DROP SEQUENCE {name}")
    shop.project.upgrade("general@head")
    assert len(shop.database.rows("SELECT id FROM invoices")) == 2
    shop.project.downgrade("general", "base")
    shop.database.client(shop.revisions / "general" / "latest.sql")
    assert len(shop.database.rows("SELECT id FROM invoices")) == 2


def test_a_sequence_that_only_the_application_uses_is_proposed(shop: Workspace) -> None:
    """The note gives the line to paste, and ends where demosnap.yaml speaks of sequences."""
    shop.configure(SETTINGS)
    (note,) = shop.project.revision("general", message="v1", dry_run=True).plan.notes
    assert "`sequences: ['\"Order numbers\"']` in demosnap.yaml" in note
    for line in ("sequences: []", 'sequences: ["\\"Order numbers\\""]'):
        shop.configure(f"{SETTINGS}{line}\n")
        assert shop.project.revision("general", message="v1", dry_run=True).plan.notes == ()


def test_an_unknown_sequence_is_an_error_with_its_line(shop: Workspace) -> None:
    """A slip is not taken for a sequence that is not there yet."""
    shop.configure(f"{SETTINGS}sequences: [invoice_sec]\n")
    with pytest.raises(ConfigError, match="unknown sequence 'invoice_sec'; did you mean") as caught:
        shop.project.revision("general", message="v1")
    assert caught.value.line == 2
