"""Triggers and rules that act while rows are moved: their permissions, and the ways on."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from demosnap import config
from demosnap.database import own_tables, verify
from demosnap.database.live import Database
from demosnap.dialects.base import Dialect
from demosnap.errors import CountError, DatabaseError, VerificationError
from demosnap.model import Event, Table, Trigger
from demosnap.results import Move

TRIGGERS_OFF = "To move demo rows with triggers off, write in demosnap.yaml:  triggers: disable"
_SHOWN = 4


def listed(triggers: Iterable[Trigger]) -> str:
    """Render triggers for a message, each with its table."""
    names = list(dict.fromkeys(map(str, triggers)))
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class ActiveTriggers:
    """The triggers of the tables whose rows a run moves.

    `triggers` act; the triggers of the tables in `off` are switched off. `may_change` are the
    tables that triggers may change freely, and `allowed` the same as written in demosnap.yaml.
    `can_disable`: this role could switch triggers off in this database.
    """

    triggers: tuple[Trigger, ...] = ()
    off: tuple[Table, ...] = ()
    may_change: frozenset[str] = frozenset()
    allowed: tuple[str, ...] = ()
    can_disable: bool = False

    def on(self, event: Event, tables: Iterable[str]) -> list[Trigger]:
        """Return the triggers of the tables that act on an event."""
        names = set(tables)
        return [one for one in self.triggers if one.table in names and event in one.events]

    def ways(self, triggers: Iterable[Trigger], tables: Iterable[str] = ()) -> str:
        """Return the ways on in this database; `tables` are those that triggers may change."""
        found = list(triggers)
        lines = []
        names = [name for name in tables if name not in self.may_change]
        if names:
            lines.append(_allow("check", self.allowed, names))
        if self.can_disable and all(one.kind == "trigger" for one in found):
            lines.append(TRIGGERS_OFF)
        elif found:
            lines.append(f"{'Or take' if lines else 'Take'} {listed(found)} away during the move.")
        return "\n".join(lines)


NONE = ActiveTriggers()


def find(
    database: Database, wanted: config.Triggers, names: Iterable[str]
) -> tuple[Database, ActiveTriggers]:
    """Return the triggers for a move of rows, and the database without switched-off triggers."""
    touched = [database.tables[name] for name in sorted(set(names))]
    touched = [table for table in touched if table.triggers]
    if not touched:
        return database, NONE
    off: tuple[Table, ...] = ()
    if wanted.disabled:
        off = tuple(t for t in touched if any(one.kind == "trigger" for one in t.triggers))
        still = {t.name: tuple(one for one in t.triggers if one.kind != "trigger") for t in touched}
        tables = {
            name: replace(table, triggers=still.get(name, table.triggers))
            for name, table in database.tables.items()
        }
        database = replace(database, tables=tables)
    acting = ActiveTriggers(
        tuple(one for table in touched for one in database.tables[table.name].triggers),
        off,
        wanted.allowed(database.tables),
        wanted.may_change,
        not wanted.disabled and database.dialect.can_disable_triggers(database.connection, touched),
    )
    return database, acting


@contextlib.contextmanager
def blamed(
    database: Database,
    acting: ActiveTriggers,
    event: Event,
    tables: Iterable[str],
    earlier: Iterable[str] = (),
) -> Iterator[None]:
    """Name the triggers that act on an event if the database refuses it, or changes other rows.

    `earlier` are tables whose rows were inserted before; rows made by their triggers may be in the
    way of rows of `tables`.

    Raises:
        DatabaseError: the database refused, or changed other rows.
    """
    names = list(tables)
    try:
        yield
    except CountError as error:
        found = acting.on(event, [error.table])
        if not found:
            raise
        raise CountError(
            error.table, f"{error.message}: {listed(found)} acts on them", acting.ways(found)
        ) from error
    except _driver_errors(database.connection) as error:
        own = acting.on(event, names)
        found = own or acting.on(event, earlier)
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        dialect = database.dialect
        if not found or dialect.is_lock_timeout(cause) or dialect.is_conflict(cause):
            raise
        what = "acts on these rows" if own else "acted on rows that went in before"
        raise DatabaseError(
            f"{', '.join(names)}: the database refused: {_reason(cause)}; {listed(found)} {what}",
            acting.ways(found, () if own else names),
            changed=False,
        ) from error


def untouched(acting: ActiveTriggers, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Check that the rows that a move leaves alone are unchanged.

    Both arguments are results of `verify.staying`.

    Raises:
        VerificationError: they changed; the message names the tables and the triggers.
    """
    changed = verify.changed(before, after)
    if changed:
        by = f"probably by {listed(acting.triggers)}" if acting.triggers else "by a foreign key"
        raise VerificationError(
            f"rows of {', '.join(changed)} outside of the scenario would be changed, {by}",
            acting.ways(acting.triggers, changed) or None,
        )


@dataclass(frozen=True, slots=True)
class Seal:
    """The state of all tables at the verification of the rows.

    It serves to detect triggers on demosnap's own tables, or on definitions, that change rows
    before the commit.
    """

    triggers: tuple[Trigger, ...]
    digests: Mapping[str, str]
    but: frozenset[str]
    wanted: config.Triggers
    moved: frozenset[str]

    def check(self, database: Database) -> None:
        """Check that no row has changed since.

        Raises:
            VerificationError: a row has; the message names the tables and the triggers.
        """
        now = verify.staying(database, {}, self.but)
        changed = verify.changed(self.digests, now)
        if changed:
            self.refuse(f"rows of {', '.join(changed)} would be changed", changed)

    def refuse(self, what: str, changed: Collection[str] = ()) -> None:
        """Report the action of a trigger, with its tables.

        Raises:
            VerificationError: always.
        """
        way = f"Take {listed(self.triggers)} away: demosnap's own tables are for its notes alone."
        # Moved rows must equal the snapshot, so triggers may never change them.
        if changed and not self.moved.intersection(changed):
            way = f"{_allow(self.wanted.action, self.wanted.may_change, changed)}\nOr t{way[1:]}"
        raise VerificationError(f"{what}, probably by {listed(self.triggers)}", way)


def own(connection: Connection, dialect: Dialect) -> tuple[Trigger, ...]:
    """Return the triggers of demosnap's own tables, and those that act on definitions."""
    found = dialect.reflect_triggers(connection, sorted(own_tables.OWN_TABLES))
    on_tables = [one for name in sorted(own_tables.OWN_TABLES) for one in found.get(name, ())]
    return (*on_tables, *dialect.event_triggers(connection))


def seal(
    database: Database,
    triggers: tuple[Trigger, ...],
    wanted: config.Triggers,
    moved: Collection[str] = (),
) -> Seal | None:
    """Record the state of tables, if triggers exist that could change it.

    Tables that triggers may change by `wanted` are left out, unless rows of them were moved.
    """
    if not triggers:
        return None
    left_out = wanted.allowed(database.tables).difference(moved)
    digests = verify.staying(database, {}, left_out)
    return Seal(triggers, digests, left_out, wanted, frozenset(moved))


@contextlib.contextmanager
def blamed_own(
    connection: Connection, dialect: Dialect, of: Callable[[], Seal | None]
) -> Iterator[None]:
    """Name the triggers of demosnap's own tables if the database refuses to write to these.

    `of` returns the seal, once there is one.

    Raises:
        DatabaseError: the database refused.
    """
    try:
        yield
    except _driver_errors(connection) as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        sealed = of()
        if sealed is None or dialect.is_lock_timeout(cause) or dialect.is_conflict(cause):
            raise
        raise DatabaseError(
            f"the database refused: {_reason(cause)}; {listed(sealed.triggers)} acts on demosnap's"
            " own tables",
            f"Take {listed(sealed.triggers)} away.",
            changed=False,
        ) from error


def _driver_errors(connection: Connection) -> tuple[type[BaseException], ...]:
    module = connection.dialect.loaded_dbapi
    return (SQLAlchemyError, module.Error)


def _reason(error: BaseException) -> str:
    args: Sequence[object] = error.args or (type(error).__name__,)
    return ": ".join(map(str, args)).strip().splitlines()[0]


def _allow(action: str, allowed: Iterable[str], names: Iterable[str]) -> str:
    listed = ", ".join(map(_yaml, dict.fromkeys((*allowed, *sorted(names)))))
    return (
        "If triggers may change rows there, write in demosnap.yaml:"
        f"  triggers: {{action: {action}, may_change: [{listed}]}}"
    )


def notes(tables: Mapping[str, Table], wanted: config.Triggers, move: Move) -> Iterator[str]:
    """Yield notes on triggers that act on rows which a move inserts or changes."""
    return told_of(tables, wanted, {"insert": move.load, "update": move.change})


def told_of(
    tables: Mapping[str, Table],
    wanted: config.Triggers,
    brought: Mapping[Event, Mapping[str, int]],
    new: Callable[[str, str], bool] = lambda kind, name: True,
) -> Iterator[str]:
    """Yield notes on triggers that act on `brought` rows: their number by event and table.

    What is not `new` is left out.
    """
    found = [
        one
        for event, rows in brought.items()
        for name, count in rows.items()
        if count and name in tables
        for one in tables[name].triggers
        if event in one.events and not (wanted.disabled and one.kind == "trigger")
        if new("acts", str(one))
    ]
    if found:
        acts, it = ("acts", "it sets") if len(set(found)) == 1 else ("act", "they set")
        yield f"{listed(found)} {acts} on inserted rows; values that {it} in them are put back"


def written(
    tables: Mapping[str, Table], wanted: config.Triggers, moves: Iterable[Move]
) -> frozenset[str]:
    """Return the tables that triggers may change, where such act on what moves do."""
    acting = any(
        not (wanted.disabled and one.kind == "trigger")
        for move in moves
        for rows in (move.purge, move.load, move.change, move.also, move.nulled)
        for name, count in rows.items()
        if count and name in tables
        for one in tables[name].triggers
    )
    return wanted.allowed(tables) if acting else frozenset()


def _yaml(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?", name) else json.dumps(name)
