"""Render what a row references by a foreign key: values of its columns, or values in its JSON."""

from __future__ import annotations

from collections.abc import Callable

from demosnap import json_path
from demosnap.dialects.base import Dialect
from demosnap.model import Condition, ForeignKey, Table
from demosnap.snapshot import logical_keys


def conditions(dialect: Dialect, child: Table, key: ForeignKey) -> str | None:
    """Render the conditions under which a logical key of `child` counts; None: it always does."""
    return " AND ".join(_condition(dialect, child, one) for one in key.when) or None


def _condition(dialect: Dialect, child: Table, one: Condition) -> str:
    column = child.column(one.column)
    if one.table is None:
        keys = [(logical_keys.literal(dialect, column, value),) for value in one.values]
        return f"({dialect.key_predicate([column], keys)})"
    same = " AND ".join(
        f"{dialect.quote(name)} = {dialect.string(value)}"
        for name, value in zip(one.names, one.values, strict=True)
    )
    source = f"{dialect.quote_table(one.table)} WHERE {same}"
    return f"{dialect.quote(one.column)} IN (SELECT {dialect.quote(one.key)} FROM {source})"


def in_columns(dialect: Dialect, child: Table, key: ForeignKey) -> list[str]:
    """Render the columns of a foreign key in the types of those that they reference."""
    columns = [child.column(name) for name in key.columns]
    found = [dialect.referring(column) for column in columns]
    return [
        value
        if logical_keys.alike(dialect, column, referred)
        else dialect.converted(value, column, referred)
        for value, column, referred in zip(found, columns, key.referred or columns, strict=True)
    ]


def together(*parts: str | None) -> str:
    """Render that all of some predicates hold."""
    return " AND ".join(part for part in parts if part)


def in_json(
    dialect: Dialect, child: Table, key: ForeignKey, source: str | None = None
) -> tuple[str, str]:
    """Render the values at the path of a key: what stands after FROM, and a value.

    They are values of the row around the subquery, or of the rows of `source`, the text after
    FROM. A value that cannot be a key is NULL.
    """
    assert key.path is not None
    path = json_path.steps(key.path)
    rows, value = dialect.json_texts(child.column(key.columns[0]), path, source)
    (referred,) = key.referred
    if not logical_keys.alike(dialect, logical_keys.JSON_VALUE, referred):
        value = dialect.converted(value, logical_keys.JSON_VALUE, referred)
    return rows, value


def some_in_json(
    dialect: Dialect, child: Table, key: ForeignKey, where: Callable[[str], str]
) -> str:
    """Render that a predicate of a value holds for one in the JSON of a row of `child`."""
    rows, value = in_json(dialect, child, key)
    found = f"EXISTS (SELECT 1 FROM {rows} WHERE {where(value)})"
    return together(conditions(dialect, child, key), found)
