"""A set of rows in a database, and the row sets of scenarios."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from demosnap.config import Settings
from demosnap.database import by_key, own_names, own_tables, picking, rules, selection
from demosnap.database.digest import Digest
from demosnap.database.live import Database
from demosnap.errors import ConfigError, ScriptError
from demosnap.model import Key, Selection, Table, Version
from demosnap.snapshot.predicates import not_true


@dataclass
class _Answers:
    """Counts and digests that the database has returned, valid while `hold` is true."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    digests: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)
    hold: bool = True


class RowSet(Mapping[str, str]):
    """A set of rows: a predicate per table.

    A plan reads in a single transaction and changes no rows, so counts and digests are cached, for
    this set and all sets derived from it. `changed` ends the caching.
    """

    def __init__(
        self, database: Database, predicates: Mapping[str, str], like: RowSet | None = None
    ) -> None:
        """Make a set; it shares the cache of `like`, a set of the same moment."""
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

    def __sub__(self, other: Mapping[str, str]) -> RowSet:
        """Return the rows that are not in `other`, over the same tables."""
        return self.another(
            {
                name: f"({predicate}) AND {not_true(other[name])}" if name in other else predicate
                for name, predicate in self.items()
            }
        )

    def another(self, predicates: Mapping[str, str]) -> RowSet:
        """Return a row set of other predicates that shares this cache."""
        return RowSet(self.database, predicates, self)

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        key = table, self[table]
        answers = self._answers
        if answers.hold and key in answers.counts:
            return answers.counts[key]
        source = self.database.dialect.quote_table(table)
        answers.counts[key] = self.database.count(source, self[table])
        return answers.counts[key]

    def counts(self) -> dict[str, int]:
        """Count the rows, by table."""
        return {table: self.count(table) for table in self}

    def rows(self, table: Table) -> Iterable[bytes]:
        """Yield the canonical rows of a table, with its columns and in the order of its key."""
        return self.database.dialect.read_rows(self.database.connection, table, self[table.name])

    def digest(self, tables: Sequence[Table]) -> str:
        """Return the digest of the rows of some tables, in their order."""
        key = self._digest_key(tables)
        answers = self._answers
        if answers.hold and key in answers.digests:
            return answers.digests[key]
        total = Digest(self.database.dialect)
        for table in tables:
            total.table(table, self.rows(table))
        answers.digests[key] = total.hexdigest()
        return answers.digests[key]

    def know_digest(self, tables: Sequence[Table], digest: str) -> None:
        """Cache the digest of rows that were read elsewhere."""
        self._answers.digests[self._digest_key(tables)] = digest

    def _digest_key(self, tables: Sequence[Table]) -> tuple[tuple[str, str], ...]:
        named = self.database.dialect.digest_name
        return tuple((named(table), self[table.name]) for table in tables)

    def changed(self) -> None:
        """Stop caching, since rows are changed from now on."""
        self._answers.hold = False


def selections(
    database: Database, settings: Settings, scenario: str, others: Iterable[Version | None]
) -> list[Selection]:
    """Return the selections that a purge of a scenario covers: the versions' and today's."""
    found = [version.selection for version in others if version is not None]
    if not settings.scenario_names or scenario in settings.scenario_names:
        try:
            found.append(selection.resolve(database, settings, scenario))
        except ConfigError:
            # The selections that revisions record suffice to purge, despite the configuration.
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
    """Return the rows that the selections of versions or the current selection pick.

    `also` are predicates of rows that belong to the scenario, whatever their current values are.

    Raises:
        ConfigError: demosnap.yaml does not fit the database.
        ScriptError: the database lacks a table or column of a version's selection.
    """
    return picked_by(database, scenario, selections(database, settings, scenario, others), also)


def picked_by(
    database: Database,
    scenario: str,
    covered: Sequence[Selection],
    also: Mapping[str, str] | None = None,
) -> RowSet:
    """Return the union of a scenario's selections, as `union` does.

    Raises:
        ScriptError: the database lacks something a selection needs; the message names the
            scenario.
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
    """Return the rows that any of the selections picks now.

    Tables that the database no longer has are left out. `also` are predicates of rows that count
    as picked; so do rows that earlier moves kept for other rows, and that no demo row needs now.

    Raises:
        ScriptError: a selection uses a column or foreign key that the database lacks.
    """
    found: dict[str, list[str]] = {}
    for one in covered:
        rules = {name: rule for name, rule in one.rules.items() if name in database.tables}
        present = replace(one, rules=rules)
        kept = _kept(database, present)
        more = by_key.merged([also or {}, kept]) if kept else also
        for name, predicate in picking.predicates(database, present, more).items():
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


def _kept(database: Database, one: Selection) -> dict[str, str]:
    """Return the predicates of rows that are recorded as kept, of tables with needed rows."""
    names = [name for name, rule in one.rules.items() if rules.needs(rule)]
    if not names or not own_tables.has(database.connection, own_names.KEPT_TABLE):
        return {}
    found: dict[tuple[str, tuple[str, ...]], list[Key]] = {}
    columns = ("scenario", "table_name", "row_key", "digest")
    c = sa.table(own_names.KEPT_TABLE, *map(sa.column, columns)).c
    query = sa.select(c.table_name, c.row_key).where(
        c.scenario == one.scenario,
        c.table_name.in_(names),
        c.digest.not_in((own_names.LEFT, own_names.RELEASED)),
    )
    for name, text in database.connection.execute(query):
        key: dict[str, str] = json.loads(text)
        known = {column.name for column in database.tables[name].columns}
        if known >= key.keys():
            found.setdefault((name, tuple(key)), []).append(
                tuple(part.encode() for part in key.values())
            )
    return by_key.merged(
        [
            {name: by_key.named(database.dialect, [*map(database.tables[name].column, of)], keys)}
            for (name, of), keys in found.items()
        ]
    )


def ignored(database: Database, covered: Sequence[Selection]) -> RowSet:
    """Return the rows that no snapshot has and a purge takes along, by the selections.

    Raises:
        ScriptError: a selection uses a column or foreign key that the database lacks.
    """
    found: dict[str, list[str]] = {}
    for one in covered:
        if not one.ignored:
            continue
        rules = {name: rule for name, rule in one.rules.items() if name in database.tables}
        present = replace(one, rules=rules)
        captured = picking.predicates(database, present)
        for name, whole in picking.predicates(database, present, ignored=True).items():
            if whole != captured[name]:
                found.setdefault(name, []).append(f"({whole}) AND {not_true(captured[name])}")
    return RowSet(
        database,
        {name: by_key.any_of([f"({one})" for one in tests]) for name, tests in found.items()},
    )


def others(database: Database, settings: Settings, scenario: str) -> dict[str, RowSet]:
    """Return the rows that every other scenario picks now, by scenario."""
    found = {}
    for other in settings.scenario_names:
        # A scenario whose selection does not fit the database owns no rows.
        with contextlib.suppress(ConfigError, ScriptError):
            if other != scenario:
                found[other] = picked(database, settings, other, ())
    return found
