"""Build predicates that pick rows by their keys, in batches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from demosnap.dialects.base import Dialect
from demosnap.model import Column, Key
from demosnap.rows.spool import KEYS, in_batches

_Item = TypeVar("_Item")


def batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """Yield items in lists that are small enough for a statement."""
    return in_batches(items, 200)


def number(key: Key) -> tuple[tuple[int, bytes], ...]:
    """Return what keys are sorted by for people: numbers by their value."""
    return tuple((len(part), part) for part in key)


def merged(demo_rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Join predicates from several sources with OR, by table."""
    found: dict[str, list[str]] = {}
    for to_delete in demo_rows:
        for name, predicate in to_delete.items():
            found.setdefault(name, []).append(f"({predicate})")
    return {name: any_of(predicates) for name, predicates in found.items()}


def any_of(predicates: Sequence[str]) -> str:
    """Join predicates with OR."""
    # Split in halves, since databases limit the nesting depth of expressions.
    if len(predicates) <= 2:
        return " OR ".join(predicates)
    half = len(predicates) // 2
    return f"({any_of(predicates[:half])}) OR ({any_of(predicates[half:])})"


def key_predicates(dialect: Dialect, columns: Sequence[Column], keys: Collection[Key]) -> list[str]:
    """Return predicates that pick the rows with the given keys, at most `KEYS` keys each."""
    return [dialect.key_predicate(columns, batch) for batch in in_batches(sorted(keys), KEYS)]


def named(dialect: Dialect, columns: Sequence[Column], keys: Collection[Key]) -> str:
    """Return the predicate that picks the rows with the given keys."""
    return any_of([f"({one})" for one in key_predicates(dialect, columns, keys)])
