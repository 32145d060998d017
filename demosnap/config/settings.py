"""The settings of a project: alembic.ini and demosnap.yaml together."""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from demosnap.config import choices, ini
from demosnap.config.choices import Choices
from demosnap.config.names import shown
from demosnap.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from alembic.config import Config


class Settings(Choices, frozen=True, kw_only=True):
    """All settings of a project; paths are absolute.

    `config_file` is the ini file, None for an Alembic configuration made without one, and
    `section` its section in use. `root` is its folder, `script_location` the folder of env.py,
    `revisions` the first version location, which contains demosnap.yaml. `database_url` includes
    its password, None if no source names a database; `url_source` is its source: `--url`,
    `DEMOSNAP_DATABASE_URL`, `alembic.ini [alembic]`, `DATABASE_URL`. `namespace` is the default
    namespace of demosnap's connections, None for the database's own. `start` is the base folder of
    relative paths in the ini file, None for the current folder. `lines` is for `line_of`.
    `qualified`: demosnap.yaml names a table with its namespace. `data` are the bytes of that file.
    """

    config_file: Path | None
    section: str
    # The key `root` of demosnap.yaml has this name.
    root: Path = msgspec.field(name="root_folder")
    script_location: Path
    revisions: Path
    database_url: str | None
    url_source: str | None
    lines: Mapping[tuple[str, ...], int]
    namespace: str | None = None
    start: Path | None = None
    given: Config | None = None
    qualified: bool = False
    data: bytes = b""

    def __repr__(self) -> str:
        """Name the project, without its URL."""
        return f"<Settings of {self.root}, section {self.section}>"

    @property
    def yaml_file(self) -> Path:
        """The path of demosnap.yaml."""
        return self.revisions / choices.FILE_NAME

    @property
    def auto_export(self) -> bool:
        """Whether `revision --auto` captures, by demosnap.yaml or DEMOSNAP_AUTO_EXPORT."""
        variable = os.environ.get("DEMOSNAP_AUTO_EXPORT", "").strip().lower()
        return self.auto_export_in_file or variable in ("1", "true", "yes", "on")

    @property
    def scenario_names(self) -> tuple[str, ...]:
        """The names of the scenarios in demosnap.yaml, in its order."""
        return tuple(self.scenarios)

    @property
    def default_scenario(self) -> str | None:
        """The scenario flagged as default, else the only one, else None."""
        for name, scenario in self.scenarios.items():
            if scenario.default:
                return name
        return self.scenario_names[0] if len(self.scenarios) == 1 else None

    def allowing(self, targets: Iterable[str]) -> Settings:
        """Return the same settings with further databases that may be changed.

        Raises:
            UsageError: a target is not a pattern of `host/database`.
        """
        targets = tuple(targets)
        for one in targets:
            if not set(one) & set("/*?["):
                raise UsageError(
                    f"the allowed target {one!r} is not host/database, and would allow nothing",
                    "Give both, as staging.example.org/app or staging.example.org/*.",
                )
        return msgspec.structs.replace(self, allow=(*self.allow, *targets))

    def within(self, namespace: str | None) -> Settings:
        """Return the same settings for a namespace of the database; None: these settings."""
        return self if namespace is None else msgspec.structs.replace(self, namespace=namespace)

    def at(self, namespace: str | None) -> Settings:
        """Return these settings with the names of tables as where a namespace is the default one.

        Raises:
            ConfigError: two names are those of one table there.
        """
        if namespace is None or not self.qualified:
            return self
        found = choices.parse(self.data, shown(self.yaml_file), namespace)
        given = {**msgspec.structs.asdict(found.choices), "allow": self.allow}
        return msgspec.structs.replace(self, **given, lines=found.lines)

    def alembic_config(self) -> Config:
        """Return the Alembic configuration of this file and section, or the given one.

        The [tool.alembic] of a pyproject.toml is left out, since it is the application's.
        """
        if self.given is not None:
            return self.given
        from alembic.config import Config

        config = Config(self.config_file, ini_section=self.section)
        if self.start is not None:
            self._start_at(config, self.start)
        return config

    def _start_at(self, config: Config, start: Path) -> None:
        """Make paths absolute that Alembic would resolve from the current folder."""
        config.set_main_option("script_location", _escaped(self.script_location))
        if config.get_main_option("version_locations") is None:
            return
        # Alembic before 1.16 lacks this method.
        listed = getattr(config, "get_version_locations_list", lambda: [str(self.revisions)])()
        places = [one if ":" in one else start / one for one in listed]
        for name in ("path_separator", "version_path_separator"):
            config.set_main_option(name, "os")
        config.set_main_option("version_locations", os.pathsep.join(map(_escaped, places)))

    def line_of(self, *path: str) -> int | None:
        """Return the line of a key in demosnap.yaml, or of a list entry; None if it has none.

        For example `line_of("tables", "todos", "via")` or `line_of("exclude", "audit_log")`.
        """
        return self.lines.get(path)

    def error(self, message: str, *path: str, hint: str | None = None) -> ConfigError:
        """Return an error about a key of demosnap.yaml, with the line of its nearest existing part.

        `path` is as in `line_of`.
        """
        line = next(
            (self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), None
        )
        return ConfigError(message, shown(self.yaml_file), line, hint)


def _escaped(value: object) -> str:
    return str(value).replace("%", "%%")


def load(
    config_file: str | os.PathLike[str] | None = None,
    *,
    section: str | None = None,
    url: str | None = None,
) -> Settings:
    """Read alembic.ini and demosnap.yaml.

    `config_file` None: ALEMBIC_CONFIG, else the nearest `alembic.ini` in the current folder or
    above. `section` None: `[demosnap]` if it names a script_location, else `[alembic]`. `url`
    takes precedence over every other source of the database.

    Raises:
        ConfigError: a file is missing or invalid.
    """
    file = ini.find(config_file)
    chosen, default = ini.choose_section(file, section), ini.default_section(file)
    if default == "demosnap" != chosen:
        revisions = ini.locations(file, chosen)[1]
        if not os.path.lexists(revisions / choices.FILE_NAME):
            raise ConfigError(
                f"[{chosen}] is not demosnap's: no {choices.FILE_NAME} in {shown(revisions)}",
                file.name,
                hint="Leave -n out: the section [demosnap] is set up here.",
            )
    return _settings(file, chosen, url)


def from_alembic(config: Config, url: str | None = None) -> Settings:
    """Read the settings behind a configuration that Alembic has already made.

    Options that were set on it in Python count, as they do for Alembic.

    Raises:
        ConfigError: as in `load`.
    """
    path = Path(config.config_file_name).absolute() if config.config_file_name else None
    if path is not None and not path.exists():
        # Alembic names its default file even if it does not exist.
        path = None
    parser: configparser.ConfigParser = config.file_config
    text = path.read_text(encoding="utf-8", errors="replace") if path else ""
    return _settings(ini.Ini(path, text, parser), config.config_ini_section, url, config)


def _settings(
    file: ini.Ini, section: str, url: str | None, given: Config | None = None
) -> Settings:
    script_location, revisions = ini.locations(file, section)
    database_url, url_source = ini.database_url(file, section, url)
    found = choices.read(revisions / choices.FILE_NAME)
    return Settings(
        **msgspec.structs.asdict(found.choices),
        lines=found.lines,
        qualified=found.qualified,
        data=found.data,
        config_file=file.path,
        section=section,
        root=file.root,
        script_location=script_location,
        revisions=revisions,
        database_url=database_url,
        url_source=url_source,
        start=file.root if file.above else None,
        given=given,
    )
