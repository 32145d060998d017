"""Join the foreign keys of demosnap.yaml to the tables of the live database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from demosnap.config import Settings
from demosnap.database import reflect
from demosnap.database.live import Database
from demosnap.errors import ConfigError, did_you_mean
from demosnap.model import Condition, ForeignKey, Table, Version
from demosnap.snapshot import logical_keys


def database(
    connection: Connection,
    settings: Settings,
    versions: Iterable[Version] = (),
    *,
    moving: bool = False,
) -> Database:
    """Return the database of a connection, with its current tables and the keys of demosnap.yaml.

    `versions` and `moving` are as in `reflect.database`.

    Raises:
        ConfigError: a key of demosnap.yaml does not fit the tables.
    """
    found = reflect.database(connection, settings, versions, moving=moving)
    if not found.tables:
        # What needs tables says that there are none.
        return found
    keys: dict[str, tuple[ForeignKey, ...]] = {}
    for number, one in enumerate(settings.foreign_keys, 1):
        key = _Checked(found, settings, number, one.table).key(one.key)
        others = keys.get(one.table, ())
        if any(replace(key, when=()) == replace(other, when=()) for other in others):
            raise settings.error(
                f"foreign_keys: {one.table}.{', '.join(key.columns)} references {key.table} twice",
                *("foreign_keys", str(number)),
                hint="Give one of them a list of values under `when`, and delete the other.",
            )
        keys[one.table] = (*others, key)
    return replace(found, tables=logical_keys.joined(found.tables, keys))


class _Checked:
    """The checks of a foreign key of a table against the tables of the database."""

    def __init__(self, database: Database, settings: Settings, number: int, table: str) -> None:
        self._dialect, self._tables = database.dialect, database.tables
        self._settings, self._number = settings, number
        self._table = self._known(table, "table")

    def key(self, key: ForeignKey) -> ForeignKey:
        """Return the key with its conditions resolved.

        Raises:
            ConfigError: it does not fit the tables.
        """
        table, at = self._table, "json" if key.path else "columns"
        self._columns(table, key.columns, at)
        parent = self._known(key.table, "references")
        self._columns(parent, key.referred_columns, "references")
        if not _is_unique(parent, key.referred_columns):
            keys = "; ".join(", ".join(one) for one in (parent.key, *parent.unique) if one)
            raise self._error(
                f"{parent.name} has no unique key of {', '.join(key.referred_columns)}",
                "references",
                hint=f"Its unique keys: {keys or 'none'}.",
            )
        for declared in table.foreign_keys:
            if not key.path and (declared.columns, declared.table) == (key.columns, key.table):
                raise self._error(
                    f"the database declares {table.name}.{', '.join(key.columns)} →"
                    f" {key.table} itself",
                    at,
                    hint="Delete this entry: a declared key counts by itself.",
                )
        self._types(table, parent, key, at)
        return replace(key, when=tuple(self._condition(one) for one in key.when))

    def _types(self, table: Table, parent: Table, key: ForeignKey, at: str) -> None:
        for name, other in zip(key.columns, key.referred_columns, strict=True):
            column, referred = table.column(name), parent.column(other)
            if key.path:
                if not self._dialect.holds_json(column):
                    raise self._error(f"{table.name}.{name} ({column.type}) cannot hold JSON", at)
                column = replace(logical_keys.JSON_VALUE, name=name)
            if not self._dialect.convertible(column, referred):
                raise self._error(
                    f"{table.name}.{name} ({column.type}) can never equal {parent.name}.{other}"
                    f" ({referred.type})",
                    at,
                )

    def _condition(self, one: Condition) -> Condition:
        at = "when", one.column
        self._columns(self._table, (one.column,), *at)
        if one.table is not None:
            return self._row(one, *at)
        for value in one.values:
            try:
                logical_keys.literal(self._dialect, self._table.column(one.column), value)
            except ValueError as error:
                column = self._table.column(one.column)
                raise self._error(
                    f"{self._table.name}.{one.column} ({column.type}) cannot hold {value!r}: it"
                    f" {error}",
                    *at,
                ) from None
        return one

    def _row(self, one: Condition, *at: str) -> Condition:
        """Return a condition on a row of another table with the columns that it takes."""
        assert one.table is not None
        there = self._known(one.table, *at)
        if len(there.key) != 1:
            raise self._error(f"{there.name} has no key of one column", *at)
        natural = [key for key in there.unique if not {*key} & {*there.key}]
        if len(natural) != 1:
            shown = "; ".join(", ".join(key) for key in natural) or "none"
            raise self._error(
                f"{there.name} needs one unique key beside {there.key[0]} to find a row by",
                *at,
                hint=f"Its unique keys: {shown}. Or give the value of {one.column} itself.",
            )
        if len(natural[0]) != len(one.values):
            raise self._error(
                f"the key of {there.name} is {', '.join(natural[0])}, and there"
                f" {'is 1 value' if len(one.values) == 1 else f'are {len(one.values)} values'}",
                *at,
            )
        column = self._table.column(one.column)
        if not logical_keys.alike(self._dialect, column, there.column(there.key[0])):
            raise self._error(f"{one.column} and {there.name}.{there.key[0]} differ in type", *at)
        return replace(one, key=there.key[0], names=natural[0])

    def _known(self, name: str, *at: str) -> Table:
        if name not in self._tables:
            raise self._error(
                f"there is no table {name!r} in the database{did_you_mean(name, self._tables)}", *at
            )
        return self._tables[name]

    def _columns(self, table: Table, names: Collection[str], *at: str) -> None:
        known = [column.name for column in table.columns]
        for name in names:
            if name not in known:
                raise self._error(
                    f"{table.name} has no column {name!r}{did_you_mean(name, known)}", *at
                )

    def _error(self, message: str, *at: str, hint: str | None = None) -> ConfigError:
        path = ("foreign_keys", str(self._number), *at)
        return self._settings.error(f"{'.'.join(path)}: {message}", *path, hint=hint)


def _is_unique(table: Table, columns: Sequence[str]) -> bool:
    return any(sorted(columns) == sorted(key) for key in (table.key, *table.unique))
