"""Which rows are picked: the predicates of a scenario's rows, by table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence

from demosnap.config import Settings
from demosnap.database import picking, selection
from demosnap.database.live import Database
from demosnap.errors import ConfigError, ScriptError
from demosnap.model import Selection, Version


def selections(
    database: Database, settings: Settings, scenario: str, others: Iterable[Version | None]
) -> list[Selection]:
    """Return the selections that a purge of a scenario covers: recorded ones and today's."""
    found = [version.selection for version in others if version is not None]
    if not settings.scenario_names or scenario in settings.scenario_names:
        try:
            found.append(selection.resolve(database, settings, scenario))
        except ConfigError:
            # Rows can be taken out by the revisions alone, whatever the configuration says now.
            if not found:
                raise
    return found


def picked(
    database: Database,
    settings: Settings,
    scenario: str,
    others: Iterable[Version | None],
    also: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the predicates of a scenario's rows: what versions pick, and what is picked today.

    `also` are predicates of rows that are known to be the scenario's, whatever they hold now.

    Raises:
        ConfigError: demosnap.yaml does not fit the database.
        ScriptError: the database lacks what a version's selection needs.
    """
    return picked_by(database, scenario, selections(database, settings, scenario, others), also)


def picked_by(
    database: Database,
    scenario: str,
    covered: Sequence[Selection],
    also: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the predicates of what some selections of a scenario pick; as `union` does.

    Raises:
        ScriptError: the database lacks what a selection needs; the scenario is named.
    """
    try:
        return union(database, covered, also)
    except ScriptError as error:
        raise ScriptError(
            f"the demo rows of {scenario} cannot be determined: {error.message}",
            "The database's tables have changed since the capture.",
        ) from error


def union(
    database: Database, covered: Sequence[Selection], also: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return, per table, the predicate of what any of some selections picks now.

    Tables that the database no longer has hold no rows and are left out. `also` are predicates
    of rows that count as picked.

    Raises:
        ScriptError: a selection goes over a column or foreign key that the database lacks.
    """
    found: dict[str, list[str]] = {}
    for one in covered:
        rules = {name: rule for name, rule in one.rules.items() if name in database.tables}
        present = Selection(one.scenario, one.marker, rules, one.default)
        for name, predicate in picking.predicates(database, present, also).items():
            known = found.setdefault(name, [])
            if predicate not in known:
                known.append(predicate)
    return {
        name: tests[0] if len(tests) == 1 else " OR ".join(f"({test})" for test in tests)
        for name, tests in found.items()
    }


def others(database: Database, settings: Settings, scenario: str) -> dict[str, dict[str, str]]:
    """Return the predicates of what is picked today of the other scenarios, by scenario."""
    found = {}
    for other in settings.scenario_names:
        # Rows that cannot be picked belong to no scenario.
        with contextlib.suppress(ConfigError, ScriptError):
            if other != scenario:
                found[other] = picked(database, settings, other, ())
    return found
