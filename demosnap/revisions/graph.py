"""The versions of all scenarios, from Alembic's script directory, and lookup by name."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, load_python_file, to_tuple

from demosnap import quiet
from demosnap.errors import DemosnapError, ScriptError, UnknownNameError, UsageError
from demosnap.model import Version
from demosnap.revisions import conflicts, plugin
from demosnap.revisions import script as scripts
from demosnap.snapshot import manifest
from demosnap.snapshot.bounded_file import placeholder

_NUMBER = re.compile(r"v[1-9][0-9]*\Z")
_STEP = re.compile(r"v[0-9]|head\Z|base\Z|[+-][0-9]")
_RELATIVE = re.compile(r"[+-][0-9]+\Z")


class Graph:
    """All versions by revision id, each after its parent, with scenarios in order of name.

    `needed` maps each id in a `depends_on` to the id of that script.
    """

    def __init__(self, versions: Iterable[Version]) -> None:
        ordered = sorted(versions, key=lambda v: (v.scenario, *manifest.age(v)))
        self.versions = {version.revision: version for version in ordered}
        self.needed: dict[str, str] = {}
        self._children: dict[str, list[Version]] = {}
        for version in self.versions.values():
            if version.down_revision is not None:
                self._children.setdefault(version.down_revision, []).append(version)
        for version in self.versions.values():
            parent = self.versions.get(version.down_revision or "")
            if parent is not None and parent.scenario != version.scenario:
                raise ScriptError(
                    f"{version.revision} of scenario {version.scenario} follows {parent.revision} "
                    f"of scenario {parent.scenario}",
                    "A version must follow one of its own scenario; restore the script.",
                )

    @classmethod
    def read(cls, directory: ScriptDirectory) -> Graph:
        """Return the graph of a script directory.

        Raises:
            ScriptError: a script cannot be loaded, or demosnap did not write it.
        """
        try:
            with (
                quiet.handling("ignore", plugin.LINKS, category=UserWarning),
                # Alembic only warns, and then fails with a KeyError.
                quiet.handling("error", "Revision .* is not present", category=UserWarning),
            ):
                walked = list(directory.walk_revisions())
                found = [scripts.parse(script) for script in walked]
        except CommandError as error:
            cls._check_first_versions(directory)
            raise ScriptError(str(error), "`demosnap check` names every problem.") from error
        except UserWarning as error:
            raise ScriptError(
                str(error), "Restore its script, or delete the script that refers to it."
            ) from error
        except SyntaxError as error:
            path = Path(error.filename or "")
            if path.is_file() and (line := conflicts.line_of(path)):
                raise conflicts.in_script(path, line) from error
            if path.is_file() and (instead := placeholder(path.read_bytes(), str(path))):
                raise ScriptError(*instead, str(path), 1) from error
            raise ScriptError(
                f"is not valid Python: {error.msg}",
                "Restore the file from version control.",
                error.filename,
                error.lineno or None,
            ) from error
        except DemosnapError:
            raise
        except Exception as error:
            # A script is code, which may raise any exception.
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise ScriptError(
                f"cannot be run: {type(error).__name__}: {error}",
                "Restore the file from version control.",
                place.filename,
                place.lineno,
            ) from error
        graph = cls(found)
        for script in walked:
            for needed in to_tuple(script.dependencies, default=()):
                graph.needed[needed] = script.revision
        return graph

    @classmethod
    def loose(cls, paths: Iterable[Path]) -> Graph:
        """Build a graph from individual scripts, including graphs that Alembic rejects.

        Raises:
            ScriptError: a script is not demosnap's.
        """
        found = []
        for path in paths:
            module = load_python_file(path.parent, path.name)
            found.append(scripts.parse(Script(module, module.revision, path)))
        return cls(found)

    @classmethod
    def _check_first_versions(cls, directory: ScriptDirectory) -> None:
        """Raise if a scenario has two first versions, since Alembic needs unique branch labels."""
        try:
            graph = cls.loose(Path(directory.versions).rglob("*.py"))
        except Exception:  # noqa: BLE001  what Alembic says is said then
            return
        for scenario in graph.scenarios:
            graph.head(scenario)

    @classmethod
    def from_config(cls, config: Config) -> Graph:
        """Return the graph of a configuration's script directory.

        Raises:
            ScriptError: a script cannot be loaded, or demosnap did not write it.
        """
        try:
            directory = ScriptDirectory.from_config(config)
        except CommandError as error:
            raise ScriptError(str(error)) from error
        return cls.read(directory)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of the scenarios with versions, sorted."""
        return tuple(sorted({version.scenario for version in self.versions.values()}))

    def only(self) -> str:
        """Return the name of the only scenario with versions.

        Raises:
            UsageError: there is no scenario, or there are several.
        """
        names = self.scenarios
        if len(names) == 1:
            return names[0]
        if not names:
            raise UsageError(
                "there are no versions yet",
                '`demosnap revision SCENARIO -m "v1"` captures the first.',
            )
        raise UsageError(
            "no scenario is named, and there are several", f"Name one of {', '.join(names)}."
        )

    def whole(self, name: str | None) -> str:
        """Return the complete name of a version, given a possibly incomplete one.

        A scenario means its head, and None the head of the only scenario. With only one scenario,
        `v1` is enough, too.

        Raises:
            UsageError: a scenario has to be named.
        """
        if name is None:
            return f"{self.only()}@head"
        if self.of(name):
            return f"{name}@head"
        if _STEP.match(name) and len(self.scenarios) == 1:
            return f"{self.only()}@{name}"
        return name

    def of(self, scenario: str) -> list[Version]:
        """Return the versions of a scenario, oldest first."""
        return [version for version in self.versions.values() if version.scenario == scenario]

    def heads(self, scenario: str) -> list[Version]:
        """Return the versions of a scenario without a child, oldest first."""
        return [version for version in self.of(scenario) if self.is_head(version)]

    def is_head(self, version: Version) -> bool:
        """Return whether a version has no child."""
        return version.revision not in self._children

    def head(self, scenario: str) -> Version:
        """Return the only head of a scenario.

        Raises:
            UnknownNameError: the scenario does not exist.
            ScriptError: it has several heads.
        """
        heads = self.heads(scenario)
        if not heads:
            raise UnknownNameError("scenario", scenario, self.scenarios)
        if len(heads) > 1:
            raise conflicts.several_heads(scenario, heads)
        return heads[0]

    def ancestors(self, version: Version | None) -> list[Version]:
        """Return a version and all its ancestors, newest first; empty for base."""
        line = []
        while version is not None:
            line.append(version)
            version = self.versions.get(version.down_revision or "")
        return line

    def resolve(self, name: str, current: dict[str, Version] | None = None) -> Version | None:
        """Return the version of a name; None is the base of the scenario in the name.

        Names are `general@head`, `general@v1`, `general@v2_2025-01-20`, `general@base`,
        `general@+1`, `general@-1` (relative to the versions in `current`, by scenario), a revision
        id or a unique prefix of a revision id.

        Raises:
            UnknownNameError: no version has the name.
            UsageError: the name is malformed or ambiguous.
            ScriptError: `head` is asked for, and there are several.
        """
        scenario, at, step = name.partition("@")
        if not at:
            return self._by_id(name)
        if not self.of(scenario):
            raise UnknownNameError("scenario", scenario, self.scenarios)
        if step == "base":
            return None
        if step == "head":
            return self.head(scenario)
        if _RELATIVE.match(step):
            return self._relative(scenario, int(step), (current or {}).get(scenario))
        versions = self.of(scenario)
        matches = [v for v in versions if step in (v.short, v.version, v.revision)]
        if not matches and not _NUMBER.match(step):
            matches = [v for v in versions if len(step) > 1 and v.revision.startswith(step)]
        if len(matches) > 1:
            ids = ", ".join(version.revision for version in matches)
            raise UsageError(f"{name} means several versions: {ids}", "Name one by its id.")
        if not matches:
            raise UnknownNameError(f"version of {scenario}", step, [v.version for v in versions])
        return matches[0]

    def _by_id(self, name: str) -> Version:
        matches = [v for v in self.versions.values() if v.revision.startswith(name)]
        exact = [v for v in matches if v.revision == name]
        if len(exact or matches) == 1:
            return (exact or matches)[0]
        if self.of(name):
            raise UsageError(
                f"{name!r} is a scenario, which alone is not a version",
                f"Name a version: {name}@head, {name}@v{self.of(name)[-1].number}, {name}@+1.",
            )
        if matches:
            ids = ", ".join(version.revision for version in matches)
            raise UsageError(f"{name!r} is the beginning of several ids: {ids}")
        if _STEP.match(name):
            raise UsageError(
                f"{name!r} names no scenario",
                f"Write SCENARIO@{name}; scenarios: {', '.join(self.scenarios) or 'none yet'}.",
            )
        if not re.search(r"[0-9]", name):
            raise UnknownNameError("scenario", name, self.scenarios)
        raise UnknownNameError("revision", name, [*self.scenarios, *self.versions])

    def _relative(self, scenario: str, step: int, start: Version | None) -> Version | None:
        if step <= 0:
            if start is None and step:
                raise UsageError(
                    f"no version of {scenario} is loaded, so {step} has no start",
                    f"`demosnap history {scenario}` lists the versions.",
                )
            line: Sequence[Version | None] = [*self.ancestors(start), None]
            if -step >= len(line):
                raise UsageError(
                    f"{scenario} has no version {-step} below {start.version if start else 'base'}",
                    f"{scenario}@base takes all its rows out.",
                )
            return line[-step]
        target = start
        for _ in range(step):
            if target is None:
                above = [v for v in self.of(scenario) if v.down_revision is None]
            else:
                above = self._children.get(target.revision, [])
            if len(above) != 1:
                where = target.version if target else "base"
                how_many = "several" if above else "no"
                raise UsageError(f"{scenario} has {how_many} versions above {where}")
            target = above[0]
        return target
