"""`init`: write the files of a new project; existing files keep every byte."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from demosnap import git as repository
from demosnap.config import choices, ini, schema
from demosnap.config.names import shown
from demosnap.errors import ConfigError
from demosnap.scaffold import drivers, ini_url, look, schema_file, texts

REVISIONS = "demo_revisions"
ENV_FOLDER = "demosnap_env"
_ATTRIBUTES = ".gitattributes"
INCLUDE_NAME = (
    'include_name=lambda name, kind, _: kind != "table" or not name.startswith("demosnap_")'
)
"""The argument for `context.configure` in an application's env.py without demosnap."""

Confirm = Callable[[str, str], bool]
"""A function that shows a text and asks a question; True means yes."""


@dataclass(frozen=True, slots=True)
class InitResult:
    """The result of an init.

    `written` and `kept` are paths relative to the folder, with `/`; `added` are written files that
    existed before and were extended. `configured` are the names set in git's configuration.
    `declined`: the user answered no, and nothing was written. `notes` are sentences for the user,
    and `following` says what to do next.
    """

    written: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]
    declined: bool = False
    following: str = ""
    configured: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def new(self) -> bool:
        """Whether files were written beyond those for git."""
        return any(Path(name).name != _ATTRIBUTES for name in self.written)


@dataclass(frozen=True, slots=True)
class _Place:
    """The places of the files; `section` is the one to add to alembic.ini, None for no section."""

    section: str | None
    env: Path
    revisions: Path


def init(
    directory: str | os.PathLike[str] = ".",
    *,
    url: str | None = None,
    confirm: Confirm,
    git: bool = False,
) -> InitResult:
    """Write the files that a project needs and lacks.

    `url` is the database as the user gave it, None for the one in the environment or alembic.ini.
    `confirm` asks before a section is added to an existing alembic.ini. `git`: also configure the
    git repository to show and merge demosnap's files.

    Raises:
        ConfigError: an existing file is invalid, or the folder is not writable.
        UsageError: `url` is not a database URL.
        DatabaseError: demosnap has no dialect for it.
        DemosnapError: `git` is set, but git or a repository is missing.
    """
    root = Path(directory).absolute()
    _check_folder(root)
    if git:
        repository.top(next(part for part in (root, *root.parents) if part.exists()))
    path = root / "alembic.ini"
    existing = ini.read(path) if os.path.lexists(path) else None
    place = _place(root, existing)
    database, source = ini.database_url(existing, "demosnap", url)
    if database is not None and source == "--url":
        ini_url.check(database)
    notes: list[str] = []
    following = ""

    addition = ""
    if place.section is not None:
        addition = _section(root, place, url=database, source=source)
        if source == "--url" and database is not None and not ini_url.is_public(database):
            notes.append(
                "The URL may hold a password, which demosnap does not write into a file: set "
                f"{ini.URL_VARIABLE} to the URL."
            )
    files = _files(place)
    if not os.path.lexists(place.revisions / choices.FILE_NAME):
        if database is None and existing is None and place.section == "alembic":
            database = texts.default_url(root)
        found, keys, seen = look.at(database) if database is not None else (None, (), ())
        notes.extend(seen)
        following = look.following(found, shown(place.revisions / choices.FILE_NAME))
        if database is None:
            following = (
                f"name the database in alembic.ini or in {ini.URL_VARIABLE}, and {following}"
            )
        files.append((place.revisions / choices.FILE_NAME, texts.demosnap_yaml(found, keys)))
    kept = [file for file, _ in files if os.path.lexists(file)]
    files = [(file, data) for file, data in files if file not in kept]
    yaml_file = place.revisions / choices.FILE_NAME
    if yaml_file not in kept and os.path.lexists(yaml_file):
        kept.append(yaml_file)

    appended = b""
    if existing is None:
        files.append((path, addition.encode()))
    elif addition:
        appended = _appended(path, addition)
    else:
        kept.append(path)
    _check_writable([file for file, _ in files], path if appended else None)
    if appended and not confirm(
        f"Add this section to {shown(path)}?", appended.decode().replace("\r\n", "\n").strip("\n")
    ):
        return InitResult((), _names(root, kept), ("Nothing was written.",), declined=True)
    attributes = place.revisions / _ATTRIBUTES
    lacking = drivers.missing_attributes(_bytes_of(attributes)) if git else b""
    if lacking and attributes in kept:
        _check_writable([], attributes)
    _write(files, (path, appended, existing) if appended and existing else None)

    added = [path] if appended else []
    written = [file for file, _ in files] + added
    configured: list[str] = []
    if git:
        if lacking:
            with attributes.open("ab") as file:
                file.write(drivers.missing_attributes(_bytes_of(attributes)))
        if lacking and attributes in kept:
            kept.remove(attributes)
            written.append(attributes)
            added.append(attributes)
        configured = repository.configure(place.revisions, drivers.configuration())
    if yaml_file in kept and place.revisions / schema.FILE_NAME in written:
        notes.extend(schema_file.proposal(yaml_file))
    if place.section == "demosnap":
        notes.append("Stock Alembic reaches the demo data with `alembic -n demosnap`.")
        notes.append(
            "The application's `alembic check` and `revision --autogenerate` leave demosnap's "
            "tables alone where demosnap is installed beside Alembic 1.18 or newer. Where it is "
            "not, give `context.configure` in the application's env.py this argument:\n"
            + INCLUDE_NAME
        )
    if not written and not configured:
        notes.append("All files exist already.")
    return InitResult(
        _names(root, written),
        _names(root, kept),
        tuple(notes),
        following=following,
        configured=tuple(configured),
        added=_names(root, added),
    )


def _place(root: Path, existing: ini.Ini | None) -> _Place:
    if existing is not None:
        for section in ("demosnap", "alembic"):
            if existing.get(section, "script_location") is None:
                continue
            script_location, revisions = ini.locations(existing, section)
            ours = (
                section == "demosnap"
                or revisions.name == REVISIONS
                or (revisions / choices.FILE_NAME).exists()
            )
            if ours:
                return _Place(None, script_location / "env.py", revisions)
        if existing.parser.has_section("demosnap"):
            raise ConfigError(
                "[demosnap] names no script_location",
                existing.name,
                existing.line_of("demosnap"),
                "Delete the section, and run `demosnap init` again to write a complete one.",
            )
    section = "demosnap" if existing is not None or ini.has_tool_alembic(root) else "alembic"
    env = root / "env.py"
    ours = os.path.lexists(env) and _is_ours(env)
    # Not into demo_revisions, since Alembic reads every script there as a revision.
    if not ours and (section == "demosnap" or os.path.lexists(env)):
        env = root / ENV_FOLDER / "env.py"
        if os.path.lexists(env) and not _is_ours(env):
            raise ConfigError(
                "exists already and is not demosnap's", shown(env), hint="Move it elsewhere."
            )
    return _Place(section, env, root / REVISIONS)


def _is_ours(env: Path) -> bool:
    return env.is_file() and env.read_bytes() == texts.template("env.py")


def _section(root: Path, place: _Place, *, url: str | None, source: str | None) -> str:
    assert place.section is not None
    folder = place.env.parent.relative_to(root).as_posix()
    script_location = "%(here)s" if folder == "." else f"%(here)s/{folder}"
    return texts.alembic_ini(place.section, script_location, url, source)


def _bytes_of(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _files(place: _Place) -> list[tuple[Path, bytes]]:
    return [
        (place.env, texts.template("env.py")),
        (place.revisions / _ATTRIBUTES, texts.template("gitattributes")),
        (place.revisions / ".gitignore", texts.template("gitignore")),
        (place.revisions / schema.FILE_NAME, schema.text().encode()),
    ]


def _appended(path: Path, addition: str) -> bytes:
    data = path.read_bytes()
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    before = newline if data else b""
    if data and not data.endswith((b"\n", b"\r")):
        before += newline
    appended = before + addition.encode().replace(b"\n", newline)
    ini.parse(path, (data + appended).decode())
    return appended


def _check_folder(root: Path) -> None:
    for part in (root, *root.parents):
        if part.exists():
            if not part.is_dir():
                raise ConfigError("is not a folder", shown(part))
            break
    for character in ("%", os.pathsep):
        if character in str(root):
            raise ConfigError(
                f"the path of the folder {root} holds a {character}, "
                "which Alembic cannot read in alembic.ini",
                hint="Choose another folder.",
            )


def _check_writable(files: Sequence[Path], appended: Path | None) -> None:
    for file in files:
        folder = next(parent for parent in file.parents if os.path.lexists(parent))
        if not folder.is_dir():
            raise ConfigError("is not a folder", shown(folder))
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigError("cannot be written; no file was", shown(folder))
    if appended is not None and not os.access(appended, os.W_OK):
        raise ConfigError("cannot be written; no file was", shown(appended))


def _write(
    files: Sequence[tuple[Path, bytes]], addition: tuple[Path, bytes, ini.Ini] | None
) -> None:
    """Write all files or none; after an error, incomplete changes are undone."""
    made: list[Path] = []
    path = None
    try:
        for path, data in files:
            for folder in reversed(path.parents):
                if not folder.exists():
                    folder.mkdir()
                    made.append(folder)
            with path.open("xb") as file:
                made.append(path)
                file.write(data)
        if addition is not None:
            path, data, before = addition
            _append(path, data, before)
    except (OSError, ConfigError) as error:
        for one in reversed(made):
            with suppress(OSError):
                one.rmdir() if one.is_dir() else one.unlink()
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            f"cannot be written; no file was: {error.strerror}", shown(path) if path else None
        ) from error


def _append(path: Path, data: bytes, before: ini.Ini) -> None:
    if path.read_bytes() != before.text.encode():
        raise ConfigError("was changed in the meantime, nothing was written", shown(path))
    size = path.stat().st_size
    try:
        with path.open("ab") as file:
            file.write(data)
    except OSError:
        os.truncate(path, size)
        raise


def _names(root: Path, paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(
        path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
        for path in paths
    )
