"""Columns that are not captured, or not compared."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection
from dataclasses import replace

from demosnap.errors import UsageError
from demosnap.model import Column, Selection, Table, Treatment, display_name, split_name

_LAST_PART = re.compile(r'\.("(?:[^"]|"")*"|[^."\s]+)\Z')


def parse(text: str) -> tuple[str, str]:
    """Parse `table.column` into the table's display name and the column's name.

    Raises:
        UsageError: the text is not a column of a table.
    """
    if last := _LAST_PART.search(text):
        with contextlib.suppress(UsageError):
            table = display_name(*split_name(text[: last.start()]))
            return table, split_name(last[1])[1]
    raise UsageError(
        f"{text!r} is not a column of a table",
        "Write table.column, as in users.last_login; parts with dots or spaces in double quotes.",
    )


def treatments(selection: Selection) -> dict[str, Treatment]:
    """Return the treatment of columns by `table.column`, as in demosnap.yaml."""
    return {
        f"{table}.{display_name(None, column)}": treatment
        for table, columns in selection.columns.items()
        for column, treatment in columns.items()
    }


def required(column: Column) -> bool:
    """Return whether an INSERT must give a column a value."""
    return not (
        column.nullable or column.generated or column.default is not None or column.identity
    )


def omitted(selection: Selection, table: str) -> frozenset[str]:
    """Return the columns of a table that a selection does not capture."""
    columns = selection.columns.get(table, {})
    return frozenset(name for name, treatment in columns.items() if treatment == "omit")


def without(table: Table, names: Collection[str]) -> Table:
    """Return a table without columns outside of its key, and without what uses them."""
    gone = frozenset(names).difference(table.key)
    if gone.isdisjoint(column.name for column in table.columns):
        return table
    return replace(
        table,
        columns=tuple(one for one in table.columns if one.name not in gone),
        unique=tuple(key for key in table.unique if gone.isdisjoint(key)),
        foreign_keys=tuple(
            key
            for key in table.foreign_keys
            if gone.isdisjoint((*key.columns, *(one.column for one in key.when)))
        ),
    )


def comparing_without(table: Table, names: Collection[str]) -> Table:
    """Return a table with further columns that comparisons leave out."""
    more = table.uncompared.union(names).difference(table.key)
    return table if more == table.uncompared else replace(table, uncompared=more)
