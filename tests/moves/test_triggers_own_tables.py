"""Triggers of demosnap's own tables, which act when the rows are verified already."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from demosnap.errors import DemosnapError, VerificationError
from support import small
from support.databases import Database
from support.workspaces import Workspace

pytestmark = pytest.mark.long


@pytest.fixture
def workspace(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """A new project of an empty database."""
    return make_workspace(database)


def _harm(
    database: Database,
    table: str,
    event: str,
    do: str = "UPDATE users SET name = 'X' WHERE id = 2",
) -> None:
    head = f"CREATE TRIGGER harm AFTER {event} ON {table}"
    if database.dialect == "postgresql":
        database.execute(
            f"CREATE FUNCTION harm() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {do}; RETURN NULL; END $$",
            f"{head} FOR EACH ROW EXECUTE FUNCTION harm()",
        )
    elif database.dialect == "mariadb":
        database.execute(f"{head} FOR EACH ROW {do}")
    else:
        database.execute(f"{head} BEGIN {do}; END")


@pytest.mark.parametrize(
    ("table", "event", "verb"),
    [
        ("demosnap_log", "INSERT", lambda project: project.downgrade("general", "base")),
        ("demosnap_version", "DELETE", lambda project: project.downgrade("general", "base")),
        ("demosnap_version", "UPDATE", lambda project: project.downgrade("general", "-1")),
        ("demosnap_log", "INSERT", lambda project: project.stamp("general@v1", verify=False)),
    ],
)
def test_a_trigger_of_an_own_table_is_named_and_rolled_back(
    workspace: Workspace, table: str, event: str, verb: Callable[[object], object]
) -> None:
    """Down and by a stamp: the trigger and the table that it changes are named."""
    chain = small.copied(workspace, "v1", "v2")
    _harm(chain.database, table, event)
    before = chain.everything()

    with pytest.raises(VerificationError) as caught:
        verb(chain.project)

    assert "rows of users would be changed" in str(caught.value)
    assert f"trigger harm on table {table}" in str(caught.value)
    assert f"Or take trigger harm on table {table} away" in str(caught.value)
    assert chain.everything() == before

    (line,) = re.findall("demosnap.yaml:  (triggers: .*)", str(caught.value))
    workspace.configure(f"{small.SETTINGS}{line}\n")
    verb(chain.project)


def test_a_demo_row_is_guarded_too(workspace: Workspace) -> None:
    """Also what was loaded and verified must not change any more."""
    chain = small.copied(workspace, "v1", "v2")
    _harm(chain.database, "demosnap_log", "INSERT", "UPDATE cards SET title = 'X' WHERE id = 1")
    before = chain.everything()

    with pytest.raises(VerificationError, match="rows of cards would be changed") as caught:
        chain.project.downgrade("general", "-1")
    assert "may_change" not in str(caught.value)

    assert chain.everything() == before


def test_a_capture_changes_no_rows(workspace: Workspace) -> None:
    """The files are there, the stamp is not, and the trigger is named with the way on."""
    chain = small.copied(workspace, "v1")
    chain.database.execute(*small.GENERAL["v2"])
    _harm(chain.database, "demosnap_log", "INSERT")
    before = chain.everything()

    with pytest.raises(DemosnapError) as caught:
        chain.project.revision("general")

    assert "trigger harm on table demosnap_log" in str(caught.value)
    assert "Or take trigger harm on table demosnap_log away" in str(caught.value)
    assert chain.everything() == before


def test_the_stock_command_finds_it_as_well(workspace: Workspace) -> None:
    """Alembic itself writes the version; the check comes after that."""
    chain = small.copied(workspace, "v1", "v2")
    _harm(chain.database, "demosnap_version", "UPDATE")
    before = chain.everything()

    done = workspace.alembic("downgrade", "general@-1", check=False)

    assert done.returncode != 0
    assert "harm" in done.stdout + done.stderr
    assert chain.everything() == before


def test_a_harmless_trigger_is_allowed(workspace: Workspace) -> None:
    """One that writes to a table where triggers may."""
    chain = small.copied(workspace, "v1", "v2")
    chain.database.execute("CREATE TABLE audit_log (what VARCHAR(20))")
    _harm(chain.database, "demosnap_log", "INSERT", "INSERT INTO audit_log VALUES ('logged')")
    workspace.configure(f"{small.SETTINGS}triggers: {{may_change: [audit_log]}}\n")

    chain.project.downgrade("general", "-1")

    assert chain.database.rows("SELECT DISTINCT what FROM audit_log") == [("logged",)]
