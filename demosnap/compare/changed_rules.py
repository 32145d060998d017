"""Say which rule has changed since a version, so that it picks rows that the version lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from demosnap.config import Settings
from demosnap.database import row_set, selection
from demosnap.database.live import Database
from demosnap.errors import ConfigError
from demosnap.model import Rule, Selection, Version
from demosnap.snapshot.predicates import not_true, via_foreign_key
from demosnap.visible import exact
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
        if count and (why := _change(database, version, now, name)):
            yield f"{name}: {rows_of(count, 'is', 'are')} picked only now: {why}"


def _change(database: Database, version: Version, now: Selection, name: str) -> str:
    """Return what has changed in a table's rule, or in the first one that it follows by `via`."""
    recorded = version.selection
    old, new = recorded.rules.get(name), now.rules[name]
    if old is None:
        return f"{version.short} has no rule for {name}, now it is `{_text(new)}`"
    if old != new:
        return (
            f"the rule of {name} has changed since {version.short}: recorded `{_text(old)}`,"
            f" now `{_text(new)}`"
        )
    if new.kind == "via":
        parent = via_foreign_key(database.tables[name], new).table
        return _change(database, version, now, parent)
    if (recorded.marker, recorded.default) == (now.marker, now.default):
        return ""
    texts = map(selection.marker_text, (recorded, now))
    was, is_now = (f"`{text}`" for text in texts)
    if was == is_now:
        is_now += ", for rows that name no scenario, too"
    return f"the marker has changed since {version.short}: recorded {was}, now {is_now}"


def _text(rule: Rule) -> str:
    if rule.kind == "where":
        return f"where {exact(rule.where)}"
    return " ".join((rule.kind, ", ".join(rule.columns))).strip()
