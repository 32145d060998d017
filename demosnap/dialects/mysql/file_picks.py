"""How a file of MySQL or MariaDB notes the rows that a user's predicate picks."""

from __future__ import annotations

from collections.abc import Callable

from demosnap.dialects.file_pick_hooks import FilePick
from demosnap.dialects.mysql.codecs import Text, codec
from demosnap.dialects.mysql.scalars import Integer
from demosnap.model import Column, Table

_SHORT = 191
"""The characters that fit into an index, whatever they are made of."""


def pick(
    quote: Callable[[str], str], source: str, table: Table, where: str, number: int
) -> FilePick:
    """Return how a file notes rows: by the key, or by all values where there is none.

    Only one table of each name is read in a statement: MySQL reads a temporary one only once.
    """
    name = f"demosnap_picked_{number}"
    columns = table.captured[: len(table.key)] if table.identified else table.captured
    names = [quote(column.name) for column in columns]
    # A server may require a key of every table, and one over text may be too long.
    index = "demosnap_place BIGINT AUTO_INCREMENT PRIMARY KEY"
    if table.identified and all(map(_short, columns)):
        index += f", KEY ({','.join(names)})"
    if table.identified:
        left = f"({','.join(names)})" if len(names) > 1 else names[0]
        predicate = f"{left} IN (SELECT {','.join(names)} FROM {name})"
    else:
        same = " AND ".join(
            _same(f"demosnap_picked.{one}", f"{source}.{one}", column)
            for one, column in zip(names, columns, strict=True)
        )
        predicate = f"EXISTS (SELECT 1 FROM {name} AS demosnap_picked WHERE {same})"
    return FilePick(
        f"CREATE TEMPORARY TABLE {name} ({index}) AS SELECT {','.join(names)}"
        f" FROM {source} WHERE {where} LOCK IN SHARE MODE;",
        predicate,
        f"DROP TEMPORARY TABLE {name};",
    )


def _short(column: Column) -> bool:
    found = codec(column.type)
    if isinstance(found, Text):
        return found.name in ("char", "varchar") and int(found.args or 1) <= _SHORT
    return type(found) is Integer


def _same(left: str, right: str, column: Column) -> str:
    same = f"{left} <=> {right}"
    if isinstance(codec(column.type), Text):
        # A collation takes `Red` for `red`.
        same += f" AND CAST({left} AS BINARY) <=> CAST({right} AS BINARY)"
    return same
