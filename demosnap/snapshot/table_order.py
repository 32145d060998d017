"""Order tables by their foreign keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from demosnap.model import Table
from demosnap.snapshot.logical_keys import declared


def groups(tables: Sequence[Table]) -> list[list[Table]]:
    """Group tables that reference each other in a cycle, keeping the order.

    Logical keys do not count, since no database enforces them.
    """
    by_name = {table.name: declared(table) for table in tables}
    found: list[list[Table]] = []
    of = {name: group for group in components(by_name, by_name) for name in group}
    for table in tables:
        if found and table.name in of[found[-1][0].name]:
            found[-1].append(table)
        else:
            found.append([table])
    return found


def components(tables: Mapping[str, Table], names: Iterable[str]) -> list[list[str]]:
    """Group tables in load order.

    Each group is a table, or several tables that reference each other in a cycle. Tables come
    after the tables that they reference; among equals, those that most others need come first,
    then by name.
    """
    wanted = set(names)
    parents = {
        name: {key.table for key in tables[name].foreign_keys if key.table in wanted} - {name}
        for name in wanted
    }
    above = {name: _reach(name, parents) for name in wanted}
    groups = {
        name: sorted({name} | {other for other in above[name] if name in above[other]})
        for name in wanted
    }
    needed_by = {name: sum(name in above[other] for other in wanted) for name in wanted}
    ordered: list[list[str]] = []
    placed: set[str] = set()
    while len(placed) < len(wanted):
        ready = [
            group
            for name, group in groups.items()
            if name == group[0] and name not in placed
            if all(above[member] <= placed | set(group) for member in group)
        ]
        group = min(ready, key=lambda g: (-needed_by[g[0]], g))
        ordered.append(group)
        placed.update(group)
    return [_inside(tables, group) for group in ordered]


def _inside(tables: Mapping[str, Table], group: list[str]) -> list[str]:
    """Order a cycle by the keys that the database enforces, if logical keys are part of it."""
    keys = [key for name in group for key in tables[name].foreign_keys if key.table in group]
    if len(group) == 1 or not any(key.logical for key in keys):
        return group
    return load_order({name: declared(tables[name]) for name in group}, group)


def load_order(tables: Mapping[str, Table], names: Iterable[str]) -> list[str]:
    """Return the names of tables in load order."""
    return [name for group in components(tables, names) for name in group]


def _reach(name: str, parents: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = list(parents[name])
    while ahead:
        other = ahead.pop()
        if other not in reached:
            reached.add(other)
            ahead.extend(parents[other])
    return reached
