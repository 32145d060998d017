"""The files of a project's revisions: write them atomically, and rebuild derived files."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from demosnap.config import Settings
from demosnap.config.names import shown
from demosnap.dialects.base import LOCK_WAIT
from demosnap.errors import DemosnapError, ScriptError, SnapshotError, waited
from demosnap.holders import holder
from demosnap.model import Header, Version
from demosnap.revisions import journal
from demosnap.revisions.graph import Graph
from demosnap.snapshot import manifest
from demosnap.snapshot.sqlfile import SnapshotReader

LOCK_FILE = ".demosnap.lock"
LATEST = "latest.sql"
MANIFEST = Path("metadata", "export_manifest.json")
SCHEMA_VERSIONS = Path("metadata", "schema_versions.json")
_TEMPORARY = re.compile(r"\.(.+)-[a-z0-9_]{8}\.tmp")


@contextlib.contextmanager
def project_lock(settings: Settings, timeout: float = LOCK_WAIT) -> Iterator[None]:
    """Hold the project's lock file; `timeout` is in seconds.

    First, the change of a killed process is completed or undone.

    Raises:
        LockError: another demosnap process holds the lock for longer.
        DemosnapError: the folder is not writable.
    """
    path = settings.revisions / LOCK_FILE
    with os_errors(settings.revisions):
        lock = FileLock(path, timeout=timeout)
        try:
            lock.acquire()
        except Timeout:
            raise waited(
                f"another demosnap is at work in {settings.revisions}:"
                f" it holds {path.name}{holder(path)}",
                timeout,
            ) from None
    try:
        _recover(settings)
        yield
    finally:
        lock.release()


def tidy(settings: Settings) -> None:
    """Complete or undo the change of a killed process, unless another demosnap is at work."""
    if _left(settings) or (settings.revisions / journal.NAME).exists():
        with contextlib.suppress(DemosnapError), project_lock(settings, 0):
            pass


def _left(settings: Settings) -> dict[Path, str]:
    """Return the existing files of `temporary`, with the names of their final files."""
    paths = [*settings.revisions.glob(".*.tmp"), *settings.revisions.glob("*/.*.tmp")]
    return {path: match[1] for path in paths if (match := _TEMPORARY.fullmatch(path.name))}


def _recover(settings: Settings) -> None:
    with contextlib.suppress(DemosnapError, OSError):
        # The journal comes first, since its files are temporary too.
        finished = journal.finish(settings.revisions)
        left = _left(settings)
        for path, name in list(left.items()):
            if name in (journal.STAGED, journal.NAME):
                # Without a journal, the change of this file has not begun.
                left.pop(path)
                path.unlink(missing_ok=True)
        if not left and not finished:
            return
        for name in left.values():
            script = Path(name)
            for folder in settings.revisions.glob("*/") if script.suffix == ".py" else ():
                if not (folder / script).exists():
                    (folder / script).with_suffix(".sql").unlink(missing_ok=True)
        _refresh_all(settings, Graph.from_config(settings.alembic_config()))
        # Deleted last, since they mark the unfinished change.
        for path in left:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def os_errors(folder: Path) -> Iterator[None]:
    """Turn an error of the file system into a `DemosnapError` of one line.

    Raises:
        DemosnapError: the file system refused.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise DemosnapError(
            f"{where} cannot be written: {(error.strerror or str(error)).lower()}", changed=False
        ) from error


def make_folder(folder: Path) -> None:
    """Make a folder if it does not exist.

    Raises:
        DemosnapError: the folder cannot be made.
    """
    with os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)


def check_inside(settings: Settings, folder: Path) -> None:
    """Check that a folder of the revisions is inside the project.

    Raises:
        DemosnapError: a symbolic link leads out of the project.
    """
    real = folder.resolve()
    if not real.is_relative_to(settings.revisions.resolve()):
        raise DemosnapError(
            f"{folder} is a symbolic link that leads to {real}, outside of {settings.revisions};"
            " nothing was written there",
            "Put a folder in its place.",
        )


def check_places(settings: Settings, folder: Path) -> None:
    """Do as `check_inside` for the folder of a scenario and that of the metadata."""
    for place in (folder, (settings.revisions / MANIFEST).parent):
        check_inside(settings, place)


def check_free(path: Path) -> None:
    """Check that there is no file yet.

    Raises:
        ScriptError: there is one.
    """
    if os.path.lexists(path):
        raise ScriptError(
            f"{shown(path)} exists already",
            "`demosnap history` lists the versions; move files away that belong to no version.",
        )


@contextlib.contextmanager
def prepared() -> Iterator[list[tuple[Path, Path]]]:
    """Yield the list of staged files for `change`; on an error the files are deleted."""
    put: list[tuple[Path, Path]] = []
    try:
        yield put
    except BaseException:
        for staged, _ in put:
            staged.unlink(missing_ok=True)
        raise


def prepare(put: list[tuple[Path, Path]], place: Path, data: bytes | None = None) -> Path:
    """Stage a file for its place, with the data if given, and add it to the list."""
    staged = new_staged(place.parent, journal.STAGED)
    put.append((staged, place))
    if data is not None:
        write_synced(staged, data)
    return staged


@contextlib.contextmanager
def temporary(folder: Path, name: str) -> Iterator[Path]:
    """Yield the path of a new, empty file in a folder; on exit it is deleted if it still exists.

    Raises:
        DemosnapError: the file cannot be made.
    """
    path = new_staged(folder, name)
    try:
        with os_errors(folder):
            yield path
    finally:
        path.unlink(missing_ok=True)


def new_staged(folder: Path, name: str) -> Path:
    """Make a new, empty temporary file in a folder, which the caller renames or deletes.

    Raises:
        DemosnapError: the file cannot be made.
    """
    with os_errors(folder):
        while True:
            # Not mkstemp, whose files only the owner can read; a snapshot follows the umask.
            path = folder / f".{name}-{secrets.token_hex(4)}.tmp"
            with contextlib.suppress(FileExistsError):
                path.touch(exist_ok=False)
                return path


def write(path: Path, text: str) -> None:
    """Write a file atomically: to a temporary file, which is synced and renamed."""
    make_folder(path.parent)
    with temporary(path.parent, path.name) as staged:
        write_synced(staged, text.encode())
        staged.replace(path)
    journal.sync(path.parent)


def write_synced(path: Path, data: bytes) -> None:
    """Write a file that is not read yet, and sync it to disk.

    Raises:
        DemosnapError: the file cannot be written.
    """
    with os_errors(path.parent), path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def publish(
    settings: Settings, graph: Graph, version: Version, script: str, snapshot: Path
) -> tuple[Path, ...]:
    """Put a new revision's files in place; return them, the script first.

    The script makes the revision valid, so it comes after the snapshot; link and metadata are
    derived from it. A temporary file of the script's name marks the change as unfinished.
    """
    folder = Path(version.folder)
    target = folder / version.file
    path = target.with_suffix(".py")
    grown = Graph([*graph.versions.values(), version])
    with temporary(settings.revisions, path.name):
        journal.sync(settings.revisions)
        try:
            snapshot.replace(target)
            journal.sync(folder)
            write(path, script)
            return (path, target, *refresh(settings, grown, only=version.scenario))
        except BaseException:
            _take_back(settings, graph, version.scenario, path, target)
            raise


def change(settings: Settings, put: Sequence[tuple[Path, Path]], gone: Sequence[Path]) -> None:
    """Move synced files to their places, in order, and then delete others: all or nothing.

    Raises:
        DemosnapError: the file system refused; the message says whether anything was changed.
    """
    try:
        write(settings.revisions / journal.NAME, journal.text(settings.revisions, put, gone))
    except BaseException:
        for staged, _ in put:
            staged.unlink(missing_ok=True)
        raise
    try:
        journal.finish(settings.revisions)
    except OSError as error:
        raise DemosnapError(
            f"{error.filename or settings.revisions} cannot be written:"
            f" {(error.strerror or str(error)).lower()}; the change is incomplete",
            "`demosnap manifest` completes it once the cause is fixed.",
            changed=True,
        ) from error


def _take_back(settings: Settings, graph: Graph, scenario: str, *made: Path) -> None:
    # An incomplete revision must not stay, so that "nothing was changed" is true.
    for path in made:
        path.unlink(missing_ok=True)
    with contextlib.suppress(DemosnapError, OSError):
        if not graph.of(scenario):
            (settings.revisions / scenario / LATEST).unlink(missing_ok=True)
            (settings.revisions / scenario).rmdir()
        _refresh_all(settings, graph)


def _refresh_all(settings: Settings, graph: Graph) -> None:
    if graph.versions:
        refresh(settings, graph)
        return
    for name in (MANIFEST, SCHEMA_VERSIONS):
        (settings.revisions / name).unlink(missing_ok=True)


def refresh(settings: Settings, graph: Graph, only: str | None = None) -> list[Path]:
    """Rebuild latest links and metadata from the graph; return the files that they are.

    `only` is the scenario whose link is rebuilt; None: every scenario's.
    """
    made = []
    for scenario in [only] if only else graph.scenarios:
        link = settings.revisions / scenario / LATEST
        _link(link, latest(graph, scenario).file)
        made.append(link)
    for name, text in derived(settings, graph).items():
        check_inside(settings, (settings.revisions / name).parent)
        write(settings.revisions / name, text)
        made.append(settings.revisions / name)
    return made


def latest(graph: Graph, scenario: str) -> Version:
    """Return the version that the latest link of a scenario points to."""
    return manifest.latest_of(graph.of(scenario))


def derived(settings: Settings, graph: Graph) -> dict[Path, str]:
    """Return the text of the metadata files, by path below the folder of revisions."""
    versions, root = list(graph.versions.values()), settings.revisions
    before = ""
    with contextlib.suppress(OSError, ValueError):
        before = (root / SCHEMA_VERSIONS).read_text(encoding="utf-8")
    return {
        MANIFEST: manifest.export_manifest(versions, root),
        SCHEMA_VERSIONS: manifest.schema_versions(versions, root, headers(versions), before),
    }


def headers(versions: Iterable[Version]) -> dict[str, Header]:
    """Return the headers of the readable snapshots, by revision."""
    found = {}
    for version in versions:
        # `check` reports a missing or broken snapshot; other revisions are not affected.
        with contextlib.suppress(SnapshotError):
            found[version.revision] = SnapshotReader(Path(version.folder) / version.file).header
    return found


def _link(link: Path, target: str) -> None:
    if link.is_symlink() and str(link.readlink()) == target:
        return
    with temporary(link.parent, link.name) as staged:
        point(staged, target)
        staged.replace(link)
    journal.sync(link.parent)


def point(staged: Path, target: str) -> None:
    """Replace an empty file by a link to a file in the same folder."""
    staged.unlink()
    try:
        staged.symlink_to(target)
    except (OSError, NotImplementedError):
        # On a file system without links, a copy takes the link's place.
        staged.write_bytes((staged.parent / target).read_bytes())


def remove_empty(folder: Path) -> None:
    """Remove a folder if it is empty."""
    with contextlib.suppress(OSError):
        folder.rmdir()
