"""YAML as nodes that remember their lines, and the typed reading of them.

Values are read from nodes, not from loaded objects: PyYAML's objects have lost the lines, and
the first of two equal keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import yaml

from demosnap.config.ini import decode
from demosnap.errors import ConfigError, did_you_mean

_TAG = "tag:yaml.org,2002:"
_NULL = _TAG + "null"
_BOOL = _TAG + "bool"
# A table may be called `on`, `1` or `2024-01-01`: names are taken as they are written.
_PLAIN = {_TAG + kind for kind in ("str", "bool", "int", "float", "timestamp")}
_DEEPEST = 4


class Entry(NamedTuple):
    """One key of a mapping: its node and its value's node."""

    key: yaml.Node
    value: yaml.Node


def compose(data: bytes, file: str) -> yaml.Node | None:
    """Parse YAML into nodes; None for a file without a value.

    Raises:
        ConfigError: it is not UTF-8 or no YAML.
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
                "Keep what is right of the two sides, and take out the markers.",
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
    """Say whether a value was left out (`tables:` with nothing behind it)."""
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL


class Reader:
    """Typed values from the nodes of one file; what does not fit is a ConfigError with its line."""

    def __init__(self, file: str) -> None:
        self.file = file

    def error(self, node: yaml.Node, message: str, hint: str | None = None) -> ConfigError:
        """Return the error that names the node's line."""
        return ConfigError(message, self.file, _line(node), hint)

    def mapping(
        self, node: yaml.Node, key: str, known: Iterable[str] | None = None, example: str = ""
    ) -> dict[str, Entry]:
        """Read a mapping; `known` are the keys that it may have, None for any name."""
        if not isinstance(node, yaml.MappingNode):
            hint = f"For example: {example}" if example else None
            raise self.error(node, f"{key or 'the file'} must hold keys and values", hint)
        known = None if known is None else list(known)
        entries: dict[str, Entry] = {}
        for key_node, value in node.value:
            name = self.text(key_node, f"a key of {key}" if key else "a key")
            full = f"{key}.{name}" if key else name
            if name in entries:
                first = _line(entries[name].key)
                raise self.error(key_node, f"{full} stands there twice, first in line {first}")
            if known is not None and name not in known:
                raise self.error(
                    key_node,
                    f"unknown key {full!r}{did_you_mean(name, known)}",
                    f"Known: {', '.join(known)}.",
                )
            entries[name] = Entry(key_node, value)
        return entries

    def text(self, node: yaml.Node, key: str) -> str:
        """Read a text that is not empty and has no control characters but tab and newline."""
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _PLAIN:
            raise self.error(node, f"{key} must be a text")
        value: str = node.value
        if not value.strip():
            raise self.error(node, f"{key} is empty")
        for character in value:
            if (character < " " or character == "\x7f") and character not in "\t\n":
                raise self.error(node, f"{key} holds the control character U+{ord(character):04X}")
        return value

    def texts(self, node: yaml.Node, key: str) -> tuple[str, ...]:
        """Read a list of texts."""
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node, f"{key} must be a list", f"For example: {key}: [a, b]")
        return tuple(self.text(item, f"an entry of {key}") for item in node.value)

    def flag(self, node: yaml.Node, key: str) -> bool:
        """Read true or false."""
        if not isinstance(node, yaml.ScalarNode) or node.tag != _BOOL:
            raise self.error(node, f"{key} must be true or false")
        return bool(node.value.lower() in ("true", "yes", "on"))


def lines(node: yaml.Node | None) -> dict[tuple[str, ...], int]:
    """Return the line of each key, and of each text in a list, by its path."""
    return dict(_lines(node, ())) if node is not None else {}


def _lines(node: yaml.Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if len(path) >= _DEEPEST:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield (*path, key.value), _line(key)
                yield from _lines(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if isinstance(item, yaml.ScalarNode):
                yield (*path, item.value), _line(item)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
