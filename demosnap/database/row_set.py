"""Rows of a database as one value, and which rows of it a scenario's are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from demosnap.config import Settings
from demosnap.database import by_key, picking, selection
from demosnap.database.digest import Digest
from demosnap.database.live import Database
from demosnap.dialects.base import execute
from demosnap.errors import ConfigError, ScriptError
from demosnap.model import Selection, Table, Version
from demosnap.snapshot.predicates import not_true


@dataclass
class _Answers:
    """What the database has said of rows, by their tables and predicates, while it holds."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    digests: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)
    hold: bool = True


class RowSet(Mapping[str, str]):
    """Rows of a database: of each table those that a predicate picks.

    A plan asks for rows in one transaction and changes none, so each answer of the database is
    remembered, for this set and for all sets made from it. `changed` ends that.
    """

    def __init__(
        self, database: Database, predicates: Mapping[str, str], like: RowSet | None = None
    ) -> None:
        """Make a set; `like` is one of the same moment, whose answers hold for this one as well."""
        self.database = database
        self._predicates = dict(predicates)
        self._answers: _Answers = like._answers if like is not None else _Answers()

    def __getitem__(self, table: str) -> str:
        return self._predicates[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._predicates)

    def __len__(self) -> int:
        return len(self._predicates)

    def __repr__(self) -> str:
        return f"RowSet({self._predicates!r})"

    def __or__(self, other: Mapping[str, str]) -> RowSet:
        """Return the rows of both."""
        return self.another(by_key.merged([self, other]))

    def __sub__(self, other: Mapping[str, str]) -> RowSet:
        """Return the rows that are not in `other`, of the same tables."""
        return self.another(
            {
                name: f"({predicate}) AND {not_true(other[name])}" if name in other else predicate
                for name, predicate in self.items()
            }
        )

    def another(self, predicates: Mapping[str, str]) -> RowSet:
        """Return other rows of the same moment."""
        return RowSet(self.database, predicates, self)

    def count(self, table: str) -> int:
        """Return how many rows of a table there are."""
        what = table, self[table]
        answers = self._answers
        if answers.hold and what in answers.counts:
            return answers.counts[what]
        name = self.database.dialect.quote_table(table)
        sql = f"SELECT COUNT(*) FROM {name} WHERE {self[table]}"
        answers.counts[what] = int(execute(self.database.connection, sql).scalar())
        return answers.counts[what]

    def counts(self) -> dict[str, int]:
        """Count the rows, by table."""
        return {table: self.count(table) for table in self}

    def rows(self, table: Table) -> Iterable[bytes]:
        """Yield the rows of a table, with the columns and in the order of the key that it has."""
        return self.database.dialect.read_rows(self.database.connection, table, self[table.name])

    def digest(self, tables: Sequence[Table]) -> str:
        """Return the digest of the rows of some tables."""
        what = self._what(tables)
        answers = self._answers
        if answers.hold and what in answers.digests:
            return answers.digests[what]
        total = Digest(self.database.dialect)
        for table in tables:
            total.table(table, self.rows(table))
        answers.digests[what] = total.hexdigest()
        return answers.digests[what]

    def know_digest(self, tables: Sequence[Table], digest: str) -> None:
        """Remember the digest of rows that were read otherwise."""
        self._answers.digests[self._what(tables)] = digest

    def _what(self, tables: Sequence[Table]) -> tuple[tuple[str, str], ...]:
        named = self.database.dialect.digest_name
        return tuple((named(table), self[table.name]) for table in tables)

    def changed(self) -> None:
        """Let no answer be remembered from now on: the rows are changed."""
        self._answers.hold = False


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
) -> RowSet:
    """Return a scenario's rows: what versions pick, and what is picked today.

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
) -> RowSet:
    """Return what some selections of a scenario pick; as `union` does.

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
) -> RowSet:
    """Return what any of some selections picks now.

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
    return RowSet(
        database,
        {
            name: tests[0] if len(tests) == 1 else by_key.any_of([f"({test})" for test in tests])
            for name, tests in found.items()
        },
    )


def others(database: Database, settings: Settings, scenario: str) -> dict[str, RowSet]:
    """Return what is picked today of the other scenarios, by scenario."""
    found = {}
    for other in settings.scenario_names:
        # Rows that cannot be picked belong to no scenario.
        with contextlib.suppress(ConfigError, ScriptError):
            if other != scenario:
                found[other] = picked(database, settings, other, ())
    return found
