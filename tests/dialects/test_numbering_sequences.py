"""Sequences that number a table without being its default go past the loaded keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demosnap.errors import ConfigError
from demosnap.scaffold import look
from support.databases import Database, make_database
from support.workspaces import Workspace

MARKER = "marker: {column: is_demo}\n"
NUMBERED = "{person: person_seq, token.number: token_number_seq}"
SETTINGS = f"{MARKER}sequences: [hibernate_sequence, {NUMBERED}]\n"

pytestmark = pytest.mark.mariadb_alone("MySQL has no sequences")

# A sequence of steps, as Hibernate has; one of a column beside the key; one of no table; and one
# of a table that is not captured.
SCHEMA = (
    "CREATE SEQUENCE person_seq INCREMENT BY 50 {nocache}",
    "CREATE SEQUENCE token_number_seq {nocache}",
    "CREATE SEQUENCE hibernate_sequence {nocache}",
    "CREATE SEQUENCE real_seq {nocache}",
    "CREATE TABLE person (id bigint PRIMARY KEY, is_demo boolean NOT NULL DEFAULT false)",
    "CREATE TABLE token (name varchar(9) PRIMARY KEY, number int UNIQUE,"
    " is_demo boolean NOT NULL DEFAULT false)",
    'CREATE TABLE "real" (id int PRIMARY KEY)',
    "INSERT INTO person VALUES (1, true), (2, true), (60, true)",
    "INSERT INTO token VALUES ('a', 7, true), ('b', -3, true)",
)
NAMES = ("person_seq", "token_number_seq", "hibernate_sequence", "real_seq")


@pytest.fixture(params=["postgresql", "mariadb"])
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, make_workspace: Callable[[Database], Workspace]
) -> Iterator[Workspace]:
    """Demo rows with keys to 60, while the application has taken one number of a sequence."""
    for database in make_database(request.param, tmp_path):
        workspace = make_workspace(database)
        workspace.configure(SETTINGS)
        nocache = {"mariadb": "NOCACHE"}.get(request.param, "")
        quote = {"mariadb": "`"}.get(request.param, '"')
        database.execute(*(sql.format(nocache=nocache).replace('"', quote) for sql in SCHEMA))
        assert following(workspace, "person_seq", "hibernate_sequence") == [1, 1]
        yield workspace


def following(shop: Workspace, *names: str) -> list[int]:
    """Return the numbers that an application gets next."""
    call = {"postgresql": "nextval('{}')", "mariadb": "nextval({})"}[shop.database.dialect]
    return [int(shop.database.rows(f"SELECT {call.format(name)}")[0][0]) for name in names]


def fresh(shop: Workspace) -> None:
    """Make the database that of a colleague, who has never used it."""
    shop.database.execute(
        *(f"DELETE FROM {name}" for name in ("person", "token")),
        "DROP TABLE IF EXISTS demosnap_version",
        "DROP TABLE IF EXISTS demosnap_log",
        *(f"ALTER SEQUENCE {name} RESTART" for name in NAMES),
    )


def test_a_load_takes_them_past_the_keys(shop: Workspace) -> None:
    """By demosnap, by the database's own client, and by `--sql`; past other rows' keys too."""
    assert shop.project.revision("general", message="v1").created
    # Numbers that only the application takes are no change of the demo.
    following(shop, *NAMES)
    assert not shop.project.revision("general", message="v2").created
    fresh(shop)
    shop.database.client(shop.revisions / "general" / "latest.sql")
    # 101 is the last of the step 52 to 101, or the first of 101 to 150.
    assert following(shop, *NAMES) == [151, 8, 2, 1]
    fresh(shop)
    script = shop.folder / "upgrade.sql"
    script.write_text(shop.run("upgrade", "general@v1", "--sql").stdout)
    shop.database.client(script)
    assert following(shop, *NAMES) == [151, 8, 2, 1]
    fresh(shop)
    shop.database.execute("INSERT INTO person (id) VALUES (170)")
    shop.project.upgrade("general@head")
    assert following(shop, *NAMES) == [251, 8, 2, 1]
    # Once more, by difference.
    shop.database.execute("INSERT INTO token VALUES ('c', 90, true)")
    shop.project.revision("general", message="v2")
    shop.project.downgrade("general", "v1")
    shop.project.upgrade("general@v2")
    assert following(shop, *NAMES) == [301, 91, 3, 2]


def test_one_that_is_ahead_is_not_lowered(shop: Workspace) -> None:
    """Nor are keys before its first number a reason to use one up."""
    shop.database.execute("DELETE FROM token WHERE number > 0")
    shop.project.revision("general", message="v1")
    shop.project.load("general", discard=True)
    assert following(shop, *NAMES) == [151, 1, 2, 1]
    shop.project.load("general", discard=True)
    assert following(shop, *NAMES) == [201, 2, 3, 2]


def test_it_is_proposed_by_name(shop: Workspace) -> None:
    """By a capture, `init` and `check --database`, with what is behind; `[]` ends that."""
    shop.database.execute("CREATE SEQUENCE token_seq", "DROP SEQUENCE token_number_seq")
    shop.configure(MARKER)
    (note,) = shop.project.revision("general", message="v1").plan.notes
    first, line = note.split("\n")
    assert "hibernate_sequence" in first and "real_seq" not in first
    assert first.endswith("; person_seq gives 51 next, and person has keys from 1 to 60")
    # The key of token is a text.
    value = "[hibernate_sequence, token_seq, {person: person_seq}]"
    assert line.startswith(f"`sequences: {value}` in demosnap.yaml")
    with shop.database.engine.connect() as connection:
        found, _ = look.examine(connection)
    assert found is not None
    assert found.sequences == ["hibernate_sequence", "token_seq", {"person": "person_seq"}]
    (finding,) = shop.project.check(database=True)
    assert "person_seq gives 51 next" in finding.message
    assert "`sequences: {person: person_seq}`" in (finding.hint or "")
    shop.configure(f"{MARKER}sequences: [hibernate_sequence, person_seq]\n")
    assert shop.project.check(database=True) == []
    (note,) = shop.project.revision("general", message="v2", dry_run=True).plan.notes
    assert "`sequences: [hibernate_sequence, {person: person_seq}]`" in note
    shop.configure(f"{MARKER}sequences: [hibernate_sequence, {{person: person_seq}}]\n")
    assert shop.project.revision("general", message="v2").plan.notes == ()
    assert shop.project.check(database=True) == []


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("persons: person_seq", "there is no table 'persons' in the database; did you mean"),
        ("person.nr: person_seq", "person has no column 'nr'"),
        ("person: persn_seq", "unknown sequence 'persn_seq'; did you mean 'person_seq'"),
        ("token: person_seq", "the key of token is not a single whole number"),
        ("token.name: person_seq", r"token.name \(.*\) is not a column of whole numbers"),
    ],
)
def test_what_the_database_lacks_is_an_error_with_its_line(
    shop: Workspace, pair: str, message: str
) -> None:
    """A slip is found at the capture."""
    shop.configure(f"{MARKER}sequences:\n  - {{{pair}}}\n")
    with pytest.raises(ConfigError, match=message) as caught:
        shop.project.revision("general", message="v1")
    assert caught.value.line == 3


def test_a_load_skips_what_the_database_lacks(shop: Workspace) -> None:
    """demosnap.yaml may be ahead of a database."""
    shop.project.revision("general", message="v1")
    shop.configure(f"{MARKER}sequences: {{later: later_seq, person: later_seq}}\n")
    fresh(shop)
    shop.project.upgrade("general@head")
    assert following(shop, *NAMES) == [151, 8, 2, 1]
