"""Compare two JSON documents, by path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class PathChange:
    """A changed place in a JSON document: `$.state.tags[2]`.

    `old` and `new` are JSON text; None if that document lacks the place.
    """

    path: str
    old: str | None
    new: str | None


def changes(old: object, new: object) -> tuple[PathChange, ...]:
    """Return the differences of two JSON objects or arrays; empty for other texts.

    Documents that differ only in their formatting have no differences.
    """
    before, after = _document(old), _document(new)
    if before is None or after is None or type(before) is not type(after):
        return ()
    try:
        return tuple(_compare("$", before, after))
    except RecursionError:
        return ()


def leaves(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield the innermost values of a JSON document with their paths; an empty one has none.

    A value in an array is at `$.tags[]`, so that inserting a value does not change the paths of
    the following ones; an object or array in an array is at `$.tags[2]`. An empty object or array
    counts as a value.
    """
    if document:
        yield from _leaves("$", document)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    items: Iterable[tuple[str, Any]] = ()
    if isinstance(value, dict):
        items = ((f"{path}.{_name(name)}", item) for name, item in value.items())
    elif isinstance(value, list):
        items = (
            (f"{path}[{i}]" if isinstance(item, (dict, list)) and item else f"{path}[]", item)
            for i, item in enumerate(value)
        )
    for place, item in items:
        if isinstance(item, (dict, list)) and item:
            yield from _leaves(place, item)
        else:
            yield place, item


def _document(text: object) -> Any:
    if not isinstance(text, str) or text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _compare(path: str, old: Any, new: Any) -> Iterator[PathChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            place = f"{path}.{_name(name)}"
            if name not in new:
                yield PathChange(place, _text(old[name]), None)
            elif name not in old:
                yield PathChange(place, None, _text(new[name]))
            else:
                yield from _compare(place, old[name], new[name])
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(path, old, new)
    elif _text(old) != _text(new):
        yield PathChange(path, _text(old), _text(new))


def _lists(path: str, old: list[Any], new: list[Any]) -> Iterator[PathChange]:
    """Compare the items between the common start and the common end of two lists."""
    texts, others = [_text(item) for item in old], [_text(item) for item in new]
    start, end = 0, 0
    shorter = min(len(old), len(new))
    while start < shorter and texts[start] == others[start]:
        start += 1
    while end < shorter - start and texts[-1 - end] == others[-1 - end]:
        end += 1
    for i in range(start, max(len(old), len(new)) - end):
        place = f"{path}[{i}]"
        if i >= len(new) - end:
            yield PathChange(place, texts[i], None)
        elif i >= len(old) - end:
            yield PathChange(place, None, others[i])
        else:
            yield from _compare(place, old[i], new[i])


def _name(name: str) -> str:
    return name if _PLAIN_KEY.match(name) else _text(name)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
