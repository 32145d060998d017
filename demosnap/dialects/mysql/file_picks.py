"""Note the rows that a user's predicate picks, in a file of MySQL or MariaDB."""

from __future__ import annotations

from collections.abc import Callable

from demosnap.dialects.file_pick_hooks import FilePick
from demosnap.dialects.mysql.codecs import Text, codec
from demosnap.dialects.mysql.scalars import Integer
from demosnap.model import Column, Table

_SHORT = 191
"""The maximum number of characters that fit into an index in any character set."""


def pick(
    quote: Callable[[str], str], source: str, table: Table, where: str, number: int
) -> FilePick:
    """Return how a file notes rows: by the key, or by all values without one.

    No statement reads the same temporary table twice, since MySQL cannot.
    """
    name = f"demosnap_picked_{number}"
    columns = table.captured[: len(table.key)] if table.identified else table.captured
    names = [quote(column.name) for column in columns]
    # A server may require a key for every table, and a key over text may be too long.
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
        # A collation may equate `Red` and `red`.
        same += f" AND CAST({left} AS BINARY) <=> CAST({right} AS BINARY)"
    return same
