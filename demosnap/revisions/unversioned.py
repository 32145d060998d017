"""Find files of a project that git ignores, which other clones would lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from demosnap import git
from demosnap.config import Settings
from demosnap.config.names import shown
from demosnap.model import Version
from demosnap.results import Finding
from demosnap.revisions import revision_files

_TAKEN_IN = ("!*/", "!*.py", "!*.sql", "!*.json", "!*.yaml")


def findings(settings: Settings, versions: Iterable[Version]) -> list[Finding]:
    """Return a finding for each group of files, of versions or the project, that git ignores.

    Empty if the whole project is in an ignored folder, since it is then not part of the
    repository.
    """
    if git.ignored(settings.root.parent, [settings.root]):
        return []
    paths = [settings.yaml_file, settings.script_location / "env.py"]
    if settings.config_file is not None:
        paths.append(settings.config_file)
    for version in versions:
        snapshot = Path(version.folder) / version.file
        paths += [snapshot.with_suffix(".py"), snapshot, snapshot.parent / revision_files.LATEST]
    paths += [
        settings.revisions / name
        for name in (revision_files.MANIFEST, revision_files.SCHEMA_VERSIONS)
    ]
    found = ignored(settings, paths)
    return [
        Finding(message(alike), _below(settings.root, alike[0].path), hint=hint(settings, alike))
        for alike in _by_line(found)
    ]


def ignored(settings: Settings, paths: Iterable[Path]) -> list[git.Ignored]:
    """Return which of the existing files git ignores."""
    existing = [path for path in paths if path.is_symlink() or path.exists()]
    inside = [path for path in existing if path.is_relative_to(settings.revisions)]
    outside = [path for path in existing if path not in inside]
    return [*git.ignored(settings.revisions, inside), *git.ignored(settings.root, outside)]


def notes(settings: Settings, found: Iterable[git.Ignored]) -> Iterator[str]:
    """Yield a note for files just written that git ignores."""
    for alike in _by_line(found):
        yield f"{shown(alike[0].path)}: {message(alike)}\n{hint(settings, alike)}"


def message(alike: list[git.Ignored]) -> str:
    """Render that git ignores a file, with the number of further files by the same rule."""
    one = alike[0]
    more = len(alike) - 1
    others = f" and {more} more {'file' if more == 1 else 'files'}" if more else ""
    return f"git ignores it{others}, so a clone lacks it ({one.file}:{one.line}: {one.pattern})"


def hint(settings: Settings, alike: list[git.Ignored]) -> str:
    """Render how to make git add the files."""
    one, revisions = alike[0], settings.revisions
    if git.ignored(settings.root.parent, [settings.root]):
        return "Delete that line, or move the project to a folder that git does not ignore."
    if not one.path.is_relative_to(revisions):
        return f"Delete that line, or write !{one.path.name} below it."
    if git.ignored(revisions.parent, [revisions]):
        return f"Delete that line, or write !{revisions.name}/ below it."
    own = revisions / ".gitignore"
    if Path(one.file).name == ".gitignore" and _is_below(settings, one.file):
        return "Delete that line."
    return f"Put these lines first in {shown(own)}: {' '.join(_TAKEN_IN)}"


def _is_below(settings: Settings, file: str) -> bool:
    # git's paths are relative to the top of its work tree.
    return (
        (git.top(settings.revisions) / file).resolve().is_relative_to(settings.revisions.resolve())
    )


def _by_line(found: Iterable[git.Ignored]) -> list[list[git.Ignored]]:
    groups: dict[tuple[str, int], list[git.Ignored]] = {}
    for one in found:
        groups.setdefault((one.file, one.line), []).append(one)
    return list(groups.values())


def _below(root: Path, path: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
