"""Names and paths in the form that people read and write."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from demosnap.visible import one_line

SCENARIO_RULE = "a scenario's name is lower-case letters, digits and _, with a letter first"
_SCENARIO = re.compile(r"[a-z][a-z0-9_]*")
RESERVED = {
    "metadata": "the manifest's folder has that name",
    "base": "Alembic means something else by it",
    "head": "Alembic means something else by it",
    "heads": "Alembic means something else by it",
    "current": "Alembic means something else by it",
}
_LONGEST = 100


def scenario_name_problem(name: str) -> str | None:
    """Return why a scenario cannot have a name; None if it can."""
    if not _SCENARIO.fullmatch(name):
        return SCENARIO_RULE
    if len(name) > _LONGEST:
        return f"a scenario's name has at most {_LONGEST} characters"
    return RESERVED.get(name)


def shown(path: Path) -> str:
    """Render a path for a message: relative to the current folder if it is below it."""
    path = path.absolute()
    cwd = Path.cwd()
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)


def yaml_list(names: Iterable[str]) -> str:
    """Render names as a list that can be pasted into demosnap.yaml: `[a, 'b c']`."""
    return yaml_item(list(names))


def yaml_item(value: object) -> str:
    """Render a value on one line that can be pasted into demosnap.yaml: `{via: 'b c'}`."""
    import yaml

    class OneLine(yaml.SafeDumper):
        """A YAML dumper that escapes line breaks and invisible characters in double quotes."""

        def represent_str(self, data: str) -> yaml.ScalarNode:
            style = None if one_line(data) == data else '"'
            return self.represent_scalar("tag:yaml.org,2002:str", data, style)

    OneLine.add_representer(str, OneLine.represent_str)

    def dumped(*, as_it_is: bool) -> str:
        # Inside of a list, since YAML ends a document of a single text with `...`.
        text: str = yaml.dump(
            [value],
            Dumper=OneLine,
            default_flow_style=True,
            width=10**6,
            allow_unicode=as_it_is,
            sort_keys=False,
        )
        return text.strip()[1:-1]

    text = dumped(as_it_is=True)
    return text if one_line(text) == text else dumped(as_it_is=False)
