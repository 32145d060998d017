"""Make one of two heads the next version after the other.

The versions that only this head leads back to get new numbers, ids and files. Their rows and the
time of their capture stay. If git left two versions of the same name in conflict, both are taken
from its index.
"""

from __future__ import annotations

import itertools
import shlex
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from demosnap import dialects, git
from demosnap.config import Settings
from demosnap.config.names import shown
from demosnap.database import opened
from demosnap.errors import ScriptError, SnapshotError, UsageError
from demosnap.model import Version
from demosnap.results import Renumbering
from demosnap.revisions import conflicts, revision_files
from demosnap.revisions.graph import Graph
from demosnap.revisions.script import render, revision_id
from demosnap.snapshot import manifest
from demosnap.snapshot.sqlfile import SnapshotWriter

_SIDES = (git.OURS, git.THEIRS)


@dataclass(frozen=True)
class _Scripts:
    """All scripts: those in place, and both sides of each conflicted script, by its path."""

    graph: Graph
    sides: dict[Path, tuple[Version, Version]]


def renumber(
    settings: Settings, name: str, *, dry_run: bool, before_files: Callable[[], None] = lambda: None
) -> Renumbering:
    """Make the version `name`, and the ancestors that only it has, follow the other head.

    `before_files` is called after all files are written and before they are put in place.

    Raises:
        UsageError: the version is not a head, or is the only head.
        ScriptError: a script is invalid, or a file is in the way.
        SnapshotError: a snapshot differs from its script's record.
    """
    with tempfile.TemporaryDirectory(prefix="demosnap-") as scratch:
        scripts = _scripts(settings, Path(scratch))
        head = _head(scripts.graph, name)
        planned = _plan(settings, scripts.graph, head)
        if dry_run:
            return planned
        return _act(settings, scripts, planned, before_files)


def _scripts(settings: Settings, scratch: Path) -> _Scripts:
    paths = sorted(settings.revisions.rglob("*.py"))
    conflicted = [path for path in paths if conflicts.line_of(path)]
    clean = [path for path in paths if path not in conflicted]
    of_index = git.unmerged(settings.revisions) if conflicted else {}
    copies: dict[Path, list[Path]] = {}
    for path in conflicted:
        for side in _SIDES:
            folder = scratch / str(side)
            for file in (path, path.with_suffix(".sql")):
                name = file.relative_to(settings.revisions).as_posix()
                _write_side(file, of_index.get(name), side, settings.revisions, folder / name)
            copies.setdefault(path, []).append(folder / path.relative_to(settings.revisions))
    graph = Graph.loose([*clean, *itertools.chain.from_iterable(copies.values())])
    by_script = {_script_of(version): version for version in graph.versions.values()}
    sides = {}
    for path, (ours, theirs) in copies.items():
        if ours not in by_script or theirs not in by_script:
            raise ScriptError(
                "has conflict markers, and its two sides are not two versions with this name",
                "Keep one of them: `git checkout --ours` (or --theirs) of the .py and the .sql.",
                shown(path),
                conflicts.line_of(path),
            )
        sides[path] = (by_script[ours], by_script[theirs])
    return _Scripts(graph, sides)


def _write_side(
    place: Path, stages: dict[int, str] | None, side: int, folder: Path, copy: Path
) -> None:
    """Write one side of a conflicted file; a snapshot without a conflict is copied."""
    if stages is None and place.suffix == ".sql":
        revision_files.make_folder(copy.parent)
        copy.write_bytes(place.read_bytes())
        return
    if stages is None or side not in stages:
        both = shlex.join((shown(place.with_suffix(".py")), shown(place.with_suffix(".sql"))))
        raise ScriptError(
            "has conflict markers, but git's index does not have both of its sides",
            f"git checkout -m -- {both}\nbrings them back, unless the merge was committed. Then"
            " both are in the commits that it merged: git show HEAD^1:PATH, git show HEAD^2:PATH",
            shown(place),
            conflicts.line_of(place),
        )
    git.write_object(folder, stages[side], copy)


def _head(graph: Graph, name: str) -> Version:
    version = graph.resolve(name)
    if version is None:
        raise UsageError(f"{name} is before the first version; there is nothing to renumber")
    heads = graph.heads(version.scenario)
    if version not in heads:
        names = ", ".join(conflicts.reference(head) for head in heads)
        raise UsageError(
            f"{version.version} is not a head of {version.scenario}: another version follows it",
            f"Only a head can be renumbered, together with the versions that only it follows: "
            f"{names}.",
        )
    if len(heads) == 1:
        raise UsageError(
            f"{version.scenario} has one head, {version.version}, so there is no other head to put "
            f"it after",
            f"`demosnap history {version.scenario}` shows the versions.",
        )
    return version


def _plan(settings: Settings, graph: Graph, head: Version) -> Renumbering:
    others = [other for other in graph.heads(head.scenario) if other is not head]
    after = max(others, key=manifest.age)
    shared = {v.revision for other in others for v in graph.ancestors(other)}
    moved = [v for v in reversed(graph.ancestors(head)) if v.revision not in shared]
    pairs = []
    parent = after
    for old in moved:
        number = parent.number + 1
        _, _, day = old.version.partition("_")
        name = f"v{number}_{day}"
        new = replace(
            old,
            revision=revision_id(old.scenario, number, parent.revision, old.digest, old.created_at),
            down_revision=parent.revision,
            version=name,
            folder=str(settings.revisions / old.scenario),
            file=f"{old.scenario}_{name}.sql",
        )
        pairs.append((old, new))
        parent = new
    return Renumbering(head.scenario, after, tuple(pairs), notes=_notes(after, pairs))


def _notes(after: Version, pairs: Sequence[tuple[Version, Version]]) -> tuple[str, ...]:
    scenario, newest = after.scenario, pairs[-1][1]
    ids = ", ".join(old.revision for old, _ in pairs)
    return (
        f"{newest.short} holds its captured rows, without the changes of {after.short}\n"
        f"`demosnap diff {scenario} {after.short} {newest.short}` shows how they differ",
        f"a database that is stamped {ids} knows the old name\n"
        + "\n".join(
            f"`demosnap stamp {conflicts.reference(new)}` there, which compares the rows first"
            for _, new in pairs
        ),
    )


def _act(
    settings: Settings, scripts: _Scripts, planned: Renumbering, before_files: Callable[[], None]
) -> Renumbering:
    folder = settings.revisions / planned.scenario
    revision_files.check_places(settings, folder)
    kept = _kept(scripts, planned)
    replaced = _replaced(settings, planned)
    _check_free(planned, {*replaced, *(place for _, place in kept)})
    with revision_files.prepared() as put:
        # Newest first, so that no version takes a place before its old owner has moved on.
        for old, new in reversed(planned.versions):
            snapshot = revision_files.prepare(put, _snapshot_of(new))
            version = replace(new, size=_rewrite(old, new, snapshot))
            revision_files.prepare(put, _script_of(new), render(version).encode())
        for source, place in kept:
            revision_files.prepare(put, place, source.read_bytes())
    places = [place for _, place in put]
    gone = [path for path in replaced if path not in places]
    before_files()
    revision_files.change(settings, put, gone)
    derived, notes = _refresh(settings)
    return replace(
        planned,
        written=tuple(shown(path) for path in [*sorted(places), *derived]),
        removed=tuple(map(shown, gone)),
        notes=(*planned.notes, *notes),
    )


def _kept(scripts: _Scripts, planned: Renumbering) -> list[tuple[Path, Path]]:
    """Return pairs of a file that stays from a conflict and the place that it alone gets."""
    moved = {old.revision for old, _ in planned.versions}
    found = []
    for place, sides in scripts.sides.items():
        staying = [version for version in sides if version.revision not in moved]
        if len(staying) == 1:
            found.append((_snapshot_of(staying[0]), place.with_suffix(".sql")))
            found.append((_script_of(staying[0]), place))
    return found


def _replaced(settings: Settings, planned: Renumbering) -> list[Path]:
    """Return the files of the versions that are renumbered."""
    found = []
    for old, _ in planned.versions:
        if Path(old.folder).is_relative_to(settings.revisions):
            if not _script_of(old).exists():
                raise ScriptError(
                    f"{old.revision} is in a script that is not named like its snapshot, "
                    f"{old.file}",
                    f"Name it {_script_of(old).name}.",
                )
            found += [_script_of(old), _snapshot_of(old)]
    return found


def _check_free(planned: Renumbering, own: set[Path]) -> None:
    for _, new in planned.versions:
        for path in (_script_of(new), _snapshot_of(new)):
            if path not in own:
                revision_files.check_free(path)


def _rewrite(old: Version, new: Version, path: Path) -> int:
    """Write a version's snapshot under its new name, and return its size in bytes."""
    reader, blocks = opened.read(old)
    header = replace(reader.header, version=new.version, sequences=old.sequences)
    with SnapshotWriter(path, header, old.selection, dialects.get(old.dialect)) as writer:
        for block in blocks:
            writer.write_block(block.table, block.rows)
    opened.compare_digest(reader, old)
    if writer.digest != old.digest:
        raise SnapshotError("could not be written again with the same rows", str(_snapshot_of(old)))
    return writer.size


def _refresh(settings: Settings) -> tuple[list[Path], list[str]]:
    """Rebuild links and metadata, unless another conflict prevents it."""
    try:
        graph = Graph.from_config(settings.alembic_config())
    except ScriptError as error:
        return [], [f"metadata and links are not rebuilt, since other problems remain: {error}"]
    return revision_files.refresh(settings, graph), []


def _script_of(version: Version) -> Path:
    return _snapshot_of(version).with_suffix(".py")


def _snapshot_of(version: Version) -> Path:
    return opened.path_of(version)
