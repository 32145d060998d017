"""`check`: find every problem of the files, and of the database that loaded them."""

from __future__ import annotations

import collections
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection

from demosnap import dialects
from demosnap.capture import loadable, warnings
from demosnap.capture.told import Told
from demosnap.compare import attached, captured, drift, scenario_rows
from demosnap.config import Settings
from demosnap.database import (
    compatibility,
    dangling_references,
    joined_keys,
    namespaces,
    own_tables,
    referring,
    reflect,
    row_set,
    sequences,
    verify,
)
from demosnap.database.live import Database
from demosnap.database.opened import read
from demosnap.errors import DemosnapError, ScriptError, SnapshotError, UnknownNameError
from demosnap.model import ForeignKey, Header, Key, Table, Version
from demosnap.moves import full_load
from demosnap.results import Finding
from demosnap.revisions import conflicts, revision_files, unversioned
from demosnap.revisions.graph import Graph
from demosnap.revisions.script import render
from demosnap.snapshot import alike, logical_keys
from demosnap.visible import one_line
from demosnap.visible import rows as rows_of

_SHOWN = 5


def files_of(settings: Settings, scenario: str | None) -> list[Finding]:
    """Return the problems of scripts, snapshots, links and metadata.

    Raises:
        UnknownNameError: the scenario does not exist.
    """
    revision_files.tidy(settings)
    found = list(_conflicts(settings))
    in_conflict = {finding.file for finding in found}
    if not all(_is_derived(Path(file or "")) for file in in_conflict):
        # Files with conflict markers cannot be checked further.
        return found
    try:
        graph = Graph.from_config(settings.alembic_config())
    except ScriptError as error:
        shown = _shown(settings, Path(error.file)) if error.file else None
        return [*found, Finding(error.reason, shown, error.line, error.hint)]
    if scenario is not None and not graph.of(scenario):
        raise UnknownNameError("scenario", scenario, graph.scenarios)
    for version in graph.versions.values():
        if scenario in (None, version.scenario):
            found += _script(settings, version)
            found += _snapshot(settings, version)
    for name in graph.scenarios:
        if scenario in (None, name):
            found += _scenario(settings, graph, name)
    return [*found, *(f for f in stale(settings, graph, scenario) if f.file not in in_conflict)]


def ignored(settings: Settings, scenario: str | None) -> list[Finding]:
    """Return a finding for files that git ignores; empty if the scripts cannot be read."""
    try:
        graph = Graph.from_config(settings.alembic_config())
    except ScriptError:
        return []
    of = [one for one in graph.versions.values() if scenario in (None, one.scenario)]
    return unversioned.findings(settings, of)


def stale(settings: Settings, graph: Graph, scenario: str | None = None) -> list[Finding]:
    """Return a finding for each metadata file or latest link that differs from the graph."""
    found = []
    rebuild = "`demosnap manifest` rebuilds it."
    for name, text in revision_files.derived(settings, graph).items():
        path = settings.revisions / name
        if not graph.versions and not path.exists():
            continue
        if not path.exists():
            found.append(Finding("is missing", _shown(settings, path), hint=rebuild))
        elif not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
            found.append(
                Finding("does not match the revisions", _shown(settings, path), hint=rebuild)
            )
    for each in graph.scenarios:
        if scenario in (None, each):
            found += _latest_link(settings, graph, each)
    return found


def _latest_link(settings: Settings, graph: Graph, scenario: str) -> Iterator[Finding]:
    link = settings.revisions / scenario / revision_files.LATEST
    target = revision_files.latest(graph, scenario).file
    rebuild = "`demosnap manifest` makes it again."
    if not os.path.lexists(link):
        yield Finding("is missing", _shown(settings, link), hint=rebuild)
    elif link.is_symlink():
        if str(link.readlink()) != target:
            yield Finding(
                f"points at {link.readlink()}, the latest is {target}",
                _shown(settings, link),
                hint=rebuild,
            )
    elif _bytes(link) is None or _bytes(link) != _bytes(link.parent / target):
        yield Finding(f"is not a copy of {target}", _shown(settings, link), hint=rebuild)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _conflicts(settings: Settings) -> Iterator[Finding]:
    lines = {
        path: line
        for path in sorted(settings.revisions.rglob("*"))
        if path.suffix in (".py", ".sql", ".json", ".yaml") and path.is_file()
        if path.name != revision_files.LATEST
        if (line := conflicts.line_of(path)) is not None
    }
    for path, line in lines.items():
        if path.suffix == ".sql" and path.with_suffix(".py") not in lines:
            # A row's text may contain such lines; with a script, the reader checks the snapshot.
            continue
        if _is_derived(path):
            message = "has conflict markers of a git merge"
            hint = "It is derived: `demosnap manifest` rebuilds it, then `git add` it."
        else:
            message, hint = conflicts.message(path), conflicts.hint(path)
            if path.suffix == ".sql":
                hint = (
                    f"The finding about its script says what to do: {path.with_suffix('.py').name}."
                )
        yield Finding(message, _shown(settings, path), line, hint)


def _is_derived(path: Path) -> bool:
    return path.parent.name == revision_files.MANIFEST.parent.name


def _script(settings: Settings, version: Version) -> Iterator[Finding]:
    path = Path(version.folder) / Path(version.file).with_suffix(".py")
    if not path.exists():
        yield Finding(
            f"{version.revision} is in a script that is not named like its snapshot, "
            f"{Path(version.file).with_suffix('.py')}",
            _shown(settings, Path(version.folder)),
        )
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = render(version).splitlines()
    for number, (line, other) in enumerate(zip(lines, expected, strict=False), 1):
        if line != other:
            yield Finding(
                "is not what demosnap generates",
                _shown(settings, path),
                number,
                f"expected: {other}" if other else "expected an empty line",
            )
            return
    if len(lines) != len(expected):
        yield Finding(
            "is not what demosnap generates: it has other lines at its end",
            _shown(settings, path),
            min(len(lines), len(expected)) + 1,
        )
    if Path(version.folder).name != version.scenario:
        yield Finding(
            f"belongs to scenario {version.scenario} but is in the folder "
            f"{Path(version.folder).name}",
            _shown(settings, path),
        )


def _snapshot(settings: Settings, version: Version) -> Iterator[Finding]:
    path = Path(version.folder) / version.file
    shown = _shown(settings, path)
    try:
        reader, blocks = read(version)
        inside = _References(reader.header, version)
        for block in blocks:
            inside.read(block.table, block.rows)
        digest = reader.digest
    except SnapshotError as error:
        yield Finding(error.reason, shown, error.line, error.hint)
        return
    except DemosnapError as error:
        yield Finding(error.message, shown, hint=error.hint)
        return
    if digest != version.digest:
        yield Finding(
            "its rows differ from the captured ones: the script has another digest",
            shown,
            hint="Restore the file from version control.",
        )
    if path.stat().st_size != version.size:
        yield Finding(f"has {path.stat().st_size} bytes, its script says {version.size}", shown)
    for message in inside.problems():
        yield Finding(message, shown)


class _References:
    """The foreign keys inside a snapshot; only their values are kept in memory."""

    def __init__(self, header: Header, version: Version) -> None:
        self._dialect = dialects.get(header.dialect)
        captured = {table.name: {c.name for c in table.captured} for table in header.tables}
        self._tables = {table.name: table for table in header.tables}
        allowed = {(e.table, e.columns, e.references) for e in version.external_references}
        # Only a database tells the rows for which a condition on another table holds.
        known = logical_keys.joined(self._tables, version.selection.foreign_keys)
        self._keys: list[tuple[Table, ForeignKey]] = [
            (table, key)
            for table in known.values()
            for key in table.foreign_keys
            if key.enforced == "all" and captured.get(key.table, set()) >= {*key.referred_columns}
            if (table.name, key.columns, key.table) not in allowed
            if all(one.table is None for one in key.when)
        ]
        self._wanted: list[set[tuple[bytes, ...]]] = [set() for _ in self._keys]
        self._there: list[set[tuple[bytes, ...]]] = [set() for _ in self._keys]

    def read(self, table: Table, rows: Iterable[bytes]) -> None:
        names = [column.name for column in table.captured]
        places: list[tuple[set[Key], logical_keys.Extract | None]] = []
        for (child, key), wanted, there in zip(self._keys, self._wanted, self._there, strict=True):
            if child.name == table.name:
                places.append((wanted, self._extract(child, names, key)))
            if key.table == table.name:
                own = ForeignKey(key.referred_columns, key.table, key.referred_columns)
                places.append((there, self._extract(table, names, own)))
        if found := [(keys, one) for keys, one in places if one is not None]:
            collections.deque(referring.collected(rows, found), maxlen=0)

    def _extract(
        self, table: Table, names: Sequence[str], key: ForeignKey
    ) -> logical_keys.Extract | None:
        return logical_keys.extract(self._dialect, table, names, key, lambda one: ())

    def problems(self) -> Iterator[str]:
        for (table, key), wanted, there in zip(self._keys, self._wanted, self._there, strict=True):
            parent = self._tables[key.table]
            missing = sorted(
                alike.apart(
                    self._dialect,
                    {one for one in wanted - there if b"NULL" not in one},
                    key.referred or [table.column(name) for name in key.columns],
                    (one for one in there if b"NULL" not in one),
                    [parent.column(name) for name in key.referred_columns],
                )
            )
            if missing:
                shown = ", ".join(b"/".join(k).decode() for k in missing[:_SHOWN])
                yield (
                    f"{table.name}.{', '.join(key.columns)} references {rows_of(len(missing))} of"
                    f" {key.table} that the snapshot does not have ({shown})"
                )


def _scenario(settings: Settings, graph: Graph, scenario: str) -> Iterator[Finding]:
    folder = settings.revisions / scenario
    heads = graph.heads(scenario)
    if len(heads) > 1:
        error = conflicts.several_heads(scenario, heads)
        yield Finding(error.reason, _shown(settings, folder), hint=error.hint)
    seen: dict[int, Version] = {}
    for version in graph.of(scenario):
        other = seen.setdefault(version.number, version)
        if other is not version:
            yield Finding(
                f"{version.version} and {other.version} have the same number",
                _shown(settings, folder),
            )
    if scenario not in settings.scenario_names and settings.scenario_names:
        yield Finding(
            f"scenario {scenario} is missing under `scenarios:` in {settings.yaml_file.name}",
            _shown(settings, settings.yaml_file),
            settings.line_of("scenarios"),
        )


def database(
    connection: Connection, settings: Settings, graph: Graph, scenario: str | None
) -> list[Finding]:
    """Return the differences between the loaded versions and the database; the files are valid."""
    settings = namespaces.local(connection, settings)
    seen = joined_keys.database(connection, settings, graph.versions.values())
    found = []
    for stamp in own_tables.stamps(connection):
        version = graph.versions.get(stamp)
        if version is None:
            found.append(
                Finding(f"the database is stamped {one_line(stamp)}, which has no script here")
            )
        elif scenario in (None, version.scenario):
            found += _loaded(seen, settings, graph, version)
    for name in graph.scenarios:
        if scenario in (None, name):
            found += _fits(seen, graph, name)
    newest = [v for name in graph.scenarios if scenario in (None, name) for v in graph.heads(name)]
    for note in sequences.notes(seen, settings, {n for v in newest for n in v.rows}, paired=True):
        message, _, hint = note.partition("\n")
        found.append(Finding(message, hint=hint))
    return found


def _loaded(
    seen: Database, settings: Settings, graph: Graph, version: Version
) -> Iterator[Finding]:
    for note in captured.unstamped(seen, settings, graph.of(version.scenario), version):
        message, _, hint = note.partition("\n")
        yield Finding(message, hint=hint)
        return
    own = scenario_rows.find(seen, settings, version.scenario, version)
    differences = full_load.differences(seen, version, own.retained, own.beside.skipped)
    status = drift.status(seen, settings, version.scenario, version, ()) if differences else None
    described = status.unpicked if status else ()
    for one in described:
        yield Finding(
            f"{version.scenario} {version.version}: {one.text}",
            hint=f"`demosnap reset {version.scenario} --discard` brings them back; --release makes "
            f"them real rows.",
        )
    for difference in differences:
        if difference.table not in {one.table for one in described}:
            yield Finding(f"{version.scenario} {version.version}: {difference}")
    dangled = dangling_references.known(seen, [version])
    for reason in verify.dangling(seen, own.picked, dangled):
        yield Finding(f"{version.scenario}: {reason}")
    found = attached.find(settings, own)
    for each in status.attached if status else found:
        if each.rule and not each.captured:
            yield Finding(f"{version.scenario}: {each.text}", hint=f"{each.remedy}.")
    _, *today = row_set.selections(seen, settings, version.scenario, [version])
    for now in today:
        picks = row_set.union(seen, [now]).counts()
        for note in warnings.rules(seen, now, picks, Told(version.told)):
            yield Finding(
                f"{version.scenario}: {note}",
                hint="Correct it in demosnap.yaml; or capture with it, and it is not said again.",
            )
    counts = own.present.counts()
    for name, count in counts.items():
        if name not in version.rows and count:
            demo = "1 demo row" if count == 1 else f"{count:,} demo rows"
            yield Finding(
                f"{version.scenario}: {name} holds {demo}, which {version.version} does not have",
                hint=f"`demosnap revision {version.scenario}` captures them.",
            )


def _fits(seen: Database, graph: Graph, scenario: str) -> Iterator[Finding]:
    tables = seen.tables
    for version in graph.heads(scenario):
        header = read(version)[0].header
        for reason in compatibility.unfit(tables, header.tables):
            yield Finding(f"{version.scenario} {version.version}: {reason}")
        filled = [tables[name] for name, n in version.rows.items() if n and name in tables]
        for name, (why, way) in seen.dialect.unchangeable(seen.connection, filled).items():
            yield Finding(f"{version.scenario} {version.version}: {name}: {why}", hint=way)


def untaken(
    connection: Connection, settings: Settings, graph: Graph, scenario: str | None
) -> Iterator[Finding]:
    """Yield a finding for rows of the newest versions that the database would reject now.

    The rows are tried in temporary tables; the caller has to roll back its transaction.
    """
    seen = reflect.database(connection, settings, graph.versions.values())
    for name in graph.scenarios:
        for version in graph.heads(name) if scenario in (None, name) else ():
            for reason in loadable.misfits(seen, version):
                yield Finding(
                    f"{version.scenario} {version.version}: {reason}",
                    hint="Change the table, or capture the demo as the table has it now.",
                )


def _shown(settings: Settings, path: Path) -> str:
    try:
        return str(path.relative_to(settings.root))
    except ValueError:
        return str(path)
