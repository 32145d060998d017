"""Convert table definitions to JSON and back, omitting defaults and checking every field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from demosnap.errors import UsageError
from demosnap.model import Column, ForeignKey, Table, display_name, split_name

MAX_COLUMNS = 4096
"""The maximum number of columns in a table: MySQL's limit, the highest of all."""

_T = TypeVar("_T")


class DefinitionError(Exception):
    """An invalid definition; the text has the reason."""


def definition(table: Table) -> dict[str, Any]:
    """Return a table's definition as a JSON object.

    Triggers, logical foreign keys and default values are left out.
    """
    found: dict[str, Any] = {"columns": [_unusual(column) for column in table.columns]}
    if table.key:
        found["key"] = list(table.key)
    if table.unique:
        found["unique"] = [list(columns) for columns in table.unique]
    if declared := [key for key in table.foreign_keys if not key.logical]:
        found["foreign_keys"] = [_unusual(key) for key in declared]
    if table.inherited:
        found["inherited"] = True
    return found


def _unusual(value: Column | ForeignKey) -> dict[str, Any]:
    """Return the fields of a column or a key that differ from their defaults, in their order."""
    found = {one.name: getattr(value, one.name) for one in fields(value)}
    usual = {one.name: one.default for one in fields(value)}
    return {
        name: list(one) if isinstance(one, tuple) else one
        for name, one in found.items()
        if one != usual[name]
    }


def parse_table(value: object) -> tuple[Table, int]:
    """Return a table and its number of rows from an object of a snapshot's header.

    Raises:
        DefinitionError: the object has an invalid type, field or name.
    """
    found = _object(value, "table", ("table", "rows", "columns"), _TABLE_FIELDS)
    table = Table(
        name=found["table"],
        columns=found["columns"],
        key=found.get("key", ()),
        unique=found.get("unique", ()),
        foreign_keys=found.get("foreign_keys", ()),
        inherited=found.get("inherited", False),
    )
    names = {column.name for column in table.columns}
    if len(names) != len(table.columns):
        raise DefinitionError(f"table {excerpt(table.name)} has two columns of one name")
    computed = {column.name for column in table.columns if column.generated}
    if computed == names:
        raise DefinitionError(f"table {excerpt(table.name)} has no column that holds data")
    if not computed.isdisjoint(table.key):
        raise DefinitionError(f"the key of {excerpt(table.name)} is computed by the database")
    for columns in (table.key, *table.unique, *(key.columns for key in table.foreign_keys)):
        _known(columns, names, table.name)
    return table, found["rows"]


def _parse_column(value: object) -> Column:
    return Column(**_object(value, "column", ("name", "type"), _COLUMN_FIELDS))


def _parse_foreign_key(value: object) -> ForeignKey:
    required = ("columns", "table", "referred_columns")
    found = _object(value, "foreign key", required, _FOREIGN_KEY_FIELDS)
    if len(found["columns"]) != len(found["referred_columns"]):
        raise DefinitionError("a foreign key has a different number of columns than it references")
    return ForeignKey(**found)


def _object(
    value: object, what: str, required: Iterable[str], known: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DefinitionError(f"a {what} is not an object")
    for name in required:
        if name not in value:
            raise DefinitionError(f"a {what} has no {name!r}")
    for name in value:
        if name not in known:
            raise DefinitionError(f"a {what} has an unknown field {excerpt(name)!r}")
    found = {}
    for name, item in value.items():
        try:
            found[name] = known[name](item)
        except DefinitionError as error:
            raise DefinitionError(f"{name!r} of a {what}: {error}") from None
    return found


def check_references(tables: Iterable[Table]) -> None:
    """Check that foreign keys among the tables name existing columns.

    Raises:
        DefinitionError: a column does not exist.
    """
    tables = list(tables)
    columns = {table.name: {column.name for column in table.columns} for table in tables}
    for table in tables:
        for key in table.foreign_keys:
            if key.table in columns:
                _known(key.referred_columns, columns[key.table], key.table)


def _known(columns: Iterable[str], names: set[str], table: str) -> None:
    for column in columns:
        if column not in names:
            raise DefinitionError(f"table {excerpt(table)} has no column {excerpt(column)!r}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise DefinitionError(f"{excerpt(str(value))} is not a text")
    if re.search("[\0\ud800-\udfff]", value):
        raise DefinitionError(f"{excerpt(value)} holds characters that names cannot hold")
    return value


def _table_name(value: object) -> str:
    text = _text(value)
    try:
        if display_name(*split_name(text)) == text:
            return text
    except UsageError:
        pass
    raise DefinitionError(f"{excerpt(text)} is not a table name")


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise DefinitionError(f"{excerpt(str(value))} is neither true nor false")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise DefinitionError("it is not a number of rows")
    return value


def _identity(value: object) -> str:
    if value not in ("always", "by default"):
        raise DefinitionError("it is neither 'always' nor 'by default'")
    return str(value)


def _enforced(value: object) -> str:
    if value not in ("some", "none"):
        raise DefinitionError("it is neither 'some' nor 'none'")
    return str(value)


def _list_of(item: Callable[[Any], _T], most: int) -> Callable[[Any], tuple[_T, ...]]:
    def check(value: object) -> tuple[_T, ...]:
        if not isinstance(value, list) or not value:
            raise DefinitionError("it is not a list of at least one")
        if len(value) > most:
            raise DefinitionError(f"it lists more than {most}")
        return tuple(map(item, value))

    return check


def _names(value: object) -> tuple[str, ...]:
    found = _list_of(_text, MAX_COLUMNS)(value)
    if len(set(found)) != len(found):
        raise DefinitionError("it names a column twice")
    return found


_COLUMN_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "name": _text,
    "type": _text,
    "nullable": _boolean,
    "default": _text,
    "generated": _boolean,
    "identity": _identity,
}
_FOREIGN_KEY_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "columns": _names,
    "table": _table_name,
    "referred_columns": _names,
    "name": _text,
    "on_delete": _text,
    "deferrable": _boolean,
    "enforced": _enforced,
}
_TABLE_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "table": _table_name,
    "rows": _count,
    "columns": _list_of(_parse_column, MAX_COLUMNS),
    "key": _names,
    "unique": _list_of(_names, MAX_COLUMNS),
    "foreign_keys": _list_of(_parse_foreign_key, MAX_COLUMNS),
    "inherited": _boolean,
}


def excerpt(text: str, around: int = 0) -> str:
    """Shorten a text for a message, to the part around a position."""
    start = max(0, around - 60)
    shown = text[start : start + 120]
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown)
    return ("…" if start else "") + shown + ("…" if start + 120 < len(text) else "")
