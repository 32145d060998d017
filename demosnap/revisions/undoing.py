"""Take back the last capture: its files, and what the database says of it. No row is touched.

The stamp goes first, and then all files in one change, which a journal tells of. Killed in between,
the database is at the parent and the version is still there, and the same command ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from demosnap import git
from demosnap.config import Settings
from demosnap.config.names import shown
from demosnap.database.own_tables import LogEntry
from demosnap.errors import RefusedError
from demosnap.model import Version
from demosnap.moves.goal import Goal
from demosnap.reasons import of_versions
from demosnap.refusal import Refusal
from demosnap.results import Undoing
from demosnap.revisions import goals, journal, revision_files
from demosnap.revisions.graph import Graph

OPERATION = "undo"
"""What the log calls it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What can be taken back, `stamped` saying whether the database still says that it has it."""

    undoing: Undoing
    stamped: bool
    graph: Graph

    @property
    def goal(self) -> goals.Goals:
        """The goal of the stamp: the version that the capture followed, or base."""
        version, parent = self.undoing.version, self.undoing.parent
        return lambda graph, current: [
            Goal(
                version.scenario,
                current.get(version.scenario),
                parent,
                stamp_only=True,
                operation=OPERATION,
            )
        ]


def look(
    settings: Settings,
    graph: Graph,
    scenario: str,
    stamps: Sequence[str],
    entries: Sequence[LogEntry],
) -> Found:
    """Find the last capture of a scenario, by what the database says of it.

    `stamps` are the database's, `entries` those of its log for the scenario, the newest first.

    Raises:
        RefusedError: it was not captured from this database, or others may know it.
        ScriptError: the scenario has several heads, and the database is not at any.
    """
    heads = graph.heads(scenario)
    version = next((head for head in heads if head.revision in stamps), None)
    version = version or graph.head(scenario)
    parent = graph.versions.get(version.down_revision or "")
    stamped = version.revision in stamps
    last = next(iter(entries), None)
    # It was killed after the stamp.
    begun = (
        last is not None
        and last.operation == OPERATION
        and last.revision == version.down_revision
        and (parent is None or parent.revision in stamps)
    )
    found = _elsewhere(version, stamps, entries, stamped or begun)
    committed, pushed = git.known_to(_own_files(version)[0], version.revision)
    if pushed:
        found.append(of_versions.pushed(version, pushed))
    if needing := graph.needed.get(version.revision):
        found.append(of_versions.depended_on(version, needing))
    if found:
        raise RefusedError(f"revision --undo {scenario}", found)
    return Found(
        Undoing(
            version=version,
            parent=parent,
            committed=committed,
            removed=tuple(shown(path) for path in _gone(settings, graph, version)),
        ),
        stamped,
        graph,
    )


def _elsewhere(
    version: Version, stamps: Sequence[str], entries: Sequence[LogEntry], here: bool
) -> list[Refusal]:
    """Return that a version was not captured from this database, or that it is not at it."""
    captured = any(e.operation == "capture" and e.revision == version.revision for e in entries)
    if not captured:
        return [of_versions.not_captured_here(version)]
    if not here:
        at = next((s for s in stamps if s.startswith(f"{version.scenario}_")), None)
        return [of_versions.not_at(version, at)]
    return []


def _own_files(version: Version) -> tuple[Path, Path]:
    snapshot = Path(version.folder) / version.file
    return snapshot.with_suffix(".py"), snapshot


def _gone(settings: Settings, graph: Graph, version: Version) -> list[Path]:
    """Return the files that go; where nothing is left, what is derived goes too."""
    gone = list(_own_files(version))
    if len(graph.of(version.scenario)) == 1:
        gone.append(Path(version.folder) / revision_files.LATEST)
    if len(graph.versions) == 1:
        gone += [
            settings.revisions / name
            for name in (revision_files.MANIFEST, revision_files.SCHEMA_VERSIONS)
        ]
    return gone


def remove(settings: Settings, found: Found, before_files: Callable[[], None]) -> tuple[str, ...]:
    """Take the version's files out, with all that is derived of it; return what is written anew.

    `before_files` is called when all is written beside.

    Raises:
        DemosnapError: the file system refused; the message says whether anything was changed.
    """
    version = found.undoing.version
    left = Graph(v for v in found.graph.versions.values() if v != version)
    folder = Path(version.folder)
    for place in (folder, (settings.revisions / revision_files.MANIFEST).parent):
        revision_files.check_inside(settings, place)
    put: list[tuple[Path, Path]] = []
    try:
        if left.of(version.scenario):
            link = folder / revision_files.LATEST
            beside = revision_files.new_beside(folder, journal.BESIDE)
            put.append((beside, link))
            revision_files.point(beside, revision_files.latest(left, version.scenario).file)
        for name, text in (revision_files.derived(settings, left) if left.versions else {}).items():
            place = settings.revisions / name
            revision_files.make_folder(place.parent)
            beside = revision_files.new_beside(place.parent, journal.BESIDE)
            put.append((beside, place))
            revision_files.write_synced(beside, text.encode())
    except BaseException:
        for beside, _ in put:
            beside.unlink(missing_ok=True)
        raise
    before_files()
    revision_files.change(settings, put, _gone(settings, found.graph, version))
    revision_files.remove_empty(folder)
    return tuple(shown(place) for _, place in put)
