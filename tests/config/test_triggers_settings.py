"""`triggers:` in demosnap.yaml: a word or a mapping, and tables that the database has."""

from __future__ import annotations

import pytest

from demosnap.config import Triggers
from demosnap.config.choices import parse
from demosnap.errors import ConfigError
from support import small
from support.workspaces import Workspace


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Triggers("check")),
        ("triggers:\n", Triggers("check")),
        ("triggers: check", Triggers("check")),
        ("triggers: disable", Triggers("disable")),
        ("triggers: {action: disable}", Triggers("disable")),
        ("triggers: {may_change: [audit]}", Triggers("check", ("audit",))),
        (
            'triggers: {action: check, may_change: [audit, "docs_fts*"]}',
            Triggers("check", ("audit", "docs_fts*")),
        ),
    ],
)
def test_a_word_and_a_mapping_say_the_same(text: str, wanted: Triggers) -> None:
    """What is left out is the default."""
    assert parse(text.encode(), "demosnap.yaml").choices.triggers == wanted


WRONG: list[tuple[str | bytes, int, str]] = [
    ("triggers: disabel", 1, "triggers: 'disabel' is neither check nor disable; did you mean"),
    ("triggers:\n  action: off", 2, "triggers.action: 'off' is neither check nor disable"),
    ("triggers: {actoin: check}", 1, "unknown key 'triggers.actoin'; did you mean 'action'?"),
    ("triggers: [audit]", 1, "triggers must hold keys and values"),
    ("triggers: {may_change: audit}", 1, "triggers.may_change must be a list"),
    ("triggers: {may_change: [a b]}", 1, "'a b' is not a table name"),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_a_wrong_value_is_reported_with_its_line(text: str, line: int, message: str) -> None:
    """No traceback, and no guess."""
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), "demosnap.yaml")
    assert str(caught.value).startswith(f"demosnap.yaml:{line}: {message}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("usres", "there is no table in the database called 'usres'; did you mean 'users'?"),
        ('"audit*"', "there is no table in the database that fits 'audit*'"),
    ],
)
def test_a_table_that_is_not_there_is_told_with_its_line(
    workspace: Workspace, name: str, message: str
) -> None:
    """A capture and a move say it alike."""
    chain = small.make(workspace, "v1")
    workspace.configure(f"{small.SETTINGS}triggers:\n  may_change:\n    - users\n    - {name}\n")

    for verb in (
        lambda: chain.project.revision("general"),
        lambda: chain.project.downgrade("general", "base"),
    ):
        with pytest.raises(ConfigError) as caught:
            verb()
        assert message in str(caught.value)
        assert f"demosnap.yaml:{small.SETTINGS.count(chr(10)) + 4}: " in str(caught.value)
