"""Resolve marker and configuration to the selection of a scenario in this database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.exc import DBAPIError

from demosnap.config import Settings
from demosnap.config.names import shown, yaml_item
from demosnap.config.sections import fitting
from demosnap.database import column_treatments, elsewhere, ignored_rows, root
from demosnap.database.live import Database
from demosnap.database.rules import check_circle, check_needed_by, with_keys
from demosnap.dialects.base import Dialect, execute
from demosnap.errors import ConfigError, DatabaseError, ScriptError, did_you_mean
from demosnap.model import Marker, Rule, Selection, Table
from demosnap.snapshot import logical_keys
from demosnap.snapshot.predicates import (
    EVERY_ROW,
    bind_scenario,
    predicates,
    via_foreign_keys,
)
from demosnap.snapshot.table_order import load_order
from demosnap.visible import exact


def resolve(database: Database, settings: Settings, scenario: str) -> Selection:
    """Return the selection of a scenario, by the current demosnap.yaml and database.

    Tables come in load order.

    Raises:
        ConfigError: demosnap.yaml names something that the database lacks, or no table has the
            marker.
        DatabaseError: the database has no tables.
    """
    tables = database.tables
    if not tables:
        raise _empty()
    _check_names(settings, tables)
    rules = selected(database, settings)
    ignored = ignored_rows.resolve(database, settings, rules)
    if not rules:
        raise _no_marker(database, settings)
    rules = {name: with_keys(database, settings, name, rule) for name, rule in rules.items()}
    for name, rule in rules.items():
        for leaf in rule.leaves:
            if leaf.kind == "via":
                _check_via(database, settings, rules, name, leaf)
            elif leaf.kind == "needed by":
                check_needed_by(database, settings, rules, name, leaf)
            elif leaf.kind == "where":
                _check_where(database, settings, name, leaf, scenario)
            elif name in settings.tables:
                _check_marker(database, settings, name)
    for name, where in ignored.items():
        if where != EVERY_ROW:
            what, path = f"the predicate of {name}", ("ignore", name)
            bound = _bound(settings, what, where, scenario, database.dialect, *path)
            _check_predicate(database, settings, name, bound, *path)
    names = load_order(tables, rules)
    columns = column_treatments.resolve(database, settings, rules)
    default = settings.default_scenario
    selection = Selection(
        scenario=scenario,
        marker=settings.marker,
        rules={name: rules[name] for name in names},
        default=default == scenario or (default is None and not settings.scenario_names),
        columns=columns,
        foreign_keys={
            name: keys for name in names if (keys := logical_keys.of_table(tables[name]))
        },
        ignored={name: ignored[name] for name in names if name in ignored},
    )
    try:
        predicates(selection, tables, database.dialect)
    except ScriptError as error:
        raise ConfigError(
            error.message, shown(settings.yaml_file), settings.line_of("tables"), error.hint
        ) from None
    return selection


def looked_at(picked: Selection) -> list[str]:
    """Render the tables of a selection for a message, with their predicates."""
    return [
        f"{name} ({rule_shown(rule)})" if has_predicate(rule) else name
        for name, rule in picked.rules.items()
    ]


def has_predicate(rule: Rule) -> bool:
    """Return whether a user's predicate is in a rule."""
    return any(leaf.kind == "where" for leaf in rule.leaves)


def rule_shown(rule: Rule) -> str:
    """Render a rule for a message; odd spaces and controls in a predicate are escapes."""
    if rule.rules:
        word = " or " if rule.kind == "any" else " and "
        parts = (f"({rule_shown(one)})" if one.rules else rule_shown(one) for one in rule.rules)
        return word.join(parts)
    if rule.kind == "where":
        return f"where {exact(rule.where)}"
    if rule.kind == "needed by":
        return f"needed by {rule.table} via {', '.join(rule.columns)}"
    return " ".join((rule.kind, ", ".join(rule.columns))).strip()


def selected(database: Database, settings: Settings) -> dict[str, Rule]:
    """Return the rules of all tables that the marker, `tables` and `root` select.

    Raises:
        ConfigError: demosnap.yaml names something that the database lacks.
    """
    excluded = set(settings.exclude)
    rules = {
        name: Rule("marker")
        for name in _marked_tables(database, settings)
        if name not in excluded and name not in settings.tables
    }
    rules.update(settings.tables)
    rules.update(root.rules(database, settings, rules))
    return rules


def marker_text(picked: Selection) -> str:
    """Render a selection's marker for a message."""
    marker = picked.marker
    if marker.where:
        return f"where {exact(marker.where)}"
    if marker.column is None:
        return "none"
    text = f"{marker.column}.{marker.key}" if marker.key else marker.column
    other = marker.scenario_key or marker.scenario_column
    return f"{text} true" + (f" and {other} {picked.scenario!r}" if other else "")


def marker_column_tables(database: Database, settings: Settings) -> list[str]:
    """Return the tables that have the marker's column in a suitable type."""
    names = settings.marker_tables or database.searched
    return [name for name in names if _holds_marker(database, settings.marker, name)]


def has_marker(database: Database, settings: Settings, name: str) -> bool:
    """Return whether the rule of a table may name the marker."""
    if settings.marker.column is None:
        return name in (settings.marker_tables or ())
    return _holds_marker(database, settings.marker, name)


def _holds_marker(database: Database, marker: Marker, name: str) -> bool:
    columns = {column.name: column for column in database.tables[name].columns}
    if marker.column not in columns:
        return False
    if marker.scenario_column is not None and marker.scenario_column not in columns:
        return False
    return database.dialect.can_hold_marker(marker, columns[marker.column])


def _marked_tables(database: Database, settings: Settings) -> list[str]:
    marker, listed = settings.marker, settings.marker_tables
    if marker.column is not None:
        found = marker_column_tables(database, settings)
        for name in listed or ():
            if name not in found:
                raise settings.error(
                    f"{name} has no {marker_column(marker)} that can hold the marker",
                    *("marker", "tables", name),
                )
        return found
    if marker.where is None:
        return []
    where = _bound(settings, "the where", marker.where, "none", database.dialect, "marker", "where")
    if listed is not None:
        for name in listed:
            _check_predicate(database, settings, name, where, "marker", "where")
        return list(listed)
    found = [name for name in database.searched if _error(database, name, where) is None]
    meant = [n for n in found if n not in settings.exclude and n not in settings.tables]
    if len(meant) > 1:
        line = yaml_item({"marker": {"where": marker.where, "tables": meant}})[1:-1]
        raise settings.error(
            f"the marker's where fits several tables: {', '.join(meant)}",
            *("marker", "where"),
            hint=f"List the tables with demo data:  {line}",
        )
    return meant


def marker_column(marker: Marker) -> str:
    """Return the column of a marker, or both of its columns, for a message."""
    other = f" and {marker.scenario_column}" if marker.scenario_column else ""
    return f"column {marker.column}{other}"


def _error(database: Database, name: str, where: str) -> DBAPIError | None:
    """Return the database's error for a user's predicate of a table; None if it is valid."""
    connection, dialect = database.connection, database.dialect
    with dialect.users_settings(connection):
        # After an error, PostgreSQL rejects all statements up to a rollback.
        savepoint = connection.begin_nested()
        try:
            query = f"SELECT 1 FROM {dialect.quote_table(name)} WHERE {where}"
            execute(connection, dialect.limited(query, 0))
        except DBAPIError as error:
            savepoint.rollback()
            return error
        savepoint.commit()
    return None


def _check_names(settings: Settings, tables: Mapping[str, Table]) -> None:
    for path, names in (
        (("marker", "tables"), settings.marker_tables or ()),
        (("tables",), settings.tables),
        (("root",), settings.root_in_file),
        (("exclude",), settings.exclude),
    ):
        for name in names:
            if name not in tables:
                raise settings.error(
                    f"{'.'.join(path)}: there is no table {name!r} in the database"
                    + did_you_mean(name, tables),
                    *path,
                    name,
                )
    may_change(settings, tables)


def may_change(settings: Settings, tables: Iterable[str]) -> frozenset[str]:
    """Return the tables that triggers may change, out of `tables`, all tables of the database.

    Raises:
        ConfigError: demosnap.yaml names a missing table, or a pattern without a match.
        DatabaseError: the database has no tables.
    """
    known = list(tables)
    found: set[str] = set()
    if settings.triggers.may_change and not known:
        raise _empty()
    for name in settings.triggers.may_change:
        fits = fitting(name, known)
        if not fits:
            # Only a pattern contains these characters.
            what = "that fits" if any(c in name for c in "*?[") else "called"
            raise settings.error(
                f"triggers.may_change: there is no table in the database {what} {name!r}"
                + did_you_mean(name, known),
                "triggers",
                "may_change",
                name,
            )
        found.update(fits)
    return frozenset(found)


def _empty() -> DatabaseError:
    return DatabaseError(
        "the database has no tables",
        "Create them with your application's own migrations, or correct the URL.",
    )


def _no_marker(database: Database, settings: Settings) -> ConfigError:
    tables = database.tables
    marker = settings.marker
    if marker.none:
        return settings.error(
            "marker: none, and no table has a rule with a `where`",
            "marker",
            hint="Name the tables that hold demo data, with a `where`, under `tables:`.",
        )
    nearest = ""
    unfit = [
        f"{name}.{column.name} ({column.type})"
        for name, table in tables.items()
        for column in table.columns
        if column.name == marker.column and not database.dialect.can_hold_marker(marker, column)
    ]
    if unfit:
        kind = f"the key {marker.key}" if marker.key else "a boolean"
        nearest = f"\nthis database cannot read {kind} in {', '.join(unfit)}"
    elif marker.column is not None:
        columns = {column.name for table in tables.values() for column in table.columns}
        nearest = did_you_mean(marker.column, columns - {marker.column})
    if found := elsewhere.marked(database, settings):
        nearest = f"; tables of {elsewhere.shown(found)} have it\n{elsewhere.way(found)}"
    return ConfigError(
        f"no table of the database has the marker ({marker.where or marker.column}){nearest}",
        shown(settings.yaml_file),
        settings.line_of("marker"),
        "Correct `marker:`, or name the tables under `tables:`.",
    )


def _check_where(
    database: Database, settings: Settings, name: str, rule: Rule, scenario: str
) -> None:
    dialect = database.dialect
    named = next((n for n, where in settings.predicates.items() if where == rule.where), None)
    path: tuple[str, ...] = ("ignore", name, "where")
    if name in settings.root_in_file:
        path = ("root", name)
    elif named is not None:
        path = ("predicates", named)
    elif name in settings.tables:
        path = ("tables", name, "where")
    where = _bound(settings, f"the where of {name}", rule.where, scenario, dialect, *path)
    _check_predicate(database, settings, name, where, *path)


def _check_marker(database: Database, settings: Settings, name: str) -> None:
    """Check that the marker, which the rule of a table names, can be used on it."""
    marker = settings.marker
    if marker.none:
        raise settings.error(
            f"tables.{name} names the marker, and there is none",
            "tables",
            name,
            hint="Set `marker:`, or take `marker` out of the rule.",
        )
    if marker.where is not None:
        where = _bound(
            settings, "the where", marker.where, "none", database.dialect, "marker", "where"
        )
        _check_predicate(database, settings, name, where, "tables", name)
    elif not _holds_marker(database, settings.marker, name):
        raise settings.error(
            f"{name} has no {marker_column(marker)} that can hold the marker", "tables", name
        )


def _bound(
    settings: Settings, what: str, where: str, scenario: str, dialect: Dialect, *path: str
) -> str:
    """Return a user's predicate with the scenario's name filled in; an error names its place."""
    try:
        return bind_scenario(where, scenario, dialect)
    except ScriptError as error:
        raise settings.error(f"{what}: {error.message}", *path, hint=error.hint) from error


def _check_predicate(
    database: Database, settings: Settings, name: str, where: str, *path: str
) -> None:
    error = _error(database, name, where)
    if error is not None:
        odd = f"\nwhere {exact(where)}" if exact(where) != where.replace("\n", "\\n") else ""
        raise settings.error(
            f"the database rejects the where of {name}: {error.orig}{odd}", *path
        ) from error


def _check_via(
    database: Database, settings: Settings, rules: Mapping[str, Rule], name: str, rule: Rule
) -> None:
    tables = database.tables

    def fail(message: str, hint: str | None = None) -> ConfigError:
        line = (
            settings.line_of("tables", name, "via")
            or settings.line_of("tables", name)
            or settings.line_of("ignore", name)
        )
        return ConfigError(message, shown(settings.yaml_file), line, hint)

    table = tables[name]
    columns = [column.name for column in table.columns]
    for column in rule.columns:
        if column not in columns:
            raise fail(f"{name} has no column {column!r}{did_you_mean(column, columns)}")
    keys = [k for k in table.foreign_keys if sorted(k.columns) == sorted(rule.columns)]
    if not keys:
        known = "; ".join(", ".join(k.columns) for k in table.foreign_keys) or "none"
        raise fail(
            f"{name}.{', '.join(rule.columns)} is not a foreign key",
            f"Foreign keys of {name}: {known}.\n"
            "Name one that the database does not declare under `foreign_keys:`.",
        )
    try:
        via_foreign_keys(table, rule, rules)
    except ScriptError as error:
        if all(
            leaf.kind in ("via", "needed by") for rule in rules.values() for leaf in rule.leaves
        ):
            raise _no_marker(database, settings) from None
        raise fail(
            error.message, f"Give {keys[0].table} a rule under `tables:` or mark its rows."
        ) from None
    check_circle(database, settings, rules, name, "via")
