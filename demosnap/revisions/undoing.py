"""Undo the last capture: its files, and its stamp in the database. Rows stay.

The stamp is taken back first, and then all files in one change with a journal. If the process is
killed in between, the database is at the parent and the version still exists; the same command
completes the undo.
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
from demosnap.revisions import goals, revision_files
from demosnap.revisions.graph import Graph

OPERATION = "undo"
"""The name of an undo in the log."""


@dataclass(frozen=True, slots=True)
class Found:
    """A capture that can be undone; `stamped`: the database is still stamped with it."""

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
    """Find the last capture of a scenario, by the stamps and the log of the database.

    `entries` are the log's for the scenario, newest first.

    Raises:
        RefusedError: it was not captured from this database, or other clones may have it.
        ScriptError: the scenario has several heads, and the database is at none of them.
    """
    heads = graph.heads(scenario)
    version = next((head for head in heads if head.revision in stamps), None)
    version = version or graph.head(scenario)
    parent = graph.versions.get(version.down_revision or "")
    stamped = version.revision in stamps
    last = next(iter(entries), None)
    # An undo was killed after it had taken back the stamp.
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
    """Return the files to delete, including derived files that become empty."""
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
    """Delete the version's files, and rebuild the derived files; return the rebuilt ones.

    `before_files` is called after all temporary files are written.

    Raises:
        DemosnapError: the file system refused; the message says whether anything was changed.
    """
    version = found.undoing.version
    left = Graph(v for v in found.graph.versions.values() if v != version)
    folder = Path(version.folder)
    revision_files.check_places(settings, folder)
    with revision_files.prepared() as put:
        if left.of(version.scenario):
            staged = revision_files.prepare(put, folder / revision_files.LATEST)
            revision_files.point(staged, revision_files.latest(left, version.scenario).file)
        for name, text in (revision_files.derived(settings, left) if left.versions else {}).items():
            place = settings.revisions / name
            revision_files.make_folder(place.parent)
            revision_files.prepare(put, place, text.encode())
    before_files()
    revision_files.change(settings, put, _gone(settings, found.graph, version))
    revision_files.remove_empty(folder)
    return tuple(shown(place) for _, place in put)
