"""Rules that read other tables: the foreign keys that they follow, and circles among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from demosnap.config import Settings
from demosnap.database.live import Database
from demosnap.errors import ScriptError, did_you_mean
from demosnap.model import Rule, Table
from demosnap.snapshot.predicates import needed_foreign_keys


def with_keys(database: Database, settings: Settings, name: str, rule: Rule) -> Rule:
    """Return a rule with the foreign keys that lead from the tables of `needed_by`, one by one.

    Raises:
        ConfigError: a table does not exist, or has no such key.
    """
    if rule.rules:
        found = [with_keys(database, settings, name, one) for one in rule.rules]
        if rule.kind == "any":
            parts = ((one.rules if one.kind == "any" else (one,)) for one in found)
            found = [one for some in parts for one in some]
        return replace(rule, rules=tuple(found))
    if rule.kind != "needed by":
        return rule
    path, tables = ("tables", name, "needed_by", rule.table), database.tables
    if rule.table not in tables:
        raise settings.error(
            f"tables.{name}.needed_by: there is no table {rule.table!r} in the database"
            + did_you_mean(rule.table, tables),
            *path,
        )
    try:
        keys = needed_foreign_keys(tables[name], tables[rule.table], rule)
    except ScriptError:
        leading = [key.columns for key in tables[rule.table].foreign_keys if key.table == name]
        known = "; ".join(", ".join(columns) for columns in leading) or "none"
        over = f" over {', '.join(rule.columns)}" if rule.columns else ""
        raise settings.error(
            f"tables.{name}.needed_by: {rule.table} has no foreign key{over} to {name}",
            *path,
            hint=f"Foreign keys of {rule.table} to {name}: {known}.\n"
            "Name one that the database does not declare under `foreign_keys:`.",
        ) from None
    each = dict.fromkeys(key.columns for key in keys)
    rules = tuple(Rule("needed by", columns, table=rule.table) for columns in each)
    return rules[0] if len(rules) == 1 else Rule("any", rules=rules)


def check_needed_by(
    database: Database, settings: Settings, rules: Mapping[str, Rule], name: str, rule: Rule
) -> None:
    """Check a rule of rows that a table needs.

    Raises:
        ConfigError: the table is not selected, or the rules depend on each other in a circle.
    """
    if rule.table not in rules:
        raise settings.error(
            f"{name} is needed by {rule.table}, which is not selected",
            *("tables", name, "needed_by", rule.table),
            hint=f"Give {rule.table} a rule under `tables:` or mark its rows.",
        )
    check_circle(database, settings, rules, name, "needed_by")


def check_circle(
    database: Database, settings: Settings, rules: Mapping[str, Rule], name: str, key: str
) -> None:
    """Check that the rule of a table does not depend on itself; `key` is the setting's.

    Raises:
        ConfigError: it does.
    """
    circle = _circle(database.tables, rules, name)
    if not circle:
        return
    way = " → ".join(circle)
    if any(leaf.kind == "needed by" for one in circle for leaf in rules[one].leaves):
        message = f"the rules of the tables {way} depend on each other in a circle"
    else:
        message = f"the tables {way} are `via` each other in a circle"
    raise settings.error(
        message,
        *("tables", name, key),
        hint="Give one of the tables a rule that reads none of the others, such as a `where`.",
    )


def _circle(tables: Mapping[str, Table], rules: Mapping[str, Rule], name: str) -> Sequence[str]:
    """Return the way from a table by the tables that its rule reads back to one of them."""
    ahead = [[name]]
    seen: set[str] = set()
    while ahead:
        way = ahead.pop()
        for other in read_tables(tables, rules, way[-1]):
            if other in way:
                return [*way, other]
            if other not in seen:
                seen.add(other)
                ahead.append([*way, other])
    return ()


def needs(rule: Rule) -> bool:
    """Return whether a rule picks rows since other rows reference them."""
    return any(leaf.kind == "needed by" for leaf in rule.leaves)


def read_tables(tables: Mapping[str, Table], rules: Mapping[str, Rule], name: str) -> Sequence[str]:
    """Return the tables whose picked rows the rule of a table depends on."""
    found: list[str] = []
    for leaf in rules[name].leaves if name in rules else ():
        if leaf.table:
            found.append(leaf.table)
        elif leaf.kind == "via" and name in tables:
            found += _via_parents(tables[name], leaf.columns)
    return found


def depends_on(
    tables: Mapping[str, Table], rules: Mapping[str, Rule], name: str, other: str
) -> bool:
    """Return whether the rule of a table reads picked rows of `other`, over any number of rules."""
    ahead, seen = [name], set[str]()
    while ahead:
        read = set(read_tables(tables, rules, ahead.pop()))
        if other in read:
            return True
        ahead += read - seen
        seen |= read
    return False


def _via_parents(table: Table, columns: Iterable[str]) -> list[str]:
    wanted = sorted(columns)
    keys = [key for key in table.foreign_keys if sorted(key.columns) == wanted]
    # Logical keys over the same columns each have a table of their own.
    return [key.table for key in (keys if keys and keys[0].logical else keys[:1])]
