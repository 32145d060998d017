"""Definitions, as Firebird's system tables have them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from demosnap.dialects.base import execute
from demosnap.model import Column, Event, ForeignKey, Trigger, display_name
from demosnap_firebird.keywords import RESERVED

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")

# RDB$FIELDS.RDB$FIELD_TYPE, where it alone says the type.
_TYPES = {
    10: "FLOAT", 12: "DATE", 13: "TIME", 23: "BOOLEAN", 27: "DOUBLE PRECISION", 35: "TIMESTAMP",
}  # fmt: skip
_EXACT = {7: ("SMALLINT", 4), 8: ("INTEGER", 9), 16: ("BIGINT", 18)}
_TEXTS = {14: "CHAR", 37: "VARCHAR"}
_OCTETS = 1
_EVENTS: Mapping[int, Event] = {1: "insert", 2: "update", 3: "delete"}


def shown(name: str) -> str:
    """Return how a name of the database is spelled here, which `quoted` leads back from.

    Upper case is what Firebird makes of a name without quotes, so lower case stands for it, and a
    name that is really in lower case carries its quotes.
    """
    name = name.rstrip()
    lower = name.lower()
    if name == name.upper() and _PLAIN.fullmatch(lower) and lower not in RESERVED:
        return lower
    return f'"{name}"' if _PLAIN.fullmatch(name) and name not in RESERVED else name


def _displayed(name: str) -> str:
    """Return a table's display name."""
    return display_name(None, shown(name))


def tables(connection: Connection) -> list[str]:
    """Return the names of users' tables; views, external and temporary tables are left out."""
    sql = (
        "SELECT rdb$relation_name FROM rdb$relations WHERE COALESCE(rdb$system_flag, 0) = 0"
        " AND rdb$view_blr IS NULL AND COALESCE(rdb$relation_type, 0) = 0"
    )
    return sorted(shown(name) for (name,) in execute(connection, sql))


def columns(connection: Connection, names: Collection[str]) -> dict[str, tuple[Column, ...]]:
    """Return the columns of tables, in declared order."""
    sql = (
        "SELECT r.rdb$relation_name, r.rdb$field_name, f.rdb$field_type, f.rdb$field_sub_type,"
        " f.rdb$field_length, f.rdb$character_length, f.rdb$field_precision, f.rdb$field_scale,"
        " f.rdb$character_set_id, f.rdb$dimensions, f.rdb$computed_source,"
        " COALESCE(r.rdb$null_flag, f.rdb$null_flag, 0),"
        " COALESCE(r.rdb$default_source, f.rdb$default_source), r.rdb$identity_type"
        " FROM rdb$relation_fields r JOIN rdb$fields f ON f.rdb$field_name = r.rdb$field_source"
        " ORDER BY r.rdb$relation_name, r.rdb$field_position"
    )
    found: dict[str, tuple[Column, ...]] = dict.fromkeys(names, ())
    for table, name, *how, computed, filled, default, identity in execute(connection, sql):
        if _displayed(table) in found:
            column = Column(
                shown(name),
                _type(*how),
                nullable=not filled,
                default=re.sub(r"^\s*(default|=)\s*", "", default, flags=re.I) if default else None,
                generated=computed is not None,
                identity=None if identity is None else ("always", "by default")[identity],
            )
            found[_displayed(table)] += (column,)
    return found


def _type(
    kind: int,
    sub_type: int | None,
    length: int,
    characters: int | None,
    precision: int | None,
    scale: int | None,
    charset: int | None,
    dimensions: int | None,
) -> str:
    """Return a type as `codecs` knows it, or as something that it does not know."""
    if dimensions:
        return f"ARRAY OF {kind}"
    if kind in _EXACT:
        name, digits = _EXACT[kind]
        exact = f"NUMERIC({precision or digits},{-(scale or 0)})"
        return exact if sub_type or scale else name
    if kind in _TEXTS:
        prefix = "VAR" if kind == 37 else ""
        if charset == _OCTETS:
            return f"{prefix}BINARY({length})"
        return f"{prefix}CHAR({characters if characters is not None else length})"
    if kind == 261:
        return {0: "BLOB SUB_TYPE BINARY", 1: "BLOB SUB_TYPE TEXT"}.get(sub_type or 0, "BLOB")
    return _TYPES.get(kind, f"TYPE {kind}")


def _segments(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Return the columns of each index, by its own name."""
    sql = (
        "SELECT rdb$index_name, rdb$field_name FROM rdb$index_segments"
        " ORDER BY rdb$index_name, rdb$field_position"
    )
    found: dict[str, tuple[str, ...]] = {}
    for index, column in execute(connection, sql):
        found[index] = (*found.get(index, ()), shown(column))
    return found


def keys(
    connection: Connection, names: Collection[str]
) -> dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """Return the primary key and the unique keys of tables."""
    sql = (
        "SELECT i.rdb$relation_name, i.rdb$index_name, c.rdb$constraint_type FROM rdb$indices i"
        " LEFT JOIN rdb$relation_constraints c ON c.rdb$index_name = i.rdb$index_name"
        " WHERE i.rdb$unique_flag = 1 AND COALESCE(i.rdb$index_inactive, 0) = 0"
        " AND i.rdb$expression_source IS NULL ORDER BY i.rdb$index_name"
    )
    found: dict[str, Any] = {name: ((), []) for name in names}
    segments = _segments(connection)
    for table, index, kind in execute(connection, sql):
        if shown(table) not in found:
            continue
        primary, unique = found[shown(table)]
        if (kind or "").rstrip() == "PRIMARY KEY":
            primary = segments[index]
        else:
            unique = [*unique, segments[index]]
        found[shown(table)] = (primary, unique)
    return found


def foreign_keys(
    connection: Connection, names: Collection[str]
) -> dict[str, tuple[ForeignKey, ...]]:
    """Return the foreign keys of tables; Firebird checks each of them row by row, at once."""
    sql = (
        "SELECT c.rdb$relation_name, c.rdb$constraint_name, c.rdb$index_name, p.rdb$relation_name,"
        " p.rdb$index_name, r.rdb$delete_rule FROM rdb$relation_constraints c"
        " JOIN rdb$ref_constraints r ON r.rdb$constraint_name = c.rdb$constraint_name"
        " JOIN rdb$relation_constraints p ON p.rdb$constraint_name = r.rdb$const_name_uq"
        " ORDER BY c.rdb$constraint_name"
    )
    segments = _segments(connection)
    found: dict[str, tuple[ForeignKey, ...]] = dict.fromkeys(names, ())
    for table, name, index, parent, referred, rule in execute(connection, sql):
        if _displayed(table) in found:
            action = rule.rstrip().replace("RESTRICT", "NO ACTION")
            key = ForeignKey(
                segments[index], _displayed(parent), segments[referred], shown(name), action
            )
            found[_displayed(table)] += (key,)
    return found


def triggers(connection: Connection, names: Collection[str]) -> dict[str, tuple[Trigger, ...]]:
    """Return users' triggers that are on; a type holds up to three events in two bits each."""
    sql = (
        "SELECT rdb$relation_name, rdb$trigger_name, rdb$trigger_type FROM rdb$triggers"
        " WHERE COALESCE(rdb$system_flag, 0) = 0 AND COALESCE(rdb$trigger_inactive, 0) = 0"
        " AND rdb$relation_name IS NOT NULL ORDER BY rdb$trigger_name"
    )
    found: dict[str, tuple[Trigger, ...]] = {}
    for table, name, kind in execute(connection, sql):
        if _displayed(table) in names:
            parts = {(kind + 1) >> shift & 3 for shift in (1, 3, 5)}
            events = frozenset(_EVENTS[part] for part in parts if part)
            trigger = Trigger(shown(name), _displayed(table), events)
            found[_displayed(table)] = (*found.get(_displayed(table), ()), trigger)
    return found


def identities(connection: Connection, names: Collection[str]) -> Sequence[tuple[str, str, str]]:
    """Return the columns that number themselves: table, column, and the generator's own name."""
    sql = (
        "SELECT rdb$relation_name, rdb$field_name, rdb$generator_name FROM rdb$relation_fields"
        " WHERE rdb$generator_name IS NOT NULL"
    )
    found = [(_displayed(t), shown(c), g.rstrip()) for t, c, g in execute(connection, sql)]
    return [one for one in found if one[0] in names]
