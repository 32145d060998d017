"""Triggers that refuse some of the demo rows: found before rows go, and named with the ways on."""

from __future__ import annotations

import pytest
import small
from conftest import Workspace

from demosnap.errors import DemosnapError, RefusedError

KINDS = ("ABORT, 'no'", "FAIL, 'no'", "ROLLBACK, 'no'", "IGNORE")


@pytest.mark.parametrize("event", ["INSERT", "DELETE"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # RAISE is SQLite's alone
def test_each_way_to_raise_names_the_trigger_and_changes_nothing(
    workspace: Workspace, kind: str, event: str
) -> None:
    """Also one that ends the transaction; what the message says to write lets the rows go."""
    chain = small.make(workspace, "v1")
    row = "NEW" if event == "INSERT" else "OLD"
    chain.database.execute(
        f"CREATE TRIGGER strict BEFORE {event} ON cards WHEN {row}.id = 3"
        f" BEGIN SELECT RAISE({kind}); END"
    )
    before = chain.everything()

    with pytest.raises(DemosnapError, match="trigger strict on table cards") as caught:
        chain.project.downgrade("general", "base")

    assert "say in demosnap.yaml:  triggers: disable" in str(caught.value)
    assert chain.everything() == before
    workspace.configure(f"{small.SETTINGS}triggers: disable\n")
    chain.project.downgrade("general", "base")
    assert chain.database.dump() == chain.at["base"]


def test_a_trigger_that_refuses_the_way_back_is_named_with_a_way_on(workspace: Workspace) -> None:
    """Where triggers can be switched off the refusal says so, elsewhere it does not."""
    chain = small.make(workspace, "v1")
    small.trigger(chain.database, "strict", "cards", when="NEW.id = 3")
    before = chain.everything()

    with pytest.raises(RefusedError, match="the way back to general v1") as caught:
        chain.project.downgrade("general", "base")

    assert "cards: row id=3" in str(caught.value)
    assert "trigger strict on table cards" in str(caught.value)
    can = chain.database.dialect != "mariadb"
    assert ("triggers: disable" in str(caught.value)) == can
    assert chain.everything() == before
