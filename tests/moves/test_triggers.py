"""Triggers: what they change is found and rolled back; or they are off while rows are moved."""

from __future__ import annotations

import pytest

from demosnap.errors import DatabaseError, VerificationError
from support.workspaces import EXAMPLE_SETTINGS, Workspace

CAN_DISABLE = ("sqlite", "postgresql")

REWRITES = {
    "sqlite": [
        "CREATE TRIGGER touch AFTER INSERT ON contacts BEGIN"
        " UPDATE contacts SET company = 'rewritten' WHERE id = NEW.id; END"
    ],
    "postgresql": [
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.company := 'rewritten'; RETURN NEW; END $$",
        "CREATE TRIGGER touch BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION touch()",
    ],
    "mariadb": [
        "CREATE TRIGGER touch BEFORE INSERT ON contacts FOR EACH ROW SET NEW.company = 'rewritten'"
    ],
}
AGAIN = {
    "sqlite": "CREATE TRIGGER again AFTER UPDATE ON contacts WHEN NEW.company <> 'rewritten' BEGIN"
    " UPDATE contacts SET company = 'rewritten' WHERE id = NEW.id; END",
    "postgresql": "CREATE TRIGGER again BEFORE UPDATE ON contacts FOR EACH ROW"
    " EXECUTE FUNCTION touch()",
    "mariadb": "CREATE TRIGGER again BEFORE UPDATE ON contacts FOR EACH ROW"
    " SET NEW.company = 'rewritten'",
}
ELSEWHERE = {
    "sqlite": [
        "CREATE TRIGGER audit AFTER DELETE ON contacts BEGIN"
        " UPDATE vaults SET description = 'seen' WHERE id = 2; END"
    ],
    "postgresql": [
        "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN UPDATE vaults SET description = 'seen' WHERE id = 2; RETURN OLD; END $$",
        "CREATE TRIGGER audit AFTER DELETE ON contacts FOR EACH ROW EXECUTE FUNCTION audit()",
    ],
    "mariadb": [
        "CREATE TRIGGER audit AFTER DELETE ON contacts FOR EACH ROW"
        " UPDATE vaults SET description = 'seen' WHERE id = 2"
    ],
}


def _two_versions(workspace: Workspace) -> None:
    workspace.project.revision("general", message="v1")
    workspace.seed("general", 2)
    workspace.project.revision("general", message="v2")


def test_a_trigger_that_rewrites_a_row_again_is_named_and_rolled_back(
    workspace: Workspace,
) -> None:
    """Table, key, column and trigger are told, and nothing is changed."""
    _two_versions(workspace)
    dialect = workspace.database.dialect
    workspace.database.execute(*REWRITES[dialect], AGAIN[dialect])
    before = workspace.database.dump(own=True)

    with pytest.raises(
        VerificationError, match=r"contacts: row id=\d+: company .*trigger again on table contacts"
    ):
        workspace.project.downgrade("general", "-1")

    assert workspace.database.dump(own=True) == before


def test_a_trigger_that_changes_a_real_row_is_named_and_rolled_back(workspace: Workspace) -> None:
    """A row that is no demo data stays what it is, whatever a trigger would do to it."""
    _two_versions(workspace)
    workspace.database.execute(*ELSEWHERE[workspace.database.dialect])
    before = workspace.database.dump(own=True)

    with pytest.raises(VerificationError, match=r"rows of vaults .*trigger audit on table con"):
        workspace.project.downgrade("general", "-1")

    assert workspace.database.dump(own=True) == before


def test_triggers_disable_moves_rows_with_triggers_off_and_restores_them(
    workspace: Workspace,
) -> None:
    """The rows are the snapshot's, and afterwards the triggers act again."""
    _two_versions(workspace)
    workspace.project.downgrade("general", "-1")
    first = workspace.database.dump()
    workspace.project.upgrade("general@head")
    dialect = workspace.database.dialect
    workspace.database.execute(*REWRITES[dialect], *ELSEWHERE[dialect])
    workspace.configure(EXAMPLE_SETTINGS + "triggers: disable\n")
    if dialect not in CAN_DISABLE:
        with pytest.raises(DatabaseError, match="cannot switch the triggers of contacts off"):
            workspace.project.downgrade("general", "-1")
        return

    workspace.project.downgrade("general", "-1")

    assert workspace.database.dump() == first
    workspace.database.execute("INSERT INTO contacts (id, name) VALUES (9001, 'New')")
    assert workspace.database.rows("SELECT company FROM contacts WHERE id = 9001") == [
        ("rewritten",)
    ]


def test_triggers_are_restored_after_an_error(workspace: Workspace) -> None:
    """A load that fails with triggers off leaves them on."""
    _two_versions(workspace)
    dialect = workspace.database.dialect
    workspace.database.execute(*REWRITES[dialect])
    workspace.configure(EXAMPLE_SETTINGS + "triggers: disable\n")
    snapshot = next((workspace.revisions / "general").glob("general_v1_*.sql"))
    snapshot.write_bytes(snapshot.read_bytes().replace(b"'Sarah Chen'", b"'Sarah Chan'"))

    with pytest.raises(
        Exception, match=r"nothing was changed|cannot switch|differ from the " "captured"
    ):
        workspace.project.downgrade("general", "-1")

    workspace.database.execute("INSERT INTO contacts (id, name) VALUES (9001, 'New')")
    assert workspace.database.rows("SELECT company FROM contacts WHERE id = 9001") == [
        ("rewritten",)
    ]
