"""Whether the demo rows that would go are in some revision, or are what the last load put there."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator, Mapping, Sequence

from demosnap.config import Settings
from demosnap.database import bulk, own_tables, picking, retained, row_set, verify
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot, compare_digest, read
from demosnap.database.retained import NOTHING, Retained
from demosnap.dialects.base import Dialect, execute
from demosnap.errors import DemosnapError, SnapshotError
from demosnap.model import Table, Version
from demosnap.options import MoveOptions
from demosnap.snapshot.predicates import not_true


class Digests:
    """What was found to be the digest of rows of the database, so that nothing is read twice."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, str], ...], str] = {}

    def of(
        self,
        database: Database,
        tables: Sequence[Table],
        picked: Mapping[str, str],
    ) -> str:
        """Return the digest of what is picked of tables, reading it if it is not known."""
        what = self._what(database.dialect, tables, picked)
        if what not in self._known:
            self._known[what] = bulk.digest(database, tables, picked)[0]
        return self._known[what]

    def add(
        self, dialect: Dialect, tables: Sequence[Table], picked: Mapping[str, str], digest: str
    ) -> None:
        """Note the digest of what is picked of tables."""
        self._known[self._what(dialect, tables, picked)] = digest

    def _what(
        self, dialect: Dialect, tables: Sequence[Table], picked: Mapping[str, str]
    ) -> tuple[tuple[str, str], ...]:
        return tuple((dialect.digest_name(table), picked[table.name]) for table in tables)


def is_captured(
    database: Database,
    scenario: str,
    candidates: Iterable[Version],
    present: Mapping[str, int],
    kept: Retained = NOTHING,
    digests: Digests | None = None,
) -> bool:
    """Return whether all of a scenario's demo rows are captured; as `holding` takes it."""
    return not sum(present.values()) or (
        holding(database, scenario, candidates, present, kept, digests) is not None
    )


def holding(
    database: Database,
    scenario: str,
    candidates: Iterable[Version],
    present: Mapping[str, int],
    kept: Retained = NOTHING,
    digests: Digests | None = None,
) -> Version | None:
    """Return the version whose rows a scenario's demo rows are, None: they are of no version.

    `candidates` are versions to compare with, the likeliest first. `present` counts the demo
    rows per table, of all selections together, without those that are known to be `kept`.
    """
    dialect = database.dialect
    digests = digests or Digests()
    total = sum(present.values())
    if not total:
        return None
    entry = own_tables.last(database.connection, scenario)
    known = {version.revision: version for version in candidates}
    if entry is not None and entry.digest and sum(entry.rows.values()) == total:
        version = known.get(entry.revision or "")
        if version is not None and _holds(database, version, entry.digest, total, kept, digests):
            return version
    alike = [version for version in known.values() if version.total == total]
    # Digests are of one dialect's literals; those of another one are compared by their values.
    alike.sort(key=lambda version: version.dialect != dialect.name)
    for version in alike:
        digest = version.digest if version.dialect == dialect.name else None
        if _holds(database, version, digest, total, kept, digests):
            return version
    return None


def _holds(
    database: Database,
    version: Version,
    digest: str | None,
    total: int,
    kept: Retained,
    digests: Digests,
) -> bool:
    """Return whether the database holds exactly rows of that digest, picked as the version does.

    None: the rows of the version's snapshot, value by value.
    """
    snapshot = OpenSnapshot(version, database)
    try:
        tables = snapshot.tables
        picked = kept.without(database, picking.predicates(database, version.selection))
    except (DemosnapError, KeyError):
        # A snapshot that is gone or that fits no longer cannot vouch for rows.
        return False
    if sum(bulk.counts(database, picked).values()) != total:
        return False
    if any(_beyond(database, database.tables[t.name], t, picked[t.name]) for t in tables):
        return False
    if digest is None:
        return _equal(database, snapshot, picked)
    return digests.of(database, tables, picked) == digest and _whole(version)


def _whole(version: Version) -> bool:
    """Return whether the file has the rows that the script says."""
    try:
        reader, blocks = read(version, checked=False)
        for block in blocks:
            collections.deque(block.rows, maxlen=0)
        compare_digest(reader, version)
    except SnapshotError:
        return False
    return True


def _equal(database: Database, snapshot: OpenSnapshot, picked: Mapping[str, str]) -> bool:
    """Return whether the database holds the values of a snapshot of another dialect."""
    dialect = snapshot.dialect
    try:
        return not any(
            verify.first_difference(
                table,
                rows,
                dialect.read_rows(database.connection, table, picked[table.name]),
                decoded_by=dialect,
            )
            for table, rows in zip(snapshot.tables, snapshot.blocks(), strict=True)
        )
    except DemosnapError:
        # A snapshot that this database cannot hold is not what it holds.
        return False


def _beyond(database: Database, live: Table, recorded: Table, predicate: str) -> bool:
    """Return whether rows hold values in columns that the version does not have.

    A column that was added since holds NULL or its default in every untouched row.
    """
    dialect = database.dialect
    known = {column.name for column in recorded.columns}
    tests = []
    for column in live.columns:
        if column.name in known or column.generated:
            continue
        name = dialect.quote(column.name)
        untouched = f" OR {dialect.holds_default(column)}" if column.default else ""
        tests.append(not_true(f"{name} IS NULL{untouched}"))
    if not tests:
        return False
    sql = (
        f"SELECT 1 FROM {dialect.quote_table(live.name)}"
        f" WHERE ({predicate}) AND ({' OR '.join(tests)})"
    )
    return execute(database.connection, dialect.limited(sql, 1)).first() is not None


def same_counts(present: Mapping[str, int], rows: Mapping[str, int]) -> bool:
    """Return whether there are as many rows as a version brings, table by table."""
    return all(present.get(name, 0) == rows.get(name, 0) for name in {*present, *rows})


def unstamped_rows(
    database: Database,
    versions: Sequence[Version],
    current: Version | None,
    present: Mapping[str, int],
    known: Retained,
    digests: Digests | None = None,
) -> Iterator[str]:
    """Yield that the rows are those of the newest version, if the stamp is another.

    `present` counts the rows beside those that are `known` to be kept.
    """
    newest = versions[-1] if versions else None
    if newest is None or newest == current or not same_counts(present, newest.rows):
        return
    if not newest.total or not is_captured(
        database, newest.scenario, [newest], present, known, digests
    ):
        return
    stamp = f"is stamped {current.version}" if current else "is not stamped with it"
    yield (
        f"the database holds the rows of {newest.scenario} {newest.version}, but {stamp}\n"
        f"`demosnap stamp {newest.scenario}@{newest.short}` stamps it"
    )


def notes_of(
    database: Database,
    versions: Sequence[Version],
    current: Version | None,
    present: Mapping[str, int],
    known: Retained,
    options: MoveOptions,
    digests: Digests | None = None,
) -> tuple[str, ...]:
    """Return what is worth knowing of what the database holds."""
    # To know the rows of a version they have to be read, all of them.
    if options.discard:
        return ()
    return tuple(unstamped_rows(database, versions, current, present, known, digests))


def unstamped(
    database: Database, settings: Settings, versions: Sequence[Version], current: Version | None
) -> list[str]:
    """Return, as a note, that the rows are those of the newest version and the stamp is not.

    So it is after a capture whose stamp failed. `versions` are all of the scenario.
    """
    if not versions or versions[-1] == current:
        return []
    name = versions[-1].scenario
    to_delete = row_set.picked(database, settings, name, (current, versions[-1]))
    known = retained.unchanged(database, name, to_delete)
    present = retained.rows_beside(database, to_delete, known)
    return list(unstamped_rows(database, versions, current, present, known))
