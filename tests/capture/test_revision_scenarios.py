"""A capture is of one scenario that is known, well named, and picks rows of its own."""

from __future__ import annotations

import pytest

from demosnap.errors import UnknownNameError, UsageError
from support import small
from support.refusals import refused
from support.small import Chain
from support.unchanged import unchanged

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    "name", ["General", "1st", "my-demo", "", "two words", "demö", "_x", "a.b", "general@v1", "a\n"]
)
def test_a_scenarios_name_is_lower_case_letters_digits_and_underscores(
    sqlite_seeded: Chain, name: str
) -> None:
    sqlite_seeded.workspace.configure("marker: {column: is_demo, scenario_column: scenario}\n")
    with unchanged(sqlite_seeded), pytest.raises(UsageError, match="cannot be a scenario's name"):
        sqlite_seeded.project.revision(name)


@pytest.mark.parametrize("name", ["a", "x9", "general_2"])
def test_any_such_name_can_be_a_scenarios(sqlite_seeded: Chain, name: str) -> None:
    sqlite_seeded.workspace.configure("marker: {column: is_demo, scenario_column: scenario}\n")
    sqlite_seeded.database.execute(f"UPDATE boards SET scenario = '{name}' WHERE id = 1")
    sqlite_seeded.database.execute(f"UPDATE cards SET scenario = '{name}' WHERE id IN (1, 3)")
    assert sqlite_seeded.project.revision(name).version.rows == {"boards": 1, "cards": 2}
    assert sqlite_seeded.project.show(f"{name}@head").head


def test_a_scenario_that_the_configuration_does_not_list_is_unknown(sqlite_seeded: Chain) -> None:
    with (
        unchanged(sqlite_seeded),
        pytest.raises(UnknownNameError, match="did you mean 'general'") as e,
    ):
        sqlite_seeded.project.revision("generla")
    assert "demosnap.yaml" in (e.value.hint or "")


def test_where_there_is_only_one_scenario_it_need_not_be_named(sqlite_seeded: Chain) -> None:
    """The only one of demosnap.yaml, or where that lists none, the only one with a version."""
    workspace = sqlite_seeded.workspace
    with unchanged(sqlite_seeded):
        done = workspace.run("revision", "-m", "v1", check=False)
    assert done.returncode == 2
    assert "revision needs the name of a scenario (general, writer)" in done.stderr
    marker = "marker: {column: is_demo, scenario_column: scenario}\n"
    workspace.configure(marker)
    with unchanged(sqlite_seeded), pytest.raises(UsageError, match="the name of a scenario\n"):
        sqlite_seeded.project.revision()
    workspace.configure(marker + "scenarios: {general: {default: true}}\n")
    assert "general: v1_" in workspace.run("revision", "-m", "v1").stdout
    sqlite_seeded.database.execute("UPDATE cards SET title = 'Another' WHERE id = 1")
    workspace.configure(marker)
    assert sqlite_seeded.project.revision().version.scenario == "general"


MARKERS_OF_ONE = {
    "a boolean column": "marker: {column: is_demo}\n",
    "a predicate": 'marker: {where: "is_demo = TRUE", tables: [boards, cards]}\n',
}


@pytest.mark.parametrize("text", MARKERS_OF_ONE.values(), ids=MARKERS_OF_ONE)
def test_a_marker_that_cannot_name_a_scenario_allows_one(seeded: Chain, text: str) -> None:
    seeded.workspace.configure(text + "tables: {checks: {via: card_id}}\n")
    seeded.database.execute(*small.WRITER)
    version = seeded.project.revision("general").version
    assert version.rows == {"boards": 2, "cards": 3, "checks": 3}
    with unchanged(seeded), pytest.raises(UsageError, match="cannot tell writer from general"):
        seeded.project.revision("writer")
    assert not seeded.project.revision("general").created


def test_two_scenarios_must_not_pick_the_same_rows(seeded: Chain) -> None:
    seeded.workspace.configure(
        small.SETTINGS.replace("checks: {via: card_id}", 'checks: {where: "id < 5"}')
    )
    with unchanged(seeded), refused("overlap") as caught:
        seeded.project.revision("general")
    assert "checks: 3 rows belong to both general and writer" in caught.value.reasons[0]
    assert ":scenario" in caught.value.reasons[0]
