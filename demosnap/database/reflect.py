"""Table definitions of the live database, and the order that foreign keys give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, inspect

from demosnap import dialects
from demosnap.database.log import OWN_TABLES
from demosnap.model import Column, ForeignKey, Table, display_name


def tables(connection: Connection) -> dict[str, Table]:
    """Return the definitions of all tables of the database, by display name, sorted by it.

    demosnap's own two tables are left out.
    """
    dialect = dialects.of(connection)
    inspector = inspect(connection)
    found: dict[str, dict[str, Any]] = {}
    for namespace in (None, *dialect.namespaces(connection)):
        names = [n for n in dialect.table_names(connection, namespace) if n not in OWN_TABLES]
        if not names:
            continue
        wanted: dict[str, Any] = {"schema": namespace, "filter_names": names}
        keys: dict[Any, Any] = dict(inspector.get_multi_pk_constraint(**wanted))
        uniques: dict[Any, Any] = dict(inspector.get_multi_unique_constraints(**wanted))
        indexes: dict[Any, Any] = dict(inspector.get_multi_indexes(**wanted))
        references: dict[Any, Any] = dict(inspector.get_multi_foreign_keys(**wanted))
        for name in names:
            at = (namespace, name)
            found[display_name(namespace, name)] = {
                "primary": tuple((keys.get(at) or {}).get("constrained_columns") or ()),
                "unique": [
                    *(tuple(unique["column_names"]) for unique in uniques.get(at) or ()),
                    *_unique_indexes(indexes.get(at) or ()),
                ],
                "foreign_keys": tuple(
                    _foreign_key(key, inspector.default_schema_name, namespace)
                    for key in references.get(at) or ()
                ),
            }
    columns = dialect.reflect_columns(connection, list(found))
    triggers = dialect.reflect_triggers(connection, list(found))
    return {
        name: _table(name, columns[name], triggers.get(name, ()), **found[name])
        for name in sorted(found)
    }


def _table(
    name: str,
    columns: tuple[Column, ...],
    triggers: tuple[str, ...],
    primary: tuple[str, ...],
    unique: Sequence[tuple[str, ...]],
    foreign_keys: tuple[ForeignKey, ...],
) -> Table:
    by_name = {column.name: column for column in columns}
    stored = {column.name for column in columns if not column.generated}
    candidates = [key for key in unique if not any(by_name[c].nullable for c in key)]
    keys = [key for key in (primary, *sorted(candidates)) if key and stored.issuperset(key)]
    key = keys[0] if keys else ()
    others = sorted({other for other in (primary, *unique) if other and other != key})
    ordered = sorted(foreign_keys, key=lambda k: (k.columns, k.table, k.referred_columns))
    return Table(name, columns, key, tuple(others), tuple(ordered), triggers)


def _unique_indexes(indexes: Iterable[Any]) -> Iterable[tuple[str, ...]]:
    for index in indexes:
        names = index["column_names"]
        options = index.get("dialect_options") or {}
        # A partial index, or one over prefixes or expressions, does not make a key.
        partial = any(option.endswith(("_where", "_length")) for option in options)
        if index.get("unique") and None not in names and not partial:
            yield tuple(names)


def _foreign_key(key: Any, default: str | None, namespace: str | None) -> ForeignKey:
    referred = key["referred_schema"]
    if referred == default and default is not None:
        referred = None
    options = key.get("options") or {}
    return ForeignKey(
        columns=tuple(key["constrained_columns"]),
        table=display_name(referred, key["referred_table"]),
        referred_columns=tuple(key["referred_columns"]),
        name=key.get("name"),
        on_delete=(options.get("ondelete") or "NO ACTION").upper(),
        deferrable=bool(options.get("deferrable")),
    )


def components(tables: Mapping[str, Table], names: Iterable[str]) -> list[list[str]]:
    """Group tables into the order in which they can be loaded.

    Each group is one table, or several that reference each other in a circle. Tables come after
    those they reference; of equals, the one that most others need comes first, then by name.
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
    return ordered


def load_order(tables: Mapping[str, Table], names: Iterable[str]) -> list[str]:
    """Return tables in the order in which they are loaded."""
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
