"""Primary and unique keys from SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

Keys = tuple[tuple[str, ...], Sequence[tuple[str, ...]]]
"""The columns of a table's primary key, empty without one, and those of its unique keys."""


def of_sqlalchemy(
    connection: Connection, namespace: str | None, names: Sequence[str]
) -> dict[str, Keys]:
    """Return the keys of a namespace's tables, by name."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    wanted: dict[str, Any] = {"schema": namespace, "filter_names": names}
    primary: dict[Any, Any] = dict(inspector.get_multi_pk_constraint(**wanted))
    uniques: dict[Any, Any] = dict(inspector.get_multi_unique_constraints(**wanted))
    indexes: dict[Any, Any] = dict(inspector.get_multi_indexes(**wanted))
    return {
        name: keys(primary.get(at), uniques.get(at), indexes.get(at))
        for name in names
        for at in [(namespace, name)]
    }


def keys(primary: Any, uniques: Iterable[Any] | None, indexes: Iterable[Any] | None) -> Keys:
    """Return the keys of a table from SQLAlchemy's reflection; None: there are none."""
    return (
        tuple((primary or {}).get("constrained_columns") or ()),
        [
            *(tuple(unique["column_names"]) for unique in uniques or ()),
            *_unique_indexes(indexes or ()),
        ],
    )


def _unique_indexes(indexes: Iterable[Any]) -> Iterable[tuple[str, ...]]:
    for index in indexes:
        names = index["column_names"]
        options = index.get("dialect_options") or {}
        # An index that is partial, or over prefixes or expressions, does not make a key. The
        # options for this may be expressions, which have no truth value, or empty dictionaries.
        partial = any(
            said is not None and said != {} and option.endswith(("_where", "_length"))
            for option, said in options.items()
        )
        if index.get("unique") and None not in names and not partial:
            yield tuple(names)
