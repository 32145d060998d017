"""Rows that are named by their keys: the predicates that pick them, in batches."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from demosnap.dialects.base import Dialect
from demosnap.model import Column, Key, Table

_Item = TypeVar("_Item")


def batches(items: Iterable[_Item], size: int = 200) -> Iterator[list[_Item]]:
    """Yield items in lists that are small enough for one statement."""
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


_BATCH = 500


def merged(demo_rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Join predicates of several origins, by table."""
    found: dict[str, list[str]] = {}
    for to_delete in demo_rows:
        for name, predicate in to_delete.items():
            found.setdefault(name, []).append(f"({predicate})")
    return {name: any_of(predicates) for name, predicates in found.items()}


def any_of(predicates: Sequence[str]) -> str:
    """Join predicates by OR."""
    # Halved, since databases bound how deep an expression may be nested.
    if len(predicates) <= 2:
        return " OR ".join(predicates)
    half = len(predicates) // 2
    return f"({any_of(predicates[:half])}) OR ({any_of(predicates[half:])})"


def key_predicates(dialect: Dialect, columns: Sequence[Column], keys: Collection[Key]) -> list[str]:
    """Return predicates that pick the rows of some keys, each of a bounded number."""
    return [dialect.key_predicate(columns, batch) for batch in batches(sorted(keys), _BATCH)]


def named(dialect: Dialect, columns: Sequence[Column], keys: Collection[Key]) -> str:
    """Return the predicate that picks the rows of some keys."""
    return any_of([f"({one})" for one in key_predicates(dialect, columns, keys)])


def only_key(table: Table, columns: tuple[str, ...] | None = None) -> Table:
    """Return a table of which only the key is read; `columns` are those of another key."""
    key = columns or table.key
    return replace(table, key=key, columns=tuple(table.column(column) for column in key))
