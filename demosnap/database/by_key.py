"""Build predicates that pick rows by their keys, in batches."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from demosnap.dialects.base import Dialect
from demosnap.model import Column, Key, Table

_Item = TypeVar("_Item")


def batches(items: Iterable[_Item], size: int = 200) -> Iterator[list[_Item]]:
    """Yield items in lists of at most `size`, small enough for a statement."""
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


_BATCH = 500


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
    """Return predicates that pick the rows with the given keys, at most `_BATCH` keys each."""
    return [dialect.key_predicate(columns, batch) for batch in batches(sorted(keys), _BATCH)]


def named(dialect: Dialect, columns: Sequence[Column], keys: Collection[Key]) -> str:
    """Return the predicate that picks the rows with the given keys."""
    return any_of([f"({one})" for one in key_predicates(dialect, columns, keys)])


def only_key(table: Table, columns: tuple[str, ...] | None = None) -> Table:
    """Return a table narrowed to its key columns; `columns`, if given, become its key."""
    key = columns or table.key
    return replace(table, key=key, columns=tuple(table.column(column) for column in key))
