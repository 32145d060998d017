"""Say which rule has changed since a version, so that it picks rows that the version lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from demosnap.config import Settings
from demosnap.database import row_set, selection
from demosnap.database.live import Database
from demosnap.errors import ConfigError
from demosnap.model import Selection, Version
from demosnap.snapshot.predicates import not_true
from demosnap.visible import rows as rows_of


def told(
    database: Database, settings: Settings, version: Version, tables: Iterable[str]
) -> Iterator[str]:
    """Yield a line for each of some tables with rows that the rules of a version do not pick."""
    recorded = version.selection
    try:
        now = selection.resolve(database, settings, recorded.scenario)
    except ConfigError:
        return
    if now == recorded:
        return
    then, today = (row_set.union(database, [one]) for one in (recorded, now))
    for name in tables:
        if name not in today:
            continue
        only = not_true(then[name]) if name in then else "1 = 1"
        source = database.dialect.quote_table(name)
        count = database.count(source, f"({today[name]}) AND {only}")
        if count and (why := _change(database, version, now, name, frozenset())):
            yield f"{name}: {rows_of(count, 'is', 'are')} picked only now: {why}"


def _change(
    database: Database, version: Version, now: Selection, name: str, seen: frozenset[str]
) -> str:
    """Return what has changed in a table's rule, or in the first one that it reads."""
    recorded = version.selection
    old, new = recorded.rules.get(name), now.rules[name]
    shown = selection.rule_shown(new)
    if old is None:
        return f"{version.short} has no rule for {name}, now it is `{shown}`"
    if old != new:
        was = selection.rule_shown(old)
        return (
            f"the rule of {name} has changed since {version.short}: recorded `{was}`, now `{shown}`"
        )
    for leaf in new.leaves:
        if leaf.kind == "marker" and (changed := _marker_change(version, now)):
            return changed
        if leaf.table in now.rules and leaf.table not in seen:
            why = _change(database, version, now, leaf.table, seen | {name})
            if why:
                return why
        for key in (*database.tables[name].foreign_keys, *now.foreign_keys.get(name, ())):
            follows = leaf.kind == "via" and sorted(key.columns) == sorted(leaf.columns)
            if follows and key.table in now.rules and key.table not in seen:
                why = _change(database, version, now, key.table, seen | {name})
                if why:
                    return why
    return ""


def _marker_change(version: Version, now: Selection) -> str:
    recorded = version.selection
    if (recorded.marker, recorded.default) == (now.marker, now.default):
        return ""
    was, shown = map(selection.marker_text, (recorded, now))
    more = ", for rows that name no scenario, too" if was == shown else ""
    return f"the marker has changed since {version.short}: recorded `{was}`, now `{shown}`{more}"
