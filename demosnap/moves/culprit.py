"""Find the row that the database refuses if its error does not name the row."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.model import Table, Version
from demosnap.moves.triggers import TRIGGERS_OFF
from demosnap.rows.canonical import Rows, show_key
from demosnap.snapshot import table_order


def reason(error: BaseException) -> str:
    """Return the text of an error: a driver's first line, or the failure inside of demosnap."""
    cause = getattr(error, "orig", None) or error
    words = [str(part) for part in cause.args] or [type(cause).__name__]
    text = ": ".join(words).strip().splitlines()[0]
    own = type(cause).__module__ == "builtins"
    return f"{type(cause).__name__}: {text}" if own else text


def find(database: Database, version: Version) -> str | None:
    """Load a version again, table by table, until it fails; return where and why.

    None: the load does not fail. The caller has to roll it back.
    """
    snapshot = OpenSnapshot(version, database)
    blocks = snapshot.blocks()
    seen: list[Table] = []
    for group in table_order.groups(snapshot.tables):
        found = [(table, list(next(blocks))) for table in group]
        seen += group
        members = [(table, _batch(rows)) for table, rows in found]

        def together(members: Sequence[tuple[Table, Rows]] = members) -> None:
            if len(members) > 1:
                database.dialect.write_cyclic(database.connection, members)
            else:
                database.dialect.write_rows(database.connection, *members[0])

        error = _attempt(database, together)
        if error is None:
            continue
        table, rows = found[0]
        where = ", ".join(one.name for one in group)
        if len(group) == 1 and (row := _first_refused(database, table, rows)) is not None:
            where += f": row {show_key(table, row[0])}"
            error = row[1]
        return f"{where}: {reason(error)}{_triggers(seen)}"
    error = _attempt(database, lambda: database.dialect.settle(database.connection))
    return f"{reason(error)}{_triggers(seen)}" if error is not None else None


def _attempt(database: Database, act: Callable[[], None]) -> Exception | None:
    """Try an action, roll it back, and return its error."""
    savepoint = database.connection.begin_nested()
    try:
        act()
    except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
        savepoint.rollback()
        return error
    savepoint.commit()
    return None


def _first_refused(
    database: Database, table: Table, rows: list[bytes]
) -> tuple[bytes, Exception] | None:
    """Return a refused row with its error: halve the refused rows, keep the accepted ones."""
    ahead = [rows] if rows else []
    while ahead:
        some = ahead.pop()
        error = _attempt(database, lambda some=some: _write(database, table, some))  # type: ignore[misc]
        if error is not None:
            if len(some) == 1:
                return some[0], error
            half = len(some) // 2
            ahead += [some[half:], some[:half]]
    return None


def _write(database: Database, table: Table, rows: list[bytes]) -> None:
    database.dialect.write_rows(database.connection, table, _batch(rows))


def _batch(rows: list[bytes]) -> Rows:
    # Batches are not empty, since a bulk load would send an empty line.
    return Rows(iter([rows] if rows else ()))


def _triggers(tables: Sequence[Table]) -> str:
    named = [str(trigger) for table in tables for trigger in table.triggers]
    return f" ({', '.join(named)})" if named else ""


def explained(
    database: Database, versions: Sequence[Version], *, disable_triggers: bool
) -> str | None:
    """Return where and why the first of the versions that fail cannot be loaded; None: unknown."""
    for version in versions:
        with contextlib.suppress(Exception), contextlib.ExitStack() as stack:
            tables = [database.tables[name] for name in version.rows if name in database.tables]
            touched = [table for table in tables if table.triggers]
            if touched and disable_triggers:
                switched = database.dialect.without_triggers(database.connection, touched)
                stack.enter_context(switched)
            if found := find(database, version):
                named = any(str(one) in found for table in touched for one in table.triggers)
                if named and not disable_triggers and _can_disable(database, touched):
                    found += f"\n{TRIGGERS_OFF}"
                return found
    return None


def _can_disable(database: Database, tables: Sequence[Table]) -> bool:
    return database.dialect.can_disable_triggers(database.connection, tables)
