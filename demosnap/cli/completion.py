"""Shell completion of scenarios and versions, from file names.

No script runs and no database is queried: with a thousand versions the answer must come before the
user's finger leaves the key.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click

from demosnap.cli.session import Session

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_SCRIPT = re.compile(r"([a-z][a-z0-9_]*)_(v([1-9][0-9]*)_[0-9]{4}-[0-9]{2}-[0-9]{2})\.py")


def versions_by_scenario(session: Session) -> dict[str, list[str]]:
    """Return each scenario's version names, the newest first; empty without a project."""
    from demosnap.config import ini
    from demosnap.errors import DemosnapError

    found: dict[str, list[tuple[int, str]]] = {}
    try:
        file = ini.find(session.config)
        _, folder = ini.locations(file, ini.choose_section(file, session.name))
        subfolders = [path for path in folder.iterdir() if path.is_dir()]
        for path in (folder, *subfolders):
            for file_path in path.iterdir():
                if match := _SCRIPT.fullmatch(file_path.name):
                    found.setdefault(match[1], []).append((int(match[3]), match[2]))
    except (DemosnapError, OSError):
        return {}
    return {
        scenario: [name for _, name in sorted(names, reverse=True)]
        for scenario, names in sorted(found.items())
    }


def scenario(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a scenario."""
    return _fitting(versions_by_scenario(_session(context)), incomplete)


def version(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a `scenario@version`."""
    return _fitting(_targets(context), incomplete)


def target(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a target of `upgrade`."""
    return _fitting([*_targets(context), "heads"], incomplete)


def load_name(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the argument of `load`: a scenario, or after an @ one of its versions."""
    if "@" in incomplete:
        return version(context, parameter, incomplete)
    return scenario(context, parameter, incomplete)


def step(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the version that `downgrade` goes to, of the scenario before it."""
    known = versions_by_scenario(_session(context)).get(context.params.get("scenario") or "", [])
    return _fitting([*known, "base"], incomplete)


def side(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete a side of `diff`, of the scenario before it."""
    known = versions_by_scenario(_session(context)).get(context.params.get("scenario") or "", [])
    return _fitting([*known, "head", "base", "database"], incomplete)


def side_or_scenario(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Complete the first argument of `diff`: a scenario, or a side of the only scenario."""
    known = versions_by_scenario(_session(context))
    sides = [*next(iter(known.values())), "head", "base", "database"] if len(known) == 1 else []
    return _fitting([*known, *sides], incomplete)


def _targets(context: click.Context) -> list[str]:
    return [
        f"{name}@{one}"
        for name, versions in versions_by_scenario(_session(context)).items()
        for one in ("head", *versions)
    ]


def _session(context: click.Context) -> Session:
    return context.ensure_object(Session)


def _fitting(names: dict[str, list[str]] | list[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def install() -> None:
    """Teach click's completion for bash that `@` is part of a name.

    Bash splits words at `@` (unless COMP_WORDBREAKS was changed): `general@v` arrives in pieces,
    and the answer replaces the text from the `@` on.
    """
    if not os.environ.get("_DEMOSNAP_COMPLETE", "").startswith("bash"):
        return
    from click.shell_completion import BashComplete, add_completion_class

    class _Bash(BashComplete):
        _kept = ""

        def get_completion_args(self) -> tuple[list[str], str]:
            args, incomplete = super().get_completion_args()
            words: list[str] = []
            for word in (*args, incomplete):
                joins = words and (word.startswith("@") or words[-1].endswith("@"))
                if joins:
                    words[-1] += word
                else:
                    words.append(word)
            whole = words.pop() if words else ""
            if whole != incomplete:
                self._kept = whole[: whole.rindex("@")]
            return words, whole

        def format_completion(self, item: CompletionItem) -> str:
            item.value = item.value.removeprefix(self._kept)
            return super().format_completion(item)

    add_completion_class(_Bash, "bash")
