"""Render the SQL to pick, purge and count rows from a selection and table definitions."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from demosnap.dialects.base import Dialect
from demosnap.errors import ScriptError
from demosnap.model import ForeignKey, Key, Rule, Selection, Table
from demosnap.snapshot import logical_keys
from demosnap.snapshot.key_values import conditions, in_columns, in_json, some_in_json, together

_WHERE_TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|(?<![:\w]):scenario\b""", re.DOTALL
)


_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`""", re.DOTALL)


class Users(Protocol):
    """What takes the place of predicates, such as a note of the rows that they pick."""

    def __call__(self, table: Table, where: str) -> str:
        """Return the replacement of a user's predicate for a table."""

    def one_of(self, table: Table, predicate: str) -> str:
        """Return the replacement of one of several predicates of a table that read other tables."""

    def needed(self, table: Table, predicate: str) -> str:
        """Return the replacement of a predicate of rows that rows which are deleted before need."""


class _AsWritten(Users):
    def __call__(self, table: Table, where: str) -> str:
        return where

    def one_of(self, table: Table, predicate: str) -> str:
        return predicate

    def needed(self, table: Table, predicate: str) -> str:
        return predicate


EVERY_ROW = "1 = 1"
"""The predicate of a table all of whose demo rows are in no snapshot."""

as_written: Users = _AsWritten()
"""Returns every predicate unchanged."""


def predicates(
    selection: Selection,
    tables: Mapping[str, Table],
    dialect: Dialect,
    users: Users = as_written,
    also: Mapping[str, str] | None = None,
    *,
    ignored: bool = False,
) -> dict[str, str]:
    """Render the predicate of each table of the selection, in the selection's order.

    `tables` must have every table of the selection, by display name. `users` replaces each `where`
    of the selection, for its table and for tables that depend on it by `via`. `also` are
    predicates of further rows, by table, that count as picked, with the rows that depend on them.
    `ignored`: with the rows that are in no snapshot, which a purge takes along.

    Raises:
        ScriptError: a table, marker column or foreign key of the selection is not in `tables`.
    """
    rendered: dict[str, str] = {}
    tables = logical_keys.joined(tables, selection.foreign_keys)

    def render(name: str, on_the_way: tuple[str, ...] = ()) -> str:
        if name not in rendered:
            if name in on_the_way:
                raise ScriptError(
                    f"the rules of {', '.join(on_the_way)} depend on each other in a circle"
                )
            table = _table(tables, name)
            rendered[name] = by_rule(table, selection.rules[name], (*on_the_way, name))
            if not ignored and name in selection.ignored:
                rendered[name] = f"({rendered[name]}) AND {counting(table)}"
            if also and name in also:
                rendered[name] = f"({rendered[name]}) OR ({also[name]})"
            if own := dialect.own_rows(table):
                rendered[name] = f"({rendered[name]}) AND {own}"
        return rendered[name]

    def counting(table: Table) -> str:
        where = selection.ignored[table.name]
        if where == EVERY_ROW:
            return "1 = 0"
        return not_true(users(table, bind_scenario(where, selection.scenario, dialect)))

    def by_rule(table: Table, rule: Rule, on_the_way: tuple[str, ...]) -> str:
        if rule.kind in ("any", "all"):
            parts = [f"({by_rule(table, one, on_the_way)})" for one in rule.rules]
            return f"({' OR '.join(parts)})" if rule.kind == "any" else " AND ".join(parts)
        where = rule.where if rule.kind == "where" else selection.marker.where
        if rule.kind in ("where", "marker") and where is not None:
            return users(table, bind_scenario(where, selection.scenario, dialect))
        if rule.kind == "marker":
            return _marker_predicate(selection, table, dialect)
        if rule.kind == "needed by":
            if rule.table not in selection.rules:
                raise ScriptError(f"{table.name} is needed by {rule.table}, which is not selected")
            child, needing = _table(tables, rule.table), render(rule.table, on_the_way)
            if ignored and selection.ignored:
                # Rows that only ignored rows need are no demo rows.
                needing = predicates(selection, tables, dialect, users, also)[rule.table]
            keys = needed_foreign_keys(table, child, rule)
            parts = [referred(dialect, table, child, key, needing) for key in keys]
            return users.needed(table, " OR ".join(parts))
        ways = [
            referencing(dialect, table, key, render(key.table, on_the_way))
            for key in via_foreign_keys(table, rule, selection.rules)
        ]
        found = ways[0] if len(ways) == 1 else f"(({') OR ('.join(ways)}))"
        several = sum(leaf.kind == "via" for leaf in selection.rules[table.name].leaves) > 1
        return users.one_of(table, found) if several else found

    return {name: render(name) for name in selection.rules}


def referencing(dialect: Dialect, child: Table, key: ForeignKey, predicate: str) -> str:
    """Render that a foreign key of `child` points at a row of a predicate."""
    table, shown = dialect.quote_table(key.table), [dialect.quote(n) for n in key.referred_columns]
    if key.path:
        return some_in_json(
            dialect, child, key, lambda one: dialect.among([one], shown, table, predicate)
        )
    return together(
        conditions(dialect, child, key),
        dialect.among(in_columns(dialect, child, key), shown, table, predicate),
    )


def referenced_by(
    dialect: Dialect, key: ForeignKey, child: Table, source: str, predicate: str | None
) -> str:
    """Render that a row is referenced by rows of `child`, by those of `predicate` if given.

    `source` is the text after FROM for the rows of `child`.
    """
    # The referenced column is on the left, since its collation applies.
    values = [dialect.quote(name) for name in key.referred_columns]
    shown = [dialect.quote(name) for name in key.columns]
    if key.logical:
        shown = in_columns(dialect, child, key)
    where = conditions(dialect, child, key)
    if where and predicate:
        where = f"({predicate}) AND {where}"
    if key.path:
        rows = f"{source} WHERE {where or predicate}" if where or predicate else source
        found, value = in_json(dialect, child, key, rows)
        return dialect.among(values, [value], found)
    return dialect.among(values, shown, source, where or predicate)


def referred(dialect: Dialect, parent: Table, child: Table, key: ForeignKey, predicate: str) -> str:
    """Render that a row of `parent` is referenced by a row of `child` of a predicate."""
    source = dialect.quote_table(child.name)
    if key.logical:
        return referenced_by(dialect, key, child, source, predicate)
    values = [dialect.quote(name) for name in key.referred_columns]
    shown = [dialect.referring(child.column(name)) for name in key.columns]
    return dialect.among(values, shown, source, predicate)


def leads_nowhere(
    dialect: Dialect, child: Table, key: ForeignKey, predicate: str | None = None
) -> str:
    """Render that a foreign key is non-NULL and matches no row, or no row of `predicate`.

    NOT IN would not do: it is NULL as soon as a referenced column is NULL in any row.
    """
    parts = [(dialect.quote(name), f"demosnap_{n}") for n, name in enumerate(key.referred_columns)]
    shown = ",".join(f"{name} AS {alias}" for name, alias in parts)
    where = f" WHERE {predicate}" if predicate else ""
    # A subquery keeps the meaning of names in the predicate, since a table may reference itself.
    # The referenced column is on the left, since its collation applies.
    rows = f"(SELECT {shown} FROM {dialect.quote_table(key.table)}{where}) demosnap_referred"
    if key.path:
        ((_, alias),) = parts
        missing = f"NOT EXISTS (SELECT 1 FROM {rows} WHERE {alias} ="
        return some_in_json(
            dialect, child, key, lambda one: f"{one} IS NOT NULL AND {missing} {one})"
        )
    values = in_columns(dialect, child, key)
    same = " AND ".join(
        f"{alias} = {value}" for (_, alias), value in zip(parts, values, strict=True)
    )
    return f"{filled(dialect, child, key)} AND NOT EXISTS (SELECT 1 FROM {rows} WHERE {same})"


def filled(dialect: Dialect, child: Table, key: ForeignKey) -> str:
    """Render that a foreign key of `child` references something: no column of it is NULL."""
    if key.path:
        return some_in_json(dialect, child, key, lambda one: f"{one} IS NOT NULL")
    values = [dialect.quote(column) for column in key.columns]
    if key.referred:
        # A text that cannot be a key is no reference.
        values = in_columns(dialect, child, key)
    return together(
        conditions(dialect, child, key), " AND ".join(f"{value} IS NOT NULL" for value in values)
    )


def holding(dialect: Dialect, child: Table, key: ForeignKey, keys: Sequence[Key]) -> str:
    """Render that a foreign key of `child` has one of some values of the columns it references."""
    if not key.logical:
        return dialect.key_predicate([child.column(name) for name in key.columns], keys)
    if key.path:
        (referred,) = key.referred
        shown = ", ".join(dialect.compared(part, referred) for (part,) in keys)
        return some_in_json(dialect, child, key, lambda one: f"{one} IN ({shown})")
    values = in_columns(dialect, child, key)
    found = " OR ".join(
        " AND ".join(
            f"{value} = {dialect.compared(part, column)}"
            for value, part, column in zip(values, one, key.referred, strict=True)
        )
        for one in keys
    )
    return together(conditions(dialect, child, key), f"({found})")


def not_true(predicate: str) -> str:
    """Render that a predicate is false or NULL.

    IS NOT TRUE would not do: SQLite takes TRUE for a column if the table has one of that name.
    """
    return f"(CASE WHEN {predicate} THEN 0 ELSE 1 END = 1)"


def first_of(quick: str, slow: str) -> str:
    """Render that both predicates are true, evaluating the slow one only if the quick one is."""
    return f"(CASE WHEN {quick} THEN CASE WHEN {slow} THEN 1 ELSE 0 END ELSE 0 END = 1)"


def via_foreign_keys(table: Table, rule: Rule, selected: Collection[str]) -> tuple[ForeignKey, ...]:
    """Return the foreign keys that a `via` rule follows, to tables that are selected.

    It is one, unless a column references several tables by logical keys.

    Raises:
        ScriptError: the table has no such foreign key over exactly these columns.
    """
    keys = [key for key in table.foreign_keys if sorted(key.columns) == sorted(rule.columns)]
    if not keys:
        raise ScriptError(
            f"{table.name} has no foreign key over {', '.join(rule.columns)}, "
            "which its rule in the selection uses"
        )
    if not keys[0].logical:
        keys = keys[:1]
    found = tuple(key for key in keys if key.table in selected)
    if not found:
        raise ScriptError(f"{table.name} is via {keys[0].table}, which is not selected")
    return found


def needed_foreign_keys(table: Table, child: Table, rule: Rule) -> list[ForeignKey]:
    """Return the foreign keys from `child` to a table that a "needed by" rule follows.

    Raises:
        ScriptError: there is no foreign key over exactly these columns.
    """
    wanted = sorted(rule.columns)
    keys = [key for key in child.foreign_keys if key.table == table.name]
    found = [key for key in keys if not wanted or sorted(key.columns) == wanted]
    if not found:
        over = f" over {', '.join(rule.columns)}" if rule.columns else ""
        raise ScriptError(
            f"{child.name} has no foreign key{over} to {table.name}, which its rule in the "
            "selection uses"
        )
    return found


def bind_scenario(where: str, scenario: str, dialect: Dialect) -> str:
    """Replace `:scenario` outside of quotes by the scenario's name as a literal.

    Raises:
        ScriptError: the text is more than a predicate.
    """
    if problem := _problem(where):
        raise ScriptError(
            f"the predicate {where!r} {problem}",
            "A predicate is one expression, as in a WHERE clause.",
        )
    literal = dialect.string(scenario)
    bound = _WHERE_TOKEN.sub(lambda m: literal if m[0] == ":scenario" else m[0], where)
    return f"({bound})"


def bind_statement(statement: str, scenario: str, dialect: Dialect) -> str:
    """Replace `:scenario` outside of quotes in a user's statement, and drop a semicolon at its end.

    Raises:
        ScriptError: the text is more than a statement.
    """
    statement = statement.strip().removesuffix(";").rstrip()
    if problem := _problem(statement):
        raise ScriptError(
            f"the statement {problem}",
            "Write one statement without comments; several are a list: `sql: [UPDATE …, …]`.",
        )
    literal = dialect.string(scenario)
    return _WHERE_TOKEN.sub(lambda m: literal if m[0] == ":scenario" else m[0], statement)


def _problem(where: str) -> str | None:
    """Return why a text could end the surrounding statement; None: it cannot."""
    if "\\'" in where or "\0" in where:
        return "has a backslash before a quote, or a NUL"
    bare = _QUOTED.sub("''", where)
    for mark in (";", "--", "/*", "*/", "$$"):
        if mark in bare:
            return f"has {mark} outside of quotes"
    if any(quote in bare.replace("''", "") for quote in "'\"`"):
        return "has a quote that is not closed"
    depth = 0
    for character in bare:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            break
    return "has parentheses that do not match" if depth else None


def purge_statements(
    selection: Selection, tables: Mapping[str, Table], dialect: Dialect, users: Users = as_written
) -> list[str]:
    """Render a DELETE per table, children before parents; `users` as in `predicates`."""
    return [
        f"DELETE FROM {dialect.quote_table(name)} WHERE {predicate};"
        for name, predicate in reversed(
            predicates(selection, tables, dialect, users, ignored=True).items()
        )
    ]


def verification_query(selection: Selection, tables: Mapping[str, Table], dialect: Dialect) -> str:
    """Render the query that counts the rows of each table (columns `type` and `count`)."""
    parts: list[str] = []
    for name, predicate in predicates(selection, tables, dialect).items():
        names = ("", "")
        if not parts:
            names = (f" AS {dialect.quote('type')}", f" AS {dialect.quote('count')}")
        parts.append(
            f"SELECT {dialect.string(title(name))}{names[0]}, COUNT(*){names[1]} "
            f"FROM {dialect.quote_table(name)} WHERE {predicate}"
        )
    return "\nUNION ALL\n".join(parts) + ";"


def title(table: str) -> str:
    """Render a table's name as a heading: `chat_sessions` is `Chat Sessions`."""
    return " ".join(word.capitalize() for word in re.split(r"[_\s]+", table) if word)


def _marker_predicate(selection: Selection, table: Table, dialect: Dialect) -> str:
    marker = selection.marker
    assert marker.column is not None
    try:
        column = table.column(marker.column)
        scenario_column = table.column(marker.scenario_column) if marker.scenario_column else None
    except KeyError as error:
        raise ScriptError(f"{table.name} has no marker column {error.args[0]!r}") from error
    return dialect.marked(marker, column, selection.scenario, selection.default, scenario_column)


def _table(tables: Mapping[str, Table], name: str) -> Table:
    try:
        return tables[name]
    except KeyError:
        raise ScriptError(f"table {name} is selected, but the table does not exist") from None
