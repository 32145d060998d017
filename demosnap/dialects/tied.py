"""Tables that foreign keys tie to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from demosnap.model import ForeignKey


def tied(keys: Mapping[str, Iterable[ForeignKey]], tables: Iterable[str]) -> set[str]:
    """Return the tables that reference some tables, directly or not, and what all these reference.

    `keys` are the foreign keys of all tables; the result contains `tables`.
    """
    parents = {name: {key.table for key in each} for name, each in keys.items()}
    children: dict[str, set[str]] = {}
    for name, referred in parents.items():
        for parent in referred:
            children.setdefault(parent, set()).add(name)
    found: set[str] = set()
    waiting = set(tables)
    while waiting:
        found |= waiting
        waiting = {child for name in waiting for child in children.get(name, ())} - found
    return found.union(*(parents.get(name, ()) for name in found))
