"""Find a scenario's rows in a database: those that are picked, and those known by their keys.

A version's keys identify the rows that a load or capture brought. A predicate finds new rows; a
row that it no longer picks still belongs to the scenario, until it is released.
"""

from __future__ import annotations

import collections
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from demosnap.database import by_key, compatibility, row_set
from demosnap.database.live import Database, only_key
from demosnap.database.opened import OpenSnapshot, without
from demosnap.database.retained import NOTHING, Retained
from demosnap.database.row_set import RowSet
from demosnap.errors import DemosnapError, SnapshotError
from demosnap.model import Key, Selection, Table, Version
from demosnap.rows.canonical import key_of, split
from demosnap.rows.spool import KEYS, in_batches
from demosnap.snapshot.changes import TableChanges, collect
from demosnap.snapshot.diff import TablePair
from demosnap.snapshot.predicates import not_true

Owners = Callable[[], Mapping[str, Mapping[str, str]]]
"""A function that returns the predicates of the other scenarios' rows, by scenario and table."""


@dataclass(frozen=True)
class KnownRows:
    """Rows of a scenario that its selection no longer picks.

    `taken` are rows that the target has; they are brought back. `left` are rows that it lacks;
    they stay. `elsewhere` are rows that another scenario picks now, by scenario. `following`
    counts, by table, rows that are no longer picked since the row they depend on by `via` is not.
    `hanging` are rows of no version that depend on rows in `taken`; they are deleted. `released`
    are real rows from now on, and `skipped` the keys of version rows that a load therefore leaves
    out, by table.
    """

    taken: Retained = NOTHING
    left: Retained = NOTHING
    elsewhere: Mapping[str, Retained] = field(default_factory=dict)
    following: Mapping[str, int] = field(default_factory=dict)
    hanging: Retained = NOTHING
    released: Retained = NOTHING
    skipped: Mapping[str, frozenset[Key]] = field(default_factory=dict)

    @property
    def unpicked(self) -> Retained:
        """The rows that are not picked for their own values: taken, left or elsewhere."""
        return self.left.joined(self.compared)

    @property
    def compared(self) -> Retained:
        """The rows in `unpicked` to compare with the target, which lacks those in `left`."""
        found = self.taken
        for one in self.elsewhere.values():
            found = found.joined(one)
        return found

    def counts(self) -> dict[str, int]:
        """Return the number of rows that are no longer picked, by table."""
        return dict(Counter(self.unpicked.counts()) + Counter(self.following))

    def expected(self, version: Version) -> dict[str, int]:
        """Return the number of rows that a load of a version brings, by table."""
        return without(version.rows, self.skipped)


NONE = KnownRows()


def find(
    database: Database,
    covered: Sequence[Selection],
    known: Retained,
    source: Version | None,
    target: Version | None,
    owners: Owners,
    skipped: Mapping[str, frozenset[Key]],
) -> KnownRows:
    """Find the rows that are known by their keys and no longer picked.

    `covered` are the selections that pick the scenario's rows, `known` the rows that an earlier
    move left, `source` the loaded version, and `skipped` the keys of its released rows, by table.
    """
    finding = _Finding(database, covered, owners)
    try:
        candidates = dict(finding.missing(source, skipped)) if source else {}
    except SnapshotError:
        # A damaged snapshot identifies no rows, like a missing snapshot.
        candidates = {}
    names = [*(source.rows if source else ()), *(target.rows if target else ()), *known.keys]
    if source == target and not known:
        finding.has_all = True
    else:
        finding.of_target = _of_target(database, target, candidates, known)
    for name in dict.fromkeys(names):
        table = database.tables.get(name)
        if table is None:
            continue
        columns, keys = _named(table, candidates.get(name), known)
        if keys is not None and {c.name for c in table.columns} >= {*columns}:
            finding.look(replace(table, key=columns), keys)
    return finding.result()


def _named(
    table: Table, missing: tuple[tuple[str, ...], Sequence[Key]] | None, known: Retained
) -> tuple[tuple[str, ...], list[Key] | None]:
    left = known.keys.get(table.name)
    if missing is None and not left:
        return (), None
    columns = missing[0] if missing else known.columns[table.name]
    keys = dict.fromkeys(missing[1] if missing else ())
    if left and known.columns[table.name] == columns:
        keys |= dict.fromkeys(left)
    return columns, list(keys)


@dataclass
class _Finding:
    """The search for these rows, table by table, parents first."""

    _database: Database
    _covered: Sequence[Selection]
    _owners: Owners
    has_all: bool = False
    of_target: Mapping[str, set[Key]] = field(default_factory=dict)
    _columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _taken: dict[str, frozenset[Key]] = field(default_factory=dict)
    _left: dict[str, frozenset[Key]] = field(default_factory=dict)
    _elsewhere: dict[str, dict[str, frozenset[Key]]] = field(default_factory=dict)
    _following: dict[str, int] = field(default_factory=dict)
    _also: dict[str, str] = field(default_factory=dict)

    def _picked(self) -> RowSet:
        return row_set.union(self._database, self._covered, self._also)

    def missing(
        self, source: Version, skipped: Mapping[str, frozenset[Key]]
    ) -> Iterator[tuple[str, tuple[tuple[str, ...], list[Key]]]]:
        """Yield the keys of a version's rows that are not picked, by table."""
        for one in _missing(self._database, source, self._picked(), skipped):
            if one.counts.get("added"):
                yield one.name, (one.pair.table.key, [tuple(split(row)) for row in one.added()])

    def look(self, table: Table, keys: Sequence[Key]) -> None:
        """Find the rows of a table that exist, but are not picked."""
        name, dialect = table.name, self._database.dialect
        picked = self._picked().get(name)
        plain = row_set.union(self._database, self._covered).get(name)
        own: set[Key] = set()
        following = 0
        for batch in in_batches(keys, KEYS):
            where = f"({dialect.key_predicate(table.key_columns, batch)})"
            # A key that the database equates, but spells differently, is a different key.
            present = set(self._database.keys(table, where)).intersection(batch)
            alone = self._outside(picked, table, where, present)
            own |= alone
            following += len(self._outside(plain, table, where, present - alone))
        if following:
            self._following[name] = following
        if not own:
            return
        self._columns[name] = table.key
        for scenario, theirs in self._owners().items():
            if name in theirs:
                taken = {
                    key
                    for where in by_key.key_predicates(dialect, table.key_columns, own)
                    for key in self._database.keys(table, f"({where}) AND ({theirs[name]})")
                }
                if taken:
                    self._elsewhere.setdefault(scenario, {})[name] = frozenset(taken)
                    own -= taken
        if own:
            self._also[name] = by_key.named(dialect, table.key_columns, own)
        has = own if self.has_all else own & self.of_target.get(name, set())
        for part, found in ((self._taken, has), (self._left, own - has)):
            if found:
                part[name] = frozenset(found)

    def _outside(self, picked: str | None, table: Table, where: str, keys: set[Key]) -> set[Key]:
        """Return which of the keys in `where` are of rows that a predicate does not pick."""
        if picked is None or not keys:
            return keys
        return keys & set(self._database.keys(table, f"{where} AND {not_true(picked)}"))

    def result(self) -> KnownRows:
        """Return the rows found."""

        def kept(keys: Mapping[str, frozenset[Key]]) -> Retained:
            return Retained(keys, {name: self._columns[name] for name in keys})

        return KnownRows(
            kept(self._taken),
            kept(self._left),
            {scenario: kept(keys) for scenario, keys in self._elsewhere.items()},
            self._following,
        )


def hanging(
    database: Database,
    plain: Mapping[str, str],
    to_delete: Mapping[str, str],
    rows: KnownRows,
    versions: Sequence[Version | None],
) -> Retained:
    """Return the rows of no version that are picked only together with the rows brought back.

    `plain` are the predicates of rows that are picked now, `to_delete` those of rows that are
    picked after the rows are brought back.
    """
    keys: dict[str, frozenset[Key]] = {}
    for name, predicate in to_delete.items():
        table = database.tables[name]
        if predicate != plain.get(name) and table.identified:
            where = f"({predicate}) AND {not_true(plain.get(name, '1 = 0'))}"
            keys[name] = frozenset(database.keys(table, where))
    for version in versions:
        ours = _of_target(database, version, {}, Retained(keys))
        keys = {name: some - ours.get(name, set()) for name, some in keys.items()}
    columns = {name: database.tables[name].key for name in keys}
    return Retained(keys, columns).minus(rows.taken)


def _missing(
    database: Database,
    source: Version,
    picked: Mapping[str, str],
    skipped: Mapping[str, frozenset[Key]],
) -> Iterator[TableChanges]:
    """Compare the keys of picked rows with those of a version, table by table."""
    dialect = database.dialect
    snapshot = OpenSnapshot(source, database, skipped)
    try:
        # A version whose tables do not fit identifies no rows here.
        if compatibility.unfit(database.tables, snapshot.header.tables):
            return
    except SnapshotError:
        return
    for table, rows in zip(snapshot.tables, snapshot.blocks(checked=False), strict=True):
        if not table.identified or table.name not in picked:
            continue
        narrow = only_key(table)
        keys = (b",".join(key_of(table, row)) for row in rows)
        present = dialect.read_rows(database.connection, narrow, picked[table.name])
        pair = TablePair(narrow, narrow, dialect, dialect, by_value=snapshot.foreign)
        try:
            yield collect(pair, present, keys)
        except DemosnapError:
            # A connection that is still receiving rows cannot roll back.
            collections.deque(present, maxlen=0)
            raise


def _of_target(
    database: Database,
    target: Version | None,
    candidates: Mapping[str, tuple[tuple[str, ...], Sequence[Key]]],
    known: Retained,
) -> dict[str, set[Key]]:
    """Return which of the candidate keys a version has, by table."""
    if target is None or not (candidates or known):
        return {}
    wanted = {name: set(keys) for name, (_, keys) in candidates.items()}
    for name, left in known.keys.items():
        wanted.setdefault(name, set()).update(left)
    found: dict[str, set[Key]] = {}
    snapshot = OpenSnapshot(target, database)
    if compatibility.unfit(database.tables, snapshot.header.tables):
        return {}
    for table, rows in zip(snapshot.tables, snapshot.blocks(checked=False), strict=True):
        if keys := wanted.get(table.name):
            found[table.name] = {key for row in rows if (key := key_of(table, row)) in keys}
    return found
