"""Parse YAML into nodes that keep their lines.

PyYAML's loaded objects lack the lines, and of two equal keys they lack the first.
"""

from __future__ import annotations

import re

import yaml

from demosnap.config.ini import decode
from demosnap.errors import ConfigError

_TAG = "tag:yaml.org,2002:"
_NULL = _TAG + "null"
_TYPES: dict[str, tuple[type, ...]] = {
    _TAG + "bool": (bool,),
    _TAG + "int": (int, float),
    _TAG + "float": (float,),
}
# Names are read as written, since a table may be called `on`, `1` or `2024-01-01`.
PLAIN = {_TAG + kind for kind in ("str", "bool", "int", "float", "timestamp")}


def compose(data: bytes, file: str) -> yaml.Node | None:
    """Parse YAML into nodes; None for a file without a value.

    Raises:
        ConfigError: the file is not UTF-8 or not YAML.
    """
    text = decode(data, file).removeprefix("\ufeff")
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        if conflict := re.search(r"^<<<<<<< ", text, re.MULTILINE):
            raise ConfigError(
                "has conflict markers of a git merge",
                file,
                text.count("\n", 0, conflict.start()) + 1,
                "Keep the right parts of both sides, and delete the markers.",
            ) from None
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context
        raise ConfigError(f"not YAML: {problem}", file, mark.line + 1 if mark else None) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"not YAML: the character U+{ord(text[error.position]):04X}", file, line
        ) from None
    except RecursionError:
        raise ConfigError("not YAML for settings: nested too deeply", file) from None
    return None if node is None or is_null(node) else node


def is_null(node: yaml.Node) -> bool:
    """Return whether a value was left out (`tables:` without a value)."""
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL


def scalar_types(node: yaml.Node) -> tuple[type, ...]:
    """Return the types, besides text, that a scalar can be read as."""
    return _TYPES.get(node.tag, ())


def line(node: yaml.Node) -> int:
    """Return the line of a node, starting at 1."""
    return int(node.start_mark.line) + 1
