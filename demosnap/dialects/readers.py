"""The reader that is open on a connection, which the server still sends rows to.

Nothing else can be asked of the connection, and nothing be rolled back, before it is closed: so it
is closed before anything else is, also where its consumer failed and its frames are still there.
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

# Weakly: an unreferenced reader closes itself.
_open: weakref.WeakKeyDictionary[Connection, weakref.ref[Generator[list[bytes], None, None]]]
_open = weakref.WeakKeyDictionary()


def rows(connection: Connection, batches: Generator[list[bytes], None, None]) -> Rows:
    """Return rows that come in batches from the connection; the first one opens their reader."""

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
    """Close the reader that is open on a connection, if any."""
    known = _open.get(connection)
    reader = known() if known is not None else None
    if reader is None or inspect.getgeneratorstate(reader) == inspect.GEN_RUNNING:
        return
    del _open[connection]
    # Whatever fails in it, what its consumer raised is the error to be seen.
    with contextlib.suppress(Exception):
        reader.close()


def _before(connection: Connection, *_: object) -> None:
    close(connection)
