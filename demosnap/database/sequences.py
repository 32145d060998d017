"""Sequences that only the application uses: a capture records positions, a load advances them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from demosnap.config import Settings
from demosnap.config.names import yaml_item
from demosnap.database.live import Database
from demosnap.dialects.base import Dialect, execute
from demosnap.dialects.sequence_state import Keys
from demosnap.errors import UnknownNameError, did_you_mean
from demosnap.model import Column, Table, display_name, split_name


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions that no default implies, by the sequences' display names.

    `by_keys` are the sequences that number a table, whose positions follow from its keys.
    """

    at: Mapping[str, int] = field(default_factory=dict)
    by_keys: frozenset[str] = frozenset()

    def same(self, recorded: Mapping[str, int], *, comparable: bool) -> bool:
        """Return whether these are as recorded; `comparable`: of the same dialect."""
        # Every new row of the application moves a position that does not follow from keys.
        return self.at.keys() == recorded.keys() and not (
            comparable and any(self.at[name] != recorded[name] for name in self.by_keys)
        )


def positions(database: Database, settings: Settings, rows: Mapping[str, str]) -> Positions:
    """Return the positions of the sequences in `sequences:` and of those inside defaults.

    `rows` are the predicates of the captured rows by table.

    Raises:
        ConfigError: demosnap.yaml names a sequence, table or column that the database lacks.
    """
    dialect, connection = database.dialect, database.connection
    columns = _columns(database, settings)
    selected = [database.tables[name] for name in rows]
    names = tuple(dict.fromkeys((*(settings.sequences or ()), *columns)))
    try:
        found = dict(dialect.sequence_positions(connection, selected, names))
    except UnknownNameError as error:
        tables = {name: table for table, name in settings.numbered.items()}
        at = tables.get(error.name, error.name)
        raise settings.error(error.message, "sequences", at, hint=error.hint) from error
    past = _past(database, columns, rows)
    for name in columns:
        found.pop(name, None)
    return Positions(dict(sorted((found | past).items())), frozenset(past))


def advance(database: Database, settings: Settings, tables: Iterable[Table]) -> None:
    """Advance the sequences that number loaded tables past their keys; never lower one.

    What the database lacks is skipped.
    """
    if not database.rehearsing and settings.numbered:
        columns = _columns(database, settings, lenient=True)
        everything = {table.name: "1 = 1" for table in tables}
        database.restore_positions(_past(database, columns, everything))


def notes(
    database: Database,
    settings: Settings,
    selected: Collection[str],
    new: Callable[[str, str], bool] = lambda kind, name: True,
    *,
    paired: bool = False,
) -> list[str]:
    """Propose sequences that only the application uses, and name those that are behind.

    Each is a message, a line break and the line to paste. `paired`: only those that number one of
    the `selected` tables by their name, and none where there is the setting. Nothing is returned if
    nothing of it is `new`.
    """
    if paired and settings.sequences is not None:
        return []
    dialect, connection = database.dialect, database.connection
    free = [
        one
        for one in dialect.free_sequences(connection)
        if one not in settings.numbered.values() and database.searches(one)
    ]
    pairs = by_name(dialect, database.tables, free)
    mine = {name: sequence for name, sequence in pairs.items() if name in selected}
    behind = [*_behind(database, mine)]
    if settings.sequences is not None:
        fresh = [new("sequence behind", name) for name, _ in behind]
        if not any(fresh):
            return []
        pairs = {**settings.numbered, **{name: mine[name] for name, _ in behind}}
        listed = [one for one in settings.sequences if one not in pairs.values()]
        return [
            f"{'; '.join(text for _, text in behind)}\n"
            f"`sequences: {yaml_item(setting(pairs, listed))}` in demosnap.yaml lets a load advance"
            f" {'it' if len(behind) == 1 else 'them'} past the keys"
        ]
    alone = [] if paired else [one for one in free if one not in pairs.values()]
    shown = [one for one in free if one in alone or one in mine.values()]
    fresh = [new("sequence", one) for one in shown]
    fresh += [new("sequence behind", name) for name, _ in behind]
    if not any(fresh):
        return []
    several = len(shown) > 1
    return [
        f"no column owns and no default uses the {'sequences' if several else 'sequence'}"
        f" {', '.join(shown)}: a load leaves {'them' if several else 'it'} as it is"
        + "".join(f"; {text}" for _, text in behind)
        + f"\n`sequences: {yaml_item(setting(mine, alone))}` in demosnap.yaml advances what the"
        " application takes keys from; `sequences: []` ends this note"
    ]


def setting(pairs: Mapping[str, str], alone: Sequence[str]) -> object:
    """Return the value of `sequences:` for sequences with and without a table."""
    if not alone:
        return dict(pairs)
    return [*alone, dict(pairs)] if pairs else list(alone)


def by_name(dialect: Dialect, tables: Mapping[str, Table], free: Iterable[str]) -> dict[str, str]:
    """Return the sequence of each table that has its name: `TABLE_seq` or `TABLE_COLUMN_seq`."""
    known = {_folded(name): name for name in free}
    found: dict[str, str] = {}
    for table in tables.values() if known else ():
        if (column := _key(dialect, table)) is None:
            continue
        namespace, name = split_name(table.name)
        for wanted in (f"{name}_seq", f"{name}_{column.name}_seq"):
            if sequence := known.get((namespace, wanted.casefold())):
                found.setdefault(table.name, sequence)
    return found


def _folded(name: str) -> tuple[str | None, str]:
    namespace, plain = split_name(name)
    return namespace, plain.casefold()


def _key(dialect: Dialect, table: Table) -> Column | None:
    """Return the key's column if it is a single one of whole numbers."""
    key = table.key_columns
    return key[0] if len(key) == 1 and _is_whole(dialect, key[0]) else None


def _is_whole(dialect: Dialect, column: Column) -> bool:
    return dialect.is_literal(b"7", column) and not dialect.is_literal(b"'7'", column)


_Columns = dict[str, list[tuple[Table, Column]]]


def _columns(database: Database, settings: Settings, *, lenient: bool = False) -> _Columns:
    """Return the columns that each sequence numbers; `lenient`: without missing ones."""
    found: _Columns = {}
    for written, sequence in settings.numbered.items():
        problem, hint, place = _place(database, written)
        if place is not None:
            found.setdefault(sequence, []).append(place)
        elif not lenient:
            raise settings.error(f"sequences: {problem}", "sequences", written, hint=hint)
    return found


def _place(database: Database, written: str) -> tuple[str, str | None, tuple[Table, Column] | None]:
    """Return table and column of `table` or `table.column`, or else a problem and a hint."""
    tables, dialect = database.tables, database.dialect
    table, column = tables.get(written), None
    if table is not None:
        column = _key(dialect, table)
        if column is None:
            hint = "Name the column that the sequence numbers, as table.column."
            return f"the key of {written} is not a single whole number", hint, None
        return "", None, (table, column)
    first, name = split_name(written)
    owner = display_name(None, first) if first is not None else written
    if first is None or owner not in tables:
        near = did_you_mean(owner, tables)
        return f"there is no table {owner!r} in the database{near}", None, None
    names = [one.name for one in tables[owner].columns]
    if name not in names:
        return f"{owner} has no column {name!r}{did_you_mean(name, names)}", None, None
    column = tables[owner].column(name)
    if not _is_whole(dialect, column):
        return f"{written} ({column.type}) is not a column of whole numbers", None, None
    return "", None, (tables[owner], column)


def _past(database: Database, columns: _Columns, rows: Mapping[str, str]) -> dict[str, int]:
    """Return positions past the keys of some rows; a sequence without such rows is left out."""
    found: dict[str, Keys] = {}
    for sequence, places in columns.items():
        for table, column in places:
            if table.name not in rows:
                continue
            if keys := _keys(database, table, column, rows[table.name]):
                least, greatest = found.get(sequence, keys)
                found[sequence] = min(least, keys[0]), max(greatest, keys[1])
    states = database.dialect.sequence_states(database.connection, list(found)) if found else {}
    past = {name: state.position_past(found[name]) for name, state in states.items()}
    return {name: position for name, position in past.items() if position is not None}


def _keys(database: Database, table: Table, column: Column, where: str) -> Keys | None:
    dialect, name = database.dialect, database.dialect.quote(column.name)
    sql = f"SELECT MIN({name}), MAX({name}) FROM {dialect.rows_of(table)} WHERE {where}"
    ((least, greatest),) = execute(database.connection, sql)
    return None if least is None else (int(least), int(greatest))


def _behind(database: Database, pairs: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield a table and a sentence for each sequence whose next number is not past all keys."""
    states = (
        database.dialect.sequence_states(database.connection, list(pairs.values())) if pairs else {}
    )
    for name, sequence in pairs.items():
        column = _key(database.dialect, database.tables[name])
        if sequence not in states or column is None:
            continue
        keys = _keys(database, database.tables[name], column, "1 = 1")
        if keys and states[sequence].behind(keys):
            yield (
                name,
                (
                    f"{sequence} gives {states[sequence].next} next, and {name} has keys"
                    f" from {keys[0]} to {keys[1]}"
                ),
            )
