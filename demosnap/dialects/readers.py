"""The open reader of a connection, to which the server still sends rows.

The connection accepts no other statement or rollback before the reader is closed. So it is closed
before any other statement, even if its consumer failed and still references it.
"""

from __future__ import annotations

import contextlib
import inspect
import weakref
from collections.abc import Generator
from typing import TYPE_CHECKING

from demosnap.rows.canonical import Rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

_EVENTS = (
    "before_cursor_execute",
    "commit",
    "release_savepoint",
    "rollback",
    "rollback_savepoint",
    "savepoint",
)

# Weak references, since an unreferenced reader closes itself.
_open: weakref.WeakKeyDictionary[Connection, weakref.ref[Generator[list[bytes], None, None]]]
_open = weakref.WeakKeyDictionary()


def rows(connection: Connection, batches: Generator[list[bytes], None, None]) -> Rows:
    """Return rows that come in batches from the connection; the first batch opens their reader."""

    def read() -> Generator[list[bytes], None, None]:
        _opened(connection, reader)
        yield from batches

    reader = read()
    return Rows(reader)


def _opened(connection: Connection, reader: Generator[list[bytes], None, None]) -> None:
    from sqlalchemy import event

    close(connection)
    for name in _EVENTS:
        if not event.contains(connection, name, _before):
            event.listen(connection, name, _before)
    _open[connection] = weakref.ref(reader)


def close(connection: Connection) -> None:
    """Close the open reader of a connection, if any."""
    known = _open.get(connection)
    reader = known() if known is not None else None
    if reader is None or inspect.getgeneratorstate(reader) == inspect.GEN_RUNNING:
        return
    del _open[connection]
    # An error of the reader must not hide the error of its consumer.
    with contextlib.suppress(Exception):
        reader.close()


def _before(connection: Connection, *_: object) -> None:
    close(connection)
