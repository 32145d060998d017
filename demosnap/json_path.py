"""Paths to values in JSON documents: `$.a.b`, `$.links[*]`, `$.links[*].id`, `$[*]`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

PATTERN = r"\$(?:\.[A-Za-z0-9_-]+|\[\*\])+"
"""What a path looks like: keys of objects, and `[*]` for all elements of an array."""

Steps = tuple[tuple[str, ...], ...]
"""The keys up to each `[*]`, and those after the last one: `$.a.b[*]` is `(("a", "b"), ())`."""


def steps(path: str) -> Steps:
    """Split a path.

    Raises:
        ValueError: it is not a path of this grammar.
    """
    if not re.fullmatch(PATTERN, path):
        raise ValueError(f"{path!r} is not a path")
    return tuple(tuple(part.split(".")[1:]) for part in path[1:].split("[*]"))


def quoted(keys: tuple[str, ...]) -> str:
    """Render keys as the path that SQLite, MariaDB and MySQL take, without the `$`."""
    return "".join(f'."{key}"' for key in keys)


def texts(document: object, path: Steps) -> Iterator[str]:
    """Yield the texts and whole numbers, as texts, at a path of a JSON document.

    Values of other kinds, and malformed documents, yield nothing.
    """
    if not isinstance(document, str):
        return
    try:
        # Numbers stay as they are written.
        whole = json.loads(document, parse_int=str, parse_float=_no_key, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return
    yield from _at(whole, path)


def _at(value: object, path: Steps) -> Iterator[str]:
    for key in path[0]:
        value = value.get(key) if isinstance(value, dict) else None
    if len(path) > 1:
        for one in value if isinstance(value, list) else ():
            yield from _at(one, path[1:])
    elif isinstance(value, str):
        yield value


def _no_key(number: str) -> None:
    return None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
