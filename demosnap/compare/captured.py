"""Check whether a revision has the demo rows of a database, or the last load wrote them."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator, Mapping, Sequence

from demosnap.config import Settings
from demosnap.database import own_tables, picking, retained, row_set, verify
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot, compare_digest, read
from demosnap.database.own_tables import LogEntry
from demosnap.database.retained import NOTHING, Retained
from demosnap.database.row_set import RowSet
from demosnap.dialects.base import execute
from demosnap.errors import DemosnapError, SnapshotError
from demosnap.model import Table, Version
from demosnap.options import MoveOptions
from demosnap.snapshot.predicates import not_true


def is_captured(
    rows: RowSet, scenario: str, candidates: Iterable[Version], kept: Retained = NOTHING
) -> bool:
    """Return whether all of a scenario's demo rows are captured; parameters as of `holding`."""
    any_rows = any(rows.counts().values())
    return not any_rows or holding(rows, scenario, candidates, kept) is not None


def holding(
    rows: RowSet, scenario: str, candidates: Iterable[Version], kept: Retained = NOTHING
) -> Version | None:
    """Return the version whose rows equal a scenario's demo rows; None if no version's do.

    `rows` are the demo rows of all selections together, without the retained rows `kept`.
    `candidates` are the versions to compare with, the most likely first.
    """
    total = sum(rows.counts().values())
    if not total:
        return None
    entry = own_tables.last(rows.database.connection, scenario)
    known = {version.revision: version for version in candidates}
    if entry is not None and entry.digest and sum(entry.rows.values()) == total:
        version = known.get(entry.revision or "")
        if version is not None and _holds(rows, version, entry.digest, kept):
            return version
    name = rows.database.dialect.name
    alike = [version for version in known.values() if version.total == total]
    # Digests cover literals of a dialect; versions of another dialect are compared by value.
    alike.sort(key=lambda version: version.dialect != name)
    for version in alike:
        if _holds(rows, version, version.digest if version.dialect == name else None, kept):
            return version
    return None


def logged(rows: RowSet, scenario: str, versions: Sequence[Version]) -> LogEntry | None:
    """Return the newest log entry of a scenario if its version's rows are here, unchanged since.

    The entry's digest proves that without the version's files; of one of `versions`, which have
    files here, None is returned. `rows` are as of `holding`.
    """
    database = rows.database
    entry = own_tables.last(database.connection, scenario)
    if entry is None or not entry.digest or entry.operation not in ("capture", "load", "reset"):
        return None
    if entry.revision in {version.revision for version in versions}:
        return None
    if any(name not in rows for name in entry.rows) or not same_counts(rows.counts(), entry.rows):
        return None
    tables = [database.tables[name] for name in entry.rows]
    return entry if rows.digest(tables) == entry.digest else None


def _holds(rows: RowSet, version: Version, digest: str | None, kept: Retained) -> bool:
    """Return whether the database holds exactly the rows of a digest, by the version's selection.

    With None as digest, rows are compared with the snapshot value by value.
    """
    database = rows.database.compared()
    snapshot = OpenSnapshot(version, database)
    try:
        tables = snapshot.tables
        picked = rows.another(picking.predicates(database, version.selection))
        picked -= kept.rows(database)
    except (DemosnapError, KeyError):
        # A missing or unfit snapshot does not prove that rows are captured.
        return False
    if sum(picked.counts().values()) != sum(rows.counts().values()):
        return False
    if any(_beyond(database, database.tables[t.name], t, picked[t.name]) for t in tables):
        return False
    if digest is not None and picked.digest(tables) == digest:
        return _whole(version)
    # A digest covers all columns, and some of them do not count.
    in_part = any(t.uncompared & {column.name for column in t.captured} for t in tables)
    return (digest is None or in_part) and _equal(snapshot, picked)


def _whole(version: Version) -> bool:
    """Return whether the snapshot file still has the rows that the script records."""
    try:
        reader, blocks = read(version, checked=False)
        collections.deque(blocks, maxlen=0)
        compare_digest(reader, version)
    except SnapshotError:
        return False
    return True


def _equal(snapshot: OpenSnapshot, picked: RowSet) -> bool:
    """Return whether the database holds the values of a snapshot that count."""
    try:
        return not any(
            verify.first_difference(
                snapshot.dialect, table, rows, picked.rows(table), by_value=snapshot.foreign
            )
            for table, rows in zip(snapshot.tables, snapshot.blocks(), strict=True)
        )
    except DemosnapError:
        # The database cannot represent the snapshot, so its rows differ.
        return False


def _beyond(database: Database, live: Table, recorded: Table, predicate: str) -> bool:
    """Return whether rows hold values in columns that the version lacks.

    In an unchanged row, a column added later is NULL or has its default.
    """
    dialect = database.dialect
    known = {column.name for column in recorded.columns}
    tests = []
    for column in live.columns:
        if column.name in known or column.generated or column.name in recorded.uncompared:
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
    """Return whether the number of rows per table equals a version's."""
    return all(present.get(name, 0) == rows.get(name, 0) for name in {*present, *rows})


def unstamped_rows(
    rows: RowSet, versions: Sequence[Version], current: Version | None, known: Retained
) -> Iterator[str]:
    """Yield a note if the rows equal the newest version, but the stamp names another one.

    `rows` are the demo rows without the retained rows `known`; `versions` are oldest first.
    """
    newest = versions[-1] if versions else None
    if newest is None or newest == current or not same_counts(rows.counts(), newest.rows):
        return
    if not newest.total or not is_captured(rows, newest.scenario, [newest], known):
        return
    stamp = f"is stamped {current.version}" if current else "is not stamped with it"
    yield (
        f"the database holds the rows of {newest.scenario} {newest.version}, but {stamp}\n"
        f"`demosnap stamp {newest.scenario}@{newest.short}` stamps it"
    )


def notes_of(
    rows: RowSet,
    versions: Sequence[Version],
    current: Version | None,
    known: Retained,
    options: MoveOptions,
) -> tuple[str, ...]:
    """Return the notes of `unstamped_rows` for a move; empty with `--discard`."""
    # The comparison reads all rows, which a move that discards them can skip.
    if options.discard:
        return ()
    return tuple(unstamped_rows(rows, versions, current, known))


def unstamped(
    database: Database, settings: Settings, versions: Sequence[Version], current: Version | None
) -> list[str]:
    """Return a note if the rows equal the newest version, but the stamp names another one.

    This is the state after a capture that failed to stamp. `versions` are all of the scenario,
    oldest first.
    """
    if not versions or versions[-1] == current:
        return []
    name = versions[-1].scenario
    to_delete = row_set.picked(database, settings, name, (current, versions[-1]))
    known = retained.unchanged(database, name, to_delete)
    return list(unstamped_rows(to_delete - known.rows(database), versions, current, known))
