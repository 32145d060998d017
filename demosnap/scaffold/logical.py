"""Find the foreign keys that a database does not declare, by names and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from demosnap.model import Column, Condition, ForeignKey, Table, display_name, split_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from demosnap.dialects.base import Dialect

SAMPLE = 10_000
"""The number of rows of a table that are read."""
_MOST_TYPES = 50
_ID = re.compile(r"(.+?)(?:_id|_ID|Id|ID)")
_CONTENT_TYPES = "django_content_type"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A foreign key of a table that its names suggest, and its values do not contradict.

    `partners` of its `values`, which are those of at most `SAMPLE` rows, reference a row; `whole`:
    these are all rows.
    """

    table: str
    key: ForeignKey
    values: int
    partners: int
    whole: bool

    @property
    def entry(self) -> dict[str, object]:
        """The entry of `foreign_keys` in demosnap.yaml."""
        (column,), (referred,) = self.key.columns, self.key.referred_columns
        found: dict[str, object] = {"table": self.table, "columns": column}
        found["references"] = f"{self.key.table}.{display_name(None, referred)}"
        for one in self.key.when:
            values = one.values[0] if len(one.values) == 1 else list(one.values)
            found["when"] = {one.column: {one.table: values} if one.table else values}
        return found

    @property
    def count(self) -> str:
        """How many values have a partner, for a comment."""
        if not self.values:
            return "no values yet" if not self.whole else "the table is empty"
        sample = "" if self.whole else f", in {SAMPLE} rows"
        return f"{self.partners} of {self.values} values{sample}"


def proposals(connection: Connection, tables: Mapping[str, Table]) -> tuple[Proposal, ...]:
    """Return the foreign keys that the database does not declare, by table and column."""
    return tuple(
        one for table in tables.values() for one in _Finder(connection, tables, table).found()
    )


class _Finder:
    """The search for the undeclared foreign keys of a table."""

    def __init__(self, connection: Connection, tables: Mapping[str, Table], table: Table) -> None:
        from demosnap import dialects

        self._connection, self._tables, self._table = connection, tables, table
        self._dialect: Dialect = dialects.of(connection)
        self._columns = {column.name: column for column in table.columns}
        self._namespace = split_name(table.name)[0]
        self._plain = {
            split_name(name)[1].lower(): name
            for name in tables
            if split_name(name)[0] == self._namespace
        }

    def found(self) -> Iterator[Proposal]:
        """Yield the keys, by column."""
        declared = {column for key in self._table.foreign_keys for column in key.columns}
        for column in self._table.columns:
            if column.name in declared or column.generated:
                continue
            generic = [*self._generic(column)]
            yield from generic or self._named(column)

    def _named(self, column: Column) -> Iterator[Proposal]:
        """Yield the key of a column `x_id` to a table x."""
        match = _ID.fullmatch(column.name)
        if match is None:
            return
        for name in self._called(match[1].lower()):
            if self._table.key == (column.name,) and name == self._table.name:
                return
            key = self._to(column, name)
            if key is not None and self._alike(column, key):
                yield from self._counted(key)
                return

    def _called(self, word: str) -> list[str]:
        """Return the tables that a word may stand for, the likeliest first."""
        if word == "parent":
            return [self._table.name]
        forms = _forms(word)
        parts = split_name(self._table.name)[1].lower().split("_")
        # Frameworks put the application's name in front: wp_postmeta.post_id is of wp_posts.
        prefixes = ["", *("_".join(parts[:n]) + "_" for n in range(len(parts) - 1, 0, -1))]
        names = [prefix + form for prefix in prefixes for form in forms]
        found = [self._plain[name] for name in names if name in self._plain]
        if not found:
            ends = tuple(f"_{form}" for form in forms)
            other = [name for plain, name in self._plain.items() if plain.endswith(ends)]
            found = other if len(other) == 1 else []
        return found

    def _generic(self, column: Column) -> Iterator[Proposal]:
        """Yield the keys of a column whose table another column names, one for each table."""
        if column.name.endswith("object_id"):
            kind = column.name.removesuffix("object_id") + "content_type_id"
            if kind in self._columns and self._namespaced(_CONTENT_TYPES) in self._tables:
                yield from self._content_types(column, kind)
        elif column.name.endswith("_id"):
            kind = column.name.removesuffix("_id") + "_type"
            if kind in self._columns and self._dialect.kind_of(self._columns[kind]) == "text":
                yield from self._type_names(column, kind)

    def _type_names(self, column: Column, kind: str) -> Iterator[Proposal]:
        of_table: dict[str, list[str]] = {}
        for (value,) in self._rows(f"SELECT DISTINCT {self._dialect.quote(kind)}", [kind]):
            if value:
                for name in self._of_class(str(value))[:1]:
                    of_table.setdefault(name, []).append(str(value))
        for name, values in sorted(of_table.items()):
            if (key := self._to(column, name)) is not None:
                when = (Condition(kind, tuple(sorted(values))),)
                yield from self._counted(replace(key, when=when))

    def _of_class(self, value: str) -> list[str]:
        """Return the tables of a class, as Rails and Laravel name it: `App\\Models\\BlogPost`."""
        parts = [_snake(part) for part in re.split(r"\\+|::|\.", value) if part]
        names = ["_".join(parts[n:]) for n in range(len(parts))]
        forms = [form for name in names for form in _forms(name)]
        return [self._plain[form] for form in forms if form in self._plain]

    def _content_types(self, column: Column, kind: str) -> Iterator[Proposal]:
        from demosnap.dialects.base import execute

        types = self._tables[self._namespaced(_CONTENT_TYPES)]
        natural = ("app_label", "model")
        others = [key for key in types.unique if not {*key} & {*types.key}]
        if types.key != ("id",) or [tuple(sorted(key)) for key in others] != [natural]:
            return
        quote = self._dialect.quote
        used = {row[0] for row in self._rows(f"SELECT DISTINCT {quote(kind)}", [kind])}
        rows = execute(
            self._connection,
            f"SELECT {', '.join(map(quote, ('id', *natural)))}"
            f" FROM {self._dialect.quote_table(types.name)} ORDER BY 2, 3",
        ).fetchall()
        for number, app, model in rows:
            name = self._plain.get(f"{app}_{model}".lower())
            key = self._to(column, name) if number in used and name else None
            if key is not None:
                by_name = {"app_label": app, "model": model}
                names = others[0]
                values = tuple(by_name[one] for one in names)
                condition = Condition(kind, values, types.name, "id", names)
                yield from self._counted(replace(key, when=(condition,)))

    def _to(self, column: Column, name: str) -> ForeignKey | None:
        """Return a key of a column to the key of a table, None if it cannot be one."""
        parent = self._tables[name]
        if len(parent.key) != 1:
            return None
        referred = parent.column(parent.key[0])
        if not self._dialect.convertible(column, referred):
            return None
        return ForeignKey((column.name,), name, parent.key, logical=True, referred=(referred,))

    def _alike(self, column: Column, key: ForeignKey) -> bool:
        from demosnap.snapshot import logical_keys

        return logical_keys.alike(self._dialect, column, key.referred[0])

    def _counted(self, key: ForeignKey) -> Iterator[Proposal]:
        """Yield a key with its counts, unless most of its values have no partner."""
        from demosnap.snapshot import predicates

        used = predicates.filled(self._dialect, self._table, key)
        nowhere = predicates.leads_nowhere(self._dialect, self._table, key)
        sums = (f"SUM(CASE WHEN {one} THEN 1 ELSE 0 END)" for one in (used, nowhere))
        needed = [*key.columns, *(one.column for one in key.when)]
        rows = self._rows(f"SELECT COUNT(*), {', '.join(sums)}", needed)
        for count, values, alone in rows:
            found, partners = int(values or 0), int(values or 0) - int(alone or 0)
            whole = int(count) < SAMPLE if found else not count
            if 2 * partners >= found:
                yield Proposal(self._table.name, key, found, partners, whole)

    def _rows(self, query: str, columns: Iterable[str]) -> Sequence[Sequence[Any]]:
        """Return the rows of a query over a sample of the table; empty if it may not be read."""
        from sqlalchemy.exc import DBAPIError

        from demosnap.dialects.base import execute

        dialect = self._dialect
        sample = dialect.limited(
            f"SELECT {dialect.quote_columns(list(dict.fromkeys(columns)))}"
            f" FROM {dialect.rows_of(self._table)}",
            SAMPLE,
        )
        # After an error, PostgreSQL rejects all statements up to a rollback.
        savepoint = self._connection.begin_nested()
        try:
            sql = f"{query} FROM ({sample}) demosnap_sample"
            rows = execute(self._connection, sql).fetchmany(_MOST_TYPES)
        except DBAPIError:
            savepoint.rollback()
            return ()
        savepoint.commit()
        return [tuple(row) for row in rows]

    def _namespaced(self, name: str) -> str:
        return display_name(self._namespace, name)


def _forms(word: str) -> list[str]:
    """Return the names of a table of such things: `story`, `stories`."""
    forms = [f"{word}s", f"{word}es", word]
    if word.endswith("y"):
        forms.insert(0, f"{word[:-1]}ies")
    return forms


def _snake(word: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", word).lower()
