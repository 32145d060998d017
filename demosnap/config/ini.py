"""alembic.ini: find the file, its section, and the source of the database's URL.

Only configparser reads the file, so that commands without Alembic do not import it.
"""

from __future__ import annotations

import configparser
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from demosnap.config import passwords
from demosnap.config.names import shown
from demosnap.errors import ConfigError, did_you_mean

URL_VARIABLE = "DEMOSNAP_DATABASE_URL"
FALLBACK_URL_VARIABLE = "DATABASE_URL"

_SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}
INIT_HINT = "Run `demosnap init`; it adds what is missing and changes nothing else."


@dataclass(frozen=True)
class Ini:
    """A parsed alembic.ini.

    `path` is absolute, None for a configuration made without a file. `above`: the file was found
    in a folder above the current one.
    """

    path: Path | None
    text: str
    parser: configparser.ConfigParser
    above: bool = False

    @property
    def name(self) -> str:
        """The file's name for messages."""
        return shown(self.path) if self.path else "the Alembic configuration"

    @property
    def root(self) -> Path:
        """The folder that `%(here)s` refers to."""
        return self.path.parent if self.path else Path.cwd()

    @property
    def start(self) -> Path:
        """The base folder of relative paths in the file; the current folder by default."""
        return self.root if self.above else Path.cwd()

    def get(self, section: str, option: str) -> str | None:
        """Return an option's value, None if the section or option is missing or empty.

        Raises:
            ConfigError: a `%` in the value cannot be interpolated.
        """
        if not self.parser.has_section(section):
            return None
        try:
            return self.parser.get(section, option, fallback="").strip() or None
        except configparser.InterpolationError:
            # Not the parser's own message, which quotes the value, maybe with a password.
            if "%" in str(self.root):
                message = f"the path of the folder {self.root} holds a %, which Alembic cannot read"
                hint = "Give the folder another name."
            else:
                message = f"{option} in [{section}] holds an unescaped %"
                hint = "Write %% for %, for example p%%40ss for p%40ss."
            raise ConfigError(message, self.name, self.line_of(section, option), hint) from None

    def line_of(self, section: str, option: str | None = None) -> int | None:
        """Return the line of a section's header, or of an option in it or in [DEFAULT]."""
        found = None
        here = None
        for number, line in enumerate(self.text.splitlines(), 1):
            if head := re.match(r"\[(.+)\]", line):
                here = head[1]
                if option is None and here == section:
                    return number
            elif option is not None and here in (section, "DEFAULT"):
                name = re.split(r"\s*[=:]", line, maxsplit=1)[0]
                if name.lower() == option and (found is None or here == section):
                    found = number
        return found


def find(config_file: str | os.PathLike[str] | None) -> Ini:
    """Read the ini file: the given one, else ALEMBIC_CONFIG's, else the nearest `alembic.ini`.

    The search covers the current folder and the folders above it, up to the user's home or the
    root of the file system.

    Raises:
        ConfigError: the file does not exist or is invalid.
    """
    path = config_path(config_file)
    if config_file is not None or os.environ.get("ALEMBIC_CONFIG") or os.path.lexists(path):
        return read(path)
    found = _above(path)
    if found is None:
        raise ConfigError(
            f"no {path.name} in {path.parent}, nor in a folder above it",
            hint="Run `demosnap init` in your project's folder, or name the file with -c.",
        )
    return replace(read(found), above=True)


def _above(path: Path) -> Path | None:
    """Return the nearest file with a path's name in the folders above.

    Raises:
        ConfigError: the file belongs to another user.
    """
    folder = path.parent
    device = folder.stat().st_dev
    home = Path("~").expanduser()
    for parent in folder.parents:
        # Above the home folder or on another disk the search could find foreign projects; `git`
        # stops there, too.
        if (folder.is_relative_to(home) and not parent.is_relative_to(home)) or (
            parent.stat().st_dev != device
        ):
            return None
        found = parent / path.name
        if found.is_file():
            if _owner(found) not in (os.getuid(), _owner(folder)):
                # The file names code that would be run.
                raise ConfigError(
                    f"the nearest {path.name} is {found}, of another user",
                    hint="If it is the one you mean, name it with -c.",
                )
            return found
    return None


def _owner(path: Path) -> int:
    return path.stat().st_uid


def config_path(config_file: str | os.PathLike[str] | None) -> Path:
    """Return the file to read: the given one, else ALEMBIC_CONFIG's, else `alembic.ini`."""
    if config_file is None:
        config_file = os.environ.get("ALEMBIC_CONFIG") or "alembic.ini"
        # As in Alembic, which then looks for an ini file in the same folder.
        if Path(config_file).name == "pyproject.toml":
            config_file = "alembic.ini"
    return Path(config_file).absolute()


def read(path: Path) -> Ini:
    """Read an ini file.

    Raises:
        ConfigError: it is missing, unreadable, not UTF-8 or not in ini format.
    """
    if path.suffix == ".toml":
        raise ConfigError(
            "demosnap reads an ini file, not TOML",
            shown(path),
            hint="Name an alembic.ini with a [demosnap] section; `demosnap init` writes one.",
        )
    data = read_file(path, "Run `demosnap init` there, or name the file with -c.")
    return parse(path, decode(data, shown(path)))


def read_file(path: Path, missing: str) -> bytes:
    """Return the bytes of a settings file; `missing` is the hint where it does not exist.

    Raises:
        ConfigError: it is missing or unreadable.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"no {path.name} in {path.parent}", hint=missing) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", shown(path)) from error


def decode(data: bytes, file: str) -> str:
    """Decode a settings file.

    Raises:
        ConfigError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("not UTF-8", file, line, "Save the file as UTF-8.") from None


def parse(path: Path, text: str) -> Ini:
    """Parse the text of an ini file, with `%(here)s` as Alembic defines it.

    Raises:
        ConfigError: it is not in ini format.
    """
    parser = configparser.ConfigParser({"here": path.absolute().parent.as_posix()})
    file = shown(path)
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        raise ConfigError(
            "a line stands before the first [section]",
            file,
            error.lineno,
            "Put it below [alembic].",
        ) from None
    except (configparser.DuplicateSectionError, configparser.DuplicateOptionError) as error:
        what = f"[{error.section}]"
        if isinstance(error, configparser.DuplicateOptionError):
            what = f"{error.option} in {what}"
        raise ConfigError(f"{what} is defined twice", file, error.lineno) from None
    except configparser.ParsingError as error:
        line = error.errors[0][0] if error.errors else None
        raise ConfigError(
            "this line is neither a [section] nor an option = value",
            file,
            line,
            "Correct the line.",
        ) from None
    return Ini(path.absolute(), text, parser)


def default_section(ini: Ini) -> str | None:
    """Return the default section, or None."""
    known = ini.parser.sections()
    if "demosnap" in known and ini.parser.has_option("demosnap", "script_location"):
        return "demosnap"
    return next((name for name in ("alembic", "demosnap") if name in known), None)


def choose_section(ini: Ini, section: str | None) -> str:
    """Return the section to use: the given one, else `demosnap` if it is set up, else `alembic`.

    Raises:
        ConfigError: there is no such section.
    """
    known = ini.parser.sections()
    if section is not None:
        if section not in known:
            raise ConfigError(
                f"no section [{section}]{did_you_mean(section, known)}",
                ini.name,
                hint=f"Sections: {', '.join(known)}." if known else INIT_HINT,
            )
        return section
    if default := default_section(ini):
        return default
    raise ConfigError("neither a [demosnap] nor an [alembic] section", ini.name, hint=INIT_HINT)


def locations(ini: Ini, section: str) -> tuple[Path, Path]:
    """Return the script location and the first version location, by Alembic's rules.

    Raises:
        ConfigError: the section has no script location, or an invalid `path_separator`.
    """
    script = ini.get(section, "script_location")
    if script is None:
        raise ConfigError(
            f"[{section}] names no script_location", ini.name, ini.line_of(section), INIT_HINT
        )
    script_location = _resolve(script, ini.start)
    versions = ini.get(section, "version_locations")
    if versions is None:
        return script_location, script_location / "versions"
    separator = ini.get(section, "path_separator") or ini.get(section, "version_path_separator")
    if separator is None:
        parts = re.split(r", *|(?: +)", versions)
    elif separator in _SEPARATORS:
        parts = versions.split(_SEPARATORS[separator])
    else:
        raise ConfigError(
            f"path_separator is {separator!r}",
            ini.name,
            ini.line_of(section, "path_separator")
            or ini.line_of(section, "version_path_separator"),
            f"Write one of {', '.join(_SEPARATORS)}.",
        )
    first = next(part.strip() for part in parts if part.strip())
    return script_location, _resolve(first, ini.start)


def _resolve(location: str, start: Path) -> Path:
    if ":" in location and not Path(location).is_absolute():
        # `package:folder` is inside an installed package.
        from alembic.util.pyfiles import coerce_resource_to_filename

        return coerce_resource_to_filename(location).absolute()
    return start / location


def database_url(
    ini: Ini | None, section: str | None, url: str | None
) -> tuple[str | None, str | None]:
    """Return the database's URL, with its password, and its source; (None, None) without one.

    Raises:
        ConfigError: the ini file's URL cannot be interpolated.
    """
    found, source = _database_url(ini, section, url)
    if found is not None:
        passwords.remember(found)
    return found, source


def _database_url(
    ini: Ini | None, section: str | None, url: str | None
) -> tuple[str | None, str | None]:
    if url:
        return url, "--url"
    if from_variable := os.environ.get(URL_VARIABLE):
        return from_variable, URL_VARIABLE
    if ini is not None:
        for name in dict.fromkeys((section or "alembic", "alembic")):
            value = ini.get(name, "sqlalchemy.url") or ""
            # Ignore placeholders: the URL that `alembic init` writes, and empty quotes, which are
            # the empty text of other formats.
            if value.strip(" \t\"'") and not value.startswith("driver://"):
                return value, f"{ini.name} [{name}]"
    if from_variable := os.environ.get(FALLBACK_URL_VARIABLE):
        return from_variable, FALLBACK_URL_VARIABLE
    return None, None


def has_tool_alembic(root: Path) -> bool:
    """Return whether the folder's pyproject.toml has a [tool.alembic].

    Raises:
        ConfigError: the file cannot be read.
    """
    path = root / "pyproject.toml"
    if not path.exists():
        return False
    from alembic.config import Config
    from alembic.util import CommandError

    try:
        # Alembic reads it, since Python 3.10 has no TOML parser.
        return bool(Config(toml_file=path).toml_alembic_config)
    except (CommandError, ValueError, OSError) as error:
        raise ConfigError(f"cannot be read: {error}", shown(path)) from error
